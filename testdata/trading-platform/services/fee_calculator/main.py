"""Works out the fees of the day's trades."""

from __future__ import annotations

import time

from services.common.metrics import Counter, announce_build, serve_metrics

METRICS_PORT = 9106

FEES = Counter("fee_calculations", "Trades whose fees were worked out.", ["venue"])
RATES = {"XNYS": 0.0002, "XLON": 0.0003, "XETR": 0.00025}


def fee(venue: str, value: float) -> float:
    """The fee of one trade."""
    FEES.labels(venue).inc()
    return value * RATES[venue]


def main() -> None:
    """Serves metrics and works through the trades that come in."""
    serve_metrics(METRICS_PORT)
    announce_build("fee-calculator", "2026.10.2")
    for venue in RATES:
        FEES.labels(venue)
    while True:
        time.sleep(60.0)


if __name__ == "__main__":
    main()

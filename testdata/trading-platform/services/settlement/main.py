"""Settles the day's trades in batches."""

from __future__ import annotations

import time

from services.common.metrics import Counter, announce_build, serve_metrics

SETTLED = Counter("settlement_trades_settled", "Trades settled.", ["outcome"])


def settle(trades: list[str]) -> None:
    """Settles one batch."""
    for trade in trades:
        SETTLED.labels("failed" if trade.startswith("!") else "settled").inc()


def main() -> None:
    """Serves metrics and settles what comes in."""
    serve_metrics(9108)
    announce_build("settlement", "2026.7.9")
    for outcome in ("settled", "failed"):
        SETTLED.labels(outcome)
    while True:
        settle([])
        time.sleep(60.0)


if __name__ == "__main__":
    main()

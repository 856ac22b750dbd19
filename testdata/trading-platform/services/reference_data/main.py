"""Loads symbols and their lot sizes."""

from __future__ import annotations

import time

from services.common.metrics import Gauge, announce_build, serve_metrics

SYMBOLS_LOADED = Gauge("reference_data_symbols_loaded", "Symbols known after the last load.")


def load(symbols: list[str]) -> None:
    """Takes a new list of symbols."""
    SYMBOLS_LOADED.set(len(symbols))


def main() -> None:
    """Serves metrics and loads the symbols every hour."""
    serve_metrics(9109)
    announce_build("reference-data", "2026.11.1")
    while True:
        load(["ACME", "INITECH", "FESX", "FGBL"])
        time.sleep(3600.0)


if __name__ == "__main__":
    main()

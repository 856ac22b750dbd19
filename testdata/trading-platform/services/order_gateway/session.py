"""One logical session to one venue."""

from __future__ import annotations

import logging
import time

from services.order_gateway.telemetry import HEARTBEATS, SESSIONS_ACTIVE, GatewayStats

log = logging.getLogger(__name__)


class VenueSession:
    """Sends orders to a venue and waits for their acknowledgement."""

    def __init__(self, venue: str, timeout: float = 2.0) -> None:
        self.venue = venue
        self.timeout = timeout
        self.stats = GatewayStats()
        self._last_heartbeat = time.monotonic()
        HEARTBEATS.labels(venue)

    def log_on(self) -> None:
        """Opens the session."""
        SESSIONS_ACTIVE.labels(self.venue).set(1)

    def log_off(self) -> None:
        """Closes the session and writes the day's log line."""
        SESSIONS_ACTIVE.labels(self.venue).set(0)
        log.info("session closed", extra=self.stats.as_log_fields())

    def on_heartbeat(self) -> None:
        """Notes that the venue is there."""
        self._last_heartbeat = time.monotonic()
        HEARTBEATS.labels(self.venue).inc()

    def send(self, number: int, acknowledged_after: float) -> bool:
        """Sends an order; whether it was acknowledged in time."""
        self.stats.gateway_orders_sent_total += 1
        if acknowledged_after > self.timeout:
            self.stats.gateway_order_timeouts_total += 1
            log.warning("order %s timed out at %s", number, self.venue)
            return False
        return True

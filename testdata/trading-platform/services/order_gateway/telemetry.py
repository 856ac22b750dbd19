"""Metrics of the gateway; it must also run on venue hosts that have no client library."""

from dataclasses import asdict, dataclass

try:
    from prometheus_client import Counter, Gauge
except ImportError:  # venue hosts

    class _Nothing:
        def __init__(self, *args, **kwargs):
            pass

        def labels(self, *args, **kwargs):
            return self

        def inc(self, amount=1):
            pass

        def set(self, value):
            pass

    Counter = Gauge = _Nothing

SESSIONS_ACTIVE = Gauge("gateway_sessions_active", "Sessions logged on.", ["venue"])
HEARTBEATS = Counter("gateway_heartbeats_total", "Heartbeats received.", ["venue"])


@dataclass
class GatewayStats:
    """What the end-of-day log line shows."""

    gateway_orders_sent_total: int = 0
    gateway_order_timeouts_total: int = 0

    def as_log_fields(self) -> dict[str, int]:
        """For the structured log."""
        return asdict(self)

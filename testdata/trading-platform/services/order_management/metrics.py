"""What order management counts and times."""

from prometheus_client import Counter, Gauge
from prometheus_client import Histogram as LatencyHistogram

from services.common.metrics import LATENCY_BUCKETS

VENUES = ("XNYS", "XLON", "XETR")
REJECT_REASONS = ("policy", "risk", "malformed")

ORDERS_ACCEPTED = Counter(
    "orders_accepted_total",
    "Orders that passed policy and risk.",
    ["venue", "side"],
)

ORDERS_REJECTED = Counter(
    "orders_rejected",
    "Orders turned down, by reason.",
    ["venue", "reason"],
)

ORDER_SUBMIT_LATENCY = LatencyHistogram(
    "order_submit_latency_seconds",
    "From request to acknowledgement.",
    ["venue"],
    buckets=LATENCY_BUCKETS,
)

ORDER_CANCEL_LATENCY = LatencyHistogram(
    "order_cancel_latency_seconds",
    "From cancel request to confirmation.",
    ["venue"],
    buckets=LATENCY_BUCKETS,
)

ORDERS_OPEN = Gauge("orders_open", "Orders neither filled nor cancelled.", ["venue"])

ORDER_QUEUE_DEPTH = Gauge("order_queue_depth", "Orders waiting for the gateway.")

ORDER_ARCHIVE_ROWS = Counter("order_archive_rows_total", "Rows written to the archive.")


def initialise() -> None:
    """Makes every child exist from the first scrape on."""
    for venue in VENUES:
        ORDERS_OPEN.labels(venue)
        ORDER_SUBMIT_LATENCY.labels(venue)
        ORDER_CANCEL_LATENCY.labels(venue)
        for side in ("buy", "sell"):
            ORDERS_ACCEPTED.labels(venue=venue, side=side)
        for reason in REJECT_REASONS:
            ORDERS_REJECTED.labels(venue=venue, reason=reason)

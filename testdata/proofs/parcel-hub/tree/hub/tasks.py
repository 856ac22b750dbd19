"""Tasks of the workers. They count, and nothing in a worker serves what they count."""

from celery import Celery
from prometheus_client import Counter

DELIVERED = Counter("hub_parcels_delivered_total", "Parcels that arrived.", ["route"])

app = Celery("hub", broker="memory://", backend="cache+memory://")


@app.task
def deliver(route: str) -> None:
    """Delivers one parcel."""
    DELIVERED.labels(route).inc()

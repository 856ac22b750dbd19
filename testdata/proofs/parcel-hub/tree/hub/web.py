"""Takes parcels in. Several processes answer, so that each scrape adds up what all of them wrote."""

from flask import Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

TAKEN = Counter("hub_parcels_taken", "Parcels taken in.", ["size"])
WEIGHT = Histogram("hub_parcel_weight_kilograms", "What parcels weigh.", buckets=(1, 5, 31.5))
OPEN = Gauge("hub_counters_open", "Counters at which somebody stands.", multiprocess_mode="livesum")
LAST = Gauge("hub_last_parcel_timestamp_seconds", "When the last parcel came.", ["size"])

app = Flask(__name__)
OPEN.set(1)


@app.post("/parcels/<size>")
def take(size: str) -> dict[str, str]:
    """Takes one in."""
    TAKEN.labels(size).inc()
    WEIGHT.observe(2.0)
    LAST.labels(size=size).set_to_current_time()
    return {"size": size}


@app.get("/metrics")
def metrics() -> Response:
    """What all processes have counted."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

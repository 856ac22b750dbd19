"""Metrics of Ray, recorded as its agent on a node does it."""

from ray.util.metrics import Counter, Gauge, Histogram

REQUESTS = Counter("requests", description="Requests.", tag_keys=("model",))
DONE = Counter("done_total")
DEPTH = Gauge("depth", "Depth of the queue.")
SECONDS = Histogram("latency_seconds", boundaries=[0.1, 1.0], tag_keys=("model",))


def serve():
    REQUESTS.inc(tags={"model": "small"})
    DONE.inc()
    DEPTH.set(3)
    SECONDS.observe(0.5, tags={"model": "small"})


def exposition():
    from prometheus_client import REGISTRY
    from prometheus_client.openmetrics.exposition import generate_latest
    from ray._private.telemetry.open_telemetry_metric_recorder import OpenTelemetryMetricRecorder

    agent = OpenTelemetryMetricRecorder()
    for metric in (REQUESTS, DONE, DEPTH, SECONDS):
        told = metric.info
        if metric is SECONDS:
            agent.register_histogram_metric(told["name"], told["description"], told["boundaries"])
        elif metric is DEPTH:
            agent.register_gauge_metric(told["name"], told["description"])
        else:
            agent.register_counter_metric(told["name"], told["description"])
        agent.set_metric_value(told["name"], {key: "small" for key in told["tag_keys"]}, 1.0)
    return generate_latest(REGISTRY).decode()

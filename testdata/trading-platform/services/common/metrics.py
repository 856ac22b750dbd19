"""Metrics that several services share, and the helpers that keep their names alike.

Services import the classes from here as well, so that one place decides which client library is used.
"""

from typing import Sequence

from prometheus_client import Counter, Gauge, Histogram, Info, start_http_server

__all__ = [
    "Counter",
    "Gauge",
    "Histogram",
    "DESK",
    "LATENCY_BUCKETS",
    "HTTP_REQUESTS",
    "HTTP_IN_FLIGHT",
    "announce_build",
    "breach_counter",
    "latency_histogram",
    "serve_metrics",
]

DESK = "desk"

# Canary pipelines prefix their metrics with this; see services/canary.
CANARY_PREFIX = "canary"

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)

HTTP_REQUESTS = Counter(
    "http_requests",
    "HTTP requests answered.",
    ["service", "method", "status"],
)

HTTP_IN_FLIGHT = Gauge(
    "http_requests_in_flight",
    "HTTP requests being answered.",
    labelnames=("service",),
)

BUILD = Info("build", "What is running.", namespace=DESK)


def latency_histogram(
    component: str,
    operation: str,
    documentation: str,
    labelnames: Sequence[str] = (),
) -> Histogram:
    """A latency histogram under the house's naming rule."""
    return Histogram(
        f"{component}_{operation}_latency_seconds",
        documentation,
        labelnames,
        buckets=LATENCY_BUCKETS,
    )


def breach_counter(component: str, labelnames: Sequence[str]) -> Counter:
    """Counts limits that were crossed."""
    name = component + "_breaches"
    return Counter(name, f"Limits crossed in {component}.", labelnames)


def announce_build(service: str, version: str) -> None:
    """Publishes which build of a service runs."""
    BUILD.info({"service": service, "version": version})


def serve_metrics(port: int) -> None:
    """Serves `/metrics` on a port of its own, for services that have no HTTP server."""
    start_http_server(port)

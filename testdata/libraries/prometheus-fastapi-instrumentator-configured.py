"""Two services: one with a namespace and a gauge of requests in progress, one with metrics of its own choice."""

import os

from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY
from prometheus_fastapi_instrumentator import Instrumentator, metrics

NAMESPACE = "shop"


def attach(app):
    instrumentator = Instrumentator(
        should_instrument_requests_inprogress=True,
        inprogress_name="shop_requests_running",
        inprogress_labels=True,
    )
    instrumentator.instrument(app, metric_namespace=NAMESPACE, metric_subsystem="web", latency_lowr_buckets=(0.2, 2))
    instrumentator.expose(app, include_in_schema=False)


def attach_single(app, namespace):
    chosen = Instrumentator(excluded_handlers=["/metrics"])
    chosen.add(metrics.latency(metric_namespace=namespace, buckets=(0.1, 1, 10), should_include_handler=False))
    chosen.add(metrics.requests(metric_name="calls", metric_namespace=namespace, custom_labels={"modified_duration": "seconds"}))
    chosen.add(metrics.request_size(metric_namespace=namespace)).add(metrics.response_size(metric_subsystem="out"))
    chosen.add(metrics.combined_size(should_include_status=False, registry=REGISTRY))
    chosen.add(metrics.default(metric_namespace=os.environ.get("SHOP_PREFIX", "stock")))
    chosen.instrument(app)


first, second = FastAPI(), FastAPI()
attach(first)
attach_single(second, namespace="shop_api")

if __name__ == "__main__":
    TestClient(first).get("/")
    TestClient(second).get("/")

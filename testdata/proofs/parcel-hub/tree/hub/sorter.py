"""Sorts parcels by route."""

import os
import time

from prometheus_client import Counter, start_http_server

SORTED = Counter("hub_parcels_sorted", "Parcels sorted.", ["route"])

if __name__ == "__main__":
    start_http_server(int(os.environ.get("SORTER_METRICS_PORT", "9500")))
    while True:
        for route in ("north", "south"):
            SORTED.labels(route=route).inc()
        time.sleep(1.0)

"""Weighs parcels on the belt."""

import time

from prometheus_client import Enum, start_http_server

BELT = Enum("hub_belt", "What the belt does.", states=["runs", "stands"])

if __name__ == "__main__":
    start_http_server(9501)
    while True:
        BELT.state("runs")
        time.sleep(1.0)

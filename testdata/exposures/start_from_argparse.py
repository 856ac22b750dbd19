"""The port is a command-line option."""
# ask: 18103 /metrics
import argparse
import time

from prometheus_client import Gauge, start_http_server

DEPTH = Gauge("press_depth", "Depth.")

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--metrics-port", type=int, default=18103)
    options = parser.parse_args()
    start_http_server(port=options.metrics_port)
    time.sleep(60)

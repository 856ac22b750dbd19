"""The port comes from the environment, with a default, through a function."""
# ask: 18102 /metrics
import os
import time

from prometheus_client import Gauge, start_http_server

DEPTH = Gauge("line_depth", "Depth.")


def serve(port: int) -> None:
    start_http_server(port, "127.0.0.1")


def main() -> None:
    serve(int(os.environ.get("LINE_METRICS_PORT", "18102")))
    DEPTH.set(1)
    time.sleep(60)


if __name__ == "__main__":
    main()

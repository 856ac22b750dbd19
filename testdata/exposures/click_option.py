"""The port is an option of click."""
# ask: 18135 /metrics
import time

import click
from prometheus_client import Counter, start_http_server

ORDERS = Counter("tug_orders", "Orders.")


@click.command()
@click.option("--port", default=18135, help="Port.")
def main(port):
    start_http_server(port)
    time.sleep(60)


if __name__ == "__main__":
    main()

"""Prints tickets. What is printed is counted in a registry of its own; paper is counted in the library's."""

import os
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

OWN = CollectorRegistry()
PAGES = Counter("printer_pages", "Pages printed.", registry=OWN)
PAPER = Gauge("printer_paper_sheets", "Sheets that are left.")


def main() -> None:
    """Serves metrics and prints."""
    start_http_server(int(os.environ["PRINTER_METRICS_PORT"]), registry=OWN)
    sheets = 500
    while True:
        sheets -= 1
        PAGES.inc()
        PAPER.set(sheets)
        time.sleep(1.0)


if __name__ == "__main__":
    main()

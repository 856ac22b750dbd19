#!/usr/bin/env python3
"""Prints yesterday's figures from Prometheus, one line each."""

import json
import os
import sys
import urllib.parse
import urllib.request

PROMETHEUS = os.environ.get("PROMETHEUS_URL", "http://platform-prometheus:9090")

FIGURES = [
    ("Orders accepted", "sum(increase(orders_accepted_total[1d]))"),
    ("Orders rejected", "sum(increase(orders_rejected_total[1d]))"),
    ("Kill switch thrown", "sum(increase(kill_switch_activations_total[1d]))"),
    ("HTTP requests", "sum(increase(http_requests_total[1d]))"),
    (
        "HTTP p99",
        "histogram_quantile(0.99, sum by (le) (increase(http_request_duration_seconds_bucket[1d])))",
    ),
    ("Services down", "count(up{namespace='trading'} == 0) or vector(0)"),
]


def query(expression: str) -> float | None:
    """The first value of an instant query."""
    address = f"{PROMETHEUS}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(address, timeout=10) as response:
        result = json.load(response)["data"]["result"]
    return float(result[0]["value"][1]) if result else None


def main() -> int:
    """Prints the report; 1 where a figure is missing."""
    missing = 0
    for title, expression in FIGURES:
        value = query(expression)
        missing += value is None
        print(f"{title:<24}{'-' if value is None else round(value, 3)}")

    oldest_tick = query("max(time() - market_data_last_update_timestamp_seconds)")
    print(f"{'Oldest tick':<24}{oldest_tick}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

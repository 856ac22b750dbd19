"""Bottle: a route of the default application."""
# ask: 18124 /metrics
from bottle import route, run
from prometheus_client import Counter, generate_latest

ORDERS = Counter("canoe_orders", "Orders.")


@route("/metrics")
def metrics():
    return generate_latest()


run(host="127.0.0.1", port=18124)

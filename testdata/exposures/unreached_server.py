"""A function that would serve, and that nothing calls."""
# ask: 18133 /metrics 18134 /
from http.server import HTTPServer, SimpleHTTPRequestHandler

from prometheus_client import Counter, start_http_server

ORDERS = Counter("wreck_orders", "Orders.")


def begin_metrics_endpoint():
    start_http_server(18133)


HTTPServer(("127.0.0.1", 18134), SimpleHTTPRequestHandler).serve_forever()

"""Falcon: a resource."""
# ask: 18125 /metrics
from wsgiref.simple_server import make_server

import falcon
from prometheus_client import Counter, generate_latest

ORDERS = Counter("kayak_orders", "Orders.")


class Metrics:
    def on_get(self, request, response):
        response.data = generate_latest()
        response.content_type = "text/plain"


app = falcon.App()
app.add_route("/metrics", Metrics())

with make_server("127.0.0.1", 18125, app) as httpd:
    httpd.serve_forever()

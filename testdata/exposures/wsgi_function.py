"""A WSGI function of its own on waitress."""
# ask: 18130 /metrics /other
from prometheus_client import Counter, generate_latest
from waitress import serve

ORDERS = Counter("punt_orders", "Orders.")


def app(environ, start_response):
    if environ["PATH_INFO"] == "/metrics":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [generate_latest()]
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b""]


serve(app, host="127.0.0.1", port=18130)

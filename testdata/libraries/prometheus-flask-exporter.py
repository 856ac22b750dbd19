"""A Flask application with the exporter's own metrics and some of its decorators."""

from flask import Flask, request
from prometheus_flask_exporter import PrometheusMetrics

app = Flask(__name__)
metrics = PrometheusMetrics(app, defaults_prefix="shop", group_by="endpoint", default_labels={"zone": "a"})
metrics.info("shop_build", "The build", version="1.0", commit="abc")
carts = metrics.counter("shop_carts", "Carts", labels={"kind": lambda: request.args.get("kind", "")})


@app.route("/")
@metrics.summary("shop_home_seconds", "Home page", labels={"status": lambda response: response.status_code})
def home():
    return "home"


@app.route("/cart")
@carts
@metrics.histogram("shop_cart_seconds", "Carts", buckets=(0.5, 5))
@metrics.gauge("shop_carts_open", "Open carts")
def cart():
    return "cart"


if __name__ == "__main__":
    client = app.test_client()
    client.get("/")
    client.get("/cart?kind=big")

"""Flask: a view."""
# ask: 18113 /metrics /
from flask import Flask, Response
from prometheus_client import Counter, generate_latest

app = Flask(__name__)
ORDERS = Counter("cafe_orders", "Orders.")


@app.route("/")
def index():
    return "hello"


@app.route("/metrics")
def metrics():
    return Response(generate_latest(), mimetype="text/plain")


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=18113)

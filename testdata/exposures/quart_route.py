"""Quart: a view."""
# ask: 18126 /metrics
from prometheus_client import Counter, generate_latest
from quart import Quart

ORDERS = Counter("sloop_orders", "Orders.")
app = Quart(__name__)


@app.get("/metrics")
async def metrics():
    return generate_latest(), 200, {"Content-Type": "text/plain"}


app.run(host="127.0.0.1", port=18126)

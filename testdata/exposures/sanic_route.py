"""Sanic: a route of a blueprint."""
# ask: 18123 /ops/metrics
from prometheus_client import Counter, generate_latest
from sanic import Blueprint, Sanic
from sanic.response import raw

ORDERS = Counter("raft_orders", "Orders.")
app = Sanic("Raft")
ops = Blueprint("ops", url_prefix="/ops")


@ops.get("/metrics")
async def metrics(request):
    return raw(generate_latest())


app.blueprint(ops)

if __name__ == "__main__":
    app.run(host="127.0.0.1", port=18123, single_process=True)

"""Litestar: a handler in the application's list, and one below a router's path."""
# ask: 18127 /metrics /ops/metrics
import uvicorn
from litestar import Litestar, Response, Router, get
from prometheus_client import Counter, generate_latest

ORDERS = Counter("yacht_orders", "Orders.")


@get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type="text/plain")


ops = Router(path="/ops", route_handlers=[metrics])
app = Litestar([metrics, ops])

uvicorn.run(app, host="127.0.0.1", port=18127)

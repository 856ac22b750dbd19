"""starlette-exporter's handler."""
# ask: 18119 /metrics
import uvicorn
from prometheus_client import Counter
from starlette.applications import Starlette
from starlette_exporter import handle_metrics

ORDERS = Counter("dock_orders", "Orders.")
app = Starlette()
app.add_route("/metrics", handle_metrics)

uvicorn.run(app, host="127.0.0.1", port=18119)

"""prometheus-fastapi-instrumentator with a path of its own."""
# ask: 18112 /internal/metrics /metrics
import uvicorn
from fastapi import FastAPI
from prometheus_client import Counter
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()
ORDERS = Counter("kiosk_orders", "Orders.")
Instrumentator().instrument(app).expose(app, endpoint="/internal/metrics")

uvicorn.run(app, host="127.0.0.1", port=18112)

"""FastAPI: a middleware that lets the path of the metrics through, one that is added only where a key is set."""
# ask: 18141 /metrics
import os

import uvicorn
from fastapi import FastAPI, Response
from prometheus_client import Counter, generate_latest
from starlette.middleware.base import BaseHTTPMiddleware

ORDERS = Counter("postern_orders", "Orders.")


class Doorkeeper(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if request.url.path != "/metrics" and "authorization" not in request.headers:
            return Response("no", 401)
        return await call_next(request)


class KeyHolder(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if "authorization" not in request.headers:
            return Response("no", 401)
        return await call_next(request)


def protect(app):
    if not os.environ.get("POSTERN_KEY"):
        return
    app.add_middleware(KeyHolder)


app = FastAPI()
app.add_middleware(Doorkeeper)
protect(app)


@app.get("/metrics")
def metrics():
    return Response(generate_latest(), media_type="text/plain")


uvicorn.run(app, host="127.0.0.1", port=18141)

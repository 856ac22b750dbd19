"""FastAPI: what each request passes turns scrapers away, from a route and from what is mounted beside the routes."""
# ask: 18140 /metrics /apart
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import Counter, generate_latest, make_asgi_app

ORDERS = Counter("gatehouse_orders", "Orders.")
app = FastAPI()


@app.middleware("http")
async def require_key(request: Request, call_next):
    if request.headers.get("X-API-Key") != "secret":
        return JSONResponse({"detail": "no key"}, status_code=401)
    return await call_next(request)


@app.get("/metrics")
def metrics():
    return Response(generate_latest(), media_type="text/plain")


app.mount("/apart", make_asgi_app())
uvicorn.run(app, host="127.0.0.1", port=18140)

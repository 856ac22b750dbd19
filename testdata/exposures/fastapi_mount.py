"""FastAPI: the client's ASGI application is mounted; dependencies of the application do not stand before it."""
# ask: 18109 /metrics
import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from prometheus_client import Counter, make_asgi_app


def turn_away(token: str = ""):
    if token != "secret":
        raise HTTPException(status_code=401)


app = FastAPI(dependencies=[Depends(turn_away)])
ORDERS = Counter("stall_orders", "Orders.")
app.mount("/metrics", make_asgi_app())

uvicorn.run(app, host="127.0.0.1", port=18109)

"""FastAPI: dependencies that turn scrapers away, on the router, and a check that is off unless it is configured."""
# ask: 18111 /metrics /open/metrics /basic/metrics
import os

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Response
from fastapi.security import HTTPBasic
from prometheus_client import Counter, generate_latest

ORDERS = Counter("vault_orders", "Orders.")
KEY = os.environ.get("VAULT_KEY")
basic = HTTPBasic()


def verify_token(x_token: str = Header(default="")):
    if x_token != "secret":
        raise HTTPException(status_code=403, detail="no")


def verify_if_configured(x_token: str = Header(default="")):
    if not KEY:
        return
    if x_token != KEY:
        raise HTTPException(status_code=401)


guarded = APIRouter(dependencies=[Depends(verify_token)])
open_router = APIRouter(prefix="/open", dependencies=[Depends(verify_if_configured)])


@guarded.get("/metrics")
def metrics():
    return Response(generate_latest(), media_type="text/plain")


@open_router.get("/metrics")
def open_metrics():
    return Response(generate_latest(), media_type="text/plain")


app = FastAPI()
app.include_router(guarded)
app.include_router(open_router)


@app.get("/basic/metrics")
def basic_metrics(credentials=Depends(basic)):
    return Response(generate_latest(), media_type="text/plain")


uvicorn.run(app, host="127.0.0.1", port=18111)

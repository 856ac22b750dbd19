"""FastAPI: prefixes of routers and of their inclusion come together; a router that nothing includes serves nothing."""
# ask: 18110 /api/internal/metrics /metrics /internal/metrics /lost/metrics
import uvicorn
from fastapi import APIRouter, FastAPI, Response
from prometheus_client import Counter, generate_latest

ORDERS = Counter("mart_orders", "Orders.")
router = APIRouter(prefix="/internal")
lost = APIRouter(prefix="/lost")


@router.get("/metrics")
async def metrics():
    return Response(generate_latest(), media_type="text/plain")


@lost.get("/metrics")
async def lost_metrics():
    return Response(generate_latest(), media_type="text/plain")


def create_app():
    app = FastAPI()
    app.include_router(router, prefix="/api")
    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), host="127.0.0.1", port=18110)

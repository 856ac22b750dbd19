"""Serves policy decisions to other services."""

import uvicorn
from fastapi import FastAPI
from prometheus_client import make_asgi_app
from pydantic import BaseModel

from services.common.http import RequestMetrics
from services.common.metrics import announce_build
from services.order_management.book import Order
from services.policy.engine import PolicyEngine

SERVICE = "policy"


class Question(BaseModel):
    """The body of `POST /decisions`."""

    client: str
    book: str
    venue: str
    symbol: str
    side: str
    quantity: int
    limit_price: float


def create_app() -> FastAPI:
    """The application, with its routes and `/metrics`."""
    app = FastAPI(title="Policy")
    app.add_middleware(RequestMetrics, service=SERVICE)
    app.mount("/metrics", make_asgi_app())
    announce_build(SERVICE, "2026.11.0")
    engine = PolicyEngine.with_default_rules()

    @app.post("/decisions")
    def decide(question: Question) -> dict[str, bool]:
        return {"allowed": engine.allows(Order(**question.model_dump()))}

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), host="0.0.0.0", port=8080)

"""Serves risk decisions to other services."""

import uvicorn
from fastapi import FastAPI
from prometheus_client import make_asgi_app
from pydantic import BaseModel

from services.common.http import RequestMetrics
from services.common.metrics import announce_build
from services.order_management.book import Order
from services.risk.checks import RiskChecker

SERVICE = "risk"


class Proposal(BaseModel):
    """The body of `POST /checks`."""

    client: str
    book: str
    venue: str
    symbol: str
    side: str
    quantity: int
    limit_price: float


def create_app() -> FastAPI:
    """The application, with its routes and `/metrics`."""
    app = FastAPI(title="Risk")
    app.add_middleware(RequestMetrics, service=SERVICE)
    app.mount("/metrics", make_asgi_app())
    announce_build(SERVICE, "2026.10.4")
    checker = RiskChecker(limits={"EQ-EU": 5_000_000.0, "EQ-US": 8_000_000.0})

    @app.post("/checks")
    def check(proposal: Proposal) -> dict[str, bool]:
        return {"admitted": checker.admits(Order(**proposal.model_dump()))}

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), host="0.0.0.0", port=8080)

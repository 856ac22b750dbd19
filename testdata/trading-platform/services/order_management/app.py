"""The HTTP interface of order management."""

import time

import uvicorn
from fastapi import FastAPI, HTTPException
from prometheus_client import make_asgi_app
from pydantic import BaseModel

from services.common.http import RequestMetrics
from services.common.metrics import announce_build
from services.order_management import metrics
from services.order_management.book import Order, OrderBook
from services.policy.engine import PolicyEngine
from services.risk.checks import RiskChecker

SERVICE = "order-management"


class OrderRequest(BaseModel):
    """The body of `POST /orders`."""

    client: str
    book: str
    venue: str
    symbol: str
    side: str
    quantity: int
    limit_price: float


def create_app() -> FastAPI:
    """The application, with its routes and `/metrics`."""
    app = FastAPI(title="Order management")
    app.add_middleware(RequestMetrics, service=SERVICE)
    app.mount("/metrics", make_asgi_app())
    metrics.initialise()
    announce_build(SERVICE, "2026.11.1")

    book = OrderBook()
    policy = PolicyEngine.with_default_rules()
    risk = RiskChecker(limits={"EQ-EU": 5_000_000.0, "EQ-US": 8_000_000.0})

    def reject(order: Order, reason: str, detail: str) -> HTTPException:
        metrics.ORDERS_REJECTED.labels(venue=order.venue, reason=reason).inc()
        return HTTPException(status_code=422, detail=detail)

    @app.post("/orders")
    def submit(request: OrderRequest) -> dict[str, int]:
        order = Order(**request.model_dump())
        started = time.perf_counter()
        if order.quantity <= 0 or order.venue not in metrics.VENUES:
            raise reject(order, "malformed", "unknown venue or no quantity")
        if not policy.allows(order):
            raise reject(order, "policy", "the desk may not send this order")
        if not risk.admits(order):
            raise reject(order, "risk", "the book's limit is used up")
        number = book.add(order)
        metrics.ORDERS_ACCEPTED.labels(venue=order.venue, side=order.side).inc()
        metrics.ORDER_SUBMIT_LATENCY.labels(order.venue).observe(time.perf_counter() - started)
        return {"number": number}

    @app.delete("/orders/{number}")
    def cancel(number: int) -> dict[str, int]:
        started = time.perf_counter()
        order = book.cancel(number)
        if order is None:
            raise HTTPException(status_code=404, detail="no such open order")
        metrics.ORDER_CANCEL_LATENCY.labels(order.venue).observe(time.perf_counter() - started)
        return {"number": number}

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), host="0.0.0.0", port=8080)

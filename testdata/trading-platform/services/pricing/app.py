"""Serves quotes."""

import uvicorn
from fastapi import FastAPI
from prometheus_client import make_asgi_app

from services.common.http import RequestMetrics
from services.common.metrics import announce_build
from services.pricing.engine import PricingEngine

SERVICE = "pricing"


def create_app() -> FastAPI:
    """The application, with its routes and `/metrics`."""
    app = FastAPI(title="Pricing")
    app.add_middleware(RequestMetrics, service=SERVICE)
    app.mount("/metrics", make_asgi_app())
    announce_build(SERVICE, "2026.11.2")
    engine = PricingEngine()

    @app.get("/quotes/{instrument_class}")
    def quote(instrument_class: str, spot: float, volatility: float = 0.2, years: float = 0.25) -> dict[str, float]:
        return {"mid": engine.quote(instrument_class, spot, volatility, years)}

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), host="0.0.0.0", port=8080)

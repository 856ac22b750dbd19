"""The admin interface of the kill switch."""

import uvicorn
from fastapi import FastAPI
from prometheus_client import make_asgi_app

from services.common.http import RequestMetrics
from services.common.metrics import announce_build
from services.kill_switch.switch import KillSwitch

SERVICE = "kill-switch"


def create_app() -> FastAPI:
    """The application, with its routes and `/metrics`."""
    app = FastAPI(title="Kill switch")
    app.add_middleware(RequestMetrics, service=SERVICE)
    app.mount("/metrics", make_asgi_app())
    announce_build(SERVICE, "2026.8.0")
    switch = KillSwitch()

    @app.get("/state")
    def state() -> dict[str, bool]:
        return switch.kill_switch_state()

    @app.post("/engage/{scope}")
    def engage(scope: str) -> dict[str, bool]:
        switch.engage(scope)
        return switch.kill_switch_state()

    @app.post("/release/{scope}")
    def release(scope: str) -> dict[str, bool]:
        switch.release(scope)
        return switch.kill_switch_state()

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), host="0.0.0.0", port=8080)

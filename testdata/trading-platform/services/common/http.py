"""ASGI middleware that counts requests."""

from typing import Any, Awaitable, Callable

from services.common.metrics import HTTP_IN_FLIGHT, HTTP_REQUESTS

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class RequestMetrics:
    """Counts requests of one service by method and status class."""

    def __init__(self, app: Any, service: str) -> None:
        self.app = app
        self.service = service
        for method in ("GET", "POST", "DELETE"):
            for status in ("2xx", "4xx", "5xx"):
                HTTP_REQUESTS.labels(service, method, status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        status = 500

        async def send_and_remember(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with HTTP_IN_FLIGHT.labels(self.service).track_inprogress():
            try:
                await self.app(scope, receive, send_and_remember)
            finally:
                HTTP_REQUESTS.labels(self.service, scope["method"], f"{status // 100}xx").inc()

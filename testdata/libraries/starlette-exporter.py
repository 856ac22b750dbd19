"""Two applications: one as it comes, one with every option that changes what is exposed."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette_exporter import PrometheusMiddleware, from_header, from_response_header, handle_metrics
from starlette_exporter.optional_metrics import request_body_size, response_body_size


async def home(request):
    return PlainTextResponse("home")


ROUTES = [Route("/", home, methods=["GET", "POST"]), Route("/metrics", handle_metrics)]
plain = Starlette(routes=ROUTES)
plain.add_middleware(PrometheusMiddleware)

rich = Starlette(
    routes=ROUTES,
    middleware=[
        Middleware(
            PrometheusMiddleware,
            app_name="shop",
            prefix="shop",
            buckets=[0.25, 2.5],
            labels={"zone": "a", "client": from_header("x-client"), "cache": from_response_header("x-cache")},
            optional_metrics=[response_body_size, request_body_size],
        )
    ],
)

if __name__ == "__main__":
    TestClient(plain).get("/")
    TestClient(rich).post("/", content="x")

"""The middleware of starlette-prometheus has no options."""

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette_prometheus import PrometheusMiddleware, metrics


async def home(request):
    return PlainTextResponse("home")


app = Starlette(routes=[Route("/", home), Route("/metrics", metrics)])
app.add_middleware(PrometheusMiddleware)

if __name__ == "__main__":
    TestClient(app).get("/")

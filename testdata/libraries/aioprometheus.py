"""Instruments of aioprometheus, which keeps the names as they are, and its middleware."""

from aioprometheus import REGISTRY, Counter, Gauge, Histogram, MetricsMiddleware, Summary, count_exceptions, inprogress, render, timer
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

ORDERS = Counter("shop_orders", "Orders", const_labels={"zone": "a"})
OPEN = Gauge("shop_open", "Open orders")
SECONDS = Histogram("shop_seconds", "Seconds", buckets=[0.1, 1.0, float("inf")])
PLAIN = Histogram("shop_plain_seconds", "Seconds")
SIZES = Summary("shop_sizes", "Sizes")


async def home(request):
    ORDERS.inc({"kind": "book"})
    OPEN.set({}, 3)
    SECONDS.observe({"path": "/"}, 0.2)
    PLAIN.add({}, 0.2)
    SIZES.observe({}, 3)
    return PlainTextResponse("home")


app = Starlette(routes=[Route("/", home)])
app.add_middleware(MetricsMiddleware, const_labels={"app": "shop"})


def exposition():
    return render(REGISTRY, [])[0].decode()


if __name__ == "__main__":
    TestClient(app).get("/")

"""A Litestar application whose plugin has a prefix, labels and bounds of its own."""

from litestar import Litestar, get
from litestar.plugins.prometheus import PrometheusConfig, PrometheusController
from litestar.testing import TestClient


@get("/")
async def home() -> str:
    return "home"


@get("/fails")
async def fails() -> str:
    raise RuntimeError("on purpose")


config = PrometheusConfig(app_name="shop", prefix="shop", labels={"zone": "a"}, buckets=[0.1, 1.0])
app = Litestar([home, fails, PrometheusController], middleware=[config.middleware])

if __name__ == "__main__":
    with TestClient(app) as client:
        client.get("/")
        client.get("/fails")

from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from services.order_management.app import create_app

ORDER = {
    "client": "c-1",
    "book": "EQ-EU",
    "venue": "XETR",
    "symbol": "INITECH",
    "side": "buy",
    "quantity": 100,
    "limit_price": 12.5,
}


def test_orders_are_counted_and_rejections_too():
    client = TestClient(create_app())
    labels = {"venue": "XETR", "side": "buy"}
    before = REGISTRY.get_sample_value("orders_accepted_total", labels)
    assert client.post("/orders", json=ORDER).status_code == 200
    assert REGISTRY.get_sample_value("orders_accepted_total", labels) == before + 1

    assert client.post("/orders", json=ORDER | {"symbol": "ACME"}).status_code == 422
    rejected = REGISTRY.get_sample_value("orders_rejected_total", {"venue": "XETR", "reason": "policy"})
    assert rejected == 1
    assert client.delete("/orders/1").json() == {"number": 1}

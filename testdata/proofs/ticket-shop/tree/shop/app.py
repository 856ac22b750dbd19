"""Sells tickets."""

from fastapi import FastAPI
from prometheus_client import Counter, Gauge, Histogram, Info
from prometheus_fastapi_instrumentator import Instrumentator

SOLD = Counter("shop_tickets_sold", "Tickets sold.", ["kind", "currency"])
PRICE = Histogram("shop_ticket_price", "What a ticket costs.", ["kind"], unit="euros", buckets=[5, 10, 20, 50])
CARTS = Gauge("shop_carts_open", "Carts that nobody has paid.")
RELEASE = Info("shop_release", "What is sold from.")
RETURNED = Counter("shop_tickets_returned_total", "Tickets that came back.", ["kind"])

KINDS = {"day": 12.0, "year": 48.0}

app = FastAPI()
Instrumentator().instrument(app).expose(app)
RELEASE.info({"season": "winter"})


@app.post("/tickets/{kind}")
def sell(kind: str) -> dict[str, float]:
    """Sells one ticket."""
    CARTS.inc()
    price = KINDS[kind]
    PRICE.labels(kind).observe(price)
    SOLD.labels(kind=kind, currency="EUR").inc()
    CARTS.dec()
    return {"price": price}


@app.delete("/tickets/{kind}")
def take_back(kind: str) -> dict[str, str]:
    """Takes one back."""
    RETURNED.labels(kind).inc()
    return {"kind": kind}

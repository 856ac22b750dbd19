"""A web service with the instrumentator as its documentation starts it."""

from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()


@app.get("/orders/{order}")
def order(order: int):
    return {"order": order}


Instrumentator().instrument(app).expose(app)

if __name__ == "__main__":
    TestClient(app).get("/orders/1")

"""Starlette: routes in a list, below a mount."""
# ask: 18118 /metrics /below/metrics
import uvicorn
from prometheus_client import Counter, generate_latest, make_asgi_app
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route

ORDERS = Counter("pier_orders", "Orders.")


def metrics(request):
    return Response(generate_latest(), media_type="text/plain")


app = Starlette(
    routes=[
        Route("/metrics", metrics),
        Mount("/below", routes=[Mount("/metrics", app=make_asgi_app())]),
    ]
)

uvicorn.run(app, host="127.0.0.1", port=18118)

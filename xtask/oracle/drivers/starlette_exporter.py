"""The middleware makes each metric when it is first asked for it."""

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette_exporter import PrometheusMiddleware

made = PrometheusMiddleware(Starlette(routes=[Route("/", PlainTextResponse)]))
for name in dir(PrometheusMiddleware):
    if isinstance(getattr(PrometheusMiddleware, name), property):
        getattr(made, name)

"""Starlette: a backend of its authentication refuses whoever shows nothing."""
# ask: 18144 /metrics
import uvicorn
from prometheus_client import Counter, generate_latest
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, SimpleUser
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.responses import Response
from starlette.routing import Route

ORDERS = Counter("drawbridge_orders", "Orders.")


class Keys(AuthenticationBackend):
    async def authenticate(self, conn):
        if "Authorization" not in conn.headers:
            raise AuthenticationError("no credentials")
        return AuthCredentials(["authenticated"]), SimpleUser("somebody")


def metrics(request):
    return Response(generate_latest(), media_type="text/plain")


app = Starlette(
    routes=[Route("/metrics", metrics)],
    middleware=[Middleware(AuthenticationMiddleware, backend=Keys())],
)
uvicorn.run(app, host="127.0.0.1", port=18144)

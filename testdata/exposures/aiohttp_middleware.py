"""aiohttp: a middleware of the application turns scrapers away."""
# ask: 18143 /metrics
from aiohttp import web
from prometheus_client import Counter, generate_latest

ORDERS = Counter("turnstile_orders", "Orders.")


@web.middleware
async def require_token(request, handler):
    if request.headers.get("Authorization") != "Bearer secret":
        raise web.HTTPUnauthorized()
    return await handler(request)


async def metrics(request):
    return web.Response(body=generate_latest())


app = web.Application(middlewares=[require_token])
app.router.add_get("/metrics", metrics)
web.run_app(app, host="127.0.0.1", port=18143)

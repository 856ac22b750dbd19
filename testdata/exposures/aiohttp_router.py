"""aiohttp: routes by the router, from a table, and of an application below a path."""
# ask: 18120 /metrics /table/metrics /sub/metrics
from aiohttp import web
from prometheus_client import Counter, generate_latest

ORDERS = Counter("ferry_orders", "Orders.")
routes = web.RouteTableDef()


async def metrics(request):
    return web.Response(body=generate_latest())


@routes.get("/table/metrics")
async def table_metrics(request):
    return web.Response(body=generate_latest())


app = web.Application()
below = web.Application()
app.router.add_get("/metrics", metrics)
app.add_routes(routes)
below.add_routes([web.get("/metrics", metrics)])
app.add_subapp("/sub", below)

web.run_app(app, host="127.0.0.1", port=18120)

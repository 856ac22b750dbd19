"""prometheus-async's server."""
# ask: 18132 /metrics
import asyncio

from prometheus_async.aio.web import start_http_server
from prometheus_client import Counter

ORDERS = Counter("gig_orders", "Orders.")


async def main():
    await start_http_server(addr="127.0.0.1", port=18132)
    await asyncio.sleep(60)


asyncio.run(main())

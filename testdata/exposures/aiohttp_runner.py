"""aiohttp: a site of its own beside other work."""
# ask: 18121 /metrics
import asyncio

from aiohttp import web
from prometheus_client import Counter, generate_latest

ORDERS = Counter("canal_orders", "Orders.")


class Exporter:
    def __init__(self, port):
        self.port = port
        self.app = web.Application()
        self.app.router.add_get("/metrics", self.handle)

    async def handle(self, request):
        return web.Response(body=generate_latest())

    async def start(self):
        runner = web.AppRunner(self.app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()


async def main():
    exporter = Exporter(18121)
    await exporter.start()
    await asyncio.sleep(60)


asyncio.run(main())

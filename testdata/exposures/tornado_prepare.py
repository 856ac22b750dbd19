"""Tornado: what a handler does before each request turns scrapers away, in a class that others derive from too."""
# ask: 18145 /metrics /open/metrics
import asyncio

from prometheus_client import Counter, generate_latest
from tornado.web import Application, HTTPError, RequestHandler

ORDERS = Counter("barrier_orders", "Orders.")


class Known(RequestHandler):
    def prepare(self):
        if "Authorization" not in self.request.headers:
            raise HTTPError(401)


class Metrics(Known):
    def get(self):
        self.write(generate_latest())


class OpenMetrics(RequestHandler):
    def get(self):
        self.write(generate_latest())


async def main():
    Application([("/metrics", Metrics), ("/open/metrics", OpenMetrics)]).listen(18145)
    await asyncio.Event().wait()


asyncio.run(main())

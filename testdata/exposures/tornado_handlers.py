"""Tornado: handlers by regular expressions."""
# ask: 18122 /metrics /
import asyncio

import tornado.web
from prometheus_client import Counter, generate_latest

ORDERS = Counter("barge_orders", "Orders.")


class Index(tornado.web.RequestHandler):
    def get(self):
        self.write("hello")


class Metrics(tornado.web.RequestHandler):
    def get(self):
        self.write(generate_latest())


async def main():
    app = tornado.web.Application([(r"/", Index), (r"/metrics$", Metrics)])
    app.listen(18122)
    await asyncio.Event().wait()


asyncio.run(main())

"""A server and a client of aiohttp."""

import asyncio

from aiohttp import web
from aiohttp_prometheus_exporter.middleware import prometheus_middleware_factory
from aiohttp_prometheus_exporter.trace import PrometheusTraceConfig

app = web.Application(middlewares=[prometheus_middleware_factory(metrics_prefix="shop")])


async def main():
    PrometheusTraceConfig(client_name="orders", namespace="shop")


if __name__ == "__main__":
    asyncio.run(main())

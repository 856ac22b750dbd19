"""Decorators of prometheus-async give values to metrics of prometheus_client."""

import asyncio

from prometheus_client import Counter, Gauge, Histogram
from prometheus_async.aio import count_exceptions, time, track_inprogress

SECONDS = Histogram("shop_seconds", "Seconds")
FAILURES = Counter("shop_failures", "Failures")
RUNNING = Gauge("shop_running", "Running")


@time(SECONDS)
@count_exceptions(FAILURES)
async def serve():
    await track_inprogress(RUNNING, asyncio.sleep(0))


if __name__ == "__main__":
    asyncio.run(serve())

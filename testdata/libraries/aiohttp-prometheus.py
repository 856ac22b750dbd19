"""What aiohttp-prometheus exposes as it comes."""

import aiohttp_prometheus

middleware = aiohttp_prometheus.MetricsMiddleware

"""What asgi-prometheus-exporter exposes as it comes."""

from asgi_prometheus_exporter.metrics import *

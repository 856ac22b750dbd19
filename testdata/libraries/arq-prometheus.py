"""What arq-prometheus exposes as it comes."""

from arq_prometheus.client import ArqPrometheusMetrics


class Pool:
    """Stands for a pool of connections to Redis."""


metrics = ArqPrometheusMetrics({"redis": Pool()}, enable_webserver=False)

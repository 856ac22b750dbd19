"""What falcon-prometheus exposes as it comes."""

from falcon_prometheus import PrometheusMiddleware

middleware = PrometheusMiddleware()


def exposition():
    from prometheus_client.openmetrics.exposition import generate_latest

    return generate_latest(middleware.registry).decode()

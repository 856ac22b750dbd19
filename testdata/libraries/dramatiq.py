"""A broker with the Prometheus middleware, as a worker process starts it."""

from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware.prometheus import Prometheus
from prometheus_client import REGISTRY

broker = StubBroker(middleware=[Prometheus()])

if __name__ == "__main__":
    middleware = broker.middleware[0]
    middleware.after_process_boot(broker)
    for metric in vars(middleware).values():
        if hasattr(metric, "_labelnames") and metric not in REGISTRY._collector_to_names:
            REGISTRY.register(metric)

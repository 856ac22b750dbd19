"""The sensors take the application's name as the prefix of theirs."""

from faust.sensors import prometheus
from prometheus_client import CollectorRegistry

prometheus.FaustMetrics.create(CollectorRegistry(), "shop")

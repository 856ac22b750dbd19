"""OpenTelemetry instruments of every kind, with the names and units that the Prometheus exporter translates."""

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider

metrics.set_meter_provider(MeterProvider(metric_readers=[PrometheusMetricReader()]))
meter = metrics.get_meter("shop.orders", "1.0")


def depth(options: CallbackOptions):
    yield Observation(3, {"queue": "mail"})


COUNTERS = {
    "orders.placed": "1",
    "orders.total": "",
    "orders_cancelled_total": "",
    "orders.paid_total": "{order}",
    "network.io": "By",
    "network.io.bytes": "By",
    "cpu.time": "s",
    "cpu.time.seconds_total": "s",
    "speed": "m/s",
    "rate.of.calls": "{call}/s",
    "calls.per.minute": "1/min",
    "odd--name./x": "{a}widgets",
    "unit.with space": "k W",
    "disk": "MiBy/mo",
}

for name, unit in COUNTERS.items():
    meter.create_counter(name.replace(" ", "."), unit=unit).add(1, {"shop": "north"})

open_orders = meter.create_up_down_counter("orders.open", "{order}", "Orders that are open")
open_orders.add(1, attributes={"shop": "north"})
ratio = meter.create_gauge("cache.hit.ratio", unit="1")
ratio.set(0.5)
percent = meter.create_gauge("cache.fill", unit="%")
percent.set(50, {"cache.name": "a"})
latency = meter.create_histogram(name="http.server.request.duration", unit="ms", description="Requests")
latency.record(3, {"http.method": "GET"})
sizes = meter.create_histogram("sizes", unit="By", explicit_bucket_boundaries_advisory=[10, 100])
sizes.record(3)
meter.create_observable_gauge("queue.depth", callbacks=[depth], unit="{message}")
meter.create_observable_counter("queue.messages", [depth], "messages")
metrics.get_meter_provider().get_meter("other").create_observable_up_down_counter("queue.workers", [depth])

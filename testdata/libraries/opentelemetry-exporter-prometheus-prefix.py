"""The reader puts a prefix in front of every name, wherever the instruments are made."""

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider


class Telemetry:
    def __init__(self, meter: metrics.Meter):
        self.jobs = meter.create_counter("jobs.done", unit="{job}")
        self.seconds = meter.create_histogram("jobs.duration", unit="s")

    def done(self, kind):
        self.jobs.add(1, {"kind": kind})
        self.seconds.record(1.5)


def provider():
    return MeterProvider([PrometheusMetricReader(prefix="shop", disable_target_info=True)])


if __name__ == "__main__":
    Telemetry(provider().get_meter("jobs")).done("mail")

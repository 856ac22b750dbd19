"""Instrumentations bring metrics of their own; the environment could choose the newer names."""

# possible: *http_server_request_duration_seconds*
# possible: *http_server_response_body_size_bytes*
# possible: *http_server_request_body_size_bytes*
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider

metrics.set_meter_provider(MeterProvider(metric_readers=[PrometheusMetricReader()]))
app = FastAPI()


@app.post("/")
def home(body: dict):
    return body


FastAPIInstrumentor.instrument_app(app)

if __name__ == "__main__":
    TestClient(app).post("/", json={"a": 1})

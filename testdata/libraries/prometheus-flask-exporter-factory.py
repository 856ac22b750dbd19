"""An application factory: the metrics are made before the application is there."""

from flask import Flask
from prometheus_flask_exporter import NO_PREFIX, PrometheusMetrics

metrics = PrometheusMetrics.for_app_factory(
    defaults_prefix=NO_PREFIX, default_latency_as_histogram=False, excluded_paths=["/health"]
)


def by_method(req):
    return req.method


def create_app():
    app = Flask(__name__)
    metrics.init_app(app)
    app.route("/")(lambda: "home")
    return app


if __name__ == "__main__":
    create_app().test_client().get("/")

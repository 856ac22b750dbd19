"""Records what a Python library exposes by itself: runs the real package in small programs and reads its registry.

    python3 python_library.py [PACKAGE]…

Run it with the interpreter of a virtual environment that holds `requirements.txt` of this folder. Each driver below
is a whole program for one package; it runs in its own interpreter, uses test clients only (nothing listens), and what
the default registry then holds is printed as table lines, minus what prometheus_client holds by itself. A driver may
name another registry in `registry`. People then decide which columns a configuration can change, and put `?` there.
"""

import importlib.metadata
import os
import subprocess
import sys
import textwrap

DUMP = '''
import sys, tables
from prometheus_client import REGISTRY
own = globals().get("registry", REGISTRY)
plain = {"python_info", "python_gc_objects_collected", "python_gc_objects_uncollectable", "python_gc_collections"}
table = {}
for collector in list(own._collector_to_names):
    bounds = getattr(collector, "_upper_bounds", None) or getattr(collector, "_kwargs", {}).get("buckets")
    for metric in collector.collect():
        if plain_too is False and (metric.name in plain or metric.name.startswith("process_")):
            continue
        names = getattr(collector, "_labelnames", None)
        if names is None:
            names = sorted({name for sample in metric.samples for name in sample.labels})
        kind = tables.TYPE_WORDS.get(metric.type, metric.type)
        column = ""
        if kind == "histogram":
            if not bounds:
                bounds = collector.DEFAULT_BUCKETS
            from prometheus_client.utils import floatToGoString
            texts = [floatToGoString(bound) for bound in bounds]
            column = " " + ",".join(texts + ([] if "+Inf" in texts else ["+Inf"]))
        table[metric.name] = f"{metric.name} {kind} {','.join(sorted(names)) or '-'}{column}"
print("\\n".join(table[name] for name in sorted(table)))
'''

DRIVERS = {
    "prometheus-client": "import prometheus_client; plain_too = True",
    "prometheus-fastapi-instrumentator": '''
        from fastapi import FastAPI
        from fastapi.testclient import TestClient
        from prometheus_fastapi_instrumentator import Instrumentator, metrics
        app = FastAPI()
        app.get("/")(lambda: {})
        Instrumentator(should_instrument_requests_inprogress=True).instrument(app).expose(app)
        TestClient(app).get("/")
    ''',
    "prometheus-flask-exporter": '''
        from flask import Flask
        from prometheus_flask_exporter import PrometheusMetrics
        app = Flask("app")
        PrometheusMetrics(app, registry=None)
        app.route("/")(lambda: "")
        app.test_client().get("/")
    ''',
    "django-prometheus": '''
        from django.conf import settings
        settings.configure(
            ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", SECRET_KEY="x", PROMETHEUS_EXPORT_MIGRATIONS=True,
            INSTALLED_APPS=["django_prometheus"],
            DATABASES={"default": {"ENGINE": "django_prometheus.db.backends.sqlite3", "NAME": ":memory:"}},
            CACHES={"default": {"BACKEND": "django_prometheus.cache.backends.locmem.LocMemCache"}},
            MIDDLEWARE=["django_prometheus.middleware.PrometheusBeforeMiddleware",
                        "django_prometheus.middleware.PrometheusAfterMiddleware"])
        import django; django.setup()
        from django.http import HttpResponse
        from django.urls import path
        from django.test import Client
        urlpatterns = [path("", lambda request: HttpResponse("x"))]
        Client().get("/")
        from django.core.cache import cache; cache.get("x")
        from django.db import connection; connection.cursor().execute("select 1")
    ''',
    "starlette-exporter": '''
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route
        from starlette.testclient import TestClient
        from starlette_exporter import PrometheusMiddleware, handle_metrics
        from starlette_exporter.optional_metrics import response_body_size, request_body_size
        async def home(request):
            return PlainTextResponse("x")
        app = Starlette(routes=[Route("/", home, methods=["GET", "POST"]), Route("/metrics", handle_metrics)])
        app.add_middleware(PrometheusMiddleware, optional_metrics=[response_body_size, request_body_size])
        TestClient(app).post("/", content="x")
        TestClient(app).get("/")
    ''',
    "starlette-prometheus": "import starlette_prometheus",
    "flask-prometheus-metrics": '''
        from flask import Flask
        from flask_prometheus_metrics import register_metrics
        app = Flask("app")
        register_metrics(app, app_version="1", app_config="x")
    ''',
    "sanic-prometheus": '''
        import sanic_prometheus.metrics as metrics
        class App: pass
        app = App(); app.metrics = {}
        metrics.init(app, memcollect_enabled=True)
    ''',
    "aiohttp-prometheus": "import aiohttp_prometheus",
    "aiohttp-prometheus-exporter": '''
        import prometheus_client
        from aiohttp_prometheus_exporter.middleware import prometheus_middleware_factory
        from aiohttp_prometheus_exporter.trace import PrometheusTraceConfig
        prometheus_middleware_factory()
        PrometheusTraceConfig()
    ''',
    "tornado-prometheus": "import tornado_prometheus",
    "py-grpc-prometheus": '''
        from py_grpc_prometheus.prometheus_client_interceptor import PromClientInterceptor
        from py_grpc_prometheus.prometheus_server_interceptor import PromServerInterceptor
        PromServerInterceptor(enable_handling_time_histogram=True)
        PromClientInterceptor(enable_client_handling_time_histogram=True)
    ''',
    "prometheus-async": "import prometheus_async.aio",
    "dramatiq": '''
        import dramatiq.middleware.prometheus as prometheus
        middleware = prometheus.Prometheus()
        middleware.after_process_boot(None)
        class registry:
            _collector_to_names = [held for held in vars(middleware).values() if hasattr(held, "_labelnames")]
    ''',
    "jupyter_server": "import jupyter_server.prometheus.metrics",
    "arq-prometheus": '''
        import asyncio, arq_prometheus.client as client
        class Pool: pass
        ctx = {"redis": Pool()}
        client.ArqPrometheusMetrics(ctx, enable_webserver=False)
    ''',
    "graphene-prometheus": "import graphene_prometheus",
    "falcon-prometheus": '''
        from falcon_prometheus import PrometheusMiddleware
        registry = PrometheusMiddleware().registry
    ''',
    "flask-prom": '''
        from flask import Flask
        import flask_prom
        flask_prom.monitor(Flask("app"))
    ''',
    "asgi-prometheus-exporter": "import asgi_prometheus_exporter.metrics",
    "celery-prometheus-exporter": "import celery_prometheus_exporter",
    "litestar": '''
        from litestar import Litestar, get
        from litestar.plugins.prometheus import PrometheusConfig
        from litestar.testing import TestClient
        @get("/")
        async def home() -> str:
            return "x"
        TestClient(Litestar([home], middleware=[PrometheusConfig().middleware])).get("/")
    ''',
    "opentelemetry-exporter-prometheus": '''
        from opentelemetry.exporter.prometheus import PrometheusMetricReader
        from opentelemetry.sdk.metrics import MeterProvider
        MeterProvider([PrometheusMetricReader()]).get_meter("driver").create_counter("driver").add(1)
    ''',
    "openstacksdk": '''
        import openstack.config.cloud_region as region
        from prometheus_client import REGISTRY
        cloud = region.CloudRegion("x", config={}, collector_registry=REGISTRY)
        cloud.get_prometheus_histogram()
        cloud.get_prometheus_counter()
    ''',
    "celery_redis_prometheus": "from celery_redis_prometheus.exporter import REGISTRY as registry",
}


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for package in sys.argv[1:] or sorted(DRIVERS):
        program = "plain_too = False\n" + textwrap.dedent(DRIVERS[package]) + DUMP
        environment = dict(os.environ, PYTHONPATH=folder)
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
        print(f"# {package} {importlib.metadata.version(package)}")
        print(run.stdout, end="")
        if run.returncode:
            print(f"# failed: {run.stderr.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()

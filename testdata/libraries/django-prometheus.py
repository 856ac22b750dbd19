"""A Django project: what its settings name makes the metrics, and a setting puts a namespace in front."""

from django.conf import settings

PROMETHEUS_METRIC_NAMESPACE = "shop"
PROMETHEUS_LATENCY_BUCKETS = (0.1, 1.0, 10.0)
INSTALLED_APPS = ["django_prometheus"]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
DATABASES = {"default": {"ENGINE": "django_prometheus.db.backends.sqlite3", "NAME": ":memory:"}}
CACHES = {"default": {"BACKEND": "django_prometheus.cache.backends.locmem.LocMemCache"}}

if __name__ == "__main__":
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="__main__",
        SECRET_KEY="none",
        PROMETHEUS_EXPORT_MIGRATIONS=True,
        PROMETHEUS_METRIC_NAMESPACE=PROMETHEUS_METRIC_NAMESPACE,
        PROMETHEUS_LATENCY_BUCKETS=PROMETHEUS_LATENCY_BUCKETS,
        INSTALLED_APPS=INSTALLED_APPS,
        MIDDLEWARE=MIDDLEWARE,
        DATABASES=DATABASES,
        CACHES=CACHES,
    )
    import django

    django.setup()
    from django.core.cache import cache
    from django.db import connection
    from django.http import HttpResponse
    from django.test import Client
    from django.urls import path

    urlpatterns = [path("", lambda request: HttpResponse("x"))]
    import sys

    sys.modules["__main__"].urlpatterns = urlpatterns
    Client().get("/")
    cache.get("x")
    connection.cursor().execute("select 1")

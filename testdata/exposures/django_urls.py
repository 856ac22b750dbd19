"""Django: a view below an included list, one behind a login, and django-prometheus' own list."""
# ask: 18128 /ops/metrics /locked/metrics /own/metrics
from wsgiref.simple_server import make_server

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="x",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    LOGIN_URL="/login",
)
django.setup()

from django.contrib.auth.decorators import login_required
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path, re_path
from prometheus_client import Counter, generate_latest

ORDERS = Counter("ketch_orders", "Orders.")


def metrics(request):
    return HttpResponse(generate_latest(), content_type="text/plain")


urlpatterns = [
    path("ops/", include([re_path(r"^metrics$", metrics)])),
    path("locked/metrics", login_required(metrics)),
    path("own/", include("django_prometheus.urls")),
]

make_server("127.0.0.1", 18128, get_wsgi_application()).serve_forever()

"""Flask: a function before each request turns scrapers away, but not from what is dispatched beside the application."""
# ask: 18142 /metrics /apart
from flask import Flask, abort, request
from prometheus_client import Counter, generate_latest, make_wsgi_app
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import run_simple

ORDERS = Counter("porch_orders", "Orders.")
app = Flask(__name__)


@app.before_request
def require_token():
    token = request.headers.get("Authorization")
    if not token:
        abort(401)


@app.route("/metrics")
def metrics():
    return generate_latest()


app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/apart": make_wsgi_app()})
run_simple("127.0.0.1", 18142, app)

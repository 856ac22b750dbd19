"""Flask behind a dispatcher that sends one path to the client's application."""
# ask: 18115 /metrics
from flask import Flask
from prometheus_client import Counter, make_wsgi_app
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import run_simple

app = Flask(__name__)
ORDERS = Counter("inn_orders", "Orders.")
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/metrics": make_wsgi_app()})

run_simple("127.0.0.1", 18115, app)

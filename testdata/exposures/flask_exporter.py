"""prometheus-flask-exporter with a path of its own."""
# ask: 18117 /stats /metrics
from flask import Flask
from prometheus_client import Counter
from prometheus_flask_exporter import PrometheusMetrics

app = Flask(__name__)
ORDERS = Counter("tavern_orders", "Orders.")
PrometheusMetrics(app, path="/stats")

app.run(host="127.0.0.1", port=18117)

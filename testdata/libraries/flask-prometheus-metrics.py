"""What flask-prometheus-metrics exposes as it comes."""

from flask import Flask
from flask_prometheus_metrics import register_metrics

app = Flask(__name__)
register_metrics(app, app_version="1", app_config="production")

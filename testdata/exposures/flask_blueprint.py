"""Flask: a path given at registration takes the place of the blueprint's own."""
# ask: 18114 /ops/metrics /own/metrics /kept/metrics
from flask import Blueprint, Flask
from prometheus_client import Counter, generate_latest

ORDERS = Counter("diner_orders", "Orders.")
replaced = Blueprint("replaced", __name__, url_prefix="/own")
kept = Blueprint("kept", __name__, url_prefix="/kept")


@replaced.route("/metrics")
def replaced_metrics():
    return generate_latest(), 200, {"Content-Type": "text/plain"}


def kept_metrics():
    return generate_latest(), 200, {"Content-Type": "text/plain"}


kept.add_url_rule("/metrics", view_func=kept_metrics)


def create_app():
    app = Flask(__name__)
    app.register_blueprint(replaced, url_prefix="/ops")
    app.register_blueprint(kept)
    return app


create_app().run(host="127.0.0.1", port=18114)

"""Flask: a decorator of a library, and one of the program's own, turn scrapers away."""
# ask: 18116 /metrics /own/metrics
import functools

from flask import Flask, abort, request
from flask_httpauth import HTTPBasicAuth
from prometheus_client import Counter, generate_latest

app = Flask(__name__)
auth = HTTPBasicAuth()
ORDERS = Counter("bank_orders", "Orders.")


def token_required(view):
    @functools.wraps(view)
    def wrapper(*args, **kwargs):
        if request.headers.get("X-Token") != "secret":
            abort(401)
        return view(*args, **kwargs)

    return wrapper


@app.route("/metrics")
@auth.login_required
def metrics():
    return generate_latest()


@app.route("/own/metrics")
@token_required
def own_metrics():
    return generate_latest()


app.run(host="127.0.0.1", port=18116)

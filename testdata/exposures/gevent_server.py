"""gevent's server of a Flask application."""
# ask: 18136 /metrics
from flask import Flask
from gevent.pywsgi import WSGIServer
from prometheus_client import REGISTRY, Counter
from prometheus_client.exposition import choose_encoder
from flask import request, Response

app = Flask(__name__)
ORDERS = Counter("cog_orders", "Orders.")


@app.route("/metrics", methods=["GET"])
def metrics():
    encode, content_type = choose_encoder(request.headers.get("Accept"))
    return Response(encode(REGISTRY), content_type=content_type)


WSGIServer(("127.0.0.1", 18136), app).serve_forever()

"""The client's WSGI application on the standard library's server."""
# ask: 18105 /metrics
from wsgiref.simple_server import make_server

from prometheus_client import Counter, make_wsgi_app

HITS = Counter("gate_hits", "Hits.")

app = make_wsgi_app()
httpd = make_server("127.0.0.1", 18105, app)
httpd.serve_forever()

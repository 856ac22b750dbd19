"""The client's own handler class."""
# ask: 18107 /metrics
from http.server import ThreadingHTTPServer

from prometheus_client import Counter, MetricsHandler

HITS = Counter("yard_hits", "Hits.")

ThreadingHTTPServer(("127.0.0.1", 18107), MetricsHandler).serve_forever()

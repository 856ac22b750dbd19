"""A handler class of its own."""
# ask: 18106 /metrics /other
from http.server import BaseHTTPRequestHandler, HTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest

HITS = Counter("mill_hits", "Hits.")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/metrics":
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST)
            self.end_headers()
            self.wfile.write(generate_latest())
        else:
            self.send_error(404)


def main():
    HTTPServer(("127.0.0.1", 18106), Handler).serve_forever()


main()

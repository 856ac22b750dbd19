"""Opens the gate, and serves what it counts beside its own pages."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest

OPENED = Counter("hub_gate_opened", "Times that the gate was opened.")


class Gate(BaseHTTPRequestHandler):
    """Two pages."""

    def do_GET(self) -> None:
        if self.path == "/internal/metrics":
            body = generate_latest()
        elif self.path == "/open":
            OPENED.inc()
            body = b"open"
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8088), Gate).serve_forever()

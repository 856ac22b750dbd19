"""A server of the client's own, on a port that a constant holds."""
# ask: 18101 /metrics
import time

from prometheus_client import Counter, start_http_server

PORT = 18101
DONE = Counter("batch_done", "Batches done.")

if __name__ == "__main__":
    start_http_server(PORT, addr="127.0.0.1")
    DONE.inc()
    time.sleep(60)

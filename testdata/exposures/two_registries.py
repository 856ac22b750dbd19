"""A registry of its own is served; what goes to the default one is not."""
# ask: 18104 /metrics
import time

from prometheus_client import CollectorRegistry, Counter, start_http_server

OWN = CollectorRegistry()
SEEN = Counter("door_seen", "Seen.", registry=OWN)
LOST = Counter("door_lost", "Lost.")

start_http_server(18104, registry=OWN)
time.sleep(60)

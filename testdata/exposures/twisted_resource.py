"""Twisted: the client's resource."""
# ask: 18129 /metrics
from prometheus_client import Counter
from prometheus_client.twisted import MetricsResource
from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import Site

ORDERS = Counter("brig_orders", "Orders.")

root = Resource()
root.putChild(b"metrics", MetricsResource())
reactor.listenTCP(18129, Site(root), interface="127.0.0.1")
reactor.run()

"""A Sanic application without the collector of memory; its metrics are made when the server starts."""

from sanic_prometheus import monitor


class App:
    """Stands for `sanic.Sanic`, whose newer versions this package does not know."""

    def __init__(self):
        self.listeners = []

    def listener(self, event):
        return self.listeners.append

    def middleware(self, kind):
        return lambda function: function

    def route(self, *args, **kwargs):
        return lambda function: function


app = App()
monitor(app, mmc_period_sec=None, latency_buckets=[0.1, 1, 10]).expose_endpoint()

if __name__ == "__main__":
    for start in app.listeners[:1]:
        start(app, None)

"""The server is started from a class, in a thread, with a port that settings of pydantic give."""
# ask: 18131 /metrics
import threading
import time

from prometheus_client import CollectorRegistry, Gauge, start_http_server
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SKIFF_")
    metrics_port: int = 18131


class Worker:
    def __init__(self, settings):
        self.settings = settings
        self.registry = CollectorRegistry()
        self.depth = Gauge("skiff_depth", "Depth.", registry=self.registry)

    def serve(self):
        start_http_server(self.settings.metrics_port, registry=self.registry)

    def run(self):
        threading.Thread(target=self.serve, daemon=True).start()
        time.sleep(60)


if __name__ == "__main__":
    Worker(Settings()).run()

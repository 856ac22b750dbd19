"""Reads a venue's websocket feed and keeps the last price of every symbol."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time

import websockets

from services.common.metrics import announce_build, serve_metrics
from services.market_data.metrics import (
    MESSAGES_RECEIVED,
    RECONNECTS,
    STALE_SYMBOLS,
    SUBSCRIPTIONS,
)

log = logging.getLogger(__name__)

STALE_AFTER_SECONDS = 60.0


class Feed:
    """One feed: its address, its symbols and their last ticks."""

    def __init__(self, name: str, url: str, symbols: list[str]) -> None:
        self.name = name
        self.url = url
        self.last_tick: dict[str, float] = dict.fromkeys(symbols, 0.0)
        self.prices: dict[str, float] = {}
        self.ws_sequence = 0
        MESSAGES_RECEIVED.labels(name)
        RECONNECTS.labels(name)
        SUBSCRIPTIONS.labels(name).set(len(symbols))

    def on_message(self, text: str, now: float) -> None:
        """Takes one tick in."""
        tick = json.loads(text)
        MESSAGES_RECEIVED.labels(self.name).inc()
        if tick["sequence"] != self.ws_sequence + 1:
            log.warning("gap in %s before %s", self.name, tick["sequence"])
        self.ws_sequence = tick["sequence"]
        self.last_tick[tick["symbol"]] = now
        self.prices[tick["symbol"]] = tick["price"]
        stale = sum(1 for seen in self.last_tick.values() if now - seen > STALE_AFTER_SECONDS)
        STALE_SYMBOLS.labels(self.name).set(stale)

    async def run(self) -> None:
        """Reads for ever; opens the connection again where it breaks."""
        while True:
            try:
                async with websockets.connect(self.url) as connection:
                    await connection.send(json.dumps({"subscribe": sorted(self.last_tick)}))
                    async for text in connection:
                        self.on_message(text, time.time())
            except (OSError, websockets.ConnectionClosed) as error:
                log.warning("%s: %s", self.name, error)
            RECONNECTS.labels(self.name).inc()
            await asyncio.sleep(1.0)


async def main() -> None:
    """Serves metrics and reads every configured feed."""
    serve_metrics(int(os.environ.get("METRICS_PORT", "9103")))
    announce_build("market-data", "2026.11.1")
    feeds = [
        Feed("equities", os.environ["EQUITIES_FEED_URL"], ["ACME", "INITECH"]),
        Feed("futures", os.environ["FUTURES_FEED_URL"], ["FESX", "FGBL"]),
    ]
    await asyncio.gather(*(feed.run() for feed in feeds))


if __name__ == "__main__":
    asyncio.run(main())

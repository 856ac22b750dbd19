"""What the ingester counts. The classes come through the shared module."""

from services.common.metrics import Counter, Gauge

MESSAGES_RECEIVED = Counter("ws_messages_received_total", "Messages read, by feed.", ["feed"])
RECONNECTS = Counter("ws_reconnects", "Times the connection was opened again.", ["feed"])
SUBSCRIPTIONS = Gauge("ws_subscriptions_active", "Symbols subscribed to.", ["feed"])
STALE_SYMBOLS = Gauge("market_data_stale_symbols", "Symbols without a tick for a minute.", ["feed"])

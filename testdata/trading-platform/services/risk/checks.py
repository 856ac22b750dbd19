"""Limits of a book, checked before an order leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.common.metrics import Gauge, breach_counter, latency_histogram

if TYPE_CHECKING:
    from services.order_management.book import Order

CHECK_LATENCY = latency_histogram("risk", "check", "Time one risk check takes.", ["book"])

LIMIT_UTILIZATION = Gauge(
    name="risk_limit_utilization_ratio",
    documentation="Share of the book's limit in use.",
    labelnames=["book"],
)

BREACHES = breach_counter("risk", ["book", "limit"])


class RiskChecker:
    """Adds up notionals by book and compares them with the limits."""

    def __init__(self, limits: dict[str, float]) -> None:
        self._limits = limits
        self._used = dict.fromkeys(limits, 0.0)
        for book in limits:
            CHECK_LATENCY.labels(book)
            LIMIT_UTILIZATION.labels(book).set(0.0)
            BREACHES.labels(book, "notional")

    def admits(self, order: Order) -> bool:
        """Whether the order fits into its book's limit; if so it is counted against it."""
        if order.book not in self._limits:
            return False
        with CHECK_LATENCY.labels(order.book).time():
            notional = order.quantity * order.limit_price
            limit = self._limits[order.book]
            if self._used[order.book] + notional > limit:
                BREACHES.labels(order.book, "notional").inc()
                return False
            self._used[order.book] += notional
            LIMIT_UTILIZATION.labels(order.book).set(self._used[order.book] / limit)
            return True

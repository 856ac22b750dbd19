"""Orders in memory, and the queue to the gateway."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass

from services.order_management.metrics import (
    ORDER_ARCHIVE_ROWS,
    ORDER_QUEUE_DEPTH,
    ORDERS_OPEN,
)


@dataclass(frozen=True)
class Order:
    """One order as a client sent it."""

    client: str
    book: str
    venue: str
    symbol: str
    side: str
    quantity: int
    limit_price: float


class OrderBook:
    """Keeps open orders by number, and the ones that wait for the gateway."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[int, Order] = {}
        self._queue: deque[int] = deque()

    def add(self, order: Order) -> int:
        """Opens an order and queues it; its number."""
        number = next(self._numbers)
        self._open[number] = order
        self._queue.append(number)
        ORDERS_OPEN.labels(order.venue).inc()
        ORDER_QUEUE_DEPTH.set(len(self._queue))
        return number

    def cancel(self, number: int) -> Order | None:
        """Closes an order; `None` where there is none of that number."""
        order = self._open.pop(number, None)
        if order is not None:
            ORDERS_OPEN.labels(order.venue).dec()
            ORDER_ARCHIVE_ROWS.inc()
        return order

    def next_for_gateway(self) -> Order | None:
        """Takes the oldest waiting order that is still open."""
        while self._queue:
            number = self._queue.popleft()
            ORDER_QUEUE_DEPTH.set(len(self._queue))
            if number in self._open:
                return self._open[number]
        return None

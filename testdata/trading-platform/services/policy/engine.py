"""Which orders a desk may send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import prometheus_client as prom

if TYPE_CHECKING:
    from services.order_management.book import Order

Rule = Callable[["Order"], bool]

POLICIES = ("restricted-list", "lot-size", "trading-hours")

CHECKS = prom.Counter("policy_checks", "Orders checked, by policy.", ["policy"])
DENIALS = prom.Counter("policy_denials_total", "Orders denied, by policy.", ["policy"])
RULES_LOADED = prom.Gauge("policy_rules_loaded", "Rules in force.")


class PolicyEngine:
    """Asks every policy in turn; the first denial decides."""

    def __init__(self, rules: dict[str, Rule]) -> None:
        self._rules = rules
        RULES_LOADED.set(len(rules))
        for policy in POLICIES:
            CHECKS.labels(policy)
            DENIALS.labels(policy)

    @classmethod
    def with_default_rules(cls) -> PolicyEngine:
        """The rules that every desk has."""
        restricted = {"ACME", "GLOBEX"}
        return cls(
            {
                "restricted-list": lambda order: order.symbol not in restricted,
                "lot-size": lambda order: order.quantity % 10 == 0,
                "trading-hours": lambda order: True,
            }
        )

    def allows(self, order: Order) -> bool:
        """Whether every policy lets the order pass."""
        for policy, rule in self._rules.items():
            CHECKS.labels(policy).inc()
            if not rule(order):
                DENIALS.labels(policy).inc()
                return False
        return True

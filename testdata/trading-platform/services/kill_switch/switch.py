"""Stops trading in a scope: a desk, a venue, or everything."""

from __future__ import annotations

import threading

import prometheus_client

SwitchGauge = prometheus_client.Gauge


class SwitchMetrics:
    """Names and instruments of the switch in one place."""

    PREFIX = "kill_switch"
    SCOPES = ("desk", "venue", "global")

    engaged = SwitchGauge(PREFIX + "_engaged", "1 while the scope is stopped.", ["scope"])
    activations = prometheus_client.Counter(
        PREFIX + "_activations_total", "Times the switch was thrown.", ["scope"]
    )


class KillSwitch:
    """Which scopes are stopped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engaged: set[str] = set()
        for scope in SwitchMetrics.SCOPES:
            SwitchMetrics.engaged.labels(scope).set(0)
            SwitchMetrics.activations.labels(scope)

    def engage(self, scope: str) -> None:
        """Stops a scope."""
        with self._lock:
            self._engaged.add(scope)
        SwitchMetrics.engaged.labels(scope).set(1)
        SwitchMetrics.activations.labels(scope).inc()

    def release(self, scope: str) -> None:
        """Lets a scope trade again."""
        with self._lock:
            self._engaged.discard(scope)
        SwitchMetrics.engaged.labels(scope).set(0)

    def kill_switch_state(self) -> dict[str, bool]:
        """Every scope and whether it is stopped, for the admin page."""
        with self._lock:
            return {scope: scope in self._engaged for scope in SwitchMetrics.SCOPES}

"""Runs a candidate model beside the live one and decides whether to promote it."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from typing import Callable, Iterable

from services.canary import metrics
from services.common.metrics import announce_build, serve_metrics

Model = Callable[[float], float]

CACHE_SIZE = 256


class FeatureCache:
    """The last features, oldest dropped first."""

    def __init__(self) -> None:
        self._features: OrderedDict[str, float] = OrderedDict()

    def put(self, symbol: str, feature: float) -> None:
        """Keeps a feature."""
        self._features[symbol] = feature
        if len(self._features) > CACHE_SIZE:
            self._features.popitem(last=False)
            metrics.FEATURE_CACHE_EVICTIONS.inc()


class CanaryRun:
    """One comparison of two models."""

    def __init__(self, live: Model, candidate: Model, tolerance: float = 0.01) -> None:
        self.live = live
        self.candidate = candidate
        self.tolerance = tolerance
        self.cache = FeatureCache()
        # Not a metric: the tally of this run.
        self.tally = Counter({"agree": 0, "differ": 0})
        for variant in ("live", "candidate"):
            metrics.PREDICTIONS.labels(variant)
            metrics.MODEL_SCORE.labels(variant)
        for outcome in ("promoted", "kept"):
            metrics.PROMOTIONS.labels(outcome)

    def observe(self, symbol: str, feature: float, market: float) -> None:
        """Lets both models predict and scores them against the market."""
        self.cache.put(symbol, feature)
        predictions = {"live": self.live(feature), "candidate": self.candidate(feature)}
        for variant, prediction in predictions.items():
            metrics.PREDICTIONS.labels(variant).inc()
            metrics.MODEL_SCORE.labels(variant).observe(1.0 - min(1.0, abs(prediction - market)))
        if abs(predictions["live"] - predictions["candidate"]) > self.tolerance:
            self.tally["differ"] += 1
            metrics.SHADOW_MISMATCHES.inc()
        else:
            self.tally["agree"] += 1

    def decide(self) -> str:
        """Promotes the candidate where it agrees nearly always."""
        seen = sum(self.tally.values())
        outcome = "promoted" if seen and self.tally["differ"] / seen < 0.05 else "kept"
        metrics.PROMOTIONS.labels(outcome).inc()
        return outcome


def run(samples: Iterable[tuple[str, float, float]]) -> str:
    """A whole run over recorded samples."""
    canary = CanaryRun(live=lambda feature: feature, candidate=lambda feature: feature * 1.001)
    for symbol, feature, market in samples:
        canary.observe(symbol, feature, market)
    return canary.decide()


if __name__ == "__main__":
    serve_metrics(9104)
    announce_build("canary", "2026.11.3")
    while True:
        print(run([("ACME", 0.31, 0.32), ("INITECH", 0.55, 0.54)]))
        time.sleep(60.0)

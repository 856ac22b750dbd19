"""What the canary pipeline measures."""

from prometheus_client import Counter, Histogram

from services.common import metrics as shared

SCORE_BUCKETS = tuple(step / 10 for step in range(1, 10))

PREDICTIONS = Counter(
    f"{shared.CANARY_PREFIX}_predictions",
    "Predictions made, by model variant.",
    ["variant"],
)

MODEL_SCORE = Histogram(
    "{}_model_score".format(shared.CANARY_PREFIX),
    "Agreement of a variant with the market, 0 to 1.",
    ["variant"],
    buckets=SCORE_BUCKETS,
)

SHADOW_MISMATCHES = Counter(
    "%s_shadow_mismatches_total" % shared.CANARY_PREFIX,
    "Predictions on which candidate and live model differ.",
)

PROMOTIONS = Counter(
    "_".join([shared.CANARY_PREFIX, "promotions"]),
    "Decisions at the end of a canary run.",
    ["outcome"],
)

FEATURE_CACHE_EVICTIONS = Counter(
    "canary_feature_cache_evictions_total",
    "Features dropped from the cache.",
)

//! The functions of Prometheus 3.16 with their types, experimental ones included, and the names by which a query is
//! recognised as MetricsQL. Data only.

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    /// A number.
    Scalar,
    /// A string.
    Text,
    /// One sample a series.
    Instant,
    /// A range of samples a series.
    Range,
    /// Not known: a template hole.
    Unknown,
}

impl ValueType {
    /// Its name in the Prometheus documentation, with an article.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Text => "a string",
            Self::Instant => "an instant vector",
            Self::Range => "a range vector",
            Self::Unknown => "a template variable",
        }
    }
}

/// How many arguments a function takes beyond, or instead of, the last one listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    /// Exactly those listed.
    Exact,
    /// The last may be missing, or stand up to so many times.
    UpTo(usize),
    /// The last may be missing, or stand any number of times.
    Any,
}

/// What a function takes and gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature {
    /// The types of its arguments.
    pub(crate) arguments: &'static [ValueType],
    /// How the last repeats.
    pub(crate) arity: Arity,
    /// What it gives.
    pub(crate) returns: ValueType,
}

impl Signature {
    /// The type of the argument at that index, where there can be one.
    pub(crate) fn argument(&self, index: usize) -> Option<ValueType> {
        self.arguments
            .get(index)
            .or(match self.arity {
                Arity::Exact => None,
                Arity::UpTo(_) | Arity::Any => self.arguments.last(),
            })
            .copied()
    }

    /// The fewest and, where there is a limit, the most arguments.
    pub(crate) fn counts(&self) -> (usize, Option<usize>) {
        let listed = self.arguments.len();
        match self.arity {
            Arity::Exact => (listed, Some(listed)),
            Arity::UpTo(times) => (listed.saturating_sub(1), Some(listed.saturating_sub(1) + times)),
            Arity::Any => (listed.saturating_sub(1), None),
        }
    }
}

use ValueType::{Instant, Range, Scalar, Text};

const fn gives_vector(arguments: &'static [ValueType], arity: Arity) -> Signature {
    Signature {
        arguments,
        arity,
        returns: Instant,
    }
}

const fn gives_scalar(arguments: &'static [ValueType]) -> Signature {
    Signature {
        arguments,
        arity: Arity::Exact,
        returns: Scalar,
    }
}

/// The signature of a function; `None` where Prometheus has no such function. Names are case-sensitive.
pub(crate) fn signature(name: &str) -> Option<Signature> {
    Some(match name {
        "abs" | "absent" | "acos" | "acosh" | "asin" | "asinh" | "atan" | "atanh" | "ceil" | "cos"
        | "cosh" | "deg" | "exp" | "floor" | "histogram_avg" | "histogram_count" | "histogram_stddev"
        | "histogram_stdvar" | "histogram_sum" | "ln" | "log10" | "log2" | "rad" | "sgn" | "sin" | "sinh"
        | "sort" | "sort_desc" | "sqrt" | "start_timestamp" | "tan" | "tanh" | "timestamp" => {
            gives_vector(&[Instant], Arity::Exact)
        }
        "absent_over_time"
        | "avg_over_time"
        | "changes"
        | "count_over_time"
        | "delta"
        | "deriv"
        | "first_over_time"
        | "idelta"
        | "increase"
        | "irate"
        | "last_over_time"
        | "mad_over_time"
        | "max_over_time"
        | "min_over_time"
        | "present_over_time"
        | "rate"
        | "resets"
        | "stddev_over_time"
        | "stdvar_over_time"
        | "sum_over_time"
        | "ts_of_first_over_time"
        | "ts_of_last_over_time"
        | "ts_of_max_over_time"
        | "ts_of_min_over_time" => gives_vector(&[Range], Arity::Exact),
        "day_of_month" | "day_of_week" | "day_of_year" | "days_in_month" | "hour" | "minute" | "month"
        | "year" => gives_vector(&[Instant], Arity::UpTo(1)),
        "clamp" => gives_vector(&[Instant, Scalar, Scalar], Arity::Exact),
        "clamp_max" | "clamp_min" => gives_vector(&[Instant, Scalar], Arity::Exact),
        "double_exponential_smoothing" => gives_vector(&[Range, Scalar, Scalar], Arity::Exact),
        "histogram_fraction" => gives_vector(&[Scalar, Scalar, Instant], Arity::Exact),
        "histogram_quantile" => gives_vector(&[Scalar, Instant], Arity::Exact),
        "histogram_quantiles" => gives_vector(&[Instant, Text, Scalar, Scalar], Arity::UpTo(9)),
        "info" => gives_vector(&[Instant, Instant], Arity::UpTo(1)),
        "integral" => gives_vector(&[Range, Scalar], Arity::UpTo(1)),
        "label_join" => gives_vector(&[Instant, Text, Text, Text], Arity::Any),
        "label_replace" => gives_vector(&[Instant, Text, Text, Text, Text], Arity::Exact),
        "predict_linear" => gives_vector(&[Range, Scalar], Arity::Exact),
        "quantile_over_time" => gives_vector(&[Scalar, Range], Arity::Exact),
        "round" => gives_vector(&[Instant, Scalar], Arity::UpTo(1)),
        "sort_by_label" | "sort_by_label_desc" => gives_vector(&[Instant, Text], Arity::Any),
        "vector" => gives_vector(&[Scalar], Arity::Exact),
        "end" | "pi" | "range" | "start" | "step" | "time" => gives_scalar(&[]),
        "max_of" | "min_of" => gives_scalar(&[Scalar, Scalar]),
        "scalar" => gives_scalar(&[Instant]),
        _ => return None,
    })
}

/// Functions and aggregations that MetricsQL (VictoriaMetrics 1.1xx) has and Prometheus does not. A query that calls
/// one is meant for VictoriaMetrics.
pub(crate) fn is_metricsql(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "aggr_over_time",
        "alias",
        "any",
        "ascent_over_time",
        "bitmap_and",
        "bitmap_or",
        "bitmap_xor",
        "bottomk_avg",
        "bottomk_last",
        "bottomk_max",
        "bottomk_median",
        "bottomk_min",
        "buckets_limit",
        "changes_prometheus",
        "count_eq_over_time",
        "count_gt_over_time",
        "count_le_over_time",
        "count_ne_over_time",
        "count_values_over_time",
        "decreases_over_time",
        "default_rollup",
        "delta_prometheus",
        "deriv_fast",
        "descent_over_time",
        "distinct",
        "distinct_over_time",
        "drop_common_labels",
        "drop_empty_series",
        "duration_over_time",
        "end_timestamp",
        "geomean",
        "geomean_over_time",
        "histogram",
        "histogram_over_time",
        "histogram_share",
        "histogram_quantile_by_le",
        "hoeffding_bound_lower",
        "hoeffding_bound_upper",
        "holt_winters",
        "ideriv",
        "increase_prometheus",
        "increase_pure",
        "increases_over_time",
        "interpolate",
        "keep_last_value",
        "keep_next_value",
        "label_copy",
        "label_del",
        "label_graphite_group",
        "label_keep",
        "label_lowercase",
        "label_map",
        "label_match",
        "label_mismatch",
        "label_move",
        "label_set",
        "label_transform",
        "label_uppercase",
        "label_value",
        "labels_equal",
        "lag",
        "lifetime",
        "limit_offset",
        "mad",
        "median",
        "median_over_time",
        "mode",
        "mode_over_time",
        "now",
        "outlier_iqr_over_time",
        "outliers_iqr",
        "outliers_mad",
        "outliersk",
        "prometheus_buckets",
        "quantiles",
        "quantiles_over_time",
        "range_avg",
        "range_first",
        "range_last",
        "range_linear_regression",
        "range_mad",
        "range_max",
        "range_median",
        "range_min",
        "range_normalize",
        "range_quantile",
        "range_stddev",
        "range_sum",
        "range_trim_outliers",
        "range_zscore",
        "rate_over_sum",
        "rate_prometheus",
        "remove_resets",
        "rollup",
        "rollup_candlestick",
        "rollup_delta",
        "rollup_deriv",
        "rollup_increase",
        "rollup_rate",
        "rollup_scrape_interval",
        "running_avg",
        "running_max",
        "running_min",
        "running_sum",
        "scrape_interval",
        "share",
        "share_gt_over_time",
        "share_le_over_time",
        "ru",
        "smooth_exponential",
        "sort_by_label_numeric",
        "sort_by_label_numeric_desc",
        "stale_samples_over_time",
        "sum2",
        "sum2_over_time",
        "sum_eq_over_time",
        "sum_gt_over_time",
        "sum_le_over_time",
        "tfirst_over_time",
        "timestamp_with_name",
        "timezone_offset",
        "tlast_change_over_time",
        "tlast_over_time",
        "tmax_over_time",
        "tmin_over_time",
        "topk_avg",
        "topk_last",
        "topk_max",
        "topk_median",
        "topk_min",
        "union",
        "zscore_over_time",
    ];
    NAMES.contains(&name)
}

//! Functions that do not fit the declared type of what they are given.

use promsight_model::flow::{Step, StepKind};
use promsight_model::{Confidence, Consumer, MetricType, Origin, SelectorName, Span};

use super::Asking;
use super::presence::Presence;

/// A function on a metric of the wrong type.
#[derive(Clone, Debug)]
pub struct TypeMismatch {
    /// Who asks.
    pub consumer: Consumer,
    /// The series.
    pub series: String,
    /// The function's name.
    pub function: String,
    /// Where that stands.
    pub span: Span,
    /// What is wrong with it.
    pub misuse: Misuse,
    /// The declared type.
    pub metric_type: MetricType,
    /// Where the metric is declared.
    pub declared: Span,
    /// How sure.
    pub confidence: Confidence,
}

/// What is wrong with the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// It takes any fall for a restart: only for counters.
    NeedsCounter,
    /// It takes a restart for a fall: only for gauges.
    NeedsGauge,
    /// It needs the buckets of a histogram.
    NeedsBuckets,
}

/// Functions for counters (Prometheus documentation, "Query functions").
const OF_COUNTERS: &[&str] = &["rate", "increase", "irate"];
/// Functions for gauges.
const OF_GAUGES: &[&str] = &[
    "delta",
    "idelta",
    "deriv",
    "predict_linear",
    "holt_winters",
    "double_exponential_smoothing",
];

/// What one query makes of types.
pub(super) fn of(asking: &Asking<'_>, presence: &Presence<'_, '_>) -> Vec<TypeMismatch> {
    let mut found = Vec::new();
    for (selector, path) in asking.query.selectors.iter().zip(&asking.flow.paths) {
        let SelectorName::Exact(series) = &selector.name else {
            continue;
        };
        let Some(declarations) = presence.declarations(series) else {
            continue;
        };
        let mut types: Vec<MetricType> = declarations
            .iter()
            .map(|(_, emitter)| emitter.metric_type)
            .collect();
        // The classic format calls an info and a state set a gauge, and what has no type untyped.
        if let Some(first) = types.first().copied().filter(|first| is_gauge_like(*first)) {
            types
                .retain(|other| *other == first || !matches!(other, MetricType::Gauge | MetricType::Untyped));
        }
        types.dedup();
        let ([metric_type], Some((_, emitter))) = (types.as_slice(), declarations.first()) else {
            continue;
        };
        let Some((function, span, misuse)) = misuse(&path.steps, *metric_type, series) else {
            continue;
        };
        // Gauges that are named as counters are are often fed from a counter elsewhere: the declaration is wrong then,
        // and the query right.
        let is_cumulative = ["_total", "_count", "_sum"]
            .iter()
            .any(|suffix| series.ends_with(suffix));
        found.push(TypeMismatch {
            consumer: asking.consumer.clone(),
            series: series.clone(),
            function: function.to_owned(),
            span,
            misuse,
            metric_type: *metric_type,
            declared: emitter.name_span.unwrap_or(emitter.span),
            confidence: match emitter.origin {
                _ if is_cumulative && *metric_type == MetricType::Gauge => Confidence::Low,
                // Programs of others are often wrong about their own types.
                Origin::Snapshot => Confidence::Medium,
                _ => Confidence::High,
            },
        });
    }
    found
}

fn is_gauge_like(metric_type: MetricType) -> bool {
    matches!(
        metric_type,
        MetricType::Gauge | MetricType::StateSet | MetricType::Info
    )
}

fn misuse<'a>(steps: &'a [Step], metric_type: MetricType, series: &str) -> Option<(&'a str, Span, Misuse)> {
    let is_counter_like = match metric_type {
        MetricType::Counter | MetricType::Histogram | MetricType::Summary => !series.ends_with("_created"),
        _ => false,
    };
    let is_gauge_like = is_gauge_like(metric_type);
    if let [
        ..,
        outer,
        Step {
            kind: StepKind::Range(_),
            ..
        },
    ] = steps
        && let StepKind::Function { name, .. } = &outer.kind
    {
        if OF_COUNTERS.contains(&name.as_str()) && is_gauge_like {
            return Some((name, outer.span, Misuse::NeedsCounter));
        }
        if OF_GAUGES.contains(&name.as_str()) && is_counter_like {
            return Some((name, outer.span, Misuse::NeedsGauge));
        }
    }
    // From the selector outwards: what is computed from several vectors is no longer this metric.
    let quantile = steps
        .iter()
        .rev()
        .take_while(|step| !matches!(step.kind, StepKind::Operator { .. }))
        .find(|step| {
            matches!(&step.kind, StepKind::Function { name, argument: 1, .. }
                if name == "histogram_quantile" || name == "histogram_fraction")
        })?;
    let StepKind::Function { name, .. } = &quantile.kind else {
        return None;
    };
    // Also of other types: buckets can be made by hand.
    let has_buckets = series.ends_with("_bucket");
    (!has_buckets && metric_type != MetricType::Untyped).then_some((
        name,
        quantile.span,
        Misuse::NeedsBuckets,
    ))
}

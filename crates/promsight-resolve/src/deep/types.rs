//! Functions that do not fit the declared type of what they are given.

use promsight_model::flow::{Operand, Operator, SelectorPath, Side, Step, StepKind};
use promsight_model::{Confidence, Consumer, Emitter, MetricType, Origin, SelectorName, Span, UpdateKind};

use super::Asking;
use super::memo::Memo;
use super::presence::Presence;
use crate::index::{Index, RuleId};

/// Recording rules that are followed one through another.
const MOST_RULES: usize = 16;

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
    /// The declared type, where it is declared and not recorded.
    pub metric_type: Option<MetricType>,
    /// Where the metric is declared.
    pub declared: Option<Span>,
    /// What made something else of the metric before, with its place.
    pub computed_by: Option<(String, Span)>,
    /// The live server whose metadata says the type, where no declaration does.
    pub told_by: Option<String>,
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
    /// It takes any fall for a restart, and what it is given holds a time.
    OfTime,
    /// It needs a counter, and something else was computed of it before (`rate(rate(x))`).
    OfComputed,
    /// It needs single counters: where one of several that were added restarts, the sum falls.
    OfSum,
}

/// Functions for counters (Prometheus documentation, "Query functions").
const OF_COUNTERS: &[&str] = &["rate", "increase", "irate", "resets"];
/// Those of them of which no use is made on anything else.
const NEED_COUNTERS: &[&str] = &["rate", "increase", "irate"];
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
pub(super) fn of(asking: &Asking<'_>, shapes: &Shapes<'_, '_>) -> Vec<TypeMismatch> {
    let mut found = Vec::new();
    for (selector, path) in asking.query.selectors.iter().zip(&asking.flow.paths) {
        let series = match &selector.name {
            SelectorName::Exact(series) => series.as_str(),
            _ => "",
        };
        match declared_misuse(asking, series, path, shapes.presence) {
            Some(mismatch) => found.push(mismatch),
            None if shapes.presence.type_stored(series).is_some() => {
                found.extend(stored_misuse(asking, series, path, shapes.presence));
            }
            None => found.extend(computed_misuse(asking, series, path, shapes)),
        }
    }
    found
}

fn is_gauge_like(metric_type: MetricType) -> bool {
    matches!(
        metric_type,
        MetricType::Gauge | MetricType::StateSet | MetricType::Info
    )
}

/// A function that does not fit the type that a live server tells of a series which nothing else declares.
fn stored_misuse(
    asking: &Asking<'_>,
    series: &str,
    path: &SelectorPath,
    presence: &Presence<'_, '_>,
) -> Option<TypeMismatch> {
    let (server, metric_type) = presence.type_stored(series)?;
    let (function, span, misuse) = misuse(&path.steps, metric_type, series)?;
    let is_doubtful = function == "resets"
        || (metric_type == MetricType::Gauge
            && ["_total", "_count", "_sum"]
                .iter()
                .any(|suffix| series.ends_with(suffix)));
    Some(TypeMismatch {
        consumer: asking.consumer.clone(),
        series: series.to_owned(),
        function: function.to_owned(),
        span,
        misuse,
        metric_type: Some(metric_type),
        declared: None,
        computed_by: None,
        told_by: Some(server.to_owned()),
        // Programs of others are often wrong about their own types.
        confidence: if is_doubtful {
            Confidence::Low
        } else {
            Confidence::Medium
        },
    })
}

/// A function that does not fit the declared type.
fn declared_misuse(
    asking: &Asking<'_>,
    series: &str,
    path: &SelectorPath,
    presence: &Presence<'_, '_>,
) -> Option<TypeMismatch> {
    let declarations = presence.declarations(series)?;
    let mut types: Vec<MetricType> = declarations
        .iter()
        .map(|(_, emitter)| emitter.metric_type)
        .collect();
    // The classic format calls an info and a state set a gauge, and what has no type untyped.
    if let Some(first) = types.first().copied().filter(|first| is_gauge_like(*first)) {
        types.retain(|other| *other == first || !matches!(other, MetricType::Gauge | MetricType::Untyped));
    }
    types.dedup();
    let ([metric_type], Some((_, emitter))) = (types.as_slice(), declarations.first()) else {
        return None;
    };
    let (function, span, misuse) = misuse(&path.steps, *metric_type, series)?;
    let holds_time = declarations.iter().all(|(_, emitter)| holds_time(emitter));
    // Gauges that are named as counters are are often fed from a counter elsewhere: the declaration is wrong then,
    // and the query right.
    let is_cumulative = ["_total", "_count", "_sum"]
        .iter()
        .any(|suffix| series.ends_with(suffix));
    let is_doubtful = (is_cumulative && *metric_type == MetricType::Gauge) || function == "resets";
    Some(TypeMismatch {
        consumer: asking.consumer.clone(),
        series: series.to_owned(),
        function: function.to_owned(),
        span,
        misuse: match misuse {
            Misuse::NeedsCounter if holds_time => Misuse::OfTime,
            misuse => misuse,
        },
        metric_type: Some(*metric_type),
        declared: Some(emitter.name_span.unwrap_or(emitter.span)),
        computed_by: None,
        told_by: None,
        confidence: match emitter.origin {
            _ if is_doubtful => Confidence::Low,
            // Programs of others are often wrong about their own types.
            Origin::Snapshot => Confidence::Medium,
            _ => Confidence::High,
        },
    })
}

/// Whether all that was seen of a gauge sets it to the time.
fn holds_time(emitter: &Emitter) -> bool {
    let updates = || {
        let updates = emitter.usage.updates.iter();
        updates.filter(|update| update.kind == UpdateKind::Value)
    };
    updates().next().is_some() && updates().all(|update| update.method == "set_to_current_time")
}

/// What an expression is, for functions that need counters.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// It only grows, but for restarts.
    Counter,
    /// Several of these added, by what.
    Sum(String, Span),
    /// Something was computed that falls as it rises, by what.
    Computed(String, Span),
    /// Not known.
    Unknown,
}

/// A function for counters on what is none any more.
fn computed_misuse(
    asking: &Asking<'_>,
    series: &str,
    path: &SelectorPath,
    shapes: &Shapes<'_, '_>,
) -> Option<TypeMismatch> {
    let mut shape = shapes.of_series(series, MOST_RULES);
    for step in path.steps.iter().rev() {
        if let StepKind::Function {
            name, argument: 0, ..
        } = &step.kind
            && NEED_COUNTERS.contains(&name.as_str())
        {
            let (misuse, by, confidence) = match shape {
                Shape::Computed(name, span) => (Misuse::OfComputed, (name, span), Confidence::High),
                // Where only one series is added, nothing is lost.
                Shape::Sum(name, span) => (Misuse::OfSum, (name, span), Confidence::Medium),
                Shape::Counter | Shape::Unknown => {
                    shape = Shape::Computed(name.clone(), step.span);
                    continue;
                }
            };
            return Some(TypeMismatch {
                consumer: asking.consumer.clone(),
                series: series.to_owned(),
                function: name.clone(),
                span: step.span,
                misuse,
                metric_type: None,
                declared: None,
                computed_by: Some(by),
                told_by: None,
                confidence,
            });
        }
        shape = made(shape, step);
    }
    None
}

/// Looks shapes up.
pub(super) struct Shapes<'a, 'i> {
    index: &'i Index<'a>,
    presence: &'i Presence<'a, 'i>,
    known: Memo<String, Shape>,
}

impl<'a, 'i> Shapes<'a, 'i> {
    pub(super) fn new(index: &'i Index<'a>, presence: &'i Presence<'a, 'i>) -> Self {
        Self {
            index,
            presence,
            known: Memo::default(),
        }
    }

    /// What a series is: by its declaration, or by all rules that record it.
    fn of_series(&self, series: &str, depth: usize) -> Shape {
        let Some(inner) = depth.checked_sub(1) else {
            return Shape::Unknown;
        };
        self.known
            .answer(series.to_owned(), Shape::Unknown, || self.sought(series, inner))
    }

    fn sought(&self, series: &str, inner: usize) -> Shape {
        if self.presence.is_only_recorded(series) {
            let recording = self.index.recording(series).iter();
            let mut recorded = recording.map(|id| self.of_rule(*id, inner));
            let first = recorded.next().unwrap_or(Shape::Unknown);
            let is_one =
                recorded.all(|other| std::mem::discriminant(&other) == std::mem::discriminant(&first));
            return if is_one { first } else { Shape::Unknown };
        }
        let is_counter = |emitter: &Emitter| match emitter.metric_type {
            MetricType::Counter => series.ends_with("_total"),
            MetricType::Histogram | MetricType::Summary => !series.ends_with("_created"),
            _ => false,
        };
        match self.presence.declarations(series) {
            Some(declarations) if declarations.iter().all(|(_, emitter)| is_counter(emitter)) => {
                Shape::Counter
            }
            _ => Shape::Unknown,
        }
    }

    fn of_rule(&self, id: RuleId, depth: usize) -> Shape {
        let Some((query, flow)) = self.index.query_of(id) else {
            return Shape::Unknown;
        };
        // Of several selectors each would have to be told; what they make together is a ratio as a rule, but may be a sum.
        let ([selector], [path]) = (query.selectors.as_slice(), flow.paths.as_slice()) else {
            return Shape::Unknown;
        };
        let series = match &selector.name {
            SelectorName::Exact(series) => series.as_str(),
            _ => "",
        };
        if path.is_cut {
            return Shape::Unknown;
        }
        let start = self.of_series(series, depth);
        path.steps.iter().rev().fold(start, made)
    }
}

/// What a step makes of it.
fn made(shape: Shape, step: &Step) -> Shape {
    match &step.kind {
        StepKind::Range(_) | StepKind::Subquery => shape,
        StepKind::Function { name, argument, .. } => match (name.as_str(), argument) {
            (
                "rate" | "increase" | "irate" | "delta" | "idelta" | "deriv" | "predict_linear"
                | "histogram_quantile" | "histogram_fraction" | "avg_over_time" | "stddev_over_time"
                | "changes" | "resets",
                _,
            ) => Shape::Computed(name.clone(), step.span),
            (
                "last_over_time" | "max_over_time" | "sort" | "sort_desc" | "label_replace" | "label_join",
                0,
            ) => shape,
            _ => Shape::Unknown,
        },
        StepKind::Aggregation {
            name,
            in_parameter: false,
            ..
        } => match (name.as_str(), shape) {
            ("topk" | "bottomk" | "limitk", shape) => shape,
            ("sum" | "avg" | "max" | "min", Shape::Computed(name, span)) => Shape::Computed(name, span),
            ("sum" | "avg", Shape::Counter) => Shape::Sum(name.clone(), step.span),
            ("sum" | "avg", sum @ Shape::Sum(..)) => sum,
            _ => Shape::Unknown,
        },
        StepKind::Operator {
            operator: Operator::Multiply | Operator::Divide,
            side: Side::Left,
            other: Operand::Number { .. },
            ..
        } => shape,
        StepKind::Operator { .. } | StepKind::Aggregation { .. } | StepKind::Negation => Shape::Unknown,
    }
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
            matches!(&step.kind, StepKind::Function { name, argument, .. }
                if matches!((name.as_str(), argument), ("histogram_quantile", 1) | ("histogram_fraction", 2)))
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

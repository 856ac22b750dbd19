//! Which values an expression can have, as far as the code and the functions on the way decide them.
//!
//! Owns the way: from the values that a metric can have (a gauge that is only ever set to 0 and 1, a counter, a
//! quantile below the last bound of its histogram) through functions, aggregations and numbers to a comparison. Where a
//! step is not known, nothing is: a claim that a comparison never or always holds must hold for whatever is scraped.

use promsight_model::flow::{Number, Operand, Operator, SelectorPath, Side, Step, StepKind};
use promsight_model::{Emitter, MetricType, Origin, SelectorName, Span};

use super::Asking;
use super::conditions::Truth;
use super::intervals::{Values, arithmetic, function, holds};
use super::memo::Memo;
use super::presence::Presence;
use crate::index::{Index, RuleId};

/// Recording rules that are followed one through another.
const MOST_RULES: usize = 16;
/// The values of an expression, and what they rest on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) values: Values,
    pub(super) ground: Ground,
    /// Whether it can be no number at all, which no comparison but `!=` admits.
    may_be_nan: bool,
}

/// What the values of an expression rest on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ground {
    /// The function or the type gives no others.
    Nature,
    /// The code gives the metric no others: the declaration, and whether it has labels, so that its series need not be
    /// there.
    Code { declared: Span, is_labelled: bool },
    /// The bounds of a histogram give no others: the declaration and its last finite bound.
    Bounds { declared: Option<Span>, last: f64 },
}

/// What a comparison with a number comes to.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// It never holds, and neither does the query, or a side of its `or`.
    Never(Compared, Closed),
    /// It holds whenever the series is there, and so does the query.
    Always(Compared),
}

/// How much of a query never gives a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// All of it.
    Whole,
    /// One side of an `or`.
    Side,
}

/// A comparison of values with a number.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    /// The values.
    pub(super) range: Range,
    /// The comparison, the values on its left.
    pub(super) operator: Operator,
    /// The number.
    pub(super) threshold: f64,
    /// Where it stands.
    pub(super) span: Span,
}

/// Looks values up.
pub(super) struct Ranges<'a, 'i> {
    index: &'i Index<'a>,
    presence: &'i Presence<'a, 'i>,
    /// Whether code of the tree was seen to update any metric: where none was, it only declares them.
    is_updating: bool,
    known: Memo<String, Option<Range>>,
}

/// What becomes of values at one step.
enum Stepped {
    /// These are the values now.
    Values(Range),
    /// A comparison that admits all of them.
    Always(Range, Compared),
    /// A comparison that admits none.
    Never(Compared),
}

impl<'a, 'i> Ranges<'a, 'i> {
    pub(super) fn new(index: &'i Index<'a>, presence: &'i Presence<'a, 'i>) -> Self {
        let is_updating = index
            .live_emitters()
            .any(|emitter| matches!(emitter.origin, Origin::Instrument(_)) && emitter.updated == Some(true));
        Self {
            index,
            presence,
            is_updating,
            known: Memo::default(),
        }
    }

    /// What a query's comparisons come to, for one of its selectors.
    pub(super) fn outcome(&self, asking: &Asking<'_>, selector: usize) -> Option<Outcome> {
        let path = asking.flow.paths.get(selector)?;
        let series = match &asking.query.selectors.get(selector)?.name {
            SelectorName::Exact(series) => series.as_str(),
            _ => "",
        };
        let mut range = self.of_series(series, MOST_RULES).unwrap_or_else(Range::any);
        let mut held: Option<Compared> = None;
        let is_alone = asking.query.selectors.len() == 1;
        for (at, step) in path.steps.iter().enumerate().rev() {
            if let Some((start, rest)) = self.quantile(series, step, &path.steps[at + 1..]) {
                (range, held) = (start, rest);
                continue;
            }
            match stepped(&range, step) {
                Stepped::Values(now) => range = now,
                Stepped::Always(now, compared) => {
                    range = now;
                    held = Some(compared);
                    continue;
                }
                Stepped::Never(compared) => {
                    let closed = closed(&path.steps[..at]).filter(|_| !path.is_cut)?;
                    // `count(x) == 0 or absent(x)` means what its other side says.
                    let is_told = closed == Closed::Whole || compared.range.ground != Ground::Nature;
                    return is_told.then_some(Outcome::Never(compared, closed));
                }
            }
            held = None;
        }
        let held = held?;
        let is_there = match held.range.ground {
            Ground::Code { is_labelled, .. } => !is_labelled,
            Ground::Nature | Ground::Bounds { .. } => false,
        };
        (is_alone && is_there && !path.is_cut && !held.range.may_be_nan).then_some(Outcome::Always(held))
    }

    /// What a query's comparison comes to where a selector finds nothing and `or vector(…)` puts a number in its place;
    /// `None` where that is not known.
    pub(super) fn outcome_of_stand_in(path: &SelectorPath) -> Option<Truth> {
        let constant = |step: &Step| match &step.kind {
            StepKind::Operator {
                operator: Operator::Or,
                side: Side::Left,
                other: Operand::Constant { value, .. },
                ..
            } => Some(value.value()),
            _ => None,
        };
        let at = path.steps.iter().rposition(|step| constant(step).is_some())?;
        let value = constant(path.steps.get(at)?)?;
        let is_empty = closed(&path.steps[at + 1..]) == Some(Closed::Whole);
        let mut range = Range {
            values: Values::Of(vec![value]),
            ground: Ground::Nature,
            may_be_nan: false,
        };
        let mut truth = None;
        for (outer, step) in path.steps[..at].iter().enumerate().rev() {
            (range, truth) = match stepped(&range, step) {
                Stepped::Values(now) => (now, None),
                Stepped::Always(now, _) => (now, Some(Truth::Always)),
                Stepped::Never(_) => {
                    let closed = closed(&path.steps[..outer]);
                    return (closed == Some(Closed::Whole) && is_empty && !path.is_cut)
                        .then_some(Truth::Never);
                }
            };
        }
        truth.filter(|_| is_empty && !path.is_cut)
    }

    /// The values of a quantile, where the step computes one of a histogram whose bounds are known.
    fn quantile(&self, series: &str, step: &Step, inner: &[Step]) -> Option<(Range, Option<Compared>)> {
        let StepKind::Function {
            name,
            argument: 1,
            numbers,
        } = &step.kind
        else {
            return None;
        };
        let is_level = |level: &Number| (0.0..=1.0).contains(&level.value());
        if name != "histogram_quantile"
            || !numbers
                .first()
                .is_some_and(|level| level.as_ref().is_none_or(is_level))
        {
            return None;
        }
        // Below the quantile rates of the same buckets may be summed, and nothing else.
        let is_plain = inner.iter().all(|step| match &step.kind {
            StepKind::Function { name, .. } => is_sort(name) || is_rate(name),
            StepKind::Aggregation { .. } | StepKind::Range(_) | StepKind::Subquery => true,
            StepKind::Operator { .. } | StepKind::Negation => false,
        });
        let (bounds, declared) = self.presence.bounds_of(series).filter(|_| is_plain)?;
        let finite = || {
            let numbers = bounds.iter().filter_map(|bound| bound.parse::<f64>().ok());
            numbers.filter(|bound| bound.is_finite())
        };
        let last = finite().max_by(f64::total_cmp)?;
        let first = finite().min_by(f64::total_cmp)?;
        let range = Range {
            values: Values::Between(first.min(0.0), last),
            ground: Ground::Bounds { declared, last },
            may_be_nan: true,
        };
        Some((range, None))
    }

    /// The values of a series.
    fn of_series(&self, series: &str, depth: usize) -> Option<Range> {
        let inner = depth.checked_sub(1)?;
        self.known
            .answer(series.to_owned(), None, || self.sought(series, inner))
    }

    fn sought(&self, series: &str, inner: usize) -> Option<Range> {
        let recording = self.index.recording(series);
        if self.presence.is_only_recorded(series) {
            let mut all = recording.iter().map(|id| self.of_rule(*id, inner));
            let first = all.next()??;
            return all.try_fold(first, |known, next| {
                let next = next?;
                Some(Range {
                    values: known.values.joined(&next.values),
                    may_be_nan: known.may_be_nan | next.may_be_nan,
                    ..known
                })
            });
        }
        let mut declarations = self.presence.declarations(series)?;
        // A snapshot shows what values there are, and not what there can be: where code says that, it counts.
        if declarations
            .iter()
            .any(|(_, emitter)| emitter.origin != Origin::Snapshot)
        {
            declarations.retain(|(_, emitter)| emitter.origin != Origin::Snapshot);
        }
        let mut ranges = declarations
            .into_iter()
            .map(|(_, emitter)| self.of_emitter(emitter, series));
        let first = ranges.next()??;
        ranges.try_fold(first, |known, next| {
            let next = next?;
            Some(Range {
                values: known.values.joined(&next.values),
                // What is not the same in all declarations rests on no single one.
                ground: if known.ground == next.ground {
                    known.ground
                } else {
                    Ground::Nature
                },
                ..known
            })
        })
    }

    /// The values of what one declaration exposes under that name.
    fn of_emitter(&self, emitter: &Emitter, series: &str) -> Option<Range> {
        let code = |values: Values| Range {
            values,
            ground: Ground::Code {
                declared: emitter.name_span.unwrap_or(emitter.span),
                is_labelled: !emitter.labels_known || !emitter.labels.is_empty(),
            },
            may_be_nan: false,
        };
        let nature = |values: Values| Range {
            values,
            ground: Ground::Nature,
            may_be_nan: false,
        };
        if series.ends_with("_created") {
            return None;
        }
        let is_still = self.is_updating
            && emitter.updated == Some(false)
            && emitter.labels_known
            && emitter.labels.is_empty();
        match emitter.metric_type {
            MetricType::Gauge | MetricType::Counter if is_still => Some(code(Values::Of(vec![0.0]))),
            MetricType::Gauge => {
                let values = emitter.usage.values.as_ref()?;
                Some(code(Values::Of(
                    values.iter().map(|value| value.value()).collect(),
                )))
            }
            MetricType::Counter => Some(nature(Values::Between(0.0, f64::INFINITY))),
            MetricType::StateSet => Some(nature(Values::Of(vec![0.0, 1.0]))),
            MetricType::Info => Some(nature(Values::Of(vec![1.0]))),
            MetricType::Histogram | MetricType::Summary
                if series.ends_with("_count") || series.ends_with("_bucket") =>
            {
                Some(nature(Values::Between(0.0, f64::INFINITY)))
            }
            MetricType::Histogram | MetricType::Summary | MetricType::Untyped => None,
        }
    }

    /// The values that a recording rule records.
    fn of_rule(&self, id: RuleId, depth: usize) -> Option<Range> {
        let (query, flow) = self.index.query_of(id)?;
        let ([selector], [path]) = (query.selectors.as_slice(), flow.paths.as_slice()) else {
            return None;
        };
        let SelectorName::Exact(series) = &selector.name else {
            return None;
        };
        self.through(series, path, depth)
    }

    fn through(&self, series: &str, path: &SelectorPath, depth: usize) -> Option<Range> {
        let mut range = self.of_series(series, depth).unwrap_or_else(Range::any);
        for (at, step) in path.steps.iter().enumerate().rev() {
            if let Some((start, _)) = self.quantile(series, step, &path.steps[at + 1..]) {
                range = start;
                continue;
            }
            range = match stepped(&range, step) {
                Stepped::Values(now) | Stepped::Always(now, _) => now,
                Stepped::Never(_) => return None,
            };
        }
        (!path.is_cut && range != Range::any()).then_some(range)
    }
}

impl Range {
    /// Of what nothing is known.
    fn any() -> Self {
        Self {
            values: Values::Between(f64::NEG_INFINITY, f64::INFINITY),
            ground: Ground::Nature,
            may_be_nan: true,
        }
    }
}

fn is_sort(function: &str) -> bool {
    matches!(
        function,
        "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc" | "label_replace" | "label_join"
    )
}

fn is_rate(function: &str) -> bool {
    matches!(function, "rate" | "increase" | "irate")
}

/// What becomes of the values at a step.
fn stepped(range: &Range, step: &Step) -> Stepped {
    match &step.kind {
        StepKind::Operator {
            operator,
            side,
            other: Operand::Number { value, span },
            gives_bool,
        } if operator.is_comparison() => compared(range, *operator, *side, value.value(), *span, *gives_bool),
        kind => Stepped::Values(made(range, kind).unwrap_or_else(Range::any)),
    }
}

/// The values that a step other than a comparison with a number makes; `None` where they can be any.
fn made(range: &Range, kind: &StepKind) -> Option<Range> {
    let nature = |values: Values| {
        Some(Range {
            values,
            ground: Ground::Nature,
            may_be_nan: false,
        })
    };
    let values = &range.values;
    let now = match kind {
        StepKind::Range(_) | StepKind::Subquery => values.clone(),
        StepKind::Negation => values.mapped(|value| -value)?,
        StepKind::Aggregation {
            name,
            in_parameter: false,
            ..
        } => match name.as_str() {
            // These two have their values whatever they are given.
            "count" => return nature(Values::Between(1.0, f64::INFINITY)),
            "group" => return nature(Values::Of(vec![1.0])),
            "max" | "min" | "topk" | "bottomk" | "limitk" | "limit_ratio" => values.clone(),
            "avg" => values.hull(),
            "sum" if values.only() == Some(0.0) => values.clone(),
            "sum" if values.least() >= 0.0 => Values::Between(values.least(), f64::INFINITY),
            "sum" if values.greatest() <= 0.0 => Values::Between(f64::NEG_INFINITY, values.greatest()),
            _ => return None,
        },
        StepKind::Function {
            name, argument: 0, ..
        } if name == "count_over_time" => {
            return nature(Values::Between(1.0, f64::INFINITY));
        }
        StepKind::Function {
            name, argument: 0, ..
        } if name == "present_over_time" => {
            return nature(Values::Of(vec![1.0]));
        }
        StepKind::Function {
            name, argument: 2, ..
        } if name == "histogram_fraction" => {
            return nature(Values::Between(0.0, 1.0)).map(|range| Range {
                may_be_nan: true,
                ..range
            });
        }
        StepKind::Function {
            name,
            argument,
            numbers,
        } => function(values, name, *argument, numbers)?,
        StepKind::Operator {
            operator,
            side,
            other: Operand::Number { value, .. },
            ..
        } => arithmetic(values, *operator, *side, value.value())?,
        // Of a set operation the left side's series pass, and of a comparison with another vector too.
        StepKind::Operator {
            operator,
            side: Side::Left,
            gives_bool: false,
            ..
        } if operator.is_comparison() || matches!(operator, Operator::And | Operator::Unless) => {
            values.clone()
        }
        StepKind::Operator { .. } | StepKind::Aggregation { .. } => return None,
    };
    Some(Range {
        values: now,
        ..range.clone()
    })
}

fn compared(
    range: &Range,
    operator: Operator,
    side: Side,
    threshold: f64,
    span: Span,
    gives_bool: bool,
) -> Stepped {
    let operator = if side == Side::Left {
        operator
    } else {
        operator.mirrored()
    };
    let (least, greatest) = (range.values.least(), range.values.greatest());
    let (all, none) = match (&range.values, operator) {
        (Values::Of(values), _) => (
            values.iter().all(|value| holds(*value, operator, threshold)),
            !values.iter().any(|value| holds(*value, operator, threshold)),
        ),
        (_, Operator::Greater | Operator::GreaterOrEqual | Operator::Less | Operator::LessOrEqual) => {
            let (at_least, at_most) = (
                holds(least, operator, threshold),
                holds(greatest, operator, threshold),
            );
            (at_least && at_most, !at_least && !at_most)
        }
        (_, Operator::Equal) => (false, threshold < least || threshold > greatest),
        (_, Operator::NotEqual) => (threshold < least || threshold > greatest, false),
        _ => (false, false),
    };
    let compared = Compared {
        range: range.clone(),
        operator,
        threshold,
        span,
    };
    if gives_bool {
        let truth = match (all && !range.may_be_nan, none) {
            (true, _) => vec![1.0],
            (_, true) => vec![0.0],
            _ => vec![0.0, 1.0],
        };
        return Stepped::Values(Range {
            values: Values::Of(truth),
            may_be_nan: false,
            ..range.clone()
        });
    }
    if none && !(range.may_be_nan && operator == Operator::NotEqual) {
        return Stepped::Never(compared);
    }
    let values = match &range.values {
        Values::Of(values) => {
            let admitted = values
                .iter()
                .copied()
                .filter(|value| holds(*value, operator, threshold));
            Values::of(admitted.collect()).unwrap_or_else(|| range.values.clone())
        }
        Values::Between(..) => match operator {
            Operator::Greater | Operator::GreaterOrEqual => Values::Between(least.max(threshold), greatest),
            Operator::Less | Operator::LessOrEqual => Values::Between(least, greatest.min(threshold)),
            Operator::Equal => Values::Of(vec![threshold]),
            _ => range.values.clone(),
        },
    };
    let now = Range {
        values,
        ..range.clone()
    };
    if all {
        Stepped::Always(now, compared)
    } else {
        Stepped::Values(now)
    }
}

/// How much of a query is empty where what these steps begin with is; `None` where nothing need be.
fn closed(outer: &[Step]) -> Option<Closed> {
    let mut closed = Closed::Whole;
    for step in outer {
        let keeps_nothing = match &step.kind {
            StepKind::Function { name, .. } => !matches!(
                name.as_str(),
                "" | "absent" | "absent_over_time" | "scalar" | "vector" | "info"
            ),
            StepKind::Aggregation {
                name, in_parameter, ..
            } => !name.is_empty() && !in_parameter,
            StepKind::Operator { operator, side, .. } => match operator {
                Operator::Or => {
                    closed = Closed::Side;
                    true
                }
                Operator::Unknown => false,
                Operator::Unless => *side == Side::Left,
                _ => true,
            },
            StepKind::Negation | StepKind::Range(_) | StepKind::Subquery => true,
        };
        if !keeps_nothing {
            return None;
        }
    }
    Some(closed)
}

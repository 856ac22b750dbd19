//! Alerts that miss the first event: they look at the increase of a counter whose children are born with it.
//!
//! `increase()` and `rate()` compare samples of one series. The child of a labelled counter that appears with its first
//! event appears with the value 1, and no earlier sample is there to compare it with: the increase is 0. Children that
//! exist from the start (`labels(…)` when the module is imported, `inc(0)`) appear with 0 and are seen to rise.

use std::collections::BTreeSet;

use promsight_model::flow::{Operand, Operator, SelectorPath, Side, StepKind};
use promsight_model::{
    ConsumerKind, Emitter, Facts, Guard, MetricType, Origin, Query, Selector, SelectorName,
};

use crate::LateCounter;
use crate::index::Index;

/// Alerts that fire on the first event, and do not see it.
pub(crate) fn late_counters(index: &Index<'_>, facts: &[Facts]) -> Vec<LateCounter> {
    let mut found = Vec::new();
    for facts in facts {
        for (at, query) in facts.queries.iter().enumerate() {
            let Some(consumer) = facts.consumers.get(query.consumer) else {
                continue;
            };
            if consumer.kind != ConsumerKind::Alert {
                continue;
            }
            let rule = facts.rules.iter().find(|rule| rule.query == Some(at));
            let Some(waits) = rule.and_then(|rule| rule.waits) else {
                continue;
            };
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            for (series, selector, function) in events_awaited(query, waits) {
                let Some(emitter) = born_late(index, series) else {
                    continue;
                };
                if seen.insert(series) {
                    found.push(LateCounter {
                        consumer: consumer.clone(),
                        series: series.to_owned(),
                        span: selector.span,
                        function: function.to_owned(),
                        labels: emitter.labels.clone(),
                        declared: emitter.name_span.unwrap_or(emitter.span),
                    });
                }
            }
        }
    }
    found.sort_by(|left, right| (left.span, &left.series).cmp(&(right.span, &right.series)));
    found
}

/// The series of which a query awaits a single event, and the function by which it does. `waits` is for how many seconds
/// the query must hold.
fn events_awaited(query: &Query, waits: u64) -> impl Iterator<Item = (&str, &Selector, &str)> {
    let paths = query.flow.as_ref().map_or(&[][..], |flow| flow.paths.as_slice());
    query
        .selectors
        .iter()
        .zip(paths)
        .filter_map(move |(selector, path)| {
            let SelectorName::Exact(series) = &selector.name else {
                return None;
            };
            let function = awaits_one(path, waits as f64).filter(|_| selector.guard == Guard::None)?;
            Some((series.as_str(), selector, function))
        })
}

/// The function whose result is compared so that one event suffices; `None` where anything else happens on the way.
fn awaits_one(path: &SelectorPath, waits: f64) -> Option<&str> {
    if path.is_cut {
        return None;
    }
    let mut threshold: Option<(f64, bool)> = None;
    let mut function: Option<&str> = None;
    let mut range: Option<f64> = None;
    for step in &path.steps {
        match &step.kind {
            StepKind::Operator {
                operator,
                side,
                other: Operand::Number { value, .. },
                gives_bool: false,
            } if threshold.is_none() && function.is_none() => {
                threshold = Some((value.value(), includes_bound(*operator, *side)?));
            }
            StepKind::Aggregation {
                name,
                in_parameter: false,
                ..
            } if function.is_none() && matches!(name.as_str(), "sum" | "max") => {}
            StepKind::Function {
                name, argument: 0, ..
            } if function.is_none() && matches!(name.as_str(), "increase" | "rate" | "irate") => {
                function = Some(name);
            }
            StepKind::Range(length) if function.is_some() => range = length.map(|length| length.value()),
            _ => return None,
        }
    }
    let (bound, is_included) = threshold?;
    let function = function?;
    // One event is seen for as long as the range: an alert that must hold longer waits for more of them.
    if waits >= range? {
        return None;
    }
    // What one event in the range amounts to.
    let one = match (function, range) {
        ("increase", _) => 1.0,
        (_, Some(seconds)) if seconds > 0.0 => 1.0 / seconds,
        _ => return None,
    };
    let awaits = bound >= 0.0 && (bound < one || (is_included && bound <= one));
    // `>= 0` always holds: it awaits nothing.
    (awaits && !(is_included && bound == 0.0)).then_some(function)
}

/// Whether a comparison that holds for large values also holds for the bound itself; `None` for other operators.
fn includes_bound(operator: Operator, side: Side) -> Option<bool> {
    match (operator, side) {
        (Operator::Greater, Side::Left) | (Operator::Less, Side::Right) => Some(false),
        (Operator::GreaterOrEqual, Side::Left) | (Operator::LessOrEqual, Side::Right) => Some(true),
        _ => None,
    }
}

/// The counter behind a series, where all that expose it are counters whose children appear with their first event.
fn born_late<'a>(index: &'a Index<'_>, series: &str) -> Option<&'a Emitter> {
    let emitters = index.emitting(series).iter().map(|at| &index.emitters()[*at]);
    let emitters: Vec<&Emitter> = emitters.collect();
    let all_late =
        index.possibly_emitting(series).is_empty() && emitters.iter().all(|emitter| is_born_late(emitter));
    emitters.first().copied().filter(|_| all_late)
}

fn is_born_late(emitter: &Emitter) -> bool {
    let usage = &emitter.usage;
    let is_plain =
        matches!(emitter.origin, Origin::Instrument(_)) && emitter.metric_type == MetricType::Counter;
    let has_children = emitter.labels_known && !emitter.labels.is_empty() && !usage.label_values.is_empty();
    let is_seen = emitter.updated == Some(true) && usage.is_followed && !usage.updates.is_empty();
    is_plain && has_children && is_seen && !usage.is_initialised
}

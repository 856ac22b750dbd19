//! Values that a query asks of a label and that the code never gives it.

use promsight_model::{
    Consumer, Emitter, Guard, MatchOp, MatchValue, Matcher, MetricType, Name, Origin, SelectorName, Span,
};

use super::Asking;
use super::presence::Presence;
use crate::similarity;
use promsight_scrape::re2::anchored;

/// A matcher that admits none of the values that the code gives.
#[derive(Clone, Debug)]
pub struct ValueMismatch {
    /// Who asks.
    pub consumer: Consumer,
    /// The series.
    pub series: String,
    /// The label.
    pub label: String,
    /// How it is asked for.
    pub op: MatchOp,
    /// The value or pattern asked for.
    pub asked: String,
    /// Where that stands, without quotes.
    pub span: Span,
    /// Every value that the code gives, with the place where it does.
    pub values: Vec<(String, Span)>,
    /// The value that was probably meant.
    pub closest: Option<String>,
}

/// What one query asks of values.
pub(super) fn of(asking: &Asking<'_>, presence: &Presence<'_, '_>) -> Vec<ValueMismatch> {
    let mut found = Vec::new();
    for selector in &asking.query.selectors {
        let SelectorName::Exact(series) = &selector.name else {
            continue;
        };
        // Absence is asked for, or another selector beside this one has the other spelling.
        if matches!(selector.guard, Guard::Absent | Guard::OrOther) || selector.matchers.is_empty() {
            continue;
        }
        let Some(declarations) = presence.declarations(series) else {
            continue;
        };
        for matcher in &selector.matchers {
            let MatchValue::Known(asked) = &matcher.value else {
                continue;
            };
            // What targets bring under the same name replaces what the code gives.
            if presence.targets.may_add(&matcher.label) {
                continue;
            }
            // What a snapshot shows of a label are some of its values: they admit, and never refuse.
            let (snapshots, sources): (Vec<_>, Vec<_>) = declarations
                .iter()
                .map(|(_, emitter)| *emitter)
                .partition(|emitter| emitter.origin == Origin::Snapshot);
            if sources.is_empty() || snapshots.iter().any(|seen| shows(seen, matcher, asked)) {
                continue;
            }
            let values: Option<Vec<_>> = sources
                .into_iter()
                .map(|emitter| all_values(emitter, &matcher.label))
                .collect();
            let mut values: Vec<(String, Span)> = values.into_iter().flatten().flatten().collect();
            values.sort();
            values.dedup_by(|left, right| left.0 == right.0);
            if values.is_empty() || admits_some(matcher, asked, &values) != Some(false) {
                continue;
            }
            let closest = (matcher.op == MatchOp::Equal)
                .then(|| similarity::closest_label(asked, values.iter().map(|(value, _)| value.as_str())))
                .flatten();
            found.push(ValueMismatch {
                consumer: asking.consumer.clone(),
                series: series.clone(),
                label: matcher.label.clone(),
                op: matcher.op,
                asked: asked.clone(),
                span: matcher.value_span,
                values,
                closest,
            });
        }
    }
    found
}

/// Whether a snapshot has a value that the matcher admits, or more of them than were kept.
fn shows(seen: &Emitter, matcher: &Matcher, asked: &str) -> bool {
    let values = &seen.usage.label_values;
    let Some(values) = values.iter().find(|values| values.label == matcher.label) else {
        return seen.labels.contains(&matcher.label);
    };
    let values: Vec<(String, Span)> = values
        .values
        .iter()
        .map(|value| (value.value.clone(), value.span))
        .collect();
    admits_some(matcher, asked, &values) != Some(false)
}

/// Every value that one declaration's label can have; `None` where that is not known.
fn all_values(emitter: &Emitter, label: &str) -> Option<Vec<(String, Span)>> {
    if emitter.metric_type == MetricType::StateSet && emitter.name == Name::Exact(label.to_owned()) {
        let states = emitter.states.as_ref()?;
        return Some(states.iter().map(|state| (state.clone(), emitter.span)).collect());
    }
    let known = emitter
        .usage
        .label_values
        .iter()
        .find(|values| values.label == label)?;
    known.is_complete.then(|| {
        let values = known.values.iter();
        values.map(|value| (value.value.clone(), value.span)).collect()
    })
}

/// Whether the matcher admits one of the values; `None` where its pattern is none.
fn admits_some(matcher: &Matcher, asked: &str, values: &[(String, Span)]) -> Option<bool> {
    let admits: Box<dyn Fn(&str) -> bool> = match matcher.op {
        MatchOp::Equal => Box::new(|value| value == asked),
        MatchOp::NotEqual => Box::new(|value| value != asked),
        MatchOp::Regex => {
            let pattern = anchored(asked)?;
            Box::new(move |value| pattern.is_match(value))
        }
        MatchOp::NotRegex => {
            let pattern = anchored(asked)?;
            Box::new(move |value| !pattern.is_match(value))
        }
    };
    Some(values.iter().any(|(value, _)| admits(value)))
}

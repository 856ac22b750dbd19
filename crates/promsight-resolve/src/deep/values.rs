//! Values that a query asks of a label and that the code never gives it.

use std::collections::BTreeMap;

use promsight_model::{
    Confidence, Consumer, Emitter, Guard, MatchOp, MatchValue, Matcher, MetricType, Name, Origin,
    SelectorName, Span,
};

use super::Asking;
use super::memo::Memo;
use super::presence::Presence;
use crate::index::{Index, RuleId};
use crate::similarity;
use promsight_scrape::re2::anchored;

/// Recording rules that are followed one through another.
const MOST_RULES: usize = 16;

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
    /// How sure.
    pub confidence: Confidence,
    /// Who gives the values.
    pub giver: Giver,
}

/// Who gives a label its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Giver {
    /// The code.
    Code,
    /// The targets.
    Targets,
    /// The targets, in place of the code, whose own label of that name is stored under another.
    TargetsInstead,
}

/// What one query asks of values.
pub(super) fn of(asking: &Asking<'_>, values: &LabelValues<'_, '_>) -> Vec<ValueMismatch> {
    let presence = values.presence;
    let mut found = Vec::new();
    for selector in &asking.query.selectors {
        let SelectorName::Exact(series) = &selector.name else {
            continue;
        };
        // Absence is asked for, or another selector beside this one has the other spelling.
        if matches!(selector.guard, Guard::Absent | Guard::OrOther) || selector.matchers.is_empty() {
            continue;
        }
        for matcher in &selector.matchers {
            let MatchValue::Known(asked) = &matcher.value else {
                continue;
            };
            let Some(values) = values.of_series(series, &matcher.label, MOST_RULES) else {
                continue;
            };
            let values: Vec<(String, Span)> = values.into_iter().collect();
            if values.is_empty() || admits_some(matcher, asked, &values) != Some(false) {
                continue;
            }
            let known = || values.iter().map(|(value, _)| value.as_str());
            let closest = if matcher.op != MatchOp::Equal {
                None
            } else if presence.targets.may_add(&matcher.label) {
                // What targets bring under the same name replaces what the code gives: only a slip of the pen is told.
                known()
                    .find(|value| similarity::is_misspelt(asked, value))
                    .map(str::to_owned)
            } else {
                similarity::closest_label(asked, known())
            };
            let is_shared = presence.targets.may_add(&matcher.label);
            if is_shared && closest.is_none() {
                continue;
            }
            found.push(ValueMismatch {
                consumer: asking.consumer.clone(),
                series: series.clone(),
                label: matcher.label.clone(),
                op: matcher.op,
                asked: asked.clone(),
                span: matcher.value_span,
                values,
                closest,
                confidence: if is_shared {
                    Confidence::Medium
                } else {
                    Confidence::High
                },
                giver: Giver::Code,
            });
        }
    }
    found
}

/// Looks values up.
pub(super) struct LabelValues<'a, 'i> {
    index: &'i Index<'a>,
    presence: &'i Presence<'a, 'i>,
    known: Memo<(String, String), Option<Values>>,
}

/// Values with the place where each is given.
type Values = BTreeMap<String, Span>;

impl<'a, 'i> LabelValues<'a, 'i> {
    pub(super) fn new(index: &'i Index<'a>, presence: &'i Presence<'a, 'i>) -> Self {
        Self {
            index,
            presence,
            known: Memo::default(),
        }
    }

    /// Every value that a label of a series can have; `None` where that is not known.
    fn of_series(&self, series: &str, label: &str, depth: usize) -> Option<Values> {
        let inner = depth.checked_sub(1)?;
        let key = (series.to_owned(), label.to_owned());
        self.known.answer(key, None, || self.sought(series, label, inner))
    }

    fn sought(&self, series: &str, label: &str, inner: usize) -> Option<Values> {
        let mut values = Values::new();
        let mut add = |value: String, span: Span| {
            let known = values.entry(value).or_insert(span);
            *known = (*known).min(span);
        };
        if self.presence.is_only_recorded(series) {
            for id in self.index.recording(series) {
                for (value, span) in self.recorded(*id, label, inner)? {
                    add(value, span);
                }
            }
            return Some(values);
        }
        let declarations = self.presence.declarations(series)?;
        // What a snapshot shows of a label are some of its values: they admit, and alone refuse nothing.
        let is_snapshot = |emitter: &Emitter| emitter.origin == Origin::Snapshot;
        if declarations.iter().all(|(_, emitter)| is_snapshot(emitter)) {
            return None;
        }
        for (_, emitter) in declarations {
            let given = if is_snapshot(emitter) {
                shown_values(emitter, label)?
            } else {
                all_values(emitter, label)?
            };
            for (value, span) in given {
                add(value, span);
            }
        }
        Some(values)
    }

    /// The values that a recording rule gives a label: its own, or those of the series that it reads and its matchers
    /// admit.
    fn recorded(&self, id: RuleId, label: &str, depth: usize) -> Option<Vec<(String, Span)>> {
        let mut labels = self.index.rule(id).labels.iter();
        if let Some((_, value, span)) = labels.find(|(known, ..)| known == label) {
            let is_literal = !["{{", "{%", "${", "%(", "%%"]
                .iter()
                .any(|mark| value.contains(mark));
            return is_literal.then(|| vec![(value.clone(), *span)]);
        }
        let (query, flow) = self.index.query_of(id)?;
        let source = flow.result.source(label);
        if !source.needs_selectors() {
            return None;
        }
        let mut all = Vec::new();
        for at in &source.selectors {
            let selector = query.selectors.get(*at)?;
            let SelectorName::Exact(series) = &selector.name else {
                return None;
            };
            let matchers = || selector.matchers.iter().filter(|matcher| matcher.label == label);
            for (value, span) in self.of_series(series, label, depth)? {
                let one = [(value, span)];
                let is_admitted = matchers().all(|matcher| match &matcher.value {
                    MatchValue::Known(asked) => admits_some(matcher, asked, &one) != Some(false),
                    MatchValue::Templated(_) => true,
                });
                all.extend(one.into_iter().filter(|_| is_admitted));
            }
        }
        Some(all)
    }
}

/// The values that a snapshot shows of a label; `None` where there were too many to keep.
fn shown_values(emitter: &Emitter, label: &str) -> Option<Vec<(String, Span)>> {
    if !emitter.labels.iter().any(|known| known == label) {
        return Some(Vec::new());
    }
    let mut kept = emitter.usage.label_values.iter();
    let shown = kept.find(|values| values.label == label)?.values.iter();
    Some(shown.map(|value| (value.value.clone(), value.span)).collect())
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
pub(super) fn admits_some(matcher: &Matcher, asked: &str, values: &[(String, Span)]) -> Option<bool> {
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

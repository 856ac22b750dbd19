//! Rules that write over one another: two that give one name to different expressions, and a rule that records under the
//! name of a metric of the code.
//!
//! Many rules of one name are right: they record other targets, other labels, other severities. So only what surely lands in
//! the same series is told: rules of one file, with the same labels, whose results have the same label set.

use std::collections::BTreeMap;

use promsight_model::flow::Labels;
use promsight_model::{Confidence, Facts, GapKind, Origin, Query, Rule, RuleKind, SelectorName, Span};

use crate::index::Index;
use crate::records;

/// A rule that writes where something else does.
#[derive(Clone, Debug)]
pub struct RuleConflict {
    /// Whether it alerts or records.
    pub kind: RuleKind,
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The rule group's consumer.
    pub consumer: promsight_model::Consumer,
    /// What else writes there.
    pub other: Writer,
    /// How sure.
    pub confidence: Confidence,
}

/// What else gives the series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writer {
    /// Another rule, by the place of its name.
    Rule(Span),
    /// A metric of the code, by its place.
    Metric(Span),
}

/// The conflicts of all rules.
pub(crate) fn conflicts(index: &Index<'_>, facts: &[Facts]) -> Vec<RuleConflict> {
    let mut found: Vec<RuleConflict> = facts.iter().flat_map(|facts| of_file(index, facts)).collect();
    found.sort_by_key(|conflict| conflict.span);
    found
}

fn of_file(index: &Index<'_>, facts: &Facts) -> Vec<RuleConflict> {
    let mut found = Vec::new();
    let mut by_name: BTreeMap<(RuleKind, &str), Vec<&Rule>> = BTreeMap::new();
    for rule in facts.rules.iter().filter(|rule| !rule.name.is_empty()) {
        by_name.entry((rule.kind, &rule.name)).or_default().push(rule);
    }
    // Branches of a template are alternatives.
    let is_templated = facts.gaps.iter().any(|gap| gap.kind == GapKind::Template);
    for ((kind, name), rules) in by_name {
        for (at, rule) in rules.iter().enumerate() {
            let Some(consumer) = facts.consumers.get(rule.consumer) else {
                continue;
            };
            let other = rules[..at]
                .iter()
                .take(MOST_COMPARED)
                .find(|earlier| !is_templated && is_same_series(facts, earlier, rule));
            let (other, confidence) = if let Some(other) = other {
                (Writer::Rule(other.name_span), Confidence::High)
            } else if let Some(writer) = emitted(index, rule) {
                (writer, confidence_of_alias(facts, rule))
            } else {
                continue;
            };
            found.push(RuleConflict {
                kind,
                name: name.to_owned(),
                span: rule.name_span,
                consumer: consumer.clone(),
                other,
                confidence,
            });
        }
    }
    found
}

/// Rules of one name that are compared with each of them.
const MOST_COMPARED: usize = 64;

/// The metric of the code that a recording rule bears the name of.
fn emitted(index: &Index<'_>, rule: &Rule) -> Option<Writer> {
    if !records(rule) {
        return None;
    }
    let mut emitters = index.emitting(&rule.name).iter().map(|at| &index.emitters()[*at]);
    let emitter = emitters.find(|emitter| matches!(emitter.origin, Origin::Instrument(_)))?;
    Some(Writer::Metric(emitter.name_span.unwrap_or(emitter.span)))
}

/// A rule that only gives another series an old name may be meant for programs that no longer have it.
fn confidence_of_alias(facts: &Facts, rule: &Rule) -> Confidence {
    let flow = rule
        .query
        .and_then(|at| facts.queries.get(at))
        .and_then(|query| query.flow.as_ref());
    let is_alias = flow.is_some_and(|flow| matches!(flow.paths.as_slice(), [path] if path.steps.is_empty()));
    if is_alias {
        Confidence::Low
    } else {
        Confidence::High
    }
}

/// Whether two rules of one name surely write the same series, of different expressions.
fn is_same_series(facts: &Facts, left: &Rule, right: &Rule) -> bool {
    let query = |rule: &Rule| rule.query.and_then(|at| facts.queries.get(at));
    let (Some(left_query), Some(right_query)) = (query(left), query(right)) else {
        return false;
    };
    let added = |rule: &Rule| -> BTreeMap<String, String> {
        let labels = rule.labels.iter();
        labels
            .map(|(label, value, _)| (label.clone(), value.clone()))
            .collect()
    };
    let (left_labels, right_labels) = (added(left), added(right));
    if left_labels != right_labels || is_templated(&left_labels) || words(left_query) == words(right_query) {
        return false;
    }
    let (Some(left_set), Some(right_set)) = (result(left_query), result(right_query)) else {
        return false;
    };
    if left_set != right_set {
        return false;
    }
    // Without any label there is one series, whatever the expression reads. With some the rules may read other targets:
    // only where they read the same metrics by the same matchers do they meet.
    let reads_same = || read(left_query).is_some_and(|left| read(right_query).as_ref() == Some(&left));
    left_set.is_empty() || (left.kind == RuleKind::Record && reads_same())
}

/// A template in a label gives each series its own.
fn is_templated(labels: &BTreeMap<String, String>) -> bool {
    labels.values().any(|value| {
        ["{{", "{%", "${", "%(", "%%"]
            .iter()
            .any(|mark| value.contains(mark))
    })
}

/// A query without its blanks.
fn words(query: &Query) -> String {
    query.text.split_whitespace().collect()
}

/// The labels of a result, where all are known.
fn result(query: &Query) -> Option<Vec<&str>> {
    let labels: &Labels = &query.flow.as_ref()?.result;
    if !labels.is_complete() {
        return None;
    }
    let named = labels
        .named
        .iter()
        .filter(|(label, source)| !source.is_absent() && *label != "__name__");
    Some(named.map(|(label, _)| label.as_str()).collect())
}

/// The metrics that a query reads, with their matchers; `None` where one is not known by name.
fn read(query: &Query) -> Option<Vec<(String, Vec<String>)>> {
    let mut all = Vec::new();
    for selector in &query.selectors {
        let SelectorName::Exact(series) = &selector.name else {
            return None;
        };
        let mut matchers: Vec<String> = selector
            .matchers
            .iter()
            .map(|matcher| format!("{}{}{}", matcher.label, matcher.op.symbol(), matcher.value.text()))
            .collect();
        matchers.sort();
        all.push((series.clone(), matchers));
    }
    all.sort();
    all.dedup();
    Some(all)
}

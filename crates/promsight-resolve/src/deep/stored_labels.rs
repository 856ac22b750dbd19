//! What queries ask of labels, held against the labels that series have once they are stored.
//!
//! Owns what neither the code nor the query says by itself: a label that no target has, a value that none has, a label
//! of the code that a job drops, or stores under another name because the target has one of that name.

use std::collections::BTreeSet;

use promsight_model::flow::LabelUseKind;
use promsight_model::{Confidence, Guard, MatchOp, MatchValue, Matcher, SelectorName, Span};
use promsight_scrape::text::{Answer, Pattern, Text};

use super::Asking;
use super::labels::{LabelMismatch, LabelProblem};
use super::stores::{Stored, Stores};
use super::values::{Giver, ValueMismatch};
use crate::similarity;

/// Labels that are commonly added to what leaves a Prometheus, so that whoever writes by them may mean another place.
const OF_SENDERS: &[&str] = &[
    "cluster",
    "datacenter",
    "dc",
    "prometheus",
    "prometheus_replica",
    "region",
    "replica",
    "tenant_id",
];

/// Labels that discovery in Kubernetes gives: rules that ask for them may also be meant for another Prometheus.
const OF_KUBERNETES: &[&str] = &["container", "endpoint", "namespace", "node", "pod", "service"];

/// Places that are shown.
const MOST_PLACES: usize = 3;

/// What one query asks of labels as they are stored.
pub(super) fn of(asking: &Asking<'_>, stores: &Stores<'_>) -> (Vec<LabelMismatch>, Vec<ValueMismatch>) {
    let (mut labels, mut values) = (Vec::new(), Vec::new());
    let servers = stores.running(asking.consumer);
    for selector in &asking.query.selectors {
        let SelectorName::Exact(series) = &selector.name else {
            continue;
        };
        if selector.matchers.is_empty() || matches!(selector.guard, Guard::Absent | Guard::OrOther) {
            continue;
        }
        let run = stores.of_series(series, &servers);
        let is_run = run.is_some();
        let Some(stored) = run.or_else(|| stores.anywhere(series)) else {
            continue;
        };
        let stored = stored.as_slice();
        for matcher in &selector.matchers {
            // Where nothing is known of who runs the query, its place may add labels: the code's own are judged alone.
            if !is_run && !are_in_code(stored, &matcher.label) {
                continue;
            }
            match answer(matcher, stored) {
                Some(Verdict::NoLabel) => {
                    labels.push(lacking(
                        asking,
                        series,
                        (&matcher.label, matcher.label_span),
                        stored,
                    ));
                }
                Some(Verdict::NoValue(given)) => {
                    values.push(refused(asking, series, matcher, stored, &given));
                }
                None => {}
            }
            let is_doubtful = stores.sends_with(&servers, &matcher.label)
                || OF_SENDERS.contains(&matcher.label.as_str())
                || (OF_KUBERNETES.contains(&matcher.label.as_str()) && !stores.are_in_cluster(&servers));
            if is_doubtful && !are_in_code(stored, &matcher.label) {
                lower(&mut labels, &mut values, matcher);
            }
        }
    }
    labels.extend(of_uses(asking, stores, &servers));
    (labels, values)
}

/// What is found of that matcher is less sure.
fn lower(labels: &mut [LabelMismatch], values: &mut [ValueMismatch], matcher: &Matcher) {
    for found in labels.iter_mut().filter(|found| found.span == matcher.label_span) {
        found.confidence = Confidence::Medium;
    }
    for found in values.iter_mut().filter(|found| found.span == matcher.value_span) {
        found.confidence = Confidence::Medium;
    }
}

/// Labels of the code by which a query groups, and which are not stored, or are the target's.
fn of_uses(asking: &Asking<'_>, stores: &Stores<'_>, servers: &[usize]) -> Vec<LabelMismatch> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<(Span, &str)> = BTreeSet::new();
    for asked in &asking.flow.uses {
        let problem = match asked.kind {
            LabelUseKind::By => LabelProblem::Grouping,
            LabelUseKind::OnLeft | LabelUseKind::OnRight => LabelProblem::On,
            LabelUseKind::Include => LabelProblem::Include,
            LabelUseKind::ReplaceSource | LabelUseKind::JoinSource => LabelProblem::Source,
            LabelUseKind::Without | LabelUseKind::Ignoring | LabelUseKind::Sort | LabelUseKind::Bound => {
                continue;
            }
        };
        if !asked.source.needs_selectors() || !seen.insert((asked.span, asked.label.as_str())) {
            continue;
        }
        let mut all: Option<Vec<Stored<'_>>> = Some(Vec::new());
        let mut first = None;
        for at in &asked.source.selectors {
            let name = asking.query.selectors.get(*at).map(|selector| &selector.name);
            let Some(SelectorName::Exact(series)) = name else {
                all = None;
                break;
            };
            first.get_or_insert(series);
            let own = stores
                .of_series(series, servers)
                .or_else(|| stores.anywhere(series));
            all = all.zip(own).map(|(mut all, own)| {
                all.extend(own.iter().cloned());
                all
            });
        }
        let (Some(all), Some(series)) = (all, first) else {
            continue;
        };
        if !are_in_code(&all, &asked.label) {
            continue;
        }
        let label = (asked.label.as_str(), asked.span);
        if all
            .iter()
            .all(|stored| stored.labels.get(&asked.label).is_empty())
        {
            let mut lacking = lacking(asking, series, label, &all);
            lacking.problem = problem;
            found.push(lacking);
        } else if asked.kind == LabelUseKind::By && all.iter().all(|stored| stored.is_replaced(&asked.label))
        {
            let mut replaced = lacking(asking, series, label, &all);
            replaced.problem = LabelProblem::Replaced;
            replaced.confidence = Confidence::Medium;
            replaced.closest = Some(format!("exported_{}", asked.label));
            found.push(replaced);
        }
    }
    found
}

/// Whether every declaration has the label, so that no outside place is to add it.
fn are_in_code(stored: &[Stored<'_>], label: &str) -> bool {
    stored.iter().all(|one| {
        let emitter = one.emitter;
        emitter.is_some_and(|emitter| emitter.labels.iter().any(|own| own == label))
    })
}

enum Verdict {
    NoLabel,
    /// The values that it has.
    NoValue(Vec<String>),
}

/// What a matcher that surely admits nothing lacks; `None` where it may admit something.
fn answer(matcher: &Matcher, stored: &[Stored<'_>]) -> Option<Verdict> {
    let values: BTreeSet<Text> = stored.iter().map(|one| one.labels.get(&matcher.label)).collect();
    if values.iter().all(Text::is_empty) {
        return matcher.refuses_empty.then_some(Verdict::NoLabel);
    }
    let MatchValue::Known(asked) = &matcher.value else {
        return None;
    };
    let pattern = match matcher.op {
        MatchOp::Regex | MatchOp::NotRegex => Some(Pattern::new(asked)?),
        MatchOp::Equal | MatchOp::NotEqual => None,
    };
    let meets = |value: &Text| {
        let matches = match &pattern {
            Some(pattern) => pattern.matches(value),
            None => value.equals(&Text::known(asked.as_str())),
        };
        match matcher.op {
            MatchOp::Equal | MatchOp::Regex => matches,
            MatchOp::NotEqual | MatchOp::NotRegex => !matches,
        }
    };
    values.iter().all(|value| meets(value) == Answer::Never).then(|| {
        let given = values.iter().filter(|value| !value.is_empty());
        Verdict::NoValue(given.map(Text::to_string).collect())
    })
}

fn lacking(
    asking: &Asking<'_>,
    series: &str,
    (label, span): (&str, Span),
    stored: &[Stored<'_>],
) -> LabelMismatch {
    let mut scraped: Vec<(Span, String)> = Vec::new();
    for one in stored {
        let (span, clause) = match one.remover(label) {
            Some(rule) => (rule, format!("job {} takes the label away", one.job.name)),
            None if one.is_replaced(label) => (
                one.target.span,
                format!(
                    "job {} stores the code's own as `exported_{label}`: the target has a label of that name",
                    one.job.name
                ),
            ),
            None => (
                one.job.span,
                format!("job {} adds no label of that name", one.job.name),
            ),
        };
        if scraped.len() < MOST_PLACES && scraped.iter().all(|(known, _)| *known != span) {
            scraped.push((span, clause));
        }
    }
    let labels: BTreeSet<&str> = stored
        .iter()
        .flat_map(|one| one.labels.iter().map(|(label, _)| label))
        .filter(|label| *label != "__name__")
        .collect();
    let closest = similarity::closest_label(label, labels.iter().copied());
    LabelMismatch {
        consumer: asking.consumer.clone(),
        series: series.to_owned(),
        label: label.to_owned(),
        span,
        problem: LabelProblem::Matcher,
        text: String::new(),
        confidence: Confidence::High,
        declared: Vec::new(),
        dropped: None,
        closest,
        stored: None,
        values: None,
        scraped,
    }
}

fn refused(
    asking: &Asking<'_>,
    series: &str,
    matcher: &Matcher,
    stored: &[Stored<'_>],
    given: &[String],
) -> ValueMismatch {
    let asked = match &matcher.value {
        MatchValue::Known(asked) => asked.clone(),
        MatchValue::Templated(_) => String::new(),
    };
    let is_replaced = stored.iter().all(|one| one.is_replaced(&matcher.label));
    let place = |value: &String| {
        let gives = |one: &&Stored<'_>| one.labels.get(&matcher.label).to_string() == *value;
        stored.iter().find(gives).map(|one| one.target.span)
    };
    let values: Vec<(String, Span)> = given
        .iter()
        .filter_map(|value| Some((value.clone(), place(value)?)))
        .collect();
    let closest = (matcher.op == MatchOp::Equal && !is_replaced)
        .then(|| similarity::closest_label(&asked, values.iter().map(|(value, _)| value.as_str())))
        .flatten()
        .filter(|value| !value.contains('*'));
    ValueMismatch {
        consumer: asking.consumer.clone(),
        series: series.to_owned(),
        label: matcher.label.clone(),
        op: matcher.op,
        asked,
        span: matcher.value_span,
        values,
        closest,
        confidence: Confidence::High,
        giver: if is_replaced {
            Giver::TargetsInstead
        } else {
            Giver::Targets
        },
    }
}

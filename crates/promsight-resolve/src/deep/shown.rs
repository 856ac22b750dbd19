//! Labels that texts show of a query's result, and that the result never has; labels by which Alertmanager groups alerts,
//! and that no alert has.

use std::collections::BTreeSet;

use promsight_model::{Confidence, Consumer, Facts, Origin, Query, RuleKind, ShownIn, ShownLabel, Span};

use super::labels::{LabelMismatch, LabelProblem};
use super::presence::{Has, Presence};
use crate::index::Index;
use crate::similarity;

/// The name that Prometheus gives every alert, which its templates do not see.
const ALERT_NAME: &str = "alertname";

/// What the texts of one file show and no result has.
///
/// `told` are the labels that queries themselves lack, with the scope of the consumer: a text that shows one of these says
/// nothing new.
pub(super) fn of(
    facts: &Facts,
    index: &Index<'_>,
    presence: &Presence<'_, '_>,
    told: &BTreeSet<(Span, String)>,
) -> Vec<LabelMismatch> {
    let shown = facts.shown_labels.iter();
    shown
        .filter_map(|shown| {
            let consumer = facts.consumers.get(shown.consumer)?;
            if told.contains(&(consumer.scope, shown.label.clone())) {
                return None;
            }
            missing(facts, shown, consumer, index, presence)
        })
        .collect()
}

fn missing(
    facts: &Facts,
    shown: &ShownLabel,
    consumer: &Consumer,
    index: &Index<'_>,
    presence: &Presence<'_, '_>,
) -> Option<LabelMismatch> {
    let mut declared = Vec::new();
    let mut dropped: Option<Span> = None;
    let mut series: Option<String> = None;
    let mut known: Vec<&str> = Vec::new();
    let mut is_seen = false;
    for query in &shown.queries {
        let query = facts.queries.get(*query)?;
        let source = query.flow.as_ref()?.result.source(&shown.label);
        let Has::No(emitters) = presence.of_result(query, &shown.label)? else {
            return None;
        };
        let gone = source.dropped.as_ref().filter(|_| source.is_absent());
        dropped = dropped.or(gone.map(|gone| gone.span));
        let selectors = gone.map_or(&source.selectors, |gone| &gone.selectors);
        let mut read = selectors.iter().filter_map(|at| query.selectors.get(*at));
        series = series.or_else(|| read.next().map(crate::selector_text));
        known.extend(named(query).filter(|label| *label != shown.label));
        for emitter in emitters.iter().map(|at| &index.emitters()[*at]) {
            is_seen |= emitter.origin == Origin::Snapshot;
            known.extend(emitter.labels.iter().map(String::as_str));
            declared.push((emitter.name_span.unwrap_or(emitter.span), emitter.labels.clone()));
        }
    }
    let own = own_label(facts, shown);
    let problem = match (shown.place, own) {
        (ShownIn::Legend, _) if known.is_empty() && dropped.is_some() => LabelProblem::LegendOfOne,
        (ShownIn::Legend, _) => LabelProblem::Legend,
        (_, Some(_)) => LabelProblem::OwnLabel,
        (ShownIn::Annotation, None) => LabelProblem::Annotation,
        (ShownIn::Label, None) => LabelProblem::AddedLabel,
    };
    let closest = match own {
        Some(_) => None,
        None => similarity::closest_label(&shown.label, known.into_iter()),
    };
    let is_told = own.is_some()
        || dropped.is_some()
        || closest.is_some()
        || declared.is_empty()
        || presence.targets.is_in_code(&shown.label);
    declared.sort();
    declared.dedup();
    let asked = series
        .as_deref()
        .filter(|_| declared.is_empty() && dropped.is_none());
    let stored = asked.and_then(|series| presence.labels_stored(series));
    is_seen |= stored.is_some();
    Some(LabelMismatch {
        consumer: consumer.clone(),
        series: series.unwrap_or_default(),
        label: shown.label.clone(),
        span: shown.span,
        problem,
        text: shown.text.clone(),
        confidence: match (is_told, is_seen) {
            (false, _) => Confidence::Low,
            // What is seen of a program that is running now says less than what code can ever do.
            (true, true) => Confidence::Medium,
            (true, false) => Confidence::High,
        },
        declared,
        dropped,
        closest,
        stored,
        values: None,
        scraped: Vec::new(),
    })
}

/// Labels that the query names for its result.
fn named(query: &Query) -> impl Iterator<Item = &str> {
    let result = query.flow.iter().flat_map(|flow| &flow.result.named);
    result
        .filter(|(label, source)| !source.is_absent() && *label != "__name__")
        .map(|(label, _)| label.as_str())
}

/// Where the rule itself adds the label that its template shows: `$labels` is the expression's result alone.
fn own_label(facts: &Facts, shown: &ShownLabel) -> Option<Span> {
    let mut rules = facts.rules.iter();
    let rule = rules.find(|rule| rule.consumer == shown.consumer && rule.kind == RuleKind::Alert)?;
    let mut labels = rule.labels.iter();
    match labels.find(|(label, ..)| *label == shown.label) {
        Some((.., span)) => Some(*span),
        None => (shown.label == ALERT_NAME).then_some(rule.name_span),
    }
}

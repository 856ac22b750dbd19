//! Labels that a query asks of series that have none of that name.

use std::collections::BTreeSet;

use promsight_model::flow::{Join, LabelUseKind, Labels, Matching, Operator};
use promsight_model::{Confidence, Consumer, Guard, MatchOp, MatchValue, Origin, Span};

use super::Asking;
use super::presence::{Has, Presence};
use crate::index::Index;
use crate::similarity;

/// A label that no series has where a query needs it.
#[derive(Clone, Debug)]
pub struct LabelMismatch {
    /// Who asks.
    pub consumer: Consumer,
    /// The series asked, or the operands' where several are.
    pub series: String,
    /// The label.
    pub label: String,
    /// Where it is asked for.
    pub span: Span,
    /// What for.
    pub problem: LabelProblem,
    /// The annotation or label whose template shows it; else empty.
    pub text: String,
    /// How sure.
    pub confidence: Confidence,
    /// Where the series are declared, with the labels that they have.
    pub declared: Vec<(Span, Vec<String>)>,
    /// Where the label was aggregated away, if something did.
    pub dropped: Option<Span>,
    /// The label that was probably meant.
    pub closest: Option<String>,
    /// The live server that says so, where no declaration does, with the labels that its series have.
    pub stored: Option<(String, Vec<String>)>,
    /// The values that the label has left and right of an operator, where these never agree.
    pub values: Option<(String, String)>,
    /// The jobs that store the series without it, or the rules that take it away, each with why, as a clause.
    pub scraped: Vec<(Span, String)>,
}

/// What the label is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelProblem {
    /// A matcher that no series without the label meets.
    Matcher,
    /// `by (…)`.
    Grouping,
    /// `by (…)` of a label of the code that is stored under another name, for the target has one of that name.
    Replaced,
    /// `on (…)`.
    On,
    /// `group_left (…)`, `group_right (…)`.
    Include,
    /// A source of `label_replace` or `label_join`.
    Source,
    /// One operand has it, the other never, or with other values: nothing agrees.
    Join,
    /// The same around `unless`: nothing is taken away.
    Unless,
    /// The template of an annotation shows it.
    Annotation,
    /// The template of a label that the alert adds shows it.
    AddedLabel,
    /// A template shows it, and the rule itself adds it: templates see the expression's labels only.
    OwnLabel,
    /// A panel's legend shows it.
    Legend,
    /// A panel's legend shows it, of a result without any labels: a single series, which needs no name.
    LegendOfOne,
}

/// What the labels of one query lack.
pub(super) fn of(asking: &Asking<'_>, index: &Index<'_>, presence: &Presence<'_, '_>) -> Vec<LabelMismatch> {
    let mut found = Vec::new();
    let query = asking.query;
    for (at, selector) in query.selectors.iter().enumerate() {
        if matches!(selector.guard, Guard::Absent | Guard::OrOther) {
            continue;
        }
        for matcher in selector.matchers.iter().filter(|matcher| matcher.refuses_empty) {
            if let Has::No(emitters) = presence.of_selector(query, at, &matcher.label) {
                found.push(mismatch(
                    asking,
                    index,
                    presence,
                    (&matcher.label, matcher.label_span),
                    LabelProblem::Matcher,
                    &[at],
                    &emitters,
                ));
            }
        }
    }
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
        let dropped = asked.source.dropped.as_ref().filter(|_| asked.source.is_absent());
        let (selectors, emitters) = match dropped {
            Some(dropped) => (dropped.selectors.as_slice(), BTreeSet::new()),
            None => match presence.of_source(query, &asked.source, &asked.label) {
                Has::No(emitters) => (asked.source.selectors.as_slice(), emitters),
                Has::Unknown | Has::Declared | Has::Possible => continue,
            },
        };
        if selectors.is_empty() || !seen.insert((asked.span, asked.label.as_str())) {
            continue;
        }
        let label = (asked.label.as_str(), asked.span);
        let mut lacking = mismatch(asking, index, presence, label, problem, selectors, &emitters);
        lacking.dropped = dropped.map(|dropped| dropped.span);
        found.push(lacking);
    }
    let asked_on: BTreeSet<Span> = found.iter().map(|lacking| lacking.span).collect();
    for join in &asking.flow.joins {
        if asked_on
            .iter()
            .any(|span| join.left_span.contains(*span) || join.right_span.contains(*span))
        {
            // What one operand lacks is told; that it then agrees with nothing follows.
            continue;
        }
        found.extend(disagreement(asking, index, presence, join));
    }
    found
}

fn mismatch(
    asking: &Asking<'_>,
    index: &Index<'_>,
    presence: &Presence<'_, '_>,
    (label, span): (&str, Span),
    problem: LabelProblem,
    selectors: &[usize],
    emitters: &BTreeSet<usize>,
) -> LabelMismatch {
    let declared: Vec<(Span, Vec<String>)> = emitters
        .iter()
        .map(|at| &index.emitters()[*at])
        .map(|emitter| (emitter.name_span.unwrap_or(emitter.span), emitter.labels.clone()))
        .collect();
    let mut series: Vec<String> = selectors
        .iter()
        .filter_map(|at| asking.query.selectors.get(*at))
        .map(crate::selector_text)
        .collect();
    series.dedup();
    let stored = emitters
        .is_empty()
        .then(|| series.iter().find_map(|series| presence.labels_stored(series)))
        .flatten();
    let labels = declared
        .iter()
        .flat_map(|(_, labels)| labels)
        .chain(stored.iter().flat_map(|(_, labels)| labels))
        .map(String::as_str);
    let closest = similarity::closest_label(label, labels);
    // What is seen of a program that is running now says less than what code can ever do.
    let is_seen = stored.is_some()
        || emitters
            .iter()
            .any(|at| index.emitters()[*at].origin == Origin::Snapshot);
    let is_told =
        !is_seen && (presence.targets.is_in_code(label) || closest.is_some() || emitters.is_empty());
    LabelMismatch {
        consumer: asking.consumer.clone(),
        series: series.first().cloned().unwrap_or_default(),
        label: label.to_owned(),
        span,
        problem,
        text: String::new(),
        confidence: match (is_told, problem) {
            (true, _) => Confidence::High,
            (false, LabelProblem::Matcher) => Confidence::Medium,
            (false, _) if is_seen && closest.is_some() => Confidence::Medium,
            // Nothing but the label's absence from the code speaks against its coming from the targets.
            (false, _) => Confidence::Low,
        },
        declared,
        dropped: None,
        closest,
        stored,
        values: None,
        scraped: Vec::new(),
    }
}

/// A binary operation of which the operands never agree: one surely has a label that must be equal, the other surely
/// has not; or both have it with different values.
fn disagreement(
    asking: &Asking<'_>,
    index: &Index<'_>,
    presence: &Presence<'_, '_>,
    join: &Join,
) -> Option<LabelMismatch> {
    if matches!(join.operator, Operator::Or | Operator::Unknown) {
        return None;
    }
    let problem = if join.operator == Operator::Unless {
        LabelProblem::Unless
    } else {
        LabelProblem::Join
    };
    let candidates: BTreeSet<&str> = match &join.matching {
        Matching::Unknown => return None,
        Matching::On(labels) => labels.iter().map(String::as_str).collect(),
        Matching::AllBut(ignored) => [&join.left, &join.right]
            .into_iter()
            .flat_map(|labels| {
                let certain = labels.named.iter().filter(|(_, source)| source.is_certain);
                let certain = certain.map(|(label, _)| label.as_str());
                certain.chain(declared_labels(asking, presence, labels))
            })
            .filter(|label| !ignored.iter().any(|known| known == label))
            .collect(),
    };
    let has_values = candidates.iter().find_map(|label| {
        let left = required(asking, &join.left, label)?;
        let right = required(asking, &join.right, label)?;
        left.is_disjoint(&right).then_some((*label, left, right))
    });
    if let Some((label, left, right)) = has_values {
        let values = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(", ");
        let mut found = mismatch(
            asking,
            index,
            presence,
            (label, join.span),
            problem,
            &join.left.source(label).selectors,
            &BTreeSet::new(),
        );
        found.values = Some((values(left), values(right)));
        found.confidence = Confidence::High;
        found.closest = None;
        return Some(found);
    }
    if matches!(join.matching, Matching::On(_)) {
        // What one operand lacks is told as a use of its own.
        return None;
    }
    candidates.into_iter().find_map(|label| {
        let left = side(asking, presence, &join.left, label);
        let right = side(asking, presence, &join.right, label);
        let (lacking, emitters) = match (left, right) {
            (Has::Declared, Has::No(emitters)) => (&join.right, emitters),
            (Has::No(emitters), Has::Declared) => (&join.left, emitters),
            _ => return None,
        };
        let source = lacking.source(label);
        let selectors = source
            .dropped
            .as_ref()
            .map_or(&source.selectors, |dropped| &dropped.selectors);
        let mut found = mismatch(
            asking,
            index,
            presence,
            (label, join.span),
            problem,
            selectors,
            &emitters,
        );
        found.dropped = source.dropped.as_ref().map(|dropped| dropped.span);
        found.confidence = Confidence::High;
        found.closest = None;
        Some(found)
    })
}

/// The only values that a label can have on one side, where the matchers of all its selectors say which.
fn required(asking: &Asking<'_>, labels: &Labels, label: &str) -> Option<BTreeSet<String>> {
    let source = labels.source(label);
    if !source.needs_selectors() {
        return None;
    }
    let mut values = BTreeSet::new();
    for at in &source.selectors {
        let selector = asking.query.selectors.get(*at)?;
        let matcher = selector
            .matchers
            .iter()
            .find(|matcher| matcher.label == label && matcher.op == MatchOp::Equal)?;
        let MatchValue::Known(value) = &matcher.value else {
            return None;
        };
        values.insert(value.clone());
    }
    Some(values)
}

fn side(asking: &Asking<'_>, presence: &Presence<'_, '_>, labels: &Labels, label: &str) -> Has {
    let source = labels.source(label);
    if source.is_absent() {
        return Has::No(BTreeSet::new());
    }
    if source.is_certain && !source.is_unknown {
        return Has::Declared;
    }
    presence.of_source(asking.query, source, label)
}

/// Labels that the declarations behind an operand have, as far as they may still be there.
fn declared_labels<'i>(asking: &Asking<'_>, presence: &Presence<'_, 'i>, labels: &Labels) -> Vec<&'i str> {
    let sources = labels.named.values().chain([&labels.others]);
    let selectors: BTreeSet<usize> = sources
        .flat_map(|source| source.selectors.iter().copied())
        .collect();
    selectors
        .into_iter()
        .filter_map(|at| match &asking.query.selectors.get(at)?.name {
            promsight_model::SelectorName::Exact(series) => presence.declarations(series),
            _ => None,
        })
        .flatten()
        .flat_map(|(_, emitter)| emitter.labels.iter().map(String::as_str))
        .collect()
}

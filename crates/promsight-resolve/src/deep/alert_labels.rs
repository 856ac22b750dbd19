//! Labels of alerts that Alertmanager's configuration and matchers on `ALERTS` ask for, and that no alert has.
//!
//! An Alertmanager serves rules of many trees. So nothing is said unless every alert of this tree surely lacks what is
//! asked for, and what external labels and targets add is never missed; what is nearly the name or value of one that
//! alerts do have is told with more confidence.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{
    AlertMatcherPlace, Confidence, Consumer, Facts, MatchOp, MatchValue, Rule, RuleKind, SelectorName, Span,
};

use super::memo::Memo;
use super::presence::{Has, Presence};
use crate::{Namer, similarity};
use promsight_scrape::re2::anchored;

/// How alike two values must be for one to be taken for a misspelling of the other.
const ALIKE_VALUE: f64 = 0.8;

/// So few alerts say nothing of what an Alertmanager is there for.
const FEWEST_ALERTS: usize = 2;

/// What `ALERTS` itself says of an alert, and its values (Prometheus 3).
const STATE: (&str, [&str; 2]) = ("alertstate", ["firing", "pending"]);

/// A label, or a value of one, that no alert has.
#[derive(Clone, Debug)]
pub struct AlertLabelMismatch {
    /// Who asks.
    pub named_by: Namer,
    /// The label.
    pub label: String,
    /// What is asked of it.
    pub asked: AskedOfAlerts,
    /// Where: the value, or the label itself.
    pub span: Span,
    /// The values that alerts have, each with a place; empty where the label itself is missing.
    pub values: Vec<(String, Option<Span>)>,
    /// The name or value that was probably meant.
    pub closest: Option<String>,
    /// How sure.
    pub confidence: Confidence,
}

/// What is asked of a label of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedOfAlerts {
    /// That alerts have it, to group them by it.
    Grouping,
    /// That alerts which have it share its value.
    Equality,
    /// That alerts have it, to match.
    Presence,
    /// A value.
    Value(MatchOp, String),
}

/// One matcher, whoever wrote it.
struct Asked<'a> {
    named_by: Namer,
    label: &'a str,
    op: MatchOp,
    value: &'a str,
    label_span: Option<Span>,
    value_span: Span,
    /// The alerts that it can speak of.
    alerts: Vec<usize>,
    /// Whether it names these itself.
    names_alerts: bool,
}

/// The alerts of the tree.
struct Alerts<'a, 'p, 'i> {
    rules: Vec<(&'a Facts, &'a Rule)>,
    presence: &'p Presence<'i, 'i>,
    /// The values that all alerts together give a label.
    of_all: Memo<String, Option<BTreeMap<&'a str, Span>>>,
}

/// What Alertmanager's configurations and queries ask of alerts and none has.
pub(super) fn of<'i>(facts: &'i [Facts], presence: &Presence<'i, 'i>) -> Vec<AlertLabelMismatch> {
    let rules: Vec<(&Facts, &Rule)> = facts
        .iter()
        .flat_map(|facts| facts.rules.iter().map(move |rule| (facts, rule)))
        .filter(|(_, rule)| rule.kind == RuleKind::Alert && !rule.name.is_empty())
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let alerts = Alerts {
        rules,
        presence,
        of_all: Memo::default(),
    };
    let mut found = Vec::new();
    if alerts.rules.len() >= FEWEST_ALERTS {
        found.extend(groupings(facts, &alerts));
        let asked = routed(facts, &alerts);
        found.extend(mismatches(&asked, &alerts));
    }
    let asked = selected(facts, &alerts);
    found.extend(mismatches(&asked, &alerts));
    found.sort_by(|left, right| (left.span, &left.label).cmp(&(right.span, &right.label)));
    found.dedup_by(|left, right| left.span == right.span);
    found
}

impl<'a> Alerts<'a, '_, '_> {
    fn all(&self) -> Vec<usize> {
        (0..self.rules.len()).collect()
    }

    /// The values that these alerts give a label, with a place of each; `None` where some may have others.
    fn values(&self, alerts: &[usize], label: &str) -> Option<BTreeMap<&'a str, Span>> {
        if alerts.len() < self.rules.len() {
            return self.sought(alerts, label);
        }
        self.of_all
            .answer(label.to_owned(), None, || self.sought(alerts, label))
    }

    fn sought(&self, alerts: &[usize], label: &str) -> Option<BTreeMap<&'a str, Span>> {
        let mut values: BTreeMap<&'a str, Span> = BTreeMap::new();
        for at in alerts {
            let (facts, rule) = self.rules.get(*at)?;
            if let Some((_, value, span)) = rule.labels.iter().find(|(known, ..)| known == label) {
                if !is_literal(value) {
                    return None;
                }
                values.entry(value).or_insert(*span);
                continue;
            }
            let query = facts.queries.get(rule.query?)?;
            let Has::No(_) = self.presence.of_result(query, label)? else {
                return None;
            };
        }
        Some(values)
    }

    /// Labels that rules add.
    fn added_labels(&self) -> BTreeSet<&str> {
        let rules = self.rules.iter();
        rules
            .flat_map(|(_, rule)| rule.labels.iter().map(|(label, ..)| label.as_str()))
            .collect()
    }
}

/// Whether a rule's label has no template in it, of Prometheus or of what writes the rules.
fn is_literal(value: &str) -> bool {
    !["{{", "{%", "${", "%(", "%%", "<<"]
        .iter()
        .any(|mark| value.contains(mark))
}

fn groupings(facts: &[Facts], alerts: &Alerts<'_, '_, '_>) -> Vec<AlertLabelMismatch> {
    let groupings = facts.iter().flat_map(|facts| &facts.alert_groupings);
    groupings
        .filter(|grouping| is_judged(alerts, &grouping.label))
        .filter_map(|grouping| {
            let values = alerts.values(&alerts.all(), &grouping.label)?;
            let closest = similarity::closest_label(&grouping.label, alerts.added_labels().into_iter());
            values.is_empty().then(|| AlertLabelMismatch {
                named_by: namer(grouping.place, grouping.receiver.as_ref()),
                label: grouping.label.clone(),
                asked: match grouping.place {
                    AlertMatcherPlace::Route => AskedOfAlerts::Grouping,
                    AlertMatcherPlace::Inhibition => AskedOfAlerts::Equality,
                },
                span: grouping.span,
                values: Vec::new(),
                confidence: told_or(closest.as_ref(), Confidence::Low),
                closest,
            })
        })
        .collect()
}

fn told_or(closest: Option<&String>, otherwise: Confidence) -> Confidence {
    if closest.is_some() {
        Confidence::Medium
    } else {
        otherwise
    }
}

/// Whether alerts alone decide who has the label: no target, and no external label, goes by that name.
fn is_judged(alerts: &Alerts<'_, '_, '_>, label: &str) -> bool {
    !label.is_empty() && !label.starts_with("alert") && !alerts.presence.targets.may_add(label)
}

fn namer(place: AlertMatcherPlace, receiver: Option<&String>) -> Namer {
    match place {
        AlertMatcherPlace::Route => Namer::Route(receiver.cloned()),
        AlertMatcherPlace::Inhibition => Namer::Inhibition,
    }
}

/// What Alertmanager's configurations match.
fn routed<'a>(facts: &'a [Facts], alerts: &Alerts<'_, '_, '_>) -> Vec<Asked<'a>> {
    let matchers = facts.iter().flat_map(|facts| &facts.alert_matchers);
    matchers
        .filter(|matcher| is_judged(alerts, &matcher.label))
        .map(|matcher| Asked {
            named_by: namer(matcher.place, matcher.receiver.as_ref()),
            label: &matcher.label,
            op: matcher.op,
            value: &matcher.value,
            label_span: None,
            value_span: matcher.span,
            alerts: alerts.all(),
            names_alerts: false,
        })
        .collect()
}

/// What queries for `ALERTS` match.
fn selected<'a>(facts: &'a [Facts], alerts: &Alerts<'_, '_, '_>) -> Vec<Asked<'a>> {
    let mut asked = Vec::new();
    let queries = facts.iter().flat_map(|facts| {
        let consumer = |at: usize| facts.consumers.get(at);
        let queries = facts.queries.iter();
        queries.filter_map(move |query| Some((query, consumer(query.consumer)?)))
    });
    for (query, consumer) in queries {
        let selectors = query.selectors.iter().filter(|selector| {
            matches!(&selector.name, SelectorName::Exact(series) if series == "ALERTS" || series == "ALERTS_FOR_STATE")
        });
        for selector in selectors {
            let mut named: Vec<usize> = alerts.all();
            let mut names_alerts = false;
            for matcher in selector
                .matchers
                .iter()
                .filter(|matcher| matcher.label == "alertname")
            {
                let (MatchOp::Equal | MatchOp::Regex, MatchValue::Known(name)) = (matcher.op, &matcher.value)
                else {
                    continue;
                };
                named.retain(|at| {
                    let alert = alerts.rules[*at].1.name.as_str();
                    admits(matcher.op, name, alert).unwrap_or(true) || !is_literal(alert)
                });
                // A pattern may also mean alerts of other trees.
                names_alerts |= matcher.op == MatchOp::Equal;
            }
            for matcher in &selector.matchers {
                if let MatchValue::Known(value) = &matcher.value {
                    asked.push(Asked {
                        named_by: Namer::Consumer(Consumer::clone(consumer)),
                        label: &matcher.label,
                        op: matcher.op,
                        value,
                        label_span: Some(matcher.label_span),
                        value_span: matcher.value_span,
                        alerts: named.clone(),
                        names_alerts,
                    });
                }
            }
        }
    }
    asked
}

/// Whether a matcher admits a value; `None` where its pattern is none.
fn admits(op: MatchOp, asked: &str, value: &str) -> Option<bool> {
    Some(match op {
        MatchOp::Equal => asked == value,
        MatchOp::NotEqual => asked != value,
        MatchOp::Regex => anchored(asked)?.is_match(value),
        MatchOp::NotRegex => !anchored(asked)?.is_match(value),
    })
}

fn mismatches(asked: &[Asked<'_>], alerts: &Alerts<'_, '_, '_>) -> Vec<AlertLabelMismatch> {
    // Labels of which some value that is asked for exists: these matchers speak of this tree's alerts, and others that
    // match nothing may speak of other trees'.
    let met: BTreeSet<&str> = asked
        .iter()
        .filter(|one| is_positive(one.op))
        .filter(|one| {
            let values = alerts.values(&one.alerts, one.label);
            values.is_none_or(|values| {
                values
                    .keys()
                    .any(|value| admits(one.op, one.value, value) != Some(false))
            })
        })
        .map(|one| one.label)
        .collect();
    asked
        .iter()
        .filter_map(|one| mismatch(one, alerts, met.contains(one.label)))
        .collect()
}

fn is_positive(op: MatchOp) -> bool {
    matches!(op, MatchOp::Equal | MatchOp::Regex)
}

fn mismatch(asked: &Asked<'_>, alerts: &Alerts<'_, '_, '_>, is_met: bool) -> Option<AlertLabelMismatch> {
    // An alert without the label has it empty, and is meant by what admits that.
    if !is_positive(asked.op) || admits(asked.op, asked.value, "") != Some(false) {
        return None;
    }
    let found = |span, kind, values, closest, confidence| AlertLabelMismatch {
        named_by: asked.named_by.clone(),
        label: asked.label.to_owned(),
        asked: kind,
        span,
        values,
        closest,
        confidence,
    };
    let value = AskedOfAlerts::Value(asked.op, asked.value.to_owned());
    if asked.label == STATE.0 && asked.label_span.is_some() {
        let is_any = STATE
            .1
            .iter()
            .any(|state| admits(asked.op, asked.value, state) != Some(false));
        let states = STATE.1.iter().map(|state| ((*state).to_owned(), None)).collect();
        let closest = closest_value(asked, STATE.1.into_iter());
        return (!is_any).then(|| found(asked.value_span, value, states, closest, Confidence::High));
    }
    if asked.alerts.is_empty() || !is_judged(alerts, asked.label) {
        return None;
    }
    let values = alerts.values(&asked.alerts, asked.label)?;
    if values
        .keys()
        .any(|known| admits(asked.op, asked.value, known) != Some(false))
    {
        return None;
    }
    if values.is_empty() {
        let closest = similarity::closest_label(asked.label, alerts.added_labels().into_iter())
            .filter(|closest| closest != asked.label);
        let confidence = match (asked.names_alerts, &closest) {
            (true, _) => Confidence::High,
            (false, Some(_)) => Confidence::Medium,
            // Alerts of another tree may have it.
            (false, None) => return None,
        };
        let span = asked.label_span.unwrap_or(asked.value_span);
        // The value's place is no place for a label's name.
        let closest = closest.filter(|_| asked.label_span.is_some());
        return Some(found(
            span,
            AskedOfAlerts::Presence,
            Vec::new(),
            closest,
            confidence,
        ));
    }
    let closest = closest_value(asked, values.keys().copied());
    let confidence = match (asked.names_alerts, &closest, is_met) {
        (true, ..) => Confidence::High,
        (false, Some(_), _) => Confidence::Medium,
        // None of the values that are asked for exists.
        (false, None, false) => Confidence::Low,
        (false, None, true) => return None,
    };
    let values = values
        .into_iter()
        .map(|(value, span)| (value.to_owned(), Some(span)))
        .collect();
    Some(found(asked.value_span, value, values, closest, confidence))
}

/// The value that was probably meant.
fn closest_value<'v>(asked: &Asked<'_>, values: impl Iterator<Item = &'v str>) -> Option<String> {
    if asked.op != MatchOp::Equal {
        return None;
    }
    let wanted = asked.value.to_lowercase();
    values
        .map(|value| (similarity::alike_words(&wanted, &value.to_lowercase()), value))
        .filter(|(score, _)| *score >= ALIKE_VALUE)
        .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.cmp(left.1)))
        .map(|(_, value)| value.to_owned())
}

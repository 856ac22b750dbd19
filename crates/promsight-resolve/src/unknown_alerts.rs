//! Names of alerts that no rule defines.
//!
//! Documents, matchers on `ALERTS` and Alertmanager's configuration name alerts. Owns which of these names are missing
//! and which stand for rules that lie elsewhere: public rule sets, code, templates.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{
    AlertMatcher, AlertMatcherPlace, Confidence, Facts, MatchOp, MatchValue, Outlook, Pattern, SelectorName,
    Span,
};

use crate::index::{Index, Upstream};
use crate::{Namer, Reference, UnknownAlert, similarity};

/// How alike a name must be to one of this tree's alerts to be taken for a misspelling of it.
pub(crate) const ALIKE_ALERT: f64 = 0.8;

/// Alerts that documents or `ALERTS` matchers name and no rule defines. Without any alerting rule in the tree the
/// rules live elsewhere, and nothing can be said.
pub(crate) fn unknown_alerts(
    index: &Index<'_>,
    facts: &[Facts],
    references: &[Reference],
) -> Vec<UnknownAlert> {
    if index.alerts().is_empty() {
        return Vec::new();
    }
    let mut unknown: BTreeMap<Span, UnknownAlert> = BTreeMap::new();
    let mut judged: BTreeSet<Span> = BTreeSet::new();
    for facts in facts {
        for mention in &facts.alert_mentions {
            judged.insert(mention.span);
            let Some(consumer) = facts.consumers.get(mention.consumer) else {
                continue;
            };
            let outlook = facts.outlooks.get(&mention.consumer);
            if mention.in_code || outlook == Some(&Outlook::Proposal) || is_family(index, &mention.name) {
                continue;
            }
            if let Some((confidence, closest)) = missing(index, &mention.name, mention.explicit) {
                unknown.entry(mention.span).or_insert_with(|| UnknownAlert {
                    name: mention.name.clone(),
                    span: mention.span,
                    named_by: Namer::Consumer(consumer.clone()),
                    confidence: if outlook.is_some() {
                        Confidence::Low
                    } else {
                        confidence
                    },
                    closest,
                });
            }
        }
    }
    for reference in references {
        let SelectorName::Exact(series) = &reference.selector.name else {
            continue;
        };
        if series != "ALERTS" && series != "ALERTS_FOR_STATE" {
            continue;
        }
        for matcher in &reference.selector.matchers {
            let MatchValue::Known(name) = &matcher.value else {
                continue;
            };
            if matcher.label != "alertname" || matcher.op != MatchOp::Equal || name.is_empty() {
                continue;
            }
            if judged.contains(&matcher.value_span) {
                continue;
            }
            if let Some((confidence, closest)) = missing(index, name, true) {
                unknown.entry(matcher.value_span).or_insert_with(|| UnknownAlert {
                    name: name.clone(),
                    span: matcher.value_span,
                    named_by: Namer::Consumer(reference.consumer.clone()),
                    confidence,
                    closest,
                });
            }
        }
    }
    for matcher in facts.iter().flat_map(|facts| &facts.alert_matchers) {
        if let Some(alert) = unknown_matched(index, matcher) {
            unknown.entry(matcher.span).or_insert(alert);
        }
    }
    unknown.into_values().collect()
}

/// The alert that a matcher of Alertmanager names, if no rule defines it and the rules of this tree should: one of
/// their alerts goes by nearly the same name, or begins with the same word. An Alertmanager serves many sources of
/// rules, and most names in its configuration are of rules that lie elsewhere.
fn unknown_matched(index: &Index<'_>, matcher: &AlertMatcher) -> Option<UnknownAlert> {
    if matcher.label != "alertname" || matcher.op != MatchOp::Equal || matcher.value.is_empty() {
        return None;
    }
    let (confidence, closest) = missing(index, &matcher.value, true)?;
    let first = first_hump(&matcher.value);
    let is_ours = first.len() >= 3
        && !GENERIC_HUMPS.contains(&first)
        && index.alerts().keys().any(|alert| first_hump(alert) == first);
    if closest.is_none() && !is_ours {
        return None;
    }
    Some(UnknownAlert {
        name: matcher.value.clone(),
        span: matcher.span,
        named_by: match matcher.place {
            AlertMatcherPlace::Route => Namer::Route(matcher.receiver.clone()),
            AlertMatcherPlace::Inhibition => Namer::Inhibition,
        },
        confidence,
        closest,
    })
}

/// First words of alerts of every kind of program.
const GENERIC_HUMPS: [&str; 18] = [
    "App",
    "Cluster",
    "Container",
    "Critical",
    "Database",
    "Disk",
    "Error",
    "High",
    "Instance",
    "Job",
    "Low",
    "Memory",
    "Pod",
    "Service",
    "Slow",
    "Target",
    "Test",
    "Too",
];

/// The word with which a name in capitals and small letters begins.
fn first_hump(name: &str) -> &str {
    let mut end = name.len();
    let mut before = None;
    for (at, character) in name.char_indices() {
        let is_next = character.is_uppercase() && before.is_some_and(|before: char| !before.is_uppercase());
        if is_next || !character.is_alphanumeric() {
            end = at;
            break;
        }
        before = Some(character);
    }
    &name[..end]
}

/// Whether some alert's name has a hole of a template in it that leaves room for this name.
fn may_be_templated(index: &Index<'_>, name: &str) -> bool {
    index
        .alerts()
        .keys()
        .filter(|alert| alert.contains(['{', '%']))
        .filter_map(|alert| templated(alert))
        .any(|pattern| pattern.matches(name))
}

/// A name with holes as a pattern.
fn templated(name: &str) -> Option<Pattern> {
    const HOLES: [(&str, &str); 5] = [("{{", "}}"), ("${", "}"), ("%(", ")s"), ("%%", "%%"), ("%s", "")];
    let mut pieces = vec![String::new()];
    let mut rest = name;
    while !rest.is_empty() {
        let hole = HOLES.iter().find_map(|(open, close)| {
            let inside = rest.strip_prefix(open)?;
            Some(inside.find(close).map_or("", |end| &inside[end + close.len()..]))
        });
        if let Some(behind) = hole {
            pieces.push(String::new());
            rest = behind;
            continue;
        }
        let length = rest.chars().next().map_or(1, char::len_utf8);
        if let Some(last) = pieces.last_mut() {
            last.push_str(&rest[..length]);
        }
        rest = &rest[length..];
    }
    (pieces.len() > 1).then(|| Pattern::new(pieces))
}

/// Whether an alert is missing that is named, explicitly or as it seems: how sure, and the closest that exists.
fn missing(index: &Index<'_>, alert: &str, explicit: bool) -> Option<(Confidence, Option<(String, Span)>)> {
    if index.alerts().contains_key(alert) || may_be_templated(index, alert) {
        return None;
    }
    let mut closest: Option<(f64, &str, Span)> = None;
    for (name, span) in index.alerts() {
        let score = similarity::alike_humps(alert, name);
        if closest.is_none_or(|(top, _, _)| score > top) {
            closest = Some((score, name, *span));
        }
    }
    let closest = closest.filter(|(score, _, _)| *score >= ALIKE_ALERT);
    let shown = closest.map(|(_, name, span)| (name.to_owned(), span));
    match (explicit, shown.is_some(), index.is_upstream_alert(alert)) {
        (_, _, Upstream::Named) | (_, false, Upstream::Territory) => None,
        (true, true, _) => Some((Confidence::High, shown)),
        (true, false, _) => Some((Confidence::Medium, None)),
        (false, true, _) => Some((Confidence::Low, shown)),
        (false, false, _) => None,
    }
}

/// Words that tell the alerts of one family apart.
const FAMILY_WORDS: [&str; 18] = [
    "Critical",
    "Warning",
    "Warn",
    "Info",
    "Error",
    "Major",
    "Minor",
    "Page",
    "Ticket",
    "High",
    "Low",
    "Fast",
    "Slow",
    "Soon",
    "Severe",
    "Fatal",
    "Emergency",
    "Notice",
];

/// Whether a name stands for rules whose names go on after it: `HostelFull` for `HostelFullWarning` and
/// `HostelFullCritical`, or for `HostelFull(>80%)`.
fn is_family(index: &Index<'_>, alert: &str) -> bool {
    let rests = index
        .alerts()
        .range(alert.to_owned()..)
        .map_while(|(name, _)| name.strip_prefix(alert));
    let mut members = 0;
    for rest in rests.take(MAX_FAMILY_MEMBERS) {
        let Some(first) = rest.chars().next() else {
            continue;
        };
        if !(first.is_alphanumeric() || first == '_') {
            return true;
        }
        let word = rest.trim_start_matches('_');
        if FAMILY_WORDS.iter().any(|family| word.starts_with(family))
            || word.starts_with(|first: char| first.is_ascii_digit())
        {
            return true;
        }
        members += usize::from(first.is_uppercase() || first == '_');
    }
    members >= 2
}

/// How many names that begin alike are looked at.
const MAX_FAMILY_MEMBERS: usize = 50;

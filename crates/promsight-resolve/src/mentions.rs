//! Words of documents: which of them are metrics, and which name alerts that do not exist.
//!
//! A word is taken for a metric only on evidence: it goes by the name of something known, or the text around it or
//! its own form says so and the territory agrees. A function, table, environment variable or log key is not one.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{
    AlertMatcher, AlertMatcherPlace, AlertMention, Confidence, ConsumerKind, Facts, Guard, MatchOp,
    MatchValue, Pattern, Selector, SelectorName, Span, Verdict, WordMention,
};

use crate::index::Index;
use crate::judge::{Judge, Sight};
use crate::{Evidence, Namer, Reference, UnknownAlert, similarity};

/// First words of alerts that come with well-known upstream rule sets; a document may speak of them though no file
/// of this tree defines them.
const UPSTREAM_ALERTS: [&str; 14] = [
    "Kube",
    "Node",
    "Prometheus",
    "Alertmanager",
    "Watchdog",
    "InfoInhibitor",
    "TargetDown",
    "CPUThrottling",
    "ConfigReloader",
    "Etcd",
    "etcd",
    "Thanos",
    "Loki",
    "Host",
];

/// How alike a name must be to one of this tree's alerts to be taken for a misspelling of it.
pub(crate) const ALIKE_ALERT: f64 = 0.8;

/// The words that are metrics, as references.
pub(crate) fn references(index: &Index<'_>, judge: &Judge<'_, '_>, facts: &[Facts]) -> Vec<Reference> {
    let other_names = names_of_other_things(index);
    let mut references = Vec::new();
    for facts in facts {
        for mention in &facts.word_mentions {
            let Some(consumer) = facts.consumers.get(mention.consumer) else {
                continue;
            };
            let selector = Selector {
                name: SelectorName::Exact(mention.word.clone()),
                span: mention.span,
                whole: mention.span,
                matchers: Vec::new(),
                guard: Guard::None,
                functions: Vec::new(),
            };
            let mut reference = Reference {
                consumer: consumer.clone(),
                selector,
                query: None,
                verdict: Verdict::Emitted,
                resolved_by: Vec::new(),
                blindness: None,
            };
            if index.knows(&mention.word) {
                let gone = known_word(&mut reference, index, judge, mention);
                if gone && mention.evidence.against {
                    continue;
                }
                references.push(reference);
                continue;
            }
            // An adapter gives series any name: what no series goes by tells nothing.
            if consumer.kind == ConsumerKind::Trigger {
                reference.verdict = Verdict::Foreign;
                references.push(reference);
                continue;
            }
            if mention.evidence.against || other_names.contains(mention.word.as_str()) {
                continue;
            }
            // `grep word` finds every name that contains the word.
            if mention.evidence.part && index.all_series().any(|series| series.contains(&mention.word)) {
                reference.selector.name = SelectorName::Regex(format!(".*{}.*", mention.word));
                let own = index
                    .own_series()
                    .any(|(series, _)| series.contains(&mention.word));
                reference.verdict = if own { Verdict::Emitted } else { Verdict::External };
                references.push(reference);
                continue;
            }
            // `worker_1` is a container or a host, and no metric ends in a number of its own.
            let numbered = mention
                .word
                .rsplit('_')
                .next()
                .is_some_and(|last| last.parse::<u32>().is_ok());
            if numbered
                || has_other_prefix(index, &mention.word)
                || has_other_separators(index, &mention.word)
            {
                continue;
            }
            let blindness = judge.blindness(&mention.word, &[], consumer);
            // The end of a longer name is a word of many uses: `last_seen`, `start_time`.
            let only_a_tail = blindness
                .as_ref()
                .is_some_and(|blindness| matches!(blindness.evidence.as_slice(), [Evidence::SharedTail(_)]));
            if only_a_tail && !mention.evidence.suffix {
                continue;
            }
            let nearly_same = blindness.as_ref().is_some_and(|blindness| {
                blindness
                    .evidence
                    .iter()
                    .any(|one| matches!(one, Evidence::NearlySame(_)))
            });
            if !(mention.evidence.near_word || mention.evidence.suffix || nearly_same) {
                continue;
            }
            // A word is weaker than a query: `order_count` may be a column. What a text calls a metric needs any
            // evidence of territory, what ends like a counter or bucket some, what ends like a unit much.
            let sample = mention.word.ends_with("_total") || mention.word.ends_with("_bucket");
            let enough = match (mention.evidence.near_word, sample) {
                (true, _) => Confidence::Low,
                (false, true) => Confidence::Medium,
                (false, false) => Confidence::High,
            };
            match blindness.filter(|blindness| blindness.confidence >= enough) {
                Some(blindness) => {
                    reference.verdict = Verdict::Blind;
                    reference.blindness = Some(blindness);
                }
                None if mention.evidence.near_word => reference.verdict = Verdict::Foreign,
                None => continue,
            }
            references.push(reference);
        }
    }
    references
}

/// Whether the word is a known name with `_` for `:`, as adapters rename series for systems that know no colon.
fn has_other_separators(index: &Index<'_>, word: &str) -> bool {
    index
        .all_series()
        .any(|series| series.contains(':') && series.replace(':', "_") == word)
}

/// Whether the word is a name of this tree with something in front: documents show so what a configured namespace
/// makes of it.
fn has_other_prefix(index: &Index<'_>, word: &str) -> bool {
    word.match_indices('_').any(|(at, _)| {
        let tail = &word[at + 1..];
        tail.contains('_') && !(index.emitting(tail).is_empty() && index.family(tail).is_empty())
    })
}

/// Judges a word that goes by a known name; whether it is only known as gone, dead or another sample.
fn known_word(
    reference: &mut Reference,
    index: &Index<'_>,
    judge: &Judge<'_, '_>,
    mention: &WordMention,
) -> bool {
    let family = index.family(&mention.word);
    if matches!(judge.sight(&mention.word), Sight::Nothing) && !family.is_empty() {
        // In prose a family goes by its own name: `orders`, or `order_latency_seconds` for the histogram.
        reference.resolved_by = judge.sites(family);
        return false;
    }
    let judgement = judge.judge_exact(&mention.word, &[], &reference.consumer);
    reference.verdict = judgement.verdict;
    reference.resolved_by = judgement.resolved_by;
    reference.blindness = judgement.blindness;
    matches!(reference.verdict, Verdict::Blind | Verdict::Foreign)
}

/// Names that documents use and that are no metrics: label names, alerts.
fn names_of_other_things<'i>(index: &'i Index<'_>) -> BTreeSet<&'i str> {
    let labels = index
        .emitters()
        .iter()
        .flat_map(|emitter| &emitter.labels)
        .map(String::as_str);
    labels.chain(index.alerts().keys().map(String::as_str)).collect()
}

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
    for facts in facts {
        for mention in &facts.alert_mentions {
            let Some(consumer) = facts.consumers.get(mention.consumer) else {
                continue;
            };
            if let Some((confidence, closest)) = missing(index, mention) {
                unknown.entry(mention.span).or_insert_with(|| UnknownAlert {
                    name: mention.name.clone(),
                    span: mention.span,
                    named_by: Namer::Consumer(consumer.clone()),
                    confidence,
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
            let mention = AlertMention {
                name: name.clone(),
                span: matcher.value_span,
                consumer: 0,
                explicit: true,
            };
            if let Some((confidence, closest)) = missing(index, &mention) {
                unknown.entry(mention.span).or_insert_with(|| UnknownAlert {
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
    let mention = AlertMention {
        name: matcher.value.clone(),
        span: matcher.span,
        consumer: 0,
        explicit: true,
    };
    let (confidence, closest) = missing(index, &mention)?;
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

/// Whether a mentioned alert is missing: how sure, and the closest that exists.
fn missing(index: &Index<'_>, mention: &AlertMention) -> Option<(Confidence, Option<(String, Span)>)> {
    if index.alerts().contains_key(&mention.name) || may_be_templated(index, &mention.name) {
        return None;
    }
    let mut closest: Option<(f64, &str, Span)> = None;
    for (name, span) in index.alerts() {
        let score = similarity::alike_humps(&mention.name, name);
        if closest.is_none_or(|(top, _, _)| score > top) {
            closest = Some((score, name, *span));
        }
    }
    let closest = closest.filter(|(score, _, _)| *score >= ALIKE_ALERT);
    let shown = closest.map(|(_, name, span)| (name.to_owned(), span));
    // The word must end where the next one begins: `HostDown` is upstream's, `HostelFull` is not.
    let upstream = UPSTREAM_ALERTS.iter().any(|first| {
        let rest = mention.name.strip_prefix(first);
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_lowercase()))
    });
    match (mention.explicit, shown.is_some(), upstream) {
        (true, true, _) => Some((Confidence::High, shown)),
        (true, false, false) => Some((Confidence::Medium, None)),
        (false, true, false) => Some((Confidence::Low, shown)),
        (_, false, true) | (false, _, _) => None,
    }
}

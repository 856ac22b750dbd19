//! Words of documents: which of them are metrics.
//!
//! A word is taken for a metric only on evidence: it goes by the name of something known, or the text around it or
//! its own form says so and the territory agrees. A function, table, environment variable or log key is not one.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{
    Confidence, ConsumerKind, Facts, Guard, MetricType, Outlook, Pattern, ResolvedBy, Selector, SelectorName,
    Verdict, WordMention,
};

use crate::index::Index;
use crate::judge::{Judge, Sight};
use crate::{Evidence, Reference};

/// The words that are metrics, as references.
pub(crate) fn references(index: &Index<'_>, judge: &Judge<'_, '_>, facts: &[Facts]) -> Vec<Reference> {
    let other_names = names_of_other_things(index);
    let mut references = Vec::new();
    for facts in facts {
        let words = Words {
            index,
            judge,
            facts,
            other_names: &other_names,
            beside: known_names(index, facts),
        };
        let mentions = facts.word_mentions.iter();
        references.extend(mentions.filter_map(|mention| words.reference(mention)));
    }
    references
}

/// The words of one document.
struct Words<'a, 'w> {
    index: &'w Index<'a>,
    judge: &'w Judge<'a, 'w>,
    facts: &'w Facts,
    other_names: &'w BTreeSet<&'w str>,
    /// Names of metrics that exist, by the consumer that looks at them.
    beside: BTreeMap<usize, Vec<&'w str>>,
}

impl Words<'_, '_> {
    /// The reference that a word is; `None` where it is no metric.
    fn reference(&self, mention: &WordMention) -> Option<Reference> {
        let consumer = self.facts.consumers.get(mention.consumer)?;
        let outlook = self.facts.outlooks.get(&mention.consumer).copied();
        let mut reference = Reference {
            consumer: consumer.clone(),
            selector: Selector {
                name: SelectorName::Exact(mention.word.clone()),
                span: mention.span,
                whole: mention.span,
                matchers: mention.matchers.clone(),
                guard: Guard::None,
                functions: Vec::new(),
            },
            query: None,
            verdict: Verdict::Emitted,
            resolved_by: Vec::new(),
            blindness: None,
        };
        if let Some(pattern) = Pattern::parse(&mention.word) {
            return self.open_name(pattern, reference);
        }
        if self.index.knows(&mention.word) {
            let gone = known_word(&mut reference, self.index, self.judge, mention, outlook);
            if gone && (mention.evidence.against || outlook == Some(Outlook::Proposal)) {
                return None;
            }
            return Some(with_outlook(reference, outlook));
        }
        if let Some((name, resolved_by)) = self.completed(mention) {
            reference.selector.name = SelectorName::Exact(name);
            reference.resolved_by = resolved_by;
            return Some(reference);
        }
        // An adapter gives series any name: what no series goes by tells nothing.
        if consumer.kind == ConsumerKind::Trigger {
            reference.verdict = Verdict::Foreign;
            return Some(reference);
        }
        if mention.evidence.against || self.is_other_thing(mention) {
            return None;
        }
        // `grep word` finds every name that contains the word.
        let contains = |series: &str| series.contains(&mention.word);
        if mention.evidence.part && self.index.all_series().any(contains) {
            reference.selector.name = SelectorName::Regex(format!(".*{}.*", mention.word));
            let own = self.index.own_series().any(|(series, _)| contains(series));
            reference.verdict = if own { Verdict::Emitted } else { Verdict::External };
            return Some(reference);
        }
        self.missing(mention, reference)
            .map(|reference| with_outlook(reference, outlook))
    }

    /// A name with open parts: what it matches is looked at. One that matches nothing may stand for anything.
    fn open_name(&self, pattern: Pattern, mut reference: Reference) -> Option<Reference> {
        let own = self.index.own_series().any(|(series, _)| pattern.matches(series));
        reference.verdict = if own {
            Verdict::Emitted
        } else if self.index.all_series().any(|series| pattern.matches(series)) {
            Verdict::External
        } else {
            return None;
        };
        reference.selector.name = SelectorName::Pattern(pattern);
        Some(reference)
    }

    /// The metric that a word names without the beginning that it shares with one beside it:
    /// "`shop_server_cpu_usage` / `memory_usage`", "`shop_requests_total`, `_errors_total`".
    fn completed(&self, mention: &WordMention) -> Option<(String, Vec<ResolvedBy>)> {
        let tail = mention.word.trim_start_matches('_');
        let candidates = self
            .beside
            .get(&mention.consumer)?
            .iter()
            .flat_map(|sibling| beginnings(sibling));
        candidates.take(MAX_BEGINNINGS).find_map(|beginning| {
            let name = format!("{beginning}_{tail}");
            let emitters = [self.index.emitting(&name), self.index.family(&name)].concat();
            (!emitters.is_empty()).then(|| (name, self.judge.sites(&emitters)))
        })
    }

    /// Whether the word is a name of another thing, by what it is made of or what else goes by it.
    fn is_other_thing(&self, mention: &WordMention) -> bool {
        let word = mention.word.as_str();
        let evidence = mention.evidence;
        // `worker_1` is a container or a host, and no metric ends in a number of its own.
        let numbered = || {
            word.rsplit('_')
                .next()
                .is_some_and(|last| last.parse::<u32>().is_ok())
        };
        word.starts_with('_')
            || self.other_names.contains(word)
            || (evidence.in_code && !(evidence.listed || evidence.named))
            || numbered()
            || has_other_prefix(self.index, word)
            || has_other_separators(self.index, word)
    }

    /// The reference to a name that nothing has, where enough speaks for it.
    fn missing(&self, mention: &WordMention, mut reference: Reference) -> Option<Reference> {
        let evidence = mention.evidence;
        if self.index.other_source(&mention.word).is_some() {
            let judgement = self.judge.judge_exact(&mention.word, &[], &reference.consumer);
            reference.verdict = judgement.verdict;
            reference.resolved_by = judgement.resolved_by;
            return (evidence.near_word || evidence.suffix).then_some(reference);
        }
        let blindness = self.judge.blindness(&mention.word, &[], &reference.consumer);
        // The end of a longer name is a word of many uses (`last_seen`, `start_time`), and in running text a metric goes
        // without its namespace.
        let only_a_tail = blindness.as_ref().is_some_and(|blindness| {
            blindness
                .evidence
                .iter()
                .all(|one| matches!(one, Evidence::SharedTail(_) | Evidence::Neighbour(_)))
        });
        let spoken_of = evidence.listed || evidence.named;
        if only_a_tail && !spoken_of && !(evidence.suffix && evidence.near_word) {
            return None;
        }
        let nearly_same = blindness.as_ref().is_some_and(|blindness| {
            blindness
                .evidence
                .iter()
                .any(|one| matches!(one, Evidence::NearlySame(_)))
        });
        if !(evidence.near_word || evidence.suffix || nearly_same) {
            return None;
        }
        // A word is weaker than a query: `order_count` may be a column. What a text calls a metric needs any
        // evidence of territory, what ends like a counter or bucket some, what ends like a unit much.
        let sample = mention.word.ends_with("_total") || mention.word.ends_with("_bucket");
        let enough = match (evidence.near_word, sample) {
            (true, _) => Confidence::Low,
            (false, true) => Confidence::Medium,
            (false, false) => Confidence::High,
        };
        match blindness.filter(|blindness| blindness.confidence >= enough) {
            Some(mut blindness) => {
                if only_a_tail && !spoken_of {
                    blindness.confidence = Confidence::Low;
                }
                reference.verdict = Verdict::Blind;
                reference.blindness = Some(blindness);
            }
            None if evidence.near_word => reference.verdict = Verdict::Foreign,
            None => return None,
        }
        Some(reference)
    }
}

/// How many beginnings of names beside a word are tried.
const MAX_BEGINNINGS: usize = 64;

/// A name, and it without its last word, its last two words and so on.
fn beginnings(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(name.rmatch_indices('_').map(|(at, _)| &name[..at]))
}

/// The names of existing metrics that each consumer of a document looks at.
fn known_names<'f>(index: &Index<'_>, facts: &'f Facts) -> BTreeMap<usize, Vec<&'f str>> {
    let mut names: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    if facts.word_mentions.is_empty() {
        return names;
    }
    let exists = |name: &str| !(index.emitting(name).is_empty() && index.family(name).is_empty());
    for mention in &facts.word_mentions {
        if exists(&mention.word) {
            names.entry(mention.consumer).or_default().push(&mention.word);
        }
    }
    for query in &facts.queries {
        for selector in &query.selectors {
            if let SelectorName::Exact(name) = &selector.name
                && exists(name)
            {
                names.entry(query.consumer).or_default().push(name);
            }
        }
    }
    names
}

/// A reference of a place that speaks of what is to come: a proposal is missed by nobody, a plan may have been carried
/// out.
pub(crate) fn with_outlook(mut reference: Reference, outlook: Option<Outlook>) -> Reference {
    match (outlook, &mut reference.blindness) {
        (Some(Outlook::Proposal), Some(_)) => {
            reference.blindness = None;
            reference.verdict = Verdict::Foreign;
        }
        (Some(Outlook::Perhaps), Some(blindness)) => blindness.confidence = Confidence::Low,
        _ => {}
    }
    reference
}

/// Whether the word is a known name with `_` for `:`, as adapters rename series for systems that know no colon.
fn has_other_separators(index: &Index<'_>, word: &str) -> bool {
    index.has_with_other_separators(word)
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
    outlook: Option<Outlook>,
) -> bool {
    let family = match index.family(&mention.word) {
        [] => index.witnesses().of_family(&mention.word),
        own => own,
    };
    if matches!(judge.sight(&mention.word), Sight::Nothing) && !family.is_empty() {
        // In prose a family goes by its own name: `orders`, or `order_latency_seconds` for the histogram. Where the
        // text lists what can be looked at, one series is all that a counter has, and its name is another.
        let single = family.iter().all(|at| {
            let metric_type = index.emitters()[*at].metric_type;
            matches!(metric_type, MetricType::Counter | MetricType::Info)
        });
        if !(single && mention.evidence.listed && !mention.evidence.against && outlook.is_none()) {
            reference.resolved_by = judge.sites(family);
            return false;
        }
        reference.blindness = judge.blindness(&mention.word, &[], &reference.consumer);
        if let Some(blindness) = &mut reference.blindness {
            blindness.confidence = blindness.confidence.min(Confidence::Medium);
            reference.verdict = Verdict::Blind;
        }
        return reference.verdict == Verdict::Blind;
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
        .own_emitters()
        .iter()
        .flat_map(|emitter| &emitter.labels)
        .map(String::as_str);
    labels.chain(index.alerts().keys().map(String::as_str)).collect()
}

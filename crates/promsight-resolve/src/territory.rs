//! Evidence that a missing name is this tree's to emit, and not some other program's.
//!
//! Nothing in a repository says outright who should emit a name that nobody emits. What speaks for this tree: the
//! name begins with the words that its own families begin with, is the tail of one, is nearly one, or stands in a
//! rule group or dashboard that reads this tree's metrics. What speaks against: a known exporter owns the prefix.

use std::collections::BTreeMap;

use promsight_model::{Confidence, Consumer, Facts, FileId, Name, SelectorName, Span};

use crate::index::Index;
use crate::judge::is_own;
use crate::{Closest, Evidence, similarity};

/// First words that say nothing about who emits: they begin names of many programs.
const GENERIC_FIRST_WORDS: [&str; 62] = [
    "active",
    "api",
    "app",
    "application",
    "async",
    "auth",
    "background",
    "batch",
    "cache",
    "celery",
    "client",
    "cluster",
    "connection",
    "connections",
    "container",
    "cpu",
    "current",
    "data",
    "database",
    "db",
    "disk",
    "error",
    "errors",
    "event",
    "events",
    "failed",
    "grpc",
    "health",
    "http",
    "https",
    "io",
    "job",
    "jobs",
    "kafka",
    "kube",
    "last",
    "latency",
    "memory",
    "message",
    "messages",
    "mongodb",
    "mysql",
    "network",
    "node",
    "num",
    "number",
    "pod",
    "postgres",
    "postgresql",
    "process",
    "python",
    "queue",
    "rabbitmq",
    "rate",
    "redis",
    "request",
    "requests",
    "server",
    "service",
    "system",
    "task",
    "total",
];

/// What this tree's own names and consumers say about its territory.
pub(crate) struct Territory {
    /// First words of own families, with how many families begin so and one of them.
    first_words: BTreeMap<String, (usize, Span)>,
    /// First two words, likewise.
    first_two: BTreeMap<String, (usize, Span)>,
    /// Rule groups, dashboards and documents that read what this tree emits, with one such place.
    neighbours: BTreeMap<(FileId, Option<String>), Span>,
}

impl Territory {
    /// Gathers the evidence.
    pub(crate) fn of(index: &Index<'_>, facts: &[Facts]) -> Self {
        let mut territory = Self {
            first_words: BTreeMap::new(),
            first_two: BTreeMap::new(),
            neighbours: BTreeMap::new(),
        };
        for emitter in index.live_emitters().filter(|emitter| is_own(&emitter.origin)) {
            let known = match &emitter.name {
                Name::Exact(name) => name.as_str(),
                Name::Pattern(pattern) => pattern.pieces().first().map_or("", String::as_str),
                Name::Unresolved => continue,
            };
            let span = emitter.name_span.unwrap_or(emitter.span);
            let whole = matches!(emitter.name, Name::Exact(_));
            territory.add_prefixes(known, span, whole);
        }
        territory.add_neighbours(index, facts);
        territory
    }

    fn add_prefixes(&mut self, name: &str, span: Span, whole: bool) {
        let words: Vec<&str> = name.split('_').collect();
        // The last word of a name cut off by a hole may go on.
        let complete = if whole {
            words.len()
        } else {
            words.len().saturating_sub(1)
        };
        if complete >= 1 && !words[0].is_empty() {
            let entry = self.first_words.entry(words[0].to_owned()).or_insert((0, span));
            entry.0 += 1;
        }
        if complete >= 2 {
            let entry = self.first_two.entry(words[..2].join("_")).or_insert((0, span));
            entry.0 += 1;
        }
    }

    fn add_neighbours(&mut self, index: &Index<'_>, facts: &[Facts]) {
        for facts in facts {
            for query in &facts.queries {
                let Some(consumer) = facts.consumers.get(query.consumer) else {
                    continue;
                };
                for selector in &query.selectors {
                    let SelectorName::Exact(series) = &selector.name else {
                        continue;
                    };
                    if index
                        .emitting(series)
                        .iter()
                        .any(|at| is_own(&index.emitters()[*at].origin))
                    {
                        self.neighbours
                            .entry((facts.file, consumer.group.clone()))
                            .or_insert(selector.span);
                    }
                }
            }
        }
    }

    /// The evidence that a missing series is this tree's to emit and how sure it makes; `None` where there is none.
    ///
    /// Each kind of evidence has a weight: 3 and more make high, 2 medium, 1 low confidence.
    pub(crate) fn evidence(
        &self,
        series: &str,
        consumer: &Consumer,
        closest: Option<&Closest>,
        index: &Index<'_>,
    ) -> Option<(Confidence, Vec<Evidence>)> {
        let mut evidence = Vec::new();
        let mut weight = 0;
        if let Some(closest) = closest {
            if similarity::alike(series, &closest.series) >= similarity::NEARLY_SAME {
                evidence.push(Evidence::NearlySame(closest.span));
                weight += 3;
            } else if similarity::same_tail(series, &closest.series) {
                evidence.push(Evidence::SharedTail(closest.span));
                weight += 2;
            }
        }
        if let Some((prefix, span, prefix_weight)) = self.shared_prefix(series) {
            evidence.push(Evidence::SharedPrefix(prefix, span));
            weight += prefix_weight;
        }
        if let Some(span) = self
            .neighbours
            .get(&(consumer.scope.file, consumer.group.clone()))
        {
            evidence.push(Evidence::Neighbour(*span));
            weight += 1;
        }
        if index.territory_owner(series).is_some() {
            weight -= 3;
        }
        let confidence = match weight {
            3.. => Confidence::High,
            2 => Confidence::Medium,
            1 => Confidence::Low,
            _ => return None,
        };
        Some((confidence, evidence))
    }

    /// The beginning that the name shares with own families: the shared words, one family's place, the weight.
    fn shared_prefix(&self, series: &str) -> Option<(String, Span, i32)> {
        let mut words = series.split('_');
        let (first, second) = (words.next()?, words.next());
        let generic = GENERIC_FIRST_WORDS.contains(&first);
        if let Some(second) = second {
            let two = format!("{first}_{second}");
            if let Some((_, span)) = self.first_two.get(&two) {
                return Some((two, *span, if generic { 2 } else { 3 }));
            }
        }
        let (families, span) = self.first_words.get(first)?;
        let weight = match (generic, *families) {
            (true, _) => 0,
            (false, 1) => 1,
            (false, _) => 2,
        };
        Some((first.to_owned(), *span, weight))
    }
}

//! Evidence that a missing name is this tree's to emit, and not some other program's.
//!
//! Nothing in a repository says outright who should emit a name that nobody emits. What speaks for this tree: the
//! name begins with the words that its own families begin with, is the tail of one, is nearly one, or stands in a
//! rule group or dashboard that reads this tree's metrics. What speaks against: a known exporter owns the prefix.

use std::collections::BTreeMap;

use promsight_model::{
    Confidence, Consumer, ConsumerKind, Facts, FileId, FileSet, Name, Origin, SelectorName, Span,
};

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
    /// Rule files that do, whatever the group.
    neighbouring_files: BTreeMap<FileId, Span>,
    /// Words of the names of this tree's Python modules and packages, with one such file.
    module_words: BTreeMap<String, FileId>,
}

impl Territory {
    /// Gathers the evidence.
    pub(crate) fn of(index: &Index<'_>, facts: &[Facts], files: &FileSet) -> Self {
        let mut territory = Self {
            first_words: BTreeMap::new(),
            first_two: BTreeMap::new(),
            neighbours: BTreeMap::new(),
            neighbouring_files: BTreeMap::new(),
            module_words: module_words(facts, files),
        };
        let own = index.live_emitters().filter(|emitter| is_own(&emitter.origin));
        for emitter in own.chain(index.inventoried()) {
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
                    let known = index.emitting(series).iter().chain(index.witnessed(series));
                    let mut origins = known.map(|at| &index.emitters()[*at].origin);
                    if origins.any(|origin| is_own(origin) || matches!(origin, Origin::Inventory(_))) {
                        self.neighbours
                            .entry((facts.file, consumer.group.clone()))
                            .or_insert(selector.span);
                        if matches!(consumer.kind, ConsumerKind::Alert | ConsumerKind::Record) {
                            self.neighbouring_files.entry(facts.file).or_insert(selector.span);
                        }
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
        // Without metrics of its own the tree has no territory; and what a known exporter's names begin with is that
        // exporter's.
        let has_none = self.first_words.is_empty() && !index.witnesses().has_snapshots();
        if has_none || index.territory_owner(series).is_some() {
            return None;
        }
        let mut evidence = Vec::new();
        let mut weight = 0;
        if let Some(closest) = closest {
            if similarity::alike(series, &closest.series) >= similarity::NEARLY_SAME {
                evidence.push(Evidence::NearlySame(closest.span));
                // A snapshot shows another program's names too.
                weight += if index.witnesses().is_in_snapshot(closest.span) {
                    2
                } else {
                    3
                };
            } else if similarity::same_tail(series, &closest.series) {
                evidence.push(Evidence::SharedTail(closest.span));
                weight += 2;
            }
        }
        if let Some((prefix, span, prefix_weight)) = self.shared_prefix(series) {
            evidence.push(Evidence::SharedPrefix(prefix, span));
            weight += prefix_weight;
        }
        // In prose a module's first word is any word; beside other evidence it says nothing new.
        if evidence.is_empty()
            && consumer.kind != ConsumerKind::Runbook
            && let Some(file) = self.module_named_after(series)
        {
            evidence.push(Evidence::ModuleName(Span::new(file, 0..0)));
        }
        // Dashboards and rule files often show several programs side by side: a neighbour adds to other evidence and
        // is none by itself.
        if !evidence.is_empty()
            && let Some(span) = self.neighbour(consumer)
        {
            evidence.push(Evidence::Neighbour(span));
            weight += 1;
        }
        let confidence = match weight {
            3.. => Confidence::High,
            2 => Confidence::Medium,
            1 => Confidence::Low,
            _ => return None,
        };
        Some((confidence, evidence))
    }

    /// A reference to what this tree emits beside the consumer: in the same group or dashboard, or elsewhere in the
    /// same rule file.
    fn neighbour(&self, consumer: &Consumer) -> Option<Span> {
        let file = consumer.scope.file;
        self.neighbours
            .get(&(file, consumer.group.clone()))
            .or_else(|| self.neighbouring_files.get(&file))
            .copied()
    }

    /// A Python module of this tree that the name's first words name: `payments_…` where there is a
    /// `payments_client.py`.
    fn module_named_after(&self, series: &str) -> Option<FileId> {
        let first = series.split('_').next()?;
        if first.len() < 3 || GENERIC_FIRST_WORDS.contains(&first) {
            return None;
        }
        self.module_words.get(first).copied()
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

/// The words of the paths of production modules, each with the first such file.
fn module_words(facts: &[Facts], files: &FileSet) -> BTreeMap<String, FileId> {
    let mut words = BTreeMap::new();
    for facts in facts {
        if facts.python.as_ref().is_none_or(|module| module.test_code) {
            continue;
        }
        let path = &files.file(facts.file).path;
        let path = path.strip_suffix(".py").unwrap_or(path);
        for word in path.split(['/', '_', '-', '.']).filter(|word| !word.is_empty()) {
            words.entry(word.to_lowercase()).or_insert(facts.file);
        }
    }
    words
}

//! What is looked at, directly or through recording rules that are looked at themselves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use promsight_model::{ConsumerKind, FileId, SelectorName};

use crate::Reference;
use crate::index::Index;
use crate::judge::is_own;
use promsight_scrape::re2::anchored;

/// A document that names so many of the tree's families, and at least this share of them, is a list of all metrics:
/// being on it does not mean that anybody looks.
const CATALOGUE_PAGE_FAMILIES: usize = 15;
const CATALOGUE_PAGE_SHARE: f64 = 0.5;

/// Which emitters and recording rules are used.
pub(crate) struct Usage {
    emitters: BTreeSet<usize>,
    records: BTreeSet<String>,
}

impl Usage {
    /// Follows every reference to what it reads.
    pub(crate) fn of(index: &Index<'_>, references: &[Reference]) -> Self {
        let catalogue_pages = catalogue_pages(index, references);
        let mut by_record: BTreeMap<&str, Vec<&Reference>> = BTreeMap::new();
        let mut queue: VecDeque<&Reference> = VecDeque::new();
        for reference in references {
            let is_record = reference.consumer.kind == ConsumerKind::Record;
            if is_record {
                by_record
                    .entry(reference.consumer.name.as_str())
                    .or_default()
                    .push(reference);
            } else if reference.query.is_some() || !catalogue_pages.contains(&reference.file()) {
                queue.push_back(reference);
            }
        }
        let mut usage = Self {
            emitters: BTreeSet::new(),
            records: BTreeSet::new(),
        };
        while let Some(reference) = queue.pop_front() {
            for record in usage.follow(index, &reference.selector.name) {
                if usage.records.insert(record.clone()) {
                    queue.extend(by_record.get(record.as_str()).into_iter().flatten().copied());
                }
            }
        }
        usage
    }

    /// Marks what a selector of that name reads; the recording rules among it are returned.
    fn follow(&mut self, index: &Index<'_>, name: &SelectorName) -> Vec<String> {
        match name {
            SelectorName::Exact(series) => {
                self.emitters.extend(index.emitting(series));
                self.emitters.extend(index.family(series));
                self.emitters.extend(index.possibly_emitting(series));
                // A wrong sample of a family is still a look at that family: the finding is at the reader.
                for suffix in ["_total", "_bucket", "_count", "_sum", "_info"] {
                    if let Some(base) = series.strip_suffix(suffix) {
                        self.emitters.extend(index.family(base));
                    }
                }
                if index.recording(series).is_empty() {
                    Vec::new()
                } else {
                    vec![series.clone()]
                }
            }
            SelectorName::Pattern(pattern) => self.follow_matching(index, &|series| pattern.matches(series)),
            SelectorName::Regex(text) => match anchored(text) {
                Some(regex) => self.follow_matching(index, &|series| regex.is_match(series)),
                None => Vec::new(),
            },
            SelectorName::Any => Vec::new(),
        }
    }

    fn follow_matching(&mut self, index: &Index<'_>, matches: &dyn Fn(&str) -> bool) -> Vec<String> {
        self.emitters.extend(
            index
                .own_series()
                .filter(|(series, _)| matches(series))
                .map(|(_, at)| at),
        );
        index
            .all_records()
            .into_iter()
            .map(|id| index.rule(id).name.clone())
            .filter(|record| matches(record))
            .collect()
    }

    /// Whether anything looks at the emitter of that number.
    pub(crate) fn emitter_used(&self, at: usize) -> bool {
        self.emitters.contains(&at)
    }

    /// Whether anything reads the recording rule of that name.
    pub(crate) fn record_used(&self, name: &str) -> bool {
        self.records.contains(name)
    }
}

fn catalogue_pages(index: &Index<'_>, references: &[Reference]) -> BTreeSet<FileId> {
    let own: BTreeSet<&str> = index
        .live_emitters()
        .filter(|emitter| is_own(&emitter.origin))
        .filter_map(|emitter| emitter.name.exact())
        .collect();
    let mut named: BTreeMap<FileId, BTreeSet<&str>> = BTreeMap::new();
    for reference in references.iter().filter(|reference| reference.query.is_none()) {
        let SelectorName::Exact(word) = &reference.selector.name else {
            continue;
        };
        let families = index.emitting(word).iter().chain(index.family(word));
        let names = families.filter_map(|at| index.emitters()[*at].name.exact());
        named.entry(reference.file()).or_default().extend(names);
    }
    named
        .into_iter()
        .filter(|(_, names)| {
            let share = names.len() as f64 / own.len().max(1) as f64;
            names.len() >= CATALOGUE_PAGE_FAMILIES && share >= CATALOGUE_PAGE_SHARE
        })
        .map(|(file, _)| file)
        .collect()
}

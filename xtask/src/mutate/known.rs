//! What can be told from the clean run alone: which references a change would break, and whether that is decidable.
//!
//! Owns the expectation. It looks at declarations and references of the clean run and follows the rules of Prometheus by
//! itself; the checks are not asked.

use std::collections::{BTreeMap, BTreeSet};

use promsight_extract::knowledge;
use promsight_model::flow::LabelUse;
use promsight_model::{
    ConsumerKind, Emitter, FileId, Guard, JudgedReference, Liveness, Name, Origin, QueryState, ResolvedBy,
    SelectorName, Span, Verdict,
};

use super::bench::Bench;

/// Endings of files in which other programs may make metrics.
const OTHER_LANGUAGES: &[&str] = &[
    ".go", ".c", ".cc", ".cpp", ".h", ".java", ".kt", ".scala", ".rs", ".rb", ".js", ".mjs", ".ts", ".cs",
    ".php", ".lua", ".ex", ".sh", ".tsx", ".jsx",
];

/// Files that only say what was: a name in them is no use of it.
const MOST_TEXT: usize = 4 << 20;

/// A selector with the query that it stands in.
pub(super) struct Place {
    /// The query among those of its file; `None` for a word of a document.
    pub(super) query: Option<usize>,
    /// Whether the query was parsed to the end.
    pub(super) is_followed: bool,
    /// Whether it could not be parsed.
    pub(super) is_unreadable: bool,
    /// The labels asked of this selector alone, beside its matchers.
    pub(super) uses: Vec<LabelUse>,
    /// The functions right around its range, with the place of their names.
    pub(super) range_function: Option<(String, Span)>,
}

/// A finding that a change must bring: one of these checks at one of these places of the clean text.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) checks: &'static [&'static str],
    pub(super) places: Vec<Span>,
    pub(super) series: String,
    /// Whether it is a word of a document, not a query.
    pub(super) is_word: bool,
}

/// The checks that say that a reference sees nothing.
pub(super) const BLIND: &[&str] = &[
    "blind-alert",
    "blind-record",
    "blind-trigger",
    "blind-panel",
    "blind-runbook",
    "blind-script",
];

/// What the clean run knows.
pub(super) struct Known<'a> {
    pub(super) bench: &'a Bench,
    /// References by the series that they name exactly.
    readers: BTreeMap<&'a str, Vec<&'a JudgedReference>>,
    places: BTreeMap<(Span, String), Place>,
    /// Live declarations by series.
    exposing: BTreeMap<&'a str, Vec<usize>>,
    outside: BTreeSet<String>,
    territories: Vec<String>,
    other_texts: Vec<&'a str>,
    python_texts: Vec<&'a str>,
}

impl<'a> Known<'a> {
    pub(super) fn of(bench: &'a Bench) -> Self {
        let mut known = Self {
            bench,
            readers: BTreeMap::new(),
            places: BTreeMap::new(),
            exposing: BTreeMap::new(),
            outside: BTreeSet::new(),
            territories: Vec::new(),
            other_texts: Vec::new(),
            python_texts: Vec::new(),
        };
        let mut files: BTreeSet<FileId> = BTreeSet::new();
        for reference in &bench.report.references {
            files.insert(reference.selector.span.file);
            if let SelectorName::Exact(series) = &reference.selector.name {
                known.readers.entry(series).or_default().push(reference);
            }
        }
        for file in files {
            known.add_places(file);
        }
        for (at, emitter) in bench.report.metrics.iter().enumerate() {
            if emitter.is_live() {
                for series in emitter.series.iter().filter_map(Name::exact) {
                    known.exposing.entry(series).or_default().push(at);
                }
            }
        }
        for exporter in knowledge::catalogue().exporters {
            known.territories.extend(exporter.territory);
            let metrics = exporter.metrics.into_iter().map(|metric| metric.name);
            known.outside.extend(metrics);
        }
        for file in bench.files().files() {
            if file.text.len() > MOST_TEXT {
                continue;
            }
            if OTHER_LANGUAGES.iter().any(|ending| file.path.ends_with(ending)) {
                known.other_texts.push(&file.text);
            } else if file.path.ends_with(".py") {
                known.python_texts.push(&file.text);
            }
        }
        known
    }

    fn add_places(&mut self, file: FileId) {
        let facts = promsight_extract::extract(self.bench.files().file(file));
        for (at, query) in facts.queries.iter().enumerate() {
            for (index, selector) in query.selectors.iter().enumerate() {
                let SelectorName::Exact(series) = &selector.name else {
                    continue;
                };
                let flow = query.flow.as_ref();
                let alone =
                    |asked: &&LabelUse| asked.source.selectors == [index] && asked.source.needs_selectors();
                let uses = flow.map(|flow| flow.uses.iter().filter(alone).cloned().collect());
                let steps = flow
                    .and_then(|flow| flow.paths.get(index))
                    .map(|path| path.steps.as_slice());
                self.places.insert(
                    (selector.span, series.clone()),
                    Place {
                        query: Some(at),
                        is_followed: flow.is_some(),
                        is_unreadable: matches!(query.state, QueryState::Unreadable { .. }),
                        uses: uses.unwrap_or_default(),
                        range_function: steps.and_then(range_function),
                    },
                );
            }
        }
    }

    /// The query around a reference; words of documents stand in none.
    pub(super) fn place(&self, reference: &JudgedReference) -> Option<&Place> {
        let SelectorName::Exact(series) = &reference.selector.name else {
            return None;
        };
        self.places.get(&(reference.selector.span, series.clone()))
    }

    pub(super) fn readers(&self, series: &str) -> &[&'a JudgedReference] {
        self.readers.get(series).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether only that declaration stands behind its series: no other, no name that is partly open, no exporter, no
    /// program in another language.
    pub(super) fn is_alone(&self, at: usize) -> bool {
        let emitter = &self.bench.report.metrics[at];
        let Some(family) = emitter.name.exact() else {
            return false;
        };
        let is_own = |series: &str| {
            self.exposing
                .get(series)
                .is_some_and(|all| all.as_slice() == [at])
                && !self.is_outside(series)
                && !self.is_partly_known(series)
        };
        matches!(emitter.origin, Origin::Instrument(_))
            && emitter.liveness == Liveness::Live
            && emitter.usage.configured_by.is_empty()
            && emitter.series.iter().all(|name| name.exact().is_some_and(is_own))
            && !self.other_texts.iter().any(|text| text.contains(family))
    }

    /// Whether an exporter's names begin so, or it has that name.
    pub(super) fn is_outside(&self, series: &str) -> bool {
        let (subject, _) = super::words::apart(series);
        self.outside.contains(series)
            || self.outside.contains(subject)
            || self
                .territories
                .iter()
                .any(|prefix| series.starts_with(prefix.as_str()))
            || self.bench.config.external.iter().any(|pattern| {
                promsight_model::Pattern::parse(pattern)
                    .map_or(pattern == series, |pattern| pattern.matches(series))
            })
    }

    fn is_partly_known(&self, series: &str) -> bool {
        let patterns = self
            .bench
            .report
            .metrics
            .iter()
            .filter(|emitter| emitter.is_live());
        patterns
            .flat_map(|emitter| &emitter.series)
            .any(|name| matches!(name, Name::Pattern(pattern) if pattern.matches(series)))
    }

    /// Whether nothing goes by that name or contains it, so that a change to it hits nothing else.
    pub(super) fn is_free(&self, name: &str) -> bool {
        let (subject, _) = super::words::apart(name);
        !self.is_outside(name)
            && !self.is_partly_known(name)
            && !self
                .bench
                .files()
                .files()
                .iter()
                .any(|file| file.text.contains(subject))
    }

    /// How often a Python string of that text stands in the project.
    pub(super) fn python_strings(&self, text: &str) -> usize {
        let quoted = [format!("\"{text}\""), format!("'{text}'")];
        let texts = self.python_texts.iter();
        texts
            .map(|source| {
                quoted
                    .iter()
                    .map(|quoted| source.matches(quoted.as_str()).count())
                    .sum::<usize>()
            })
            .sum()
    }

    /// Whether that declaration alone answers the reference, which then gives nothing without it.
    pub(super) fn rests_on(&self, reference: &JudgedReference, at: usize) -> bool {
        let emitter = &self.bench.report.metrics[at];
        let unreadable = self.place(reference).is_some_and(|place| place.is_unreadable);
        reference.verdict == Verdict::Emitted
            && !unreadable
            && matches!(reference.resolved_by.as_slice(),
                [ResolvedBy::Site { name, span }] if *span == emitter.span && *name == emitter.name)
    }

    /// What becomes blind where these series of that declaration go: their readers, and who reads what these record.
    pub(super) fn blinded(&self, at: usize, series: &BTreeSet<String>) -> Vec<Expected> {
        let mut expected = Groups::default();
        let mut records: Vec<String> = Vec::new();
        for one in series {
            for reference in self.readers(one) {
                if self.rests_on(reference, at) && reference.selector.guard == Guard::None {
                    expected.add(self, reference);
                    records.extend(recorded(reference));
                }
            }
        }
        self.follow(records, &mut expected);
        expected.into_expected()
    }

    /// What becomes blind where one reference does.
    pub(super) fn blinded_by(&self, reference: &JudgedReference) -> Vec<Expected> {
        let mut expected = Groups::default();
        self.follow(recorded(reference).into_iter().collect(), &mut expected);
        expected.into_expected()
    }

    fn follow(&self, mut records: Vec<String>, expected: &mut Groups) {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some(record) = records.pop() {
            if !seen.insert(record.clone()) {
                continue;
            }
            for reference in self.readers(&record) {
                let unreadable = self.place(reference).is_some_and(|place| place.is_unreadable);
                let is_alone = reference.verdict == Verdict::Recorded && reference.resolved_by.len() == 1;
                if is_alone && !unreadable && reference.selector.guard == Guard::None {
                    expected.add(self, reference);
                    records.extend(recorded(reference));
                }
            }
        }
    }

    /// Names that recording rules give what they compute of these series, through any number of rules: findings may
    /// speak of them.
    pub(super) fn downstream(&self, series: &BTreeSet<String>) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = BTreeSet::new();
        let mut waiting: Vec<String> = series.iter().cloned().collect();
        while let Some(one) = waiting.pop() {
            for record in self
                .readers(&one)
                .iter()
                .filter_map(|reference| recorded(reference))
            {
                if found.insert(record.clone()) {
                    waiting.push(record);
                }
            }
        }
        found
    }

    /// Whether evidence remains that a series is this tree's to emit when its only declaration goes: others begin with
    /// the same two words, or all its readers read other metrics of the tree beside it.
    pub(super) fn is_at_home(&self, at: usize) -> bool {
        let emitter = &self.bench.report.metrics[at];
        let Some(family) = emitter.name.exact() else {
            return false;
        };
        let beginning: Vec<&str> = family.split('_').take(2).collect();
        if beginning.len() < 2 || beginning[1].is_empty() {
            return false;
        }
        let beginning = format!("{}_", beginning.join("_"));
        self.bench
            .report
            .metrics
            .iter()
            .enumerate()
            .any(|(other, metric)| {
                other != at
                    && metric.is_live()
                    && matches!(metric.origin, Origin::Instrument(_))
                    && metric
                        .name
                        .exact()
                        .is_some_and(|name| name.starts_with(&beginning))
            })
    }

    pub(super) fn emitters(&self) -> &'a [Emitter] {
        &self.bench.report.metrics
    }

    pub(super) fn text(&self, span: Span) -> &'a str {
        self.bench.files().text(span)
    }
}

fn range_function(steps: &[promsight_model::flow::Step]) -> Option<(String, Span)> {
    use promsight_model::flow::StepKind;
    let [.., outer, inner] = steps else { return None };
    match (&outer.kind, &inner.kind) {
        (StepKind::Function { name, .. }, StepKind::Range(_)) => Some((name.clone(), outer.span)),
        _ => None,
    }
}

fn recorded(reference: &JudgedReference) -> Option<String> {
    (reference.consumer.kind == ConsumerKind::Record && reference.selector.guard == Guard::None)
        .then(|| reference.consumer.name.clone())
}

/// Expectations, one for each query (of words: for each document) and series.
#[derive(Default)]
struct Groups(BTreeMap<(FileId, Option<usize>, String), Expected>);

impl Groups {
    fn add(&mut self, known: &Known<'_>, reference: &JudgedReference) {
        let SelectorName::Exact(series) = &reference.selector.name else {
            return;
        };
        let query = known.place(reference).and_then(|place| place.query);
        let key = (reference.selector.span.file, query, series.clone());
        let expected = self.0.entry(key).or_insert_with(|| Expected {
            checks: BLIND,
            places: Vec::new(),
            series: series.clone(),
            is_word: query.is_none(),
        });
        expected.places.push(reference.selector.span);
    }

    fn into_expected(self) -> Vec<Expected> {
        self.0.into_values().collect()
    }
}

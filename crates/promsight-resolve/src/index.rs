//! Every source of series, found by name: emitters, recording rules, exporters, other languages' sources and the
//! configured external patterns.
//!
//! Owns the look-up of names; decides no verdict.
//!
//! This file is long because every source of series is entered and looked up here, each in a few lines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use promsight_model::{
    AlertCollection, Emitter, Exporter, ExporterMetric, Facts, Flow, Gap, GoneMetric, Liveness, MetricType,
    Name, Origin, Pattern, Query, Reach, Rule, RuleKind, SelectorName, Server, Span, Wrapping,
};

use rustc_hash::FxHashMap;

use crate::deep::is_usual_target_label;
use crate::judge::Judge;
use crate::patterns::{glob, says_something};
use crate::sight::{Hidden, Sights};
use crate::similarity::Likeness;
use crate::usage::Usage;
use crate::witnesses::Witnesses;
use crate::{Input, Record, ResolvedEmitter, records};

/// So many words at the end must agree for a name to be another's with another configured beginning.
const WORDS_OF_CONFIGURED: usize = 2;

/// Where one series of an exporter comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside<'a> {
    /// The exporter.
    pub(crate) exporter: &'a Exporter,
    /// The labels of its series, where recorded.
    pub(crate) labels: Option<&'a [String]>,
}

/// What a public rule set has to do with an alert's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// It defines it.
    Named,
    /// The name begins as only its alerts do.
    Territory,
    /// Nothing.
    No,
}

/// A recording rule's identity: which facts, which rule in them.
pub(crate) type RuleId = (usize, usize);

/// What queries ask of one series.
#[derive(Debug, Default)]
struct Asked<'a> {
    queries: usize,
    labels: BTreeSet<&'a str>,
}

/// Every source of series by name.
pub(crate) struct Index<'a> {
    facts: &'a [Facts],
    /// Those of the tree, then those of snapshots and inventories.
    emitters: Vec<Emitter>,
    /// How many of them are the tree's.
    own: usize,
    witnesses: Witnesses,
    server: Option<&'a Server>,
    /// Exact series name to the live emitters that expose it and of which something arrives.
    live_series: BTreeMap<String, Vec<usize>>,
    /// Of which emitters and series nothing arrives although their code runs, and what arrives under other names.
    sights: &'a Sights,
    /// Names with unknown parts that scrape jobs give to series of emitters.
    renamed: Vec<(Name, usize)>,
    /// Exact series name to emitters that do not count: test-only, dead and hidden ones.
    silent_series: BTreeMap<String, Vec<usize>>,
    /// Exact family names and names as written, of live emitters.
    live_families: BTreeMap<String, Vec<usize>>,
    /// Live emitters with some part of the name unknown.
    partial: Vec<usize>,
    records: BTreeMap<String, Vec<RuleId>>,
    alerts: BTreeMap<String, Span>,
    outside: BTreeMap<String, Outside<'a>>,
    outside_patterns: Vec<(&'a Pattern, &'a Exporter)>,
    gone: BTreeMap<&'a str, (&'a Exporter, &'a GoneMetric)>,
    exporters: &'a [Exporter],
    collections: &'a [AlertCollection],
    external: Vec<Name>,
    other_sources: BTreeMap<String, Span>,
    other_tails: BTreeMap<String, Span>,
    unresolved: Vec<Gap>,
    /// What queries ask of each series.
    asked: BTreeMap<&'a str, Asked<'a>>,
    /// Names with colons, with `_` in their place. A server can have very many names, and a document very many words.
    without_colons: BTreeSet<String>,
    /// What is most like the names that were asked for.
    likeness: Mutex<FxHashMap<String, Likeness>>,
}

impl<'a> Index<'a> {
    /// What `search` gives for a name, sought once for each.
    pub(crate) fn likeness_once(&self, name: &str, search: impl FnOnce() -> Likeness) -> Likeness {
        // A thread that panicked leaves the map as it was before its entry.
        let lock = || self.likeness.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(name) {
            return known.clone();
        }
        let found = search();
        lock().insert(name.to_owned(), found.clone());
        found
    }

    /// How many queries read a series or family, or documents name it.
    pub(crate) fn readers(&self, series: &str) -> usize {
        self.asked.get(series).map_or(0, |asked| asked.queries)
    }

    /// The labels that queries ask of a series, those aside that targets usually add.
    pub(crate) fn asked_labels(&self, series: &str) -> Vec<&'a str> {
        let asked = self.asked.get(series);
        asked
            .map(|asked| asked.labels.iter().copied().collect())
            .unwrap_or_default()
    }

    /// Whether some metric of the tree has a label of that name.
    pub(crate) fn is_label(&self, label: &str) -> bool {
        self.live_emitters()
            .any(|emitter| emitter.labels.iter().any(|known| known == label))
    }

    fn index_queries(&mut self) {
        for mention in self.facts.iter().flat_map(|facts| &facts.word_mentions) {
            self.asked.entry(&mention.word).or_default().queries += 1;
        }
        for query in self.facts.iter().flat_map(|facts| &facts.queries) {
            for (at, selector) in query.selectors.iter().enumerate() {
                let SelectorName::Exact(series) = &selector.name else {
                    continue;
                };
                let asked = self.asked.entry(series).or_default();
                asked.queries += 1;
                let matchers = selector.matchers.iter().filter(|matcher| matcher.refuses_empty);
                let flow = query.flow.iter();
                let uses = flow
                    .flat_map(|flow| flow.uses_of(at))
                    .filter(|used| used.source.selectors == [at] && used.source.needs_selectors());
                asked.labels.extend(
                    matchers
                        .map(|matcher| matcher.label.as_str())
                        .chain(uses.map(|used| used.label.as_str()))
                        .filter(|label| {
                            !matches!(*label, "le" | "quantile") && !is_usual_target_label(label)
                        }),
                );
            }
        }
    }

    /// Indexes everything that the input holds.
    pub(crate) fn build(input: &Input<'a>, sights: &'a Sights) -> Self {
        let mut index = Self {
            facts: input.facts,
            emitters: input
                .inventory
                .emitters
                .iter()
                .chain(&input.outside.emitters)
                .cloned()
                .collect(),
            own: input.inventory.emitters.len(),
            witnesses: Witnesses::default(),
            server: input.outside.server.as_ref(),
            sights,
            renamed: Vec::new(),
            live_series: BTreeMap::new(),
            silent_series: BTreeMap::new(),
            live_families: BTreeMap::new(),
            partial: Vec::new(),
            records: BTreeMap::new(),
            alerts: BTreeMap::new(),
            outside: BTreeMap::new(),
            outside_patterns: Vec::new(),
            gone: BTreeMap::new(),
            exporters: &input.catalogue.exporters,
            collections: &input.catalogue.alerts,
            external: input.external.iter().map(|text| glob(text)).collect(),
            other_sources: BTreeMap::new(),
            other_tails: BTreeMap::new(),
            unresolved: input
                .inventory
                .gaps
                .iter()
                .chain(&input.outside.gaps)
                .filter(|gap| gap.reach != Reach::Nothing)
                .cloned()
                .collect(),
            asked: BTreeMap::new(),
            likeness: Mutex::default(),
            without_colons: BTreeSet::new(),
        };
        index.index_emitters();
        index.index_renamed();
        index.witnesses = Witnesses::of(&index.emitters, index.own);
        index.partial.extend(index.witnesses.partial());
        index.index_facts();
        index.index_queries();
        index.index_catalogue();
        let without_colons = index
            .all_series()
            .filter(|series| series.contains(':'))
            .map(|series| series.replace(':', "_"))
            .collect();
        index.without_colons = without_colons;
        index
    }

    fn index_emitters(&mut self) {
        for (at, emitter) in self.emitters.iter().enumerate().take(self.own) {
            let series = emitter.series.iter().filter_map(Name::exact);
            let counts = emitter.is_live() && !self.sights.hidden.contains_key(&at);
            let lost = &self.sights.arrivals.lost;
            for series in series {
                let arrives = counts && !lost.contains_key(&(at, series.to_owned()));
                let by_series = if arrives {
                    &mut self.live_series
                } else {
                    &mut self.silent_series
                };
                by_series.entry(series.to_owned()).or_default().push(at);
            }
            if !emitter.is_live() {
                continue;
            }
            // A name without its namespace is confused with the full one where it is written. That of a library's own
            // metric is written nowhere in the tree.
            let written = emitter.name_span.map(|_| &emitter.written_name);
            for family in std::iter::once(&emitter.name)
                .chain(written)
                .filter_map(Name::exact)
            {
                let entry = self.live_families.entry(family.to_owned()).or_default();
                if entry.last() != Some(&at) {
                    entry.push(at);
                }
            }
            if emitter.series.iter().any(|series| series.exact().is_none()) {
                self.partial.push(at);
            }
        }
    }

    /// Names that scrape jobs give to series.
    fn index_renamed(&mut self) {
        for (name, emitters) in &self.sights.arrivals.renamed {
            let is_seen = |at: &&usize| !self.sights.hidden.contains_key(at);
            for at in emitters.iter().filter(is_seen) {
                match glob(name) {
                    Name::Exact(name) => {
                        let known = self.live_series.entry(name).or_default();
                        if !known.contains(at) {
                            known.push(*at);
                        }
                    }
                    open => self.renamed.push((open, *at)),
                }
            }
        }
    }

    fn index_facts(&mut self) {
        for (facts_at, facts) in self.facts.iter().enumerate() {
            for (rule_at, rule) in facts.rules.iter().enumerate() {
                if records(rule) {
                    self.records
                        .entry(rule.name.clone())
                        .or_default()
                        .push((facts_at, rule_at));
                } else if rule.kind == RuleKind::Alert && !rule.name.is_empty() {
                    self.alerts.entry(rule.name.clone()).or_insert(rule.name_span);
                }
            }
            for other in &facts.other_source_names {
                let names = if other.may_have_prefix {
                    &mut self.other_tails
                } else {
                    &mut self.other_sources
                };
                names.entry(other.name.clone()).or_insert(other.span);
            }
        }
    }

    fn index_catalogue(&mut self) {
        for exporter in self.exporters {
            for metric in &exporter.metrics {
                for series in exported_series(metric) {
                    let labels = metric.labels.as_deref();
                    let outside = Outside { exporter, labels };
                    self.outside.entry(series).or_insert(outside);
                }
            }
            self.outside_patterns
                .extend(exporter.patterns.iter().map(|pattern| (pattern, exporter)));
            for gone in &exporter.gone {
                self.gone.entry(gone.name.as_str()).or_insert((exporter, gone));
            }
        }
    }

    /// Why nothing of an emitter, or of one of its series, arrives, where that is so.
    pub(crate) fn hidden(&self, at: usize, series: &str) -> Option<&'a Hidden> {
        let lost = || self.sights.arrivals.lost.get(&(at, series.to_owned()));
        self.sights.hidden.get(&at).or_else(lost)
    }

    /// Every emitter in code, live or not, and behind them those of snapshots and inventories.
    pub(crate) fn emitters(&self) -> &[Emitter] {
        &self.emitters
    }

    /// Every emitter in code, live or not.
    pub(crate) fn own_emitters(&self) -> &[Emitter] {
        &self.emitters[..self.own]
    }

    /// The emitters in code that count.
    pub(crate) fn live_emitters(&self) -> impl Iterator<Item = &Emitter> {
        self.own_emitters().iter().filter(|emitter| emitter.is_live())
    }

    /// What snapshots and inventories have.
    pub(crate) fn witnesses(&self) -> &Witnesses {
        &self.witnesses
    }

    /// What the inventories of other repositories say is emitted there.
    pub(crate) fn inventoried(&self) -> impl Iterator<Item = &Emitter> {
        let others = self.emitters[self.own..].iter();
        others.filter(|emitter| matches!(emitter.origin, Origin::Inventory(_)))
    }

    /// Snapshots and inventories that have exactly that series.
    pub(crate) fn witnessed(&self, series: &str) -> &[usize] {
        self.witnesses.of_series(series)
    }

    /// The live server, where one was asked.
    pub(crate) fn server(&self) -> Option<&'a Server> {
        self.server
    }

    /// Whether code of this tree, in any language that is read, emits anything of its own.
    pub(crate) fn has_emitters(&self) -> bool {
        self.live_emitters()
            .any(|emitter| matches!(emitter.origin, Origin::Instrument(_)))
    }

    /// Whether anything but the catalogue is a source of series.
    pub(crate) fn has_sources(&self) -> bool {
        self.live_emitters().next().is_some()
            || !self.external.is_empty()
            || self.own < self.emitters.len()
            || self.server.is_some()
            || !self.other_sources.is_empty()
            || !self.other_tails.is_empty()
    }

    /// Live emitters that expose exactly that series.
    pub(crate) fn emitting(&self, series: &str) -> &[usize] {
        self.live_series.get(series).map_or(&[], Vec::as_slice)
    }

    /// Emitters that would expose that series and do not count.
    pub(crate) fn silent(&self, series: &str) -> &[usize] {
        self.silent_series.get(series).map_or(&[], Vec::as_slice)
    }

    /// Live emitters whose family, or name as written, is that.
    pub(crate) fn family(&self, name: &str) -> &[usize] {
        self.live_families.get(name).map_or(&[], Vec::as_slice)
    }

    /// Live emitters of whose series one may be that name, because a part of theirs is unknown. Those of which
    /// hardly anything is known are left out: they are gaps.
    pub(crate) fn possibly_emitting(&self, series: &str) -> Vec<usize> {
        let renamed = self.renamed.iter().filter(|(name, _)| may_be(name, series));
        let renamed = renamed.map(|(_, at)| *at);
        self.partial
            .iter()
            .copied()
            .filter(|at| {
                let mut names = self.emitters[*at].series.iter();
                names.any(|name| may_be(name, series))
            })
            .chain(renamed)
            .collect()
    }

    /// Whether configuration can make that series of a metric of the tree: the same program set up otherwise bears
    /// another first word, and keeps the end of its names.
    pub(crate) fn is_configured_otherwise(&self, series: &str) -> bool {
        self.live_emitters()
            .filter(|emitter| !emitter.usage.configured_by.is_empty())
            .flat_map(|emitter| emitter.series.iter().filter_map(Name::exact))
            .any(|known| {
                let words = |name: &'_ str| name.matches('_').count() + 1;
                let same = series
                    .rsplit('_')
                    .zip(known.rsplit('_'))
                    .take_while(|(left, right)| left == right);
                let same = same.count();
                same >= WORDS_OF_CONFIGURED
                    && same < words(series)
                    && same < words(known)
                    && series.split('_').next() != known.split('_').next()
            })
    }

    /// Unresolved names and other gaps that could hide that series.
    pub(crate) fn gaps_reaching(&self, series: &str) -> Vec<Gap> {
        self.unresolved
            .iter()
            .filter(|gap| match &gap.reach {
                Reach::Nothing => false,
                Reach::Pattern(pattern) => pattern.matches(series),
                Reach::Anything => true,
            })
            .cloned()
            .collect()
    }

    /// The rules that record that series.
    pub(crate) fn recording(&self, series: &str) -> &[RuleId] {
        self.records.get(series).map_or(&[], Vec::as_slice)
    }

    /// A rule by its identity.
    pub(crate) fn rule(&self, (facts, rule): RuleId) -> &Rule {
        &self.facts[facts].rules[rule]
    }

    /// The query of a rule with what it does, where it was parsed to the end.
    pub(crate) fn query_of(&self, id: RuleId) -> Option<(&Query, &Flow)> {
        let query = self.facts[id.0].queries.get(self.rule(id).query?)?;
        Some((query, query.flow.as_ref()?))
    }

    /// Every recording rule in order of place.
    pub(crate) fn all_records(&self) -> Vec<RuleId> {
        let mut ids: Vec<RuleId> = self.records.values().flatten().copied().collect();
        ids.sort_by_key(|id| self.rule(*id).name_span);
        ids
    }

    /// Alerts that rules define, with the place of the first.
    pub(crate) fn alerts(&self) -> &BTreeMap<String, Span> {
        &self.alerts
    }

    /// Whether a public rule set defines an alert of that name, or may.
    pub(crate) fn is_upstream_alert(&self, alert: &str) -> Upstream {
        if self
            .collections
            .iter()
            .any(|collection| collection.alerts.contains(alert))
        {
            return Upstream::Named;
        }
        // The word must end where the next one begins: `HostDown` is upstream's, `HostelFull` is not.
        let begins = |first: &String| {
            let rest = alert.strip_prefix(first.as_str());
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_lowercase()))
        };
        let claimed = self
            .collections
            .iter()
            .any(|collection| collection.territory.iter().any(begins));
        if claimed {
            Upstream::Territory
        } else {
            Upstream::No
        }
    }

    /// Whether a program outside Python code of this tree exposes that series; who, in words for users.
    pub(crate) fn outside(&self, series: &str) -> Option<String> {
        if self.external.iter().any(|name| name.admits(series)) {
            return Some("configured as external".to_owned());
        }
        self.exporter_of(series).map(|exporter| exporter.name.clone())
    }

    /// What the catalogue knows of exactly that series.
    pub(crate) fn in_catalogue(&self, series: &str) -> Option<Outside<'a>> {
        self.outside.get(series).copied()
    }

    /// The exporter of the catalogue that exposes that series, or may.
    pub(crate) fn exporter_of(&self, series: &str) -> Option<&'a Exporter> {
        if let Some(outside) = self.outside.get(series) {
            return Some(outside.exporter);
        }
        self.outside_patterns
            .iter()
            .find(|(pattern, _)| pattern.matches(series))
            .map(|(_, exporter)| *exporter)
    }

    /// The place where another language's source constructs that series.
    pub(crate) fn other_source(&self, series: &str) -> Option<Span> {
        let candidates = std::iter::once(series).chain(
            ["_bucket", "_count", "_sum", "_total", "_created", "_info"]
                .into_iter()
                .filter_map(|suffix| series.strip_suffix(suffix)),
        );
        for name in candidates {
            if let Some(span) = self
                .other_sources
                .get(name)
                .or_else(|| self.other_tails.get(name))
            {
                return Some(*span);
            }
            // A constructor may leave its namespace and subsystem to others: `x_y_z` can be `y_z` or `z`, but a
            // single word would claim far too much.
            let mut tail = name;
            while let Some((_, rest)) = tail.split_once('_') {
                if !rest.contains('_') {
                    break;
                }
                if let Some(span) = self.other_tails.get(rest) {
                    return Some(*span);
                }
                tail = rest;
            }
        }
        None
    }

    /// An exporter that once exposed that series and no longer does.
    pub(crate) fn gone(&self, series: &str) -> Option<(&'a Exporter, &'a GoneMetric)> {
        let bases = ["", "_bucket", "_count", "_sum"];
        bases.into_iter().find_map(|suffix| {
            series
                .strip_suffix(suffix)
                .and_then(|base| self.gone.get(base))
                .copied()
        })
    }

    /// An exporter whose territory the name lies in.
    pub(crate) fn territory_owner(&self, series: &str) -> Option<&'a Exporter> {
        self.exporters.iter().find(|exporter| {
            exporter
                .territory
                .iter()
                .any(|prefix| series.starts_with(prefix.as_str()))
        })
    }

    /// Whether that word is a name that anything in or outside the tree goes by.
    pub(crate) fn knows(&self, word: &str) -> bool {
        !self.emitting(word).is_empty()
            || !self.silent(word).is_empty()
            || !self.family(word).is_empty()
            || !self.recording(word).is_empty()
            || !self.witnessed(word).is_empty()
            || !self.witnesses.of_family(word).is_empty()
            || self.server.is_some_and(|server| server.has(word))
            || self.outside(word).is_some()
            || self.gone(word).is_some()
    }

    /// Every exact series that live emitters expose (those of frameworks aside), with its emitter.
    pub(crate) fn own_series(&self) -> impl Iterator<Item = (&str, usize)> {
        self.live_series
            .iter()
            .flat_map(|(series, emitters)| emitters.iter().map(move |at| (series.as_str(), *at)))
    }

    /// Whether a name of which a series is known to exist is that word, but for colons in it.
    pub(crate) fn has_with_other_separators(&self, word: &str) -> bool {
        self.without_colons.contains(word)
    }

    /// Every name of which a series is known to exist: emitted here, recorded here, or outside.
    pub(crate) fn all_series(&self) -> impl Iterator<Item = &str> {
        self.live_series
            .keys()
            .map(String::as_str)
            .chain(self.records.keys().map(String::as_str))
            .chain(self.witnesses.names())
            .chain(self.outside.keys().map(String::as_str))
            .chain(
                self.server
                    .into_iter()
                    .flat_map(|server| server.names.iter().map(String::as_str)),
            )
    }

    /// The recording rules as the resolution shows them.
    pub(crate) fn records_with(&self, judge: &Judge<'_, '_>, usage: &Usage) -> Vec<Record> {
        self.all_records()
            .into_iter()
            .filter_map(|id| {
                let rule = self.rule(id);
                let consumer = self.facts[id.0].consumers.get(rule.consumer)?.clone();
                Some(Record {
                    name: rule.name.clone(),
                    name_span: rule.name_span,
                    consumer,
                    used: usage.record_used(&rule.name),
                    blind: judge.record_blindness(id),
                })
            })
            .collect()
    }

    /// The emitters as the resolution shows them, recording rules among them.
    pub(crate) fn emitters_with(&self, usage: &Usage) -> Vec<ResolvedEmitter> {
        let code = self
            .own_emitters()
            .iter()
            .enumerate()
            .map(|(at, emitter)| ResolvedEmitter {
                emitter: emitter.clone(),
                used: usage.emitter_used(at),
            });
        let recorded = self.all_records().into_iter().map(|id| {
            let rule = self.rule(id);
            ResolvedEmitter {
                emitter: recorded(rule),
                used: usage.record_used(&rule.name),
            }
        });
        let mut all: Vec<ResolvedEmitter> = code.chain(recorded).collect();
        all.sort_by(|left, right| {
            (left.emitter.span, &left.emitter.name).cmp(&(right.emitter.span, &right.emitter.name))
        });
        all
    }
}

/// Whether a name of which enough is known may be that series.
fn may_be(name: &Name, series: &str) -> bool {
    match name {
        Name::Pattern(pattern) => says_something(pattern) && pattern.matches(series),
        Name::Exact(_) | Name::Unresolved => false,
    }
}

fn recorded(rule: &Rule) -> Emitter {
    Emitter {
        name: Name::Exact(rule.name.clone()),
        written_name: Name::Exact(rule.name.clone()),
        metric_type: MetricType::Untyped,
        series: vec![Name::Exact(rule.name.clone())],
        labels: rule.labels.iter().map(|(label, _, _)| label.clone()).collect(),
        labels_known: false,
        unit: None,
        help: None,
        buckets: None,
        states: None,
        origin: Origin::RecordingRule,
        liveness: Liveness::Live,
        updated: Some(true),
        wrapping: Wrapping::Direct,
        span: rule.name_span,
        name_span: Some(rule.name_span),
        unresolved_reason: None,
        usage: promsight_model::Usage::default(),
    }
}

/// The series that a family of the catalogue stands for.
fn exported_series(metric: &ExporterMetric) -> BTreeSet<String> {
    let with = |suffixes: &[&str]| {
        suffixes
            .iter()
            .map(|suffix| format!("{}{suffix}", metric.name))
            .collect()
    };
    match metric.metric_type {
        MetricType::Histogram => with(&["_bucket", "_sum", "_count"]),
        MetricType::Summary => with(&["", "_sum", "_count"]),
        // Catalogues name counters as their exporters print them; some print the family without `_total`.
        MetricType::Counter
        | MetricType::Gauge
        | MetricType::Info
        | MetricType::StateSet
        | MetricType::Untyped => with(&[""]),
    }
}

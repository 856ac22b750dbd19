//! Whether the series behind a selector can have a label.

use std::collections::BTreeSet;

use promsight_model::flow::LabelSource;
use promsight_model::{Emitter, MetricType, Name, Origin, Query, SelectorName, Span};

use super::memo::Memo;
use super::target_labels::TargetLabels;
use crate::float;
use crate::index::{Index, RuleId};

/// Recording rules that are followed one through another.
const MOST_RULES: usize = 16;

/// An answer with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Has {
    /// It cannot be told.
    Unknown,
    /// Every series has it by its declaration.
    Declared,
    /// Some series may have it.
    Possible,
    /// None has it: the declarations (indices of emitters) that were looked at.
    No(BTreeSet<usize>),
}

/// Looks labels up.
pub(super) struct Presence<'a, 'i> {
    index: &'i Index<'a>,
    pub(super) targets: &'i TargetLabels,
    labels: Memo<(String, String), Has>,
    bounds: Memo<String, Option<Bounds>>,
}

/// The bounds of a series, and where they are declared.
type Bounds = (Vec<String>, Option<Span>);

impl<'a, 'i> Presence<'a, 'i> {
    pub(super) fn new(index: &'i Index<'a>, targets: &'i TargetLabels) -> Self {
        Self {
            index,
            targets,
            labels: Memo::default(),
            bounds: Memo::default(),
        }
    }

    /// The declarations of a series of which everything is known: made in this tree's Python code or by a library
    /// that it uses, and by nothing else that goes by that name.
    pub(super) fn declarations(&self, series: &str) -> Option<Vec<(usize, &'i Emitter)>> {
        let emitting = self.index.emitting(series);
        let witnessed = self.index.witnessed(series);
        let is_alone = self.index.recording(series).is_empty()
            && self.index.other_source(series).is_none()
            && self.index.possibly_emitting(series).is_empty()
            && if emitting.is_empty() {
                !witnessed.is_empty() && witnessed.iter().all(|at| self.is_all_that_is_known(series, *at))
            } else {
                // A stand-in for a well-known program need not have all of its labels.
                self.index.outside(series).is_none() && self.index.territory_owner(series).is_none()
            };
        is_alone.then(|| {
            emitting
                .iter()
                .chain(witnessed)
                .map(|at| (*at, &self.index.emitters()[*at]))
                .collect()
        })
    }

    /// Whether nothing speaks against what a snapshot or inventory says of a series being all that there is of it: the
    /// catalogue knows no other labels, and another repository does not stand in for a well-known program.
    fn is_all_that_is_known(&self, series: &str, at: usize) -> bool {
        let witness = &self.index.emitters()[at];
        if witness.origin != Origin::Snapshot {
            return self.index.outside(series).is_none() && self.index.territory_owner(series).is_none();
        }
        let Some(known) = self.index.in_catalogue(series) else {
            return true;
        };
        known.labels.is_none_or(|labels| {
            let of_catalogue: BTreeSet<&String> = labels.iter().collect();
            of_catalogue == witness.labels.iter().collect()
        })
    }

    /// What a live server knows of a series of which nothing else is known.
    fn stored(&self, series: &str, label: &str) -> Has {
        let is_known = !self.index.emitting(series).is_empty()
            || !self.index.recording(series).is_empty()
            || !self.index.possibly_emitting(series).is_empty();
        match self.index.server().and_then(|server| server.labels_of(series)) {
            Some(labels) if labels.contains(label) => Has::Possible,
            Some(_) if !is_known && !self.targets.may_add(label) => Has::No(BTreeSet::new()),
            _ => Has::Unknown,
        }
    }

    /// The live server and the labels that its series of that name have, where nothing else is known of these.
    pub(super) fn labels_stored(&self, series: &str) -> Option<(String, Vec<String>)> {
        let is_declared = !self.index.emitting(series).is_empty() || !self.index.witnessed(series).is_empty();
        let server = self.index.server().filter(|_| !is_declared)?;
        let labels = server.labels_of(series)?;
        Some((server.address.clone(), labels.iter().cloned().collect()))
    }

    /// The live server and the type that its metadata gives a series of which nothing else is known.
    pub(super) fn type_stored(&self, series: &str) -> Option<(&'i str, MetricType)> {
        let is_known = !self.index.emitting(series).is_empty()
            || !self.index.witnessed(series).is_empty()
            || !self.index.recording(series).is_empty()
            || !self.index.possibly_emitting(series).is_empty();
        let server = self
            .index
            .server()
            .filter(|server| !is_known && server.has(series))?;
        Some((server.address.as_str(), server.type_of(series)?))
    }

    /// Whether a live server has seen the label on a series of that name.
    fn is_stored_with(&self, series: &str, label: &str) -> bool {
        let labels = self.index.server().and_then(|server| server.labels.get(series));
        labels.is_some_and(|labels| labels.contains(label))
    }

    /// Whether the series of a selector can have a label.
    pub(super) fn of_selector(&self, query: &Query, selector: usize, label: &str) -> Has {
        match query.selectors.get(selector).map(|selector| &selector.name) {
            Some(SelectorName::Exact(series)) => self.of_series(series, label, MOST_RULES),
            _ => Has::Unknown,
        }
    }

    /// Whether what a label's source names can give it.
    pub(super) fn of_source(&self, query: &Query, source: &LabelSource, label: &str) -> Has {
        self.of_source_within(query, source, label, MOST_RULES)
    }

    /// Whether the result of a query can have a label; `None` where the query was not parsed to the end.
    pub(super) fn of_result(&self, query: &Query, label: &str) -> Option<Has> {
        let source = query.flow.as_ref()?.result.source(label);
        Some(if source.is_absent() {
            Has::No(BTreeSet::new())
        } else {
            self.of_source(query, source, label)
        })
    }

    /// The bounds that the buckets of a series can have, as the client writes them, and where they are declared; also of
    /// what recording rules make of buckets without touching `le`.
    pub(super) fn bounds_of(&self, series: &str) -> Option<Bounds> {
        self.bounds_within(series, MOST_RULES)
    }

    fn bounds_within(&self, series: &str, depth: usize) -> Option<Bounds> {
        let inner = depth.checked_sub(1)?;
        self.bounds
            .answer(series.to_owned(), None, || self.sought_bounds(series, inner))
    }

    fn sought_bounds(&self, series: &str, inner: usize) -> Option<Bounds> {
        if self.is_only_recorded(series) {
            let mut all: Vec<String> = Vec::new();
            let mut declared = None;
            for id in self.index.recording(series) {
                let (query, flow) = self.index.query_of(*id)?;
                let source = flow.result.source("le");
                let is_changed = self
                    .index
                    .rule(*id)
                    .labels
                    .iter()
                    .any(|(label, ..)| label == "le");
                if is_changed || !source.needs_selectors() {
                    return None;
                }
                for at in &source.selectors {
                    let SelectorName::Exact(read) = &query.selectors.get(*at)?.name else {
                        return None;
                    };
                    let (bounds, place) = self.bounds_within(read, inner)?;
                    all.extend(bounds);
                    declared = declared.or(place);
                }
            }
            all.sort_by(|left, right| bound_value(left).total_cmp(&bound_value(right)));
            all.dedup();
            return (!all.is_empty()).then_some((all, declared));
        }
        if !series.ends_with("_bucket") {
            return None;
        }
        let declarations = self.declarations(series)?;
        let mut all: Vec<String> = Vec::new();
        for (_, emitter) in &declarations {
            let written = emitter.buckets.as_ref()?;
            all.extend(written.iter().cloned());
            if emitter.origin == Origin::Snapshot {
                // Prometheus 3 writes bounds anew when it scrapes, Prometheus 2 keeps them.
                all.extend(written.iter().filter_map(|bound| float::as_prometheus(bound)));
            }
        }
        all.sort_by(|left, right| bound_value(left).total_cmp(&bound_value(right)));
        all.dedup();
        let declared = declarations.first().map(|(_, emitter)| emitter.span);
        Some((all, declared))
    }

    /// Whether recording rules alone give a series.
    pub(super) fn is_only_recorded(&self, series: &str) -> bool {
        !self.index.recording(series).is_empty()
            && self.index.emitting(series).is_empty()
            && self.index.outside(series).is_none()
    }

    fn of_source_within(&self, query: &Query, source: &LabelSource, label: &str, depth: usize) -> Has {
        if source.is_unknown {
            return Has::Unknown;
        }
        if source.is_written {
            return Has::Possible;
        }
        let answers =
            source
                .selectors
                .iter()
                .map(|at| match query.selectors.get(*at).map(|known| &known.name) {
                    Some(SelectorName::Exact(series)) => self.of_series(series, label, depth),
                    _ => Has::Unknown,
                });
        joined(answers)
    }

    fn of_series(&self, series: &str, label: &str, depth: usize) -> Has {
        if depth == 0 {
            return Has::Unknown;
        }
        let key = (series.to_owned(), label.to_owned());
        self.labels
            .answer(key, Has::Unknown, || self.sought(series, label, depth))
    }

    fn sought(&self, series: &str, label: &str, depth: usize) -> Has {
        let recording = self.index.recording(series);
        if self.is_only_recorded(series) {
            return joined(recording.iter().map(|id| self.of_rule(*id, label, depth - 1)));
        }
        let Some(declarations) = self.declarations(series) else {
            return self.stored(series, label);
        };
        let mut looked_at = BTreeSet::new();
        let mut every = true;
        let mut some = false;
        for (at, emitter) in declarations {
            // An info's labels are whatever dictionary it is given.
            if !emitter.labels_known || emitter.metric_type == MetricType::Info {
                return Has::Unknown;
            }
            let has =
                emitter.labels.iter().any(|known| known == label) || is_own_label(emitter, series, label);
            some |= has;
            every &= has;
            looked_at.insert(at);
        }
        match (every, some) {
            (true, _) => Has::Declared,
            (false, true) => Has::Possible,
            (false, false) if self.targets.may_add(label) => Has::Unknown,
            (false, false) if self.is_stored_with(series, label) => Has::Possible,
            (false, false) => Has::No(looked_at),
        }
    }

    fn of_rule(&self, id: RuleId, label: &str, depth: usize) -> Has {
        let rule = self.index.rule(id);
        if rule.labels.iter().any(|(known, ..)| known == label) {
            return Has::Declared;
        }
        let Some((query, flow)) = self.index.query_of(id) else {
            return Has::Unknown;
        };
        let source = flow.result.source(label);
        if source.is_absent() {
            return Has::No(BTreeSet::new());
        }
        self.of_source_within(query, source, label, depth)
    }
}

fn bound_value(bound: &str) -> f64 {
    bound.parse().unwrap_or(f64::INFINITY)
}

/// Labels that the client adds to samples by itself.
fn is_own_label(emitter: &Emitter, series: &str, label: &str) -> bool {
    match emitter.metric_type {
        MetricType::Histogram => label == "le" && series.ends_with("_bucket"),
        MetricType::StateSet => emitter.name == Name::Exact(label.to_owned()),
        // Other clients and hand-written families have them; the Python client computes none.
        MetricType::Summary => {
            label == "quantile" && emitter.origin != Origin::Instrument("prometheus_client".to_owned())
        }
        // Which process it is, where several serve one (`multiprocess_mode` of `all` or `liveall`).
        MetricType::Gauge => label == "pid",
        MetricType::Counter | MetricType::Info | MetricType::Untyped => false,
    }
}

/// One answer of several alternatives.
fn joined(answers: impl Iterator<Item = Has>) -> Has {
    let mut looked_at = BTreeSet::new();
    let (mut any, mut all_declared, mut some) = (false, true, false);
    for answer in answers {
        any = true;
        match answer {
            Has::Unknown => return Has::Unknown,
            Has::Declared => some = true,
            Has::Possible => {
                some = true;
                all_declared = false;
            }
            Has::No(emitters) => {
                all_declared = false;
                looked_at.extend(emitters);
            }
        }
    }
    match (any, some) {
        (false, _) => Has::Unknown,
        (true, true) if all_declared => Has::Declared,
        (true, true) => Has::Possible,
        (true, false) => Has::No(looked_at),
    }
}

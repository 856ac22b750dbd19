//! What snapshots and inventories have, found by name.
//!
//! Owns the look-up alone. The emitters themselves stand behind the tree's own in the index, and are named by their
//! numbers there.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Emitter, FileId, Name, Origin, Span};

/// Emitters of snapshots and inventories by name.
#[derive(Debug, Default)]
pub(crate) struct Witnesses {
    /// By exact series name.
    series: BTreeMap<String, Vec<usize>>,
    /// By exact name of the family, and by that name as written.
    families: BTreeMap<String, Vec<usize>>,
    /// Those with some part of a name unknown.
    partial: Vec<usize>,
    snapshots: BTreeSet<FileId>,
}

impl Witnesses {
    /// Of the emitters from `first` on.
    pub(crate) fn of(emitters: &[Emitter], first: usize) -> Self {
        let mut witnesses = Self::default();
        for (at, emitter) in emitters.iter().enumerate().skip(first) {
            if emitter.origin == Origin::Snapshot {
                witnesses.snapshots.insert(emitter.span.file);
            }
            for series in emitter.series.iter().filter_map(Name::exact) {
                witnesses.series.entry(series.to_owned()).or_default().push(at);
            }
            let names = [&emitter.name, &emitter.written_name];
            for family in names.into_iter().filter_map(Name::exact) {
                let entry = witnesses.families.entry(family.to_owned()).or_default();
                if entry.last() != Some(&at) {
                    entry.push(at);
                }
            }
            if emitter.series.iter().any(|series| series.exact().is_none()) {
                witnesses.partial.push(at);
            }
        }
        witnesses
    }

    /// Those that have exactly that series.
    pub(crate) fn of_series(&self, series: &str) -> &[usize] {
        self.series.get(series).map_or(&[], Vec::as_slice)
    }

    /// Those that have a family of that name.
    pub(crate) fn of_family(&self, name: &str) -> &[usize] {
        self.families.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every exact series, with its emitters one by one.
    pub(crate) fn all_series(&self) -> impl Iterator<Item = (&str, usize)> {
        self.series
            .iter()
            .flat_map(|(series, emitters)| emitters.iter().map(move |at| (series.as_str(), *at)))
    }

    /// Every exact series name.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.series.keys().map(String::as_str)
    }

    /// Those with some part of a name unknown.
    pub(crate) fn partial(&self) -> impl Iterator<Item = usize> {
        self.partial.iter().copied()
    }

    /// Whether any snapshot was given.
    pub(crate) fn has_snapshots(&self) -> bool {
        !self.snapshots.is_empty()
    }

    /// Whether that place lies in a snapshot.
    pub(crate) fn is_in_snapshot(&self, span: Span) -> bool {
        self.snapshots.contains(&span.file)
    }
}

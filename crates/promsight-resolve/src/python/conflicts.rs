//! One name declared twice with different types or labels, where both declarations run in one program.
//!
//! Owns which modules run together: those that some module of the tree imports, directly or through others, when it is
//! imported itself. Services of one repository may declare the same name; each is a program of its own.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::python::{Stmt, StmtKind};
use promsight_model::{Emitter, FileId, Name, Origin, Registry, Span};
use rustc_hash::FxHashMap;

use super::Conflict;
use super::machine::Machine;
use super::value::ModuleId;

/// Most declarations of one series that are compared.
const MOST_OF_ONE_NAME: usize = 32;

/// Which modules run together, worked out where it is asked for.
struct Programs {
    /// For each module those that import it.
    importers: Vec<Vec<usize>>,
    known: BTreeMap<usize, BTreeSet<usize>>,
}

impl Programs {
    /// A module and all that import it, directly or through others.
    fn around(&mut self, module: usize) -> BTreeSet<usize> {
        if let Some(known) = self.known.get(&module) {
            return known.clone();
        }
        let mut all = BTreeSet::from([module]);
        let mut queue = vec![module];
        while let Some(next) = queue.pop() {
            for importer in self.importers.get(next).into_iter().flatten() {
                if all.insert(*importer) {
                    queue.push(*importer);
                }
            }
        }
        self.known.insert(module, all.clone());
        all
    }

    fn run_together(&mut self, left: usize, right: usize) -> bool {
        let left = self.around(left);
        let right = self.around(right);
        left.intersection(&right).next().is_some()
    }
}

impl Machine<'_> {
    /// Pairs of declarations that contradict each other in one program.
    pub(super) fn conflicts(&self, emitters: &[Emitter]) -> Vec<Conflict> {
        let mut by_series: BTreeMap<&str, Vec<&Emitter>> = BTreeMap::new();
        for emitter in emitters.iter().filter(|emitter| may_conflict(emitter)) {
            for series in emitter.series.iter().filter_map(Name::exact) {
                by_series.entry(series).or_default().push(emitter);
            }
        }
        let mut pairs: Vec<(&Emitter, &Emitter)> = Vec::new();
        for group in by_series.values().filter(|group| group.len() > 1) {
            for (at, left) in group.iter().take(MOST_OF_ONE_NAME).enumerate() {
                for right in group.iter().take(MOST_OF_ONE_NAME).skip(at + 1) {
                    if left.span != right.span && contradicts(left, right) {
                        pairs.push((left, right));
                    }
                }
            }
        }
        if pairs.is_empty() {
            return Vec::new();
        }
        let modules: FxHashMap<FileId, usize> = self
            .sources
            .iter()
            .enumerate()
            .map(|(at, source)| (source.file, at))
            .collect();
        let mut programs = Programs {
            importers: self.importers(),
            known: BTreeMap::new(),
        };
        let mut found = Vec::new();
        for (left, right) in pairs {
            let (Some(left_at), Some(right_at)) =
                (modules.get(&left.span.file), modules.get(&right.span.file))
            else {
                continue;
            };
            let both_run = self.always_runs(*left_at, left.span)
                && self.always_runs(*right_at, right.span)
                && programs.run_together(*left_at, *right_at);
            let (Some(name), true) = (right.name.exact(), both_run) else {
                continue;
            };
            found.push(Conflict {
                name: name.to_owned(),
                first: left.span,
                second: right.span,
            });
        }
        found.sort();
        found.dedup();
        found
    }

    /// For each module the production modules whose import imports it.
    fn importers(&self) -> Vec<Vec<usize>> {
        let mut importers = vec![Vec::new(); self.sources.len()];
        for (at, source) in self.sources.iter().enumerate() {
            if source.module.test_code {
                continue;
            }
            let importer = ModuleId(u32::try_from(at).unwrap_or(u32::MAX));
            let mut imported = Vec::new();
            self.collect_imported(importer, &source.module.body, &mut imported, 0);
            imported.sort_unstable();
            imported.dedup();
            for module in imported {
                if let Some(known) = importers.get_mut(module) {
                    known.push(at);
                }
            }
        }
        importers
    }

    /// Whether a call runs whenever its module is imported.
    fn always_runs(&self, module: usize, call: Span) -> bool {
        always_runs(&self.sources[module].module.body, call)
    }
}

fn always_runs(body: &[Stmt], call: Span) -> bool {
    let around = body.iter().find(|statement| statement.span.contains(call));
    match around.map(|statement| &statement.kind) {
        Some(StmtKind::Assign { .. } | StmtKind::Expr(_)) => true,
        Some(StmtKind::Class(class)) => always_runs(&class.body, call),
        _ => false,
    }
}

fn may_conflict(emitter: &Emitter) -> bool {
    matches!(&emitter.origin, Origin::Instrument(library) if library == "prometheus_client")
        && emitter.is_live()
        && emitter.name.exact().is_some()
        && matches!(emitter.usage.registry, Registry::Default | Registry::Named(_))
}

fn contradicts(left: &Emitter, right: &Emitter) -> bool {
    if left.usage.registry != right.usage.registry {
        return false;
    }
    let labels = |emitter: &Emitter| emitter.labels.iter().cloned().collect::<BTreeSet<String>>();
    let other_labels = left.labels_known && right.labels_known && labels(left) != labels(right);
    left.metric_type != right.metric_type || other_labels
}

//! What libraries expose by themselves once production code imports them.

use std::collections::BTreeSet;

use promsight_model::{Description, Emitter, Liveness, Name, Origin, Span, Wrapping};

use super::machine::Machine;
use super::mentions::Mentions;
use super::value::Arguments;
use crate::exposure::{self, Declaration};

/// Steps that a described function run at an import may take.
const STEPS_OF_MAKING: u64 = 20_000;

/// Whether a dotted path is that module or name, or something in it.
fn is_at_or_below(dotted: &str, path: &str) -> bool {
    dotted
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Machine<'_> {
    /// Notes the import of a dotted path, where a library exposes something because of it.
    pub(super) fn note_built_in(&mut self, dotted: &str, span: Span) {
        if self.in_test || self.dead.is_some() || Description::holds(span.file) {
            return;
        }
        self.note_exposed(dotted, span);
        for at in 0..self.table.implied.len() {
            let (paths, imports) = &self.table.implied[at];
            if paths.iter().any(|path| is_at_or_below(dotted, path)) {
                for import in imports.clone() {
                    self.note_exposed(&import, span);
                }
            }
        }
    }

    fn note_exposed(&mut self, dotted: &str, span: Span) {
        for (at, (_, built_in)) in self.table.built_in.iter().enumerate() {
            if built_in.when.iter().any(|path| is_at_or_below(dotted, path)) {
                let first = self.built_in_imports.entry(at).or_insert(span);
                *first = (*first).min(span);
            }
        }
    }

    /// Notes what texts of production code name, and runs what descriptions do at an import.
    pub(super) fn make_built_in(&mut self) {
        self.note_named();
        let made: Vec<(Span, String)> = self
            .built_in_imports
            .iter()
            .filter_map(|(at, span)| Some((*span, self.table.built_in.get(*at)?.1.make.clone()?)))
            .collect();
        for (span, path) in made {
            self.run_description_of(&path);
            self.allot(STEPS_OF_MAKING);
            self.push_idle_frame(span);
            let maker = self.outside(&path);
            self.call_value(&maker, &Arguments::default(), Some(span));
            self.frames.pop();
            self.give_back();
        }
    }

    /// Frameworks import what their settings name.
    fn note_named(&mut self) {
        // The source of a library itself names its parts too.
        let is_outside = |path: &&String| {
            let first = path.split('.').next().unwrap_or(path);
            !self.index.is_top_folder(first)
        };
        let tables = self.table.built_in.iter();
        let named: Vec<&String> = tables
            .flat_map(|(_, built_in)| built_in.named.iter().filter(is_outside))
            .collect();
        if named.is_empty() {
            return;
        }
        let mut noted: Vec<(String, Span)> = Vec::new();
        let sources = self.sources[..self.tree].iter();
        for source in sources.filter(|source| !source.module.test_code) {
            let mut mentions = Mentions::default();
            mentions.block(&source.module.body);
            for (text, span) in mentions.texts() {
                if named.iter().any(|path| is_at_or_below(text, path)) {
                    noted.push((text.to_owned(), span));
                }
            }
        }
        for (path, span) in noted {
            self.note_built_in(&path, span);
        }
    }

    /// The metrics that were made to exist so.
    pub(super) fn built_in_emitters(&self) -> Vec<Emitter> {
        let described: BTreeSet<&str> = self
            .records
            .iter()
            .filter(|record| !record.in_test)
            .filter_map(|record| record.described.as_ref())
            .map(|(package, _)| &**package)
            .chain(self.understood.iter().map(|package| &**package))
            .collect();
        let mut emitters = Vec::new();
        for (at, span) in &self.built_in_imports {
            let Some((package, built_in)) = self.table.built_in.get(*at) else {
                continue;
            };
            if built_in.assumed && described.contains(package.as_str()) {
                continue;
            }
            for metric in &built_in.metrics {
                let empty = Name::Exact(String::new());
                let declaration = Declaration {
                    metric_type: metric.metric_type,
                    name: metric.name.clone(),
                    namespace: empty.clone(),
                    subsystem: empty.clone(),
                    unit: empty,
                };
                let of_instrument = (!built_in.collected).then(|| exposure::exposed(&declaration));
                let exposed = of_instrument
                    .flatten()
                    .unwrap_or_else(|| exposure::family_series(metric.metric_type, &metric.name));
                emitters.push(Emitter {
                    name: exposed.family,
                    written_name: metric.name.clone(),
                    metric_type: metric.metric_type,
                    series: exposed.series,
                    labels: metric.labels.clone().unwrap_or_default(),
                    labels_known: metric.labels.is_some(),
                    unit: None,
                    help: None,
                    buckets: metric.buckets.clone(),
                    states: None,
                    origin: Origin::Framework(package.clone()),
                    liveness: Liveness::Live,
                    updated: Some(true),
                    wrapping: Wrapping::Direct,
                    span: *span,
                    name_span: None,
                    unresolved_reason: None,
                    usage: promsight_model::Usage::default(),
                });
            }
        }
        emitters
    }
}

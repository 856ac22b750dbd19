//! What libraries expose by themselves once production code imports them.

use promsight_model::{Emitter, Liveness, Origin, Span, Wrapping};

use super::machine::Machine;
use crate::exposure;

impl Machine<'_> {
    /// Notes the import of a dotted path, where a library exposes something because of it.
    pub(super) fn note_built_in(&mut self, dotted: &str, span: Span) {
        if self.in_test || self.dead.is_some() {
            return;
        }
        for (at, (_, built_in)) in self.table.built_in.iter().enumerate() {
            let is_meant = built_in.when.iter().any(|path| {
                dotted == path
                    || dotted
                        .strip_prefix(path.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            });
            if is_meant {
                let first = self.built_in_imports.entry(at).or_insert(span);
                *first = (*first).min(span);
            }
        }
    }

    /// The metrics that were made to exist so.
    pub(super) fn built_in_emitters(&self) -> Vec<Emitter> {
        let mut emitters = Vec::new();
        for (at, span) in &self.built_in_imports {
            let Some((package, built_in)) = self.table.built_in.get(*at) else {
                continue;
            };
            for metric in &built_in.metrics {
                let exposed = exposure::family_series(metric.metric_type, &metric.name);
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

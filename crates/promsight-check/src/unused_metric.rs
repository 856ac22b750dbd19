//! `unused-metric`: a metric is emitted and nothing looks at it.

use std::collections::BTreeMap;

use promsight_model::{Emitter, Finding, Name, Origin, Related, Severity};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "unused-metric",
    severity: Severity::Info,
    summary: "a metric is emitted and nothing looks at it, directly or through a recording rule that is used",
    documentation: include_str!("../checks/unused-metric.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    // Where nothing looks at anything the consumers live elsewhere: every metric would be reported, and none rightly.
    if context.resolution.references.is_empty() {
        return Vec::new();
    }
    // One name declared in several services is one metric; its other places are shown beside the first.
    let mut families: BTreeMap<&str, Vec<&Emitter>> = BTreeMap::new();
    for resolved in &context.resolution.emitters {
        let emitter = &resolved.emitter;
        let own = matches!(emitter.origin, Origin::Instrument(_)) && emitter.is_live();
        // What never arrives is reported where it is lost.
        let own = own && context.resolution.sights.hidden(emitter).is_none();
        if let (true, false, Name::Exact(name)) = (own, resolved.used, &emitter.name) {
            families.entry(name).or_default().push(emitter);
        }
    }
    families
        .into_iter()
        .filter_map(|(name, emitters)| {
            let (first, others) = emitters.split_first()?;
            let message = format!("`{name}` is emitted, and nothing looks at it");
            let primary = first.name_span.unwrap_or(first.span);
            let mut finding = words::finding(CHECK.name, primary, name.to_owned(), message);
            finding.label = format!(
                "no rule, dashboard, document or script reads this {}",
                first.metric_type
            );
            finding.related = others
                .iter()
                .map(|other| Related {
                    span: other.name_span.unwrap_or(other.span),
                    message: "declared here as well".to_owned(),
                })
                .collect();
            Some(finding)
        })
        .collect()
}

//! `never-updated`: a metric is declared, and no call ever gives it a value or a child.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Emitter, Finding, Name, Origin, Related, ResolvedBy, Severity, Span};
use promsight_resolve::{Reference, Resolution};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "never-updated",
    severity: Severity::Warning,
    summary: "a metric is declared, and no call ever gives it a value or a child",
    documentation: include_str!("../checks/never-updated.md"),
    find,
};

/// Readers that are shown beside a finding.
const MOST_READERS: usize = 3;

fn find(context: &Context<'_>) -> Vec<Finding> {
    let moving = moving_names(context.resolution);
    // Where nothing is updated at all, the tree only declares: whoever updates lives elsewhere.
    if moving.is_empty() {
        return Vec::new();
    }
    let readers = readers(context.resolution);
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    let own = context
        .resolution
        .emitters
        .iter()
        .map(|resolved| &resolved.emitter);
    own.filter(|emitter| stands_still(emitter))
        .filter_map(|emitter| Some((emitter, emitter.name.exact()?)))
        .filter(|(emitter, name)| !moving.contains(name) && seen.insert(emitter.span))
        .map(|(emitter, name)| finding(emitter, name, readers.get(&emitter.span)))
        .collect()
}

fn stands_still(emitter: &Emitter) -> bool {
    matches!(emitter.origin, Origin::Instrument(_)) && emitter.is_live() && emitter.updated == Some(false)
}

/// Names that another declaration gives values to, or may.
fn moving_names(resolution: &Resolution) -> BTreeSet<&str> {
    let others = resolution.emitters.iter().map(|resolved| &resolved.emitter);
    others
        .filter(|emitter| matches!(emitter.origin, Origin::Instrument(_)))
        .filter(|emitter| emitter.is_live() && emitter.updated != Some(false))
        .filter_map(|emitter| emitter.name.exact())
        .collect()
}

fn readers(resolution: &Resolution) -> BTreeMap<Span, Vec<&Reference>> {
    let mut readers: BTreeMap<Span, Vec<&Reference>> = BTreeMap::new();
    for reference in resolution
        .references
        .iter()
        .filter(|reference| reference.query.is_some())
    {
        for resolved in &reference.resolved_by {
            if let ResolvedBy::Site {
                name: Name::Exact(_),
                span,
            } = resolved
            {
                readers.entry(*span).or_default().push(reference);
            }
        }
    }
    readers
}

fn finding(emitter: &Emitter, name: &str, readers: Option<&Vec<&Reference>>) -> Finding {
    let message = format!("`{name}` is declared, and nothing ever gives it a value");
    let primary = emitter.name_span.unwrap_or(emitter.span);
    let mut finding = words::finding(CHECK.name, primary, name.to_owned(), message);
    finding.label = if emitter.labels.is_empty() {
        format!("no call updates this {}", emitter.metric_type)
    } else {
        format!(
            "no call updates this {} or makes a child of it",
            emitter.metric_type
        )
    };
    finding.notes.push(if emitter.labels.is_empty() {
        "a metric without labels is exposed with its first value for ever".to_owned()
    } else {
        "a metric with labels exposes no sample before `labels(…)` is called".to_owned()
    });
    let readers = readers.into_iter().flatten();
    finding.related = readers
        .take(MOST_READERS)
        .map(|reader| Related {
            span: reader.selector.span,
            message: format!("{} reads it", words::who(&reader.consumer)),
        })
        .collect();
    finding
}

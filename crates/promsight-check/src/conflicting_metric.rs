//! `conflicting-metric`: one name is declared with different types or label sets in one program.

use std::collections::BTreeSet;

use promsight_model::{Confidence, Emitter, Finding, Related, Severity, Span};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "conflicting-metric",
    severity: Severity::Warning,
    summary: "one name is declared with different types or label sets",
    documentation: include_str!("../checks/conflicting-metric.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let emitters = || {
        context
            .resolution
            .emitters
            .iter()
            .map(|resolved| &resolved.emitter)
    };
    let at = |span: Span, name: Option<&str>| {
        emitters().find(|emitter| {
            emitter.span == span && name.is_none_or(|name| emitter.name.exact() == Some(name))
        })
    };
    // Each declaration is reported once, beside the first that it contradicts.
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    let mut findings = Vec::new();
    for conflict in &context.resolution.conflicts {
        let second = at(conflict.second, Some(&conflict.name));
        let first = at(conflict.first, None);
        if let (Some(first), Some(second)) = (first, second)
            && seen.insert(conflict.second)
        {
            findings.push(finding(&conflict.name, first, second));
        }
    }
    findings
}

fn finding(name: &str, first: &Emitter, second: &Emitter) -> Finding {
    let message = format!(
        "`{name}` is declared twice: as {} and as {}",
        shape(first),
        shape(second)
    );
    let primary = second.name_span.unwrap_or(second.span);
    let mut finding = words::finding(CHECK.name, primary, name.to_owned(), message);
    finding.confidence = Confidence::Medium;
    finding.label = format!("here as {}", shape(second));
    finding.related.push(Related {
        span: first.name_span.unwrap_or(first.span),
        message: format!("here as {}", shape(first)),
    });
    finding.notes.push(
        "where both modules are imported, the client raises `ValueError: Duplicated timeseries`; a wrapper that gives the \
         first back makes every update of the second raise"
            .to_owned(),
    );
    finding
}

fn shape(emitter: &Emitter) -> String {
    let family = match emitter.metric_type.word() {
        word @ ("info" | "untyped") => format!("an {word}"),
        word => format!("a {word}"),
    };
    match emitter.labels.as_slice() {
        [] => format!("{family} without labels"),
        labels => format!("{family} with {}", labels.join(", ")),
    }
}

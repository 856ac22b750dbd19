//! `unknown-alert`: a document or an `ALERTS` matcher names an alert that no rule defines.

use promsight_model::{Finding, Related, Severity, Suggestion, SuggestionKind};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "unknown-alert",
    severity: Severity::Warning,
    summary: "a document or an `ALERTS` matcher names an alert that no rule defines",
    documentation: include_str!("../checks/unknown-alert.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let unknown = context.resolution.unknown_alerts.iter();
    unknown
        .map(|unknown| {
            let who = words::who(&unknown.consumer);
            let message = format!("no rule defines the alert `{}`, which {who} names", unknown.name);
            let mut finding = words::finding(CHECK.name, unknown.span, unknown.name.clone(), message);
            finding.confidence = unknown.confidence;
            finding.consumer = Some(words::consumer(&unknown.consumer));
            finding.label = "no such alert".to_owned();
            if let Some((name, span)) = &unknown.closest {
                finding.related.push(Related {
                    span: *span,
                    message: format!("closest alert: `{name}`"),
                });
                finding.suggestion = Some(Suggestion {
                    kind: SuggestionKind::Rename,
                    replacement: name.clone(),
                });
            }
            finding
        })
        .collect()
}

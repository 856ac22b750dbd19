//! `unknown-alert`: a document, an Alertmanager route or inhibition, a rule's unit test or an `ALERTS` matcher names an
//! alert that no rule defines.

use promsight_model::{Finding, Related, Severity, Suggestion, SuggestionKind};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "unknown-alert",
    severity: Severity::Warning,
    summary: "a document, Alertmanager route, unit test or `ALERTS` matcher names an alert that no rule defines",
    documentation: include_str!("../checks/unknown-alert.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let unknown = context.resolution.unknown_alerts.iter();
    unknown
        .map(|unknown| {
            let who = words::namer(&unknown.named_by);
            let message = format!("no rule defines the alert `{}`, which {who} names", unknown.name);
            let mut finding = words::finding(CHECK.name, unknown.span, unknown.name.clone(), message);
            finding.confidence = unknown.confidence;
            finding.consumer = words::naming_consumer(&unknown.named_by);
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

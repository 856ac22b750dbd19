//! `missing-runbook`: a rule's annotation leads to a file or heading of the repository that does not exist.

use promsight_model::{Confidence, Finding, RuleKind, Severity, Suggestion, SuggestionKind};
use promsight_resolve::{MissingRunbook, RunbookDefect};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "missing-runbook",
    severity: Severity::Warning,
    summary: "a rule's runbook annotation leads to a file or heading of the repository that does not exist",
    documentation: include_str!("../checks/missing-runbook.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    context.resolution.missing_runbooks.iter().map(finding).collect()
}

fn finding(missing: &MissingRunbook) -> Finding {
    let what = match missing.kind {
        RuleKind::Alert => "alert",
        RuleKind::Record => "recording rule",
    };
    let whose = format!("the `{}` of {what} `{}`", missing.annotation, missing.rule);
    let message = match &missing.defect {
        RunbookDefect::NoFile { .. } => format!("{whose} leads to a file that does not exist"),
        RunbookDefect::NoHeading { path, .. } => {
            format!("{whose} leads to a heading that `{path}` does not have")
        }
    };
    let mut finding = words::finding(CHECK.name, missing.span, missing.rule.clone(), message);
    match &missing.defect {
        RunbookDefect::NoFile { closest, sure } => {
            finding.confidence = if *sure {
                Confidence::High
            } else {
                Confidence::Medium
            };
            finding.label = "no such file".to_owned();
            if let Some(closest) = closest {
                finding.notes.push(format!("there is `{closest}`"));
            }
        }
        RunbookDefect::NoHeading { closest, .. } => {
            finding.label = "no such heading".to_owned();
            finding.suggestion = closest.clone().map(|replacement| Suggestion {
                kind: SuggestionKind::Rename,
                replacement,
            });
        }
    }
    finding
}

//! `label-mismatch`: a matcher, grouping or join uses a label that no series there has.

use promsight_model::{Finding, Reason, Related, Severity, Suggestion, SuggestionKind};
use promsight_resolve::deep::{LabelMismatch, LabelProblem};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "label-mismatch",
    severity: Severity::Error,
    summary: "a matcher, grouping or join uses a label that no series there has",
    documentation: include_str!("../checks/label-mismatch.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    context.resolution.mismatches.labels.iter().map(finding).collect()
}

fn finding(mismatch: &LabelMismatch) -> Finding {
    let who = words::who(&mismatch.consumer);
    let (label, series) = (&mismatch.label, &mismatch.series);
    let lack = if mismatch.dropped.is_some() {
        format!("`{label}` was aggregated away before")
    } else {
        format!("`{series}` has no label `{label}`")
    };
    let message = match mismatch.problem {
        LabelProblem::Matcher => format!("{who} selects nothing: {lack}"),
        LabelProblem::Grouping => format!("{who} groups by a label that is not there: {lack}"),
        LabelProblem::On => format!("{who} matches on a label that is not there: {lack}"),
        LabelProblem::Include => format!("{who} copies a label that is not there: {lack}"),
        LabelProblem::Source => format!("{who} reads a label that is not there: {lack}"),
        LabelProblem::Join => {
            format!("{who} never gives a result: only one operand has the label `{label}`, so nothing agrees")
        }
    };
    let mut finding = words::finding(CHECK.name, mismatch.span, series.clone(), message);
    finding.confidence = mismatch.confidence;
    finding.reason = (mismatch.problem == LabelProblem::Matcher).then_some(Reason::WrongLabel);
    finding.consumer = Some(words::consumer(&mismatch.consumer));
    finding.label = match mismatch.problem {
        LabelProblem::Join => "the operands have different labels".to_owned(),
        _ => "no series has this label here".to_owned(),
    };
    for (span, labels) in &mismatch.declared {
        let message = if labels.is_empty() {
            "declared without labels".to_owned()
        } else {
            format!("its labels are {}", labels.join(", "))
        };
        finding.related.push(Related { span: *span, message });
    }
    if let Some(span) = mismatch.dropped {
        finding.related.push(Related {
            span,
            message: "only the labels named here are kept".to_owned(),
        });
    }
    if let Some((server, labels)) = &mismatch.stored {
        finding.notes.push(format!(
            "on {server} its series have the labels {}",
            labels.join(", ")
        ));
    }
    if mismatch.problem == LabelProblem::Join {
        finding.notes.push(format!(
            "say which labels have to agree: `ignoring ({label})`, with `group_left` or `group_right` where one side has more series"
        ));
    }
    if let Some(closest) = &mismatch.closest {
        finding.suggestion = Some(Suggestion {
            kind: SuggestionKind::Rename,
            replacement: closest.clone(),
        });
    }
    finding
}

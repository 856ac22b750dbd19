//! `label-value-mismatch`: a matcher admits none of the values that the code gives the label.

use promsight_model::{Finding, Reason, Related, Severity, Suggestion, SuggestionKind};
use promsight_resolve::deep::ValueMismatch;

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "label-value-mismatch",
    severity: Severity::Warning,
    summary: "a matcher admits none of the values that the code gives the label",
    documentation: include_str!("../checks/label-value-mismatch.md"),
    find,
};

/// Places of values that are shown.
const MOST_PLACES: usize = 4;

fn find(context: &Context<'_>) -> Vec<Finding> {
    context.resolution.mismatches.values.iter().map(finding).collect()
}

fn finding(mismatch: &ValueMismatch) -> Finding {
    let who = words::who(&mismatch.consumer);
    let ValueMismatch {
        series, label, asked, ..
    } = mismatch;
    let values: Vec<&str> = mismatch.values.iter().map(|(value, _)| value.as_str()).collect();
    let operator = mismatch.op.symbol();
    let message =
        format!("{who} selects nothing: no value of `{label}` meets `{label}{operator}\"{asked}\"`");
    let mut finding = words::finding(CHECK.name, mismatch.span, series.clone(), message);
    finding.reason = Some(Reason::WrongValue);
    finding.consumer = Some(words::consumer(&mismatch.consumer));
    finding.label = "the code gives no such value".to_owned();
    finding
        .notes
        .push(format!("every value that the code gives: {}", values.join(", ")));
    let places = mismatch.values.iter().take(MOST_PLACES);
    finding.related.extend(places.map(|(value, span)| Related {
        span: *span,
        message: format!("gives `{value}`"),
    }));
    if let Some(closest) = &mismatch.closest {
        finding.suggestion = Some(Suggestion {
            kind: SuggestionKind::Value,
            replacement: closest.clone(),
        });
    }
    finding
}

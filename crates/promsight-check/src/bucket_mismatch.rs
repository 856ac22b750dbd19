//! `bucket-mismatch`: `le="…"` names a bound that the histogram does not have.

use promsight_model::{Finding, Reason, Related, Severity, Suggestion, SuggestionKind};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "bucket-mismatch",
    severity: Severity::Error,
    summary: "`le` names a bound that the histogram does not have",
    documentation: include_str!("../checks/bucket-mismatch.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let mismatches = context.resolution.bucket_mismatches.iter();
    mismatches
        .map(|mismatch| {
            let who = words::who(&mismatch.consumer);
            let message =
                format!("{who} selects nothing: `le=\"{}\"` is no bucket of `{}`", mismatch.bound, mismatch.series);
            let mut finding = words::finding(CHECK.name, mismatch.span, mismatch.series.clone(), message);
            finding.reason = Some(Reason::WrongBucket);
            finding.consumer = Some(words::consumer(&mismatch.consumer));
            finding.label = "no bucket has this bound".to_owned();
            finding.related.push(Related {
                span: mismatch.declared,
                message: format!("its bounds are {}", mismatch.bounds.join(", ")),
            });
            if let Some(spelling) = &mismatch.spelling {
                finding.notes.push(format!(
                    "the Python client writes bounds as floats, so this one is `le=\"{spelling}\"`; matchers compare text"
                ));
                finding.suggestion =
                    Some(Suggestion { kind: SuggestionKind::Value, replacement: spelling.clone() });
            }
            finding
        })
        .collect()
}

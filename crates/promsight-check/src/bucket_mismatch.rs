//! `bucket-mismatch`: a query asks for a bound or a quantile that the histogram cannot give.

use promsight_model::{Finding, Reason, Related, Severity, Suggestion, SuggestionKind};
use promsight_resolve::BucketMismatch;
use promsight_resolve::deep::{BoundMismatch, BoundProblem};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "bucket-mismatch",
    severity: Severity::Error,
    summary: "a bound or a quantile is asked for that the histogram cannot give",
    documentation: include_str!("../checks/bucket-mismatch.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let resolution = context.resolution;
    let matchers = resolution.bucket_mismatches.iter().map(matcher);
    let quantiles = resolution.mismatches.bounds.iter().map(quantile);
    matchers.chain(quantiles).collect()
}

fn matcher(mismatch: &BucketMismatch) -> Finding {
    let who = words::who(&mismatch.consumer);
    let message = format!(
        "{who} selects nothing: `le=\"{}\"` is no bucket of `{}`",
        mismatch.bound, mismatch.series
    );
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
        finding.suggestion = Some(Suggestion {
            kind: SuggestionKind::Value,
            replacement: spelling.clone(),
        });
    }
    finding
}

fn quantile(mismatch: &BoundMismatch) -> Finding {
    let who = words::who(&mismatch.consumer);
    let series = &mismatch.series;
    let (message, label) = match &mismatch.problem {
        BoundProblem::BeyondLast { threshold, last } => (
            format!(
                "{who} can never fire: a quantile of `{series}` is at most {last}, its last finite bound, and {threshold} is asked for"
            ),
            "no quantile gets here",
        ),
        BoundProblem::NoBounds => (
            format!(
                "{who} gets nothing: `le` of `{series}` is aggregated away before the quantile is computed"
            ),
            "keep `le` here",
        ),
    };
    let mut finding = words::finding(CHECK.name, mismatch.span, series.clone(), message);
    finding.reason = Some(Reason::WrongBucket);
    finding.consumer = Some(words::consumer(&mismatch.consumer));
    finding.label = label.to_owned();
    if let Some(declared) = mismatch.declared {
        finding.related.push(Related {
            span: declared,
            message: "its bounds are declared here".to_owned(),
        });
    }
    finding
}

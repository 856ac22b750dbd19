//! `bucket-mismatch`: a query asks for a bound or a quantile that the histogram cannot give.

use promsight_model::{Finding, MatchOp, Reason, Related, Severity, Suggestion, SuggestionKind};
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
    let mismatches = &context.resolution.mismatches;
    let matchers = mismatches.buckets.iter().map(matcher);
    let quantiles = mismatches.bounds.iter().map(quantile);
    matchers.chain(quantiles).collect()
}

fn matcher(mismatch: &BucketMismatch) -> Finding {
    let who = words::who(&mismatch.consumer);
    let BucketMismatch {
        op, bound, series, ..
    } = mismatch;
    let message = match op {
        MatchOp::Equal => format!("{who} selects nothing: `le=\"{bound}\"` is no bucket of `{series}`"),
        _ => format!(
            "{who} selects nothing: no bucket of `{series}` meets `le{}\"{bound}\"`",
            op.symbol()
        ),
    };
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
            "the Python client writes bounds as floats, so this one is `le{}\"{spelling}\"`; matchers compare text",
            op.symbol()
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
        BoundProblem::BeyondLast {
            threshold,
            last,
            most,
            closed,
        } => {
            let never = words::closed(*closed, &who);
            let here = if last == most {
                String::new()
            } else {
                format!(" ({most} here)")
            };
            (
                format!(
                    "{never}: a quantile of `{series}` is at most {last}, its last finite bound{here}, and {threshold} is asked for"
                ),
                "no quantile gets here",
            )
        }
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
            message: match &mismatch.problem {
                BoundProblem::BeyondLast { .. } => "its bounds are declared here".to_owned(),
                BoundProblem::NoBounds => "the recording rule takes `le` away here".to_owned(),
            },
        });
    }
    finding
}

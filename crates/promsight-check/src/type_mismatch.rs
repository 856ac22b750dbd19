//! `type-mismatch`: a function is used on a metric of the wrong type.

use promsight_model::{Finding, MetricType, Related, Severity};
use promsight_resolve::deep::{Misuse, TypeMismatch};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "type-mismatch",
    severity: Severity::Warning,
    summary: "a function is used on a metric of the wrong type",
    documentation: include_str!("../checks/type-mismatch.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    context.resolution.mismatches.types.iter().map(finding).collect()
}

fn finding(mismatch: &TypeMismatch) -> Finding {
    let who = words::who(&mismatch.consumer);
    let TypeMismatch {
        series,
        function,
        metric_type,
        ..
    } = mismatch;
    let message = match mismatch.misuse {
        Misuse::NeedsCounter => format!(
            "{who} asks for the `{function}()` of `{series}`, a {metric_type}: every fall counts as a restart"
        ),
        Misuse::NeedsGauge => format!(
            "{who} asks for the `{function}()` of `{series}`, which is cumulative: every restart counts as a fall"
        ),
        Misuse::NeedsBuckets => {
            format!(
                "{who} gets nothing: `{function}()` needs the buckets of a histogram, and `{series}` is none of these"
            )
        }
    };
    let mut finding = words::finding(CHECK.name, mismatch.span, series.clone(), message);
    finding.confidence = mismatch.confidence;
    finding.consumer = Some(words::consumer(&mismatch.consumer));
    finding.label = format!("does not fit a {metric_type}");
    finding.related.push(Related {
        span: mismatch.declared,
        message: format!("declared as a {metric_type}"),
    });
    let advice = match (mismatch.misuse, metric_type) {
        (Misuse::NeedsCounter, _) => {
            "use `delta()` or `deriv()` for a gauge, or declare the metric as a counter if it only grows"
                .to_owned()
        }
        (Misuse::NeedsGauge, _) => "use `rate()` or `increase()` for what only grows".to_owned(),
        (Misuse::NeedsBuckets, MetricType::Histogram) => {
            let family = series.trim_end_matches("_count").trim_end_matches("_sum");
            format!("the buckets are `{family}_bucket`")
        }
        (Misuse::NeedsBuckets, _) => "only a histogram has quantiles that can be computed so".to_owned(),
    };
    finding.notes.push(advice);
    finding
}

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
    let TypeMismatch { series, function, .. } = mismatch;
    let metric_type = mismatch.metric_type.unwrap_or(MetricType::Untyped);
    let by = mismatch
        .computed_by
        .as_ref()
        .map_or("", |(name, _)| name.as_str());
    let message = match mismatch.misuse {
        Misuse::NeedsCounter | Misuse::OfTime => format!(
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
        Misuse::OfComputed => format!(
            "{who} asks for the `{function}()` of what `{by}()` computed: that rises and falls, and every fall counts as a restart"
        ),
        Misuse::OfSum => format!(
            "{who} asks for the `{function}()` of a `{by}` of counters: where one of them restarts, all are counted again"
        ),
    };
    let mut finding = words::finding(CHECK.name, mismatch.span, series.clone(), message);
    finding.confidence = mismatch.confidence;
    finding.consumer = Some(words::consumer(&mismatch.consumer));
    finding.label = match mismatch.misuse {
        Misuse::OfComputed | Misuse::OfSum => "needs a counter".to_owned(),
        _ => format!("does not fit a {metric_type}"),
    };
    if let Some(span) = mismatch.declared {
        finding.related.push(Related {
            span,
            message: format!("declared as a {metric_type}"),
        });
    }
    if let Some((name, span)) = &mismatch.computed_by {
        finding.related.push(Related {
            span: *span,
            message: format!("`{name}` is taken here"),
        });
    }
    if let Some(server) = &mismatch.told_by {
        finding.notes.push(format!(
            "the metadata of {server} says that it is a {metric_type}"
        ));
    }
    finding.notes.push(advice(mismatch));
    finding
}

fn advice(mismatch: &TypeMismatch) -> String {
    match (mismatch.misuse, mismatch.metric_type) {
        (Misuse::OfTime, _) => {
            "the code only ever sets it to the current time: `time() - x` is how long ago that was".to_owned()
        }
        (Misuse::NeedsCounter, _) => {
            "use `delta()` or `deriv()` for a gauge, or declare the metric as a counter if it only grows"
                .to_owned()
        }
        (Misuse::NeedsGauge, _) => "use `rate()` or `increase()` for what only grows".to_owned(),
        (Misuse::NeedsBuckets, Some(MetricType::Histogram)) => {
            let family = mismatch
                .series
                .trim_end_matches("_count")
                .trim_end_matches("_sum");
            format!("the buckets are `{family}_bucket`")
        }
        (Misuse::NeedsBuckets, _) => "only a histogram has quantiles that can be computed so".to_owned(),
        (Misuse::OfComputed, _) => {
            "take what was computed as it is, its `avg_over_time()`, or its `deriv()` if the change is meant"
                .to_owned()
        }
        (Misuse::OfSum, _) => "take the rate first and the sum of the rates then".to_owned(),
    }
}

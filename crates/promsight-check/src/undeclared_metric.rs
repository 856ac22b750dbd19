//! `undeclared-metric`: a job that runs this tree exposes a metric that nothing here declares.

use promsight_model::{Finding, Related, Severity};
use promsight_resolve::stored::{Stored, UndeclaredMetric};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "undeclared-metric",
    severity: Severity::Info,
    summary: "a job that runs this tree exposes a metric that nothing here declares",
    documentation: include_str!("../checks/undeclared-metric.md"),
    find,
};

/// Readers that are shown beside a finding.
const MOST_READERS: usize = 3;

fn find(context: &Context<'_>) -> Vec<Finding> {
    let stored = &context.resolution.stored;
    let undeclared = stored.undeclared.iter();
    undeclared
        .map(|metric| finding(metric, stored, context))
        .collect()
}

fn finding(metric: &UndeclaredMetric, stored: &Stored, context: &Context<'_>) -> Finding {
    let UndeclaredMetric { name, job, .. } = metric;
    let (neighbour, span) = &metric.neighbour;
    let message = format!(
        "{} has `{name}` from job `{job}`, and nothing here declares it",
        stored.address
    );
    let mut finding = words::finding(CHECK.name, *span, name.clone(), message);
    finding.confidence = metric.confidence;
    finding.label = if metric.is_renamed {
        format!("the server has not seen `{neighbour}`, which is declared here: it may be the new name")
    } else {
        format!("the same job exposes `{neighbour}`, which is declared here")
    };
    let readers = context.resolution.references.iter();
    let readers = readers.filter(|reference| match &reference.selector.name {
        promsight_model::SelectorName::Exact(series) => metric.series.contains(series),
        _ => false,
    });
    finding.related = readers
        .take(MOST_READERS)
        .map(|reader| Related {
            span: reader.selector.span,
            message: format!("{} reads it", words::who(&reader.consumer)),
        })
        .collect();
    finding.notes.push(format!(
        "an older version may have exposed it in the last {} hours, or code that is not read",
        stored.hours
    ));
    finding
}

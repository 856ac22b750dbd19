//! `unseen-metric`: the code declares a metric that a live server has not seen.

use promsight_model::{Finding, Related, Severity};
use promsight_resolve::stored::{Stored, UnseenMetric};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "unseen-metric",
    severity: Severity::Info,
    summary: "a metric is declared here, and the live server has not seen it",
    documentation: include_str!("../checks/unseen-metric.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let stored = &context.resolution.stored;
    stored
        .unseen
        .iter()
        .map(|unseen| finding(unseen, stored))
        .collect()
}

fn finding(unseen: &UnseenMetric, stored: &Stored) -> Finding {
    let Stored { address, hours, .. } = stored;
    let name = &unseen.name;
    let message = format!("`{name}` is declared, and {address} has not seen it in the last {hours} hours");
    let mut finding = words::finding(CHECK.name, unseen.span, name.clone(), message);
    finding.confidence = unseen.confidence;
    finding.label = "the server has no series of it".to_owned();
    if let Some((sibling, span)) = &unseen.sibling {
        finding.related.push(Related {
            span: *span,
            message: format!("the server has `{sibling}`, which is declared here"),
        });
    }
    if let Some(closest) = &unseen.closest {
        finding.notes.push(format!(
            "the server has `{closest}`, which nothing here declares: another version may be running"
        ));
    }
    if unseen.is_labelled {
        finding.notes.push(
            "a metric with labels is exposed with its first child; it may only wait for one".to_owned(),
        );
    }
    finding
}

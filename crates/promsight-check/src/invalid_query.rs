//! `invalid-query`: a query does not parse as PromQL.

use promsight_model::{ConsumerKind, Finding, Severity};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "invalid-query",
    severity: Severity::Error,
    summary: "a query does not parse as PromQL",
    documentation: include_str!("../checks/invalid-query.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let invalid = context.resolution.invalid_queries.iter();
    invalid
        .map(|query| {
            let who = words::who(&query.consumer);
            let message = format!("the query of {who} is not valid PromQL: {}", query.message);
            let subject = if query.consumer.name.is_empty() {
                CHECK.name.to_owned()
            } else {
                query.consumer.name.clone()
            };
            let mut finding = words::finding(CHECK.name, query.span, subject, message);
            finding.consumer = Some(words::consumer(&query.consumer));
            finding.label = query.message.clone();
            if matches!(query.consumer.kind, ConsumerKind::Alert | ConsumerKind::Record) {
                finding
                    .notes
                    .push("one invalid rule makes Prometheus reject the whole rule file".to_owned());
            }
            finding
        })
        .collect()
}

//! `unused-record`: a recording rule that nothing reads.

use promsight_model::{Finding, Severity};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "unused-record",
    severity: Severity::Info,
    summary: "a recording rule that nothing reads",
    documentation: include_str!("../checks/unused-record.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let unused = context.resolution.records.iter().filter(|record| !record.used);
    unused
        .map(|record| {
            let message = format!("nothing reads the recording rule `{}`", record.name);
            let mut finding = words::finding(CHECK.name, record.name_span, record.name.clone(), message);
            finding.consumer = Some(words::consumer(&record.consumer));
            finding.label = "no rule, dashboard, document or script reads this".to_owned();
            finding
        })
        .collect()
}

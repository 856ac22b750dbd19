//! `unreadable-file`: a file that should have been read could not be.

use promsight_model::{Finding, Severity};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "unreadable-file",
    severity: Severity::Warning,
    summary: "a file that should have been read could not be, or not in full; what could be read of it was",
    documentation: include_str!("../checks/unreadable-file.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let gaps = context
        .resolution
        .gaps
        .iter()
        .filter(|gap| gap.leaves_file_unread());
    gaps.map(|gap| {
        let path = context.files.file(gap.span.file).path.clone();
        let message = format!("`{path}` could not be read in full: {}", gap.message);
        let mut finding = words::finding(CHECK.name, gap.span, path, message);
        finding.label = "not understood from here".to_owned();
        finding
    })
    .collect()
}

//! `blind-record`: a recording rule needs a series that nothing emits; all that read it are blind too.

use promsight_model::{ConsumerKind, Finding, Severity};

use crate::{Check, Context, blind};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "blind-record",
    severity: Severity::Error,
    summary: "a recording rule needs a series that nothing emits; all that read it are blind too",
    documentation: include_str!("../checks/blind-record.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    blind::findings(CHECK.name, &[ConsumerKind::Record], context)
}

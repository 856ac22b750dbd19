//! `blind-script`: a script queries a series that nothing emits.

use promsight_model::{ConsumerKind, Finding, Severity};

use crate::{Check, Context, blind};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "blind-script",
    severity: Severity::Warning,
    summary: "a script queries a series that nothing emits",
    documentation: include_str!("../checks/blind-script.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    blind::findings(CHECK.name, &[ConsumerKind::Script], context)
}

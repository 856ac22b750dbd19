//! `blind-alert`: an alert's expression needs a series that nothing emits: it can never fire.

use promsight_model::{ConsumerKind, Finding, Severity};

use crate::{Check, Context, blind};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "blind-alert",
    severity: Severity::Error,
    summary: "an alert's expression needs a series that nothing emits: it can never fire",
    documentation: include_str!("../checks/blind-alert.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    blind::findings(CHECK.name, &[ConsumerKind::Alert], context)
}

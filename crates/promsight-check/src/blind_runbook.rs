//! `blind-runbook`: a runbook, checklist or other document names a series that nothing emits.

use promsight_model::{ConsumerKind, Finding, Severity};

use crate::{Check, Context, blind};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "blind-runbook",
    severity: Severity::Warning,
    summary: "a runbook, checklist or other document names a series that nothing emits",
    documentation: include_str!("../checks/blind-runbook.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    blind::findings(CHECK.name, &[ConsumerKind::Runbook], context)
}

//! `blind-trigger`: an autoscaler, rollout gate or SLO definition needs a series that nothing emits.

use promsight_model::{ConsumerKind, Finding, Severity};

use crate::{Check, Context, blind};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "blind-trigger",
    severity: Severity::Error,
    summary: "an autoscaler, rollout gate or SLO definition needs a series that nothing emits",
    documentation: include_str!("../checks/blind-trigger.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    blind::findings(CHECK.name, &[ConsumerKind::Trigger], context)
}

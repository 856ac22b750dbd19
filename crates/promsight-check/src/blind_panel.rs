//! `blind-panel`: a dashboard panel, variable or annotation needs a series that nothing emits.

use promsight_model::{ConsumerKind, Finding, Severity};

use crate::{Check, Context, blind};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "blind-panel",
    severity: Severity::Warning,
    summary: "a dashboard panel, variable or annotation needs a series that nothing emits",
    documentation: include_str!("../checks/blind-panel.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    blind::findings(
        CHECK.name,
        &[
            ConsumerKind::Panel,
            ConsumerKind::Variable,
            ConsumerKind::Annotation,
        ],
        context,
    )
}

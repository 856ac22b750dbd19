//! `always-firing`: an alert asks for the absence of a series that nothing emits.

use promsight_model::{Finding, Related, Severity, Suggestion, SuggestionKind};
use promsight_resolve::deep::AlwaysAbsent;

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "always-firing",
    severity: Severity::Warning,
    summary: "an alert's condition always holds",
    documentation: include_str!("../checks/always-firing.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    context
        .resolution
        .mismatches
        .always_absent
        .iter()
        .map(finding)
        .collect()
}

fn finding(absent: &AlwaysAbsent) -> Finding {
    let who = words::who(&absent.consumer);
    let series = &absent.series;
    let message = format!("{who} fires for ever: nothing emits `{series}`, so it is always absent");
    let mut finding = words::finding(CHECK.name, absent.span, series.clone(), message);
    finding.confidence = absent.confidence;
    finding.consumer = Some(words::consumer(&absent.consumer));
    finding.label = "nothing emits this".to_owned();
    if let Some((closest, span)) = &absent.closest {
        finding.related.push(Related {
            span: *span,
            message: format!("closest emitted metric: `{closest}`"),
        });
        finding.suggestion = Some(Suggestion {
            kind: SuggestionKind::Rename,
            replacement: closest.clone(),
        });
    }
    finding
}

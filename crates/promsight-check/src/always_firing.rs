//! `always-firing`: an alert asks for the absence of a series that nothing emits, or for what always holds.

use promsight_model::{Finding, Related, Severity, Suggestion, SuggestionKind};
use promsight_resolve::deep::{AlwaysAbsent, Condition, ConditionGround, Hidden, Truth};
use promsight_resolve::selector_text;

use crate::{Check, Context, blind, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "always-firing",
    severity: Severity::Warning,
    summary: "an alert's condition always holds",
    documentation: include_str!("../checks/always-firing.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let mismatches = &context.resolution.mismatches;
    let absent = mismatches.always_absent.iter().map(finding);
    let conditions = mismatches.conditions.iter();
    let always = conditions.filter(|condition| condition.truth == Truth::Always);
    let hidden = mismatches.hidden.iter();
    let stand_ins = hidden.filter(|hidden| hidden.truth == Some(Truth::Always));
    absent
        .chain(always.map(holding))
        .chain(stand_ins.map(|hidden| standing_in(hidden, context)))
        .collect()
}

/// A number that stands in for a series that nothing emits, and meets the comparison.
fn standing_in(hidden: &Hidden, context: &Context<'_>) -> Finding {
    let reference = &hidden.reference;
    let series = selector_text(&reference.selector);
    let message = format!(
        "{} fires for ever: what stands in for `{series}` always meets the comparison, and {}",
        words::who(&reference.consumer),
        blind::cause(Some(&hidden.blindness), &series)
    );
    let mut finding = words::finding(CHECK.name, reference.selector.span, series, message);
    finding.consumer = Some(words::consumer(&reference.consumer));
    blind::explain_written(&mut finding, reference, &hidden.blindness, context);
    finding
}

/// A comparison that always holds.
fn holding(condition: &Condition) -> Finding {
    let who = words::who(&condition.consumer);
    let message = match &condition.ground {
        ConditionGround::Bool => format!(
            "{who} fires for every series: `bool` makes 0 of what does not hold, and 0 is a result like any other"
        ),
        ConditionGround::Values { .. } => {
            format!("{who} fires for ever: {}", words::compared(&condition.ground))
        }
    };
    let mut finding = words::finding(CHECK.name, condition.span, condition.series.clone(), message);
    finding.consumer = Some(words::consumer(&condition.consumer));
    finding.label = "this always holds".to_owned();
    finding.related.extend(words::values_declared(&condition.ground));
    finding
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

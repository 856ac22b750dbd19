//! `never-firing`: an alert's comparison never holds, whatever is scraped.

use promsight_model::{Finding, Severity};
use promsight_resolve::deep::{Condition, ConditionGround, Truth};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "never-firing",
    severity: Severity::Warning,
    summary: "an alert's comparison never holds",
    documentation: include_str!("../checks/never-firing.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let conditions = context.resolution.mismatches.conditions.iter();
    conditions
        .filter(|condition| condition.truth == Truth::Never)
        .map(finding)
        .collect()
}

fn finding(condition: &Condition) -> Finding {
    let who = words::who(&condition.consumer);
    let compared = words::compared(&condition.ground);
    let message = format!("{}: {compared}", words::closed(condition.closed, &who));
    let mut finding = words::finding(CHECK.name, condition.span, condition.series.clone(), message);
    finding.consumer = Some(words::consumer(&condition.consumer));
    finding.label = "this never holds".to_owned();
    finding.related.extend(words::values_declared(&condition.ground));
    if is_empty_count(&condition.ground) {
        finding.notes.push(
            "a count of nothing is no result, and not 0: use `absent(…)` for a series that is missing"
                .to_owned(),
        );
    }
    finding
}

/// Whether a count is awaited to be less than one.
fn is_empty_count(ground: &ConditionGround) -> bool {
    matches!(ground, ConditionGround::Values { declared: None, least, greatest, .. }
        if *least >= 1.0 && greatest.is_infinite())
}

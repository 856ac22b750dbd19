//! `late-counter`: an alert on the increase of a labelled counter whose children are never initialised.

use promsight_model::{Confidence, Finding, Related, Severity};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "late-counter",
    severity: Severity::Warning,
    summary: "an alert on `increase()` or `rate()` reads a labelled counter whose children are never initialised: \
              the first event is lost",
    documentation: include_str!("../checks/late-counter.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let late = context.resolution.late_counters.iter();
    late.map(|late| {
        let who = words::who(&late.consumer);
        let message = format!(
            "{who} misses the first event: nothing makes the children of `{}` before it happens",
            late.series
        );
        let mut finding = words::finding(CHECK.name, late.span, late.series.clone(), message);
        finding.confidence = Confidence::Medium;
        finding.consumer = Some(words::consumer(&late.consumer));
        finding.label = format!("`{}()` of a series that appears with the value 1 is 0", late.function);
        let labels: Vec<String> = late.labels.iter().map(|label| format!("`{label}`")).collect();
        let what = if labels.len() == 1 { "label" } else { "labels" };
        finding.related.push(Related {
            span: late.declared,
            message: format!("declared with the {what} {}", labels.join(", ")),
        });
        finding.notes.push(
            "call `labels(…)` for the values that are known when the program starts: their series appear with 0".to_owned(),
        );
        finding
    })
    .collect()
}

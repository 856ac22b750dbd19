//! `hidden-blindness`: `or vector(…)` stands in for a series that nothing emits.

use std::collections::BTreeSet;

use promsight_model::{FileId, Finding, Severity};
use promsight_resolve::deep::{Hidden, Truth};
use promsight_resolve::selector_text;

use crate::{Check, Context, blind, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "hidden-blindness",
    severity: Severity::Info,
    summary: "`or vector(…)` stands in for a series that nothing emits",
    documentation: include_str!("../checks/hidden-blindness.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let mut seen: BTreeSet<(FileId, Option<usize>, String)> = BTreeSet::new();
    let hidden = context.resolution.mismatches.hidden.iter();
    hidden
        // What fires for ever is told as that.
        .filter(|hidden| hidden.truth != Some(Truth::Always))
        .filter(|hidden| {
            let reference = &hidden.reference;
            seen.insert((
                reference.file(),
                reference.query,
                selector_text(&reference.selector),
            ))
        })
        .map(|hidden| finding(hidden, context))
        .collect()
}

fn finding(hidden: &Hidden, context: &Context<'_>) -> Finding {
    let reference = &hidden.reference;
    let series = selector_text(&reference.selector);
    let who = words::who(&reference.consumer);
    let cause = blind::cause(Some(&hidden.blindness), &series);
    let sees = match hidden.truth {
        Some(Truth::Never) => "can never fire, and sees only what stands in for the series",
        Some(Truth::Always) | None => "sees only what stands in for the series",
    };
    let mut finding = words::finding(
        CHECK.name,
        reference.selector.span,
        series.clone(),
        format!("{who} {sees}: {cause}"),
    );
    finding.consumer = Some(words::consumer(&reference.consumer));
    blind::explain_written(&mut finding, reference, &hidden.blindness, context);
    finding
}

//! `not-exposed`: a workload runs code that emits metrics, and nothing in it serves or pushes them.

use promsight_model::{Finding, Related, Severity};
use promsight_resolve::sight::NotExposed;

use crate::{Check, Context, targets, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "not-exposed",
    severity: Severity::Error,
    summary: "a workload runs code that emits metrics, and nothing in it serves or pushes them",
    documentation: include_str!("../checks/not-exposed.md"),
    find,
};

/// Metrics and places that are shown beside a finding.
const MOST_SHOWN: usize = 5;

fn find(context: &Context<'_>) -> Vec<Finding> {
    let lost = context.resolution.sights.not_exposed.iter();
    lost.filter_map(|lost| finding(context, lost)).collect()
}

fn finding(context: &Context<'_>, lost: &NotExposed) -> Option<Finding> {
    let scrape = &context.resolution.scrape;
    let process = scrape.processes.get(lost.process)?;
    let workload = targets::workload_name(scrape, process);
    let names: Vec<String> = lost.metrics.iter().map(|(name, _)| format!("`{name}`")).collect();
    let what = match names.as_slice() {
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} and {}", words::count(rest.len(), "more metric")),
        [] => return None,
    };
    let why = match (lost.outlets.is_empty(), lost.unreached.is_empty()) {
        (true, true) => "nothing in it serves or pushes them",
        (true, false) => "nothing in it comes by what would serve them",
        (false, _) => "what it serves is another registry",
    };
    let message = format!("{workload} emits {what}, and {why}");
    let mut finding = words::finding(
        CHECK.name,
        scrape.name_span(process),
        targets::short_name(scrape, process),
        message,
    );
    finding.confidence = lost.confidence;
    "its metrics never leave the process".clone_into(&mut finding.label);
    finding.cause = Some(finding.primary);
    let way = process.way.iter().map(|span| (*span, "it runs this"));
    let metrics = lost.metrics.iter().map(|(_, span)| (*span, "emitted here"));
    let outlets = lost
        .outlets
        .iter()
        .map(|span| (*span, "this serves another registry"));
    let unreached = lost
        .unreached
        .iter()
        .map(|span| (*span, "this would serve them, and nothing comes by"));
    let related = metrics
        .take(MOST_SHOWN)
        .chain(unreached.take(MOST_SHOWN))
        .chain(outlets.take(MOST_SHOWN))
        .chain(way);
    for (span, message) in related {
        if span != finding.primary && finding.related.iter().all(|one| one.span != span) {
            finding.related.push(Related {
                span,
                message: message.to_owned(),
            });
        }
    }
    Some(finding)
}

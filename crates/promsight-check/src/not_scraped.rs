//! `not-scraped`: a workload serves its metrics, and no scrape job keeps its targets.

use promsight_model::{Finding, Related, Severity};
use promsight_resolve::sight::NotScraped;

use crate::{Check, Context, targets, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "not-scraped",
    severity: Severity::Error,
    summary: "a workload serves its metrics, and no scrape job keeps its targets",
    documentation: include_str!("../checks/not-scraped.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let missed = context.resolution.sights.not_scraped.iter();
    missed.filter_map(|missed| finding(context, missed)).collect()
}

fn finding(context: &Context<'_>, missed: &NotScraped) -> Option<Finding> {
    let scrape = &context.resolution.scrape;
    let process = scrape.processes.get(missed.process)?;
    let workload = targets::workload_name(scrape, process);
    let port = missed.port.map(|port| format!(" on port {port}"));
    let first = missed.misses.first()?;
    // What policies keep from being asked is reported where these stand.
    if scrape
        .blocked
        .iter()
        .any(|blocked| Some(blocked.policy) == first.span)
    {
        return None;
    }
    let message = format!(
        "{workload} serves metrics{}, and nothing scrapes them: {}",
        port.unwrap_or_default(),
        first.reason
    );
    let mut finding = words::finding(
        CHECK.name,
        scrape.name_span(process),
        targets::short_name(scrape, process),
        message,
    );
    finding.confidence = missed.confidence;
    "no Prometheus asks it".clone_into(&mut finding.label);
    finding.cause = Some(first.span.unwrap_or(finding.primary));
    finding.related.push(Related {
        span: missed.outlet,
        message: "it serves them here".to_owned(),
    });
    for miss in &missed.misses {
        let Some(span) = miss.span else { continue };
        if finding.related.iter().all(|one| one.span != span) {
            finding.related.push(Related {
                span,
                message: miss.reason.clone(),
            });
        }
    }
    Some(finding)
}

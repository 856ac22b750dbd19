//! `dead-target`: a job asks a host, Service or port that nothing renders.

use std::collections::BTreeSet;

use promsight_model::{Confidence, Finding, Related, Severity};
use promsight_scrape::targets::{Certainty, Dead};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "dead-target",
    severity: Severity::Error,
    summary: "a scrape job or monitor names a host, Service or port that nothing renders",
    documentation: include_str!("../checks/dead-target.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let servers = &context.resolution.scrape.servers;
    let jobs = servers.iter().flat_map(|server| &server.jobs);
    // A configuration that several overlays render is one place.
    let mut seen = BTreeSet::new();
    jobs.flat_map(|job| job.dead.iter().map(move |dead| (job.name.as_str(), dead)))
        .filter(|(_, dead)| seen.insert((dead.span, dead.target.clone())))
        .map(|(job, dead)| finding(job, dead))
        .collect()
}

fn finding(job: &str, dead: &Dead) -> Finding {
    let message = format!(
        "`{}` of the job `{job}` cannot be scraped: {}",
        dead.target, dead.reason
    );
    let mut finding = words::finding(CHECK.name, dead.span, dead.target.clone(), message);
    finding.label = "nothing answers there".to_owned();
    finding.confidence = match dead.certainty {
        Certainty::Sure => Confidence::High,
        Certainty::Likely => Confidence::Medium,
    };
    finding.related = dead
        .closest
        .iter()
        .map(|(name, span)| Related {
            span: *span,
            message: format!("there is `{name}`"),
        })
        .collect();
    finding
}

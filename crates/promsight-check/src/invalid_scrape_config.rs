//! `invalid-scrape-config`: Prometheus, or its operator, refuses a scrape job.

use std::collections::BTreeSet;

use promsight_model::{Confidence, Finding, Severity};
use promsight_scrape::relabel::InvalidRule;
use promsight_scrape::servers::{Job, JobOrigin, Server, ServerOrigin, ServerPlace};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "invalid-scrape-config",
    severity: Severity::Error,
    summary: "a scrape configuration or monitor that Prometheus or its operator refuses",
    documentation: include_str!("../checks/invalid-scrape-config.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let servers = context.resolution.scrape.servers.iter();
    let jobs = servers.flat_map(|server| server.jobs.iter().map(move |job| (server, job)));
    // A configuration that several overlays render is one place.
    let mut seen = BTreeSet::new();
    jobs.filter_map(|(server, job)| Some((server, job, job.invalid.as_ref()?)))
        .filter(|(_, _, invalid)| !invalid.is_of_agent && !is_of_tests(context, invalid))
        .filter(|(_, _, invalid)| seen.insert(invalid.span))
        .map(|(server, job, invalid)| finding(server, job, invalid))
        .collect()
}

/// Whether it is there to be refused: the tests of programs that read configurations hold such.
fn is_of_tests(context: &Context<'_>, invalid: &InvalidRule) -> bool {
    const FOLDERS: [&str; 5] = ["test", "tests", "testdata", "fixtures", "__tests__"];
    let path = &context.files.file(invalid.span.file).path;
    path.split('/').any(|part| FOLDERS.contains(&part))
}

fn finding(server: &Server, job: &Job, invalid: &InvalidRule) -> Finding {
    let reason = &invalid.reason;
    let message = match job.origin {
        JobOrigin::Configuration => {
            format!("Prometheus refuses this configuration, and does not start with it: {reason}")
        }
        _ => format!(
            "the operator refuses what declares the job {}, and leaves it out: {reason}",
            job.name
        ),
    };
    let mut finding = words::finding(CHECK.name, invalid.span, job.name.clone(), message);
    finding.label = "this is refused".to_owned();
    // A file that nothing of the tree runs may be read by another program, or be changed before.
    let is_run = server.origin != ServerOrigin::Configuration || server.place != ServerPlace::Unknown;
    finding.confidence = if is_run {
        Confidence::High
    } else {
        Confidence::Medium
    };
    finding
}

//! `blocked-scrape`: a network policy keeps Prometheus from asking a target.

use std::collections::BTreeSet;

use promsight_model::{Confidence, Finding, Related, Severity, Span};
use promsight_scrape::objects::ObjectId;
use promsight_scrape::policies::{Blocked, Claim, Direction};
use promsight_scrape::targets::Certainty;

use crate::{Check, Context, targets, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "blocked-scrape",
    severity: Severity::Error,
    summary: "a network policy keeps Prometheus from asking a target",
    documentation: include_str!("../checks/blocked-scrape.md"),
    find,
};

/// Further policies that are shown beside a finding.
const MOST_SHOWN: usize = 3;

fn find(context: &Context<'_>) -> Vec<Finding> {
    // What several overlays render, and several jobs ask, is one place.
    let mut seen = BTreeSet::new();
    let blocked = context.resolution.scrape.blocked.iter();
    blocked
        .filter(|blocked| {
            let workload = targets::object_name(&context.resolution.scrape, blocked.workload);
            seen.insert((blocked.policy, blocked.direction, workload, blocked.port))
        })
        .filter_map(|blocked| finding(context, blocked))
        .collect()
}

fn finding(context: &Context<'_>, blocked: &Blocked) -> Option<Finding> {
    let scrape = &context.resolution.scrape;
    let workload = targets::object_name(scrape, blocked.workload)?;
    let port = blocked.port.map(|port| format!(" on port {port}"));
    let (who, claim, span) = match blocked.claim {
        Claim::Target { server, job, target } => {
            let server = scrape.servers.get(server)?;
            let job = server.jobs.get(job)?;
            let target = job.targets.get(target)?;
            let who = targets::server_name(scrape, context.files, server);
            (who, format!("the job `{}` asks this", job.name), target.span)
        }
        Claim::Annotation(span) => {
            let who = "a Prometheus outside of this tree".to_owned();
            (who, "this asks to be scraped".to_owned(), span)
        }
    };
    let message = format!(
        "{who} cannot scrape {workload}{}: {}",
        port.unwrap_or_default(),
        blocked.reason
    );
    let object = scrape.renderings.get(blocked.workload.rendering)?;
    let object = object.objects.get(blocked.workload.object)?;
    let mut finding = words::finding(CHECK.name, blocked.policy, object.name().to_owned(), message);
    finding.cause = Some(finding.primary);
    finding.confidence = match blocked.certainty {
        Certainty::Sure => Confidence::High,
        Certainty::Likely => Confidence::Medium,
    };
    match blocked.direction {
        Direction::Ingress => "no scraper comes through",
        Direction::Egress => "the scraper does not come out",
    }
    .clone_into(&mut finding.label);
    let part = blocked.part.map(|span| (span, "only these".to_owned()));
    let others = blocked.others.iter().take(MOST_SHOWN);
    let others = others.map(|(name, span)| (*span, format!("`{name}` does not admit it either")));
    let place = name_place(context, blocked.workload).map(|span| (span, "it would answer".to_owned()));
    let related = part.into_iter().chain([(span, claim)]).chain(place).chain(others);
    for (span, message) in related {
        if span != finding.primary && finding.related.iter().all(|one| one.span != span) {
            finding.related.push(Related { span, message });
        }
    }
    Some(finding)
}

/// Where a workload has its name.
fn name_place(context: &Context<'_>, id: ObjectId) -> Option<Span> {
    let rendering = context.resolution.scrape.renderings.get(id.rendering)?;
    let object = rendering.objects.get(id.object)?;
    let name = object.value.at(&["metadata", "name"]);
    Some(name.map_or(object.value.span, |name| name.span))
}

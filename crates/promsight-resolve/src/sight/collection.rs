//! Which jobs reach what a program lets out.

use promsight_model::ExposureKind;
use promsight_scrape::ScrapeModel;
use promsight_scrape::objects::ObjectId;
use promsight_scrape::process::{Process, Workload};
use promsight_scrape::servers::{Job, ServerOrigin};
use promsight_scrape::targets::Target;

use super::{Collection, Miss, Outlet, Program};

/// Keys of a job by which it shows who it is.
const CREDENTIALS: &[&str] = &[
    "basic_auth",
    "authorization",
    "bearer_token",
    "bearer_token_file",
    "oauth2",
    "sigv4",
    "http_headers",
];

/// Finds out who comes for each outlet.
pub(super) fn collect(programs: &mut [Program], scrape: &ScrapeModel) {
    for program in programs {
        let Some(process) = scrape.processes.get(program.process) else {
            continue;
        };
        for outlet in &mut program.outlets {
            if matches!(outlet.kind, ExposureKind::Server | ExposureKind::Route) {
                outlet.collection = collection(process, outlet, scrape);
            }
        }
    }
}

/// A workload as targets name it.
enum Place<'a> {
    Object(ObjectId),
    Compose(&'a str),
}

impl Place<'_> {
    fn is_of(&self, target: &Target) -> bool {
        match self {
            Self::Object(id) => target.workload == Some(*id),
            Self::Compose(service) => target.compose_service.as_deref() == Some(*service),
        }
    }
}

fn collection(process: &Process, outlet: &Outlet, scrape: &ScrapeModel) -> Collection {
    let place = match &process.workload {
        Workload::Container { object, .. } => Place::Object(*object),
        Workload::Compose { service } => Place::Compose(service),
        Workload::Image(_) | Workload::Other(_) => return unknown("how it is reached is not in this tree"),
    };
    let mut scraped = Vec::new();
    let mut misses = Vec::new();
    let mut unknown_reason = None;
    let mut knows_siblings = false;
    if scrape.servers.is_empty() {
        return unknown("no Prometheus and no monitor is in this tree");
    }
    for (server_at, server) in scrape.servers.iter().enumerate() {
        if server.origin == ServerOrigin::Elsewhere {
            unknown_reason
                .get_or_insert_with(|| "the Prometheus that would scrape it is not in this tree".to_owned());
        } else if !server.is_complete {
            unknown_reason
                .get_or_insert_with(|| "a part of Prometheus' configuration is not in this tree".to_owned());
        }
        for (job_at, job) in server.jobs.iter().enumerate() {
            if let Some(reason) = job.unknown.first() {
                unknown_reason.get_or_insert_with(|| format!("job {} may find it: {reason}", job.name));
            }
            for (target_at, target) in job.targets.iter().enumerate() {
                if !place.is_of(target) {
                    knows_siblings |= is_sibling(&place, target);
                    continue;
                }
                match miss(job, target, outlet) {
                    None => scraped.push((server_at, job_at, target_at)),
                    Some(miss) => misses.push(miss),
                }
            }
            if let Place::Object(id) = place {
                let dropped = job.dropped.iter().filter(|dropped| dropped.workload == Some(id));
                misses.extend(dropped.map(|dropped| Miss {
                    span: Some(dropped.rule),
                    reason: format!("job {} drops it: {}", job.name, dropped.reason),
                }));
            }
        }
    }
    if !scraped.is_empty() {
        return Collection::Scraped(scraped);
    }
    if let Some(reason) = unknown_reason {
        return Collection::Unknown(reason);
    }
    misses.sort();
    misses.dedup();
    if misses.is_empty() {
        if !knows_siblings {
            return unknown("no job of this tree scrapes anything beside it");
        }
        misses.push(Miss {
            span: None,
            reason: "no job has it among its targets".to_owned(),
        });
    }
    Collection::Missed(misses)
}

fn unknown(reason: &str) -> Collection {
    Collection::Unknown(reason.to_owned())
}

/// Whether the target is run beside the workload: rendered with it, or of the same kind of platform.
fn is_sibling(place: &Place<'_>, target: &Target) -> bool {
    match place {
        Place::Object(id) => target
            .workload
            .is_some_and(|other| other.rendering == id.rendering),
        Place::Compose(_) => target.compose_service.is_some(),
    }
}

/// Why a job that scrapes the workload does not reach the outlet; `None` where it does, as far as that is known.
fn miss(job: &Job, target: &Target, outlet: &Outlet) -> Option<Miss> {
    let span = Some(target.span);
    if let (Some(asked), Some(served)) = (target.port, outlet.port)
        && asked != served
    {
        let reason = format!(
            "job {} asks port {asked}, and the metrics are on port {served}",
            job.name
        );
        return Some(Miss { span, reason });
    }
    let same_path = |asked: &str, served: &str| asked.trim_end_matches('/') == served.trim_end_matches('/');
    if outlet.kind == ExposureKind::Route
        && let Some(served) = &outlet.path
        && !same_path(&target.path, served)
    {
        let reason = format!(
            "job {} asks {}, and the metrics are on {served}",
            job.name, target.path
        );
        return Some(Miss { span, reason });
    }
    let shows_who_it_is = || CREDENTIALS.iter().any(|key| job.config.get(key).is_some());
    if outlet.authentication.is_some() && !shows_who_it_is() {
        let reason = format!("job {} shows no credentials, and is answered 401", job.name);
        return Some(Miss { span, reason });
    }
    None
}

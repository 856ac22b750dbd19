//! The scrape jobs as `promsight targets` shows them.
//!
//! Owns the names by which people know servers, workloads and targets. Findings about them belong to their checks.

use promsight_model::{DeadTarget, DroppedTarget, FileSet, KeptTarget, ScrapeJob, Span, UnselectedObject};
use promsight_resolve::Resolution;
use promsight_scrape::ScrapeModel;
use promsight_scrape::objects::{Object, ObjectId};
use promsight_scrape::process::{Process, Workload};
use promsight_scrape::servers::{Job, Server, ServerOrigin, Unselected};
use promsight_scrape::targets::{Dead, Dropped, Target};

/// Every job of every Prometheus, in the order of their places.
pub(crate) fn jobs(resolution: &Resolution, files: &FileSet) -> Vec<ScrapeJob> {
    let scrape = &resolution.scrape;
    let mut jobs: Vec<ScrapeJob> = scrape
        .servers
        .iter()
        .flat_map(|server| server.jobs.iter().map(move |job| (server, job)))
        .map(|(server, job)| shown(scrape, files, server, job))
        .collect();
    jobs.sort_by(|left, right| {
        (left.server_span, left.span, &left.name).cmp(&(right.server_span, right.span, &right.name))
    });
    jobs
}

/// Monitors and rules that no Prometheus of the tree selects.
pub(crate) fn unselected(resolution: &Resolution, files: &FileSet) -> Vec<UnselectedObject> {
    let scrape = &resolution.scrape;
    let mut found: Vec<UnselectedObject> = Vec::new();
    for server in &scrape.servers {
        let name = server_name(scrape, files, server);
        let objects = server.unselected.iter().chain(&server.unselected_rules);
        found.extend(objects.map(|object: &Unselected| UnselectedObject {
            server: name.clone(),
            kind: object.kind.clone(),
            name: object.name.clone(),
            reason: object.reason.clone(),
            span: object.span,
        }));
    }
    found.sort_by(|left, right| (left.span, &left.server).cmp(&(right.span, &right.server)));
    found
}

fn shown(scrape: &ScrapeModel, files: &FileSet, server: &Server, job: &Job) -> ScrapeJob {
    ScrapeJob {
        server: server_name(scrape, files, server),
        server_span: server.span,
        name: job.name.clone(),
        span: job.span,
        kept: job.targets.iter().map(|target| kept(scrape, target)).collect(),
        dropped: job.dropped.iter().map(|target| dropped(scrape, target)).collect(),
        dead: job.dead.iter().map(dead).collect(),
        unknown: job.unknown.clone(),
    }
}

/// What people call a Prometheus.
pub(crate) fn server_name(scrape: &ScrapeModel, files: &FileSet, server: &Server) -> String {
    match &server.origin {
        ServerOrigin::Configuration => files.file(server.span.file).shown_path.clone(),
        ServerOrigin::Object(id) => object_name(scrape, *id).unwrap_or_else(|| path_of(files, server.span)),
        ServerOrigin::Elsewhere => "a Prometheus outside of this tree".to_owned(),
    }
}

fn path_of(files: &FileSet, span: Span) -> String {
    files.file(span.file).shown_path.clone()
}

/// `Deployment shop/pricing`.
pub(crate) fn object_name(scrape: &ScrapeModel, id: ObjectId) -> Option<String> {
    let object: &Object = scrape.renderings.get(id.rendering)?.objects.get(id.object)?;
    let namespace = object.namespace().map(|namespace| format!("{namespace}/"));
    Some(format!(
        "{} {}{}",
        object.kind(),
        namespace.unwrap_or_default(),
        object.name()
    ))
}

fn kept(scrape: &ScrapeModel, target: &Target) -> KeptTarget {
    let known = target
        .labels
        .iter()
        .map(|(label, value)| (label.clone(), Some(value.clone())));
    let open = target.open_labels.iter().map(|label| (label.clone(), None));
    let mut labels: Vec<(String, Option<String>)> = known.chain(open).collect();
    labels.sort();
    labels.dedup_by(|later, earlier| later.0 == earlier.0);
    let service = target.compose.first();
    let service = service.map(|(service, _)| format!("service {service}"));
    KeptTarget {
        address: target.address.clone(),
        path: target.path.clone(),
        labels,
        workload: target.workload.and_then(|id| object_name(scrape, id)).or(service),
        span: target.span,
    }
}

fn dropped(scrape: &ScrapeModel, target: &Dropped) -> DroppedTarget {
    let address = || target.discovered.get("__address__").cloned();
    let name = target
        .workload
        .and_then(|id| object_name(scrape, id))
        .or_else(address);
    DroppedTarget {
        name: name.unwrap_or_else(|| "a target without an address".to_owned()),
        reason: target.reason.clone(),
        rule: target.rule,
        span: target.span,
    }
}

fn dead(target: &Dead) -> DeadTarget {
    DeadTarget {
        name: target.target.clone(),
        reason: target.reason.clone(),
        span: target.span,
    }
}

/// What people call the workload of a process: `Deployment shop/pricing`, ``service `api` ``.
pub(crate) fn workload_name(scrape: &ScrapeModel, process: &Process) -> String {
    match &process.workload {
        Workload::Container { object, .. } => {
            object_name(scrape, *object).unwrap_or_else(|| "a workload".to_owned())
        }
        Workload::Compose { service } => format!("service `{service}`"),
        Workload::Image(_) => "an image of this tree".to_owned(),
        Workload::Other(name) => format!("`{name}`"),
    }
}

/// The workload's own name.
pub(crate) fn short_name(scrape: &ScrapeModel, process: &Process) -> String {
    match &process.workload {
        Workload::Container { object, .. } => {
            let rendering = scrape.renderings.get(object.rendering);
            let object = rendering.and_then(|rendering| rendering.objects.get(object.object));
            object.map_or_else(String::new, |object| object.name().to_owned())
        }
        Workload::Compose { service } => service.clone(),
        Workload::Image(_) => "image".to_owned(),
        Workload::Other(name) => name.clone(),
    }
}

//! The targets of each job: found by discovery, kept or dropped by relabelling.

pub(crate) mod cluster;
mod dead;
pub(crate) mod discovery;
pub(crate) mod hosts;
pub(crate) mod kubernetes;
mod populate;

use std::collections::BTreeMap;

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::objects::ObjectId;
use crate::relabel::{self, Labels, Outcome, Rule};
use crate::servers::{Job, Server, Tree};
use crate::targets::hosts::{Answers, Names};
use crate::targets::kubernetes::{Found, Host};
use crate::targets::populate::{Defaults, populate};
use crate::text::{Answer, Text};

/// Targets that one run goes through: far above any real tree, and a stop for jobs times renderings.
const MAX_TARGETS: usize = 300_000;

/// A target that a job scrapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `__address__` after relabelling: host and port, with `*` for what only a running cluster knows.
    pub address: String,
    /// The port on which the workload is asked, where known: behind a Service the pod's own.
    pub port: Option<u16>,
    /// The path; with `*` where it is not known.
    pub path: String,
    /// The labels that its series get.
    pub labels: BTreeMap<String, String>,
    /// Labels whose value only a running cluster knows (`pod`, `instance`): they are there, with some value.
    pub open_labels: Vec<String>,
    /// Whether it may have labels that are not even named, such as those of its node.
    pub has_unnamed_labels: bool,
    /// What the address is.
    pub place: Place,
    /// The workload that answers there, where one of the tree does: an object with a pod template.
    pub workload: Option<ObjectId>,
    /// Further workloads that answer under the same address: behind the same Service, or of another rendering.
    pub siblings: Vec<ObjectId>,
    /// The container that is asked, where discovery says it.
    pub container: Option<String>,
    /// The service of docker-compose that answers there.
    pub compose_service: Option<String>,
    /// Where the target comes from: the static entry, the Service's port, the pod template.
    pub span: Span,
}

/// What an address leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A pod.
    Pod,
    /// A Service of the cluster.
    Service,
    /// A service of docker-compose.
    Compose,
    /// The machine, container or pod of the Prometheus itself (`localhost`).
    Local,
    /// Something that is not in the tree.
    #[default]
    External,
    /// Not known: filled in elsewhere.
    Unknown,
}

/// A target that discovery finds and relabelling drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The labels as discovery found them (`__meta_…`), with `*` for what only a running cluster knows.
    pub discovered: BTreeMap<String, String>,
    /// The rule that dropped it; of one that has no address left, the job.
    pub rule: Span,
    /// Why, as a clause (`keep on app: the regex does not match "pricing"`).
    pub reason: String,
    /// The workload that would answer there.
    pub workload: Option<ObjectId>,
    /// The port on which it would be asked.
    pub port: Option<u16>,
    /// Where the target comes from.
    pub span: Span,
}

/// A target that cannot exist: nothing of the tree renders the host, Service or port that it names, and the tree renders
/// what stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// What it names (`pricing-prod:9102`).
    pub target: String,
    /// Where.
    pub span: Span,
    /// Why, as a clause.
    pub reason: String,
    /// What was probably meant, with its place.
    pub closest: Option<(String, Span)>,
    /// How sure it is.
    pub certainty: Certainty,
}

/// How sure it is that a target is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// Something outside of the tree may make it after all.
    Likely,
    /// All that could make it is in the tree.
    Sure,
}

/// Gives each job the targets that the tree determines.
pub(crate) fn with_targets(tree: &Tree<'_>, mut servers: Vec<Server>) -> Vec<Server> {
    let mut left = MAX_TARGETS;
    for server in &mut servers {
        let mut jobs = std::mem::take(&mut server.jobs);
        for job in &mut jobs {
            simulate(tree, server, job, &mut left);
        }
        dead::mark(tree, server, &mut jobs);
        server.jobs = jobs;
        let mut idle = std::mem::take(&mut server.idle);
        for idle in &mut idle {
            simulate(tree, server, &mut idle.job, &mut left);
        }
        server.idle = idle;
    }
    servers
}

fn simulate(tree: &Tree<'_>, server: &Server, job: &mut Job, left: &mut usize) {
    let rules = match relabel::rules(job.config.items_at("relabel_configs")) {
        Ok(rules) => rules,
        Err(invalid) => {
            job.unknown.push(format!(
                "Prometheus refuses the configuration: {}",
                invalid.reason
            ));
            job.invalid = Some(invalid);
            return;
        }
    };
    if let Some(invalid) = &job.invalid {
        job.unknown.push(format!(
            "Prometheus refuses the configuration: {}",
            invalid.reason
        ));
        return;
    }
    let defaults = Defaults::of(&job.config, server.global.as_ref());
    let found = discovery::of_job(tree, server, job);
    job.unknown.extend(found.unknown);
    if found.targets.len() > *left {
        job.unknown
            .push("there are more targets than are followed".to_owned());
        return;
    }
    *left -= found.targets.len();
    for target in found.targets {
        settle(tree, server, job, &rules, &defaults, target);
    }
}

/// One target to what becomes of it.
fn settle(
    tree: &Tree<'_>,
    server: &Server,
    job: &mut Job,
    rules: &[Rule],
    defaults: &Defaults,
    found: Found<'_>,
) {
    let mut labels = found.labels;
    let original = labels.get("__address__");
    defaults.fill(&mut labels);
    let discovered = labels.clone();
    let outcome = populate(rules, labels, job.span);
    let names = Names {
        clusters: tree.clusters,
        compose: tree.compose,
    };
    let answers =
        |address: &Text, labels: &Labels| answering(names, server, found.host, &original, address, labels);
    let refused = |rule: Span, reason: String| {
        let answers = answers(&original, &discovered);
        let first = answers.workloads.first();
        let port = first.and_then(|(_, port)| *port);
        Dropped {
            discovered: discovered
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_string()))
                .collect(),
            rule,
            reason,
            workload: first.map(|(id, _)| *id),
            port,
            span: found.span,
        }
    };
    let undecided = |job: &mut Job, rule: Span, reason: String| {
        if !job.unknown.contains(&reason) {
            job.unknown.push(reason.clone());
        }
        let refused = refused(rule, reason);
        job.undecided.push(refused);
    };
    match outcome {
        Outcome::Dropped { rule, reason } => {
            let refused = refused(rule, reason);
            job.dropped.push(refused);
        }
        Outcome::Undecided { rule, reason } => undecided(job, rule, reason),
        Outcome::Kept(_) if found.presence != Answer::Always => {
            let span = job.span;
            let reason =
                "whether it looks into that namespace, or selects that pod, is known only at run time";
            undecided(job, span, reason.to_owned());
        }
        Outcome::Kept(labels) => {
            let answers = answers(&labels.get("__address__"), &labels);
            let target = target(&labels, answers, found.host, found.span);
            if !job.targets.contains(&target) {
                job.targets.push(target);
            }
        }
    }
}

/// What stands behind the address that relabelling left.
fn answering(
    names: Names<'_>,
    server: &Server,
    host: Host<'_>,
    original: &Text,
    address: &Text,
    labels: &Labels,
) -> Answers {
    let secure = labels.get("__scheme__").as_known() == Some("https");
    let default = Some(if secure { 443 } else { 80 });
    let port = port_of(address).or(default);
    if host_of(address) == host_of(original) {
        match host {
            Host::Pod(pod) => {
                return Answers {
                    place: Place::Pod,
                    workloads: vec![(pod.workload, port)],
                    compose: None,
                };
            }
            Host::Service(cluster, service) => {
                return Answers {
                    place: Place::Service,
                    workloads: hosts::behind(cluster, service, port),
                    compose: None,
                };
            }
            Host::Compose(service) => {
                return Answers {
                    place: Place::Compose,
                    workloads: Vec::new(),
                    compose: Some(service.to_owned()),
                };
            }
            Host::Other => {}
        }
    }
    match address.as_known() {
        Some(known) => names.resolve(server, hosts::split(known).0, port),
        None => Answers {
            place: Place::Unknown,
            ..Answers::default()
        },
    }
}

/// The port of an address, where it is written at its end.
fn port_of(address: &Text) -> Option<u16> {
    address.known_behind_last(':')?.parse().ok()
}

/// An address without its port.
fn host_of(address: &Text) -> Text {
    address.before_last(':')
}

fn target(labels: &Labels, answers: Answers, host: Host<'_>, span: Span) -> Target {
    let mut known = BTreeMap::new();
    let mut open = Vec::new();
    for (name, value) in labels.iter().filter(|(name, _)| !name.starts_with("__")) {
        match value.as_known() {
            Some(value) => {
                known.insert(name.to_owned(), value.to_owned());
            }
            None => open.push(name.to_owned()),
        }
    }
    let address = labels.get("__address__");
    let mut workloads = answers.workloads.iter().map(|(id, _)| *id);
    let first = workloads.next();
    let port = match answers.workloads.first() {
        Some((_, port)) => *port,
        None => port_of(&address),
    };
    let container = labels.get("container");
    let container = matches!(host, Host::Pod(_)).then(|| container.as_known().map(str::to_owned));
    Target {
        address: address.to_string(),
        port,
        path: labels.get("__metrics_path__").to_string(),
        labels: known,
        open_labels: open,
        has_unnamed_labels: labels.has_unnamed(),
        place: answers.place,
        workload: first,
        siblings: workloads.collect(),
        container: container.flatten().filter(|name| !name.is_empty()),
        compose_service: answers.compose,
        span,
    }
}

/// The entries of a list that are known texts.
pub(crate) fn texts(list: &[Value]) -> impl Iterator<Item = (&str, Span)> {
    list.iter().filter_map(|item| Some((item.as_str()?, item.span)))
}

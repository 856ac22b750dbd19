//! The targets of each job: found by discovery, kept or dropped by relabelling.

pub(crate) mod cluster;
mod dead;
pub(crate) mod discovery;
pub(crate) mod hosts;
pub(crate) mod kubernetes;
mod populate;

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::objects::ObjectId;
use crate::relabel::{self, InvalidRule, Labels, Outcome, Rule};
use crate::servers::{Job, Server, ServerPlace, Tree};
use crate::targets::hosts::{Answers, Names};
use crate::targets::kubernetes::{Found, Host};
use crate::targets::populate::{Defaults, populate};
use crate::text::{Answer, Text};

/// Targets that one run goes through: far above any real tree, and a stop for jobs times renderings.
const MAX_TARGETS: usize = 300_000;

/// Reasons that one job is given for what is not known; more of them say no more.
const MAX_REASONS: usize = 20;

/// A target that a job scrapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The labels as discovery found them (`__meta_…`), with `*` for what only a running cluster knows.
    pub discovered: BTreeMap<String, String>,
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
    /// The services of docker-compose that may answer there: name, and the place of what its file says of it.
    pub compose: Vec<(String, Span)>,
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
    /// Further workloads that would answer under the same address.
    pub siblings: Vec<ObjectId>,
    /// The services of docker-compose that may answer there: name, and the place of what its file says of it.
    pub compose: Vec<(String, Span)>,
    /// What its address leads to.
    pub place: Place,
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
    without_repetitions(servers)
}

/// One configuration that several compose files run is one server where it scrapes the same under each of them.
fn without_repetitions(servers: Vec<Server>) -> Vec<Server> {
    let mut kept: Vec<Server> = Vec::new();
    let mut by_span: BTreeMap<Span, usize> = BTreeMap::new();
    for server in servers {
        let is_composed = matches!(server.place, ServerPlace::Compose { .. });
        let same = by_span
            .get(&server.span)
            .filter(|_| is_composed)
            .and_then(|index| kept.get_mut(*index));
        match same {
            Some(first) if scrapes_alike(first, &server) => first.rules.extend(server.rules),
            _ => {
                by_span.entry(server.span).or_insert(kept.len());
                kept.push(server);
            }
        }
    }
    kept
}

fn scrapes_alike(left: &Server, right: &Server) -> bool {
    let alike = |(left, right): (&Job, &Job)| left.targets == right.targets && left.dead == right.dead;
    left.jobs.len() == right.jobs.len() && left.jobs.iter().zip(&right.jobs).all(alike)
}

fn simulate(tree: &Tree<'_>, server: &Server, job: &mut Job, left: &mut usize) {
    let rules = match relabel::rules(job.config.items_at("relabel_configs")) {
        Ok(rules) => rules,
        Err(invalid) => {
            job.may_have_more(refused(&invalid.reason));
            job.invalid = Some(invalid);
            return;
        }
    };
    if let Some(invalid) = &job.invalid {
        job.may_have_more(refused(&invalid.reason));
        return;
    }
    if rules.is_empty()
        && let Some((url, span)) = url_among(&job.config)
    {
        let reason = format!("`{url}` is a URL, and a target is a host and a port");
        job.may_have_more(refused(&reason));
        job.invalid = Some(InvalidRule {
            span,
            reason,
            is_of_agent: false,
        });
        return;
    }
    let defaults = Defaults::of(&job.config, server.global.as_ref());
    let found = discovery::of_job(tree, server, job);
    for reason in found.unknown {
        job.may_have_more(reason);
    }
    if found.targets.len() > *left {
        job.may_have_more("there are more targets than are followed".to_owned());
        return;
    }
    *left -= found.targets.len();
    let mut settler = Settler {
        tree,
        server,
        rules,
        defaults,
        targets: BTreeSet::new(),
        reasons: BTreeSet::new(),
    };
    for target in found.targets {
        settler.settle(job, target);
    }
}

/// What is not known of a job that Prometheus does not take.
fn refused(reason: &str) -> String {
    format!("Prometheus refuses the configuration: {reason}")
}

/// A fixed target that is a URL, which Prometheus takes only where rules may make an address of it.
fn url_among(config: &Value) -> Option<(&str, Span)> {
    let groups = config.items_at("static_configs").iter();
    let mut targets = groups.flat_map(|group| texts(group.items_at("targets")));
    targets.find(|(target, _)| target.contains('/') && Text::written(target).as_known().is_some())
}

/// What makes two targets one: address, path, workload, labels.
type Identity = (String, String, Option<ObjectId>, BTreeMap<String, String>);

/// Says of each target of a job what becomes of it.
struct Settler<'r, 't> {
    tree: &'r Tree<'t>,
    server: &'r Server,
    rules: Vec<Rule>,
    defaults: Defaults,
    /// Targets that were kept already: equal ones are one, as for Prometheus.
    targets: BTreeSet<Identity>,
    /// Reasons that were given already for what is not known.
    reasons: BTreeSet<String>,
}

impl Settler<'_, '_> {
    fn settle(&mut self, job: &mut Job, found: Found<'_>) {
        let mut discovered = found.labels;
        let original = discovered.get("__address__");
        self.defaults.fill(&mut discovered);
        let outcome = populate(&self.rules, discovered.clone(), job.span);
        let answers = |address: &Text, labels: &Labels| {
            let names = Names {
                clusters: self.tree.clusters,
                compose: self.tree.compose,
            };
            answering(names, self.server, found.host, &original, address, labels)
        };
        let (rule, reason, is_open) = match outcome {
            Outcome::Kept(labels) if found.presence == Answer::Always => {
                let answers = answers(&labels.get("__address__"), &labels);
                let mut target = target(&labels, answers, found.host, found.span);
                target.discovered = shown(&discovered);
                self.keep(job, target);
                return;
            }
            Outcome::Kept(_) => {
                let reason = match found.host {
                    Host::Other => "the pods behind a Service that it selects are not made by this tree",
                    _ => {
                        "whether it looks into that namespace, or selects that pod, is known only at run time"
                    }
                };
                (job.span, reason.to_owned(), true)
            }
            Outcome::Dropped { rule, reason } => (rule, reason, false),
            Outcome::Undecided { rule, reason } => (rule, reason, true),
        };
        let answers = answers(&original, &discovered);
        let first = answers.workloads.first();
        let refused = Dropped {
            discovered: shown(&discovered),
            rule,
            reason: reason.clone(),
            workload: first.map(|(id, _)| *id),
            siblings: answers.workloads.iter().skip(1).map(|(id, _)| *id).collect(),
            compose: answers.compose.clone(),
            place: answers.place,
            port: first.and_then(|(_, port)| *port),
            span: found.span,
        };
        if !is_open {
            job.dropped.push(refused);
            return;
        }
        job.undecided.push(refused);
        if self.reasons.len() < MAX_REASONS && self.reasons.insert(reason.clone()) {
            job.unknown.push(reason);
        }
    }

    fn keep(&mut self, job: &mut Job, target: Target) {
        let key = (
            target.address.clone(),
            target.path.clone(),
            target.workload,
            target.labels.clone(),
        );
        if self.targets.insert(key) {
            job.targets.push(target);
        }
    }
}

fn shown(labels: &Labels) -> BTreeMap<String, String> {
    let labels = labels.iter();
    labels
        .map(|(name, value)| (name.to_owned(), value.to_string()))
        .collect()
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
                    compose: Vec::new(),
                };
            }
            Host::Service(cluster, service) => {
                return Answers {
                    place: Place::Service,
                    workloads: hosts::behind(cluster, service, port),
                    compose: Vec::new(),
                };
            }
            Host::Compose(service) => {
                return Answers {
                    place: Place::Compose,
                    workloads: Vec::new(),
                    compose: names.compose_answering(server, service),
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
        discovered: BTreeMap::new(),
        address: address.to_string(),
        port,
        path: path(&labels.get("__metrics_path__")),
        labels: known,
        open_labels: open,
        has_unnamed_labels: labels.has_unnamed(),
        place: answers.place,
        workload: first,
        siblings: workloads.collect(),
        container: container.flatten().filter(|name| !name.is_empty()),
        compose: answers.compose,
        span,
    }
}

/// A path as it is asked for, which begins with a slash whatever the configuration says.
fn path(written: &Text) -> String {
    let path = written.to_string();
    if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    }
}

/// The entries of a list that are known texts.
pub(crate) fn texts(list: &[Value]) -> impl Iterator<Item = (&str, Span)> {
    list.iter().filter_map(|item| Some((item.as_str()?, item.span)))
}

#[cfg(test)]
mod tests;

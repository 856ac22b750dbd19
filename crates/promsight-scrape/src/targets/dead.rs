//! Targets that cannot exist: a host, Service or port that nothing renders although the tree renders what stands beside
//! it.
//!
//! Owns the evidence. Something that is not in the tree may run all the same, so that a missing name alone says
//! nothing: there must be a Service that the name is a slip of, or so much of the neighbourhood that the rest would be
//! there too.

mod likeness;
mod listening;
mod monitors;

use std::collections::BTreeMap;

use promsight_model::Span;

use crate::compose::{ComposeFile, ComposeService};
use crate::objects::{Object, RenderingRoot};
use crate::servers::{Job, JobOrigin, Server, ServerPlace, Tree, rule_files};
use crate::targets::cluster::{Cluster, Pod, Service, ServiceKind};
use crate::targets::dead::likeness::{closest, is_well_known};
use crate::targets::hosts::{self, Names, ServiceName};
use crate::targets::{Certainty, Dead, Place, texts};
use crate::text::{Answer, Text};

/// Hosts that a server must reach before one that it does not reach counts for itself.
const ENOUGH_NEIGHBOURS: usize = 2;

/// Gives each job the targets of it that cannot exist.
pub(crate) fn mark(tree: &Tree<'_>, server: &Server, jobs: &mut [Job]) {
    let neighbours = neighbours(jobs);
    for job in jobs {
        let mut dead = match job.origin {
            JobOrigin::ServiceMonitor => monitors::of_services(tree, job),
            JobOrigin::PodMonitor => monitors::of_pods(tree, job),
            JobOrigin::Configuration | JobOrigin::ScrapeConfig | JobOrigin::Probe => {
                fixed_targets(tree, server, job, neighbours)
            }
        };
        dead.sort_by(|left, right| (left.span, &left.target).cmp(&(right.span, &right.target)));
        dead.dedup();
        job.dead = dead;
    }
}

/// Fixed targets of all jobs that lead to a Service.
fn neighbours(jobs: &[Job]) -> usize {
    let targets = jobs.iter().flat_map(|job| &job.targets);
    targets.filter(|target| target.place == Place::Service).count()
}

/// Fixed targets that are scraped as they are written.
fn fixed_targets(tree: &Tree<'_>, server: &Server, job: &Job, neighbours: usize) -> Vec<Dead> {
    let groups = job.config.items_at("static_configs").iter();
    let written: BTreeMap<Span, &str> = groups
        .flat_map(|group| texts(group.items_at("targets")))
        .map(|(text, span)| (span, text))
        .collect();
    let scraped = job.targets.iter().filter(|target| {
        let address = written.get(&target.span);
        address.is_some_and(|address| *address == target.address)
    });
    let secure = job.config.text_at(&["scheme"]) == Some("https");
    scraped
        .filter_map(|target| {
            let (host, port) = hosts::split(&target.address);
            let asked = Asked {
                address: &target.address,
                host,
                port: port.unwrap_or(if secure { 443 } else { 80 }),
                span: target.span,
            };
            match &server.place {
                ServerPlace::Cluster { rendering, .. } => {
                    in_cluster(tree, server, &tree.clusters[*rendering], asked, neighbours)
                }
                ServerPlace::Compose { file, .. } => {
                    let compose = tree.compose.iter().find(|compose| compose.file == *file)?;
                    in_compose(tree, server, compose, asked)
                }
                ServerPlace::Unknown => None,
            }
        })
        .collect()
}

/// An address that a job asks.
#[derive(Clone, Copy)]
struct Asked<'a> {
    address: &'a str,
    host: &'a str,
    port: u16,
    span: Span,
}

impl Asked<'_> {
    fn dead(self, reason: String, closest: Option<(String, Span)>, certainty: Certainty) -> Dead {
        Dead {
            target: self.address.to_owned(),
            span: self.span,
            reason,
            closest,
            certainty,
        }
    }
}

fn in_compose(tree: &Tree<'_>, server: &Server, compose: &ComposeFile<'_>, asked: Asked<'_>) -> Option<Dead> {
    let names = Names {
        clusters: tree.clusters,
        compose: tree.compose,
    };
    let host = asked.host;
    let own = rule_files::compose_service(tree, server)?;
    if matches!(host, "localhost" | "127.0.0.1" | "::1") {
        return listening::at_itself(compose, own, asked);
    }
    if hosts::is_local(host) || hosts::is_address(host) {
        return None;
    }
    let mut called = compose
        .services
        .iter()
        .filter(|service| service.hosts.contains(&host));
    if let (Some(service), None) = (called.next(), called.next()) {
        return listening::published(tree.processes, compose, service, asked);
    }
    if host.contains('.') || names.compose_services(server, host).next().is_some() {
        return None;
    }
    let reaches_others = ["extra_hosts", "links", "external_links"]
        .iter()
        .any(|key| own.value.get(key).is_some());
    if reaches_others || compose.includes || own.is_elsewhere(compose.value) {
        return None;
    }
    let is_instance = |service: &ComposeService<'_>| is_instance_of(host, service.name);
    if compose.services.iter().any(is_instance) {
        return None;
    }
    let others = compose.services.iter().filter(|service| service.name != own.name);
    let closest = closest(host, others.map(|service| (service.name, service.span)));
    if closest.is_none() && is_well_known(host) {
        return None;
    }
    let certainty = if closest.is_some() {
        Certainty::Sure
    } else {
        Certainty::Likely
    };
    let reason = format!("no service of the compose file that runs this Prometheus is called `{host}`");
    Some(asked.dead(reason, closest, certainty))
}

/// `PROJECT-SERVICE-1`, as compose calls the containers of a service.
fn is_instance_of(host: &str, service: &str) -> bool {
    let bare = host.trim_end_matches(|character: char| character.is_ascii_digit());
    bare.len() < host.len()
        && bare
            .strip_suffix(['-', '_'])
            .and_then(|bare| bare.strip_suffix(service))
            .is_some_and(|project| project.ends_with(['-', '_']))
}

fn in_cluster(
    tree: &Tree<'_>,
    server: &Server,
    own: &Cluster<'_>,
    asked: Asked<'_>,
    neighbours: usize,
) -> Option<Dead> {
    if hosts::is_local(asked.host) || hosts::is_address(asked.host) {
        return None;
    }
    let names = hosts::service_names(asked.host);
    let found: Vec<_> = names
        .iter()
        .flat_map(|name| hosts::services(tree.clusters, server, *name))
        .collect();
    if !found.is_empty() {
        let here: Vec<_> = found
            .iter()
            .filter(|(cluster, _, _)| cluster.rendering == own.rendering)
            .collect();
        if here.is_empty() {
            return renamed(own, &found, asked);
        }
        let deaths: Option<Vec<Dead>> = here
            .iter()
            .map(|(cluster, service, _)| wrong_port(tree, cluster, service, asked))
            .collect();
        return deaths?.into_iter().next();
    }
    names
        .into_iter()
        .find_map(|name| missing(tree, server, own, name, asked, neighbours))
}

/// A Service that only another rendering has under this name, and this one under another: the overlay renames it, and the
/// target does not follow.
fn renamed(
    own: &Cluster<'_>,
    found: &[(&Cluster<'_>, &Service<'_>, Answer)],
    asked: Asked<'_>,
) -> Option<Dead> {
    let (_, other, _) = found.first()?;
    let mut services = own.services.iter();
    let here = services.find(|service| {
        service.object.origin == other.object.origin && service.object.name() != other.object.name()
    })?;
    let name = here.object.name();
    let reason = format!("what is applied with this Prometheus has that Service under the name `{name}`");
    Some(asked.dead(
        reason,
        Some((name.to_owned(), place_of(here.object))),
        Certainty::Sure,
    ))
}

/// Why a Service that is there does not answer on the port.
fn wrong_port(
    tree: &Tree<'_>,
    cluster: &Cluster<'_>,
    service: &Service<'_>,
    asked: Asked<'_>,
) -> Option<Dead> {
    if service.kind != ServiceKind::Address || service.ports.is_empty() {
        return None;
    }
    let name = service.object.name();
    let Some(own) = service.ports.iter().find(|own| own.number == asked.port) else {
        let pods: Vec<&Pod<'_>> = cluster.selected(service).map(|(pod, _)| pod).collect();
        let leads = |own: &&crate::targets::cluster::ServicePort<'_>| {
            pods.iter().any(|pod| pod.answering(own) == Some(asked.port))
        };
        let meant = service.ports.iter().find(leads);
        let ports: Vec<String> = service.ports.iter().map(|own| own.number.to_string()).collect();
        let reason = match meant {
            Some(meant) => format!(
                "the Service `{name}` has no port {}; its port {} leads there",
                asked.port, meant.number
            ),
            None => format!(
                "the Service `{name}` has no port {}, only {}",
                asked.port,
                ports.join(", ")
            ),
        };
        let only = if service.ports.len() == 1 {
            service.ports.first()
        } else {
            None
        };
        let closest = meant
            .or(only)
            .map(|own| (format!("{}:{}", asked.host, own.number), own.span));
        return Some(asked.dead(reason, closest, Certainty::Sure));
    };
    let pods: Vec<&Pod<'_>> = cluster.selected(service).map(|(pod, _)| pod).collect();
    if pods.is_empty() {
        let has_selector = service
            .selector
            .as_ref()
            .is_some_and(|selector| !selector.is_empty());
        let is_whole = cluster.is_complete && tree.renderings[cluster.rendering].root != RenderingRoot::Plain;
        let may_come = !has_selector || !is_whole || is_made_by_operator(tree, cluster, name);
        return (!may_come).then(|| {
            let reason = format!("the Service `{name}` selects no pod that is applied with it");
            asked.dead(reason, None, Certainty::Likely)
        });
    }
    let lacking = pods.iter().all(|pod| pod.answering(own).is_none());
    lacking.then(|| {
        let target = match own.target {
            crate::targets::cluster::TargetPort::Name(name) => name,
            crate::targets::cluster::TargetPort::Number(_) => "",
        };
        let reason = format!(
            "port {} of the Service `{name}` leads to the port `{target}`, and no pod that it selects has one of that name",
            own.number
        );
        asked.dead(reason, None, Certainty::Sure)
    })
}

/// A Service that nothing renders.
fn missing(
    tree: &Tree<'_>,
    server: &Server,
    own: &Cluster<'_>,
    name: ServiceName<'_>,
    asked: Asked<'_>,
    neighbours: usize,
) -> Option<Dead> {
    let ServerPlace::Cluster { namespace, .. } = &server.place else {
        return None;
    };
    let namespace = name.namespace.map_or_else(|| namespace.clone(), Text::known);
    let siblings: Vec<&Service<'_>> = tree
        .clusters
        .iter()
        .flat_map(|cluster| &cluster.services)
        .filter(|service| service.namespace.equals(&namespace) == Answer::Always)
        .collect();
    // A namespace of which the tree renders no Service is someone else's, and a host such as `a.b` a domain.
    if siblings.is_empty() || name.is_pod && !name.is_sure || is_made_by_operator(tree, own, name.service) {
        return None;
    }
    let names = siblings
        .iter()
        .map(|service| (service.object.name(), place_of(service.object)));
    let closest = closest(name.service, names);
    let is_plain = tree.renderings[own.rendering].root == RenderingRoot::Plain;
    let certainty = match &closest {
        Some(_) if own.is_complete && !is_plain => Certainty::Sure,
        Some(_) => Certainty::Likely,
        None => {
            let is_lonely = neighbours < ENOUGH_NEIGHBOURS || is_plain || !own.is_complete;
            if is_lonely || is_well_known(name.service) {
                return None;
            }
            Certainty::Likely
        }
    };
    let shown = name
        .namespace
        .map_or_else(|| format!("{namespace}"), str::to_owned);
    let place = if shown.contains('*') {
        "its namespace".to_owned()
    } else {
        format!("the namespace `{shown}`")
    };
    let reason = format!(
        "no Service `{}` is rendered in {place}, where others are",
        name.service
    );
    Some(asked.dead(reason, closest, certainty))
}

/// Whether a Service of that name may be made in the cluster: by the operator of a custom resource, or by a chart that
/// the tree installs from elsewhere.
fn is_made_by_operator(tree: &Tree<'_>, own: &Cluster<'_>, service: &str) -> bool {
    if service.ends_with("-operated") || matches!(service, "kubernetes" | "kube-dns") {
        return true;
    }
    let objects = tree.renderings[own.rendering].objects.iter();
    let mut made = objects.filter(|object| {
        let group = object
            .api_version()
            .split_once('/')
            .map_or("", |(group, _)| group);
        let is_builtin = !group.contains('.') || group.ends_with(".k8s.io");
        !is_builtin && !object.name().is_empty() && !group.starts_with("monitoring.")
    });
    made.any(|object| service.starts_with(object.name()) || service.ends_with(object.name()))
}

fn place_of(object: &Object) -> Span {
    let name = object.value.at(&["metadata", "name"]);
    name.map_or(object.value.span, |name| name.span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_of_compose_is_called_after_project_and_service() {
        assert!(is_instance_of("shop-till-1", "till"));
        assert!(is_instance_of("shop_till_12", "till"));
        assert!(!is_instance_of("till-1", "till"));
        assert!(!is_instance_of("shop-till", "till"));
    }
}

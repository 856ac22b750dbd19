//! Targets that network policies keep their Prometheus from asking.
//!
//! Owns who asks whom: the pods of a Prometheus (the operator's, or those that mount its configuration) at one end, the
//! pods behind a target at the other. A connection counts as blocked only where a policy that is applied with the pod
//! surely selects it, and nothing in the tree may admit the connection: no rule with addresses, no policy that may be
//! for the pod, no policy of another system. What policies say belongs to [`rules`].

mod peers;
mod rules;

use std::collections::BTreeSet;

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::objects::{ObjectId, RenderingRoot, is_aside};
use crate::paths;
use crate::servers::{Server, ServerPlace, Tree};
use crate::targets::cluster::{Pod, find};
use crate::targets::{Certainty, Place};
use crate::text::Answer;
use rules::{Asked, Nearness, Peer, Policy};

pub use rules::Direction;

/// Connections that one run looks at: far above any real tree.
const MAX_CONNECTIONS: usize = 20_000;

/// A workload whose metrics someone asks for and that network policies keep from answering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// What asks.
    pub claim: Claim,
    /// The workload that would answer.
    pub workload: ObjectId,
    /// The port on which it is asked.
    pub port: Option<u16>,
    /// Which end's policies are in the way.
    pub direction: Direction,
    /// The policy that comes nearest to admitting it: the place of its name.
    pub policy: Span,
    /// Why it does not, as a clause with its subject.
    pub reason: String,
    /// The part of it that says so.
    pub part: Option<Span>,
    /// Further policies that select the same pods: name and place.
    pub others: Vec<(String, Span)>,
    /// How sure it is.
    pub certainty: Certainty,
}

/// What says that a workload is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// A target of a job.
    Target {
        /// Index into the servers.
        server: usize,
        /// Index into its jobs.
        job: usize,
        /// Index into the job's targets.
        target: usize,
    },
    /// An annotation `prometheus.io/scrape`, where no Prometheus is in the tree.
    Annotation(Span),
}

/// Everything that is surely blocked, in the order of servers, jobs and targets.
pub(crate) fn blocked(tree: &Tree<'_>, servers: &[Server]) -> Vec<Blocked> {
    let objects = || tree.renderings.iter().flat_map(|rendering| &rendering.objects);
    if !objects().any(rules::is_network_policy) || objects().any(rules::is_foreign_policy) {
        return Vec::new();
    }
    let policies = tree.clusters.iter().flat_map(|cluster| {
        let objects = tree.renderings[cluster.rendering].objects.iter();
        objects.filter_map(|object| Policy::of(cluster, object))
    });
    let view = View {
        tree,
        policies: policies.collect(),
    };
    let mut found = Vec::new();
    let mut left = MAX_CONNECTIONS;
    for (server_at, server) in servers.iter().enumerate() {
        if matches!(server.place, ServerPlace::Compose { .. }) {
            continue;
        }
        let scrapers = peers::scrapers(tree, server);
        for (job_at, job) in server.jobs.iter().enumerate() {
            for (target_at, target) in job.targets.iter().enumerate() {
                let (Some(workload), Place::Pod | Place::Service) = (target.workload, target.place) else {
                    continue;
                };
                if left == 0 {
                    return found;
                }
                left -= 1;
                let claim = Claim::Target {
                    server: server_at,
                    job: job_at,
                    target: target_at,
                };
                let all = std::iter::once(workload).chain(target.siblings.iter().copied());
                let refusals: Option<Vec<Blocked>> = all
                    .map(|workload| view.refused(claim, &scrapers, workload, target.port))
                    .collect();
                found.extend(refusals.into_iter().flatten().take(1));
            }
        }
    }
    without_far_ones(servers, &mut found);
    if servers.is_empty() {
        found.extend(view.annotated());
    }
    found
}

/// A Prometheus of another rendering is taken for the one that asks only where the workload's own has none that does.
fn without_far_ones(servers: &[Server], found: &mut Vec<Blocked>) {
    let is_near = |server: &Server, workload: ObjectId| matches!(server.place, ServerPlace::Cluster { rendering, .. } if rendering == workload.rendering);
    let mut reached: BTreeSet<ObjectId> = BTreeSet::new();
    let mut asked_nearby: BTreeSet<ObjectId> = BTreeSet::new();
    for (server_at, server) in servers.iter().enumerate() {
        for (job_at, job) in server.jobs.iter().enumerate() {
            for (target_at, target) in job.targets.iter().enumerate() {
                let Some(workload) = target.workload else { continue };
                let claim = Claim::Target {
                    server: server_at,
                    job: job_at,
                    target: target_at,
                };
                // Findings are in the order of the claims.
                if found.binary_search_by_key(&claim, |own| own.claim).is_err() {
                    reached.insert(workload);
                }
                if is_near(server, workload) {
                    asked_nearby.insert(workload);
                }
            }
        }
    }
    found.retain(|own| {
        let Claim::Target { server, .. } = own.claim else {
            return true;
        };
        let is_near = servers
            .get(server)
            .is_some_and(|server| is_near(server, own.workload));
        is_near || !reached.contains(&own.workload) && !asked_nearby.contains(&own.workload)
    });
}

struct View<'v, 'a> {
    tree: &'v Tree<'a>,
    policies: Vec<Policy<'a>>,
}

impl<'a> View<'_, 'a> {
    fn pod(&self, workload: ObjectId) -> Option<&'a Pod<'a>> {
        let cluster = self.tree.clusters.get(workload.rendering)?;
        cluster.pods.iter().find(|pod| pod.workload == workload)
    }

    /// Why none of the pods that may ask can; `None` where one may be able to.
    fn refused(
        &self,
        claim: Claim,
        scrapers: &peers::Scrapers<'_>,
        workload: ObjectId,
        port: Option<u16>,
    ) -> Option<Blocked> {
        let pod = self.pod(workload)?;
        // Policies say nothing sure of pods in the network of their node, and a pod always reaches itself.
        if uses_host_network(pod.spec) {
            return None;
        }
        let asked = Asked { pod, port };
        let mut first = None;
        for scraper in &scrapers.pods {
            let is_itself = scraper.pod.is_some_and(|own| own.workload == workload);
            if is_itself || scraper.pod.is_some_and(|own| uses_host_network(own.spec)) {
                return None;
            }
            let mut found = self
                .ingress(claim, &scraper.peer, asked)
                .or_else(|| self.egress(claim, scraper, asked))?;
            if !scrapers.is_known || scrapers.rendering != Some(workload.rendering) {
                found.certainty = Certainty::Likely;
            }
            first.get_or_insert(found);
        }
        first
    }

    fn ingress(&self, claim: Claim, scraper: &Peer, asked: Asked<'_>) -> Option<Blocked> {
        let pod = asked.pod;
        self.connection(claim, Direction::Ingress, (pod, &Peer::of(pod)), scraper, asked)
    }

    fn egress(&self, claim: Claim, scraper: &peers::Scraper<'_>, asked: Asked<'_>) -> Option<Blocked> {
        let own = scraper.pod?;
        let other = Peer::of(asked.pod);
        self.connection(claim, Direction::Egress, (own, &scraper.peer), &other, asked)
    }

    /// Whether the policies of one end keep a connection from coming about.
    fn connection(
        &self,
        claim: Claim,
        direction: Direction,
        (pod, end): (&Pod<'_>, &Peer),
        other: &Peer,
        asked: Asked<'_>,
    ) -> Option<Blocked> {
        let rendering = pod.workload.rendering;
        let own = self.tree.renderings.get(rendering)?;
        let makes_more = own.dormant.iter().any(|(_, kind)| kind == "NetworkPolicy");
        if !own.is_complete || makes_more {
            return None;
        }
        let mut isolating: Vec<&Policy<'_>> = Vec::new();
        let mut certainty = None;
        for policy in &self.policies {
            let answer = policy.isolates(end, direction);
            if answer == Answer::Never || self.is_of_a_twin(policy, pod) {
                continue;
            }
            if policy.admits(self.tree, direction, other, asked) != Answer::Never {
                return None;
            }
            if answer != Answer::Always {
                continue;
            }
            if let Some(own) = self.is_applied_with(policy, pod) {
                certainty = Some(certainty.map_or(own, |certainty: Certainty| certainty.max(own)));
                isolating.push(policy);
            }
        }
        let certainty = certainty?;
        let mut refusals: Vec<(Nearness, String, Option<Span>, &Policy<'_>)> = isolating
            .into_iter()
            .map(|policy| {
                let (nearness, reason, part) = policy.refusal(direction, asked);
                (nearness, reason, part, policy)
            })
            .collect();
        refusals.sort_by_key(|(nearness, _, _, policy)| (*nearness, policy.place()));
        let mut refusals = refusals.into_iter();
        let (_, reason, part, nearest) = refusals.next()?;
        Some(Blocked {
            claim,
            workload: asked.pod.workload,
            port: asked.port,
            direction,
            policy: nearest.place(),
            reason,
            part,
            others: refusals
                .map(|(_, _, _, policy)| (policy.object.name().to_owned(), policy.place()))
                .collect(),
            certainty,
        })
    }

    /// Whether a policy is another rendering's that renders the same workload: for another stage.
    fn is_of_a_twin(&self, policy: &Policy<'_>, pod: &Pod<'_>) -> bool {
        if policy.rendering == pod.workload.rendering {
            return false;
        }
        let Some(cluster) = self.tree.clusters.get(policy.rendering) else {
            return false;
        };
        cluster
            .pods
            .iter()
            .any(|own| own.object.origin == pod.object.origin)
    }

    /// How sure it is that a policy is applied where the pod is, where it is at all: rendered with it, or among
    /// manifests that stand for themselves in the same folder or above. A folder of policies alone may be an option.
    fn is_applied_with(&self, policy: &Policy<'_>, pod: &Pod<'_>) -> Option<Certainty> {
        if policy.rendering != pod.workload.rendering {
            return None;
        }
        if self.tree.renderings[policy.rendering].root != RenderingRoot::Plain {
            return Some(Certainty::Sure);
        }
        let path = |span: Span| self.tree.input.files.file(span.file).path.as_str();
        let (own, other) = (path(policy.object.origin), path(pod.object.origin));
        if is_aside(own) && !is_aside(other) {
            return None;
        }
        let (own, other) = (paths::folder(own), paths::folder(other));
        if paths::below(own, other).is_some() {
            return Some(Certainty::Sure);
        }
        let is_named = pod.object.namespace().is_some() && policy.object.namespace().is_some();
        let cluster = &self.tree.clusters[policy.rendering];
        let mut pods = cluster.pods.iter().map(|pod| path(pod.object.origin));
        let mut is_apart = || is_named && !pods.any(|path| paths::below(own, path).is_some());
        (paths::below(other, own).is_some() || is_apart()).then_some(Certainty::Likely)
    }

    /// Pods that say themselves that they are to be scraped, where no Prometheus of the tree does.
    fn annotated(&self) -> Vec<Blocked> {
        let pods = self.tree.clusters.iter().flat_map(|cluster| &cluster.pods);
        let unknown = peers::Scrapers::unknown();
        let known = |pod: &Pod<'_>, key: &str| {
            let value = find(&pod.annotations, key)?;
            value.as_known().map(str::to_owned)
        };
        pods.filter_map(|pod| {
            if known(pod, "prometheus.io/scrape").as_deref() != Some("true") {
                return None;
            }
            let port = match find(&pod.annotations, "prometheus.io/port") {
                Some(port) => port.as_known()?.parse().ok()?,
                None => only_port(pod)?,
            };
            let place = annotation(pod);
            self.refused(Claim::Annotation(place), &unknown, pod.workload, Some(port))
        })
        .collect()
    }
}

fn uses_host_network(spec: &Value) -> bool {
    let written = spec.get("hostNetwork");
    written.is_some_and(|value| value.as_bool() != Some(false))
}

/// The only port that a pod's containers declare.
fn only_port(pod: &Pod<'_>) -> Option<u16> {
    let mut ports = pod.containers.iter().flat_map(|container| &container.ports);
    let first = ports.next()?;
    ports.next().is_none().then_some(first.number)
}

/// Where the pod says that it is to be scraped.
fn annotation(pod: &Pod<'_>) -> Span {
    let key = "prometheus.io/scrape";
    let paths: [&[&str]; 3] = [
        &["spec", "template", "metadata", "annotations", key],
        &[
            "spec",
            "jobTemplate",
            "spec",
            "template",
            "metadata",
            "annotations",
            key,
        ],
        &["metadata", "annotations", key],
    ];
    let value = &pod.object.value;
    let found = paths.iter().find_map(|path| value.at(path));
    found.map_or(value.span, |found| found.span)
}

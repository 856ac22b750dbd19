//! The targets of each job: found by discovery, kept or dropped by relabelling.

use std::collections::BTreeMap;

use promsight_model::Span;

use crate::Input;
use crate::objects::{ObjectId, Rendering};
use crate::process::Process;
use crate::servers::Server;

/// A target that a job scrapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `__address__` after relabelling: host and port. Parts that only a running cluster knows (a pod's address) are
    /// written as in the simulation, so that equal targets are equal.
    pub address: String,
    /// The port it is scraped on, where known.
    pub port: Option<u16>,
    /// The path.
    pub path: String,
    /// The labels that its series get.
    pub labels: BTreeMap<String, String>,
    /// Labels whose value only a running cluster knows (`pod`, `instance`): they are there, with some value.
    pub open_labels: Vec<String>,
    /// The workload that answers there, where one of the tree does: an object with a pod template.
    pub workload: Option<ObjectId>,
    /// The service of docker-compose that answers there.
    pub compose_service: Option<String>,
    /// Where the target comes from: the static entry, the Service's port, the pod template.
    pub span: Span,
}

/// A target that discovery finds and relabelling drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The labels as discovery found them (`__meta_…`).
    pub discovered: BTreeMap<String, String>,
    /// The rule that dropped it; of one that has no address left, the job.
    pub rule: Span,
    /// Why, as a clause (`keep on app: the regex does not match "pricing"`).
    pub reason: String,
    /// The workload that would answer there.
    pub workload: Option<ObjectId>,
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
}

/// Gives each job the targets that the tree determines.
pub(crate) fn with_targets(
    _input: &Input<'_>,
    _renderings: &[Rendering],
    _processes: &[Process],
    servers: Vec<Server>,
) -> Vec<Server> {
    servers
}

//! Prometheus servers: their jobs, and the rules that they load.
//!
//! Owns: scrape jobs wherever they stand (a configuration file, a ConfigMap, a Secret, `additionalScrapeConfigs`, a
//! ScrapeConfig object), what the operator makes of ServiceMonitors, PodMonitors and Probes, which of them a Prometheus
//! object selects, and which rules are loaded.

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::Input;
use crate::objects::{ObjectId, Rendering};
use crate::targets::{Dropped, Target};

/// Where a Prometheus is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerOrigin {
    /// A configuration by itself, in a file or in the data of an object.
    Configuration,
    /// A `Prometheus`, `PrometheusAgent` (operator) or `VMAgent`/`VMSingle` object.
    Object(ObjectId),
    /// None is in the tree: monitors and rules are there for a Prometheus that runs elsewhere, whose selection is not known.
    Elsewhere,
}

/// One Prometheus with what it scrapes and loads.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it is declared.
    pub origin: ServerOrigin,
    /// That place.
    pub span: Span,
    /// Its jobs.
    pub jobs: Vec<Job>,
    /// Monitors of the tree that it does not select, and why.
    pub unselected: Vec<Unselected>,
    /// Rule objects and rule files that it loads, by their places.
    pub rules: Vec<Span>,
    /// Rule objects and files that no selector or glob of it matches.
    pub unselected_rules: Vec<Unselected>,
    /// Labels that it adds to what leaves it.
    pub external_labels: Vec<(String, String, Span)>,
    /// Whether all its jobs are known: not so where parts of the configuration come from elsewhere.
    pub is_complete: bool,
}

/// A monitor or rule that is not selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unselected {
    /// The monitor's or rule's name.
    pub name: String,
    /// Its kind (`ServiceMonitor`, `PrometheusRule`, `rule file`).
    pub kind: String,
    /// Its place.
    pub span: Span,
    /// Why, as a clause (`its labels lack release=kube-prometheus`).
    pub reason: String,
    /// The selector or glob that does not match.
    pub selector: Span,
}

/// What declares a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobOrigin {
    /// An entry of `scrape_configs`.
    Configuration,
    /// A ServiceMonitor's endpoint.
    ServiceMonitor,
    /// A PodMonitor's endpoint.
    PodMonitor,
    /// A Probe.
    Probe,
    /// A ScrapeConfig object.
    ScrapeConfig,
}

/// One scrape job.
#[derive(Clone, Debug)]
pub struct Job {
    /// `job_name`; of a monitor as the operator derives it (`serviceMonitor/NAMESPACE/NAME/0`).
    pub name: String,
    /// What declares it.
    pub origin: JobOrigin,
    /// Where.
    pub span: Span,
    /// The configuration as Prometheus has it: for monitors as the operator writes it, with places in the monitor.
    pub config: Value,
    /// What it keeps.
    pub targets: Vec<Target>,
    /// What it finds and drops.
    pub dropped: Vec<Dropped>,
    /// Why its targets are not all known (a discovery of another system, a remote file), as clauses; empty where they are.
    pub unknown: Vec<String>,
    /// Static targets, Services, ports that no manifest renders: filled in where the tree determines that.
    pub dead: Vec<crate::targets::Dead>,
}

/// The Prometheus servers of the tree, their jobs without targets.
pub(crate) fn servers(_input: &Input<'_>, _renderings: &[Rendering]) -> Vec<Server> {
    Vec::new()
}

//! Prometheus servers: their jobs, and the rules that they load.
//!
//! Owns: scrape jobs wherever they stand (a configuration file, a ConfigMap, a Secret, `additionalScrapeConfigs`, a
//! ScrapeConfig object, the values of a chart), what the operator makes of ServiceMonitors, PodMonitors and Probes, which
//! of them a Prometheus object selects, and which rules are loaded.

mod build;
mod configuration;
mod monitors;
pub(crate) mod mounts;
mod operator;
pub(crate) mod rule_files;
mod validity;

pub(crate) use operator::namespace_fits;

use promsight_model::manifest::Value;
use promsight_model::{FileId, Span};

use crate::Input;
use crate::compose::ComposeFile;
use crate::objects::{ObjectId, Rendering};
use crate::process::Process;
use crate::relabel::{self, Action, InvalidRule, Labels, Outcome, Rule};
use crate::targets::cluster::Cluster;
use crate::targets::{Dropped, Target};
use crate::text::Text;

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

/// Where a Prometheus runs, which decides what the names in its targets mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerPlace {
    /// In the cluster of a rendering.
    Cluster {
        /// Which rendering declares it.
        rendering: usize,
        /// Its namespace, as an object of the rendering has it.
        namespace: Text,
        /// The object that holds its configuration.
        object: ObjectId,
    },
    /// In the network of a compose file, as one of its services.
    Compose {
        /// The compose file.
        file: FileId,
        /// The service's name.
        service: String,
    },
    /// Not found out.
    Unknown,
}

/// One Prometheus with what it scrapes and loads.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it is declared.
    pub origin: ServerOrigin,
    /// That place.
    pub span: Span,
    /// Where it runs.
    pub place: ServerPlace,
    /// Its jobs.
    pub jobs: Vec<Job>,
    /// Jobs that it would have if it selected and loaded what it does not.
    pub idle: Vec<Idle>,
    /// Monitors of the tree that it does not select, and why.
    pub unselected: Vec<Unselected>,
    /// Scrape configurations that are meant for it and that it cannot load, and why.
    pub unloaded: Vec<Unselected>,
    /// Rule objects and rule files that it loads, by their places.
    pub rules: Vec<Span>,
    /// Rule objects and files that no selector or glob of it matches.
    pub unselected_rules: Vec<Unselected>,
    /// Its `rule_files`, with their places.
    pub rule_globs: Vec<(String, Span)>,
    /// Labels that it adds to what leaves it.
    pub external_labels: Vec<(String, String, Span)>,
    /// The global section of its configuration.
    pub global: Option<Value>,
    /// Whether its queries also see series that no job of it scrapes: what other systems hold, or send to it.
    pub takes_in: bool,
    /// Whether all its jobs are known: not so where parts of the configuration come from elsewhere.
    pub is_complete: bool,
}

impl Server {
    fn new(origin: ServerOrigin, span: Span, place: ServerPlace) -> Self {
        Self {
            origin,
            span,
            place,
            jobs: Vec::new(),
            idle: Vec::new(),
            unselected: Vec::new(),
            unloaded: Vec::new(),
            rules: Vec::new(),
            unselected_rules: Vec::new(),
            rule_globs: Vec::new(),
            external_labels: Vec::new(),
            global: None,
            takes_in: false,
            is_complete: true,
        }
    }
}

/// A job that a Prometheus does not have, for it does not select or load what declares it.
#[derive(Clone, Debug)]
pub struct Idle {
    /// The job, with the targets that it would have.
    pub job: Job,
    /// Why it is idle, as a clause with its subject.
    pub reason: String,
    /// The part of what declares it that shows it best.
    pub place: Span,
    /// Whether nothing outside of the tree could select or load it after all.
    pub is_sure: bool,
}

/// A monitor or rule that is not selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unselected {
    /// The monitor's or rule's name.
    pub name: String,
    /// Its kind (`ServiceMonitor`, `PrometheusRule`, `rule file`).
    pub kind: String,
    /// Its place: all of it.
    pub span: Span,
    /// The part of it that shows it best: its name, or the labels that do not fit.
    pub place: Span,
    /// Why, as a clause (`its labels lack release=kube-prometheus`).
    pub reason: String,
    /// The selector or glob that does not match.
    pub selector: Span,
    /// The object, where it is one.
    pub object: Option<ObjectId>,
    /// Whether nothing outside of the tree could select it after all.
    pub is_sure: bool,
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
    /// The object that declares it.
    pub object: Option<ObjectId>,
    /// The configuration as Prometheus has it: for monitors as the operator writes it, with places in the monitor.
    pub config: Value,
    /// What `own_namespace` means in it: the namespace of the server, or of the monitor.
    pub namespace: Text,
    /// What it keeps.
    pub targets: Vec<Target>,
    /// What it finds and drops.
    pub dropped: Vec<Dropped>,
    /// What it finds and of which only a running cluster could tell whether it is kept. `unknown` says so too.
    pub undecided: Vec<Dropped>,
    /// Why its targets are not all known (a discovery of another system, a remote file), as clauses; empty where they are.
    pub unknown: Vec<String>,
    /// Those of `unknown` that any workload may be behind, and not just what `undecided` names.
    pub unlisted: Vec<String>,
    /// Static targets, Services, ports that no manifest renders: filled in where the tree determines that.
    pub dead: Vec<crate::targets::Dead>,
    /// A rule of it that Prometheus refuses, and with it the whole configuration.
    pub invalid: Option<InvalidRule>,
    /// What is done to the series of its targets (`metric_relabel_configs`).
    pub metric_rules: Vec<Rule>,
    /// Whether labels of a series win over those of its target (`honor_labels`).
    pub honors_labels: bool,
    /// With more samples than this a scrape fails; `None` without a limit.
    pub sample_limit: Option<u64>,
}

/// What becomes of a series when it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relabelled {
    /// It is stored, under this name; `None` where that is known only at run time.
    Kept {
        /// The series' name.
        name: Option<String>,
        /// All its labels.
        labels: Labels,
    },
    /// It is dropped.
    Dropped {
        /// By which rule.
        rule: Span,
        /// Why, as a clause.
        reason: String,
    },
    /// That depends on values that are known only at run time.
    Unknown {
        /// Because of which rule.
        rule: Span,
    },
}

impl Job {
    fn new(name: String, origin: JobOrigin, span: Span, config: Value, namespace: Text) -> Self {
        let (metric_rules, invalid) = match relabel::rules(config.items_at("metric_relabel_configs")) {
            Ok(rules) => (rules, None),
            Err(invalid) => (Vec::new(), Some(invalid)),
        };
        let is_true = |key: &str| config.get(key).and_then(Value::as_bool) == Some(true);
        let limit = config.get("sample_limit").and_then(Value::as_integer);
        Self {
            name,
            origin,
            span,
            object: None,
            namespace,
            targets: Vec::new(),
            dropped: Vec::new(),
            undecided: Vec::new(),
            unknown: Vec::new(),
            unlisted: Vec::new(),
            dead: Vec::new(),
            invalid,
            metric_rules,
            honors_labels: is_true("honor_labels"),
            sample_limit: limit
                .and_then(|limit| u64::try_from(limit).ok())
                .filter(|limit| *limit > 0),
            config,
        }
    }

    /// That its targets are not all known, whatever workload is asked about.
    pub(crate) fn may_have_more(&mut self, reason: String) {
        self.unknown.push(reason.clone());
        self.unlisted.push(reason);
    }

    /// What `metric_relabel_configs` make of a series with these labels (its own and its target's). Values that are not
    /// known are to be open ones.
    pub fn metric_relabelling(&self, series: &str, labels: &Labels) -> Relabelled {
        let mut labels = labels.clone();
        labels.set(relabel::NAME, Text::known(series));
        match relabel::apply(&self.metric_rules, labels) {
            Outcome::Kept(labels) => Relabelled::Kept {
                name: labels.get(relabel::NAME).as_known().map(str::to_owned),
                labels,
            },
            Outcome::Dropped { rule, reason } => Relabelled::Dropped { rule, reason },
            Outcome::Undecided { rule, .. } => Relabelled::Unknown { rule },
        }
    }
}

impl Job {
    /// The rule that may give series other names, where there is one.
    pub fn renaming(&self) -> Option<&Rule> {
        let mut rules = self.metric_rules.iter();
        rules.find(|rule| match rule.action {
            Action::Replace | Action::HashMod | Action::Lowercase | Action::Uppercase => {
                rule.target_label == relabel::NAME
            }
            Action::LabelMap => rule.replacement == relabel::NAME,
            _ => false,
        })
    }

    /// The names under which a series with these labels may be stored, with `*` for what is open in them.
    pub fn stored_names(&self, series: &str, labels: &Labels) -> Vec<String> {
        let mut labels = labels.clone();
        labels.set(relabel::NAME, Text::known(series));
        relabel::names(&self.metric_rules, labels)
    }
}

/// What the servers are found in.
pub(crate) struct Tree<'a> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) renderings: &'a [Rendering],
    pub(crate) clusters: &'a [Cluster<'a>],
    pub(crate) compose: &'a [ComposeFile<'a>],
    pub(crate) processes: &'a [Process],
}

/// The Prometheus servers of the tree, their jobs without targets.
pub(crate) fn servers(tree: &Tree<'_>) -> Vec<Server> {
    let mut servers = operator::servers(tree);
    let claimed = operator::claimed(tree, &servers);
    servers.extend(configuration::servers(tree, &claimed));
    rule_files::load(tree, &mut servers);
    operator::settle_rules(tree, &mut servers);
    servers
}

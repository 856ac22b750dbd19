//! Which labels series get from their targets, not from the code.
//!
//! Whoever scrapes can add any label. What is taken for one: the names that discovery and the usual relabelling
//! give, what the tree's own scrape configurations set, and what queries ask of many metrics of which none has it.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Emitter, Facts, Query, SelectorName};

use promsight_scrape::ScrapeModel;

use super::Asking;
use crate::index::Index;

/// Labels that targets have wherever Prometheus discovers them, or that everybody adds: whatever the code says.
const ALWAYS: &[&str] = &[
    "app",
    "cluster",
    "container",
    "endpoint",
    "env",
    "environment",
    "host",
    "hostname",
    "instance",
    "job",
    "namespace",
    "node",
    "pod",
    "prometheus",
    "prometheus_replica",
    "region",
    "replica",
    "service",
    "zone",
];

/// Labels that are often added to targets: unless the tree's own code has a label of that name.
const OFTEN: &[&str] = &[
    "account",
    "addr",
    "address",
    "app_name",
    "application",
    "availability_zone",
    "az",
    "chart",
    "component",
    "container_id",
    "container_name",
    "controller",
    "customer",
    "daemonset",
    "datacenter",
    "dc",
    "deployment",
    "deployment_config",
    "deploymentconfig",
    "domain",
    "fleet",
    "group",
    "host_name",
    "image",
    "ip",
    "landscape",
    "location",
    "machine",
    "monitor",
    "network",
    "node_name",
    "nodename",
    "ns",
    "org",
    "organization",
    "owner",
    "pod_name",
    "port",
    "product",
    "project",
    "project_id",
    "rack",
    "release",
    "revision",
    "role",
    "server",
    "service_name",
    "shard",
    "site",
    "source",
    "stack",
    "stage",
    "statefulset",
    "subsystem",
    "svc",
    "system",
    "target",
    "task",
    "team",
    "tenant",
    "tenant_id",
    "tier",
    "unit",
    "version",
    "vm",
    "workload",
];

/// Beginnings of labels that discovery, relabelling and federation make.
const BEGINNINGS: &[&str] = &[
    "__",
    "exported_",
    "kubernetes_",
    "k8s_",
    "label_",
    "meta_",
    "ec2_",
    "ecs_",
    "aws_",
    "gcp_",
    "azure_",
    "consul_",
    "nomad_",
    "docker_",
    "juju_",
    "otel_",
    "topology_",
    "app_kubernetes_",
];

/// A label asked of that many metrics of which none has it comes from their targets.
const ENOUGH_METRICS: usize = 3;

/// Whether a label of that name can come from a target wherever nothing else is known of it.
pub fn is_usual_target_label(label: &str) -> bool {
    ALWAYS.contains(&label)
        || OFTEN.contains(&label)
        || BEGINNINGS.iter().any(|beginning| label.starts_with(beginning))
}

/// The labels that targets may add.
pub(super) struct TargetLabels {
    in_code: BTreeSet<String>,
    asked_of_many: BTreeSet<String>,
    /// Labels of targets that jobs of the tree keep.
    of_targets: BTreeSet<String>,
}

/// The metrics whose series would bring a label to the result of a query.
fn bringing<'i>(index: &'i Index<'_>, query: &'i Query, label: &str) -> impl Iterator<Item = &'i Emitter> {
    let source = query.flow.as_ref().map(|flow| flow.result.source(label));
    let selectors = source.map_or(&[][..], |source| &source.selectors);
    let names = selectors
        .iter()
        .filter_map(|at| match &query.selectors.get(*at)?.name {
            SelectorName::Exact(series) => Some(series),
            _ => None,
        });
    names
        .flat_map(|series| index.emitting(series))
        .map(|at| &index.emitters()[*at])
}

impl TargetLabels {
    /// Gathers what the queries ask of metrics of the tree.
    pub(super) fn of(
        index: &Index<'_>,
        asking: &[Asking<'_>],
        facts: &[Facts],
        scrape: &ScrapeModel,
    ) -> Self {
        let in_code: BTreeSet<String> = index
            .live_emitters()
            .chain(index.inventoried())
            .flat_map(|emitter| emitter.labels.iter().cloned())
            .collect();
        let mut lacking: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for facts in facts {
            for shown in &facts.shown_labels {
                let queries = shown.queries.iter().filter_map(|at| facts.queries.get(*at));
                for query in queries {
                    let families = bringing(index, query, &shown.label)
                        .filter(|emitter| !emitter.labels.contains(&shown.label))
                        .filter_map(|emitter| emitter.name.exact());
                    lacking.entry(shown.label.clone()).or_default().extend(families);
                }
            }
        }
        for asking in asking {
            for (at, selector) in asking.query.selectors.iter().enumerate() {
                let SelectorName::Exact(series) = &selector.name else {
                    continue;
                };
                let known = index.emitting(series).iter().chain(index.witnessed(series));
                let emitters = known.map(|at| &index.emitters()[*at]);
                let families: Vec<_> = emitters.collect();
                let matchers = selector.matchers.iter().map(|matcher| &matcher.label);
                let uses = asking.flow.uses_of(at).map(|asked| &asked.label);
                for label in matchers.chain(uses) {
                    if families.iter().any(|emitter| emitter.labels.contains(label)) {
                        continue;
                    }
                    let names = families.iter().filter_map(|emitter| emitter.name.exact());
                    lacking.entry(label.clone()).or_default().extend(names);
                    if series == "up" {
                        lacking
                            .entry(label.clone())
                            .or_default()
                            .extend(["up", "up 1", "up 2"]);
                    }
                }
            }
        }
        let asked_of_many = lacking
            .into_iter()
            .filter(|(label, families)| families.len() >= ENOUGH_METRICS && !in_code.contains(label))
            .map(|(label, _)| label)
            .collect();
        let targets = scrape.servers.iter().flat_map(|server| &server.jobs);
        let targets = targets.flat_map(|job| &job.targets);
        Self {
            in_code,
            asked_of_many,
            of_targets: targets
                .flat_map(|target| target.labels.keys().chain(&target.open_labels))
                .cloned()
                .collect(),
        }
    }

    /// Whether a target may add that label.
    pub(super) fn may_add(&self, label: &str) -> bool {
        ALWAYS.contains(&label)
            || BEGINNINGS.iter().any(|beginning| label.starts_with(beginning))
            || self.asked_of_many.contains(label)
            || self.of_targets.contains(label)
            || (OFTEN.contains(&label) && !self.in_code.contains(label))
    }

    /// Whether the tree's own code has a label of that name on some metric.
    pub(super) fn is_in_code(&self, label: &str) -> bool {
        self.in_code.contains(label)
    }
}

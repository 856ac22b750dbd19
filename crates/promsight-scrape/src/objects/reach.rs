//! Manifests that stand for themselves: which of them something applies, and which are left out.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::manifest::{ManifestKind, Value};
use promsight_model::{FileId, SourceFile, Span};

use super::applications::Applied;
use super::links::{Links, Role};
use super::mentions::{Mention, mentioned};
use super::{Object, Orphan, text_entries};
use crate::Input;
use crate::kustomize::{Tree, folder_of};

/// What became of the manifests that no kustomization builds.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) plain: Vec<Object>,
    pub(crate) orphans: Vec<Orphan>,
}

/// Parts of paths that say that what lies below is not for the cluster.
const ASIDE: [&str; 22] = [
    "archive",
    "ci",
    "demo",
    "demos",
    "deprecated",
    "dev-only",
    "doc",
    "docs",
    "e2e",
    "example",
    "examples",
    "fixtures",
    "hack",
    "old",
    "optional",
    "sample",
    "samples",
    "template",
    "templates",
    "test",
    "testdata",
    "tests",
];

/// Kinds of observability, by a part of their group.
const KINDS: [(&str, &[&str]); 5] = [
    (
        "monitoring.coreos.com",
        &[
            "PrometheusRule",
            "ServiceMonitor",
            "PodMonitor",
            "Probe",
            "ScrapeConfig",
            "AlertmanagerConfig",
        ],
    ),
    (
        "monitoring.rhobs",
        &[
            "PrometheusRule",
            "ServiceMonitor",
            "PodMonitor",
            "Probe",
            "ScrapeConfig",
            "AlertmanagerConfig",
        ],
    ),
    (
        "operator.victoriametrics.com",
        &[
            "VMRule",
            "VMServiceScrape",
            "VMPodScrape",
            "VMProbe",
            "VMStaticScrape",
            "VMNodeScrape",
            "VMScrapeConfig",
        ],
    ),
    (
        "monitoring.googleapis.com",
        &[
            "PodMonitoring",
            "ClusterPodMonitoring",
            "Rules",
            "ClusterRules",
            "GlobalRules",
        ],
    ),
    ("integreatly.org", &["GrafanaDashboard"]),
];

impl Reach {
    pub(crate) fn of(
        input: &Input<'_>,
        tree: &Tree<'_>,
        links: &Links,
        roots: &BTreeSet<&str>,
        applied: &[Applied],
    ) -> Self {
        let built = links.built(roots.iter().copied());
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        let mut unused: BTreeSet<&str> = BTreeSet::new();
        let mut siblings: BTreeMap<&str, Span> = BTreeMap::new();
        for link in &links.links {
            if link.role == Role::Part || built.contains(link.from.as_str()) {
                taken.insert(&link.path);
            } else {
                unused.insert(&link.path);
            }
            let is_listed = link.role == Role::Resource && built.contains(link.from.as_str());
            if is_listed && tree.read(&link.path).is_some() {
                siblings.entry(folder_of(&link.path)).or_insert(link.span);
            }
        }
        let kustomizations: BTreeSet<FileId> = links.folders.values().map(|(file, _)| *file).collect();
        let is_plain = |file: &SourceFile| {
            !taken.contains(file.path.as_str())
                && !kustomizations.contains(&file.id)
                && !is_of_chart(input, &file.path)
        };
        let files: Vec<&SourceFile> = input
            .facts
            .iter()
            .filter(|facts| !facts.manifests.is_empty())
            .map(|facts| input.files.file(facts.file))
            .filter(|file| is_plain(file))
            .collect();
        let is_left_out = |file: &&&SourceFile| siblings.contains_key(folder_of(&file.path));
        let wanted = files.iter().filter(is_left_out).map(|file| file.id).collect();
        let mentions = mentioned(input.files, &wanted, &kustomizations);
        let mut reach = Self::default();
        for file in files {
            let reached_by: Vec<Span> = applied
                .iter()
                .filter(|applied| holds(applied, &file.path))
                .map(|applied| applied.span)
                .collect();
            let sibling = siblings.get(folder_of(&file.path)).copied();
            let mention = mentions.get(&file.id).copied();
            let is_applied = !reached_by.is_empty() || mention == Some(Mention::Elsewhere);
            let is_left_out = sibling.is_some() || unused.contains(file.path.as_str());
            let is_deployed = is_applied || !is_left_out;
            let objects = tree
                .manifests(file.id)
                .iter()
                .filter(|manifest| manifest.kind == ManifestKind::Object && !manifest.is_template);
            for manifest in objects {
                if let Some(sibling) = sibling.filter(|_| !is_deployed && mention.is_none())
                    && is_observability(&manifest.value)
                    && !is_aside(&file.path)
                    && !unused.contains(file.path.as_str())
                {
                    reach.orphans.push(orphan(&manifest.value, sibling));
                }
                reach.plain.push(Object {
                    value: manifest.value.clone(),
                    origin: manifest.value.span,
                    reached_by: reached_by.clone(),
                    is_deployed,
                });
            }
        }
        reach.orphans.sort();
        reach
    }
}

/// Whether an application applies the file.
fn holds(applied: &Applied, path: &str) -> bool {
    let folder = folder_of(path);
    if folder == applied.folder {
        return true;
    }
    let below = folder.strip_prefix(applied.folder.as_str());
    applied.is_recursive && (applied.folder.is_empty() || below.is_some_and(|below| below.starts_with('/')))
}

/// Whether a file is part of a chart that is rendered.
fn is_of_chart(input: &Input<'_>, path: &str) -> bool {
    input.charts.iter().any(|chart| {
        let rest = if chart.folder.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(chart.folder.as_str())
                .and_then(|rest| rest.strip_prefix('/'))
        };
        rest.is_some_and(|rest| {
            ["templates/", "crds/", "charts/"]
                .iter()
                .any(|folder| rest.starts_with(folder))
        })
    })
}

/// Whether a path says that what it holds is an example, a test or an option.
pub(super) fn is_aside(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let words = ["example", "sample", "template", "optional", "disabled"];
    path.split('/')
        .any(|part| part.starts_with('.') || ASIDE.contains(&part))
        || words.iter().any(|word| name.contains(word))
}

/// Whether an object says what is scraped, alerted on or shown.
fn is_observability(object: &Value) -> bool {
    let text = |key| object.text_at(&[key]).unwrap_or_default();
    let group = text("apiVersion").split('/').next().unwrap_or_default();
    if text("kind") == "ConfigMap" && group == "v1" {
        return is_dashboards(object) || holds_configuration(object);
    }
    let is_kind = |(of, kinds): &(&str, &[&str])| group.ends_with(of) && kinds.contains(&text("kind"));
    KINDS.iter().any(is_kind)
}

/// A ConfigMap that the sidecar of Grafana takes for dashboards.
fn is_dashboards(object: &Value) -> bool {
    let labels = object.at(&["metadata", "labels"]);
    text_entries(labels).any(|(key, ..)| key == "grafana_dashboard")
}

/// A ConfigMap that holds the configuration or rules of a Prometheus.
fn holds_configuration(object: &Value) -> bool {
    let data = object.get("data").map_or(&[][..], Value::entries);
    let documents = data
        .iter()
        .filter_map(|(_, value)| value.as_scalar())
        .flat_map(|scalar| &scalar.documents);
    documents.into_iter().any(|document| {
        let groups = document.items_at("groups");
        document.get("scrape_configs").is_some() || groups.iter().any(|group| group.get("rules").is_some())
    })
}

fn orphan(object: &Value, sibling: Span) -> Orphan {
    let name = object.at(&["metadata", "name"]);
    Orphan {
        span: name.map_or(object.span, |name| name.span),
        kind: object.text_at(&["kind"]).unwrap_or_default().to_owned(),
        name: name.and_then(Value::as_str).unwrap_or_default().to_owned(),
        sibling,
    }
}

//! Documents that say how something is run, rendered or scraped, as values.
//!
//! Owns: which documents those are, by their shape and place, and their conversion to [`Value`]s that own their text.
//! What they mean belongs to those who read all files together.

mod templates;

use promsight_model::manifest::{Content, Key, MAX_DEPTH, Manifest, ManifestKind, Scalar, Value};
use promsight_model::{Embedded, SourceFile, Span};

use crate::decode::tree::{Node, Style, Tree};
use crate::decode::{base64, json, yaml};

/// Values that one file may bring in: far above any real file, and a stop for one whose aliases multiply.
const MAX_VALUES: usize = 2_000_000;

/// How often a string inside a document is read as documents of its own.
const MAX_NESTING: usize = 3;

/// Without one of these words a text is none of these documents, unless its name says that it is one, and is not parsed.
const WORDS: [&str; 10] = [
    "apiVersion",
    "scrape_config",
    "job_name",
    "targets",
    "services:",
    "kind:",
    "op:",
    "\"op\"",
    "fieldSpecs",
    "releases:",
];

/// Reads the manifests of a YAML file.
pub(crate) fn yaml_file(file: &SourceFile) -> Vec<Manifest> {
    let is_relevant = is_named(&file.path) || WORDS.iter().any(|word| file.text.contains(word));
    if is_relevant {
        read_file(file, yaml::parse)
    } else {
        Vec::new()
    }
}

/// Reads the manifests of a JSON file.
pub(crate) fn json_file(file: &SourceFile) -> Vec<Manifest> {
    let text = &file.text;
    let is_targets = || text.trim_start().starts_with('[') && text.contains("\"targets\"");
    let is_patch = || text.trim_start().starts_with('[') && text.contains("\"op\"");
    if text.contains("\"apiVersion\"") || text.contains("\"scrape_configs\"") || is_targets() || is_patch() {
        read_file(file, json::parse)
    } else {
        Vec::new()
    }
}

/// Reads the manifests of YAML that was made of other text: what a chart renders. With them comes what could not be
/// read: where, and why.
pub fn rendered(text: &Embedded) -> (Vec<Manifest>, Vec<(Span, String)>) {
    let tree = yaml::parse(text);
    let problems = tree
        .problems()
        .map(|problem| (text.span(problem.range.clone()), problem.message.clone()));
    (manifests(&tree, ""), problems.collect())
}

fn read_file(file: &SourceFile, parse: fn(&Embedded) -> Tree<'_>) -> Vec<Manifest> {
    let source = Embedded::whole(file.id, &file.text);
    manifests(&parse(&source), &file.path)
}

fn manifests(tree: &Tree<'_>, path: &str) -> Vec<Manifest> {
    let mut reader = Reader {
        left: MAX_VALUES,
        nesting: 0,
    };
    let mut found = Vec::new();
    for root in tree.documents().filter_map(|document| document.root()) {
        let Some(kind) = kind(root, path) else {
            continue;
        };
        let items = root.get("items").filter(|items| items.is_sequence());
        let is_list = root.get_str("kind").is_some_and(|kind| kind.ends_with("List"));
        let roots = match items {
            Some(items) if kind == ManifestKind::Object && is_list => items.items().collect(),
            _ => vec![root],
        };
        for root in roots {
            let value = reader.value(root, Strings::of(kind, root), 0);
            let values = match templates::objects(&value) {
                Some(objects) if kind == ManifestKind::Object => objects,
                _ => vec![value],
            };
            found.extend(values.into_iter().map(|value| Manifest {
                kind,
                value,
                is_template: tree.templated(),
            }));
        }
    }
    found
}

/// What a document is; `None` for one that says nothing about running, rendering or scraping.
fn kind(root: Node<'_>, path: &str) -> Option<ManifestKind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if root.is_sequence() {
        let first = root.items().next()?;
        return if first.get("job_name").is_some() {
            Some(ManifestKind::ScrapeJobs)
        } else if is_operation(first) || is_replacement(first) {
            Some(ManifestKind::KustomizationPart)
        } else if first.get("targets").is_some_and(Node::is_sequence) && first.get("expr").is_none() {
            Some(ManifestKind::TargetGroups)
        } else {
            None
        };
    }
    if !root.is_mapping() {
        return None;
    }
    if (is_kustomization_name(name) && !is_of_flux(root)) || is_kustomization(root) {
        return Some(ManifestKind::Kustomization);
    }
    if is_chart_name(name) {
        return Some(ManifestKind::Chart);
    }
    let has_name = || {
        root.get("metadata")
            .is_some_and(|metadata| metadata.get_str("name").is_some())
    };
    if root.get_str("kind").is_some() && (root.get_str("apiVersion").is_some() || has_name()) {
        return Some(ManifestKind::Object);
    }
    if is_replacement(root) || is_configuration(root) {
        return Some(ManifestKind::KustomizationPart);
    }
    if root.get("scrape_configs").is_some() || root.get("scrape_config_files").is_some() {
        return (!ships_logs(root)).then_some(ManifestKind::Prometheus);
    }
    if is_helmfile(root, path) {
        return Some(ManifestKind::Helmfile);
    }
    if is_compose(root, name) {
        return Some(ManifestKind::Compose);
    }
    is_values(path).then_some(ManifestKind::ChartValues)
}

/// Whether a configuration is that of Promtail, whose jobs find files of logs under the keys that Prometheus' jobs have.
/// <https://grafana.com/docs/loki/latest/send-data/promtail/configuration/>
fn ships_logs(root: Node<'_>) -> bool {
    ["positions", "clients", "client"]
        .iter()
        .any(|key| root.get(key).is_some())
}

/// Whether the path alone says what a file is.
fn is_named(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    is_kustomization_name(name) || is_chart_name(name) || is_values(path)
}

fn is_kustomization_name(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

fn is_chart_name(name: &str) -> bool {
    matches!(name, "Chart.yaml" | "Chart.yml")
}

fn is_kustomization(root: Node<'_>) -> bool {
    let is_kind = matches!(root.get_str("kind"), Some("Kustomization" | "Component"));
    let of_tool = |version: &str| version.starts_with("kustomize.config.k8s.io/");
    is_kind && root.get_str("apiVersion").is_none_or(of_tool)
}

/// Objects of Flux are called so too, and may stand in a file of that name.
fn is_of_flux(root: Node<'_>) -> bool {
    let version = root.get_str("apiVersion");
    version.is_some_and(|version| version.starts_with("kustomize.toolkit.fluxcd.io/"))
}

/// An operation of a JSON patch.
fn is_operation(item: Node<'_>) -> bool {
    let is_path = |path: &str| path.is_empty() || path.starts_with('/');
    item.get_str("op").is_some() && item.get_str("path").is_some_and(is_path)
}

/// A replacement of a kustomization.
fn is_replacement(item: Node<'_>) -> bool {
    let has_source = item.get("source").is_some_and(Node::is_mapping) || item.get("sourceValue").is_some();
    let is_target = |target: Node<'_>| target.get("select").is_some();
    let targets = item.get("targets").filter(|targets| targets.is_sequence());
    has_source && targets.is_some_and(|targets| targets.items().any(is_target))
}

/// A configuration of transformers.
fn is_configuration(root: Node<'_>) -> bool {
    const SECTIONS: [&str; 11] = [
        "namePrefix",
        "nameSuffix",
        "namespace",
        "commonLabels",
        "labels",
        "templateLabels",
        "commonAnnotations",
        "images",
        "replicas",
        "varReference",
        "nameReference",
    ];
    let is_spec = |item: Node<'_>| item.get("path").is_some() || item.get("fieldSpecs").is_some();
    SECTIONS
        .iter()
        .filter_map(|section| root.get(section))
        .any(|section| section.items().any(is_spec))
}

/// A helmfile, or a part of one: a list of releases that name charts.
fn is_helmfile(root: Node<'_>, path: &str) -> bool {
    let is_release = |release: Node<'_>| release.get("chart").is_some() && release.get("name").is_some();
    let releases = root.get("releases").filter(|releases| releases.is_sequence());
    path.contains("helmfile") && releases.is_some_and(|releases| releases.items().any(is_release))
}

fn is_compose(root: Node<'_>, name: &str) -> bool {
    let is_service = |service: Node<'_>| {
        ["image", "build", "command", "extends"]
            .iter()
            .any(|key| service.get(key).is_some())
    };
    let services = root.get("services").filter(|services| services.is_mapping());
    services.is_some_and(|services| {
        name.contains("compose") || services.entries().any(|entry| is_service(entry.value))
    })
}

fn is_values(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    is_yaml && name.contains("values")
}

/// Which strings of a document hold documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strings {
    /// None is looked into.
    Plain,
    /// All are, if they are blocks.
    Blocks,
    /// Those below `data`, as Base64.
    Secret,
}

impl Strings {
    fn of(kind: ManifestKind, root: Node<'_>) -> Self {
        match kind {
            ManifestKind::Object if root.get_str("kind") == Some("Secret") => Self::Secret,
            ManifestKind::Object | ManifestKind::Kustomization | ManifestKind::ChartValues => Self::Blocks,
            ManifestKind::KustomizationPart
            | ManifestKind::Prometheus
            | ManifestKind::ScrapeJobs
            | ManifestKind::TargetGroups
            | ManifestKind::Compose
            | ManifestKind::Helmfile
            | ManifestKind::Chart => Self::Plain,
        }
    }
}

struct Reader {
    left: usize,
    nesting: usize,
}

impl Reader {
    fn value(&mut self, node: Node<'_>, strings: Strings, depth: usize) -> Value {
        let content = match self.left.checked_sub(1) {
            Some(left) if depth < MAX_DEPTH => {
                self.left = left;
                self.content(node, strings, depth)
            }
            _ => Content::Null,
        };
        Value {
            span: node.span(),
            content,
        }
    }

    fn content(&mut self, node: Node<'_>, strings: Strings, depth: usize) -> Content {
        if node.is_mapping() {
            let entries = node.effective_entries().into_iter().filter_map(|entry| {
                let key = Key {
                    text: entry.key.as_str()?.to_owned(),
                    span: entry.key.span(),
                };
                let strings = match strings {
                    Strings::Secret if depth == 0 && key.text != "data" => Strings::Blocks,
                    other => other,
                };
                Some((key, self.value(entry.value, strings, depth + 1)))
            });
            return Content::Map(entries.collect());
        }
        if node.is_sequence() {
            let items = node.items().map(|item| self.value(item, strings, depth + 1));
            return Content::List(items.collect());
        }
        match node.as_str() {
            None => Content::Null,
            Some(text) => Content::Scalar(Scalar {
                text: text.to_owned(),
                is_string: node.style() != Some(Style::Plain),
                documents: self.documents(node, strings, depth),
            }),
        }
    }

    /// The documents that a string holds.
    fn documents(&mut self, node: Node<'_>, strings: Strings, depth: usize) -> Vec<Value> {
        if self.nesting >= MAX_NESTING || strings == Strings::Plain {
            return Vec::new();
        }
        let text = match strings {
            Strings::Secret => node.embedded().and_then(|text| base64::decode(&text)),
            _ if node.style() == Some(Style::Plain) => None,
            _ => node.embedded().filter(|text| may_hold_documents(&text.text)),
        };
        let Some(text) = text else {
            return Vec::new();
        };
        let tree = if text.text.trim_start().starts_with(['{', '[']) {
            json::parse(&text)
        } else {
            yaml::parse(&text)
        };
        self.nesting += 1;
        let roots = tree.documents().filter_map(|document| document.root());
        let roots = roots.filter(|root| root.is_mapping() || root.is_sequence());
        let found = roots
            .map(|root| self.value(root, Strings::Blocks, depth + 1))
            .collect();
        self.nesting -= 1;
        found
    }
}

/// Whether a string is worth parsing: it has a key or is JSON.
fn may_hold_documents(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with(['{', '['])
        || text.lines().any(|line| {
            let line = line.trim_end();
            line.ends_with(':') || line.contains(": ")
        })
}

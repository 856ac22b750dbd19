//! Structured files: YAML and JSON documents, Kubernetes objects among them, and what they hold.
//!
//! Owns: finding rules and dashboards wherever they stand in a document — a rule file itself, the `spec` of a
//! `PrometheusRule`, the values of a Helm chart, a file inside a string of a ConfigMap or Secret, an API's
//! export — by their shape rather than by a list of wrappers. What a rule or a dashboard means belongs to
//! [`crate::rules`] and [`crate::grafana`].

use aho_corasick::AhoCorasick;
use promsight_model::{Embedded, Facts, FileKind, GapKind, Reach, SourceFile, Span};
use std::sync::LazyLock;

use crate::collect::Collector;
use crate::decode::tree::{Node, Style, Tree};
use crate::decode::{base64, hcl, json, yaml};
use crate::rules::unit_tests;
use crate::triggers::{self, Around};
use crate::{alertmanager, cloud, grafana, perses, rules};

/// How deep a document is walked: above what its parsers accept in one style of nesting.
const MAX_DEPTH: usize = 300;

/// How often a string inside a document is read as a document of its own: a dashboard in a ConfigMap in a list of
/// extra manifests in Helm values is three.
const MAX_NESTING: usize = 4;

/// Without one of these words a text holds neither rule nor dashboard, and is not parsed.
const WORDS: [&str; 11] = [
    "kind: Secret",
    "gzipJson",
    "jsonnet: |",
    "expr",
    "rule_files",
    "alert:",
    "record:",
    "PrometheusRule",
    "panels",
    "templating",
    "label_values",
];

/// A broken text with one of these should have been read.
const TELLING_WORDS: [&str; 5] = ["groups:", "expr:", "PrometheusRule", "\"panels\"", "\"expr\""];

static PREFILTER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::new(
        WORDS
            .iter()
            .chain(&triggers::WORDS)
            .chain(&alertmanager::WORDS)
            .chain(&perses::WORDS)
            .chain(&cloud::WORDS),
    )
    .ok()
});
static TELLING: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(TELLING_WORDS).ok());

/// Reads a YAML file: rules and dashboards, and whether it is a Kubernetes manifest.
pub fn yaml_file(file: &SourceFile, facts: &mut Facts) {
    if is_manifest_text(&file.text) {
        Collector::new(facts).kind(FileKind::Manifests);
    }
    if !is_relevant(&file.text) {
        return;
    }
    let source = Embedded::whole(file.id, &file.text);
    let tree = yaml::parse(&source);
    read_file(&tree, facts);
}

/// Reads a JSON file: rules and dashboards, and whether it is a Kubernetes manifest.
pub fn json_file(file: &SourceFile, facts: &mut Facts) {
    if !is_relevant(&file.text) {
        return;
    }
    let source = Embedded::whole(file.id, &file.text);
    let tree = json::parse(&source);
    if tree
        .documents()
        .filter_map(|document| document.root())
        .any(is_manifest)
    {
        Collector::new(facts).kind(FileKind::Manifests);
    }
    read_file(&tree, facts);
}

/// Reads an HCL file (Terraform, OpenTofu): rules and dashboards in its resources, and in the YAML and JSON in its
/// strings.
pub fn hcl_file(file: &SourceFile, facts: &mut Facts) {
    if !is_relevant(&file.text) {
        return;
    }
    let source = Embedded::whole(file.id, &file.text);
    read_file(&hcl::parse(&source), facts);
}

/// Reads YAML that stands in another file, such as a fence of a document; says whether it held a rule or a
/// dashboard.
///
/// Adds consumers, queries and rules only: an example in a document makes it neither a rule file nor a broken one.
pub fn yaml_text(text: &Embedded, facts: &mut Facts) -> bool {
    embedded_text(text, facts, yaml::parse)
}

/// As [`yaml_text`], for JSON.
pub fn json_text(text: &Embedded, facts: &mut Facts) -> bool {
    embedded_text(text, facts, json::parse)
}

fn embedded_text(text: &Embedded, facts: &mut Facts, parse: fn(&Embedded) -> Tree<'_>) -> bool {
    if !is_relevant(&text.text) {
        return false;
    }
    let mut own = Facts::empty(facts.file);
    // Indices count from what is there already.
    own.consumers = std::mem::take(&mut facts.consumers);
    own.queries = std::mem::take(&mut facts.queries);
    let before = own.consumers.len();
    walk(&parse(text), &mut Collector::new(&mut own), 0);
    let found = own.consumers.len() > before;
    facts.consumers = own.consumers;
    facts.queries = own.queries;
    facts.rules.append(&mut own.rules);
    found
}

fn read_file(tree: &Tree<'_>, facts: &mut Facts) {
    let mut collector = Collector::new(facts);
    walk(tree, &mut collector, 0);
    if tree.templated() && collector.consumers() > 0 {
        let message = "the file is a template: it was read with its actions as holes".to_owned();
        let start = Span {
            end: 0,
            ..tree.source().span(0..0)
        };
        collector.gap(GapKind::Template, message, start, Reach::Nothing);
    }
}

/// Walks all documents of a tree. `nesting` counts the strings that were unpacked on the way to it.
fn walk(tree: &Tree<'_>, collector: &mut Collector<'_>, nesting: usize) {
    for document in tree.documents() {
        let gaps = collector.gaps();
        if let Some(root) = document.root() {
            if unit_tests::is_test(root) {
                unit_tests::read(root, collector);
            } else {
                Walk { collector, nesting }.node(root, Context::default(), 0);
            }
        }
        let Some(problem) = document.problem() else {
            continue;
        };
        // A rule that was cut off by the problem is not broken by itself.
        collector.forget_gaps(gaps);
        if may_hide_queries(&tree.source().text) {
            let span = tree.source().span(problem.range.clone());
            let message = format!("the text cannot be read from here on: {}", problem.message);
            collector.gap(GapKind::Syntax, message, span, rules::unknown_records());
        }
    }
}

/// Whether a text that could not be read to its end may have held a rule, a dashboard or a trigger there.
fn may_hide_queries(text: &str) -> bool {
    // An object of Kubernetes matters if it asks for anything at all.
    let asks = || text.contains("kind:") && ["expr", "uery", "panels"].iter().any(|word| text.contains(word));
    contains_any(&TELLING, text) || has_line(text, &RULE_KEYS) || asks()
}

struct Walk<'walk, 'facts> {
    collector: &'walk mut Collector<'facts>,
    nesting: usize,
}

/// What stands around a node.
#[derive(Clone, Copy, Default)]
struct Context<'tree> {
    /// The name beside a `rules` key on the way.
    group: Option<&'tree str>,
    around: Around<'tree>,
}

impl Walk<'_, '_> {
    /// Looks at a node and what lies below.
    fn node<'tree>(&mut self, node: Node<'tree>, context: Context<'tree>, depth: usize) {
        // What an alias stands for is met at its own place.
        if depth > MAX_DEPTH || node.is_alias() {
            return;
        }
        if node.is_mapping() {
            self.mapping(node, context, depth);
        } else if node.is_sequence() {
            for item in node.items() {
                if rules::is_bare_rule(item) {
                    rules::bare_rule(None, item, self.collector);
                } else {
                    self.node(item, context, depth + 1);
                }
            }
        } else {
            self.string(node);
        }
    }

    fn mapping<'tree>(&mut self, node: Node<'tree>, context: Context<'tree>, depth: usize) {
        if rules::is_rule(node) {
            return rules::rule(node, context.group, self.collector);
        }
        if grafana::read(node, context.group, self.collector)
            || perses::read(
                node,
                context.around.named.or(context.around.object),
                self.collector,
            )
            || cloud::read(node, context.around.named, self.collector)
            || triggers::read(node, context.around, self.collector)
        {
            return;
        }
        alertmanager::read(node, self.collector);
        let inner = Context {
            group: None,
            around: context.around.entering(node),
        };
        for entry in node.entries() {
            match entry.key.as_str() {
                Some("groups") if rules::are_groups(entry.value) => {
                    rules::groups(entry.value, self.collector);
                }
                // In HCL each rule of a group is a block of its own.
                Some("rules" | "rule") => {
                    let group = node.get_str("name");
                    self.node(entry.value, Context { group, ..inner }, depth + 1);
                }
                Some("data") if node.get_str("kind") == Some("Secret") => self.secret(entry.value),
                Some("jsonnet") if entry.value.style() == Some(Style::Block) => {
                    if let Some(text) = entry.value.embedded() {
                        self.collector.jsonnet(&text);
                    }
                }
                Some("gzipJson") => self.compressed(entry.value),
                _ if rules::is_bare_rule(entry.value) => {
                    rules::bare_rule(Some(entry.key), entry.value, self.collector);
                }
                _ => self.node(entry.value, inner, depth + 1),
            }
        }
    }

    /// The data of a Secret is encoded as Base64.
    fn secret(&mut self, data: Node<'_>) {
        for entry in data.effective_entries() {
            let decoded = entry.value.embedded().and_then(|text| base64::decode(&text));
            if let Some(text) = decoded {
                self.document(&text);
            }
        }
    }

    /// A dashboard that is compressed hides what it looks at.
    fn compressed(&mut self, node: Node<'_>) {
        if node
            .as_str()
            .is_some_and(|text| !text.trim().is_empty() && !text.contains("{{"))
        {
            let message = "a compressed dashboard (`gzipJson`) is not read".to_owned();
            self.collector
                .gap(GapKind::Limit, message, node.span(), Reach::Nothing);
        }
    }

    /// A string can hold a whole file: the data of a ConfigMap or Secret, the `json` of a dashboard object.
    fn string(&mut self, node: Node<'_>) {
        if node.style() == Some(Style::Plain) || !node.as_str().is_some_and(is_relevant) {
            return;
        }
        if let Some(text) = node.embedded() {
            self.document(&text);
        }
    }

    /// Reads a text inside of the document, if it is a document by itself.
    fn document(&mut self, text: &Embedded) {
        if self.nesting >= MAX_NESTING || !is_relevant(&text.text) {
            return;
        }
        let is_json = text.text.trim_start().starts_with(['{', '[']);
        if !is_json && !has_line(&text.text, &DOCUMENT_KEYS) {
            return;
        }
        let tree = if is_json {
            json::parse(text)
        } else {
            yaml::parse(text)
        };
        walk(&tree, self.collector, self.nesting + 1);
    }
}

/// Keys of rules.
const RULE_KEYS: [&str; 4] = ["groups:", "expr:", "alert:", "record:"];

/// Keys at which documents that hold rules or dashboards begin. Prose that mentions an expression has none.
const DOCUMENT_KEYS: [&str; 12] = [
    "rule_files:",
    "route:",
    "receivers:",
    "groups:",
    "expr:",
    "alert:",
    "record:",
    "panels:",
    "spec:",
    "seriesQuery:",
    "containerQuery:",
    "slos:",
];

/// Whether some line begins with one of the keys.
fn has_line(text: &str, keys: &[&str]) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start().trim_start_matches("- ").trim_start();
        keys.iter().any(|key| line.starts_with(key))
    })
}

fn is_relevant(text: &str) -> bool {
    contains_any(&PREFILTER, text)
}

fn contains_any(words: &Option<AhoCorasick>, text: &str) -> bool {
    words.as_ref().is_none_or(|words| words.is_match(text))
}

fn is_manifest(root: Node<'_>) -> bool {
    root.get_str("apiVersion").is_some() && root.get_str("kind").is_some()
}

/// Whether some document of the text has the two keys of a Kubernetes object, without parsing it.
fn is_manifest_text(text: &str) -> bool {
    let has_key = |key: &str| {
        memchr::memmem::find_iter(text.as_bytes(), key).any(|at| at == 0 || text.as_bytes()[at - 1] == b'\n')
    };
    has_key("apiVersion:") && has_key("kind:")
}

#[cfg(test)]
mod tests;

//! Scripts that send queries: shell, Python, and what other languages write as strings.
//!
//! Owns which texts of a script are queries. A string of Python is one only in a file that shows that it talks to
//! Prometheus, and only where it parses: what is sent to a database never is.

pub(crate) mod command_lines;
mod programs;
mod python;
mod strings;
pub(crate) mod urls;

use promsight_model::{ConsumerKind, Embedded, Facts, FileKind, SourceFile, python::Module};

use crate::decode::tree::Node;
use crate::decode::yaml;
use crate::documents::looker::{Looker, Trust};

/// Whether a path is that of a shell script, or of a file whose recipes a shell runs.
pub fn is_shell(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let recipes = matches!(
        name.to_ascii_lowercase().as_str(),
        "makefile" | "gnumakefile" | "justfile" | "dockerfile" | "containerfile" | "jenkinsfile"
    );
    recipes
        || name.starts_with("Dockerfile.")
        || name.rsplit_once('.').is_some_and(|(_, extension)| {
            matches!(
                extension,
                "sh" | "bash" | "zsh" | "ksh" | "bats" | "mk" | "just" | "dockerfile"
            )
        })
}

/// Whether a path is that of a script of which only the strings are read.
pub fn is_other(path: &str) -> bool {
    let extension = path.rsplit('.').next().unwrap_or_default();
    matches!(extension, "ps1" | "psm1")
}

/// What the strings of a source in another language look at, where it sends queries to Prometheus.
pub fn other(file: &SourceFile, facts: &mut Facts) {
    if !OTHER_EVIDENCE.iter().any(|word| contains(&file.text, word)) {
        return;
    }
    let consumers = facts.consumers.len();
    strings::read(file, facts);
    count(facts, consumers);
}

/// What a source contains that asks Prometheus: its interface's paths, a client of it.
const OTHER_EVIDENCE: &[&str] = &[
    "/api/v1/query",
    "/api/v1/series",
    "client_golang/api/prometheus",
    "prometheus-query",
    "prometheus/api_client",
    "PrometheusDriver",
];

/// What command lines in the values of a YAML file look at: probes, steps of a pipeline, jobs.
pub fn yaml(file: &SourceFile, facts: &mut Facts) {
    if !YAML_EVIDENCE.iter().any(|word| contains(&file.text, word)) {
        return;
    }
    let consumers = facts.consumers.len();
    let source = Embedded::whole(file.id, &file.text);
    let tree = yaml::parse(&source);
    for root in tree.documents().filter_map(|document| document.root()) {
        yaml_node(root, 0, facts);
    }
    count(facts, consumers);
}

/// What a command line that asks Prometheus contains.
const YAML_EVIDENCE: &[&str] = &["/api/v1/query", "/api/v1/series", "promtool query"];

/// How deep values are looked for.
const MAX_DEPTH: usize = 100;

fn yaml_node(node: Node<'_>, depth: usize, facts: &mut Facts) {
    if depth > MAX_DEPTH || node.is_alias() {
        return;
    }
    for entry in node.entries() {
        yaml_node(entry.value, depth + 1, facts);
    }
    let items: Vec<Node<'_>> = node.items().collect();
    let asks = |text: &str| YAML_EVIDENCE.iter().any(|word| text.contains(word));
    // `["curl", "--data-urlencode", "query=…", "http://…/api/v1/query"]`: the parts of one command line.
    let one_command = items.iter().filter_map(|item| item.as_str()).any(asks);
    for item in &items {
        let parameter = one_command
            .then(|| item.embedded())
            .flatten()
            .filter(|text| text.text.starts_with("query="));
        match parameter {
            Some(text) => {
                let mut looker = Looker::new(facts, ConsumerKind::Script, "", text.whole_span());
                looker.query(&text.slice("query=".len()..text.text.len()), Trust::Sent);
            }
            None => yaml_node(*item, depth + 1, facts),
        }
    }
    let Some(text) = node.embedded().filter(|text| asks(&text.text)) else {
        return;
    };
    for sight in command_lines::read(&text) {
        let scope = text.span(sight.command.clone());
        Looker::new(facts, ConsumerKind::Script, "", scope).target(&sight.target);
    }
}

/// What the command lines of a shell script look at.
pub fn shell(file: &SourceFile, facts: &mut Facts) {
    if !talks_to_prometheus(&file.text) && !contains(&file.text, "/metrics") {
        return;
    }
    let consumers = facts.consumers.len();
    let text = Embedded::whole(file.id, &file.text);
    let functions = shell_functions(&file.text);
    for sight in command_lines::read(&text) {
        let scope = text.span(sight.command.clone());
        let name = enclosing(&functions, sight.command.start);
        let mut looker = Looker::new(facts, ConsumerKind::Script, name, scope);
        looker.target(&sight.target);
    }
    count(facts, consumers);
}

/// What the strings of a Python module look at, where it sends queries to Prometheus.
pub fn python(file: &SourceFile, module: &Module, facts: &mut Facts) {
    if module.test_code || !talks_to_prometheus(&file.text) {
        return;
    }
    let consumers = facts.consumers.len();
    python::read(file, module, facts);
    count(facts, consumers);
}

fn count(facts: &mut Facts, consumers_before: usize) {
    if facts.consumers.len() > consumers_before && !facts.kinds.contains(&FileKind::Scripts) {
        facts.kinds.push(FileKind::Scripts);
    }
}

/// What only a file contains that talks to Prometheus, or makes dashboards and rules for it.
const EVIDENCE: &[&str] = &[
    "/api/v1/query",
    "/api/v1/series",
    "prometheus_api_client",
    "PrometheusConnect",
    "promql",
    "PromQL",
    "promtool",
    "amtool",
    ":9090",
    "grafanalib",
    "grafana_foundation_sdk",
];

fn talks_to_prometheus(text: &str) -> bool {
    EVIDENCE.iter().any(|word| contains(text, word))
}

fn contains(text: &str, word: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some()
}

/// The functions of a shell script: where each begins and its name. A function that a lone `}` closed is over.
fn shell_functions(text: &str) -> Vec<(usize, String)> {
    let mut functions = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let declared = trimmed.strip_prefix("function ").or_else(|| {
            let (name, rest) = trimmed.split_once("()")?;
            (rest.is_empty() || rest.trim_start().starts_with('{')).then_some(name)
        });
        if let Some(name) = declared {
            let name = name.trim().split(['(', ' ', '{']).next().unwrap_or_default();
            functions.push((start, name.to_owned()));
        } else if line.starts_with('}') {
            functions.push((start, String::new()));
        }
        start += line.len();
    }
    functions
}

fn enclosing(functions: &[(usize, String)], at: usize) -> &str {
    let index = functions.partition_point(|(start, _)| *start <= at);
    index
        .checked_sub(1)
        .map_or("", |index| functions[index].1.as_str())
}

#[cfg(test)]
mod tests;

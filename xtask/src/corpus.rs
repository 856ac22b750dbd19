//! `cargo xtask corpus FOLDER…`: every query that is read of real dashboards and rules, against what others find there.
//!
//! Reads the checkouts as promsight does and hands the queries to `testdata/promql/record/corpus.mjs`, which reads the
//! same files with other parsers (JSON and YAML of npm, the Lezer grammar of the Prometheus project) and says what was
//! dropped, which names are missing, and which are extra. It prints figures and differences; nothing of what it read
//! is kept.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use promsight_model::{Facts, FileSet, Query, QueryState, SelectorName};
use serde_json::json;

use crate::problem::Problem;
use crate::tree;

/// Where the other parsers are.
const OTHERS: &str = "testdata/promql/record";

pub(crate) fn run(folders: &[&str]) -> Vec<Problem> {
    if folders.is_empty() {
        return vec![Problem::new(
            "name the folders with checkouts of public repositories to read",
        )];
    }
    let mut lines = String::new();
    for folder in folders {
        for path in files(Path::new(folder)) {
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            for line in queries(&path, text) {
                lines.push_str(&line.to_string());
                lines.push('\n');
            }
        }
    }
    match compare(&lines, folders) {
        Ok(()) => Vec::new(),
        Err(message) => vec![Problem::new(message)],
    }
}

/// Files of dashboards and rules below a folder, by path.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_kept = path.extension().is_some_and(|extension| {
                let kept = ["json", "yaml", "yml", "rules", "rule", "jsonnet", "libsonnet"];
                kept.iter().any(|kept| extension.eq_ignore_ascii_case(kept))
            });
            if path.is_dir() && !path.is_symlink() {
                waiting.push(path);
            } else if is_kept && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn queries(path: &Path, text: String) -> Vec<serde_json::Value> {
    let path = path.to_string_lossy().into_owned();
    let files = FileSet::new(vec![(path.clone(), path.clone(), Arc::from(text))]);
    let facts: Vec<Facts> = files.files().iter().map(promsight_extract::extract).collect();
    let mut queries = Vec::new();
    for facts in &facts {
        for query in &facts.queries {
            let kind = facts
                .consumers
                .get(query.consumer)
                .map(|consumer| consumer.kind.word());
            queries.push(line(&path, kind, query));
        }
    }
    queries
}

fn line(path: &str, kind: Option<&str>, query: &Query) -> serde_json::Value {
    let (state, message) = match &query.state {
        QueryState::Parsed => ("parsed", None),
        QueryState::Templated => ("templated", None),
        QueryState::Unreadable { message, .. } => ("unreadable", Some(message)),
    };
    let names = query.selectors.iter().map(|selector| match &selector.name {
        SelectorName::Exact(name) => json!({ "exact": name }),
        SelectorName::Pattern(pattern) => json!({ "pattern": pattern.to_string() }),
        SelectorName::Regex(regex) => json!({ "regex": regex }),
        SelectorName::Any => json!({ "any": true }),
    });
    json!({
        "path": path,
        "kind": kind,
        "text": query.text,
        "state": state,
        "message": message,
        "flow": query.flow.is_some(),
        "names": names.collect::<Vec<_>>(),
    })
}

fn compare(lines: &str, folders: &[&str]) -> Result<(), String> {
    let others = tree::top().join(OTHERS);
    if !others.join("node_modules").is_dir() {
        return Err(format!(
            "the other parsers are not installed: run `npm install` in {OTHERS}"
        ));
    }
    let folders = folders
        .iter()
        .filter_map(|folder| Path::new(folder).canonicalize().ok());
    let mut node = Command::new("node")
        .arg("corpus.mjs")
        .args(folders)
        .current_dir(&others)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start node: {error}"))?;
    if let Some(mut stdin) = node.stdin.take() {
        stdin
            .write_all(lines.as_bytes())
            .map_err(|error| format!("cannot hand the queries to node: {error}"))?;
    }
    match node.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("there are differences, see above".to_owned()),
        Err(error) => Err(format!("node failed: {error}")),
    }
}

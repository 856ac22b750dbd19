//! `cargo xtask promqltest`: Prometheus' own test cases, read by promsight and by Prometheus.
//!
//! The cases come from the Go module that `testdata/promql/record/go.mod` names; nothing of them is kept. What is kept, in
//! `testdata/promql/promqltest.json`, are the figures, and each query on which the two differ.

use std::process::Command;

use promsight_promql::{Holes, SelectorName, State, analyze};
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::tree;

const RECORD: &str = "testdata/promql/record";

pub(crate) fn run() -> Vec<Problem> {
    let compared = cases().and_then(|cases| compare(&cases));
    let (figures, mut problems) = match compared {
        Ok(compared) => compared,
        Err(message) => return vec![Problem::new(message)],
    };
    let path = tree::top().join("testdata/promql/promqltest.json");
    if let Err(error) = std::fs::write(&path, format!("{figures:#}\n")) {
        problems.push(Problem::new(format!("cannot write {}: {error}", path.display())));
    }
    problems
}

/// One JSON object a line: a query with Prometheus' answer.
fn cases() -> Result<String, String> {
    let output = Command::new("go")
        .args(["run", "./promqltest"])
        .current_dir(tree::top().join(RECORD))
        .output()
        .map_err(|error| format!("cannot start go: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

fn compare(cases: &str) -> Result<(Value, Vec<Problem>), String> {
    let [mut valid, mut invalid, mut flows] = [0; 3];
    let mut problems = Vec::new();
    let mut differing = Vec::new();
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let query = case["query"].as_str().unwrap_or_default();
        let analysis = analyze(query, Holes::NONE);
        let is_read = analysis.state == State::Parsed;
        let names: Vec<Option<&str>> = analysis
            .selectors
            .iter()
            .map(|selector| match &selector.name {
                SelectorName::Exact(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let theirs: Vec<Option<&str>> = case["names"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Value::as_str)
            .collect();
        let is_valid = case["error"].is_null();
        if is_valid {
            valid += 1;
            flows += usize::from(analysis.flow.is_some());
        } else {
            invalid += 1;
        }
        if is_valid != is_read || (is_valid && names != theirs) {
            differing.push(Value::from(query));
            problems.push(Problem::new(format!(
                "{query:?}: Prometheus says {} {theirs:?}, promsight {:?} {names:?}",
                case["error"], analysis.state
            )));
        }
    }
    let figures = json!({ "valid": valid, "invalid": invalid, "flows": flows, "differing": differing });
    Ok((figures, problems))
}

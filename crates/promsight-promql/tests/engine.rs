//! The labels that results have in the real engine of Prometheus (`testdata/promql/record/flow` says how they are
//! recorded) against the flow: no label comes from where the flow says that none can come, and what it calls certain is
//! there.

#![expect(clippy::expect_used, reason = "a test stops where its data cannot be read")]

use std::collections::{BTreeMap, BTreeSet};

use promsight_promql::flow::{Flow, LabelSource};
use promsight_promql::{Holes, SelectorName, analyze};
use serde::Deserialize;

const RECORDED: &str = include_str!("../../../testdata/promql/flow.json");

#[derive(Deserialize)]
struct Case {
    query: String,
    evaluations: Vec<Evaluation>,
}

#[derive(Deserialize)]
struct Evaluation {
    /// For each metric, the labels of its series.
    series: BTreeMap<String, String>,
    /// For each series of the result, its labels.
    result: Vec<String>,
}

impl Evaluation {
    /// Whether the series of a metric have a label.
    fn has(&self, metric: &str, label: &str) -> bool {
        let is_bucket = label == "le" && metric.ends_with("_bucket");
        let labels = self.series.get(metric).map_or("", String::as_str);
        is_bucket || labels.split(' ').any(|known| known == label)
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(RECORDED).expect("the recorded evaluations are JSON")
}

/// A query's flow and, by number, the names of its selectors.
fn flow(query: &str) -> (Flow, Vec<String>) {
    let analysis = analyze(query, Holes::NONE);
    let names = analysis.selectors.iter().map(|selector| match &selector.name {
        SelectorName::Exact(name) => name.clone(),
        _ => String::new(),
    });
    let names = names.collect();
    (analysis.flow.expect("the query is parsed"), names)
}

fn source<'flow>(flow: &'flow Flow, label: &str) -> &'flow LabelSource {
    flow.result.named.get(label).unwrap_or(&flow.result.others)
}

#[test]
fn no_label_comes_from_nowhere() {
    let mut wrong = Vec::new();
    let mut labels_seen = 0;
    for case in cases() {
        let (flow, names) = flow(&case.query);
        for evaluation in &case.evaluations {
            for label in evaluation.result.iter().flat_map(|set| set.split(' ')) {
                let source = source(&flow, label);
                let given = source
                    .selectors
                    .iter()
                    .any(|selector| evaluation.has(&names[*selector], label));
                labels_seen += 1;
                if !label.is_empty() && !source.is_written && !given {
                    wrong.push(format!("{}: `{label}` of {:?}", case.query, evaluation.series));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} labels\n{}", wrong.len(), wrong.join("\n"));
    assert!(labels_seen > 1000, "{labels_seen} labels were seen");
}

#[test]
fn what_is_certain_is_there() {
    let mut wrong = Vec::new();
    let mut certain = 0;
    for case in cases() {
        let (flow, _) = flow(&case.query);
        let labels = flow.result.named.iter().filter(|(_, source)| source.is_certain);
        for (label, _) in labels {
            certain += 1;
            for set in case.evaluations.iter().flat_map(|evaluation| &evaluation.result) {
                if !set.split(' ').any(|known| known == label) {
                    wrong.push(format!("{}: `{label}` is not in {set:?}", case.query));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} results\n{}", wrong.len(), wrong.join("\n"));
    assert!(certain > 10, "{certain} labels are certain");
}

#[test]
fn whoever_can_give_a_label_does_at_some_time() {
    let mut idle = BTreeSet::new();
    for case in cases() {
        let (flow, names) = flow(&case.query);
        for label in ["x", "y", "z", "job", "instance"] {
            let source = source(&flow, label);
            // The metric `nothing` has no series.
            let givers = source
                .selectors
                .iter()
                .filter(|selector| names[**selector] != "nothing");
            for selector in givers.filter(|_| !source.is_written) {
                let gives = |evaluation: &&Evaluation| {
                    let in_result = evaluation
                        .result
                        .iter()
                        .any(|set| set.split(' ').any(|known| known == label));
                    in_result && evaluation.has(&names[*selector], label)
                };
                if !case.evaluations.iter().any(|evaluation| gives(&evaluation)) {
                    idle.insert(format!("{}: {} gives no `{label}`", case.query, names[*selector]));
                }
            }
        }
    }
    assert_eq!(idle, BTreeSet::new());
}

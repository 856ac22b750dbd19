//! The real Prometheus 3 engine as judge: what it finds in what real programs expose, against the findings on the same
//! programs and queries.
//!
//! `testdata/engine/record.py` generates the programs, runs them with the real client, evaluates the queries in the real
//! engine and records how many elements each result has. Here each query stands as an alert beside its program. A query
//! that found something may not be said to find nothing; one that found nothing must be.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by it; the recorded answers are a file"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use promsight::clock::Date;
use promsight::config::Config;
use promsight::pipeline::{self, Selection};
use promsight::reading::Sources;
use promsight_model::{FileSet, Finding, Reason, Repository};
use serde_json::Value;

/// One query about one program.
struct Case<'a> {
    program: &'a str,
    about: &'a str,
    query: &'a str,
    elements: u64,
}

/// Queries that give nothing because all is well: they ask for absence.
const ASK_FOR_ABSENCE: &str = "absence";

/// Why nothing is said of some queries that give nothing: an info's labels are the keys of the dictionary that it is given,
/// and are taken for open.
fn has_open_labels(case: &Case<'_>) -> bool {
    case.about.starts_with("no such label") && case.query.contains("_info{")
}

fn recorded() -> Value {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "..",
        "testdata",
        "engine",
        "cases.json",
    ]
    .iter()
    .collect();
    let text = std::fs::read_to_string(path).expect("the recorded answers are in the repository");
    serde_json::from_str(&text).expect("they are JSON")
}

fn cases(recorded: &Value) -> Vec<Case<'_>> {
    let programs = recorded.as_array().expect("a list of programs");
    programs
        .iter()
        .flat_map(|program| {
            let text = program["program"].as_str().expect("its text");
            let queries = program["queries"].as_array().expect("its queries");
            queries.iter().map(move |query| Case {
                program: text,
                about: query["about"].as_str().expect("what it is about"),
                query: query["query"].as_str().expect("its text"),
                elements: query["elements"].as_u64().expect("the engine gave a vector"),
            })
        })
        .collect()
}

/// The findings by which the alert is said to find nothing.
fn says_nothing(case: &Case<'_>) -> Vec<Finding> {
    let query = serde_json::to_string(case.query).expect("text can be JSON");
    let rules = format!("groups:\n- name: judged\n  rules:\n  - alert: Judged\n    expr: {query}\n");
    let files = [("app.py", case.program), ("rules.yaml", rules.as_str())];
    let files = files
        .into_iter()
        .map(|(path, text)| (path.to_owned(), path.to_owned(), Arc::from(text)))
        .collect();
    let sources = Sources {
        witnesses: BTreeMap::new(),
        files: FileSet::new(files),
        unread: Vec::new(),
        repository: Repository::default(),
    };
    let today = Date::parse("2026-07-01").expect("a day");
    let report = pipeline::run(&sources, &Config::default(), &Selection::everything(today));
    report
        .findings
        .into_iter()
        .filter(|finding| is_about_nothing(finding, case))
        .collect()
}

fn is_about_nothing(finding: &Finding, case: &Case<'_>) -> bool {
    match finding.check {
        // Said of the metric, not of its readers.
        "never-updated" => case.query.contains(&finding.subject),
        // `absent()` of what is never there, `or vector(0)` in its place: the query gives something, and that is the defect.
        "always-firing" | "hidden-blindness" => false,
        // Grouping or copying by a label that is not there still gives a result.
        "label-mismatch" => {
            finding.reason == Some(Reason::WrongLabel) || finding.message.contains("never gives a result")
        }
        // A rate of a gauge is a number, though a wrong one.
        "type-mismatch" => finding.message.contains("gets nothing"),
        _ => finding.consumer.is_some() && finding.reason.is_some(),
    }
}

fn disagreement(case: &Case<'_>) -> Option<String> {
    let findings = says_nothing(case);
    let (finds, said) = (case.elements > 0, !findings.is_empty());
    (finds == said).then(|| {
        let said: Vec<String> = findings
            .iter()
            .map(|finding| format!("{}: {}", finding.check, finding.message))
            .collect();
        format!(
            "{}: `{}` gives {} elements, and we say: {}\n{}",
            case.about,
            case.query,
            case.elements,
            said.join("; "),
            case.program
        )
    })
}

#[test]
fn what_the_engine_finds_is_never_said_to_be_nothing_and_what_it_does_not_find_is() {
    pipeline::enlarge_worker_stacks();
    let recorded = recorded();
    let cases = cases(&recorded);
    assert!(
        cases.len() >= 500,
        "{} cases are too few to judge by",
        cases.len()
    );
    let judged = cases
        .iter()
        .filter(|case| case.elements > 0 || (case.about != ASK_FOR_ABSENCE && !has_open_labels(case)));
    let disagreements: Vec<String> = judged.filter_map(disagreement).collect();
    assert!(
        disagreements.is_empty(),
        "{} of {} disagree:\n{}",
        disagreements.len(),
        cases.len(),
        disagreements.join("\n")
    );
}

#[test]
fn healthy_requests_for_absence_are_no_findings() {
    let recorded = recorded();
    let healthy: Vec<Case<'_>> = cases(&recorded)
        .into_iter()
        .filter(|case| case.about == ASK_FOR_ABSENCE && case.elements == 0)
        .collect();
    assert!(!healthy.is_empty());
    let said: BTreeMap<&str, usize> = healthy
        .iter()
        .map(|case| (case.query, says_nothing(case).len()))
        .filter(|(_, findings)| *findings > 0)
        .collect();
    assert_eq!(said, BTreeMap::new());
}

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

fn recorded(file: &str) -> Value {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "testdata", "engine", file]
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
    let findings = findings(case.program, &[case.query]).into_iter();
    findings
        .filter(|finding| is_about_nothing(finding, case))
        .collect()
}

/// What is said of a program and of queries that stand as alerts beside it, called by their numbers.
fn findings(program: &str, queries: &[&str]) -> Vec<Finding> {
    let mut rules = "groups:\n- name: judged\n  rules:\n".to_owned();
    for (number, query) in queries.iter().enumerate() {
        let query = serde_json::to_string(query).expect("text can be JSON");
        rules.push_str(&format!("  - alert: Judged{number}\n    expr: {query}\n"));
    }
    let files = [("app.py", program), ("rules.yaml", rules.as_str())];
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
    pipeline::run(&sources, &Config::default(), &Selection::everything(today)).findings
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
    let recorded = recorded("cases.json");
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
    let recorded = recorded("cases.json");
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

/// How many conditions are said never to hold, and always: fewer would be a loss.
const MADE: (usize, usize) = (240, 200);

/// Whether a finding says that its alert never fires, or always; nothing where it says something else, or speaks of a part
/// beside which another may hold.
fn says_when(finding: &Finding) -> Option<bool> {
    if finding.message.starts_with("one side of `or`") {
        return None;
    }
    match finding.check {
        "always-firing" => Some(true),
        "never-firing" | "blind-alert" | "bucket-mismatch" => Some(false),
        "label-mismatch" | "label-value-mismatch" => (finding.reason.is_some()).then_some(false),
        _ => None,
    }
}

#[test]
fn what_is_said_to_fire_always_or_never_does_so_in_the_engine_at_every_scrape() {
    pipeline::enlarge_worker_stacks();
    let recorded = recorded("conditions.json");
    let (mut never, mut always, mut wrong) = (0, 0, Vec::new());
    for one in recorded.as_array().expect("a list of programs") {
        let program = one["program"].as_str().expect("its text");
        let conditions = one["conditions"].as_array().expect("its conditions");
        let texts: Vec<&str> = conditions
            .iter()
            .map(|condition| condition["condition"].as_str().expect("its text"))
            .collect();
        for finding in findings(program, &texts) {
            let Some(fires) = says_when(&finding) else {
                continue;
            };
            let name = &finding.consumer.as_ref().expect("it is about an alert").name;
            let number: usize = name["Judged".len()..]
                .parse()
                .expect("it is called by its number");
            let asked = conditions[number]["asked"].as_u64().expect("a number");
            let held = conditions[number]["held"].as_u64().expect("a number");
            *(if fires { &mut always } else { &mut never }) += 1;
            if held != if fires { asked } else { 0 } {
                wrong.push(format!(
                    "`{}` held at {held} of {asked} scrapes, and we say {}: {}\n{program}",
                    texts[number], finding.check, finding.message
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        never >= MADE.0 && always >= MADE.1,
        "only {never} are said never to fire, and {always} always"
    );
}

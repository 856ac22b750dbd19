//! The recorded answers of the real Prometheus 3 parser (`testdata/promql/record` says how they are recorded) against
//! [`analyze`]: which queries are valid, and which series they name.

#![expect(clippy::expect_used, reason = "a test stops where its data cannot be read")]

use std::collections::BTreeMap;

use promsight_promql::{Analysis, Holes, SelectorName, State, analyze};
use serde::Deserialize;

const RECORDED: &str = include_str!("../../../testdata/promql/conformance.json");
const KNOWN: &str = include_str!("../../../testdata/promql/known-disagreements.json");

#[derive(Deserialize)]
struct Case {
    query: String,
    error: Option<String>,
    #[serde(default)]
    names: Vec<Option<String>>,
}

fn recorded() -> Vec<Case> {
    serde_json::from_str(RECORDED).expect("the recorded answers are JSON")
}

/// Query → why the difference is accepted.
fn known() -> BTreeMap<String, String> {
    serde_json::from_str(KNOWN).expect("the known disagreements are JSON")
}

fn names(analysis: &Analysis) -> Vec<Option<String>> {
    let name = |name: &SelectorName| match name {
        SelectorName::Exact(name) => Some(name.clone()),
        _ => None,
    };
    analysis
        .selectors
        .iter()
        .map(|selector| name(&selector.name))
        .collect()
}

fn disagreement(case: &Case) -> Option<String> {
    let analysis = analyze(&case.query, Holes::NONE);
    match (&analysis.state, &case.error) {
        (State::Parsed, None) => {
            let found = names(&analysis);
            (found != case.names).then(|| format!("names {found:?} instead of {:?}", case.names))
        }
        (State::Unreadable { .. }, Some(_)) => None,
        (state, None) => Some(format!("Prometheus accepts it, here {state:?}")),
        (state, Some(error)) => Some(format!("Prometheus says {error:?}, here {state:?}")),
    }
}

#[test]
fn prometheus_agrees_on_every_query() {
    let known = known();
    let cases = recorded();
    assert!(cases.len() > 400, "the recorded cases are there");
    let mut report = Vec::new();
    for case in &cases {
        match (disagreement(case), known.contains_key(&case.query)) {
            (Some(difference), false) => report.push(format!("{:?}: {difference}", case.query)),
            (None, true) => report.push(format!("{:?}: agrees, and is listed as known", case.query)),
            _ => {}
        }
    }
    assert!(
        report.is_empty(),
        "{} disagreements\n{}",
        report.len(),
        report.join("\n")
    );
}

#[test]
fn holes_change_nothing_where_there_are_none() {
    for case in recorded() {
        let plain = analyze(&case.query, Holes::NONE);
        for holes in [Holes::RULES, Holes::ALL] {
            let other = analyze(&case.query, holes);
            if other.state == State::Parsed || plain.state == State::Parsed {
                assert_eq!(other, plain, "{:?} with {holes:?}", case.query);
            }
        }
    }
}

#[test]
fn every_error_says_where_and_what() {
    for case in recorded() {
        if let State::Unreadable { message, range } = analyze(&case.query, Holes::NONE).state {
            assert!(
                case.query.get(range.clone()).is_some(),
                "{:?}: {range:?} lies in the query",
                case.query
            );
            assert!(message.len() > 10, "{:?}: {message}", case.query);
            assert!(
                !message.ends_with('.') && !message.contains('\n'),
                "{:?}: {message}",
                case.query
            );
        }
    }
}

//! What the real client library refuses, and what is said of the same calls.
//!
//! `testdata/prometheus_client/updates.json` holds its answers; `record_updates.py` beside it records them.

#![expect(clippy::expect_used, reason = "tests stop where the record is malformed")]

use std::sync::Arc;

use promsight_extract::python;
use promsight_model::{Emitter, FileSet};
use promsight_resolve::python::{SourceModule, link};
use serde_json::Value;

const RECORD: &str = include_str!("../../../testdata/prometheus_client/updates.json");

fn emitter(declaration: &str, call: &str) -> Emitter {
    let indented: Vec<String> = call.lines().map(|line| format!("    {line}")).collect();
    let text = format!(
        "from prometheus_client import Counter, Enum, Gauge, Histogram, Info, Summary\n\nm = {declaration}\n\n\n\
         def run():\n{}\n",
        indented.join("\n")
    );
    let files = FileSet::new(vec![("app.py".to_owned(), "app.py".to_owned(), Arc::from(text))]);
    let file = &files.files()[0];
    let module = python::module(file).0;
    let source = SourceModule {
        file: file.id,
        path: &file.path,
        module: &module,
    };
    let mut emitters = link(&[source], &[]).emitters;
    emitters.pop().expect("one metric is declared")
}

#[test]
fn a_call_is_said_to_raise_exactly_where_the_client_raises() {
    let record: Value = serde_json::from_str(RECORD).expect("the record is JSON");
    let cases = record["cases"].as_array().expect("the record has cases");
    assert!(cases.len() > 400, "{} cases are hardly a record", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let text = |key: &str| case[key].as_str().expect("a text").to_owned();
        let (declaration, call) = (text("declaration"), text("call"));
        let raises = case.get("raises").is_some();
        let invalid = emitter(&declaration, &call).usage.invalid;
        if invalid.is_empty() == raises {
            wrong.push(format!(
                "{declaration}; {call}: {} and {invalid:?}",
                case.get("message").map_or("works".to_owned(), Value::to_string)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

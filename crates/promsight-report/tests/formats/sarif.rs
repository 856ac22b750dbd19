//! The SARIF log against the types of its schema, and against what code scanning asks beyond it.

use promsight_report::{Format, View};
use serde_json::Value;

fn log() -> Value {
    serde_json::from_str(&super::printed(View::Findings, Format::Sarif)).expect("it is JSON")
}

#[test]
fn the_log_has_the_types_of_the_schema_and_nothing_else() {
    let written = log();
    let typed: serde_sarif::sarif::Sarif =
        serde_json::from_value(written.clone()).expect("every property has the type of the schema");
    // What the types do not know is lost on the way back.
    let read = serde_json::to_value(&typed).expect("it serialises");
    assert_eq!(lost(&written, &read, String::new()), [""; 0]);
}

/// Paths of properties that `read` lacks.
fn lost(written: &Value, read: &Value, path: String) -> Vec<String> {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => written
            .iter()
            .flat_map(|(key, value)| match read.get(key) {
                Some(other) => lost(value, other, format!("{path}/{key}")),
                None => vec![format!("{path}/{key}")],
            })
            .collect(),
        (Value::Array(written), Value::Array(read)) if written.len() == read.len() => (0..)
            .zip(written.iter().zip(read))
            .flat_map(|(index, (value, other))| lost(value, other, format!("{path}/{index}")))
            .collect(),
        _ if written == read => Vec::new(),
        _ => vec![path],
    }
}

#[test]
fn every_result_points_to_its_rule_and_carries_a_fingerprint() {
    let log = log();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"]
        .as_array()
        .expect("there are rules");
    let results = run["results"].as_array().expect("there are results");
    assert!(!results.is_empty());
    for result in results {
        if let Some(index) = result["ruleIndex"].as_u64() {
            let index = usize::try_from(index).expect("it is small");
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
        assert!(result["partialFingerprints"]["promsightFinding/v1"].is_string());
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let number = |key: &str| region[key].as_u64().expect("regions are whole");
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        assert!((number("endLine"), number("endColumn")) >= (number("startLine"), number("startColumn")));
    }
    for rule in rules {
        for key in ["shortDescription", "fullDescription", "help"] {
            assert!(
                rule[key]["text"].as_str().is_some_and(|text| !text.is_empty()),
                "{rule:#}"
            );
        }
        assert!(
            rule["fullDescription"]["text"]
                .as_str()
                .is_some_and(|text| text.len() <= 1024),
            "code scanning cuts longer ones"
        );
    }
}

#[test]
fn a_fix_replaces_the_primary_place() {
    let log = log();
    let results = log["runs"][0]["results"].as_array().expect("there are results");
    let fixed: Vec<&Value> = results
        .iter()
        .filter(|result| result["fixes"].is_array())
        .collect();
    assert_eq!(fixed.len(), 1);
    let change = &fixed[0]["fixes"][0]["artifactChanges"][0];
    let place = &fixed[0]["locations"][0]["physicalLocation"];
    assert_eq!(change["artifactLocation"], place["artifactLocation"]);
    assert_eq!(change["replacements"][0]["deletedRegion"], place["region"]);
    assert_eq!(
        change["replacements"][0]["insertedContent"]["text"],
        "kiosk_sales_total"
    );
}

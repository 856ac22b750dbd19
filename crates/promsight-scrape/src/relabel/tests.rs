//! What the real relabelling answers, and what is said of open values.

use super::*;

const RECORDED: &str = include_str!("../../../../testdata/relabel/recorded.json");

fn labels(json: &serde_json::Value) -> Labels {
    let entries = json.as_object().into_iter().flatten();
    Labels::of(entries.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))))
}

#[test]
fn prometheus_agrees_on_every_case() {
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(RECORDED).expect("the recorded answers are JSON");
    let mut wrong = Vec::new();
    for case in &cases {
        let list = value_of_json(&case["rules"]);
        let parsed = rules(list.items());
        // A pattern such as `${NAMESPACE}` is taken for one that a tool fills in, and nothing is claimed.
        if parsed
            .as_ref()
            .is_ok_and(|rules| rules.iter().any(|rule| rule.placeholder.is_some()))
        {
            continue;
        }
        if parsed.is_ok() != case["valid"].as_bool().unwrap_or_default() {
            wrong.push(format!("{}: {parsed:?}", case["rules"]));
            continue;
        }
        let Ok(parsed) = parsed else { continue };
        let expected = case["kept"]
            .as_bool()
            .unwrap_or_default()
            .then(|| labels(&case["result"]));
        let found = match apply(&parsed, labels(&case["labels"])) {
            Outcome::Kept(labels) => Some(labels),
            Outcome::Dropped { .. } => None,
            Outcome::Undecided { reason, .. } => {
                wrong.push(format!("{}: {reason}", case["rules"]));
                continue;
            }
        };
        if found != expected {
            wrong.push(format!(
                "{}:\n  {found:?} instead of\n  {expected:?}",
                case["rules"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 150, "{} cases were compared", cases.len());
}

fn parsed(json: &str) -> Vec<Rule> {
    let list = value_of_json(&serde_json::from_str(json).expect("the rules are JSON"));
    rules(list.items()).expect("the rules are valid")
}

/// A pod whose address only the cluster knows.
fn pod() -> Labels {
    let mut labels = Labels::of([("__meta_port", "9102"), ("job", "pods")]);
    labels.set(
        "__address__",
        Text::open(Shape::Address, "address of till").with(":8000"),
    );
    labels.set("__meta_node", Text::open(Shape::Name, "node of till"));
    labels
}

#[test]
fn the_port_of_an_annotation_is_joined_to_an_open_address() {
    let rules = parsed(
        r#"[{"source_labels": ["__address__", "__meta_port"], "regex": "([^:]+)(?::\\d+)?;(\\d+)",
             "replacement": "$1:$2", "target_label": "__address__"}]"#,
    );
    let Outcome::Kept(labels) = apply(&rules, pod()) else {
        panic!("nothing drops it");
    };
    let expected = Text::open(Shape::Address, "address of till").with(":9102");
    assert_eq!(labels.get("__address__"), expected);
}

#[test]
fn a_rule_that_depends_on_something_open_decides_nothing() {
    for rules in [
        r#"[{"source_labels": ["__meta_node"], "regex": "node-3", "action": "keep"}]"#,
        r#"[{"source_labels": ["__meta_node"], "regex": "gpu-.*", "action": "drop"}]"#,
        r#"[{"source_labels": ["__address__"], "action": "hashmod", "modulus": 2, "target_label": "shard"},
            {"source_labels": ["shard"], "regex": "0", "action": "keep"}]"#,
        r#"[{"source_labels": ["job"], "regex": "${NAMESPACE}", "action": "keep"}]"#,
        r#"[{"source_labels": ["__meta_node"], "regex": "a(.*)", "target_label": "job"},
            {"source_labels": ["job"], "regex": "pods", "action": "keep"}]"#,
    ] {
        let outcome = apply(&parsed(rules), pod());
        assert!(
            matches!(outcome, Outcome::Undecided { .. }),
            "{rules}: {outcome:?}"
        );
    }
}

#[test]
fn a_rule_that_holds_for_every_open_value_decides() {
    let kept = r#"[{"source_labels": ["__meta_node"], "regex": ".+", "action": "keep"}]"#;
    assert!(matches!(apply(&parsed(kept), pod()), Outcome::Kept(_)));
    let dropped = r#"[{"source_labels": ["__address__"], "regex": ".*:9102", "action": "keep"}]"#;
    let Outcome::Dropped { reason, .. } = apply(&parsed(dropped), pod()) else {
        panic!("port 8000 is not 9102");
    };
    assert_eq!(reason, "keep on __address__: `.*:9102` does not match \"*:8000\"");
}

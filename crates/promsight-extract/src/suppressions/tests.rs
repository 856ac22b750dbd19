use std::sync::Arc;

use promsight_model::{Asked, FileSet, Suppression};

use crate::extract;

/// Each suppression of a file: what it asks for, and the text that it covers.
fn read(path: &str, text: &str) -> Vec<(String, Vec<String>)> {
    let files = FileSet::new(vec![(path.to_owned(), path.to_owned(), Arc::from(text))]);
    let facts = extract(&files.files()[0]);
    let covered = |one: &Suppression| {
        one.covers
            .iter()
            .map(|span| files.text(*span).to_owned())
            .collect()
    };
    facts
        .suppressions
        .iter()
        .map(|one| (asked(one), covered(one)))
        .collect()
}

fn asked(suppression: &Suppression) -> String {
    if let Some(problem) = &suppression.malformed {
        return problem.clone();
    }
    let until = suppression
        .until
        .map(|day| format!(" until {day}"))
        .unwrap_or_default();
    let what = match &suppression.asked {
        Asked::Checks(checks) => {
            let names: Vec<&str> = checks.iter().map(|(name, _)| name.as_str()).collect();
            format!("{}: {}", names.join("+"), suppression.reason)
        }
        Asked::Pint { check, metric } => format!("{check} of {}", metric.as_deref().unwrap_or("all")),
        Asked::Everything => "everything".to_owned(),
    };
    format!("{what}{until}")
}

fn requests(path: &str, text: &str) -> Vec<String> {
    read(path, text).into_iter().map(|(asked, _)| asked).collect()
}

#[test]
fn a_request_names_checks_a_reason_and_a_day() {
    let request = |comment: &str| requests("a.py", &format!("x = 1  # {comment}\n"));
    assert_eq!(
        request("promsight: ignore[unused-metric] read by hand"),
        ["unused-metric: read by hand"]
    );
    assert_eq!(
        request("promsight: ignore[unused-metric, never-updated] until=2027-01-31 - read by hand"),
        ["unused-metric+never-updated: read by hand until 2027-01-31"]
    );
    assert_eq!(
        request("noqa: E501 # promsight:ignore[unused-metric] it is new"),
        ["unused-metric: it is new"]
    );
    assert!(request("promsight: reads this file").is_empty());
    assert!(
        request("see promsight: ignore[x] y").is_empty(),
        "the word stands behind others"
    );
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let request = |comment: &str| requests("a.py", &format!("x = 1  # promsight: {comment}\n"));
    assert_eq!(
        request("ignore[unused-metric]"),
        ["it gives no reason; say why behind the bracket"]
    );
    assert_eq!(
        request("ignore unused-metric"),
        ["it is not understood; write `promsight: ignore[CHECK] REASON`"]
    );
    assert_eq!(
        request("ignore[] whatever"),
        ["it names no check; write `promsight: ignore[CHECK] REASON`"]
    );
    assert_eq!(
        request("ignore[unused-metric] soon gone until=2027-02-30"),
        ["`2027-02-30` is no day; write it as in until=2027-06-30"]
    );
}

#[test]
fn text_in_quotes_is_no_comment() {
    assert!(requests("a.py", "x = '''\n# promsight: ignore[a] b\n'''\n").is_empty());
    assert!(requests("a.yaml", "x: \"a # promsight: ignore[a] b\"\n").is_empty());
    assert_eq!(requests("a.yaml", "x: a # promsight: ignore[a] b\n"), ["a: b"]);
    assert!(requests("a.yaml", "x: a#promsight: ignore[a] b\n").is_empty());
}

#[test]
fn a_comment_in_a_rule_or_above_it_covers_the_rule() {
    let rules = "groups:\n- name: g\n  rules:\n  # promsight: ignore[a] above\n  - alert: A\n    expr: |\n      up\n  \
                 - alert: B\n    # promsight: ignore[a] inside\n    expr: up\n\n  # promsight: ignore[a] between\n  \
                 # and more\n  - alert: C\n    expr: up\n";
    let covered: Vec<Vec<String>> = read("r.yaml", rules)
        .into_iter()
        .map(|(_, covers)| covers)
        .collect();
    let rules: Vec<&str> = covered.iter().map(|covers| covers[1].as_str()).collect();
    assert_eq!(
        rules,
        [
            "alert: A\n    expr: |\n      up",
            "alert: B\n    # promsight: ignore[a] inside\n    expr: up",
            "alert: C\n    expr: up"
        ]
    );
}

#[test]
fn a_comment_in_the_query_of_an_embedded_rule_covers_that_rule() {
    let text = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: r}\ndata:\n  r.yaml: |\n    groups:\n    - name: g\n      \
                rules:\n      - alert: A\n        expr: |\n          up # promsight: ignore[a] b\n          == 0\n";
    let read = read("m.yaml", text);
    assert_eq!(read.len(), 1);
    assert!(
        read[0].1.iter().any(|covered| covered.starts_with("alert: A")),
        "{read:?}"
    );
}

#[test]
fn a_comment_in_python_covers_its_statement_or_call() {
    let covered = |text: &str| read("a.py", text)[0].1.last().cloned().unwrap_or_default();
    assert_eq!(
        covered("# promsight: ignore[a] b\nX = Counter(\n    'x',\n    'X.',\n)\nY = 1\n"),
        "X = Counter(\n    'x',\n    'X.',\n)"
    );
    assert_eq!(
        covered("X = Counter(\n    'x',  # promsight: ignore[a] b\n    'X.',\n)\n"),
        "Counter(\n    'x',  # promsight: ignore[a] b\n    'X.',\n)"
    );
    assert_eq!(
        covered(
            "M = {\n    # promsight: ignore[a] b\n    'x': Counter(\n        'x', ''),\n    'y': Counter('y', ''),\n}\n"
        ),
        "'x': Counter(\n        'x', '')"
    );
    let function = covered("# promsight: ignore[a] b\ndef f():\n    return Counter('x', '')\n");
    assert!(
        !function.contains("return"),
        "a function is no statement: {function}"
    );
}

#[test]
fn a_comment_in_markdown_covers_the_block_below_or_its_own_line() {
    let covered = |text: &str| read("a.md", text)[0].1.clone();
    let paragraph = "<!-- promsight: ignore[a] b -->\n\nLook at the metric `shop_x_total`\nand at the metric `shop_y_total`.\n\nMore.\n";
    assert!(
        covered(paragraph)
            .iter()
            .any(|covered| covered.starts_with("Look at") && covered.contains("shop_y_total")),
        "{:?}",
        covered(paragraph)
    );
    let inline = "Look at `shop_x_total`. <!-- promsight: ignore[a] b -->\n\nMore.\n";
    assert_eq!(
        covered(inline)[0],
        "Look at `shop_x_total`. <!-- promsight: ignore[a] b -->"
    );
    assert_eq!(
        requests("a.md", "`<!-- promsight: ignore[a] b -->` is how.\n"),
        [""; 0]
    );
    assert_eq!(
        requests("a.rst", "Title\n=====\n\n.. promsight: ignore[a] b\n\nText.\n"),
        ["a: b"]
    );
}

#[test]
fn code_in_a_document_can_hold_comments_as_an_example() {
    let text = "# Rules\n\n```yaml\n# promsight: ignore[a] b\nx: 1\n```\n\n# promsight: ignore[a] this is a heading\n";
    let files = FileSet::new(vec![("a.md".to_owned(), "a.md".to_owned(), Arc::from(text))]);
    let facts = extract(&files.files()[0]);
    assert_eq!(facts.suppressions.len(), 1);
    assert!(facts.suppressions[0].example);
}

#[test]
fn comments_of_pint_are_understood() {
    let comments = [
        "pint disable promql/series(shop_x_total)",
        "pint disable promql/series(shop_x_total{job=\"a b\"})",
        "pint disable promql/series",
        "pint snooze 2027-01-31 promql/series(shop_x_total)",
        "pint snooze 2027-01-31T10:00:00Z promql/series",
        "pint file/disable promql/series(shop_x_total)",
        "pint rule/set promql/series(shop_x_total) ignore/label-value path",
        "pint rule/set promql/series min-age 1w",
        "pint rule/owner team-a",
        "pint ignore/line",
    ];
    let text: String = comments
        .iter()
        .map(|comment| format!("# {comment}\nx: 1\n"))
        .collect();
    assert_eq!(
        requests("a.yaml", &text),
        [
            "promql/series of shop_x_total",
            "promql/series of shop_x_total",
            "promql/series of all",
            "promql/series of shop_x_total until 2027-01-31",
            "promql/series of all until 2027-01-31",
            "promql/series of shop_x_total",
            "promql/series ignore/label-value of shop_x_total",
            "everything",
        ]
    );
    assert!(requests("a.py", "# pint disable promql/series\n").is_empty());
    let region = read(
        "a.yaml",
        "a: 1\n# pint ignore/begin\nb: 1\n# pint ignore/end\nc: 1\n",
    );
    assert_eq!(region[0].1, ["# pint ignore/begin\nb: 1\n# pint ignore/end"]);
}

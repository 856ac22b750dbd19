//! The readiness review, and what becomes of its tasks; and the configuration that a first look proposes.

use serde_json::Value;

use crate::project::{Project, trading_platform};

const APP: &str = "from prometheus_client import Counter, Gauge\n\nSALES = Counter(\"shop_sales\", \"Sales.\")\nOPEN = \
                   Gauge(\"shop_open\", \"Whether it is open.\")\n";

const RULES: &str = "groups:\n  - name: shop\n    rules:\n      - record: shop:sold:rate5m\n        expr: \
                     rate(shop_sold_total[5m])\n      - alert: NothingSold\n        expr: shop:sold:rate5m == 0\n      - alert: \
                     Closed\n        expr: shop_opened == 0\n      - alert: Open\n        expr: shop_open == 1 and \
                     rate(shop_sales_total[5m]) > 0\n";

fn shop() -> Project {
    Project::new()
        .file("app.py", APP)
        .file("rules.yaml", RULES)
        .file(".github/CODEOWNERS", "*.yaml @ops\n*.py @shop\n")
}

fn audit(project: &Project, arguments: &[&str]) -> Value {
    let output = project.run(&[&["audit", "--format", "json"], arguments].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    serde_json::from_str(&output.stdout).expect("it is JSON")
}

fn titles(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("there is a list").iter();
    list.map(|task| task["title"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_task_is_what_one_person_would_mend_in_one_go() {
    let review = audit(&shop(), &[]);
    assert_eq!(
        titles(&review["tasks"]),
        [
            "2 readers see nothing: `shop_sold_total`",
            "1 reader sees nothing: `shop_opened`"
        ],
        "the alert on the blind recording rule is mended with the rule"
    );
    let task = &review["tasks"][1];
    assert_eq!(task["severity"], "error");
    assert_eq!(task["area"], "rules");
    assert_eq!(task["owners"], serde_json::json!(["@ops"]));
    assert_eq!(task["files"], serde_json::json!(["app.py", "rules.yaml"]));
    let ways = task["ways"].as_array().expect("there are ways");
    assert_eq!(
        ways[0],
        "Change what reads it: write `shop_open` for `shop_opened` at `rules.yaml:9`."
    );
    assert!(
        ways[1]
            .as_str()
            .is_some_and(|way| way.starts_with("Or change the code, so that it exposes `shop_opened` again")),
        "{ways:?}"
    );
    assert_eq!(task["evidence"][0]["path"], "rules.yaml");
    assert_eq!(task["evidence"][0]["line"], 9);
    let area = |name: &str| {
        let areas = review["areas"].as_array().expect("there are areas");
        let area = areas.iter().find(|area| area["name"] == name);
        area.expect("every area is there")["status"].clone()
    };
    assert_eq!(area("rules"), "not-ready");
    assert_eq!(area("instrumentation"), "ready");
    assert_eq!(area("dashboards"), "not-verified");
}

/// The task whose title has that in it.
fn task<'a>(review: &'a Value, part: &str) -> &'a Value {
    let tasks = review["tasks"].as_array().expect("there is a list");
    let mut tasks = tasks
        .iter()
        .filter(|task| task["title"].as_str().is_some_and(|title| title.contains(part)));
    let task = tasks.next().expect("there is such a task");
    assert!(tasks.next().is_none(), "one task is about {part}");
    task
}

#[test]
fn what_one_rule_keeps_from_prometheus_is_one_task() {
    let review = audit(&trading_platform(), &[]);
    let dropped = task(&review, "`kill-switch-research`");
    assert_eq!(
        dropped["findings"].as_array().map(Vec::len),
        Some(4),
        "one `keep` drops four workloads"
    );
    assert_eq!(
        dropped["ways"][0],
        "Mend the way to Prometheus, at `deploy/research/prometheus.yaml:15-17`: `promsight explain not-scraped` says how."
    );
}

#[test]
fn who_looks_at_metrics_that_do_not_arrive_belongs_to_the_task_that_lets_them() {
    let review = audit(&trading_platform(), &[]);
    let silent = task(&review, "tick-archive");
    let title = silent["title"].as_str().unwrap_or_default();
    assert!(
        title.contains("nothing in it serves or pushes them; 2 readers see nothing"),
        "{title}"
    );
    let unfound = task(&review, "venue-status");
    let title = unfound["title"].as_str().unwrap_or_default();
    assert!(title.ends_with("1 reader sees nothing: `venue_open`"), "{title}");
}

#[test]
fn a_bound_that_is_not_there_is_mended_at_the_bound() {
    let review = audit(&trading_platform(), &[]);
    let ways = &task(&review, "`le=\"30\"` is no bucket")["ways"];
    assert_eq!(
        ways,
        &serde_json::json!([
            "Change what reads it, at `deploy/prometheus/trading-rules.yaml:104`: write `30.0` for `30`.",
            "Or change the code at `services/pricing/engine.py:29-33`: its bounds are 1.0, 5.0, 15.0, 30.0, 60.0, +Inf."
        ])
    );
}

#[test]
fn a_review_is_compared_with_an_earlier_one() {
    let project = shop();
    assert_eq!(
        project
            .run(&["audit", "--format", "json", "--output", "first.json"])
            .code,
        0
    );
    // Somebody says that both are done; one is.
    let claimed = project
        .read("first.json")
        .replace("\"status\": \"open\"", "\"status\": \"done\"");
    let project = project
        .file("first.json", &claimed)
        .replace("rules.yaml", "shop_opened", "shop_open");
    let second = audit(&project, &["--compare", "first.json"]);
    let comparison = &second["comparison"];
    assert_eq!(
        titles(&comparison["remediated"]),
        ["1 reader sees nothing: `shop_opened`"]
    );
    assert_eq!(
        titles(&comparison["claimed_done"]),
        ["2 readers see nothing: `shop_sold_total`"]
    );
    assert_eq!(
        titles(&comparison["still_open"]),
        titles(&comparison["claimed_done"])
    );
    assert_eq!(titles(&comparison["new"]), [""; 0]);

    // What was done comes back, and a new one with it.
    let project = project.file("second.json", &second.to_string()).replace(
        "rules.yaml",
        "expr: shop_open == 0",
        "expr: shop_opened == 0 and shop_tills == 0",
    );
    let third = audit(&project, &["--compare", "second.json"]);
    assert_eq!(
        titles(&third["comparison"]["regressed"]),
        ["1 reader sees nothing: `shop_opened`"]
    );
    assert_eq!(
        titles(&third["comparison"]["new"]),
        ["1 reader sees nothing: `shop_tills`"]
    );
    let page = project.run(&["audit", "--compare", "second.json"]).stdout;
    assert!(page.contains("- Came back: 1\n"), "{page}");
}

#[test]
fn a_review_that_cannot_be_used_is_wrong_use() {
    let project = shop().file("old.json", "{}");
    for (file, part) in [
        ("nowhere.json", "cannot use the review nowhere.json: "),
        ("old.json", "missing field"),
    ] {
        let output = project.run(&["audit", "--compare", file]);
        assert_eq!(output.code, 2);
        assert!(output.stderr.contains(part), "{}", output.stderr);
    }
    assert_eq!(Project::new().run(&["audit"]).code, 3);
}

#[test]
fn the_first_configuration_proposes_what_it_found() {
    let project = shop().replace(
        "rules.yaml",
        "groups:\n",
        "groups:\n  - name: cache\n    rules:\n      - alert: Cache\n        expr: valkeyish_up_x == 0\n",
    );
    let printed = project.run(&["init", "--print"]);
    assert_eq!(printed.code, 0);
    assert!(
        printed
            .stdout
            .contains("#   - \"valkeyish_up_x\"  # 1 reference, such as valkeyish_up_x\n"),
        "{}",
        printed.stdout
    );
    assert!(!project.names().contains(&"promsight.yaml".to_owned()));
    assert_eq!(project.run(&["init"]).code, 0);
    assert_eq!(project.read("promsight.yaml"), printed.stdout);
    let before = project.run(&["check", "--format", "table"]);
    assert_eq!(before.code, 1, "it changes nothing until somebody decides");
    let again = project.run(&["init"]);
    assert_eq!(again.code, 2);
    assert!(
        again.stderr.contains("promsight.yaml is there already"),
        "{}",
        again.stderr
    );
    assert_eq!(project.run(&["init", "--force"]).code, 0);
}

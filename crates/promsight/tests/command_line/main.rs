//! The program as its users meet it: what it prints where, and how it ends.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests make folders and start the program"
)]

mod audit;
mod baseline;
mod change;
mod discovery;
mod documents;
mod fake_server;
mod fix;
mod formats;
mod metrics;
mod outside;
mod owners;
mod project;
mod trace;

use project::Project;

/// A tree with one blind alert.
fn blind_alert() -> Project {
    Project::new()
        .file("app.py", "from prometheus_client import Gauge\n\nOPEN = Gauge(\"shop_open\", \"Whether it is open.\")\nOPEN.set(float(input()))\n")
        .file(
            "rules.yaml",
            "groups:\n  - name: shop\n    rules:\n      - alert: Closed\n        expr: shop_opened == 0\n      - alert: Open\n        expr: shop_open == 1\n",
        )
}

#[test]
fn a_finding_at_or_above_the_threshold_fails_the_run() {
    let project = blind_alert();
    let output = project.run(&["check"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(
        output
            .stdout
            .starts_with("error[blind-alert]: alert `Closed` can never fire"),
        "{}",
        output.stdout
    );
    assert!(
        output.stdout.contains("\n --> rules.yaml:5:15\n"),
        "{}",
        output.stdout
    );
    assert_eq!(
        output.stderr, "",
        "the report goes to stdout, and there is nothing else to say"
    );
    for threshold in ["error", "warning", "info"] {
        assert_eq!(project.run(&["check", "--fail-on", threshold]).code, 1);
    }
    assert_eq!(project.run(&["check", "--fail-on", "never"]).code, 0);
}

#[test]
fn a_clean_tree_ends_with_zero() {
    let project = blind_alert().file(
        "rules.yaml",
        "groups:\n  - name: shop\n    rules:\n      - alert: Closed\n        expr: shop_open == 0\n",
    );
    let output = project.run(&["check"]);
    assert_eq!(output.code, 0, "{}", output.stdout);
    assert!(output.stdout.starts_with("No findings.\n"), "{}", output.stdout);
}

#[test]
fn nothing_to_reconcile_is_said_to_people_and_is_no_success() {
    let project = Project::new().file("README.md", "# Nothing\n");
    let said = |text: &str| text.matches("looks at a metric").count();
    let text = project.run(&["check"]);
    assert_eq!(
        (text.code, said(&text.stdout), said(&text.stderr)),
        (3, 1, 0),
        "the report says it by itself"
    );
    for format in ["table", "json"] {
        let output = project.run(&["check", "--format", format]);
        assert_eq!((output.code, said(&output.stderr)), (3, 1), "{}", output.stderr);
    }
}

#[test]
fn wrong_use_ends_with_two_and_names_the_remedy() {
    let project = blind_alert();
    let complaint = |arguments: &[&str]| {
        let output = project.run(arguments);
        assert_eq!(output.code, 2, "{arguments:?}: {}", output.stdout);
        assert_eq!(output.stdout, "");
        output.stderr
    };
    assert_eq!(
        complaint(&["check", "--select", "blind-alarm"]),
        "promsight: error: unknown check `blind-alarm`; did you mean `blind-alert`?\n"
    );
    assert_eq!(
        complaint(&["explain", "blind-alarm"]),
        "promsight: error: unknown check `blind-alarm`; did you mean `blind-alert`?\n"
    );
    assert!(complaint(&["check", "nowhere"]).contains("cannot read nowhere: "));
    assert!(
        complaint(&["check", "--config", "nowhere.yaml"])
            .contains("cannot read the configuration nowhere.yaml: ")
    );
    assert!(complaint(&["check", "--format", "csv"]).contains("possible values: text, table, json"));
    assert!(
        complaint(&["check", "--output", "nowhere/report.json"])
            .contains("cannot write nowhere/report.json: ")
    );
    assert!(complaint(&["review"]).contains("unrecognized subcommand"));
    assert!(
        complaint(&["metrics", "--format", "sarif"])
            .contains("`promsight metrics` prints no `sarif`; there are: text, table, json")
    );
}

#[test]
fn a_wrong_configuration_is_shown_with_its_place() {
    let output = blind_alert()
        .file("promsight.yaml", "ignore: []\nexternals: []\n")
        .run(&["check"]);
    assert_eq!(output.code, 2);
    assert!(
        output
            .stderr
            .ends_with("promsight.yaml:2:1: unknown key `externals`; did you mean `external`?\n"),
        "{}",
        output.stderr
    );
}

#[test]
fn checks_can_be_selected_and_ignored() {
    let project = blind_alert();
    assert_eq!(
        project
            .run(&["check", "--select", "unused-metric,blind-panel"])
            .code,
        0
    );
    assert_eq!(project.run(&["check", "--ignore", "blind-alert"]).code, 0);
    assert_eq!(project.run(&["check", "--select", "blind-alert"]).code, 1);
}

#[test]
fn the_configuration_hides_findings_until_its_day() {
    let ignore = |until: &str| {
        let entry = format!(
            "ignore: [{{ check: blind-alert, subject: \"shop_*\", reason: it opens in May, until: {until} }}]\n"
        );
        blind_alert().file("promsight.yaml", &entry).run(&["check"]).code
    };
    assert_eq!(ignore("2999-12-31"), 0);
    assert_eq!(ignore("2020-01-01"), 1);
}

#[test]
fn the_report_can_go_to_a_file() {
    let project = blind_alert().file("report.json", "an older report");
    let output = project.run(&["check", "--format", "json", "--output", "report.json"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""));
    let value: serde_json::Value =
        serde_json::from_str(&project.read("report.json")).expect("the file holds JSON");
    assert_eq!(value["schema_version"], 1);
    assert_eq!(value["findings"][0]["site"]["path"], "rules.yaml");
    let left: Vec<String> = project
        .names()
        .into_iter()
        .filter(|name| name.starts_with(".promsight"))
        .collect();
    assert!(left.is_empty(), "nothing is left behind: {left:?}");
}

#[test]
fn colours_come_when_asked_for() {
    let project = blind_alert();
    assert!(
        !project.run(&["check"]).stdout.contains('\u{1b}'),
        "stdout is no terminal here"
    );
    assert!(
        project
            .run(&["check", "--color", "always"])
            .stdout
            .contains('\u{1b}')
    );
    assert!(
        !project
            .run(&["check", "--color", "always", "--format", "json"])
            .stdout
            .contains('\u{1b}')
    );
}

#[test]
fn two_runs_print_the_same_bytes_whatever_the_number_of_threads() {
    let mut project = Project::new();
    for number in 0..40 {
        project = project
            .file(
                &format!("service{number}/app.py"),
                &format!("from prometheus_client import Counter\nC = Counter(\"shop_{number}_sales\", \"Sales.\")\n"),
            )
            .file(
                &format!("service{number}/rules.yaml"),
                &format!("groups:\n  - name: shop\n    rules:\n      - alert: A{number}\n        expr: rate(shop_{number}_sale[5m]) > 0\n"),
            );
    }
    let one = project.run_with(&["check", "--format", "json"], &[("RAYON_NUM_THREADS", "1")]);
    let many = project.run_with(&["check", "--format", "json"], &[("RAYON_NUM_THREADS", "8")]);
    assert_eq!(one.stdout, many.stdout);
    assert_eq!(one.code, 1);
}

#[test]
fn explain_prints_the_page_or_the_list() {
    let project = Project::new();
    let page = project.run(&["explain", "blind-alert"]);
    assert_eq!(page.code, 0);
    assert!(page.stdout.starts_with("# blind-alert\n"));
    let list = project.run(&["explain"]);
    assert!(
        list.stdout.lines().any(|line| line.starts_with("blind-alert ")),
        "{}",
        list.stdout
    );
}

#[test]
fn inventories_are_printed_in_every_format() {
    let project = blind_alert();
    let metrics = project.run(&["metrics"]);
    assert!(
        metrics
            .stdout
            .contains("app.py:3:8: gauge shop_open\n    Whether it is open.\n"),
        "{}",
        metrics.stdout
    );
    let references = project.run(&["references"]);
    assert!(
        references
            .stdout
            .contains("rules.yaml:7:15: emitted: alert Open (shop) reads shop_open <- app.py:3:"),
        "{}",
        references.stdout
    );
    for command in ["metrics", "references"] {
        assert_eq!(project.run(&[command, "--format", "table"]).code, 0);
        let json = project.run(&[command, "--format", "json"]);
        let value: serde_json::Value = serde_json::from_str(&json.stdout).expect("it is JSON");
        assert!(
            value[command]
                .as_array()
                .is_some_and(|entries| !entries.is_empty())
        );
    }
    assert_eq!(Project::new().run(&["metrics"]).code, 3);
    assert_eq!(Project::new().run(&["references"]).code, 3);
}

//! `--base`: what a change brought in, from real git repositories.

use crate::project::Project;

const APP: &str = "from prometheus_client import Counter, Gauge\n\nPREFIX = \"shop_\"\n\n\nSALES = Counter(PREFIX + \"sales\", \
                   \"Sales.\", [\"till\"])\nOPEN = Gauge(\"shop_open\", \"Whether it is open.\")\n";

const RULES: &str = "groups:\n  - name: shop\n    rules:\n      - alert: NothingSold\n        expr: rate(shop_sales_total[1h]) == \
                     0\n      - alert: Closed\n        expr: shop_open == 0\n      - alert: Doors\n        expr: shop_doors_open \
                     == 0\n";

const DASHBOARD: &str = r#"{"title":"Shop","panels":[{"id":1,"type":"timeseries","title":"Sales","targets":[{"expr":"sum(rate(shop_sales_total[5m]))"}]}]}"#;

const RUNBOOK: &str =
    "# Nothing sold\n\nLook at `rate(shop_sales_total[5m])` first, then at the metric `shop_open`.\n";

/// A repository with one old finding (`shop_doors_open`) on the branch main.
fn repository() -> Project {
    Project::new()
        .repository()
        .file("shop/app.py", APP)
        .file("deploy/rules.yaml", RULES)
        .file("deploy/dashboard.json", DASHBOARD)
        .file("docs/runbook.md", RUNBOOK)
        .commit("A shop")
}

/// `check:place` of each finding.
fn findings(project: &Project, arguments: &[&str]) -> (i32, Vec<String>, serde_json::Value) {
    let output = project.run(&[&["check", "--format", "json"], arguments].concat());
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("the report is JSON");
    let found = report["findings"].as_array().expect("there is a list");
    let places = found
        .iter()
        .map(|finding| {
            format!(
                "{} {}:{}",
                finding["check"].as_str().unwrap_or_default(),
                finding["site"]["path"].as_str().unwrap_or_default(),
                finding["site"]["line"]
            )
        })
        .collect();
    (output.code, places, report)
}

#[test]
fn a_metric_renamed_on_a_branch_fails_at_exactly_what_it_blinds() {
    let project = repository();
    project.git(&["switch", "--quiet", "--create", "rename"]);
    let project = project
        .replace("shop/app.py", "\"sales\"", "\"revenue\"")
        .commit("Rename");
    let (code, places, report) = findings(&project, &["--base", "main"]);
    assert_eq!(code, 1);
    assert_eq!(
        places,
        [
            "blind-panel deploy/dashboard.json:1",
            "blind-alert deploy/rules.yaml:5",
            "blind-runbook docs/runbook.md:3",
            "unused-metric shop/app.py:6",
        ],
        "and nothing of the old finding"
    );
    let alert = &report["findings"][1];
    let evidence = &alert["related"][0];
    assert_eq!(
        (
            evidence["site"]["path"].as_str(),
            evidence["site"]["line"].as_u64()
        ),
        (Some("shop/app.py"), Some(6)),
        "{alert:#}"
    );
    assert!(
        evidence["message"].as_str().is_some_and(
            |message| message.contains("the change brought this where `shop_sales_total` was declared")
        ),
        "{alert:#}"
    );
    assert!(
        alert["notes"]
            .to_string()
            .contains("was declared at shop/app.py:6"),
        "{alert:#}"
    );
    assert_eq!(report["summary"]["hidden"]["unchanged"], 1);
    assert_eq!(report["base"]["revision"], "main");

    // Mended: the gate goes green, and the old finding is still there for a plain check.
    let project = project
        .replace("deploy/rules.yaml", "shop_sales_total", "shop_revenue_total")
        .replace("deploy/dashboard.json", "shop_sales_total", "shop_revenue_total")
        .replace("docs/runbook.md", "shop_sales_total", "shop_revenue_total");
    let (code, places, _) = findings(&project, &["--base", "main", "--fail-on", "info"]);
    assert_eq!(
        (code, places),
        (0, Vec::new()),
        "the working tree counts, committed or not"
    );
    assert_eq!(project.run(&["check"]).code, 1);
}

#[test]
fn what_a_change_fixed_is_listed() {
    let project = repository().replace("deploy/rules.yaml", "shop_doors_open", "shop_open");
    let output = project.run(&["check", "--base", "HEAD"]);
    assert_eq!(output.code, 0);
    assert!(
        output.stdout.starts_with("No new findings.\n"),
        "{}",
        output.stdout
    );
    let table = project.run(&["check", "--base", "HEAD", "--format", "table"]);
    assert_eq!(table.stdout, "no new findings\n");
    assert!(
        output
            .stdout
            .contains("1 finding fixed\n    fixed error[blind-alert] deploy/rules.yaml:9:15: alert `Doors` can never fire"),
        "{}",
        output.stdout
    );
}

#[test]
fn renamed_files_and_moved_lines_are_no_new_findings() {
    let project = repository();
    project.git(&["mv", "deploy/rules.yaml", "alerts.yaml"]);
    project.git(&["mv", "docs/runbook.md", "docs/sales.md"]);
    let project = project
        .replace(
            "alerts.yaml",
            "groups:\n",
            "# A remark.\n# And another.\n\ngroups:\n",
        )
        .commit("Move");
    let (code, places, report) = findings(&project, &["--base", "HEAD~1", "--fail-on", "info"]);
    assert_eq!((code, places), (0, Vec::new()));
    assert_eq!(report["base"]["fixed"], serde_json::json!([]));

    // A rule that goes to another file is the same rule.
    let rules = project.read("alerts.yaml");
    let (kept, moved) = rules.split_at(rules.find("      - alert: Doors").expect("it is there"));
    let project = project.file("alerts.yaml", kept).file(
        "doors.yaml",
        &format!("groups:\n  - name: shop\n    rules:\n{moved}"),
    );
    let (code, places, _) = findings(&project, &["--base", "HEAD", "--fail-on", "info"]);
    assert_eq!((code, places), (0, Vec::new()));
}

#[test]
fn one_more_of_a_kind_is_new() {
    let project = repository().replace(
        "deploy/rules.yaml",
        "      - alert: Doors\n",
        "      - alert: Doors\n        for: 5m\n        expr: shop_doors_open == 1\n      - alert: Doors\n",
    );
    let (code, places, _) = findings(&project, &["--base", "main"]);
    assert_eq!(
        (code, places),
        (1, vec!["blind-alert deploy/rules.yaml:10".to_owned()])
    );
}

#[test]
fn a_deleted_declaration_is_shown_where_it_stood() {
    let project = repository().replace(
        "shop/app.py",
        "OPEN = Gauge(\"shop_open\", \"Whether it is open.\")\n",
        "",
    );
    let (code, places, report) = findings(&project, &["--base", "main", "--select", "blind-alert"]);
    assert_eq!(
        (code, places),
        (1, vec!["blind-alert deploy/rules.yaml:7".to_owned()])
    );
    let evidence = &report["findings"][0]["related"][0];
    assert_eq!(evidence["site"]["line"], 6, "{evidence:#}");
    assert!(
        evidence["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("the change removed `shop_open` below this line")),
        "{evidence:#}"
    );
}

#[test]
fn a_blind_recording_rule_leads_to_the_declaration_that_changed() {
    let project = repository()
        .file(
            "deploy/records.yaml",
            "groups:\n  - name: records\n    rules:\n      - record: shop:sales:rate5m\n        expr: \
             sum(rate(shop_sales_total[5m]))\n      - alert: FewSales\n        expr: shop:sales:rate5m < 1\n",
        )
        .commit("Record")
        .replace("shop/app.py", "PREFIX = \"shop_\"", "PREFIX = \"store_\"");
    let (_, places, report) = findings(
        &project,
        &["--base", "HEAD", "--select", "blind-alert,blind-record"],
    );
    assert_eq!(
        places,
        [
            "blind-record deploy/records.yaml:5",
            "blind-alert deploy/records.yaml:7",
            "blind-alert deploy/rules.yaml:5",
        ]
    );
    let notes = report["findings"][1]["notes"].to_string();
    assert!(
        notes.contains("before the change `shop_sales_total` was declared at shop/app.py:6"),
        "{notes}"
    );
}

#[test]
fn a_branch_that_moved_on_is_compared_where_the_work_left_it() {
    let project = repository();
    project.git(&["switch", "--quiet", "--create", "work"]);
    let project = project.file("docs/more.md", "# More\n").commit("Work");
    project.git(&["switch", "--quiet", "main"]);
    let project = project
        .replace("deploy/rules.yaml", "shop_doors_open", "shop_open")
        .commit("Fix on main");
    project.git(&["switch", "--quiet", "work"]);
    let (code, places, _) = findings(&project, &["--base", "main"]);
    assert_eq!(
        (code, places),
        (0, Vec::new()),
        "the fix is main's, its lack is no news of the work's"
    );
}

#[test]
fn the_old_configuration_counts_for_the_old_tree() {
    let project = repository()
        .file("promsight.yaml", "external: [shop_doors_*]\n")
        .commit("Doors are another program's")
        .file("promsight.yaml", "external: []\n");
    let (code, places, _) = findings(&project, &["--base", "HEAD"]);
    assert_eq!(
        (code, places),
        (1, vec!["blind-alert deploy/rules.yaml:9".to_owned()])
    );
}

#[test]
fn ignored_files_count_on_neither_side() {
    let project = repository().file(".gitignore", "/build/\n").commit("Ignore");
    let project = project.file(
        "build/rules.yaml",
        "groups:\n  - name: b\n    rules:\n      - alert: B\n        expr: shop_b == 0\n",
    );
    project.git(&["add", "--force", "build/rules.yaml"]);
    let project = project.commit("A build by mistake");
    let (code, places, report) = findings(&project, &["--base", "HEAD", "--fail-on", "info"]);
    assert_eq!((code, places), (0, Vec::new()));
    assert_eq!(report["base"]["fixed"], serde_json::json!([]));
}

#[test]
fn a_part_of_the_tree_is_compared_with_the_same_part() {
    let project = repository().replace("shop/app.py", "shop_open", "shop_opened");
    let (code, places, _) = findings(&project, &["--base", "main", "shop", "docs"]);
    assert_eq!(code, 0);
    assert_eq!(
        places,
        ["blind-runbook docs/runbook.md:3", "unused-metric shop/app.py:7"],
        "the rules are not read"
    );
}

#[test]
fn a_revision_that_cannot_be_read_is_wrong_use() {
    let project = repository();
    let unknown = project.run(&["check", "--base", "release"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
    assert!(
        unknown
            .stderr
            .contains("git knows no revision `release` here; name a branch, tag or commit"),
        "{}",
        unknown.stderr
    );
    let no_repository = Project::new()
        .file("app.py", APP)
        .run(&["check", "--base", "main"]);
    assert_eq!(no_repository.code, 2);
    assert!(
        no_repository.stderr.contains("--base needs a git repository"),
        "{}",
        no_repository.stderr
    );
}

#[test]
fn a_shallow_clone_says_how_to_get_the_rest() {
    let origin = repository().file("docs/more.md", "# More\n").commit("More");
    let clone = Project::new();
    let from = format!("file://{}", origin.path().display());
    clone.git(&["clone", "--quiet", "--depth", "1", &from, "clone"]);
    let output = clone.run(&["check", "clone", "--base", "HEAD~1"]);
    assert_eq!(output.code, 2);
    assert!(
        output
            .stderr
            .contains("this is a shallow clone; fetch the whole history"),
        "{}",
        output.stderr
    );
}

//! A team switches promsight on in a repository with old findings, and lives with it.

use crate::project::Project;

const APP: &str = "from prometheus_client import Counter\n\nSALES = Counter(\"shop_sales\", \"Sales.\")\n";

/// A repository in which many alerts have been blind for long.
fn old_repository() -> Project {
    let rules: String = (0..12)
        .map(|number| format!("      - alert: Old{number}\n        expr: shop_old_{number}_total > 0\n"))
        .collect();
    Project::new()
        .file("app.py", APP)
        .file(
            "rules.yaml",
            &format!("groups:\n  - name: shop\n    rules:\n      - alert: Sold\n        expr: shop_sales_total > 0\n{rules}"),
        )
}

#[test]
fn a_baseline_hides_what_it_records_and_nothing_else() {
    let project = old_repository();
    assert_eq!(project.run(&["check"]).code, 1);
    let written = project.run(&["check", "--write-baseline", "baseline.json"]);
    assert_eq!(written.code, 0, "{}", written.stdout);
    assert!(
        written
            .stderr
            .contains("12 findings are recorded in baseline.json\n"),
        "{}",
        written.stderr
    );
    let first = project.read("baseline.json");
    assert_eq!(
        first
            .lines()
            .filter(|line| line.contains("\"blind-alert\""))
            .count(),
        12
    );

    let quiet = project.run(&["check", "--baseline", "baseline.json"]);
    assert_eq!(quiet.code, 0);
    assert!(quiet.stdout.starts_with("No findings.\n"), "{}", quiet.stdout);
    assert!(
        quiet.stdout.contains("12 findings hidden: 12 by the baseline\n"),
        "{}",
        quiet.stdout
    );

    let project = project.replace(
        "rules.yaml",
        "groups:\n",
        "# Moved down by a remark.\n\ngroups:\n  - name: more\n    rules:\n      - alert: New\n        expr: shop_new_total > 0\n",
    );
    let new = project.run(&["check", "--baseline", "baseline.json", "--format", "table"]);
    assert_eq!(new.code, 1);
    let findings: Vec<&str> = new.stdout.lines().skip(1).collect();
    assert_eq!(findings.len(), 1, "{}", new.stdout);
    assert!(findings[0].contains("shop_new_total"), "{}", new.stdout);
}

#[test]
fn a_baseline_is_pruned_when_it_is_written_again() {
    let project = old_repository();
    project.run(&["check", "--write-baseline", "baseline.json"]);
    let project = project.replace("rules.yaml", "shop_old_3_total", "shop_sales_total");
    let stale = project.run(&["check", "--baseline", "baseline.json"]);
    assert_eq!(stale.code, 0);
    assert!(
        stale
            .stdout
            .contains("1 entry of the baseline speaks of a finding that is gone; `--write-baseline baseline.json` removes"),
        "{}",
        stale.stdout
    );
    let written = project.run(&[
        "check",
        "--baseline",
        "baseline.json",
        "--write-baseline",
        "baseline.json",
    ]);
    assert!(
        written
            .stderr
            .contains("11 findings are recorded in baseline.json (0 new, 1 of 12 gone)"),
        "{}",
        written.stderr
    );
    assert!(!project.read("baseline.json").contains("shop_old_3_total"));
    assert!(
        !project
            .run(&["check", "--baseline", "baseline.json"])
            .stdout
            .contains("that is gone")
    );
}

#[test]
fn a_renamed_file_brings_no_finding_back() {
    let project = old_repository();
    project.run(&["check", "--write-baseline", "baseline.json"]);
    let rules = project.read("rules.yaml");
    std::fs::remove_file(project.path().join("rules.yaml")).expect("it is there");
    let project = project.file("deploy/alerts.yaml", &rules);
    let renamed = project.run(&["check", "--baseline", "baseline.json"]);
    assert_eq!(renamed.code, 0, "{}", renamed.stdout);
}

#[test]
fn a_baseline_that_cannot_be_used_is_wrong_use() {
    let project = old_repository().file("broken.json", "{\n  \"findings\": 1\n}");
    let missing = project.run(&["check", "--baseline", "nowhere.json"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    assert!(
        missing.stderr.contains("cannot read the baseline nowhere.json: "),
        "{}",
        missing.stderr
    );
    let broken = project.run(&["check", "--baseline", "broken.json"]);
    assert_eq!(broken.code, 2);
    assert!(
        broken.stderr.contains("broken.json:2:15: this is no baseline: "),
        "{}",
        broken.stderr
    );
    let both = project.run(&["check", "--base", "main", "--write-baseline", "b.json"]);
    assert_eq!(both.code, 2, "what a change brought in is no baseline");
}

#[test]
fn nothing_is_recorded_where_nothing_was_reconciled() {
    let project = Project::new().file("README.md", "# Nothing\n");
    assert_eq!(project.run(&["check", "--write-baseline", "b.json"]).code, 3);
    assert!(!project.names().contains(&"b.json".to_owned()));
}

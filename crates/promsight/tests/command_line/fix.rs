//! `--fix` and `--diff`: what is mended, what is left alone, and that every other byte stays.

use crate::project::Project;

const APP: &str = "\
from prometheus_client import Counter, Gauge, Histogram, Info

SALES = Counter(\"shop_sales\", \"Sales.\", [\"till\"])
OPEN = Gauge(\"shop_tills_open\", \"Open tills.\")
WAIT = Histogram(\"shop_wait_seconds\", \"Waiting.\", buckets=[1, 5])
BUILD = Info(\"shop_build\", \"The build.\")
";

fn app() -> Project {
    Project::new().file("app.py", APP)
}

/// Rules in every style of YAML, with what must become of each.
const RULES: [(&str, &str); 5] = [
    ("rate(shop_sales[5m]) == 0", "rate(shop_sales_total[5m]) == 0"),
    (
        "|\n          rate(shop_sales[5m])  # per till\n            / rate(shop_sales[1h]) > 3",
        "|\n          rate(shop_sales_total[5m])  # per till\n            / rate(shop_sales_total[1h]) > 3",
    ),
    (
        ">-\n          histogram_quantile(0.9,\n          rate(shop_wait_seconds[5m])) > 3",
        ">-\n          histogram_quantile(0.9,\n          rate(shop_wait_seconds_bucket[5m])) > 3",
    ),
    (
        "\"shop_wait_seconds_bucket{le=\\\"5\\\"} / ignoring (le) shop_wait_seconds_bucket{le=\\\"+Inf\\\"} < 0.9\"",
        "\"shop_wait_seconds_bucket{le=\\\"5.0\\\"} / ignoring (le) shop_wait_seconds_bucket{le=\\\"+Inf\\\"} < 0.9\"",
    ),
    (
        "'shop_tills_open_total == 0 and on () shop_build{version=\"1\"}'",
        "'shop_tills_open == 0 and on () shop_build_info{version=\"1\"}'",
    ),
];

fn rules(choose: fn(&(&'static str, &'static str)) -> &'static str) -> String {
    let mut text = "# Alerts of the shop – as they are\ngroups:\n  - name: shop\n    rules:\n".to_owned();
    for (number, rule) in RULES.iter().enumerate() {
        text.push_str(&format!(
            "      - alert: Shop{number}\n        expr: {}\n",
            choose(rule)
        ));
    }
    text
}

#[test]
fn rules_of_every_style_are_mended_and_nothing_else_in_them_changes() {
    let before = rules(|(before, _)| before);
    let project = app().file("rules.yaml", &before);
    let found = project.run(&["check", "--format", "table"]);
    assert_eq!(found.code, 1, "{}", found.stdout);

    let fixed = project.run(&["check", "--fix"]);
    assert_eq!(project.read("rules.yaml"), rules(|(_, after)| after));
    assert_eq!(fixed.code, 0, "{}", fixed.stdout);
    assert!(
        fixed.stderr.contains("mended 7 findings in 1 file\n"),
        "{}",
        fixed.stderr
    );
    assert_eq!(project.read("app.py"), APP);

    let again = project.run(&["check", "--fix"]);
    assert!(
        again.stderr.contains("mended 0 findings in 0 files\n"),
        "{}",
        again.stderr
    );
    assert_eq!(project.read("rules.yaml"), rules(|(_, after)| after));
}

#[test]
fn line_breaks_and_byte_order_marks_stay() {
    let text = rules(|(before, _)| before).replace('\n', "\r\n");
    let after = rules(|(_, after)| after).replace('\n', "\r\n");
    let project = app().bytes("rules.yaml", &[b"\xEF\xBB\xBF", text.as_bytes()].concat());
    let fixed = project.run(&["check", "--fix"]);
    assert_eq!(fixed.code, 0, "{}", fixed.stdout);
    let written = std::fs::read(project.path().join("rules.yaml")).expect("the file can be read");
    assert_eq!(written, [b"\xEF\xBB\xBF", after.as_bytes()].concat());
}

#[test]
fn dashboards_and_documents_are_mended_within_their_strings() {
    let dashboard = r#"{"title": "Shop", "schemaVersion": 39, "panels": [
  {"type": "timeseries", "title": "Sales \u2013 by till", "targets": [{"expr": "sum by (till) (rate(shop_sales{till=~\"a|b\"}[5m]))"}]}
]}
"#;
    let document = "# Shop\n\nLook at `rate(shop_sales[5m])` first.\n\n```promql\nshop_wait_seconds_bucket{le=\"1\"}\n```\n";
    let project = app().file("shop.json", dashboard).file("docs/shop.md", document);
    let fixed = project.run(&["check", "--fix"]);
    assert_eq!(fixed.code, 0, "{}", fixed.stdout);
    assert_eq!(
        project.read("shop.json"),
        dashboard.replace("rate(shop_sales{", "rate(shop_sales_total{")
    );
    assert_eq!(
        project.read("docs/shop.md"),
        document
            .replace("rate(shop_sales[", "rate(shop_sales_total[")
            .replace("le=\"1\"", "le=\"1.0\"")
    );
}

#[test]
fn encoded_texts_and_code_are_left_alone_and_reported() {
    // The rule of the secret: `expr: shop_sales > 3`.
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: rules\ndata:\n  rules.yaml: Z3JvdXBzOgotIG5hbWU6IHNob3AKICBydWxlczoKICAtIGFsZXJ0OiBTZWNyZXQKICAgIGV4cHI6IHNob3Bfc2FsZXMgPiAzCg==\n";
    let script = "import requests\n\nrequests.get('http://prometheus:9090/api/v1/query', params={'query': 'rate(shop_sales[5m])'})\n";
    let project = app().file("secret.yaml", secret).file("ask.py", script).file(
        "rules.yaml",
        "groups:\n- name: shop\n  rules:\n  - alert: A\n    expr: shop_sales > 1\n",
    );
    let fixed = project.run(&["check", "--fix", "--format", "table"]);
    assert_eq!(project.read("secret.yaml"), secret);
    assert_eq!(project.read("ask.py"), script);
    assert!(
        project
            .read("rules.yaml")
            .ends_with("expr: shop_sales_total > 1\n"),
        "{}",
        fixed.stdout
    );
    assert!(fixed.stdout.contains("secret.yaml"), "{}", fixed.stdout);
    assert!(fixed.stdout.contains("ask.py"), "{}", fixed.stdout);
    assert_eq!(fixed.code, 1);
}

#[test]
fn what_needs_judgement_is_left_alone() {
    let rules = "groups:\n- name: shop\n  rules:\n  - alert: Renamed\n    expr: shop_till_open == 0\n  - alert: Counted\n    expr: rate(shop_wait_seconds[5m]) > 1\n  - alert: Bound\n    expr: shop_wait_seconds_bucket{le=\"2\"} > 1\n  - alert: Mean\n    expr: rate(shop_sales_sum[5m]) / rate(shop_sales_count[5m]) > 1\n";
    let project = app().file("rules.yaml", rules);
    let fixed = project.run(&["check", "--fix"]);
    assert_eq!(project.read("rules.yaml"), rules, "{}", fixed.stdout);
    assert!(fixed.stdout.contains("shop_tills_open"), "{}", fixed.stdout);
    assert_eq!(fixed.code, 1);
}

#[test]
fn a_diff_shows_what_would_change_and_changes_nothing() {
    let rules = "groups:\n- name: shop\n  rules:\n  - alert: A\n    expr: shop_sales > 1\n  - alert: B\n    expr: rate(shop_sales_total[5m]) > 1\n";
    let project = app().file("deploy/rules.yaml", rules);
    let shown = project.run(&["check", "--diff"]);
    assert_eq!(
        shown.stdout,
        "--- a/deploy/rules.yaml\n+++ b/deploy/rules.yaml\n@@ -2,6 +2,6 @@\n - name: shop\n   rules:\n   - alert: A\n-    expr: shop_sales > 1\n+    expr: shop_sales_total > 1\n   - alert: B\n     expr: rate(shop_sales_total[5m]) > 1\n"
    );
    assert!(
        shown.stderr.contains("--fix would mend 1 finding in 1 file"),
        "{}",
        shown.stderr
    );
    assert_eq!(shown.code, 1);
    assert_eq!(project.read("deploy/rules.yaml"), rules);

    let project = project.repository();
    std::fs::write(project.path().join("fix.patch"), &shown.stdout).expect("files can be written");
    project.git(&["apply", "fix.patch"]);
    let nothing = project.run(&["check", "--diff"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (0, ""));
}

#[test]
fn what_is_hidden_is_not_mended() {
    let rules = "groups:\n- name: shop\n  rules:\n  # promsight: ignore[blind-alert] an older version exposes it\n  - alert: A\n    expr: shop_sales > 1\n  - alert: B\n    expr: shop_wait_seconds_bucket{le=\"5\"} > 1\n";
    let project = app().file("rules.yaml", rules);
    project.run(&["check", "--write-baseline", "baseline.json"]);
    project.run(&["check", "--fix", "--baseline", "baseline.json"]);
    assert_eq!(project.read("rules.yaml"), rules);
    project.run(&["check", "--fix", "--ignore", "bucket-mismatch"]);
    assert_eq!(project.read("rules.yaml"), rules);
    project.run(&["check", "--fix"]);
    assert_eq!(
        project.read("rules.yaml"),
        rules.replace("le=\"5\"", "le=\"5.0\"")
    );
}

#[test]
fn a_read_only_file_ends_the_run_before_anything_is_changed() {
    let rules = "groups:\n- name: shop\n  rules:\n  - alert: A\n    expr: shop_sales > 1\n";
    let project = app().file("a.yaml", rules).file("b.yaml", rules);
    let path = project.path().join("b.yaml");
    let mut permissions = std::fs::metadata(&path).expect("the file is there").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).expect("permissions can be set");
    let fixed = project.run(&["check", "--fix"]);
    assert_eq!(fixed.code, 2);
    assert!(
        fixed
            .stderr
            .contains("cannot mend b.yaml: it is read-only; nothing was changed"),
        "{}",
        fixed.stderr
    );
    assert_eq!(project.read("a.yaml"), rules);
}

#[cfg(unix)]
#[test]
fn a_link_is_not_written_through() {
    let rules = "groups:\n- name: shop\n  rules:\n  - alert: A\n    expr: shop_sales > 1\n";
    let project = app().file("shared/rules.txt", rules);
    let link = project.path().join("rules.yaml");
    std::os::unix::fs::symlink("shared/rules.txt", link).expect("links can be made");
    let fixed = project.run(&["check", "--fix"]);
    assert_eq!(fixed.code, 2, "{}", fixed.stdout);
    assert!(fixed.stderr.contains("symbolic link"), "{}", fixed.stderr);
    assert_eq!(project.read("shared/rules.txt"), rules);
}

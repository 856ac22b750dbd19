//! Several reports of one run, and what each of them must hold to be taken by those who read it.

use crate::project::Project;

fn shop() -> Project {
    Project::new()
        .file("app.py", "from prometheus_client import Gauge\n\nOPEN = Gauge(\"shop_open\", \"Whether it is open.\")\nOPEN.set(1)\n")
        .file(
            "rules.yaml",
            "groups:\n  - name: shop\n    rules:\n      - alert: Closed\n        expr: shop_opened == 0\n      - alert: Open\n        expr: \
             shop_open == 1\n",
        )
        .file("deploy/board.json", r#"{"title":"Shop","panels":[{"id":1,"type":"stat","title":"Open","targets":[{"expr":"shop_open"}]}]}"#)
}

#[test]
fn one_run_prints_several_reports() {
    let project = shop();
    let output = project.run(&[
        "check", "--format", "sarif", "--output", "a.sarif", "--format", "text", "--format", "junit",
        "--output", "j.xml",
    ]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(output.stdout.starts_with("error[blind-alert]"));
    let sarif: serde_json::Value = serde_json::from_str(&project.read("a.sarif")).expect("it is JSON");
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "blind-alert");
    assert!(project.read("j.xml").contains("<failure "));
}

#[test]
fn what_mimirtool_reads_lists_exact_names() {
    let project = shop();
    let json = |format: &str| -> serde_json::Value {
        let output = project.run(&["references", "--format", format]);
        assert_eq!(output.code, 0, "{}", output.stderr);
        serde_json::from_str(&output.stdout).expect("it is JSON")
    };
    assert_eq!(
        json("mimirtool-ruler"),
        serde_json::json!({
            "metricsUsed": ["shop_open", "shop_opened"],
            "ruleGroups": [{
                "namespace": "rules.yaml", "name": "shop", "metrics": ["shop_open", "shop_opened"], "parse_errors": []
            }]
        })
    );
    assert_eq!(
        json("mimirtool-grafana"),
        serde_json::json!({
            "metricsUsed": ["shop_open"],
            "dashboards": [{
                "slug": "deploy/board.json", "title": "Shop", "metrics": ["shop_open"], "parse_errors": []
            }]
        })
    );
}

//! Findings name who owns the file in which they lie.

use crate::project::Project;

#[test]
fn findings_name_their_owners() {
    let project = Project::new()
        .file(
            "app.py",
            "from prometheus_client import Gauge\n\nOPEN = Gauge(\"shop_open\", \"Whether it is open.\")\n",
        )
        .file(
            "deploy/rules.yaml",
            "groups:\n  - name: shop\n    rules:\n      - alert: Closed\n        expr: shop_opened == 0\n",
        )
        .file("CODEOWNERS", "* @everybody\n/deploy/ @ops @sre\n");
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["check", "--format", "json"]).stdout).expect("it is JSON");
    let owners: Vec<&str> = json["findings"]
        .as_array()
        .expect("there are findings")
        .iter()
        .map(|finding| finding["owner"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(owners, ["@everybody", "@ops @sre"]);
    let text = project.run(&["check"]).stdout;
    assert!(text.contains("= owner: @ops @sre\n"), "{text}");
}

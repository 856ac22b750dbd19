//! `promsight metrics` as a tool for documentation.

use std::collections::BTreeSet;

use crate::project::{Project, trading_platform};

/// Names in the first column of the page's tables: what a reader would copy into a query.
fn names_of_page(page: &str) -> BTreeSet<String> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn the_page_names_what_the_inventory_has() {
    let project = trading_platform();
    let page = project.run(&["metrics", "--format", "markdown"]);
    assert_eq!(page.code, 0, "{}", page.stderr);
    let inventory = project.run(&["metrics", "--format", "json"]);
    let inventory: serde_json::Value = serde_json::from_str(&inventory.stdout).expect("it is JSON");
    let metrics = inventory["metrics"].as_array().expect("a list of metrics");
    let expected: BTreeSet<String> = metrics
        .iter()
        .filter(|metric| metric["liveness"] == "live" && !metric["name"].is_null())
        .map(|metric| {
            let is_named_by_family = metric["type"] == "histogram" || metric["type"] == "summary";
            let name = if is_named_by_family {
                &metric["name"]
            } else {
                &metric["series"][0]
            };
            name.as_str().expect("a name is a text").to_owned()
        })
        .collect();
    assert!(expected.len() > 40, "{expected:?}");
    assert_eq!(names_of_page(&page.stdout), expected);
}

#[test]
fn links_of_a_page_lead_from_where_it_stands() {
    let project = Project::new().file(
        "app/web.py",
        "from prometheus_client import Counter\n\nHITS = Counter(\"web_hits\", \"Hits | of <all> kinds.\", [\"path\"])\nHITS.labels(\"/\").inc()\n",
    );
    std::fs::create_dir(project.path().join("docs")).expect("folders can be made");
    let output = project.run(&["metrics", "--format", "markdown", "--output", "docs/metrics.md"]);
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (0, ""),
        "{}",
        output.stderr
    );
    let page = project.read("docs/metrics.md");
    let row = page
        .lines()
        .find(|line| line.starts_with("| `web_hits_total` |"))
        .expect("the metric has a row");
    assert_eq!(
        row,
        "| `web_hits_total` | counter | `path` | Hits \\| of &lt;all> kinds. | [web.py:3](../app/web.py#L3) |"
    );
}

#[test]
fn the_page_is_of_the_inventory_alone() {
    let project = Project::new().file("app.py", "x = 1\n");
    for arguments in [
        &["references", "--format", "markdown"][..],
        &["metrics", "--unresolved", "--format", "markdown"],
    ] {
        let output = project.run(arguments);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(output.stderr.contains("markdown"), "{}", output.stderr);
    }
}

#[test]
fn what_is_not_known_is_listed_with_its_place_and_reason() {
    let project = Project::new().file(
        "app.py",
        "import json\nfrom prometheus_client import Gauge\n\nGauge(\"shop_open\", \"Open.\").set(1)\n\
         for name in json.load(open(\"names.json\")):\n    Gauge(name, \"x\").set(1)\n    Gauge(\"shop_\" + name, \"x\").set(1)\n",
    );
    let text = project.run(&["metrics", "--unresolved"]);
    assert_eq!(text.code, 0);
    assert!(
        text.stdout.contains("app.py:6:5: unresolved-name: "),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.contains("app.py:7:5: gauge shop_*: "),
        "{}",
        text.stdout
    );
    assert!(!text.stdout.contains("shop_open"), "{}", text.stdout);
    let json = project.run(&["metrics", "--unresolved", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("it is JSON");
    let kinds: Vec<&str> = json["metrics"]
        .as_array()
        .expect("a list of metrics")
        .iter()
        .filter_map(|metric| metric["name_kind"].as_str())
        .collect();
    assert_eq!(kinds, ["unresolved", "pattern"]);
    assert_eq!(json["gaps"][0]["site"]["line"], 6);
}

#[test]
fn the_text_has_help_unit_bounds_and_states() {
    let project = Project::new().file(
        "app.py",
        "from prometheus_client import Enum, Histogram\n\n\
         Histogram(\"web_wait\", \"Time\\nto answer.\", unit=\"seconds\", buckets=[0.5, 1]).observe(1)\n\
         Enum(\"web_mode\", \"Mode.\", states=[\"up\", \"down\"]).state(\"up\")\n",
    );
    let text = project.run(&["metrics"]).stdout;
    assert!(
        text.contains("\n    Time to answer.\n    unit seconds\n    buckets 0.5 1.0 +Inf\n"),
        "{text}"
    );
    assert!(text.contains("\n    Mode.\n    states up, down\n"), "{text}");
    let table = project.run(&["metrics", "--format", "table"]).stdout;
    assert!(
        table.contains("Time to answer.; unit seconds; buckets 0.5 1.0 +Inf"),
        "{table}"
    );
}

#[test]
fn files_that_are_no_text_and_other_encodings_are_read_or_listed() {
    let source = "from prometheus_client import Gauge\nGauge(\"shop_open\", \"Open.\").set(1)\n";
    let utf_16: Vec<u8> = source.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let project = Project::new()
        .bytes("wide.py", &utf_16)
        .bytes("locked.py", b"\0GITCRYPT\0\x12\x99\0\x01\x02\xff\0\0\0")
        .file("rules.yaml", "groups: []\n");
    let text = project.run(&["metrics"]).stdout;
    assert!(text.contains("wide.py:2:1: gauge shop_open\n"), "{text}");
    assert!(
        text.contains("locked.py:1:1  it is no text (binary or encrypted) and was not read"),
        "{text}"
    );
}

//! What exists beside the tree: snapshots, inventories, a live server.

use serde_json::Value;

use crate::fake_server::{Answer, FakeServer};
use crate::project::{Output, Project};

/// A repository of rules that read what a payment service emits; one label is misspelt.
fn rules_repository() -> Project {
    Project::new().file(
        "rules.yaml",
        "groups:\n  - name: pay\n    rules:\n      - alert: CardsFail\n        expr: rate(pay_charges_total{methd=\"card\"}[5m]) > 1\n      - alert: Slow\n        expr: rate(pay_latency_seconds_bucket{le=\"1\"}[5m]) > 1\n",
    )
}

/// The repository that emits it.
fn service_repository() -> Project {
    Project::new().file(
        "pay/metrics.py",
        "from prometheus_client import Counter, Histogram\n\nCHARGES = Counter(\"pay_charges\", \"Charges.\", [\"method\"])\nLATENCY = Histogram(\"pay_latency_seconds\", \"Latency.\", buckets=[1, 5])\n\n\ndef charge(method):\n    CHARGES.labels(method).inc()\n    LATENCY.observe(1)\n",
    )
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).expect(&output.stderr)
}

/// `check subject confidence` of every finding.
fn findings(report: &Value) -> Vec<String> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("there are findings").iter();
    findings
        .map(|finding| {
            let keys = ["check", "subject", "confidence"].map(|key| text(finding, key));
            keys.join(" ")
        })
        .collect()
}

/// `series verdict` of every reference.
fn verdicts(report: &Value) -> Vec<String> {
    let references = report["references"]
        .as_array()
        .expect("there are references")
        .iter();
    references
        .map(|one| {
            format!(
                "{} {}",
                one["series"].as_str().unwrap_or_default(),
                one["verdict"].as_str().unwrap_or_default()
            )
        })
        .collect()
}

#[test]
fn a_fleet_joins_inventories_and_finds_a_misspelt_label_of_another_repository() {
    let inventory = service_repository().run(&["metrics", "--format", "json"]).stdout;
    let rules = rules_repository().file("fleet/pay.json", &inventory);

    let alone = json(&rules.run(&["references", "rules.yaml", "--format", "json"]));
    assert_eq!(
        verdicts(&alone),
        ["pay_charges_total foreign", "pay_latency_seconds_bucket foreign"]
    );
    let alone = rules.run(&["check", "rules.yaml", "--format", "json"]);
    assert_eq!((alone.code, findings(&json(&alone)).len()), (3, 0));

    let joined = rules.run(&[
        "check",
        "rules.yaml",
        "--inventory",
        "fleet/pay.json",
        "--format",
        "json",
    ]);
    let report = json(&joined);
    assert_eq!(joined.code, 1, "{}", joined.stderr);
    assert_eq!(
        verdicts(&report),
        [
            "pay_charges_total external",
            "pay_latency_seconds_bucket external"
        ]
    );
    let resolved = report["references"][0]["resolved_by"][0].as_str();
    assert_eq!(resolved, Some("fleet/pay.json: pay/metrics.py:3"));
    assert_eq!(
        findings(&report),
        [
            "label-mismatch pay_charges_total high",
            "bucket-mismatch pay_latency_seconds_bucket high"
        ]
    );
    let related = &report["findings"][0]["related"][0];
    assert_eq!(related["site"]["path"].as_str(), Some("fleet/pay.json"));
    assert_eq!(related["message"].as_str(), Some("its labels are method"));
}

#[test]
fn a_name_that_no_inventory_of_the_fleet_has_is_blind_where_it_begins_like_theirs() {
    let inventory = service_repository().run(&["metrics", "--format", "json"]).stdout;
    let rules = Project::new().file("pay.json", &inventory).file(
        "rules.yaml",
        "groups:\n  - name: pay\n    rules:\n      - alert: Renamed\n        expr: rate(pay_charge_total[5m]) > 1\n      - alert: Bare\n        expr: rate(pay_charges[5m]) > 1\n      - alert: Other\n        expr: other_thing > 1\n",
    );
    let report = json(&rules.run(&[
        "check",
        "rules.yaml",
        "--inventory",
        "pay.json",
        "--format",
        "json",
    ]));
    assert_eq!(
        findings(&report),
        [
            "blind-alert pay_charge_total high",
            "blind-alert pay_charges high"
        ]
    );
    let replacement = |at: usize| report["findings"][at]["suggestion"]["replacement"].as_str();
    assert_eq!(
        (replacement(0), replacement(1)),
        (Some("pay_charges_total"), Some("pay_charges_total"))
    );
}

#[test]
fn the_configuration_names_sources_relative_to_the_root() {
    let inventory = service_repository().run(&["metrics", "--format", "json"]).stdout;
    let rules = rules_repository()
        .file("fleet/pay.json", &inventory)
        .file("deploy/promsight-is-not-here.yaml", "")
        .file(
            "promsight.yaml",
            "sources: { inventories: [fleet], expositions: [scrapes/node.prom] }\n",
        )
        .file("scrapes/node.prom", "node_uptime 1\n");
    let report = json(&rules.run(&["check", "--format", "json"]));
    assert_eq!(
        findings(&report).len(),
        2,
        "the folder is read, and the inventory is no dashboard of this tree"
    );
    let missing = rules.file(
        "promsight.yaml",
        "sources: { expositions: [scrapes/gone.prom] }\n",
    );
    let output = missing.run(&["check"]);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("cannot read the snapshot"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_snapshot_makes_series_external_at_its_line() {
    let tree = rules_repository().file(
        "pay.prom",
        "# HELP pay_charges_total Charges.\n# TYPE pay_charges_total counter\npay_charges_total{method=\"card\"} 3\n# TYPE pay_latency_seconds histogram\npay_latency_seconds_bucket{le=\"1.0\"} 1\npay_latency_seconds_bucket{le=\"+Inf\"} 1\npay_latency_seconds_sum 1\npay_latency_seconds_count 1\n",
    );
    let output = tree.run(&[
        "check",
        "rules.yaml",
        "--exposition",
        "pay.prom",
        "--format",
        "json",
    ]);
    let report = json(&output);
    assert_eq!(
        verdicts(&report),
        [
            "pay_charges_total external",
            "pay_latency_seconds_bucket external"
        ]
    );
    let site = &report["references"][0]["resolved_by"][0]["site"];
    assert_eq!(
        (site["path"].as_str(), site["line"].as_u64()),
        (Some("pay.prom"), Some(3))
    );
    assert_eq!(
        findings(&report),
        [
            "label-mismatch pay_charges_total medium",
            "bucket-mismatch pay_latency_seconds_bucket high"
        ]
    );
}

#[test]
fn a_broken_line_of_a_snapshot_is_told_at_its_place() {
    let tree = rules_repository().file("pay.prom", "pay_up 1\npay_charges_total{method=card} 3\n");
    let output = tree.run(&[
        "check",
        "rules.yaml",
        "--exposition",
        "pay.prom",
        "--format",
        "json",
    ]);
    let report = json(&output);
    assert_eq!(findings(&report), ["unreadable-file pay.prom high"]);
    assert_eq!(report["findings"][0]["site"]["line"].as_u64(), Some(2));
}

#[test]
fn a_folder_of_snapshots_is_read_and_what_is_none_is_named() {
    let tree = rules_repository()
        .file("scrapes/a/pay.prom", "pay_charges_total 3\n")
        .file("scrapes/notes.txt", "Taken on Monday\n")
        .file("scrapes/README.md", "# Scrapes\n");
    let output = tree.run(&[
        "check",
        "rules.yaml",
        "--exposition",
        "scrapes",
        "--format",
        "json",
    ]);
    let report = json(&output);
    assert_eq!(verdicts(&report)[0], "pay_charges_total external");
    let notes = report["notes"].to_string();
    assert!(
        notes.contains(
            "Not read as a snapshot of the exposition format: scrapes/README.md, scrapes/notes.txt."
        ),
        "{notes}"
    );
}

#[test]
fn what_is_named_and_cannot_be_read_ends_the_run() {
    let tree = rules_repository()
        .file("page.html", "<!DOCTYPE html>\n<html></html>\n")
        .file("empty.prom", "")
        .file("other.json", "{\"metrics\": []}\n")
        .file("future.json", "{\"schema_version\": 2, \"metrics\": []}\n")
        .file(
            "broken.json",
            "{\"schema_version\": 1, \"metrics\": [{\"name\": \"x\"}]}\n",
        )
        .file("half.json", "{\"schema_version\": 1, \"met")
        .bytes("scrape.gz", &[0x1f, 0x8b, 8, 0])
        .bytes("scrape.pb", b"\x1c\n\x0bpay_charges\x12\x00\x18\x00");
    let cases = [
        ("--exposition", "gone.prom", "cannot read the snapshot gone.prom"),
        (
            "--exposition",
            "page.html",
            "it holds no series of the exposition format",
        ),
        (
            "--exposition",
            "empty.prom",
            "it holds no series of the exposition format",
        ),
        (
            "--exposition",
            "scrape.gz",
            "it is compressed; decompress it first",
        ),
        ("--exposition", "scrape.pb", "the protobuf one is not read"),
        (
            "--inventory",
            "other.json",
            "it holds no `schema_version` and `metrics`",
        ),
        ("--inventory", "future.json", "its `schema_version` is 2"),
        ("--inventory", "broken.json", "entry 1 of its `metrics` lacks"),
        ("--inventory", "half.json", "it is no JSON"),
        ("--inventory", "gone.json", "cannot read the inventory gone.json"),
    ];
    for (option, file, told) in cases {
        let output = tree.run(&["check", "rules.yaml", option, file]);
        assert_eq!(output.code, 2, "{file}: {}", output.stdout);
        assert!(output.stderr.contains(told), "{file}: {}", output.stderr);
    }
}

#[test]
fn a_comparison_with_an_earlier_revision_sees_the_same_outside() {
    let inventory = service_repository().run(&["metrics", "--format", "json"]).stdout;
    let tree = rules_repository()
        .file(".gitignore", "pay.json\n")
        .repository()
        .commit("Before")
        .file("pay.json", &inventory)
        .replace("rules.yaml", "- alert: Slow\n", "- alert: Refused\n        expr: rate(pay_charges_total{reason=\"x\"}[5m]) > 1\n      - alert: Slow\n");
    let report = json(&tree.run(&[
        "check",
        "--base",
        "HEAD",
        "--inventory",
        "pay.json",
        "--format",
        "json",
    ]));
    assert_eq!(
        findings(&report),
        ["label-mismatch pay_charges_total medium"],
        "the old findings were there before"
    );
}

/// A tree of which a server has some metrics.
fn kiosk() -> Project {
    Project::new()
        .file(
            "app.py",
            "from prometheus_client import Gauge\n\nOPEN = Gauge(\"kiosk_open\", \"Whether it is open.\")\nQUEUE = Gauge(\"kiosk_queue\", \"People.\")\nOPEN.set(float(input()))\nQUEUE.set(float(input()))\n",
        )
        .file(
            "rules.yaml",
            "groups:\n  - name: kiosk\n    rules:\n      - alert: Closed\n        expr: kiosk_open{zone=\"b\"} == 0\n      - alert: Old\n        expr: kiosk_tills == 0\n      - alert: Gone\n        expr: kiosk_lights == 0\n      - alert: Disk\n        expr: disk_free{devic=\"a\"} < 1\n",
        )
}

const NAMES: &str = r#"{"status":"success","data":["kiosk_open","kiosk_tills","disk_free","up"]}"#;

fn healthy(path: &str) -> Answer {
    let list = |list: &str| Answer::json(&format!("{{\"status\":\"success\",\"data\":{list}}}"));
    match path {
        path if path.starts_with("/api/v1/label/__name__/values?match") => {
            list(r#"["kiosk_open","kiosk_tills","up"]"#)
        }
        path if path.starts_with("/api/v1/label/__name__/values?") => Answer::json(NAMES),
        path if path.starts_with("/api/v1/label/job/values?") => list(r#"["kiosk"]"#),
        path if path.starts_with("/api/v1/labels?match[]=%7B__name__%3D%22disk_free%22%7D") => {
            list(r#"["__name__","device","instance","job"]"#)
        }
        path if path.starts_with("/api/v1/labels?") => list(r#"["__name__","instance","job","zone"]"#),
        path if path.starts_with("/api/v1/metadata") => {
            list(r#"{"kiosk_open":[{"type":"gauge","help":"","unit":""}]}"#)
        }
        _ => Answer::status(404),
    }
}

#[test]
fn a_server_says_what_is_seen_what_is_not_and_which_labels_there_are() {
    let server = FakeServer::start(healthy);
    let output = kiosk().run(&["check", "--prometheus", server.address(), "--format", "json"]);
    let report = json(&output);
    assert_eq!(
        verdicts(&report),
        [
            "kiosk_open emitted",
            "kiosk_tills external",
            "kiosk_lights blind",
            "disk_free external"
        ]
    );
    assert_eq!(
        findings(&report),
        [
            "undeclared-metric kiosk_tills medium",
            "unseen-metric kiosk_queue high",
            "unused-metric kiosk_queue high",
            "blind-alert kiosk_lights high",
            "label-mismatch disk_free medium",
        ],
        "the server's `zone` comes from the targets"
    );
    let text = output.stdout;
    assert!(
        text.contains("has had it in the last 24 hours; nothing here declares it"),
        "{text}"
    );
    assert!(
        text.contains("its series have the labels device, instance, job"),
        "{text}"
    );
}

#[test]
fn a_server_that_has_nothing_of_the_tree_is_told_of_once() {
    let server = FakeServer::start(|path| match path {
        path if path.starts_with("/api/v1/label/__name__/values") => {
            Answer::json(r#"{"status":"success","data":["up","node_load1"]}"#)
        }
        _ => Answer::status(404),
    });
    let report = json(&kiosk().run(&["check", "--prometheus", server.address(), "--format", "json"]));
    assert!(
        !report["findings"].to_string().contains("unseen-metric"),
        "{report}"
    );
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("none of the 2 metrics that this tree declares"),
        "{notes}"
    );
}

#[test]
fn a_server_that_warns_proves_no_absence() {
    let server = FakeServer::start(|path| match path {
        path if path.starts_with("/api/v1/label/__name__/values?start") => Answer::json(
            r#"{"status":"success","data":["kiosk_open","disk_free"],"warnings":["store-7 unavailable"]}"#,
        ),
        path => healthy(path),
    });
    let report = json(&kiosk().run(&["check", "--prometheus", server.address(), "--format", "json"]));
    let found = findings(&report);
    assert!(
        !found
            .iter()
            .any(|one| one.contains("unseen") || one.contains("label-mismatch")),
        "{found:?}"
    );
    assert!(
        found.contains(&"blind-alert kiosk_tills high".to_owned()),
        "by the tree's own evidence: {found:?}"
    );
    assert!(!report.to_string().contains("has had no series"));
    assert!(report["notes"].to_string().contains("store-7 unavailable"));
}

#[test]
fn a_server_that_does_not_answer_as_prometheus_does_ends_the_run() {
    type Serve = fn(&str) -> Answer;
    let cases: [(Serve, &str); 9] = [
        (
            |_| Answer::status(401),
            "answers with status 401: it wants other credentials",
        ),
        (
            |_| Answer::status(500),
            "does not answer as Prometheus does: an empty answer, status 500",
        ),
        (
            |_| Answer::html("<html>Sign in</html>"),
            "does not answer as Prometheus does: a page of HTML, status 200",
        ),
        (
            |_| Answer::redirect("https://joe:hunter2@login.example/start?ticket=42"),
            "redirects to https://login.example/start; redirects are not followed",
        ),
        (
            |_| Answer::json("{\"status\":\"success\",\"data\":[\"a\","),
            "JSON that breaks off",
        ),
        (
            |_| Answer::json("{\"status\":\"success\",\"data\":{\"a\":1}}"),
            "JSON that breaks off or has another shape",
        ),
        (
            |_| Answer::json("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"no org id\"}"),
            "answers with an error: no org id",
        ),
        (|_| Answer::truncated(NAMES), "cannot reach"),
        (|_| Answer::closed(), "cannot reach"),
    ];
    for (answer, told) in cases {
        let server = FakeServer::start(answer);
        let output = kiosk().run(&["check", "--prometheus", server.address()]);
        assert_eq!(output.code, 2, "{told}: {}", output.stdout);
        assert!(output.stderr.contains(told), "{told}: {}", output.stderr);
        assert!(
            !output.stderr.contains("hunter2") && !output.stderr.contains("ticket"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn an_answer_without_end_is_not_read_to_it() {
    let server = FakeServer::start(|_| Answer::endless());
    let output = kiosk().run(&["check", "--prometheus", server.address()]);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("its answer is larger than 64 MiB"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_server_that_is_not_there_ends_the_run() {
    // Bound and never listening again: the port is free once the listener is dropped.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free")
        .port();
    let output = kiosk().run(&["check", "--prometheus", &format!("http://127.0.0.1:{port}")]);
    assert_eq!(output.code, 2);
    assert!(
        output
            .stderr
            .contains("check the address, or leave `--prometheus` out"),
        "{}",
        output.stderr
    );
}

#[test]
fn credentials_reach_the_server_and_nobody_else() {
    let server = FakeServer::start(healthy);
    let tree = kiosk().file("token", "hunter2\n");
    type Variables<'a> = &'a [(&'a str, &'a str)];
    let environments: [(&[&str], Variables<'_>, &str); 3] = [
        (
            &[],
            &[("PROMSIGHT_PROMETHEUS_TOKEN", "hunter2")],
            "authorization: Bearer hunter2",
        ),
        (
            &["--prometheus-token-file", "token"],
            &[],
            "authorization: Bearer hunter2",
        ),
        (
            &[],
            &[
                ("PROMSIGHT_PROMETHEUS_USER", "joe"),
                ("PROMSIGHT_PROMETHEUS_PASSWORD", "hunter2"),
            ],
            "authorization: Basic am9lOmh1bnRlcjI=",
        ),
    ];
    for (options, environment, header) in environments {
        let mut arguments = vec![
            "check",
            "--prometheus",
            server.address(),
            "--prometheus-tenant",
            "team-a",
        ];
        arguments.extend(options);
        let output = tree.run_with(&arguments, environment);
        let request = server.last_request();
        assert!(request.contains(header), "{header}: {request}");
        assert!(request.contains("x-scope-orgid: team-a"), "{request}");
        assert!(!format!("{}{}", output.stdout, output.stderr).contains("hunter2"));
    }
    let output = tree.run(&["check", "--prometheus", "http://joe:hunter2@127.0.0.1:1"]);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("holds credentials") && !output.stderr.contains("hunter2"),
        "{}",
        output.stderr
    );
    let output = tree.run_with(
        &["check", "--prometheus", server.address()],
        &[("PROMSIGHT_PROMETHEUS_TOKEN", "hun\nter2")],
    );
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("what no token can hold") && !output.stderr.contains("ter2"),
        "{}",
        output.stderr
    );
}

#[test]
fn without_an_address_no_server_is_asked() {
    let server = FakeServer::start(healthy);
    let configured = kiosk().file("promsight.yaml", &format!("prometheus: {}\n", server.address()));
    let output = configured.run(&["check"]);
    assert_eq!(output.code, 2, "the configuration cannot name one");
    assert_eq!(server.last_request(), "");
}

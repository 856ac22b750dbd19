//! `promsight trace`: the way from the code to whoever looks.

use crate::project::Project;

/// A counter that a recording rule and an alert read, and an alert that reads what nothing emits.
fn chain() -> Project {
    Project::new()
        .file(
            "app.py",
            "from prometheus_client import Counter\n\nSALES = Counter(\"shop_sales\", \"Sales.\", [\"till\"])\n\n\ndef sell(till):\n    SALES.labels(till).inc()\n\n\nsell(\"1\")\n",
        )
        .file(
            "rules.yaml",
            "groups:\n  - name: shop\n    rules:\n      - record: till:shop_sales:rate5m\n        expr: sum by (till) (rate(shop_sales_total[5m]))\n      - alert: NoSales\n        expr: till:shop_sales:rate5m == 0\n      - alert: Returns\n        expr: rate(shop_returns_total[5m]) > 1\n",
        )
}

#[test]
fn a_metric_is_followed_to_the_last_reader() {
    let output = chain().run(&["trace", "shop_sales_total"]);
    assert_eq!(output.code, 0, "{}", output.stdout);
    let steps: Vec<&str> = output.stdout.lines().map(str::trim_end).collect();
    assert_eq!(
        steps,
        [
            "metric shop_sales",
            "  ok      declared: counter `shop_sales` by till  app.py:3:9",
            "  ok        updated: by `labels` and 1 more call  app.py:7:5",
            "  ok      recorded: recording rule `till:shop_sales:rate5m` reads `shop_sales_total`  rules.yaml:5:35",
            "  ok        looked-at: alert `NoSales` reads `till:shop_sales:rate5m`  rules.yaml:7:15",
            "",
            "The line of sight is whole.",
            "",
        ]
    );
}

#[test]
fn an_alert_is_followed_to_the_code() {
    let output = chain().run(&["trace", "NoSales"]);
    assert_eq!(output.code, 0, "{}", output.stdout);
    let found = output.stdout.find("recording rule `till:shop_sales:rate5m`");
    let declared = output.stdout.find("declared: counter `shop_sales`");
    assert!(found.is_some() && found < declared, "{}", output.stdout);
}

#[test]
fn a_broken_step_is_marked_and_fails_the_command() {
    let output = chain().run(&["trace", "Returns"]);
    assert_eq!(output.code, 1, "{}", output.stdout);
    assert!(
        output.stdout.contains(
            "BROKEN  looked-at: it reads `shop_returns_total`, which nothing emits  rules.yaml:9:20"
        ),
        "{}",
        output.stdout
    );
}

#[test]
fn programs_get_the_same_steps() {
    let output = chain().run(&["trace", "NoSales", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("the report is JSON");
    assert_eq!(report["schema_version"], 1);
    let trace = &report["traces"][0];
    assert_eq!(
        (&trace["kind"], &trace["broken"]),
        (&"alert".into(), &false.into())
    );
    let stages: Vec<&str> = trace["steps"]
        .as_array()
        .expect("the steps are a list")
        .iter()
        .filter_map(|step| step["stage"].as_str())
        .collect();
    assert_eq!(
        stages,
        ["looked-at", "recorded", "looked-at", "declared", "updated"]
    );
}

#[test]
fn a_name_that_nothing_has_is_no_success() {
    let output = chain().run(&["trace", "shop_nothing"]);
    assert_eq!(output.code, 3);
    assert!(
        output.stderr.contains("nothing here is called `shop_nothing`"),
        "{}",
        output.stderr
    );
}

#[test]
fn what_a_job_makes_of_its_series_is_a_step() {
    let output = Project::new()
        .file(
            "shop.py",
            "from prometheus_client import Counter, start_http_server\n\nSALES = Counter(\"shop_sales\", \"Sales.\")\n\nstart_http_server(8000)\nSALES.inc()\n",
        )
        .file("Dockerfile", "FROM python:3.12\nCOPY shop.py .\n")
        .file(
            "docker-compose.yml",
            "services:\n  shop:\n    build: .\n    command: python shop.py\n  prometheus:\n    image: prom/prometheus\n    volumes: [\"./prometheus.yml:/etc/prometheus/prometheus.yml\"]\n",
        )
        .file(
            "prometheus.yml",
            "scrape_configs:\n  - job_name: shop\n    static_configs: [{targets: [\"shop:8000\"]}]\n    metric_relabel_configs:\n      - {source_labels: [__name__], regex: shop_sales_created, action: drop}\n      - {source_labels: [__name__], regex: shop_sales_total, target_label: __name__, replacement: sales}\n",
        )
        .run(&["trace", "shop_sales_total"]);
    let scraped: Vec<&str> = output
        .stdout
        .lines()
        .map(str::trim)
        .filter(|line| line.contains("scraped: "))
        .collect();
    assert_eq!(
        scraped,
        [
            "ok            scraped: by job shop  prometheus.yml:3:33",
            "ok              scraped: stores `shop_sales_total` as `sales`  prometheus.yml:6:9",
            "ok              scraped: drops `shop_sales_created`: drop on __name__: `shop_sales_created` matches \"shop_sales_created\"  prometheus.yml:5:9",
        ]
    );
}

#[test]
fn targets_that_one_rule_drops_are_one_line() {
    let deployment = |name: &str| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: {{containers: [{{name: main, image: example.com/{name}, ports: [{{containerPort: 8000}}]}}]}}\n"
        )
    };
    let shops: Vec<String> = ["fridge", "oven", "scales", "till"].map(deployment).to_vec();
    let output = Project::new()
        .file("deploy.yaml", &shops.concat())
        .file(
            "prometheus.yml",
            "scrape_configs:\n  - job_name: pods\n    kubernetes_sd_configs: [{role: pod}]\n    relabel_configs:\n      - {source_labels: [__meta_kubernetes_pod_label_app], regex: door, action: keep}\n",
        )
        .run(&["targets"]);
    let dropped: Vec<&str> = output
        .stdout
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("drops"))
        .collect();
    assert_eq!(
        dropped,
        [
            "drops 4 targets, such as Deployment shop/fridge, Deployment shop/oven, Deployment shop/scales: keep on __meta_kubernetes_pod_label_app: `door` does not match \"fridge\" (prometheus.yml:5:9)"
        ]
    );
}

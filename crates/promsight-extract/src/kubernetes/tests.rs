//! Files in; what looks, and at what, out. The text that a span covers is cut from the file and must be the query.

use std::sync::Arc;

use promsight_model::{Embedded, Facts, FileId, FileKind, GapKind, SelectorName, SourceFile};

use super::{json_file, yaml_file, yaml_text};

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        id: FileId(0),
        path: path.to_owned(),
        shown_path: path.to_owned(),
        text: Arc::from(text),
    }
}

fn yaml(text: &str) -> Facts {
    let mut facts = Facts::empty(FileId(0));
    yaml_file(&file("a.yaml", text), &mut facts);
    facts
}

fn json(text: &str) -> Facts {
    let mut facts = Facts::empty(FileId(0));
    json_file(&file("a.json", text), &mut facts);
    facts
}

/// One line for each query: what looks, its group, and the query's text as it stands in the file.
fn queries(text: &str, facts: &Facts) -> Vec<String> {
    facts
        .queries
        .iter()
        .map(|query| {
            let consumer = &facts.consumers[query.consumer];
            assert!(
                consumer.scope.contains(query.span),
                "a query lies inside its consumer's scope"
            );
            let group = consumer.group.as_deref().unwrap_or("-");
            format!(
                "{} {} [{group}] {}",
                consumer.kind.word(),
                consumer.name,
                &text[query.span.range()]
            )
        })
        .collect()
}

fn yaml_queries(text: &str) -> Vec<String> {
    queries(text, &yaml(text))
}

fn json_queries(text: &str) -> Vec<String> {
    queries(text, &json(text))
}

fn gaps(facts: &Facts) -> Vec<&str> {
    facts.gaps.iter().map(|gap| gap.message.as_str()).collect()
}

const RULES: &str = "\
groups:
  - name: shop
    interval: 30s
    rules:
      - alert: CheckoutSlow
        expr: shop_checkout_seconds > 1
        for: 5m
        labels: {severity: page}
        annotations:
          summary: \"slow: {{ $value }}\"
      - record: shop:orders:rate5m
        expr: rate(shop_orders_total[5m])
";

#[test]
fn a_rule_file_gives_its_rules() {
    let facts = yaml(RULES);
    assert_eq!(
        queries(RULES, &facts),
        [
            "alert CheckoutSlow [shop] shop_checkout_seconds > 1",
            "record shop:orders:rate5m [shop] rate(shop_orders_total[5m])",
        ]
    );
    assert_eq!(facts.kinds, [FileKind::Rules]);
    assert!(facts.gaps.is_empty());
    let names: Vec<_> = facts
        .rules
        .iter()
        .map(|rule| &RULES[rule.name_span.range()])
        .collect();
    assert_eq!(names, ["CheckoutSlow", "shop:orders:rate5m"]);
    let rule = &facts.rules[0];
    assert_eq!(rule.query, Some(0));
    let (name, value, span) = &rule.annotations[0];
    assert_eq!((name.as_str(), value.as_str()), ("summary", "slow: {{ $value }}"));
    assert_eq!(&RULES[span.range()], "slow: {{ $value }}");
    assert_eq!(rule.labels[0].1, "page");
    let scope = &RULES[facts.consumers[0].scope.range()];
    assert!(
        scope.starts_with("alert: CheckoutSlow") && scope.ends_with("{{ $value }}\""),
        "{scope}"
    );
}

#[test]
fn a_rule_object_a_list_of_them_and_several_documents_are_read() {
    let object = "\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec:
  groups:
  - name: a
    rules:
    - alert: A
      expr: |
        up == 0
---
kind: List
apiVersion: v1
items:
- kind: VMRule
  spec:
    groups:
    - name: b
      rules:
      - alert: B
        expr: b_total > 0
    - name: logs
      type: vlogs
      rules:
      - alert: C
        expr: _time:5m error
";
    assert_eq!(
        yaml_queries(object),
        ["alert A [a] up == 0", "alert B [b] b_total > 0"]
    );
    assert_eq!(yaml(object).kinds, [FileKind::Manifests, FileKind::Rules]);
}

#[test]
fn a_file_that_is_one_rule_or_a_list_of_rules_is_read() {
    let one = "alert: Down\nexpr: up{%%juju_topology%%} == 0\nfor: 0m\n";
    assert_eq!(yaml_queries(one), ["alert Down [-] up{%%juju_topology%%} == 0"]);
    let list = "metrics:\n  rules:\n  - alert: A\n    expr: a_total > 0\n  - record: b\n    expr: a_total\n";
    assert_eq!(
        yaml_queries(list),
        ["alert A [-] a_total > 0", "record b [-] a_total"]
    );
    let named = "name: g\nrules:\n- {alert: A, expr: 1}\n";
    assert_eq!(yaml_queries(named), ["alert A [g] 1"]);
}

#[test]
fn rules_inside_a_string_of_a_config_map_are_read_at_their_places() {
    let text = "\
apiVersion: v1
kind: ConfigMap
data:
  prometheus.yml: |
    scrape_configs: []
  alerts.rules: |
    groups:
    - name: inner
      rules:
      - alert: Inner
        expr: >-
          inner_total
          > 3
---
apiVersion: v1
kind: Secret
stringData:
  r.yaml: \"groups:\\n- name: q\\n  rules:\\n  - alert: Q\\n    expr: q_total\\n\"
";
    assert_eq!(
        yaml_queries(text),
        [
            "alert Inner [inner] inner_total\n          > 3",
            "alert Q [q] q_total"
        ]
    );
}

#[test]
fn rules_in_chart_values_are_read_wherever_they_stand() {
    let text = "\
serverFiles:
  alerting_rules.yml:
    groups:
    - name: a
      rules: [{alert: A, expr: a}]
additionalPrometheusRulesMap:
  mine:
    groups:
    - name: b
      rules: [{record: 'b:c', expr: \"c\"}]
";
    assert_eq!(yaml_queries(text), ["alert A [a] a", "record b:c [b] c"]);
}

#[test]
fn an_unrendered_chart_template_is_read_with_holes() {
    let text = "\
{{- if .Values.enabled }}
kind: PrometheusRule
metadata:
  labels: {{- toYaml .Values.labels | nindent 4 }}
spec:
  groups:
  - name: {{ .Release.Name }}
    rules:
    - alert: A
      expr: up{job=\"{{ .Values.job }}\"} > {{ .Values.min }}
      annotations:
        summary: {{ `{{ $labels.pod }}` }}
{{- end }}
";
    let facts = yaml(text);
    assert_eq!(
        queries(text, &facts),
        ["alert A [{{ .Release.Name }}] up{job=\"{{ .Values.job }}\"} > {{ .Values.min }}"]
    );
    assert_eq!(facts.rules[0].annotations[0].1, "{{ `{{ $labels.pod }}` }}");
    assert_eq!(
        facts.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(),
        [GapKind::Template]
    );
}

#[test]
fn aliases_and_merges_keep_the_places_of_what_they_stand_for() {
    let text = "\
x-base: &base
  expr: base_total > 0
groups:
- name: a
  rules:
  - <<: *base
    alert: A
";
    let facts = yaml(text);
    assert_eq!(facts.rules.len(), 1);
    assert_eq!(&text[facts.queries[0].span.range()], "base_total > 0");
}

#[test]
fn broken_rules_are_gaps_and_do_not_hide_the_others() {
    let text = "\
groups:
- name: a
  rules:
  - alert: NoExpression
  - expr: up
  - alert: NotText
    expr: {a: b}
  - alert: Both
    record: both
    expr: up
  - record: 'fine:one'
    expr: 1
- name: b
  rules: 3
";
    let facts = yaml(text);
    assert_eq!(
        gaps(&facts),
        [
            "rule `NoExpression` has no `expr`",
            "the rule has neither `alert` nor `record`",
            "the `expr` of rule `NotText` is not a string",
            "the rule has both `alert` and `record`",
            "the `rules` of group `b` are not a list",
        ]
    );
    assert_eq!(&text[facts.gaps[0].span.range()], "alert: NoExpression");
    assert_eq!(queries(text, &facts), ["record fine:one [a] 1"]);
}

#[test]
fn broken_yaml_is_a_gap_where_it_should_have_been_read() {
    let broken = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n  - alert: B: C\n";
    let facts = yaml(broken);
    assert_eq!(facts.gaps.len(), 1);
    assert_eq!(facts.gaps[0].kind, GapKind::Syntax);
    assert_eq!(queries(broken, &facts), ["alert A [a] up"]);
    assert!(
        yaml("templating: [\n").gaps.is_empty(),
        "nothing says that this is ours"
    );
}

#[test]
fn what_only_looks_like_rules_is_left_alone() {
    for text in [
        "rule_files: [a.yml]\ntests:\n- alert_rule_test: []\n  promql_expr_test:\n  - expr: up\n    alert: X\n",
        "route: {receiver: x}\nreceivers: [{name: x}]\n# expr\n",
        "scrape_configs:\n- job_name: a\n  metric_relabel_configs: [{source_labels: [expr], action: keep}]\n",
        "groups: [wheel, docker]\nexpr: 1\n",
        "groups:\n- name: g\n  rules: [{host: a}]\nexpr: 1\n",
    ] {
        let facts = yaml(text);
        assert!(facts.consumers.is_empty() && facts.gaps.is_empty(), "{text}");
    }
}

#[test]
fn a_log_alert_exists_but_asks_no_series() {
    let text = "groups:\n- name: l\n  rules:\n  - alert: L\n    expr: 'sum(rate({app=\"x\"} |= \"err\" [5m])) > 0'\n";
    let facts = yaml(text);
    assert_eq!(facts.rules.len(), 1);
    assert!(facts.queries.is_empty());
}

#[test]
fn a_fence_of_a_document_gives_rules_but_makes_it_no_rule_file() {
    let document = "# Rules\n\n```yaml\n- alert: A\n  expr: a_total > 1\n- alert: B\n```\n";
    let start = document.find("- alert").unwrap();
    let end = document.rfind("```").unwrap();
    let fence = Embedded::whole(FileId(0), document).slice(start..end);
    let mut facts = Facts::empty(FileId(0));
    assert!(yaml_text(&fence, &mut facts));
    assert_eq!(queries(document, &facts), ["alert A [-] a_total > 1"]);
    assert!(facts.kinds.is_empty() && facts.gaps.is_empty());
    assert!(!yaml_text(&fence.slice(0..3), &mut facts));
}

const DASHBOARD: &str = r#"{
  "title": "Shop",
  "templating": {"list": [
    {"name": "ds", "type": "datasource", "query": "prometheus"},
    {"name": "logs", "type": "datasource", "query": "loki"},
    {"name": "pod", "type": "query", "query": "label_values(shop_up{a=\"b,c\"}, pod)"},
    {"name": "job", "type": "query", "query": {"query": "label_values(job)"}},
    {"name": "top", "type": "query", "query": {"query": "query_result(topk(3, shop_hits_total))"}},
    {"name": "series", "type": "query", "definition": "label_names(shop_up)"},
    {"name": "line", "type": "query", "datasource": "$logs", "query": "label_values(app)"}
  ]},
  "annotations": {"list": [
    {"name": "Deploys", "datasource": {"type": "prometheus"}, "expr": "changes(shop_start[1m])"},
    {"name": "Newer", "target": {"expr": "shop_restarts"}},
    {"name": "Built-in", "datasource": "-- Grafana --", "expr": "no"}
  ]},
  "panels": [
    {"type": "row", "title": "R", "panels": [
      {"type": "graph", "title": "Inner", "targets": [{"expr": "shop_inner{a=\"$pod\"}"}]}
    ]},
    {"type": "graph", "title": "Mixed", "datasource": "-- Mixed --", "targets": [
      {"datasource": {"type": "loki"}, "expr": "{app=\"x\"}"},
      {"datasource": {"uid": "$ds"}, "expr": "rate(shop_total[$__rate_interval])\n"},
      {"datasource": {"type": "prometheus"}, "query": "shop_query"},
      {"expr": "{app=\"x\"} |= \"error\""},
      {"expr": ""}
    ]},
    {"type": "logs", "title": "Logs", "datasource": "${logs}", "targets": [{"expr": "{app=\"x\"}"}]},
    {"type": "table", "title": "SQL", "datasource": {"type": "mysql"}, "targets": [{"rawSql": "select", "query": "q"}]},
    {"libraryPanel": {"name": "L", "model": {"title": "Library", "targets": [{"expr": "shop_library"}]}}}
  ]
}"#;

#[test]
fn a_dashboard_gives_its_variables_annotations_and_panels() {
    assert_eq!(
        json_queries(DASHBOARD),
        [
            r#"variable pod [Shop] shop_up{a=\"b,c\"}"#,
            "variable top [Shop] topk(3, shop_hits_total)",
            "variable series [Shop] shop_up",
            "annotation Deploys [Shop] changes(shop_start[1m])",
            "annotation Newer [Shop] shop_restarts",
            r#"panel Inner [Shop] shop_inner{a=\"$pod\"}"#,
            "panel Mixed [Shop] rate(shop_total[$__rate_interval])",
            "panel Mixed [Shop] shop_query",
            "panel Library [Shop] shop_library",
        ]
    );
    assert_eq!(json(DASHBOARD).kinds, [FileKind::Dashboards]);
}

/// One line for each selector: its name, and the text in the file that the name's span covers.
fn selectors(text: &str, facts: &Facts) -> Vec<String> {
    let names = facts
        .queries
        .iter()
        .flat_map(|query| &query.selectors)
        .map(|selector| {
            let name = match &selector.name {
                SelectorName::Exact(name) => name.clone(),
                SelectorName::Pattern(pattern) => pattern.to_string(),
                SelectorName::Regex(regex) => format!("/{regex}/"),
                SelectorName::Any => "any".to_owned(),
            };
            let covered = &text[selector.span.range()];
            if covered == name {
                name
            } else {
                format!("{name} <- {covered}")
            }
        });
    names.collect()
}

#[test]
fn selectors_stand_where_their_names_do() {
    let folded = "\
groups:
- name: a
  rules:
  - alert: A
    expr: >
      rate(first_total{job=\"x\"}[5m])
        / ignoring(job)
      second_total
  - alert: B
    expr: \"a_total{x=\\\"y\\\"} \\
      > b_total\"
";
    assert_eq!(
        selectors(folded, &yaml(folded)),
        ["first_total", "second_total", "a_total", "b_total"]
    );
    assert_eq!(
        selectors(DASHBOARD, &json(DASHBOARD)),
        [
            "shop_up",
            "shop_hits_total",
            "shop_up",
            "shop_start",
            "shop_restarts",
            "shop_inner",
            "shop_total",
            "shop_query",
            "shop_library",
        ]
    );
}

#[test]
fn listed_values_of_variables_fill_names_and_others_leave_holes() {
    let text = r#"{"title": "V", "templating": {"list": [
      {"name": "unit", "type": "custom", "options": [{"value": "$__all"}, {"value": "_seconds"}, {"value": ""}]},
      {"name": "kind", "type": "custom", "query": "Hits : hit,miss", "options": []},
      {"name": "prefix", "type": "constant", "query": "shop"},
      {"name": "typed", "type": "textbox", "query": "", "current": {"value": "typed"}},
      {"name": "metric", "type": "query", "query": "metrics(shop_$prefix.*_total)"},
      {"name": "other", "type": "query", "query": {"query": "metrics(^a|b$)"}}
    ]}, "panels": [{"type": "stat", "title": "P", "targets": [
      {"expr": "${prefix}_${kind}_total"}, {"expr": "lag$unit"}, {"expr": "x_${metric}"}, {"expr": "[[typed]]_y"}
    ]}]}"#;
    assert_eq!(
        selectors(text, &json(text)),
        [
            "/.*shop_.*.*_total.*/ <- shop_$prefix.*_total",
            "/.*(?:^a|b$).*/ <- ^a|b$",
            "shop_hit_total <- ${prefix}_${kind}_total",
            "shop_miss_total <- ${prefix}_${kind}_total",
            "lag_seconds <- lag$unit",
            "lag <- lag$unit",
            "x_* <- x_${metric}",
            "typed_y <- [[typed]]_y",
        ]
    );
}

#[test]
fn old_rows_api_exports_and_bare_panels_are_dashboards_too() {
    let rows = r#"{"title": "Old", "rows": [{"panels": [{"title": "P", "targets": [{"expr": "a"}]}]}]}"#;
    assert_eq!(json_queries(rows), ["panel P [Old] a"]);
    let export = r#"{"meta": {}, "dashboard": {"title": "E", "panels": [{"type": "stat", "title": "P", "targets": [{"expr": "a"}]}]}}"#;
    assert_eq!(json_queries(export), ["panel P [E] a"]);
    let bare = r#"[{"type": "row", "panels": [{"title": "P", "targets": [{"expr": "a"}]}]}, {"title": "Q", "targets": [{"expr": "b"}]}]"#;
    assert_eq!(json_queries(bare), ["panel P [-] a", "panel Q [-] b"]);
    let library =
        r#"{"result": {"name": "L", "model": {"title": "P", "type": "stat", "targets": [{"expr": "a"}]}}}"#;
    assert_eq!(json_queries(library), ["panel P [-] a"]);
}

#[test]
fn a_dashboard_in_a_string_of_an_object_keeps_its_places() {
    let text = "\
kind: GrafanaDashboard
apiVersion: grafana.integreatly.org/v1beta1
spec:
  json: >
    {\"title\": \"D\", \"panels\": [{\"type\": \"stat\", \"title\": \"P\",
      \"targets\": [{\"expr\": \"sum(a_total{x=\\\"y\\\"})\"}]}]}
---
kind: ConfigMap
apiVersion: v1
data:
  d.json: '{\"panels\": [{\"type\": \"stat\", \"title\": \"it''s\", \"targets\": [{\"expr\": \"b\"}]}]}'
";
    assert_eq!(
        yaml_queries(text),
        ["panel P [D] sum(a_total{x=\\\"y\\\"})", "panel it's [-] b"]
    );
    assert_eq!(yaml(text).kinds, [FileKind::Manifests, FileKind::Dashboards]);
}

#[test]
fn a_dashboard_of_schema_two_is_read() {
    let text = r#"{"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "spec": {
      "title": "Two",
      "variables": [
        {"kind": "QueryVariable", "spec": {"name": "v", "query": {"kind": "DataQuery", "group": "prometheus", "spec": {"query": "label_values(a, b)"}}}},
        {"kind": "QueryVariable", "spec": {"name": "w", "query": {"kind": "loki", "spec": {"query": "label_values(a, b)"}}}}
      ],
      "annotations": [{"kind": "AnnotationQuery", "spec": {"name": "n", "query": {"kind": "prometheus", "spec": {"expr": "c"}}}}],
      "elements": {"panel-1": {"kind": "Panel", "spec": {"title": "P", "data": {"kind": "QueryGroup", "spec": {"queries": [
        {"kind": "PanelQuery", "spec": {"query": {"kind": "prometheus", "spec": {"expr": "d"}}}},
        {"kind": "PanelQuery", "spec": {"query": {"kind": "DataQuery", "group": "loki", "spec": {"expr": "e"}}}}
      ]}}}}}
    }}"#;
    assert_eq!(
        json_queries(text),
        ["variable v [Two] a", "annotation n [Two] c", "panel P [Two] d"]
    );
}

#[test]
fn alert_rules_that_grafana_evaluates_are_alerts() {
    let text = "\
apiVersion: 1
groups:
- name: g
  rules:
  - uid: x
    title: Backlog
    condition: B
    data:
    - refId: A
      datasourceUid: PROM
      model:
        expr: backlog_total
    - refId: B
      datasourceUid: __expr__
      model: {type: threshold, expr: A}
    labels: {team: a}
";
    let facts = yaml(text);
    assert_eq!(queries(text, &facts), ["alert Backlog [g] backlog_total"]);
    assert_eq!(&text[facts.rules[0].name_span.range()], "Backlog");
    assert_eq!(facts.rules[0].labels[0].0, "team");
}

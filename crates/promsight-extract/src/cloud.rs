//! Alert policies and dashboards of clouds that take PromQL: Google Cloud Monitoring, and Chronosphere's monitors.
//!
//! Owns the shapes of their resources, in the form of their APIs and of their Terraform providers.

use promsight_model::{ConsumerKind, Embedded, FileKind, Rule, RuleKind};
use promsight_promql::Holes;

use crate::collect::{Collector, trimmed};
use crate::decode::tree::Node;
use crate::query::{VariableValues, holes_of_manifest};
use crate::rules;

/// Words of which each file with one of these has one.
pub(crate) const WORDS: [&str; 4] = [
    "condition_prometheus_query_language",
    "conditionPrometheusQueryLanguage",
    "prometheusQuery",
    "prometheus_expr",
];

/// Reads a mapping that is a condition of a policy, or asks in PromQL by a key of its own. `named` is the nearest name
/// around it.
pub(crate) fn read(node: Node<'_>, named: Option<&str>, collector: &mut Collector<'_>) -> bool {
    let condition = [
        "condition_prometheus_query_language",
        "conditionPrometheusQueryLanguage",
    ]
    .iter()
    .find_map(|key| node.get(key));
    if let Some(condition) = condition {
        let Some(query) = condition.get("query").and_then(Node::embedded) else {
            return false;
        };
        let name = ["alert_rule", "alertRule"]
            .iter()
            .find_map(|key| condition.get(key))
            .or_else(|| node.get("display_name").or_else(|| node.get("displayName")))
            .and_then(Node::embedded)
            .map(|name| trimmed(&name));
        alert(name.as_ref(), &query, node, collector);
        return true;
    }
    if let Some(query) = node.get("prometheusQuery").and_then(Node::embedded) {
        collector.kind(FileKind::Dashboards);
        let consumer = collector.consumer(ConsumerKind::Panel, named.unwrap_or_default(), None, node.span());
        collector.query(&trimmed(&query), consumer, Holes::ALL, &VariableValues::new());
        return true;
    }
    if let Some(query) = node.get("prometheus_expr").and_then(Node::embedded) {
        collector.kind(FileKind::Rules);
        let consumer = collector.consumer(ConsumerKind::Alert, named.unwrap_or_default(), None, node.span());
        let query = trimmed(&query);
        let holes = holes_of_manifest(&query.text);
        collector.query(&query, consumer, holes, &VariableValues::new());
        return true;
    }
    false
}

fn alert(name: Option<&Embedded>, query: &Embedded, node: Node<'_>, collector: &mut Collector<'_>) {
    collector.kind(FileKind::Rules);
    let text = name.map_or("", |name| &name.text);
    let consumer = collector.consumer(ConsumerKind::Alert, text, None, node.span());
    let query = trimmed(query);
    let holes = holes_of_manifest(&query.text);
    let query = collector.query(&query, consumer, holes, &VariableValues::new());
    if let Some(name) = name {
        collector.rule(Rule {
            kind: RuleKind::Alert,
            name: name.text.clone(),
            name_span: name.whole_span(),
            consumer,
            query,
            labels: rules::texts(node.get("labels")),
            annotations: Vec::new(),
            waits: None,
        });
    }
}

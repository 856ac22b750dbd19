//! Perses dashboards (`kind: Dashboard`), in files, in the operator's objects, and their parts on their own.
//!
//! Owns: panels in a map, queries and variables as plugins by `kind`. Where they may stand is the business of
//! [`crate::kubernetes`].

use promsight_model::{ConsumerKind, Embedded, FileKind};
use promsight_promql::Holes;

use crate::collect::{Collector, trimmed};
use crate::decode::tree::Node;
use crate::query::VariableValues;
use crate::shown_labels;

/// Words of which each file with one of these has one.
pub(crate) const WORDS: [&str; 4] = [
    "PrometheusTimeSeriesQuery",
    "PrometheusPromQLVariable",
    "PrometheusLabelValuesVariable",
    "PrometheusLabelNamesVariable",
];

/// Reads a mapping that is a dashboard's content, a query or a variable; `false` where it is none. `named` is the name
/// of the object around it.
pub(crate) fn read(node: Node<'_>, named: Option<&str>, collector: &mut Collector<'_>) -> bool {
    if is_dashboard(node) {
        dashboard(node, named, collector);
        return true;
    }
    match node.get_str("kind") {
        Some("PrometheusTimeSeriesQuery") => {
            let Some(text) = query_text(node) else {
                return false;
            };
            collector.kind(FileKind::Dashboards);
            let consumer =
                collector.consumer(ConsumerKind::Panel, named.unwrap_or_default(), None, node.span());
            collector.query(&text, consumer, Holes::ALL, &VariableValues::new());
            true
        }
        Some(kind) if is_variable(kind) => {
            variable(
                node,
                named.unwrap_or_default(),
                None,
                &VariableValues::new(),
                collector,
            );
            true
        }
        _ => false,
    }
}

/// The `spec` of a dashboard: its panels are a map of objects.
fn is_dashboard(node: Node<'_>) -> bool {
    node.get("panels").is_some_and(|panels| {
        panels
            .entries()
            .any(|panel| panel.value.get_str("kind") == Some("Panel") && panel.value.get("spec").is_some())
    })
}

fn is_variable(kind: &str) -> bool {
    kind.starts_with("Prometheus") && kind.ends_with("Variable")
}

fn dashboard(node: Node<'_>, named: Option<&str>, collector: &mut Collector<'_>) {
    collector.kind(FileKind::Dashboards);
    let title = node
        .get("display")
        .and_then(|display| display.get_str("name"))
        .or(named);
    let variables = || node.get("variables").into_iter().flat_map(Node::items);
    let mut values = VariableValues::new();
    for one in variables() {
        learn(one, &mut values);
    }
    for one in variables() {
        let Some(spec) = one.get("spec") else { continue };
        let name = spec.get_str("name").unwrap_or_default();
        if let Some(plugin) = spec.get("plugin") {
            variable(plugin, name, title, &values, collector);
        }
    }
    for panel in node.get("panels").into_iter().flat_map(Node::effective_entries) {
        let Some(spec) = panel.value.get("spec") else {
            continue;
        };
        let queries: Vec<(Embedded, Option<Embedded>)> = spec
            .get("queries")
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|query| query.get("spec")?.get("plugin"))
            .filter(|plugin| plugin.get_str("kind") == Some("PrometheusTimeSeriesQuery"))
            .filter_map(|plugin| Some((query_text(plugin)?, legend(plugin))))
            .collect();
        if queries.is_empty() {
            continue;
        }
        let name = spec
            .get("display")
            .and_then(|display| display.get_str("name"))
            .or_else(|| panel.key.as_str())
            .unwrap_or_default();
        let consumer = collector.consumer(ConsumerKind::Panel, name, title, panel.value.span());
        for (query, legend) in queries {
            let query = collector.query(&query, consumer, Holes::ALL, &values);
            shown_labels::of_legend(legend.as_ref(), consumer, query, collector);
        }
    }
}

/// The legend of a query's series.
fn legend(plugin: Node<'_>) -> Option<Embedded> {
    plugin.get("spec")?.get("seriesNameFormat")?.embedded()
}

fn query_text(plugin: Node<'_>) -> Option<Embedded> {
    let text = trimmed(&plugin.get("spec")?.get("query")?.embedded()?);
    (!text.text.is_empty()).then_some(text)
}

/// Remembers the values of a variable that lists them.
fn learn(variable: Node<'_>, values: &mut VariableValues) {
    let Some(spec) = variable.get("spec") else { return };
    let Some(name) = spec.get_str("name") else { return };
    let known: Vec<String> = match variable.get_str("kind") {
        Some("TextVariable") => spec.get_str("value").map(str::to_owned).into_iter().collect(),
        _ => spec
            .get("plugin")
            .filter(|plugin| plugin.get_str("kind") == Some("StaticListVariable"))
            .and_then(|plugin| plugin.get("spec")?.get("values"))
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|value| {
                value
                    .as_str()
                    .or_else(|| value.get_str("value"))
                    .map(str::to_owned)
            })
            .collect(),
    };
    if !known.is_empty() {
        values.insert(name.to_owned(), known);
    }
}

/// What a variable's plugin asks: an expression, or selectors whose labels it lists.
fn variable(
    plugin: Node<'_>,
    name: &str,
    title: Option<&str>,
    values: &VariableValues,
    collector: &mut Collector<'_>,
) {
    if !plugin.get_str("kind").is_some_and(is_variable) {
        return;
    }
    let Some(spec) = plugin.get("spec") else { return };
    let matchers = spec.get("matchers").into_iter().flat_map(Node::items);
    let texts = spec
        .get("expr")
        .into_iter()
        .chain(matchers)
        .filter_map(Node::embedded);
    let texts: Vec<Embedded> = texts
        .map(|text| trimmed(&text))
        .filter(|text| !text.text.is_empty())
        .collect();
    if texts.is_empty() {
        return;
    }
    collector.kind(FileKind::Dashboards);
    let consumer = collector.consumer(ConsumerKind::Variable, name, title, plugin.span());
    for text in texts {
        collector.query(&text, consumer, Holes::ALL, values);
    }
}

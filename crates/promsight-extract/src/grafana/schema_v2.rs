//! Dashboards in the schema of version 2 (`dashboard.grafana.app/v2`): panels lie in a map of `elements`, each
//! query, variable and annotation is an object with a `kind` and a `spec`.

use promsight_model::{ConsumerKind, Embedded, FileKind};
use promsight_promql::Holes;

use super::datasource::{Datasource, by_name, classify};
use super::{Dashboard, items, legend, promql, variables};
use crate::collect::Collector;
use crate::decode::tree::Node;
use crate::shown_labels;

/// Whether the mapping has the elements of such a dashboard: it is the `spec`, or stands alone.
pub(super) fn is_dashboard(node: Node<'_>) -> bool {
    node.get("elements").is_some_and(|elements| {
        elements.entries().any(|element| {
            matches!(element.value.get_str("kind"), Some("Panel" | "LibraryPanel"))
                && element.value.get("spec").is_some()
        })
    })
}

pub(super) fn dashboard(node: Node<'_>, collector: &mut Collector<'_>) {
    collector.kind(FileKind::Dashboards);
    let mut dashboard = Dashboard {
        title: node.get_str("title").map(str::to_owned),
        ..Dashboard::default()
    };
    let list = items(node, "variables");
    for variable in &list {
        learn(*variable, &mut dashboard);
    }
    for variable in &list {
        if let Some(spec) = variable
            .get("spec")
            .filter(|_| variable.get_str("kind") == Some("QueryVariable"))
        {
            query_variable(*variable, spec, &dashboard, collector);
        }
    }
    for annotation in items(node, "annotations") {
        let Some(spec) = annotation.get("spec") else {
            continue;
        };
        let Some(query) = spec
            .get("query")
            .and_then(|query| query_text(query, spec, "expr", &dashboard))
        else {
            continue;
        };
        let Some(query) = promql(&query) else { continue };
        let name = spec.get_str("name").unwrap_or_default();
        let consumer = collector.consumer(
            ConsumerKind::Annotation,
            name,
            dashboard.group(),
            annotation.span(),
        );
        collector.query(&query, consumer, Holes::ALL, &dashboard.values);
    }
    for element in node.get("elements").into_iter().flat_map(Node::entries) {
        panel(element.value, &dashboard, collector);
    }
}

fn learn(variable: Node<'_>, dashboard: &mut Dashboard) {
    let (Some(kind), Some(spec)) = (variable.get_str("kind"), variable.get("spec")) else {
        return;
    };
    let Some(name) = spec.get_str("name") else { return };
    match kind {
        "DatasourceVariable" => {
            if let Some(plugin) = spec.get_str("pluginId") {
                dashboard.datasources.insert(name.to_owned(), plugin.to_owned());
            }
        }
        "CustomVariable" | "ConstantVariable" | "TextVariable" => {
            let values = variables::listed_values(spec, kind == "CustomVariable");
            if !values.is_empty() {
                dashboard.values.insert(name.to_owned(), values);
            }
        }
        _ => {}
    }
}

fn query_variable(variable: Node<'_>, spec: Node<'_>, dashboard: &Dashboard, collector: &mut Collector<'_>) {
    let Some(query) = spec.get("query") else { return };
    let (source, text) = if query.is_mapping() {
        let text = query.get("spec").and_then(|asked| asked.get("query")?.embedded());
        (
            source(query, spec, dashboard),
            text.or_else(|| spec.get("definition")?.embedded()),
        )
    } else {
        (
            classify(spec.get("datasource"), &dashboard.datasources),
            query.embedded(),
        )
    };
    let Some(text) = text else { return };
    let name = spec.get_str("name").unwrap_or_default();
    variables::query(
        &text,
        name,
        dashboard.group(),
        variable.span(),
        source,
        &dashboard.values,
        collector,
    );
}

fn panel(element: Node<'_>, dashboard: &Dashboard, collector: &mut Collector<'_>) {
    let Some(spec) = element.get("spec") else { return };
    let Some(queries) = spec.get("data").and_then(|data| data.get("spec")) else {
        return;
    };
    let queries: Vec<(Embedded, Option<Embedded>)> = items(queries, "queries")
        .into_iter()
        .filter_map(|query| {
            let query = query.get("spec")?;
            let inner = query.get("query")?;
            let text = promql(&query_text(inner, query, "expr", dashboard)?)?;
            Some((text, inner.get("spec").and_then(legend)))
        })
        .collect();
    if queries.is_empty() {
        return;
    }
    let title = spec.get_str("title").unwrap_or_default();
    let consumer = collector.consumer(ConsumerKind::Panel, title, dashboard.group(), element.span());
    for (query, legend) in queries {
        let query = collector.query(&query, consumer, Holes::ALL, &dashboard.values);
        shown_labels::of_legend(legend.as_ref(), consumer, query, collector);
    }
}

/// The text under `key` in the `spec` of a query, if it asks Prometheus. The plugin is the query's `kind`, or its
/// `group` where the kind is `DataQuery`; the datasource stands beside the query or in it.
fn query_text(query: Node<'_>, around: Node<'_>, key: &str, dashboard: &Dashboard) -> Option<Embedded> {
    if source(query, around, dashboard) == Datasource::Other {
        return None;
    }
    query.get("spec")?.get(key)?.embedded()
}

/// What a query is for, by its plugin, by what is said around it and by what it says itself.
fn source(query: Node<'_>, around: Node<'_>, dashboard: &Dashboard) -> Datasource {
    let plugin = match query.get_str("kind") {
        Some("DataQuery") | None => query.get_str("group"),
        kind => kind,
    };
    let sources = [
        plugin.map_or(Datasource::Inherited, |plugin| {
            by_name(plugin, &dashboard.datasources)
        }),
        classify(around.get("datasource"), &dashboard.datasources),
        classify(query.get("datasource"), &dashboard.datasources),
    ];
    let said = [Datasource::Other, Datasource::Prometheus];
    let said = said.into_iter().find(|source| sources.contains(source));
    said.unwrap_or(Datasource::Unknown)
}

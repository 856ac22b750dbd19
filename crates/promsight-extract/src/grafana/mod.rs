//! Grafana dashboards, panels and Grafana-managed alert rules, in whatever they are wrapped.
//!
//! Owns: what a dashboard looks like (classic panels and rows, the schema of version 2), a bare panel or library
//! panel, an alert rule that Grafana evaluates; and the facts of each. Where in a document they may stand is the
//! business of [`crate::kubernetes`].

pub(crate) mod datasource;
mod schema_v2;
mod variables;

use promsight_model::{ConsumerKind, Embedded, FileKind, Rule, RuleKind};
use promsight_promql::Holes;

use crate::collect::{Collector, trimmed};
use crate::decode::json;
use crate::decode::tree::Node;
use crate::query::VariableValues;
use crate::{rules, shown_labels};
use datasource::{Datasource, DatasourceVariables, classify, looks_like_logql};

/// How deep rows and panels nest; Grafana itself allows one level.
const MAX_PANEL_DEPTH: usize = 16;

/// Reads a mapping that is a dashboard, a panel or a Grafana-managed alert rule; `false` where it is none of
/// these, and has to be looked into. `group` is the name of an enclosing rule group.
pub(crate) fn read(node: Node<'_>, group: Option<&str>, collector: &mut Collector<'_>) -> bool {
    if is_dashboard(node) {
        dashboard(node, collector);
    } else if schema_v2::is_dashboard(node) {
        schema_v2::dashboard(node, collector);
    } else if is_panel(node) {
        collector.kind(FileKind::Dashboards);
        Dashboard::default().panel(node, collector, 0);
    } else if is_alert_rule(node) {
        alert_rule(node, group, collector);
    } else {
        return false;
    }
    true
}

fn is_dashboard(node: Node<'_>) -> bool {
    let rows = node
        .get("rows")
        .is_some_and(|rows| rows.items().any(|row| row.get("panels").is_some()));
    let panels = node.get("panels").filter(|panels| panels.is_sequence());
    let has_panels = panels.is_some_and(|panels| {
        panels.items().any(|panel| {
            ["targets", "gridPos", "panels", "type"]
                .iter()
                .any(|key| panel.get(key).is_some())
        })
    });
    // A row among the panels of an export looks like a dashboard, but its neighbours matter too.
    let is_row = node.get_str("type") == Some("row");
    let is_settings = ["templating", "annotations", "schemaVersion"]
        .iter()
        .any(|key| node.get(key).is_some());
    rows || has_panels && !is_row || panels.is_some() && is_settings
}

fn is_panel(node: Node<'_>) -> bool {
    node.get("targets").is_some_and(|targets| {
        targets
            .items()
            .any(|target| target.get_str("expr").is_some() || target.get_str("refId").is_some())
    }) && ["type", "title", "gridPos", "datasource"]
        .iter()
        .any(|key| node.get(key).is_some())
}

/// Whether the mapping is a rule that Grafana evaluates; in Terraform `name` is its title, and a single query no list.
fn is_alert_rule(node: Node<'_>) -> bool {
    ["title", "condition"]
        .iter()
        .any(|key| node.get_str(key).is_some())
        && one_or_many(node, "data").iter().any(|query| {
            query.get("model").is_some_and(|model| {
                let text = || model.as_str().is_some_and(|text| text.contains("\"expr\""));
                model.get("expr").is_some() || text()
            })
        })
}

/// The items of a list, or the one thing that stands in its place.
fn one_or_many<'tree>(node: Node<'tree>, key: &str) -> Vec<Node<'tree>> {
    match node.get(key) {
        Some(only) if only.is_mapping() => vec![only],
        _ => items(node, key),
    }
}

/// What the parts of one dashboard share.
#[derive(Default)]
struct Dashboard {
    title: Option<String>,
    datasources: DatasourceVariables,
    values: VariableValues,
}

fn dashboard(node: Node<'_>, collector: &mut Collector<'_>) {
    collector.kind(FileKind::Dashboards);
    let mut dashboard = Dashboard {
        title: node.get_str("title").map(str::to_owned),
        datasources: variables::inputs(node.get("__inputs")),
        values: VariableValues::new(),
    };
    let list: Vec<Node<'_>> = children(node, "templating", "list");
    for variable in &list {
        variables::learn(*variable, &mut dashboard.datasources, &mut dashboard.values);
    }
    for variable in &list {
        dashboard.variable(*variable, collector);
    }
    for annotation in children(node, "annotations", "list") {
        dashboard.annotation(annotation, collector);
    }
    for row in items(node, "rows") {
        for panel in items(row, "panels") {
            dashboard.panel(panel, collector, 0);
        }
    }
    for panel in items(node, "panels") {
        dashboard.panel(panel, collector, 0);
    }
    // An export for sharing carries its library panels along.
    for element in node.get("__elements").into_iter().flat_map(Node::entries) {
        if let Some(model) = element.value.get("model") {
            dashboard.panel(model, collector, 0);
        }
    }
}

fn items<'tree>(node: Node<'tree>, key: &str) -> Vec<Node<'tree>> {
    node.get(key)
        .map(|list| list.items().collect())
        .unwrap_or_default()
}

fn children<'tree>(node: Node<'tree>, outer: &str, inner: &str) -> Vec<Node<'tree>> {
    node.get(outer)
        .map(|outer| items(outer, inner))
        .unwrap_or_default()
}

impl Dashboard {
    fn group(&self) -> Option<&str> {
        self.title.as_deref()
    }

    fn panel(&self, panel: Node<'_>, collector: &mut Collector<'_>, depth: usize) {
        if depth > MAX_PANEL_DEPTH {
            return;
        }
        let enclosing = classify(panel.get("datasource"), &self.datasources);
        let targets = items(panel, "targets");
        let queries: Vec<(Embedded, Option<Embedded>)> = targets
            .into_iter()
            .filter_map(|target| Some((self.target(target, enclosing)?, legend(target))))
            .collect();
        if !queries.is_empty() {
            let title = panel.get_str("title").unwrap_or_default();
            let consumer = collector.consumer(ConsumerKind::Panel, title, self.group(), panel.span());
            for (query, legend) in queries {
                let query = collector.query(&query, consumer, Holes::ALL, &self.values);
                shown_labels::of_legend(legend.as_ref(), consumer, query, collector);
            }
        }
        for inner in items(panel, "panels") {
            self.panel(inner, collector, depth + 1);
        }
        if let Some(model) = panel.get("libraryPanel").and_then(|library| library.get("model")) {
            self.panel(model, collector, depth + 1);
        }
    }

    /// The query of one target, if it asks Prometheus.
    fn target(&self, target: Node<'_>, enclosing: Datasource) -> Option<Embedded> {
        let source = self.source(target.get("datasource"), enclosing);
        let expression = target.get("expr").and_then(Node::embedded);
        match (source, expression) {
            (Datasource::Other, _) => None,
            (_, Some(expression)) => promql(&expression),
            // Other stores keep their query under this key as well: only where Prometheus is named is it PromQL.
            (Datasource::Prometheus, None) => promql(&target.get("query")?.embedded()?),
            (_, None) => None,
        }
    }

    fn source(&self, datasource: Option<Node<'_>>, enclosing: Datasource) -> Datasource {
        match classify(datasource, &self.datasources) {
            Datasource::Inherited => enclosing,
            own => own,
        }
    }

    fn variable(&self, variable: Node<'_>, collector: &mut Collector<'_>) {
        if variable.get_str("type").is_some_and(|kind| kind != "query") {
            return;
        }
        let source = self.source(variable.get("datasource"), Datasource::Unknown);
        let name = variable.get_str("name").unwrap_or_default();
        let query = variable.get("query");
        // Newer versions keep an object with the text inside, and the text once more as `definition`.
        let text = query
            .and_then(Node::embedded)
            .or_else(|| query?.get("query")?.embedded())
            .or_else(|| variable.get("definition")?.embedded());
        let Some(text) = text else { return };
        let group = self.group();
        variables::query(
            &text,
            name,
            group,
            variable.span(),
            source,
            &self.values,
            collector,
        );
    }

    fn annotation(&self, annotation: Node<'_>, collector: &mut Collector<'_>) {
        let source = self.source(annotation.get("datasource"), Datasource::Unknown);
        if source == Datasource::Other {
            return;
        }
        let target = annotation.get("target");
        let expression = annotation
            .get("expr")
            .and_then(Node::embedded)
            .or_else(|| target?.get("expr")?.embedded())
            .and_then(|expression| promql(&expression));
        let Some(expression) = expression else { return };
        let name = annotation.get_str("name").unwrap_or_default();
        let consumer = collector.consumer(ConsumerKind::Annotation, name, self.group(), annotation.span());
        collector.query(&expression, consumer, Holes::ALL, &self.values);
    }
}

/// The legend of a query's series; a table has none.
fn legend(target: Node<'_>) -> Option<Embedded> {
    let is_table = target.get_str("format") == Some("table");
    target.get("legendFormat").filter(|_| !is_table)?.embedded()
}

/// The expression without blanks around it, if there is one and it is not Loki's.
fn promql(expression: &Embedded) -> Option<Embedded> {
    let expression = trimmed(expression);
    (!expression.text.is_empty() && !looks_like_logql(&expression.text)).then_some(expression)
}

/// A rule that Grafana evaluates: its queries stand in `data`, beside reductions and thresholds over them.
fn alert_rule(node: Node<'_>, group: Option<&str>, collector: &mut Collector<'_>) {
    let variables = DatasourceVariables::new();
    let queries: Vec<Embedded> = one_or_many(node, "data")
        .into_iter()
        .filter_map(|query| alert_query(query, &variables))
        .collect();
    let title = node
        .get("title")
        .or_else(|| node.get("name"))
        .and_then(Node::embedded)
        .map(|title| trimmed(&title));
    let Some(title) = title else { return };
    collector.kind(FileKind::Rules);
    let consumer = collector.consumer(ConsumerKind::Alert, &title.text, group, node.span());
    let queries: Vec<usize> = queries
        .into_iter()
        .filter_map(|query| collector.query(&query, consumer, Holes::ALL, &VariableValues::new()))
        .collect();
    let name = title.text.clone();
    let annotations = node.get("annotations");
    collector.rule(Rule {
        kind: RuleKind::Alert,
        name_span: title.whole_span(),
        name: title.text,
        consumer,
        query: queries.first().copied(),
        labels: rules::texts(node.get("labels")),
        annotations: rules::texts(annotations),
        waits: None,
    });
    rules::annotations::read(annotations, &name, collector);
    if has_only_queries(node, queries.len()) {
        shown_labels::of_alert(node, consumer, &queries, collector);
    }
}

/// Whether all data of a rule are queries for Prometheus, so many, and expressions over them.
fn has_only_queries(node: Node<'_>, queries: usize) -> bool {
    let data = one_or_many(node, "data");
    let is_expression = |query: &Node<'_>| {
        ["datasourceUid", "datasource_uid"]
            .iter()
            .any(|key| matches!(query.get_str(key), Some("__expr__" | "-100")))
    };
    let expressions = data.iter().filter(|query| is_expression(query)).count();
    data.len() == expressions + queries
}

/// The expression of one query of such a rule, if it asks Prometheus. Exports to Terraform keep the model as a string.
fn alert_query(query: Node<'_>, variables: &DatasourceVariables) -> Option<Embedded> {
    let model = query.get("model")?;
    let uid = ["datasourceUid", "datasource_uid"]
        .iter()
        .find_map(|key| query.get_str(key))
        .unwrap_or_default();
    let by_uid = || datasource::by_name(uid, variables);
    let ask = |model: Node<'_>| {
        let source = match classify(model.get("datasource"), variables) {
            Datasource::Inherited | Datasource::Unknown => by_uid(),
            named => named,
        };
        if source == Datasource::Other {
            return None;
        }
        promql(&model.get("expr")?.embedded()?)
    };
    if model.is_mapping() {
        return ask(model);
    }
    let text = model.embedded()?;
    let tree = json::parse(&text);
    let root = tree.documents().next()?.root()?;
    ask(root)
}

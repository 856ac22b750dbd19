//! Variables of a dashboard: what values they can take, and what their queries ask.
//!
//! Owns: Grafana's query functions for variables (`label_values`, `query_result`, `metrics`, `label_names`), read
//! at their exact places, and the values of variables that the dashboard itself lists.

use std::ops::Range;

use promsight_model::{ConsumerKind, Embedded, Guard, Query, QueryState, Selector, SelectorName, Span};
use promsight_promql::Holes;

use super::datasource::{Datasource, DatasourceVariables, looks_like_logql};
use crate::collect::{Collector, trimmed};
use crate::decode::tree::Node;
use crate::query::{self, VariableValues};

/// The value that stands for all others.
const ALL: &str = "$__all";

/// The plugin types of the datasource inputs of an exported dashboard.
pub(super) fn inputs(node: Option<Node<'_>>) -> DatasourceVariables {
    let mut types = DatasourceVariables::new();
    for input in node.into_iter().flat_map(Node::items) {
        if let (Some(name), Some(plugin)) = (input.get_str("name"), input.get_str("pluginId")) {
            types.insert(name.to_owned(), plugin.to_owned());
        }
    }
    types
}

/// Remembers what one classic variable tells: a datasource variable its type, a listed variable its values.
pub(super) fn learn(variable: Node<'_>, datasources: &mut DatasourceVariables, values: &mut VariableValues) {
    let (Some(name), Some(kind)) = (variable.get_str("name"), variable.get_str("type")) else {
        return;
    };
    match kind {
        "datasource" => {
            if let Some(plugin) = variable.get_str("query") {
                datasources.insert(name.to_owned(), plugin.to_owned());
            }
        }
        "custom" | "constant" | "textbox" => {
            let known = listed_values(variable, kind == "custom");
            if !known.is_empty() {
                values.insert(name.to_owned(), known);
            }
        }
        _ => {}
    }
}

/// The values of a variable that needs no query: its options, else its definition, else its current value.
pub(super) fn listed_values(variable: Node<'_>, comma_separated: bool) -> Vec<String> {
    let mut values = Vec::new();
    for option in variable.get("options").into_iter().flat_map(Node::items) {
        values.extend(option.get_str("value").map(str::to_owned));
    }
    if values.iter().all(|value| value == ALL || value.is_empty())
        && let Some(definition) = variable
            .get_str("query")
            .filter(|definition| !definition.is_empty())
    {
        values = if comma_separated {
            custom_values(definition)
        } else {
            vec![definition.to_owned()]
        };
    }
    if values.iter().all(String::is_empty)
        && let Some(current) = variable.get("current").and_then(|current| current.get("value"))
    {
        values.extend(current.as_str().map(str::to_owned));
        values.extend(current.items().filter_map(Node::as_str).map(str::to_owned));
    }
    values.retain(|value| value != ALL);
    values.dedup();
    // An empty value beside others is one of them (a suffix that may be missing); alone it tells nothing.
    if values.iter().all(String::is_empty) {
        Vec::new()
    } else {
        values
    }
}

/// The values of a custom variable's definition: `a, b, Text : value`, a comma escaped as `\,`.
fn custom_values(definition: &str) -> Vec<String> {
    const ESCAPED_COMMA: &str = "\u{0}";
    definition
        .replace("\\,", ESCAPED_COMMA)
        .split(',')
        .map(|option| {
            let option = option.replace(ESCAPED_COMMA, ",");
            let value = option
                .split_once(" : ")
                .map_or(option.as_str(), |(_, value)| value);
            value.trim().to_owned()
        })
        .collect()
}

/// Whether the query of a variable can be one for Prometheus, where nothing says which datasource it is for.
fn may_ask_prometheus(text: &Embedded, values: &VariableValues) -> bool {
    let text = trimmed(text);
    let is_readable = || {
        let query = query::read(&text, 0, Holes::ALL, values);
        !matches!(query.state, QueryState::Unreadable { .. })
    };
    function(&text.text).is_some() || is_readable()
}

/// Reads the query of a variable, if it names series.
pub(super) fn query(
    text: &Embedded,
    name: &str,
    group: Option<&str>,
    scope: Span,
    source: Datasource,
    values: &VariableValues,
    collector: &mut Collector<'_>,
) {
    let is_asked = match source {
        Datasource::Other => false,
        Datasource::Prometheus => true,
        Datasource::Unknown | Datasource::Inherited => may_ask_prometheus(text, values),
    };
    if !is_asked {
        return;
    }
    let text = trimmed(text);
    match function(&text.text) {
        Some((Function::LabelValues | Function::LabelNames, arguments)) => {
            // With one argument it is a label's name, and all series are asked.
            let with_label = text.text.starts_with("label_values");
            let series = match last_comma(&text.text, arguments.clone()) {
                Some(comma) => arguments.start..comma,
                None if with_label => return,
                None => arguments,
            };
            expression(
                &trimmed(&text.slice(series)),
                name,
                group,
                scope,
                values,
                collector,
            );
        }
        Some((Function::QueryResult, arguments)) => {
            expression(
                &trimmed(&text.slice(arguments)),
                name,
                group,
                scope,
                values,
                collector,
            );
        }
        Some((Function::Metrics, arguments)) => {
            let pattern = trimmed(&text.slice(arguments));
            if !pattern.text.is_empty() {
                let consumer = collector.consumer(ConsumerKind::Variable, name, group, scope);
                collector.ready_query(metric_names(&pattern, consumer));
            }
        }
        // Anything else is sent as a selector of series.
        None => expression(&text, name, group, scope, values, collector),
    }
}

fn expression(
    text: &Embedded,
    name: &str,
    group: Option<&str>,
    scope: Span,
    values: &VariableValues,
    collector: &mut Collector<'_>,
) {
    if text.text.is_empty() || looks_like_logql(&text.text) {
        return;
    }
    let consumer = collector.consumer(ConsumerKind::Variable, name, group, scope);
    collector.query(text, consumer, Holes::ALL, values);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    LabelValues,
    LabelNames,
    QueryResult,
    Metrics,
}

/// The function that a variable's query calls, and where its arguments stand.
fn function(text: &str) -> Option<(Function, Range<usize>)> {
    const FUNCTIONS: [(&str, Function); 4] = [
        ("label_values", Function::LabelValues),
        ("label_names", Function::LabelNames),
        ("query_result", Function::QueryResult),
        ("metrics", Function::Metrics),
    ];
    let inner = text.strip_suffix(')')?;
    FUNCTIONS.into_iter().find_map(|(word, function)| {
        let after = inner.strip_prefix(word)?;
        let arguments = after.trim_start().strip_prefix('(')?;
        Some((function, inner.len() - arguments.len()..inner.len()))
    })
}

/// The last comma of the arguments that stands in no string, brace or parenthesis.
fn last_comma(text: &str, arguments: Range<usize>) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut found, mut depth, mut position) = (None, 0usize, arguments.start);
    let mut quote = None;
    while position < arguments.end {
        let byte = bytes[position];
        match (quote, byte) {
            (Some(open), b'\\') if open != b'`' => position += 1,
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'{' | b'(' | b'[') => depth += 1,
            (None, b'}' | b')' | b']') => depth = depth.saturating_sub(1),
            (None, b',') if depth == 0 => found = Some(position),
            (None, _) => {}
        }
        position += 1;
    }
    found
}

/// `metrics(REGEX)`: Grafana keeps the names in which the expression is found, so it is not anchored.
fn metric_names(pattern: &Embedded, consumer: usize) -> Query {
    let (regex, templated) = without_variables(&pattern.text);
    let span = pattern.whole_span();
    let selector = Selector {
        name: SelectorName::Regex(unanchored(&regex)),
        span,
        whole: span,
        matchers: Vec::new(),
        guard: Guard::None,
        functions: Vec::new(),
    };
    let state = if templated {
        QueryState::Templated
    } else {
        QueryState::Parsed
    };
    Query {
        consumer,
        text: pattern.text.clone(),
        span,
        state,
        selectors: vec![selector],
        flow: None,
    }
}

/// An expression that matches in full what this one matches in part.
fn unanchored(regex: &str) -> String {
    // An anchor inside an alternative belongs to that one only.
    if regex.contains('|') {
        return format!(".*(?:{regex}).*");
    }
    let (start, rest) = match regex.strip_prefix('^') {
        Some(rest) => ("", rest),
        None if regex.starts_with(".*") => ("", regex),
        None => (".*", regex),
    };
    let (rest, end) = match rest.strip_suffix('$') {
        Some(rest) => (rest, ""),
        None if rest.ends_with(".*") => (rest, ""),
        None => (rest, ".*"),
    };
    format!("{start}{rest}{end}")
}

/// The expression with each variable (`$x`, `${x}`, `[[x]]`) as `.*`, and whether there was one.
fn without_variables(text: &str) -> (String, bool) {
    let mut regex = String::new();
    let mut rest = text;
    let mut templated = false;
    while let Some(at) = rest.find(['$', '[']) {
        let (before, from) = rest.split_at(at);
        regex.push_str(before);
        match variable_len(from) {
            Some(length) => {
                regex.push_str(".*");
                templated = true;
                rest = &from[length..];
            }
            None => {
                regex.push_str(&from[..1]);
                rest = &from[1..];
            }
        }
    }
    regex.push_str(rest);
    (regex, templated)
}

fn variable_len(text: &str) -> Option<usize> {
    if text.starts_with("${") {
        return text.find('}').map(|at| at + 1);
    }
    if text.starts_with("[[") && !text.starts_with("[[:") {
        return text.find("]]").map(|at| at + 2);
    }
    let name = text.strip_prefix('$')?;
    let length = name
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    (length > 0).then_some(length + 1)
}

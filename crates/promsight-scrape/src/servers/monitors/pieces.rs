//! Single rules and fields of what the operator writes.

use promsight_model::Span;
use promsight_model::manifest::{Content, Key, Value};

use crate::servers::build::rule;
use crate::targets::kubernetes::sanitized;

/// Keys deeper than these are of no discovery.
const MAX_KEY_DEPTH: usize = 8;

/// The fields of a custom resource under the names that Prometheus has for them.
pub(super) fn snake_case(value: &Value, depth: usize) -> Value {
    let content = match &value.content {
        _ if depth >= MAX_KEY_DEPTH => value.content.clone(),
        Content::List(items) => Content::List(items.iter().map(|item| snake_case(item, depth + 1)).collect()),
        Content::Map(entries) => Content::Map(
            entries
                .iter()
                .map(|(key, value)| {
                    // Labels keep their names.
                    if key.text == "labels" {
                        return (key.clone(), value.clone());
                    }
                    let mut text = String::new();
                    for character in key.text.chars() {
                        if character.is_ascii_uppercase() {
                            text.push('_');
                        }
                        text.push(character.to_ascii_lowercase());
                    }
                    let key = Key { text, span: key.span };
                    // Roles have capitals in custom resources.
                    if key.text == "role" {
                        let role = value.as_str().unwrap_or_default().to_ascii_lowercase();
                        return (key, Value::string(role, value.span));
                    }
                    (key, snake_case(value, depth + 1))
                })
                .collect(),
        ),
        other => other.clone(),
    };
    Value {
        span: value.span,
        content,
    }
}

/// A field that is there and not the empty text.
pub(super) fn filled<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value
        .get(key)
        .filter(|field| field.as_str().is_some_and(|text| !text.is_empty() && text != "0"))
}

pub(super) fn own_rules(value: &Value, keys: [&str; 2]) -> Vec<Value> {
    keys.into_iter()
        .flat_map(|key| value.items_at(key))
        .cloned()
        .collect()
}

pub(super) fn job_name_rule(span: Span) -> Value {
    rule(span)
        .sources(&["job"])
        .target("__tmp_prometheus_job_name")
        .done()
}

pub(super) fn keep(span: Span, source: &str, regex: &str) -> Value {
    rule(span).action("keep").sources(&[source]).regex(regex).done()
}

pub(super) fn copied(span: Span, source: &str, target: &str) -> Value {
    let source = format!("__meta_kubernetes_{source}");
    rule(span).sources(&[&source]).target(target).done()
}

pub(super) fn running_filter(endpoint: &Value) -> Option<Value> {
    let filter = endpoint.get("filterRunning").and_then(Value::as_bool);
    (filter != Some(false)).then(|| {
        let sources = ["__meta_kubernetes_pod_phase"];
        let made = rule(endpoint.span)
            .action("drop")
            .sources(&sources)
            .regex("(Failed|Succeeded)");
        made.done()
    })
}

pub(super) fn target_port_rule(target: &Value) -> Option<Value> {
    let text = target.as_str()?;
    let is_number = target.as_scalar().is_some_and(|scalar| !scalar.is_string) && text.parse::<u32>().is_ok();
    if text.is_empty() || (is_number && text == "0") {
        return None;
    }
    let source = if is_number {
        "__meta_kubernetes_pod_container_port_number"
    } else {
        "__meta_kubernetes_pod_container_port_name"
    };
    Some(keep(target.span, source, text))
}

pub(super) fn label_rule(resource: &str, label: &Value) -> Option<Value> {
    let name = sanitized(label.as_str()?);
    let source = format!("__meta_kubernetes_{resource}_label_{name}");
    let made = rule(label.span)
        .sources(&[&source])
        .target(&name)
        .regex("(.+)")
        .replacement("${1}");
    Some(made.done())
}

pub(super) fn job_label_rule(spec: &Value, resource: &str) -> Option<Value> {
    let label = filled(spec, "jobLabel")?;
    let source = format!(
        "__meta_kubernetes_{resource}_label_{}",
        sanitized(label.as_str()?)
    );
    let made = rule(label.span)
        .sources(&[&source])
        .target("job")
        .regex("(.+)")
        .replacement("${1}");
    Some(made.done())
}

pub(super) fn endpoint_rule(port: Option<&Value>) -> Option<Value> {
    let port = port?;
    let text = port.as_str().filter(|text| !text.is_empty())?;
    Some(rule(port.span).target("endpoint").replacement(text).done())
}

/// The selector of a monitor as rules on the labels of what it selects.
pub(super) fn selector_rules(selector: Option<&Value>, resource: &str) -> Vec<Value> {
    let Some(selector) = selector else {
        return Vec::new();
    };
    let names = |key: &str| {
        let name = sanitized(key);
        (
            format!("__meta_kubernetes_{resource}_label_{name}"),
            format!("__meta_kubernetes_{resource}_labelpresent_{name}"),
        )
    };
    let mut labels: Vec<(&str, &Value)> = selector
        .get("matchLabels")
        .map_or(&[][..], Value::entries)
        .iter()
        .map(|(key, value)| (key.text.as_str(), value))
        .collect();
    labels.sort_by_key(|(key, _)| *key);
    let mut rules = Vec::new();
    for (key, value) in labels {
        let (label, present) = names(key);
        let regex = format!("({});true", value.as_str().unwrap_or_default());
        rules.push(
            rule(value.span)
                .action("keep")
                .sources(&[&label, &present])
                .regex(&regex)
                .done(),
        );
    }
    for expression in selector.items_at("matchExpressions") {
        let (label, present) = names(expression.text_at(&["key"]).unwrap_or_default());
        let values: Vec<&str> = expression
            .items_at("values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let of_value = format!("({});true", values.join("|"));
        let made = rule(expression.span);
        let made = match expression.text_at(&["operator"]) {
            Some("In") => made.action("keep").sources(&[&label, &present]).regex(&of_value),
            Some("NotIn") => made.action("drop").sources(&[&label, &present]).regex(&of_value),
            Some("Exists") => made.action("keep").sources(&[&present]).regex("true"),
            Some("DoesNotExist") => made.action("drop").sources(&[&present]).regex("true"),
            _ => continue,
        };
        rules.push(made.done());
    }
    rules
}

/// A selector in one line, as Kubernetes writes it.
pub(super) fn selector_line(selector: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (key, value) in selector.get("matchLabels").map_or(&[][..], Value::entries) {
        parts.push(format!("{}={}", key.text, value.as_str().unwrap_or_default()));
    }
    for expression in selector.items_at("matchExpressions") {
        let key = expression.text_at(&["key"]).unwrap_or_default();
        let mut values: Vec<&str> = expression
            .items_at("values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        let values = values.join(",");
        match expression.text_at(&["operator"]) {
            Some("In") => parts.push(format!("{key} in ({values})")),
            Some("NotIn") => parts.push(format!("{key} notin ({values})")),
            Some("Exists") => parts.push(key.to_owned()),
            Some("DoesNotExist") => parts.push(format!("!{key}")),
            _ => {}
        }
    }
    parts.sort();
    parts.join(",")
}

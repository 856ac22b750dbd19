//! Alerting and recording rules, in whatever they are wrapped.
//!
//! Owns: what a rule and a rule group look like (Prometheus, and what Thanos, Mimir, VictoriaMetrics and the
//! operators' objects share with it), and the facts of each. Where in a document rules may stand is the business
//! of [`crate::kubernetes`].

pub(crate) mod annotations;
pub(crate) mod unit_tests;

use promsight_model::{ConsumerKind, Embedded, FileKind, GapKind, Pattern, Reach, Rule, RuleKind, Span};

use crate::collect::{Collector, trimmed};
use crate::decode::tree::Node;
use crate::grafana::datasource::looks_like_logql;
use crate::query::{VariableValues, holes_of_manifest, reads_as_query};
use crate::shown_labels;

/// Whether a mapping is a rule by itself: it has a name of one of the two kinds, and an expression.
pub(crate) fn is_rule(node: Node<'_>) -> bool {
    node.is_mapping()
        && ["alert", "record"].iter().any(|key| node.get_str(key).is_some())
        && expression_of(node).is_some_and(|expression| !expression.is_mapping() && !expression.is_sequence())
}

/// A rule's expression: under `expr`, or under `expression` as Azure's resources have it.
fn expression_of(node: Node<'_>) -> Option<Node<'_>> {
    node.get("expr").or_else(|| node.get("expression"))
}

/// Whether a mapping is an alert without `alert`: charts and modules keep rules so in their values, and name them by
/// their keys or by `name`. It has an expression that reads as one, and what only rules have.
pub(crate) fn is_bare_rule(node: Node<'_>) -> bool {
    let has_any = |keys: &[&str]| keys.iter().any(|key| node.get(key).is_some());
    let is_query = || {
        expression_of(node)
            .and_then(Node::embedded)
            .is_some_and(|text| !looks_like_logql(&text.text) && reads_as_query(&text.text))
    };
    node.is_mapping()
        && has_any(&["for", "annotations", "severity", "summary"])
        && !has_any(&["alert", "record", "refId", "targets"])
        && is_query()
}

/// Reads an alert that is named by its own `name`, else by its key; without either it has none.
pub(crate) fn bare_rule(key: Option<Node<'_>>, node: Node<'_>, collector: &mut Collector<'_>) {
    let own = ["name", "alertname", "title"]
        .iter()
        .find_map(|name| node.get(name));
    let Some(name) = own.or(key).and_then(Node::embedded) else {
        return;
    };
    collector.kind(FileKind::Rules);
    add(RuleKind::Alert, trimmed(&name), node, None, collector);
}

/// Whether a sequence is what stands under `groups:` in a rule file: some group's rules have the keys of rules.
pub(crate) fn are_groups(node: Node<'_>) -> bool {
    node.items().any(|group| {
        group.get("rules").is_some_and(|rules| {
            rules.items().any(|rule| {
                ["alert", "record", "expr"]
                    .iter()
                    .any(|key| rule.get(key).is_some())
            })
        })
    })
}

/// Reads the groups of a rule file. A rule that is none, and a group without a list of rules, becomes a gap.
pub(crate) fn groups(node: Node<'_>, collector: &mut Collector<'_>) {
    collector.kind(FileKind::Rules);
    for group in node.items() {
        // VictoriaMetrics runs groups over other stores too (`graphite`, `vlogs`).
        if group.get_str("type").is_some_and(|kind| kind != "prometheus") {
            continue;
        }
        let name = group.get_str("name");
        let Some(rules) = group.get("rules").filter(|rules| !rules.is_null()) else {
            continue;
        };
        if !rules.is_sequence() {
            let message = format!(
                "the `rules` of group `{}` are not a list",
                name.unwrap_or_default()
            );
            collector.gap(GapKind::Syntax, message, rules.span(), unknown_records());
            continue;
        }
        for rule in rules.items().filter(|rule| !rule.is_null()) {
            grouped_rule(rule, name, collector);
        }
    }
}

/// Reads one rule outside a group list: of a file that is one rule, or of a list of them.
pub(crate) fn rule(node: Node<'_>, group: Option<&str>, collector: &mut Collector<'_>) {
    collector.kind(FileKind::Rules);
    grouped_rule(node, group, collector);
}

/// A broken rule file could have recorded anything that follows the naming convention of recording rules.
pub(crate) fn unknown_records() -> Reach {
    Reach::Pattern(Pattern::new(vec![String::new(), ":".to_owned(), String::new()]))
}

fn grouped_rule(node: Node<'_>, group: Option<&str>, collector: &mut Collector<'_>) {
    let alert = node.get("alert").and_then(Node::embedded);
    let record = node.get("record").and_then(Node::embedded);
    let (kind, name) = match (alert, record) {
        (Some(_), Some(_)) => {
            let message = "the rule has both `alert` and `record`".to_owned();
            return collector.gap(GapKind::Syntax, message, node.span(), unknown_records());
        }
        (Some(name), None) => (RuleKind::Alert, trimmed(&name)),
        (None, Some(name)) => (RuleKind::Record, trimmed(&name)),
        (None, None) => {
            let message = "the rule has neither `alert` nor `record`".to_owned();
            return collector.gap(GapKind::Syntax, message, node.span(), unknown_records());
        }
    };
    add(kind, name, node, group, collector);
}

/// Adds a rule of which kind and name are known.
fn add(kind: RuleKind, name: Embedded, node: Node<'_>, group: Option<&str>, collector: &mut Collector<'_>) {
    let expression = match expression(node, &name) {
        Ok(expression) => expression,
        Err(message) => {
            let reach = match kind {
                RuleKind::Alert => Reach::Nothing,
                // The series that it would have recorded.
                RuleKind::Record => Reach::Pattern(Pattern::new(vec![name.text.clone(), String::new()])),
            };
            return collector.gap(GapKind::Syntax, message, node.span(), reach);
        }
    };
    let consumer_kind = match kind {
        RuleKind::Alert => ConsumerKind::Alert,
        RuleKind::Record => ConsumerKind::Record,
    };
    let consumer = collector.consumer(consumer_kind, &name.text, group, node.span());
    // Loki's ruler reads files of the same shape; its alerts exist, its queries are not ours.
    let query = if looks_like_logql(&expression.text) {
        None
    } else {
        let holes = holes_of_manifest(&expression.text);
        collector.query(&expression, consumer, holes, &VariableValues::new())
    };
    let annotations = node.get("annotations");
    let alert = name.text.clone();
    collector.rule(Rule {
        kind,
        name_span: name.whole_span(),
        name: name.text,
        consumer,
        query,
        labels: texts(node.get("labels")),
        annotations: texts(annotations),
        waits: waits(node.get("for")),
    });
    if kind == RuleKind::Alert {
        annotations::read(annotations, &alert, collector);
        let queries: Vec<usize> = query.into_iter().collect();
        shown_labels::of_alert(node, consumer, &queries, collector);
    }
}

/// The seconds of a rule's `for`: none where it is left out, not known where it is no plain duration.
fn waits(node: Option<Node<'_>>) -> Option<u64> {
    let Some(node) = node else { return Some(0) };
    let text = node.embedded()?.text;
    let mut rest = text.trim();
    if rest == "0" {
        return Some(0);
    }
    let mut milliseconds: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let length: u64 = match &rest[..unit] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        milliseconds = milliseconds.checked_add(number.checked_mul(length)?)?;
        rest = &rest[unit..];
    }
    Some(milliseconds / 1_000)
}

/// The rule's expression. Prometheus reads any scalar as its text, so `expr: 1` is one.
fn expression(rule: Node<'_>, name: &Embedded) -> Result<Embedded, String> {
    let name = &name.text;
    let Some(node) = expression_of(rule) else {
        return Err(format!("rule `{name}` has no `expr`"));
    };
    if node.is_mapping() || node.is_sequence() {
        return Err(format!("the `expr` of rule `{name}` is not a string"));
    }
    let expression = node
        .embedded()
        .map(|text| trimmed(&text))
        .filter(|text| !text.text.is_empty());
    expression.ok_or_else(|| format!("the `expr` of rule `{name}` is empty"))
}

/// Name, value and the value's place of each entry of `labels` or `annotations`.
pub(crate) fn texts(node: Option<Node<'_>>) -> Vec<(String, String, Span)> {
    let Some(node) = node else { return Vec::new() };
    node.effective_entries()
        .into_iter()
        .filter_map(|entry| {
            let key = entry.key.as_str()?.to_owned();
            let value = entry.value.embedded()?;
            let span = value.whole_span();
            Some((key, value.text, span))
        })
        .collect()
}

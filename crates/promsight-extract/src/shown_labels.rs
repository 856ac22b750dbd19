//! Labels that texts show of the results of queries: templates of an alert's annotations and labels, legends of panels.
//!
//! Owns: how such a text names a label (`{{ $labels.x }}`, `{{ .Labels.x }}`, `{{ index $labels "x" }}`, `{{x}}` in a
//! legend), and which names it shows unconditionally. What a template asks for before it shows it
//! (`{{ if $labels.x }}`, `or $labels.a $labels.b`) may be absent, and is left out. Whether the result has the label is
//! the resolver's business. `{{ $externalLabels.x }}` is Prometheus' own and never the result's.

use std::collections::BTreeSet;
use std::ops::Range;

use promsight_model::{Embedded, ShownIn, ShownLabel};

use crate::collect::Collector;
use crate::decode::tree::Node;

/// Labels of a template that are no label: methods of Alertmanager's and Grafana's sets of labels.
const METHODS: [&str; 5] = ["SortedPairs", "Names", "Values", "Remove", "String"];

/// Words of an action that tests what stands behind them, so that a label may be absent there.
const TESTS: [&str; 10] = [
    "if", "with", "else", "or", "and", "not", "default", "coalesce", "empty", "ternary",
];

/// Reads the annotations and labels of an alert whose expression gave `queries`.
pub(crate) fn of_alert(rule: Node<'_>, consumer: usize, queries: &[usize], collector: &mut Collector<'_>) {
    if queries.is_empty() {
        return;
    }
    for (key, place) in [("annotations", ShownIn::Annotation), ("labels", ShownIn::Label)] {
        for entry in rule.get(key).into_iter().flat_map(Node::effective_entries) {
            let (Some(name), Some(text)) = (entry.key.as_str(), entry.value.embedded()) else {
                continue;
            };
            add(
                &text,
                in_template(&text.text),
                consumer,
                queries,
                place,
                name,
                collector,
            );
        }
    }
}

/// Reads the legend of the panel's query with that index.
pub(crate) fn of_legend(
    legend: Option<&Embedded>,
    consumer: usize,
    query: Option<usize>,
    collector: &mut Collector<'_>,
) {
    if let (Some(legend), Some(query)) = (legend, query) {
        let ranges = in_legend(&legend.text);
        add(legend, ranges, consumer, &[query], ShownIn::Legend, "", collector);
    }
}

fn add(
    text: &Embedded,
    ranges: Vec<Range<usize>>,
    consumer: usize,
    queries: &[usize],
    place: ShownIn,
    name: &str,
    collector: &mut Collector<'_>,
) {
    for range in ranges {
        collector.shown_label(ShownLabel {
            consumer,
            queries: queries.to_vec(),
            label: text.text[range.clone()].to_owned(),
            span: text.span(range),
            place,
            text: name.to_owned(),
        });
    }
}

/// The names of labels in a legend (Grafana's `/\{\{\s*(.+?)\s*\}\}/g`).
fn in_legend(source: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = source[from..].find("{{").map(|at| from + at + 2) {
        let Some(close) = source[open..].find("}}").map(|at| open + at) else {
            break;
        };
        let inner = &source[open..close];
        let start = open + (inner.len() - inner.trim_start().len());
        let label = inner.trim();
        if is_label(label) && label != "__name__" {
            found.push(start..start + label.len());
        }
        from = close + 2;
    }
    found
}

/// The names of labels that an alert's template shows, from left to right.
fn in_template(source: &str) -> Vec<Range<usize>> {
    // A template that makes a variable of this name of its own.
    if source.contains("$labels :=") || source.contains("$labels:=") || source.contains("$labels =") {
        return Vec::new();
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut tested: BTreeSet<&str> = BTreeSet::new();
    // Whether each open block makes something else of the dot.
    let mut blocks: Vec<bool> = Vec::new();
    for action in actions(source) {
        let body = &source[action.clone()];
        let is_moved = blocks.contains(&true);
        let dots = occurrences(body, ".Labels").filter(|at| is_root(body, *at, is_moved));
        let labels: Vec<Range<usize>> = dots
            .map(|at| (at, ".Labels"))
            .chain(occurrences(body, "$labels").map(|at| (at, "$labels")))
            .filter_map(|(at, variable)| label_behind(body, at, variable))
            .map(|range| action.start + range.start..action.start + range.end)
            .collect();
        let mut words = body.split(|character: char| !(character.is_alphanumeric() || character == '_'));
        if words.any(|word| TESTS.contains(&word)) {
            tested.extend(labels.iter().map(|range| &source[range.clone()]));
        }
        found.extend(labels);
        match first_word(body) {
            "range" | "with" | "define" | "block" => blocks.push(true),
            "if" => blocks.push(false),
            "end" => {
                blocks.pop();
            }
            _ => {}
        }
    }
    // Charts let an action through as text: `{{ "{{" }} $labels.x {{ "}}" }}`.
    found.extend(occurrences(source, "$labels").filter_map(|at| label_behind(source, at, "$labels")));
    found.sort_by_key(|range| range.start);
    found.dedup();
    found.retain(|range| !tested.contains(&source[range.clone()]));
    found
}

/// The insides of the actions of a template. A string that holds an action, as charts write them, is inside of one.
fn actions(source: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = source[from..].find("{{").map(|at| from + at + 2) {
        let Some(close) = source[open..].find("}}").map(|at| open + at) else {
            break;
        };
        // The innermost opening: in ``{{`{{ $labels.x }}`}}`` the second.
        let inner = source[open..close].rfind("{{").map_or(open, |at| open + at + 2);
        found.push(inner..close);
        from = close + 2;
    }
    found
}

fn occurrences<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at)
}

/// Whether the `.Labels` at that byte is the alert's: not that of a sample which a `range` or a call gives.
fn is_root(body: &str, at: usize, is_moved: bool) -> bool {
    match body[..at].chars().next_back() {
        Some('$') => true,
        Some(before) => !is_moved && (before.is_whitespace() || matches!(before, '(' | '-' | '|')),
        None => !is_moved,
    }
}

/// The label that a template takes from the variable at that byte.
fn label_behind(source: &str, at: usize, variable: &str) -> Option<Range<usize>> {
    let behind = at + variable.len();
    let rest = &source[behind..];
    let range = if let Some(name) = rest.strip_prefix('.') {
        let length = name
            .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
            .unwrap_or(name.len());
        behind + 1..behind + 1 + length
    } else {
        let before =
            source[..at].trim_end_matches(|character: char| character.is_whitespace() || character == '$');
        let argument = rest.trim_start();
        let quote = argument
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '`'))?;
        if !before.ends_with("index") || argument.len() == rest.len() {
            return None;
        }
        let start = source.len() - argument.len() + 1;
        let length = source[start..].find(quote)?;
        start..start + length
    };
    let label = &source[range.clone()];
    (is_label(label) && !METHODS.contains(&label)).then_some(range)
}

fn first_word(body: &str) -> &str {
    let body = body.trim_start_matches(|character: char| character == '-' || character.is_whitespace());
    let end = body
        .find(|character: char| !character.is_ascii_alphabetic())
        .unwrap_or(body.len());
    &body[..end]
}

fn is_label(text: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && text.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(source: &str) -> Vec<&str> {
        in_template(source)
            .into_iter()
            .map(|range| &source[range])
            .collect()
    }

    fn legend(source: &str) -> Vec<&str> {
        in_legend(source)
            .into_iter()
            .map(|range| &source[range])
            .collect()
    }

    #[test]
    fn every_way_to_show_a_label_is_known() {
        assert_eq!(
            template(
                r#"{{ $labels.a }} {{.Labels.b}} {{- index $labels "c" -}} {{ $labels.d | title }} {{ index .Labels `e` }}"#
            ),
            ["a", "b", "c", "d", "e"]
        );
        assert_eq!(
            template("{{ $.Labels.a }}{{ range query `x` }}{{ $.Labels.b }}{{ end }}"),
            ["a", "b"]
        );
    }

    #[test]
    fn labels_of_others_are_left_alone() {
        assert_eq!(
            template("{{ $externalLabels.a }} {{ .ExternalLabels.b }} {{ $value }}"),
            [""; 0]
        );
        assert_eq!(
            template("{{ range query `x` }}{{ .Labels.a }}{{ end }}{{ .Labels.b }}"),
            ["b"]
        );
        assert_eq!(
            template("{{ with query `x` | first }}{{ .Labels.a }}{{ end }}"),
            [""; 0]
        );
        assert_eq!(template("{{ (query `x` | first).Labels.a }}"), [""; 0]);
        assert_eq!(template("{{ $labels := .Other }}{{ $labels.a }}"), [""; 0]);
    }

    #[test]
    fn what_is_tested_first_may_be_absent() {
        assert_eq!(
            template("{{ if $labels.a }}{{ $labels.a }}{{ end }} {{ $labels.b }}"),
            ["b"]
        );
        assert_eq!(template("{{ or $labels.a $labels.b }} {{ $labels.c }}"), ["c"]);
        assert_eq!(template("{{ if gt $value 5.0 }}{{ $labels.a }}{{ end }}"), ["a"]);
    }

    #[test]
    fn charts_let_templates_through() {
        assert_eq!(template("{{`{{ $labels.a }}`}}"), ["a"]);
        assert_eq!(template(r#"{{ "{{" }} $labels.a {{ "}}" }}"#), ["a"]);
        assert_eq!(
            template(r#"{{ "{{ $labels.a }}" }} of {{ .Values.name }}"#),
            ["a"]
        );
        assert_eq!(template("{% raw %}{{ $labels.a }}{% endraw %}"), ["a"]);
    }

    #[test]
    fn broken_templates_are_read_as_far_as_they_go() {
        assert_eq!(template("{{ $labels.a"), ["a"]);
        assert_eq!(
            template("{{ $labels. }} {{ index $labels \"b }} {{ end }}"),
            [""; 0]
        );
        assert_eq!(template("}} {{"), [""; 0]);
    }

    #[test]
    fn legends_hold_labels_alone() {
        assert_eq!(
            legend("{{a}} {{ b }} {{__name__}} $c {{$d}} {{e.f}} {{"),
            ["a", "b"]
        );
        assert_eq!(legend("__auto"), [""; 0]);
    }
}

//! Alertmanager's configuration: which labels of alerts its routes and inhibitions match.
//!
//! Owns: what a routing tree looks like (Alertmanager's own file, the values of charts, the operator's
//! AlertmanagerConfig) and the three ways to write a matcher. Whether an alert has such a label is the resolver's
//! business.

use std::ops::Range;

use promsight_model::{AlertGrouping, AlertMatcher, AlertMatcherPlace, Embedded, MatchOp};

use crate::collect::{Collector, trimmed};
use crate::decode::tree::Node;

/// Words of which each file with a routing tree has one.
pub(crate) const WORDS: [&str; 3] = ["receiver", "inhibit_rule", "inhibitRules"];

/// How deep routes are followed: deeper than anybody can follow them.
const MAX_ROUTE_DEPTH: usize = 64;

/// Reads the routes and inhibitions that a mapping holds, if it is such a configuration.
pub(crate) fn read(node: Node<'_>, collector: &mut Collector<'_>) {
    let route = node.get("route").filter(|route| is_route(*route));
    if let Some(route) = route {
        read_route(route, collector, 0);
    }
    let inhibitions = ["inhibit_rules", "inhibitRules", "inhibit_rule"]
        .iter()
        .flat_map(|key| one_or_many(node, key));
    for inhibition in inhibitions {
        let mut reader = Reader {
            place: AlertMatcherPlace::Inhibition,
            receiver: None,
            collector,
        };
        for key in ["source_match", "target_match"] {
            reader.mapping(inhibition.get(key), MatchOp::Equal);
        }
        for key in ["source_match_re", "target_match_re"] {
            reader.mapping(inhibition.get(key), MatchOp::Regex);
        }
        for key in ["source_matchers", "target_matchers", "sourceMatch", "targetMatch"] {
            reader.list(inhibition.get(key));
        }
        reader.labels(inhibition.get("equal"));
    }
}

fn is_route(node: Node<'_>) -> bool {
    node.is_mapping()
        && ["receiver", "group_by", "groupBy", "routes"]
            .iter()
            .any(|key| node.get(key).is_some())
}

/// The items of a list, or the one block that stands in its place in Terraform.
fn one_or_many<'tree>(node: Node<'tree>, key: &str) -> Vec<Node<'tree>> {
    match node.get(key) {
        Some(only) if only.is_mapping() => vec![only],
        Some(list) => list.items().collect(),
        None => Vec::new(),
    }
}

fn read_route(route: Node<'_>, collector: &mut Collector<'_>, depth: usize) {
    if depth > MAX_ROUTE_DEPTH {
        return;
    }
    let mut reader = Reader {
        place: AlertMatcherPlace::Route,
        receiver: route.get_str("receiver").map(str::to_owned),
        collector,
    };
    reader.mapping(route.get("match"), MatchOp::Equal);
    reader.mapping(route.get("match_re"), MatchOp::Regex);
    reader.list(route.get("matchers"));
    for key in ["group_by", "groupBy"] {
        reader.labels(route.get(key));
    }
    for key in ["routes", "child_route"] {
        for inner in one_or_many(route, key) {
            read_route(inner, collector, depth + 1);
        }
    }
}

struct Reader<'collector, 'facts> {
    place: AlertMatcherPlace,
    receiver: Option<String>,
    collector: &'collector mut Collector<'facts>,
}

impl Reader<'_, '_> {
    /// `match: {label: value}` of Alertmanager before 0.22.
    fn mapping(&mut self, node: Option<Node<'_>>, op: MatchOp) {
        for entry in node.into_iter().flat_map(Node::effective_entries) {
            if let (Some(label), Some(value)) = (entry.key.as_str(), entry.value.embedded()) {
                self.matcher(label, op, &trimmed(&value));
            }
        }
    }

    /// `matchers`: texts (one, or a list of them), or objects of the operator.
    fn list(&mut self, node: Option<Node<'_>>) {
        let Some(node) = node else { return };
        if let Some(text) = node.embedded() {
            return self.text(&text);
        }
        for item in node.items() {
            if let Some(text) = item.embedded() {
                self.text(&text);
                continue;
            }
            let (Some(label), Some(value)) =
                (item.get_str("name"), item.get("value").and_then(Node::embedded))
            else {
                continue;
            };
            let op = match (item.get_str("matchType"), item.get_str("regex")) {
                (Some("=~"), _) | (None, Some("true")) => MatchOp::Regex,
                (Some("!="), _) => MatchOp::NotEqual,
                (Some("!~"), _) => MatchOp::NotRegex,
                _ => MatchOp::Equal,
            };
            self.matcher(label, op, &trimmed(&value));
        }
    }

    /// The labels of `group_by` and `equal`. `...` groups by all there are.
    fn labels(&mut self, node: Option<Node<'_>>) {
        for label in node.into_iter().flat_map(Node::items).filter_map(Node::embedded) {
            let label = trimmed(&label);
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if label.text.is_empty() || !label.text.bytes().all(is_part) {
                continue;
            }
            self.collector.alert_grouping(AlertGrouping {
                place: self.place,
                receiver: self.receiver.clone(),
                span: label.whole_span(),
                label: label.text,
            });
        }
    }

    /// `severity="page", team=~"a|b"`, with or without braces around.
    fn text(&mut self, text: &Embedded) {
        for (label, op, value) in matchers(&text.text) {
            let value = text.slice(value);
            let label = text.text.get(label).unwrap_or_default().to_owned();
            self.matcher(&label, op, &value);
        }
    }

    fn matcher(&mut self, label: &str, op: MatchOp, value: &Embedded) {
        // What a template fills in may be anything.
        if ["{{", "{%", "${"].iter().any(|mark| value.text.contains(mark)) {
            return;
        }
        let alternatives = match op {
            MatchOp::Regex => plain_alternatives(&value.text),
            _ => None,
        };
        let pieces = match alternatives {
            Some(alternatives) => alternatives
                .into_iter()
                .map(|range| (MatchOp::Equal, value.slice(range)))
                .collect(),
            None => vec![(op, value.clone())],
        };
        for (op, value) in pieces {
            self.collector.alert_matcher(AlertMatcher {
                place: self.place,
                receiver: self.receiver.clone(),
                label: label.to_owned(),
                op,
                span: value.whole_span(),
                value: value.text,
            });
        }
    }
}

/// The matchers of a text: the ranges of label and value (without quotes), and the operator.
fn matchers(text: &str) -> Vec<(Range<usize>, MatchOp, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut position = 0;
    while position < bytes.len() {
        if matches!(bytes[position], b' ' | b'\t' | b'\n' | b'\r' | b',' | b'{' | b'}') {
            position += 1;
            continue;
        }
        let label = quoted_or(bytes, position, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.' | b'-')
        });
        if label.inner.is_empty() {
            break;
        }
        position = blanks(bytes, label.end);
        let (op, length) = match bytes.get(position..) {
            Some([b'=', b'~', ..]) => (MatchOp::Regex, 2),
            Some([b'!', b'=', ..]) => (MatchOp::NotEqual, 2),
            Some([b'!', b'~', ..]) => (MatchOp::NotRegex, 2),
            Some([b'=', ..]) => (MatchOp::Equal, 1),
            _ => break,
        };
        position = blanks(bytes, position + length);
        let value = quoted_or(bytes, position, |byte| !matches!(byte, b',' | b'}'));
        position = value.end;
        let inner = value.inner.clone();
        let trimmed_end = inner.start + text.get(inner.clone()).unwrap_or_default().trim_end().len();
        found.push((label.inner, op, inner.start..trimmed_end));
    }
    found
}

struct Word {
    inner: Range<usize>,
    end: usize,
}

/// A word between double quotes, or as long as its bytes are admitted.
fn quoted_or(bytes: &[u8], start: usize, admitted: fn(u8) -> bool) -> Word {
    if bytes.get(start) == Some(&b'"') {
        let mut end = start + 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let end = end.min(bytes.len());
        return Word {
            inner: start + 1..end,
            end: (end + 1).min(bytes.len()),
        };
    }
    let length = bytes.get(start..).unwrap_or_default();
    let length = length.iter().take_while(|byte| admitted(**byte)).count();
    Word {
        inner: start..start + length,
        end: start + length,
    }
}

fn blanks(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The alternatives of a regular expression that is nothing but plain words: `A|B`, `^(?:A|B)$`.
fn plain_alternatives(regex: &str) -> Option<Vec<Range<usize>>> {
    let mut start = 0;
    let mut end = regex.len();
    if regex.starts_with('^') {
        start += 1;
    }
    if regex[start..].ends_with('$') {
        end -= 1;
    }
    for open in ["(?:", "("] {
        if regex[start..end].starts_with(open) && regex[start..end].ends_with(')') {
            start += open.len();
            end -= 1;
            break;
        }
    }
    let inner = &regex[start..end];
    let is_plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '_' | '-' | ' ' | '|' | ':' | '/')
    };
    if !inner.chars().all(is_plain) {
        return None;
    }
    let mut at = start;
    let mut ranges = Vec::new();
    for word in inner.split('|') {
        if !word.is_empty() {
            ranges.push(at..at + word.len());
        }
        at += word.len() + 1;
    }
    Some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, &str, &str)> {
        let matchers = matchers(text).into_iter();
        matchers
            .map(|(label, op, value)| (&text[label], op.symbol(), &text[value]))
            .collect()
    }

    #[test]
    fn matchers_are_read_as_alertmanager_reads_them() {
        assert_eq!(
            read(r#"{severity="page", team =~ "a|b",x!=y , "quoted label"!~"\"z\""}"#),
            [
                ("severity", "=", "page"),
                ("team", "=~", "a|b"),
                ("x", "!=", "y"),
                ("quoted label", "!~", r#"\"z\""#)
            ]
        );
        assert_eq!(read("alertname = Watch dog"), [("alertname", "=", "Watch dog")]);
        assert_eq!(read("alertname"), []);
        assert_eq!(read(r#"a="open"#), [("a", "=", "open")]);
        assert_eq!(read("ä=1"), []);
    }

    #[test]
    fn plain_alternatives_are_told_from_patterns() {
        let alternatives = |regex: &'static str| -> Option<Vec<&str>> {
            Some(
                plain_alternatives(regex)?
                    .into_iter()
                    .map(|range| &regex[range])
                    .collect(),
            )
        };
        assert_eq!(alternatives("A|B"), Some(vec!["A", "B"]));
        assert_eq!(alternatives("^(?:A|Bc)$"), Some(vec!["A", "Bc"]));
        assert_eq!(alternatives("(A)|(B)"), None);
        assert_eq!(alternatives("A.*"), None);
        assert_eq!(alternatives("^"), Some(vec![]));
        assert_eq!(alternatives("$"), Some(vec![]));
        assert_eq!(alternatives("^$"), Some(vec![]));
        assert_eq!(alternatives("("), None);
    }
}

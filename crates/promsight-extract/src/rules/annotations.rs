//! Annotations of alerts: links to runbooks, and the queries that their templates run.
//!
//! Prometheus renders annotations as Go templates when an alert fires; `query "…"` in one asks for series then. Such a
//! query is a reference of its own: where it finds nothing the alert still fires, and says less than it should.

use promsight_model::{ConsumerKind, Embedded, OffsetMap, RunbookLink};

use crate::collect::{Collector, trimmed};
use crate::decode::tree::Node;
use crate::query::{VariableValues, holes_of_manifest};

/// Reads the annotations of the rule that was added last.
pub(crate) fn read(annotations: Option<Node<'_>>, alert: &str, collector: &mut Collector<'_>) {
    let Some(rule) = collector.last_rule() else { return };
    for entry in annotations.into_iter().flat_map(Node::effective_entries) {
        let (Some(name), Some(text)) = (entry.key.as_str(), entry.value.embedded()) else {
            continue;
        };
        for query in queries(&text) {
            let label = format!("{alert} {name}");
            let consumer = collector.consumer(ConsumerKind::Annotation, &label, None, entry.value.span());
            let holes = holes_of_manifest(&query.text);
            collector.query(&query, consumer, holes, &VariableValues::new());
        }
        for link in links(&text, rule, name) {
            collector.runbook_link(link);
        }
    }
}

/// The links of an annotation: the whole of it, or the addresses in its text.
fn links(text: &Embedded, rule: usize, annotation: &str) -> Vec<RunbookLink> {
    let lower = annotation.to_lowercase();
    let is_runbook = lower.contains("runbook") || lower.contains("playbook");
    let text = trimmed(text);
    let is_single = !text.text.contains(char::is_whitespace);
    let mut links = Vec::new();
    let mut next = 0;
    for word in text.text.split(char::is_whitespace) {
        let at = next;
        next += word.len()
            + text.text[at + word.len()..]
                .chars()
                .next()
                .map_or(0, char::len_utf8);
        if word.is_empty() {
            continue;
        }
        let is_address = word.starts_with("https://") || word.starts_with("http://");
        if !(is_address || is_runbook && is_single) || is_templated(word) {
            continue;
        }
        let word = if is_single {
            word
        } else {
            word.trim_end_matches(['.', ',', ';', ')', '>', '"', '\''])
        };
        let (target, anchor) = match word.split_once('#') {
            Some((target, anchor)) => (target, Some(anchor)),
            None => (word, None),
        };
        let anchor_at = at + target.len() + 1;
        links.push(RunbookLink {
            rule,
            annotation: annotation.to_owned(),
            target: target.to_owned(),
            span: text.span(at..at + target.len()),
            anchor: anchor.map(|anchor| (anchor.to_owned(), text.span(anchor_at..anchor_at + anchor.len()))),
        });
    }
    links
}

/// What a template fills in leads anywhere.
fn is_templated(word: &str) -> bool {
    ["{{", "{%", "${", "%(", "%s", "%%", "}}", "<"]
        .iter()
        .any(|mark| word.contains(mark))
}

/// The string arguments of `query` in the actions of a template. `query (printf "…" …)` has one too: what it formats
/// is a hole.
fn queries(text: &Embedded) -> Vec<Embedded> {
    let mut found = Vec::new();
    let source = text.text.as_str();
    let mut from = 0;
    while let Some(open) = source[from..].find("{{").map(|at| from + at) {
        let body = open + 2;
        let end = action_end(source, body);
        if let Some(argument) = query_argument(&source[body..end]) {
            found.extend(string(text, body + argument));
        }
        from = end;
    }
    found
}

/// Where an action ends: at the first `}}` outside a string, or with the text.
fn action_end(source: &str, from: usize) -> usize {
    let bytes = source.as_bytes();
    let mut position = from;
    while position < bytes.len() {
        match bytes[position] {
            b'}' if bytes.get(position + 1) == Some(&b'}') => return position,
            quote @ (b'"' | b'`') => position = literal_end(bytes, position, quote),
            _ => position += 1,
        }
    }
    // A quote that is never closed: the rest is no action.
    source.len()
}

/// One past the closing quote, or the end of the text.
fn literal_end(bytes: &[u8], open: usize, quote: u8) -> usize {
    let mut position = open + 1;
    while position < bytes.len() {
        match bytes[position] {
            b'\\' if quote == b'"' => position += 2,
            byte if byte == quote => return position + 1,
            _ => position += 1,
        }
    }
    bytes.len()
}

/// Where in an action the string begins that `query` is given.
fn query_argument(action: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = action[from..].find("query").map(|at| from + at) {
        let behind = at + "query".len();
        from = behind;
        let starts = !action[..at]
            .ends_with(|before: char| before.is_alphanumeric() || matches!(before, '_' | '.' | '$'));
        let rest = &action[behind..];
        if !starts || !rest.starts_with([' ', '(', '\t', '\n']) {
            continue;
        }
        let argument = rest.trim_start_matches([' ', '(', '\t', '\n']);
        let argument = argument.strip_prefix("printf").unwrap_or(argument).trim_start();
        if argument.starts_with(['"', '`']) {
            return Some(action.len() - argument.len());
        }
    }
    // `"…" | query` gives it the string in front.
    let piped = action.find('|')?;
    let is_query = action[piped + 1..].split_whitespace().next() == Some("query");
    let literal = action.trim_start_matches(['-', ' ', '\t', '\n']);
    (is_query && literal.starts_with(['"', '`'])).then_some(action.len() - literal.len())
}

/// The Go string that begins at that byte.
fn string(text: &Embedded, open: usize) -> Option<Embedded> {
    let source = text.text.as_str();
    let quote = source.as_bytes()[open];
    let end = literal_end(source.as_bytes(), open, quote);
    let inner = open + 1..end.checked_sub(1).filter(|end| *end > open)?;
    if quote == b'`' {
        return Some(text.slice(inner));
    }
    let (mut decoded, mut map) = (String::new(), OffsetMap::at(inner.start));
    let mut characters = source.get(inner.clone())?.char_indices();
    while let Some((at, character)) = characters.next() {
        let at = inner.start + at;
        if character != '\\' {
            decoded.push(character);
            map.push_verbatim(at, character.len_utf8());
            continue;
        }
        let (_, escaped) = characters.next()?;
        let plain = match escaped {
            'n' => '\n',
            't' => '\t',
            other => other,
        };
        decoded.push(plain);
        map.push_replaced(plain.len_utf8(), at..at + 1 + escaped.len_utf8());
    }
    Some(text.nested(decoded, map))
}

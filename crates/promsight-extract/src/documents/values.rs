//! Queries held by keys of YAML and JSON examples that are no whole rules: a panel, a trigger, a lone `expr:`.

use std::ops::Range;

use promsight_model::{Embedded, OffsetMap};

use super::looker::{Looker, Trust};

/// Keys whose values are queries wherever they stand.
const SURE_KEYS: &[&str] = &["expr", "promql"];

/// Keys whose values are queries where they look like one.
const LIKELY_KEYS: &[&str] = &["query", "metricsQuery", "seriesQuery", "expression"];

/// Reads the values of a text's keys, line by line.
pub(super) fn read(text: &Embedded, lines: &[Range<usize>], looker: &mut Looker<'_>) {
    let mut next = 0;
    while let Some(line) = lines.get(next) {
        next += 1;
        let Some((trust, value)) = keyed(&text.text, line) else {
            continue;
        };
        let source = &text.text[value.clone()];
        if source.starts_with(['|', '>']) {
            let block = deeper(&text.text, lines, next);
            let query = match (
                lines.get(block.start),
                block.end.checked_sub(1).and_then(|last| lines.get(last)),
            ) {
                (Some(first), Some(last)) if !block.is_empty() => text.slice(first.start..last.end),
                _ => continue,
            };
            looker.query(&query, trust);
            next = block.end;
        } else if let Some(query) = scalar(text, value) {
            looker.query(&query, trust);
        }
    }
}

/// The value of `key: value` or `"key": value` on a line, and how far its key vouches for it.
fn keyed(text: &str, line: &Range<usize>) -> Option<(Trust, Range<usize>)> {
    let source = &text[line.clone()];
    let bare = source.trim_start_matches([' ', '\t', '-', '{']);
    let (key, value) = bare.split_once(':')?;
    let name = key.trim().trim_matches('"');
    let trust = if SURE_KEYS.contains(&name) {
        Trust::Sent
    } else if LIKELY_KEYS.contains(&name) {
        Trust::Shown
    } else {
        return None;
    };
    let trimmed = value.trim_start();
    let start = line.end - trimmed.len();
    let end = start + trimmed.trim_end().len();
    (start < end).then_some((trust, start..end))
}

/// The lines from `first` on that are indented deeper than the one before them, or blank between such.
fn deeper(text: &str, lines: &[Range<usize>], first: usize) -> Range<usize> {
    let indent = |line: &Range<usize>| {
        let source = &text[line.clone()];
        source.len() - source.trim_start_matches([' ', '-']).len()
    };
    let key = first
        .checked_sub(1)
        .and_then(|line| lines.get(line))
        .map_or(0, indent);
    let blank = |line: &Range<usize>| text[line.clone()].trim().is_empty();
    let count = lines[first.min(lines.len())..]
        .iter()
        .take_while(|line| blank(line) || indent(line) > key)
        .count();
    let mut end = first + count;
    while end > first && blank(&lines[end - 1]) {
        end -= 1;
    }
    first..end
}

/// A scalar: quoted with its escapes read, or plain up to a comment.
fn scalar(text: &Embedded, range: Range<usize>) -> Option<Embedded> {
    let source = &text.text[range.clone()];
    if let Some(quoted) = source.strip_prefix('\'') {
        // YAML doubles a single quote; such a value is left to the query reader as it stands.
        let length = quoted.rfind('\'')?;
        return Some(text.slice(range.start + 1..range.start + 1 + length));
    }
    let Some(quoted) = source.strip_prefix('"') else {
        let end = source.find(" #").unwrap_or(source.len());
        let plain = source[..end].trim_end().trim_end_matches(',');
        return Some(text.slice(range.start..range.start + plain.len()));
    };
    let start = range.start + 1;
    let mut decoded = String::new();
    let mut map = OffsetMap::at(start);
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some(text.nested(decoded, map)),
            '\\' => {
                let (_, escaped) = characters.next()?;
                let stands_for = match escaped {
                    'n' | 'r' | 't' => ' ',
                    other => other,
                };
                map.push_replaced(
                    stands_for.len_utf8(),
                    start + at..start + at + 1 + escaped.len_utf8(),
                );
                decoded.push(stands_for);
            }
            _ => {
                map.push_verbatim(start + at, character.len_utf8());
                decoded.push(character);
            }
        }
    }
    None
}

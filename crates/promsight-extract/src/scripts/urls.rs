//! Queries in addresses: `…/api/v1/query?query=…`, `…/graph?g0.expr=…`, decoded with exact places.

use std::ops::Range;

use promsight_model::{Embedded, OffsetMap};

use super::command_lines::Target;

/// The queries that an address sends.
pub(crate) fn read(address: &Embedded) -> Vec<Target> {
    let text = address.text.as_str();
    let Some(question) = text.find('?') else {
        return Vec::new();
    };
    let path = &text[..question];
    let asks = path.contains("/api/v1/")
        || path.ends_with("/graph")
        || path.ends_with("/federate")
        || path.ends_with("/query");
    if asks {
        parameters(address, question + 1)
    } else if path.ends_with("/explore") {
        explored(address, question + 1)
    } else {
        Vec::new()
    }
}

/// The queries of an address of Grafana's explorer, whose parameters `left` and `panes` hold JSON.
fn explored(address: &Embedded, from: usize) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut start = from;
    for part in address.text.get(from..).unwrap_or_default().split('&') {
        let range = start..start + part.len();
        start = range.end + 1;
        let Some((key, value)) = part.split_once('=') else {
            continue;
        };
        if !matches!(key, "left" | "right" | "panes") {
            continue;
        }
        let json = decode(address, range.end - value.len()..range.end);
        for (at, name) in json.text.match_indices("\"expr\"") {
            let after = &json.text[at + name.len()..];
            let value = after.trim_start().strip_prefix(':').map(str::trim_start);
            if let Some(value) = value
                && let Some(query) = json_string(&json, json.text.len() - value.len())
            {
                targets.push(Target::Query(query));
            }
        }
    }
    targets
}

/// The JSON string that begins at an offset.
fn json_string(text: &Embedded, at: usize) -> Option<Embedded> {
    let quoted = text.text.get(at..)?.strip_prefix('"')?;
    let start = at + 1;
    let mut decoded = String::new();
    let mut map = OffsetMap::at(start);
    let mut characters = quoted.char_indices();
    while let Some((offset, character)) = characters.next() {
        let here = start + offset;
        match character {
            '"' => return Some(text.nested(decoded, map)),
            '\\' => {
                let (_, escaped) = characters.next()?;
                let stands_for = match escaped {
                    'n' | 'r' | 't' => ' ',
                    other => other,
                };
                map.push_replaced(stands_for.len_utf8(), here..here + 1 + escaped.len_utf8());
                decoded.push(stands_for);
            }
            _ => {
                map.push_verbatim(here, character.len_utf8());
                decoded.push(character);
            }
        }
    }
    None
}

/// The queries among `key=value&key=value` from an offset on.
pub(crate) fn parameters(text: &Embedded, from: usize) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut start = from;
    let end = text
        .text
        .find('#')
        .filter(|fragment| *fragment >= from)
        .unwrap_or(text.text.len());
    let Some(all) = text.text.get(from..end) else {
        return targets;
    };
    for part in all.split('&') {
        let range = start..start + part.len();
        start = range.end + 1;
        let Some((key, value)) = part.split_once('=') else {
            continue;
        };
        let value = range.end - value.len()..range.end;
        let numbered = key.starts_with('g') && key.ends_with(".expr");
        let decoded_key = key
            .replace("%5B", "[")
            .replace("%5D", "]")
            .replace("%5b", "[")
            .replace("%5d", "]");
        match decoded_key.as_str() {
            "query" | "expr" | "match[]" | "match" => targets.push(Target::Query(decode(text, value))),
            _ if numbered => targets.push(Target::Query(decode(text, value))),
            "filter" => targets.extend(alert_filter(&decode(text, value))),
            _ => {}
        }
    }
    targets
}

/// `filter=alertname="X"` of Alertmanager's interface.
fn alert_filter(filter: &Embedded) -> Option<Target> {
    let value = filter.text.strip_prefix("alertname=")?;
    let name = value.trim_matches('"');
    let start = filter.text.len() - value.trim_start_matches('"').len();
    crate::documents::words::is_name(name).then(|| Target::Alert(filter.slice(start..start + name.len())))
}

/// Percent-decodes a part of a text; what decodes to no character stays as it is.
fn decode(text: &Embedded, range: Range<usize>) -> Embedded {
    let source = text.text.get(range.clone()).unwrap_or_default();
    if !source.contains(['%', '+']) {
        return text.slice(range);
    }
    let mut decoded = String::with_capacity(source.len());
    let mut map = OffsetMap::at(range.start);
    let mut at = 0;
    while let Some(character) = source[at..].chars().next() {
        let here = range.start + at;
        let (replacement, length) = match character {
            '+' => (Some(' '), 1),
            '%' => escaped(&source[at..]),
            _ => (None, character.len_utf8()),
        };
        match replacement {
            Some(replacement) => {
                map.push_replaced(replacement.len_utf8(), here..here + length);
                decoded.push(replacement);
            }
            None => {
                map.push_verbatim(here, length);
                decoded.push_str(&source[at..at + length]);
            }
        }
        at += length;
    }
    text.nested(decoded, map)
}

/// The character that the escapes at the start of a text spell, and their length; one byte as it is where they
/// spell none.
fn escaped(text: &str) -> (Option<char>, usize) {
    let byte = |index: usize| {
        let digits = text.get(index * 3..index * 3 + 3)?.strip_prefix('%')?;
        digits
            .bytes()
            .all(|digit| digit.is_ascii_hexdigit())
            .then(|| u8::from_str_radix(digits, 16).ok())?
    };
    let Some(first) = byte(0) else { return (None, 1) };
    let length = match first {
        0..0x80 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    };
    let bytes: Vec<u8> = (0..length).map_while(byte).collect();
    match std::str::from_utf8(&bytes)
        .ok()
        .and_then(|decoded| decoded.chars().next())
    {
        Some(character) => (Some(character), length * 3),
        None => (None, 1),
    }
}

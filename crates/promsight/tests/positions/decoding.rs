//! What a text in a file can mean: the ways of containers to write a text, undone one by one.
//!
//! Knows no container's grammar. A text reads as another where some sequence of at most four undoings leads there.

use std::collections::BTreeSet;

/// Whether a text in a file can be the written form of `meant`, white space aside.
pub(crate) fn reads_as(text: &str, meant: &str) -> bool {
    if is_within_encoded(text, meant) {
        return true;
    }
    let meant = squeezed(meant);
    let mut known = BTreeSet::from([text.to_owned()]);
    let mut latest = known.clone();
    for _ in 0..5 {
        if latest.iter().any(|text| squeezed(text) == meant) {
            return true;
        }
        latest = latest
            .iter()
            .flat_map(|text| UNDOINGS.map(|undo| undo(text)))
            .filter(|text| !known.contains(text))
            .collect();
        known.extend(latest.iter().cloned());
    }
    false
}

/// Whether a text is `meant` in base 64, with what else its first and last group of four hold.
fn is_within_encoded(text: &str, meant: &str) -> bool {
    let mut bits = 0_u32;
    let mut count = 0;
    let mut decoded = Vec::new();
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return false,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            decoded.push((bits >> count & 0xff) as u8);
        }
    }
    let decoded = String::from_utf8_lossy(&decoded);
    decoded.contains(meant) && decoded.len() <= meant.len() + 4
}

/// What of a text with template variables is known text.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = variable(rest);
        if length > 0 {
            pieces.push(String::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push(next);
        }
        rest = &rest[length.max(next.len_utf8())..];
    }
    pieces
}

/// Length of the variable at the beginning, or 0.
fn variable(text: &str) -> usize {
    let closed = |close: &str| text.find(close).map_or(0, |at| at + close.len());
    if text.starts_with("${") {
        closed("}")
    } else if text.starts_with("[[") {
        closed("]]")
    } else if text.starts_with("{{") {
        closed("}}")
    } else if let Some(name) = text.strip_prefix('$') {
        let name = name
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        1 + name.count()
    } else {
        0
    }
}

/// Whether a text has these pieces in this order.
pub(crate) fn follows(text: &str, pieces: &[String]) -> bool {
    let mut rest = text;
    pieces.iter().all(|piece| match rest.find(piece.as_str()) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

const UNDOINGS: [fn(&str) -> String; 8] = [
    unescaped,
    doubled_quotes,
    doubled_marks,
    percent_decoded,
    entities,
    markdown_escapes,
    joined_literals,
    lower_case,
];

/// The character of a code in hexadecimal digits, with the second half of a surrogate pair that may follow; and how
/// many characters were taken.
fn coded(rest: &str, digits: usize) -> Option<(char, usize)> {
    let unit = |rest: &str| u32::from_str_radix(rest.get(..digits)?, 16).ok();
    let first = unit(rest)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, digits));
    }
    let second = unit(rest.get(digits..)?.strip_prefix("\\u")?)?;
    let code = 0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
    Some((char::from_u32(code)?, 2 * digits + 2))
}

/// Escapes with a backslash, of JSON, YAML, PromQL, Python and Go. An unknown one is left as it is.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        let Some(kind) = characters.next() else {
            out.push('\\');
            break;
        };
        let digits = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if digits > 0 {
            match coded(characters.as_str(), digits) {
                Some((character, length)) => {
                    out.push(character);
                    characters.nth(length - 1);
                }
                None => out.extend(['\\', kind]),
            }
            continue;
        }
        match kind {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '"' | '\'' | '\\' | '/' | '`' => out.push(kind),
            // A line that goes on.
            '\n' | '\r' => {}
            _ => out.extend(['\\', kind]),
        }
    }
    out
}

/// `''` of YAML.
fn doubled_quotes(text: &str) -> String {
    text.replace("''", "'")
}

/// `{{` and `%%` of format strings.
fn doubled_marks(text: &str) -> String {
    text.replace("{{", "{").replace("}}", "}").replace("%%", "%")
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        let code = bytes
            .get(index + 1..index + 3)
            .and_then(|code| std::str::from_utf8(code).ok())
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        match (byte, code) {
            (b'%', Some(code)) => {
                out.push(code);
                index += 3;
            }
            (b'+', _) => {
                out.push(b' ');
                index += 1;
            }
            _ => {
                out.push(*byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn entities(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&amp;", "&")
}

/// `\|` in tables, `\_` in prose.
fn markdown_escapes(text: &str) -> String {
    text.replace("\\|", "|").replace("\\_", "_").replace("\\*", "*")
}

/// Literals that stand beside each other or are joined by a sign are one text.
fn joined_literals(text: &str) -> String {
    let mut out = String::new();
    let mut pieces = text.split(['"', '\'']);
    if let Some(first) = pieces.next() {
        out.push_str(first);
    }
    for piece in pieces {
        let is_between = piece
            .chars()
            .all(|character| character.is_whitespace() || matches!(character, '+' | '\\' | 'f' | 'r'));
        if !is_between {
            out.push_str(piece);
        }
    }
    out
}

/// Functions are named in lower case.
fn lower_case(text: &str) -> String {
    text.to_lowercase()
}

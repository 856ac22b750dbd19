//! Regular expressions of Prometheus: RE2's syntax, anchored at both ends.
//!
//! Owns the translation to the `regex` crate, whose syntax is near but not the same: RE2 takes a stray `{` for itself,
//! has `\Q…\E`, knows no sets in sets, and its `\d`, `\w`, `\s`, `\b` are those of ASCII. What the real matcher answers
//! is recorded in `testdata/promql/patterns.json`.

use regex::{Regex, RegexBuilder};

/// Compiled patterns may not be larger: a query may hold any number of them.
const MAX_COMPILED_BYTES: usize = 4 << 20;

/// RE2 refuses more repetitions than these.
const MAX_REPETITIONS: u64 = 1000;

/// The expression of a matcher (`=~`), as Prometheus compiles it; `None` where it is none, or too large.
pub fn anchored(pattern: &str) -> Option<Regex> {
    if repeats_too_often(pattern) {
        return None;
    }
    RegexBuilder::new(&format!("^(?s:{})$", translated(pattern)))
        .octal(true)
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .ok()
}

/// Whether it asks for more repetitions than RE2 takes.
fn repeats_too_often(pattern: &str) -> bool {
    pattern.match_indices('{').any(|(at, _)| {
        let rest = &pattern[at..];
        let counts = rest[1..].split('}').next().unwrap_or_default();
        is_repetition(rest)
            && counts.split(',').any(|count| {
                !count.is_empty() && count.parse().is_ok_and(|count: u64| count > MAX_REPETITIONS)
            })
    })
}

/// The same expression without the anchors, in the syntax of the `regex` crate.
pub(crate) fn unanchored(pattern: &str) -> String {
    format!("(?s:{})", translated(pattern))
}

/// The same expression in the syntax of the `regex` crate.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\\' => escape(rest, Place::Outside, &mut out),
            '[' => class(rest, &mut out),
            '{' if !is_repetition(rest) => {
                out.push_str("\\{");
                1
            }
            // A closing brace is one; those of repetitions were taken with the opening one.
            '{' => {
                let length = rest.find('}').map_or(1, |at| at + 1);
                out.push_str(&rest[..length]);
                length
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    out
}

/// Where an escape stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Class,
}

/// `{3}`, `{3,}`, `{3,5}`; RE2 takes any other brace for itself.
fn is_repetition(rest: &str) -> bool {
    let Some((inner, _)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match inner.split_once(',') {
        None => is_number(inner),
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
    }
}

/// Writes the escape at the beginning of `rest`; how many bytes it has.
fn escape(rest: &str, place: Place, out: &mut String) -> usize {
    let Some(kind) = rest[1..].chars().next() else {
        out.push('\\');
        return 1;
    };
    if kind == 'Q' && place == Place::Outside {
        let inner = &rest[2..];
        let length = inner.find("\\E").unwrap_or(inner.len());
        out.push_str(&regex::escape(&inner[..length]));
        return (2 + length + 2).min(rest.len());
    }
    let in_class = place == Place::Class;
    match kind {
        'd' => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
        'w' => out.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
        's' => out.push_str(if in_class {
            "\\t\\n\\f\\r "
        } else {
            "[\\t\\n\\f\\r ]"
        }),
        'D' => out.push_str("[^0-9]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'S' => out.push_str("[^\\t\\n\\f\\r ]"),
        'b' if !in_class => out.push_str("(?-u:\\b)"),
        // Borders of words for the `regex` crate, themselves for RE2.
        '<' | '>' => out.push(kind),
        'p' | 'P' | 'x' if rest[2..].starts_with('{') => {
            let length = rest.find('}').map_or(rest.len(), |at| at + 1);
            out.push_str(&rest[..length]);
            return length;
        }
        _ => {
            out.push('\\');
            out.push(kind);
        }
    }
    1 + kind.len_utf8()
}

/// Writes the class at the beginning of `rest`; how many bytes it has.
fn class(rest: &str, out: &mut String) -> usize {
    out.push('[');
    let mut index = 1;
    if rest[index..].starts_with('^') {
        out.push('^');
        index += 1;
    }
    // A bracket in the first place is itself.
    if rest[index..].starts_with(']') {
        out.push_str("\\]");
        index += 1;
    }
    while let Some(first) = rest[index..].chars().next() {
        match first {
            ']' => {
                out.push(']');
                return index + 1;
            }
            '\\' => index += escape(&rest[index..], Place::Class, out),
            '[' => {
                let named = rest[index..]
                    .strip_prefix("[:")
                    .and_then(|inner| inner.find(":]"));
                match named {
                    Some(length) => {
                        out.push_str(&rest[index..index + length + 4]);
                        index += length + 4;
                    }
                    None => {
                        out.push_str("\\[");
                        index += 1;
                    }
                }
            }
            // `&&`, `~~` and `--` are operators of sets for the `regex` crate.
            '&' | '~' => {
                out.push('\\');
                out.push(first);
                index += 1;
            }
            '-' if rest[index..].starts_with("--") => {
                out.push_str("\\-");
                index += 1;
            }
            other => {
                out.push(other);
                index += other.len_utf8();
            }
        }
    }
    index
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const RECORDED: &str = include_str!("../../../testdata/promql/patterns.json");

    #[test]
    fn prometheus_agrees_on_every_pattern_and_text() {
        let recorded: BTreeMap<String, BTreeMap<String, bool>> =
            serde_json::from_str(RECORDED).expect("the recorded answers are JSON");
        let mut wrong = Vec::new();
        let mut compared = 0;
        for (pattern, texts) in &recorded {
            let regex = anchored(pattern);
            for (text, expected) in texts {
                compared += 1;
                let found = regex.as_ref().map(|regex| regex.is_match(text));
                if found != Some(*expected) {
                    wrong.push(format!(
                        "{pattern:?} and {text:?}: {found:?} instead of {expected}"
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(compared > 1000, "{compared} answers were compared");
    }

    #[test]
    fn what_would_be_too_large_is_none() {
        assert!(anchored("(((\\pL{500}){500}){500})").is_none());
        assert!(anchored("(").is_none());
    }
}

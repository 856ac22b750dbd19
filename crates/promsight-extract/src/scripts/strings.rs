//! Strings of languages that are not parsed which are queries: Go, JavaScript, TypeScript, Ruby, PowerShell and their like.
//!
//! Reads a source as strings, comments and the rest. A string is a query where it is PromQL by its own form, or where a
//! variable, key or function named after queries takes it; the file was already found to talk to Prometheus.

use std::ops::Range;

use promsight_model::{ConsumerKind, Embedded, Facts, OffsetMap, SourceFile};

use super::python::{hole_text, is_address, is_bare, names_a_query, sends_a_query};
use super::urls;
use crate::documents::looker::{Looker, Trust};

/// How deep strings may stand in the holes of strings.
const MAX_NESTING: usize = 4;

/// How far before a string its variable, key or function is looked for, in bytes.
const MAX_LOOK_BACK: usize = 120;

/// What the strings of a source look at.
pub(super) fn read(file: &SourceFile, facts: &mut Facts) {
    let source = Embedded::whole(file.id, &file.text);
    let mut literals = Vec::new();
    let syntax = Syntax::of_path(&file.path);
    scan(&file.text, 0..file.text.len(), syntax, 0, &mut literals);
    literals.sort_by_key(|literal| literal.inner.start);
    for literal in literals {
        let text = decode(&source, &literal);
        let mut looker = Looker::new(
            facts,
            ConsumerKind::Script,
            "",
            source.span(literal.inner.clone()),
        );
        if is_address(&text.text) {
            for target in urls::read(&text) {
                looker.target(&target);
            }
            continue;
        }
        let taken = taken_by(&file.text[..literal.inner.start]);
        let trust = if taken && !is_bare(&text.text) {
            Trust::Sent
        } else {
            Trust::Shown
        };
        looker.query(&text, trust);
    }
}

/// What the languages differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    /// `//` comments, `'` around characters, raw strings in backticks.
    Go,
    /// `//` comments, templates in backticks with `${…}`.
    Script,
    /// `#` comments, `#{…}` in double quotes.
    Ruby,
    /// `#` comments, backticks escape.
    Shell,
    /// `//` comments, no backticks.
    Other,
}

impl Syntax {
    fn of_path(path: &str) -> Self {
        match path.rsplit('.').next().unwrap_or_default() {
            "go" => Self::Go,
            "js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx" => Self::Script,
            "rb" => Self::Ruby,
            "ps1" | "psm1" | "pl" => Self::Shell,
            _ => Self::Other,
        }
    }

    fn comment(self) -> &'static str {
        match self {
            Self::Ruby | Self::Shell => "#",
            Self::Go | Self::Script | Self::Other => "//",
        }
    }
}

/// A string: what stands between its quotes, the holes in that.
struct Literal {
    inner: Range<usize>,
    holes: Vec<Range<usize>>,
    raw: bool,
}

fn scan(text: &str, range: Range<usize>, syntax: Syntax, depth: usize, literals: &mut Vec<Literal>) {
    let bytes = text.as_bytes();
    let mut at = range.start;
    while at < range.end {
        if bytes[at..range.end].starts_with(syntax.comment().as_bytes()) {
            at = memchr::memchr(b'\n', &bytes[at..range.end]).map_or(range.end, |end| at + end);
            continue;
        }
        if bytes[at..range.end].starts_with(b"/*") && syntax.comment() == "//" {
            at = memchr::memmem::find(&bytes[at..range.end], b"*/").map_or(range.end, |end| at + end + 2);
            continue;
        }
        let quote = bytes[at];
        let opens = match quote {
            b'"' => true,
            b'\'' => matches!(syntax, Syntax::Script | Syntax::Ruby | Syntax::Shell),
            b'`' => matches!(syntax, Syntax::Go | Syntax::Script),
            _ => false,
        };
        if !opens {
            at += 1;
            continue;
        }
        let Some(literal) = literal(text, at, range.end, syntax) else {
            at += 1;
            continue;
        };
        at = literal.inner.end + 1;
        if depth < MAX_NESTING {
            for hole in &literal.holes {
                scan(text, hole.clone(), syntax, depth + 1, literals);
            }
        }
        literals.push(literal);
    }
}

/// The string that a quote opens; `None` where it is not closed, on its line for quotes that end there.
fn literal(text: &str, open: usize, end: usize, syntax: Syntax) -> Option<Literal> {
    let bytes = text.as_bytes();
    let quote = bytes[open];
    let raw = quote == b'`' && syntax == Syntax::Go;
    let several_lines = quote == b'`' || matches!(syntax, Syntax::Ruby | Syntax::Shell);
    let hole_mark = match (syntax, quote) {
        (Syntax::Script, b'`') => Some(b'$'),
        (Syntax::Ruby, b'"') => Some(b'#'),
        _ => None,
    };
    let mut holes = Vec::new();
    let mut at = open + 1;
    while at < end {
        let byte = bytes[at];
        if byte == quote {
            return Some(Literal {
                inner: open + 1..at,
                holes,
                raw,
            });
        }
        if byte == b'\n' && !several_lines {
            return None;
        }
        if byte == b'\\' && !raw {
            at += 2;
            continue;
        }
        if Some(byte) == hole_mark && bytes.get(at + 1) == Some(&b'{') {
            let close = closing_brace(bytes, at + 2, end)?;
            holes.push(at + 2..close);
            at = close + 1;
            continue;
        }
        at += 1;
    }
    None
}

/// The brace that closes a hole: strings in it may hold braces, but hardly ever single ones.
fn closing_brace(bytes: &[u8], from: usize, end: usize) -> Option<usize> {
    const MAX_HOLE: usize = 2_000;
    let mut depth = 0usize;
    for (offset, byte) in bytes[from..end].iter().take(MAX_HOLE).enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(from + offset),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The text that a string stands for, with holes for values.
fn decode(source: &Embedded, literal: &Literal) -> Embedded {
    let text = source.text.get(literal.inner.clone()).unwrap_or_default();
    let mut decoded = String::with_capacity(text.len());
    let mut map = OffsetMap::at(literal.inner.start);
    let mut holes = literal.holes.iter().peekable();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let here = literal.inner.start + at;
        if let Some(hole) = holes.peek()
            && hole.start == here + 2
        {
            let name = source.text.get((*hole).clone()).unwrap_or_default();
            let hole_text = hole_text(name.trim());
            let length = hole.len() + 3;
            map.push_replaced(hole_text.len(), here..here + length);
            decoded.push_str(&hole_text);
            at += length;
            holes.next();
            continue;
        }
        let mut length = character.len_utf8();
        let escaped = (character == '\\' && !literal.raw)
            .then(|| text[at + 1..].chars().next())
            .flatten();
        match escaped {
            Some(escaped) => {
                length += escaped.len_utf8();
                let stands_for = match escaped {
                    'n' | 'r' | 't' => ' ',
                    other => other,
                };
                // In single quotes Ruby and PowerShell know no escapes but of the quote itself; in a query the others
                // hardly stand.
                map.push_replaced(stands_for.len_utf8(), here..here + length);
                decoded.push(stands_for);
            }
            None => {
                map.push_verbatim(here, length);
                decoded.push(character);
            }
        }
        at += length;
    }
    source.nested(decoded, map)
}

/// Whether what stands before a string hands it to a query: `query: "`, `query := "`, `api.Query(ctx, "`.
fn taken_by(before: &str) -> bool {
    let mut first = before.len().saturating_sub(MAX_LOOK_BACK);
    while !before.is_char_boundary(first) {
        first += 1;
    }
    let before = &before[first..before.len().saturating_sub(1)];
    let statement = before.rfind(['\n', ';']).map_or(before, |end| {
        // An argument may stand on a line of its own below the call.
        let line = &before[end + 1..];
        if line.trim().is_empty() { before } else { line }
    });
    let trimmed = statement.trim_end();
    if let Some(assigned) = trimmed.strip_suffix(['=', ':']) {
        let assigned = assigned.trim_end_matches([':', '=', '+', ' ']);
        return last_word(assigned).is_some_and(names_a_query);
    }
    let call = trimmed.rfind('(').filter(|open| {
        let arguments = &trimmed[open + 1..];
        !arguments.contains([')', '"', '{']) && (arguments.is_empty() || arguments.trim_end().ends_with(','))
    });
    call.is_some_and(|open| last_word(&trimmed[..open]).is_some_and(sends_a_query))
}

fn last_word(text: &str) -> Option<&str> {
    let text = text.trim_end_matches(['"', '\'', ' ', '?', '!', ']']);
    let start = text
        .rfind(|one: char| !(one.is_alphanumeric() || one == '_'))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let word = &text[start..];
    (!word.is_empty()).then_some(word)
}

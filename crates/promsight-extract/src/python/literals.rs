//! String literals: what they say, and where each byte of it stands.
//!
//! The text is decoded from the bytes between the quotes by the rules of Python 3.14's lexical analysis (section
//! "String and bytes literals"), not from the parser's pieces, so that every decoded byte has its place.

use std::ops::Range;

use promsight_model::OffsetMap;
use promsight_model::python::{Call, Expr, ExprKind, JoinedPart};
use tree_sitter::Node;

use super::kinds::{Field, Kind};
use super::lowering::{Child, Lowering, in_field, of_kind};

/// What the letters in front of the quotes mean.
#[derive(Clone, Copy, Debug, Default)]
struct Prefix {
    raw: bool,
    /// Replacement fields, and doubled braces that stand for one.
    interpolated: bool,
    /// Bytes.
    bytes: bool,
    /// Not a `str`: a template string (PEP 750), or Python 2's backticks.
    other_type: bool,
}

impl Prefix {
    fn of(start: &str) -> Self {
        let mut prefix = Self::default();
        for letter in start.bytes() {
            match letter.to_ascii_lowercase() {
                b'r' => prefix.raw = true,
                b'f' => prefix.interpolated = true,
                b't' => (prefix.interpolated, prefix.other_type) = (true, true),
                b'b' => prefix.bytes = true,
                b'`' => prefix.other_type = true,
                _ => {}
            }
        }
        prefix
    }
}

/// Whether a literal holds lines of the text exposition format, which is written as bytes as often as as text.
fn is_exposition(source: &str) -> bool {
    source.contains("# TYPE") || source.contains("# HELP")
}

/// A run of decoded text, or a character that is known to no one without Unicode's table of names.
enum Piece {
    Text(String, OffsetMap),
    NamedCharacter(Range<usize>),
}

impl<'tree> Lowering<'tree, '_> {
    /// A single literal: [`ExprKind::Str`], or [`ExprKind::Joined`] where something is filled in.
    pub(super) fn string(&mut self, node: Node<'tree>) -> ExprKind {
        let mut parts = Vec::new();
        let Some(plain) = self.string_parts(node, &mut parts) else {
            return ExprKind::Unknown;
        };
        if plain && parts.len() == 1 && matches!(parts.first(), Some(JoinedPart::Text(_))) {
            match parts.pop() {
                Some(JoinedPart::Text(text)) => return ExprKind::Str(Box::new(text)),
                _ => return ExprKind::Unknown,
            }
        }
        parts.retain(|part| !matches!(part, JoinedPart::Text(text) if text.text.is_empty()));
        ExprKind::Joined(parts)
    }

    /// Literals that stand next to each other.
    pub(super) fn concatenated_string(&mut self, node: Node<'tree>) -> ExprKind {
        let mut parts = Vec::new();
        for child in self.named_children(node) {
            if child.kind != Kind::String || self.string_parts(child.node, &mut parts).is_none() {
                return ExprKind::Unknown;
            }
        }
        parts.retain(|part| !matches!(part, JoinedPart::Text(text) if text.text.is_empty()));
        ExprKind::Joined(parts)
    }

    /// Appends what a literal consists of, and says whether it is a plain one (no f-string); `None` where it is no
    /// text or is broken.
    fn string_parts(&mut self, node: Node<'tree>, parts: &mut Vec<JoinedPart>) -> Option<bool> {
        let children = self.children(node);
        let start = of_kind(&children, Kind::StringStart)?;
        let end = of_kind(&children, Kind::StringEnd).filter(|end| !end.is_missing())?;
        if children.iter().any(|child| child.kind == Kind::Error) {
            return None;
        }
        // Where the parser recovers from broken text it may take the quote of one literal for the end of another.
        let quotes = self.source(start).trim_start_matches(char::is_alphabetic);
        if quotes != self.source(end) {
            return None;
        }
        let prefix = Prefix::of(self.source(start));
        if prefix.other_type || (prefix.bytes && !is_exposition(self.source(node))) {
            return None;
        }
        let mut at = start.end_byte();
        for child in &children {
            if child.kind == Kind::Interpolation {
                self.literal_text(at..child.node.start_byte(), prefix, parts);
                self.interpolation(*child, parts);
                at = child.node.end_byte();
            }
        }
        self.literal_text(at..end.start_byte(), prefix, parts);
        Some(!prefix.interpolated)
    }

    fn literal_text(&self, range: Range<usize>, prefix: Prefix, parts: &mut Vec<JoinedPart>) {
        for piece in decode(self.text, range, prefix) {
            parts.push(match piece {
                Piece::Text(text, map) => JoinedPart::Text(self.decoded(text, map)),
                Piece::NamedCharacter(range) => {
                    let value = Expr {
                        span: self.place(range),
                        kind: ExprKind::Unknown,
                    };
                    JoinedPart::Value {
                        value,
                        formatted: false,
                    }
                }
            });
        }
    }

    /// `{value!conversion:format}`, and `{value=}`, which writes its own source first.
    fn interpolation(&mut self, field: Child<'tree>, parts: &mut Vec<JoinedPart>) {
        let children = self.children(field.node);
        let conversion = of_kind(&children, Kind::TypeConversion);
        let format = of_kind(&children, Kind::FormatSpecifier);
        let equals = children
            .iter()
            .find(|child| child.kind == Kind::Token && self.source(child.node) == "=")
            .map(|child| child.node);
        if let Some(equals) = equals {
            let start = field.node.start_byte() + 1;
            let spaces = self
                .text
                .get(equals.end_byte()..field.node.end_byte())
                .unwrap_or_default();
            let spaces = spaces.len() - spaces.trim_start().len();
            let range = start..equals.end_byte() + spaces;
            if let Some(text) = self.text.get(range.clone()) {
                let map = OffsetMap::verbatim(start, text.len());
                parts.push(JoinedPart::Text(self.decoded(text.to_owned(), map)));
            }
        }
        let has_format = format.is_some_and(|format| self.source(format).len() > 1);
        let as_text = conversion.is_some_and(|conversion| self.source(conversion) == "!s");
        // `{x=}` without a format shows `repr(x)`.
        let formatted = has_format || (!as_text && (conversion.is_some() || equals.is_some()));
        let value = match in_field(&children, Field::Expression) {
            Some(value) => self.expression(value),
            None => Expr {
                span: self.span(field.node),
                kind: ExprKind::Unknown,
            },
        };
        // `{value:specification}` is `format(value, "specification")`.
        let plain_format = format
            .map(|format| format.byte_range())
            .filter(|_| conversion.is_none() && equals.is_none())
            .map(|range| range.start + 1..range.end)
            .filter(|range| !range.is_empty())
            .and_then(|range| self.text.get(range.clone()).map(|text| (range, text)))
            .filter(|(_, text)| !text.contains(['{', '\\', '\n', '\r']));
        parts.push(match plain_format {
            Some((range, text)) => {
                let map = OffsetMap::verbatim(range.start, text.len());
                let specification = self.decoded(text.to_owned(), map);
                let span = self.place(range);
                let func = ExprKind::Name("format".to_owned());
                let call = Call {
                    func: Expr { span, kind: func },
                    args: vec![
                        value,
                        Expr {
                            span,
                            kind: ExprKind::Str(Box::new(specification)),
                        },
                    ],
                    keywords: Vec::new(),
                };
                JoinedPart::Value {
                    value: Expr {
                        span: self.span(field.node),
                        kind: ExprKind::Call(Box::new(call)),
                    },
                    formatted: false,
                }
            }
            None => JoinedPart::Value { value, formatted },
        });
    }
}

/// Decodes the source between two offsets. One text in all but literals that name characters (`\N{…}`).
fn decode(source: &str, range: Range<usize>, prefix: Prefix) -> Vec<Piece> {
    let bytes = source.as_bytes();
    let end = range.end.min(bytes.len());
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut map = OffsetMap::at(range.start);
    let mut at = range.start;
    while at < end {
        let rest = &bytes[at..end];
        let ordinary = rest
            .iter()
            .position(|byte| matches!(byte, b'\\' | b'\r' | b'{' | b'}'));
        let ordinary = ordinary.unwrap_or(rest.len());
        if ordinary > 0 {
            text.push_str(source.get(at..at + ordinary).unwrap_or_default());
            map.push_verbatim(at, ordinary);
            at += ordinary;
            continue;
        }
        match special(rest, prefix) {
            Special::Itself(length) => {
                text.push_str(source.get(at..at + length).unwrap_or_default());
                map.push_verbatim(at, length);
                at += length;
            }
            Special::Replaced(character, length) => {
                text.push(character);
                map.push_replaced(character.len_utf8(), at..at + length);
                at += length;
            }
            Special::Skipped(length) => at += length,
            Special::NamedCharacter(length) => {
                pieces.push(Piece::Text(std::mem::take(&mut text), std::mem::take(&mut map)));
                pieces.push(Piece::NamedCharacter(at..at + length));
                at += length;
                map = OffsetMap::at(at);
            }
        }
    }
    pieces.push(Piece::Text(text, map));
    pieces
}

/// What stands at a byte that is not simply itself, and how many bytes of source that takes.
enum Special {
    Itself(usize),
    Replaced(char, usize),
    Skipped(usize),
    NamedCharacter(usize),
}

fn special(rest: &[u8], prefix: Prefix) -> Special {
    let second = rest.get(1).copied();
    match rest[0] {
        // Python reads its source with universal newlines, also inside of literals.
        b'\r' if second == Some(b'\n') => Special::Replaced('\n', 2),
        b'\r' => Special::Replaced('\n', 1),
        brace @ (b'{' | b'}') if prefix.interpolated && second == Some(brace) => {
            Special::Replaced(char::from(brace), 2)
        }
        b'\\' if !prefix.raw => escape(rest),
        _ => Special::Itself(1),
    }
}

/// An escape sequence. One that Python does not know stands for itself, backslash included.
fn escape(rest: &[u8]) -> Special {
    let Some(letter) = rest.get(1).copied() else {
        return Special::Itself(1);
    };
    let simple = |character: char| Special::Replaced(character, 2);
    match letter {
        b'\n' => Special::Skipped(2),
        b'\r' if rest.get(2) == Some(&b'\n') => Special::Skipped(3),
        b'\r' => Special::Skipped(2),
        b'\\' | b'\'' | b'"' => simple(char::from(letter)),
        b'a' => simple('\u{7}'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{c}'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'v' => simple('\u{b}'),
        b'0'..=b'7' => {
            let digits = rest[1..]
                .iter()
                .take(3)
                .take_while(|byte| matches!(byte, b'0'..=b'7'))
                .count();
            number(&rest[1..=digits], 8, digits + 1)
        }
        b'x' => fixed_width(rest, 2),
        b'u' => fixed_width(rest, 4),
        b'U' => fixed_width(rest, 8),
        b'N' => match rest.iter().position(|byte| *byte == b'}') {
            Some(close) if rest.get(2) == Some(&b'{') => Special::NamedCharacter(close + 1),
            _ => Special::Itself(1),
        },
        _ => Special::Itself(1),
    }
}

fn fixed_width(rest: &[u8], width: usize) -> Special {
    match rest.get(2..2 + width) {
        Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => number(digits, 16, width + 2),
        _ => Special::Itself(1),
    }
}

/// The character of that number. Half a surrogate pair is a character to Python and none to Rust.
fn number(digits: &[u8], radix: u32, length: usize) -> Special {
    let value = digits
        .iter()
        .filter_map(|digit| char::from(*digit).to_digit(radix))
        .fold(0_u32, |value, digit| {
            value.saturating_mul(radix).saturating_add(digit)
        });
    Special::Replaced(
        char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER),
        length,
    )
}

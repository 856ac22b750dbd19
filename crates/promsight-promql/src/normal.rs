//! A query written anew for `promql-parser`: the same meaning, in the plainest form that has it.
//!
//! Every selector becomes `{"__name__"="…", "label"="…"}`, every string a quoted one, every number a decimal, every
//! duration whole seconds and milliseconds; comments and commas at the end of a list are left out; a template hole
//! becomes what the grammar took it for. Gives up, rather than guess, where a hole or a construct has no such form.

use std::collections::BTreeMap;

use promql_parser::util::escape_string;

use crate::parser::Parsed;
use crate::token::{Keyword, Kind, Sign, Token};
use crate::{MatchOp, NamePart, Selector, SelectorName};

/// What the grammar took a template hole for that is no part of a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A number.
    Number,
    /// A string.
    Text,
    /// A range vector.
    Range,
    /// A label in a list of labels.
    Label,
    /// Any expression: selectors may hide in it.
    Expression,
}

/// What stands as a selector in the new text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Vector {
    /// A selector of the query, with the value of its first matcher of `__name__`.
    Selector(Option<String>),
    /// A hole for an expression.
    Hole,
}

/// The query, written anew.
#[derive(Debug)]
pub(crate) struct Normal {
    /// Its text.
    pub(crate) text: String,
    /// What its selectors are, from left to right.
    pub(crate) vectors: Vec<Vector>,
}

/// Longer queries are not written: `promql-parser` 0.11 takes quadratic time for a chain of operators (7.8 s for
/// 30,000), and its tree is dropped by recursion (30,000 nested calls overflow a stack of 2 MB).
const MAX_LENGTH: usize = 64 * 1024;
const MAX_NESTING: usize = 100;
const MAX_OPERATORS: usize = 2_000;
/// `promql-parser` compiles every pattern, and what repeats in it as often as it repeats: 110 times `\w{99}` take ten
/// seconds in a debug build. So long may all patterns of a query be together, in bytes with repetitions written out.
const MAX_PATTERNS: usize = 4 * 1024;

/// What stands for the text of a hole.
const HOLE: &str = "hole";

/// Writes a query that follows the grammar; `None` where it has no form that `promql-parser` could read.
pub(crate) fn write(text: &str, tokens: &[Token], parsed: &Parsed) -> Option<Normal> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let mut writer = Writer {
        text,
        holes: &parsed.holes,
        place: Place::Expression,
        nesting: 0,
        operators: 0,
        patterns: 0,
        normal: Normal {
            text: String::with_capacity(text.len()),
            vectors: Vec::new(),
        },
    };
    let mut selectors = parsed.selectors.iter().peekable();
    let mut behind_selector = 0;
    for (index, token) in tokens.iter().enumerate() {
        if token.range.start < behind_selector {
            continue;
        }
        let next = tokens.get(index + 1).map(|next| &next.kind);
        if let Some(selector) = selectors.next_if(|next| next.range.start == token.range.start) {
            behind_selector = selector.range.end;
            writer.selector(selector, next)?;
            continue;
        }
        if token.kind == Kind::Comma && next == Some(&Kind::RightParen) {
            continue;
        }
        writer.token(index, token, next)?;
    }
    Some(writer.normal)
}

/// Where in a query a number, a duration or a hole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Expression,
    Brackets,
    Offset,
    At,
}

struct Writer<'query> {
    text: &'query str,
    holes: &'query BTreeMap<usize, Taken>,
    place: Place,
    nesting: usize,
    operators: usize,
    patterns: usize,
    normal: Normal,
}

impl Writer<'_> {
    fn push(&mut self, piece: &str) {
        self.normal.text.push_str(piece);
        self.normal.text.push(' ');
    }

    fn token(&mut self, index: usize, token: &Token, next: Option<&Kind>) -> Option<()> {
        let word = &self.text[token.range.clone()];
        let place = self.place;
        // In a list of labels `offset` is one.
        let is_listed = matches!(next, Some(Kind::Comma | Kind::RightParen));
        self.count(&token.kind)?;
        self.place = match (&token.kind, place) {
            (Kind::LeftBracket, _) => Place::Brackets,
            (Kind::RightBracket, _) => Place::Expression,
            (_, Place::Brackets) => Place::Brackets,
            (Kind::Keyword(Keyword::Offset), _) if !is_listed => Place::Offset,
            (Kind::At, _) => Place::At,
            (Kind::Sign(_), place) => place,
            _ => Place::Expression,
        };
        match (&token.kind, place) {
            (Kind::End, _) => {}
            (Kind::Number(seconds) | Kind::Duration(seconds), Place::Brackets | Place::Offset) => {
                self.push(&duration(*seconds)?);
            }
            (Kind::Template(_), Place::Brackets | Place::Offset) => self.push("1m"),
            (Kind::Template(_), Place::At) => self.push("1"),
            (Kind::Template(_), Place::Expression) => self.hole(index, *self.holes.get(&index)?),
            (Kind::LeftBracket | Kind::RightBracket | Kind::Colon, _) => self.push(word),
            (Kind::Sign(_), Place::Offset) => self.push(word),
            // Computed durations came with Prometheus 3.4.
            (_, Place::Brackets | Place::Offset) => return None,
            (Kind::Number(value) | Kind::Duration(value), _) => self.push(&value.to_string()),
            (Kind::Text(text), _) if text.has_holes() => self.push(&quoted(HOLE)?),
            (Kind::Text(text), _) if text.is_utf8 => self.push(&quoted(&text.value)?),
            (Kind::Text(_) | Kind::Bad(_), _) => return None,
            (Kind::Keyword(_), _) => self.push(&word.to_ascii_lowercase()),
            // `%%` where the query is a format string.
            (Kind::Sign(Sign::Modulo), _) => self.push("%"),
            _ => self.push(word),
        }
        Some(())
    }

    fn count(&mut self, kind: &Kind) -> Option<()> {
        match kind {
            Kind::LeftParen => self.nesting += 1,
            Kind::RightParen => self.nesting = self.nesting.saturating_sub(1),
            // A subquery nests what stands before it, as an operator does.
            Kind::Sign(_)
            | Kind::NotEqual
            | Kind::LeftBracket
            | Kind::Keyword(Keyword::And | Keyword::Or | Keyword::Unless | Keyword::Atan2) => {
                self.operators += 1;
            }
            _ => {}
        }
        (self.nesting <= MAX_NESTING && self.operators <= MAX_OPERATORS).then_some(())
    }

    fn hole(&mut self, index: usize, taken: Taken) {
        match taken {
            Taken::Number => self.push("1"),
            Taken::Text => self.push("\"hole\""),
            // A label cannot stand both in `on` and in `group_left`.
            Taken::Label => self.push(&format!("{HOLE}{index}")),
            Taken::Expression | Taken::Range => {
                self.normal.vectors.push(Vector::Hole);
                self.push(HOLE);
                if taken == Taken::Range {
                    self.push("[1m]");
                }
            }
        }
    }

    fn selector(&mut self, selector: &Selector, next: Option<&Kind>) -> Option<()> {
        let mut matchers: Vec<(&str, MatchOp, String)> = Vec::new();
        match &selector.name {
            SelectorName::Exact(name) => matchers.push(("__name__", MatchOp::Equal, name.clone())),
            SelectorName::Templated(parts) => matchers.push(("__name__", MatchOp::Equal, filled(parts))),
            SelectorName::Regex(pattern) => matchers.push(("__name__", MatchOp::Regex, pattern.clone())),
            // Its matchers stand in a hole; braces with nothing between them stay what they are.
            SelectorName::Any if selector.matchers.is_empty() && next != Some(&Kind::RightBrace) => {
                matchers.push(("__name__", MatchOp::NotEqual, String::new()));
            }
            SelectorName::Any => {}
        }
        for matcher in &selector.matchers {
            let value = if matcher.value_has_holes {
                HOLE
            } else {
                matcher.value.as_str()
            };
            matchers.push((&matcher.label, matcher.op, value.to_owned()));
        }
        let mut pieces = Vec::new();
        for (label, op, value) in &matchers {
            if matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
                self.patterns = self.patterns.saturating_add(repeated_length(value));
            }
            let sign = match op {
                MatchOp::Equal => "=",
                MatchOp::NotEqual => "!=",
                MatchOp::Regex => "=~",
                MatchOp::NotRegex => "!~",
            };
            // A label in quotes is no keyword: `{or="x"}` would be one.
            pieces.push(format!("{}{sign}{}", quoted(label)?, quoted(value)?));
        }
        if self.patterns > MAX_PATTERNS {
            return None;
        }
        self.push(&format!("{{{}}}", pieces.join(",")));
        let name = matchers.into_iter().find(|(label, ..)| *label == "__name__");
        let vector = Vector::Selector(name.map(|(_, _, value)| value));
        self.normal.vectors.push(vector);
        Some(())
    }
}

fn filled(parts: &[NamePart]) -> String {
    let part = |part: &NamePart| match part {
        NamePart::Text(text) => text.clone(),
        NamePart::Hole(_) => HOLE.to_owned(),
    };
    parts.iter().map(part).collect()
}

/// A string in quotes; `None` where bytes that are no UTF-8 were replaced in it.
fn quoted(value: &str) -> Option<String> {
    let is_lossy = value.contains(char::REPLACEMENT_CHARACTER);
    (!is_lossy).then(|| format!("\"{}\"", escape_string(value)))
}

/// At least the length of a pattern with its counted repetitions (`{3}`, `{1,9}`) written out, as if each stood in
/// the one before.
fn repeated_length(pattern: &str) -> usize {
    let counts = pattern.split('{').skip(1).filter_map(|behind| {
        let inner = behind.split('}').next()?;
        inner
            .split(',')
            .filter_map(|count| count.parse::<usize>().ok())
            .max()
    });
    counts.fold(pattern.len(), |length, count| length.saturating_mul(count.max(1)))
}

/// A duration longer than none; `promql-parser` reads no other, and units of at most 32 bits.
fn duration(seconds: f64) -> Option<String> {
    let milliseconds = (seconds * 1000.0).round();
    if !(1.0..=f64::from(u32::MAX) * 1000.0).contains(&milliseconds) {
        return None;
    }
    let milliseconds = milliseconds as u64;
    Some(match (milliseconds / 1000, milliseconds % 1000) {
        (whole, 0) => format!("{whole}s"),
        (0, rest) => format!("{rest}ms"),
        (whole, rest) => format!("{whole}s{rest}ms"),
    })
}

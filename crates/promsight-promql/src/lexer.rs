//! Text → words. One pass, exact byte ranges, template holes recognised where they stand.
//!
//! Follows `promql/parser/lex.go` of Prometheus 3: words between braces are never keywords, words between brackets
//! are only `step`, `range`, `max_of` and `min_of`. Never fails: what cannot stand in PromQL becomes [`Kind::Bad`]
//! with a reason, and lexing goes on behind it, so that names after an error are still found.

use crate::hole::{self, HoleKind, Place};
use crate::literal::{self, Scanned, is_name_byte};
use crate::token::{Keyword, Kind, Sign, Template, Text, Token};
use crate::{Holes, NamePart};

/// A query in words.
#[derive(Debug)]
pub(crate) struct Lexed {
    /// The words; the last is [`Kind::End`].
    pub(crate) tokens: Vec<Token>,
    /// Whether a template hole was seen anywhere.
    pub(crate) has_holes: bool,
    /// Whether a control action was seen: what stands between such actions may be alternatives.
    pub(crate) has_control: bool,
}

/// Splits a query into words.
pub(crate) fn lex(text: &str, holes: Holes) -> Lexed {
    let mut lexer = Lexer {
        text,
        holes,
        position: 0,
        in_braces: false,
        in_brackets: false,
        doubled_braces: false,
        number_in_brackets: false,
        raw: None,
        lexed: Lexed {
            tokens: Vec::new(),
            has_holes: false,
            has_control: false,
        },
    };
    lexer.run();
    lexer.lexed
}

struct Lexer<'query> {
    text: &'query str,
    holes: Holes,
    position: usize,
    in_braces: bool,
    in_brackets: bool,
    /// The braces are `{{` and `}}`, as in the text of a Python format string.
    doubled_braces: bool,
    /// Comments are allowed between brackets only behind the first number (`lexDurationExpr` of Prometheus).
    number_in_brackets: bool,
    /// Where the raw string of an action that is being read ends, and where the action does.
    raw: Option<(usize, usize)>,
    lexed: Lexed,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.byte(0) {
            let before = self.position;
            if let Some((_, end)) = self.raw.take_if(|(at, _)| *at <= before) {
                self.position = end.max(before);
                continue;
            }
            self.step(byte);
            if self.position == before {
                self.unexpected_character("");
            }
        }
        self.push(Kind::End, self.text.len());
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.position + ahead).copied()
    }

    /// Ends the current token before `end`.
    fn push(&mut self, kind: Kind, end: usize) {
        self.lexed.tokens.push(Token {
            kind,
            range: self.position..end,
        });
        self.position = end;
    }

    fn bad(&mut self, message: impl Into<String>, end: usize) {
        self.push(Kind::Bad(message.into()), end);
    }

    fn step(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => self.position += 1,
            b'#' | b'<' | b'.' | 0xe2 if self.hole().is_some() => self.word(),
            b'#' if !self.in_brackets || self.number_in_brackets => {
                let rest = &self.text[self.position..];
                self.position += rest.find(['\n', '\r']).unwrap_or(rest.len());
            }
            b'{' if self.raw.is_none() && !self.in_braces && self.enters_raw_text() => {}
            b'$' | b'[' | b'{' | b'%' if self.hole().is_some() => self.word(),
            b'"' | b'\'' | b'`' => self.string(byte),
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_some_and(|next| next.is_ascii_digit()) => self.number(),
            b'.' if self.is_decimal_point(self.position, true) => self.word(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b':' if !self.in_braces && !self.in_brackets => self.word(),
            _ => self.sign(byte),
        }
    }

    /// Whether an action begins here that is a raw string; what stands in it is read.
    fn enters_raw_text(&mut self) -> bool {
        let Some((inner, end)) = hole::raw_text(self.text, self.position, self.holes) else {
            return false;
        };
        self.lexed.has_holes = true;
        self.position = inner.start;
        self.raw = Some((inner.end, end));
        true
    }

    fn place(&self) -> Place {
        if self.in_braces {
            return Place::Braces;
        }
        match self.lexed.tokens.last().map(|token| &token.kind) {
            None
            | Some(
                Kind::Sign(_)
                | Kind::LeftParen
                | Kind::LeftBracket
                | Kind::Comma
                | Kind::Colon
                | Kind::At
                | Kind::NotEqual
                | Kind::Equal,
            ) => Place::Operand,
            Some(_) => Place::Operator,
        }
    }

    fn hole(&self) -> Option<hole::Hole> {
        self.hole_at(self.position)
    }

    fn hole_at(&self, position: usize) -> Option<hole::Hole> {
        if self.is_doubled_brace(position) {
            return None;
        }
        hole::at(self.text, position, self.holes, self.place())
    }

    /// `name{{label="value"}}`: the escaped braces of a Python format string, not an action.
    fn is_doubled_brace(&self, position: usize) -> bool {
        let rest = &self.text[position..];
        let Some(inner) = rest.strip_prefix("{{") else {
            return false;
        };
        if !self.holes.formats || self.in_braces {
            return false;
        }
        let inner = inner.trim_start();
        let label = inner.bytes().take_while(|byte| is_name_byte(*byte)).count();
        let behind = inner[label..].trim_start();
        label > 0
            && ["=~", "!=", "!~", "="].iter().any(|operator| {
                behind
                    .strip_prefix(operator)
                    .is_some_and(|value| value.trim_start().starts_with(['"', '\'']))
            })
    }

    /// A name, a keyword, or a word with holes.
    fn word(&mut self) {
        let start = self.position;
        let numeric = self
            .byte(0)
            .is_some_and(|byte| byte.is_ascii_digit() || byte == b'.');
        let mut parts: Vec<NamePart> = Vec::new();
        let mut end = start;
        // Text behind a control action inside a word may or may not be rendered.
        let mut uncertain = false;
        let mut has_value = false;
        while let Some(byte) = self.text.as_bytes().get(end).copied() {
            let hole = match byte {
                b'$' | b'[' | b'{' | b'%' | b'#' => self.word_hole(end, end > start),
                b'<' | b'.' | 0xe2 if end == start || self.text[end..].starts_with("<<") => {
                    self.word_hole(end, end > start)
                }
                _ => None,
            };
            if let Some(hole) = hole {
                self.lexed.has_holes = true;
                if matches!(hole.kind, HoleKind::OpenBrace | HoleKind::CloseBrace) {
                    if end > start {
                        break;
                    }
                    self.in_braces = hole.kind == HoleKind::OpenBrace;
                    let kind = if self.in_braces {
                        Kind::LeftBrace
                    } else {
                        Kind::RightBrace
                    };
                    return self.push(kind, hole.end);
                }
                if hole.kind != HoleKind::Value {
                    self.lexed.has_control = true;
                    if end == start {
                        self.position = hole.end;
                        return;
                    }
                    let goes_on = self
                        .text
                        .as_bytes()
                        .get(hole.end)
                        .is_some_and(|next| is_name_byte(*next));
                    if hole.kind == HoleKind::Alternative || !goes_on {
                        break;
                    }
                    uncertain = true;
                    parts.push(NamePart::Hole(None));
                } else {
                    has_value = true;
                    parts.push(NamePart::Hole(hole.name));
                }
                end = hole.end;
                continue;
            }
            let in_word = is_name_byte(byte)
                || (byte == b':' && !self.in_braces && !self.in_brackets)
                || (byte == b'.' && self.is_decimal_point(end, numeric || has_value));
            if !in_word {
                break;
            }
            if !uncertain {
                match parts.last_mut() {
                    Some(NamePart::Text(text)) => text.push(char::from(byte)),
                    _ => parts.push(NamePart::Text(char::from(byte).to_string())),
                }
            }
            end += 1;
        }
        let word = &self.text[start..end];
        let kind = if has_value || uncertain {
            Kind::Template(Template { parts, numeric })
        } else if numeric {
            Kind::Bad(format!("`{word}` is neither a number nor a duration"))
        } else {
            self.plain_word(word, end)
        };
        self.push(kind, end);
    }

    /// The hole at `end` inside or at the beginning of a word.
    fn word_hole(&self, end: usize, inside: bool) -> Option<hole::Hole> {
        if self.is_doubled_brace(end) {
            return None;
        }
        let place = match self.place() {
            // Behind the first characters of a word an operator may follow it.
            Place::Operand if inside => Place::Operator,
            place => place,
        };
        hole::at(self.text, end, self.holes, place)
    }

    fn is_decimal_point(&self, at: usize, numeric: bool) -> bool {
        numeric
            && !self.in_braces
            && (self.text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit)
                || self.word_hole(at + 1, true).is_some())
    }

    fn plain_word(&mut self, word: &str, end: usize) -> Kind {
        if self.in_braces {
            return Kind::Name;
        }
        let lower = word.to_ascii_lowercase();
        let keyword = Keyword::of(&lower);
        if self.in_brackets {
            return match keyword {
                Some(keyword @ (Keyword::Step | Keyword::Range | Keyword::MaxOf | Keyword::MinOf)) => {
                    Kind::Keyword(keyword)
                }
                _ => Kind::Bad(format!("`{word}` is not a duration")),
            };
        }
        match keyword {
            // Words that became keywords late; they are only where a parenthesis follows.
            Some(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight)
                if !self.text[end..]
                    .trim_start_matches([' ', '\t', '\n', '\r'])
                    .starts_with('(') =>
            {
                Kind::Name
            }
            Some(keyword) => Kind::Keyword(keyword),
            None if lower == "inf" || lower == "nan" => {
                Kind::Number(literal::number(&lower).unwrap_or(f64::NAN))
            }
            None if word.contains(':') => Kind::RecordName,
            None => Kind::Name,
        }
    }

    fn number(&mut self) {
        let start = self.position;
        self.number_in_brackets |= self.in_brackets;
        let rest = &self.text.as_bytes()[start..];
        let end = match literal::scan_number(rest) {
            Scanned::Number(length) => start + length,
            Scanned::Stopped(length) => match literal::scan_duration_rest(&rest[length..]) {
                Ok(more) => start + length + more,
                Err(_) => {
                    // `5${unit}` and `1.${x}` stop at the hole.
                    let word = self.text.as_bytes()[start..]
                        .iter()
                        .take_while(|byte| is_name_byte(**byte) || **byte == b'.')
                        .count();
                    if self.word_hole(start + word, true).is_some() {
                        return self.word();
                    }
                    let end = start + word.max(1);
                    let shown = &self.text[start..end];
                    return self.bad(format!("`{shown}` is neither a number nor a duration"), end);
                }
            },
        };
        let followed_by_hole = matches!(self.text.as_bytes().get(end), Some(b'$' | b'[' | b'{'))
            && self
                .word_hole(end, true)
                .is_some_and(|hole| hole.kind == HoleKind::Value);
        if followed_by_hole {
            return self.word();
        }
        let shown = &self.text[start..end];
        let is_duration = matches!(literal::scan_number(rest), Scanned::Stopped(_));
        let kind = if is_duration {
            match literal::duration(shown) {
                Ok(seconds) => Kind::Duration(seconds),
                Err(reason) => Kind::Bad(format!("the duration `{shown}` {reason}")),
            }
        } else {
            match literal::number(shown) {
                Some(value) => Kind::Number(value),
                None => Kind::Bad(format!("`{shown}` is not a number that can be represented")),
            }
        };
        self.push(kind, end);
    }

    fn string(&mut self, quote: u8) {
        let start = self.position;
        let bytes = self.text.as_bytes();
        let mut value: Vec<u8> = Vec::new();
        let mut parts: Vec<NamePart> = Vec::new();
        let mut part: Vec<u8> = Vec::new();
        let mut problem: Option<String> = None;
        let mut index = start + 1;
        let closed = loop {
            let Some(byte) = bytes.get(index).copied() else {
                break false;
            };
            if byte == quote {
                break true;
            }
            if byte == b'\n' && quote != b'`' {
                break false;
            }
            if matches!(byte, b'$' | b'[' | b'{' | b'%' | b'#' | b'<')
                && let Some(hole) = hole::at(self.text, index, self.holes, Place::Text)
            {
                self.lexed.has_holes = true;
                value.extend_from_slice(&bytes[index..hole.end]);
                if !part.is_empty() {
                    parts.push(NamePart::Text(lossy(std::mem::take(&mut part)).0));
                }
                parts.push(NamePart::Hole(hole.name));
                index = hole.end;
                continue;
            }
            if byte == b'\\' && quote != b'`' {
                let before = value.len();
                match literal::escape(&bytes[index + 1..], quote, &mut value) {
                    Ok(length) => index += 1 + length,
                    Err((reason, length)) => {
                        let mut end = (index + 1 + length).min(bytes.len());
                        while !self.text.is_char_boundary(end) {
                            end += 1;
                        }
                        let shown = &self.text[index..end];
                        problem.get_or_insert_with(|| format!("`{shown}` in a string {reason}"));
                        value.push(byte);
                        index += 1;
                    }
                }
                part.extend_from_slice(&value[before..]);
                continue;
            }
            if bytes[index..].starts_with("\u{fffd}".as_bytes()) {
                problem.get_or_insert_with(|| "a string holds the replacement character U+FFFD".to_owned());
            }
            value.push(byte);
            part.push(byte);
            index += 1;
        };
        if !part.is_empty() {
            parts.push(NamePart::Text(lossy(part).0));
        }
        if !closed {
            let message = match quote {
                b'`' => "a raw string is not closed",
                _ => "a string is not closed on its line",
            };
            return self.bad(message, index);
        }
        let (value, is_utf8) = lossy(value);
        // `namespace="<your namespace>"` in a document.
        if self.holes.variables && hole::placeholder_length(&value) == Some(value.len()) {
            self.lexed.has_holes = true;
            parts = vec![NamePart::Hole(None)];
        }
        if let Some(message) = problem {
            return self.bad(message, index + 1);
        }
        self.push(
            Kind::Text(Text {
                inner: start + 1..index,
                parts,
                value,
                is_utf8,
            }),
            index + 1,
        );
    }

    fn sign(&mut self, byte: u8) {
        let start = self.position;
        let next = self.byte(1);
        let one = start + 1;
        let two = start + 2;
        let (kind, end) = match (byte, next) {
            (b'{', _) if self.in_braces => {
                return self.bad("a `{` cannot stand between the braces of a selector", one);
            }
            (b'{', Some(b'{')) if self.is_doubled_brace(start) => {
                self.in_braces = true;
                self.doubled_braces = true;
                self.lexed.has_holes = true;
                (Kind::LeftBrace, two)
            }
            (b'{', _) => {
                self.in_braces = true;
                (Kind::LeftBrace, one)
            }
            (b'}', Some(b'}')) if self.doubled_braces => {
                self.in_braces = false;
                self.doubled_braces = false;
                (Kind::RightBrace, two)
            }
            (b'}', _) => {
                self.in_braces = false;
                self.doubled_braces = false;
                (Kind::RightBrace, one)
            }
            (b',', _) => (Kind::Comma, one),
            (b'=', Some(b'~')) => (Kind::EqualRegex, two),
            (b'=', Some(b'=')) if !self.in_braces => (Kind::Sign(Sign::EqualTo), two),
            (b'=', _) => (Kind::Equal, one),
            (b'!', Some(b'=')) => (Kind::NotEqual, two),
            (b'!', Some(b'~')) => (Kind::NotRegex, two),
            (b'$', _) if self.in_braces => return self.unknown_variable(),
            _ if self.in_braces => return self.unexpected_character(" between the braces of a selector"),
            (b'*', _) => (Kind::Sign(Sign::Multiply), one),
            (b'/', _) => (Kind::Sign(Sign::Divide), one),
            // `%%` is `%` where the query is a format string.
            (b'%', Some(b'%')) if self.holes.formats => {
                self.lexed.has_holes = true;
                (Kind::Sign(Sign::Modulo), two)
            }
            (b'%', _) => (Kind::Sign(Sign::Modulo), one),
            (b'+', _) => (Kind::Sign(Sign::Add), one),
            (b'-', _) => (Kind::Sign(Sign::Subtract), one),
            (b'^', _) => (Kind::Sign(Sign::Power), one),
            (b'<', Some(b'=')) => (Kind::Sign(Sign::LessOrEqual), two),
            (b'<', Some(b'/')) => (Kind::Sign(Sign::TrimUpper), two),
            (b'<', _) => (Kind::Sign(Sign::Less), one),
            (b'>', Some(b'=')) => (Kind::Sign(Sign::GreaterOrEqual), two),
            (b'>', Some(b'/')) => (Kind::Sign(Sign::TrimLower), two),
            (b'>', _) => (Kind::Sign(Sign::Greater), one),
            (b'(', _) => (Kind::LeftParen, one),
            (b')', _) => (Kind::RightParen, one),
            (b'[', _) => {
                self.in_brackets = true;
                self.number_in_brackets = false;
                (Kind::LeftBracket, one)
            }
            (b']', _) => {
                self.in_brackets = false;
                (Kind::RightBracket, one)
            }
            (b':', _) => (Kind::Colon, one),
            (b'@', _) => (Kind::At, one),
            (b'$', _) => return self.unknown_variable(),
            _ => return self.unexpected_character(""),
        };
        self.push(kind, end);
    }

    /// A `$` where variables are not understood: the word behind it is no name of a series.
    fn unknown_variable(&mut self) {
        let rest = &self.text[self.position + 1..];
        let inner = rest.strip_prefix('{').unwrap_or(rest);
        let name = inner.bytes().take_while(|byte| is_name_byte(*byte)).count();
        let braces = rest.len() - inner.len();
        let closed = usize::from(braces > 0 && inner[name..].starts_with('}'));
        let end = self.position
            + 1
            + if name > 0 {
                braces * closed + name + closed
            } else {
                0
            };
        let shown = &self.text[self.position..end];
        self.bad(
            format!("`{shown}` cannot stand in a query: PromQL has no variables"),
            end,
        );
    }

    fn unexpected_character(&mut self, place: &str) {
        let character = self.text[self.position..].chars().next().unwrap_or_default();
        let end = self.position + character.len_utf8();
        self.bad(
            format!("the character `{character}` cannot stand in a query{place}"),
            end,
        );
    }
}

/// Bytes as text; whether nothing was lost.
fn lossy(bytes: Vec<u8>) -> (String, bool) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), false),
    }
}

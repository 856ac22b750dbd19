//! Template text to tokens.
//!
//! Owns: where actions begin and end, what their trim markers take from the text around them, and the words inside
//! (`text/template/parse` of Go 1.26). It knows no grammar.

use std::ops::Range;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its bytes in the template.
    pub(crate) at: Range<usize>,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Text between actions, what trim markers take left out.
    Text,
    /// `{{`, with its marker.
    Open,
    /// `}}`, with its marker.
    Close,
    /// Blanks inside an action.
    Space,
    /// `.`
    Dot,
    /// `.name`, without the dot.
    Field(String),
    /// `$name`, or `$` alone.
    Variable(String),
    /// A name of a function, `true`, `nil`, or a keyword.
    Word(String),
    /// A number or character constant.
    Number(Number),
    /// A string, decoded.
    Quoted(String),
    /// `(`
    LeftParenthesis,
    /// `)`
    RightParenthesis,
    /// `|`
    Pipe,
    /// `:=`
    Declare,
    /// `=`
    Assign,
    /// `,`
    Comma,
}

/// A constant as Go keeps it: of no type yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// Written as a whole number.
    Integer(i64),
    /// Written with a fraction or an exponent.
    Float(f64),
}

/// What went wrong, and where.
pub(crate) type Problem = (String, Range<usize>);

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Cuts a template into tokens.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Problem> {
    let mut lexer = Lexer {
        text,
        position: 0,
        tokens: Vec::new(),
    };
    let mut trims_next = false;
    loop {
        let rest = &text[lexer.position..];
        let opening = rest.find("{{");
        let literal = lexer.position..opening.map_or(text.len(), |found| lexer.position + found);
        let mut kept = literal.clone();
        if trims_next {
            kept.start += rest[..kept.len()].len() - rest[..kept.len()].trim_start_matches(BLANKS).len();
        }
        let trims_before = opening.is_some() && marker_after(&text[literal.end..]);
        if trims_before {
            kept.end = kept.start + text[kept.clone()].trim_end_matches(BLANKS).len();
        }
        if !kept.is_empty() {
            lexer.push(Kind::Text, kept);
        }
        if opening.is_none() {
            return Ok(lexer.tokens);
        }
        trims_next = lexer.action(literal.end, trims_before)?;
    }
}

/// Whether `{{` at the beginning of the text has a marker: `{{-` and a blank.
fn marker_after(text: &str) -> bool {
    text[2..].starts_with('-') && text[3..].starts_with(BLANKS)
}

struct Lexer<'a> {
    text: &'a str,
    position: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn push(&mut self, kind: Kind, at: Range<usize>) {
        self.tokens.push(Token { kind, at });
    }

    fn rest(&self) -> &str {
        &self.text[self.position..]
    }

    fn fail<T>(&self, message: impl Into<String>, start: usize) -> Result<T, Problem> {
        let mut end = self.position.clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        Err((message.into(), start..end))
    }

    /// Reads the action that begins there; whether its end takes the blanks behind it.
    fn action(&mut self, start: usize, has_marker: bool) -> Result<bool, Problem> {
        self.position = start + if has_marker { 3 } else { 2 };
        let inner = self.rest();
        let blanks = inner.len() - inner.trim_start_matches(BLANKS).len();
        // A comment directly follows the delimiter, or the marker and its blank.
        let comment = if has_marker { blanks } else { 0 };
        if inner[comment..].starts_with("/*") {
            let Some(end) = inner.find("*/") else {
                return self.fail("unclosed comment", start);
            };
            self.position += end + 2;
            return match self.close() {
                Some((length, trims)) => {
                    self.position += length;
                    Ok(trims)
                }
                None => self.fail("comment ends before closing delimiter", start),
            };
        }
        self.push(Kind::Open, start..self.position);
        loop {
            if let Some((length, trims)) = self.close() {
                let from = self.position;
                self.position += length;
                self.push(Kind::Close, from..self.position);
                return Ok(trims);
            }
            self.word(start)?;
        }
    }

    /// The end of an action, where one stands here: its length, and whether it has a marker.
    fn close(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        if rest.starts_with(BLANKS) && rest[1..].starts_with("-}}") {
            return Some((4, true));
        }
        rest.starts_with("}}").then_some((2, false))
    }

    fn word(&mut self, action: usize) -> Result<(), Problem> {
        let start = self.position;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return self.fail("unclosed action", action);
        };
        let second = rest[first.len_utf8()..].chars().next().unwrap_or_default();
        let single = |kind| Some((kind, 1));
        let found = match first {
            _ if BLANKS.contains(&first) => {
                // The last blank before `-}}` belongs to the marker.
                let mut length = rest.len() - rest.trim_start_matches(BLANKS).len();
                if rest[length..].starts_with("-}}") {
                    length -= 1;
                }
                Some((Kind::Space, length.max(1)))
            }
            '(' => single(Kind::LeftParenthesis),
            ')' => single(Kind::RightParenthesis),
            '|' => single(Kind::Pipe),
            ',' => single(Kind::Comma),
            '=' => single(Kind::Assign),
            ':' if second == '=' => Some((Kind::Declare, 2)),
            '"' => return self.quoted(),
            '`' => match rest[1..].find('`') {
                Some(length) => Some((Kind::Quoted(rest[1..=length].replace('\r', "")), length + 2)),
                None => return self.fail("unterminated raw quoted string", start),
            },
            '\'' => return self.character(),
            '$' => {
                let name = name_at(&rest[1..]);
                Some((Kind::Variable(format!("${name}")), 1 + name.len()))
            }
            '.' if !second.is_ascii_digit() => {
                let name = name_at(&rest[1..]);
                if name.is_empty() {
                    single(Kind::Dot)
                } else {
                    Some((Kind::Field(name.to_owned()), 1 + name.len()))
                }
            }
            '+' | '-' | '.' | '0'..='9' => {
                let length = number_length(rest);
                let Some(number) = number(&rest[..length]) else {
                    self.position += length;
                    return self.fail(
                        format!("bad number syntax: {:?}", &self.text[start..self.position]),
                        start,
                    );
                };
                Some((Kind::Number(number), length))
            }
            _ if is_name(first) => {
                let name = name_at(rest);
                Some((Kind::Word(name.to_owned()), name.len()))
            }
            _ => None,
        };
        let Some((kind, length)) = found else {
            self.position += first.len_utf8();
            return self.fail(format!("unexpected {first:?} in an action"), start);
        };
        let must_end = matches!(
            kind,
            Kind::Field(_) | Kind::Variable(_) | Kind::Word(_) | Kind::Dot
        );
        self.position += length;
        if must_end && !self.at_end_of_word() {
            return self.fail("bad character behind a name", start);
        }
        self.push(kind, start..self.position);
        Ok(())
    }

    fn at_end_of_word(&self) -> bool {
        let rest = self.rest();
        rest.is_empty()
            || rest.starts_with(BLANKS)
            || rest.starts_with(['.', ',', '|', ':', ')', '(', '='])
            || rest.starts_with("}}")
    }

    fn quoted(&mut self) -> Result<(), Problem> {
        let start = self.position;
        let mut end = start + 1;
        loop {
            match self.text.as_bytes().get(end) {
                None | Some(b'\n') => return self.fail("unterminated quoted string", start),
                Some(b'\\') => end += 2,
                Some(b'"') => break,
                Some(_) => end += 1,
            }
        }
        let Some(text) = self.text.get(start + 1..end).and_then(unquoted) else {
            return self.fail("invalid syntax of a string", start);
        };
        self.position = end + 1;
        self.push(Kind::Quoted(text), start..end + 1);
        Ok(())
    }

    fn character(&mut self) -> Result<(), Problem> {
        let start = self.position;
        let mut end = start + 1;
        loop {
            match self.text.as_bytes().get(end) {
                None | Some(b'\n') => return self.fail("unterminated character constant", start),
                Some(b'\\') => end += 2,
                Some(b'\'') => break,
                Some(_) => end += 1,
            }
        }
        let inner = self
            .text
            .get(start + 1..end)
            .unwrap_or_default()
            .replace("\\'", "'");
        let decoded = unquoted(&inner).unwrap_or_default();
        let mut characters = decoded.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => {
                self.position = end + 1;
                let number = Number::Integer(i64::from(u32::from(character)));
                self.push(Kind::Number(number), start..end + 1);
                Ok(())
            }
            _ => self.fail("malformed character constant", start),
        }
    }
}

fn is_name(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

fn name_at(text: &str) -> &str {
    let length = text.find(|character| !is_name(character)).unwrap_or(text.len());
    &text[..length]
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut length = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let is_hexadecimal = matches!(bytes.get(length..length + 2), Some(b"0x" | b"0X"));
    while let Some(byte) = bytes.get(length) {
        let is_sign =
            matches!(byte, b'+' | b'-') && !is_hexadecimal && matches!(bytes[length - 1], b'e' | b'E');
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || is_sign) {
            break;
        }
        length += 1;
    }
    length
}

/// A constant of Go.
fn number(text: &str) -> Option<Number> {
    if let Some(integer) = crate::data::integer_of(text) {
        return Some(Number::Integer(integer));
    }
    let plain = text.replace('_', "");
    let is_decimal = plain
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    // What looks like an integer and is none is too large to be one.
    let is_float = is_decimal && plain.contains(['.', 'e', 'E']);
    let float: f64 = plain.parse().ok().filter(|_| is_float)?;
    // A constant such as 1e3 is whole, and may stand where an integer is wanted; printed it is a float.
    Some(Number::Float(float))
}

/// The content of a string in double quotes, decoded; `None` where an escape is none of Go's.
fn unquoted(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = rest[at + 1..].chars().next()?;
        let behind = &rest[at + 1 + escape.len_utf8()..];
        let (digits, radix) = match escape {
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='7' => (3, 8),
            _ => (0, 0),
        };
        if digits > 0 {
            let from = if radix == 8 { &rest[at + 1..] } else { behind };
            let number = u32::from_str_radix(from.get(..digits)?, radix).ok()?;
            if matches!(escape, 'u' | 'U') {
                let mut buffer = [0; 4];
                out.extend_from_slice(char::from_u32(number)?.encode_utf8(&mut buffer).as_bytes());
            } else {
                out.push(u8::try_from(number).ok()?);
            }
            rest = &from[digits..];
            continue;
        }
        out.push(match escape {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            '\\' => b'\\',
            '"' => b'"',
            _ => return None,
        });
        rest = behind;
    }
    out.extend_from_slice(rest.as_bytes());
    Some(String::from_utf8_lossy(&out).into_owned())
}

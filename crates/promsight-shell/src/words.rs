//! Words: quoting and expansions.

use promsight_model::launch::{Fallback, FallbackKind, Piece, Word};

use crate::parser::Parser;

/// How deep expansions are read inside expansions.
const MAX_DEPTH: usize = 24;

impl Parser<'_> {
    /// The word at the current place; `None` where none begins here.
    pub(crate) fn word(&mut self) -> Option<Word> {
        let start = self.at;
        let mut pieces = Pieces::default();
        let mut is_word = false;
        while let Some(next) = self.peek() {
            match next {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | ')' => break,
                '<' | '>' if !self.rest()[1..].starts_with('(') => break,
                // `<(command)`: a file with its output.
                '<' | '>' => {
                    self.at += 1;
                    self.skip_parentheses();
                    pieces.push(Piece::Unknown);
                }
                '(' if !self.text[..self.at].ends_with(['=', '@', '?', '*', '+', '!']) || !is_word => break,
                '(' => {
                    // `a=(…)`, `@(a|b)`.
                    self.skip_parentheses();
                    pieces.push(Piece::Unknown);
                }
                '\\' if self.rest()[1..].starts_with('\n') => {
                    self.at += 2;
                    continue;
                }
                '\\' if self.rest()[1..].starts_with("\r\n") => {
                    self.at += 3;
                    continue;
                }
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some(escaped) => {
                            pieces.text(escaped);
                            self.at += escaped.len_utf8();
                        }
                        None => pieces.text('\\'),
                    }
                }
                '\'' => self.single_quoted(&mut pieces),
                '"' => self.double_quoted(&mut pieces, 0),
                '`' => {
                    self.skip_backquotes();
                    pieces.push(Piece::Unknown);
                }
                '$' => self.dollar(&mut pieces, Quoting::None, 0),
                other => {
                    pieces.text(other);
                    self.at += other.len_utf8();
                }
            }
            is_word = true;
        }
        is_word.then(|| Word {
            pieces: pieces.finish(),
            span: self.span(start..self.at),
        })
    }

    fn single_quoted(&mut self, pieces: &mut Pieces) {
        let inner = &self.rest()[1..];
        let length = inner.find('\'').unwrap_or_else(|| {
            self.is_complete = false;
            inner.len()
        });
        inner[..length]
            .chars()
            .for_each(|character| pieces.text(character));
        pieces.quoted();
        self.at = (self.at + length + 2).min(self.text.len());
    }

    fn double_quoted(&mut self, pieces: &mut Pieces, depth: usize) {
        self.at += 1;
        pieces.quoted();
        while let Some(next) = self.peek() {
            match next {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') => self.at += 1,
                        Some(escaped @ ('"' | '\\' | '$' | '`')) => {
                            pieces.text(escaped);
                            self.at += 1;
                        }
                        _ => pieces.text('\\'),
                    }
                }
                '`' => {
                    self.skip_backquotes();
                    pieces.push(Piece::Unknown);
                }
                '$' => self.dollar(pieces, Quoting::Double, depth),
                other => {
                    pieces.text(other);
                    self.at += other.len_utf8();
                }
            }
        }
        self.is_complete = false;
    }

    fn dollar(&mut self, pieces: &mut Pieces, quoting: Quoting, depth: usize) {
        let rest = &self.rest()[1..];
        let Some(next) = rest.chars().next() else {
            self.at += 1;
            pieces.text('$');
            return;
        };
        match next {
            '(' => {
                self.at += 1;
                self.skip_parentheses();
                pieces.push(Piece::Unknown);
            }
            '{' => self.braces(pieces, quoting, depth),
            '\'' if quoting == Quoting::None => {
                self.at += 1;
                self.single_quoted(pieces);
            }
            '"' if quoting == Quoting::None => {
                self.at += 1;
                self.double_quoted(pieces, depth);
            }
            '@' | '*' => {
                self.at += 2;
                pieces.push(arguments(next, quoting));
            }
            '?' | '$' | '!' | '-' => {
                self.at += 2;
                pieces.push(Piece::Unknown);
            }
            '#' | '0'..='9' => {
                self.at += 2;
                pieces.push(variable(next.to_string(), None, quoting));
            }
            _ => {
                let length = name_length(rest);
                if length == 0 {
                    self.at += 1;
                    pieces.text('$');
                    return;
                }
                pieces.push(variable(rest[..length].to_owned(), None, quoting));
                self.at += 1 + length;
            }
        }
    }

    /// `${…}`.
    fn braces(&mut self, pieces: &mut Pieces, quoting: Quoting, depth: usize) {
        let start = self.at;
        self.at += 2;
        let rest = self.rest();
        let length = match rest.chars().next() {
            Some('@' | '*' | '#' | '?' | '!' | '$' | '-') => 1,
            Some('0'..='9') => rest.bytes().take_while(u8::is_ascii_digit).count(),
            _ => name_length(rest),
        };
        let name = rest[..length].to_owned();
        self.at += length;
        if self.rest().starts_with("[@]}") || self.rest().starts_with("[*]}") {
            self.at += 4;
            return pieces.push(Piece::List(name));
        }
        let operator = self.rest();
        let kinds = [
            (":-", FallbackKind::UnsetOrEmpty),
            (":=", FallbackKind::UnsetOrEmpty),
            (":+", FallbackKind::Filled),
            ("-", FallbackKind::Unset),
            ("=", FallbackKind::Unset),
            ("+", FallbackKind::Set),
            ("##", FallbackKind::WithoutPrefix),
            ("#", FallbackKind::WithoutPrefix),
            ("%%", FallbackKind::WithoutSuffix),
            ("%", FallbackKind::WithoutSuffix),
        ];
        let is_error = operator.starts_with(":?") || operator.starts_with('?');
        let known = kinds.iter().find(|(text, _)| operator.starts_with(text));
        let fallback = match known {
            _ if length == 0 || depth >= MAX_DEPTH => {
                self.at = start + 1;
                self.skip_braces();
                return pieces.push(Piece::Unknown);
            }
            None if operator.starts_with('}') => {
                self.at += 1;
                None
            }
            None if is_error => {
                self.at = start + 1;
                self.skip_braces();
                None
            }
            None => {
                self.at = start + 1;
                self.skip_braces();
                return pieces.push(Piece::Unknown);
            }
            Some((text, kind)) => {
                self.at += text.len();
                Some(Fallback {
                    kind: *kind,
                    pieces: self.inside_braces(quoting, depth + 1),
                })
            }
        };
        match name.as_str() {
            "@" => pieces.push(arguments('@', quoting)),
            "*" => pieces.push(arguments('*', quoting)),
            "?" | "!" | "$" | "-" => pieces.push(Piece::Unknown),
            _ => pieces.push(variable(name, fallback, quoting)),
        }
    }

    /// The word up to the closing brace, which is passed.
    fn inside_braces(&mut self, quoting: Quoting, depth: usize) -> Vec<Piece> {
        let mut pieces = Pieces::default();
        while let Some(next) = self.peek() {
            match next {
                '}' => {
                    self.at += 1;
                    return pieces.finish();
                }
                '\'' if quoting == Quoting::None => self.single_quoted(&mut pieces),
                '"' if depth < MAX_DEPTH => self.double_quoted(&mut pieces, depth + 1),
                '`' => {
                    self.skip_backquotes();
                    pieces.push(Piece::Unknown);
                }
                '$' => self.dollar(&mut pieces, quoting, depth),
                '\\' => {
                    self.at += 1;
                    if let Some(escaped) = self.peek() {
                        pieces.text(escaped);
                        self.at += escaped.len_utf8();
                    }
                }
                other => {
                    pieces.text(other);
                    self.at += other.len_utf8();
                }
            }
        }
        self.is_complete = false;
        pieces.finish()
    }

    /// Passes `( … )` at the current place, quotes and nested ones included.
    pub(crate) fn skip_parentheses(&mut self) {
        self.skip_balanced(b'(', b')');
    }

    fn skip_braces(&mut self) {
        self.skip_balanced(b'{', b'}');
    }

    fn skip_balanced(&mut self, open: u8, close: u8) {
        let bytes = self.text.as_bytes();
        let mut depth = 0usize;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'\'' => self.skip_to(b'\''),
                b'"' => self.skip_to(b'"'),
                byte if *byte == open => depth += 1,
                byte if *byte == close => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.at += 1;
                        return;
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        self.end_early();
    }

    fn skip_backquotes(&mut self) {
        self.skip_to(b'`');
        self.at += 1;
        if self.at > self.text.len() {
            self.end_early();
        }
    }

    /// From an opening quote to the closing one.
    fn skip_to(&mut self, quote: u8) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' if quote != b'\'' => self.at += 1,
                byte if *byte == quote => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn end_early(&mut self) {
        self.at = self.text.len();
        self.is_complete = false;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    None,
    Double,
}

/// `"$@"` keeps the arguments as they are; `"$*"` is one word, and without quotes both are split.
fn arguments(sign: char, quoting: Quoting) -> Piece {
    if sign == '@' && quoting == Quoting::Double {
        return Piece::Arguments;
    }
    variable(sign.to_string(), None, quoting)
}

fn variable(name: String, fallback: Option<Fallback>, quoting: Quoting) -> Piece {
    Piece::Variable {
        name,
        fallback,
        is_quoted: quoting == Quoting::Double,
    }
}

/// How many bytes of the text are a variable's name.
pub(crate) fn name_length(text: &str) -> usize {
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if !starts_well {
        return 0;
    }
    text.bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count()
}

/// Pieces of a word being read.
#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
}

impl Pieces {
    fn text(&mut self, character: char) {
        match self.done.last_mut() {
            Some(Piece::Text(text)) => text.push(character),
            _ => self.done.push(Piece::Text(character.to_string())),
        }
    }

    /// Something was quoted here: an empty word is one too.
    fn quoted(&mut self) {
        if !matches!(self.done.last(), Some(Piece::Text(_))) {
            self.done.push(Piece::Text(String::new()));
        }
    }

    fn push(&mut self, piece: Piece) {
        self.done.push(piece);
    }

    /// The pieces; empty texts beside others are left out.
    fn finish(self) -> Vec<Piece> {
        let mut pieces = self.done;
        let is_empty = |piece: &Piece| matches!(piece, Piece::Text(text) if text.is_empty());
        let may_vanish = |piece: &Piece| matches!(piece, Piece::Variable { is_quoted: false, .. });
        // `""$A` is a word whatever `A` is.
        let is_needed = pieces.iter().all(|piece| is_empty(piece) || may_vanish(piece));
        if pieces.len() > 1 && !is_needed {
            pieces.retain(|piece| !is_empty(piece));
        }
        pieces
    }
}

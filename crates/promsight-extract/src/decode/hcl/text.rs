//! The text of HCL's strings and heredocs: escapes, and interpolations as holes.

use std::ops::Range;

use promsight_model::OffsetMap;

use crate::decode::tree::Text;

/// Text while it is decoded.
pub(super) struct Decoded {
    text: String,
    map: OffsetMap,
    quotes: usize,
    escaped: bool,
}

impl Decoded {
    pub(super) fn at(start: usize) -> Self {
        Self {
            text: String::new(),
            map: OffsetMap::at(start),
            quotes: 0,
            escaped: false,
        }
    }

    pub(super) fn verbatim(&mut self, text: &str, at: usize) {
        if text == "\"" && !self.escaped {
            self.quotes += 1;
        }
        self.escaped = text == "\\" && !self.escaped;
        self.text.push_str(text);
        self.map.push_verbatim(at, text.len());
    }

    pub(super) fn replaced(&mut self, by: &str, range: Range<usize>) {
        self.escaped = false;
        self.text.push_str(by);
        self.map.push_replaced(by.len(), range);
    }

    pub(super) fn outside_of_strings(&self) -> bool {
        self.quotes.is_multiple_of(2)
    }

    pub(super) fn text(self) -> Text {
        Text::Decoded(Box::new((self.text, self.map)))
    }
}

/// What stands after a backslash, and how long both are.
pub(super) fn escape(rest: &str) -> (String, usize) {
    let Some(character) = rest[1..].chars().next() else {
        return (String::new(), 1);
    };
    let digits = match character {
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    if digits > 0
        && let Some(scalar) = rest
            .get(2..2 + digits)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32)
    {
        return (scalar.to_string(), 2 + digits);
    }
    let plain = match character {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        other => other,
    };
    (plain.to_string(), 1 + character.len_utf8())
}

/// The length of `${ … }` or `%{ … }`: braces and strings inside belong to it. One that is not closed on its line is
/// its mark alone.
pub(super) fn interpolation(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut depth, mut position, mut in_string) = (0_usize, 1, false);
    while position < bytes.len() && bytes[position] != b'\n' {
        match bytes[position] {
            b'\\' => position += 1,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return position + 1;
                }
            }
            _ => {}
        }
        position += 1;
    }
    2
}

/// A hole that the readers of queries understand, named after what stands in it.
pub(super) fn hole(inner: &str) -> String {
    let mut name: String = inner
        .trim()
        .chars()
        .take(64)
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '_'
            }
        })
        .collect();
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    format!("${{{name}}}")
}

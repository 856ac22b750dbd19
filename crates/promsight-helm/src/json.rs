//! JSON read and written as Go does it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::data::{Data, MAX_DEPTH, Object, exponential_form};

/// How JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `json.Marshal`: `<`, `>` and `&` as escapes.
    Escaped,
    /// Without these escapes.
    Raw,
    /// On many lines.
    Pretty,
}

/// Writes a value.
pub(crate) fn write(value: &Data, style: Style) -> String {
    let mut out = String::new();
    write_value(value, style, 0, &mut out);
    out
}

fn write_value(value: &Data, style: Style, depth: usize, out: &mut String) {
    if depth > MAX_DEPTH {
        out.push_str("null");
        return;
    }
    match value {
        Data::Nil | Data::Missing => out.push_str("null"),
        Data::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Data::Int(number) | Data::Long(number) => {
            let _ = write!(out, "{number}");
        }
        Data::Float(number) => out.push_str(&float(*number)),
        Data::Text(text) => write_text(text, style, out),
        Data::List(list) => {
            let items = list.0.iter().map(|item| (None, item.clone()));
            collection(items.collect(), ('[', ']'), style, depth, out);
        }
        Data::Map(map) => {
            let entries = map.entries.borrow();
            let items = entries
                .iter()
                .map(|(key, value)| (Some(key.clone()), value.clone()));
            collection(items.collect(), ('{', '}'), style, depth, out);
        }
        Data::Object(object) => match &**object {
            Object::Struct { text: Some(text), .. } => write_text(text, style, out),
            Object::Struct { .. } => write_value(&as_map(object), style, depth, out),
            Object::Versions(versions) => {
                let items = versions.iter().map(|version| (None, version.as_str().into()));
                collection(items.collect(), ('[', ']'), style, depth, out);
            }
            Object::Files(files) => {
                let items = files.iter().map(|(path, text)| {
                    let text = crate::functions::encoding::base64(text.as_bytes());
                    (Some(path.clone()), text.into())
                });
                collection(items.collect(), ('{', '}'), style, depth, out);
            }
            Object::Time(seconds) => {
                let text = crate::functions::time::format("2006-01-02T15:04:05Z07:00", *seconds);
                write_text(&text, style, out);
            }
        },
    }
}

/// A structure as JSON has it: the names begin in lower case, and what is empty is left out.
pub(crate) fn as_map(object: &Object) -> Data {
    let Object::Struct { fields, .. } = object else {
        return Data::Nil;
    };
    let filled = fields.iter().filter(|(_, value)| value.is_true());
    let entries = filled.map(|(name, value)| {
        let name = match *name {
            "APIVersion" => "apiVersion".to_owned(),
            "IsRoot" => "IsRoot".to_owned(),
            name => {
                let mut characters = name.chars();
                let first = characters.next().map(|first| first.to_ascii_lowercase());
                first.into_iter().chain(characters).collect()
            }
        };
        (name, value.clone())
    });
    Data::map(entries.collect())
}

fn collection(
    items: Vec<(Option<String>, Data)>,
    (open, close): (char, char),
    style: Style,
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    let count = items.len();
    for (index, (key, value)) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        if style == Style::Pretty {
            out.push('\n');
            out.push_str(&"  ".repeat(depth + 1));
        }
        if let Some(key) = key {
            write_text(&key, style, out);
            out.push_str(if style == Style::Pretty { ": " } else { ":" });
        }
        write_value(&value, style, depth + 1, out);
    }
    if style == Style::Pretty && count > 0 {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(close);
}

fn write_text(text: &str, style: Style, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if style != Style::Raw => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            other if other < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// `encoding/json`'s floats: exponents only below 1e-6 and from 1e21 on.
pub(crate) fn float(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        if let Some((mantissa, power)) = text.split_once('e') {
            let text = exponential_form(mantissa, power.parse().unwrap_or_default());
            return text.replace("e-0", "e-");
        }
    }
    format!("{number}")
}

/// Reads a document.
pub(crate) fn read(text: &str) -> Result<Data, String> {
    let mut reader = Reader { text, position: 0 };
    let value = reader.value(0)?;
    reader.blanks();
    match text[reader.position..].chars().next() {
        None => Ok(value),
        Some(found) => Err(format!("invalid character {found:?} after top-level value")),
    }
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        let rest = &self.text[self.position..];
        self.position += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn next(&mut self) -> Option<u8> {
        self.blanks();
        self.text.as_bytes().get(self.position).copied()
    }

    fn wrong<T>(&self, place: &str) -> Result<T, String> {
        match self
            .text
            .get(self.position..)
            .and_then(|rest| rest.chars().next())
        {
            Some(found) => Err(format!("invalid character {found:?} {place}")),
            None => Err("unexpected end of JSON input".to_owned()),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Data, String> {
        if depth > MAX_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        match self.next() {
            Some(b'{') => self.mapping(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(self.string()?.into()),
            Some(b'-' | b'0'..=b'9') => {
                let rest = &self.text[self.position..];
                let end = rest
                    .find(|character: char| !(character.is_ascii_digit() || "+-.eE".contains(character)))
                    .unwrap_or(rest.len());
                match rest[..end].parse() {
                    Ok(number) => {
                        self.position += end;
                        Ok(Data::Float(number))
                    }
                    Err(_) => self.wrong("in numeric literal"),
                }
            }
            _ => {
                for (word, value) in [
                    ("true", Data::Bool(true)),
                    ("false", Data::Bool(false)),
                    ("null", Data::Nil),
                ] {
                    if self.text[self.position..].starts_with(word) {
                        self.position += word.len();
                        return Ok(value);
                    }
                }
                self.wrong("looking for beginning of value")
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Data, String> {
        self.position += 1;
        let mut entries = BTreeMap::new();
        if self.next() == Some(b'}') {
            self.position += 1;
            return Ok(Data::map(entries));
        }
        loop {
            if self.next() != Some(b'"') {
                return self.wrong("looking for beginning of object key string");
            }
            let key = self.string()?;
            if self.next() != Some(b':') {
                return self.wrong("after object key");
            }
            self.position += 1;
            let value = self.value(depth + 1)?;
            entries.insert(key, value);
            match self.next() {
                Some(b',') => self.position += 1,
                Some(b'}') => {
                    self.position += 1;
                    return Ok(Data::map(entries));
                }
                _ => return self.wrong("after object key:value pair"),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Data, String> {
        self.position += 1;
        let mut items = Vec::new();
        if self.next() == Some(b']') {
            self.position += 1;
            return Ok(Data::list(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            match self.next() {
                Some(b',') => self.position += 1,
                Some(b']') => {
                    self.position += 1;
                    return Ok(Data::list(items));
                }
                _ => return self.wrong("after array element"),
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.position += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.position..];
            let Some(end) = rest.find(['"', '\\']) else {
                return Err("unexpected end of JSON input".to_owned());
            };
            if let Some(at) = rest[..end].find(|character| character < ' ') {
                self.position += at;
                return self.wrong("in string literal");
            }
            out.push_str(&rest[..end]);
            self.position += end + 1;
            if rest.as_bytes()[end] == b'"' {
                return Ok(out);
            }
            let Some(escape) = self.text[self.position..].chars().next() else {
                return Err("unexpected end of JSON input".to_owned());
            };
            self.position += escape.len_utf8();
            match escape {
                'b' => out.push('\u{8}'),
                'f' => out.push('\u{c}'),
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                '"' | '\\' | '/' => out.push(escape),
                'u' => out.push(self.escaped()?),
                _ => return Err(format!("invalid character {escape:?} in string escape code")),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        let unit = |position: &mut usize| {
            let digits = self.text.get(*position..*position + 4)?;
            *position += 4;
            u32::from_str_radix(digits, 16).ok()
        };
        let mut position = self.position;
        let Some(first) = unit(&mut position) else {
            return Err("invalid character in \\u hexadecimal character escape".to_owned());
        };
        self.position = position;
        if (0xd800..0xdc00).contains(&first) && self.text[position..].starts_with("\\u") {
            position += 2;
            let second = self
                .text
                .get(position..position + 4)
                .and_then(|digits| u32::from_str_radix(digits, 16).ok());
            if let Some(second) = second.filter(|second| (0xdc00..0xe000).contains(second)) {
                self.position = position + 4;
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
        }
        Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
    }
}

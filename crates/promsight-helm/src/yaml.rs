//! YAML as Helm reads it: by way of JSON, with the scalars of YAML 1.1 (go-yaml 2.4 below sigs.k8s.io/yaml 1.6).
//!
//! All numbers are floats, keys are strings, and only the first document is read.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, options};

use crate::data::{Data, MAX_DEPTH, float, shortest};

/// Values that a document may have, those behind aliases counted each time.
const MAX_VALUES: usize = 2_000_000;

/// Reads the first document of a text.
pub(crate) fn read(text: &str) -> Result<Data, String> {
    let options = options! { emit_unresolved_aliases: true, emit_comments: false };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder::default();
    while let Some(event) = parser.next_event() {
        match event {
            Ok((Event::DocumentEnd, _)) => break,
            Ok((event, _)) => builder.event(event)?,
            Err(error) => return Err(format!("error converting YAML to JSON: yaml: {}", error.info())),
        }
    }
    Ok(builder.root.unwrap_or(Data::Nil))
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Data>,
    anchors: BTreeMap<usize, Data>,
    values: usize,
}

struct Open {
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Data>),
    Map {
        entries: BTreeMap<String, Data>,
        /// What `<<` brings in; written entries come before it.
        merged: Vec<Data>,
        key: Option<Key>,
    },
}

enum Key {
    Text(String),
    Merge,
}

impl Builder {
    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let tag = tag.as_ref().map(|tag| tag.suffix().to_owned());
                if is_plain && tag.is_none() && &*text == "<<" && self.expects_key() {
                    if let Some(Open {
                        kind: OpenKind::Map { key, .. },
                        ..
                    }) = self.open.last_mut()
                    {
                        *key = Some(Key::Merge);
                    }
                    return Ok(());
                }
                let value = match tag.as_deref() {
                    Some("str" | "!" | "binary") => Data::from(&*text),
                    Some("null") => Data::Nil,
                    Some("int" | "float" | "bool") => resolved(&text),
                    _ if is_plain => resolved(&text),
                    _ => Data::from(&*text),
                };
                if anchor != 0 {
                    self.anchors.insert(anchor, value.clone());
                }
                self.place(value)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().unwrap_or(Data::Nil);
                self.values += value.size(MAX_VALUES);
                self.place(value.deep_copy())
            }
            Event::UnresolvedAlias(name) => Err(format!(
                "error converting YAML to JSON: yaml: unknown anchor '{name}' referenced"
            )),
            Event::SequenceStart(_, anchor, _) => self.begin(anchor, OpenKind::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.begin(
                anchor,
                OpenKind::Map {
                    entries: BTreeMap::new(),
                    merged: Vec::new(),
                    key: None,
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => Ok(()),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                kind: OpenKind::Map { key: None, .. },
                ..
            })
        )
    }

    fn begin(&mut self, anchor: usize, kind: OpenKind) -> Result<(), String> {
        if self.open.len() > MAX_DEPTH {
            return Err("the document is nested too deeply".to_owned());
        }
        self.open.push(Open { anchor, kind });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.kind {
            OpenKind::List(items) => Data::list(items),
            OpenKind::Map {
                mut entries, merged, ..
            } => {
                for source in merged {
                    let sources = match &source {
                        Data::List(list) => list.0.clone(),
                        _ => vec![source.clone()],
                    };
                    for source in sources {
                        let Data::Map(map) = source else { continue };
                        for (key, value) in map.entries.borrow().iter() {
                            entries.entry(key.clone()).or_insert_with(|| value.clone());
                        }
                    }
                }
                Data::map(entries)
            }
        };
        if open.anchor != 0 {
            self.anchors.insert(open.anchor, value.clone());
        }
        self.place(value)
    }

    fn place(&mut self, value: Data) -> Result<(), String> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err("the document has too many values".to_owned());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(value),
            Some(OpenKind::List(items)) => items.push(value),
            Some(OpenKind::Map { entries, merged, key }) => match key.take() {
                None => {
                    let text = match &value {
                        Data::Map(_) | Data::List(_) | Data::Nil => {
                            return Err("error converting YAML to JSON: yaml: invalid map key".to_owned());
                        }
                        Data::Float(number) => shortest_key(*number),
                        value => value.text().to_string(),
                    };
                    *key = Some(Key::Text(text));
                }
                Some(Key::Merge) => merged.push(value),
                Some(Key::Text(key)) => {
                    entries.insert(key, value);
                }
            },
        }
        Ok(())
    }
}

/// A number as a key: whole ones were integers when the key was read.
fn shortest_key(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e18 {
        format!("{number}")
    } else {
        shortest(number)
    }
}

/// What a plain scalar is.
pub(crate) fn resolved(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Nil,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return true.into();
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return false.into();
        }
        // JSON has no such numbers, and Helm refuses them.
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf"
        | "-.Inf" | "-.INF" => return Data::Nil,
        _ => {}
    }
    let bytes = text.as_bytes();
    if bytes[0] == b'.' {
        let is_number = bytes.len() > 1
            && bytes[1..]
                .iter()
                .all(|byte| byte.is_ascii_digit() || b"eE+-".contains(byte));
        return match text.parse() {
            Ok(number) if is_number => Data::Float(number),
            _ => text.into(),
        };
    }
    if !(bytes[0].is_ascii_digit() || matches!(bytes[0], b'+' | b'-')) {
        return text.into();
    }
    // A date stays the text that it is.
    number(text).map_or_else(|| text.into(), Data::Float)
}

/// The number that a text is, with `_` between digits, in the bases of Go.
fn number(text: &str) -> Option<f64> {
    let plain = text.replace('_', "");
    if let Some(integer) = crate::data::integer_of(&plain) {
        return Some(float(integer));
    }
    let is_decimal = plain
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let has_digit_first = digits.starts_with(|digit: char| digit.is_ascii_digit())
        || digits.starts_with('.') && digits[1..].starts_with(|digit: char| digit.is_ascii_digit());
    plain.parse().ok().filter(|_| is_decimal && has_digit_first)
}

/// Whether a text is a date, with or without a time.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let date_end = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let in_range = |text: Option<&str>, most: u32| {
        let text = text.unwrap_or_default();
        let is_short = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_short
            && text
                .parse::<u32>()
                .is_ok_and(|number| (1..=most).contains(&number))
    };
    let mut parts = text[..date_end].split('-').skip(1);
    if !in_range(parts.next(), 12) || !in_range(parts.next(), 31) || parts.next().is_some() {
        return false;
    }
    if date_end == text.len() {
        return true;
    }
    let clock = &text[date_end + 1..];
    let zone = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let is_clock = clock[..zone].split(':').count() == 3
        && clock[..zone]
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    // Behind a blank there is no zone, behind `T` there is one.
    is_clock && (zone < clock.len()) != (bytes[date_end] == b' ')
}

/// Whether a text would be read as something else than a string if it were written plainly.
pub(crate) fn is_ambiguous(text: &str) -> bool {
    let special = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    !matches!(resolved(text), Data::Text(_))
        || is_timestamp(text)
        || matches!(special.as_str(), ".nan" | ".inf")
        || is_base_60(text)
}

/// `1:20`: YAML 1.1 reads it as a number, go-yaml does not but quotes it for others.
fn is_base_60(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((first, rest)) = digits.split_once(':') else {
        return false;
    };
    if !first.starts_with(|digit: char| digit.is_ascii_digit())
        || !first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        return false;
    }
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let is_sixtieth = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    };
    rest.split(':').all(is_sixtieth) && fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

//! Values as YAML, byte by byte as Helm writes them (go-yaml 2.4 below sigs.k8s.io/yaml 1.6): charts write checksums of
//! it into annotations.

use std::cmp::Ordering;

use crate::data::{Data, MAX_DEPTH, Object, shortest};
use crate::json;
use crate::yaml;

/// Lines are folded behind this column.
const BEST_WIDTH: usize = 80;

/// Longer keys are written with a question mark.
const MAX_SIMPLE_KEY: usize = 128;

/// `toYaml`: without the line break at the end.
pub(crate) fn write(value: &Data) -> String {
    written(value, Sequences::Flush)
}

/// `toYamlPretty`: items of sequences stand deeper than their key, and lines are not folded.
pub(crate) fn write_pretty(value: &Data) -> String {
    written(value, Sequences::Indented)
}

fn written(value: &Data, sequences: Sequences) -> String {
    let mut writer = Writer {
        out: String::new(),
        column: 0,
        width: match sequences {
            Sequences::Flush => BEST_WIDTH,
            Sequences::Indented => usize::MAX,
        },
        sequences,
    };
    writer.node(value, 0, Context::Root, 0);
    writer.out
}

/// Where the items of a sequence below a key stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sequences {
    Flush,
    Indented,
}

/// What a value stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Mapping,
    Sequence,
}

struct Writer {
    out: String,
    column: usize,
    width: usize,
    sequences: Sequences,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        match text.rfind('\n') {
            Some(at) => self.column = text[at + 1..].chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    /// Writes a value of which the lines are indented so far; the place behind `key:` or `-` is reached.
    fn node(&mut self, value: &Data, indent: usize, context: Context, depth: usize) {
        if depth > MAX_DEPTH {
            self.scalar(&Data::Nil, indent, context);
            return;
        }
        match value {
            Data::Map(map) => {
                let entries = map.entries.borrow();
                let mut entries: Vec<(&String, &Data)> = entries.iter().collect();
                if entries.is_empty() {
                    self.after_mark(context, "{}");
                    return;
                }
                entries.sort_by(|(left, _), (right, _)| compare_keys(left, right));
                let inner = if context == Context::Mapping {
                    indent + 2
                } else {
                    indent
                };
                for (index, (key, value)) in entries.into_iter().enumerate() {
                    if index > 0 || context == Context::Mapping {
                        self.line(inner);
                    } else if context == Context::Sequence {
                        self.put(" ");
                    }
                    self.key(key, inner);
                    self.node(value, inner, Context::Mapping, depth + 1);
                }
            }
            Data::List(list) => {
                if list.0.is_empty() {
                    self.after_mark(context, "[]");
                    return;
                }
                let inner = match (context, self.sequences) {
                    (Context::Mapping, Sequences::Indented) => indent + 2,
                    _ => indent,
                };
                for (index, item) in list.0.iter().enumerate() {
                    if index > 0 || context == Context::Mapping {
                        self.line(inner);
                    } else if context == Context::Sequence {
                        self.put(" ");
                    }
                    self.put("-");
                    self.node(item, inner + 2, Context::Sequence, depth + 1);
                }
            }
            Data::Object(object) => match &**object {
                Object::Struct { text: None, .. } => {
                    self.node(&json::as_map(object), indent, context, depth + 1);
                }
                Object::Struct { text: Some(text), .. } => {
                    self.scalar(&Data::Text(text.clone()), indent, context);
                }
                _ => {
                    let decoded = json::read(&json::write(value, json::Style::Raw)).unwrap_or(Data::Nil);
                    self.node(&decoded, indent, context, depth + 1);
                }
            },
            scalar => self.scalar(scalar, indent, context),
        }
    }

    fn after_mark(&mut self, context: Context, text: &str) {
        if context != Context::Root {
            self.put(" ");
        }
        self.put(text);
    }

    fn key(&mut self, key: &str, indent: usize) {
        let is_simple = key.len() <= MAX_SIMPLE_KEY && !key.contains('\n');
        if is_simple {
            match style(key, Place::Key) {
                Style::Plain => self.put(key),
                Style::Single => self.single(key, indent, false),
                Style::Double | Style::Literal => self.double(key, indent, false),
            }
        } else {
            self.put("?");
            self.scalar(&Data::from(key), indent, Context::Mapping);
            self.line(indent);
        }
        self.put(":");
    }

    fn scalar(&mut self, value: &Data, indent: usize, context: Context) {
        // What is folded or stands in a block is one level deeper than its key.
        let inner = match context {
            Context::Mapping | Context::Root => indent + 2,
            Context::Sequence => indent,
        };
        let plain = match value {
            Data::Nil | Data::Missing => "null".to_owned(),
            Data::Float(number) => number_text(*number),
            Data::Text(text) => {
                match style(text, Place::Value) {
                    Style::Plain => {
                        self.after_mark(context, "");
                        self.plain(text, inner);
                    }
                    Style::Single => {
                        self.after_mark(context, "");
                        self.single(text, inner, true);
                    }
                    Style::Double => {
                        self.after_mark(context, "");
                        self.double(text, inner, true);
                    }
                    Style::Literal => {
                        self.after_mark(context, "");
                        self.literal(text, inner);
                    }
                }
                return;
            }
            other => other.printed(),
        };
        self.after_mark(context, &plain);
    }

    fn plain(&mut self, text: &str, indent: usize) {
        let mut spaces = false;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character == ' ' {
                if !spaces && self.column > self.width && characters.peek() != Some(&' ') {
                    self.line(indent);
                } else {
                    self.put(" ");
                }
                spaces = true;
            } else {
                self.put(character.encode_utf8(&mut [0; 4]));
                spaces = false;
            }
        }
    }

    fn single(&mut self, text: &str, indent: usize, may_fold: bool) {
        self.put("'");
        let (mut spaces, mut breaks) = (false, false);
        for (at, character) in text.char_indices() {
            if character == ' ' {
                let is_inside = at > 0 && at + 1 < text.len() && !text[at + 1..].starts_with(' ');
                if may_fold && !spaces && self.column > self.width && is_inside {
                    self.line(indent);
                } else {
                    self.put(" ");
                }
                spaces = true;
            } else if character == '\n' {
                if !breaks {
                    self.put("\n");
                }
                self.put("\n");
                breaks = true;
            } else {
                if breaks {
                    self.put(&" ".repeat(indent));
                }
                if character == '\'' {
                    self.put("'");
                }
                self.put(character.encode_utf8(&mut [0; 4]));
                (spaces, breaks) = (false, false);
            }
        }
        self.put("'");
    }

    fn double(&mut self, text: &str, indent: usize, may_fold: bool) {
        self.put("\"");
        let mut spaces = false;
        for (at, character) in text.char_indices() {
            let escape = match character {
                '\0' => "\\0",
                '\u{7}' => "\\a",
                '\u{8}' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\u{b}' => "\\v",
                '\u{c}' => "\\f",
                '\r' => "\\r",
                '\u{1b}' => "\\e",
                '"' => "\\\"",
                '\\' => "\\\\",
                '\u{85}' => "\\N",
                '\u{a0}' if !is_printable(character) => "\\_",
                '\u{2028}' => "\\L",
                '\u{2029}' => "\\P",
                _ => "",
            };
            if !escape.is_empty() {
                self.put(escape);
                spaces = false;
            } else if !is_printable(character) {
                let code = u32::from(character);
                let text = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.put(&text);
                spaces = false;
            } else if character == ' ' {
                let is_inside = at > 0 && at + 1 < text.len();
                if may_fold && !spaces && self.column > self.width && is_inside {
                    self.line(indent);
                    if text[at + 1..].starts_with(' ') {
                        self.put("\\");
                    }
                } else {
                    self.put(" ");
                }
                spaces = true;
            } else {
                self.put(character.encode_utf8(&mut [0; 4]));
                spaces = false;
            }
        }
        self.put("\"");
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with([' ', '\n']) {
            self.put("2");
        }
        let ending = text.len() - text.trim_end_matches('\n').len();
        if ending == 0 {
            self.put("-");
        } else if ending > 1 || text.len() == 1 {
            self.put("+");
        }
        let lines: Vec<&str> = text.split('\n').collect();
        let count = if ending > 0 { lines.len() - 1 } else { lines.len() };
        for line in &lines[..count] {
            if line.is_empty() {
                self.line(0);
            } else {
                self.line(indent);
                self.put(line);
            }
        }
    }
}

/// Numbers were written as JSON and read again before they are written as YAML.
fn number_text(number: f64) -> String {
    let json = json::float(number);
    let is_integer = json.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_integer
        && json
            .parse::<i128>()
            .is_ok_and(|number| number.unsigned_abs() < 1 << 64)
    {
        json
    } else {
        shortest(number)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Key,
    Value,
}

/// How a string is written (`encoder.stringv`, `yaml_emitter_select_scalar_style`).
fn style(text: &str, place: Place) -> Style {
    let found = Analysis::of(text);
    let wanted = if text.contains('\n') {
        Style::Literal
    } else if yaml::is_ambiguous(text) {
        Style::Double
    } else {
        Style::Plain
    };
    let is_multiline = found.has_breaks;
    match wanted {
        _ if place == Place::Key && is_multiline => Style::Double,
        Style::Plain if found.allows_plain => Style::Plain,
        Style::Plain if found.allows_single => Style::Single,
        Style::Literal if found.allows_block && place == Place::Value => Style::Literal,
        _ => Style::Double,
    }
}

/// What a string's characters allow (`yaml_emitter_analyze_scalar`).
struct Analysis {
    has_breaks: bool,
    allows_plain: bool,
    allows_single: bool,
    allows_block: bool,
}

impl Analysis {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self {
                has_breaks: false,
                allows_plain: true,
                allows_single: true,
                allows_block: false,
            };
        }
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut breaks, mut special) = (false, false);
        let (mut break_space, mut space_break) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut after_blank = true;
        let mut characters = text.chars().peekable();
        let mut is_first = true;
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            let before_blank = next.is_none_or(is_blank);
            indicators |= match character {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
                | '`'
                    if is_first =>
                {
                    true
                }
                '?' | '-' if is_first => before_blank,
                ':' => before_blank,
                '#' => after_blank,
                _ => false,
            };
            special |= !is_printable(character) && !is_break(character) || character == '\r';
            if character == ' ' {
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(character) {
                breaks = true;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            after_blank = is_blank(character);
            is_first = false;
        }
        let is_edge = |character: Option<char>| {
            character.is_some_and(|character| character == ' ' || is_break(character))
        };
        let edges = is_edge(text.chars().next()) || is_edge(text.chars().next_back());
        Self {
            has_breaks: breaks,
            allows_plain: !(edges || break_space || space_break || special || breaks || indicators),
            allows_single: !(break_space || space_break || special),
            allows_block: !(text.ends_with(' ') || space_break || special),
        }
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(character: char) -> bool {
    character == ' ' || character == '\t' || is_break(character)
}

/// `is_printable` of go-yaml: a tab is not.
fn is_printable(character: char) -> bool {
    matches!(u32::from(character), 0x0a | 0x20..=0x7e | 0xa0..=0xd7ff | 0xe000..=0xfffd)
        && character != '\u{feff}'
}

/// The order of keys: numbers in them by their value, letters after everything else (`keyList.Less`).
fn compare_keys(left: &str, right: &str) -> Ordering {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    for index in 0..left.len().min(right.len()) {
        let (one, other) = (left[index], right[index]);
        if one == other {
            continue;
        }
        match (one.is_alphabetic(), other.is_alphabetic()) {
            (true, true) => return one.cmp(&other),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let (mut left_number, mut right_number) = (0_i64, 0_i64);
        if one == '0' || other == '0' {
            let digits = left[..index].iter().rev().take_while(|digit| digit.is_numeric());
            if digits.into_iter().any(|digit| *digit != '0') {
                (left_number, right_number) = (1, 1);
            }
        }
        let left_end = number_end(&left, index, &mut left_number);
        let right_end = number_end(&right, index, &mut right_number);
        return left_number
            .cmp(&right_number)
            .then(left_end.cmp(&right_end))
            .then(one.cmp(&other));
    }
    left.len().cmp(&right.len())
}

fn number_end(characters: &[char], from: usize, number: &mut i64) -> usize {
    let mut end = from;
    while let Some(digit) = characters.get(end).and_then(|character| character.to_digit(10)) {
        *number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
        end += 1;
    }
    end
}

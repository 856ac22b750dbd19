//! Operations on strings of which parts may be unknown.

use std::rc::Rc;

use super::exposition_segment::Segment;
use super::heap::{Container, ContainerKind};
use super::machine::Machine;
use super::value::{Arguments, Atom, Digits, Reason, Symbol, Text, Unknown, Value};

/// Most texts that an operation gives.
const MOST_TEXTS: usize = 48;

/// Each of `left` followed by each of `right`.
pub(super) fn product(left: &[Text], right: &[Text]) -> Vec<Text> {
    if left.len() * right.len() > MOST_TEXTS {
        let hole = [Text::unknown(Unknown::new(Reason::Limit))];
        return if left.len() > right.len() {
            product(&hole, &right[..1])
        } else {
            product(&left[..1], &hole)
        };
    }
    left.iter()
        .flat_map(|first| right.iter().map(|second| first.concat(second)))
        .collect()
}

/// The same texts, marked as what configuration can replace.
pub(super) fn configurable(value: &Value) -> Value {
    configured(value, None)
}

/// The same, by the environment variable or option of that name.
pub(super) fn configured(value: &Value, variable: Option<Symbol>) -> Value {
    let is_number = value.atoms().iter().any(|atom| matches!(atom, Atom::Number(..)));
    let atoms = value.atoms().iter().map(|atom| match atom {
        Atom::Text(text) => Atom::Text(Rc::new(Text {
            configurable: true,
            variable: variable.or(text.variable),
            ..(**text).clone()
        })),
        other => other.clone(),
    });
    // A number does not carry its variable: what it may be instead does.
    let instead = (is_number && variable.is_some()).then(|| Atom::Unknown(Unknown::configured(variable)));
    Value::any(atoms.chain(instead))
}

/// A number as Python prints it.
pub(super) fn number_text(value: f64, digits: Digits) -> String {
    match digits {
        Digits::Integer => format!("{value:.0}"),
        Digits::Float if value.fract() == 0.0 && value.abs() < 1e16 => format!("{value:.1}"),
        Digits::Float => format!("{value}"),
    }
}

/// Every text that the segments can make together.
pub(super) fn texts_of(segments: &[Segment<'_>]) -> Vec<Text> {
    let mut made = vec![Text::exact("")];
    for segment in segments {
        made = product(&made, segment.texts());
    }
    made
}

fn value_of(texts: Vec<Text>) -> Value {
    Value::any(texts.into_iter().map(|text| Atom::Text(Rc::new(text))))
}

impl<'a> Machine<'a> {
    /// What `str()` or an f-string makes of a value; `None` alternatives are left out beside others.
    pub(super) fn texts(&mut self, value: &Value) -> Vec<Text> {
        let mut texts: Vec<Text> = Vec::new();
        for atom in value.atoms() {
            let text = match atom {
                Atom::Text(text) => (**text).clone(),
                Atom::Number(number, digits) => Text::exact(&number_text(*number, *digits)),
                Atom::Bool(value) => Text::exact(if *value { "True" } else { "False" }),
                Atom::None if value.atoms().len() > 1 => continue,
                Atom::None => Text::exact("None"),
                Atom::Unknown(unknown) => Text::unknown(*unknown),
                Atom::Instance(_) => {
                    let made = self.instance_texts(atom);
                    texts.extend(made);
                    continue;
                }
                _ => Text::unknown(Unknown::new(Reason::Expression)),
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if texts.is_empty() {
            texts.push(Text::unknown(Unknown::new(Reason::Expression)));
        }
        if texts.len() > MOST_TEXTS {
            return vec![Text::unknown(Unknown::new(Reason::Limit))];
        }
        texts
    }

    fn instance_texts(&mut self, atom: &Atom) -> Vec<Text> {
        if let Some(value) = self.instance_text(atom) {
            return self.texts(&value);
        }
        let Atom::Instance(instance) = atom else {
            return Vec::new();
        };
        let class = self.heap.instance(*instance).class;
        let method = self.symbols.intern("__str__");
        if self.heap.class_attribute(class, method).is_some() {
            let method = self.attribute_of(atom, method);
            let value = self.call_value(&method, &Arguments::default(), None);
            if !value.atoms().iter().any(|atom| matches!(atom, Atom::Instance(_))) {
                return self.texts(&value);
            }
        }
        vec![Text::unknown(Unknown::new(Reason::Expression))]
    }

    /// `text % operand`.
    pub(super) fn percent(&mut self, left: &Value, right: &Value) -> Value {
        let operands: Vec<Value> = match right.single() {
            Some(Atom::Container(_)) => {
                let elements = self.elements(right);
                elements.items.into_iter().chain(elements.more).collect()
            }
            _ => vec![right.clone()],
        };
        let mapping = match right.single() {
            Some(Atom::Container(id)) if !self.heap.container(*id).values.is_empty() => Some(right.clone()),
            _ => None,
        };
        let mut made = Vec::new();
        for template in self.texts(left) {
            let Some(exact) = template.as_exact().map(str::to_owned) else {
                made.push(Text::unknown(
                    template.hole.unwrap_or(Unknown::new(Reason::Expression)),
                ));
                continue;
            };
            let segments = self.percent_one(&exact, &template, &operands, mapping.as_ref());
            self.read_formatted(&segments);
            made.extend(texts_of(&segments));
        }
        value_of(made)
    }

    fn percent_one(
        &mut self,
        template: &str,
        source: &Text,
        operands: &[Value],
        mapping: Option<&Value>,
    ) -> Vec<Segment<'a>> {
        let base = |text: &str| Text {
            literal: source.literal,
            site: source.site,
            ..Text::exact(text)
        };
        let mut made = Vec::new();
        let mut rest = template;
        let mut next = operands.iter();
        while let Some(at) = rest.find('%') {
            let offset = template.len() - rest.len();
            made.push(self.template_segment(source, offset, base(&rest[..at])));
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                made.push(self.template_segment(source, offset + at, base("%")));
                rest = after;
                continue;
            }
            let mut operand = None;
            let mut hint = "";
            if let Some(named) = rest.strip_prefix('(')
                && let Some((key, after)) = named.split_once(')')
            {
                rest = after;
                hint = key;
                operand = mapping.map(|mapping| self.item(mapping, &Text::exact(key).into()));
            }
            let end = rest
                .find(|letter: char| letter.is_ascii_alphabetic())
                .map_or(rest.len(), |at| at + 1);
            let written = &rest[..end];
            let plain = matches!(written, "s" | "d" | "i");
            rest = &rest[end..];
            let operand = operand.or_else(|| next.next().cloned());
            let texts = match operand {
                Some(operand) if plain => self.texts(&operand),
                // `%02d`, `%.1f`: as `format` has it, but for what only one of them has.
                Some(operand) if !written.contains(['-', '+', ' ', '#', 'r', 'a', 'g', 'e', '*']) => {
                    let made = self.formatted(&operand, &written.replace('i', "d"));
                    self.texts(&made)
                }
                Some(operand) => {
                    vec![Text::unknown(
                        operand
                            .first_unknown()
                            .unwrap_or(Unknown::new(Reason::Expression)),
                    )]
                }
                None => vec![Text::unknown(Unknown::new(Reason::Expression))],
            };
            made.push(Segment::value(texts, hint));
        }
        made.push(self.template_segment(source, template.len() - rest.len(), base(rest)));
        made
    }

    fn format(&mut self, template: &Text, arguments: &Arguments) -> Vec<Text> {
        let Some(exact) = template.as_exact().map(str::to_owned) else {
            return vec![Text::unknown(
                template.hole.unwrap_or(Unknown::new(Reason::Expression)),
            )];
        };
        let place = self.text_place;
        let base = |text: &str| Text {
            literal: template.literal,
            site: template.site,
            ..Text::exact(text)
        };
        let mut made = Vec::new();
        let mut rest = exact.as_str();
        let mut position = 0;
        while let Some(at) = rest.find(['{', '}']) {
            let offset = exact.len() - rest.len();
            made.push(self.template_segment(template, offset, base(&rest[..at])));
            let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
            if doubled {
                made.push(self.template_segment(template, offset + at, base(&rest[at..=at])));
                rest = &rest[at + 2..];
                continue;
            }
            let Some(end) = rest[at..].find('}').map(|end| at + end) else {
                rest = &rest[at + 1..];
                break;
            };
            let field = rest.get(at + 1..end).unwrap_or_default();
            rest = &rest[end + 1..];
            let operand = self.format_field(field, arguments, &mut position);
            let texts = self.texts(&operand);
            made.push(Segment::value(texts, field));
        }
        made.push(self.template_segment(template, exact.len() - rest.len(), base(rest)));
        self.text_place = place;
        self.read_formatted(&made);
        texts_of(&made)
    }

    fn format_field(&mut self, field: &str, arguments: &Arguments, position: &mut usize) -> Value {
        let missing = || {
            arguments
                .more_positional
                .clone()
                .or_else(|| arguments.more_keywords.clone())
        };
        let unknown = || missing().unwrap_or_else(|| Value::unknown(Reason::Expression));
        if let Some((name, written)) = field.split_once(':')
            && !name.contains(['!', '['])
            && !written.contains('{')
        {
            let value = self.format_field(name, arguments, position);
            return self.formatted(&value, written);
        }
        if field.contains([':', '!', '[']) && !field.ends_with("!s") {
            return unknown();
        }
        let mut parts = field.trim_end_matches("!s").split('.');
        let head = parts.next().unwrap_or_default();
        let mut value = if head.is_empty() {
            *position += 1;
            arguments.positional.get(*position - 1).cloned()
        } else if let Ok(index) = head.parse::<usize>() {
            arguments.positional.get(index).cloned()
        } else {
            let symbol = self.symbols.intern(head);
            arguments
                .keywords
                .iter()
                .find(|(name, _)| *name == symbol)
                .map(|(_, value)| value.clone())
        }
        .unwrap_or_else(unknown);
        for part in parts {
            let symbol = self.symbols.intern(part);
            value = self.attribute(&value, symbol);
        }
        value
    }

    /// A method of a string.
    pub(super) fn text_method(&mut self, text: &Text, method: &str, arguments: &Arguments) -> Value {
        let first = arguments.positional.first().cloned();
        let first_text = first.as_ref().and_then(Value::exact_text).map(str::to_owned);
        let second_text = arguments
            .positional
            .get(1)
            .and_then(Value::exact_text)
            .map(str::to_owned);
        let unknown = Text::unknown(text.hole.unwrap_or(Unknown {
            site: text.site,
            ..Unknown::new(Reason::Expression)
        }));
        let is_exact = text.as_exact().is_some();
        let whole = |change: &dyn Fn(&str) -> String| -> Value {
            if is_exact {
                text.map(change).into()
            } else {
                unknown.clone().into()
            }
        };
        match method {
            "lower" | "casefold" => text.map(str::to_lowercase).into(),
            "upper" => text.map(str::to_uppercase).into(),
            "capitalize" => whole(&|text| {
                let mut letters = text.chars();
                letters.next().map_or_else(String::new, |first| {
                    first
                        .to_uppercase()
                        .chain(letters.flat_map(char::to_lowercase))
                        .collect()
                })
            }),
            "title" => whole(&title),
            "strip" | "lstrip" | "rstrip" => {
                let set: Option<Vec<char>> = match &first {
                    None => None,
                    Some(_) => match &first_text {
                        Some(set) => Some(set.chars().collect()),
                        None => return unknown.into(),
                    },
                };
                let is_cut = |letter: char| {
                    set.as_ref()
                        .map_or(letter.is_whitespace(), |set| set.contains(&letter))
                };
                text.ends_trimmed(method != "rstrip", method != "lstrip", &is_cut)
                    .into()
            }
            "replace" => match (first_text, second_text) {
                (Some(from), Some(to)) if !from.is_empty() => {
                    text.map(|piece| piece.replace(&from, &to)).into()
                }
                _ => unknown.into(),
            },
            "removeprefix" => match first_text {
                Some(prefix) => text
                    .map_first(|piece| piece.strip_prefix(prefix.as_str()).unwrap_or(piece))
                    .into(),
                None => unknown.into(),
            },
            "removesuffix" => match first_text {
                Some(suffix) => text
                    .map_last(|piece| piece.strip_suffix(suffix.as_str()).unwrap_or(piece))
                    .into(),
                None => unknown.into(),
            },
            "startswith" | "endswith" => match (&first_text, method) {
                (Some(part), "startswith") if is_exact || text.pieces[0].len() >= part.len() => {
                    Value::bool(text.pieces[0].starts_with(part.as_str()))
                }
                (Some(part), "endswith") if is_exact => Value::bool(text.pieces[0].ends_with(part.as_str())),
                _ => Value::any([Atom::Bool(true), Atom::Bool(false)]),
            },
            "join" => first.map_or_else(|| unknown.into(), |parts| self.join_texts(text, &parts)),
            "format" => value_of(self.format(text, arguments)),
            "format_map" => unknown.into(),
            "split" | "rsplit" => self.split_text(text, first_text.as_deref(), method, arguments),
            "splitlines" | "partition" | "rpartition" => unknown.into(),
            "isupper" | "islower" | "isdigit" | "isalnum" | "isidentifier" | "isalpha" => {
                Value::any([Atom::Bool(true), Atom::Bool(false)])
            }
            "encode" | "decode" | "__str__" | "expandtabs" | "swapcase" | "translate" => {
                if method == "__str__" {
                    text.clone().into()
                } else {
                    unknown.into()
                }
            }
            _ => Value::unknown(Reason::Expression),
        }
    }

    fn join_texts(&mut self, separator: &Text, parts: &Value) -> Value {
        let elements = self.elements(parts);
        if elements.more.is_none() {
            self.read_join(separator, &elements.items);
        }
        let mut made: Option<Vec<Text>> = None;
        for part in elements.items.iter().chain(&elements.more) {
            // What is unknown may be several elements: one hole.
            let texts = if elements.more.as_ref() == Some(part) {
                vec![Text::unknown(
                    part.first_unknown().unwrap_or(Unknown::new(Reason::Element)),
                )]
            } else {
                self.texts(part)
            };
            made = Some(match made {
                None => texts,
                Some(before) => product(&product(&before, std::slice::from_ref(separator)), &texts),
            });
        }
        made.map_or_else(|| Text::exact("").into(), value_of)
    }

    fn split_text(
        &mut self,
        text: &Text,
        separator: Option<&str>,
        method: &str,
        arguments: &Arguments,
    ) -> Value {
        let Some(exact) = text.as_exact() else {
            let unknown = Text::unknown(text.hole.unwrap_or(Unknown::new(Reason::Element)));
            return self.open_list(unknown.into());
        };
        let limit = match arguments.positional.get(1).and_then(Value::single) {
            Some(Atom::Number(limit, _)) if *limit >= 0.0 => Some(*limit as usize),
            _ => None,
        };
        let parts: Vec<String> = match (separator, limit, method) {
            (Some(""), _, _) => Vec::new(),
            (Some(separator), None, _) => exact.split(separator).map(str::to_owned).collect(),
            (Some(separator), Some(limit), "split") => {
                exact.splitn(limit + 1, separator).map(str::to_owned).collect()
            }
            (Some(separator), Some(limit), _) => {
                let mut parts: Vec<String> = exact.rsplitn(limit + 1, separator).map(str::to_owned).collect();
                parts.reverse();
                parts
            }
            (None, ..) => exact.split_whitespace().map(str::to_owned).collect(),
        };
        let items = parts
            .iter()
            .map(|part| {
                Value::from(Text {
                    literal: text.literal,
                    site: text.site,
                    ..Text::exact(part)
                })
            })
            .collect();
        // Configuration can put other parts there.
        let more = text.configurable.then(|| Value::unknown(Reason::Environment));
        self.heap.insert_container(Container {
            kind: ContainerKind::List,
            items,
            values: Vec::new(),
            more,
        })
    }
}

fn title(text: &str) -> String {
    let mut is_start = true;
    text.chars()
        .flat_map(|letter| {
            let cased: Vec<char> = if is_start {
                letter.to_uppercase().collect()
            } else {
                letter.to_lowercase().collect()
            };
            is_start = !letter.is_alphabetic();
            cased
        })
        .collect()
}

impl Text {
    fn map_first(&self, change: impl Fn(&str) -> &str) -> Text {
        let mut text = self.clone();
        if let Some(first) = text.pieces.first_mut() {
            *first = Rc::from(change(first));
        }
        text
    }

    fn map_last(&self, change: impl Fn(&str) -> &str) -> Text {
        let mut text = self.clone();
        if let Some(last) = text.pieces.last_mut() {
            *last = Rc::from(change(last));
        }
        text
    }

    fn ends_trimmed(&self, start: bool, end: bool, is_cut: &dyn Fn(char) -> bool) -> Text {
        let mut text = self.clone();
        if start {
            text = text.map_first(|piece| piece.trim_start_matches(is_cut));
        }
        if end {
            text = text.map_last(|piece| piece.trim_end_matches(is_cut));
        }
        text
    }
}

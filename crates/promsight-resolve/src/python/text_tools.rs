//! The rarer tools for strings: format specifications, padding, splitting into lines and parts, translation tables.

use std::rc::Rc;

use super::heap::ContainerKind;
use super::machine::Machine;
use super::text::number_text;
use super::value::{Arguments, Atom, Digits, Reason, Text, Unknown, Value};

/// Widest field that is padded.
const MOST_WIDTH: usize = 64;

/// A format specification as far as names need it: `[[fill]align][0][width][.precision][type]`.
struct Specification {
    fill: char,
    align: char,
    width: usize,
    precision: Option<usize>,
    kind: char,
}

fn specification(written: &str) -> Option<Specification> {
    let letters: Vec<char> = written.chars().collect();
    let is_align = |letter: Option<&char>| matches!(letter, Some('<' | '>' | '^'));
    let (mut fill, mut align, mut at) = (' ', '\0', 0);
    if is_align(letters.get(1)) {
        (fill, align, at) = (letters[0], letters[1], 2);
    } else if is_align(letters.first()) {
        (align, at) = (letters[0], 1);
    }
    if letters.get(at) == Some(&'0') {
        if align == '\0' {
            (fill, align) = ('0', '>');
        }
        at += 1;
    }
    let number = |at: &mut usize| {
        let start = *at;
        while letters.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
        letters[start..*at]
            .iter()
            .collect::<String>()
            .parse::<usize>()
            .ok()
    };
    let width = number(&mut at).unwrap_or(0);
    let precision = if letters.get(at) == Some(&'.') {
        at += 1;
        Some(number(&mut at)?)
    } else {
        None
    };
    let kind = letters.get(at).copied().unwrap_or('\0');
    let is_understood = matches!(kind, '\0' | 's' | 'd' | 'f' | 'x' | 'X') && letters.len() <= at + 1;
    (is_understood && width <= MOST_WIDTH).then_some(Specification {
        fill,
        align,
        width,
        precision,
        kind,
    })
}

fn padded(text: &str, width: usize, fill: char, align: char) -> String {
    let missing = width.min(MOST_WIDTH).saturating_sub(text.chars().count());
    let fill = |count: usize| fill.to_string().repeat(count);
    match align {
        '>' => fill(missing) + text,
        '^' => fill(missing / 2) + text + &fill(missing - missing / 2),
        _ => text.to_owned() + &fill(missing),
    }
}

/// `format(value, written)` of a value that is known.
fn formatted(atom: &Atom, written: &str) -> Option<String> {
    let specification = specification(written)?;
    let (text, align) = match (atom, specification.kind) {
        (Atom::Text(text), '\0' | 's') => {
            let exact = text.as_exact()?;
            let cut = specification.precision.unwrap_or(usize::MAX);
            (exact.chars().take(cut).collect(), '<')
        }
        (Atom::Number(number, Digits::Integer), '\0' | 'd') => (format!("{number:.0}"), '>'),
        (Atom::Number(number, Digits::Integer), 'x') => (format!("{:x}", *number as i64), '>'),
        (Atom::Number(number, Digits::Integer), 'X') => (format!("{:X}", *number as i64), '>'),
        (Atom::Number(number, _), 'f') => {
            let digits = specification.precision.unwrap_or(6).min(MOST_WIDTH);
            (format!("{number:.digits$}"), '>')
        }
        (Atom::Number(number, digits), '\0') if specification.precision.is_none() => {
            (number_text(*number, *digits), '>')
        }
        _ => return None,
    };
    let align = if specification.align == '\0' {
        align
    } else {
        specification.align
    };
    Some(padded(&text, specification.width, specification.fill, align))
}

impl Machine<'_> {
    /// `format(value, specification)`, which is what `{value:specification}` is.
    pub(super) fn formatted(&mut self, value: &Value, written: &str) -> Value {
        if written.is_empty() {
            let texts = self.texts(value);
            return Value::any(texts.into_iter().map(|text| Atom::Text(Rc::new(text))));
        }
        let made = value.atoms().iter().map(|atom| {
            let plain = self.instance_text(atom);
            let atom = plain.as_ref().and_then(Value::single).unwrap_or(atom);
            let unknown = Value::from(atom.clone()).first_unknown();
            let site = match atom {
                Atom::Text(text) => text.site,
                _ => None,
            };
            Atom::Text(Rc::new(match formatted(atom, written) {
                Some(text) => Text {
                    site,
                    ..Text::exact(&text)
                },
                None => Text::unknown(Unknown {
                    site,
                    ..unknown.unwrap_or(Unknown::new(Reason::Expression))
                }),
            }))
        });
        Value::any(made.collect::<Vec<_>>())
    }

    /// `textwrap.dedent(text)`: without the blanks that all lines begin with.
    pub(super) fn dedented(value: &Value) -> Value {
        let made = value.atoms().iter().map(|atom| match atom {
            Atom::Text(text) => match text.as_exact() {
                Some(exact) => {
                    let filled = exact.lines().filter(|line| !line.trim().is_empty());
                    let margin = filled.map(|line| line.len() - line.trim_start().len()).min();
                    let lines = exact.split_inclusive('\n').map(|line| {
                        if line.trim().is_empty() {
                            line.trim_start_matches([' ', '\t'])
                        } else {
                            line.get(margin.unwrap_or(0)..).unwrap_or(line)
                        }
                    });
                    let lines: String = lines.collect();
                    Atom::Text(Rc::new(Text {
                        pieces: vec![Rc::from(lines.as_str())],
                        ..(**text).clone()
                    }))
                }
                None => atom.clone(),
            },
            other => other.clone(),
        });
        Value::any(made.collect::<Vec<_>>())
    }

    /// Methods that are rare on the way to a name; `None` for all others, and where too little is known.
    pub(super) fn rare_text_method(
        &mut self,
        text: &Text,
        method: &str,
        arguments: &Arguments,
    ) -> Option<Value> {
        let exact = text.as_exact()?.to_owned();
        let like = |part: &str| -> Value {
            Text {
                pieces: vec![Rc::from(part)],
                ..text.clone()
            }
            .into()
        };
        let first = arguments.positional.first();
        let word = first.and_then(Value::exact_text).map(str::to_owned);
        let number = match first.and_then(Value::single) {
            Some(Atom::Number(number, Digits::Integer)) if *number >= 0.0 => Some(*number as usize),
            _ => None,
        };
        Some(match method {
            "swapcase" => {
                let swapped: String = exact
                    .chars()
                    .flat_map(|letter| {
                        let swapped: Vec<char> = if letter.is_uppercase() {
                            letter.to_lowercase().collect()
                        } else {
                            letter.to_uppercase().collect()
                        };
                        swapped
                    })
                    .collect();
                like(&swapped)
            }
            "zfill" => {
                let (sign, digits) = match exact.strip_prefix(['-', '+']) {
                    Some(digits) => exact.split_at(exact.len() - digits.len()),
                    None => ("", exact.as_str()),
                };
                let width = number?.saturating_sub(sign.len());
                like(&(sign.to_owned() + &padded(digits, width, '0', '>')))
            }
            "rjust" | "ljust" | "center" => {
                let fill = arguments
                    .positional
                    .get(1)
                    .and_then(Value::exact_text)
                    .and_then(|fill| fill.chars().next())
                    .unwrap_or(' ');
                let align = match method {
                    "rjust" => '>',
                    "ljust" => '<',
                    _ => '^',
                };
                like(&padded(&exact, number?, fill, align))
            }
            "splitlines" => {
                let lines = exact.lines().map(like).collect();
                self.heap.new_container(ContainerKind::List, lines)
            }
            "partition" | "rpartition" => {
                let word = word?;
                let at = if method == "partition" {
                    exact.find(&word)
                } else {
                    exact.rfind(&word)
                };
                let parts = match (at, method) {
                    (Some(at), _) => [&exact[..at], word.as_str(), &exact[at + word.len()..]],
                    (None, "partition") => [exact.as_str(), "", ""],
                    (None, _) => ["", "", exact.as_str()],
                };
                self.heap
                    .new_container(ContainerKind::Tuple, parts.into_iter().map(like).collect())
            }
            "translate" => {
                let table = first?.clone();
                let made = self.translated(&exact, &table)?;
                like(&made)
            }
            "maketrans" => self.translation_table(arguments)?,
            "format_map" => {
                let mut spread = Arguments::default();
                let elements = match first.and_then(Value::single) {
                    Some(Atom::Container(id)) => self.heap.container(*id).clone(),
                    _ => return None,
                };
                for (key, value) in elements.items.iter().zip(elements.values) {
                    let symbol = self.symbols.intern(key.exact_text()?);
                    spread.keywords.push((symbol, value));
                }
                spread.more_keywords = elements.more;
                self.text_method(text, "format", &spread)
            }
            "isupper" => {
                Value::bool(exact.chars().any(char::is_uppercase) && !exact.chars().any(char::is_lowercase))
            }
            "islower" => {
                Value::bool(exact.chars().any(char::is_lowercase) && !exact.chars().any(char::is_uppercase))
            }
            "isdigit" => {
                Value::bool(!exact.is_empty() && exact.chars().all(|letter| letter.is_ascii_digit()))
            }
            "isalpha" => Value::bool(!exact.is_empty() && exact.chars().all(char::is_alphabetic)),
            "isalnum" => Value::bool(!exact.is_empty() && exact.chars().all(char::is_alphanumeric)),
            _ => return None,
        })
    }

    /// `str.maketrans`: a dictionary from letters (or their numbers) to texts.
    pub(super) fn translation_table(&mut self, arguments: &Arguments) -> Option<Value> {
        let first = arguments.positional.first()?.clone();
        let Some(from) = first.exact_text() else {
            return Some(first);
        };
        let to = arguments.positional.get(1)?.exact_text()?;
        let removed = arguments
            .positional
            .get(2)
            .and_then(Value::exact_text)
            .unwrap_or_default();
        let pairs = from
            .chars()
            .zip(to.chars().map(|letter| letter.to_string()))
            .chain(removed.chars().map(|letter| (letter, String::new())));
        let (items, values) = pairs
            .map(|(from, to)| (Text::exact(&from.to_string()).into(), Text::exact(&to).into()))
            .unzip();
        Some(self.heap.insert_container(super::heap::Container {
            kind: ContainerKind::Dict,
            items,
            values,
            more: None,
        }))
    }

    fn translated(&mut self, text: &str, table: &Value) -> Option<String> {
        let Some(Atom::Container(id)) = table.single() else {
            return None;
        };
        let container = self.heap.container(*id);
        if container.more.is_some() {
            return None;
        }
        let mut made = String::new();
        for letter in text.chars() {
            let own = letter.to_string();
            let code = f64::from(u32::from(letter));
            let at = container.items.iter().position(|key| match key.single() {
                Some(Atom::Text(key)) => key.as_exact() == Some(own.as_str()),
                Some(Atom::Number(number, _)) => *number == code,
                _ => false,
            });
            match at.map(|at| &container.values[at]) {
                None => made.push(letter),
                Some(value) => match value.single()? {
                    Atom::None => {}
                    Atom::Text(to) => made.push_str(to.as_exact()?),
                    _ => return None,
                },
            }
        }
        Some(made)
    }

    /// `string.Template(text).substitute(name=…)`.
    pub(super) fn substituted_template(&mut self, arguments: &Arguments) -> Option<Value> {
        let (template, given) = arguments.positional.split_first()?;
        let template = template.exact_text()?.to_owned();
        let mut made = vec![Text::exact("")];
        let mut rest = template.as_str();
        while let Some(at) = rest.find('$') {
            made = super::text::product(&made, &[Text::exact(&rest[..at])]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                made = super::text::product(&made, &[Text::exact("$")]);
                rest = after;
                continue;
            }
            let (name, after) = match rest.strip_prefix('{') {
                Some(braced) => braced.split_once('}')?,
                None => {
                    let is_word = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
                    let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
                    rest.split_at(end)
                }
            };
            rest = after;
            let symbol = self.symbols.intern(name);
            let keyword = arguments.keywords.iter().find(|(known, _)| *known == symbol);
            let value = match (keyword, given.first()) {
                (Some((_, value)), _) => value.clone(),
                (None, Some(mapping)) => self.item(mapping, &Text::exact(name).into()),
                (None, None) => Value::unknown(Reason::Expression),
            };
            let texts = self.texts(&value);
            made = super::text::product(&made, &texts);
        }
        made = super::text::product(&made, &[Text::exact(rest)]);
        Some(Value::any(made.into_iter().map(|text| Atom::Text(Rc::new(text)))))
    }
}

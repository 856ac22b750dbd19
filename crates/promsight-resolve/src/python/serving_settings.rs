//! Ports and paths: what is known of a value that is one.

use promsight_model::Setting;

use super::machine::Machine;
use super::value::{Atom, Value};

impl Machine<'_> {
    /// The pieces of a path joined by single slashes.
    pub(super) fn joined_path(&self, pieces: &[Value]) -> Setting<String> {
        let mut joined = String::new();
        let mut variable: Option<String> = None;
        let mut is_default_known = true;
        let known: Vec<Setting<String>> = pieces.iter().map(|piece| self.text_setting(piece)).collect();
        for (at, piece) in known.iter().enumerate() {
            let text = match piece {
                Setting::Literal(text) => text,
                Setting::Configured { name, default } => {
                    // What the variable holds is the whole path only where nothing stands around it.
                    let is_alone = known.iter().enumerate().all(|(other, piece)| {
                        other == at
                            || matches!(piece, Setting::Literal(text) if text.trim_matches('/').is_empty())
                    });
                    if !is_alone {
                        return Setting::Unknown;
                    }
                    variable = Some(name.clone());
                    is_default_known = default.is_some();
                    match default {
                        Some(text) => text,
                        None => continue,
                    }
                }
                Setting::Unknown => return Setting::Unknown,
            };
            let Some(plain) = plain_path(text) else {
                return Setting::Unknown;
            };
            let is_last = at + 1 == known.len();
            let plain = plain.trim_start_matches('/');
            let plain = if is_last {
                plain
            } else {
                plain.trim_end_matches('/')
            };
            if !plain.is_empty() {
                joined.push('/');
                joined.push_str(plain);
            }
        }
        if joined.is_empty() {
            joined.push('/');
        }
        match variable {
            Some(name) => Setting::Configured {
                name,
                default: is_default_known.then_some(joined),
            },
            None => Setting::Literal(joined),
        }
    }

    /// What is known of a text that is a setting.
    pub(super) fn text_setting(&self, value: &Value) -> Setting<String> {
        match value.single() {
            Some(Atom::Text(text)) => match (text.as_exact(), text.variable) {
                (Some(exact), Some(variable)) if text.configurable => Setting::Configured {
                    name: self.symbols.name(variable).to_string(),
                    default: Some(exact.to_owned()),
                },
                (Some(exact), _) if !text.configurable => Setting::Literal(exact.to_owned()),
                _ => Setting::Unknown,
            },
            Some(Atom::Unknown(unknown)) => match unknown.variable {
                Some(variable) => Setting::Configured {
                    name: self.symbols.name(variable).to_string(),
                    default: None,
                },
                None => Setting::Unknown,
            },
            _ => Setting::Unknown,
        }
    }

    /// What is known of a port: a number, a text that is one (`":8000"`), or what configuration sets.
    pub(super) fn port_setting(&self, value: &Value) -> Setting<u16> {
        let mut default = None;
        let mut variable = None;
        for atom in value.atoms() {
            let (number, name) = match atom {
                Atom::Number(number, _) if (0.0..=65_535.0).contains(number) => (Some(*number as u16), None),
                Atom::Text(text) => {
                    let exact = text
                        .as_exact()
                        .and_then(|text| text.rsplit(':').next()?.trim().parse().ok());
                    match (exact, text.configurable, text.variable) {
                        (Some(number), false, _) => (Some(number), None),
                        (number, _, Some(variable)) => (number, Some(variable)),
                        _ => return Setting::Unknown,
                    }
                }
                Atom::Unknown(unknown) if unknown.variable.is_some() => (None, unknown.variable),
                _ => return Setting::Unknown,
            };
            if number.is_some() && default.is_some_and(|known| Some(known) != number)
                || name.is_some() && variable.is_some_and(|known| Some(known) != name)
            {
                return Setting::Unknown;
            }
            default = default.or(number);
            variable = variable.or(name);
        }
        match (variable, default) {
            (Some(variable), default) => Setting::Configured {
                name: self.symbols.name(variable).to_string(),
                default,
            },
            (None, Some(number)) => Setting::Literal(number),
            (None, None) => Setting::Unknown,
        }
    }
}

/// A path as a request has it, of one that may be written as a regular expression for the whole of it; `None` where it
/// stands for several.
pub(super) fn plain_path(text: &str) -> Option<String> {
    let text = text.strip_prefix('^').unwrap_or(text);
    let text = text.strip_suffix('$').unwrap_or(text);
    let text = text.strip_suffix(r"\Z").unwrap_or(text);
    let text = text.strip_suffix("/?").unwrap_or(text);
    let text = text.replace(r"\.", ".").replace(r"\-", "-").replace(r"\/", "/");
    (!text.contains(['(', '[', '*', '+', '?', '|', '\\'])).then_some(text)
}

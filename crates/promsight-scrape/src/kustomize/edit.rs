//! Changing [`Value`]s in place: entries of mappings by key, scalars by their types.

use promsight_model::Span;
use promsight_model::manifest::{Content, Key, Scalar, Value};

/// An empty mapping.
pub(crate) fn empty_map(span: Span) -> Value {
    Value {
        span,
        content: Content::Map(Vec::new()),
    }
}

/// The value under a key, null included.
pub(crate) fn raw<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let entry = value.entries().iter().find(|(own, _)| own.text == key);
    entry.map(|(_, value)| value)
}

/// The value under a key, to be changed; null included.
pub(crate) fn raw_mut<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    let entry = entries_mut(value)?.iter_mut().find(|(own, _)| own.text == key);
    entry.map(|(_, value)| value)
}

/// The entries of a mapping, to be changed.
pub(crate) fn entries_mut(value: &mut Value) -> Option<&mut Vec<(Key, Value)>> {
    match &mut value.content {
        Content::Map(entries) => Some(entries),
        _ => None,
    }
}

/// Puts a value under a key; a key that is there keeps its place.
pub(crate) fn set(map: &mut Value, key: &str, key_span: Span, value: Value) {
    if let Some(old) = raw_mut(map, key) {
        *old = value;
    } else if let Some(entries) = entries_mut(map) {
        let key = Key {
            text: key.to_owned(),
            span: key_span,
        };
        entries.push((key, value));
    }
}

/// Takes a key away.
pub(crate) fn remove(map: &mut Value, key: &str) {
    if let Some(entries) = entries_mut(map) {
        entries.retain(|(own, _)| own.text != key);
    }
}

/// The mapping at the end of a path of keys; what is missing on the way, or null, is made.
pub(crate) fn map_at<'a>(value: &'a mut Value, path: &[&str], span: Span) -> Option<&'a mut Value> {
    let mut here = value;
    for key in path {
        if here.is_null() {
            here.content = Content::Map(Vec::new());
        }
        if raw(here, key).is_none() {
            set(here, key, span, empty_map(span));
        }
        here = raw_mut(here, key)?;
    }
    if here.is_null() {
        here.content = Content::Map(Vec::new());
    }
    here.is_map().then_some(here)
}

/// Changes the text of a scalar and keeps its place; the result is a string.
pub(crate) fn set_text(value: &mut Value, text: String) {
    value.content = Content::Scalar(Scalar {
        text,
        is_string: true,
        documents: Vec::new(),
    });
}

/// A scalar written without quotes, whose type its text decides.
pub(crate) fn plain(text: impl Into<String>, span: Span) -> Value {
    Value {
        span,
        content: Content::Scalar(Scalar {
            text: text.into(),
            is_string: false,
            documents: Vec::new(),
        }),
    }
}

/// The type of a scalar as YAML 1.2 has it, which is what kustomize reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Boolean,
    Number,
}

/// The type of a scalar.
pub(crate) fn scalar_type(scalar: &Scalar) -> Type {
    let text = scalar.text.as_str();
    if scalar.is_string {
        Type::String
    } else if matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") {
        Type::Boolean
    } else if is_number(text) {
        Type::Number
    } else {
        Type::String
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let based = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    for (prefix, base) in based {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base) || digit == '_');
        }
    }
    let starts = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let is_special = matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN");
    is_special || (starts && unsigned.replace('_', "").parse::<f64>().is_ok())
}

//! Recorded JSON as values, for tests.

use promsight_model::manifest::{Content, Key, Scalar, Value};
use promsight_model::{FileId, Span};

fn nowhere() -> Span {
    Span::new(FileId(0), 0..0)
}

/// JSON as a value without places.
pub(crate) fn value_of_json(json: &serde_json::Value) -> Value {
    let scalar = |text: String, is_string: bool| {
        Content::Scalar(Scalar {
            text,
            is_string,
            documents: Vec::new(),
        })
    };
    let content = match json {
        serde_json::Value::Null => Content::Null,
        serde_json::Value::Bool(bool) => scalar(bool.to_string(), false),
        serde_json::Value::Number(number) => scalar(number.to_string(), false),
        serde_json::Value::String(text) => scalar(text.clone(), true),
        serde_json::Value::Array(items) => Content::List(items.iter().map(value_of_json).collect()),
        serde_json::Value::Object(entries) => Content::Map(
            entries
                .iter()
                .map(|(key, entry)| {
                    let key = Key {
                        text: key.clone(),
                        span: nowhere(),
                    };
                    (key, value_of_json(entry))
                })
                .collect(),
        ),
    };
    Value {
        span: nowhere(),
        content,
    }
}

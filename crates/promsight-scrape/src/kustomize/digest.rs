//! The hash suffix of generated objects, and what it is made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promsight_model::manifest::{Content, Value};
use sha2::{Digest as _, Sha256};

use super::edit;

/// The suffix that kustomize gives the name of a ConfigMap or Secret.
pub(crate) fn suffix(object: &Value) -> String {
    let mut json = String::from("{");
    let is_secret = object.text_at(&["kind"]) == Some("Secret");
    let field = |name: &str, json: &mut String| {
        write_string(name, json);
        json.push(':');
        match edit::raw(object, name) {
            Some(value) => write(value, json),
            None => json.push_str("\"\""),
        }
    };
    // The keys stand in the order of their names. The name of the object is meant to count and does not: kustomize
    // v5.7.1 looks for a field `metadata/name`.
    if is_secret {
        field("data", &mut json);
        json.push_str(",\"kind\":\"Secret\",\"name\":\"\"");
        if object.get("stringData").is_some_and(Value::is_map) {
            json.push(',');
            field("stringData", &mut json);
        }
        json.push(',');
        field("type", &mut json);
    } else {
        if object.get("binaryData").is_some_and(Value::is_map) {
            field("binaryData", &mut json);
            json.push(',');
        }
        field("data", &mut json);
        json.push_str(",\"kind\":\"ConfigMap\",\"name\":\"\"");
    }
    json.push('}');
    encoded(&Sha256::digest(json.as_bytes()))
}

/// The first ten hexadecimal digits, with those replaced that could make words.
fn encoded(hash: &[u8]) -> String {
    let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.take(10).map(|digit| match digit {
        0 => 'g',
        1 => 'h',
        3 => 'k',
        10 => 'm',
        14 => 't',
        other => char::from_digit(u32::from(other), 16).unwrap_or('0'),
    });
    digits.collect()
}

/// Writes JSON as Go does: keys in order, `<`, `>` and `&` escaped.
fn write(value: &Value, json: &mut String) {
    match &value.content {
        Content::Null => json.push_str("null"),
        Content::Scalar(scalar) if edit::scalar_type(scalar) == edit::Type::String => {
            write_string(&scalar.text, json);
        }
        Content::Scalar(scalar) => json.push_str(&scalar.text.to_ascii_lowercase()),
        Content::List(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write(item, json);
            }
            json.push(']');
        }
        Content::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|left, right| left.0.text.cmp(&right.0.text));
            json.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_string(&key.text, json);
                json.push(':');
                write(value, json);
            }
            json.push('}');
        }
    }
}

fn write_string(text: &str, json: &mut String) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                json.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}

/// The data of a Secret as kustomize writes them: Base64, in lines where it is long.
pub(crate) fn secret(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut out = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(LINE));
        out.push_str(line);
        out.push('\n');
        rest = behind;
    }
    out
}

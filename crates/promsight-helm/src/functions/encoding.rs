//! Texts as other texts: Base64, JSON, YAML, TOML.

use super::{Arguments, Entry};
use crate::data::Data;
use crate::evaluate::{Evaluator, Outcome, fail};
use crate::{json, yaml, yaml_write};
use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine as _};

pub(super) const FUNCTIONS: &[Entry] = &[
    ("b64enc", "s", |_, arguments| {
        Ok(base64(arguments.text(0).as_bytes()).into())
    }),
    ("b64dec", "s", |_, arguments| {
        Ok(from_base64(&arguments.text(0)).into())
    }),
    ("b32enc", "s", |_, arguments| {
        Ok(base32(arguments.text(0).as_bytes()).into())
    }),
    ("b32dec", "s", |_, arguments| {
        Ok(from_base32(&arguments.text(0)).into())
    }),
    ("toYaml", "a", to_yaml),
    ("mustToYaml", "a", to_yaml),
    ("toYamlPretty", "a", |evaluator, arguments| {
        spend_on(evaluator, arguments)?;
        Ok(yaml_write::write_pretty(arguments.any(0)).into())
    }),
    ("fromYaml", "s", |evaluator, arguments| {
        evaluator.spend(arguments.text(0).len() / 4)?;
        Ok(or_error(yaml::read(&arguments.text(0)), Data::is_map))
    }),
    ("fromYamlArray", "s", |evaluator, arguments| {
        evaluator.spend(arguments.text(0).len() / 4)?;
        Ok(or_error_list(yaml::read(&arguments.text(0))))
    }),
    ("toJson", "a", to_json),
    ("mustToJson", "a", to_json),
    ("toRawJson", "a", to_raw_json),
    ("mustToRawJson", "a", to_raw_json),
    ("toPrettyJson", "a", to_pretty_json),
    ("mustToPrettyJson", "a", to_pretty_json),
    ("fromJson", "s", |evaluator, arguments| {
        evaluator.spend(arguments.text(0).len() / 4)?;
        Ok(or_error(json::read(&arguments.text(0)), Data::is_map))
    }),
    ("fromJsonArray", "s", |evaluator, arguments| {
        evaluator.spend(arguments.text(0).len() / 4)?;
        Ok(or_error_list(json::read(&arguments.text(0))))
    }),
    ("mustFromJson", "s", |evaluator, arguments| {
        evaluator.spend(arguments.text(0).len() / 4)?;
        json::read(&arguments.text(0)).or_else(fail)
    }),
    ("toToml", "a", |evaluator, arguments| {
        spend_on(evaluator, arguments)?;
        Ok(super::toml::write(arguments.any(0)).into())
    }),
    ("fromToml", "s", |_, _| fail("TOML is not read here")),
];

/// Values can be larger than their places tell: what is written of them counts.
fn spend_on(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome<()> {
    let bound = usize::try_from(evaluator.steps).unwrap_or(usize::MAX);
    evaluator.spend(arguments.any(0).size(bound))
}

fn to_yaml(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    spend_on(evaluator, arguments)?;
    Ok(yaml_write::write(arguments.any(0)).into())
}

fn to_json(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    spend_on(evaluator, arguments)?;
    Ok(json::write(arguments.any(0), json::Style::Escaped).into())
}

fn to_raw_json(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    spend_on(evaluator, arguments)?;
    Ok(json::write(arguments.any(0), json::Style::Raw).into())
}

fn to_pretty_json(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    spend_on(evaluator, arguments)?;
    Ok(json::write(arguments.any(0), json::Style::Pretty).into())
}

/// Helm gives a mapping whatever it reads: an error stands in it.
fn or_error(read: Result<Data, String>, admits: fn(&Data) -> bool) -> Data {
    let message = match read {
        Ok(Data::Nil) => return Data::empty_map(),
        Ok(value) if admits(&value) => return value,
        Ok(value) => format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            value.kind_name()
        ),
        Err(message) => message,
    };
    Data::map([("Error".to_owned(), message.into())].into())
}

fn or_error_list(read: Result<Data, String>) -> Data {
    match read {
        Ok(Data::Nil) => Data::list(Vec::new()),
        Ok(list @ Data::List(_)) => list,
        Ok(value) => Data::list(vec![
            format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type []interface {{}}",
                value.kind_name()
            )
            .into(),
        ]),
        Err(message) => Data::list(vec![message.into()]),
    }
}

/// Base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What the text encodes; where it encodes nothing, Go's words for that, as Sprig gives them.
fn from_base64(text: &str) -> String {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\n' | b'\r'))
        .collect();
    match STANDARD.decode(&digits) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol { offset: at, .. }) => {
            format!("illegal base64 data at input byte {at}")
        }
        Err(_) => format!("illegal base64 data at input byte {}", digits.len() / 4 * 4),
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let bits = (0..5).fold(0_u64, |bits, index| {
            bits << 8 | u64::from(chunk.get(index).copied().unwrap_or_default())
        });
        let used = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            if index < used {
                let digit = bits >> (35 - 5 * index) & 31;
                out.push(char::from(BASE32[usize::try_from(digit).unwrap_or_default()]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

fn from_base32(text: &str) -> String {
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for (at, digit) in text.trim_end_matches('=').bytes().enumerate() {
        let Some(value) = BASE32.iter().position(|known| *known == digit) else {
            return format!("illegal base32 data at input byte {at}");
        };
        bits = bits << 5 | u32::try_from(value).unwrap_or_default();
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 255).unwrap_or_default());
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

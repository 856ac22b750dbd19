//! `print` and `printf`.

use super::Entry;
use crate::data::{Data, exponential_form};

/// Widths and precisions are no greater.
const MAX_WIDTH: usize = 10_000;

pub(super) const FUNCTIONS: &[Entry] = &[
    ("print", "a*", |_, arguments| Ok(print(arguments.all()).into())),
    ("println", "a*", |_, arguments| {
        let texts: Vec<String> = arguments.all().iter().map(Data::printed).collect();
        Ok(format!("{}\n", texts.join(" ")).into())
    }),
    ("printf", "sa*", |_, arguments| {
        Ok(printf(&arguments.text(0), arguments.from(1)).into())
    }),
];

/// `fmt.Sprint`: a space between two of which neither is a string.
pub(super) fn print(values: &[Data]) -> String {
    let mut out = String::new();
    let mut previous_is_text = true;
    for (index, value) in values.iter().enumerate() {
        let is_text = matches!(value, Data::Text(_));
        if index > 0 && !is_text && !previous_is_text {
            out.push(' ');
        }
        out.push_str(&value.printed());
        previous_is_text = is_text;
    }
    out
}

/// What stands between `%` and the verb.
#[derive(Default)]
struct Flags {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// `fmt.Sprintf`.
fn printf(format: &str, values: &[Data]) -> String {
    let mut out = String::new();
    let mut values_left = values.iter();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let mut flags = Flags::default();
        rest = read_flags(rest, &mut flags, &mut values_left);
        let Some(verb) = rest.chars().next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        rest = &rest[verb.len_utf8()..];
        if verb == '%' {
            out.push('%');
            continue;
        }
        match values_left.next() {
            Some(value) => out.push_str(&padded(&formatted(value, verb, &flags), &flags, value)),
            None => {
                out.push_str("%!");
                out.push(verb);
                out.push_str("(MISSING)");
            }
        }
    }
    out.push_str(rest);
    let extra: Vec<String> = values_left
        .map(|value| match value {
            Data::Nil | Data::Missing => "<nil>".to_owned(),
            value => format!("{}={}", value.type_name(), value.printed()),
        })
        .collect();
    if !extra.is_empty() {
        out.push_str("%!(EXTRA ");
        out.push_str(&extra.join(", "));
        out.push(')');
    }
    out
}

fn read_flags<'a>(text: &'a str, flags: &mut Flags, values: &mut std::slice::Iter<'_, Data>) -> &'a str {
    let mut rest = text;
    loop {
        match rest.as_bytes().first() {
            Some(b'+') => flags.plus = true,
            Some(b'-') => flags.minus = true,
            Some(b'#') => flags.sharp = true,
            Some(b' ') => flags.space = true,
            Some(b'0') => flags.zero = true,
            _ => break,
        }
        rest = &rest[1..];
    }
    let mut number = |rest: &mut &'a str| {
        if let Some(behind) = rest.strip_prefix('*') {
            *rest = behind;
            let given = values.next().map_or(0, Data::to_integer);
            return Some(usize::try_from(given).unwrap_or_default().min(MAX_WIDTH));
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[..digits].parse::<usize>().ok();
        *rest = &rest[digits..];
        number.map(|number| number.min(MAX_WIDTH))
    };
    flags.width = number(&mut rest);
    if let Some(behind) = rest.strip_prefix('.') {
        rest = behind;
        flags.precision = Some(number(&mut rest).unwrap_or_default());
    }
    rest
}

fn padded(text: &str, flags: &Flags, value: &Data) -> String {
    let length = text.chars().count();
    let Some(missing) = flags.width.and_then(|width| width.checked_sub(length)) else {
        return text.to_owned();
    };
    if flags.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    let is_number = matches!(value, Data::Int(_) | Data::Long(_) | Data::Float(_));
    if flags.zero && is_number {
        let (sign, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) => (&text[..1], digits),
            None => ("", text),
        };
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    format!("{}{text}", " ".repeat(missing))
}

fn formatted(value: &Data, verb: char, flags: &Flags) -> String {
    match (verb, value) {
        ('v', Data::Text(text)) if flags.sharp => super::strings::quoted(text),
        ('v', Data::Float(_)) if flags.plus => signed(value.printed(), flags),
        ('v', Data::Int(_) | Data::Long(_)) => signed(value.printed(), flags),
        ('v', _) => value.printed(),
        ('T', _) => value.type_name().to_owned(),
        ('t', Data::Bool(_)) => value.printed(),
        (_, Data::Nil | Data::Missing) => format!("%!{verb}(<nil>)"),
        ('s', Data::Text(text)) => cut(text, flags),
        ('s', Data::Object(_)) => value.printed(),
        ('q', Data::Text(text)) => super::strings::quoted(&cut(text, flags)),
        ('x', Data::Text(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('X', Data::Text(text)) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        (_, Data::List(list)) => {
            let items: Vec<String> = list.0.iter().map(|item| formatted(item, verb, flags)).collect();
            format!("[{}]", items.join(" "))
        }
        (_, Data::Map(map)) => {
            let entries = map.entries.borrow();
            let items: Vec<String> = entries
                .iter()
                .map(|(key, value)| {
                    let key = formatted(&key.as_str().into(), verb, flags);
                    format!("{key}:{}", formatted(value, verb, flags))
                })
                .collect();
            format!("map[{}]", items.join(" "))
        }
        (_, Data::Int(number) | Data::Long(number)) => integer(*number, verb, flags, value),
        (_, Data::Float(number)) => float(*number, verb, flags, value),
        _ => wrong(verb, value),
    }
}

fn wrong(verb: char, value: &Data) -> String {
    format!("%!{verb}({}={})", value.type_name(), value.printed())
}

fn signed(text: String, flags: &Flags) -> String {
    if text.starts_with('-') {
        text
    } else if flags.plus {
        format!("+{text}")
    } else if flags.space {
        format!(" {text}")
    } else {
        text
    }
}

fn cut(text: &str, flags: &Flags) -> String {
    match flags.precision {
        Some(length) => text.chars().take(length).collect(),
        None => text.to_owned(),
    }
}

fn integer(number: i64, verb: char, flags: &Flags, value: &Data) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let size = number.unsigned_abs();
    let text = match verb {
        'd' => format!("{sign}{size}"),
        'x' if flags.sharp => format!("{sign}0x{size:x}"),
        'x' => format!("{sign}{size:x}"),
        'X' => format!("{sign}{size:X}"),
        'o' => format!("{sign}{size:o}"),
        'b' => format!("{sign}{size:b}"),
        'c' => u32::try_from(size)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or('\u{fffd}')
            .to_string(),
        'q' => {
            let character = u32::try_from(size)
                .ok()
                .and_then(char::from_u32)
                .unwrap_or('\u{fffd}');
            format!("'{character}'")
        }
        'U' => format!("U+{size:04X}"),
        _ => return wrong(verb, value),
    };
    signed(text, flags)
}

fn float(number: f64, verb: char, flags: &Flags, value: &Data) -> String {
    let text = match verb {
        'f' | 'F' => format!("{number:.*}", flags.precision.unwrap_or(6)),
        'e' | 'E' => {
            let text = format!("{number:.*e}", flags.precision.unwrap_or(6));
            let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
            let text = exponential_form(mantissa, power.parse().unwrap_or_default());
            if verb == 'E' { text.to_uppercase() } else { text }
        }
        'g' | 'G' => match flags.precision {
            None => value.printed(),
            Some(digits) => general(number, digits.max(1)),
        },
        _ => return wrong(verb, value),
    };
    signed(text, flags)
}

/// `%.3g`.
fn general(number: f64, digits: usize) -> String {
    let text = format!("{number:.*e}", digits - 1);
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or_default();
    let without_zeros = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if power < -4 || power >= i32::try_from(digits).unwrap_or(i32::MAX) {
        return exponential_form(&without_zeros(mantissa), power);
    }
    let decimals = i32::try_from(digits).unwrap_or(i32::MAX) - 1 - power;
    without_zeros(&format!(
        "{number:.*}",
        usize::try_from(decimals).unwrap_or_default()
    ))
}

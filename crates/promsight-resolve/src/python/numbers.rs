//! Numbers: as they are written, and what comes of two of them.

use promsight_model::python::BinaryOp;

use super::value::{Atom, Digits, Reason, Value};

/// A number as written.
pub(super) fn number(written: &str) -> Value {
    let lower = written.to_ascii_lowercase();
    let radix = match lower.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => 10,
    };
    if radix != 10 {
        return i64::from_str_radix(&lower[2..], radix).map_or_else(
            |_| Value::unknown(Reason::Expression),
            |value| Atom::Number(value as f64, Digits::Integer).into(),
        );
    }
    let digits = if lower.contains(['.', 'e']) {
        Digits::Float
    } else {
        Digits::Integer
    };
    lower.parse::<f64>().map_or_else(
        |_| Value::unknown(Reason::Expression),
        |value| Atom::Number(value, digits).into(),
    )
}

/// `left op right` of two numbers.
pub(super) fn arithmetic(
    op: BinaryOp,
    left: f64,
    left_digits: Digits,
    right: f64,
    right_digits: Digits,
) -> Value {
    let value = match op {
        BinaryOp::Add => left + right,
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide if right != 0.0 => left / right,
        BinaryOp::Modulo if right != 0.0 => left.rem_euclid(right),
        BinaryOp::Power => left.powf(right),
        _ => return Value::unknown(Reason::Expression),
    };
    let both = left_digits == Digits::Integer && right_digits == Digits::Integer;
    let is_integer = both && !matches!(op, BinaryOp::Divide) && value.fract() == 0.0;
    Atom::Number(
        value,
        if is_integer {
            Digits::Integer
        } else {
            Digits::Float
        },
    )
    .into()
}

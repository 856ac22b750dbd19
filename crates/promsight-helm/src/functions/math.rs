//! Numbers.

use super::{Arguments, Entry};
use crate::data::Data;
use crate::evaluate::{Outcome, fail};

pub(super) const FUNCTIONS: &[Entry] = &[
    ("int", "a", |_, arguments| Ok(Data::Int(arguments.integer(0)))),
    ("int64", "a", |_, arguments| Ok(Data::Long(arguments.integer(0)))),
    ("float64", "a", |_, arguments| {
        Ok(Data::Float(arguments.any(0).to_float()))
    }),
    ("atoi", "s", |_, arguments| {
        Ok(Data::Int(arguments.text(0).parse().unwrap_or_default()))
    }),
    ("toDecimal", "a", |_, arguments| {
        let number = i64::from_str_radix(&arguments.any(0).text(), 8);
        Ok(Data::Long(number.unwrap_or_default()))
    }),
    ("add1", "a", |_, arguments| {
        Ok(Data::Long(arguments.integer(0).wrapping_add(1)))
    }),
    ("add", "a*", |_, arguments| {
        let numbers = arguments.all().iter().map(Data::to_integer);
        Ok(Data::Long(numbers.fold(0, i64::wrapping_add)))
    }),
    ("sub", "aa", |_, arguments| {
        Ok(Data::Long(
            arguments.integer(0).wrapping_sub(arguments.integer(1)),
        ))
    }),
    ("div", "aa", |_, arguments| {
        match arguments.integer(0).checked_div(arguments.integer(1)) {
            Some(number) => Ok(Data::Long(number)),
            None => fail("integer divide by zero"),
        }
    }),
    ("mod", "aa", |_, arguments| {
        match arguments.integer(0).checked_rem(arguments.integer(1)) {
            Some(number) => Ok(Data::Long(number)),
            None => fail("integer divide by zero"),
        }
    }),
    ("mul", "aa*", |_, arguments| {
        let numbers = arguments.all().iter().map(Data::to_integer);
        Ok(Data::Long(numbers.fold(1, i64::wrapping_mul)))
    }),
    ("max", "aa*", max),
    ("biggest", "aa*", max),
    ("min", "aa*", |_, arguments| {
        let least = arguments.all().iter().map(Data::to_integer).min();
        Ok(Data::Long(least.unwrap_or_default()))
    }),
    ("maxf", "aa*", |_, arguments| Ok(fold(arguments, f64::max))),
    ("minf", "aa*", |_, arguments| Ok(fold(arguments, f64::min))),
    ("add1f", "a", |_, arguments| {
        Ok(decimal(arguments.any(0).to_float() + 1.0))
    }),
    ("addf", "a*", |_, arguments| {
        Ok(decimal(arguments.all().iter().map(Data::to_float).sum()))
    }),
    ("subf", "aa*", |_, arguments| {
        Ok(fold_decimal(arguments, |left, right| left - right))
    }),
    ("mulf", "aa*", |_, arguments| {
        Ok(fold_decimal(arguments, |left, right| left * right))
    }),
    ("divf", "aa*", |_, arguments| {
        if arguments.from(1).iter().any(|divisor| divisor.to_float() == 0.0) {
            return fail("decimal division by 0");
        }
        Ok(fold_decimal(arguments, |left, right| left / right))
    }),
    ("floor", "a", |_, arguments| {
        Ok(Data::Float(arguments.any(0).to_float().floor()))
    }),
    ("ceil", "a", |_, arguments| {
        Ok(Data::Float(arguments.any(0).to_float().ceil()))
    }),
    ("round", "aif*", |_, arguments| {
        let places = i32::try_from(arguments.integer(1)).unwrap_or_default();
        let threshold = arguments.from(2).first().map_or(0.5, Data::to_float);
        let power = 10_f64.powi(places);
        let shifted = power * arguments.any(0).to_float();
        let whole = if shifted.fract() >= threshold {
            shifted.ceil()
        } else {
            shifted.floor()
        };
        Ok(Data::Float(whole / power))
    }),
];

fn max(_: &mut crate::evaluate::Evaluator, arguments: &Arguments) -> Outcome {
    let greatest = arguments.all().iter().map(Data::to_integer).max();
    Ok(Data::Long(greatest.unwrap_or_default()))
}

fn fold(arguments: &Arguments, combine: fn(f64, f64) -> f64) -> Data {
    let numbers = arguments.all().iter().map(Data::to_float);
    Data::Float(numbers.reduce(combine).unwrap_or_default())
}

fn fold_decimal(arguments: &Arguments, combine: fn(f64, f64) -> f64) -> Data {
    let numbers = arguments.all().iter().map(Data::to_float);
    decimal(numbers.reduce(combine).unwrap_or_default())
}

/// Sprig calculates in decimal fractions: 0.1 and 0.2 are 0.3.
fn decimal(number: f64) -> Data {
    const SCALE: f64 = 1e12;
    let scaled = number * SCALE;
    if scaled.abs() > 9e15 || (scaled - scaled.round()).abs() > 0.01 {
        return Data::Float(number);
    }
    let text = format!("{number:.12}");
    Data::Float(text.parse().unwrap_or(number))
}

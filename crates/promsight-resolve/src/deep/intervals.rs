//! Sets of values, and what functions and numbers make of them.
//!
//! Owns the arithmetic alone; where values come from is the business of [`super::ranges`]. What is not known is `None`, never
//! a guess: a set that is too small makes a false claim.

use promsight_model::flow::{Number, Operator, Side};

/// Single values that are kept apart.
const MOST_VALUES: usize = 32;

/// The values that something can have.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    /// One of these, sorted.
    Of(Vec<f64>),
    /// Any between these, both included.
    Between(f64, f64),
}

impl Values {
    /// One of these; `None` where one is no number.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        if values.iter().any(|value| value.is_nan()) {
            return None;
        }
        values.sort_by(f64::total_cmp);
        values.dedup();
        if values.len() > MOST_VALUES {
            return Some(Self::Between(*values.first()?, *values.last()?));
        }
        Some(Self::Of(values))
    }

    /// The least.
    pub(super) fn least(&self) -> f64 {
        match self {
            Self::Of(values) => values.first().copied().unwrap_or(f64::NEG_INFINITY),
            Self::Between(least, _) => *least,
        }
    }

    /// The greatest.
    pub(super) fn greatest(&self) -> f64 {
        match self {
            Self::Of(values) => values.last().copied().unwrap_or(f64::INFINITY),
            Self::Between(_, greatest) => *greatest,
        }
    }

    /// The only value that is possible.
    pub(super) fn only(&self) -> Option<f64> {
        (self.least() == self.greatest()).then(|| self.least())
    }

    /// All between the least and the greatest.
    pub(super) fn hull(&self) -> Self {
        match self.only() {
            Some(value) => Self::Of(vec![value]),
            None => Self::Between(self.least(), self.greatest()),
        }
    }

    /// Those of either.
    pub(super) fn joined(&self, other: &Self) -> Self {
        if let (Self::Of(left), Self::Of(right)) = (self, other)
            && let Some(joined) = Self::of(left.iter().chain(right).copied().collect())
        {
            return joined;
        }
        Self::Between(
            self.least().min(other.least()),
            self.greatest().max(other.greatest()),
        )
    }

    /// What a function makes of each that keeps or turns the order.
    pub(super) fn mapped(&self, map: impl Fn(f64) -> f64) -> Option<Self> {
        match self {
            Self::Of(values) => Self::of(values.iter().map(|value| map(*value)).collect()),
            Self::Between(least, greatest) => {
                let (left, right) = (map(*least), map(*greatest));
                (!left.is_nan() && !right.is_nan()).then(|| Self::Between(left.min(right), left.max(right)))
            }
        }
    }
}

/// What a function makes of values, in the argument of that number; `None` where that can be any.
pub(super) fn function(
    values: &Values,
    name: &str,
    argument: usize,
    numbers: &[Option<Number>],
) -> Option<Values> {
    let number = |at: usize| numbers.get(at).copied().flatten().map(Number::value);
    Some(match (name, argument) {
        (
            "last_over_time" | "first_over_time" | "max_over_time" | "min_over_time" | "vector" | "sort"
            | "sort_desc" | "sort_by_label" | "sort_by_label_desc" | "label_replace" | "label_join",
            0,
        ) => values.clone(),
        ("avg_over_time", 0) | ("quantile_over_time", 1) => values.hull(),
        ("rate" | "increase" | "irate" | "delta" | "idelta" | "deriv" | "changes" | "resets", 0)
            if values.only().is_some() =>
        {
            Values::Of(vec![0.0])
        }
        // What only grows has no negative rate.
        ("rate" | "increase" | "irate", 0) if values.least() >= 0.0 && values.greatest() == f64::INFINITY => {
            Values::Between(0.0, f64::INFINITY)
        }
        ("changes" | "resets", 0) => Values::Between(0.0, f64::INFINITY),
        ("sum_over_time", 0) if values.only() == Some(0.0) => values.clone(),
        ("sum_over_time", 0) if values.least() >= 0.0 => Values::Between(values.least(), f64::INFINITY),
        ("ceil", 0) => values.mapped(f64::ceil)?,
        ("floor", 0) => values.mapped(f64::floor)?,
        ("abs", 0) if values.least() >= 0.0 => values.clone(),
        ("clamp_max", 0) => {
            let most = number(1)?;
            values.mapped(|value| value.min(most))?
        }
        ("clamp_min", 0) => {
            let least = number(1)?;
            values.mapped(|value| value.max(least))?
        }
        ("clamp", 0) => {
            let (least, most) = (number(1)?, number(2)?);
            if least > most {
                return None;
            }
            values.mapped(|value| value.max(least).min(most))?
        }
        _ => return None,
    })
}

/// What an operator makes of values and a number beside them; `None` where that can be any.
pub(super) fn arithmetic(values: &Values, operator: Operator, side: Side, number: f64) -> Option<Values> {
    match (operator, side) {
        (Operator::Add, _) => values.mapped(|value| value + number),
        (Operator::Subtract, Side::Left) => values.mapped(|value| value - number),
        (Operator::Subtract, Side::Right) => values.mapped(|value| number - value),
        (Operator::Multiply, _) => values.mapped(|value| value * number),
        (Operator::Divide, Side::Left) if number != 0.0 => values.mapped(|value| value / number),
        _ => None,
    }
}

/// Whether a comparison holds for one value.
#[expect(clippy::float_cmp, reason = "PromQL compares so")]
pub(super) fn holds(value: f64, operator: Operator, threshold: f64) -> bool {
    match operator {
        Operator::Greater => value > threshold,
        Operator::GreaterOrEqual => value >= threshold,
        Operator::Less => value < threshold,
        Operator::LessOrEqual => value <= threshold,
        Operator::Equal => value == threshold,
        Operator::NotEqual => value != threshold,
        _ => false,
    }
}

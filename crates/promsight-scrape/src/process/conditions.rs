//! What `[ … ]` and `[[ … ]]` answer, as far as the values in them are known.

use super::globs;
use super::words::Argument;

/// An answer that may not be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    Open,
}

impl Answer {
    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Open => Self::Open,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Open,
        }
    }

    fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }
}

/// The answer of a test, its brackets included.
pub(super) fn decide(argv: &[Argument]) -> Answer {
    let is_pattern = argv.first().is_some_and(|word| word.text == "[[");
    let end = match argv.last().map(|word| word.text.as_str()) {
        Some("]" | "]]") => argv.len() - 1,
        _ => argv.len(),
    };
    let words = argv.get(1..end).unwrap_or_default();
    if words
        .iter()
        .any(|word| matches!(word.text.as_str(), "(" | ")" | "\\(" | "\\)"))
    {
        return Answer::Open;
    }
    alternatives(words, is_pattern)
}

fn alternatives(words: &[Argument], is_pattern: bool) -> Answer {
    let parts = words.split(|word| matches!(word.text.as_str(), "||" | "-o"));
    parts
        .map(|part| conjunction(part, is_pattern))
        .fold(Answer::No, Answer::or)
}

fn conjunction(words: &[Argument], is_pattern: bool) -> Answer {
    let parts = words.split(|word| matches!(word.text.as_str(), "&&" | "-a"));
    parts
        .map(|part| one(part, is_pattern))
        .fold(Answer::Yes, Answer::and)
}

fn one(words: &[Argument], is_pattern: bool) -> Answer {
    if let Some((first, rest)) = words.split_first()
        && first.text == "!"
    {
        return one(rest, is_pattern).negated();
    }
    let known = |index: usize| words.get(index).and_then(Argument::known);
    match words {
        [] => Answer::No,
        [word] => word
            .known()
            .map_or(Answer::Open, |text| Answer::of(!text.is_empty())),
        [operator, _] => match (operator.text.as_str(), known(1)) {
            ("-z", Some(text)) => Answer::of(text.is_empty()),
            ("-n", Some(text)) => Answer::of(!text.is_empty()),
            _ => Answer::Open,
        },
        [_, operator, _] => match (known(0), operator.text.as_str(), known(2)) {
            (Some(left), "=" | "==", Some(right)) => Answer::of(equal(left, right, is_pattern)),
            (Some(left), "!=", Some(right)) => Answer::of(!equal(left, right, is_pattern)),
            (Some(left), operator, Some(right)) => numbers(left, operator, right),
            _ => Answer::Open,
        },
        _ => Answer::Open,
    }
}

fn equal(left: &str, right: &str, is_pattern: bool) -> bool {
    if is_pattern {
        globs::matches(right, left)
    } else {
        left == right
    }
}

fn numbers(left: &str, operator: &str, right: &str) -> Answer {
    let (Ok(left), Ok(right)) = (left.trim().parse::<i64>(), right.trim().parse::<i64>()) else {
        return Answer::Open;
    };
    Answer::of(match operator {
        "-eq" => left == right,
        "-ne" => left != right,
        "-gt" => left > right,
        "-ge" => left >= right,
        "-lt" => left < right,
        "-le" => left <= right,
        _ => return Answer::Open,
    })
}

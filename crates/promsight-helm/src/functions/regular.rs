//! Regular expressions.

use regex::{Regex, RegexBuilder};

use super::{Arguments, Entry};
use crate::data::Data;
use crate::evaluate::{Evaluator, Outcome, fail};

/// Compiled patterns may not be larger.
const MAX_COMPILED_BYTES: usize = 4 << 20;

pub(super) const FUNCTIONS: &[Entry] = &[
    ("regexMatch", "ss", |evaluator, arguments| {
        let Ok(pattern) = compiled(evaluator, &arguments.text(0)) else {
            return Ok(false.into());
        };
        Ok(pattern.is_match(&arguments.text(1)).into())
    }),
    ("mustRegexMatch", "ss", |evaluator, arguments| {
        let pattern = compiled(evaluator, &arguments.text(0))?;
        Ok(pattern.is_match(&arguments.text(1)).into())
    }),
    ("regexFind", "ss", find),
    ("mustRegexFind", "ss", find),
    ("regexFindAll", "ssi", find_all),
    ("mustRegexFindAll", "ssi", find_all),
    ("regexReplaceAll", "sss", replace),
    ("mustRegexReplaceAll", "sss", replace),
    ("regexReplaceAllLiteral", "sss", replace_literal),
    ("mustRegexReplaceAllLiteral", "sss", replace_literal),
    ("regexSplit", "ssi", split),
    ("mustRegexSplit", "ssi", split),
    ("regexQuoteMeta", "s", |_, arguments| {
        let mut out = String::new();
        for character in arguments.text(0).chars() {
            if r"\.+*?()|[]{}^$".contains(character) {
                out.push('\\');
            }
            out.push(character);
        }
        Ok(out.into())
    }),
];

/// The pattern, compiled once for a chart.
fn compiled(evaluator: &mut Evaluator, pattern: &str) -> Outcome<Regex> {
    if let Some(known) = evaluator.patterns.get(pattern) {
        return Ok(known.clone());
    }
    evaluator.spend(1000 + pattern.len() * 50)?;
    let build = |pattern: &str| RegexBuilder::new(pattern).size_limit(MAX_COMPILED_BYTES).build();
    // RE2 takes a brace that repeats nothing for itself.
    let regex = match build(pattern).or_else(|_| build(&with_plain_braces(pattern))) {
        Ok(regex) => regex,
        Err(_) => return fail(format!("error parsing regexp: {pattern}")),
    };
    evaluator.patterns.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

fn with_plain_braces(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut escaped = false;
    for (at, character) in pattern.char_indices() {
        let repeats = character == '{' && {
            let inner = pattern[at + 1..].split('}').next().unwrap_or_default();
            inner.starts_with(|digit: char| digit.is_ascii_digit())
                && inner.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        };
        if character == '{' && !escaped && !repeats {
            out.push('\\');
        }
        escaped = character == '\\' && !escaped;
        out.push(character);
    }
    out
}

fn find(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let pattern = compiled(evaluator, &arguments.text(0))?;
    let text = arguments.text(1);
    Ok(pattern.find(&text).map_or("", |found| found.as_str()).into())
}

fn find_all(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let pattern = compiled(evaluator, &arguments.text(0))?;
    let text = arguments.text(1);
    let limit = usize::try_from(arguments.integer(2)).unwrap_or(usize::MAX);
    let found = pattern.find_iter(&text).take(limit);
    Ok(Data::list(found.map(|found| found.as_str().into()).collect()))
}

fn replace(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let pattern = compiled(evaluator, &arguments.text(0))?;
    let (text, replacement) = (arguments.text(1), arguments.text(2));
    check_length(&pattern, &text, &replacement)?;
    Ok(pattern.replace_all(&text, &*replacement).into_owned().into())
}

fn replace_literal(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let pattern = compiled(evaluator, &arguments.text(0))?;
    let (text, replacement) = (arguments.text(1), arguments.text(2));
    check_length(&pattern, &text, &replacement)?;
    let replaced = pattern.replace_all(&text, regex::NoExpand(&replacement));
    Ok(replaced.into_owned().into())
}

/// Errs where a text would become too long: each group of a replacement can stand for all that was matched.
fn check_length(pattern: &Regex, text: &str, replacement: &str) -> Outcome<()> {
    let count = pattern.find_iter(text).count();
    let groups = replacement.matches('$').count();
    let length = count
        .saturating_mul(replacement.len())
        .saturating_add(groups.saturating_add(1).saturating_mul(text.len()));
    if length > super::MAX_LENGTH {
        return fail("a text becomes too long");
    }
    Ok(())
}

fn split(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let pattern = compiled(evaluator, &arguments.text(0))?;
    let text = arguments.text(1);
    let pieces: Vec<Data> = match usize::try_from(arguments.integer(2)) {
        Ok(limit) => pattern.splitn(&text, limit).map(Data::from).collect(),
        Err(_) => pattern.split(&text).map(Data::from).collect(),
    };
    Ok(Data::list(pieces))
}

//! Versions and what they must be (Masterminds/semver 3.5).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Entry;
use crate::data::{Data, Object};
use crate::evaluate::fail;

pub(super) const FUNCTIONS: &[Entry] = &[
    ("semver", "s", |_, arguments| {
        let text = arguments.text(0);
        let Some(version) = Version::parse(&text) else {
            return fail(format!("invalid semantic version {text:?}"));
        };
        let number = |number: u64| Data::Long(i64::try_from(number).unwrap_or(i64::MAX));
        let fields: BTreeMap<&'static str, Data> = [
            ("Major", number(version.numbers[0])),
            ("Minor", number(version.numbers[1])),
            ("Patch", number(version.numbers[2])),
            ("Prerelease", version.prerelease.as_str().into()),
            ("Metadata", version.metadata.as_str().into()),
            ("Original", Data::Text(Rc::clone(&text))),
            ("String", version.to_string().into()),
        ]
        .into();
        Ok(Data::Object(Rc::new(Object::Struct {
            type_name: "*semver.Version",
            text: Some(version.to_string().into()),
            fields,
        })))
    }),
    ("semverCompare", "ss", |_, arguments| {
        let (constraint, version) = (arguments.text(0), arguments.text(1));
        let Some(version) = Version::parse(&version) else {
            return fail(format!("invalid semantic version {version:?}"));
        };
        match admits(&constraint, &version) {
            Some(admits) => Ok(admits.into()),
            None => fail(format!("improper constraint: {constraint}")),
        }
    }),
];

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: [u64; 3],
    prerelease: String,
    metadata: String,
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(formatter, "{major}.{minor}.{patch}")?;
        if !self.prerelease.is_empty() {
            write!(formatter, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(formatter, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Version {
    /// A version of one to three numbers, with or without `v`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').unwrap_or((text, ""));
        let (core, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let mut numbers = [0; 3];
        let mut parts = core.split('.');
        for (index, part) in parts.by_ref().enumerate() {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            *numbers.get_mut(index)? = part.parse().ok().filter(|_| is_number)?;
        }
        let is_word = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        };
        (is_word(prerelease) && is_word(metadata)).then(|| Self {
            numbers,
            prerelease: prerelease.to_owned(),
            metadata: metadata.to_owned(),
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

fn compare_prereleases(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut lefts, mut rights) = (left.split('.'), right.split('.'));
    loop {
        let order = match (lefts.next(), rights.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => match (left.parse::<u64>(), right.parse::<u64>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => left.cmp(right),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Whether a version is in a constraint such as `>=1.19-0 <2 || ^3.1`; `None` where that is none.
pub(crate) fn admits(constraint: &str, version: &Version) -> Option<bool> {
    let mut is_admitted = false;
    for alternative in constraint.split("||") {
        let parts = parts(&with_ranges_spelled_out(alternative))?;
        // A version before a release is only admitted where the constraint names one.
        let mut all = true;
        for part in &parts {
            all &= part.admits(version);
        }
        is_admitted |= all;
    }
    Some(is_admitted)
}

/// `1.2 - 2.3` as `>=1.2 <=2.3`.
fn with_ranges_spelled_out(text: &str) -> String {
    match text.split_once(" - ") {
        Some((low, high)) => format!(">={} <={}", low.trim(), high.trim()),
        None => text.to_owned(),
    }
}

fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    while !rest.is_empty() {
        let operator_length = rest
            .find(|character| !"=!<>~^".contains(character))
            .unwrap_or(rest.len());
        let (operator, behind) = rest.split_at(operator_length);
        let behind = behind.trim_start();
        let end = behind.find([' ', ',']).unwrap_or(behind.len());
        parts.push(Part::parse(operator, &behind[..end])?);
        rest = behind[end..].trim_start_matches([' ', ',']);
    }
    (!parts.is_empty()).then_some(parts)
}

/// One comparison of a constraint.
struct Part {
    operator: &'static str,
    version: Version,
    /// How many of its numbers are written and no wildcards.
    given: usize,
}

impl Part {
    fn parse(operator: &str, text: &str) -> Option<Self> {
        let operators = ["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"];
        let operator = operators.into_iter().find(|known| *known == operator)?;
        let plain = text.strip_prefix('v').unwrap_or(text);
        let core_end = plain.find(['-', '+']).unwrap_or(plain.len());
        let numbers: Vec<&str> = plain[..core_end].split('.').collect();
        let is_wildcard = |number: &&str| matches!(*number, "*" | "x" | "X");
        let given = numbers.iter().position(is_wildcard).unwrap_or(numbers.len());
        let spelled: Vec<&str> = numbers
            .iter()
            .map(|number| if is_wildcard(number) { "0" } else { number })
            .collect();
        let rest = if given < numbers.len() {
            ""
        } else {
            &plain[core_end..]
        };
        let version = Version::parse(&format!("{}{rest}", spelled.join(".")))?;
        Some(Self {
            operator,
            version,
            given,
        })
    }

    fn admits(&self, version: &Version) -> bool {
        let is_prerelease = !version.prerelease.is_empty();
        if is_prerelease && self.version.prerelease.is_empty() && self.operator != "!=" {
            return false;
        }
        let order = version.compare(&self.version);
        let is_dirty = self.given < 3;
        let same_given = version.numbers[..self.given.min(3)] == self.version.numbers[..self.given.min(3)];
        match self.operator {
            "" | "=" if is_dirty => self.given == 0 || same_given,
            "" | "=" => order == Ordering::Equal,
            "!=" if is_dirty => self.given > 0 && !same_given,
            "!=" => order != Ordering::Equal,
            ">" if is_dirty => order == Ordering::Greater && !same_given,
            ">" => order == Ordering::Greater,
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" if is_dirty => order != Ordering::Greater || same_given,
            "<=" | "=<" => order != Ordering::Greater,
            "~" | "~>" => {
                let fixed = self.given.min(2);
                order != Ordering::Less && version.numbers[..fixed] == self.version.numbers[..fixed]
            }
            _ => order != Ordering::Less && self.caret(version),
        }
    }

    /// `^`: the first number that is not zero stays.
    fn caret(&self, version: &Version) -> bool {
        let [major, minor, patch] = self.version.numbers;
        let [own_major, own_minor, own_patch] = version.numbers;
        if major > 0 || self.given < 2 {
            return own_major == major || self.given == 0;
        }
        if own_major > 0 {
            return false;
        }
        if minor > 0 || self.given < 3 {
            return own_minor == minor;
        }
        own_minor == 0 && own_patch == patch
    }
}

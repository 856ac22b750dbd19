//! The configuration as YAML. The only module of this crate that knows serde_yaml, which is archived upstream: to
//! replace it by a fork is a change here alone.
//!
//! Values are checked while they are decoded, so that every error knows its line.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use promsight_model::Severity;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use super::{Config, IgnoreEntry, Level, Override, PathGlobs, SubjectGlob, Witnessing};
use crate::clock::Date;
use crate::names;

/// What is wrong with the text, and where.
pub(super) struct Problem {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

/// Decodes a configuration. An empty text is the default.
pub(super) fn config(text: &str) -> Result<Config, Problem> {
    let file: Option<File> = serde_yaml::from_str(text).map_err(|error| problem(&error))?;
    let file = file.unwrap_or_default();
    Ok(Config {
        include: file.include.map(globs),
        exclude: globs(file.exclude),
        external: file.external.into_iter().map(|series| series.0.0).collect(),
        sources: Witnessing {
            expositions: file.sources.expositions.into_iter().map(PathBuf::from).collect(),
            inventories: file.sources.inventories.into_iter().map(PathBuf::from).collect(),
        },
        ignore: file.ignore.into_iter().map(IgnoreEntry::from).collect(),
        severity: file
            .severity
            .into_iter()
            .map(|(check, level)| (check.0.0, level.0))
            .collect(),
        overrides: file.overrides.into_iter().map(Override::from).collect(),
        locked: file.locked.into_iter().map(|check| check.0.0).collect(),
        file: None,
    })
}

fn globs(scalars: Vec<Scalar<PathGlob>>) -> PathGlobs {
    scalars.into_iter().map(|scalar| scalar.0.0).collect()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    include: Option<Vec<Scalar<PathGlob>>>,
    #[serde(default)]
    exclude: Vec<Scalar<PathGlob>>,
    #[serde(default)]
    external: Vec<Scalar<ExternalSeries>>,
    #[serde(default)]
    sources: SourceFiles,
    #[serde(default)]
    ignore: Vec<Ignore>,
    #[serde(default)]
    severity: BTreeMap<Scalar<CheckName>, Scalar<Level>>,
    #[serde(default)]
    overrides: Vec<Overriding>,
    #[serde(default)]
    locked: Vec<Scalar<CheckName>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceFiles {
    #[serde(default)]
    expositions: Vec<String>,
    #[serde(default)]
    inventories: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Overriding {
    check: Option<Scalar<CheckName>>,
    subject: Option<Scalar<SubjectGlob>>,
    path: Option<Scalar<PathGlob>>,
    severity: Scalar<Level>,
}

impl From<Overriding> for Override {
    fn from(entry: Overriding) -> Self {
        Self {
            check: entry.check.map(|check| check.0.0),
            subject: entry.subject.map(|glob| glob.0),
            path: entry.path.map(|glob| glob.0.0),
            level: entry.severity.0,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignore {
    check: Scalar<CheckName>,
    subject: Option<Scalar<SubjectGlob>>,
    path: Option<Scalar<PathGlob>>,
    reason: Scalar<Reason>,
    until: Option<Scalar<Date>>,
}

impl From<Ignore> for IgnoreEntry {
    fn from(ignore: Ignore) -> Self {
        Self {
            check: ignore.check.0.0,
            subject: ignore.subject.map(|glob| glob.0),
            path: ignore.path.map(|glob| glob.0.0),
            reason: ignore.reason.0.0,
            until: ignore.until.map(|day| day.0),
            place: None,
        }
    }
}

/// A value written as one scalar, checked while the decoder stands at it: an error raised later would carry the
/// place of the whole list or mapping.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Scalar<T>(T);

/// What a scalar can mean.
trait Meaning: Sized {
    /// The meaning of the text, or what is wrong with it and what to write instead.
    fn of(text: &str) -> Result<Self, String>;
}

impl<'de, T: Meaning> Deserialize<'de> for Scalar<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ScalarVisitor(PhantomData)).map(Self)
    }
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<T: Meaning> Visitor<'_> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        T::of(text).map_err(E::custom)
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct CheckName(String);

impl Meaning for CheckName {
    fn of(text: &str) -> Result<Self, String> {
        let known = names::checks();
        if !known.contains(&text) {
            return Err(names::unknown("check", text, &known));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Meaning for Level {
    fn of(text: &str) -> Result<Self, String> {
        let known = ["error", "warning", "info", "off"];
        match text {
            "error" => Ok(Self::Severity(Severity::Error)),
            "warning" => Ok(Self::Severity(Severity::Warning)),
            "info" => Ok(Self::Severity(Severity::Info)),
            "off" => Ok(Self::Off),
            _ => Err(names::unknown("severity", text, &known)),
        }
    }
}

struct ExternalSeries(String);

impl Meaning for ExternalSeries {
    fn of(text: &str) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_:*".contains(&byte);
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(format!(
                "`{text}` is no series name; write letters, digits, `_` and `:`, and `*` for any characters"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

struct Reason(String);

impl Meaning for Reason {
    fn of(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("the reason is empty; say why this may be ignored".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl Meaning for Date {
    fn of(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("`{text}` is no day; write it as in 2027-06-30"))
    }
}

struct PathGlob(PathGlobs);

impl Meaning for PathGlob {
    fn of(text: &str) -> Result<Self, String> {
        PathGlobs::new(text).map(Self)
    }
}

impl Meaning for SubjectGlob {
    fn of(text: &str) -> Result<Self, String> {
        Self::new(text)
    }
}

/// serde_yaml's error with its place taken out of its text, and unknown keys in our words.
fn problem(error: &serde_yaml::Error) -> Problem {
    let mut message = error.to_string();
    let (line, column) = error
        .location()
        .map_or((1, 1), |location| (location.line(), location.column()));
    if let Some(at) = message.find(&format!(" at line {line} column {column}")) {
        message.truncate(at);
    }
    if let Some(better) = unknown_key(&message) {
        message = better;
    }
    Problem {
        line,
        column,
        message,
    }
}

/// serde words it ``unknown field `a`, expected one of `b`, `c` `` behind a path such as `ignore[0]: `.
fn unknown_key(message: &str) -> Option<String> {
    let rest = &message[message.find("unknown field `")?..];
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let typed = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    Some(names::unknown("key", typed, &known))
}

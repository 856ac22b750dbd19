//! The configuration as YAML. The only module of this crate that knows serde_yaml, which is archived upstream: to
//! replace it by a fork is a change here alone.
//!
//! Values are checked while they are decoded, so that every error knows its line.

use std::collections::BTreeMap;

use promsight_model::Severity;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{Config, IgnoreEntry, PathGlobs, SubjectGlob};
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
        include: file.include,
        exclude: file.exclude.unwrap_or_default(),
        external: file.external.into_iter().map(|series| series.0).collect(),
        ignore: file.ignore.into_iter().map(IgnoreEntry::from).collect(),
        severity: file.severity.into_iter().map(|(check, severity)| (check.0, severity.0)).collect(),
    })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, deserialize_with = "path_globs")]
    include: Option<PathGlobs>,
    #[serde(default, deserialize_with = "path_globs")]
    exclude: Option<PathGlobs>,
    #[serde(default)]
    external: Vec<ExternalSeries>,
    #[serde(default)]
    ignore: Vec<Ignore>,
    #[serde(default)]
    severity: BTreeMap<CheckName, SeverityWord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignore {
    check: CheckName,
    #[serde(default, deserialize_with = "subject_glob")]
    subject: Option<SubjectGlob>,
    #[serde(default, deserialize_with = "path_glob")]
    path: Option<PathGlobs>,
    reason: Reason,
    #[serde(default)]
    until: Option<Day>,
}

impl From<Ignore> for IgnoreEntry {
    fn from(ignore: Ignore) -> Self {
        Self {
            check: ignore.check.0,
            subject: ignore.subject,
            path: ignore.path,
            reason: ignore.reason.0,
            until: ignore.until.map(|day| day.0),
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct CheckName(String);

impl<'de> Deserialize<'de> for CheckName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = names::checks();
        if known.contains(&name.as_str()) {
            return Ok(Self(name));
        }
        Err(D::Error::custom(names::unknown("check", &name, &known)))
    }
}

struct SeverityWord(Severity);

impl<'de> Deserialize<'de> for SeverityWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        [Severity::Error, Severity::Warning, Severity::Info]
            .into_iter()
            .find(|severity| severity.word() == word)
            .map(Self)
            .ok_or_else(|| D::Error::custom(names::unknown("severity", &word, &["error", "warning", "info"])))
    }
}

struct ExternalSeries(String);

impl<'de> Deserialize<'de> for ExternalSeries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let series = String::deserialize(deserializer)?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_:*".contains(&byte);
        if !series.is_empty() && series.bytes().all(allowed) {
            return Ok(Self(series));
        }
        Err(D::Error::custom(format!(
            "`{series}` is no series name; write letters, digits, `_` and `:`, and `*` for any characters"
        )))
    }
}

struct Reason(String);

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let reason = String::deserialize(deserializer)?;
        if reason.trim().is_empty() {
            return Err(D::Error::custom("the reason is empty; say why this may be ignored"));
        }
        Ok(Self(reason))
    }
}

struct Day(Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Date::parse(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is no day; write it as in 2027-06-30")))
    }
}

fn path_globs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathGlobs>, D::Error> {
    let Some(globs) = Option::<Vec<String>>::deserialize(deserializer)? else { return Ok(None) };
    PathGlobs::new(globs.iter().map(String::as_str)).map(Some).map_err(D::Error::custom)
}

fn path_glob<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathGlobs>, D::Error> {
    let Some(glob) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    PathGlobs::new([glob.as_str()]).map(Some).map_err(D::Error::custom)
}

fn subject_glob<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SubjectGlob>, D::Error> {
    let Some(glob) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    SubjectGlob::new(&glob).map(Some).map_err(D::Error::custom)
}

/// serde_yaml's error with its place taken out of its text, and unknown keys in our words.
fn problem(error: &serde_yaml::Error) -> Problem {
    let mut message = error.to_string();
    let (line, column) = error.location().map_or((1, 1), |location| (location.line(), location.column()));
    if let Some(at) = message.find(&format!(" at line {line} column {column}")) {
        message.truncate(at);
    }
    if let Some(better) = unknown_key(&message) {
        message = better;
    }
    Problem { line, column, message }
}

/// serde words it ``unknown field `a`, expected one of `b`, `c` `` behind a path such as `ignore[0]: `.
fn unknown_key(message: &str) -> Option<String> {
    let rest = &message[message.find("unknown field `")?..];
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let typed = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    Some(names::unknown("key", typed, &known))
}

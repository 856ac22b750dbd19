//! `promsight.yaml`: what the user says about the tree.
//!
//! Owns the meaning of the configuration. How it is written stands in [`yaml`].

pub mod schema;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobBuilder, GlobMatcher};
use promsight_extract::decode;
use promsight_model::{Embedded, FileId, Finding, LineIndex, Severity};

use crate::clock::Date;
use crate::root;

/// The file's name at the root.
pub const FILE_NAME: &str = "promsight.yaml";

/// The configuration; the default says nothing and leaves everything as it is.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Which files are read; `None` for all.
    pub include: Option<PathGlobs>,
    /// Which are not.
    pub exclude: PathGlobs,
    /// Series that programs outside the tree emit; `*` stands for any characters.
    pub external: Vec<String>,
    /// What says which series exist beside the tree.
    pub sources: Witnessing,
    /// Findings to hide.
    pub ignore: Vec<IgnoreEntry>,
    /// Severities other than the checks' own, by check.
    pub severity: BTreeMap<String, Level>,
    /// Severities for some paths or subjects; the last one that fits counts.
    pub overrides: Vec<Override>,
    /// Checks whose findings may not be hidden.
    pub locked: BTreeSet<String>,
    /// The file that says so; `None` for the default.
    pub file: Option<ConfigFile>,
}

/// `sources:`: files and folders that say which series exist beside the tree, relative to the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnessing {
    /// Snapshots of the exposition format.
    pub expositions: Vec<PathBuf>,
    /// Inventories of other repositories.
    pub inventories: Vec<PathBuf>,
}

/// The text of the configuration, for findings about it.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Its path relative to the root.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
}

/// How bad a finding is, or that it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It is not reported.
    Off,
    /// It is, with this severity.
    Severity(Severity),
}

/// One entry of `overrides:`. All that it gives must fit.
#[derive(Clone, Debug)]
pub struct Override {
    /// The check; every one where it is not given.
    pub check: Option<String>,
    /// Which subjects.
    pub subject: Option<SubjectGlob>,
    /// In which files.
    pub path: Option<PathGlobs>,
    /// How bad its findings are there.
    pub level: Level,
}

impl Config {
    /// Whether the file at that root-relative path belongs to a run. A file that the user names always does.
    pub fn reads(&self, path: &str) -> bool {
        promsight_extract::is_source(path)
            && !self.exclude.admit(path)
            && self.include.as_ref().is_none_or(|include| include.admit(path))
    }

    /// A check that is locked and, somewhere, off.
    fn locked_and_off(&self) -> Option<&str> {
        let by_check = self
            .severity
            .iter()
            .filter(|(_, level)| **level == Level::Off)
            .map(|(check, _)| check);
        let by_override = self
            .overrides
            .iter()
            .filter(|entry| entry.level == Level::Off)
            .filter_map(|entry| entry.check.as_ref());
        by_check
            .chain(by_override)
            .find(|check| self.locked.contains(*check))
            .map(String::as_str)
    }

    /// The severity of a finding, given with the check's own, at that root-relative path; `None` where it is off.
    pub fn level(&self, finding: &Finding, path: &str) -> Option<Severity> {
        let by_override = self.overrides.iter().rev().find(|entry| {
            entry.check.as_ref().is_none_or(|check| check == finding.check)
                && entry
                    .subject
                    .as_ref()
                    .is_none_or(|glob| glob.admits(&finding.subject))
                && entry.path.as_ref().is_none_or(|globs| globs.admit(path))
        });
        let by_check = || self.severity.get(finding.check).copied();
        match by_override.map(|entry| entry.level).or_else(by_check) {
            Some(Level::Severity(severity)) => Some(severity),
            // An override of all checks leaves out those that nobody may hide.
            Some(Level::Off) if self.locked.contains(finding.check) => Some(finding.severity),
            Some(Level::Off) => None,
            None => Some(finding.severity),
        }
    }
}

/// One entry of `ignore:`.
#[derive(Clone, Debug)]
pub struct IgnoreEntry {
    /// The check whose findings it hides.
    pub check: String,
    /// Which subjects it hides.
    pub subject: Option<SubjectGlob>,
    /// In which files.
    pub path: Option<PathGlobs>,
    /// Why.
    pub reason: String,
    /// The last day on which it hides anything.
    pub until: Option<Date>,
    /// Where in the configuration's text it stands.
    pub place: Option<Range<usize>>,
}

impl IgnoreEntry {
    /// Whether it speaks of a finding of its check at that root-relative path.
    pub fn admits(&self, finding: &Finding, path: &str) -> bool {
        self.subject
            .as_ref()
            .is_none_or(|glob| glob.admits(&finding.subject))
            && self.path.as_ref().is_none_or(|globs| globs.admit(path))
    }
}

/// Globs over paths relative to the root. `*` stays within a folder, `**` does not; a glob that names a folder means
/// everything below it.
#[derive(Clone, Debug, Default)]
pub struct PathGlobs {
    matchers: Vec<GlobMatcher>,
}

impl PathGlobs {
    /// Compiles one glob; errs with a clause where it is none.
    pub fn new(glob: &str) -> Result<Self, String> {
        let glob = glob.trim_start_matches("./").trim_end_matches('/');
        let folder = glob.strip_suffix("/**").unwrap_or(glob);
        Ok(Self {
            matchers: vec![path_glob(folder)?, path_glob(&format!("{folder}/**"))?],
        })
    }

    /// Whether one of them admits the path of a file or folder.
    pub fn admit(&self, path: &str) -> bool {
        self.matchers.iter().any(|matcher| matcher.is_match(path))
    }
}

impl FromIterator<PathGlobs> for PathGlobs {
    fn from_iter<I: IntoIterator<Item = PathGlobs>>(globs: I) -> Self {
        Self {
            matchers: globs.into_iter().flat_map(|globs| globs.matchers).collect(),
        }
    }
}

fn path_glob(glob: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(glob.compile_matcher())
}

/// A glob over the subjects of findings: series, metrics, alerts.
#[derive(Clone, Debug)]
pub struct SubjectGlob {
    matcher: GlobMatcher,
}

impl SubjectGlob {
    /// Compiles a glob; errs with a clause where it is none.
    pub fn new(glob: &str) -> Result<Self, String> {
        let glob = Glob::new(glob).map_err(|error| error.to_string())?;
        Ok(Self {
            matcher: glob.compile_matcher(),
        })
    }

    /// Whether it admits the subject.
    pub fn admits(&self, subject: &str) -> bool {
        self.matcher.is_match(subject)
    }
}

/// A configuration that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {reason}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file says something that is not understood.
    #[error("{path}:{line}:{column}: {message}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong and what to write instead.
        message: String,
    },
}

/// Reads the configuration named by the user, or the one at the root, or the default where there is none.
pub fn load(root: &Path, named: Option<&Path>) -> Result<Config, ConfigError> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => root.join(FILE_NAME),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let mut config = parse(&text, &path)?;
            if let (Some(file), Ok(location)) = (&mut config.file, path.canonicalize()) {
                file.path = root::relative(&location, root);
            }
            Ok(config)
        }
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            Ok(Config::default())
        }
        Err(error) => Err(ConfigError::Unreadable {
            path,
            reason: error.to_string(),
        }),
    }
}

/// Decodes the text of a configuration; `path` is named in errors, and taken to be relative to the root.
pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut config = yaml::config(text).map_err(|problem| ConfigError::Invalid {
        path: path.to_owned(),
        line: problem.line,
        column: problem.column,
        message: problem.message,
    })?;
    if let Some(check) = config.locked_and_off() {
        let (line, column) = place_of_key(text, "locked");
        return Err(ConfigError::Invalid {
            path: path.to_owned(),
            line,
            column,
            message: format!("locked: `{check}` is switched off elsewhere in this file; do one or the other"),
        });
    }
    for (entry, place) in config.ignore.iter_mut().zip(places_of_ignores(text)) {
        entry.place = Some(place);
    }
    config.file = Some(ConfigFile {
        path: path.to_string_lossy().replace('\\', "/"),
        text: Arc::from(text),
    });
    Ok(config)
}

/// Line and column, from 1, of a key at the top.
fn place_of_key(text: &str, key: &str) -> (usize, usize) {
    let source = Embedded::whole(FileId(0), text);
    let tree = decode::yaml::parse(&source);
    let root = tree.documents().next().and_then(|document| document.root());
    let entry = root.and_then(|root| root.entries().find(|entry| entry.key.as_str() == Some(key)));
    let start = entry.map_or(0, |entry| entry.key.span().start);
    let position = LineIndex::new(text).position(text, start);
    (position.line as usize, position.column as usize)
}

/// Where the entries of `ignore:` stand. The decoder of the values knows no ranges.
fn places_of_ignores(text: &str) -> Vec<Range<usize>> {
    let source = Embedded::whole(FileId(0), text);
    let tree = decode::yaml::parse(&source);
    let places = tree
        .documents()
        .next()
        .and_then(|document| document.root())
        .and_then(|root| root.get("ignore"))
        .map(|entries| {
            entries
                .items()
                .map(|entry| {
                    let range = entry.span().range();
                    let length = text.get(range.clone()).map_or(0, |text| text.trim_end().len());
                    range.start..range.start + length
                })
                .collect()
        });
    places.unwrap_or_default()
}

#[cfg(test)]
mod tests;

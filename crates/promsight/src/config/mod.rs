//! `promsight.yaml`: what the user says about the tree.
//!
//! Owns the meaning of the configuration. How it is written stands in [`yaml`].

mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobMatcher};
use promsight_model::Severity;

use crate::clock::Date;

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
    /// Findings to hide.
    pub ignore: Vec<IgnoreEntry>,
    /// Severities other than the checks' own, by check.
    pub severity: BTreeMap<String, Severity>,
}

impl Config {
    /// Whether the file at that root-relative path belongs to a run. A file that the user names always does.
    pub fn reads(&self, path: &str) -> bool {
        promsight_extract::is_source(path)
            && !self.exclude.admit(path)
            && self.include.as_ref().is_none_or(|include| include.admit(path))
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
        Ok(text) => parse(&text, &path),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            Ok(Config::default())
        }
        Err(error) => Err(ConfigError::Unreadable {
            path,
            reason: error.to_string(),
        }),
    }
}

/// Decodes the text of a configuration; `path` is named in errors.
pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    yaml::config(text).map_err(|problem| ConfigError::Invalid {
        path: path.to_owned(),
        line: problem.line,
        column: problem.column,
        message: problem.message,
    })
}

#[cfg(test)]
mod tests;

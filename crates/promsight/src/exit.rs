//! How a run ends.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::baseline::BaselineError;
use crate::config::ConfigError;
use crate::git::GitError;
use crate::server::ServerError;

/// The exit codes. Never a count: a count above 255 would wrap to success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// No finding at or above `--fail-on`.
    Clean = 0,
    /// At least one such finding.
    Findings = 1,
    /// Wrong use, an unreadable configuration, or an input named by the user that cannot be read.
    Usage = 2,
    /// Nothing to reconcile was found, so that the result says nothing.
    NothingToReconcile = 3,
    /// A bug of promsight. Rust ends a panicking program with this code by itself.
    Crash = 101,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not be carried out, as a sentence that names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A path on the command line.
    #[error("cannot read {path}: {reason}; name a file or folder that exists", path = path.display())]
    Input {
        /// The path as typed.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// A check's name on the command line.
    #[error("{0}")]
    UnknownCheck(String),
    /// A format that the command has no report in.
    #[error("`promsight {command}` prints no `{format}`; there are: {known}")]
    NoSuchReport {
        /// The command.
        command: &'static str,
        /// The format's word.
        format: String,
        /// The words of those that there are.
        known: String,
    },
    /// The baseline.
    #[error("{0}")]
    Baseline(#[from] BaselineError),
    /// The earlier revision.
    #[error("{0}")]
    Git(#[from] GitError),
    /// An earlier review.
    #[error("cannot use the review {path}: {reason}; name one that `promsight audit --format json` has written", path = path.display())]
    Review {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A snapshot or inventory.
    #[error("cannot read the {what} {path}: {reason}", path = path.display())]
    Source {
        /// What it was named for.
        what: &'static str,
        /// The path as typed.
        path: PathBuf,
        /// Why not, as a clause.
        reason: String,
    },
    /// The live server.
    #[error("{0}")]
    Server(#[from] ServerError),
    /// `promsight init` would replace a configuration.
    #[error("{path} is there already; `--force` replaces it, `--print` only prints", path = .0.display())]
    ConfigExists(PathBuf),
    /// A file that should be mended cannot be.
    #[error("cannot mend {path}: {reason}; nothing was changed")]
    Fix {
        /// The file, as shown.
        path: String,
        /// What stands against it.
        reason: String,
    },
    /// The report could not be written.
    #[error("cannot write {target}: {reason}")]
    Output {
        /// The file, or `stdout`.
        target: String,
        /// What the system says.
        reason: String,
    },
}

impl Failure {
    /// The exit code of all of them.
    pub fn exit(&self) -> Exit {
        Exit::Usage
    }
}

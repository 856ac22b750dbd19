//! What a development command complains about.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

/// One thing to mend, as a sentence that says where and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem(String);

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Prints the problems; the exit code says whether there are any.
pub(crate) fn report(problems: &[Problem]) -> ExitCode {
    let mut stderr = std::io::stderr().lock();
    for problem in problems {
        let _ = writeln!(stderr, "{problem}");
    }
    if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Says what is being done.
pub(crate) fn announce(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "\n== {message}");
}

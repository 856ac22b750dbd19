//! Everything that a change has to pass, in the order in which it fails fastest.

use std::process::{Command, ExitStatus};

use crate::problem::{Problem, announce};
use crate::{tidy, tree};

/// The steps. Tests come late so that their result lines stand near the end of the output.
const STEPS: &[(&str, &[&str])] = &[
    ("formatting", &["fmt", "--all", "--check"]),
    (
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
    ),
    ("tests", &["test", "--workspace", "--no-fail-fast"]),
];

pub(crate) fn run() -> Vec<Problem> {
    announce("tidy");
    let mut problems = tidy::run();
    for problem in &problems {
        announce(&problem.to_string());
    }
    for (name, arguments) in STEPS {
        announce(&format!("{name}: cargo {}", arguments.join(" ")));
        if let Err(problem) = cargo(arguments) {
            problems.push(Problem::new(format!("{name}: {problem}")));
        }
    }
    problems
}

fn cargo(arguments: &[&str]) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Laws draw the same cases in every run, so that a red run can be repeated; `cargo test` by hand explores others.
    let outcome = Command::new(cargo)
        .env("PROPTEST_RNG_SEED", "20261122")
        .args(arguments)
        .current_dir(tree::top())
        .status();
    match outcome.as_ref().map(ExitStatus::success) {
        Ok(true) => Ok(()),
        Ok(false) => Err("failed, see above".to_owned()),
        Err(error) => Err(format!("cannot start cargo: {error}")),
    }
}

//! Development commands: `cargo xtask ci`, `tidy`, `generate`, `promqltest`, `corpus`, `charts`, `mutate`, `oracle`, `packaging`, `prove`. None of this ships.

#![expect(
    clippy::disallowed_methods,
    reason = "development commands read the source tree and start cargo"
)]

mod charts;
mod ci;
mod corpus;
mod generate;
mod mutate;
mod oracle;
mod packaging;
mod problem;
mod promql;
mod promqltest;
mod prove;
mod tidy;
mod tree;

use std::process::ExitCode;

use problem::Problem;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  ci          formatting, clippy, every test, then tidy: what a change has to pass
  tidy        check what the compiler cannot: crate edges, file sizes, checks and their pages, links
  generate    write docs/checks, the tables of docs/promql.md, the configuration's schema, man pages, completions
  promqltest  compare what is read of Prometheus' own test cases with what Prometheus reads
  corpus      compare what is read of the dashboards and rules in FOLDER... with what other parsers read
  charts      compare what the charts in FOLDER... render to with what HELM renders: `charts HELM FOLDER...`
  mutate      change PROJECT... at known places, one at a time ([--seed N] [--count N] [--only KIND] [--verbose]), and compare what is
              reported with what each change breaks
  oracle      measure the inventory against running code (needs Python and its package index);
              `oracle scenarios` holds the Python scenarios against it, `oracle test` tests the recorder
  prove       run the systems of testdata/proofs under PROMETHEUS, and compare what it scrapes, drops and stores, and which rules
              see nothing, with what is said of their source: `prove PROMETHEUS [--record] [NAME...]` (needs Python and its
              package index)
  packaging   build and install the wheel, and run the action, the GitLab template and the hook
              (needs Python and its package index)
";

/// The commands, as documents may name them.
pub(crate) const COMMANDS: &[&str] = &[
    "ci",
    "tidy",
    "generate",
    "promqltest",
    "corpus",
    "charts",
    "mutate",
    "oracle",
    "packaging",
    "prove",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    let problems = match command.as_slice() {
        ["ci"] => ci::run(),
        ["tidy"] => tidy::run(),
        ["generate"] => generate::write(),
        ["promqltest"] => promqltest::run(),
        ["corpus", folders @ ..] => corpus::run(folders),
        ["packaging"] => packaging::run(),
        ["charts", arguments @ ..] => charts::run(arguments),
        ["mutate", rest @ ..] => mutate::run(rest),
        ["prove", rest @ ..] => prove::run(rest),
        ["oracle", rest @ ..] => oracle::run(rest),
        _ => vec![Problem::new(USAGE)],
    };
    problem::report(&problems)
}

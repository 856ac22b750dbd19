//! Scenarios: Markdown pages that are tests.
//!
//! A heading is a scenario. A line that holds only a path in backticks names the fenced block after it as an input
//! file; `folder: PATH` takes a folder of this repository instead. A path that is an address (`http://…/api/v1/…`) names
//! an answer of a live server, and what `sources:` of a `promsight.yaml` among the files names is read as snapshot or
//! inventory. Blocks of these kinds say what must come of it, one entry a line, all of them; blank lines and lines that
//! begin with `#` are for the reader:
//!
//! - `expect`: `severity[check] path «text of the primary place» "part of the message"`; behind that, where it
//!   matters, `-> "replacement"` for the suggestion that must be made or `-> nothing` for none
//! - `metrics`: `type name{label, label} path`, then remarks in parentheses
//! - `references`: `verdict consumer-kind path «selector»`
//! - `targets`: `kept job address/path {label=value, …} workload`, `dropped job name «rule» "reason"`,
//!   `dead job name «place» "reason"`, `unknown job "reason"`, `unselected kind name "reason"`
//!
//! Paths are relative to the scenario's root. Of a text of several lines its first line is named, with ` …` behind it.
//! With `PROMSIGHT_UPDATE=1` the blocks are rewritten: read the difference, do not trust it.

#![expect(clippy::disallowed_methods, reason = "tests read their pages")]

mod entries;
mod page;
mod run;
mod server;

use std::fmt::{self, Write as _};
use std::path::Path;

use page::{Block, Kind, Scenario};

datatest_stable::harness! {
    { test = scenarios, root = "../../testdata/scenarios", pattern = r"\.md$" },
    { test = scenarios, root = "../promsight-check/checks", pattern = r"\.md$" },
}

fn scenarios(path: &Path) -> datatest_stable::Result<()> {
    let text = std::fs::read_to_string(path)?;
    let mut complaints = String::new();
    let mut rewritten = Vec::new();
    for scenario in page::scenarios(&text)? {
        for (block, actual) in outcomes(&scenario, Pins::of(path))? {
            let difference = entries::compare(&block.text, &actual);
            if difference.is_empty() {
                continue;
            }
            rewritten.push((block.range.clone(), entries::updated(&block.text, &actual)));
            writeln!(
                complaints,
                "\n## {} ({})\n{difference}",
                scenario.heading, block.kind
            )?;
        }
    }
    if complaints.is_empty() {
        return Ok(());
    }
    if std::env::var_os("PROMSIGHT_UPDATE").is_some() {
        return Ok(std::fs::write(path, page::replaced(&text, &rewritten))?);
    }
    Err(Box::new(Failed(complaints)))
}

/// What is wrong with a page. The harness prints errors by their `Debug`.
struct Failed(String);

impl fmt::Debug for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\nPROMSIGHT_UPDATE=1 rewrites the blocks", self.0)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl std::error::Error for Failed {}

/// The scenario's blocks, each with the entries that really came of it.
fn outcomes(scenario: &Scenario, pins: Pins) -> Result<Vec<(&Block, Vec<entries::Entry>)>, String> {
    let pinned = |block: &&Block| pins == Pins::Everything || block.kind == Kind::Expect;
    let blocks: Vec<&Block> = scenario.blocks.iter().filter(pinned).collect();
    if blocks.is_empty() {
        return Ok(Vec::new());
    }
    let outcome = run::run(&scenario.input).map_err(|error| format!("{}: {error}", scenario.heading))?;
    Ok(blocks
        .into_iter()
        .map(|block| (block, outcome.entries(block.kind)))
        .collect())
}

/// Which blocks of a page are run here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pins {
    Everything,
    /// The pages on Python pin its metrics in more detail than a report shows, in a runner of their own.
    Findings,
}

impl Pins {
    fn of(path: &Path) -> Self {
        let on_python = path
            .parent()
            .is_some_and(|folder| folder.ends_with("scenarios/python"));
        if on_python {
            Self::Findings
        } else {
            Self::Everything
        }
    }
}

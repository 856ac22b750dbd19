//! Markdown pages that are tests of one crate: files in, lines out. Only tests use it.
//!
//! A heading is a scenario. A line that holds only a path in backticks names the fenced block after it as an input file;
//! `Empty: ` and paths in backticks name files without text. A block whose language is one of the test's own words lists
//! what must come of the files, one entry a line; blank lines are for the reader.
//!
//! With `PROMSIGHT_UPDATE=1` the blocks are rewritten: read the difference, do not trust it.
//!
//! The pages that hold findings of the whole program have a runner of their own in `crates/promsight/tests/scenarios`.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "tests read their pages, and stop where one is malformed"
)]

use std::path::{Path, PathBuf};

/// One scenario of a page.
#[derive(Debug, Default)]
pub struct Scenario {
    /// Its heading.
    pub heading: String,
    /// Path and text of its files.
    pub files: Vec<(String, String)>,
    block: Option<Block>,
}

/// The block that lists what must come.
#[derive(Debug)]
struct Block {
    word: String,
    /// Its lines in the page: first, and one past the last.
    lines: (usize, usize),
}

/// Compares all pages of a folder of `testdata/scenarios` with what comes of their scenarios: `actual` is given a scenario
/// and the word of its block, one of `words`, and answers with the entries.
///
/// # Panics
///
/// Where something else comes, a page is malformed, or there are fewer than `at_least` pages.
pub fn hold(folder: &str, words: &[&str], at_least: usize, actual: impl Fn(&Scenario, &str) -> Vec<String>) {
    let pages = pages(folder);
    assert!(pages.len() >= at_least, "the scenarios are there");
    let complaints: Vec<String> = pages
        .iter()
        .flat_map(|page| check(page, words, &actual))
        .collect();
    assert!(
        complaints.is_empty(),
        "{}\nPROMSIGHT_UPDATE=1 rewrites the blocks",
        complaints.join("\n")
    );
}

fn pages(folder: &str) -> Vec<PathBuf> {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/scenarios");
    let entries = std::fs::read_dir(scenarios.join(folder)).expect("the scenarios are there");
    let mut pages: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    pages.sort();
    pages
}

fn check(page: &Path, words: &[&str], actual: impl Fn(&Scenario, &str) -> Vec<String>) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("the page can be read");
    let mut updated: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut complaints = Vec::new();
    // From behind, so that replaced blocks do not move the lines of those that are still to come.
    for scenario in scenarios(&text, words).iter().rev() {
        let Some(Block {
            word,
            lines: (start, end),
        }) = &scenario.block
        else {
            assert!(
                scenario.files.is_empty(),
                "{}: nothing says what must come",
                scenario.heading
            );
            continue;
        };
        let actual = actual(scenario, word);
        let expected = text.lines().skip(*start).take(end - start);
        let expected: Vec<String> = expected
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        if actual != expected {
            complaints.push(format!(
                "{}: {}\nexpected\n{}\nactual\n{}\n",
                page.display(),
                scenario.heading,
                expected.join("\n"),
                actual.join("\n")
            ));
            updated.splice(*start..*end, actual);
        }
    }
    if std::env::var_os("PROMSIGHT_UPDATE").is_some() && !complaints.is_empty() {
        std::fs::write(page, updated.join("\n") + "\n").expect("the page can be written");
        return Vec::new();
    }
    complaints
}

fn scenarios(page: &str, words: &[&str]) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut path: Option<String> = None;
    let lines: Vec<&str> = page.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if let Some(info) = line.strip_prefix("```") {
            let end = (at + 1..lines.len()).find(|end| lines[*end] == "```");
            let end = end.unwrap_or(lines.len());
            let scenario = scenarios.last_mut().expect("a block stands below a heading");
            match path.take() {
                Some(path) => scenario.files.push((path, lines[at + 1..end].join("\n") + "\n")),
                None if words.contains(&info) => {
                    scenario.block = Some(Block {
                        word: info.to_owned(),
                        lines: (at + 1, end),
                    });
                }
                None => panic!("{}: a block without a path", scenario.heading),
            }
            at = end + 1;
            continue;
        }
        if line.starts_with('#') {
            scenarios.push(Scenario {
                heading: line.trim_start_matches('#').trim().to_owned(),
                ..Scenario::default()
            });
        } else if let Some(paths) = line.strip_prefix("Empty: ") {
            let scenario = scenarios.last_mut().expect("files stand below a heading");
            let paths = paths.split(", ").map(|path| path.trim_matches('`').to_owned());
            scenario.files.extend(paths.map(|path| (path, String::new())));
        } else if line.starts_with('`') && line.ends_with('`') && !line.contains(' ') && line.len() > 2 {
            path = Some(line.trim_matches('`').to_owned());
        }
        at += 1;
    }
    scenarios
}

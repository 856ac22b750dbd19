//! Words that mean that something is not finished.

use crate::problem::Problem;
use crate::tree::SourceText;

/// Spelled in two halves, so that this file does not find itself.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];

/// Files that people write for this project; test data may hold anything.
fn is_ours(path: &str) -> bool {
    let written = ["rs", "toml", "scm", "md", "yaml"]
        .iter()
        .any(|ending| path.ends_with(&format!(".{ending}")));
    written && !path.starts_with("testdata/") && !path.contains("/testdata/") && !path.contains("/snapshots/")
}

pub(super) fn problems(texts: &[SourceText]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in texts.iter().filter(|file| is_ours(&file.path)) {
        for (number, line) in (1..).zip(file.text.lines()) {
            for word in UNFINISHED.into_iter().filter(|word| line.contains(word)) {
                problems.push(Problem::new(format!(
                    "{}:{number}: {word}: finish it, or open an issue",
                    file.path
                )));
            }
        }
    }
    problems
}

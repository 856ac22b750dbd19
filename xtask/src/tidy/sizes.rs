//! How long a source file may be.

use crate::problem::Problem;
use crate::tree::SourceText;

/// Longer files need a reason in their header.
const NEEDS_REASON: usize = 600;

/// No file may be longer.
const TOO_LONG: usize = 1_000;

/// How a header gives the reason: a sentence that begins so.
const REASON: &str = "This file is long because";

pub(super) fn problems(texts: &[SourceText]) -> Vec<Problem> {
    texts
        .iter()
        .filter(|file| file.path.ends_with(".rs") && !is_test(&file.path))
        .filter_map(problem)
        .collect()
}

/// Tests are tables of cases, and may be as long as they need to be.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

fn problem(file: &SourceText) -> Option<Problem> {
    let lines = lines_without_tests(&file.text);
    let header: Vec<&str> = file
        .text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .collect();
    let header = header.join(" ").replace("//! ", "");
    if lines > TOO_LONG {
        let message = format!(
            "{}: {lines} lines, more than {TOO_LONG}; split it by meaning",
            file.path
        );
        return Some(Problem::new(message));
    }
    (lines > NEEDS_REASON && !header.contains(REASON)).then(|| {
        Problem::new(format!(
            "{}: {lines} lines, more than {NEEDS_REASON}; split it by meaning, or say in its header: \"{REASON} …\"",
            file.path
        ))
    })
}

/// The lines before the test module at the file's end.
fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'))
        .unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: String) -> SourceText {
        SourceText {
            path: "crates/x/src/lib.rs".to_owned(),
            text,
        }
    }

    #[test]
    fn a_long_file_needs_a_reason_and_a_very_long_one_has_none() {
        let code = "fn a() {}\n";
        assert!(problem(&file(code.repeat(600))).is_none());
        assert!(problem(&file(code.repeat(601))).is_some());
        let header = "//! Parses.\n//!\n//! This file is long because\n//! the table is.\n";
        assert!(problem(&file(header.to_owned() + &code.repeat(700))).is_none());
        assert!(problem(&file(header.to_owned() + &code.repeat(1_000))).is_some());
    }

    #[test]
    fn tests_at_the_end_do_not_count() {
        let text =
            "fn a() {}\n".repeat(500) + "#[cfg(test)]\nmod tests {\n" + &"// case\n".repeat(600) + "}\n";
        assert_eq!(lines_without_tests(&text), 500);
        assert!(problem(&file(text)).is_none());
    }
}

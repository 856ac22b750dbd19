//! Commands that the documents tell people to type are commands that the program understands.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use promsight::arguments::Arguments;

fn top() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

/// The lines of `sh` fences of README.md and of the pages in `docs/`.
fn shell_lines() -> Vec<(PathBuf, String)> {
    let mut pages = vec![top().join("README.md")];
    pages.extend(
        std::fs::read_dir(top().join("docs"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path()),
    );
    let mut lines = Vec::new();
    for page in pages
        .into_iter()
        .filter(|page| page.extension().is_some_and(|extension| extension == "md"))
    {
        let text = std::fs::read_to_string(&page).expect("the page can be read");
        let mut inside = false;
        for line in text.lines() {
            match line.trim() {
                "```sh" => inside = true,
                "```" => inside = false,
                command if inside => lines.push((page.clone(), command.to_owned())),
                _ => {}
            }
        }
    }
    lines
}

/// The arguments that a line gives to promsight, if it runs it.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let line = line.split('#').next().unwrap_or_default();
    let line = line.split([';', '|', '>']).next().unwrap_or_default();
    let (_, arguments) = line
        .split_once("promsight ")
        .filter(|(before, _)| before.is_empty())
        .or_else(|| {
            line.split_once("cargo run --release -- ")
                .or_else(|| line.split_once("cargo run -- "))
        })?;
    Some(arguments.split_whitespace().collect())
}

#[test]
fn every_command_in_the_documents_is_understood() {
    let commands: Vec<(PathBuf, String)> = shell_lines()
        .into_iter()
        .filter(|(_, line)| arguments(line).is_some())
        .collect();
    assert!(commands.len() >= 5, "the README shows how to use the program");
    for (page, line) in &commands {
        let typed = arguments(line).into_iter().flatten();
        let parsed = Arguments::try_parse_from(std::iter::once("promsight").chain(typed));
        assert!(
            parsed.is_ok(),
            "{}: {line}\n{}",
            page.display(),
            parsed.err().map(|error| error.to_string()).unwrap_or_default()
        );
    }
}

#[test]
fn folders_of_this_repository_that_documents_name_exist() {
    for (page, line) in shell_lines() {
        let typed = arguments(&line).unwrap_or_default();
        for path in typed.into_iter().filter(|word| word.starts_with("testdata/")) {
            assert!(top().join(Path::new(path)).exists(), "{}: {line}", page.display());
        }
    }
}

//! Every command line that the documents and packaging files show is one that the program takes.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by it, and reads the documents"
)]

use std::path::{Path, PathBuf};

use clap::Parser as _;
use clap::error::ErrorKind;
use promsight::arguments::Arguments;

fn top() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

/// Documents, and files in which commands are run.
fn texts() -> Vec<(String, String)> {
    let mut paths = vec![
        "README.md",
        "action.yml",
        ".pre-commit-hooks.yaml",
        "packaging/gitlab.yml",
    ]
    .into_iter()
    .map(|path| top().join(path))
    .collect::<Vec<_>>();
    let pages = std::fs::read_dir(top().join("docs")).expect("the folder can be read");
    paths.extend(
        pages
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "md")),
    );
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("the file can be read");
            (name(path), text)
        })
        .collect()
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Words of the command on a line, if it runs promsight.
fn command(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches("- ");
    let line = ["run: ", "entry: ", "$ "]
        .into_iter()
        .find_map(|prefix| line.strip_prefix(prefix))
        .unwrap_or(line);
    if !line.starts_with("promsight ") {
        return None;
    }
    let line = line.split(" # ").next().unwrap_or(line);
    let line = line.split(" > ").next().unwrap_or(line);
    // What the shell or the CI system fills in.
    let mut line = line.replace("\"${arguments[@]}\"", "--format github --fail-on error");
    while let (Some(from), Some(to)) = (line.find("${{"), line.find("}}")) {
        line.replace_range(from..to + 2, "filled-in");
    }
    Some(
        line.split_whitespace()
            .map(|word| word.trim_matches('"').to_owned())
            .collect(),
    )
}

#[test]
fn every_documented_command_is_understood() {
    let mut wrong = Vec::new();
    let mut commands = 0;
    for (path, text) in texts() {
        let mut in_fence = !path.ends_with(".md");
        for line in text.lines() {
            if let Some(info) = line.trim_start().strip_prefix("```") {
                in_fence = !in_fence && matches!(info, "sh" | "yaml");
            } else if let Some(words) = command(line).filter(|_| in_fence) {
                commands += 1;
                match Arguments::try_parse_from(&words) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::DisplayHelp => {}
                    Err(error) => wrong.push(format!("{path}: {line}\n{error}")),
                }
            }
        }
    }
    assert!(commands > 15, "the documents show commands: {commands}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

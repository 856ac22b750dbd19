//! Links between documents, and the commands that documents tell people to type.

use std::path::Path;

use crate::problem::Problem;
use crate::tree::{self, SourceText};

pub(super) fn problems(texts: &[SourceText]) -> Vec<Problem> {
    let top = tree::top();
    let documents = texts.iter().filter(|file| is_document(&file.path));
    documents
        .flat_map(|file| [dead_links(file, &top), unknown_commands(file)].concat())
        .collect()
}

fn is_document(path: &str) -> bool {
    path.ends_with(".md") && (path.starts_with("docs/") || !path.contains('/'))
}

fn dead_links(file: &SourceText, top: &Path) -> Vec<Problem> {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    targets(&file.text)
        .filter(|target| !target.contains("://") && !target.starts_with('#') && !target.is_empty())
        .filter(|target| {
            let path = target.split('#').next().unwrap_or_default();
            !top.join(folder).join(path).exists()
        })
        .map(|target| Problem::new(format!("{}: links to {target}, which does not exist", file.path)))
        .collect()
}

/// What stands between `](` and `)`, outside fences.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let mut in_fence = false;
    let lines = text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_fence ^= fence;
        !in_fence && !fence
    });
    lines.flat_map(|line| line.split("](").skip(1).filter_map(|rest| rest.split(')').next()))
}

fn unknown_commands(file: &SourceText) -> Vec<Problem> {
    let typed = file.text.split("cargo xtask ").skip(1);
    typed
        .map(|rest| {
            rest.split(|character: char| !character.is_ascii_alphanumeric())
                .next()
                .unwrap_or_default()
        })
        .filter(|command| !crate::COMMANDS.contains(command))
        .map(|command| Problem::new(format!("{}: `cargo xtask {command}` does not exist", file.path)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_fences_are_examples() {
        let text = "[a](b.md) and [c](d.md#e)\n```\n[x](y.md)\n```\n[f](https://example.org)\n";
        let targets: Vec<&str> = targets(text).collect();
        assert_eq!(targets, ["b.md", "d.md#e", "https://example.org"]);
    }

    #[test]
    fn a_command_that_does_not_exist_is_found() {
        let file = SourceText {
            path: "README.md".to_owned(),
            text: "run `cargo xtask lint` or `cargo xtask ci`".to_owned(),
        };
        assert_eq!(
            unknown_commands(&file),
            [Problem::new("README.md: `cargo xtask lint` does not exist")]
        );
    }
}

//! Every check has its source, its page, its line in the registry and its documentation, and nothing else has.

use std::collections::{BTreeMap, BTreeSet};

use promsight_check::CHECKS;

use crate::generate;
use crate::problem::Problem;
use crate::promql;
use crate::tree::SourceText;

const PAGES: &str = "crates/promsight-check/checks/";

pub(super) fn problems(texts: &[SourceText]) -> Vec<Problem> {
    let texts: BTreeMap<&str, &str> = texts
        .iter()
        .map(|file| (file.path.as_str(), file.text.as_str()))
        .collect();
    let mut problems = Vec::new();
    for check in CHECKS {
        problems.extend(parts(check.name, &texts));
    }
    problems.extend(strays(&texts));
    problems.extend(generated(&texts));
    if !CHECKS.is_sorted_by_key(|check| check.name) {
        problems.push(Problem::new(
            "crates/promsight-check/src/lib.rs: the registry is not sorted by name",
        ));
    }
    problems
}

fn parts(name: &str, texts: &BTreeMap<&str, &str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let source = format!("crates/promsight-check/src/{}.rs", name.replace('-', "_"));
    if !texts.contains_key(source.as_str()) {
        problems.push(Problem::new(format!(
            "{source}: is missing; the check `{name}` belongs there"
        )));
    }
    let page = format!("{PAGES}{name}.md");
    match texts.get(page.as_str()) {
        None => problems.push(Problem::new(format!(
            "{page}: is missing; it is the check's documentation and test"
        ))),
        Some(text) => problems.extend(page_problems(&page, name, text)),
    }
    let readme = texts.get("README.md").copied().unwrap_or_default();
    if !readme.contains(&format!("`{name}`")) {
        problems.push(Problem::new(format!(
            "README.md: does not name the check `{name}`"
        )));
    }
    problems
}

fn page_problems(page: &str, name: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !text.starts_with(&format!("# {name}\n")) {
        problems.push(Problem::new(format!("{page}: does not begin with `# {name}`")));
    }
    let expectations = text.matches("```expect\n").count();
    if !text.contains(&format!("[{name}]")) || expectations < 2 {
        problems.push(Problem::new(format!(
            "{page}: needs an example that the check reports and a remedy that it does not, each with an `expect` block"
        )));
    }
    problems
}

/// Pages without a check.
fn strays(texts: &BTreeMap<&str, &str>) -> Vec<Problem> {
    let names: BTreeSet<&str> = CHECKS.iter().map(|check| check.name).collect();
    let pages = texts
        .keys()
        .filter_map(|path| path.strip_prefix(PAGES)?.strip_suffix(".md"));
    pages
        .filter(|name| !names.contains(name))
        .map(|name| {
            Problem::new(format!(
                "{PAGES}{name}.md: no check of the registry has this name"
            ))
        })
        .collect()
}

/// Generated files that are missing, old or stray.
fn generated(texts: &BTreeMap<&str, &str>) -> Vec<Problem> {
    let files = generate::files();
    let mut problems: Vec<Problem> = promql::page().err().into_iter().collect();
    let old = files
        .iter()
        .filter(|file| texts.get(file.path.as_str()).copied() != Some(file.text.as_str()))
        .map(|file| {
            Problem::new(format!(
                "{}: is not current; run `cargo xtask generate`",
                file.path
            ))
        });
    problems.extend(old);
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let is_among = |path: &str| {
        generate::FOLDERS.iter().any(|folder| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let strays = texts
        .keys()
        .filter(|path| is_among(path) && !paths.contains(*path));
    problems.extend(strays.map(|path| Problem::new(format!("{path}: nothing generates it; remove it"))));
    problems
}

//! Which crate may use which: data flows one way, and nobody reaches back.

use crate::problem::Problem;
use crate::tree::SourceText;

/// A crate's manifest and the crates of this workspace that it may depend on. What only tests need is not held
/// against anybody.
const ALLOWED: &[(&str, &[&str])] = &[
    ("crates/promsight-model/Cargo.toml", &[]),
    ("crates/promsight-promql/Cargo.toml", &[]),
    ("crates/promsight-pages/Cargo.toml", &[]),
    ("crates/promsight-shell/Cargo.toml", &["promsight-model"]),
    ("grammars/Cargo.toml", &[]),
    (
        "crates/promsight-extract/Cargo.toml",
        &[
            "promsight-model",
            "promsight-promql",
            "promsight-shell",
            "promsight-grammars",
        ],
    ),
    ("crates/promsight-helm/Cargo.toml", &["promsight-model"]),
    (
        "crates/promsight-scrape/Cargo.toml",
        &["promsight-model", "promsight-shell"],
    ),
    (
        "crates/promsight-resolve/Cargo.toml",
        &["promsight-model", "promsight-scrape"],
    ),
    (
        "crates/promsight-check/Cargo.toml",
        &["promsight-model", "promsight-scrape", "promsight-resolve"],
    ),
    ("crates/promsight-report/Cargo.toml", &["promsight-model"]),
    (
        "crates/promsight/Cargo.toml",
        &[
            "promsight-model",
            "promsight-promql",
            "promsight-extract",
            "promsight-helm",
            "promsight-scrape",
            "promsight-resolve",
            "promsight-check",
            "promsight-report",
        ],
    ),
    (
        "xtask/Cargo.toml",
        &[
            "promsight",
            "promsight-model",
            "promsight-promql",
            "promsight-extract",
            "promsight-resolve",
            "promsight-scrape",
            "promsight-helm",
            "promsight-check",
        ],
    ),
];

pub(super) fn problems(texts: &[SourceText]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let manifests = texts.iter().filter(|file| is_member(&file.path));
    for manifest in manifests {
        let path = &manifest.path;
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == path) else {
            problems.push(Problem::new(format!(
                "{path}: a new crate; give it a line in xtask/src/tidy/edges.rs and in docs/ARCHITECTURE.md"
            )));
            continue;
        };
        for dependency in own_dependencies(&manifest.text) {
            if !allowed.contains(&dependency) {
                problems.push(Problem::new(format!(
                    "{path}: may not use {dependency}; data flows from the model to the report, see docs/ARCHITECTURE.md"
                )));
            }
        }
        if !manifest.text.contains("[lints]\nworkspace = true") {
            problems.push(Problem::new(format!(
                "{path}: takes over no lints; add `[lints]` with `workspace = true`"
            )));
        }
    }
    problems
}

fn is_member(path: &str) -> bool {
    let is_crate = path.starts_with("crates/") && path.matches('/').count() == 2;
    path.ends_with("/Cargo.toml") && (is_crate || path == "grammars/Cargo.toml" || path == "xtask/Cargo.toml")
}

/// The crates of this workspace below `[dependencies]` and `[build-dependencies]`.
fn own_dependencies(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut dependencies = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = matches!(line, "[dependencies]" | "[build-dependencies]");
        } else if inside && line.starts_with("promsight") {
            dependencies.extend(line.split(['.', '=', ' ']).next());
        }
    }
    dependencies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ships_counts() {
        let manifest = "[dependencies]\npromsight-model.workspace = true\nserde = \"1\"\n\n[dev-dependencies]\n\
                        promsight-extract = { path = \"../x\" }\n";
        assert_eq!(own_dependencies(manifest), ["promsight-model"]);
    }

    #[test]
    fn a_crate_that_reaches_back_is_found() {
        let manifest = SourceText {
            path: "crates/promsight-model/Cargo.toml".to_owned(),
            text: "[lints]\nworkspace = true\n[dependencies]\npromsight-check = { path = \"x\" }\n"
                .to_owned(),
        };
        let problems: Vec<String> = problems(&[manifest]).iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].contains("may not use promsight-check"),
            "{problems:?}"
        );
    }
}

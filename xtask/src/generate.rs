//! Files that are written from other files. `tidy` fails where one is not current.

use std::fmt::Write as _;

use promsight_check::CHECKS;

use crate::problem::Problem;
use crate::promql;
use crate::tree;

/// A generated file: its path from the top, and what it has to hold.
pub(crate) struct Generated {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The folder that holds nothing but generated files.
pub(crate) const FOLDER: &str = "docs/checks";

/// Every generated file.
pub(crate) fn files() -> Vec<Generated> {
    let mut files = vec![Generated {
        path: format!("{FOLDER}/README.md"),
        text: index(),
    }];
    files.extend(CHECKS.iter().map(|check| Generated {
        path: format!("{FOLDER}/{}.md", check.name),
        text: page(check),
    }));
    files.extend(promql::page().ok());
    files
}

pub(crate) fn write() -> Vec<Problem> {
    let top = tree::top();
    let mut problems: Vec<Problem> = promql::page().err().into_iter().collect();
    if let Err(error) = std::fs::create_dir_all(top.join(FOLDER)) {
        problems.push(Problem::new(format!("cannot make {FOLDER}: {error}")));
    }
    for file in files() {
        if let Err(error) = std::fs::write(top.join(&file.path), file.text) {
            problems.push(Problem::new(format!("cannot write {}: {error}", file.path)));
        }
    }
    problems
}

fn index() -> String {
    let mut text = "# Checks\n\n<!-- Written by `cargo xtask generate`. -->\n\n\
                    | check | default | says |\n|---|---|---|\n"
        .to_owned();
    for check in CHECKS {
        let _ = writeln!(
            text,
            "| [`{0}`]({0}.md) | {1} | {2} |",
            check.name,
            check.severity.word(),
            check.summary
        );
    }
    text
}

fn page(check: &promsight_check::Check) -> String {
    let source = format!("crates/promsight-check/checks/{}.md", check.name);
    format!(
        "<!-- Written by `cargo xtask generate` from {source}, where it is also a test. -->\n\n{page}\n\
         Default severity: {severity}. The same text is printed by `promsight explain {name}`.\n",
        page = check.documentation,
        severity = check.severity.word(),
        name = check.name,
    )
}

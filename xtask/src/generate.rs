//! Files that are written from other files. `tidy` fails where one is not current.

use std::fmt::Write as _;

use clap::CommandFactory as _;
use clap_complete::Shell;
use promsight::arguments::Arguments;
use promsight_check::CHECKS;

use crate::problem::Problem;
use crate::promql;
use crate::tree;

/// A generated file: its path from the top, and what it has to hold.
pub(crate) struct Generated {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Folders that hold nothing but generated files.
pub(crate) const FOLDERS: &[&str] = &[CHECK_PAGES, MAN_PAGES, COMPLETIONS];

const CHECK_PAGES: &str = "docs/checks";
const MAN_PAGES: &str = "packaging/man";
const COMPLETIONS: &str = "packaging/completions";

/// Every generated file.
pub(crate) fn files() -> Vec<Generated> {
    let mut files = vec![Generated {
        path: format!("{CHECK_PAGES}/README.md"),
        text: index(),
    }];
    files.extend(CHECKS.iter().map(|check| Generated {
        path: format!("{CHECK_PAGES}/{}.md", check.name),
        text: page(check),
    }));
    files.push(Generated {
        path: "docs/promsight.schema.json".to_owned(),
        text: promsight::config::schema::text(),
    });
    files.extend(man_pages());
    files.extend(completions());
    files.extend(promql::page().ok());
    files
}

/// A page for the program and one for each command, from the same table as `--help`.
fn man_pages() -> Vec<Generated> {
    let mut command = Arguments::command();
    command.build();
    let mut files = vec![man_page(&command, "promsight")];
    for subcommand in command.get_subcommands().filter(|one| one.get_name() != "help") {
        let name = format!("promsight-{}", subcommand.get_name());
        files.push(man_page(subcommand, &name));
    }
    files
}

fn man_page(command: &clap::Command, name: &str) -> Generated {
    // All crates of the workspace have one version.
    let version = env!("CARGO_PKG_VERSION");
    let mut page = Vec::new();
    let command = command.clone().display_name(name.to_owned()).version(version);
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(command)
        .source(format!("promsight {version}"))
        .render(&mut page);
    Generated {
        path: format!("{MAN_PAGES}/{name}.1"),
        text: String::from_utf8_lossy(&page).into_owned(),
    }
}

fn completions() -> Vec<Generated> {
    let shells = [
        (Shell::Bash, "promsight.bash"),
        (Shell::Elvish, "promsight.elv"),
        (Shell::Fish, "promsight.fish"),
        (Shell::PowerShell, "promsight.ps1"),
        (Shell::Zsh, "_promsight"),
    ];
    shells
        .into_iter()
        .map(|(shell, name)| {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "promsight", &mut script);
            Generated {
                path: format!("{COMPLETIONS}/{name}"),
                text: String::from_utf8_lossy(&script).into_owned(),
            }
        })
        .collect()
}

pub(crate) fn write() -> Vec<Problem> {
    let top = tree::top();
    let mut problems: Vec<Problem> = promql::page().err().into_iter().collect();
    for folder in FOLDERS {
        if let Err(error) = std::fs::create_dir_all(top.join(folder)) {
            problems.push(Problem::new(format!("cannot make {folder}: {error}")));
        }
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

//! Scenarios of `testdata/scenarios/processes`: files, and what the workloads among them start.
//!
//! A heading is a scenario. A line that holds only a path in backticks names the fenced block after it as an input
//! file; the block `processes` lists every process, one a line:
//!
//! `workload: entry` with remarks in parentheses, then ` via` with the text at each place that leads to it. The remarks:
//! `by name`, `alternative`, `port N`, files that are loaded besides, variables of the environment (`?` for a value that
//! is not known, `…` behind the last where more may be set).
//!
//! With `PROMSIGHT_UPDATE=1` the blocks are rewritten: read the difference, do not trust it.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "tests read their pages, and stop where one is malformed"
)]

use std::path::Path;
use std::sync::Arc;

use promsight_extract::extract;
use promsight_model::{Facts, FileId, FileSet, Repository, Span};
use promsight_scrape::process::{Certainty, Entry, Process, Workload};
use promsight_scrape::{Input, ScrapeModel, simulate};

/// One scenario of a page.
#[derive(Debug, Default)]
struct Scenario {
    heading: String,
    files: Vec<(String, String)>,
    /// The lines of its `processes` block: first, and one past the last.
    block: Option<(usize, usize)>,
}

fn scenarios(page: &str) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut path: Option<String> = None;
    let lines: Vec<&str> = page.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if let Some(info) = line.strip_prefix("```") {
            let end = (at + 1..lines.len())
                .find(|end| lines[*end] == "```")
                .unwrap_or(lines.len());
            let scenario = scenarios.last_mut().expect("a block stands below a heading");
            match path.take() {
                Some(path) => scenario.files.push((path, lines[at + 1..end].join("\n") + "\n")),
                None if info == "processes" => scenario.block = Some((at + 1, end)),
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

struct Shown<'a> {
    files: &'a FileSet,
    model: &'a ScrapeModel,
}

impl Shown<'_> {
    fn path(&self, file: FileId) -> &str {
        &self.files.file(file).path
    }

    fn place(&self, span: Span) -> String {
        let mut lines = self.files.text(span).lines();
        let first = lines.next().unwrap_or_default();
        let more = if lines.next().is_some() { " …" } else { "" };
        format!("«{first}{more}»")
    }

    fn workload(&self, workload: &Workload) -> String {
        match workload {
            Workload::Container { object, container } => {
                let object = &self.model.renderings[object.rendering].objects[object.object];
                format!("{} {}/{container}", object.kind(), object.name())
            }
            Workload::Compose { service } => format!("service {service}"),
            Workload::Other(name) => format!("unit {name}"),
            Workload::Image(file) => format!("image {}", self.path(*file)),
        }
    }

    fn entry(&self, entry: &Entry) -> String {
        match entry {
            Entry::Program { file } => format!("program {}", self.path(*file)),
            Entry::Application {
                file,
                attribute,
                server,
            } => {
                let attribute = attribute
                    .as_ref()
                    .map_or(String::new(), |name| format!(":{name}"));
                format!("{server} {}{attribute}", self.path(*file))
            }
            Entry::Foreign => "foreign".to_owned(),
            Entry::Unknown(reason) => format!("unknown, {reason}"),
        }
    }

    fn line(&self, process: &Process) -> String {
        let mut remarks = Vec::new();
        if process.certainty == Certainty::Name {
            remarks.push("by name".to_owned());
        }
        if process.is_alternative {
            remarks.push("alternative".to_owned());
        }
        if let Some((port, span)) = process.web_port {
            remarks.push(format!("port {port} {}", self.place(span)));
        }
        if !process.ports.is_empty() {
            let ports = process.ports.iter().map(|port| match &port.name {
                Some(name) => format!("{name}={}", port.number),
                None => port.number.to_string(),
            });
            remarks.push(format!("declares {}", ports.collect::<Vec<_>>().join(" ")));
        }
        if !process.loads.is_empty() {
            let loads: Vec<&str> = process.loads.iter().map(|file| self.path(*file)).collect();
            remarks.push(format!("loads {}", loads.join(" ")));
        }
        if !process.environment.is_empty() {
            let values = process
                .environment
                .iter()
                .map(|(name, value, _)| format!("{name}={}", value.as_deref().unwrap_or("?")));
            let more = if process.environment_is_complete {
                ""
            } else {
                " …"
            };
            remarks.push(format!("with {}{more}", values.collect::<Vec<_>>().join(" ")));
        }
        let remarks = if remarks.is_empty() {
            String::new()
        } else {
            format!(" ({})", remarks.join("; "))
        };
        let way: Vec<String> = process.way.iter().map(|span| self.place(*span)).collect();
        let via = if way.is_empty() {
            String::new()
        } else {
            format!(" via {}", way.join(" "))
        };
        format!(
            "{}: {}{remarks}{via}",
            self.workload(&process.workload),
            self.entry(&process.entry)
        )
    }
}

fn lines(files: &[(String, String)]) -> Vec<String> {
    let input = files
        .iter()
        .map(|(path, text)| (path.clone(), path.clone(), Arc::from(text.as_str())));
    let files = FileSet::new(input.collect());
    let facts: Vec<Facts> = files.files().iter().map(extract).collect();
    let model = simulate(&Input {
        files: &files,
        facts: &facts,
        charts: &[],
        repository: &Repository::default(),
    });
    let shown = Shown {
        files: &files,
        model: &model,
    };
    model
        .processes
        .iter()
        .map(|process| shown.line(process))
        .collect()
}

fn check(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("the page can be read");
    let mut updated: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut complaints = Vec::new();
    // From behind, so that replaced blocks do not move the lines of those that are still to come.
    for scenario in scenarios(&text).iter().rev() {
        let Some((start, end)) = scenario.block else {
            assert!(
                scenario.files.is_empty(),
                "{}: no `processes` block",
                scenario.heading
            );
            continue;
        };
        let actual = lines(&scenario.files);
        let expected: Vec<String> = text
            .lines()
            .skip(start)
            .take(end - start)
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
            updated.splice(start..end, actual);
        }
    }
    if std::env::var_os("PROMSIGHT_UPDATE").is_some() && !complaints.is_empty() {
        std::fs::write(page, updated.join("\n") + "\n").expect("the page can be written");
        return Vec::new();
    }
    complaints
}

#[test]
fn every_scenario_gives_its_processes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/scenarios/processes");
    let mut pages: Vec<_> = std::fs::read_dir(folder)
        .expect("the scenarios are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    pages.sort();
    assert!(pages.len() >= 3, "the scenarios are there");
    let complaints: Vec<String> = pages.iter().flat_map(|page| check(page)).collect();
    assert!(
        complaints.is_empty(),
        "{}\nPROMSIGHT_UPDATE=1 rewrites the blocks",
        complaints.join("\n")
    );
}

#[test]
fn hostile_trees_end() {
    let many = |line: &str, count: usize| line.repeat(count);
    let script = |body: &str| {
        vec![
            (
                "Dockerfile".to_owned(),
                "FROM python:3.12\nCOPY . /app\nENTRYPOINT [\"/app/run.sh\"]\n".to_owned(),
            ),
            ("run.sh".to_owned(), format!("#!/bin/sh\n{body}")),
            ("a.py".to_owned(), String::new()),
        ]
    };
    let trees = [
        // Scripts and functions that call themselves, and ways that multiply.
        script("exec /app/run.sh \"$@\" \"$@\"\n"),
        script("f() { f; f; }\nf\nf & f & f &\n"),
        script(&many("if [ -n \"$A\" ]; then python a.py & fi\n", 3_000)),
        script(&format!(
            "{}python a.py",
            many("case $A in b) C=1 ;; c) C=2 ;; d) C=3 ;; esac\n", 500)
        )),
        script(&format!("A=x\n{}exec python $A", many("A=\"$A$A$A$A\"\n", 200))),
        script(&format!(
            "A=(x)\n{}exec python \"${{A[@]}}\"",
            many("A+=(\"${A[@]}\" \"${A[@]}\")\n", 200)
        )),
        script(&format!(
            "{}python a.py\n",
            many("for i in 1 2 3 4 5 6 7 8 9; do\n", 40)
        )),
        // Stages that begin with one another, and copy all there is.
        vec![
            (
                "Dockerfile".to_owned(),
                format!(
                    "FROM b AS a\nFROM a AS b\n{}",
                    many("FROM b AS b\nCOPY --from=b / /\nCOPY . /x\n", 2_000)
                ),
            ),
            ("a.py".to_owned(), String::new()),
        ],
        // Services that extend one another, wrappers of wrappers.
        vec![(
            "compose.yaml".to_owned(),
            "services:\n  a: { extends: b, image: x }\n  b: { extends: a }\n".to_owned(),
        )],
        vec![(
            "Procfile".to_owned(),
            format!(
                "a: {}python a.py\nb: {}",
                many("nice ", 5_000),
                many("sh -c ", 5_000)
            ),
        )],
    ];
    for tree in trees {
        lines(&tree);
    }
}

#[test]
fn the_order_of_files_and_their_facts_does_not_matter() {
    let files = [
        (
            "a/Dockerfile",
            "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"x.py\"]\n",
        ),
        ("a/x.py", ""),
        (
            "b/Dockerfile",
            "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"x.py\"]\n",
        ),
        ("b/x.py", ""),
        (
            "compose.yaml",
            "services:\n  a: { build: a }\n  b: { build: ./b }\n",
        ),
    ];
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let reversed: Vec<(String, String)> = files.iter().rev().cloned().collect();
    let found = lines(&files);
    assert_eq!(found, lines(&reversed));
    assert_eq!(
        found,
        [
            "service a: program a/x.py via «CMD [\"python\", \"x.py\"]»",
            "service b: program b/x.py via «CMD [\"python\", \"x.py\"]»",
        ]
    );
}

//! Scenarios of `testdata/scenarios/processes`: files, and what the workloads among them start.
//!
//! Pages are read by promsight-pages; the block `processes` lists every process, one a line:
//!
//! `workload: entry` with remarks in parentheses, then ` via` with the text at each place that leads to it. The remarks:
//! `by name`, `alternative`, `port N`, files that are loaded besides, variables of the environment (`?` for a value that
//! is not known, `…` behind the last where more may be set).

use promsight_extract::extract;
use promsight_model::{Facts, FileId, FileSet, Repository, Span};
use promsight_scrape::process::{Certainty, Entry, Process, Workload};
use promsight_scrape::{Input, ScrapeModel, simulate};

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
    let files: FileSet = files.iter().cloned().collect();
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

#[test]
fn every_scenario_gives_its_processes() {
    promsight_pages::hold("processes", &["processes"], 3, |scenario, _| {
        lines(&scenario.files)
    });
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

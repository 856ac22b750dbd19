//! Conformance: small programs that use instrumentation libraries, and what they expose when they really run.
//!
//! `testdata/libraries/NAME.py` is a program, `NAME.txt` what the real libraries exposed for it, as
//! `grammars/record/library_programs.py` recorded it: `NAME TYPE LABELS BOUNDS SERIES` a family. The inventory of the
//! program has to be the same: no family less, none more, with that type, those labels, bounds and series. What a
//! scrape cannot show (labels of a family without samples) proves nothing. A line `# possible: PATTERN` in a program is a
//! pattern of names that an environment could make it expose.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "tests read their programs, and stop where one is missing"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use promsight_extract::{knowledge, python};
use promsight_model::{Emitter, FileSet, MetricType, Name};
use promsight_resolve::python::{SourceModule, link};

/// One line of a recording.
struct Recorded {
    kind: String,
    labels: Option<BTreeSet<String>>,
    bounds: Vec<String>,
    series: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/libraries")
}

fn list(column: &str) -> Vec<String> {
    match column {
        "-" => Vec::new(),
        _ => column.split(',').map(str::to_owned).collect(),
    }
}

fn recording(path: &Path) -> BTreeMap<String, Recorded> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [name, kind, labels, bounds, series] = words[..] else {
                panic!("{}: `{line}`", path.display());
            };
            let recorded = Recorded {
                kind: kind.to_owned(),
                labels: (labels != "?").then(|| list(labels).into_iter().collect()),
                bounds: list(bounds),
                series: list(series),
            };
            (name.to_owned(), recorded)
        })
        .collect()
}

fn emitters(path: &Path) -> Vec<Emitter> {
    let text = std::fs::read_to_string(path).expect("the program is readable");
    let files = FileSet::new(vec![(
        "program.py".to_owned(),
        "program.py".to_owned(),
        Arc::from(text),
    )]);
    let file = &files.files()[0];
    let module = python::module(file).0;
    let source = SourceModule {
        file: file.id,
        path: &file.path,
        module: &module,
    };
    let libraries = knowledge::libraries();
    link(&[source], &libraries)
        .emitters
        .into_iter()
        .filter(|emitter| emitter.is_live() && emitter.origin.word() != "prometheus-client")
        .collect()
}

/// Whether the text format's word for a type is one of ours.
fn same_type(recorded: &str, metric_type: MetricType) -> bool {
    recorded == metric_type.word() || recorded == "unknown" && metric_type == MetricType::Untyped
}

/// What speaks against an emitter being the recorded family.
fn difference(emitter: &Emitter, recorded: &Recorded) -> Option<String> {
    if !same_type(&recorded.kind, emitter.metric_type) {
        return Some(format!("is a {}, not a {}", recorded.kind, emitter.metric_type));
    }
    let labels: BTreeSet<String> = emitter.labels.iter().cloned().collect();
    if let Some(known) = &recorded.labels
        && (emitter.labels_known && labels != *known || !labels.is_subset(known))
    {
        return Some(format!("has the labels {known:?}, not {labels:?}"));
    }
    if let Some(bounds) = &emitter.buckets
        && !recorded.bounds.is_empty()
        && *bounds != recorded.bounds
    {
        return Some(format!("has the bounds {:?}, not {bounds:?}", recorded.bounds));
    }
    let missing = recorded
        .series
        .iter()
        .find(|series| !emitter.series.iter().any(|name| name.admits(series)));
    missing.map(|series| format!("exposes `{series}`, which the inventory has not"))
}

fn compare(path: &Path) -> Vec<String> {
    let name = path
        .file_stem()
        .expect("a program has a name")
        .to_string_lossy()
        .into_owned();
    let recorded = recording(&path.with_extension("txt"));
    let program = std::fs::read_to_string(path).expect("the program is readable");
    let possible: BTreeSet<String> = program
        .lines()
        .filter_map(|line| line.strip_prefix("# possible: "))
        .map(str::to_owned)
        .collect();
    let emitters = emitters(path);
    let mut wrong = Vec::new();
    for emitter in &emitters {
        let family = match &emitter.name {
            Name::Exact(family) => recorded.get(family).map(|recorded| (family, recorded)),
            name => {
                let is_possible = possible.contains(&name.to_string());
                if !is_possible && !recorded.keys().any(|family| name.admits(family)) {
                    wrong.push(format!("{name}: nothing recorded fits it"));
                }
                continue;
            }
        };
        match family {
            None => wrong.push(format!("{}: nothing of that name was exposed", emitter.name)),
            Some((family, recorded)) => {
                wrong
                    .extend(difference(emitter, recorded).map(|difference| format!("{family} {difference}")));
            }
        }
    }
    for family in recorded.keys() {
        if !emitters.iter().any(|emitter| emitter.name.admits(family)) {
            wrong.push(format!("{family}: the inventory does not have it"));
        }
    }
    wrong.iter().map(|wrong| format!("{name}: {wrong}")).collect()
}

#[test]
fn programs_are_seen_to_expose_what_they_expose() {
    let mut programs: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the folder is there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    programs.sort();
    assert!(!programs.is_empty());
    let wrong: Vec<String> = programs.iter().flat_map(|path| compare(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

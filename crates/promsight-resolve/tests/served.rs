//! What programs really answer, against what is found of their code.
//!
//! `testdata/exposures` holds small programs, one for each way to serve metrics, and as `answers.json` what each of them
//! answered when it ran with the real libraries (`record.py` asks again).

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "tests read their programs, and stop where one is missing"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use promsight_extract::{extract, knowledge};
use promsight_model::{Exposure, FileSet, Registry, Setting};
use promsight_resolve::python::{Inventory, SourceModule, link};

/// One answer of a running program.
#[derive(Debug, serde::Deserialize)]
struct Answer {
    port: u16,
    path: String,
    /// `None` where nothing listens.
    status: Option<u16>,
    /// Where it sent us instead.
    moved: Option<String>,
    families: Vec<String>,
}

impl Answer {
    fn is_turned_away(&self) -> bool {
        // 400 is what Starlette answers to whom its backend refuses.
        matches!(self.status, Some(400 | 401 | 403))
            || self.moved.as_ref().is_some_and(|path| path.starts_with("/login"))
    }
}

/// Programs of which the port or path is not found out, and rightly said to be unknown.
const PARTLY_KNOWN: &[(&str, &str)] = &[
    (
        "bottle_route",
        "the default application is not known to be the one that runs",
    ),
    ("django_urls", "nothing says which server runs the list of URLs"),
    ("twisted_resource", "the path is written in bytes"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/exposures")
}

fn inventory(name: &str) -> (FileSet, Inventory) {
    let path = folder().join(format!("{name}.py"));
    let text = std::fs::read_to_string(path).expect("the program is there");
    let file = format!("{name}.py");
    let files = FileSet::new(vec![(file.clone(), file, Arc::from(text))]);
    let facts: Vec<_> = files.files().iter().map(extract).collect();
    let modules: Vec<_> = facts
        .iter()
        .map(|facts| SourceModule {
            file: facts.file,
            path: &files.file(facts.file).path,
            module: facts.python.as_ref().expect("it is Python"),
        })
        .collect();
    let inventory = link(&modules, &knowledge::libraries());
    (files, inventory)
}

fn known<T: Clone>(setting: &Setting<T>) -> Option<T> {
    match setting {
        Setting::Literal(value) => Some(value.clone()),
        Setting::Configured { default, .. } => default.clone(),
        Setting::Unknown => None,
    }
}

/// The families that a registry holds, as exposed, of those that the program's own code declares.
fn families(inventory: &Inventory, registry: Registry) -> BTreeSet<String> {
    inventory
        .emitters
        .iter()
        .filter(|emitter| registry == Registry::Unknown || emitter.usage.registry == registry)
        .filter_map(|emitter| emitter.series.first()?.exact().map(str::to_owned))
        .collect()
}

/// What contradicts the answers.
fn complaints(name: &str, answers: &[Answer]) -> Vec<String> {
    let (files, inventory) = inventory(name);
    let reached: Vec<&Exposure> = inventory
        .exposures
        .iter()
        .filter(|exposure| exposure.is_reached)
        .collect();
    let is_partly_known = PARTLY_KNOWN.iter().any(|(known, _)| *known == name);
    let shown: Vec<String> = inventory
        .exposures
        .iter()
        .map(|exposure| {
            let Exposure {
                kind,
                registry,
                port,
                path,
                authentication,
                is_reached,
                span,
                ..
            } = exposure;
            let place = files.text(*span).lines().next().unwrap_or_default();
            format!(
                "  {kind:?} {registry:?} {port:?} {path:?} {} {is_reached} «{place}»",
                authentication.is_some()
            )
        })
        .collect();
    let mut complaints = Vec::new();
    for answer in answers {
        let matching: Vec<&&Exposure> = reached
            .iter()
            .filter(|exposure| {
                let fits = |known: Option<bool>| known.unwrap_or(is_partly_known);
                fits(known(&exposure.port).map(|port| port == answer.port))
                    && fits(known(&exposure.path).map(|path| path.trim_end_matches('/') == answer.path))
            })
            .collect();
        let served: BTreeSet<String> = matching
            .iter()
            .filter(|exposure| exposure.authentication.is_none())
            .flat_map(|exposure| families(&inventory, exposure.registry))
            .collect();
        let answered: BTreeSet<String> = answer.families.iter().cloned().collect();
        let own: BTreeSet<String> = families(&inventory, Registry::Unknown)
            .intersection(&answered)
            .cloned()
            .collect();
        let is_demanding = matching.iter().any(|exposure| exposure.authentication.is_some());
        if answer.is_turned_away() != is_demanding {
            complaints.push(format!(
                "{name} {}: authentication is {is_demanding}",
                answer.path
            ));
        }
        let served: BTreeSet<String> = served
            .into_iter()
            .filter(|family| !is_of_library(family))
            .collect();
        let own: BTreeSet<String> = own.into_iter().filter(|family| !is_of_library(family)).collect();
        if served != own {
            complaints.push(format!(
                "{name} {}: {served:?} is said to be served, and {own:?} is",
                answer.path
            ));
        }
    }
    for exposure in &reached {
        let (Some(port), Some(path)) = (known(&exposure.port), known(&exposure.path)) else {
            if !is_partly_known {
                complaints.push(format!("{name}: the port or path of an exposure is not known"));
            }
            continue;
        };
        let path = path.trim_end_matches('/');
        if !answers
            .iter()
            .any(|answer| answer.port == port && answer.path == path)
        {
            complaints.push(format!("{name}: {port}{path} was never asked"));
        }
    }
    if !complaints.is_empty() {
        complaints.extend(shown);
    }
    complaints
}

/// What libraries expose by themselves is another test's.
fn is_of_library(family: &str) -> bool {
    ["http_", "flask_", "django_", "python_", "process_"]
        .iter()
        .any(|prefix| family.starts_with(prefix))
}

#[test]
fn what_is_found_of_a_program_is_what_it_answers() {
    let answers = std::fs::read_to_string(folder().join("answers.json")).expect("the answers are there");
    let answers: BTreeMap<String, Vec<Answer>> =
        serde_json::from_str(&answers).expect("the answers are valid");
    assert!(answers.len() >= 35, "the programs are there");
    let complaints: Vec<String> = answers
        .iter()
        .flat_map(|(name, answers)| complaints(name, answers))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

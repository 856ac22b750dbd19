//! What kustomizations render to is what the real kustomize made of them: every case of `testdata/kustomize`.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests stop at what they cannot read, and the cases are files of this repository"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use promsight_model::manifest::{Content, Scalar, Value};
use promsight_model::{FileSet, Repository};
use promsight_scrape::objects::{Rendering, RenderingRoot};
use promsight_scrape::{Input, simulate};

struct Case {
    name: String,
    files: BTreeMap<String, String>,
    expected: Option<String>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/kustomize");
    let entries = std::fs::read_dir(folder).expect("the cases are there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txtar"));
    paths.sort();
    paths.iter().map(|path| case(path)).collect()
}

fn case(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).expect("a case can be read");
    let mut files = BTreeMap::new();
    let mut open: Option<String> = None;
    for line in text.split_inclusive('\n') {
        let marker = line
            .strip_prefix("-- ")
            .and_then(|rest| rest.trim_end().strip_suffix(" --"));
        if let Some(name) = marker {
            open = Some(name.to_owned());
            files.insert(name.to_owned(), String::new());
        } else if let Some(text) = open.as_ref().and_then(|name| files.get_mut(name)) {
            text.push_str(line);
        }
    }
    let expected = files.remove("expected.yaml");
    let is_answered = expected.is_some() || files.remove("error").is_some();
    assert!(is_answered, "{} is not recorded", path.display());
    Case {
        name: path
            .file_stem()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned(),
        files,
        expected,
    }
}

fn rendering(files: &BTreeMap<String, String>) -> Rendering {
    let texts = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let files: FileSet = texts.collect();
    let facts: Vec<_> = files.files().iter().map(promsight_extract::extract).collect();
    let repository = Repository {
        seen: vec![String::new()],
        ..Repository::default()
    };
    let model = simulate(&Input {
        files: &files,
        facts: &facts,
        charts: &[],
        repository: &repository,
    });
    let built = |rendering: &Rendering| match &rendering.root {
        RenderingRoot::Kustomization(file) => {
            let path = &files.file(*file).path;
            path.starts_with("overlay/") || path == "kustomization.yaml"
        }
        _ => false,
    };
    let found = model.renderings.into_iter().find(|rendering| built(rendering));
    found.expect("the overlay is a root")
}

fn documents(text: &str) -> Vec<Value> {
    let files = FileSet::new(vec![(
        "all.yaml".to_owned(),
        "all.yaml".to_owned(),
        Arc::from(text),
    )]);
    let facts = promsight_extract::extract(&files.files()[0]);
    facts
        .manifests
        .into_iter()
        .map(|manifest| manifest.value)
        .collect()
}

/// Values as JSON would have them: keys in order, null left out, numbers by value.
fn shown(value: &Value) -> String {
    match &value.content {
        Content::Null => "null".to_owned(),
        Content::Scalar(scalar) => shown_scalar(scalar),
        Content::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Content::Map(entries) => {
            let entries: BTreeMap<&str, String> = entries
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.text.as_str(), shown(value)))
                .collect();
            let entries = entries.iter().map(|(key, value)| format!("{key}:{value}"));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
    }
}

fn shown_scalar(scalar: &Scalar) -> String {
    let text = scalar.text.as_str();
    if scalar.is_string {
        return format!("{text:?}");
    }
    let octal = text.strip_prefix('0').filter(|rest| !rest.is_empty());
    if let Some(number) = octal.and_then(|digits| i64::from_str_radix(digits, 8).ok()) {
        return number.to_string();
    }
    match text.parse::<f64>() {
        Ok(number) => number.to_string(),
        Err(_) if matches!(text, "true" | "false") => text.to_owned(),
        Err(_) => format!("{text:?}"),
    }
}

#[test]
fn objects_come_out_as_the_real_program_makes_them() {
    let cases = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let rendering = rendering(&case.files);
        let fatal: Vec<&str> = rendering
            .problems
            .iter()
            .filter(|problem| problem.is_fatal)
            .map(|problem| problem.message.as_str())
            .collect();
        let Some(expected) = &case.expected else {
            if fatal.is_empty() {
                wrong.push(format!("{}: nothing is refused", case.name));
            }
            continue;
        };
        if !fatal.is_empty() || !rendering.is_complete {
            wrong.push(format!("{}: {:?}", case.name, rendering.problems));
        }
        let found: Vec<String> = rendering
            .objects
            .iter()
            .map(|object| shown(&object.value))
            .collect();
        let expected: Vec<String> = documents(expected).iter().map(shown).collect();
        if found.len() != expected.len() {
            wrong.push(format!(
                "{}: {} objects instead of {}",
                case.name,
                found.len(),
                expected.len()
            ));
        }
        for (found, expected) in found.iter().zip(&expected) {
            if found != expected {
                wrong.push(format!("{}:\n  {found}\n  instead of\n  {expected}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 60, "{} cases were compared", cases.len());
}

#[test]
fn every_refusal_has_a_place_in_the_files() {
    for case in cases().iter().filter(|case| case.expected.is_none()) {
        let rendering = rendering(&case.files);
        for problem in rendering.problems.iter().filter(|problem| problem.is_fatal) {
            assert!(
                problem.span.end > problem.span.start,
                "{}: {} has no place",
                case.name,
                problem.message
            );
        }
    }
}

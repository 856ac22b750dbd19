//! `cargo xtask charts HELM FOLDER…`: what promsight renders of real charts, against what the real Helm does.
//!
//! Each folder is a chart, or holds charts. Objects are compared one by one after they are parsed. Helm runs twice:
//! where its own two answers differ, chance or the clock made the text, and nothing is compared. It prints figures and
//! differences; nothing of what it read is kept.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use promsight_helm::{File, Options, Release};
use promsight_model::manifest::{Content, Value};
use promsight_model::{Embedded, FileId};

use crate::problem::Problem;

/// The version of Kubernetes that both render for.
const KUBERNETES: &str = "1.37.0";

/// More steps than any chart needs: it is equality that is asked for here.
const STEPS: u64 = 200_000_000;

/// Differences that are printed of one chart.
const MAX_SHOWN: usize = 5;

pub(crate) fn run(arguments: &[&str]) -> Vec<Problem> {
    let [helm, folders @ ..] = arguments else {
        return vec![Problem::new("name the helm program, then folders with charts")];
    };
    let charts: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| charts(Path::new(folder)))
        .collect();
    if charts.is_empty() {
        return vec![Problem::new("name folders with charts behind the helm program")];
    }
    let mut out = std::io::stdout().lock();
    let mut problems = Vec::new();
    let (mut equal, mut refused) = (0, 0);
    for chart in &charts {
        let outcome = compare(helm, chart);
        let _ = writeln!(out, "{}: {}", chart.display(), outcome.summary());
        for difference in outcome.differences.iter().take(MAX_SHOWN) {
            let _ = writeln!(out, "    {difference}");
        }
        for reason in outcome.unevaluated.iter().take(MAX_SHOWN) {
            let _ = writeln!(out, "    unevaluated: {reason}");
        }
        if outcome.refusal.is_some() {
            refused += 1;
        } else if outcome.differences.is_empty() && outcome.unevaluated.is_empty() {
            equal += 1;
        } else {
            problems.push(Problem::new(format!("{} renders differently", chart.display())));
        }
    }
    let rest = charts.len() - equal - refused;
    let _ = writeln!(
        out,
        "{} charts: {equal} equal, {rest} not, {refused} that Helm refuses",
        charts.len()
    );
    problems
}

/// The folder, or those below it, that hold a `Chart.yaml`.
fn charts(folder: &Path) -> Vec<PathBuf> {
    if folder.join("Chart.yaml").is_file() {
        return vec![folder.to_owned()];
    }
    let mut below: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !path.is_symlink())
        .collect();
    below.sort();
    below.iter().flat_map(|folder| charts(folder)).collect()
}

/// How a chart compares.
#[derive(Default)]
struct Outcome {
    objects: usize,
    equal: usize,
    differences: Vec<String>,
    unevaluated: Vec<String>,
    refusal: Option<String>,
}

impl Outcome {
    fn summary(&self) -> String {
        let unevaluated = self.unevaluated.len();
        match &self.refusal {
            Some(refusal) => format!("Helm refuses it ({refusal}); {unevaluated} places unevaluated"),
            None => format!(
                "{} of {} objects equal, {unevaluated} places unevaluated",
                self.equal, self.objects
            ),
        }
    }
}

/// Objects by kind, namespace and name; several may have the same.
type Objects = BTreeMap<(String, String, String), Vec<Value>>;

fn compare(helm: &str, chart: &Path) -> Outcome {
    let (ours, unevaluated) = ours(chart);
    let mut outcome = Outcome {
        unevaluated,
        ..Outcome::default()
    };
    let answers = (theirs(helm, chart), theirs(helm, chart));
    let (once, again) = match answers {
        (Ok(once), Ok(again)) => (once, again),
        (Err(refusal), _) | (_, Err(refusal)) => {
            outcome.refusal = Some(refusal);
            return outcome;
        }
    };
    for (key, theirs) in &once {
        outcome.objects += theirs.len();
        let others = ours.get(key).map_or(&[][..], Vec::as_slice);
        if others.len() != theirs.len() {
            let message = format!("{key:?}: {} here, {} by Helm", others.len(), theirs.len());
            outcome.differences.push(message);
        }
        let again = again.get(key).map_or(&[][..], Vec::as_slice);
        for (index, (theirs, ours)) in theirs.iter().zip(others).enumerate() {
            match difference(theirs, again.get(index).unwrap_or(theirs), ours, "") {
                None => outcome.equal += 1,
                Some(found) => outcome.differences.push(format!("{key:?}{found}")),
            }
        }
    }
    let extra = ours.keys().filter(|key| !once.contains_key(*key));
    let extra = extra.map(|key| format!("{key:?}: only here"));
    outcome.differences.extend(extra);
    outcome
}

fn ours(chart: &Path) -> (Objects, Vec<String>) {
    let mut texts = Vec::new();
    read(chart, chart, &mut texts);
    texts.sort();
    let files: Vec<File<'_>> = (0..)
        .zip(&texts)
        .map(|(id, (path, text))| File {
            path,
            text,
            id: FileId(id),
        })
        .collect();
    let options = Options {
        api_versions: &[],
        steps: STEPS,
        release: Release::default(),
    };
    let Some(rendered) = promsight_helm::render(&files, "", &options) else {
        return (Objects::new(), vec!["its own files cannot be read".to_owned()]);
    };
    let mut objects = Objects::new();
    for document in &rendered.documents {
        gather(&document.text, &mut objects);
    }
    let reasons = rendered.unevaluated.iter().map(|(at, reason)| {
        let file = files[at.file.index()];
        let before = file.text.get(..at.start as usize).unwrap_or_default();
        format!("{}:{}: {reason}", file.path, 1 + before.matches('\n').count())
    });
    (objects, reasons.collect())
}

fn read(folder: &Path, root: &Path, texts: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, root, texts);
        } else if let Ok(text) = std::fs::read_to_string(&path)
            && let Ok(inner) = path.strip_prefix(root)
        {
            texts.push((inner.to_string_lossy().into_owned(), text));
        }
    }
}

fn theirs(helm: &str, chart: &Path) -> Result<Objects, String> {
    let output = Command::new(helm)
        .arg("template")
        .arg(chart)
        .args(["--kube-version", KUBERNETES])
        .output()
        .map_err(|error| format!("{helm} does not run: {error}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        let line = message
            .lines()
            .find(|line| line.starts_with("Error"))
            .unwrap_or(&message);
        return Err(line.chars().take(160).collect());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut objects = Objects::new();
    // Each document is preceded by a line that names its template.
    for document in text
        .split("\n---\n")
        .map(|document| document.strip_prefix("---\n").unwrap_or(document))
    {
        // Blanks at the end of a document were cut off when Helm read it.
        gather(&Embedded::whole(FileId(0), document.trim_end()), &mut objects);
    }
    Ok(objects)
}

fn gather(text: &Embedded, objects: &mut Objects) {
    let (manifests, _) = promsight_extract::manifests::rendered(text);
    for manifest in manifests {
        let part = |path: &[&str]| manifest.value.text_at(path).unwrap_or_default().to_owned();
        let key = (
            part(&["kind"]),
            part(&["metadata", "namespace"]),
            part(&["metadata", "name"]),
        );
        objects.entry(key).or_default().push(manifest.value);
    }
}

/// The first place at which ours is not what Helm says both times.
fn difference(once: &Value, again: &Value, ours: &Value, path: &str) -> Option<String> {
    match (&once.content, &again.content, &ours.content) {
        (Content::Map(once), Content::Map(again), Content::Map(ours)) => {
            if once.len() != ours.len() {
                return Some(format!(
                    "{path}: {} entries here, {} by Helm",
                    ours.len(),
                    once.len()
                ));
            }
            once.iter().find_map(|(key, value)| {
                let find = |entries: &'_ [(promsight_model::manifest::Key, Value)]| {
                    entries
                        .iter()
                        .find(|(own, _)| own.text == key.text)
                        .map(|(_, value)| value.clone())
                };
                let path = format!("{path}.{}", key.text);
                let again = find(again).unwrap_or_else(|| value.clone());
                match find(ours) {
                    Some(ours) => difference(value, &again, &ours, &path),
                    None => Some(format!("{path}: only by Helm")),
                }
            })
        }
        (Content::List(once), Content::List(again), Content::List(ours)) => {
            if once.len() != ours.len() {
                return Some(format!(
                    "{path}: {} items here, {} by Helm",
                    ours.len(),
                    once.len()
                ));
            }
            once.iter()
                .zip(ours)
                .enumerate()
                .find_map(|(index, (value, ours))| {
                    let again = again.get(index).unwrap_or(value);
                    difference(value, again, ours, &format!("{path}[{index}]"))
                })
        }
        (Content::Null, _, Content::Null) => None,
        (Content::Scalar(once), Content::Scalar(again), Content::Scalar(ours)) => {
            let is_chance = once.text != again.text;
            if is_chance || once.text == ours.text && once.is_string == ours.is_string {
                return None;
            }
            Some(format!("{path}: {:?} here, {:?} by Helm", ours.text, once.text))
        }
        _ => Some(format!("{path}: of another kind")),
    }
}

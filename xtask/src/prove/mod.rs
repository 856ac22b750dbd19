//! `cargo xtask prove PROMETHEUS [--record] [NAME…]`: systems of `testdata/proofs` are run, and what the real Prometheus
//! makes of the real processes is compared with what promsight says of their source.
//!
//! `xtask/prove/observe.py` runs and asks, and judges nothing; [`prediction`] reads the model (its [`series`] and [`claims`] too), and [`comparison`] compares.
//! The record of a run lies beside its system, and a test holds today's model against it without running anything.

mod claims;
mod comparison;
mod prediction;
mod series;

use std::path::{Path, PathBuf};
use std::process::Command;

use comparison::Comparison;
use prediction::Prediction;
use serde_json::Value;

use crate::problem::{Problem, announce};
use crate::tree;

/// Where the systems are.
const SYSTEMS: &str = "testdata/proofs";

/// One system to run.
struct System {
    name: String,
    folder: PathBuf,
    /// The folder with its source.
    tree: PathBuf,
    /// Differences that are known, and still to be mended.
    known: Vec<String>,
}

impl System {
    /// What differs and is not known to.
    fn news<'c>(&self, comparison: &'c Comparison) -> Vec<&'c str> {
        let differences = comparison.differences.iter().map(String::as_str);
        differences
            .filter(|one| !self.known.iter().any(|known| known == one))
            .collect()
    }
}

pub(crate) fn run(arguments: &[&str]) -> Vec<Problem> {
    let (options, mut words): (Vec<&str>, Vec<&str>) =
        arguments.iter().partition(|word| word.starts_with("--"));
    if let Some(option) = options.iter().find(|option| **option != "--record") {
        return vec![Problem::new(format!("there is no option {option}"))];
    }
    if words.is_empty() {
        return vec![Problem::new(
            "name the program to hold it against: prove PROMETHEUS [--record] [NAME…]",
        )];
    }
    let prometheus = words.remove(0);
    let systems = systems()
        .into_iter()
        .filter(|system| words.is_empty() || words.contains(&system.name.as_str()));
    let mut problems = Vec::new();
    for system in systems {
        announce(&system.name);
        match prove(&system, prometheus, !options.is_empty()) {
            Ok(comparison) => {
                say(&comparison);
                problems.extend(system.news(&comparison).into_iter().map(Problem::new));
            }
            Err(message) => problems.push(Problem::new(format!("{}: {message}", system.name))),
        }
    }
    problems
}

/// The systems, by name.
fn systems() -> Vec<System> {
    let folder = tree::top().join(SYSTEMS);
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut systems: Vec<System> = entries
        .filter_map(|entry| {
            let folder = entry.path();
            let about = read(&folder.join("system.json")).ok()?;
            Some(System {
                name: entry.file_name().to_string_lossy().into_owned(),
                tree: tree::top().join(about["tree"].as_str()?),
                known: about["known"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|known| Some(known.as_str()?.to_owned()))
                    .collect(),
                folder,
            })
        })
        .collect();
    systems.sort_by(|left, right| left.name.cmp(&right.name));
    systems
}

fn read(file: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

fn prove(system: &System, prometheus: &str, records: bool) -> Result<Comparison, String> {
    let prediction = Prediction::of(&system.tree)?;
    let place = std::env::temp_dir().join(format!("promsight-prove-{}", std::process::id()));
    std::fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
    let observed = observe(system, &prediction, prometheus, &place);
    let _ = std::fs::remove_dir_all(&place);
    let observed = observed?;
    if records {
        let file = system.folder.join("observed.json");
        std::fs::write(&file, lines(&observed, 0)).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(Comparison::of(&prediction, &observed))
}

fn observe(
    system: &System,
    prediction: &Prediction,
    prometheus: &str,
    place: &Path,
) -> Result<Value, String> {
    let plan = place.join("plan.json");
    let answer = place.join("observed.json");
    std::fs::write(&plan, prediction.plan().to_string())
        .map_err(|error| format!("{}: {error}", plan.display()))?;
    let status = Command::new("python3")
        .arg(tree::top().join("xtask/prove/observe.py"))
        .args([&plan, &answer, &system.folder, &system.tree])
        .arg(prometheus)
        .status()
        .map_err(|error| format!("cannot start python3: {error}"))?;
    if !status.success() {
        return Err("the system could not be observed, see above".to_owned());
    }
    read(&answer)
}

/// JSON with a line for each entry of the outer objects, so that changes of a record can be read.
fn lines(value: &Value, depth: usize) -> String {
    let Some(entries) = value
        .as_object()
        .filter(|entries| depth < 4 && !entries.is_empty())
    else {
        return value.to_string();
    };
    let indent = " ".repeat(depth + 1);
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, value)| {
            format!(
                "{indent}{}: {}",
                Value::from(key.as_str()),
                lines(value, depth + 1)
            )
        })
        .collect();
    let end = if depth == 0 { "\n" } else { "" };
    format!("{{\n{}\n{}}}{end}", entries.join(",\n"), " ".repeat(depth))
}

/// Every target, and how much was compared, one kind of claim a line.
fn say(comparison: &Comparison) {
    for [target, predicted, observed] in &comparison.targets {
        announce_line(&format!(
            "predicted {predicted:12}  observed {observed:12}  {target}"
        ));
    }
    for (kind, number) in &comparison.claims {
        announce_line(&format!("{number:5}  {kind}"));
    }
    announce_line(&format!("{:5}  differences", comparison.differences.len()));
}

fn announce_line(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_system_is_what_was_observed_when_it_ran() {
        promsight::pipeline::enlarge_worker_stacks();
        let systems = systems();
        assert!(!systems.is_empty(), "there is nothing in {SYSTEMS}");
        for system in systems {
            let observed = read(&system.folder.join("observed.json")).unwrap();
            let comparison = Comparison::of(&Prediction::of(&system.tree).unwrap(), &observed);
            let differences = system.news(&comparison);
            assert!(
                differences.is_empty(),
                "{}:\n{}",
                system.name,
                differences.join("\n")
            );
            assert!(
                comparison.claims.len() > 4,
                "{}: {:?}",
                system.name,
                comparison.claims
            );
        }
    }
}

//! What was predicted against what was observed: each difference is a sentence.
//!
//! Owns the comparison alone, so that a run and the record of an earlier run are judged alike.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::claims::{Claim, Outcome};
use super::prediction::{Answer, Fate, Job, Prediction, Server, Target, Workload};
use super::series::{Series, is_optional};

/// What Prometheus itself adds to a target's series.
const SCRAPE: &[&str] = &["up", "scrape_"];

/// How many claims of a kind were compared, and in what they differ.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) claims: BTreeMap<&'static str, usize>,
    pub(super) differences: Vec<String>,
    /// Each target with what was predicted of it and what was observed.
    pub(super) targets: Vec<[String; 3]>,
    /// Series that some program was to let out sooner or later, and whether one did.
    made: BTreeMap<String, bool>,
}

impl Comparison {
    /// Of a prediction with an observation.
    pub(super) fn of(prediction: &Prediction, observed: &Value) -> Self {
        let mut comparison = Self::default();
        for workload in &prediction.workloads {
            comparison.workload(workload, &observed["workloads"][&workload.name]);
        }
        let known: BTreeSet<&str> = prediction.workloads.iter().map(|own| own.name.as_str()).collect();
        comparison.unexpected("workload", &known, &observed["workloads"]);
        for server in &prediction.servers {
            comparison.server(server, &observed["servers"][&server.name]);
        }
        let known: BTreeSet<&str> = prediction.servers.iter().map(|own| own.name.as_str()).collect();
        comparison.unexpected("server", &known, &observed["servers"]);
        let never = comparison.made.iter().filter(|(_, made)| !**made);
        let never: Vec<String> = never.map(|(name, _)| name.clone()).collect();
        for name in never {
            comparison.differ(format!(
                "no program lets out `{name}`, and that some do is predicted"
            ));
        }
        comparison
    }

    fn count(&mut self, kind: &'static str) {
        *self.claims.entry(kind).or_default() += 1;
    }

    fn differ(&mut self, sentence: String) {
        self.differences.push(sentence);
    }

    fn unexpected(&mut self, what: &str, known: &BTreeSet<&str>, observed: &Value) {
        for name in observed.as_object().into_iter().flat_map(|object| object.keys()) {
            if !known.contains(name.as_str()) {
                self.differ(format!("the {what} {name} was observed and is not predicted"));
            }
        }
    }

    fn workload(&mut self, workload: &Workload, observed: &Value) {
        let name = &workload.name;
        if observed["alive"] != true {
            self.differ(format!("{name} does not run: {}", observed["log"]));
            return;
        }
        let listens: BTreeSet<u64> = list(&observed["listens"]).filter_map(Value::as_u64).collect();
        let ports: BTreeSet<u64> = workload.outlets.iter().map(|way| u64::from(way.port)).collect();
        if workload.is_known {
            self.count("ports that workloads open");
            // A port on which no metrics are let out is no outlet.
            if !ports.is_subset(&listens) || ports.is_empty() && !listens.is_empty() {
                self.differ(format!(
                    "{name} listens on {listens:?}, and {ports:?} is predicted"
                ));
            }
        }
        let mut ways: BTreeMap<String, Series> = BTreeMap::new();
        for way in &workload.outlets {
            let Some(path) = &way.path else { continue };
            let series = ways.entry(format!("{}{path}", way.port)).or_default();
            series.extend(way.series.clone());
        }
        for (place, series) in ways {
            let answer = &observed["answers"][&place];
            self.count("places that let metrics out");
            if answer["status"] != 200 {
                self.differ(format!("{name} answers {} at {place}", answer["status"]));
                continue;
            }
            self.series(&format!("{name} lets out at {place}"), &series, &answer["series"]);
        }
    }

    fn series(&mut self, where_to: &str, predicted: &Series, observed: &Value) {
        let observed: BTreeMap<&str, BTreeSet<&str>> = observed
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, labels)| (name.as_str(), list(labels).filter_map(Value::as_str).collect()))
            .collect();
        let is_of_scrape = |name: &str| SCRAPE.iter().any(|begin| name.starts_with(begin));
        for name in observed.keys().filter(|name| !predicted.contains_key(**name)) {
            if !is_optional(name) && !is_of_scrape(name) {
                self.differ(format!("{where_to} `{name}`, which is not predicted"));
            }
        }
        for (name, one) in predicted {
            self.count("series with their labels");
            let made = self.made.entry(name.clone()).or_default();
            *made |= observed.contains_key(name.as_str()) || is_optional(name);
            match (observed.get(name.as_str()), &one.labels) {
                (None, _) if one.is_sure => {
                    self.differ(format!("{where_to} no `{name}`, which is predicted"));
                }
                (None, _) => {}
                (Some(observed), Some(labels)) => {
                    let labels: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
                    let more: BTreeSet<&str> = observed.difference(&labels).copied().collect();
                    let fits =
                        observed.is_superset(&labels) && more.iter().all(|label| one.may_have == Some(label));
                    if !fits {
                        self.differ(format!(
                            "{where_to} `{name}` with {observed:?}, and {labels:?} is predicted"
                        ));
                    }
                }
                (Some(_), None) => {}
            }
        }
    }

    fn server(&mut self, server: &Server, observed: &Value) {
        for job in &server.jobs {
            self.job(&server.name, job, &observed["jobs"][&job.name]);
        }
        let jobs: BTreeSet<&str> = server.jobs.iter().map(|job| job.name.as_str()).collect();
        self.unexpected("job", &jobs, &observed["jobs"]);
        for claim in &server.rules {
            self.claim(claim, observed);
        }
    }

    fn job(&mut self, server: &str, job: &Job, observed: &Value) {
        let place = format!("{server}: job {}", job.name);
        for target in &job.targets {
            self.target(&place, target, &observed[&target.key]);
        }
        let keys: BTreeSet<&str> = job.targets.iter().map(|target| target.key.as_str()).collect();
        self.unexpected(&format!("target of {place}"), &keys, observed);
    }

    fn target(&mut self, place: &str, target: &Target, observed: &Value) {
        let key = &target.key;
        let state = observed["state"].as_str().unwrap_or("unheard of");
        self.count("targets kept or dropped");
        let health = observed["health"].as_str().unwrap_or_default();
        self.targets.push([
            format!("{place}: {key}"),
            predicted(&target.fate),
            format!("{state} {health}").trim().to_owned(),
        ]);
        let Fate::Kept { labels, answer } = &target.fate else {
            if state != "dropped" {
                self.differ(format!(
                    "{place}: {key} is {state}, and that it is dropped is predicted"
                ));
            }
            return;
        };
        if state != "active" {
            self.differ(format!(
                "{place}: {key} is {state}, and that it is kept is predicted"
            ));
            return;
        }
        self.count("labels of targets");
        let seen: BTreeMap<&str, &str> = observed["labels"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(label, value)| Some((label.as_str(), value.as_str()?)))
            .collect();
        let fits = |(label, value): (&String, &Option<String>)| {
            let seen = seen.get(label.as_str()).copied();
            seen.is_some_and(|seen| value.as_deref().is_none_or(|value| value == seen))
        };
        if seen.len() != labels.len() || !labels.iter().all(fits) {
            self.differ(format!(
                "{place}: {key} has {seen:?}, and {labels:?} is predicted"
            ));
        }
        match answer {
            Answer::Unsaid => {}
            Answer::Nothing => {
                self.count("targets that answer or not");
                if health != "down" {
                    self.differ(format!(
                        "{place}: {key} is {health}, and that nobody answers is predicted"
                    ));
                }
            }
            Answer::Series(series) => {
                self.count("targets that answer or not");
                if health == "up" {
                    self.series(&format!("{place} stores of {key}"), series, &observed["series"]);
                } else {
                    self.differ(format!("{place}: {key} is {health}, and an answer is predicted"));
                }
            }
        }
    }

    fn claim(&mut self, claim: &Claim, observed: &Value) {
        let name = format!("{}/{}", claim.group, claim.name);
        let refused = list(&observed["refused"]).any(|refused| refused == name.as_str());
        if (claim.outcome == Outcome::Refused) != refused {
            let done = if refused { "refuses" } else { "takes" };
            self.differ(format!("Prometheus {done} the expression of {name}"));
        }
        for (selector, gives) in &claim.selectors {
            let Some(gives) = gives else { continue };
            self.count("selectors that see or not");
            let seen = observed["selectors"][selector].as_u64();
            if seen.map(|seen| seen > 0) != Some(*gives) {
                let found = seen.map_or("was not asked".to_owned(), |seen| format!("gives {seen} series"));
                let claimed = if *gives { "some" } else { "none" };
                self.differ(format!("{name}: {selector} {found}, and {claimed} is predicted"));
            }
        }
        let results = observed["results"][&name].as_u64();
        match claim.outcome {
            Outcome::Empty => {
                self.count("rules that see or not");
                if results != Some(0) {
                    self.differ(format!("{name} has {results:?} results, and none is predicted"));
                }
            }
            Outcome::Fed if claim.is_record => {
                self.count("rules that see or not");
                if results.is_none_or(|results| results == 0) {
                    self.differ(format!("{name} records nothing, and all that it reads is there"));
                }
            }
            Outcome::Refused => self.count("rules that Prometheus refuses"),
            Outcome::Fed | Outcome::Unsaid => {}
        }
    }
}

/// What was said of a target, in the words of Prometheus.
fn predicted(fate: &Fate) -> String {
    let words = match fate {
        Fate::Dropped => "dropped",
        Fate::Kept { answer, .. } => match answer {
            Answer::Series(_) => "active up",
            Answer::Nothing => "active down",
            Answer::Unsaid => "active",
        },
    };
    words.to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

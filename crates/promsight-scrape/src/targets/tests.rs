//! What the real Prometheus keeps and drops, recorded with its own discovery and a running server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use promsight_model::{Facts, FileSet, Repository};

use super::*;
use crate::servers::{self, Server};
use crate::targets::cluster::Cluster;
use crate::{Input, compose, objects, text};

const OBJECTS: &str = include_str!("../../../../testdata/targets/objects.yaml");
const RECORDED: &str = include_str!("../../../../testdata/targets/recorded.json");

#[derive(serde::Deserialize)]
struct Recording {
    /// What was made up for the cluster, by the names that open parts have here.
    known: BTreeMap<String, String>,
    configs: BTreeMap<String, BTreeMap<String, Answer>>,
}

#[derive(serde::Deserialize)]
struct Answer {
    kept: BTreeSet<Kept>,
    dropped: BTreeSet<BTreeMap<String, String>>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
struct Kept {
    labels: BTreeMap<String, String>,
    url: String,
}

/// Prometheus adds labels that say how it scrapes, which no test here is about.
fn is_compared(name: &str) -> bool {
    let own = [
        "__address__",
        "__metrics_path__",
        "__scheme__",
        "__param_",
        "__meta_",
    ];
    !name.starts_with("__") || own.iter().any(|prefix| name.starts_with(prefix))
}

fn in_cluster(labels: &Labels, known: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels
        .iter()
        .map(|(name, value)| (name.to_owned(), value.in_cluster(known)))
        .collect()
}

fn answer(tree: &Tree<'_>, server: &Server, job: &Job, known: &BTreeMap<String, String>) -> Answer {
    let rules = relabel::rules(job.config.items_at("relabel_configs")).expect("the rules are valid");
    let defaults = Defaults::of(&job.config, server.global.as_ref());
    let mut answer = Answer {
        kept: BTreeSet::new(),
        dropped: BTreeSet::new(),
    };
    for found in discovery::of_job(tree, server, job).targets {
        // What a Service without pods of the tree may lead to is not in the cluster of the recording.
        if found.presence != text::Answer::Always {
            continue;
        }
        let mut discovered = found.labels;
        defaults.fill(&mut discovered);
        match populate(&rules, discovered.clone(), job.span) {
            Outcome::Kept(labels) => {
                let all = in_cluster(&labels, known);
                let part = |name: &str| all.get(name).cloned().unwrap_or_default();
                let path = part("__metrics_path__");
                let path = path.trim_start_matches('/');
                answer.kept.insert(Kept {
                    url: format!("{}://{}/{path}", part("__scheme__"), part("__address__")),
                    labels: all
                        .into_iter()
                        .filter(|(name, _)| !name.starts_with("__"))
                        .collect(),
                });
            }
            // A target without an address is in neither of Prometheus' lists.
            Outcome::Dropped { rule, .. } if rule == job.span => {}
            Outcome::Dropped { .. } => {
                let labels = in_cluster(&discovered, known).into_iter();
                answer
                    .dropped
                    .insert(labels.filter(|(name, _)| is_compared(name)).collect());
            }
            Outcome::Undecided { reason, .. } => panic!("{}: {reason}", job.name),
        }
    }
    answer
}

#[test]
fn prometheus_agrees_on_every_target() {
    let recording: Recording = serde_json::from_str(RECORDED).expect("the recording is JSON");
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (name, jobs) in &recording.configs {
        let path = format!(
            "{}/../../testdata/targets/configs/{name}.yml",
            env!("CARGO_MANIFEST_DIR")
        );
        #[expect(clippy::disallowed_methods, reason = "a test reads its cases")]
        let config = std::fs::read_to_string(path).expect("the configuration is there");
        let text = |path: &str, text: &str| (path.to_owned(), path.to_owned(), Arc::from(text));
        let files = FileSet::new(vec![
            text("objects.yaml", OBJECTS),
            text("prometheus.yml", &config),
        ]);
        let facts: Vec<Facts> = files.files().iter().map(promsight_extract::extract).collect();
        let repository = Repository::default();
        let input = Input {
            files: &files,
            facts: &facts,
            charts: &[],
            repository: &repository,
        };
        let renderings = objects::render(&input).renderings;
        let clusters: Vec<Cluster<'_>> = renderings
            .iter()
            .enumerate()
            .map(|(index, rendering)| Cluster::new(index, rendering))
            .collect();
        let compose = compose::files(&input);
        let tree = Tree {
            input: &input,
            renderings: &renderings,
            clusters: &clusters,
            compose: &compose,
            processes: &[],
        };
        let servers = servers::servers(&tree);
        for server in &servers {
            for job in &server.jobs {
                let found = answer(&tree, server, job, &recording.known);
                let expected = &jobs[&job.name];
                let kept: BTreeSet<Kept> = expected
                    .kept
                    .iter()
                    .map(|kept| Kept {
                        labels: kept.labels.clone(),
                        url: kept.url.split('?').next().unwrap_or_default().to_owned(),
                    })
                    .collect();
                let dropped: BTreeSet<BTreeMap<String, String>> = expected
                    .dropped
                    .iter()
                    .map(|labels| {
                        let labels = labels.clone().into_iter();
                        labels.filter(|(name, _)| is_compared(name)).collect()
                    })
                    .collect();
                compared += kept.len() + dropped.len();
                let what = format!("{name}, {}", job.name);
                for missing in kept.difference(&found.kept) {
                    wrong.push(format!("{what}: not kept: {missing:?}"));
                }
                for much in found.kept.difference(&kept) {
                    wrong.push(format!("{what}: kept: {much:?}"));
                }
                for missing in dropped.difference(&found.dropped) {
                    wrong.push(format!("{what}: not dropped: {missing:?}"));
                }
                for much in found.dropped.difference(&dropped) {
                    wrong.push(format!("{what}: dropped: {much:?}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(compared >= 100, "{compared} targets were compared");
}

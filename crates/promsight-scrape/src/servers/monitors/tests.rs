//! What the real operator writes, recorded by its own generator of configurations.

use std::collections::BTreeMap;
use std::sync::Arc;

use promsight_model::{Facts, FileSet, Repository};

use crate::relabel::{self, Rule, value_of_json};
use crate::servers::{Job, ServerOrigin};
use crate::{Input, simulate};

const OBJECTS: &str = include_str!("../../../../../testdata/operator/objects.yaml");
const RECORDED: &str = include_str!("../../../../../testdata/operator/recorded.json");

/// Rules without their places, and without those that split the targets among shards.
fn rules(list: &[promsight_model::manifest::Value]) -> Vec<String> {
    let shown = |rule: &Rule| {
        format!(
            "{} {:?} {:?} {:?} {} -> {:?} {:?}",
            rule.action.word(),
            rule.source_labels,
            rule.separator,
            rule.regex.as_str(),
            rule.modulus,
            rule.target_label,
            rule.replacement
        )
    };
    let parsed = relabel::rules(list).expect("the rules are valid");
    let is_sharding = |rule: &&Rule| {
        rule.source_labels.iter().any(|label| label == "__tmp_hash") || rule.target_label == "__tmp_hash"
    };
    parsed
        .iter()
        .filter(|rule| !is_sharding(rule))
        .map(shown)
        .collect()
}

/// The fields that decide about targets and labels.
fn shown(config: &promsight_model::manifest::Value) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for (key, value) in config.entries() {
        let text = match key.text.as_str() {
            "relabel_configs" | "metric_relabel_configs" => rules(value.items()).join("\n"),
            "job_name" | "honor_labels" | "metrics_path" | "scheme" | "scrape_interval" => {
                value.as_str().unwrap_or_default().to_owned()
            }
            "params" | "static_configs" | "kubernetes_sd_configs" => plain(value),
            _ => continue,
        };
        // What is off is not there.
        if text != "false" {
            fields.insert(key.text.clone(), text);
        }
    }
    fields
}

/// A value without places, its keys sorted.
fn plain(value: &promsight_model::manifest::Value) -> String {
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    if value.is_map() {
        let mut entries: Vec<String> = value
            .entries()
            .iter()
            .map(|(key, value)| format!("{}: {}", key.text, plain(value)))
            .collect();
        entries.sort();
        return format!("{{{}}}", entries.join(", "));
    }
    let items: Vec<String> = value.items().iter().map(plain).collect();
    format!("[{}]", items.join(", "))
}

#[test]
fn the_operator_agrees_on_every_monitor() {
    let recorded: BTreeMap<String, Vec<serde_json::Value>> =
        serde_json::from_str(RECORDED).expect("the recording is JSON");
    let path = "objects.yaml".to_owned();
    let files = FileSet::new(vec![(path.clone(), path, Arc::from(OBJECTS))]);
    let facts: Vec<Facts> = files.files().iter().map(promsight_extract::extract).collect();
    let repository = Repository::default();
    let model = simulate(&Input {
        files: &files,
        facts: &facts,
        charts: &[],
        repository: &repository,
    });
    let mut compared = 0;
    for server in &model.servers {
        let ServerOrigin::Object(id) = server.origin else {
            panic!("all servers are objects");
        };
        let name = model.renderings[id.rendering].objects[id.object].name();
        let mut expected: BTreeMap<String, BTreeMap<String, String>> = recorded[name]
            .iter()
            .map(|config| {
                let fields = shown(&value_of_json(config));
                (fields["job_name"].clone(), fields)
            })
            .collect();
        for job in &server.jobs {
            let job: &Job = job;
            let found = shown(&job.config);
            let wanted = expected.remove(&job.name).unwrap_or_default();
            for (field, value) in &wanted {
                assert_eq!(found.get(field), Some(value), "{name}, {}: {field}", job.name);
            }
            let more: Vec<&String> = found
                .keys()
                .filter(|field| !wanted.contains_key(*field))
                .collect();
            assert!(more.is_empty(), "{name}, {}: {more:?}", job.name);
            compared += 1;
        }
        assert!(expected.is_empty(), "{name} has {:?} too", expected.keys());
    }
    assert!(compared >= 30, "{compared} configurations were compared");
}

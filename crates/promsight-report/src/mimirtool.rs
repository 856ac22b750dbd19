//! The two files that `mimirtool analyze` (Grafana Mimir 2.x) writes of dashboards and rules, so that its further steps
//! and tools built on it can go on from promsight's reading, which knows more forms of both.
//!
//! They list exact names alone; what is selected by pattern has no place in them.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{ConsumerKind, Report, SelectorName};
use serde::Serialize;

use crate::place::Places;
use crate::{json, words};

#[derive(Serialize)]
struct InGrafana<'a> {
    #[serde(rename = "metricsUsed")]
    metrics_used: Vec<&'a str>,
    dashboards: Vec<Dashboard<'a>>,
}

#[derive(Serialize)]
struct Dashboard<'a> {
    slug: &'a str,
    title: &'a str,
    metrics: Vec<&'a str>,
    parse_errors: Vec<String>,
}

#[derive(Serialize)]
struct InRuler<'a> {
    #[serde(rename = "metricsUsed")]
    metrics_used: Vec<&'a str>,
    #[serde(rename = "ruleGroups")]
    rule_groups: Vec<RuleGroup<'a>>,
}

#[derive(Serialize)]
struct RuleGroup<'a> {
    namespace: &'a str,
    name: &'a str,
    metrics: Vec<&'a str>,
    parse_errors: Vec<String>,
}

pub(crate) fn grafana(report: &Report, places: &Places<'_>) -> String {
    let kinds = [
        ConsumerKind::Panel,
        ConsumerKind::Variable,
        ConsumerKind::Annotation,
    ];
    let groups = groups(report, places, &kinds);
    json::print(&InGrafana {
        metrics_used: all(&groups),
        dashboards: groups
            .into_iter()
            .map(|((path, title), group)| Dashboard {
                slug: path,
                title,
                metrics: group.metrics.into_iter().collect(),
                parse_errors: group.parse_errors,
            })
            .collect(),
    })
}

pub(crate) fn ruler(report: &Report, places: &Places<'_>) -> String {
    let groups = groups(report, places, &[ConsumerKind::Alert, ConsumerKind::Record]);
    json::print(&InRuler {
        metrics_used: all(&groups),
        rule_groups: groups
            .into_iter()
            .map(|((path, name), group)| RuleGroup {
                namespace: path,
                name,
                metrics: group.metrics.into_iter().collect(),
                parse_errors: group.parse_errors,
            })
            .collect(),
    })
}

#[derive(Default)]
struct Group<'a> {
    metrics: BTreeSet<&'a str>,
    parse_errors: Vec<String>,
}

/// By the file and the name of a dashboard or rule group.
type Groups<'a> = BTreeMap<(&'a str, &'a str), Group<'a>>;

fn groups<'a>(report: &'a Report, places: &Places<'a>, kinds: &[ConsumerKind]) -> Groups<'a> {
    let mut groups = Groups::new();
    for reference in &report.references {
        let consumer = &reference.consumer;
        if let SelectorName::Exact(name) = &reference.selector.name
            && kinds.contains(&consumer.kind)
        {
            let path = places.place(reference.selector.span).path;
            let group = consumer.group.as_deref().unwrap_or_default();
            groups.entry((path, group)).or_default().metrics.insert(name);
        }
    }
    for finding in report
        .findings
        .iter()
        .filter(|finding| finding.check == "invalid-query")
    {
        if let Some(consumer) = &finding.consumer
            && kinds.contains(&consumer.kind)
        {
            let path = places.place(finding.primary).path;
            let group = consumer.group.as_deref().unwrap_or_default();
            let error = words::one_line(&finding.message);
            groups.entry((path, group)).or_default().parse_errors.push(error);
        }
    }
    groups
}

fn all<'a>(groups: &Groups<'a>) -> Vec<&'a str> {
    let names: BTreeSet<&str> = groups
        .values()
        .flat_map(|group| group.metrics.iter().copied())
        .collect();
    names.into_iter().collect()
}

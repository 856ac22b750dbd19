//! `unloaded-jobs`: a scrape configuration that is meant for a Prometheus and that it cannot load.

use std::collections::BTreeSet;

use promsight_model::{Finding, Related, Severity};

use crate::{Check, Context, unselected_rules, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "unloaded-jobs",
    severity: Severity::Error,
    summary: "a scrape configuration that the Prometheus it is meant for cannot load",
    documentation: include_str!("../checks/unloaded-jobs.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let scrape = &context.resolution.scrape;
    let configurations = scrape.servers.iter().flat_map(|server| &server.unloaded);
    let mut seen = BTreeSet::new();
    configurations
        .filter(|unloaded| unloaded.is_sure && seen.insert(unloaded.place))
        .map(|unloaded| {
            let message = format!(
                "no Prometheus loads the jobs of {}: {}",
                unloaded.name, unloaded.reason
            );
            let mut finding = words::finding(CHECK.name, unloaded.place, unloaded.name.clone(), message);
            finding.label = "these jobs never run".to_owned();
            finding.confidence = unselected_rules::confidence(scrape, unloaded);
            finding.related = vec![Related {
                span: unloaded.selector,
                message: "where the Prometheus looks for its jobs".to_owned(),
            }];
            finding
        })
        .collect()
}

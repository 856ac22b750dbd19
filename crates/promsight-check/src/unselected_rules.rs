//! `unselected-rules`: rules that no Prometheus loads.

use std::collections::BTreeSet;

use promsight_model::{Confidence, Finding, Related, Severity};
use promsight_scrape::ScrapeModel;
use promsight_scrape::objects::RenderingRoot;
use promsight_scrape::servers::Unselected;

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "unselected-rules",
    severity: Severity::Error,
    summary: "a PrometheusRule or rule file that no Prometheus of the tree loads",
    documentation: include_str!("../checks/unselected-rules.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let scrape = &context.resolution.scrape;
    let rules = scrape.servers.iter().flat_map(|server| &server.unselected_rules);
    let mut seen = BTreeSet::new();
    rules
        .filter(|rules| rules.is_sure && seen.insert(rules.place))
        .map(|rules| finding(scrape, rules))
        .collect()
}

fn finding(scrape: &ScrapeModel, rules: &Unselected) -> Finding {
    let message = format!(
        "no Prometheus loads the rules of {} `{}`: {}",
        rules.kind, rules.name, rules.reason
    );
    let mut finding = words::finding(CHECK.name, rules.place, rules.name.clone(), message);
    finding.label = "these rules are never evaluated".to_owned();
    finding.confidence = confidence(scrape, rules);
    finding.related = vec![Related {
        span: rules.selector,
        message: "what selects the rules".to_owned(),
    }];
    finding
}

/// Objects that nothing renders together with the Prometheus may be applied elsewhere.
pub(crate) fn confidence(scrape: &ScrapeModel, unselected: &Unselected) -> Confidence {
    let rendering = unselected
        .object
        .and_then(|id| scrape.renderings.get(id.rendering));
    match rendering.map(|rendering| &rendering.root) {
        Some(RenderingRoot::Plain) => Confidence::Medium,
        _ => Confidence::High,
    }
}

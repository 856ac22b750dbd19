//! `job` in the rules that a Prometheus loads, held against the jobs that it has.
//!
//! A rule sees nothing but what its own Prometheus stores. Where that is in the tree with all its jobs, and none of them
//! takes `job` from elsewhere, no series can have another value of it.

use std::collections::BTreeSet;

use promsight_model::{Confidence, Guard, MatchOp, MatchValue, SelectorName, Span};
use promsight_scrape::ScrapeModel;
use promsight_scrape::objects::Rendering;
use promsight_scrape::servers::{Job, Server, ServerOrigin};

use super::Asking;
use super::values::{Giver, ValueMismatch, admits_some};
use crate::index::Index;
use crate::similarity;

/// Prometheus' own name for the label.
const JOB: &str = "job";

/// Series that Prometheus makes of rules, with the labels of these.
const OF_RULES: &[&str] = &["ALERTS", "ALERTS_FOR_STATE"];

/// What one query asks of `job`.
pub(super) fn of(asking: &Asking<'_>, index: &Index<'_>, scrape: &ScrapeModel) -> Vec<ValueMismatch> {
    let asks = |selector: &&promsight_model::Selector| {
        selector.guard != Guard::Absent && selector.matchers.iter().any(|matcher| matcher.label == JOB)
    };
    if !asking.query.selectors.iter().any(|selector| asks(&selector)) {
        return Vec::new();
    }
    let Some(values) = jobs_of_loaders(asking.consumer.scope, scrape) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for selector in asking.query.selectors.iter().filter(asks) {
        let SelectorName::Exact(series) = &selector.name else {
            continue;
        };
        // A recording rule may give any label, and so may code of its own.
        let may_bring_own = !index.recording(series).is_empty() || OF_RULES.contains(&series.as_str());
        let in_code = index.emitting(series).iter().any(|at| {
            let emitter = &index.emitters()[*at];
            !emitter.labels_known || emitter.labels.iter().any(|label| label == JOB)
        });
        if may_bring_own || in_code {
            continue;
        }
        for matcher in selector.matchers.iter().filter(|matcher| matcher.label == JOB) {
            let MatchValue::Known(asked) = &matcher.value else {
                continue;
            };
            if admits_some(matcher, asked, &values) != Some(false) {
                continue;
            }
            let closest = (matcher.op == MatchOp::Equal)
                .then(|| similarity::closest_label(asked, values.iter().map(|(value, _)| value.as_str())))
                .flatten();
            found.push(ValueMismatch {
                consumer: asking.consumer.clone(),
                series: series.clone(),
                label: JOB.to_owned(),
                op: matcher.op,
                asked: asked.clone(),
                span: matcher.value_span,
                values: values.clone(),
                confidence: Confidence::High,
                closest,
                giver: Giver::Targets,
            });
        }
    }
    found
}

/// Every value of `job` that series of the Prometheus servers have which load the rule, each with its job; `None` where
/// none surely does, or not all values are known.
fn jobs_of_loaders(rule: Span, scrape: &ScrapeModel) -> Option<Vec<(String, Span)>> {
    if scrape.renderings.iter().any(Rendering::may_hold_more) {
        return None;
    }
    let loads = |server: &&Server| server.rules.iter().any(|span| span.contains(rule));
    let mut values = BTreeSet::new();
    let mut is_loaded = false;
    for server in scrape.servers.iter().filter(loads) {
        is_loaded = true;
        if !server.is_complete || server.origin == ServerOrigin::Elsewhere {
            return None;
        }
        for job in &server.jobs {
            if !job.unknown.is_empty() || changes_jobs(job) {
                return None;
            }
            for target in &job.targets {
                if target.open_labels.iter().any(|label| label == JOB) {
                    return None;
                }
                values.insert((target.labels.get(JOB)?.clone(), job.span));
            }
        }
    }
    let mut values: Vec<(String, Span)> = values.into_iter().collect();
    values.dedup_by(|later, earlier| later.0 == earlier.0);
    (is_loaded && !values.is_empty()).then_some(values)
}

/// Whether series can come by another `job` than their target's.
fn changes_jobs(job: &Job) -> bool {
    let honors = job
        .config
        .get("honor_labels")
        .and_then(promsight_model::manifest::Value::as_bool)
        == Some(true);
    let relabels = job.config.items_at("metric_relabel_configs").iter();
    let mut relabels = relabels;
    let sets = relabels.any(|rule| {
        let target = rule.text_at(&["target_label"]);
        let action = rule.text_at(&["action"]).unwrap_or("replace");
        target == Some(JOB) || matches!(action, "labelmap" | "labeldrop" | "labelkeep")
    });
    honors || sets
}

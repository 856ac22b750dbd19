//! `conflicting-rule`: two rules write the same series, or a rule records under the name of a metric.

use promsight_model::{Finding, Related, RuleKind, Severity};
use promsight_resolve::{RuleConflict, Writer};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "conflicting-rule",
    severity: Severity::Warning,
    summary: "two rules write the same series, or a rule records under the name of a metric",
    documentation: include_str!("../checks/conflicting-rule.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    context.resolution.rule_conflicts.iter().map(finding).collect()
}

fn finding(conflict: &RuleConflict) -> Finding {
    let name = &conflict.name;
    let (message, shown) = match (conflict.kind, &conflict.other) {
        (RuleKind::Record, Writer::Rule(_)) => (
            format!(
                "two rules record `{name}` with the same labels and different expressions: each writes over the other"
            ),
            "recorded here too",
        ),
        (RuleKind::Alert, Writer::Rule(_)) => (
            format!(
                "two rules define the alert `{name}` with the same labels and different conditions: nobody can tell which fires, and each resolves the other"
            ),
            "defined here too",
        ),
        (_, Writer::Metric(_)) => (
            format!("a rule records `{name}`, which code of this tree also exposes: who reads it gets both"),
            "exposed here",
        ),
    };
    let mut finding = words::finding(CHECK.name, conflict.span, name.clone(), message);
    finding.confidence = conflict.confidence;
    finding.consumer = Some(words::consumer(&conflict.consumer));
    finding.label = "the name is taken".to_owned();
    let (Writer::Rule(span) | Writer::Metric(span)) = conflict.other;
    finding.related.push(Related {
        span,
        message: shown.to_owned(),
    });
    finding
}

//! `invalid-update`: an update call that raises at run time, so that the metric never moves.

use promsight_model::{Emitter, Fault, Finding, InvalidUpdate, Related, Severity};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "invalid-update",
    severity: Severity::Error,
    summary: "an update call does not fit the declaration: it raises at run time and the metric never moves",
    documentation: include_str!("../checks/invalid-update.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let emitters = context
        .resolution
        .emitters
        .iter()
        .map(|resolved| &resolved.emitter);
    let live = emitters.filter(|emitter| emitter.is_live());
    live.flat_map(|emitter| {
        emitter
            .usage
            .invalid
            .iter()
            .map(move |invalid| (emitter, invalid))
    })
    .map(|(emitter, invalid)| finding(emitter, invalid))
    .collect()
}

fn finding(emitter: &Emitter, invalid: &InvalidUpdate) -> Finding {
    let name = emitter.name.to_string();
    let (what, error, label) = fault(emitter, invalid);
    let message = format!("updating `{name}` raises: {what}");
    let mut finding = words::finding(CHECK.name, invalid.span, name, message);
    finding.label = label;
    finding.related.push(Related {
        span: emitter.name_span.unwrap_or(emitter.span),
        message: declared(emitter),
    });
    finding.notes.push(format!("the client raises {error}"));
    finding
}

/// What is wrong, what the client raises, and what the place shows.
fn fault(emitter: &Emitter, invalid: &InvalidUpdate) -> (String, &'static str, String) {
    let method = &invalid.method;
    let family = emitter.metric_type;
    match &invalid.fault {
        Fault::LabelCount { given, declared } => (
            format!(
                "`{method}()` is given {}, and the metric has {}",
                words::count(*given, "value"),
                words::count(*declared, "label")
            ),
            "`ValueError: Incorrect label count`",
            format!(
                "{} for {}",
                words::count(*given, "value"),
                words::count(*declared, "label")
            ),
        ),
        Fault::LabelNames { unknown, missing } => (
            label_names(unknown, missing),
            "`ValueError: Incorrect label names`",
            "these are not its labels".to_owned(),
        ),
        Fault::MixedLabels => (
            "`labels()` takes values by position or by name, not both".to_owned(),
            "`ValueError: Can't pass both *args and **kwargs`",
            "some values by position, some by name".to_owned(),
        ),
        Fault::NoLabels => (
            format!("`{method}()` is called, and the metric has no labels"),
            "`ValueError: No label names were set`",
            "it has no labels".to_owned(),
        ),
        Fault::Relabelled => (
            "`labels()` is called on what has its label values already".to_owned(),
            "`ValueError`: it already has labels set",
            "a child of the metric already".to_owned(),
        ),
        Fault::Parent => (
            format!("it has labels, and `{method}()` is called without `labels(…)`"),
            "`ValueError`: the metric is missing label values",
            "`labels(…)` is missing".to_owned(),
        ),
        Fault::Negative => (
            "a counter cannot be decremented".to_owned(),
            "`ValueError: Counters can only be incremented by non-negative amounts.`",
            "a negative amount".to_owned(),
        ),
        Fault::Method => (
            format!("a {family} has no method `{method}`"),
            "`AttributeError`",
            format!("no method of a {family}"),
        ),
        Fault::State(state) => (
            format!("`{state}` is none of its states"),
            "`ValueError: '…' is not in list`",
            "an undeclared state".to_owned(),
        ),
    }
}

fn label_names(unknown: &[String], missing: &[String]) -> String {
    let list = |names: &[String]| {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    };
    let plural = |names: &[String]| if names.len() == 1 { "label" } else { "labels" };
    match (unknown.is_empty(), missing.is_empty()) {
        (false, true) => format!("it has no {} {}", plural(unknown), list(unknown)),
        (true, _) => format!("the {} {} has no value", plural(missing), list(missing)),
        (false, false) => format!(
            "it has no {} {}, and {} {} has no value",
            plural(unknown),
            list(unknown),
            plural(missing),
            list(missing)
        ),
    }
}

fn declared(emitter: &Emitter) -> String {
    let family = emitter.metric_type;
    match (&emitter.states, emitter.labels.as_slice()) {
        (Some(states), []) => format!("declared with the states {}", states.join(", ")),
        (_, []) => format!("declared as a {family} without labels"),
        (_, [label]) => format!("declared as a {family} with the label {label}"),
        (_, labels) => format!("declared as a {family} with the labels {}", labels.join(", ")),
    }
}

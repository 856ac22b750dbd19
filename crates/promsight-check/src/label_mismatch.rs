//! `label-mismatch`: a matcher, grouping, join or text uses a label that no series there has.

use promsight_model::{Finding, Reason, Related, Severity, Suggestion, SuggestionKind};
use promsight_resolve::deep::{AlertLabelMismatch, AskedOfAlerts, LabelMismatch, LabelProblem};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "label-mismatch",
    severity: Severity::Error,
    summary: "a matcher, grouping, join or text uses a label that no series there has",
    documentation: include_str!("../checks/label-mismatch.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let mismatches = &context.resolution.mismatches;
    let series = mismatches.labels.iter().map(finding);
    let alerts = mismatches.alert_labels.iter().filter_map(of_alerts);
    series.chain(alerts).collect()
}

/// A label that no alert has.
fn of_alerts(mismatch: &AlertLabelMismatch) -> Option<Finding> {
    let who = words::namer(&mismatch.named_by);
    let label = &mismatch.label;
    let does = match &mismatch.asked {
        AskedOfAlerts::Grouping => format!("{who} groups alerts by `{label}`"),
        AskedOfAlerts::Equality => format!("{who} asks alerts to share `{label}`"),
        AskedOfAlerts::Presence => format!("{who} matches nothing by `{label}`"),
        AskedOfAlerts::Value(..) => return None,
    };
    let message = format!("{does}, and no alert here has such a label");
    let mut finding = words::finding(CHECK.name, mismatch.span, label.clone(), message);
    finding.severity = Severity::Warning;
    finding.confidence = mismatch.confidence;
    finding.consumer = words::naming_consumer(&mismatch.named_by);
    finding.label = "no alert has this label".to_owned();
    finding.suggestion = mismatch.closest.clone().map(|replacement| Suggestion {
        kind: SuggestionKind::Rename,
        replacement,
    });
    Some(finding)
}

fn is_text(problem: LabelProblem) -> bool {
    use LabelProblem::{AddedLabel, Annotation, Legend, LegendOfOne, OwnLabel};
    matches!(problem, Annotation | AddedLabel | OwnLabel | Legend | LegendOfOne)
}

/// Why two operands never agree.
fn disagreement(mismatch: &LabelMismatch) -> String {
    let label = &mismatch.label;
    match &mismatch.values {
        Some((left, right)) => format!("`{label}` is {left} on one side and {right} on the other"),
        None => format!("only one operand has the label `{label}`"),
    }
}

fn finding(mismatch: &LabelMismatch) -> Finding {
    let who = words::who(&mismatch.consumer);
    let (label, series) = (&mismatch.label, &mismatch.series);
    let lack = if mismatch.dropped.is_some() && is_text(mismatch.problem) {
        "the expression does not keep it".to_owned()
    } else if mismatch.dropped.is_some() {
        format!("`{label}` was aggregated away before")
    } else {
        format!("`{series}` has no label `{label}`")
    };
    let text = &mismatch.text;
    let message = match mismatch.problem {
        LabelProblem::Matcher => format!("{who} selects nothing: {lack}"),
        LabelProblem::Grouping => format!("{who} groups by a label that is not there: {lack}"),
        LabelProblem::Replaced => {
            format!("{who} groups by the target's `{label}`: the code's own is stored as `exported_{label}`")
        }
        LabelProblem::On => format!("{who} matches on a label that is not there: {lack}"),
        LabelProblem::Include => format!("{who} copies a label that is not there: {lack}"),
        LabelProblem::Source => format!("{who} reads a label that is not there: {lack}"),
        LabelProblem::Join => format!(
            "{who} never gives a result: {}, so nothing agrees",
            disagreement(mismatch)
        ),
        LabelProblem::Unless => format!(
            "the `unless` of {who} never takes anything away: {}, so nothing agrees",
            disagreement(mismatch)
        ),
        LabelProblem::Annotation => {
            format!("annotation `{text}` of {who} shows nothing for `{label}`: {lack}")
        }
        LabelProblem::AddedLabel => {
            format!("label `{text}` of {who} shows nothing for `{label}`: {lack}")
        }
        LabelProblem::OwnLabel => format!(
            "`{text}` of {who} shows nothing for `{label}`: templates see the labels of the expression's result, not those that the rule adds"
        ),
        LabelProblem::Legend | LabelProblem::LegendOfOne => {
            format!("the legend of {who} shows nothing for `{label}`: {lack}")
        }
    };
    let mut finding = words::finding(CHECK.name, mismatch.span, series.clone(), message);
    // The query sees; only what is said of it has a hole.
    finding.severity = match mismatch.problem {
        LabelProblem::LegendOfOne => Severity::Info,
        LabelProblem::Unless | LabelProblem::Replaced => Severity::Warning,
        problem if is_text(problem) => Severity::Warning,
        _ => Severity::Error,
    };
    finding.confidence = mismatch.confidence;
    finding.reason = (mismatch.problem == LabelProblem::Matcher).then_some(Reason::WrongLabel);
    finding.consumer = Some(words::consumer(&mismatch.consumer));
    finding.label = match mismatch.problem {
        LabelProblem::Join | LabelProblem::Unless => "the operands have different labels".to_owned(),
        LabelProblem::Annotation
        | LabelProblem::AddedLabel
        | LabelProblem::OwnLabel
        | LabelProblem::Legend
        | LabelProblem::LegendOfOne => "always empty".to_owned(),
        LabelProblem::Replaced => "this is the target's label".to_owned(),
        _ => "no series has this label here".to_owned(),
    };
    for (span, labels) in &mismatch.declared {
        let message = if labels.is_empty() {
            "declared without labels".to_owned()
        } else {
            format!("its labels are {}", labels.join(", "))
        };
        finding.related.push(Related { span: *span, message });
    }
    finding
        .related
        .extend(mismatch.scraped.iter().map(|(span, message)| Related {
            span: *span,
            message: message.clone(),
        }));
    if let Some(span) = mismatch.dropped {
        finding.related.push(Related {
            span,
            message: "this does not keep it".to_owned(),
        });
    }
    if let Some((server, labels)) = &mismatch.stored {
        let labels = match labels.as_slice() {
            [] => "no labels".to_owned(),
            labels => format!("the labels {}", labels.join(", ")),
        };
        finding
            .notes
            .push(format!("on {server} its series have {labels}"));
    }
    if matches!(mismatch.problem, LabelProblem::Join | LabelProblem::Unless) {
        finding.notes.push(format!(
            "say which labels have to agree: `ignoring ({label})`, with `group_left` or `group_right` where one side has more series"
        ));
    }
    if let Some(closest) = &mismatch.closest {
        finding.suggestion = Some(Suggestion {
            kind: SuggestionKind::Rename,
            replacement: closest.clone(),
        });
    }
    finding
}

//! `label-value-mismatch`: a matcher admits none of the values that the code gives the label.

use promsight_model::{Finding, Reason, Related, Severity, Suggestion, SuggestionKind};
use promsight_resolve::deep::{AlertLabelMismatch, AskedOfAlerts, Giver, ValueMismatch};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "label-value-mismatch",
    severity: Severity::Warning,
    summary: "a matcher admits none of the values that the code gives the label",
    documentation: include_str!("../checks/label-value-mismatch.md"),
    find,
};

/// Places of values that are shown.
const MOST_PLACES: usize = 4;

fn find(context: &Context<'_>) -> Vec<Finding> {
    let mismatches = &context.resolution.mismatches;
    let series = mismatches.values.iter().map(finding);
    let alerts = mismatches.alert_labels.iter().filter_map(of_alerts);
    series.chain(alerts).collect()
}

/// A value that no alert gives the label.
fn of_alerts(mismatch: &AlertLabelMismatch) -> Option<Finding> {
    let AskedOfAlerts::Value(op, asked) = &mismatch.asked else {
        return None;
    };
    let who = words::namer(&mismatch.named_by);
    let (label, operator) = (&mismatch.label, op.symbol());
    let message = format!("{who} matches no alert of this tree by `{label}{operator}\"{asked}\"`");
    let mut finding = words::finding(CHECK.name, mismatch.span, label.clone(), message);
    finding.confidence = mismatch.confidence;
    finding.consumer = words::naming_consumer(&mismatch.named_by);
    finding.label = "no alert has this value".to_owned();
    let values: Vec<&str> = mismatch.values.iter().map(|(value, _)| value.as_str()).collect();
    finding
        .notes
        .push(format!("every value that alerts have: {}", values.join(", ")));
    let places = mismatch.values.iter().take(MOST_PLACES);
    finding.related.extend(places.filter_map(|(value, span)| {
        Some(Related {
            span: (*span)?,
            message: format!("gives `{value}`"),
        })
    }));
    finding.suggestion = mismatch.closest.clone().map(|replacement| Suggestion {
        kind: SuggestionKind::Value,
        replacement,
    });
    Some(finding)
}

fn finding(mismatch: &ValueMismatch) -> Finding {
    let who = words::who(&mismatch.consumer);
    let ValueMismatch {
        series, label, asked, ..
    } = mismatch;
    let values: Vec<&str> = mismatch.values.iter().map(|(value, _)| value.as_str()).collect();
    let operator = mismatch.op.symbol();
    let message =
        format!("{who} selects nothing: no value of `{label}` meets `{label}{operator}\"{asked}\"`");
    let mut finding = words::finding(CHECK.name, mismatch.span, series.clone(), message);
    finding.reason = Some(Reason::WrongValue);
    finding.confidence = mismatch.confidence;
    finding.consumer = Some(words::consumer(&mismatch.consumer));
    let giver = match mismatch.giver {
        Giver::Code => "the code gives",
        Giver::Targets | Giver::TargetsInstead => "targets give",
    };
    finding.label = match mismatch.giver {
        Giver::Code => "the code gives no such value".to_owned(),
        Giver::Targets | Giver::TargetsInstead => "no target has this value".to_owned(),
    };
    let values = values.join(", ");
    finding.notes.push(format!("every value that {giver}: {values}"));
    if mismatch.giver == Giver::TargetsInstead {
        finding.notes.push(format!(
            "the code's own `{label}` is stored as `exported_{label}`, for targets have a label of that name"
        ));
    }
    let places = mismatch.values.iter().take(MOST_PLACES);
    finding.related.extend(places.map(|(value, span)| Related {
        span: *span,
        message: format!("gives `{value}`"),
    }));
    if let Some(closest) = &mismatch.closest {
        finding.suggestion = Some(Suggestion {
            kind: SuggestionKind::Value,
            replacement: closest.clone(),
        });
    }
    finding
}

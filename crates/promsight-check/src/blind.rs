//! What the blind checks share: from a reference that sees nothing to a finding with both ends of evidence.

use std::collections::BTreeSet;

use promsight_model::{
    Confidence, ConsumerKind, FileId, Finding, MetricType, Name, Reason, Related, SelectorName, Suggestion,
    SuggestionKind, Verdict,
};
use promsight_resolve::{Blindness, Closest, Declared, Evidence, Reference, selector_text};

use crate::{Context, Strictness, words};

/// What identifies the expression that a selector stands in.
type Expression = (FileId, Option<usize>);

/// The findings of one check: every blind reference of those kinds of consumer, once for each expression and series
/// (a document's words: once for each document and series).
pub(crate) fn findings(check: &'static str, kinds: &[ConsumerKind], context: &Context<'_>) -> Vec<Finding> {
    let mut seen: BTreeSet<(Expression, String)> = BTreeSet::new();
    let mut findings = Vec::new();
    for reference in &context.resolution.references {
        let reported = match reference.verdict {
            Verdict::Blind => true,
            Verdict::Foreign => context.strict == Strictness::Everything,
            _ => false,
        };
        if !reported || !kinds.contains(&reference.consumer.kind) {
            continue;
        }
        let expression = (reference.file(), reference.query);
        if seen.insert((expression, selector_text(&reference.selector))) {
            findings.push(finding(check, reference, context));
        }
    }
    findings
}

fn finding(check: &'static str, reference: &Reference, context: &Context<'_>) -> Finding {
    let series = selector_text(&reference.selector);
    let message = format!(
        "{}: {}",
        consequence(reference, &series),
        cause(reference.blindness.as_ref(), &series)
    );
    let mut finding = words::finding(check, reference.selector.span, series.clone(), message);
    finding.consumer = Some(words::consumer(&reference.consumer));
    let Some(blindness) = &reference.blindness else {
        finding.confidence = Confidence::Low;
        finding.reason = Some(Reason::NotEmitted);
        finding.label = "nothing here emits this".to_owned();
        finding.notes.push(
            "nothing says that this tree should emit it; `external:` in promsight.yaml names what others emit".to_owned(),
        );
        return finding;
    };
    explain_written(&mut finding, reference, blindness, context);
    finding
}

/// Adds to a finding about a reference that sees nothing why that is so, how sure, and a name to write in its place.
pub(crate) fn explain_written(
    finding: &mut Finding,
    reference: &Reference,
    blindness: &Blindness,
    context: &Context<'_>,
) {
    let series = selector_text(&reference.selector);
    explain(finding, blindness, &series);
    // A replacement stands in for a name as written; a pattern, a regular expression and an encoded text have no such
    // place.
    let is_written = context.files.text(reference.selector.span) == series;
    if !is_written || !matches!(reference.selector.name, SelectorName::Exact(_)) {
        finding.suggestion = None;
    }
}

/// Adds to a finding about a series that nothing emits why that is so, and how sure.
pub(crate) fn explain(finding: &mut Finding, blindness: &Blindness, series: &str) {
    finding.confidence = blindness.confidence;
    finding.reason = Some(blindness.reason);
    finding.label = label(blindness.reason);
    finding.cause = blindness.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Lost(span) => Some(*span),
        _ => None,
    });
    finding.related = related(blindness);
    finding.notes = notes(blindness, series);
    finding.suggestion = suggestion(series, blindness);
}

/// What the blindness does to its reader.
fn consequence(reference: &Reference, series: &str) -> String {
    let who = words::who(&reference.consumer);
    match reference.consumer.kind {
        ConsumerKind::Alert => format!("{who} can never fire"),
        ConsumerKind::Record => format!("{who} records nothing"),
        ConsumerKind::Panel => format!("{who} shows nothing"),
        ConsumerKind::Variable | ConsumerKind::Annotation => format!("{who} finds nothing"),
        ConsumerKind::Runbook => format!("{who} tells readers to look at `{series}`"),
        ConsumerKind::Script => format!("{who} queries nothing"),
        ConsumerKind::Trigger => format!("{who} {}", idle(reference)),
    }
}

/// What a trigger fails to do for want of its series, by what it is.
fn idle(reference: &Reference) -> &'static str {
    const SCALERS: [&str; 4] = ["Scale", "scaler", "Autoscaler", "adapter"];
    const OBJECTIVES: [&str; 3] = ["SLO", "SLI", "Objective"];
    let kind = reference.consumer.group.as_deref().unwrap_or_default();
    let is = |parts: &[&str]| parts.iter().any(|part| kind.contains(part));
    if is(&SCALERS) {
        "can never scale by it"
    } else if is(&OBJECTIVES) || kind == "PrometheusServiceLevel" {
        "measures nothing"
    } else {
        "can never decide by it"
    }
}

/// Why nothing is there.
pub(crate) fn cause(blindness: Option<&Blindness>, series: &str) -> String {
    let missing = || format!("nothing emits `{}`", family_in_words(series));
    let Some(blindness) = blindness else {
        return missing();
    };
    match (blindness.reason, &blindness.declared, &blindness.root) {
        (Reason::WrongSample, Some(declared), _) => {
            format!("`{series}` does not exist, {}", exposes(declared))
        }
        (Reason::DeadEmitter, Some(declared), _) => format!(
            "the only declaration of `{}` does not count: {}",
            family_in_words(series),
            declared.dead.as_deref().unwrap_or("it never runs")
        ),
        (Reason::Unexposed | Reason::Unscraped, Some(declared), _) => format!(
            "`{series}` never reaches Prometheus: {}",
            declared.dead.as_deref().unwrap_or("it is lost on the way")
        ),
        (Reason::BlindRecord, _, Some(root)) if root.record == series => {
            format!(
                "the recording rule `{series}` records nothing, for nothing emits `{}`",
                root.series
            )
        }
        (Reason::BlindRecord, _, Some(root)) => format!(
            "`{series}` comes from the recording rule `{}`, and nothing emits `{}`",
            root.record, root.series
        ),
        _ => match &blindness.gone {
            Some((exporter, gone)) => format!("{exporter} no longer exposes `{series}` since {}", gone.since),
            None => missing(),
        },
    }
}

/// A bucket series is named by its histogram: that is what would have to be declared.
fn family_in_words(series: &str) -> &str {
    series.strip_suffix("_bucket").unwrap_or(series)
}

fn exposes(declared: &Declared) -> String {
    let series: Vec<String> = declared
        .series
        .iter()
        .filter_map(Name::exact)
        .filter(|name| !name.ends_with("_created"))
        .map(|name| format!("`{name}`"))
        .collect();
    let what = match declared.metric_type {
        MetricType::Info => "an info metric".to_owned(),
        MetricType::StateSet => "an enum".to_owned(),
        MetricType::Untyped => "an untyped metric".to_owned(),
        other => format!("a {other}"),
    };
    format!("`{}` is {what} and exposes {}", declared.name, listed(&series))
}

fn listed(items: &[String]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [only] => format!("only {only}"),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn label(reason: Reason) -> String {
    match reason {
        Reason::WrongSample => "no such sample of this family",
        Reason::DeadEmitter => "nothing that runs emits this",
        Reason::Unexposed => "no workload serves this",
        Reason::Unscraped => "nothing scrapes this",
        Reason::BlindRecord => "recorded from what nothing emits",
        _ => "nothing emits this",
    }
    .to_owned()
}

fn related(blindness: &Blindness) -> Vec<Related> {
    let mut related = Vec::new();
    let mut add = |span, message: String| {
        if related.iter().all(|one: &Related| one.span != span) {
            related.push(Related { span, message });
        }
    };
    if let Some(root) = &blindness.root {
        add(
            root.series_span,
            format!(
                "the root: recording rule `{}` reads this, and nothing emits it",
                root.record
            ),
        );
    }
    if let Some(declared) = &blindness.declared {
        add(
            declared.span,
            format!("`{}` is declared here, a {}", declared.name, declared.metric_type),
        );
    }
    if let Some(closest) = blindness.closest.as_ref().filter(|closest| !closest.same_family) {
        add(
            closest.span,
            format!("closest emitted metric: `{}`", closest.series),
        );
    }
    for evidence in &blindness.evidence {
        match evidence {
            Evidence::SharedPrefix(prefix, span) => {
                add(*span, format!("`{prefix}_…` metrics are emitted here"));
            }
            Evidence::Neighbour(span) => add(*span, "read side by side with what this tree emits".to_owned()),
            Evidence::SharedTail(span) => add(*span, "the same name but for what stands in front".to_owned()),
            Evidence::NearlySame(span) => add(*span, "nearly the same name".to_owned()),
            Evidence::ModuleName(span) => add(*span, "this module is named like it".to_owned()),
            Evidence::Lost(span) => add(*span, "here it is lost".to_owned()),
            Evidence::SameFamily | Evidence::BlindRecord | Evidence::Gone | Evidence::NotStored { .. } => {}
        }
    }
    for gap in blindness.gaps.iter().take(3) {
        add(gap.span, format!("it could be this one: {}", gap.message));
    }
    related
}

fn notes(blindness: &Blindness, series: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(declared) = &blindness.declared
        && declared.metric_type == MetricType::Summary
        && declared.name.exact() == Some(series)
    {
        notes.push(
            "the Python client's summaries have a count and a sum, and no quantiles: these need a histogram"
                .to_owned(),
        );
    }
    if let Some((exporter, gone)) = &blindness.gone {
        match &gone.replacement {
            Some(replacement) => notes.push(format!(
                "{exporter} calls it `{replacement}` since {}",
                gone.since
            )),
            None => notes.push(format!(
                "{exporter} has nothing in its place since {}",
                gone.since
            )),
        }
    }
    for evidence in &blindness.evidence {
        if let Evidence::NotStored { server, hours } = evidence {
            notes.push(format!(
                "{server} has had no series `{series}` in the last {hours} hours"
            ));
        }
    }
    if blindness.gaps.len() > 3 {
        notes.push(format!(
            "{} more names could not be resolved and could hide `{series}`",
            blindness.gaps.len() - 3
        ));
    }
    notes
}

fn suggestion(series: &str, blindness: &Blindness) -> Option<Suggestion> {
    if let Some((_, gone)) = &blindness.gone {
        let replacement = gone.replacement.clone()?;
        return Some(Suggestion {
            kind: SuggestionKind::Rename,
            replacement,
        });
    }
    let Closest {
        series: replacement,
        same_family,
        is_only,
        ..
    } = blindness.closest.clone().filter(|closest| closest.convincing)?;
    if replacement == series {
        return None;
    }
    let kind = match (same_family, is_only) {
        (true, true) => SuggestionKind::Suffix,
        (true, false) => SuggestionKind::Sample,
        (false, _) => SuggestionKind::Rename,
    };
    Some(Suggestion { kind, replacement })
}

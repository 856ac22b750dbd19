//! `promsight metrics` and `promsight references` for people: a line an entry that begins with its place. Below a metric,
//! indented, stand its help, unit, bounds and states.

use std::fmt::Write as _;

use promsight_model::{JudgedReference, Name, Report, ResolvedBy, Span};

use super::summary;
use crate::place::Places;
use crate::{Surface, words};

pub(crate) fn metrics(report: &Report, places: &Places<'_>, surface: Surface) -> String {
    let mut text = String::new();
    for emitter in &report.metrics {
        let place = places.place(emitter.span);
        let _ = write!(
            text,
            "{place}: {} {}",
            emitter.metric_type,
            words::one_line(&words::metric(emitter))
        );
        let series: Vec<String> = emitter.series.iter().map(Name::to_string).collect();
        if series.len() != 1 || emitter.series.first() != Some(&emitter.name) {
            let _ = write!(text, " exposes {}", series.join(", "));
        }
        let remarks = words::remarks(emitter);
        if !remarks.is_empty() {
            let _ = write!(text, " ({remarks})");
        }
        text.push('\n');
        for detail in words::details(emitter) {
            let _ = writeln!(text, "    {detail}");
        }
    }
    if !report.metrics.is_empty() {
        text.push('\n');
    }
    // What several programs do at one place is one line.
    let mut exposures: Vec<String> = Vec::new();
    for exposure in &report.exposures {
        let place = places.place(exposure.span);
        let line = format!("{place}: {}\n", words::exposure(exposure, places));
        if exposures.last() != Some(&line) {
            exposures.push(line);
        }
    }
    text.extend(exposures);
    if !report.exposures.is_empty() {
        text.push('\n');
    }
    summary::notes(report, &mut text, surface.styling);
    summary::line(
        "metrics",
        &summary::counts(&report.coverage.emitters, &summary::NAME_KINDS),
        &mut text,
    );
    summary::gaps(&report.gaps, places, usize::MAX, &mut text);
    text
}

/// Every declaration whose name is not fully known, and every gap, a line each that begins with its place.
pub(crate) fn unresolved(report: &Report, places: &Places<'_>) -> String {
    let mut lines: Vec<(Span, String)> = Vec::new();
    for emitter in report
        .metrics
        .iter()
        .filter(|emitter| words::is_partly_known(emitter))
    {
        let reason = emitter
            .unresolved_reason
            .as_deref()
            .unwrap_or("it is computed at run time");
        let text = format!(
            "{} {}: a part of the name is not known: {reason}",
            emitter.metric_type,
            words::metric(emitter)
        );
        lines.push((emitter.span, text));
    }
    for gap in &report.gaps {
        lines.push((
            gap.span,
            format!("{}: {}", words::gap_kind(gap.kind), gap.message),
        ));
    }
    lines.sort();
    let mut text = String::new();
    for (span, line) in &lines {
        let _ = writeln!(text, "{}: {}", places.place(*span), words::one_line(line));
    }
    if !lines.is_empty() {
        text.push('\n');
    }
    summary::line(
        "metrics",
        &summary::counts(&report.coverage.emitters, &summary::NAME_KINDS),
        &mut text,
    );
    summary::line("not known", &words::count(lines.len() as u64, "place"), &mut text);
    text
}

pub(crate) fn references(report: &Report, places: &Places<'_>, surface: Surface) -> String {
    let mut text = String::new();
    for reference in &report.references {
        let place = places.place(reference.selector.span);
        let _ = writeln!(
            text,
            "{place}: {}: {} reads {}{}",
            reference.verdict.word(),
            words::consumer(&reference.consumer),
            words::one_line(&words::selector(&reference.selector)),
            seen_at(reference, places),
        );
    }
    if !report.references.is_empty() {
        text.push('\n');
    }
    summary::notes(report, &mut text, surface.styling);
    summary::line("references", &summary::verdicts(report), &mut text);
    summary::line(
        "queries",
        &summary::counts(&report.coverage.queries, &summary::QUERY_STATES),
        &mut text,
    );
    text
}

/// ` <- place` of the first thing that resolves the reference, and how many more there are.
fn seen_at(reference: &JudgedReference, places: &Places<'_>) -> String {
    let Some(first) = reference.resolved_by.first() else {
        return String::new();
    };
    let first = match first {
        ResolvedBy::Site { span, .. } => places.place(*span).to_string(),
        ResolvedBy::Outside(name) => words::one_line(name),
    };
    match reference.resolved_by.len() - 1 {
        0 => format!(" <- {first}"),
        more => format!(" <- {first} and {more} more"),
    }
}

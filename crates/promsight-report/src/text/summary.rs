//! The last lines of the text report: how many findings of which check, how much was read and understood.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use annotate_snippets::renderer::{AnsiColor, Effects, Style};
use promsight_model::{Comparison, Coverage, Gap, GapKind, Report, Severity, Verdict};

use crate::place::Places;
use crate::{Styling, words};

/// Places listed for each kind of gap; the JSON report and `promsight metrics` list all.
const LISTED_GAPS: usize = 5;

/// The contract's words for how well a metric's name is known, and how they read in a sentence.
pub(super) const NAME_KINDS: [(&str, &str); 3] = [
    ("exact", "with an exact name"),
    ("pattern", "with a partly known name"),
    ("unresolved", "with an unknown name"),
];

/// The contract's words for how well a query was understood, and how they read in a sentence.
pub(super) const QUERY_STATES: [(&str, &str); 3] = [
    ("parsed", "parsed"),
    ("templated", "with template variables"),
    ("unreadable", "unreadable"),
];

pub(super) fn findings(report: &Report, places: &Places<'_>, styling: Styling) -> String {
    let mut text = String::new();
    notes(report, &mut text, styling);
    headline(report, &mut text, styling);
    checks(report, &mut text, styling);
    if let Some(hidden) = words::hidden(&report.hidden) {
        let _ = writeln!(text, "{hidden}");
    }
    if let Some(comparison) = &report.comparison {
        compared(comparison, &mut text, styling);
    }
    coverage(report, &mut text);
    gaps(&report.gaps, places, LISTED_GAPS, &mut text);
    if let Some(finding) = report.findings.iter().max_by_key(|finding| finding.severity) {
        let _ = writeln!(
            text,
            "\nWhat a check means and how to mend it: promsight explain {}",
            finding.check
        );
    }
    text
}

/// Remarks on the run as a whole.
pub(super) fn notes(report: &Report, text: &mut String, styling: Styling) {
    for note in &report.notes {
        let word = paint(
            "note",
            AnsiColor::BrightGreen.on_default().effects(Effects::BOLD),
            styling,
        );
        let _ = writeln!(text, "{word}: {}", words::one_line(&note.message));
    }
    if !report.notes.is_empty() {
        text.push('\n');
    }
}

fn headline(report: &Report, text: &mut String, styling: Styling) {
    if report.findings.is_empty() {
        let none = if report.comparison.is_some() {
            "No new findings.\n"
        } else {
            "No findings.\n"
        };
        text.push_str(none);
        return;
    }
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .filter_map(|severity| {
            let number = report
                .findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count();
            (number > 0).then(|| {
                paint(
                    &words::count(number as u64, severity.word()),
                    style(severity),
                    styling,
                )
            })
        })
        .collect();
    let _ = writeln!(text, "{}", parts.join(", "));
}

fn checks(report: &Report, text: &mut String, styling: Styling) {
    let mut counts: BTreeMap<(std::cmp::Reverse<Severity>, &str), usize> = BTreeMap::new();
    for finding in &report.findings {
        *counts
            .entry((std::cmp::Reverse(finding.severity), finding.check))
            .or_default() += 1;
    }
    for ((std::cmp::Reverse(severity), check), number) in counts {
        let word = paint(&format!("{:<7}", severity.word()), style(severity), styling);
        let _ = writeln!(text, "{number:>5}  {word} {check}");
    }
}

/// What has gone since the revision that the run was compared with.
fn compared(comparison: &Comparison, text: &mut String, styling: Styling) {
    let Comparison {
        revision,
        commit,
        fixed,
    } = comparison;
    let gone = words::count(fixed.len() as u64, "finding");
    let _ = writeln!(text, "Compared with {revision} ({commit}): {gone} fixed");
    for fixed in fixed {
        let word = paint("fixed", AnsiColor::BrightGreen.on_default(), styling);
        let _ = writeln!(
            text,
            "    {word} {}[{}] {}:{}:{}: {}",
            fixed.severity.word(),
            fixed.check,
            fixed.path,
            fixed.line,
            fixed.column,
            words::one_line(&fixed.message)
        );
    }
}

/// How much was read and understood, a line each.
fn coverage(report: &Report, text: &mut String) {
    let Coverage {
        files,
        emitters,
        queries,
    } = &report.coverage;
    let kinds = [
        ("python", "Python file"),
        ("rules", "rule file"),
        ("dashboards", "dashboard"),
        ("documents", "document"),
        ("scripts", "script"),
        ("manifests", "manifest"),
        ("unreadable", "unreadable file"),
    ];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter_map(|(kind, noun)| {
            let number = files.get(kind).copied().filter(|number| *number > 0)?;
            Some(words::count(number, noun))
        })
        .collect();
    text.push('\n');
    line("files", &parts.join(", "), text);
    line("metrics", &counts(emitters, &NAME_KINDS), text);
    line("references", &verdicts(report), text);
    line("queries", &counts(queries, &QUERY_STATES), text);
}

/// The references by verdict, in the contract's order.
pub(super) fn verdicts(report: &Report) -> String {
    let mut verdicts: BTreeMap<Verdict, u64> = BTreeMap::new();
    for reference in &report.references {
        *verdicts.entry(reference.verdict).or_default() += 1;
    }
    let parts: Vec<String> = verdicts
        .iter()
        .map(|(verdict, number)| format!("{number} {}", verdict.word()))
        .collect();
    parts.join(", ")
}

/// One line of the coverage: a heading and its counts.
pub(super) fn line(name: &str, value: &str, text: &mut String) {
    let value = if value.is_empty() { "none" } else { value };
    let _ = writeln!(text, "{name:<12}{value}");
}

/// The counts that are not zero, each with its wording.
pub(super) fn counts(counts: &BTreeMap<&'static str, u64>, wordings: &[(&str, &str)]) -> String {
    let parts: Vec<String> = wordings
        .iter()
        .filter_map(|(key, wording)| {
            let number = counts.get(key).copied().filter(|number| *number > 0)?;
            Some(format!("{number} {wording}"))
        })
        .collect();
    parts.join(", ")
}

/// What was not understood, by kind: at most `listed` places each.
pub(super) fn gaps(gaps: &[Gap], places: &Places<'_>, listed: usize, text: &mut String) {
    let kinds = [
        GapKind::UnresolvedName,
        GapKind::UnresolvedImport,
        GapKind::Syntax,
        GapKind::Encoding,
        GapKind::Limit,
        GapKind::Template,
    ];
    for kind in kinds {
        let of_kind: Vec<&Gap> = gaps.iter().filter(|gap| gap.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{}:", heading(kind, of_kind.len() as u64));
        for gap in of_kind.iter().take(listed) {
            let _ = writeln!(
                text,
                "    {}  {}",
                places.place(gap.span),
                words::one_line(&gap.message)
            );
        }
        let more = of_kind.len().saturating_sub(listed);
        if more > 0 {
            let _ = writeln!(text, "    and {more} more (--format json lists all)");
        }
    }
}

fn heading(kind: GapKind, number: u64) -> String {
    match kind {
        GapKind::UnresolvedName => format!("{} could not be resolved", words::count(number, "metric name")),
        GapKind::UnresolvedImport => {
            format!(
                "{} of this tree could not be followed",
                words::count(number, "import")
            )
        }
        GapKind::Syntax => format!(
            "{}; the files were read around them",
            words::count(number, "syntax error")
        ),
        GapKind::Encoding => format!("{} not in a known encoding", words::count(number, "file")),
        GapKind::Limit => format!(
            "{} too large or too deep to read in full",
            words::count(number, "place")
        ),
        GapKind::Template => format!("{} read with holes", words::count(number, "template")),
    }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::BrightRed.on_default().effects(Effects::BOLD),
        Severity::Warning => AnsiColor::Yellow.on_default().effects(Effects::BOLD),
        Severity::Info => AnsiColor::BrightBlue.on_default().effects(Effects::BOLD),
    }
}

fn paint(text: &str, style: Style, styling: Styling) -> String {
    match styling {
        Styling::Colored => format!("{style}{text}{style:#}"),
        Styling::Plain => text.to_owned(),
    }
}

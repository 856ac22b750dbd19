//! Workflow commands that GitHub shows as annotations beside the lines of a change.
//!
//! GitHub shows at most ten errors, ten warnings and ten notices of one step and drops the rest without a word
//! (documented limit of the runner). So the first ten of each become annotations, and every further finding a plain
//! line of the log; the last line says how many these are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use promsight_model::{Finding, Report, Severity};

use crate::place::Places;
use crate::words;

const ANNOTATIONS_OF_A_LEVEL: usize = 10;

pub(crate) fn findings(report: &Report, places: &Places<'_>) -> String {
    let mut text = String::new();
    let mut shown: BTreeMap<Severity, usize> = BTreeMap::new();
    let mut plain = 0;
    for finding in &report.findings {
        let count = shown.entry(finding.severity).or_default();
        *count += 1;
        if *count <= ANNOTATIONS_OF_A_LEVEL {
            annotation(finding, places, &mut text);
        } else {
            plain += 1;
            line(finding, places, &mut text);
        }
    }
    let _ = writeln!(text, "promsight: {}", words::headline(report));
    if plain > 0 {
        let _ = writeln!(
            text,
            "promsight: GitHub shows {ANNOTATIONS_OF_A_LEVEL} annotations of each level; {} stand in the log only",
            words::count(plain, "finding")
        );
    }
    for fixed in report.comparison.iter().flat_map(|comparison| &comparison.fixed) {
        let _ = writeln!(
            text,
            "promsight: fixed: {}:{}:{}: {}",
            fixed.path,
            fixed.line,
            fixed.column,
            words::one_line(&fixed.message)
        );
    }
    text
}

fn annotation(finding: &Finding, places: &Places<'_>, text: &mut String) {
    let place = places.place(finding.primary);
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut message = finding.message.clone();
    for related in &finding.related {
        let _ = write!(message, "\n{}: {}", places.place(related.span), related.message);
    }
    for note in &finding.notes {
        let _ = write!(message, "\n{note}");
    }
    let _ = writeln!(
        text,
        "::{level} file={},line={},col={},endLine={},endColumn={},title={}::{}",
        property(place.path),
        place.start.line,
        place.start.column,
        place.end.line,
        place.end.column,
        property(&format!("promsight {}", finding.check)),
        data(&message),
    );
}

fn line(finding: &Finding, places: &Places<'_>, text: &mut String) {
    let _ = writeln!(
        text,
        "{}: {}[{}]: {}",
        places.place(finding.primary),
        finding.severity.word(),
        finding.check,
        words::one_line(&finding.message)
    );
}

/// As the runner's toolkit escapes a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the runner's toolkit escapes a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

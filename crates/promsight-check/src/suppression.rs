//! What the user asked not to see: comments beside the code, and entries of the configuration.
//!
//! Owns which finding a suppression hides, and keeps count, so that one that hides nothing can be told.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Asked, Date, FileId, FileSet, Finding, Hidden, Span, Suppression};

use crate::{Settings, unused_suppression};

/// Whether an entry speaks of a finding at a root-relative path.
pub type Admits<'a> = Box<dyn Fn(&Finding, &str) -> bool + 'a>;

/// An entry of the configuration that hides findings.
pub struct ConfiguredIgnore<'a> {
    /// The check.
    pub check: &'a str,
    /// Whether it speaks of a finding of that check at that root-relative path.
    pub admits: Admits<'a>,
    /// The last day on which it hides anything.
    pub until: Option<Date>,
    /// Where it stands, if the configuration is a file of the run.
    pub span: Option<Span>,
}

/// Findings that are left, and what came of each suppression.
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) hidden: Hidden,
    pub(crate) uses: Uses,
}

/// What each suppression speaks of, whether or not it may hide it: by its index, the checks.
#[derive(Default)]
pub(crate) struct Uses {
    /// Of [`Settings::suppressions`].
    pub(crate) comments: BTreeMap<usize, BTreeSet<&'static str>>,
    /// Of [`Settings::ignores`].
    pub(crate) entries: BTreeSet<usize>,
}

/// Hides what is to be hidden.
pub(crate) fn apply(findings: Vec<Finding>, files: &FileSet, settings: &Settings<'_>) -> Outcome {
    let mut of_file: BTreeMap<FileId, Vec<(usize, &Suppression)>> = BTreeMap::new();
    for (index, suppression) in settings.suppressions.iter().enumerate() {
        let file = suppression.span.file;
        of_file.entry(file).or_default().push((index, suppression));
    }
    let mut outcome = Outcome {
        findings: Vec::with_capacity(findings.len()),
        hidden: Hidden::default(),
        uses: Uses::default(),
    };
    for finding in findings {
        let locked = settings.locked.contains(finding.check);
        let mut by_comment = false;
        for (index, suppression) in of_file.get(&finding.primary.file).into_iter().flatten() {
            if speaks_of(suppression, &finding) {
                by_comment |= is_in_force(suppression, settings.today);
                outcome
                    .uses
                    .comments
                    .entry(*index)
                    .or_default()
                    .insert(finding.check);
            }
        }
        let path = &files.file(finding.primary.file).path;
        let mut by_entry = false;
        for (index, entry) in settings.ignores.iter().enumerate() {
            if entry.check == finding.check && (entry.admits)(&finding, path) {
                by_entry |= entry.until.is_none_or(|until| settings.today <= until);
                outcome.uses.entries.insert(index);
            }
        }
        match (locked, by_comment, by_entry) {
            (false, true, _) => outcome.hidden.comments += 1,
            (false, false, true) => outcome.hidden.configuration += 1,
            _ => outcome.findings.push(finding),
        }
    }
    outcome
}

/// Hides what the configuration hides of findings about suppressions themselves; comments cannot.
pub(crate) fn configured(findings: Vec<Finding>, files: &FileSet, settings: &Settings<'_>) -> Vec<Finding> {
    let is_hidden = |finding: &Finding| {
        settings.ignores.iter().any(|entry| {
            entry.check == unused_suppression::CHECK.name
                && entry.until.is_none_or(|until| settings.today <= until)
                && (entry.admits)(finding, &files.file(finding.primary.file).path)
        })
    };
    findings
        .into_iter()
        .filter(|finding| !is_hidden(finding))
        .collect()
}

/// Whether it may hide anything on that day.
pub(crate) fn is_in_force(suppression: &Suppression, today: Date) -> bool {
    suppression.malformed.is_none() && suppression.until.is_none_or(|until| today <= until)
}

fn speaks_of(suppression: &Suppression, finding: &Finding) -> bool {
    let of_check = match &suppression.asked {
        Asked::Everything => true,
        Asked::Checks(checks) => checks.iter().any(|(name, _)| name == finding.check),
        Asked::Pint { check, metric } => {
            meant_by_pint(check).contains(&finding.check)
                && metric.as_ref().is_none_or(|metric| *metric == finding.subject)
        }
    };
    of_check && suppression.covers(finding.primary)
}

/// What of ours a check of pint (0.7x) is about: its `promql/series` asks a server whether the series exists.
fn meant_by_pint(check: &str) -> &'static [&'static str] {
    match check {
        "promql/series" => &[
            "blind-alert",
            "blind-record",
            "label-mismatch",
            "label-value-mismatch",
        ],
        "promql/series ignore/label-value" => &["label-value-mismatch"],
        "promql/syntax" => &["invalid-query"],
        _ => &[],
    }
}

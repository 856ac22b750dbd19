//! What a mutation brought, against what it had to bring.

use std::collections::BTreeSet;

use promsight_model::{FileSet, Finding, Report, SelectorName, Span, SuggestionKind};

use super::bench::Bench;
use super::kinds::{Kind, Mutation};
use super::known::Expected;

/// The comparison of one mutated run with the clean one.
pub(super) struct Outcome {
    pub(super) caught: usize,
    /// Words of documents that are told, of those in the places of which nothing is now.
    pub(super) words: (usize, usize),
    /// Expected findings that are not there.
    pub(super) missed: Vec<String>,
    /// Findings that came and do not follow from the mutation, and findings that went without a reason.
    pub(super) wrong: Vec<String>,
    pub(super) suggestions: Suggestions,
}

/// What was offered in place of mutated names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Suggestions {
    /// The right name.
    pub(super) right: usize,
    /// Another one.
    pub(super) other: usize,
    /// None.
    pub(super) none: usize,
}

impl Suggestions {
    pub(super) fn add(&mut self, more: Self) {
        self.right += more.right;
        self.other += more.other;
        self.none += more.none;
    }
}

pub(super) fn compare(bench: &Bench, mutation: &Mutation, files: &FileSet, report: &Report) -> Outcome {
    let clean: BTreeSet<(&str, Span)> = bench
        .report
        .findings
        .iter()
        .map(|finding| (finding.check, mutation.edits.moved(finding.primary)))
        .collect();
    let new: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| !clean.contains(&(finding.check, finding.primary)))
        .collect();
    let mut met: BTreeSet<(&str, Span)> = BTreeSet::new();
    let mut outcome = Outcome {
        caught: 0,
        words: (0, 0),
        missed: Vec::new(),
        wrong: Vec::new(),
        suggestions: Suggestions::default(),
    };
    for expected in &mutation.expected {
        let places: Vec<Span> = expected
            .places
            .iter()
            .map(|place| mutation.edits.moved(*place))
            .collect();
        let found: Vec<&&Finding> = new
            .iter()
            .filter(|finding| expected.checks.contains(&finding.check) && places.contains(&finding.primary))
            .collect();
        met.extend(found.iter().map(|finding| (finding.check, finding.primary)));
        match found.first() {
            // A word that names nothing is a metric only where the text says so: it is counted on its own.
            found if expected.is_word => {
                outcome.words.0 += usize::from(found.is_some());
                outcome.words.1 += 1;
            }
            Some(finding) => {
                outcome.caught += 1;
                // A name with a template's hole in it has no place that could be rewritten.
                let is_written = expected
                    .places
                    .iter()
                    .any(|place| bench.files().text(*place) == expected.series);
                if is_written || mutation.kind != Kind::NameInCode {
                    outcome.suggestions.add(suggested(mutation, expected, finding));
                }
            }
            None => outcome.missed.push(missed(files, report, expected, &places)),
        }
    }
    for finding in &new {
        let is_met = met.contains(&(finding.check, finding.primary));
        if !is_met && !follows(mutation, finding) {
            outcome.wrong.push(format!(
                "came: {}[{}] {} `{}`: {}",
                finding.severity.word(),
                finding.check,
                at(files, finding.primary),
                finding.subject,
                finding.message
            ));
        }
    }
    let now: BTreeSet<(&str, Span)> = report
        .findings
        .iter()
        .map(|finding| (finding.check, finding.primary))
        .collect();
    for finding in &bench.report.findings {
        let moved = mutation.edits.moved(finding.primary);
        if !now.contains(&(finding.check, moved)) && !may_go(bench, mutation, finding) {
            outcome.wrong.push(format!(
                "went: [{}] {} `{}`: {}",
                finding.check,
                at(bench.files(), finding.primary),
                finding.subject,
                finding.message
            ));
        }
    }
    outcome
}

/// Whether a finding speaks of what was mutated, by a check that such a mutation leads to.
fn follows(mutation: &Mutation, finding: &Finding) -> bool {
    let is_blind = finding.check.starts_with("blind-") && finding.check != "blind-test";
    // What a mutation blinds is expected one by one; what is not (behind guards that look at absence, in words of
    // documents) may still be told where the name is a mutated one.
    let by_kind = mutation.kind.follows().contains(&finding.check);
    (by_kind || (is_blind && changes_names(mutation.kind))) && mutation.subjects.contains(&finding.subject)
}

fn changes_names(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::NameInCode | Kind::NameInReader | Kind::SuffixInReader | Kind::Type | Kind::Removal
    )
}

/// Whether a finding of the clean run may be gone: it speaks of what was mutated or of a query that reads this, or of a
/// name of which the mutated one was the evidence.
fn may_go(bench: &Bench, mutation: &Mutation, finding: &Finding) -> bool {
    let is_evidence = finding.check.starts_with("blind-") && changes_names(mutation.kind);
    let is_beside = bench.report.references.iter().any(|reference| {
        matches!(&reference.selector.name, SelectorName::Exact(series) if mutation.subjects.contains(series))
            && reference.consumer.scope.contains(finding.primary)
    });
    is_beside
        || mutation.subjects.contains(&finding.subject)
        || is_evidence
        || mutation
            .edits
            .all()
            .any(|edit| finding.primary.contains(edit.span) || edit.span.contains(finding.primary))
}

fn suggested(mutation: &Mutation, expected: &Expected, finding: &Finding) -> Suggestions {
    let mut suggestions = Suggestions::default();
    let right = mutation
        .right
        .iter()
        .find(|(series, _)| *series == expected.series);
    let is_removal = mutation.kind == Kind::Removal;
    // Readers of a record that is blind have nothing to rename.
    if right.is_none() && !is_removal || finding.reason == Some(promsight_model::Reason::BlindRecord) {
        return suggestions;
    }
    match (&finding.suggestion, right) {
        (None, _) => suggestions.none += 1,
        (Some(suggestion), Some((_, right))) if suggestion.replacement == *right => suggestions.right += 1,
        // Of a family that changed its type another sample may be meant.
        (Some(suggestion), _) if is_removal && suggestion.kind == SuggestionKind::Suffix => {
            suggestions.none += 1;
        }
        (Some(_), _) => suggestions.other += 1,
    }
    suggestions
}

/// A miss, with what the run says of the place.
fn missed(files: &FileSet, report: &Report, expected: &Expected, places: &[Span]) -> String {
    let verdicts: Vec<&str> = report
        .references
        .iter()
        .filter(|reference| places.contains(&reference.selector.span))
        .map(|reference| reference.verdict.word())
        .collect();
    let place = places.first().map(|place| at(files, *place)).unwrap_or_default();
    format!(
        "missed: {} at {place} `{}` {}",
        expected.checks.first().unwrap_or(&""),
        expected.series,
        verdicts.join(", ")
    )
}

fn at(files: &FileSet, span: Span) -> String {
    let file = files.file(span.file);
    let line = promsight_model::LineIndex::new(&file.text)
        .position(&file.text, span.start)
        .line;
    format!(
        "{}:{line} «{}»",
        file.path,
        files.text(span).lines().next().unwrap_or_default()
    )
}

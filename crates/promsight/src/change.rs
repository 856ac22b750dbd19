//! What a change brought in and what it fixed: two reports, one of the tree before and one of the tree after.
//!
//! Owns which findings of the two are the same, and the evidence that links a new one to the lines that made it. A
//! finding is no new one because its file was renamed, its lines moved, or its rule went to another file. Pure: git's
//! answers are given to it.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{
    Comparison, ConsumerKind, FileId, FileSet, Finding, Fixed, LineIndex, Name, Reason, Related, Report,
    SelectorName, Span, Verdict,
};

use crate::git::{self, Changes, Hunk};

/// One side: what was found, and in which files.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The report.
    pub report: &'a Report,
    /// The files that its spans count in.
    pub files: &'a FileSet,
}

/// What git says of the way from the one to the other.
pub struct Diff<'a> {
    /// The revision as it was named.
    pub revision: &'a str,
    /// The commit that was read.
    pub commit: &'a str,
    /// Which files changed.
    pub changes: &'a Changes,
    /// Which lines did, by the files' old paths.
    pub hunks: &'a BTreeMap<String, Vec<Hunk>>,
}

/// Digits of a commit's name that are shown.
const SHORT_COMMIT: usize = 12;

/// Leaves in `report` the findings that `old` did not have, each with the evidence of the change, and records what
/// `old` had and `report` has not.
pub fn keep_new(report: &mut Report, files: &FileSet, old: Side<'_>, diff: &Diff<'_>) {
    let pairs = pair_up(report, files, old, diff.changes);
    let mut kept = Vec::new();
    let findings = std::mem::take(&mut report.findings);
    for (index, finding) in findings.into_iter().enumerate() {
        if !pairs.new.contains(&index) {
            kept.push(finding);
        }
    }
    report.hidden.unchanged += pairs.new.len() as u64;
    let mut cause = Cause::new(Side { report, files }, old, diff);
    for finding in &mut kept {
        cause.explain(finding);
    }
    report.findings = kept;
    report.comparison = Some(Comparison {
        revision: diff.revision.to_owned(),
        commit: short(diff.commit).to_owned(),
        fixed: fixed(old, &pairs.old),
    });
}

fn short(commit: &str) -> &str {
    commit.get(..SHORT_COMMIT).unwrap_or(commit)
}

/// Findings that both sides have, by their indices.
#[derive(Default)]
struct Pairs {
    new: BTreeSet<usize>,
    old: BTreeSet<usize>,
}

/// What makes two findings the same; from the strictest to the loosest, each for what the ones before left over.
const LOOKS: [fn(&Finding, &str) -> Option<Key>; 3] = [
    // The same reader in the same file, whatever its line.
    |finding, path| Some(key(finding, Some(path))),
    // The same reader in another file: a rule that was moved.
    |finding, _| finding.consumer.as_ref().map(|_| key(finding, None)),
    // A document or script names its reader by the nearest heading or function, which may have been reworded.
    |finding, path| {
        let consumer = finding.consumer.as_ref()?;
        matches!(consumer.kind, ConsumerKind::Runbook | ConsumerKind::Script).then(|| Key {
            consumer: Some(consumer.kind.word().to_owned()),
            ..key(finding, Some(path))
        })
    },
];

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    check: &'static str,
    subject: String,
    path: Option<String>,
    consumer: Option<String>,
}

fn key(finding: &Finding, path: Option<&str>) -> Key {
    Key {
        check: finding.check,
        // What is about a file is about it under its new name as well.
        subject: match path {
            Some(_) if finding.consumer.is_none() && finding.subject.contains('/') => String::new(),
            _ => finding.subject.clone(),
        },
        path: path.map(str::to_owned),
        consumer: finding.consumer.as_ref().map(|consumer| {
            let group = consumer.group.as_deref().unwrap_or_default();
            format!("{}\n{group}\n{}", consumer.kind.word(), consumer.name)
        }),
    }
}

fn pair_up(report: &Report, files: &FileSet, old: Side<'_>, changes: &Changes) -> Pairs {
    let mut pairs = Pairs::default();
    for look in LOOKS {
        let mut waiting: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (index, finding) in old.report.findings.iter().enumerate() {
            let path = &old.files.file(finding.primary.file).path;
            let path = changes.renamed.get(path).unwrap_or(path);
            if !pairs.old.contains(&index)
                && let Some(key) = look(finding, path)
            {
                waiting.entry(key).or_default().push(index);
            }
        }
        let left: Vec<usize> = (0..report.findings.len())
            .filter(|index| !pairs.new.contains(index))
            .collect();
        // Where there are more of a kind than before, those on lines that stood there before are the old ones.
        for same_line in [true, false] {
            for index in &left {
                let finding = &report.findings[*index];
                if pairs.new.contains(index) {
                    continue;
                }
                let Some(key) = look(finding, &files.file(finding.primary.file).path) else {
                    continue;
                };
                let Some(candidates) = waiting.get_mut(&key) else {
                    continue;
                };
                let line = line_of(files, finding.primary);
                let position = candidates.iter().position(|candidate| {
                    !same_line || line_of(old.files, old.report.findings[*candidate].primary) == line
                });
                if let Some(position) = position {
                    pairs.old.insert(candidates.remove(position));
                    pairs.new.insert(*index);
                }
            }
        }
    }
    pairs
}

/// The text of the line on which a span begins, without its indentation.
fn line_of(files: &FileSet, span: Span) -> &str {
    let text = &files.file(span.file).text;
    let at = span.start as usize;
    let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else {
        return "";
    };
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = after.find('\n').map_or(text.len(), |newline| at + newline);
    text.get(start..end).unwrap_or_default().trim()
}

fn fixed(old: Side<'_>, still_there: &BTreeSet<usize>) -> Vec<Fixed> {
    let mut indexes: BTreeMap<FileId, LineIndex> = BTreeMap::new();
    let mut fixed: Vec<Fixed> = old
        .report
        .findings
        .iter()
        .enumerate()
        .filter(|(index, _)| !still_there.contains(index))
        .map(|(_, finding)| {
            let file = old.files.file(finding.primary.file);
            let lines = indexes
                .entry(file.id)
                .or_insert_with(|| LineIndex::new(&file.text));
            let place = lines.position(&file.text, finding.primary.start);
            Fixed {
                path: file.shown_path.clone(),
                line: place.line,
                column: place.column,
                check: finding.check,
                severity: finding.severity,
                subject: finding.subject.clone(),
                message: finding.message.clone(),
                fingerprint: finding.fingerprint,
            }
        })
        .collect();
    fixed.sort();
    fixed
}

/// Links a series that is gone to the lines that took it away.
struct Cause<'a> {
    new: Side<'a>,
    old: Side<'a>,
    diff: &'a Diff<'a>,
    /// Declarations of the old tree by the series they exposed.
    declared: BTreeMap<&'a str, Vec<Span>>,
    /// Series that the new tree exposes.
    exposed: BTreeSet<&'a str>,
    /// What blind recording rules of the new tree lack, by their names.
    lacking: BTreeMap<&'a str, Vec<&'a str>>,
}

/// Recording rules that read recording rules: deeper chains than any that people write.
const MAX_CHAIN: usize = 16;

impl<'a> Cause<'a> {
    fn new(new: Side<'a>, old: Side<'a>, diff: &'a Diff<'a>) -> Self {
        let mut declared: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for emitter in &old.report.metrics {
            let place = emitter.name_span.unwrap_or(emitter.span);
            for series in emitter.series.iter().filter_map(Name::exact) {
                declared.entry(series).or_default().push(place);
            }
        }
        let exposed = new
            .report
            .metrics
            .iter()
            .flat_map(|emitter| emitter.series.iter().filter_map(Name::exact))
            .collect();
        let mut lacking: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for reference in &new.report.references {
            if let SelectorName::Exact(series) = &reference.selector.name
                && reference.consumer.kind == ConsumerKind::Record
                && reference.verdict == Verdict::Blind
            {
                let name = reference.consumer.name.as_str();
                lacking.entry(name).or_default().push(series);
            }
        }
        Self {
            new,
            old,
            diff,
            declared,
            exposed,
            lacking,
        }
    }

    fn explain(&mut self, finding: &mut Finding) {
        if finding.reason.is_none() {
            return;
        }
        let subject = self.root_of(finding);
        if self.exposed.contains(subject.as_str()) {
            return;
        }
        let places = self.declared.get(subject.as_str()).cloned().unwrap_or_default();
        for place in places.into_iter().take(3) {
            self.declared_before(finding, &subject, place);
        }
    }

    /// The series at the root of a blind chain of recording rules; else the finding's own.
    fn root_of(&self, finding: &Finding) -> String {
        let mut series = finding.subject.as_str();
        if finding.reason == Some(Reason::BlindRecord) {
            for _ in 0..MAX_CHAIN {
                let Some(next) = self.lacking.get(series).and_then(|lacking| lacking.first()) else {
                    break;
                };
                series = next;
            }
        }
        series.to_owned()
    }

    fn declared_before(&self, finding: &mut Finding, series: &str, place: Span) {
        let file = self.old.files.file(place.file);
        let line = LineIndex::new(&file.text).position(&file.text, place.start).line;
        let path = self.diff.changes.renamed.get(&file.path).unwrap_or(&file.path);
        finding.notes.push(format!(
            "before the change `{series}` was declared at {}:{line} ({} of {}): `{}`",
            file.shown_path,
            short(self.diff.commit),
            self.diff.revision,
            shortened(line_of(self.old.files, place))
        ));
        let hunks = self
            .diff
            .hunks
            .get(&file.path)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let (new_line, hunk) = git::new_line(hunks, line);
        let Some(new_file) = self.new.files.by_path(path) else {
            return;
        };
        let Some(span) = self.changed_place(new_file.id, new_line, hunk) else {
            return;
        };
        let message = match hunk {
            Some(Hunk { new_lines: 0, .. }) => format!("the change removed `{series}` below this line"),
            _ => format!("the change brought this where `{series}` was declared"),
        };
        match finding.related.iter_mut().find(|related| related.span == span) {
            Some(related) => related.message = format!("{message}; {}", related.message),
            None => finding.related.insert(0, Related { span, message }),
        }
    }

    /// The declaration among the new lines, or the first of these.
    fn changed_place(&self, file: FileId, line: u32, hunk: Option<Hunk>) -> Option<Span> {
        let text = &self.new.files.file(file).text;
        let lines = LineIndex::new(text);
        let until = line + hunk.map_or(1, |hunk| hunk.new_lines.max(1));
        let start = lines.start_of_line(line)?;
        let end = lines
            .start_of_line(until)
            .unwrap_or_else(|| u32::try_from(text.len()).unwrap_or(u32::MAX));
        let declaration = self
            .new
            .report
            .metrics
            .iter()
            .map(|emitter| emitter.name_span.unwrap_or(emitter.span))
            .find(|span| span.file == file && start <= span.start && span.start < end);
        if declaration.is_some() {
            return declaration;
        }
        let first = text.get(start as usize..)?.lines().next()?;
        let indentation = first.len() - first.trim_start().len();
        let from = start as usize + indentation;
        Some(Span::new(file, from..from + first.trim().len()))
    }
}

fn shortened(line: &str) -> String {
    const LONGEST: usize = 120;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

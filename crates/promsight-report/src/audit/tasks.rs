//! Findings to tasks: what one person would do in one go.
//!
//! Everything that looks at one missing series is one task, whoever looks: to bring the series back mends them all. So is
//! what one place keeps from Prometheus: the workloads, and who looks at their metrics. The findings of a check that are only
//! informative are one task together.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Area, Finding, Reason, Report, Severity, Span};

use super::v1;
use crate::place::Places;
use crate::words;

/// Pieces of evidence that a task lists.
const MAX_EVIDENCE: usize = 40;

/// Names that the title of a task lists.
const MAX_NAMES: usize = 3;

/// The area that a finding concerns.
pub(super) fn area_of(finding: &Finding, report: &Report) -> Area {
    if let Some(consumer) = &finding.consumer {
        return Area::of_consumer(consumer.kind);
    }
    let check = report.checks.iter().find(|check| check.name == finding.check);
    check.map_or(Area::Instrumentation, |check| check.area)
}

/// What makes findings one task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause<'a> {
    /// A series that readers miss.
    Missing(&'a str),
    /// A selector of a series that is there: the check, the series, and the text that asks for what it has not.
    Mismatch(&'a str, &'a str, &'a str),
    /// A place where metrics are lost on their way: the file's path and the text.
    Break(&'a str, &'a str),
    /// One subject of one check.
    Subject(&'a str, &'a str),
    /// All of a check.
    Check(&'a str),
}

impl<'a> Cause<'a> {
    /// `roots` are the findings by their places: what reads a blind recording rule is mended with the rule.
    fn of(finding: &'a Finding, roots: &BTreeMap<Span, &'a Finding>, places: &Places<'a>) -> Self {
        if let Some(span) = finding.cause {
            return Self::Break(&places.file(span.file).path, places.text(span));
        }
        match (finding.reason, finding.severity) {
            (_, Severity::Info) => Self::Check(finding.check),
            (Some(Reason::WrongLabel | Reason::WrongValue | Reason::WrongBucket), _) => {
                Self::Mismatch(finding.check, &finding.subject, places.text(finding.primary))
            }
            (Some(Reason::BlindRecord), _) => {
                let root = finding
                    .related
                    .iter()
                    .find_map(|related| roots.get(&related.span));
                Self::Missing(root.map_or(finding.subject.as_str(), |root| &root.subject))
            }
            (Some(_), _) => Self::Missing(&finding.subject),
            (None, _) => Self::Subject(finding.check, &finding.subject),
        }
    }

    fn id(&self) -> String {
        let words = match self {
            Self::Missing(series) => format!("missing\n{series}\n"),
            Self::Mismatch(check, series, asked) => format!("mismatch\n{check}\n{series}\n{asked}"),
            Self::Break(path, text) => format!("break\n{path}\n{text}"),
            Self::Subject(check, subject) => format!("subject\n{check}\n{subject}"),
            Self::Check(check) => format!("check\n{check}\n"),
        };
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in words.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        // 32 bits of FNV-1a: short enough to be said aloud, and tasks are few.
        format!("PS-{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
    }
}

/// The tasks of a report, the worst first.
pub(super) fn of(report: &Report, places: &Places<'_>) -> Vec<v1::Task> {
    let mut causes: BTreeMap<Cause<'_>, Vec<&Finding>> = BTreeMap::new();
    let roots: BTreeMap<Span, &Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.reason.is_some() && finding.reason != Some(Reason::BlindRecord))
        .map(|finding| (finding.primary, finding))
        .collect();
    for finding in &report.findings {
        causes
            .entry(Cause::of(finding, &roots, places))
            .or_default()
            .push(finding);
    }
    let mut tasks: Vec<(Severity, usize, v1::Task)> = causes
        .into_iter()
        .map(|(cause, findings)| {
            let worst = findings.iter().map(|finding| finding.severity).max();
            let worst = worst.unwrap_or(Severity::Info);
            (
                worst,
                findings.len(),
                task(&cause, &findings, worst, report, places),
            )
        })
        .collect();
    tasks.sort_by(|left, right| (right.0, right.1, &left.2.title).cmp(&(left.0, left.1, &right.2.title)));
    tasks.into_iter().map(|(_, _, task)| task).collect()
}

fn task(
    cause: &Cause<'_>,
    findings: &[&Finding],
    severity: Severity,
    report: &Report,
    places: &Places<'_>,
) -> v1::Task {
    let lead = findings
        .iter()
        .max_by_key(|finding| (finding.severity, std::cmp::Reverse(finding.primary)));
    let confidence = findings.iter().map(|finding| finding.confidence).max();
    let mut files: BTreeSet<String> = BTreeSet::new();
    let mut owners: BTreeSet<String> = BTreeSet::new();
    let mut proofs: Vec<v1::Evidence> = Vec::new();
    for finding in findings {
        owners.extend(
            finding
                .owner
                .iter()
                .flat_map(|owner| owner.split(' ').map(str::to_owned)),
        );
        let related = finding
            .related
            .iter()
            .map(|related| (related.span, related.message.as_str()));
        for (span, message) in std::iter::once((finding.primary, finding.message.as_str())).chain(related) {
            let proof = evidence(span, message, places);
            files.insert(proof.path.clone());
            if !proofs.contains(&proof) && proofs.len() < MAX_EVIDENCE {
                proofs.push(proof);
            }
        }
    }
    v1::Task {
        id: cause.id(),
        title: title(cause, findings, report),
        area: lead
            .map_or(Area::Instrumentation, |finding| area_of(finding, report))
            .word()
            .to_owned(),
        severity: severity.word().to_owned(),
        confidence: confidence
            .map_or("low", |confidence| confidence.word())
            .to_owned(),
        status: "open".to_owned(),
        owners: owners.into_iter().collect(),
        files: files.into_iter().collect(),
        evidence: proofs,
        ways: ways(cause, findings, places),
        findings: findings
            .iter()
            .map(|finding| finding.fingerprint.to_string())
            .collect(),
    }
}

fn title(cause: &Cause<'_>, findings: &[&Finding], report: &Report) -> String {
    match (cause, findings) {
        (Cause::Missing(series), _) => format!("{}: `{series}`", see_nothing(findings.len())),
        (_, [only]) => words::one_line(&only.message),
        (Cause::Mismatch(check, series, asked), _) => {
            let summary = summary(check, report);
            format!(
                "{} for `{series}`: {summary}, at `{}`",
                findings.len(),
                words::one_line(asked)
            )
        }
        (Cause::Break(..), _) => broken(findings, report),
        (Cause::Subject(check, subject), _) => {
            format!("{} for `{subject}`: {}", findings.len(), summary(check, report))
        }
        (Cause::Check(check), _) => {
            let names = names(findings.iter().copied());
            format!("{} × {}: {names}", findings.len(), summary(check, report))
        }
    }
}

/// What is lost at one place: the workloads first, then who looks.
fn broken(findings: &[&Finding], report: &Report) -> String {
    let (readers, workloads): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| finding.reason.is_some());
    let mut parts = Vec::new();
    match workloads.as_slice() {
        [] => {}
        [only] => parts.push(words::one_line(&only.message)),
        [first, ..] => {
            let names = names(workloads.iter().copied());
            parts.push(format!(
                "{} × {}: {names}",
                workloads.len(),
                summary(first.check, report)
            ));
        }
    }
    if !readers.is_empty() {
        let names = names(readers.iter().copied());
        parts.push(format!("{}: {names}", see_nothing(readers.len())));
    }
    parts.join("; ")
}

fn see_nothing(readers: usize) -> String {
    match readers {
        1 => "1 reader sees nothing".to_owned(),
        number => format!("{number} readers see nothing"),
    }
}

/// The first subjects in order, and how many there are besides.
fn names<'f>(findings: impl Iterator<Item = &'f Finding>) -> String {
    let names: BTreeSet<&str> = findings.map(|finding| finding.subject.as_str()).collect();
    let listed = names.iter().take(MAX_NAMES).map(|name| format!("`{name}`"));
    let mut listed: Vec<String> = listed.collect();
    if names.len() > MAX_NAMES {
        listed.push(format!("{} more", names.len() - MAX_NAMES));
    }
    listed.join(", ")
}

fn summary<'a>(check: &'a str, report: &'a Report) -> &'a str {
    let known = report.checks.iter().find(|known| known.name == check);
    known.map_or(check, |known| known.summary)
}

/// The ways to mend it.
fn ways(cause: &Cause<'_>, findings: &[&Finding], places: &Places<'_>) -> Vec<String> {
    match cause {
        Cause::Missing(series) => ways_of_missing(series, findings, places),
        Cause::Mismatch(_, _, asked) => ways_of_mismatch(asked, findings, places),
        Cause::Break(..) => ways_of_break(findings, places),
        Cause::Subject(check, _) | Cause::Check(check) => vec![
            format!("Mend it as `promsight explain {check}` says."),
            ON_PURPOSE.to_owned(),
        ],
    }
}

/// The way where nothing is wrong.
const ON_PURPOSE: &str =
    "If it is right as it is, say so with a reason: a comment beside it, or `ignore:` in promsight.yaml.";

/// A selector can be mended, or what it selects from.
fn ways_of_mismatch(asked: &str, findings: &[&Finding], places: &Places<'_>) -> Vec<String> {
    let readers = listed(findings.iter().map(|finding| finding.primary), places);
    let suggestions = findings.iter().filter_map(|finding| finding.suggestion.as_ref());
    let asked = words::one_line(asked);
    let change = match suggestions.map(|suggestion| &suggestion.replacement).next() {
        Some(replacement) => format!("write `{replacement}` for `{asked}`"),
        None => format!("it asks for `{asked}`"),
    };
    let declared = findings.iter().flat_map(|finding| &finding.related).next();
    vec![
        format!("Change what reads it, at {readers}: {change}."),
        match declared {
            Some(declared) => format!(
                "Or change the code at {}: {}.",
                line_range(declared.span, places),
                words::one_line(&declared.message)
            ),
            None => "Or change the code, so that the series has it.".to_owned(),
        },
    ]
}

/// What keeps metrics from Prometheus is mended where they are lost.
fn ways_of_break(findings: &[&Finding], places: &Places<'_>) -> Vec<String> {
    let cause = listed(findings.iter().filter_map(|finding| finding.cause), places);
    let told = findings.iter().find(|finding| finding.reason.is_none());
    let how = match (told, findings.first()) {
        (Some(told), _) => format!("`promsight explain {}` says how", told.check),
        (None, Some(reader)) => format!("`promsight trace {}` shows the way", reader.subject),
        (None, None) => return Vec::new(),
    };
    vec![
        format!("Mend the way to Prometheus, at {cause}: {how}."),
        match told {
            Some(_) => ON_PURPOSE.to_owned(),
            None => {
                let readers = listed(findings.iter().map(|finding| finding.primary), places);
                format!("Or change or remove what reads it, at {readers}.")
            }
        },
    ]
}

/// Places in order, each once.
fn listed(spans: impl Iterator<Item = Span>, places: &Places<'_>) -> String {
    let sites: BTreeSet<String> = spans.map(|span| line_range(span, places)).collect();
    sites.into_iter().collect::<Vec<_>>().join(", ")
}

/// What is missing can be mended at both ends.
fn ways_of_missing(series: &str, findings: &[&Finding], places: &Places<'_>) -> Vec<String> {
    // What reads it through a recording rule is mended with that rule.
    let direct = findings.iter().filter(|finding| finding.subject == series);
    let readers = listed(direct.map(|finding| finding.primary), places);
    let replacement = findings
        .iter()
        .find_map(|finding| finding.suggestion.as_ref())
        .map(|suggestion| &suggestion.replacement);
    let declaration = findings
        .iter()
        .filter(|finding| finding.reason != Some(Reason::BlindRecord))
        .flat_map(|finding| &finding.related)
        .map(|related| line_range(related.span, places))
        .next();
    match (replacement, declaration) {
        (Some(replacement), declaration) => vec![
            format!("Change what reads it: write `{replacement}` for `{series}` at {readers}."),
            match declaration {
                Some(site) => format!(
                    "Or change the code, so that it exposes `{series}` again: `{replacement}` comes from {site}."
                ),
                None => {
                    format!("Or change the code, so that it exposes `{series}` in place of `{replacement}`.")
                }
            },
        ],
        (None, Some(site)) => vec![
            format!("Emit `{series}`, near {site} for instance."),
            format!("Or change or remove what reads it, at {readers}."),
        ],
        (None, None) => vec![
            format!("Emit `{series}`; if another program does, name it under `external:` in promsight.yaml."),
            format!("Or change or remove what reads it, at {readers}."),
        ],
    }
}

fn line_range(span: Span, places: &Places<'_>) -> String {
    let proof = evidence(span, "", places);
    format!("`{}`", range(&proof))
}

/// `path:line` or `path:line-line`.
pub(super) fn range(proof: &v1::Evidence) -> String {
    if proof.line == proof.end_line {
        format!("{}:{}", proof.path, proof.line)
    } else {
        format!("{}:{}-{}", proof.path, proof.line, proof.end_line)
    }
}

pub(super) fn evidence(span: Span, message: &str, places: &Places<'_>) -> v1::Evidence {
    let place = places.place(span);
    v1::Evidence {
        path: place.path.to_owned(),
        line: place.start.line,
        end_line: place.end.line,
        message: words::one_line(message),
    }
}

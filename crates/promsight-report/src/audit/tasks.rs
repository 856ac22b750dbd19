//! Findings to tasks: what one person would do in one go.
//!
//! Everything that looks at one missing series is one task, whoever looks: to bring the series back mends them all. The
//! findings of a check that are only informative are one task together.

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
    /// One subject of one check.
    Subject(&'a str, &'a str),
    /// All of a check.
    Check(&'a str),
}

impl<'a> Cause<'a> {
    /// `roots` are the findings by their places: what reads a blind recording rule is mended with the rule.
    fn of(finding: &'a Finding, roots: &BTreeMap<Span, &'a Finding>) -> Self {
        match (finding.reason, finding.severity) {
            (_, Severity::Info) => Self::Check(finding.check),
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
            Self::Missing(series) => ["missing", series, ""],
            Self::Subject(check, subject) => ["subject", check, subject],
            Self::Check(check) => ["check", check, ""],
        };
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in words.join("\n").bytes() {
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
            .entry(Cause::of(finding, &roots))
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
        (Cause::Missing(series), _) => format!(
            "{} nothing: `{series}`",
            match findings.len() {
                1 => "1 reader sees".to_owned(),
                number => format!("{number} readers see"),
            }
        ),
        (_, [only]) => words::one_line(&only.message),
        (Cause::Subject(check, subject), _) => {
            format!("{} for `{subject}`: {}", findings.len(), summary(check, report))
        }
        (Cause::Check(check), _) => {
            let names: BTreeSet<&str> = findings.iter().map(|finding| finding.subject.as_str()).collect();
            let mut listed: Vec<String> = names
                .iter()
                .take(MAX_NAMES)
                .map(|name| format!("`{name}`"))
                .collect();
            if names.len() > MAX_NAMES {
                listed.push(format!("{} more", names.len() - MAX_NAMES));
            }
            format!(
                "{} × {}: {}",
                findings.len(),
                summary(check, report),
                listed.join(", ")
            )
        }
    }
}

fn summary<'a>(check: &'a str, report: &'a Report) -> &'a str {
    let known = report.checks.iter().find(|known| known.name == check);
    known.map_or(check, |known| known.summary)
}

/// The ways to mend it. What is missing can be mended at both ends.
fn ways(cause: &Cause<'_>, findings: &[&Finding], places: &Places<'_>) -> Vec<String> {
    let Cause::Missing(series) = cause else {
        let check = findings.first().map_or("", |finding| finding.check);
        return vec![
            format!("Mend it as `promsight explain {check}` says."),
            "If it is right as it is, say so with a reason: a comment beside it, or `ignore:` in promsight.yaml."
                .to_owned(),
        ];
    };
    // What reads it through a recording rule is mended with that rule.
    let sites: BTreeSet<String> = findings
        .iter()
        .filter(|finding| finding.subject == *series)
        .map(|finding| line_range(finding.primary, places))
        .collect();
    let readers = sites.into_iter().collect::<Vec<_>>().join(", ");
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

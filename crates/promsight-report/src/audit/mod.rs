//! The readiness review: the facts of a report as areas, evidence and tasks.
//!
//! Owns which findings are one task, the names that tasks keep across runs, and the comparison with an earlier review.
//! How it is written stands in [`markdown`] and [`v1`].

mod markdown;
mod tasks;
pub mod v1;

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Area, FileSet, GapKind, Report, Severity, Verdict};

use crate::place::Places;
use crate::{json, words};

/// The formats of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFormat {
    /// For people.
    Markdown,
    /// For programs, and for the next review to compare with.
    Json,
}

/// Places listed for each kind of thing that was not verified.
const LISTED: usize = 10;

/// The review of a report, compared with an earlier one where there is one. Ends in a line break.
pub fn render(report: &Report, files: &FileSet, earlier: Option<&v1::Audit>, format: AuditFormat) -> String {
    let audit = audit(report, files, earlier);
    match format {
        AuditFormat::Markdown => markdown::page(&audit),
        AuditFormat::Json => json::print(&audit),
    }
}

/// An earlier review in JSON; errs with a clause where the text is none.
pub fn parse(text: &str) -> Result<v1::Audit, String> {
    let audit: v1::Audit = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if audit.schema_version != v1::SCHEMA_VERSION {
        return Err(format!(
            "its schema_version is {}, and this promsight reads {}",
            audit.schema_version,
            v1::SCHEMA_VERSION
        ));
    }
    Ok(audit)
}

/// The review of a report.
pub fn audit(report: &Report, files: &FileSet, earlier: Option<&v1::Audit>) -> v1::Audit {
    let places = Places::new(files);
    let tasks = tasks::of(report, &places);
    let areas: Vec<v1::Area> = Area::ALL.iter().map(|area| review(*area, report)).collect();
    let comparison = earlier.map(|earlier| compare(earlier, &tasks));
    let mut closed = comparison
        .as_ref()
        .map(|comparison| comparison.remediated.clone())
        .unwrap_or_default();
    for task in earlier.iter().flat_map(|earlier| &earlier.closed) {
        let is_known = |known: &v1::TaskName| known.id == task.id;
        if !closed.iter().any(is_known) && !tasks.iter().any(|open| open.id == task.id) {
            closed.push(task.clone());
        }
    }
    closed.sort();
    v1::Audit {
        schema_version: v1::SCHEMA_VERSION,
        tool: v1::Tool {
            name: "promsight".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        unverified: unverified(report, &areas, &places),
        areas,
        tasks,
        comparison,
        closed,
    }
}

fn review(area: Area, report: &Report) -> v1::Area {
    let mut findings = v1::FindingCounts::default();
    for finding in &report.findings {
        if tasks::area_of(finding, report) == area {
            match finding.severity {
                Severity::Error => findings.error += 1,
                Severity::Warning => findings.warning += 1,
                Severity::Info => findings.info += 1,
            }
        }
    }
    let counts = counts(area, report);
    let is_checked = match area {
        // Their facts are findings alone: without a check of theirs nothing was asked.
        Area::Exposition | Area::Scraping => report.checks.iter().any(|check| check.area == area),
        // That nothing is wrong with the names does not mean that anybody is called.
        Area::AlertRouting => false,
        _ => counts.values().any(|number| *number > 0),
    };
    let status = match (is_checked, findings.error, findings.warning) {
        (false, 0, 0) => "not-verified",
        (_, 0, 0) => "ready",
        (_, 0, _) => "needs-attention",
        _ => "not-ready",
    };
    v1::Area {
        name: area.word().to_owned(),
        status: status.to_owned(),
        counts,
        findings,
    }
}

/// The numbers behind an area.
fn counts(area: Area, report: &Report) -> BTreeMap<String, u64> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut set = |name: &str, number: u64| {
        counts.insert(name.to_owned(), number);
    };
    match area {
        Area::Instrumentation => {
            for (kind, number) in &report.coverage.emitters {
                set(&format!("metrics_{kind}"), *number);
            }
            set("python_files", file_count(report, "python"));
        }
        Area::Rules | Area::Dashboards | Area::Runbooks => {
            let mut readers: BTreeSet<(&str, &str, Option<&str>, u32)> = BTreeSet::new();
            let mut verdicts: BTreeMap<Verdict, u64> = BTreeMap::new();
            for reference in &report.references {
                let consumer = &reference.consumer;
                if Area::of_consumer(consumer.kind) == area {
                    readers.insert((
                        consumer.kind.word(),
                        &consumer.name,
                        consumer.group.as_deref(),
                        consumer.scope.file.0,
                    ));
                    *verdicts.entry(reference.verdict).or_default() += 1;
                }
            }
            for (verdict, number) in verdicts {
                set(&format!("references_{}", verdict.word()), number);
            }
            set("readers", readers.len() as u64);
            let kinds: &[&str] = match area {
                Area::Rules => &["rules"],
                Area::Dashboards => &["dashboards"],
                _ => &["documents", "scripts"],
            };
            for kind in kinds {
                let noun = if *kind == "rules" { "rule_files" } else { kind };
                set(noun, file_count(report, kind));
            }
        }
        Area::Exposition | Area::Scraping => set("manifests", file_count(report, "manifests")),
        Area::AlertRouting => {}
    }
    counts
}

fn file_count(report: &Report, kind: &str) -> u64 {
    report.coverage.files.get(kind).copied().unwrap_or_default()
}

/// What no check could answer, and why.
fn unverified(report: &Report, areas: &[v1::Area], places: &Places<'_>) -> Vec<v1::Unverified> {
    let mut unverified: Vec<v1::Unverified> = areas
        .iter()
        .filter(|area| area.status == "not-verified")
        .map(|area| v1::Unverified {
            what: format!(
                "area of which nothing was verified: {}",
                area.name.replace('-', " ")
            ),
            count: 1,
            evidence: Vec::new(),
        })
        .collect();
    let mut add = |what: String, spans: Vec<(promsight_model::Span, String)>| {
        if spans.is_empty() {
            return;
        }
        unverified.push(v1::Unverified {
            what,
            count: spans.len() as u64,
            evidence: spans
                .into_iter()
                .take(LISTED)
                .map(|(span, message)| tasks::evidence(span, &message, places))
                .collect(),
        });
    };
    let kinds = [
        (
            GapKind::UnresolvedName,
            "names of metrics that are known only when the program runs",
        ),
        (GapKind::UnresolvedImport, "imports that could not be followed"),
        (
            GapKind::Syntax,
            "files that are not valid in their format; they were read around the error",
        ),
        (GapKind::Encoding, "files in no known encoding"),
        (
            GapKind::Limit,
            "files that were too large or too deep, or could not be opened",
        ),
        (GapKind::Template, "templates that were read with holes"),
    ];
    for (kind, what) in kinds {
        let gaps = report.gaps.iter().filter(|gap| gap.kind == kind);
        add(
            what.to_owned(),
            gaps.map(|gap| (gap.span, gap.message.clone())).collect(),
        );
    }
    for (verdict, what) in [
        (
            Verdict::Foreign,
            "series that nothing here emits and nothing says should be; another program may emit them",
        ),
        (
            Verdict::Possible,
            "series that could be emitted here: a name that is known in part only would fit",
        ),
        (Verdict::Unreadable, "queries that do not parse"),
    ] {
        let references = report
            .references
            .iter()
            .filter(|reference| reference.verdict == verdict);
        add(
            what.to_owned(),
            references
                .map(|reference| {
                    let series = words::series(&reference.selector.name);
                    let reader = words::consumer(&reference.consumer);
                    (reference.selector.span, format!("{reader} reads `{series}`"))
                })
                .collect(),
        );
    }
    let hidden = [
        (report.hidden.comments, "findings that comments hide"),
        (
            report.hidden.configuration,
            "findings that the configuration hides",
        ),
    ];
    for (number, what) in hidden {
        if number > 0 {
            unverified.push(v1::Unverified {
                what: what.to_owned(),
                count: number,
                evidence: Vec::new(),
            });
        }
    }
    unverified
}

/// What became of the tasks of an earlier review.
fn compare(earlier: &v1::Audit, tasks: &[v1::Task]) -> v1::Comparison {
    let open: BTreeSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    let before: BTreeSet<&str> = earlier.tasks.iter().map(|task| task.id.as_str()).collect();
    let closed: BTreeSet<&str> = earlier.closed.iter().map(|task| task.id.as_str()).collect();
    let names = |list: Vec<&v1::Task>| -> Vec<v1::TaskName> {
        let mut names: Vec<v1::TaskName> = list.into_iter().map(v1::Task::name).collect();
        names.sort();
        names
    };
    let is_claimed = |task: &&v1::Task| task.status != "open";
    v1::Comparison {
        remediated: names(
            earlier
                .tasks
                .iter()
                .filter(|task| !open.contains(task.id.as_str()))
                .collect(),
        ),
        claimed_done: names(
            earlier
                .tasks
                .iter()
                .filter(|task| open.contains(task.id.as_str()))
                .filter(is_claimed)
                .collect(),
        ),
        still_open: names(
            tasks
                .iter()
                .filter(|task| before.contains(task.id.as_str()))
                .collect(),
        ),
        regressed: names(
            tasks
                .iter()
                .filter(|task| closed.contains(task.id.as_str()))
                .collect(),
        ),
        new: names(
            tasks
                .iter()
                .filter(|task| !before.contains(task.id.as_str()) && !closed.contains(task.id.as_str()))
                .collect(),
        ),
    }
}

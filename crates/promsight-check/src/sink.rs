//! The one place that every finding passes: severities, selection, suppressions, fingerprints and order.

use std::collections::BTreeSet;

use promsight_model::{
    CheckInfo, Confidence, Date, FileSet, Finding, JudgedReference, Note, Report, Severity, Suppression,
    Verdict,
};
use promsight_resolve::Resolution;

use crate::suppression::{self, ConfiguredIgnore};
use crate::{CHECKS, Check, Context, Strictness, area, fingerprint, targets, unused_suppression};

/// What the user set.
pub struct Settings<'a> {
    /// The severity of a finding at that root-relative path, given with the check's own; `None` where it is off.
    pub level: &'a (dyn Fn(&Finding, &str) -> Option<Severity> + Sync),
    /// Only these checks; all where empty.
    pub select: Vec<String>,
    /// Not these checks.
    pub ignore: Vec<String>,
    /// Findings below it are dropped.
    pub min_confidence: Confidence,
    /// What becomes of references without evidence.
    pub strictness: Strictness,
    /// Comments that ask for findings to be hidden.
    pub suppressions: Vec<&'a Suppression>,
    /// Entries of the configuration that hide findings.
    pub ignores: Vec<ConfiguredIgnore<'a>>,
    /// Checks whose findings may not be hidden.
    pub locked: BTreeSet<String>,
    /// The day by which suppressions expire.
    pub today: Date,
    /// Whether the run sees all that suppressions may speak of.
    pub extent: Extent,
}

/// How much of the root a run reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it: what hides nothing now hides nothing.
    #[default]
    Whole,
    /// A part: what hides nothing now may be needed when the whole is read.
    Part,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            level: &|finding, _| Some(finding.severity),
            select: Vec::new(),
            ignore: Vec::new(),
            min_confidence: Confidence::Low,
            strictness: Strictness::Evidence,
            suppressions: Vec::new(),
            ignores: Vec::new(),
            locked: BTreeSet::new(),
            today: Date::from_days(0),
            extent: Extent::Whole,
        }
    }
}

impl Settings<'_> {
    fn runs(&self, check: &Check) -> bool {
        (self.select.is_empty() || self.select.iter().any(|name| name == check.name))
            && !self.ignore.iter().any(|name| name == check.name)
    }

    /// The finding with the severity that the user gave it; `None` where it is off or not sure enough.
    fn shown(&self, finding: Finding, files: &FileSet) -> Option<Finding> {
        let severity = (self.level)(&finding, &files.file(finding.primary.file).path)?;
        (finding.confidence >= self.min_confidence).then_some(Finding { severity, ..finding })
    }
}

/// Runs every selected check and makes the report.
pub fn run(resolution: &Resolution, files: &FileSet, settings: &Settings<'_>) -> Report {
    let context = Context {
        resolution,
        files,
        strict: settings.strictness,
    };
    let running: Vec<&Check> = CHECKS.iter().filter(|check| settings.runs(check)).collect();
    let found = running
        .iter()
        .flat_map(|check| with_severity((check.find)(&context), check));
    let outcome = suppression::apply(in_order(found.collect(), files), files, settings);
    let mut findings = outcome.findings;
    if settings.runs(&unused_suppression::CHECK) {
        let names: BTreeSet<&str> = running.iter().map(|check| check.name).collect();
        let unused = unused_suppression::findings(&outcome.uses, &names, files, settings);
        let unused = with_severity(unused, &unused_suppression::CHECK);
        findings.extend(suppression::configured(
            in_order(unused.collect(), files),
            files,
            settings,
        ));
    }
    let mut findings: Vec<Finding> = findings
        .into_iter()
        .filter_map(|finding| settings.shown(finding, files))
        .collect();
    findings.sort_by(|left, right| order(left).cmp(&order(right)));
    Report {
        findings,
        metrics: resolution
            .emitters
            .iter()
            .map(|resolved| resolved.emitter.clone())
            .collect(),
        exposures: resolution.exposures.clone(),
        references: resolution
            .references
            .iter()
            .map(|reference| JudgedReference {
                consumer: reference.consumer.clone(),
                selector: reference.selector.clone(),
                verdict: reference.verdict,
                resolved_by: reference.resolved_by.clone(),
            })
            .collect(),
        jobs: targets::jobs(resolution, files),
        unselected: targets::unselected(resolution, files),
        traces: Vec::new(),
        gaps: resolution.gaps.clone(),
        coverage: resolution.coverage.clone(),
        notes: notes(resolution),
        reconcilable: resolution.has_sources && !resolution.references.is_empty(),
        checks: CHECKS
            .iter()
            .map(|check| CheckInfo {
                name: check.name,
                severity: check.severity,
                summary: check.summary,
                documentation: check.documentation,
                area: area::of(check.name),
            })
            .collect(),
        hidden: outcome.hidden,
        comparison: None,
    }
}

fn with_severity(findings: Vec<Finding>, check: &Check) -> impl Iterator<Item = Finding> {
    let most = check.severity;
    findings.into_iter().map(move |finding| Finding {
        severity: finding.severity.min(most),
        ..finding
    })
}

/// Sorted and named. Before anything is hidden, so that hiding one of two equal findings renames neither.
fn in_order(mut findings: Vec<Finding>, files: &FileSet) -> Vec<Finding> {
    findings.sort_by(|left, right| order(left).cmp(&order(right)));
    fingerprint::assign(&mut findings, files);
    findings
}

/// File ids follow the order of paths, so spans order by path, then place.
fn order(finding: &Finding) -> (promsight_model::Span, &'static str, &str, &str) {
    (finding.primary, finding.check, &finding.subject, &finding.message)
}

fn notes(resolution: &Resolution) -> Vec<Note> {
    let mut notes = Vec::new();
    let count = |verdict| {
        resolution
            .references
            .iter()
            .filter(|reference| reference.verdict == verdict)
            .count()
    };
    let judged = resolution.references.len();
    if judged == 0 {
        notes.push(Note {
            message:
                "Nothing here looks at a metric: no rule, dashboard, document or script with a query was \
                      found. Pass the folders that hold them as well."
                    .to_owned(),
        });
    }
    let stored = &resolution.stored;
    if stored.declared > 0 && stored.seen == 0 {
        notes.push(Note {
            message: format!(
                "{} has seen none of the {} metrics that this tree declares: it does not scrape this code, so what it \
                 lacks is not reported.",
                stored.address, stored.declared
            ),
        });
    }
    if !resolution.has_emitters && judged > 0 {
        let unjudged = count(Verdict::Foreign) + count(Verdict::Possible);
        notes.push(Note {
            message: format!(
                "Nothing here emits a metric, so {unjudged} of {judged} references cannot be judged. Pass the folder \
                 of the instrumented Python code as well, or name what other programs emit under `external:` in \
                 promsight.yaml."
            ),
        });
    } else {
        let foreign = count(Verdict::Foreign);
        if foreign > 0 {
            notes.push(Note {
                message: format!(
                    "{foreign} of {judged} references read series that nothing here emits and nothing says should be \
                     emitted here; they are no findings. `promsight references` lists them as foreign, `--strict` \
                     reports them, `external:` in promsight.yaml names what other programs emit."
                ),
            });
        }
    }
    notes
}

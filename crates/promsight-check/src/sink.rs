//! The one place that every finding passes: severities, selection, ignores, fingerprints and order.

use std::collections::BTreeMap;

use promsight_model::{
    Confidence, FileSet, Finding, Fingerprint, JudgedReference, Note, Report, Severity, Verdict,
};
use promsight_resolve::Resolution;

use crate::{CHECKS, Context, Strictness};

/// What the user set.
pub struct Settings<'a> {
    /// Severities by check that replace the checks' own.
    pub severity: BTreeMap<String, Severity>,
    /// Only these checks; all where empty.
    pub select: Vec<String>,
    /// Not these checks.
    pub ignore: Vec<String>,
    /// Findings below it are dropped.
    pub min_confidence: Confidence,
    /// What becomes of references without evidence.
    pub strictness: Strictness,
    /// Whether the configuration ignores a finding at that root-relative path.
    pub ignored: &'a dyn Fn(&Finding, &str) -> bool,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            severity: BTreeMap::new(),
            select: Vec::new(),
            ignore: Vec::new(),
            min_confidence: Confidence::Low,
            strictness: Strictness::Evidence,
            ignored: &|_, _| false,
        }
    }
}

/// Runs every selected check and makes the report.
pub fn run(resolution: &Resolution, files: &FileSet, settings: &Settings<'_>) -> Report {
    let context = Context {
        resolution,
        files,
        strict: settings.strictness,
    };
    let mut findings: Vec<Finding> = CHECKS
        .iter()
        .filter(|check| settings.select.is_empty() || settings.select.iter().any(|name| name == check.name))
        .filter(|check| !settings.ignore.iter().any(|name| name == check.name))
        .flat_map(|check| {
            let severity = settings
                .severity
                .get(check.name)
                .copied()
                .unwrap_or(check.severity);
            (check.find)(&context)
                .into_iter()
                .map(move |finding| Finding { severity, ..finding })
        })
        .filter(|finding| finding.confidence >= settings.min_confidence)
        .filter(|finding| !(settings.ignored)(finding, &files.file(finding.primary.file).path))
        .collect();
    findings.sort_by(|left, right| order(left).cmp(&order(right)));
    fingerprint(&mut findings, files);
    Report {
        findings,
        metrics: resolution
            .emitters
            .iter()
            .map(|resolved| resolved.emitter.clone())
            .collect(),
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
        gaps: resolution.gaps.clone(),
        coverage: resolution.coverage.clone(),
        notes: notes(resolution),
        reconcilable: resolution.has_sources && !resolution.references.is_empty(),
    }
}

/// File ids follow the order of paths, so spans order by path, then place.
fn order(finding: &Finding) -> (promsight_model::Span, &'static str, &str, &str) {
    (finding.primary, finding.check, &finding.subject, &finding.message)
}

/// Names each finding by what it is about and who looks, not by its line; equal ones are numbered in order.
fn fingerprint(findings: &mut [Finding], files: &FileSet) {
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    for finding in findings {
        let mut hash = Fnv::default();
        hash.text(finding.check);
        hash.text(&finding.subject);
        hash.text(&files.file(finding.primary.file).path);
        if let Some(consumer) = &finding.consumer {
            hash.text(consumer.kind.word());
            hash.text(&consumer.name);
            hash.text(consumer.group.as_deref().unwrap_or_default());
        }
        let count = seen.entry(hash.0).or_default();
        *count += 1;
        if *count > 1 {
            hash.text(&count.to_string());
        }
        finding.fingerprint = Fingerprint(hash.0);
    }
}

/// FNV-1a, 64 bits: the same on every platform and in every version of the standard library.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn text(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
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

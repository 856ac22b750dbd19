//! The baseline: findings that a team knows of and has decided to mend later.
//!
//! Owns the file (`--baseline`, `--write-baseline`) and which findings it hides. The file is JSON with one finding a
//! line, sorted by path, so that its changes can be read in a review. Findings are known by their fingerprints; where
//! a file was renamed, by what they say of whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use promsight_model::{FileSet, Finding, Note, Report};
use serde::{Deserialize, Serialize};

/// The version of the file's format.
const SCHEMA_VERSION: u32 = 1;

/// A baseline that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error(
        "cannot read the baseline {path}: {reason}; `--write-baseline {path}` writes one",
        path = path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file is not one that promsight has written.
    #[error("{path}:{line}:{column}: this is no baseline: {reason}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// The findings of a baseline.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema_version: u32,
    findings: Vec<Entry>,
}

/// One known finding. The fingerprint finds it again; the rest is for people and for renamed files.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Entry {
    path: String,
    check: String,
    subject: String,
    consumer: Option<String>,
    message: String,
    fingerprint: String,
}

impl Entry {
    fn of(finding: &Finding, files: &FileSet) -> Self {
        Self {
            path: files.file(finding.primary.file).path.clone(),
            check: finding.check.to_owned(),
            subject: finding.subject.clone(),
            consumer: finding.consumer.as_ref().map(|consumer| {
                let group = consumer.group.as_deref().unwrap_or_default();
                let words = [consumer.kind.word(), group, &consumer.name];
                let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
                words.join(" / ")
            }),
            message: finding.message.clone(),
            fingerprint: finding.fingerprint.to_string(),
        }
    }

    /// What it is about and who looks, wherever the file lies.
    fn essence(&self) -> (&str, &str, Option<&str>) {
        (&self.check, &self.subject, self.consumer.as_deref())
    }
}

/// What became of the entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Findings that are hidden.
    pub hidden: u64,
    /// Entries that speak of no finding any more.
    pub stale: u64,
}

impl Baseline {
    /// The findings of a report.
    pub fn of(report: &Report, files: &FileSet) -> Self {
        let mut entries: Vec<Entry> = report
            .findings
            .iter()
            .map(|finding| Entry::of(finding, files))
            .collect();
        entries.sort();
        Self { entries }
    }

    /// How many findings it knows.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reads a baseline that `--write-baseline` has written.
    pub fn load(path: &Path) -> Result<Self, BaselineError> {
        let text = std::fs::read_to_string(path).map_err(|error| BaselineError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        Self::parse(&text, path)
    }

    /// Decodes the text of a baseline; `path` is named in errors.
    pub fn parse(text: &str, path: &Path) -> Result<Self, BaselineError> {
        let invalid = |line, column, reason| BaselineError::Invalid {
            path: path.to_owned(),
            line,
            column,
            reason,
        };
        let file: File = serde_json::from_str(text)
            .map_err(|error| invalid(error.line(), error.column(), error.to_string()))?;
        if file.schema_version != SCHEMA_VERSION {
            let reason = format!(
                "its schema_version is {}, and this promsight reads {SCHEMA_VERSION}",
                file.schema_version
            );
            return Err(invalid(1, 1, reason));
        }
        Ok(Self {
            entries: file.findings,
        })
    }

    /// The text of the file: one finding a line.
    pub fn text(&self) -> String {
        // An entry is a flat object of texts, which always serialises.
        let lines: Vec<String> = self
            .entries
            .iter()
            .map(|entry| format!("    {}", serde_json::to_string(entry).unwrap_or_default()))
            .collect();
        let findings = if lines.is_empty() {
            "[]".to_owned()
        } else {
            format!("[\n{}\n  ]", lines.join(",\n"))
        };
        format!("{{\n  \"schema_version\": {SCHEMA_VERSION},\n  \"findings\": {findings}\n}}\n")
    }

    /// Takes the findings that it knows out of the report.
    pub fn hide(&self, report: &mut Report, files: &FileSet) -> Outcome {
        let found: Vec<Entry> = report
            .findings
            .iter()
            .map(|finding| Entry::of(finding, files))
            .collect();
        let (known, stale) = self.match_up(&found, files);
        let mut index = 0;
        report.findings.retain(|_| {
            index += 1;
            !known.contains(&(index - 1))
        });
        let outcome = Outcome {
            hidden: known.len() as u64,
            stale,
        };
        report.hidden.baseline += outcome.hidden;
        outcome
    }

    /// The indices of the findings that it knows, and how many entries are left over.
    fn match_up(&self, found: &[Entry], files: &FileSet) -> (BTreeSet<usize>, u64) {
        let by_fingerprint: BTreeMap<&str, usize> = (0..)
            .zip(found)
            .map(|(index, entry)| (entry.fingerprint.as_str(), index))
            .collect();
        let mut known = BTreeSet::new();
        let mut left = Vec::new();
        for entry in &self.entries {
            match by_fingerprint.get(entry.fingerprint.as_str()) {
                Some(index) if known.insert(*index) => {}
                _ => left.push(entry),
            }
        }
        // A file that is gone may have been renamed.
        let mut moved: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, entry) in found.iter().enumerate().rev() {
            if !known.contains(&index) {
                moved.entry(entry.essence()).or_default().push(index);
            }
        }
        let mut stale = 0;
        for entry in left {
            let is_gone = files.by_path(&entry.path).is_none();
            match moved
                .get_mut(&entry.essence())
                .filter(|_| is_gone)
                .and_then(Vec::pop)
            {
                Some(index) => {
                    known.insert(index);
                }
                None => stale += 1,
            }
        }
        (known, stale)
    }
}

/// The remark on entries that speak of nothing any more.
pub fn stale_note(stale: u64, path: &Path) -> Note {
    let entries = match stale {
        1 => "1 entry of the baseline speaks of a finding that is gone".to_owned(),
        stale => format!("{stale} entries of the baseline speak of findings that are gone"),
    };
    Note {
        message: format!(
            "{entries}; `--write-baseline {path}` removes what is stale.",
            path = path.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, subject: &str, fingerprint: &str) -> Entry {
        Entry {
            path: path.to_owned(),
            check: "blind-alert".to_owned(),
            subject: subject.to_owned(),
            consumer: Some("alert / shop / Closed".to_owned()),
            message: format!("nothing emits `{subject}`"),
            fingerprint: fingerprint.to_owned(),
        }
    }

    fn files(paths: &[&str]) -> FileSet {
        FileSet::new(
            paths
                .iter()
                .map(|path| ((*path).to_owned(), (*path).to_owned(), "".into()))
                .collect(),
        )
    }

    #[test]
    fn the_file_holds_one_finding_a_line_and_is_read_back() {
        let baseline = Baseline {
            entries: vec![
                entry("a.yaml", "shop_open", "01"),
                entry("b.yaml", "shop_\"x\"", "02"),
            ],
        };
        let text = baseline.text();
        assert_eq!(
            text.lines().filter(|line| line.contains("fingerprint")).count(),
            2
        );
        let read = Baseline::parse(&text, Path::new("b.json")).expect("it is what was written");
        assert_eq!(read.entries, baseline.entries);
        let none = Baseline::default();
        assert!(
            Baseline::parse(&none.text(), Path::new("b.json"))
                .expect("it is what was written")
                .is_empty()
        );
    }

    #[test]
    fn what_is_no_baseline_is_refused_with_its_place() {
        let error = |text: &str| {
            Baseline::parse(text, Path::new("b.json"))
                .expect_err("it is none")
                .to_string()
        };
        assert!(error("{\n  \"a\": 1\n}").starts_with("b.json:2:5: this is no baseline: "));
        assert_eq!(
            error("{\"schema_version\": 2, \"findings\": []}"),
            "b.json:1:1: this is no baseline: its schema_version is 2, and this promsight reads 1"
        );
    }

    #[test]
    fn a_finding_of_a_renamed_file_is_known_and_one_of_a_copied_file_is_new() {
        let baseline = Baseline {
            entries: vec![entry("old.yaml", "shop_open", "01")],
        };
        let renamed = [entry("new.yaml", "shop_open", "02")];
        let (known, stale) = baseline.match_up(&renamed, &files(&["new.yaml"]));
        assert_eq!((known.len(), stale), (1, 0));
        let copied = [
            entry("new.yaml", "shop_open", "02"),
            entry("old.yaml", "shop_open", "01"),
        ];
        let (known, stale) = baseline.match_up(&copied, &files(&["new.yaml", "old.yaml"]));
        assert_eq!((known, stale), (BTreeSet::from([1]), 0));
        let fixed = [entry("new.yaml", "shop_open", "02")];
        let (known, stale) = baseline.match_up(&fixed, &files(&["new.yaml", "old.yaml"]));
        assert_eq!((known.len(), stale), (0, 1), "the new file's finding is its own");
    }
}

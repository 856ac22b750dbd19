//! The review in JSON, `schema_version` 1. Written by one run and read by the next.
//!
//! Frozen as the report is: fields may be added, with a default for reviews that lack them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of these structs.
pub const SCHEMA_VERSION: u32 = 1;

/// A readiness review.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: Tool,
    /// The areas, from the code outwards.
    pub areas: Vec<Area>,
    /// What is to be done, the worst first.
    pub tasks: Vec<Task>,
    /// What could not be verified, and why.
    pub unverified: Vec<Unverified>,
    /// What became of the tasks of the review that this one was compared with.
    #[serde(default)]
    pub comparison: Option<Comparison>,
    /// Tasks of earlier reviews that are done; a task that comes back has regressed.
    #[serde(default)]
    pub closed: Vec<TaskName>,
}

/// The program.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One area.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Area {
    /// Its word.
    pub name: String,
    /// `ready`, `needs-attention` (warnings), `not-ready` (errors), or `not-verified` (nothing of it was found).
    pub status: String,
    /// The numbers behind it.
    pub counts: BTreeMap<String, u64>,
    /// Its findings by severity.
    pub findings: FindingCounts,
}

/// Findings by severity.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the words of the contract")]
pub struct FindingCounts {
    pub error: u64,
    pub warning: u64,
    pub info: u64,
}

/// Something to be done.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Its name across reviews.
    pub id: String,
    /// What is wrong, as a sentence.
    pub title: String,
    /// The word of its area.
    pub area: String,
    /// The worst severity of its findings.
    pub severity: String,
    /// The best confidence of its findings.
    pub confidence: String,
    /// `open`. Who works on it may write another word (`done`); the next review says whether that holds.
    pub status: String,
    /// Who owns the files.
    pub owners: Vec<String>,
    /// The files to touch, those of either way.
    pub files: Vec<String>,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// The ways to mend it; any of them will do.
    pub ways: Vec<String>,
    /// The findings' fingerprints.
    pub findings: Vec<String>,
}

impl Task {
    /// Its id and title.
    pub fn name(&self) -> TaskName {
        TaskName {
            id: self.id.clone(),
            title: self.title.clone(),
        }
    }
}

/// A task by its name.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "the fields are those of a task")]
pub struct TaskName {
    pub id: String,
    pub title: String,
}

/// A place that shows something.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// The file, relative to the working directory.
    pub path: String,
    /// The first line, from 1.
    pub line: u32,
    /// The last line.
    pub end_line: u32,
    /// What it shows.
    pub message: String,
}

/// Something that no check could answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Unverified {
    /// What, and why not.
    pub what: String,
    /// How many.
    pub count: u64,
    /// Some of the places.
    pub evidence: Vec<Evidence>,
}

/// Two reviews side by side.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Open then, gone now.
    pub remediated: Vec<TaskName>,
    /// Done in an earlier review, open again.
    pub regressed: Vec<TaskName>,
    /// Open then and now.
    pub still_open: Vec<TaskName>,
    /// Not there before.
    pub new: Vec<TaskName>,
    /// Of those still open: what somebody marked as done, and is not.
    pub claimed_done: Vec<TaskName>,
}

//! The result of a run, as every output format receives it.

use std::collections::BTreeMap;

use crate::emitter::Emitter;
use crate::facts::Gap;
use crate::finding::Finding;
use crate::name::Name;
use crate::reference::{Consumer, Selector, Verdict};
use crate::span::Span;

/// One reference with the reconciler's verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedReference {
    /// Who looks.
    pub consumer: Consumer,
    /// At what.
    pub selector: Selector,
    /// The verdict.
    pub verdict: Verdict,
    /// What resolves it, as shown to users: sites in the tree and names of exporters.
    pub resolved_by: Vec<ResolvedBy>,
}

/// One thing that resolves a reference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResolvedBy {
    /// An emitter or recording rule in the tree: its name and place.
    Site {
        /// The emitter's name.
        name: Name,
        /// Its place.
        span: Span,
    },
    /// An exporter of the catalogue, or a configured pattern.
    Outside(String),
}

/// How much was read and understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Files by the contract's kinds (`python`, `rules` …, `unreadable`).
    pub files: BTreeMap<&'static str, u64>,
    /// Emitters by kind of name (`exact`, `pattern`, `unresolved`); test-only ones are not counted.
    pub emitters: BTreeMap<&'static str, u64>,
    /// Queries by state (`parsed`, `templated`, `unreadable`).
    pub queries: BTreeMap<&'static str, u64>,
}

/// A remark about the run as a whole, shown above the summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The remark, one or two sentences.
    pub message: String,
}

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Findings by path, line, column, then check.
    pub findings: Vec<Finding>,
    /// Every emitter in the tree, recording rules included, by path, line, column, then name.
    pub metrics: Vec<Emitter>,
    /// Every reference, in the same order.
    pub references: Vec<JudgedReference>,
    /// What was not understood.
    pub gaps: Vec<Gap>,
    /// How much was read.
    pub coverage: Coverage,
    /// Remarks on the run as a whole.
    pub notes: Vec<Note>,
    /// Whether the run found anything to reconcile; where not the exit code is 3.
    pub reconcilable: bool,
}

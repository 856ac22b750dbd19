//! The result of a run, as every output format receives it.

use std::collections::BTreeMap;

use crate::emitter::Emitter;
use crate::facts::Gap;
use crate::finding::{Finding, Fingerprint, Severity};
use crate::name::Name;
use crate::reference::{Consumer, ConsumerKind, Selector, Verdict};
use crate::serving::Exposure;
use crate::sight::{ScrapeJob, Trace, UnselectedObject};
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

/// A part of what makes a service observable, from the code to the person who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// What the code declares and updates.
    Instrumentation,
    /// Whether what it declares is served.
    Exposition,
    /// Whether what is served is collected.
    Scraping,
    /// Alerting and recording rules.
    Rules,
    /// Dashboards.
    Dashboards,
    /// Runbooks, other documents and scripts.
    Runbooks,
    /// Where alerts go.
    AlertRouting,
}

impl Area {
    /// All of them, from the code outwards.
    pub const ALL: [Self; 7] = [
        Self::Instrumentation,
        Self::Exposition,
        Self::Scraping,
        Self::Rules,
        Self::Dashboards,
        Self::Runbooks,
        Self::AlertRouting,
    ];

    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Instrumentation => "instrumentation",
            Self::Exposition => "exposition",
            Self::Scraping => "scraping",
            Self::Rules => "rules",
            Self::Dashboards => "dashboards",
            Self::Runbooks => "runbooks",
            Self::AlertRouting => "alert-routing",
        }
    }

    /// That of a consumer.
    pub fn of_consumer(kind: ConsumerKind) -> Self {
        match kind {
            ConsumerKind::Alert | ConsumerKind::Record | ConsumerKind::Trigger => Self::Rules,
            ConsumerKind::Panel | ConsumerKind::Variable | ConsumerKind::Annotation => Self::Dashboards,
            ConsumerKind::Runbook | ConsumerKind::Script => Self::Runbooks,
        }
    }
}

/// A check as reports describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckInfo {
    /// Its name.
    pub name: &'static str,
    /// Its severity unless the configuration says otherwise.
    pub severity: Severity,
    /// What it says, in one clause.
    pub summary: &'static str,
    /// Its page, in Markdown.
    pub documentation: &'static str,
    /// The area of its findings that speak of no consumer.
    pub area: Area,
}

/// How many findings the user asked not to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// By comments beside them.
    pub comments: u64,
    /// By the configuration.
    pub configuration: u64,
    /// By the baseline.
    pub baseline: u64,
    /// By a comparison with an earlier revision, which had them already.
    pub unchanged: u64,
}

/// What a run was compared with, and what has gone since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The revision as it was named.
    pub revision: String,
    /// The commit that was read.
    pub commit: String,
    /// Findings that it had and this run has not.
    pub fixed: Vec<Fixed>,
}

/// A finding of an earlier revision that is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed {
    /// Where it stood then, as people open it; the file may be gone.
    pub path: String,
    /// The line then, from 1.
    pub line: u32,
    /// The column then, from 1.
    pub column: u32,
    /// The check.
    pub check: &'static str,
    /// How bad it was.
    pub severity: Severity,
    /// What it was about.
    pub subject: String,
    /// What it said.
    pub message: String,
    /// Its name across runs.
    pub fingerprint: Fingerprint,
}

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Findings by path, line, column, then check.
    pub findings: Vec<Finding>,
    /// Every emitter in the tree, recording rules included, by path, line, column, then name.
    pub metrics: Vec<Emitter>,
    /// What lets metrics out, by place.
    pub exposures: Vec<Exposure>,
    /// Every reference, in the same order.
    pub references: Vec<JudgedReference>,
    /// The scrape jobs, by the place of their Prometheus, then their own.
    pub jobs: Vec<ScrapeJob>,
    /// What no Prometheus of the tree selects.
    pub unselected: Vec<UnselectedObject>,
    /// The lines of sight that were asked for.
    pub traces: Vec<Trace>,
    /// What was not understood.
    pub gaps: Vec<Gap>,
    /// How much was read.
    pub coverage: Coverage,
    /// Remarks on the run as a whole.
    pub notes: Vec<Note>,
    /// Whether the run found anything to reconcile; where not the exit code is 3.
    pub reconcilable: bool,
    /// The checks that there are.
    pub checks: Vec<CheckInfo>,
    /// What was found and is not shown.
    pub hidden: Hidden,
    /// What the run was compared with, where it was.
    pub comparison: Option<Comparison>,
}

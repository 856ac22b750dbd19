//! What `promsight targets` and `promsight trace` show: the scrape jobs of the tree, and the line of sight of one name.

use crate::span::Span;

/// One scrape job with what it keeps and drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapeJob {
    /// Which Prometheus it belongs to, as people call it (`prometheus.yaml`, `Prometheus monitoring/main`).
    pub server: String,
    /// Where that is declared.
    pub server_span: Span,
    /// The job's name.
    pub name: String,
    /// Where the job is declared.
    pub span: Span,
    /// What it scrapes.
    pub kept: Vec<KeptTarget>,
    /// What it finds and drops.
    pub dropped: Vec<DroppedTarget>,
    /// What it names and nothing renders.
    pub dead: Vec<DeadTarget>,
    /// Why these are not all, as clauses.
    pub unknown: Vec<String>,
}

/// A target that is scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptTarget {
    /// Host and port; `*` for what only a running cluster knows.
    pub address: String,
    /// The path.
    pub path: String,
    /// The labels that its series get, by name; without a value where only a running cluster knows it.
    pub labels: Vec<(String, Option<String>)>,
    /// What answers there, where that is in the tree (`Deployment shop/pricing`).
    pub workload: Option<String>,
    /// Where the target comes from.
    pub span: Span,
}

/// A target that is found and not scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedTarget {
    /// What it is called: its workload, or its address.
    pub name: String,
    /// Why it is dropped, as a clause.
    pub reason: String,
    /// The rule that drops it.
    pub rule: Span,
    /// Where the target comes from.
    pub span: Span,
}

/// A target that cannot exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadTarget {
    /// What is named.
    pub name: String,
    /// Why it cannot exist, as a clause.
    pub reason: String,
    /// Where it is named.
    pub span: Span,
}

/// A part of a Prometheus' duty that nothing in the tree gives it: a monitor or rules that it does not select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnselectedObject {
    /// Which Prometheus.
    pub server: String,
    /// The kind of what is not selected (`ServiceMonitor`).
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Why, as a clause.
    pub reason: String,
    /// Where it is declared.
    pub span: Span,
}

/// The line of sight of one metric, alert, recording rule or dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What kind of thing it is: `metric`, `alert`, `recording rule`, `dashboard`, `panel`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The steps from the code outwards (of what looks, from there inwards), each below the step of less depth that
    /// stands before it.
    pub steps: Vec<Step>,
}

impl Trace {
    /// Whether some step is surely broken.
    pub fn is_broken(&self) -> bool {
        self.steps.iter().any(|step| step.state == StepState::Broken)
    }
}

/// One step of a line of sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How deep it stands in the tree of steps, from 0.
    pub depth: usize,
    /// Which step.
    pub stage: Stage,
    /// What is known of it.
    pub state: StepState,
    /// What happens there, as a clause.
    pub text: String,
    /// Where; `None` for what lies outside of the tree, or is missing.
    pub span: Option<Span>,
}

/// The steps of a line of sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Code declares the metric.
    Declared,
    /// Code gives it values.
    Updated,
    /// A workload runs that code.
    Run,
    /// The process serves or pushes it.
    Exposed,
    /// A job scrapes what is served.
    Scraped,
    /// A recording rule makes a series of it.
    Recorded,
    /// A Prometheus loads the rule.
    Loaded,
    /// Something looks at a series.
    LookedAt,
}

impl Stage {
    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Updated => "updated",
            Self::Run => "run",
            Self::Exposed => "exposed",
            Self::Scraped => "scraped",
            Self::Recorded => "recorded",
            Self::Loaded => "loaded",
            Self::LookedAt => "looked-at",
        }
    }
}

/// What is known of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StepState {
    /// It holds.
    Holds,
    /// It is broken: nothing passes here.
    Broken,
    /// The tree does not say.
    Unknown,
}

impl StepState {
    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

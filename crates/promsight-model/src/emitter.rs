//! Places that make a metric exist.

use std::fmt;

use crate::name::Name;
use crate::span::Span;
use crate::usage::Usage;

/// The type of a metric family, as the exposition format names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the exposition format's own words")]
pub enum MetricType {
    Counter,
    Gauge,
    Histogram,
    Summary,
    Info,
    StateSet,
    Untyped,
}

impl MetricType {
    /// The word of the exposition format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Untyped => "untyped",
        }
    }

    /// The type of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Counter,
            Self::Gauge,
            Self::Histogram,
            Self::Summary,
            Self::Info,
            Self::StateSet,
            Self::Untyped,
        ]
        .into_iter()
        .find(|metric_type| metric_type.word() == word)
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// What kind of thing emits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// An instrument or custom collector in code; the library's name (`prometheus_client`).
    Instrument(String),
    /// What a framework or library exposes by itself when used; its package name.
    Framework(String),
    /// A recording rule.
    RecordingRule,
    /// A snapshot of what a program exposes.
    Snapshot,
    /// The inventory of another repository: which one, and where the metric is declared there
    /// (`shop.json: app/metrics.py:12`).
    Inventory(String),
}

impl Origin {
    /// The word of the JSON report's `emitter` field.
    pub fn word(&self) -> &str {
        match self {
            Self::Instrument(library) | Self::Framework(library) => library,
            Self::RecordingRule => "recording-rule",
            Self::Snapshot => "snapshot",
            Self::Inventory(_) => "inventory",
        }
    }
}

/// Whether the declaration can run in production.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Liveness {
    /// Nothing speaks against it.
    Live,
    /// It stands in test code: it counts as test-only and emits nothing.
    TestOnly,
    /// It never runs; the reason, as a clause (`nothing calls the function it stands in`).
    Dead(String),
}

/// How the name reaches the constructor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wrapping {
    /// The constructor call itself has the name.
    Direct,
    /// A function, method or class of the project builds the metric from a name that its caller gives.
    Wrapper,
}

/// A place that makes one metric family exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitter {
    /// The family's name as the library registers it: without `_total` for a counter, without `_info` for an info.
    pub name: Name,
    /// The name as written at the constructor, where that differs from `name` in its suffix.
    pub written_name: Name,
    /// Its type.
    pub metric_type: MetricType,
    /// Every series it exposes, in exposition order (`x_bucket`, `x_count`, `x_sum`, `x_created`).
    pub series: Vec<Name>,
    /// Label names in the order of declaration.
    pub labels: Vec<String>,
    /// Whether `labels` is complete.
    pub labels_known: bool,
    /// The unit, where one is declared.
    pub unit: Option<String>,
    /// The help text, where it is known.
    pub help: Option<String>,
    /// A histogram's bounds as the exposition writes them (`"0.005"`, `"30.0"`, `"+Inf"`); `None` where the metric
    /// is no histogram or its bounds are not known.
    pub buckets: Option<Vec<String>>,
    /// A state set's states, where known.
    pub states: Option<Vec<String>>,
    /// What kind of thing emits it.
    pub origin: Origin,
    /// Whether the declaration can run.
    pub liveness: Liveness,
    /// Whether some call gives it a value; `None` where that was not found out.
    pub updated: Option<bool>,
    /// How the name reaches the constructor.
    pub wrapping: Wrapping,
    /// The whole call or declaration that makes it.
    pub span: Span,
    /// The name literal, where there is one.
    pub name_span: Option<Span>,
    /// A comma-free clause on why the name is not fully known, for a pattern or unresolved name.
    pub unresolved_reason: Option<String>,
    /// What becomes of it once it is declared.
    pub usage: Usage,
}

impl Emitter {
    /// Whether it can emit in production.
    pub fn is_live(&self) -> bool {
        self.liveness == Liveness::Live
    }
}

//! What becomes of a metric once it is declared: its registry, its updates, the values of its labels.

use crate::flow::Number;
use crate::span::Span;

/// The registry that a metric goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Registry {
    /// The library's global one.
    Default,
    /// One that the code makes, by the place where it is made.
    Named(Span),
    /// None: whoever declares it asked for that (`registry=None`), and no code was seen to register it.
    Detached,
    /// Not found out.
    #[default]
    Unknown,
}

/// What an update does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UpdateKind {
    /// It gives a value, or prepares to (`inc`, `set`, `observe`, `time` …).
    Value,
    /// It makes or finds the child of given label values (`labels`).
    Child,
    /// It takes a child or all of them away, or starts again from zero (`remove`, `clear`, `reset`).
    Removal,
}

impl UpdateKind {
    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Child => "child",
            Self::Removal => "removal",
        }
    }
}

/// One place that gives a metric a value or a child, or takes it away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Update {
    /// The call.
    pub span: Span,
    /// The method that is called.
    pub method: String,
    /// What it does.
    pub kind: UpdateKind,
}

/// A value that the code gives to a label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelValue {
    /// As exposed.
    pub value: String,
    /// Its literal; where there is none, the call that gives it.
    pub span: Span,
}

/// The values that the code gives to one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelValues {
    /// The label.
    pub label: String,
    /// The values that are known, in the order of their text, each with its first place.
    pub values: Vec<LabelValue>,
    /// Whether these are all: no unknown value reaches the label, and no code that was not followed may give one.
    pub is_complete: bool,
}

/// Why an update raises at run time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// `labels()` or `remove()` with another number of values than there are labels.
    LabelCount {
        /// Values given.
        given: usize,
        /// Labels declared.
        declared: usize,
    },
    /// `labels()` by keywords that are not the declared labels.
    LabelNames {
        /// Keywords that are no label, sorted.
        unknown: Vec<String>,
        /// Labels without a keyword, sorted.
        missing: Vec<String>,
    },
    /// `labels()` with positional and keyword values at once.
    MixedLabels,
    /// `labels()` of a metric that has none.
    NoLabels,
    /// `labels()` of what is a child already.
    Relabelled,
    /// A value for the metric itself, which has labels: only its children have values.
    Parent,
    /// A counter is decremented.
    Negative,
    /// The type has no such method.
    Method,
    /// The state is none of the declared ones.
    State(String),
}

/// An update that raises whenever it runs, so that the metric never moves there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvalidUpdate {
    /// The call.
    pub span: Span,
    /// The method that is called.
    pub method: String,
    /// Why it raises.
    pub fault: Fault,
}

/// What becomes of a metric once it is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The registry it goes to.
    pub registry: Registry,
    /// Environment variables and command-line options of which its name is made, as far as their names are known;
    /// sorted.
    pub configured_by: Vec<String>,
    /// Every update seen in production code, by place.
    pub updates: Vec<Update>,
    /// Whether `updates` are all: the metric is not handed to code that was not followed, and no call that may
    /// update it was left out.
    pub is_followed: bool,
    /// For each label the values given, in the order of declaration; empty where the labels are not known.
    pub label_values: Vec<LabelValues>,
    /// Every value that a gauge can have, in order, where the code only ever sets it to numbers that it spells out; the zero
    /// that it begins with is one of them, unless it is set where it is declared. `None` where that was not found out.
    pub values: Option<Vec<Number>>,
    /// Whether some code makes children before anything happens (`labels(…)` alone when a module or object is
    /// made, `inc(0)`), so that they are exposed from the start.
    pub is_initialised: bool,
    /// Updates that raise, by place.
    pub invalid: Vec<InvalidUpdate>,
}

//! Places that look at series: consumers, their queries, and the selectors in these.

use crate::flow::Flow;
use crate::name::Pattern;
use crate::span::Span;

/// What kind of thing looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the words of the contract")]
pub enum ConsumerKind {
    Alert,
    Record,
    Panel,
    Variable,
    Annotation,
    Runbook,
    Script,
    Trigger,
}

impl ConsumerKind {
    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Record => "record",
            Self::Panel => "panel",
            Self::Variable => "variable",
            Self::Annotation => "annotation",
            Self::Runbook => "runbook",
            Self::Script => "script",
            Self::Trigger => "trigger",
        }
    }
}

/// One thing that looks: an alert, a recording rule, a panel, a document …
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its kind.
    pub kind: ConsumerKind,
    /// Alert, record, panel or variable name; a document's or script's nearest heading or function, else empty.
    pub name: String,
    /// The rule group, or the dashboard's title.
    pub group: Option<String>,
    /// The enclosing rule, panel, section or statement: what suppressions look at.
    pub scope: Span,
}

/// How well a query was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryState {
    /// It parses as it stands.
    Parsed,
    /// It parses once its template variables are read as holes.
    Templated,
    /// It does not parse. What names could be read of it are still in the selectors.
    Unreadable {
        /// Why, as a clause that stands alone.
        message: String,
        /// Where it breaks.
        span: Span,
    },
}

/// One query of one consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Index into [`crate::Facts::consumers`] of the same file.
    pub consumer: usize,
    /// The query's text, decoded.
    pub text: String,
    /// Where that text stands.
    pub span: Span,
    /// How well it was understood.
    pub state: QueryState,
    /// Its selectors from left to right.
    pub selectors: Vec<Selector>,
    /// What it does with the series that its selectors give; `None` where it was not parsed to the end (unreadable,
    /// MetricsQL, alternatives of a template) or is too large.
    pub flow: Option<Flow>,
}

/// What a selector selects by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SelectorName {
    /// One series name.
    Exact(String),
    /// A name with template holes.
    Pattern(Pattern),
    /// `__name__=~"…"`: the regular expression as written, fully anchored by Prometheus.
    Regex(String),
    /// Only by other labels, or by negative name matchers.
    Any,
}

/// What the expression around a selector makes of its absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Guard {
    /// Nothing: where the series is missing the expression is empty.
    None,
    /// It stands left of `or vector(…)` (or another constant): absence is replaced.
    OrVector,
    /// It stands left or right of `or` with another selector beside it: absence of one does not empty the whole.
    OrOther,
    /// It stands right of `unless`: absence changes nothing.
    Unless,
    /// It stands in `absent()` or `absent_over_time()`: absence is what is asked for.
    Absent,
}

/// One selector, with exact places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// What it selects by name.
    pub name: SelectorName,
    /// The name's text in the file; the whole selector where it has no name.
    pub span: Span,
    /// The whole selector: name and braces, without range and offset.
    pub whole: Span,
    /// Its matchers other than the name, in order.
    pub matchers: Vec<Matcher>,
    /// What becomes of its absence.
    pub guard: Guard,
    /// The functions and aggregations around it, outermost first, lower case.
    pub functions: Vec<String>,
}

/// The operator of a label matcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are PromQL's four operators")]
pub enum MatchOp {
    Equal,
    NotEqual,
    Regex,
    NotRegex,
}

impl MatchOp {
    /// As PromQL writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

/// The value of a label matcher as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MatchValue {
    /// Fully known, unescaped.
    Known(String),
    /// It contains template holes; the text as written.
    Templated(String),
}

impl MatchValue {
    /// The text as written (unescaped).
    pub fn text(&self) -> &str {
        match self {
            Self::Known(text) | Self::Templated(text) => text,
        }
    }
}

/// One label matcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// The label's name.
    pub label: String,
    /// The operator.
    pub op: MatchOp,
    /// The value.
    pub value: MatchValue,
    /// Whether a series without the label surely does not match (an absent label equals the empty string); `false`
    /// where holes in the value leave that open.
    pub refuses_empty: bool,
    /// The label name's place.
    pub label_span: Span,
    /// The value's place, without its quotes.
    pub value_span: Span,
}

/// What the reconciler says of one reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// An exact emitter in the tree.
    Emitted,
    /// A recording rule that itself sees.
    Recorded,
    /// Catalogue, configured external pattern, or another language's source in the tree.
    External,
    /// Only a pattern emitter or a partly unknown selector matches.
    Possible,
    /// Nothing matches, and evidence says it is this tree's to emit.
    Blind,
    /// Nothing matches, and no evidence says that it should.
    Foreign,
    /// The expression expects absence.
    Exempt,
    /// The query cannot be parsed.
    Unreadable,
}

impl Verdict {
    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Emitted => "emitted",
            Self::Recorded => "recorded",
            Self::External => "external",
            Self::Possible => "possible",
            Self::Blind => "blind",
            Self::Foreign => "foreign",
            Self::Exempt => "exempt",
            Self::Unreadable => "unreadable",
        }
    }
}

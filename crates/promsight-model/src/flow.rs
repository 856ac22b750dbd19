//! What a query does with the series that its selectors give: the functions and comparisons on their way to the
//! result, the labels that are asked of them, and the labels that the result has.
//!
//! Pure data, computed where the query is read. Selectors are named by their index in [`crate::Query::selectors`];
//! the index is also the index into [`Flow::paths`]. Where a template hole hides a part of the query, what could
//! come from it is marked unknown: nothing here claims more than the text says.

use std::collections::BTreeMap;

use crate::span::Span;

/// The flow of one query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// For each selector, what stands between it and the result of the query.
    pub paths: Vec<SelectorPath>,
    /// Every label that the query asks of its operands, beside the matchers of selectors, from left to right.
    pub uses: Vec<LabelUse>,
    /// Every binary operation whose two operands are vectors, from left to right.
    pub joins: Vec<Join>,
    /// The labels of the result. (No `__name__`: its source is always unknown.)
    pub result: Labels,
}

impl Flow {
    /// The uses that only this selector, or it among others, can meet.
    pub fn uses_of(&self, selector: usize) -> impl Iterator<Item = &LabelUse> {
        self.uses
            .iter()
            .filter(move |label| label.source.selectors.contains(&selector))
    }
}

/// What stands between a selector and the result of its query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectorPath {
    /// The steps, outermost first. Parentheses are none.
    pub steps: Vec<Step>,
    /// Whether outer steps were left out because there were too many.
    pub is_cut: bool,
}

/// One function, aggregation or operator around a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// Its own word: the function's name, the operator's sign, the brackets of a range.
    pub span: Span,
    /// The whole expression that it makes.
    pub whole: Span,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// A function is called.
    Function {
        /// Its name in lower case; empty where it is a template hole.
        name: String,
        /// Which argument the selector stands in, from 0.
        argument: usize,
        /// For each argument, its value where that is a number that the text gives (`0.99`, `5 * 60`).
        numbers: Vec<Option<Number>>,
    },
    /// An aggregation.
    Aggregation {
        /// Its name in lower case; empty where it is a template hole.
        name: String,
        /// How it groups.
        grouping: Grouping,
        /// Its parameter (`topk(5, …)`), where it has one and the text gives the number.
        parameter: Option<Number>,
        /// Whether the selector stands in the parameter, not in what is aggregated.
        in_parameter: bool,
    },
    /// One operand of a binary operator.
    Operator {
        /// The operator.
        operator: Operator,
        /// On which side of it the selector stands.
        side: Side,
        /// What stands on the other side.
        other: Operand,
        /// Whether a comparison gives 0 or 1 (`bool`) instead of filtering.
        gives_bool: bool,
    },
    /// A minus sign stands before it.
    Negation,
    /// A range of samples is selected (`[5m]`): its length in seconds where the text gives it.
    Range(Option<Number>),
    /// A subquery evaluates it over a range (`[1h:5m]`).
    Subquery,
}

/// How an aggregation groups. The labels themselves are [`Flow::uses`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grouping {
    /// Everything becomes one group.
    All,
    /// `by (…)`
    By,
    /// `without (…)`
    Without,
}

/// A side of a binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants say all")]
pub enum Side {
    Left,
    Right,
}

/// The other operand of a binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A number that the text gives, sums and products of numbers computed.
    Number {
        /// Its value.
        value: Number,
        /// Its place.
        span: Span,
    },
    /// A scalar that is computed (`time()`, `scalar(x)`).
    Scalar(Span),
    /// A vector of one series without labels whose value the text gives (`vector(0)`).
    Constant {
        /// Its value.
        value: Number,
        /// Its place.
        span: Span,
    },
    /// A vector.
    Vector(Span),
    /// Not known: a template hole.
    Unknown(Span),
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the operators of PromQL")]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Atan2,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    TrimUpper,
    TrimLower,
    And,
    Or,
    Unless,
    /// A template hole.
    Unknown,
}

impl Operator {
    /// Whether it compares.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
        )
    }

    /// Whether it combines sets of series.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// The comparison that holds when the operands change sides; other operators as they are.
    pub fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            other => other,
        }
    }
}

/// A number that can be compared: its bits are. Never NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(u64);

impl Number {
    /// `None` for NaN.
    pub fn new(value: f64) -> Option<Self> {
        (!value.is_nan()).then(|| Self(value.to_bits()))
    }

    /// The number.
    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// Which labels a vector's series can have: a source for every label, named or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Labels of which more is known than of the others.
    pub named: BTreeMap<String, LabelSource>,
    /// All other labels. Where nothing gives these ([`LabelSource::is_absent`]), `named` is the complete set.
    pub others: LabelSource,
}

impl Labels {
    /// Where a label comes from.
    pub fn source(&self, label: &str) -> &LabelSource {
        self.named.get(label).unwrap_or(&self.others)
    }

    /// Whether no label can be there beyond `named`.
    pub fn is_complete(&self) -> bool {
        self.others.is_absent()
    }
}

/// Who can give a label at some point of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSource {
    /// Selectors whose series bring it, if they have it: any of them can (`a or b`) where there are several.
    pub selectors: Vec<usize>,
    /// Whether the query itself can write it: `label_replace`, `count_values`, `info`, `absent(x{l="v"})` …
    pub is_written: bool,
    /// Whether it cannot be told who gives it: a template hole is in the way.
    pub is_unknown: bool,
    /// Whether every series at this point has it with a value, as a matcher (`l="v"`, `l=~".+"`) or function ensures.
    pub is_certain: bool,
    /// Where it was taken away, if something did.
    pub dropped: Option<Dropped>,
}

impl LabelSource {
    /// Nobody gives it: the label is surely not there.
    pub fn is_absent(&self) -> bool {
        self.selectors.is_empty() && !self.is_written && !self.is_unknown
    }

    /// Only selectors can give it, so that these must have it if it is to be there.
    pub fn needs_selectors(&self) -> bool {
        !self.selectors.is_empty() && !self.is_written && !self.is_unknown
    }
}

/// Where labels were taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The aggregation's or operator's word, or the matcher's value (`l=""`).
    pub span: Span,
    /// The selectors below it, whose labels were taken.
    pub selectors: Vec<usize>,
}

/// A label that a query asks of an operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelUse {
    /// The label.
    pub label: String,
    /// Its place; for [`LabelUseKind::Bound`] the function's name.
    pub span: Span,
    /// What for.
    pub kind: LabelUseKind,
    /// Who can give it where it is used. Absent: it was dropped before, whatever the series have.
    pub source: LabelSource,
    /// For the labels of a binary operator, the index in [`Flow::joins`].
    pub join: Option<usize>,
}

/// What a label is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelUseKind {
    /// `by (l)`: a label that is not there groups nothing.
    By,
    /// `without (l)`: a label that is not there need not be removed.
    Without,
    /// `on (l)`, asked of the left operand.
    OnLeft,
    /// `on (l)`, asked of the right operand.
    OnRight,
    /// `ignoring (l)`: it must be on one of the two sides to need ignoring; the source is both.
    Ignoring,
    /// `group_left (l)` and `group_right (l)`: asked of the operand that is "one", whose label is copied.
    Include,
    /// A source of `label_replace`.
    ReplaceSource,
    /// A source of `label_join`.
    JoinSource,
    /// `sort_by_label` and `sort_by_label_desc`.
    Sort,
    /// `le`, which `histogram_quantile` and its like need of a histogram with buckets as series. A native histogram
    /// needs none.
    Bound,
}

/// A binary operation between two vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The operator.
    pub operator: Operator,
    /// The operator's sign.
    pub span: Span,
    /// Which labels have to agree.
    pub matching: Matching,
    /// The side with many series for one of the other, where `group_left` (left) or `group_right` says so.
    pub many: Option<Side>,
    /// The left operand's labels.
    pub left: Labels,
    /// The right operand's labels.
    pub right: Labels,
    /// The left operand.
    pub left_span: Span,
    /// The right operand.
    pub right_span: Span,
}

/// Which labels of two operands have to agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matching {
    /// All but these: `ignoring (…)`, or none is ignored.
    AllBut(Vec<String>),
    /// These: `on (…)`.
    On(Vec<String>),
    /// A template hole stands among the labels, or for them.
    Unknown,
}

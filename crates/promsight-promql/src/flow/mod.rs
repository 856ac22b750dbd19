//! What a query does with the series that its selectors give: functions and comparisons on the way to the result,
//! labels asked on the way, labels that the result has.
//!
//! Owns the types of the answer; [`walk`] and [`path`] compute them from the grammar's tree, [`labels`] has the algebra
//! of label sets. Rules are those of the engine of Prometheus 3 (`promql/engine.go`: `resultMetric`, `aggregation`,
//! `createLabelsForAbsentFunction`). What a template hole hides is unknown, never assumed.

mod labels;
mod path;
mod walk;

use std::collections::BTreeMap;
use std::ops::Range;

pub(crate) use walk::compute;

/// The flow of one query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// For each selector, what stands between it and the result.
    pub paths: Vec<SelectorPath>,
    /// Labels asked of operands, beside the matchers of selectors, from left to right.
    pub uses: Vec<LabelUse>,
    /// Binary operations between vectors, operands before what is made of them.
    pub joins: Vec<Join>,
    /// The labels of the result.
    pub result: Labels,
}

/// What stands between a selector and the result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SelectorPath {
    /// The steps, outermost first.
    pub steps: Vec<Step>,
    /// Whether outer steps were left out.
    pub is_cut: bool,
}

/// One function, aggregation or operator around a selector.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// Its own word.
    pub range: Range<usize>,
    /// The expression that it makes.
    pub whole: Range<usize>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// A function.
    Function {
        /// In lower case; empty for a template hole.
        name: String,
        /// The argument in which the selector stands, from 0.
        argument: usize,
        /// The arguments that are known numbers. Never NaN.
        numbers: Vec<Option<f64>>,
    },
    /// An aggregation.
    Aggregation {
        /// In lower case; empty for a template hole.
        name: String,
        /// How it groups.
        grouping: Grouping,
        /// Its parameter where that is a known number.
        parameter: Option<f64>,
        /// Whether the selector stands in the parameter.
        in_parameter: bool,
    },
    /// An operand of a binary operator.
    Operator {
        /// The operator.
        operator: Operator,
        /// The selector's side.
        side: Side,
        /// The other side.
        other: Operand,
        /// `bool`
        gives_bool: bool,
    },
    /// A minus sign.
    Negation,
    /// A range, in seconds where known.
    Range(Option<f64>),
    /// A subquery.
    Subquery,
}

/// How an aggregation groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Everything is one group.
    All,
    /// `by`
    By,
    /// `without`
    Without,
}

/// A side of a binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before the sign.
    Left,
    /// Behind it.
    Right,
}

/// The other operand of a binary operator.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A number that the text gives. Never NaN.
    Number {
        /// Its value.
        value: f64,
        /// Its place.
        range: Range<usize>,
    },
    /// A scalar that is computed.
    Scalar(Range<usize>),
    /// A vector of one series without labels whose value the text gives (`vector(0)`). Never NaN.
    Constant {
        /// Its value.
        value: f64,
        /// Its place.
        range: Range<usize>,
    },
    /// A vector.
    Vector(Range<usize>),
    /// A template hole.
    Unknown(Range<usize>),
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub(crate) fn is_comparison(self) -> bool {
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
    pub(crate) fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

/// Which labels a vector can have: a source for every label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Labels of which more is known than of the others.
    pub named: BTreeMap<String, LabelSource>,
    /// All other labels.
    pub others: LabelSource,
}

/// Who can give a label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSource {
    /// Selectors, by number and in order.
    pub selectors: Vec<usize>,
    /// Whether the query can write it.
    pub is_written: bool,
    /// Whether a template hole is in the way.
    pub is_unknown: bool,
    /// Whether every series has it.
    pub is_certain: bool,
    /// Where it was taken away.
    pub dropped: Option<Dropped>,
}

/// Where labels were taken away.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    /// The word that does.
    pub range: Range<usize>,
    /// The selectors below it.
    pub selectors: Vec<usize>,
}

/// A label asked of an operand.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelUse {
    /// The label.
    pub label: String,
    /// Its place; a function's name for [`LabelUseKind::Bound`].
    pub range: Range<usize>,
    /// What for.
    pub kind: LabelUseKind,
    /// Who can give it there.
    pub source: LabelSource,
    /// The index in [`Flow::joins`].
    pub join: Option<usize>,
}

/// What a label is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelUseKind {
    /// `by`
    By,
    /// `without`
    Without,
    /// `on`, of the left operand.
    OnLeft,
    /// `on`, of the right operand.
    OnRight,
    /// `ignoring`, of both.
    Ignoring,
    /// `group_left` and `group_right`, of the operand whose label is copied.
    Include,
    /// `label_replace`
    ReplaceSource,
    /// `label_join`
    JoinSource,
    /// `sort_by_label`
    Sort,
    /// `le`, for `histogram_quantile`.
    Bound,
}

/// A binary operation between two vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The operator.
    pub operator: Operator,
    /// Its sign.
    pub range: Range<usize>,
    /// Which labels have to agree.
    pub matching: Matching,
    /// The side of `group_left` or `group_right`.
    pub many: Option<Side>,
    /// The left operand's labels.
    pub left: Labels,
    /// The right operand's labels.
    pub right: Labels,
    /// The left operand.
    pub left_range: Range<usize>,
    /// The right operand.
    pub right_range: Range<usize>,
}

/// Which labels of two operands have to agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matching {
    /// All but these.
    AllBut(Vec<String>),
    /// These.
    On(Vec<String>),
    /// A template hole stands among them.
    Unknown,
}

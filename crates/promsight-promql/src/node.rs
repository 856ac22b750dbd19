//! The tree of a query as our grammar reads it: an arena of expressions, operands before what is made of them.
//!
//! Owns the shape only; `parser` fills it and `flow` reads it. Being an arena it is dropped without recursion, and a
//! pass over it needs none.

use std::ops::Range;

use crate::functions::ValueType;

/// An expression's place in the arena.
pub(crate) type NodeId = usize;

/// One expression.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) kind: NodeKind,
    /// Its type.
    pub(crate) value: ValueType,
    /// Its place, without parentheses around it.
    pub(crate) range: Range<usize>,
}

/// The kinds of expressions. Parentheses, `offset`, `@` and a plus sign leave none.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    /// A number.
    Number(f64),
    /// A string; `None` where template holes stand in it.
    Text(Option<TextValue>),
    /// A template hole alone.
    Hole,
    /// A selector, by its number.
    Selector(usize),
    /// A minus sign before an operand.
    Negation { operand: NodeId, word: Range<usize> },
    /// A range in brackets: its length in seconds where it is a literal.
    Range {
        operand: NodeId,
        seconds: Option<f64>,
        word: Range<usize>,
    },
    /// A subquery.
    Subquery { operand: NodeId, word: Range<usize> },
    /// A function; without a name where that is a hole.
    Call {
        name: Option<String>,
        word: Range<usize>,
        arguments: Vec<NodeId>,
    },
    /// An aggregation; without a name where that is a hole.
    Aggregation {
        name: Option<String>,
        word: Range<usize>,
        grouping: Option<GroupingList>,
        arguments: Vec<NodeId>,
    },
    /// A binary operator.
    Binary(Box<Binary>),
    /// An operand with a template hole behind it, which may be anything that can stand there.
    Modified { operand: NodeId, word: Range<usize> },
}

/// A string.
#[derive(Clone, Debug)]
pub(crate) struct TextValue {
    /// Its value, unescaped.
    pub(crate) value: String,
    /// Its place, without quotes.
    pub(crate) range: Range<usize>,
}

/// `by (…)` or `without (…)`.
#[derive(Clone, Debug)]
pub(crate) struct GroupingList {
    /// Whether it is `without`.
    pub(crate) is_without: bool,
    /// The labels.
    pub(crate) list: LabelList,
}

/// A list of labels in parentheses.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelList {
    /// The labels, with their places without quotes.
    pub(crate) labels: Vec<(String, Range<usize>)>,
    /// Whether template holes stand in it, for any number of labels.
    pub(crate) has_holes: bool,
}

impl LabelList {
    /// Whether a label is in it.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|(known, _)| known == label)
    }

    /// The labels' names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.labels.iter().map(|(label, _)| label.clone()).collect()
    }
}

/// A binary operation.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    /// The operator.
    pub(crate) operator: crate::flow::Operator,
    /// Its sign.
    pub(crate) word: Range<usize>,
    /// What stands behind the sign.
    pub(crate) matching: Matching,
    /// The left operand.
    pub(crate) left: NodeId,
    /// The right operand.
    pub(crate) right: NodeId,
}

/// What stands between a binary operator and its right operand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matching {
    /// `bool`
    pub(crate) bool_modifier: bool,
    /// `on`; otherwise the labels are ignored.
    pub(crate) on: bool,
    /// The labels of `on` or `ignoring`.
    pub(crate) labels: LabelList,
    /// `group_left` or `group_right`, with the labels to include.
    pub(crate) group: Option<Group>,
    /// A `fill` modifier.
    pub(crate) fill: bool,
}

/// `group_left` or `group_right`.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Which side has many series for one of the other.
    pub(crate) many: crate::flow::Side,
    /// The labels copied from the other side.
    pub(crate) include: LabelList,
}

//! The grammar: words → selectors with their guards and functions, or where the query breaks.
//!
//! Follows `promql/parser/generated_parser.y` of Prometheus 3.16 (experimental functions and `fill` modifiers
//! switched on), its precedences and its quirks; a template hole stands for whatever is expected. The tree is an arena
//! ([`crate::node`]), so nothing recurses when it is dropped.

mod call;
mod duration;
mod modifier;
mod operator;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::Selector;
use crate::flow::Operator;
use crate::functions::ValueType;
use crate::guard::Guards;
use crate::node::{Node, NodeId, NodeKind, TextValue};
use crate::normal::Taken;
use crate::selector;
use crate::token::{Failure, Keyword, Kind, Sign, Token};

/// Deeper queries are not parsed, only scanned.
pub(crate) const MAX_NESTING: usize = 256;
/// So many of the innermost functions are recorded for a selector.
pub(crate) const MAX_FUNCTIONS: usize = 16;

/// What a query that follows the grammar says.
pub(crate) struct Parsed {
    /// Its selectors, guards and functions set.
    pub(crate) selectors: Vec<Selector>,
    /// What its holes outside selectors were taken for, by the index of their token, where that can be said.
    pub(crate) holes: BTreeMap<usize, Taken>,
    /// Its tree, operands before what is made of them; the last is the whole.
    pub(crate) nodes: Vec<Node>,
    /// What is wrong with its types or names, where something is.
    pub(crate) failure: Option<Failure>,
}

/// Why a query was not parsed.
pub(crate) enum Stop {
    /// It breaks the grammar.
    Syntax(Failure),
    /// It is nested too deeply to tell.
    TooDeep,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Syntax(failure)
    }
}

/// Parses a query. `tokens` ends with [`Kind::End`].
pub(crate) fn parse(text: &str, tokens: &[Token]) -> Result<Parsed, Stop> {
    let mut parser = Parser {
        text,
        tokens,
        index: 0,
        depth: 0,
        calls: Vec::new(),
        selectors: Vec::new(),
        holes: BTreeMap::new(),
        nodes: Vec::new(),
        guards: Guards::default(),
        failure: None,
        admits_unrestricted: false,
    };
    if parser.kind() == &Kind::End {
        return Err(Failure::new("the query is empty", 0..text.len()).into());
    }
    parser.expression(Precedence::Or)?;
    if parser.kind() != &Kind::End {
        return Err(parser.unexpected("an operator or the end of the query").into());
    }
    let guards = parser.guards.spread(parser.selectors.len());
    for (selector, guard) in parser.selectors.iter_mut().zip(guards) {
        selector.guard = guard;
    }
    Ok(Parsed {
        selectors: parser.selectors,
        holes: parser.holes,
        nodes: parser.nodes,
        failure: parser.failure,
    })
}

/// As many of the innermost functions as are recorded.
pub(crate) fn innermost(calls: &[String]) -> Vec<String> {
    calls[calls.len().saturating_sub(MAX_FUNCTIONS)..].to_vec()
}

/// How strongly an operator binds, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precedence {
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Power,
    /// Nothing binds so strongly.
    Operand,
}

impl Precedence {
    fn next(self) -> Self {
        match self {
            Self::Or => Self::And,
            Self::And => Self::Comparison,
            Self::Comparison => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product => Self::Power,
            Self::Power | Self::Operand => Self::Operand,
        }
    }
}

/// What an expression is to a modifier behind it.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// A selector, with the modifiers it has so far.
    Instant(Modifiers, NameShape),
    /// A selector with a range.
    Range(Modifiers),
    Subquery(Modifiers),
    /// A template hole alone: the index of its token.
    Hole(usize),
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameShape {
    BeforeBraces,
    NotBeforeBraces,
}

/// Modifiers that may stand once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Modifiers {
    offset: bool,
    at: bool,
    anchored: bool,
    smoothed: bool,
}

/// What is kept of an expression.
struct Expression {
    value: ValueType,
    range: Range<usize>,
    /// Its selectors, by number.
    selectors: Range<usize>,
    /// Whether a template hole in it may stand for an expression.
    may_hide_selectors: bool,
    shape: Shape,
    /// Its place in the tree.
    node: NodeId,
}

struct Parser<'query> {
    text: &'query str,
    tokens: &'query [Token],
    index: usize,
    depth: usize,
    calls: Vec<String>,
    selectors: Vec<Selector>,
    holes: BTreeMap<usize, Taken>,
    nodes: Vec<Node>,
    guards: Guards,
    failure: Option<Failure>,
    /// The next selector may admit everything: the second argument of `info()`.
    admits_unrestricted: bool,
}

impl<'query> Parser<'query> {
    fn token(&self) -> &'query Token {
        self.ahead(0)
    }

    fn kind(&self) -> &'query Kind {
        &self.token().kind
    }

    fn ahead(&self, count: usize) -> &'query Token {
        &self.tokens[(self.index + count).min(self.tokens.len() - 1)]
    }

    fn word(&self, token: &Token) -> &'query str {
        &self.text[token.range.clone()]
    }

    /// The byte behind the last token that was read.
    fn previous_end(&self) -> usize {
        let last = self.index.checked_sub(1).and_then(|index| self.tokens.get(index));
        last.map_or(0, |token| token.range.end)
    }

    /// Records what is wrong with a query that still follows the grammar.
    fn report(&mut self, message: impl Into<String>, range: Range<usize>) {
        if self.failure.is_none() {
            self.failure = Some(Failure::new(message, range));
        }
    }

    /// The failure at the current token, which is not what was expected.
    fn unexpected(&self, expected: &str) -> Failure {
        let token = self.token();
        match &token.kind {
            Kind::Bad(message) => Failure::new(message.clone(), token.range.clone()),
            Kind::End => {
                // The place that a reader looks at is the last word, not the nothing behind it.
                let last = self.index.checked_sub(1).and_then(|index| self.tokens.get(index));
                let range = last.map_or(token.range.clone(), |last| last.range.clone());
                Failure::new(format!("the query ends where {expected} is expected"), range)
            }
            kind => {
                let shown = kind.describe(self.word(token));
                Failure::new(
                    format!("{expected} is expected instead of {shown}"),
                    token.range.clone(),
                )
            }
        }
    }

    fn expect(&mut self, kind: &Kind, expected: &str) -> Result<Range<usize>, Failure> {
        if self.kind() != kind {
            return Err(self.unexpected(expected));
        }
        let range = self.token().range.clone();
        self.index += 1;
        Ok(range)
    }

    /// Expects the `)` that closes the `(` at `open`.
    fn close(&mut self, open: &Range<usize>, expected: &str) -> Result<Range<usize>, Failure> {
        if self.kind() == &Kind::End {
            return Err(Failure::new("the `(` is not closed", open.clone()));
        }
        self.expect(&Kind::RightParen, expected)
    }

    fn expression(&mut self, least: Precedence) -> Result<Expression, Stop> {
        if self.depth >= MAX_NESTING {
            return Err(Stop::TooDeep);
        }
        self.depth += 1;
        let result = self.operands(least);
        self.depth -= 1;
        result
    }

    fn operands(&mut self, least: Precedence) -> Result<Expression, Stop> {
        let mut left = self.unary()?;
        while let Some((operator, precedence)) = self.operator() {
            if precedence < least {
                break;
            }
            let sign = self.token().range.clone();
            self.index += 1;
            let matching = self.matching()?;
            let next = if precedence == Precedence::Power {
                precedence
            } else {
                precedence.next()
            };
            let right = self.expression(next)?;
            left = self.binary(&left, operator, sign, matching, &right);
        }
        Ok(left)
    }

    /// The binary operator at the current token.
    fn operator(&self) -> Option<(Operator, Precedence)> {
        Some(match self.kind() {
            Kind::Keyword(Keyword::Or) => (Operator::Or, Precedence::Or),
            Kind::Keyword(Keyword::And) => (Operator::And, Precedence::And),
            Kind::Keyword(Keyword::Unless) => (Operator::Unless, Precedence::And),
            Kind::Keyword(Keyword::Atan2) => (Operator::Atan2, Precedence::Product),
            Kind::NotEqual => (Operator::NotEqual, Precedence::Comparison),
            Kind::Sign(sign) => match sign {
                Sign::EqualTo => (Operator::Equal, Precedence::Comparison),
                Sign::Less => (Operator::Less, Precedence::Comparison),
                Sign::LessOrEqual => (Operator::LessOrEqual, Precedence::Comparison),
                Sign::Greater => (Operator::Greater, Precedence::Comparison),
                Sign::GreaterOrEqual => (Operator::GreaterOrEqual, Precedence::Comparison),
                Sign::TrimUpper => (Operator::TrimUpper, Precedence::Comparison),
                Sign::TrimLower => (Operator::TrimLower, Precedence::Comparison),
                Sign::Add => (Operator::Add, Precedence::Sum),
                Sign::Subtract => (Operator::Subtract, Precedence::Sum),
                Sign::Multiply => (Operator::Multiply, Precedence::Product),
                Sign::Divide => (Operator::Divide, Precedence::Product),
                Sign::Modulo => (Operator::Modulo, Precedence::Product),
                Sign::Power => (Operator::Power, Precedence::Power),
            },
            Kind::Template(template) if template.is_bare() && self.starts_operand(1) => {
                (Operator::Unknown, Precedence::Or)
            }
            _ => return None,
        })
    }

    /// Whether the token ahead can only begin an operand.
    fn starts_operand(&self, count: usize) -> bool {
        matches!(
            self.ahead(count).kind,
            Kind::Name
                | Kind::RecordName
                | Kind::Number(_)
                | Kind::Duration(_)
                | Kind::Text(_)
                | Kind::Template(_)
                | Kind::LeftParen
                | Kind::LeftBrace
                | Kind::Keyword(Keyword::Aggregation(_))
        )
    }

    /// A run of signs and what they stand before. They bind weaker than `^`, stronger than `*`.
    fn unary(&mut self) -> Result<Expression, Stop> {
        let start = self.token().range.start;
        let first = self.index;
        while matches!(self.kind(), Kind::Sign(Sign::Add | Sign::Subtract)) {
            self.index += 1;
        }
        if self.index == first {
            return self.modified();
        }
        let operand = self.expression(Precedence::Power)?;
        if matches!(operand.value, ValueType::Text | ValueType::Range) {
            let described = operand.value.describe();
            self.report(
                format!("a sign can stand before a scalar or an instant vector, not before {described}"),
                operand.range.clone(),
            );
        }
        let range = start..operand.range.end;
        let signs = self.tokens[first..].iter();
        let signs = signs.take_while(|token| matches!(token.kind, Kind::Sign(Sign::Add | Sign::Subtract)));
        let minus = signs.filter(|token| token.kind == Kind::Sign(Sign::Subtract));
        let node = if minus.count() % 2 == 1 {
            let kind = NodeKind::Negation {
                operand: operand.node,
                word: start..start + 1,
            };
            self.node(kind, operand.value, range.clone())
        } else {
            operand.node
        };
        Ok(Expression {
            shape: Shape::Other,
            range,
            node,
            ..operand
        })
    }

    /// An operand with the modifiers behind it.
    fn modified(&mut self) -> Result<Expression, Stop> {
        let mut expression = self.operand()?;
        loop {
            match self.kind() {
                Kind::LeftBracket => self.brackets(&mut expression)?,
                Kind::Keyword(Keyword::Offset) => self.offset(&mut expression)?,
                Kind::At => self.at(&mut expression)?,
                Kind::Keyword(keyword @ (Keyword::Anchored | Keyword::Smoothed)) => {
                    self.boundary(&mut expression, *keyword);
                }
                // `x $offset`: a hole that no operand follows is a modifier.
                Kind::Template(template) if template.is_bare() && !self.starts_operand(1) => {
                    let word = self.token().range.clone();
                    self.index += 1;
                    expression.may_hide_selectors = true;
                    expression.value = ValueType::Unknown;
                    let range = expression.range.start..word.end;
                    let kind = NodeKind::Modified {
                        operand: expression.node,
                        word,
                    };
                    expression.node = self.node(kind, ValueType::Unknown, range);
                }
                _ => return Ok(expression),
            }
        }
    }

    /// Adds an expression to the tree.
    fn node(&mut self, kind: NodeKind, value: ValueType, range: Range<usize>) -> NodeId {
        self.nodes.push(Node { kind, value, range });
        self.nodes.len() - 1
    }

    fn plain(&mut self, kind: NodeKind, value: ValueType, range: Range<usize>) -> Expression {
        let node = self.node(kind, value, range.clone());
        let now = self.selectors.len();
        let may_hide_selectors = value == ValueType::Unknown;
        Expression {
            value,
            range,
            selectors: now..now,
            may_hide_selectors,
            shape: Shape::Other,
            node,
        }
    }

    fn operand(&mut self) -> Result<Expression, Stop> {
        let token = self.token();
        let next = &self.ahead(1).kind;
        let is_called = next == &Kind::LeftParen;
        match &token.kind {
            Kind::Number(value) | Kind::Duration(value) => {
                self.index += 1;
                Ok(self.plain(NodeKind::Number(*value), ValueType::Scalar, token.range.clone()))
            }
            Kind::Text(text) => {
                self.index += 1;
                let known = (!text.has_holes()).then(|| TextValue {
                    value: text.value.clone(),
                    range: text.inner.clone(),
                });
                Ok(self.plain(NodeKind::Text(known), ValueType::Text, token.range.clone()))
            }
            Kind::LeftParen => self.parentheses(),
            Kind::Name if is_called => self.call(),
            Kind::Keyword(keyword) if is_called && keyword.can_name_function() => self.call(),
            Kind::Keyword(Keyword::Aggregation(parameter))
                if is_called
                    || matches!(next, Kind::Keyword(Keyword::By | Keyword::Without))
                    || (matches!(next, Kind::Template(template) if template.is_bare())
                        && self.ahead(2).kind == Kind::LeftParen) =>
            {
                self.aggregation(Some(*parameter))
            }
            Kind::Template(template) => {
                if is_called {
                    return self.call();
                }
                if matches!(next, Kind::Keyword(Keyword::By | Keyword::Without))
                    && self.ahead(2).kind == Kind::LeftParen
                {
                    return self.aggregation(None);
                }
                let behind_name = next.follows_selector();
                if template.numeric || (template.is_duration() && !behind_name) {
                    self.holes.insert(self.index, Taken::Number);
                    self.index += 1;
                    return Ok(self.plain(NodeKind::Hole, ValueType::Scalar, token.range.clone()));
                }
                if template.is_bare() && !behind_name {
                    let hole = self.plain(NodeKind::Hole, ValueType::Unknown, token.range.clone());
                    let shape = Shape::Hole(self.index);
                    self.holes.insert(self.index, Taken::Expression);
                    self.index += 1;
                    return Ok(Expression { shape, ..hole });
                }
                self.selector()
            }
            Kind::Name | Kind::RecordName | Kind::LeftBrace => self.selector(),
            Kind::Keyword(keyword) if keyword.can_name_metric() => self.selector(),
            _ => Err(self.unexpected("a selector, a function, a number or `(`").into()),
        }
    }

    fn selector(&mut self) -> Result<Expression, Stop> {
        let reading = selector::read(self.text, self.tokens, self.index);
        if let Some(failure) = reading.syntax {
            return Err(failure.into());
        }
        self.index = reading.next;
        let range = reading.selector.range.clone();
        if let Some(failure) = reading.meaning {
            self.report(failure.message, failure.range);
        }
        if !reading.is_restricted && !std::mem::take(&mut self.admits_unrestricted) {
            self.report(
                "a selector needs a name or a matcher that refuses the empty string",
                range.clone(),
            );
        }
        let name_shape = if reading.is_named_outside {
            NameShape::BeforeBraces
        } else {
            NameShape::NotBeforeBraces
        };
        let shape = Shape::Instant(Modifiers::default(), name_shape);
        let from = self.selectors.len();
        self.push_selector(reading.selector);
        let node = self.node(NodeKind::Selector(from), ValueType::Instant, range.clone());
        Ok(Expression {
            value: ValueType::Instant,
            range,
            selectors: from..self.selectors.len(),
            may_hide_selectors: false,
            shape,
            node,
        })
    }

    fn push_selector(&mut self, mut selector: Selector) {
        selector.functions = innermost(&self.calls);
        self.selectors.push(selector);
    }

    fn parentheses(&mut self) -> Result<Expression, Stop> {
        let open = self.token().range.clone();
        self.index += 1;
        let inner = self.expression(Precedence::Or)?;
        let close = self.close(&open, "an operator or `)`")?;
        let shape = if matches!(inner.shape, Shape::Hole(_)) {
            inner.shape.clone()
        } else {
            Shape::Other
        };
        Ok(Expression {
            range: open.start..close.end,
            shape,
            ..inner
        })
    }
}

//! The grammar: words → selectors with their guards and functions, or where the query breaks.
//!
//! Follows `promql/parser/generated_parser.y` of Prometheus 3.16 (experimental functions and `fill` modifiers
//! switched on), its precedences and its quirks; a template hole stands for whatever is expected. Keeps no tree: of
//! each expression only what its surroundings ask of it, so nothing recurses when it is dropped.

use std::ops::Range;

use crate::Selector;
use crate::functions::{self, ValueType};
use crate::guard::{Guards, Operand};
use crate::selector;
use crate::token::{Failure, Keyword, Kind, Parameter, Sign, Token};

/// Deeper queries are not parsed, only scanned.
pub(crate) const MAX_NESTING: usize = 256;
/// So many of the innermost functions are recorded for a selector.
pub(crate) const MAX_FUNCTIONS: usize = 16;

/// What a query that follows the grammar says.
pub(crate) struct Parsed {
    /// Its selectors, guards and functions set.
    pub(crate) selectors: Vec<Selector>,
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
        failure: parser.failure,
    })
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

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Unless,
    /// Gives 0 or 1 with `bool`.
    Comparison,
    Other,
    /// A template hole.
    Unknown,
}

impl Operator {
    fn is_set(self) -> bool {
        matches!(self, Self::Or | Self::And | Self::Unless)
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
    has_holes: bool,
    shape: Shape,
}

/// What stands between a binary operator and its right operand.
#[derive(Default)]
struct Matching {
    bool_modifier: bool,
    on: bool,
    labels: Vec<String>,
    group: Option<Vec<String>>,
    fill: bool,
}

pub(crate) struct Parser<'query> {
    pub(crate) text: &'query str,
    tokens: &'query [Token],
    pub(crate) index: usize,
    pub(crate) depth: usize,
    calls: Vec<String>,
    selectors: Vec<Selector>,
    guards: Guards,
    failure: Option<Failure>,
    /// The next selector may admit everything: the second argument of `info()`.
    admits_unrestricted: bool,
}

impl<'query> Parser<'query> {
    pub(crate) fn token(&self) -> &'query Token {
        self.ahead(0)
    }

    pub(crate) fn kind(&self) -> &'query Kind {
        &self.token().kind
    }

    pub(crate) fn ahead(&self, count: usize) -> &'query Token {
        &self.tokens[(self.index + count).min(self.tokens.len() - 1)]
    }

    fn word(&self, token: &Token) -> &'query str {
        &self.text[token.range.clone()]
    }

    /// The byte behind the last token that was read.
    pub(crate) fn previous_end(&self) -> usize {
        let last = self.index.checked_sub(1).and_then(|index| self.tokens.get(index));
        last.map_or(0, |token| token.range.end)
    }

    /// Records what is wrong with a query that still follows the grammar.
    pub(crate) fn report(&mut self, message: impl Into<String>, range: Range<usize>) {
        if self.failure.is_none() {
            self.failure = Some(Failure::new(message, range));
        }
    }

    /// The failure at the current token, which is not what was expected.
    pub(crate) fn unexpected(&self, expected: &str) -> Failure {
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

    pub(crate) fn expect(&mut self, kind: &Kind, expected: &str) -> Result<Range<usize>, Failure> {
        if self.kind() != kind {
            return Err(self.unexpected(expected));
        }
        let range = self.token().range.clone();
        self.index += 1;
        Ok(range)
    }

    /// Expects the `)` that closes the `(` at `open`.
    pub(crate) fn close(&mut self, open: &Range<usize>, expected: &str) -> Result<Range<usize>, Failure> {
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
            left = self.binary(left, operator, sign, &matching, right);
        }
        Ok(left)
    }

    /// The binary operator at the current token.
    fn operator(&self) -> Option<(Operator, Precedence)> {
        Some(match self.kind() {
            Kind::Keyword(Keyword::Or) => (Operator::Or, Precedence::Or),
            Kind::Keyword(Keyword::And) => (Operator::And, Precedence::And),
            Kind::Keyword(Keyword::Unless) => (Operator::Unless, Precedence::And),
            Kind::Keyword(Keyword::Atan2) => (Operator::Other, Precedence::Product),
            Kind::NotEqual => (Operator::Comparison, Precedence::Comparison),
            Kind::Sign(sign) => match sign {
                Sign::EqualTo | Sign::Less | Sign::LessOrEqual | Sign::Greater | Sign::GreaterOrEqual => {
                    (Operator::Comparison, Precedence::Comparison)
                }
                Sign::TrimUpper | Sign::TrimLower => (Operator::Other, Precedence::Comparison),
                Sign::Add | Sign::Subtract => (Operator::Other, Precedence::Sum),
                Sign::Multiply | Sign::Divide | Sign::Modulo => (Operator::Other, Precedence::Product),
                Sign::Power => (Operator::Other, Precedence::Power),
            },
            Kind::Template(template) if template.is_bare() && self.starts_operand(1) => {
                (Operator::Unknown, Precedence::Or)
            }
            _ => return None,
        })
    }

    /// Whether the token ahead can only begin an operand.
    fn starts_operand(&self, count: usize) -> bool {
        match &self.ahead(count).kind {
            Kind::Name
            | Kind::RecordName
            | Kind::Number(_)
            | Kind::Duration(_)
            | Kind::Text(_)
            | Kind::Template(_) => true,
            Kind::LeftParen | Kind::LeftBrace => true,
            Kind::Keyword(Keyword::Aggregation(_)) => true,
            _ => false,
        }
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
        Ok(Expression {
            shape: Shape::Other,
            range,
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
                    self.index += 1;
                    expression.has_holes = true;
                    expression.value = ValueType::Unknown;
                }
                _ => return Ok(expression),
            }
        }
    }

    fn brackets(&mut self, expression: &mut Expression) -> Result<(), Stop> {
        let open = self.token().range.start;
        self.index += 1;
        self.range_duration()?;
        let is_subquery = self.kind() == &Kind::Colon;
        if is_subquery {
            self.index += 1;
            if self.kind() != &Kind::RightBracket {
                self.range_duration()?;
            }
        }
        if self.kind() == &Kind::End {
            return Err(Failure::new("the `[` is not closed", open..open + 1).into());
        }
        let expected = if is_subquery {
            "`]` after a subquery's step"
        } else {
            "`]` or `:` after a duration"
        };
        let close = self.expect(&Kind::RightBracket, expected)?;
        let place = open..close.end;
        if is_subquery {
            if !matches!(expression.value, ValueType::Instant | ValueType::Unknown) {
                let described = expression.value.describe();
                self.report(
                    format!("a subquery can be made of an instant vector only, not of {described}"),
                    expression.range.clone(),
                );
            }
            expression.shape = Shape::Subquery(Modifiers::default());
        } else {
            let modifiers = match &expression.shape {
                Shape::Instant(modifiers, _) => *modifiers,
                Shape::Hole(_) => Modifiers::default(),
                _ => {
                    self.report(
                        "a range can follow a selector only; an expression needs a subquery, `[5m:]`",
                        place.clone(),
                    );
                    Modifiers::default()
                }
            };
            if modifiers.offset || modifiers.at {
                self.report("a range must stand before `offset` and `@`", place.clone());
            }
            expression.shape = Shape::Range(modifiers);
        }
        expression.value = ValueType::Range;
        expression.range.end = place.end;
        Ok(())
    }

    fn offset(&mut self, expression: &mut Expression) -> Result<(), Stop> {
        let place = self.token().range.clone();
        self.index += 1;
        let is_zero = self.offset_duration()?;
        match &mut expression.shape {
            Shape::Instant(modifiers, _) | Shape::Range(modifiers) | Shape::Subquery(modifiers) => {
                let twice = modifiers.offset;
                modifiers.offset |= !is_zero;
                if twice {
                    self.report("`offset` is given twice", place);
                }
            }
            Shape::Hole(_) => {}
            Shape::Other => self.report("`offset` must follow a selector or a subquery", place),
        }
        expression.range.end = self.previous_end();
        Ok(())
    }

    fn at(&mut self, expression: &mut Expression) -> Result<(), Stop> {
        let place = self.token().range.clone();
        self.index += 1;
        let instant = self.instant()?;
        let out_of_bounds = instant.is_some_and(|seconds| {
            // Prometheus compares with the bounds of 64-bit integers.
            !seconds.is_finite() || seconds >= i64::MAX as f64 || seconds <= i64::MIN as f64
        });
        if out_of_bounds {
            self.report("the time after `@` is out of bounds", place.clone());
        }
        match &mut expression.shape {
            Shape::Instant(modifiers, _) | Shape::Range(modifiers) | Shape::Subquery(modifiers) => {
                let twice = modifiers.at;
                modifiers.at = true;
                if twice {
                    self.report("`@` is given twice", place);
                }
            }
            Shape::Hole(_) => {}
            Shape::Other => self.report("`@` must follow a selector or a subquery", place),
        }
        expression.range.end = self.previous_end();
        Ok(())
    }

    fn boundary(&mut self, expression: &mut Expression, keyword: Keyword) {
        let place = self.token().range.clone();
        self.index += 1;
        match &mut expression.shape {
            Shape::Instant(modifiers, _) | Shape::Range(modifiers) => {
                if keyword == Keyword::Anchored {
                    modifiers.anchored = true;
                } else {
                    modifiers.smoothed = true;
                }
                if modifiers.anchored && modifiers.smoothed {
                    self.report("`anchored` and `smoothed` exclude each other", place.clone());
                }
            }
            Shape::Hole(_) => {}
            Shape::Subquery(_) | Shape::Other => {
                let word = &self.text[place.clone()];
                self.report(format!("`{word}` must follow a selector"), place.clone());
            }
        }
        expression.range.end = place.end;
    }

    fn plain(&self, value: ValueType, range: Range<usize>) -> Expression {
        let now = self.selectors.len();
        let has_holes = value == ValueType::Unknown;
        Expression {
            value,
            range,
            selectors: now..now,
            has_holes,
            shape: Shape::Other,
        }
    }

    fn operand(&mut self) -> Result<Expression, Stop> {
        let token = self.token();
        let next = &self.ahead(1).kind;
        let is_called = next == &Kind::LeftParen;
        match &token.kind {
            Kind::Number(_) | Kind::Duration(_) => {
                self.index += 1;
                Ok(self.plain(ValueType::Scalar, token.range.clone()))
            }
            Kind::Text(_) => {
                self.index += 1;
                Ok(self.plain(ValueType::Text, token.range.clone()))
            }
            Kind::LeftParen => self.parentheses(),
            Kind::Name if is_called => self.call(),
            Kind::Keyword(keyword) if is_called && keyword.can_name_function() => self.call(),
            Kind::Keyword(Keyword::Aggregation(parameter))
                if is_called || matches!(next, Kind::Keyword(Keyword::By | Keyword::Without)) =>
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
                if template.numeric {
                    self.index += 1;
                    let number = self.plain(ValueType::Scalar, token.range.clone());
                    return Ok(Expression {
                        has_holes: true,
                        ..number
                    });
                }
                if template.is_bare() && !matches!(next, Kind::LeftBrace | Kind::LeftBracket) {
                    let hole = self.plain(ValueType::Unknown, token.range.clone());
                    let shape = Shape::Hole(self.index);
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
        Ok(Expression {
            value: ValueType::Instant,
            range,
            selectors: from..self.selectors.len(),
            has_holes: false,
            shape,
        })
    }

    fn push_selector(&mut self, mut selector: Selector) {
        let skipped = self.calls.len().saturating_sub(MAX_FUNCTIONS);
        selector.functions = self.calls[skipped..].to_vec();
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

    fn call(&mut self) -> Result<Expression, Stop> {
        let token = self.token();
        let name = self.word(token);
        self.index += 1;
        let is_template = matches!(token.kind, Kind::Template(_));
        let signature = if is_template {
            None
        } else {
            functions::signature(name)
        };
        if signature.is_none() && !is_template {
            self.report(format!("there is no function `{name}`"), token.range.clone());
        }
        let from = self.selectors.len();
        self.calls.push(name.to_ascii_lowercase());
        let expected = |index: usize| signature.as_ref().and_then(|signature| signature.argument(index));
        let (arguments, end) = self.arguments(name, &expected)?;
        self.calls.pop();
        let range = token.range.start..end;
        if let Some(signature) = &signature {
            let (least, most) = signature.counts();
            let given = arguments.len();
            if given < least || most.is_some_and(|most| given > most) {
                let wanted = match most {
                    Some(most) if most == least => format!("{least}"),
                    Some(most) => format!("{least} to {most}"),
                    None => format!("at least {least}"),
                };
                let plural = if wanted == "1" { "argument" } else { "arguments" };
                self.report(
                    format!("`{name}` takes {wanted} {plural}, not {given}"),
                    range.clone(),
                );
            }
        }
        // After an aggregation's name that is a hole, `by (…)` may follow.
        if is_template && matches!(self.kind(), Kind::Keyword(Keyword::By | Keyword::Without)) {
            self.index += 1;
            self.labels()?;
        }
        let selectors = from..self.selectors.len();
        if matches!(name, "absent" | "absent_over_time") {
            self.guards.absent(selectors.clone());
        }
        let value = signature.map_or(ValueType::Unknown, |signature| signature.returns);
        let has_holes = is_template || arguments.iter().any(|argument| argument.has_holes);
        Ok(Expression {
            value,
            range,
            selectors,
            has_holes,
            shape: Shape::Other,
        })
    }

    /// `( … , … )`: the arguments and the byte behind them. `expected` gives the type wanted at an index.
    fn arguments(
        &mut self,
        name: &str,
        expected: &dyn Fn(usize) -> Option<ValueType>,
    ) -> Result<(Vec<Expression>, usize), Stop> {
        let open = self.expect(&Kind::LeftParen, "`(`")?;
        let mut arguments: Vec<Expression> = Vec::new();
        if self.kind() == &Kind::RightParen {
            let end = self.token().range.end;
            self.index += 1;
            return Ok((arguments, end));
        }
        loop {
            let index = arguments.len();
            self.admits_unrestricted = name == "info" && index == 1;
            let mut argument = self.expression(Precedence::Or)?;
            self.admits_unrestricted = false;
            if let Some(wanted) = expected(index) {
                self.check_argument(name, index, wanted, &mut argument);
            }
            arguments.push(argument);
            if self.kind() == &Kind::Comma {
                let comma = self.token().range.clone();
                self.index += 1;
                if self.kind() == &Kind::RightParen {
                    self.report("a comma cannot stand behind the last argument", comma);
                } else {
                    continue;
                }
            }
            let close = self.close(&open, "an operator, `,` or `)`")?;
            return Ok((arguments, close.end));
        }
    }

    fn check_argument(&mut self, name: &str, index: usize, wanted: ValueType, argument: &mut Expression) {
        if name == "info" && index == 1 {
            let is_label_selector = matches!(
                argument.shape,
                Shape::Instant(_, NameShape::NotBeforeBraces) | Shape::Hole(_)
            );
            if !is_label_selector {
                self.report(
                    "the second argument of `info` must be label matchers in braces, without a name",
                    argument.range.clone(),
                );
            }
        }
        if argument.value == ValueType::Unknown {
            self.hole_as_selector(wanted, argument);
            return;
        }
        if argument.value == wanted {
            return;
        }
        let found = argument.value.describe();
        let message = match (wanted, argument.value) {
            (ValueType::Range, ValueType::Instant) => {
                format!("`{name}` needs a range vector, as `[5m]` behind a selector gives, and gets {found}")
            }
            _ => format!("`{name}` needs {} and gets {found}", wanted.describe()),
        };
        self.report(message, argument.range.clone());
    }

    /// A hole alone where only a vector can stand is a selector with an unknown name.
    fn hole_as_selector(&mut self, wanted: ValueType, argument: &mut Expression) {
        let (ValueType::Instant, Shape::Hole(token)) = (wanted, &argument.shape) else {
            return;
        };
        let reading = selector::read(self.text, self.tokens, *token);
        self.push_selector(reading.selector);
        argument.selectors.end = self.selectors.len();
    }

    /// An aggregation; `None` where its name is a hole.
    fn aggregation(&mut self, parameter: Option<Parameter>) -> Result<Expression, Stop> {
        let token = self.token();
        let name = self.word(token).to_ascii_lowercase();
        self.index += 1;
        let is_grouped = matches!(self.kind(), Kind::Keyword(Keyword::By | Keyword::Without));
        if is_grouped {
            self.index += 1;
            self.labels()?;
        }
        let from = self.selectors.len();
        self.calls.push(name.clone());
        let wanted = |index: usize| match (parameter?, index) {
            (Parameter::None, 0) | (Parameter::Scalar | Parameter::Text, 1) => Some(ValueType::Instant),
            (Parameter::Scalar, 0) => Some(ValueType::Scalar),
            (Parameter::Text, 0) => Some(ValueType::Text),
            _ => None,
        };
        let (arguments, end) = self.arguments(&name, &wanted)?;
        self.calls.pop();
        let range = token.range.start..end;
        if let Some(parameter) = parameter {
            let count = if parameter == Parameter::None { 1 } else { 2 };
            if arguments.len() != count {
                let plural = if count == 1 { "argument" } else { "arguments" };
                let given = arguments.len();
                self.report(
                    format!("`{name}` takes {count} {plural}, not {given}"),
                    range.clone(),
                );
            }
        }
        if !is_grouped && matches!(self.kind(), Kind::Keyword(Keyword::By | Keyword::Without)) {
            self.index += 1;
            self.labels()?;
        }
        let range = range.start..self.previous_end();
        let has_holes = parameter.is_none() || arguments.iter().any(|argument| argument.has_holes);
        let selectors = from..self.selectors.len();
        Ok(Expression {
            value: ValueType::Instant,
            range,
            selectors,
            has_holes,
            shape: Shape::Other,
        })
    }

    /// `(a, b)` behind `by`, `on`, `group_left` and the like.
    fn labels(&mut self) -> Result<Vec<String>, Failure> {
        let open = self.expect(&Kind::LeftParen, "`(` and a list of labels")?;
        let mut labels = Vec::new();
        loop {
            let token = self.token();
            match &token.kind {
                Kind::RightParen => {
                    self.index += 1;
                    return Ok(labels);
                }
                Kind::Name | Kind::RecordName => labels.push(self.word(token).to_owned()),
                // Prometheus forgot `without` among the words that may be labels here.
                Kind::Keyword(keyword) if *keyword != Keyword::Without => {
                    labels.push(self.word(token).to_owned());
                }
                Kind::Text(text) => {
                    if text.value.is_empty() || !text.is_utf8 {
                        self.report("a label cannot be named so", token.range.clone());
                    }
                    labels.push(text.value.clone());
                }
                Kind::Template(_) => {}
                Kind::End => return Err(Failure::new("the `(` of a list of labels is not closed", open)),
                _ => return Err(self.unexpected("a label or `)`")),
            }
            self.index += 1;
            match self.kind() {
                Kind::Comma => self.index += 1,
                Kind::RightParen | Kind::Template(_) => {}
                _ if matches!(token.kind, Kind::Template(_)) => {}
                Kind::End => return Err(Failure::new("the `(` of a list of labels is not closed", open)),
                _ => return Err(self.unexpected("`,` or `)` in a list of labels")),
            }
        }
    }

    /// The modifiers behind a binary operator.
    fn matching(&mut self) -> Result<Matching, Stop> {
        let mut matching = Matching::default();
        if self.kind() == &Kind::Keyword(Keyword::Bool) {
            self.index += 1;
            matching.bool_modifier = true;
        }
        if let Kind::Keyword(keyword @ (Keyword::On | Keyword::Ignoring)) = self.kind() {
            self.index += 1;
            matching.on = *keyword == Keyword::On;
            matching.labels = self.labels()?;
            if matches!(
                self.kind(),
                Kind::Keyword(Keyword::GroupLeft | Keyword::GroupRight)
            ) {
                self.index += 1;
                let is_listed = self.kind() == &Kind::LeftParen;
                matching.group = Some(if is_listed { self.labels()? } else { Vec::new() });
            }
        }
        let first = self.kind();
        if matches!(
            first,
            Kind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight)
        ) {
            matching.fill = true;
            self.fill_value()?;
            let other = match first {
                Kind::Keyword(Keyword::FillLeft) => Some(Keyword::FillRight),
                Kind::Keyword(Keyword::FillRight) => Some(Keyword::FillLeft),
                _ => None,
            };
            if other.is_some_and(|other| self.kind() == &Kind::Keyword(other)) {
                self.fill_value()?;
            }
        }
        Ok(matching)
    }

    fn fill_value(&mut self) -> Result<(), Failure> {
        self.index += 1;
        let open = self.expect(&Kind::LeftParen, "`(` and a number")?;
        if matches!(self.kind(), Kind::Sign(Sign::Add | Sign::Subtract)) {
            self.index += 1;
        }
        match self.kind() {
            Kind::Number(_) | Kind::Duration(_) | Kind::Template(_) => self.index += 1,
            _ => return Err(self.unexpected("a number")),
        }
        self.close(&open, "`)`")?;
        Ok(())
    }

    fn binary(
        &mut self,
        left: Expression,
        operator: Operator,
        sign: Range<usize>,
        matching: &Matching,
        right: Expression,
    ) -> Expression {
        let both = [&left, &right];
        let is_known = both.iter().all(|operand| operand.value != ValueType::Unknown);
        if let Some(wrong) = both
            .iter()
            .find(|operand| matches!(operand.value, ValueType::Text | ValueType::Range))
        {
            let (described, place) = (wrong.value.describe(), wrong.range.clone());
            self.report(
                format!("an operator takes scalars and instant vectors, not {described}"),
                place,
            );
        }
        let scalars = both
            .iter()
            .filter(|operand| operand.value == ValueType::Scalar)
            .count();
        let shown = &self.text[sign.clone()];
        if operator == Operator::Comparison && !matching.bool_modifier && scalars == 2 {
            self.report(
                format!("comparing two scalars needs `{shown} bool`"),
                sign.clone(),
            );
        }
        if matching.bool_modifier && !matches!(operator, Operator::Comparison | Operator::Unknown) {
            self.report(
                format!("`bool` can follow a comparison only, not `{shown}`"),
                sign.clone(),
            );
        }
        if operator.is_set() && scalars > 0 {
            self.report(
                format!("`{shown}` combines vectors; a scalar needs `vector(…)`"),
                sign.clone(),
            );
        }
        if scalars > 0 && is_known {
            if !matching.labels.is_empty() {
                self.report("labels can be matched between instant vectors only", sign.clone());
            }
            if matching.fill {
                self.report(
                    "missing series can be filled between instant vectors only",
                    sign.clone(),
                );
            }
        } else if operator.is_set() {
            if matching.group.is_some() {
                self.report(
                    format!("`{shown}` cannot be used with `group_left` or `group_right`"),
                    sign.clone(),
                );
            }
            if matching.fill {
                self.report(format!("`{shown}` cannot be used with `fill`"), sign.clone());
            }
        }
        if let (true, Some(group)) = (matching.on, &matching.group)
            && let Some(label) = matching.labels.iter().find(|label| group.contains(label))
        {
            self.report(
                format!("the label `{label}` stands both in `on` and in the grouping"),
                sign,
            );
        }
        match operator {
            Operator::Unless => self.guards.unless(right.selectors.clone()),
            Operator::Or => {
                let operand = |expression: &Expression| Operand {
                    selectors: expression.selectors.clone(),
                    has_holes: expression.has_holes,
                };
                self.guards.or(&operand(&left), &operand(&right));
            }
            _ => {}
        }
        let value = match (operator, scalars) {
            (Operator::Unknown, _) => ValueType::Unknown,
            (_, 2) => ValueType::Scalar,
            _ if is_known => ValueType::Instant,
            _ => ValueType::Unknown,
        };
        Expression {
            value,
            range: left.range.start..right.range.end,
            selectors: left.selectors.start..right.selectors.end,
            has_holes: left.has_holes || right.has_holes || operator == Operator::Unknown,
            shape: Shape::Other,
        }
    }
}

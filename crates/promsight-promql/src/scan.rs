//! Selectors of a query that does not follow the grammar, and whether its brackets do.
//!
//! One pass over the words with a stack of open parentheses: finds every selector, the functions around it, and, as
//! far as that can be told without a grammar, its guard. Accepts anything.

use std::collections::BTreeSet;

use crate::functions;
use crate::guard::{Guards, Operand};
use crate::parser::MAX_FUNCTIONS;
use crate::selector;
use crate::token::{Failure, Keyword, Kind, Token};
use crate::{Selector, SelectorName};

/// The selectors, from left to right.
pub(crate) fn selectors(text: &str, tokens: &[Token]) -> Vec<Selector> {
    let mut scan = Scan {
        text,
        tokens,
        index: 0,
        selectors: Vec::new(),
        guards: Guards::default(),
        frames: vec![Frame::new(None, 0)],
        called: None,
        behind_operand: false,
    };
    while scan.kind() != &Kind::End {
        scan.step();
    }
    while let Some(frame) = scan.frames.pop() {
        scan.finish(&frame);
    }
    let guards = scan.guards.spread(scan.selectors.len());
    for (selector, guard) in scan.selectors.iter_mut().zip(guards) {
        selector.guard = guard;
    }
    let defined = definitions(text, tokens);
    scan.selectors
        .retain(|selector| !defined.contains(&text[selector.name_range.clone()]));
    scan.selectors
}

/// The first bracket that is not closed or not opened, or string that is not closed.
pub(crate) fn broken_structure(text: &str, tokens: &[Token]) -> Option<Failure> {
    let mut open: Vec<&Token> = Vec::new();
    for token in tokens {
        let shown = &text[token.range.clone()];
        match &token.kind {
            Kind::LeftParen | Kind::LeftBrace | Kind::LeftBracket => open.push(token),
            Kind::RightParen | Kind::RightBrace | Kind::RightBracket => {
                let wanted = match token.kind {
                    Kind::RightParen => Kind::LeftParen,
                    Kind::RightBrace => Kind::LeftBrace,
                    _ => Kind::LeftBracket,
                };
                if open.pop().is_none_or(|opening| opening.kind != wanted) {
                    return Some(Failure::new(
                        format!("the `{shown}` closes nothing"),
                        token.range.clone(),
                    ));
                }
            }
            Kind::Bad(message) if shown.starts_with(['"', '\'', '`']) => {
                return Some(Failure::new(message.clone(), token.range.clone()));
            }
            _ => {}
        }
    }
    let unclosed = open.first()?;
    let shown = &text[unclosed.range.clone()];
    Some(Failure::new(
        format!("the `{shown}` is not closed"),
        unclosed.range.clone(),
    ))
}

/// The first word that cannot stand in PromQL.
pub(crate) fn first_bad_word(tokens: &[Token]) -> Option<Failure> {
    tokens.iter().find_map(|token| match &token.kind {
        Kind::Bad(message) => Some(Failure::new(message.clone(), token.range.clone())),
        _ => None,
    })
}

/// Whether the query is written in MetricsQL: it uses what only VictoriaMetrics has.
pub(crate) fn is_metricsql(text: &str, tokens: &[Token]) -> bool {
    let word = |token: &Token| text[token.range.clone()].to_ascii_lowercase();
    let mut in_braces = false;
    // For each open parenthesis, whether it stands alone: in MetricsQL `(a, b)` is a union.
    let mut is_alone: Vec<bool> = Vec::new();
    let mut behind_call = false;
    tokens.windows(2).any(|pair| {
        match &pair[0].kind {
            Kind::LeftBrace => in_braces = true,
            Kind::RightBrace => in_braces = false,
            Kind::LeftParen => is_alone.push(!behind_call),
            Kind::RightParen => {
                is_alone.pop();
            }
            Kind::Comma if !in_braces && is_alone.last() == Some(&true) => return true,
            Kind::Bad(_) if is_metricsql_number(&text[pair[0].range.clone()]) => return true,
            _ => {}
        }
        behind_call = matches!(pair[0].kind, Kind::Name | Kind::Keyword(_) | Kind::Template(_));
        let Kind::Name = pair[1].kind else {
            let is_call = pair[1].kind == Kind::LeftParen && matches!(pair[0].kind, Kind::Name);
            return is_call && (functions::is_metricsql(&word(&pair[0])) || word(&pair[0]) == "with");
        };
        // Behind an operand no name can stand in PromQL.
        let behind_operand = matches!(
            pair[0].kind,
            Kind::RightParen
                | Kind::RightBrace
                | Kind::RightBracket
                | Kind::Name
                | Kind::Number(_)
                | Kind::Text(_)
        );
        match word(&pair[1]).as_str() {
            "or" => in_braces && matches!(pair[0].kind, Kind::Text(_)),
            "limit" => matches!(pair[0].kind, Kind::RightParen),
            other => is_metricsql_operator(other) && behind_operand && !in_braces,
        }
    })
}

/// Whether a query can be MetricsQL: its brackets and words are sound, whatever stands where.
pub(crate) fn may_be_metricsql(text: &str, tokens: &[Token]) -> bool {
    let is_word = |token: &Token| match &token.kind {
        Kind::Bad(_) => is_metricsql_number(&text[token.range.clone()]),
        _ => true,
    };
    broken_structure(text, tokens).is_none() && tokens.iter().all(is_word)
}

/// Numbers with a suffix (`10Ki`, `1.5MB`) and durations in steps or fractions (`5i`, `1.5h`).
fn is_metricsql_number(word: &str) -> bool {
    const SUFFIXES: [&str; 22] = [
        "k", "ki", "kb", "kib", "m", "mi", "mb", "mib", "g", "gi", "gb", "gib", "t", "ti", "tb", "tib", "i",
        "ms", "s", "h", "d", "w",
    ];
    let digits = word
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let suffix = word[digits..].to_ascii_lowercase();
    word.starts_with(|first: char| first.is_ascii_digit()) && SUFFIXES.contains(&suffix.as_str())
}

fn is_metricsql_operator(word: &str) -> bool {
    ["default", "if", "ifnot", "keep_metric_names"]
        .iter()
        .any(|operator| word.eq_ignore_ascii_case(operator))
}

/// Names that a `WITH (name = …, function(parameter) = …)` of MetricsQL defines: they are no series.
fn definitions<'query>(text: &'query str, tokens: &[Token]) -> BTreeSet<&'query str> {
    let word = |index: usize| tokens.get(index).map_or("", |token| &text[token.range.clone()]);
    let mut names = BTreeSet::new();
    for (index, token) in tokens.iter().enumerate() {
        let begins =
            token.kind == Kind::LeftParen && index > 0 && word(index - 1).eq_ignore_ascii_case("with");
        if !begins {
            continue;
        }
        let mut depth = 0_usize;
        for (inside, token) in tokens.iter().enumerate().skip(index) {
            match token.kind {
                Kind::LeftParen | Kind::LeftBrace => depth += 1,
                Kind::RightParen | Kind::RightBrace => depth = depth.saturating_sub(1),
                Kind::Equal if depth == 1 => {
                    let before = tokens[..inside].iter().rev();
                    let is_function = tokens[inside - 1].kind == Kind::RightParen;
                    let defined = before.take_while(|token| token.kind != Kind::LeftParen);
                    names.extend(
                        defined
                            .take(if is_function { MAX_PARAMETERS } else { 1 })
                            .filter(|token| token.kind == Kind::Name)
                            .map(|token| &text[token.range.clone()]),
                    );
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        // One `WITH` is enough: a nested one lies within its parentheses or behind them.
        break;
    }
    names
}

/// So many parameters of a function that `WITH` defines are known.
const MAX_PARAMETERS: usize = 64;

/// One pair of parentheses.
struct Frame {
    /// The function or aggregation before it.
    call: Option<String>,
    /// Number of the first selector of the current argument.
    start: usize,
    /// Number of selectors before the last `or` of the current argument.
    or_at: Option<usize>,
    /// Number of selectors before the last `unless`.
    unless_at: Option<usize>,
    may_hide_selectors: bool,
}

impl Frame {
    fn new(call: Option<String>, start: usize) -> Self {
        Self {
            call,
            start,
            or_at: None,
            unless_at: None,
            may_hide_selectors: false,
        }
    }
}

struct Scan<'query> {
    text: &'query str,
    tokens: &'query [Token],
    index: usize,
    selectors: Vec<Selector>,
    guards: Guards,
    frames: Vec<Frame>,
    /// A function's name that its parenthesis follows.
    called: Option<String>,
    behind_operand: bool,
}

impl<'query> Scan<'query> {
    fn kind(&self) -> &'query Kind {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> &'query Kind {
        &self.tokens[(self.index + count).min(self.tokens.len() - 1)].kind
    }

    fn word(&self) -> &'query str {
        &self.text[self.tokens[self.index].range.clone()]
    }

    fn step(&mut self) {
        let is_called = self.ahead(1) == &Kind::LeftParen;
        match self.kind() {
            Kind::LeftParen => {
                let call = self.called.take();
                let frame = Frame::new(call, self.selectors.len());
                self.frames.push(frame);
                self.behind_operand = false;
                self.index += 1;
            }
            Kind::RightParen => {
                if self.frames.len() > 1
                    && let Some(frame) = self.frames.pop()
                {
                    self.finish(&frame);
                }
                self.behind_operand = true;
                self.index += 1;
            }
            Kind::Comma => {
                let now = self.selectors.len();
                if let Some(frame) = self.frames.last_mut() {
                    let next = Frame::new(frame.call.clone(), now);
                    let argument = std::mem::replace(frame, next);
                    self.finish(&argument);
                }
                self.behind_operand = false;
                self.index += 1;
            }
            Kind::LeftBracket => {
                while !matches!(self.kind(), Kind::RightBracket | Kind::End) {
                    self.index += 1;
                }
                self.behind_operand = true;
            }
            Kind::Name if is_called && self.word().eq_ignore_ascii_case("with") => self.index += 1,
            Kind::Name | Kind::Template(_) if is_called => self.function(),
            // `ceil by (x) (…)`: no aggregation has that name, and no series stands there.
            Kind::Name
                if matches!(self.ahead(1), Kind::Keyword(Keyword::By | Keyword::Without))
                    && self.ahead(2) == &Kind::LeftParen
                    && !self.behind_operand =>
            {
                self.function();
            }
            Kind::Keyword(keyword) => self.keyword(*keyword, is_called),
            Kind::Template(template) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.may_hide_selectors = true;
                }
                let stands_alone =
                    (template.is_bare() || template.is_duration()) && !self.ahead(1).follows_selector();
                if stands_alone || template.numeric {
                    self.index += 1;
                    self.behind_operand = true;
                } else {
                    self.selector();
                }
            }
            // Operators and modifiers of MetricsQL; no name can stand there in PromQL.
            Kind::Name if self.behind_operand && is_metricsql_operator(self.word()) => {
                self.behind_operand = self.word().eq_ignore_ascii_case("keep_metric_names");
                self.index += 1;
            }
            // `sum(x) by (y) limit 5` of MetricsQL.
            Kind::Name
                if self.behind_operand
                    && self.word().eq_ignore_ascii_case("limit")
                    && matches!(self.ahead(1), Kind::Number(_) | Kind::Template(_)) =>
            {
                self.index += 2;
            }
            // `up > 5 for 5m`, `up > 5 for: 5m`: a line of the rule that got into its query.
            Kind::Name | Kind::RecordName
                if self.behind_operand && matches!(self.ahead(1), Kind::Duration(_)) =>
            {
                self.index += 2;
            }
            Kind::Name | Kind::RecordName | Kind::LeftBrace => self.selector(),
            Kind::Sign(_) | Kind::NotEqual | Kind::At | Kind::Equal => {
                self.behind_operand = false;
                self.index += 1;
            }
            _ => {
                self.behind_operand = true;
                self.index += 1;
            }
        }
    }

    fn function(&mut self) {
        self.called = Some(self.word().to_ascii_lowercase());
        self.index += 1;
    }

    fn keyword(&mut self, keyword: Keyword, is_called: bool) {
        match keyword {
            Keyword::Aggregation(_)
                if is_called || matches!(self.ahead(1), Kind::Keyword(Keyword::By | Keyword::Without)) =>
            {
                self.function();
            }
            Keyword::By
            | Keyword::Without
            | Keyword::On
            | Keyword::Ignoring
            | Keyword::GroupLeft
            | Keyword::GroupRight
            | Keyword::Fill
            | Keyword::FillLeft
            | Keyword::FillRight
                if is_called =>
            {
                // The labels in the parentheses are no selectors.
                while !matches!(self.kind(), Kind::RightParen | Kind::End) {
                    self.index += 1;
                }
                if self.kind() == &Kind::RightParen {
                    self.index += 1;
                }
                // `sum(x) by (y)` is an operand, behind `sum by (y)` and `on (y)` one is expected.
                self.behind_operand &= matches!(keyword, Keyword::By | Keyword::Without);
            }
            // The parenthesis was forgotten: what follows is a label.
            Keyword::By | Keyword::Without | Keyword::On | Keyword::Ignoring if self.behind_operand => {
                self.index += 1;
                if matches!(self.kind(), Kind::Name) {
                    self.index += 1;
                }
            }
            Keyword::Start
            | Keyword::End
            | Keyword::Step
            | Keyword::Range
            | Keyword::MaxOf
            | Keyword::MinOf
                if is_called =>
            {
                self.function();
            }
            Keyword::Or if self.behind_operand => {
                let now = self.selectors.len();
                if let Some(frame) = self.frames.last_mut() {
                    let earlier = frame.or_at.replace(now);
                    if earlier.is_some() {
                        // `a or b or c`: what came before is the left operand of this one.
                        let all = frame.start..now;
                        let constant = Operand {
                            selectors: all,
                            may_hide_selectors: true,
                        };
                        self.guards.or(&constant, &constant);
                    }
                    frame.may_hide_selectors = false;
                }
                self.operator();
            }
            Keyword::Unless if self.behind_operand => {
                let now = self.selectors.len();
                if let Some(frame) = self.frames.last_mut() {
                    frame.unless_at = Some(now);
                }
                self.operator();
            }
            Keyword::And | Keyword::Atan2 if self.behind_operand => self.operator(),
            Keyword::Offset if self.behind_operand => {
                self.index += 1;
                while matches!(self.kind(), Kind::Sign(_)) {
                    self.index += 1;
                }
                if matches!(
                    self.kind(),
                    Kind::Number(_) | Kind::Duration(_) | Kind::Template(_)
                ) {
                    self.index += 1;
                }
            }
            Keyword::Smoothed | Keyword::Anchored if self.behind_operand => self.index += 1,
            keyword if keyword.can_name_metric() && !self.behind_operand => self.selector(),
            _ => self.index += 1,
        }
    }

    fn operator(&mut self) {
        self.behind_operand = false;
        self.index += 1;
    }

    fn selector(&mut self) {
        let reading = selector::read(self.text, self.tokens, self.index);
        let is_definition = self.index > 0 && self.tokens[self.index - 1].kind == Kind::Equal;
        self.index = reading.next;
        let mut selector = reading.selector;
        // `WITH (filters = {…})` of MetricsQL selects nothing by itself.
        if is_definition && selector.name == SelectorName::Any {
            self.behind_operand = true;
            return;
        }
        let calls = self.frames.iter().rev().filter_map(|frame| frame.call.clone());
        selector.functions = calls.take(MAX_FUNCTIONS).collect();
        selector.functions.reverse();
        self.selectors.push(selector);
        self.behind_operand = true;
    }

    /// Records the guards of an argument or a pair of parentheses that ends here.
    fn finish(&mut self, frame: &Frame) {
        let end = self.selectors.len();
        if let Some(middle) = frame.or_at {
            let left = Operand {
                selectors: frame.start..middle,
                may_hide_selectors: false,
            };
            let right = Operand {
                selectors: middle..end,
                may_hide_selectors: frame.may_hide_selectors,
            };
            self.guards.or(&left, &right);
        }
        if let Some(middle) = frame.unless_at {
            let unless_end = frame.or_at.filter(|or| *or >= middle).unwrap_or(end);
            self.guards.unless(middle..unless_end);
        }
        if matches!(frame.call.as_deref(), Some("absent" | "absent_over_time")) {
            self.guards.absent(frame.start..end);
        }
    }
}

//! The grammar of durations: in brackets, after `offset`, after `@`.
//!
//! Durations are expressions since Prometheus 3.4 (`[5m + 1m]`, `offset -(1h)`, `[step()]`). Their precedences are
//! those of the query's operators, with the quirks of the generated parser noted where they show.

use super::{MAX_NESTING, Parser, Stop};
use crate::token::{Failure, Keyword, Kind, Sign};

/// A duration as far as it must be known.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Duration {
    /// A literal, in seconds.
    Literal(f64),
    /// Computed, or a template hole.
    Computed,
}

/// Prometheus keeps durations in 63 bits of nanoseconds.
const LARGEST_SECONDS: f64 = 9_223_372_036.854_776;

impl Parser<'_> {
    /// The range or step of brackets: positive where it is a literal, whose seconds are the answer.
    pub(super) fn range_duration(&mut self) -> Result<Option<f64>, Stop> {
        let start = self.token().range.start;
        let before = self.index;
        let duration = self.duration(0)?;
        if let Duration::Literal(seconds) = duration
            && seconds <= 0.0
        {
            let end = if self.index > before {
                self.previous_end()
            } else {
                start
            };
            self.report("a range must be longer than 0", start..end);
        }
        Ok(match duration {
            Duration::Literal(seconds) => Some(seconds),
            Duration::Computed => None,
        })
    }

    /// The duration after `offset`; whether it is 0, which sets nothing.
    ///
    /// `x offset 5m + 1` adds 1 to `x`, and `x offset (5m) + 1` adds to the offset: only what begins with a
    /// parenthesis goes on (a conflict that the generated parser resolves so).
    pub(super) fn offset_duration(&mut self) -> Result<bool, Stop> {
        let duration = match self.kind() {
            Kind::Sign(Sign::Add | Sign::Subtract) => {
                let is_chain = matches!(self.ahead(1).kind, Kind::Sign(Sign::Add | Sign::Subtract));
                if is_chain {
                    self.duration(0)?
                } else {
                    self.signed_operand()?
                }
            }
            Kind::LeftParen => self.duration(0)?,
            _ => self.duration_operand("a duration after `offset`")?,
        };
        Ok(matches!(duration, Duration::Literal(seconds) if (seconds * 1e9).round() == 0.0))
    }

    /// The time after `@`, in seconds where it is a literal.
    pub(super) fn instant(&mut self) -> Result<Option<f64>, Failure> {
        if let Kind::Keyword(Keyword::Start | Keyword::End) = self.kind() {
            self.index += 1;
            self.empty_parentheses()?;
            return Ok(None);
        }
        let negative = self.kind() == &Kind::Sign(Sign::Subtract);
        if negative || self.kind() == &Kind::Sign(Sign::Add) {
            self.index += 1;
        }
        let value = match self.kind() {
            Kind::Number(value) | Kind::Duration(value) => Some(if negative { -*value } else { *value }),
            Kind::Template(_) => None,
            _ => return Err(self.unexpected("a time, `start()` or `end()` after `@`")),
        };
        self.index += 1;
        // `@ ${__to} / 1000`: what is rendered is one time; the arithmetic belongs to the query.
        Ok(value)
    }

    /// An operand with at most one sign, which nothing can follow.
    fn signed_operand(&mut self) -> Result<Duration, Stop> {
        let negative = self.kind() == &Kind::Sign(Sign::Subtract);
        self.index += 1;
        let operand = self.duration_operand("a duration")?;
        Ok(match operand {
            Duration::Literal(seconds) if negative => Duration::Literal(-seconds),
            other => other,
        })
    }

    /// A duration expression of operators that bind at least so strongly: 0 sums, 1 products, 2 powers.
    fn duration(&mut self, least: u8) -> Result<Duration, Stop> {
        if self.depth >= MAX_NESTING {
            return Err(Stop::TooDeep);
        }
        self.depth += 1;
        let result = self.duration_operators(least);
        self.depth -= 1;
        result
    }

    fn duration_operators(&mut self, least: u8) -> Result<Duration, Stop> {
        let mut left = match self.kind() {
            Kind::Sign(Sign::Add | Sign::Subtract) => self.signed_duration()?,
            _ => self.duration_operand("a duration")?,
        };
        loop {
            let Kind::Sign(sign) = self.kind() else {
                return Ok(left);
            };
            let binds = match sign {
                Sign::Add | Sign::Subtract => 0,
                Sign::Multiply | Sign::Divide | Sign::Modulo => 1,
                Sign::Power => 2,
                _ => return Ok(left),
            };
            if binds < least {
                return Ok(left);
            }
            let place = self.token().range.clone();
            self.index += 1;
            let right = self.duration(if binds == 2 { 2 } else { binds + 1 })?;
            let divides = matches!(sign, Sign::Divide | Sign::Modulo);
            if divides && matches!(right, Duration::Literal(seconds) if seconds == 0.0) {
                self.report("a duration is divided by zero", place);
            }
            left = Duration::Computed;
        }
    }

    fn signed_duration(&mut self) -> Result<Duration, Stop> {
        let mut negative = false;
        while let Kind::Sign(sign @ (Sign::Add | Sign::Subtract)) = self.kind() {
            negative ^= *sign == Sign::Subtract;
            self.index += 1;
        }
        let operand = self.duration(2)?;
        Ok(match operand {
            Duration::Literal(seconds) if negative => Duration::Literal(-seconds),
            other => other,
        })
    }

    fn duration_operand(&mut self, expected: &str) -> Result<Duration, Stop> {
        let token = self.token();
        match &token.kind {
            Kind::Number(seconds) | Kind::Duration(seconds) => {
                self.index += 1;
                if seconds.abs() > LARGEST_SECONDS {
                    self.report("the duration is out of range", token.range.clone());
                }
                Ok(Duration::Literal(*seconds))
            }
            Kind::Template(_) => {
                self.index += 1;
                // `[$a$b]` is one word; `[$a $b]` are two.
                while matches!(self.kind(), Kind::Template(_)) {
                    self.index += 1;
                }
                Ok(Duration::Computed)
            }
            Kind::Keyword(Keyword::Step | Keyword::Range) => {
                self.index += 1;
                self.empty_parentheses()?;
                Ok(Duration::Computed)
            }
            Kind::Keyword(Keyword::MaxOf | Keyword::MinOf) => {
                self.index += 1;
                let open = self.expect(&Kind::LeftParen, "`(`")?;
                self.duration(0)?;
                self.expect(&Kind::Comma, "`,` and a second duration")?;
                self.duration(0)?;
                self.close(&open, "`)`")?;
                Ok(Duration::Computed)
            }
            Kind::LeftParen => {
                let open = token.range.clone();
                self.index += 1;
                self.duration(0)?;
                self.close(&open, "an operator or `)` in a duration")?;
                Ok(Duration::Computed)
            }
            _ => Err(self.unexpected(expected).into()),
        }
    }

    fn empty_parentheses(&mut self) -> Result<(), Failure> {
        let open = self.expect(&Kind::LeftParen, "`()`")?;
        self.close(&open, "`)`")?;
        Ok(())
    }
}

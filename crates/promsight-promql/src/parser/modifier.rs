//! What may follow an operand: a range or subquery, `offset`, `@`, `anchored`, `smoothed`.

use super::{Expression, Modifiers, Parser, Shape, Stop};
use crate::functions::ValueType;
use crate::node::NodeKind;
use crate::token::{Failure, Keyword, Kind};

impl Parser<'_> {
    pub(super) fn brackets(&mut self, expression: &mut Expression) -> Result<(), Stop> {
        let open = self.token().range.start;
        self.index += 1;
        let seconds = self.range_duration()?;
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
        let (operand, word) = (expression.node, place.clone());
        let kind = if is_subquery {
            NodeKind::Subquery { operand, word }
        } else {
            NodeKind::Range {
                operand,
                seconds,
                word,
            }
        };
        expression.value = ValueType::Range;
        expression.range.end = place.end;
        expression.node = self.node(kind, ValueType::Range, expression.range.clone());
        Ok(())
    }

    pub(super) fn offset(&mut self, expression: &mut Expression) -> Result<(), Stop> {
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

    pub(super) fn at(&mut self, expression: &mut Expression) -> Result<(), Stop> {
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

    pub(super) fn boundary(&mut self, expression: &mut Expression, keyword: Keyword) {
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
}

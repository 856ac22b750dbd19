//! What stands between two operands: the operator's modifiers, their lists of labels, and what the types demand.

use std::ops::Range;

use super::{Expression, Parser, Shape, Stop};
use crate::flow::{Operator, Side};
use crate::functions::ValueType;
use crate::guard::Operand;
use crate::node::{Binary, Group, LabelList, Matching, NodeKind};
use crate::normal::Taken;
use crate::token::{Failure, Keyword, Kind, Sign};

impl Parser<'_> {
    /// `(a, b)` behind `by`, `on`, `group_left` and the like.
    pub(super) fn labels(&mut self) -> Result<LabelList, Failure> {
        // `by $labels (x)`: the hole is the list with its parentheses.
        if matches!(self.kind(), Kind::Template(template) if template.is_bare()) {
            self.index += 1;
            return Ok(LabelList {
                labels: Vec::new(),
                has_holes: true,
            });
        }
        let open = self.expect(&Kind::LeftParen, "`(` and a list of labels")?;
        let mut list = LabelList::default();
        loop {
            let token = self.token();
            match &token.kind {
                Kind::RightParen => {
                    self.index += 1;
                    return Ok(list);
                }
                Kind::Name | Kind::RecordName => {
                    list.labels
                        .push((self.word(token).to_owned(), token.range.clone()));
                }
                // Prometheus forgot `without` among the words that may be labels here.
                Kind::Keyword(keyword) if *keyword != Keyword::Without => {
                    list.labels
                        .push((self.word(token).to_owned(), token.range.clone()));
                }
                Kind::Text(text) => {
                    if text.value.is_empty() || !text.is_utf8 {
                        self.report("a label cannot be named so", token.range.clone());
                    }
                    if text.has_holes() {
                        list.has_holes = true;
                    } else {
                        list.labels.push((text.value.clone(), text.inner.clone()));
                    }
                }
                Kind::Template(_) => {
                    list.has_holes = true;
                    self.holes.insert(self.index, Taken::Label);
                }
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
    pub(super) fn matching(&mut self) -> Result<Matching, Stop> {
        let mut matching = Matching::default();
        if self.kind() == &Kind::Keyword(Keyword::Bool) {
            self.index += 1;
            matching.bool_modifier = true;
        }
        if let Kind::Keyword(keyword @ (Keyword::On | Keyword::Ignoring)) = self.kind() {
            self.index += 1;
            matching.on = *keyword == Keyword::On;
            matching.labels = self.labels()?;
            if let Kind::Keyword(keyword @ (Keyword::GroupLeft | Keyword::GroupRight)) = self.kind() {
                self.index += 1;
                let is_listed = self.kind() == &Kind::LeftParen;
                matching.group = Some(Group {
                    many: if *keyword == Keyword::GroupLeft {
                        Side::Left
                    } else {
                        Side::Right
                    },
                    include: if is_listed {
                        self.labels()?
                    } else {
                        LabelList::default()
                    },
                });
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
            Kind::Number(_) | Kind::Duration(_) => {}
            Kind::Template(_) => {
                self.holes.insert(self.index, Taken::Number);
            }
            _ => return Err(self.unexpected("a number")),
        }
        self.index += 1;
        self.close(&open, "`)`")?;
        Ok(())
    }

    pub(super) fn binary(
        &mut self,
        left: &Expression,
        operator: Operator,
        sign: Range<usize>,
        matching: Matching,
        right: &Expression,
    ) -> Expression {
        let both = [left, right];
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
        if operator.is_comparison() && !matching.bool_modifier && scalars == 2 {
            self.report(
                format!("comparing two scalars needs `{shown} bool`"),
                sign.clone(),
            );
        }
        if matching.bool_modifier && !operator.is_comparison() && operator != Operator::Unknown {
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
            if !matching.labels.labels.is_empty() {
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
            && let Some((label, _)) = matching
                .labels
                .labels
                .iter()
                .find(|(label, _)| group.include.has(label))
        {
            self.report(
                format!("the label `{label}` stands both in `on` and in the grouping"),
                sign.clone(),
            );
        }
        match operator {
            Operator::Unless => self.guards.unless(right.selectors.clone()),
            Operator::Or => {
                let operand = |expression: &Expression| Operand {
                    selectors: expression.selectors.clone(),
                    may_hide_selectors: expression.may_hide_selectors,
                };
                self.guards.or(&operand(left), &operand(right));
            }
            _ => {}
        }
        let value = match (operator, scalars) {
            (Operator::Unknown, _) => ValueType::Unknown,
            (_, 2) => ValueType::Scalar,
            _ if is_known => ValueType::Instant,
            _ => ValueType::Unknown,
        };
        let range = left.range.start..right.range.end;
        let binary = Binary {
            operator,
            word: sign,
            matching,
            left: left.node,
            right: right.node,
        };
        let node = self.node(NodeKind::Binary(Box::new(binary)), value, range.clone());
        Expression {
            value,
            range,
            selectors: left.selectors.start..right.selectors.end,
            may_hide_selectors: left.may_hide_selectors
                || right.may_hide_selectors
                || operator == Operator::Unknown,
            shape: Shape::Other,
            node,
        }
    }
}

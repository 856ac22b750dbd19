//! Calls of functions and aggregations, and the types of their arguments.

use super::{Expression, NameShape, Parser, Precedence, Shape, Stop};
use crate::functions::{self, ValueType};
use crate::node::{GroupingList, LabelList, NodeKind};
use crate::normal::Taken;
use crate::selector;
use crate::token::{Keyword, Kind, Parameter};

impl Parser<'_> {
    pub(super) fn call(&mut self) -> Result<Expression, Stop> {
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
            let message = if functions::is_metricsql(&name.to_ascii_lowercase()) {
                format!("`{name}` is a function of MetricsQL; PromQL has none of that name")
            } else {
                format!("there is no function `{name}`")
            };
            self.report(message, token.range.clone());
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
        let grouping = if is_template { self.grouping()? } else { None };
        let selectors = from..self.selectors.len();
        if matches!(name, "absent" | "absent_over_time") {
            self.guards.absent(selectors.clone());
        }
        let value = signature.map_or(ValueType::Unknown, |signature| signature.returns);
        let ids = arguments.iter().map(|argument| argument.node).collect();
        let word = token.range.clone();
        let kind = match grouping {
            Some(grouping) => NodeKind::Aggregation {
                name: None,
                word,
                grouping: Some(grouping),
                arguments: ids,
            },
            None => NodeKind::Call {
                name: (!is_template).then(|| name.to_ascii_lowercase()),
                word,
                arguments: ids,
            },
        };
        let node = self.node(kind, value, token.range.start..self.previous_end());
        let may_hide_selectors = is_template || arguments.iter().any(|argument| argument.may_hide_selectors);
        Ok(Expression {
            value,
            range,
            selectors,
            may_hide_selectors,
            shape: Shape::Other,
            node,
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
            // A hole in the place of a number or string is one.
            argument.may_hide_selectors &= !matches!(wanted, ValueType::Scalar | ValueType::Text);
            self.hole_as(wanted, argument);
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

    /// A hole alone is what is wanted; where only a vector can stand, a selector with an unknown name.
    fn hole_as(&mut self, wanted: ValueType, argument: &mut Expression) {
        let Shape::Hole(token) = argument.shape else {
            return;
        };
        let taken = match wanted {
            ValueType::Scalar => Taken::Number,
            ValueType::Text => Taken::Text,
            ValueType::Range => Taken::Range,
            ValueType::Unknown => Taken::Expression,
            ValueType::Instant => {
                let reading = selector::read(self.text, self.tokens, token);
                let node = &mut self.nodes[argument.node];
                node.kind = NodeKind::Selector(self.selectors.len());
                node.value = ValueType::Instant;
                self.push_selector(reading.selector);
                argument.selectors.end = self.selectors.len();
                return;
            }
        };
        self.holes.insert(token, taken);
    }

    /// `by (…)` or `without (…)`, where one stands here.
    fn grouping(&mut self) -> Result<Option<GroupingList>, Stop> {
        // `sum $grouping (x)`
        if matches!(self.kind(), Kind::Template(template) if template.is_bare())
            && self.ahead(1).kind == Kind::LeftParen
        {
            self.index += 1;
            return Ok(Some(GroupingList {
                is_without: true,
                list: LabelList {
                    labels: Vec::new(),
                    has_holes: true,
                },
            }));
        }
        let Kind::Keyword(keyword @ (Keyword::By | Keyword::Without)) = self.kind() else {
            return Ok(None);
        };
        self.index += 1;
        Ok(Some(GroupingList {
            is_without: *keyword == Keyword::Without,
            list: self.labels()?,
        }))
    }

    /// An aggregation; `None` where its name is a hole.
    pub(super) fn aggregation(&mut self, parameter: Option<Parameter>) -> Result<Expression, Stop> {
        let token = self.token();
        let name = self.word(token).to_ascii_lowercase();
        self.index += 1;
        let mut grouping = self.grouping()?;
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
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let range = range.start..self.previous_end();
        let may_hide_selectors =
            parameter.is_none() || arguments.iter().any(|argument| argument.may_hide_selectors);
        let selectors = from..self.selectors.len();
        let kind = NodeKind::Aggregation {
            name: parameter.is_some().then_some(name),
            word: token.range.clone(),
            grouping,
            arguments: arguments.iter().map(|argument| argument.node).collect(),
        };
        let node = self.node(kind, ValueType::Instant, range.clone());
        Ok(Expression {
            value: ValueType::Instant,
            range,
            selectors,
            may_hide_selectors,
            shape: Shape::Other,
            node,
        })
    }
}

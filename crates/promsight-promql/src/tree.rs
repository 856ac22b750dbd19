//! What stands around each selector, read from the tree of `promql-parser`.
//!
//! Two parsers, each for what it is good at. `promql-parser` 0.11 gives the tree: the functions around a selector and
//! the guards it stands under come from it wherever it reads the query. It has no positions, so our words and
//! selectors come first, and the k-th selector of the tree from left to right is the k-th of ours; their names are
//! compared. Whether a query is valid is our grammar's to say: of the 208 valid queries in Prometheus' own test cases
//! `promql-parser` refuses 34 as they stand (raw strings with a backslash, `</` and `>/`, computed durations,
//! `anchored` and `smoothed`, `1_000`, patterns that only RE2 reads), it accepts what Prometheus does not between
//! brackets and in escapes, and its errors have no place. [`normal`] writes a query so that less is refused: 510 of the
//! 575 valid ones in `testdata/promql/conformance.json` have a tree. Where there is none, or one with other selectors,
//! what our grammar noted on its way stands; the tests hold the two to the same answer.

use promql_parser::label::METRIC_NAME;
use promql_parser::parser::token::{T_LOR, T_LUNLESS};
use promql_parser::parser::{Expr, VectorSelector};

use crate::Guard;
use crate::guard::{Guards, Operand};
use crate::normal::{self, Vector};
use crate::parser::{self, Parsed};
use crate::token::Token;

/// What stands around a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// What they make of its absence.
    pub(crate) guard: Guard,
    /// Functions and aggregations, outermost first.
    pub(crate) functions: Vec<String>,
}

/// What stands around each selector of `parsed`; `None` where `promql-parser` does not read the query as we do.
pub(crate) fn surroundings(text: &str, tokens: &[Token], parsed: &Parsed) -> Option<Vec<Surroundings>> {
    let normal = normal::write(text, tokens, parsed)?;
    let tree = promql_parser::parser::parse(&normal.text).ok()?;
    let mut walk = Walk {
        vectors: normal.vectors.iter(),
        calls: Vec::new(),
        functions: Vec::new(),
        guards: Guards::default(),
    };
    walk.expression(&tree)?;
    if walk.vectors.next().is_some() {
        return None;
    }
    let guards = walk.guards.spread(walk.functions.len());
    let both = guards.into_iter().zip(walk.functions);
    Some(
        both.map(|(guard, functions)| Surroundings { guard, functions })
            .collect(),
    )
}

/// A walk through the tree, from left to right.
struct Walk<'query> {
    /// What was written and not yet found in the tree.
    vectors: std::slice::Iter<'query, Vector>,
    calls: Vec<String>,
    /// For each selector so far, the functions around it.
    functions: Vec<Vec<String>>,
    guards: Guards,
}

impl Walk<'_> {
    /// Walks through an expression; `None` where it is not what was written. Recursion is as deep as the tree, which
    /// [`normal::write`] limits.
    fn expression(&mut self, expression: &Expr) -> Option<Operand> {
        match expression {
            Expr::Aggregate(aggregation) => {
                let arguments = aggregation.param.iter().chain([&aggregation.expr]);
                self.call(aggregation.op.to_string(), arguments)
            }
            Expr::Call(call) => self.call(call.func.name.to_owned(), call.args.args.iter()),
            Expr::Binary(binary) => {
                let left = self.expression(&binary.lhs)?;
                let right = self.expression(&binary.rhs)?;
                match binary.op.id() {
                    T_LOR => self.guards.or(&left, &right),
                    T_LUNLESS => self.guards.unless(right.selectors.clone()),
                    _ => {}
                }
                Some(Operand {
                    selectors: left.selectors.start..right.selectors.end,
                    may_hide_selectors: left.may_hide_selectors || right.may_hide_selectors,
                })
            }
            Expr::Unary(unary) => self.expression(&unary.expr),
            Expr::Paren(parentheses) => self.expression(&parentheses.expr),
            Expr::Subquery(subquery) => self.expression(&subquery.expr),
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(range) => self.selector(&range.vs),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Some(self.nothing()),
            Expr::Extension(_) => None,
        }
    }

    fn call<'tree>(
        &mut self,
        name: String,
        arguments: impl Iterator<Item = &'tree Box<Expr>>,
    ) -> Option<Operand> {
        let mut all = self.nothing();
        let is_absence = matches!(name.as_str(), "absent" | "absent_over_time");
        self.calls.push(name);
        for argument in arguments {
            let argument = self.expression(argument)?;
            all.selectors.end = argument.selectors.end;
            all.may_hide_selectors |= argument.may_hide_selectors;
        }
        self.calls.pop();
        if is_absence {
            self.guards.absent(all.selectors.clone());
        }
        Some(all)
    }

    fn selector(&mut self, selector: &VectorSelector) -> Option<Operand> {
        let mut operand = self.nothing();
        match self.vectors.next()? {
            Vector::Hole => operand.may_hide_selectors = true,
            Vector::Selector(name) => {
                let mut matchers = selector.matchers.matchers.iter();
                let found = matchers.find(|matcher| matcher.name == METRIC_NAME);
                if found.map(|matcher| &matcher.value) != name.as_ref() {
                    return None;
                }
                self.functions.push(parser::innermost(&self.calls));
                operand.selectors.end += 1;
            }
        }
        Some(operand)
    }

    /// An operand without selectors, here.
    fn nothing(&self) -> Operand {
        let now = self.functions.len();
        Operand {
            selectors: now..now,
            may_hide_selectors: false,
        }
    }
}

#[cfg(test)]
mod tests;

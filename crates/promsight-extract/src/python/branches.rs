//! `if` and `match`: chains of alternatives.

use promsight_model::Span;
use promsight_model::python::{Expr, ExprKind, Stmt, StmtKind};
use tree_sitter::Node;

use super::kinds::{Field, Kind};
use super::lowering::{Child, Lowering, in_field, of_kind};

/// Alternatives (`elif`, `case`) nest in the result. Where fewer levels than these are left, the rest of them follow
/// one another instead: nothing in their bodies is lost.
const LEVELS_KEPT_FOR_BODIES: usize = 50;

/// One alternative of an `if` or `match`.
struct Branch<'tree> {
    /// Where it begins.
    start: usize,
    /// The condition of an `if`; a `case` has a pattern, which is not evaluated.
    condition: Option<Node<'tree>>,
    /// The place of condition or pattern.
    test_span: Span,
    body: Option<Node<'tree>>,
}

impl<'tree> Lowering<'tree, '_> {
    pub(super) fn if_statement(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let mut branches = vec![self.branch(node, &children)];
        for child in children.iter().filter(|child| child.kind == Kind::ElifClause) {
            let parts = self.children(child.node);
            branches.push(self.branch(child.node, &parts));
        }
        let orelse = of_kind(&children, Kind::ElseClause);
        self.alternative(&branches, orelse, node.end_byte())
            .unwrap_or(StmtKind::Other)
    }

    fn branch(&self, node: Node<'tree>, children: &[Child<'tree>]) -> Branch<'tree> {
        let condition = in_field(children, Field::Condition);
        Branch {
            start: node.start_byte(),
            condition,
            test_span: self.span(condition.unwrap_or(node)),
            body: in_field(children, Field::Consequence),
        }
    }

    /// A `match` is its subject, and a chain of alternatives whose tests nobody evaluates.
    pub(super) fn match_statement(&mut self, node: Node<'tree>, out: &mut Vec<Stmt>) {
        let children = self.children(node);
        for subject in children.iter().filter(|child| child.field == Field::Subject) {
            let value = self.expression(subject.node);
            out.push(Stmt {
                span: value.span,
                kind: StmtKind::Expr(value),
            });
        }
        let cases = in_field(&children, Field::Body)
            .map(|body| self.children(body))
            .unwrap_or_default();
        let mut branches = Vec::new();
        for case in cases.iter().filter(|case| case.kind == Kind::CaseClause) {
            let parts = self.children(case.node);
            let pattern = parts
                .iter()
                .find(|part| part.kind != Kind::Token)
                .map_or(case.node, |part| part.node);
            branches.push(Branch {
                start: case.node.start_byte(),
                condition: None,
                test_span: self.span(pattern),
                body: in_field(&parts, Field::Consequence),
            });
        }
        let kind = self
            .alternative(&branches, None, node.end_byte())
            .unwrap_or(StmtKind::Other);
        out.push(Stmt {
            span: self.span(node),
            kind,
        });
    }

    /// The first branch, with the others in its `orelse`; `None` where there is none.
    fn alternative(
        &mut self,
        branches: &[Branch<'tree>],
        orelse: Option<Node<'tree>>,
        end: usize,
    ) -> Option<StmtKind> {
        let (first, rest) = branches.split_first()?;
        let test = self.test(first);
        let body = self.suite(first.body);
        let orelse = self.otherwise(rest, orelse, end);
        Some(StmtKind::If { test, body, orelse })
    }

    fn otherwise(
        &mut self,
        branches: &[Branch<'tree>],
        orelse: Option<Node<'tree>>,
        end: usize,
    ) -> Vec<Stmt> {
        let Some((next, rest)) = branches.split_first() else {
            return self.clause(orelse);
        };
        if self.levels_left() > LEVELS_KEPT_FOR_BODIES
            && let Some(body) = next.body
        {
            let nested = self.deeper(body, |lowering| lowering.alternative(branches, orelse, end));
            let kind = nested.flatten().unwrap_or(StmtKind::Other);
            return vec![Stmt {
                span: self.place(next.start..end),
                kind,
            }];
        }
        let mut statements = Vec::new();
        for branch in std::iter::once(next).chain(rest) {
            let test = self.test(branch);
            let body = self.suite(branch.body);
            let kind = StmtKind::If {
                test,
                body,
                orelse: Vec::new(),
            };
            statements.push(Stmt {
                span: self.place(branch.start..end),
                kind,
            });
        }
        if let Some(clause) = orelse {
            let span = self.span(clause);
            let test = Expr {
                span,
                kind: ExprKind::Unknown,
            };
            let body = self.clause(orelse);
            statements.push(Stmt {
                span,
                kind: StmtKind::If {
                    test,
                    body,
                    orelse: Vec::new(),
                },
            });
        }
        statements
    }

    fn test(&mut self, branch: &Branch<'tree>) -> Expr {
        match branch.condition {
            Some(condition) => self.expression(condition),
            None => Expr {
                span: branch.test_span,
                kind: ExprKind::Unknown,
            },
        }
    }
}

//! `if` and `match`: chains of alternatives.

use promsight_model::Span;
use promsight_model::python::{BoolOp, Expr, ExprKind, Stmt, StmtKind};
use tree_sitter::Node;

use super::kinds::{Field, Kind, kind_of};
use super::lowering::{Child, Lowering, in_field, of_kind};

/// Alternatives (`elif`, `case`) nest in the result. Where fewer levels than these are left, the rest of them follow
/// one another instead: nothing in their bodies is lost.
const LEVELS_KEPT_FOR_BODIES: usize = 50;

/// One alternative of an `if` or `match`.
struct Branch<'tree> {
    /// Where it begins.
    start: usize,
    /// The condition of an `if`.
    condition: Option<Node<'tree>>,
    /// What the pattern of a `case` says of the subject, as far as it is a comparison.
    pattern: Option<Expr>,
    /// The name that a `case` binds the subject to, and the subject.
    capture: Option<(Expr, Expr)>,
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
            pattern: None,
            capture: None,
            test_span: self.span(condition.unwrap_or(node)),
            body: in_field(children, Field::Consequence),
        }
    }

    /// A `match` is its subject, and a chain of alternatives: patterns of literals and constants compare the subject
    /// with them, of all others nothing is said.
    pub(super) fn match_statement(&mut self, node: Node<'tree>, out: &mut Vec<Stmt>) {
        let children = self.children(node);
        let mut subjects = Vec::new();
        for subject in children.iter().filter(|child| child.field == Field::Subject) {
            let value = self.expression(subject.node);
            subjects.push(value.clone());
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
            let patterns: Vec<_> = parts
                .iter()
                .filter(|part| part.kind == Kind::CasePattern)
                .collect();
            let place = patterns.first().map_or(case.node, |part| part.node);
            // A subject that is a call would be called again.
            let (mut pattern, mut capture) = match (subjects.as_slice(), patterns.as_slice()) {
                ([subject], [only]) if is_plain(subject) => (
                    self.pattern(subject, only.node),
                    self.capture(only.node)
                        .map(|name| (name.clone(), repeated(subject, name.span))),
                ),
                _ => (None, None),
            };
            if parts.iter().any(|part| part.field == Field::Guard) {
                pattern = None;
                capture = None;
            }
            branches.push(Branch {
                start: case.node.start_byte(),
                condition: None,
                pattern,
                capture,
                test_span: self.span(place),
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
        let body = self.branch_body(first);
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
            let body = self.branch_body(branch);
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
        match (branch.condition, &branch.pattern) {
            (Some(condition), _) => self.expression(condition),
            (None, Some(pattern)) => pattern.clone(),
            (None, None) => Expr {
                span: branch.test_span,
                kind: ExprKind::Unknown,
            },
        }
    }

    /// The statements of a branch, behind what its pattern binds.
    fn branch_body(&mut self, branch: &Branch<'tree>) -> Vec<Stmt> {
        let mut body = self.suite(branch.body);
        if let Some((name, subject)) = &branch.capture {
            let binding = Stmt {
                span: name.span,
                kind: StmtKind::Assign {
                    targets: vec![name.clone()],
                    annotation: None,
                    value: Some(subject.clone()),
                },
            };
            body.insert(0, binding);
        }
        body
    }

    /// The comparison that a pattern stands for: a literal, a dotted name, or several of them with `|` between.
    fn pattern(&mut self, subject: &Expr, node: Node<'tree>) -> Option<Expr> {
        let span = self.span(node);
        let source = self.source(node);
        if source == "_" || (kind_of(node) == Kind::CasePattern && is_identifier(source)) {
            return Some(Expr {
                span,
                kind: ExprKind::Bool(true),
            });
        }
        let parts = self.named_children(node);
        match kind_of(node) {
            Kind::CasePattern => match parts.as_slice() {
                [only] => self.pattern(subject, only.node),
                _ => None,
            },
            Kind::UnionPattern => {
                let tests: Option<Vec<Expr>> = parts
                    .iter()
                    .map(|part| self.pattern(subject, part.node))
                    .collect();
                Some(Expr {
                    span,
                    kind: ExprKind::BoolOp(BoolOp::Or, tests?),
                })
            }
            Kind::String | Kind::ConcatenatedString | Kind::Integer | Kind::Float => {
                let value = self.expression(node);
                Some(comparison(subject, value, "=="))
            }
            Kind::None | Kind::True | Kind::False => {
                let value = self.expression(node);
                Some(comparison(subject, value, "is"))
            }
            Kind::DottedName if parts.len() > 1 => {
                let mut words = parts.iter();
                let mut value = self.expression(words.next()?.node);
                for word in words {
                    value = Expr {
                        span,
                        kind: ExprKind::Attribute(Box::new(value), self.source_owned(word.node)),
                    };
                }
                Some(comparison(subject, value, "=="))
            }
            _ => None,
        }
    }

    /// The name that a pattern binds to the whole subject.
    fn capture(&mut self, node: Node<'tree>) -> Option<Expr> {
        let source = self.source(node);
        (source != "_" && is_identifier(source)).then(|| Expr {
            span: self.span(node),
            kind: ExprKind::Name(source.to_owned()),
        })
    }
}

fn comparison(subject: &Expr, value: Expr, operator: &str) -> Expr {
    let span = value.span;
    Expr {
        span,
        kind: ExprKind::Compare(vec![repeated(subject, span), value], vec![operator.to_owned()]),
    }
}

/// The subject as if it were written in the pattern: spans lie within what holds them.
fn repeated(subject: &Expr, span: Span) -> Expr {
    let kind = match &subject.kind {
        ExprKind::Attribute(object, name) => {
            ExprKind::Attribute(Box::new(repeated(object, span)), name.clone())
        }
        other => other.clone(),
    };
    Expr { span, kind }
}

fn is_identifier(source: &str) -> bool {
    let is_word = |letter: char| letter == '_' || letter.is_alphanumeric();
    !matches!(source, "None" | "True" | "False")
        && source.chars().all(is_word)
        && !source.starts_with(|letter: char| letter.is_ascii_digit())
        && !source.is_empty()
}

/// Whether evaluating an expression again changes nothing.
fn is_plain(expression: &Expr) -> bool {
    match &expression.kind {
        ExprKind::Name(_) => true,
        ExprKind::Attribute(object, _) => is_plain(object),
        _ => false,
    }
}

//! Statements.

use promsight_model::python::{Call, Class, Expr, ExprKind, Function, Stmt, StmtKind};
use tree_sitter::Node;

use super::expressions::{binary_op, one_or_tuple};
use super::kinds::{Field, Kind, kind_of};
use super::lowering::{Child, Lowering, in_field, of_kind};

impl<'tree> Lowering<'tree, '_> {
    /// Lowers one child of a block, and appends what it is: nothing, one statement, or several.
    pub(super) fn statement(&mut self, child: Child<'tree>, out: &mut Vec<Stmt>) {
        let Child { node, kind, .. } = child;
        if matches!(kind, Kind::Token) || node.is_missing() {
            return;
        }
        self.deeper(node, |lowering| match kind {
            Kind::Block => {
                for child in lowering.children(node) {
                    lowering.statement(child, out);
                }
            }
            Kind::Error => lowering.recovered(node, out),
            Kind::ImportStatement => lowering.import(node, out),
            Kind::MatchStatement => lowering.match_statement(node, out),
            _ => {
                let statement = lowering.statement_kind(node, kind);
                out.push(Stmt {
                    span: lowering.span(node),
                    kind: statement,
                });
            }
        });
    }

    fn statement_kind(&mut self, node: Node<'tree>, kind: Kind) -> StmtKind {
        match kind {
            Kind::ExpressionStatement => self.expression_statement(node),
            Kind::ImportFromStatement => self.import_from(node),
            Kind::FutureImportStatement => self.future_import(node),
            Kind::FunctionDefinition => self.function(node, Vec::new()),
            Kind::ClassDefinition => self.class(node, Vec::new()),
            Kind::DecoratedDefinition => self.decorated(node),
            Kind::ReturnStatement => StmtKind::Return(one_or_tuple(self.expressions(node))),
            Kind::RaiseStatement => StmtKind::Raise(self.expressions(node).into_iter().next()),
            Kind::BreakStatement => StmtKind::Break,
            Kind::ContinueStatement => StmtKind::Continue,
            Kind::GlobalStatement | Kind::NonlocalStatement => self.global(node),
            Kind::DeleteStatement => self.delete(node),
            Kind::PrintStatement => self.print(node),
            Kind::TypeAliasStatement => self.type_alias(node),
            _ => self.compound_statement(node, kind),
        }
    }

    fn compound_statement(&mut self, node: Node<'tree>, kind: Kind) -> StmtKind {
        match kind {
            Kind::IfStatement => self.if_statement(node),
            Kind::ForStatement => self.for_statement(node),
            Kind::WhileStatement => self.while_statement(node),
            Kind::WithStatement => self.with_statement(node),
            Kind::TryStatement => self.try_statement(node),
            _ => StmtKind::Other,
        }
    }

    /// What lies inside of a syntax error and parses by itself: whole statements, and calls that stand alone.
    pub(super) fn recovered(&mut self, node: Node<'tree>, out: &mut Vec<Stmt>) {
        for child in self.children(node) {
            let span = self.span(child.node);
            match child.kind {
                Kind::Assignment => {
                    let kind = self.assignment(child.node);
                    out.push(Stmt { span, kind });
                }
                Kind::Call => {
                    let value = self.expression(child.node);
                    out.push(Stmt {
                        span,
                        kind: StmtKind::Expr(value),
                    });
                }
                kind if is_statement(kind) => self.statement(child, out),
                _ => {}
            }
        }
    }

    /// The statements of a body, or of a clause that has one.
    pub(super) fn suite(&mut self, body: Option<Node<'tree>>) -> Vec<Stmt> {
        let mut statements = Vec::new();
        if let Some(body) = body {
            for child in self.children(body) {
                self.statement(child, &mut statements);
            }
        }
        statements
    }

    /// The body of an `else` or `finally` clause.
    pub(super) fn clause(&mut self, clause: Option<Node<'tree>>) -> Vec<Stmt> {
        let Some(clause) = clause else { return Vec::new() };
        let body = of_kind(&self.children(clause), Kind::Block);
        self.suite(body)
    }

    fn expression_statement(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let named: Vec<_> = children
            .iter()
            .filter(|child| !matches!(child.kind, Kind::Token | Kind::Error))
            .copied()
            .collect();
        match named.as_slice() {
            [only] => match only.kind {
                Kind::Assignment => self.assignment(only.node),
                Kind::AugmentedAssignment => self.augmented_assignment(only.node),
                // `a,` is a tuple of one.
                _ if children.last().is_some_and(|last| last.kind == Kind::Token) => {
                    self.tuple_statement(node)
                }
                _ => StmtKind::Expr(self.expression(only.node)),
            },
            [] => StmtKind::Other,
            _ => self.tuple_statement(node),
        }
    }

    fn tuple_statement(&mut self, node: Node<'tree>) -> StmtKind {
        let values = self.expressions(node);
        StmtKind::Expr(Expr {
            span: self.span(node),
            kind: ExprKind::Tuple(values),
        })
    }

    /// `a = b = value`, however many targets, and `target: T = value`.
    fn assignment(&mut self, node: Node<'tree>) -> StmtKind {
        let mut targets = Vec::new();
        let mut annotation = None;
        let mut value = None;
        let mut next = Some(node);
        while let Some(assignment) = next.take() {
            let children = self.children(assignment);
            targets.extend(in_field(&children, Field::Left).map(|left| self.expression(left)));
            if let Some(declared) = in_field(&children, Field::Type) {
                annotation = Some(self.expression(declared));
            }
            if let Some(right) = in_field(&children, Field::Right) {
                match kind_of(right) {
                    Kind::Assignment => next = Some(right),
                    _ => value = Some(self.expression(right)),
                }
            }
        }
        StmtKind::Assign {
            targets,
            annotation,
            value,
        }
    }

    fn augmented_assignment(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let operator = in_field(&children, Field::Operator).map(|operator| self.source(operator));
        let target = in_field(&children, Field::Left).map(|left| self.expression(left));
        let value = in_field(&children, Field::Right).map(|right| self.expression(right));
        match (target, value) {
            (Some(target), Some(value)) => StmtKind::AugAssign {
                target,
                op: binary_op(operator.unwrap_or_default()),
                value,
            },
            _ => StmtKind::Other,
        }
    }

    fn type_alias(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let targets = in_field(&children, Field::Left)
            .map(|left| self.expression(left))
            .into_iter()
            .collect();
        let value = in_field(&children, Field::Right).map(|right| self.expression(right));
        StmtKind::Assign {
            targets,
            annotation: None,
            value,
        }
    }

    fn global(&mut self, node: Node<'tree>) -> StmtKind {
        let names = self.named_children(node);
        StmtKind::Global(names.iter().map(|name| self.source_owned(name.node)).collect())
    }

    fn delete(&mut self, node: Node<'tree>) -> StmtKind {
        let mut targets = self.expressions(node);
        if let [
            Expr {
                kind: ExprKind::Tuple(inner),
                ..
            },
        ] = targets.as_mut_slice()
        {
            targets = std::mem::take(inner);
        }
        StmtKind::Delete(targets)
    }

    /// Python 2's `print a, b` is the call that Python 3 makes of it.
    fn print(&mut self, node: Node<'tree>) -> StmtKind {
        let span = self.span(node);
        let children = self.children(node);
        let word = children.first().map_or(span, |word| self.span(word.node));
        let func = Expr {
            span: word,
            kind: ExprKind::Name("print".to_owned()),
        };
        let mut args = Vec::new();
        for child in children {
            if !matches!(child.kind, Kind::Token | Kind::Error | Kind::Chevron) {
                args.push(self.expression(child.node));
            }
        }
        let call = Call {
            func,
            args,
            keywords: Vec::new(),
        };
        StmtKind::Expr(Expr {
            span,
            kind: ExprKind::Call(Box::new(call)),
        })
    }

    fn decorated(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let mut decorators = Vec::new();
        for child in children.iter().filter(|child| child.kind == Kind::Decorator) {
            decorators.extend(self.expressions(child.node));
        }
        match in_field(&children, Field::Definition) {
            Some(definition) if kind_of(definition) == Kind::FunctionDefinition => {
                self.function(definition, decorators)
            }
            Some(definition) if kind_of(definition) == Kind::ClassDefinition => {
                self.class(definition, decorators)
            }
            _ => StmtKind::Other,
        }
    }

    fn function(&mut self, node: Node<'tree>, decorators: Vec<Expr>) -> StmtKind {
        let children = self.children(node);
        let Some(name) = in_field(&children, Field::Name) else {
            return StmtKind::Other;
        };
        let params = in_field(&children, Field::Parameters).map(|params| self.parameters(params));
        let outer_yields = std::mem::take(&mut self.yields);
        let body = self.suite(in_field(&children, Field::Body));
        let is_generator = std::mem::replace(&mut self.yields, outer_yields);
        StmtKind::Function(Box::new(Function {
            name: self.source_owned(name),
            name_span: self.span(name),
            params: params.unwrap_or_default(),
            decorators,
            body,
            is_generator,
        }))
    }

    fn class(&mut self, node: Node<'tree>, decorators: Vec<Expr>) -> StmtKind {
        let children = self.children(node);
        let Some(name) = in_field(&children, Field::Name) else {
            return StmtKind::Other;
        };
        let (bases, keywords) = match in_field(&children, Field::Superclasses) {
            Some(arguments) => self.arguments(arguments),
            None => (Vec::new(), Vec::new()),
        };
        let keywords = keywords
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)))
            .collect();
        let body = self.suite(in_field(&children, Field::Body));
        StmtKind::Class(Box::new(Class {
            name: self.source_owned(name),
            name_span: self.span(name),
            bases,
            keywords,
            decorators,
            body,
        }))
    }

    fn for_statement(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let target = in_field(&children, Field::Left).map(|left| self.expression(left));
        let iter = in_field(&children, Field::Right).map(|right| self.expression(right));
        let (Some(target), Some(iter)) = (target, iter) else {
            return StmtKind::Other;
        };
        let body = self.suite(in_field(&children, Field::Body));
        let orelse = self.clause(of_kind(&children, Kind::ElseClause));
        StmtKind::For {
            target,
            iter,
            body,
            orelse,
        }
    }

    fn while_statement(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let Some(condition) = in_field(&children, Field::Condition) else {
            return StmtKind::Other;
        };
        let test = self.expression(condition);
        let body = self.suite(in_field(&children, Field::Body));
        let orelse = self.clause(of_kind(&children, Kind::ElseClause));
        StmtKind::While { test, body, orelse }
    }

    fn with_statement(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let mut items = Vec::new();
        if let Some(clause) = of_kind(&children, Kind::WithClause) {
            for item in self.named_children(clause) {
                if let Some(value) = in_field(&self.children(item.node), Field::Value) {
                    self.with_item(value, &mut items);
                }
            }
        }
        let body = self.suite(in_field(&children, Field::Body));
        StmtKind::With { items, body }
    }

    /// `a as b`. In `with (a as b, c as d):` the grammar can also see a tuple of them.
    fn with_item(&mut self, value: Node<'tree>, items: &mut Vec<(Expr, Option<Expr>)>) {
        let value = self.unwrapped(value);
        let children = self.named_children(value);
        let bound = children.iter().any(|child| child.kind == Kind::AsPattern);
        match kind_of(value) {
            Kind::AsPattern => {
                let alias = in_field(&children, Field::Alias).map(|alias| self.expression(alias));
                if let Some(context) = children.first() {
                    items.push((self.expression(context.node), alias));
                }
            }
            Kind::Tuple if bound => {
                for child in children {
                    let unwrapped = self.unwrapped(child.node);
                    if kind_of(unwrapped) == Kind::Tuple {
                        items.push((self.expression(unwrapped), None));
                    } else {
                        self.with_item(unwrapped, items);
                    }
                }
            }
            _ => items.push((self.expression(value), None)),
        }
    }

    fn try_statement(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let body = self.suite(in_field(&children, Field::Body));
        let mut handlers = Vec::new();
        for child in children.iter().filter(|child| child.kind == Kind::ExceptClause) {
            let parts = self.children(child.node);
            let mut caught = Vec::new();
            for part in &parts {
                if part.field == Field::Value && !matches!(part.kind, Kind::Token | Kind::Error) {
                    caught.push(self.expression(part.node));
                }
            }
            handlers.push((one_or_tuple(caught), self.suite(of_kind(&parts, Kind::Block))));
        }
        let orelse = self.clause(of_kind(&children, Kind::ElseClause));
        let finally = self.clause(of_kind(&children, Kind::FinallyClause));
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
        }
    }
}

fn is_statement(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::AssertStatement
            | Kind::Block
            | Kind::BreakStatement
            | Kind::ClassDefinition
            | Kind::ContinueStatement
            | Kind::DecoratedDefinition
            | Kind::DeleteStatement
            | Kind::Error
            | Kind::ExecStatement
            | Kind::ExpressionStatement
            | Kind::ForStatement
            | Kind::FunctionDefinition
            | Kind::FutureImportStatement
            | Kind::GlobalStatement
            | Kind::IfStatement
            | Kind::ImportFromStatement
            | Kind::ImportStatement
            | Kind::MatchStatement
            | Kind::NonlocalStatement
            | Kind::PassStatement
            | Kind::PrintStatement
            | Kind::RaiseStatement
            | Kind::ReturnStatement
            | Kind::TryStatement
            | Kind::TypeAliasStatement
            | Kind::WhileStatement
            | Kind::WithStatement
    )
}

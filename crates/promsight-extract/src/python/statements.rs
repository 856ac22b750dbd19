//! Statements.

use promsight_model::Span;
use promsight_model::python::{Call, Class, Expr, ExprKind, Function, Stmt, StmtKind};
use tree_sitter::Node;

use super::expressions::{binary_op, one_or_tuple};
use super::kinds::{Field, Kind, kind_of};
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
            Kind::RaiseStatement => StmtKind::Raise,
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
    fn suite(&mut self, body: Option<Node<'tree>>) -> Vec<Stmt> {
        let mut statements = Vec::new();
        if let Some(body) = body {
            for child in self.children(body) {
                self.statement(child, &mut statements);
            }
        }
        statements
    }

    /// The body of an `else` or `finally` clause.
    fn clause(&mut self, clause: Option<Node<'tree>>) -> Vec<Stmt> {
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

    /// One statement for each imported module.
    fn import(&mut self, node: Node<'tree>, out: &mut Vec<Stmt>) {
        let span = self.span(node);
        for child in self.named_children(node) {
            let (name, alias) = self.imported(child);
            let module = name.split('.').map(str::to_owned).collect();
            out.push(Stmt {
                span,
                kind: StmtKind::Import { module, alias },
            });
        }
    }

    /// The dotted name of one import and its alias.
    fn imported(&mut self, child: Child<'tree>) -> (String, Option<String>) {
        if child.kind != Kind::AliasedImport {
            return (self.dotted(child.node), None);
        }
        let children = self.children(child.node);
        let name = in_field(&children, Field::Name).map(|name| self.dotted(name));
        let alias = in_field(&children, Field::Alias).map(|alias| self.source_owned(alias));
        (name.unwrap_or_default(), alias)
    }

    /// A dotted name without the spaces that may stand around its dots.
    fn dotted(&mut self, node: Node<'tree>) -> String {
        let parts: Vec<_> = self
            .named_children(node)
            .iter()
            .map(|part| self.source(part.node))
            .collect();
        if parts.is_empty() {
            self.source_owned(node)
        } else {
            parts.join(".")
        }
    }

    fn import_from(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let mut level = 0;
        let mut module = None;
        if let Some(name) = in_field(&children, Field::ModuleName) {
            if kind_of(name) == Kind::RelativeImport {
                let parts = self.children(name);
                let prefix = of_kind(&parts, Kind::ImportPrefix).map_or("", |prefix| self.source(prefix));
                level = prefix.matches('.').count();
                module = of_kind(&parts, Kind::DottedName);
            } else {
                module = Some(name);
            }
        }
        let module = module.map(|module| self.dotted(module));
        let module = module
            .map(|path| path.split('.').map(str::to_owned).collect())
            .unwrap_or_default();
        let names = if of_kind(&children, Kind::WildcardImport).is_some() {
            vec![("*".to_owned(), "*".to_owned())]
        } else {
            self.imported_names(&children)
        };
        StmtKind::ImportFrom { level, module, names }
    }

    fn future_import(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let names = self.imported_names(&children);
        StmtKind::ImportFrom {
            level: 0,
            module: vec!["__future__".to_owned()],
            names,
        }
    }

    fn imported_names(&mut self, children: &[Child<'tree>]) -> Vec<(String, String)> {
        let mut names = Vec::new();
        for child in children
            .iter()
            .filter(|child| child.field == Field::Name && child.kind != Kind::Error)
        {
            let (name, alias) = self.imported(*child);
            let bound = alias.unwrap_or_else(|| name.clone());
            names.push((name, bound));
        }
        names
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

    fn if_statement(&mut self, node: Node<'tree>) -> StmtKind {
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
    fn match_statement(&mut self, node: Node<'tree>, out: &mut Vec<Stmt>) {
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
        let span = |branch: &Branch<'_>, file| Span::new(file, branch.start..end);
        if self.levels_left() > LEVELS_KEPT_FOR_BODIES
            && let Some(body) = next.body
        {
            let nested = self.deeper(body, |lowering| lowering.alternative(branches, orelse, end));
            let kind = nested.flatten().unwrap_or(StmtKind::Other);
            return vec![Stmt {
                span: span(next, self.file),
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
                span: span(branch, self.file),
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

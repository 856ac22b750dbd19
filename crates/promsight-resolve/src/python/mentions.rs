//! Which names are used anywhere, whether that code was run or not.
//!
//! A metric that nothing was seen to update is only said to be never updated where no code even mentions it: the
//! interpreter can stop early, the tree does not.

use promsight_model::Span;
use promsight_model::python::{Comprehension, Expr, ExprKind, Function, JoinedPart, Stmt, StmtKind};
use rustc_hash::FxHashSet;

/// Collects names that are read: variables and attributes.
#[derive(Debug, Default)]
pub(super) struct Mentions<'a> {
    names: FxHashSet<&'a str>,
    calls: Vec<&'a Expr>,
    strings: Vec<&'a str>,
    headers: Vec<&'a Expr>,
    texts: Vec<(&'a str, Span)>,
}

impl<'a> Mentions<'a> {
    /// Whether some code reads a variable or attribute of that name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Every name that was read.
    pub(super) fn into_names(self) -> impl Iterator<Item = &'a str> {
        self.names.into_iter()
    }

    /// Every call that was met.
    pub(super) fn into_calls(self) -> Vec<&'a Expr> {
        self.calls
    }

    /// Texts that say something about the text exposition format.
    pub(super) fn strings(&self) -> impl Iterator<Item = &'a str> {
        self.strings.iter().copied()
    }

    /// Texts in which a `# TYPE` line stands.
    pub(super) fn into_headers(self) -> Vec<&'a Expr> {
        self.headers
    }

    fn string(&mut self, text: &'a str) {
        if text.contains(['#', ';', '/', '.']) {
            self.strings.push(text);
        }
    }

    /// Every text that was met, with its place.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'a str, Span)> + '_ {
        self.texts.iter().copied()
    }

    /// Adds what a block reads.
    pub(super) fn block(&mut self, body: &'a [Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match &statement.kind {
            StmtKind::Assign {
                targets,
                annotation: _,
                value,
            } => {
                // `__all__` names what a module has, and uses nothing.
                if matches!(targets.as_slice(), [Expr { kind: ExprKind::Name(name), .. }] if name == "__all__")
                {
                    return;
                }
                targets.iter().for_each(|target| self.target(target));
                value.iter().for_each(|value| self.expression(value));
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.target(target);
                self.expression(value);
            }
            // A docstring says nothing to programs.
            StmtKind::Expr(_) if super::exposition_text::is_remark(statement) => {}
            StmtKind::Expr(value) => self.expression(value),
            StmtKind::Return(value) => value.iter().for_each(|value| self.expression(value)),
            StmtKind::If { test, body, orelse } | StmtKind::While { test, body, orelse } => {
                self.expression(test);
                self.block(body);
                self.block(orelse);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
            } => {
                self.target(target);
                self.expression(iter);
                self.block(body);
                self.block(orelse);
            }
            StmtKind::With { items, body } => {
                for (context, _) in items {
                    self.expression(context);
                }
                self.block(body);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
            } => {
                self.block(body);
                handlers.iter().for_each(|(_, handler)| self.block(handler));
                self.block(orelse);
                self.block(finally);
            }
            StmtKind::Function(function) => self.function(function),
            StmtKind::Class(class) => {
                class
                    .bases
                    .iter()
                    .chain(&class.decorators)
                    .for_each(|value| self.expression(value));
                class
                    .keywords
                    .iter()
                    .for_each(|(_, value)| self.expression(value));
                self.block(&class.body);
            }
            StmtKind::Import { .. }
            | StmtKind::ImportFrom { .. }
            | StmtKind::Raise(_)
            | StmtKind::Global(_)
            | StmtKind::Delete(_)
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Other => {}
        }
    }

    fn function(&mut self, function: &'a Function) {
        function
            .decorators
            .iter()
            .for_each(|decorator| self.expression(decorator));
        function
            .params
            .iter()
            .filter_map(|param| param.default.as_ref())
            .for_each(|value| self.expression(value));
        self.block(&function.body);
    }

    /// A target reads what stands in front of its last name.
    fn target(&mut self, target: &'a Expr) {
        match &target.kind {
            ExprKind::Name(_) => {}
            ExprKind::Attribute(object, _) => self.expression(object),
            ExprKind::Subscript(object, key) => {
                self.target(object);
                self.expression(key);
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                targets.iter().for_each(|target| self.target(target));
            }
            _ => self.expression(target),
        }
    }

    fn expression(&mut self, expression: &'a Expr) {
        match &expression.kind {
            ExprKind::Name(name) => {
                self.names.insert(name);
            }
            ExprKind::Attribute(object, name) => {
                self.names.insert(name);
                self.expression(object);
            }
            ExprKind::Subscript(object, key) => {
                self.expression(object);
                self.expression(key);
            }
            ExprKind::Call(call) => {
                self.calls.push(expression);
                self.expression(&call.func);
                call.args.iter().for_each(|value| self.expression(value));
                call.keywords.iter().for_each(|(_, value)| self.expression(value));
            }
            ExprKind::Joined(parts) => {
                let mut has_type = false;
                for part in parts {
                    match part {
                        JoinedPart::Value { value, .. } => self.expression(value),
                        JoinedPart::Text(text) => {
                            self.string(&text.text);
                            has_type |= text.text.contains("# TYPE");
                        }
                    }
                }
                if has_type {
                    self.headers.push(expression);
                }
            }
            ExprKind::Binary(_, left, right) => {
                self.expression(left);
                self.expression(right);
            }
            ExprKind::BoolOp(_, values)
            | ExprKind::Compare(values, _)
            | ExprKind::List(values)
            | ExprKind::Tuple(values)
            | ExprKind::Set(values) => values.iter().for_each(|value| self.expression(value)),
            ExprKind::Not(value)
            | ExprKind::Negative(value)
            | ExprKind::Starred(value)
            | ExprKind::Await(value)
            | ExprKind::Named(_, value) => self.expression(value),
            ExprKind::IfElse { test, body, orelse } => {
                self.expression(test);
                self.expression(body);
                self.expression(orelse);
            }
            ExprKind::Dict(entries) => {
                for (key, value) in entries {
                    key.iter().for_each(|key| self.expression(key));
                    self.expression(value);
                }
            }
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension),
            ExprKind::Lambda(lambda) => self.expression(&lambda.body),
            ExprKind::Yield(value) => value.iter().for_each(|value| self.expression(value)),
            // The name may stand in a text that is looked up (`getattr(metrics, "visits")`).
            ExprKind::Str(text) => {
                self.names.insert(&text.text);
                self.string(&text.text);
                if text.text.contains("# TYPE") {
                    self.headers.push(expression);
                }
                self.texts.push((&text.text, expression.span));
            }
            ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::None | ExprKind::Unknown => {}
        }
    }

    fn comprehension(&mut self, comprehension: &'a Comprehension) {
        self.expression(&comprehension.element);
        comprehension
            .value
            .iter()
            .for_each(|value| self.expression(value));
        comprehension
            .loops
            .iter()
            .for_each(|(_, iter)| self.expression(iter));
        comprehension
            .conditions
            .iter()
            .for_each(|(_, condition)| self.expression(condition));
    }
}

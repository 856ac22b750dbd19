//! What definitions say of what is served: decorators that demand credentials or give a path, annotations that name
//! dependencies, and what stands below `if __name__ == "__main__":`.

use promsight_model::python::{self, Expr, ExprKind};

use super::machine::Machine;
use super::serving::{Guards, Thing};
use super::serving_tables::{GUARDS, ROUTE_METHODS};
use super::value::{Atom, FunctionId, Reason, Text, Value};

use super::serving_routes::PATHS;

impl<'a> Machine<'a> {
    /// Whether a condition is that of `if __name__ == "__main__":` at a module's top level.
    pub(super) fn enters_program(&self, test: &Expr) -> bool {
        if self.frame().function.is_some() {
            return false;
        }
        let ExprKind::Compare(operands, operators) = &test.kind else {
            return false;
        };
        let is_name = |operand: &Expr| matches!(&operand.kind, ExprKind::Name(name) if name == "__name__");
        let is_main =
            |operand: &Expr| matches!(&operand.kind, ExprKind::Str(text) if text.text == "__main__");
        matches!(operators.as_slice(), [operator] if operator == "==")
            && operands.iter().any(is_name)
            && operands.iter().any(is_main)
    }

    /// Dependencies that annotations name: `user: Annotated[User, Depends(verify)]`.
    pub(super) fn note_annotated(&mut self, function: &'a python::Function, defined: Option<FunctionId>) {
        let Some(id) = defined.filter(|_| self.serving.has_dependencies) else {
            return;
        };
        let annotations = function
            .params
            .iter()
            .filter_map(|param| param.annotation.as_ref());
        let mut found = Vec::new();
        for annotation in annotations.filter(|annotation| {
            matches!(
                annotation.kind,
                ExprKind::Subscript(..) | ExprKind::Name(_) | ExprKind::Attribute(..)
            )
        }) {
            let value = self.evaluate(annotation);
            if self.objects_of(&value).len() == 1 {
                found.push(value);
            }
        }
        if !found.is_empty() {
            self.serving.annotated.insert(id, found);
        }
    }

    /// `Annotated[User, Depends(verify)]` is its dependency here.
    pub(super) fn annotated_dependency(&mut self, key: &Value) -> Value {
        let items = self.elements(key).items;
        let found = items.iter().find(|item| {
            let ids = self.objects_of(item);
            ids.iter().any(|id| {
                matches!(
                    self.serving.objects[*id].thing,
                    Thing::Dependency(_) | Thing::Security
                )
            })
        });
        found.cloned().unwrap_or_else(|| Value::unknown(Reason::Call))
    }

    /// A decorator that demands credentials.
    pub(super) fn note_guard(&mut self, decorator: &'a Expr, made: &Value, defined: Option<FunctionId>) {
        let Some(id) = defined.filter(|_| !self.in_test) else {
            return;
        };
        let is_guard = |value: &Value| matches!(value.single(), Some(Atom::External(path)) if GUARDS.contains(&path.replace("()", "").as_str()));
        let (ExprKind::Call(_) | ExprKind::Name(_) | ExprKind::Attribute(..)) = &decorator.kind else {
            return;
        };
        let demands = match &decorator.kind {
            ExprKind::Call(call) => match &call.func.kind {
                ExprKind::Name(name) | ExprKind::Attribute(_, name)
                    if GUARDS
                        .iter()
                        .any(|path| path.rsplit('.').next() == Some(name.as_str())) =>
                {
                    let callee = self.evaluate(&call.func);
                    let is_optional = call.keywords.iter().any(|(name, value)| {
                        name.as_deref() == Some("optional") && value.kind != ExprKind::Bool(false)
                    });
                    is_guard(&callee) && !is_optional
                }
                _ => false,
            },
            _ => is_guard(made),
        };
        if demands {
            self.serving.guarded.insert(id, decorator.span);
        }
    }

    /// A route by a decorator of something unknown: `@self.app.get("/metrics")`.
    pub(super) fn note_decorated_route(&mut self, decorator: &'a Expr, made: &Value, value: &Value) {
        let ExprKind::Call(call) = &decorator.kind else {
            return;
        };
        let ExprKind::Attribute(_, method) = &call.func.kind else {
            return;
        };
        if !made.has_unknown() || !ROUTE_METHODS.contains(&method.as_str()) {
            return;
        }
        let path = call.args.first().or_else(|| {
            let named = call
                .keywords
                .iter()
                .find(|(name, _)| name.as_deref().is_some_and(|name| PATHS.contains(&name)));
            named.map(|(_, value)| value)
        });
        if let Some(path) = path
            && let ExprKind::Str(text) = &path.kind
            && text.text.starts_with('/')
        {
            let path = Text::literal(&text.text, path.span).into();
            let owner = self.new_object(Thing::Somewhere, "somewhere", decorator.span);
            self.note_route(
                Some(owner),
                path,
                value.clone(),
                Guards::default(),
                Some(decorator.span),
            );
        }
    }
}

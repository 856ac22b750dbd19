//! The net below the interpreter: constructor calls that nothing reached.
//!
//! A call can stay unreached because work was cut short, or in a branch that no known caller takes. Where its name is
//! written out, the metric is declared all the same: losing it would make true alerts look blind.

use std::collections::BTreeSet;

use promsight_model::python::{Call, Expr, ExprKind};

use super::heap::Code;
use super::library::Constructor;
use super::machine::Machine;
use super::mentions::Mentions;
use super::value::{Arguments, Atom, ModuleId, Value};

/// Steps that evaluating one such call may take.
const STEPS_OF_CALL: u64 = 2_000;

impl<'a> Machine<'a> {
    /// Declares what is named in full at constructor calls that nothing reached.
    pub(super) fn recover_unreached(&mut self) {
        let sources = &self.sources[..self.tree];
        let wrappers = self.names_of_wrappers();
        for (module, source) in (0u32..).map(ModuleId).zip(sources) {
            if source.module.test_code || !self.imports_library(module) {
                continue;
            }
            let mut mentions = Mentions::default();
            mentions.block(&source.module.body);
            for expression in mentions.into_calls() {
                if let ExprKind::Call(call) = &expression.kind
                    && !self.reached.contains(&expression.span)
                    && (may_construct(&call.func)
                        || !self.was_called(expression.span) && may_wrap(&call.func, &wrappers))
                {
                    self.recover(module, call, expression);
                }
            }
        }
    }

    fn recover(&mut self, module: ModuleId, call: &'a Call, expression: &'a Expr) {
        self.dead = self
            .index
            .is_shadowed(module)
            .then_some("a package of the same name hides its module");
        self.allot(STEPS_OF_CALL);
        self.push_idle_frame(expression.span);
        if !self.was_called(expression.span) && self.is_wrapper_call(call) {
            let value = self.evaluate(&call.func);
            let arguments = self.arguments(call);
            self.call_value(&value, &arguments, Some(expression.span));
        } else if let Some(constructor) = self.constructor_of(&call.func) {
            let arguments: Arguments = self.arguments(call);
            let names = self.names_of(&arguments).unwrap_or_default();
            if !names.is_empty() && names.iter().all(|name| name.as_exact().is_some()) {
                self.declare(&constructor, &arguments, expression.span);
            }
        }
        self.frames.pop();
        self.give_back();
        self.dead = None;
    }

    /// Names of the functions to which callers hand the name of a metric.
    fn names_of_wrappers(&self) -> BTreeSet<String> {
        let code = self.wrappers.iter().map(|id| self.heap.function(*id).code);
        code.filter_map(|code| match code {
            Code::Function(function) => Some(function.name.clone()),
            Code::Lambda(..) => None,
        })
        .collect()
    }

    /// Whether a function of the tree is called that is known to take the name of a metric, and is given one in full.
    fn is_wrapper_call(&mut self, call: &'a Call) -> bool {
        let callee = self.evaluate(&call.func);
        let Some(Atom::Function(function)) = callee.single() else {
            return false;
        };
        let is_known = self.wrappers.contains(function);
        let arguments: Arguments = self.arguments(call);
        let mut texts = arguments.values().filter_map(Value::exact_text);
        is_known && !arguments.values().any(Value::has_unknown) && texts.next().is_some()
    }

    /// The constructor that is called, where the module's own names or the name alone say so.
    fn constructor_of(&mut self, callee: &'a Expr) -> Option<Constructor> {
        let value = self.evaluate(callee);
        let known = value.atoms().iter().find_map(|atom| match atom {
            Atom::External(path) => self.table.constructor(path),
            _ => None,
        });
        let ExprKind::Name(name) = &callee.kind else {
            return known;
        };
        // Imported inside the function: the module itself does not know the name.
        let is_unknown = value.atoms().iter().all(|atom| matches!(atom, Atom::Unknown(_)));
        known.or_else(|| {
            is_unknown
                .then(|| self.table.class_named(name))
                .flatten()
                .and_then(|path| self.table.constructor(&path))
        })
    }
}

/// Whether the callee has the name of a function that takes the name of a metric.
fn may_wrap(callee: &Expr, wrappers: &BTreeSet<String>) -> bool {
    match &callee.kind {
        ExprKind::Name(name) | ExprKind::Attribute(_, name) => wrappers.contains(name),
        _ => false,
    }
}

/// Whether the callee has the shape of a class.
fn may_construct(callee: &Expr) -> bool {
    match &callee.kind {
        ExprKind::Name(name) | ExprKind::Attribute(_, name) => {
            name.starts_with(|letter: char| letter.is_ascii_uppercase())
        }
        _ => false,
    }
}

//! Variables and attributes that functions set at any time: what is read from them may be another text later.
//!
//! The interpreter runs each function once and in an order of its own, so that it sees one of the texts. Names of metrics
//! are made of such rarely; the values of labels often are.

use std::collections::BTreeSet;
use std::rc::Rc;

use promsight_model::python::{Expr, ExprKind, Stmt, StmtKind};

use super::machine::Machine;
use super::value::{Atom, FunctionId, Symbol, Text, Value};

impl<'a> Machine<'a> {
    /// Collects the names of variables and attributes that functions set.
    pub(super) fn note_moving(&mut self) {
        let mut names: BTreeSet<&'a str> = BTreeSet::new();
        let sources = self.sources;
        for source in sources.iter().filter(|source| !source.module.test_code) {
            set_by_functions(&source.module.body, InFunction::No, 0, &mut names);
        }
        for name in names {
            let symbol = self.symbols.intern(name);
            self.uses.moving.insert(symbol);
        }
    }

    /// A value as it is read from a variable or attribute that more than one scope sees.
    pub(super) fn read_shared(&self, symbol: Symbol, value: Value) -> Value {
        let is_text = |atom: &Atom| matches!(atom, Atom::Text(text) if !text.is_moving);
        if !value.atoms().iter().any(is_text) || !self.uses.moving.contains(&symbol) {
            return value;
        }
        moving(&value)
    }
}

/// The value with every text in it marked as a function's default: its callers may give another one.
pub(super) fn by_default(value: &Value, function: FunctionId) -> Value {
    Value::any(value.atoms().iter().map(|atom| match atom {
        Atom::Text(text) => Atom::Text(Rc::new(Text {
            is_moving: text.is_moving || text.default_of.is_some_and(|known| known != function),
            default_of: Some(function),
            ..(**text).clone()
        })),
        other => other.clone(),
    }))
}

/// The value with every text in it marked: other code may put another one in its place.
fn moving(value: &Value) -> Value {
    Value::any(value.atoms().iter().map(|atom| match atom {
        Atom::Text(text) => Atom::Text(Rc::new(Text {
            is_moving: true,
            ..(**text).clone()
        })),
        other => other.clone(),
    }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum InFunction {
    No,
    Initialiser,
    Yes,
}

/// Whether a method sets up its object.
pub(super) fn is_initialiser(name: &str) -> bool {
    matches!(
        name,
        "__init__" | "__new__" | "__post_init__" | "__set_name__" | "__attrs_post_init__"
    )
}

/// Names of globals and attributes that are set when a function other than an initialiser runs.
fn set_by_functions<'a>(body: &'a [Stmt], place: InFunction, depth: usize, names: &mut BTreeSet<&'a str>) {
    if depth > 64 {
        return;
    }
    for statement in body {
        let mut deeper = |body: &'a [Stmt]| set_by_functions(body, place, depth + 1, names);
        match &statement.kind {
            StmtKind::Class(class) => deeper(&class.body),
            StmtKind::Function(function) => {
                let inside = if is_initialiser(&function.name) {
                    InFunction::Initialiser
                } else {
                    InFunction::Yes
                };
                set_by_functions(&function.body, inside, depth + 1, names);
            }
            StmtKind::Global(declared) => names.extend(declared.iter().map(String::as_str)),
            StmtKind::Assign {
                targets,
                value: Some(_),
                ..
            } if place == InFunction::Yes => {
                targets.iter().for_each(|target| attribute_targets(target, names));
            }
            StmtKind::AugAssign { target, .. } => attribute_targets(target, names),
            compound => compound.blocks().into_iter().for_each(deeper),
        }
    }
}

fn attribute_targets<'a>(target: &'a Expr, names: &mut BTreeSet<&'a str>) {
    match &target.kind {
        ExprKind::Attribute(_, name) => {
            names.insert(name);
        }
        ExprKind::Tuple(targets) | ExprKind::List(targets) => {
            targets.iter().for_each(|target| attribute_targets(target, names));
        }
        _ => {}
    }
}

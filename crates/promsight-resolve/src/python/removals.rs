//! What may be missing from a collection: removals, and what only some branch puts in.
//!
//! A collection keeps every element that it may have, since a name that it may give is a name that may exist. That
//! some of them may be missing is remembered beside it: label names taken from it are then not all sure.

use promsight_model::python::{Expr, ExprKind};

use super::heap::{ContainerKind, same_key};
use super::machine::Machine;
use super::value::{Arguments, Atom, ContainerId, Digits, Value};

impl<'a> Machine<'a> {
    /// `del` of targets.
    pub(super) fn run_delete(&mut self, targets: &'a [Expr]) {
        for target in targets {
            if let ExprKind::Subscript(object, key) = &target.kind {
                let object = self.evaluate(object);
                let key = self.evaluate(key);
                for atom in object.atoms() {
                    if let Atom::Container(id) = atom {
                        self.remove_item(*id, &key);
                    }
                }
            }
        }
    }

    /// `del collection[key]`.
    fn remove_item(&mut self, id: ContainerId, key: &Value) {
        let container = self.heap.container(id);
        let at = match (container.kind, key.single()) {
            (ContainerKind::Dict, Some(_)) => container.items.iter().position(|known| same_key(known, key)),
            (_, Some(Atom::Number(number, Digits::Integer))) => {
                let length = container.items.len() as f64;
                let at = if *number < 0.0 { length + number } else { *number };
                (at >= 0.0 && at < length && container.more.is_none()).then_some(at as usize)
            }
            _ => None,
        };
        self.remove_at(id, at);
    }

    /// Removes an element where it is certain that it goes; else notes that some may be missing.
    fn remove_at(&mut self, id: ContainerId, at: Option<usize>) {
        match at {
            Some(at) if self.heap.is_own(id) => {
                let container = &mut self.heap.containers[id.index()];
                container.items.remove(at);
                if container.kind == ContainerKind::Dict {
                    container.values.remove(at);
                }
            }
            _ => self.heap.note_optional(id),
        }
    }

    /// A method that removes, before it answers.
    pub(super) fn remove_by_method(&mut self, id: ContainerId, method: &str, arguments: &Arguments) {
        let first = arguments.positional.first();
        let container = self.heap.container(id);
        let is_dictionary = container.kind == ContainerKind::Dict;
        match (method, first) {
            ("clear", _) if self.heap.is_own(id) => {
                let container = &mut self.heap.containers[id.index()];
                container.items.clear();
                container.values.clear();
                container.more = None;
            }
            ("pop", Some(key)) if is_dictionary => {
                let key = key.clone();
                self.remove_item(id, &key);
            }
            ("remove" | "discard", Some(wanted)) => {
                let at = wanted
                    .exact_text()
                    .and_then(|_| container.items.iter().position(|known| same_key(known, wanted)));
                self.remove_at(id, at);
            }
            _ => self.heap.note_optional(id),
        }
    }

    /// Whether elements of some alternative may be missing.
    pub(super) fn is_optional(&self, value: &Value) -> bool {
        value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Container(id) if self.heap.is_optional(*id)))
    }

    /// What is made of a collection of which elements may be missing may lack them too.
    pub(super) fn inherit_optional(&mut self, made: &Value, source: &Value) {
        if self.is_optional(source)
            && let Some(Atom::Container(id)) = made.single()
        {
            self.heap.note_optional(*id);
        }
    }
}

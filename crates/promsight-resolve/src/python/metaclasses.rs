//! What happens when a class comes into being: metaclasses, `__set_name__`, and classes made by calling `type`.
//!
//! The class statement itself is in [`super::classes`].

use std::rc::Rc;

use promsight_model::Span;
use promsight_model::python;

use super::heap::{Binding, ContainerKind};
use super::machine::Machine;
use super::value::{Arguments, Atom, Bound, ClassId, Reason, Symbol, Text, Value};

impl<'a> Machine<'a> {
    /// Runs what a metaclass does with a class whose body has run.
    pub(super) fn run_metaclass(&mut self, id: ClassId, class: &'a python::Class) {
        let Some(meta) = self.metaclass_of(id, class) else {
            return;
        };
        self.heap.classes[id.index()].metaclass = Some(meta);
        let bases: Vec<Value> = class.bases.iter().map(|base| self.evaluate(base)).collect();
        let bases = self.heap.new_container(ContainerKind::Tuple, bases);
        let namespace = self.namespace_dictionary(self.heap.class(id).namespace);
        let name: Value = Text::literal(&class.name, class.name_span).into();
        let mut arguments = Arguments::of(vec![Atom::Class(meta).into(), name, bases, namespace]);
        for (name, value) in class.keywords.iter().filter(|(name, _)| name != "metaclass") {
            let value = self.evaluate(value);
            arguments.keywords.push((self.symbols.intern(name), value));
        }
        for (hook, receiver) in [("__new__", meta), ("__init__", id)] {
            let hook = self.symbols.intern(hook);
            let Some((_, value)) = self.heap.class_attribute(meta, hook) else {
                continue;
            };
            if let Some(Atom::Function(function)) = value.single().cloned() {
                arguments.positional[0] = Atom::Class(receiver).into();
                self.defining.push(id);
                self.call_function(function, arguments.clone(), class.name_span);
                self.defining.pop();
            }
        }
    }

    fn metaclass_of(&mut self, id: ClassId, class: &'a python::Class) -> Option<ClassId> {
        let written = class.keywords.iter().find(|(name, _)| name == "metaclass");
        if let Some((_, written)) = written {
            return match self.evaluate(written).single() {
                Some(Atom::Class(meta)) => Some(*meta),
                _ => None,
            };
        }
        let order = &self.heap.class(id).order;
        order.iter().find_map(|base| self.heap.class(*base).metaclass)
    }

    /// `type.__new__(meta, name, bases, namespace)`, however it is reached: the class that is being defined, with what
    /// the metaclass put into its namespace.
    pub(super) fn finish_class(&mut self, arguments: &Arguments) -> Option<Value> {
        let id = *self.defining.last()?;
        let [.., namespace] = arguments.positional.as_slice() else {
            return None;
        };
        if let Some(Atom::Container(container)) = namespace.single() {
            let container = self.heap.container(*container).clone();
            let own = self.heap.class(id).namespace;
            for (key, value) in container.items.iter().zip(container.values) {
                let Some(key) = key.exact_text() else { continue };
                let symbol = self.symbols.intern(key);
                if self.heap.get(own, symbol) != Some(&value) {
                    self.heap.set(own, symbol, value);
                }
            }
        }
        Some(Atom::Class(id).into())
    }

    /// An attribute that a class has from its metaclass.
    pub(super) fn metaclass_attribute(&mut self, id: ClassId, symbol: Symbol) -> Option<Value> {
        let meta = self.heap.class(id).metaclass?;
        let (_, value) = self.heap.class_attribute(meta, symbol)?;
        let value = value.clone();
        let mut all = Value::nothing();
        for atom in value.atoms() {
            let seen: Value = match atom {
                Atom::Function(function) => match self.heap.function(*function).binding {
                    Binding::Property => {
                        let receiver = Atom::Class(id).into();
                        self.call_unseen(*function, Arguments::of(vec![receiver]))
                    }
                    Binding::Static => atom.clone().into(),
                    Binding::Plain | Binding::Class => Atom::Bound(Rc::new(Bound {
                        receiver: Atom::Class(id),
                        function: *function,
                    }))
                    .into(),
                },
                other => other.clone().into(),
            };
            all = all.join(&seen);
        }
        Some(all)
    }

    /// Tells the objects in a class's body their names (`__set_name__`).
    pub(super) fn name_members(&mut self, id: ClassId) {
        let hook = self.symbols.intern("__set_name__");
        let members: Vec<(Symbol, Atom)> = self
            .heap
            .namespace(self.heap.class(id).namespace)
            .entries()
            .filter_map(|(name, value)| match value.single() {
                Some(Atom::Instance(instance)) => Some((*name, Atom::Instance(*instance))),
                _ => None,
            })
            .collect();
        for (name, member) in members {
            let Atom::Instance(instance) = member else {
                continue;
            };
            let class = self.heap.instance(instance).class;
            if self.heap.class_attribute(class, hook).is_none() {
                continue;
            }
            let method = self.attribute_of(&member, hook);
            let name = Text::exact(&self.symbols.name(name)).into();
            self.call_value(
                &method,
                &Arguments::of(vec![Atom::Class(id).into(), name]),
                Some(self.heap.class(id).name_span),
            );
        }
    }

    /// `type(name, bases, namespace)`.
    pub(super) fn class_by_call(&mut self, arguments: &Arguments, span: Option<Span>) -> Value {
        let [name, bases, namespace] = arguments.positional.as_slice() else {
            return Value::unknown(Reason::Call);
        };
        let (Some(name), Some(span)) = (name.exact_text().map(str::to_owned), span) else {
            return Value::unknown(Reason::Call);
        };
        let bases = self.elements(bases);
        let id = self.new_plain_class(&name, span, Vec::new());
        let mut order = vec![id];
        for base in bases.items.iter().flat_map(Value::atoms) {
            match base {
                Atom::Class(base) => {
                    let base = self.heap.class(*base);
                    let (kind, fields, behind) = (base.kind, base.fields.clone(), base.order.clone());
                    self.heap.classes[id.index()].kind = kind;
                    self.heap.classes[id.index()].fields.extend(fields);
                    for ancestor in behind {
                        order.retain(|known| *known != ancestor);
                        order.push(ancestor);
                    }
                }
                Atom::External(path) => self.heap.classes[id.index()].outside.push(Rc::clone(path)),
                _ => self.heap.classes[id.index()].outside.push(Rc::from("")),
            }
        }
        self.heap.set_order(id, order);
        if let Some(Atom::Container(container)) = namespace.single() {
            let container = self.heap.container(*container).clone();
            let own = self.heap.class(id).namespace;
            for (key, value) in container.items.iter().zip(container.values) {
                let Some(key) = key.exact_text() else { continue };
                let symbol = self.symbols.intern(key);
                self.heap.set(own, symbol, value);
            }
        }
        Atom::Class(id).into()
    }
}

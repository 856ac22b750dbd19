//! Methods of values that are no instances of classes of the tree, and of their base classes.

use std::rc::Rc;

use promsight_model::Span;

use super::heap::ContainerKind;
use super::machine::Machine;
use super::value::{Arguments, Atom, ClassId, Reason, Symbol, Value};

impl Machine<'_> {
    /// Calls a method of a value that is no instance of a class of the tree.
    pub(super) fn call_method(
        &mut self,
        receiver: &Atom,
        name: Symbol,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Value {
        let method = self.symbols.name(name);
        match receiver {
            Atom::Text(text) => {
                let text = Rc::clone(text);
                self.text_method(&text, &method, arguments)
            }
            Atom::Container(id) => self.container_method(*id, &method, arguments, span),
            Atom::Metric(id) => self.metric_method(*id, &method, arguments),
            Atom::Function(_) => receiver.clone().into(),
            Atom::Class(id) if &*method == "__subclasses__" => {
                let derived = self.heap.class(*id).derived.clone();
                let derived = derived.into_iter().map(|id| Atom::Class(id).into()).collect();
                self.heap.new_container(ContainerKind::List, derived)
            }
            Atom::Super(class, inner) => self.super_method(*class, inner, &method, arguments, span),
            _ => {
                self.escape_all(arguments);
                Value::unknown(Reason::Call)
            }
        }
    }

    /// A method that `super()` finds in a base class outside the tree.
    fn super_method(
        &mut self,
        class: ClassId,
        receiver: &Atom,
        method: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Value {
        if method == "__new__"
            && arguments.positional.len() > 1
            && let Some(class) = self.finish_class(arguments)
        {
            return class;
        }
        if method == "__new__" {
            let class = match receiver {
                Atom::Class(id) => *id,
                _ => class,
            };
            let instance = self.heap.new_instance(class);
            self.heap.instances[instance.index()].text = self
                .outside_bases(class)
                .iter()
                .any(|path| &**path == "builtins.str")
                .then(|| arguments.positional.get(1).cloned())
                .flatten();
            return Atom::Instance(instance).into();
        }
        let Atom::Instance(instance) = receiver else {
            return Value::unknown(Reason::Call);
        };
        if method == "__init__" {
            let owner = self.heap.instance(*instance).class;
            let outside = self.outside_bases(owner);
            if let Some(path) = outside
                .iter()
                .find(|path| self.table.constructor(path).is_some())
                .cloned()
            {
                let metric = self.call_external(&path, arguments, span);
                self.heap.instances[instance.index()].metric = Some(metric);
            } else {
                let span = span.unwrap_or(self.heap.class(owner).name_span);
                self.fill_fields(*instance, owner, arguments, span);
            }
            return Value::none();
        }
        if let Some(metric) = self.heap.instance(*instance).metric.clone() {
            let symbol = self.symbols.intern(method);
            let bound = self.attribute(&metric, symbol);
            return self.call_value(&bound, arguments, span);
        }
        Value::unknown(Reason::Call)
    }
}

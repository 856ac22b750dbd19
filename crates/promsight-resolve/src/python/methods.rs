//! Methods of values that are no instances of classes of the tree, and of their base classes.

use std::rc::Rc;

use promsight_model::Span;

use super::heap::ContainerKind;
use super::machine::Machine;
use super::uses::Receiver;
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
                match self.rare_text_method(&text, &method, arguments) {
                    Some(value) => value,
                    None => self.text_method(&text, &method, arguments),
                }
            }
            Atom::Container(id) => self.container_method(*id, &method, arguments, span),
            Atom::Metric(id) => self.metric_method(*id, Receiver::Family, &method, arguments, span),
            Atom::Child(id) => self.metric_method(*id, Receiver::Child, &method, arguments, span),
            Atom::Function(_) => receiver.clone().into(),
            Atom::Class(_) if &*method == "as_view" => receiver.clone().into(),
            Atom::Class(id) if &*method == "__subclasses__" => {
                let derived = self.heap.class(*id).derived.clone();
                let derived = derived.into_iter().map(|id| Atom::Class(id).into()).collect();
                self.heap.new_container(ContainerKind::List, derived)
            }
            Atom::Instance(_) if matches!(&*method, "_replace" | "model_copy") => {
                let mut given = arguments.clone();
                let update = self.symbols.intern("update");
                if let Some(Atom::Container(id)) = given.get(usize::MAX, Some(update)).and_then(Value::single)
                {
                    let table = self.heap.container(*id).clone();
                    given.keywords.clear();
                    for (key, value) in table.items.iter().zip(table.values) {
                        if let Some(key) = key.exact_text() {
                            given.keywords.push((self.symbols.intern(key), value));
                        }
                    }
                }
                self.replaced(&receiver.clone().into(), &given)
            }
            Atom::Instance(_) if matches!(&*method, "_asdict" | "model_dump" | "dict") => {
                self.as_dictionary(Some(&receiver.clone().into()))
            }
            Atom::Partial(partial) if matches!(&*method, "substitute" | "safe_substitute") => {
                let mut all = partial.arguments.clone();
                all.positional.extend(arguments.positional.iter().cloned());
                all.keywords.extend(arguments.keywords.iter().cloned());
                self.substituted_template(&all)
                    .unwrap_or_else(|| Value::unknown(Reason::Expression))
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

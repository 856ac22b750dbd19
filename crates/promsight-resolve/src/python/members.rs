//! Objects looked at or copied as a whole: `vars`, `dir`, `inspect.getmembers`, `dataclasses.replace` and `asdict`.

use super::heap::{Container, ContainerKind};
use super::machine::Machine;
use super::value::{Arguments, Atom, ClassId, InstanceId, NamespaceId, Reason, Symbol, Text, Value};

impl Machine<'_> {
    /// The names that a class sees, its own last, so that they win.
    fn class_namespaces(&self, class: ClassId) -> Vec<NamespaceId> {
        let order = self.heap.class(class).order.iter().rev();
        order.map(|base| self.heap.class(*base).namespace).collect()
    }

    /// The names that can be asked of an object, sorted.
    fn member_names(&self, object: &Value) -> Option<Vec<Symbol>> {
        let namespaces = match object.single()? {
            Atom::Class(id) => self.class_namespaces(*id),
            Atom::Instance(id) => {
                let instance = self.heap.instance(*id);
                let mut namespaces = self.class_namespaces(instance.class);
                namespaces.push(instance.namespace);
                namespaces
            }
            Atom::Module(id) => vec![self.modules[id.index()].namespace],
            _ => return None,
        };
        let mut names: Vec<Symbol> = namespaces
            .into_iter()
            .flat_map(|namespace| self.heap.namespace(namespace).entries().map(|(name, _)| *name))
            .collect();
        names.sort_by_key(|name| self.symbols.name(*name));
        names.dedup();
        Some(names)
    }

    /// `dir(object)`.
    pub(super) fn names_in(&mut self, object: &Value) -> Value {
        let Some(names) = self.member_names(object) else {
            return self.open_list(Value::unknown(Reason::Attribute));
        };
        let names = names
            .into_iter()
            .map(|name| Text::exact(&self.symbols.name(name)).into())
            .collect();
        self.heap.new_container(ContainerKind::List, names)
    }

    /// `inspect.getmembers(object)`; a predicate is asked.
    pub(super) fn members_of(&mut self, object: &Value, predicate: Option<&Value>) -> Value {
        let Some(names) = self.member_names(object) else {
            return self.open_list(Value::unknown(Reason::Attribute));
        };
        let mut pairs = Vec::with_capacity(names.len());
        for name in names {
            let value = self.attribute(object, name);
            let is_left_out = predicate.is_some_and(|predicate| {
                let answer = self.call_value(predicate, &Arguments::of(vec![value.clone()]), None);
                self.value_truth(&answer) == Some(false)
            });
            if !is_left_out {
                let name = Text::exact(&self.symbols.name(name)).into();
                pairs.push(self.heap.new_container(ContainerKind::Tuple, vec![name, value]));
            }
        }
        self.heap.new_container(ContainerKind::List, pairs)
    }

    /// `dataclasses.replace(record, field=…)`, `record._replace(field=…)`.
    pub(super) fn replaced(&mut self, record: &Value, arguments: &Arguments) -> Value {
        let Some(Atom::Instance(id)) = record.single() else {
            return Value::unknown(Reason::Call);
        };
        let (class, from) = (self.heap.instance(*id).class, self.heap.instance(*id).namespace);
        let made = self.heap.new_instance(class);
        let to = self.heap.instance(made).namespace;
        let entries: Vec<(Symbol, Value)> = self
            .heap
            .namespace(from)
            .entries()
            .map(|(name, value)| (*name, value.clone()))
            .collect();
        for (name, value) in entries.into_iter().chain(arguments.keywords.iter().cloned()) {
            self.heap.set(to, name, value);
        }
        let hook = self.symbols.intern("__post_init__");
        if self.heap.class_attribute(class, hook).is_some() {
            let method = self.attribute_of(&Atom::Instance(made), hook);
            self.call_value(&method, &Arguments::default(), None);
        }
        Atom::Instance(made).into()
    }

    fn field_values(&mut self, id: InstanceId) -> Vec<(Value, Value)> {
        let class = self.heap.instance(id).class;
        let names: Vec<Symbol> = self
            .heap
            .class(class)
            .fields
            .iter()
            .map(|(name, _)| *name)
            .collect();
        names
            .into_iter()
            .map(|name| {
                let text = Text::exact(&self.symbols.name(name)).into();
                (text, self.instance_attribute(id, name))
            })
            .collect()
    }

    /// `dataclasses.asdict(record)`, `model.model_dump()`.
    pub(super) fn as_dictionary(&mut self, record: Option<&Value>) -> Value {
        let Some(Atom::Instance(id)) = record.and_then(Value::single) else {
            return Value::unknown(Reason::Call);
        };
        let (items, values) = self.field_values(*id).into_iter().unzip();
        self.heap.insert_container(Container {
            kind: ContainerKind::Dict,
            items,
            values,
            more: None,
        })
    }

    /// `dataclasses.astuple(record)`.
    pub(super) fn as_tuple(&mut self, record: Option<&Value>) -> Value {
        let Some(Atom::Instance(id)) = record.and_then(Value::single) else {
            return Value::unknown(Reason::Call);
        };
        let values = self
            .field_values(*id)
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        self.heap.new_container(ContainerKind::Tuple, values)
    }

    /// `object.__setattr__(self, "name", value)`, which frozen records use on themselves.
    pub(super) fn set_by_base(&mut self, arguments: &Arguments) -> Value {
        if let [object, name, value] = arguments.positional.as_slice()
            && let Some(name) = name.exact_text()
        {
            let symbol = self.symbols.intern(name);
            self.set_attribute(object, symbol, value);
        }
        Value::none()
    }
}

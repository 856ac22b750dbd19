//! Attributes and items: what `a.b` and `a[b]` are, and what assigning to them does.

use std::rc::Rc;

use super::heap::{Binding, ClassKind, Code, Container, ContainerKind};
use super::index::Target;
use super::machine::Machine;
use super::value::{
    Arguments, Atom, Bound, ClassId, FunctionId, InstanceId, NamespaceId, Reason, Symbol, Text, Value,
};

impl<'a> Machine<'a> {
    /// An attribute of one thing.
    pub(super) fn attribute_of(&mut self, atom: &Atom, symbol: Symbol) -> Value {
        match atom {
            Atom::Instance(id) => self.instance_attribute(*id, symbol),
            Atom::Class(id) => self.class_attribute(*id, symbol),
            Atom::Module(id) => {
                let namespace = self.modules[id.index()].namespace;
                if let Some(value) = self.heap.get(namespace, symbol) {
                    return value.clone();
                }
                self.module_attribute(*id, symbol)
            }
            Atom::External(path) => self.external_attribute(path, symbol),
            Atom::Unknown(unknown) => Self::still_unknown(*unknown, Reason::Attribute),
            Atom::Text(_) | Atom::Container(_) | Atom::Metric(_) | Atom::Child(_) | Atom::Partial(_) => {
                self.own_attribute(atom, symbol)
            }
            Atom::Function(id) => self.function_attribute(*id, symbol),
            Atom::Bound(bound) => self.function_attribute(bound.function, symbol),
            Atom::Super(class, receiver) => self.super_attribute(*class, receiver, symbol),
            Atom::Pending(..) | Atom::None | Atom::Number(..) | Atom::Bool(_) | Atom::Method(..) => {
                Value::unknown(Reason::Attribute)
            }
        }
    }

    fn own_attribute(&mut self, atom: &Atom, symbol: Symbol) -> Value {
        if let Atom::Metric(id) | Atom::Child(id) = atom {
            let name = self.symbols.name(symbol);
            if matches!(
                &*name,
                "_name" | "_documentation" | "_labelnames" | "_type" | "name" | "documentation"
            ) {
                return self.metric_attribute(*id, &name);
            }
        }
        Atom::Method(Rc::new(atom.clone()), symbol).into()
    }

    fn module_attribute(&mut self, id: super::value::ModuleId, symbol: Symbol) -> Value {
        let name = self.symbols.name(symbol);
        let folder = self.index.package_folder(id).to_owned();
        if self.index.at(&folder) == Target::Module(id) {
            match self.index.below(&folder, &name) {
                Target::Module(module) => return Atom::Module(module).into(),
                Target::Folder(folder) => return Value::external(&format!("/{folder}")),
                Target::Outside => {}
            }
        }
        if let Some(value) = self.bound_by_star(id, symbol) {
            return value;
        }
        if self.modules[id.index()].progress != super::machine::Progress::Done {
            return Atom::Pending(id, symbol).into();
        }
        // PEP 562.
        let getter = self.symbols.intern("__getattr__");
        let namespace = self.modules[id.index()].namespace;
        if symbol != getter
            && let Some(getter) = self.heap.get(namespace, getter).cloned()
        {
            let made = self.call_value(&getter, &Arguments::of(vec![Text::exact(&name).into()]), None);
            if !made.is_nothing() {
                return made;
            }
        }
        Value::unknown(Reason::Attribute)
    }

    fn external_attribute(&mut self, path: &Rc<str>, symbol: Symbol) -> Value {
        let name = self.symbols.name(symbol);
        if let Some(folder) = path.strip_prefix('/') {
            return match self.index.below(folder, &name) {
                Target::Module(id) => Atom::Module(id).into(),
                Target::Folder(folder) => Value::external(&format!("/{folder}")),
                Target::Outside => Value::unknown(Reason::Import),
            };
        }
        if let Some(value) = self.object_attribute(path, symbol) {
            return value;
        }
        if &**path == super::standard::PARSED {
            return self.option_default(symbol);
        }
        if path.len() > 200 {
            return Value::unknown(Reason::Limit);
        }
        if &*name == "__name__" {
            let last = path.rsplit('.').next().unwrap_or(path);
            return Text::exact(last).into();
        }
        self.outside(&format!("{path}.{name}"))
    }

    fn function_attribute(&mut self, id: FunctionId, symbol: Symbol) -> Value {
        if let Some(namespace) = self.heap.function(id).attributes
            && let Some(value) = self.heap.get(namespace, symbol)
        {
            return value.clone();
        }
        let name = self.symbols.name(symbol);
        match (&*name, self.heap.function(id).code) {
            ("__name__" | "__qualname__", Code::Function(function)) => {
                Text::literal(&function.name, function.name_span).into()
            }
            // Properties are assigned in pairs: `@x.setter` gives the getter back.
            ("setter" | "deleter" | "getter", _) => Atom::Method(Rc::new(Atom::Function(id)), symbol).into(),
            ("__wrapped__" | "__func__", _) => Atom::Function(id).into(),
            _ => Value::unknown(Reason::Attribute),
        }
    }

    pub(super) fn instance_attribute(&mut self, id: InstanceId, symbol: Symbol) -> Value {
        let (class, namespace) = {
            let instance = self.heap.instance(id);
            (instance.class, instance.namespace)
        };
        let own = self.heap.get(namespace, symbol).cloned();
        if let Some((_, value)) = self.heap.class_attribute(class, symbol) {
            let value = value.clone();
            let is_property = value.atoms().iter().any(|atom| {
                matches!(atom, Atom::Function(function) if self.heap.function(*function).binding == Binding::Property)
            });
            if is_property || own.is_none() {
                return self.bind_to(&value, &Atom::Instance(id), class);
            }
        }
        if let Some(own) = own {
            return own;
        }
        let name = self.symbols.name(symbol);
        match &*name {
            "__class__" => return Atom::Class(class).into(),
            "_fields" => return self.class_attribute(class, symbol),
            "__dict__" => return self.attribute_dictionary(id),
            _ => {}
        }
        if let ClassKind::Enum { .. } = self.heap.class(class).kind
            && let Some((value, _)) = self.enum_value(&Atom::Instance(id))
            && matches!(&*name, "value" | "_value_")
        {
            return value;
        }
        let is_record = self.heap.class(class).kind == ClassKind::Record;
        if is_record
            && matches!(
                &*name,
                "_replace" | "_asdict" | "model_copy" | "model_dump" | "dict"
            )
        {
            return Atom::Method(Rc::new(Atom::Instance(id)), symbol).into();
        }
        if let Some(metric) = self.heap.instance(id).metric.clone() {
            return self.attribute(&metric, symbol);
        }
        if let Some(text) = self.instance_text(&Atom::Instance(id)) {
            return self.attribute(&text, symbol);
        }
        if let Some(value) = self.dynamic_attribute(id, class, &name) {
            return value;
        }
        if let Some(value) = self.outside_attribute(class, symbol, &Atom::Instance(id)) {
            return value;
        }
        Value::unknown(Reason::Attribute)
    }

    fn dynamic_attribute(&mut self, id: InstanceId, class: ClassId, name: &str) -> Option<Value> {
        let getter = self.symbols.intern("__getattr__");
        self.heap.class_attribute(class, getter)?;
        let method = self.attribute_of(&Atom::Instance(id), getter);
        let argument = Text::exact(name).into();
        Some(self.call_value(&method, &Arguments::of(vec![argument]), None))
    }

    /// An attribute that a base class outside the tree may give.
    fn outside_attribute(&mut self, class: ClassId, symbol: Symbol, receiver: &Atom) -> Option<Value> {
        let outside = self.outside_bases(class);
        let path = outside.iter().find(|path| !path.is_empty())?;
        if let Some(value) = self.inherited_web_attribute(receiver, symbol) {
            return Some(value);
        }
        if path.starts_with("builtins.")
            || &**path == "collections.OrderedDict"
            || &**path == "collections.defaultdict"
        {
            return Some(Atom::Method(Rc::new(receiver.clone()), symbol).into());
        }
        Some(Value::unknown(Reason::Attribute))
    }

    /// Base classes outside the tree, of the class and its bases of the tree.
    pub(super) fn outside_bases(&self, class: ClassId) -> Vec<Rc<str>> {
        let order = self.heap.class(class).order.clone();
        order
            .iter()
            .flat_map(|base| self.heap.class(*base).outside.clone())
            .collect()
    }

    fn attribute_dictionary(&mut self, id: InstanceId) -> Value {
        let namespace = self.heap.instance(id).namespace;
        self.namespace_dictionary(namespace)
    }

    /// The names of a namespace and their values, as a dictionary.
    pub(super) fn namespace_dictionary(&mut self, namespace: NamespaceId) -> Value {
        let entries: Vec<(Symbol, Value)> = self
            .heap
            .namespace(namespace)
            .entries()
            .map(|(name, value)| (*name, value.clone()))
            .collect();
        let keys = entries
            .iter()
            .map(|(name, _)| Text::exact(&self.symbols.name(*name)).into())
            .collect();
        let values = entries.into_iter().map(|(_, value)| value).collect();
        self.heap.insert_container(Container {
            kind: ContainerKind::Dict,
            items: keys,
            values,
            more: None,
        })
    }

    fn class_attribute(&mut self, id: ClassId, symbol: Symbol) -> Value {
        if let Some((_, value)) = self.heap.class_attribute(id, symbol) {
            let value = value.clone();
            return self.bind_to_class(&value, id);
        }
        let name = self.symbols.name(symbol);
        match &*name {
            "__name__" | "__qualname__" => {
                let class = self.heap.class(id);
                return Text::literal(&class.name, class.name_span).into();
            }
            "__members__" => {
                let members = self.heap.class(id).members.clone();
                let keys = members
                    .iter()
                    .map(|(name, _)| Text::exact(&self.symbols.name(*name)).into())
                    .collect();
                let values = members.into_iter().map(|(_, atom)| atom.into()).collect();
                return self.heap.insert_container(Container {
                    kind: ContainerKind::Dict,
                    items: keys,
                    values,
                    more: None,
                });
            }
            "model_fields" | "__fields__" | "__dataclass_fields__" | "__annotations__"
                if !self.heap.class(id).fields.is_empty() =>
            {
                return self.field_table(id);
            }
            "_fields" if self.heap.class(id).kind == ClassKind::Record => {
                let names: Vec<Symbol> = self.heap.class(id).fields.iter().map(|(name, _)| *name).collect();
                let names = names
                    .into_iter()
                    .map(|name| Text::exact(&self.symbols.name(name)).into())
                    .collect();
                return self.heap.new_container(ContainerKind::Tuple, names);
            }
            "__dict__" => {
                let namespace = self.heap.class(id).namespace;
                return self.namespace_dictionary(namespace);
            }
            // Views of Flask, Django and their kin.
            "as_view" if !self.outside_bases(id).is_empty() => {
                return Atom::Method(Rc::new(Atom::Class(id)), symbol).into();
            }
            "mro" | "__subclasses__" => return Atom::Method(Rc::new(Atom::Class(id)), symbol).into(),
            _ => {}
        }
        if let Some(value) = self.metaclass_attribute(id, symbol) {
            return value;
        }
        if let Some(path) = self.outside_bases(id).first() {
            let value = Value::external(&format!("{path}.{name}"));
            if &*name == "__new__" || &*name == "__init__" || &*name == "from_orm" {
                return value;
            }
        }
        Value::unknown(Reason::Attribute)
    }

    fn bind_to_class(&mut self, value: &Value, class: ClassId) -> Value {
        let bound = value.atoms().iter().map(|atom| match atom {
            Atom::Function(function) if self.heap.function(*function).binding == Binding::Class => {
                Atom::Bound(Rc::new(Bound {
                    receiver: Atom::Class(class),
                    function: *function,
                }))
            }
            other => other.clone(),
        });
        Value::any(bound.collect::<Vec<_>>())
    }

    /// A class attribute as an instance sees it.
    fn bind_to(&mut self, value: &Value, receiver: &Atom, class: ClassId) -> Value {
        let mut all = Value::nothing();
        for atom in value.atoms() {
            let Atom::Function(function) = atom else {
                all = all.join(&atom.clone().into());
                continue;
            };
            let bound: Value = match self.heap.function(*function).binding {
                Binding::Static => atom.clone().into(),
                Binding::Class => Atom::Bound(Rc::new(Bound {
                    receiver: Atom::Class(class),
                    function: *function,
                }))
                .into(),
                Binding::Property => {
                    self.call_unseen(*function, Arguments::of(vec![receiver.clone().into()]))
                }
                Binding::Plain => Atom::Bound(Rc::new(Bound {
                    receiver: receiver.clone(),
                    function: *function,
                }))
                .into(),
            };
            all = all.join(&bound);
        }
        all
    }

    fn super_attribute(&mut self, class: ClassId, receiver: &Atom, symbol: Symbol) -> Value {
        let owner = match receiver {
            Atom::Instance(id) => self.heap.instance(*id).class,
            Atom::Class(id) => *id,
            _ => class,
        };
        let order = self.heap.class(owner).order.clone();
        let behind = order
            .iter()
            .position(|base| *base == class)
            .map_or(0, |at| at + 1);
        for base in &order[behind..] {
            if let Some(value) = self.heap.get(self.heap.class(*base).namespace, symbol) {
                let value = value.clone();
                return match receiver {
                    Atom::Class(class) => self.bind_to_class(&value, *class),
                    receiver => self.bind_to(&value, receiver, owner),
                };
            }
        }
        Atom::Method(Rc::new(Atom::Super(class, Rc::new(receiver.clone()))), symbol).into()
    }

    /// Sets an attribute of every alternative.
    pub(super) fn set_attribute(&mut self, object: &Value, symbol: Symbol, value: &Value) {
        let single = object.atoms().len() == 1;
        for atom in object.atoms() {
            let namespace = match atom {
                Atom::Instance(id) => Some(self.heap.instance(*id).namespace),
                Atom::Class(id) => Some(self.heap.class(*id).namespace),
                Atom::Module(id) => Some(self.modules[id.index()].namespace),
                Atom::Function(id) => Some(self.function_namespace(*id)),
                _ => None,
            };
            let Some(namespace) = namespace else {
                self.escape(value);
                continue;
            };
            if let Atom::Instance(id) = atom
                && let Some(property) = self.property(*id, symbol)
            {
                self.run_setter(property, atom, value);
                continue;
            }
            let value = if single {
                value.clone()
            } else {
                self.heap
                    .get(namespace, symbol)
                    .map_or_else(|| value.clone(), |known| known.join(value))
            };
            self.heap.set(namespace, symbol, value);
        }
    }

    /// The getter of a property.
    fn property(&self, id: InstanceId, symbol: Symbol) -> Option<FunctionId> {
        let class = self.heap.instance(id).class;
        let (_, value) = self.heap.class_attribute(class, symbol)?;
        value.atoms().iter().find_map(|atom| match atom {
            Atom::Function(function) if self.heap.function(*function).binding == Binding::Property => {
                Some(*function)
            }
            _ => None,
        })
    }

    /// Remembers the setter of a property with its getter.
    pub(super) fn note_setter(&mut self, getter: FunctionId, setter: &Value) {
        let namespace = self.function_namespace(getter);
        let symbol = self.symbols.intern("fset");
        self.heap.set(namespace, symbol, setter.clone());
    }

    /// Assigning to a property runs its setter.
    fn run_setter(&mut self, getter: FunctionId, receiver: &Atom, value: &Value) {
        let symbol = self.symbols.intern("fset");
        let Some(namespace) = self.heap.function(getter).attributes else {
            return;
        };
        if let Some(Atom::Function(setter)) = self
            .heap
            .get(namespace, symbol)
            .and_then(|value| value.single().cloned())
        {
            self.call_unseen(
                setter,
                Arguments::of(vec![receiver.clone().into(), value.clone()]),
            );
        }
    }

    fn function_namespace(&mut self, id: FunctionId) -> super::value::NamespaceId {
        if let Some(namespace) = self.heap.function(id).attributes {
            return namespace;
        }
        let namespace = self.heap.new_namespace(None);
        self.heap.namespace_mut(namespace).captured = true;
        self.heap.functions[id.index()].attributes = Some(namespace);
        namespace
    }
}

//! Attributes and items: what `a.b` and `a[b]` are, and what assigning to them does.

use std::rc::Rc;

use super::heap::{Binding, ClassKind, Code, Container, ContainerKind, same_key};
use super::index::Target;
use super::expressions::Elements;
use super::machine::Machine;
use super::value::{
    Arguments, Atom, Bound, ClassId, ContainerId, FunctionId, InstanceId, Reason, Symbol, Text, Unknown, Value,
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
            Atom::Text(_) | Atom::Container(_) | Atom::Metric(_) | Atom::Partial(_) => self.own_attribute(atom, symbol),
            Atom::Function(id) => self.function_attribute(*id, symbol),
            Atom::Bound(bound) => self.function_attribute(bound.function, symbol),
            Atom::Super(class, receiver) => self.super_attribute(*class, receiver, symbol),
            Atom::Pending(..) | Atom::None | Atom::Number(..) | Atom::Bool(_) | Atom::Method(..) => {
                Value::unknown(Reason::Attribute)
            }
        }
    }

    fn own_attribute(&mut self, atom: &Atom, symbol: Symbol) -> Value {
        if let Atom::Metric(id) = atom {
            let name = self.symbols.name(symbol);
            if matches!(&*name, "_name" | "_documentation" | "_labelnames" | "_type" | "name" | "documentation") {
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
        if let Some(value) = self.from_star(id, symbol) {
            return value;
        }
        if self.modules[id.index()].progress != super::machine::Progress::Done {
            return Atom::Pending(id, symbol).into();
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
        if &**path == super::builtins::PARSED {
            return self.option_default(symbol);
        }
        if path.len() > 200 {
            return Value::unknown(Reason::Limit);
        }
        if &*name == "__name__" {
            let last = path.rsplit('.').next().unwrap_or(path);
            return Text::exact(last).into();
        }
        Value::external(&format!("{path}.{name}"))
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

    fn instance_attribute(&mut self, id: InstanceId, symbol: Symbol) -> Value {
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
                return self.bind_to(&value, Atom::Instance(id), class);
            }
        }
        if let Some(own) = own {
            return own;
        }
        let name = self.symbols.name(symbol);
        match &*name {
            "__class__" => return Atom::Class(class).into(),
            "__dict__" => return self.attribute_dictionary(id),
            _ => {}
        }
        if let ClassKind::Enum { .. } = self.heap.class(class).kind
            && let Some((value, _)) = self.enum_value(&Atom::Instance(id))
            && matches!(&*name, "value" | "_value_")
        {
            return value;
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
        if path.starts_with("builtins.") || &**path == "collections.OrderedDict" || &**path == "collections.defaultdict"
        {
            return Some(Atom::Method(Rc::new(receiver.clone()), symbol).into());
        }
        Some(Value::unknown(Reason::Attribute))
    }

    /// Base classes outside the tree, of the class and its bases of the tree.
    pub(super) fn outside_bases(&self, class: ClassId) -> Vec<Rc<str>> {
        let order = self.heap.class(class).order.clone();
        order.iter().flat_map(|base| self.heap.class(*base).outside.clone()).collect()
    }

    fn attribute_dictionary(&mut self, id: InstanceId) -> Value {
        let namespace = self.heap.instance(id).namespace;
        let entries: Vec<(Symbol, Value)> =
            self.heap.namespace(namespace).entries().map(|(name, value)| (*name, value.clone())).collect();
        let keys = entries.iter().map(|(name, _)| Text::exact(&self.symbols.name(*name)).into()).collect();
        let values = entries.into_iter().map(|(_, value)| value).collect();
        self.heap.insert_container(Container { kind: ContainerKind::Dict, items: keys, values, more: None })
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
                let keys = members.iter().map(|(name, _)| Text::exact(&self.symbols.name(*name)).into()).collect();
                let values = members.into_iter().map(|(_, atom)| atom.into()).collect();
                return self.heap.insert_container(Container {
                    kind: ContainerKind::Dict,
                    items: keys,
                    values,
                    more: None,
                });
            }
            "mro" | "__subclasses__" => return Atom::Method(Rc::new(Atom::Class(id)), symbol).into(),
            _ => {}
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
                Atom::Bound(Rc::new(Bound { receiver: Atom::Class(class), function: *function }))
            }
            other => other.clone(),
        });
        Value::any(bound.collect::<Vec<_>>())
    }

    /// A class attribute as an instance sees it.
    fn bind_to(&mut self, value: &Value, receiver: Atom, class: ClassId) -> Value {
        let mut all = Value::nothing();
        for atom in value.atoms() {
            let Atom::Function(function) = atom else {
                all = all.join(&atom.clone().into());
                continue;
            };
            let bound: Value = match self.heap.function(*function).binding {
                Binding::Static => atom.clone().into(),
                Binding::Class => Atom::Bound(Rc::new(Bound { receiver: Atom::Class(class), function: *function })).into(),
                Binding::Property => {
                    let span = self.function_key(*function);
                    self.call_function(*function, Arguments::of(vec![receiver.clone().into()]), span)
                }
                Binding::Plain => Atom::Bound(Rc::new(Bound { receiver: receiver.clone(), function: *function })).into(),
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
        let behind = order.iter().position(|base| *base == class).map_or(0, |at| at + 1);
        for base in &order[behind..] {
            if let Some(value) = self.heap.get(self.heap.class(*base).namespace, symbol) {
                let value = value.clone();
                return match receiver {
                    Atom::Class(class) => self.bind_to_class(&value, *class),
                    receiver => self.bind_to(&value, receiver.clone(), owner),
                };
            }
        }
        Atom::Method(Rc::new(Atom::Super(class, Rc::new(receiver.clone()))), symbol).into()
    }

    /// Sets an attribute of every alternative.
    pub(super) fn set_attribute(&mut self, object: &Value, symbol: Symbol, value: Value) {
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
                self.escape(&value);
                continue;
            };
            if let Atom::Instance(id) = atom
                && self.is_property(*id, symbol)
            {
                continue;
            }
            let value = if single {
                value.clone()
            } else {
                self.heap.get(namespace, symbol).map_or_else(|| value.clone(), |known| known.join(&value))
            };
            self.heap.set(namespace, symbol, value);
        }
    }

    /// Assigning to a property runs its setter, which is not kept apart from the getter: nothing is stored.
    fn is_property(&self, id: InstanceId, symbol: Symbol) -> bool {
        let class = self.heap.instance(id).class;
        match self.heap.class_attribute(class, symbol) {
            Some((_, value)) => value.atoms().iter().any(|atom| {
                matches!(atom, Atom::Function(function) if self.heap.function(*function).binding == Binding::Property)
            }),
            None => false,
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

    /// What iterating gives.
    pub(super) fn elements(&mut self, value: &Value) -> Elements {
        if let Some(atom) = value.single() {
            let atom = atom.clone();
            return self.elements_of(&atom);
        }
        let mut all = Value::nothing();
        for atom in value.atoms() {
            if *atom == Atom::None {
                continue;
            }
            let elements = self.elements_of(atom);
            for item in elements.items.iter().chain(&elements.more) {
                all = all.join(item);
            }
        }
        Elements { items: Vec::new(), more: (!all.is_nothing()).then_some(all) }
    }

    fn elements_of(&mut self, atom: &Atom) -> Elements {
        match atom {
            Atom::Container(id) => {
                let container = self.heap.container(*id);
                let more = match container.kind {
                    ContainerKind::Dict => container.more.as_ref().map(|_| Value::unknown(Reason::Element)),
                    _ => container.more.clone(),
                };
                Elements { items: container.items.clone(), more }
            }
            Atom::Text(text) => match text.as_exact() {
                Some(exact) if exact.len() <= 64 => Elements {
                    items: exact.chars().map(|letter| Text::exact(&letter.to_string()).into()).collect(),
                    more: None,
                },
                _ => Elements { items: Vec::new(), more: Some(Value::unknown(Reason::Element)) },
            },
            Atom::Class(id) if matches!(self.heap.class(*id).kind, ClassKind::Enum { .. }) => Elements {
                items: self.heap.class(*id).members.iter().map(|(_, atom)| atom.clone().into()).collect(),
                more: None,
            },
            Atom::Instance(id) => self.iterate_instance(*id),
            Atom::Unknown(unknown) => {
                Elements { items: Vec::new(), more: Some(Self::still_unknown(*unknown, Reason::Element)) }
            }
            _ => Elements { items: Vec::new(), more: Some(Value::unknown(Reason::Element)) },
        }
    }

    fn iterate_instance(&mut self, id: InstanceId) -> Elements {
        let class = self.heap.instance(id).class;
        let iter = self.symbols.intern("__iter__");
        if self.heap.class_attribute(class, iter).is_some() {
            let method = self.attribute_of(&Atom::Instance(id), iter);
            let made = self.call_value(&method, &Arguments::default(), None);
            if !made.atoms().contains(&Atom::Instance(id)) {
                return self.elements(&made);
            }
        }
        if self.heap.class(class).kind == ClassKind::Record {
            // A named tuple gives its fields.
            let fields: Vec<Symbol> = self.heap.class(class).fields.iter().map(|(name, _)| *name).collect();
            let items = fields.iter().map(|name| self.instance_attribute(id, *name)).collect();
            return Elements { items, more: None };
        }
        Elements { items: Vec::new(), more: Some(Value::unknown(Reason::Element)) }
    }

    /// `object[key]`.
    pub(super) fn item(&mut self, object: &Value, key: &Value) -> Value {
        let mut all: Vec<Atom> = Vec::new();
        for atom in object.atoms() {
            let value = self.item_of(atom, key);
            all.extend_from_slice(value.atoms());
        }
        Value::any(all)
    }

    fn item_of(&mut self, atom: &Atom, key: &Value) -> Value {
        match atom {
            Atom::Container(id) => self.container_item(*id, key),
            Atom::Class(id) if matches!(self.heap.class(*id).kind, ClassKind::Enum { .. }) => {
                let members = self.heap.class(*id).members.clone();
                match key.exact_text() {
                    Some(name) => {
                        let found = members.iter().find(|(member, _)| *self.symbols.name(*member) == *name);
                        found.map_or_else(|| Value::unknown(Reason::Element), |(_, atom)| atom.clone().into())
                    }
                    None => Value::any(members.into_iter().map(|(_, atom)| atom)),
                }
            }
            // `List[int]`, `Generic[T]`: the class itself.
            Atom::Class(_) => atom.clone().into(),
            Atom::External(path) if &**path == "os.environ" => Unknown::new(Reason::Environment).into(),
            Atom::External(path) if self.table.constructor(path).is_some() => atom.clone().into(),
            Atom::External(_) => Value::unknown(Reason::Call),
            Atom::Instance(id) => {
                let class = self.heap.instance(*id).class;
                let method = self.symbols.intern("__getitem__");
                if self.heap.class_attribute(class, method).is_some() {
                    let method = self.attribute_of(atom, method);
                    return self.call_value(&method, &Arguments::of(vec![key.clone()]), None);
                }
                if let Some(Atom::Number(at, _)) = key.single() {
                    let elements = self.iterate_instance(*id);
                    if let Some(item) = elements.items.get(*at as usize) {
                        return item.clone();
                    }
                }
                Value::unknown(Reason::Element)
            }
            Atom::Text(text) => match (text.as_exact(), key.single()) {
                (Some(exact), Some(Atom::Number(at, _))) if *at >= 0.0 => exact
                    .chars()
                    .nth(*at as usize)
                    .map_or_else(|| Value::unknown(Reason::Element), |letter| Text::exact(&letter.to_string()).into()),
                _ => Value::unknown(Reason::Element),
            },
            Atom::Unknown(unknown) => Self::still_unknown(*unknown, Reason::Element),
            _ => Value::unknown(Reason::Element),
        }
    }

    fn container_item(&mut self, id: ContainerId, key: &Value) -> Value {
        let container = self.heap.container(id);
        let all = || {
            let source = if container.kind == ContainerKind::Dict { &container.values } else { &container.items };
            let value = Value::any(source.iter().chain(&container.more).flat_map(|value| value.atoms().to_vec()));
            if value.is_nothing() { Value::unknown(Reason::Element) } else { value }
        };
        if container.kind == ContainerKind::Dict {
            let mut found = Value::nothing();
            for key in key.atoms() {
                let key: Value = key.clone().into();
                if key.has_unknown() || matches!(key.single(), Some(Atom::Text(text)) if text.as_exact().is_none()) {
                    return all();
                }
                let key = match key.single().and_then(|atom| self.instance_text(atom)) {
                    Some(text) if !container.items.contains(&key) => text,
                    _ => key,
                };
                if let Some(at) = container.items.iter().position(|known| self.is_same_key(known, &key)) {
                    found = found.join(&container.values[at]);
                }
            }
            if found.is_nothing() {
                // Not there yet, or under a key that is not known.
                return container.more.clone().unwrap_or_else(|| Value::unknown(Reason::Element));
            }
            return found;
        }
        match key.single() {
            Some(Atom::Number(at, _)) if container.more.is_none() || *at >= 0.0 => {
                let length = container.items.len() as f64;
                let at = if *at < 0.0 { length + *at } else { *at };
                if at >= 0.0 && at < length {
                    return container.items[at as usize].clone();
                }
                all()
            }
            Some(_) | None => {
                let any = all();
                // A slice is a collection of the same elements; anything else is one of them.
                if matches!(key.single(), Some(Atom::Unknown(Unknown { reason: Reason::Expression, .. }))) {
                    let slice = self.open_list(any.clone());
                    return any.join(&slice);
                }
                any
            }
        }
    }

    fn is_same_key(&self, known: &Value, key: &Value) -> bool {
        if same_key(known, key) {
            return true;
        }
        let text = known.single().and_then(|atom| self.instance_text(atom));
        text.is_some_and(|text| same_key(&text, key))
    }

    /// `object[key] = value`.
    pub(super) fn set_item(&mut self, object: &Value, key: &Value, value: Value) {
        for atom in object.atoms() {
            match atom {
                Atom::Container(id) => self.heap.store(*id, key, value.clone()),
                Atom::Instance(id) => {
                    let class = self.heap.instance(*id).class;
                    let method = self.symbols.intern("__setitem__");
                    if self.heap.class_attribute(class, method).is_some() {
                        let method = self.attribute_of(atom, method);
                        self.call_value(&method, &Arguments::of(vec![key.clone(), value.clone()]), None);
                    }
                }
                _ => self.escape(&value),
            }
        }
    }

    /// Adds what iterating over `other` gives, or a dictionary's entries.
    pub(super) fn extend_container(&mut self, id: ContainerId, other: &Value) {
        let is_dictionary = self.heap.container(id).kind == ContainerKind::Dict;
        for atom in other.atoms() {
            if !is_dictionary {
                let elements = self.elements_of(atom);
                for item in elements.items {
                    self.heap.append(id, item);
                }
                if let Some(more) = elements.more {
                    self.add_more(id, more);
                }
                continue;
            }
            let Atom::Container(source) = atom else {
                if *atom != Atom::None {
                    self.add_more(id, Value::unknown(Reason::Element));
                }
                continue;
            };
            let source = self.heap.container(*source).clone();
            if source.kind == ContainerKind::Dict {
                for (key, value) in source.items.iter().zip(source.values) {
                    self.heap.store(id, key, value);
                }
            } else {
                for pair in &source.items {
                    let pair = self.elements(pair);
                    if let [key, value] = pair.items.as_slice() {
                        self.heap.store(id, key, value.clone());
                    }
                }
            }
            if let Some(more) = source.more {
                self.add_more(id, more);
            }
        }
    }

    pub(super) fn add_more(&mut self, id: ContainerId, more: Value) {
        let container = &mut self.heap.containers[id.index()];
        container.more = Some(container.more.take().map_or(more.clone(), |known| known.join(&more)));
    }

    /// A list of unknown length.
    pub(super) fn open_list(&mut self, element: Value) -> Value {
        self.heap.insert_container(Container {
            kind: ContainerKind::List,
            items: Vec::new(),
            values: Vec::new(),
            more: Some(element),
        })
    }
}

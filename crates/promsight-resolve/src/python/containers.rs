//! Containers: what iterating, indexing and their methods give, and what changes them.

use promsight_model::Span;

use super::expressions::Elements;
use super::heap::{ClassKind, Container, ContainerKind, MOST_ELEMENTS, same_key};
use super::machine::Machine;
use super::value::{Arguments, Atom, ContainerId, InstanceId, Reason, Symbol, Text, Unknown, Value};

impl Machine<'_> {
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
        Elements {
            items: Vec::new(),
            more: (!all.is_nothing()).then_some(all),
        }
    }

    fn elements_of(&mut self, atom: &Atom) -> Elements {
        match atom {
            Atom::Container(id) => {
                self.charge(self.heap.container(*id).items.len());
                let container = self.heap.container(*id);
                let more = match container.kind {
                    ContainerKind::Dict => container.more.as_ref().map(|_| Value::unknown(Reason::Element)),
                    _ => container.more.clone(),
                };
                Elements {
                    items: container.items.clone(),
                    more,
                }
            }
            Atom::Text(text) => match text.as_exact() {
                Some(exact) if exact.len() <= 64 => Elements {
                    items: exact
                        .chars()
                        .map(|letter| Text::exact(&letter.to_string()).into())
                        .collect(),
                    more: None,
                },
                _ => Elements {
                    items: Vec::new(),
                    more: Some(Value::unknown(Reason::Element)),
                },
            },
            Atom::Class(id) if matches!(self.heap.class(*id).kind, ClassKind::Enum { .. }) => Elements {
                items: self
                    .heap
                    .class(*id)
                    .members
                    .iter()
                    .map(|(_, atom)| atom.clone().into())
                    .collect(),
                more: None,
            },
            Atom::Instance(id) => self.iterate_instance(*id),
            Atom::Unknown(unknown) => Elements {
                items: Vec::new(),
                more: Some(Self::still_unknown(*unknown, Reason::Element)),
            },
            _ => Elements {
                items: Vec::new(),
                more: Some(Value::unknown(Reason::Element)),
            },
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
            let fields: Vec<Symbol> = self
                .heap
                .class(class)
                .fields
                .iter()
                .map(|(name, _)| *name)
                .collect();
            let items = fields
                .iter()
                .map(|name| self.instance_attribute(id, *name))
                .collect();
            return Elements { items, more: None };
        }
        Elements {
            items: Vec::new(),
            more: Some(Value::unknown(Reason::Element)),
        }
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
            Atom::Container(id) => match self.container_slice(*id, key) {
                Some(slice) => slice,
                None => self.container_item(*id, key),
            },
            Atom::Class(id) if matches!(self.heap.class(*id).kind, ClassKind::Enum { .. }) => {
                let members = self.heap.class(*id).members.clone();
                match key.exact_text() {
                    Some(name) => {
                        let found = members
                            .iter()
                            .find(|(member, _)| *self.symbols.name(*member) == *name);
                        found.map_or_else(
                            || Value::unknown(Reason::Element),
                            |(_, atom)| atom.clone().into(),
                        )
                    }
                    None => Value::any(members.into_iter().map(|(_, atom)| atom)),
                }
            }
            // `List[int]`, `Generic[T]`: the class itself.
            Atom::Class(_) => atom.clone().into(),
            Atom::External(path) if &**path == "os.environ" => {
                let variable = key.exact_text().map(str::to_owned);
                let variable = variable.map(|variable| self.symbols.intern(&variable));
                Unknown::configured(variable).into()
            }
            Atom::External(path) if self.table.constructor(path).is_some() => atom.clone().into(),
            Atom::External(path) if path.ends_with(".Annotated") => self.annotated_dependency(key),
            Atom::External(path) if &**path == "sys.modules" => self
                .import_by_name(Some(key))
                .unwrap_or_else(|| Value::unknown(Reason::Element)),
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
            Atom::Text(text) if matches!(key.single(), Some(Atom::Partial(_))) => self
                .text_slice(text, key)
                .unwrap_or_else(|| Value::unknown(Reason::Element)),
            Atom::Text(text) => match (text.as_exact(), key.single()) {
                (Some(exact), Some(Atom::Number(at, _))) if *at < 0.0 => {
                    let letter = exact.chars().rev().nth(-*at as usize - 1);
                    letter.map_or_else(
                        || Value::unknown(Reason::Element),
                        |letter| Text::exact(&letter.to_string()).into(),
                    )
                }
                (Some(exact), Some(Atom::Number(at, _))) if *at >= 0.0 => {
                    exact.chars().nth(*at as usize).map_or_else(
                        || Value::unknown(Reason::Element),
                        |letter| Text::exact(&letter.to_string()).into(),
                    )
                }
                _ => Value::unknown(Reason::Element),
            },
            Atom::Unknown(unknown) => Self::still_unknown(*unknown, Reason::Element),
            _ => Value::unknown(Reason::Element),
        }
    }

    fn container_item(&mut self, id: ContainerId, key: &Value) -> Value {
        let container = self.heap.container(id);
        let all = || {
            let source = if container.kind == ContainerKind::Dict {
                &container.values
            } else {
                &container.items
            };
            let value = Value::any(
                source
                    .iter()
                    .chain(&container.more)
                    .flat_map(|value| value.atoms().to_vec()),
            );
            if value.is_nothing() {
                Value::unknown(Reason::Element)
            } else {
                value
            }
        };
        if container.kind == ContainerKind::Dict {
            let mut found = Value::nothing();
            for key in key.atoms() {
                let key: Value = key.clone().into();
                if key.has_unknown()
                    || matches!(key.single(), Some(Atom::Text(text)) if text.as_exact().is_none())
                {
                    return all();
                }
                let key = match key.single().and_then(|atom| self.instance_text(atom)) {
                    Some(text) if !container.items.contains(&key) => text,
                    _ => key,
                };
                if let Some(at) = container
                    .items
                    .iter()
                    .position(|known| self.is_same_key(known, &key))
                {
                    found = found.join(&container.values[at]);
                }
            }
            if found.is_nothing() {
                // Not there yet, or under a key that is not known.
                return container
                    .more
                    .clone()
                    .unwrap_or_else(|| Value::unknown(Reason::Element));
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
                if matches!(
                    key.single(),
                    Some(Atom::Unknown(Unknown {
                        reason: Reason::Expression,
                        ..
                    }))
                ) {
                    let slice = self.open_list(any.clone());
                    return any.join(&slice);
                }
                any
            }
        }
    }

    /// The difference or intersection of collections whose elements are known; else the elements of the first, of which
    /// some may be missing.
    fn set_operation(&mut self, id: ContainerId, method: &str, other: Option<&Value>) -> Value {
        let mut made = self.heap.container(id).clone();
        let elements = other.map(|other| self.elements(other)).unwrap_or_default();
        let is_known = elements.more.is_none()
            && made.more.is_none()
            && elements
                .items
                .iter()
                .chain(&made.items)
                .all(|item| item.exact_text().is_some())
            && !other.is_some_and(|other| self.is_optional(other));
        if is_known {
            let wanted = method == "intersection";
            made.items
                .retain(|item| elements.items.iter().any(|known| same_key(known, item)) == wanted);
            made.values.clear();
            made.kind = ContainerKind::Set;
        }
        let made = self.heap.insert_container(made);
        self.inherit_optional(&made, &Atom::Container(id).into());
        if let (false, Some(Atom::Container(made))) = (is_known, made.single()) {
            self.heap.note_optional(*made);
        }
        made
    }

    fn is_same_key(&self, known: &Value, key: &Value) -> bool {
        if same_key(known, key) {
            return true;
        }
        let text = known.single().and_then(|atom| self.instance_text(atom));
        text.is_some_and(|text| same_key(&text, key))
    }

    /// `object[key] = value`.
    pub(super) fn set_item(&mut self, object: &Value, key: &Value, value: &Value) {
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
                _ => self.escape(value),
            }
        }
    }

    /// Adds what iterating over `other` gives, or a dictionary's entries.
    pub(super) fn extend_container(&mut self, id: ContainerId, other: &Value) {
        if other.atoms().len() > 1 || self.is_optional(other) {
            self.heap.note_optional(id);
        }
        let is_dictionary = self.heap.container(id).kind == ContainerKind::Dict;
        for atom in other.atoms() {
            if !is_dictionary {
                let elements = self.elements_of(atom);
                let room = MOST_ELEMENTS.saturating_sub(self.heap.container(id).items.len());
                let rest = elements.items.iter().skip(room).chain(&elements.more);
                let rest = Value::any(rest.flat_map(|value| value.atoms().iter().cloned()));
                for item in elements.items.into_iter().take(room) {
                    self.heap.append(id, item);
                }
                if !rest.is_nothing() {
                    self.add_more(id, &rest);
                }
                continue;
            }
            let Atom::Container(source) = atom else {
                if *atom != Atom::None {
                    self.add_more(id, &Value::unknown(Reason::Element));
                }
                continue;
            };
            let source = self.heap.container(*source).clone();
            self.charge(source.items.len() * 4);
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
                self.add_more(id, &more);
            }
        }
    }

    pub(super) fn add_more(&mut self, id: ContainerId, more: &Value) {
        let container = &mut self.heap.containers[id.index()];
        container.more = Some(
            container
                .more
                .take()
                .map_or(more.clone(), |known| known.join(more)),
        );
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

    pub(super) fn container_method(
        &mut self,
        id: ContainerId,
        method: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Value {
        let first = arguments.positional.first().cloned();
        let second = arguments.positional.get(1).cloned();
        let is_dictionary = self.heap.container(id).kind == ContainerKind::Dict;
        match (method, first) {
            ("append" | "add" | "appendleft", Some(first)) => {
                self.heap.append(id, first);
                Value::none()
            }
            ("insert", Some(_)) => {
                if let Some(second) = second {
                    self.heap.append(id, second);
                }
                Value::none()
            }
            ("extend" | "update" | "union" | "__ior__", first) => {
                if let Some(first) = first {
                    self.extend_container(id, &first);
                }
                for (name, value) in &arguments.keywords {
                    let key = Text::exact(&self.symbols.name(*name)).into();
                    self.heap.store(id, &key, value.clone());
                }
                if method == "union" {
                    Atom::Container(id).into()
                } else {
                    Value::none()
                }
            }
            ("setdefault", Some(key)) => {
                let value = second.unwrap_or_else(Value::none);
                let found = self.found(id, &key);
                match found {
                    Some(found) if self.has_key(id, &key) => found,
                    found => {
                        self.heap.store(id, &key, value.clone());
                        found.map_or(value.clone(), |found| found.join(&value))
                    }
                }
            }
            ("get", Some(key)) if is_dictionary => {
                let found = self.found(id, &key);
                // What was stored under a key that is not known need not be what is asked for.
                let is_sure = self.has_key(id, &key);
                match (found, second) {
                    (Some(found), default) if !is_sure => found.join(&default.unwrap_or_else(Value::none)),
                    (Some(found), _) => found,
                    (None, Some(default)) => {
                        let any = self.heap.container(id).more.clone();
                        any.map_or(default.clone(), |any| any.join(&default))
                    }
                    (None, None) => {
                        let any = self.heap.container(id).more.clone();
                        any.unwrap_or_else(Value::nothing).join(&Value::none())
                    }
                }
            }
            ("pop", Some(key)) if is_dictionary => {
                let found = self.found(id, &key);
                self.remove_by_method(id, method, arguments);
                found
                    .or(second)
                    .unwrap_or_else(|| Value::unknown(Reason::Element))
            }
            ("items", _) if is_dictionary => self.dictionary_items(id),
            ("keys", _) if is_dictionary => self.collected("list", Some(&Atom::Container(id).into())),
            ("values", _) if is_dictionary => {
                let container = self.heap.container(id).clone();
                self.heap.insert_container(Container {
                    kind: ContainerKind::List,
                    items: container.values,
                    values: Vec::new(),
                    more: container.more,
                })
            }
            ("copy" | "_asdict", _) => {
                let copied = self.heap.container(id).clone();
                let copied = self.heap.insert_container(copied);
                self.inherit_optional(&copied, &Atom::Container(id).into());
                copied
            }
            ("difference" | "intersection", other) => self.set_operation(id, method, other.as_ref()),
            ("pop" | "popleft" | "popitem", _) => {
                let elements = self.elements(&Atom::Container(id).into());
                self.remove_by_method(id, method, arguments);
                elements.any()
            }
            ("index" | "count", _) => Value::unknown(Reason::Expression),
            ("clear" | "remove" | "discard", _) => {
                self.remove_by_method(id, method, arguments);
                Value::none()
            }
            ("sort" | "reverse", _) => Value::none(),
            _ => {
                let _ = span;
                Value::unknown(Reason::Call)
            }
        }
    }

    /// Whether each alternative of a key is known to be there.
    fn has_key(&self, id: ContainerId, key: &Value) -> bool {
        let items = &self.heap.container(id).items;
        let mut keys = key.atoms().iter().map(|atom| Value::from(atom.clone()));
        keys.all(|key| items.iter().any(|known| self.is_same_key(known, &key)))
    }

    /// The value under a key that is known to be there; of an unknown key any value.
    fn found(&mut self, id: ContainerId, key: &Value) -> Option<Value> {
        let container = self.heap.container(id);
        let is_unknown =
            key.has_unknown() || matches!(key.single(), Some(Atom::Text(text)) if text.as_exact().is_none());
        if container.items.is_empty() && container.more.is_none() {
            return None;
        }
        let value = self.item(&Atom::Container(id).into(), key);
        let is_missing = matches!(value.single(), Some(Atom::Unknown(_)));
        (!is_missing || is_unknown && !self.heap.container(id).items.is_empty()).then_some(value)
    }

    fn dictionary_items(&mut self, id: ContainerId) -> Value {
        let container = self.heap.container(id).clone();
        let mut items = Vec::with_capacity(container.items.len());
        for (key, value) in container.items.into_iter().zip(container.values) {
            items.push(self.heap.new_container(ContainerKind::Tuple, vec![key, value]));
        }
        let more = container.more.map(|more| {
            self.heap
                .new_container(ContainerKind::Tuple, vec![Value::unknown(Reason::Element), more])
        });
        self.heap.insert_container(Container {
            kind: ContainerKind::List,
            items,
            values: Vec::new(),
            more,
        })
    }
}

//! What Python's built-in functions, its standard library and the methods of its containers do, as far as names
//! of metrics pass through them.

use std::rc::Rc;

use promsight_model::Span;

use super::heap::{Binding, Container, ContainerKind};
use super::machine::Machine;
use super::text;
use super::value::{Arguments, Atom, Digits, Reason, Text, Unknown, Value};

/// Names that need no import.
const BUILTINS: &[&str] = &[
    "abs",
    "all",
    "any",
    "bool",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "delattr",
    "dict",
    "dir",
    "enumerate",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "id",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "ord",
    "max",
    "min",
    "next",
    "object",
    "open",
    "print",
    "property",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
    "Exception",
    "ValueError",
    "KeyError",
    "RuntimeError",
    "ImportError",
    "AttributeError",
    "TypeError",
    "BaseException",
    "OSError",
    "NotImplementedError",
    "Ellipsis",
    "NotImplemented",
];

pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name)
}

impl<'a> Machine<'a> {
    /// Calls something outside the tree.
    pub(super) fn call_external(
        &mut self,
        path: &Rc<str>,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Value {
        if let Some(constructor) = self.table.constructor(path) {
            return match span {
                Some(span) => self.declare(&constructor, arguments, span),
                None => Value::unknown(Reason::Call),
            };
        }
        if path.ends_with(".__new__")
            && arguments.positional.len() == 4
            && let Some(class) = self.finish_class(arguments)
        {
            return class;
        }
        if let Some(name) = path.strip_prefix("builtins.") {
            return self.call_builtin(name, arguments, span);
        }
        if let Some(registry) = self.call_registry(path, arguments, span) {
            return registry;
        }
        if let Some(value) = self.call_serving(path, arguments, span) {
            return value;
        }
        if let Some(value) = self.call_standard(path, arguments, span) {
            return value;
        }
        if let Some(value) = self.call_helper(path, arguments, span) {
            return value;
        }
        self.hand_over_class(arguments, span);
        self.escape_all(arguments);
        self.call_outside(path, arguments)
    }

    /// A call of which nothing is known. A decorator gives the function back that it was handed.
    fn call_outside(&mut self, path: &Rc<str>, arguments: &Arguments) -> Value {
        if let ([only], true) = (arguments.positional.as_slice(), arguments.keywords.is_empty())
            && only
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Function(_) | Atom::Class(_)))
        {
            return only.clone();
        }
        // `@dataclass(frozen=True)`: the maker remembers its path.
        if arguments.positional.is_empty() && path.len() < 60 && !path.ends_with("()") {
            let is_maker = ["dataclass", "define", "frozen", "mutable", "attrs", ".s"];
            if is_maker.iter().any(|end| path.ends_with(end)) || &**path == "enum.auto" {
                return Value::external(&format!("{path}()"));
            }
        }
        Value::unknown(Reason::Call)
    }

    fn call_builtin(&mut self, name: &str, arguments: &Arguments, span: Option<Span>) -> Value {
        let first = arguments.positional.first().cloned();
        let second = arguments.positional.get(1).cloned();
        match (name, first, second) {
            ("str", None, _) => Text::exact("").into(),
            ("format", Some(first), Some(written)) => match written.exact_text().map(str::to_owned) {
                Some(written) => self.formatted(&first, &written),
                None => Value::unknown(Reason::Expression),
            },
            ("slice", Some(_), _) => self.make_slice(arguments),
            ("chr", Some(first), _) => match first.single() {
                Some(Atom::Number(number, _)) => char::from_u32(*number as u32).map_or_else(
                    || Value::unknown(Reason::Expression),
                    |letter| Text::exact(&letter.to_string()).into(),
                ),
                _ => Value::unknown(Reason::Expression),
            },
            ("str" | "repr" | "format", Some(first), None) => {
                let texts = self.texts(&first);
                Value::any(texts.into_iter().map(|text| Atom::Text(Rc::new(text))))
            }
            ("int" | "float", Some(first), _) => number_of(name, &first),
            ("len", Some(first), _) => {
                let elements = self.elements(&first);
                match elements.more {
                    None => Value::integer(elements.items.len()),
                    Some(_) => Value::unknown(Reason::Expression),
                }
            }
            ("sorted", Some(first), _) => self.sorted(&first, arguments),
            ("list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter", first, _) => {
                self.collected(name, first.as_ref())
            }
            ("dict", first, _) => self.dictionary_of(first.as_ref(), arguments),
            ("enumerate", Some(first), _) => self.enumerated(&first, arguments),
            ("zip", Some(_), _) => self.zipped(&arguments.positional),
            ("map", Some(function), Some(second)) => self.mapped(&function, &second, span),
            ("filter", Some(predicate), Some(second)) => self.filtered(&predicate, &second),
            ("range", Some(first), second) => {
                self.ranged(&first, second.as_ref(), arguments.positional.get(2))
            }
            ("next" | "min" | "max", Some(first), second) => {
                let elements = self.elements(&first);
                let any = elements.any();
                second.map_or(any.clone(), |second| any.join(&second))
            }
            ("sum", Some(first), Some(start)) => {
                let elements = self.elements(&first);
                let mut all = start;
                for item in elements.items.iter().chain(&elements.more) {
                    all = self.binary(promsight_model::python::BinaryOp::Add, &all, item);
                }
                all
            }
            ("getattr", Some(object), Some(attribute)) => self.get_attribute(&object, &attribute, arguments),
            ("setattr", Some(object), Some(attribute)) => {
                let value = arguments.positional.get(2).cloned().unwrap_or_else(Value::none);
                match attribute.exact_text().map(str::to_owned) {
                    Some(attribute) => {
                        let symbol = self.symbols.intern(&attribute);
                        self.set_attribute(&object, symbol, &value);
                    }
                    None => self.escape(&value),
                }
                Value::none()
            }
            ("isinstance", Some(object), Some(class)) => self.is_instance(&object, &class),
            ("hasattr", Some(object), Some(attribute)) => self.has_attribute(&object, &attribute),
            ("issubclass" | "callable" | "any" | "all", ..) => {
                Value::any([Atom::Bool(true), Atom::Bool(false)])
            }
            ("type", Some(object), None) => self.type_of(&object),
            ("type", Some(_), Some(_)) => self.class_by_call(arguments, span),
            ("vars", Some(object), _) => {
                let symbol = self.symbols.intern("__dict__");
                self.attribute(&object, symbol)
            }
            ("dir", Some(object), _) => self.names_in(&object),
            ("object.__setattr__", ..) => self.set_by_base(arguments),
            ("str.maketrans", ..) => self
                .translation_table(arguments)
                .unwrap_or_else(|| Value::unknown(Reason::Expression)),
            ("print" | "hash" | "id" | "abs" | "round" | "open" | "bool", ..) => {
                Value::unknown(Reason::Expression)
            }
            ("super", Some(_), Some(_)) | ("super", None, None) => self.super_value(),
            ("property", Some(getter), setter) => {
                for atom in getter.atoms() {
                    if let Atom::Function(id) = atom {
                        self.heap.functions[id.index()].binding = Binding::Property;
                        if let Some(setter) = &setter {
                            self.note_setter(*id, setter);
                        }
                    }
                }
                getter
            }
            ("staticmethod" | "classmethod", Some(function), _) => {
                let binding = if name == "staticmethod" {
                    Binding::Static
                } else {
                    Binding::Class
                };
                for atom in function.atoms() {
                    if let Atom::Function(id) = atom {
                        self.heap.functions[id.index()].binding = binding;
                    }
                }
                function
            }
            ("globals" | "locals", ..) => self.globals(),
            _ => {
                self.escape_all(arguments);
                Value::unknown(Reason::Call)
            }
        }
    }

    fn globals(&mut self) -> Value {
        let namespace = self.modules[self.module().index()].namespace;
        self.namespace_dictionary(namespace)
    }

    pub(super) fn collected(&mut self, name: &str, source: Option<&Value>) -> Value {
        let kind = match name {
            "tuple" => ContainerKind::Tuple,
            "set" | "frozenset" => ContainerKind::Set,
            _ => ContainerKind::List,
        };
        let elements = source.map(|source| self.elements(source)).unwrap_or_default();
        let mut items = elements.items;
        if name == "reversed" {
            items.reverse();
        }
        let made = self.heap.insert_container(Container {
            kind,
            items,
            values: Vec::new(),
            more: elements.more,
        });
        if let Some(source) = source {
            self.inherit_optional(&made, source);
        }
        made
    }

    pub(super) fn dictionary_of(&mut self, first: Option<&Value>, arguments: &Arguments) -> Value {
        let made = self.heap.new_container(ContainerKind::Dict, Vec::new());
        let Some(Atom::Container(id)) = made.single().cloned() else {
            return made;
        };
        if let Some(first) = first {
            self.extend_container(id, first);
        }
        for (name, value) in &arguments.keywords {
            let key = Text::exact(&self.symbols.name(*name)).into();
            self.heap.replace_key(id, &key, value.clone());
        }
        if let Some(more) = &arguments.more_keywords {
            self.add_more(id, more);
        }
        made
    }

    fn enumerated(&mut self, source: &Value, arguments: &Arguments) -> Value {
        let elements = self.elements(source);
        let start = self.symbols.intern("start");
        let first = match arguments.get(1, Some(start)).and_then(Value::single) {
            Some(Atom::Number(start, _)) if *start >= 0.0 => *start as usize,
            _ => 0,
        };
        let mut items = Vec::with_capacity(elements.items.len());
        for (at, item) in (first..).zip(elements.items) {
            items.push(
                self.heap
                    .new_container(ContainerKind::Tuple, vec![Value::integer(at), item]),
            );
        }
        let more = elements.more.map(|more| {
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

    fn zipped(&mut self, sources: &[Value]) -> Value {
        let columns: Vec<_> = sources.iter().map(|source| self.elements(source)).collect();
        let known = columns
            .iter()
            .filter(|column| column.more.is_none())
            .map(|column| column.items.len())
            .min();
        let length = known.unwrap_or(0);
        let mut items = Vec::with_capacity(length);
        for at in 0..length {
            let row = columns
                .iter()
                .map(|column| column.items.get(at).cloned().or_else(|| column.more.clone()))
                .map(|item| item.unwrap_or_else(|| Value::unknown(Reason::Element)))
                .collect();
            items.push(self.heap.new_container(ContainerKind::Tuple, row));
        }
        let more = known.is_none().then(|| {
            let row = columns.iter().map(super::expressions::Elements::any).collect();
            self.heap.new_container(ContainerKind::Tuple, row)
        });
        self.heap.insert_container(Container {
            kind: ContainerKind::List,
            items,
            values: Vec::new(),
            more,
        })
    }

    fn mapped(&mut self, function: &Value, source: &Value, span: Option<Span>) -> Value {
        let elements = self.elements(source);
        let mut items = Vec::with_capacity(elements.items.len());
        for item in elements.items {
            items.push(self.call_value(function, &Arguments::of(vec![item]), span));
        }
        let more = elements
            .more
            .map(|more| self.call_value(function, &Arguments::of(vec![more]), span));
        self.heap.insert_container(Container {
            kind: ContainerKind::List,
            items,
            values: Vec::new(),
            more,
        })
    }

    fn ranged(&mut self, first: &Value, second: Option<&Value>, third: Option<&Value>) -> Value {
        let number = |value: &Value| match value.single() {
            Some(Atom::Number(number, Digits::Integer)) => Some(*number as i64),
            _ => None,
        };
        let (start, end) = match second {
            Some(second) => (number(first), number(second)),
            None => (Some(0), number(first)),
        };
        let step = third.map_or(Some(1), number);
        let (Some(start), Some(end), Some(step)) = (start, end, step) else {
            return self.open_list(Value::unknown(Reason::Element));
        };
        let mut items = Vec::new();
        let mut at = start;
        let is_inside = |at: i64| step != 0 && (if step > 0 { at < end } else { at > end });
        while is_inside(at) && items.len() < super::heap::MOST_ELEMENTS {
            items.push(Atom::Number(at as f64, Digits::Integer).into());
            at = at.saturating_add(step);
        }
        let more = is_inside(at).then(|| Value::unknown(Reason::Limit));
        self.heap.insert_container(Container {
            kind: ContainerKind::List,
            items,
            values: Vec::new(),
            more,
        })
    }

    fn get_attribute(&mut self, object: &Value, attribute: &Value, arguments: &Arguments) -> Value {
        let default = arguments.positional.get(2);
        let mut all = Value::nothing();
        for atom in attribute.atoms() {
            let name = match atom {
                Atom::Text(text) => text.as_exact().map(str::to_owned),
                _ => None,
            };
            let Some(name) = name else {
                self.escape(object);
                let any = self.any_attribute(object);
                all = all.join(&any);
                continue;
            };
            let symbol = self.symbols.intern(&name);
            let value = self.attribute(object, symbol);
            let is_missing = matches!(
                value.single(),
                Some(Atom::Unknown(Unknown {
                    reason: Reason::Attribute,
                    root: None,
                    ..
                }))
            );
            all = match (default, is_missing) {
                (Some(default), true) => all.join(&text::configurable(default)),
                _ => all.join(&value),
            };
        }
        all
    }

    /// Any attribute of a module or instance.
    fn any_attribute(&mut self, object: &Value) -> Value {
        let mut all = Vec::new();
        for atom in object.atoms() {
            let namespace = match atom {
                Atom::Module(id) => self.modules[id.index()].namespace,
                Atom::Instance(id) => self.heap.instance(*id).namespace,
                _ => continue,
            };
            let values = self.heap.namespace(namespace).entries().map(|(_, value)| value);
            all.extend(
                values
                    .flat_map(|value| value.atoms().to_vec())
                    .filter(|atom| matches!(atom, Atom::Metric(_) | Atom::Child(_))),
            );
        }
        all.push(Atom::Unknown(Unknown::new(Reason::Attribute)));
        Value::any(all)
    }

    fn is_instance(&mut self, object: &Value, class: &Value) -> Value {
        let open = || Value::any([Atom::Bool(true), Atom::Bool(false)]);
        let classes: Vec<Atom> = match class.single() {
            Some(Atom::Container(_)) => {
                let elements = self.elements(class);
                if elements.more.is_some() {
                    return open();
                }
                elements
                    .items
                    .iter()
                    .flat_map(|item| item.atoms().to_vec())
                    .collect()
            }
            Some(other) => vec![other.clone()],
            None => return open(),
        };
        let Some(object) = object.single() else {
            return open();
        };
        let mut known = Some(false);
        for class in &classes {
            let answer = match (object, class) {
                (Atom::Instance(id), Atom::Class(class)) => {
                    let own = self.heap.instance(*id).class;
                    let is_derived = self.heap.class(own).order.contains(class);
                    if is_derived || self.outside_bases(own).iter().all(|path| !path.is_empty()) {
                        Some(is_derived)
                    } else {
                        None
                    }
                }
                (Atom::Text(_), Atom::External(path)) => Some(&**path == "builtins.str"),
                (Atom::Instance(_), Atom::External(path)) => match &**path {
                    "builtins.str" => Some(self.instance_text(object).is_some()),
                    "builtins.list" | "builtins.tuple" | "builtins.dict" | "builtins.int" => Some(false),
                    _ => None,
                },
                (Atom::Number(..), Atom::External(path)) => {
                    Some(matches!(&**path, "builtins.int" | "builtins.float"))
                }
                (Atom::Container(id), Atom::External(path)) => {
                    let kind = self.heap.container(*id).kind;
                    match &**path {
                        "builtins.list" => Some(kind == ContainerKind::List),
                        "builtins.tuple" => Some(kind == ContainerKind::Tuple),
                        "builtins.dict" => Some(kind == ContainerKind::Dict),
                        "builtins.set" => Some(kind == ContainerKind::Set),
                        "builtins.str" => Some(false),
                        _ => None,
                    }
                }
                (Atom::None, _) => Some(false),
                (Atom::Text(_), Atom::Class(_)) => Some(false),
                _ => None,
            };
            match answer {
                Some(true) => return Value::bool(true),
                Some(false) => {}
                None => known = None,
            }
        }
        known.map_or_else(open, Value::bool)
    }

    fn has_attribute(&mut self, object: &Value, attribute: &Value) -> Value {
        let open = Value::any([Atom::Bool(true), Atom::Bool(false)]);
        let (Some(object), Some(name)) = (object.single(), attribute.exact_text()) else {
            return open;
        };
        let Some(symbol) = self.symbols.find(name) else {
            return open;
        };
        match object {
            Atom::Instance(id) => {
                let instance = self.heap.instance(*id);
                let is_there = self.heap.get(instance.namespace, symbol).is_some()
                    || self.heap.class_attribute(instance.class, symbol).is_some();
                if is_there { Value::bool(true) } else { open }
            }
            _ => open,
        }
    }

    fn type_of(&mut self, object: &Value) -> Value {
        let types = object.atoms().iter().map(|atom| match atom {
            Atom::Instance(id) => Atom::Class(self.heap.instance(*id).class),
            Atom::Text(_) => Atom::External(Rc::from("builtins.str")),
            Atom::Metric(id) | Atom::Child(id) => Atom::External(self.records[id.index()].path.clone()),
            _ => Atom::Unknown(Unknown::new(Reason::Expression)),
        });
        Value::any(types.collect::<Vec<_>>())
    }
}

fn number_of(name: &str, value: &Value) -> Value {
    let mut all = Value::nothing();
    for atom in value.atoms() {
        all = all.join(&number_of_one(name, atom));
    }
    if all.is_nothing() {
        return Value::unknown(Reason::Expression);
    }
    all
}

fn number_of_one(name: &str, atom: &Atom) -> Value {
    let unknown = Value::unknown(Reason::Expression);
    match atom {
        Atom::Number(number, _) => match name {
            "int" => Atom::Number(number.trunc(), Digits::Integer).into(),
            _ => Atom::Number(*number, Digits::Float).into(),
        },
        Atom::Text(text) => {
            let number = text.as_exact().and_then(|exact| {
                match exact.trim().to_ascii_lowercase().trim_start_matches('+') {
                    "inf" | "infinity" => Some(f64::INFINITY),
                    "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
                    other => other.parse().ok(),
                }
            });
            let digits = if name == "int" {
                Digits::Integer
            } else {
                Digits::Float
            };
            match number {
                Some(number) if text.configurable && text.variable.is_some() => {
                    text::configured(&Atom::Number(number, digits).into(), text.variable)
                }
                Some(number) if !text.configurable => Atom::Number(number, digits).into(),
                _ => unknown,
            }
        }
        Atom::Unknown(known) if known.variable.is_some() => (*known).into(),
        _ => unknown,
    }
}

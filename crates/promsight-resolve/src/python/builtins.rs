//! What Python's built-in functions, its standard library and the methods of its containers do, as far as names
//! of metrics pass through them.

use std::rc::Rc;

use promsight_model::Span;

use super::heap::{Binding, Class, ClassKind, Container, ContainerKind};
use super::machine::Machine;
use super::text;
use super::value::{
    Arguments, Atom, ClassId, ContainerId, Digits, Partial, Reason, Symbol, Text, Unknown, Value,
};

/// Names that need no import.
const BUILTINS: &[&str] = &[
    "abs", "all", "any", "bool", "bytes", "callable", "classmethod", "delattr", "dict", "dir", "enumerate", "filter",
    "float", "format", "frozenset", "getattr", "globals", "hasattr", "hash", "id", "int", "isinstance", "issubclass",
    "iter", "len", "list", "locals", "map", "max", "min", "next", "object", "open", "print", "property", "range",
    "repr", "reversed", "round", "set", "setattr", "sorted", "staticmethod", "str", "sum", "super", "tuple", "type",
    "vars", "zip", "Exception", "ValueError", "KeyError", "RuntimeError", "ImportError", "AttributeError",
    "TypeError", "BaseException", "OSError", "NotImplementedError", "Ellipsis", "NotImplemented",
];

/// Stands for a command-line parser, and for what it parsed.
const PARSER: &str = "argparse.ArgumentParser()";
pub(super) const PARSED: &str = "argparse.Namespace()";

/// The variable that an option's value goes to: of its first long name.
pub(super) fn option_name(arguments: &Arguments) -> Option<String> {
    let names = arguments.positional.iter().filter_map(Value::exact_text);
    let mut plain = None;
    for name in names {
        match name.strip_prefix("--") {
            Some(long) => return Some(long.split('/').next().unwrap_or(long).trim().replace('-', "_")),
            None if !name.starts_with('-') => plain = Some(name.replace('-', "_")),
            None => {}
        }
    }
    plain
}

pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name)
}

impl<'a> Machine<'a> {
    /// Calls something outside the tree.
    pub(super) fn call_external(&mut self, path: &Rc<str>, arguments: &Arguments, span: Option<Span>) -> Value {
        if let Some(constructor) = self.table.constructor(path) {
            return match span {
                Some(span) => self.declare(&constructor, arguments, span),
                None => Value::unknown(Reason::Call),
            };
        }
        if let Some(name) = path.strip_prefix("builtins.") {
            return self.call_builtin(name, arguments, span);
        }
        if let Some(value) = self.call_standard(path, arguments, span) {
            return value;
        }
        self.escape_all(arguments);
        self.call_outside(path, arguments)
    }

    /// A call of which nothing is known. A decorator gives the function back that it was handed.
    fn call_outside(&mut self, path: &Rc<str>, arguments: &Arguments) -> Value {
        if let ([only], true) = (arguments.positional.as_slice(), arguments.keywords.is_empty())
            && only.atoms().iter().any(|atom| matches!(atom, Atom::Function(_) | Atom::Class(_)))
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
            ("list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter", first, _) => {
                self.collected(name, first.as_ref())
            }
            ("dict", first, _) => self.dictionary_of(first.as_ref(), arguments),
            ("enumerate", Some(first), _) => self.enumerated(&first),
            ("zip", Some(_), _) => self.zipped(&arguments.positional),
            ("map", Some(function), Some(second)) => self.mapped(&function, &second, span),
            ("filter", Some(_), Some(second)) => self.collected("list", Some(&second)),
            ("range", Some(first), second) => self.ranged(&first, second.as_ref(), arguments.positional.get(2)),
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
                        self.set_attribute(&object, symbol, value);
                    }
                    None => self.escape(&value),
                }
                Value::none()
            }
            ("isinstance", Some(object), Some(class)) => self.is_instance(&object, &class),
            ("hasattr", Some(object), Some(attribute)) => self.has_attribute(&object, &attribute),
            ("issubclass" | "callable" | "any" | "all", ..) => Value::any([Atom::Bool(true), Atom::Bool(false)]),
            ("type", Some(object), None) => self.type_of(&object),
            ("vars", Some(object), _) => {
                let symbol = self.symbols.intern("__dict__");
                self.attribute(&object, symbol)
            }
            ("print" | "hash" | "id" | "abs" | "round" | "open" | "bool" | "dir", ..) => {
                Value::unknown(Reason::Expression)
            }
            ("super", Some(_), Some(_)) | ("super", None, None) => self.super_value(),
            ("property", Some(getter), _) => {
                for atom in getter.atoms() {
                    if let Atom::Function(id) = atom {
                        self.heap.functions[id.index()].binding = Binding::Property;
                    }
                }
                getter
            }
            ("staticmethod" | "classmethod", Some(function), _) => {
                let binding = if name == "staticmethod" { Binding::Static } else { Binding::Class };
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
        let entries: Vec<(Symbol, Value)> =
            self.heap.namespace(namespace).entries().map(|(name, value)| (*name, value.clone())).collect();
        let keys = entries.iter().map(|(name, _)| Text::exact(&self.symbols.name(*name)).into()).collect();
        let values = entries.into_iter().map(|(_, value)| value).collect();
        self.heap.insert_container(Container { kind: ContainerKind::Dict, items: keys, values, more: None })
    }

    fn collected(&mut self, name: &str, source: Option<&Value>) -> Value {
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
        self.heap.insert_container(Container { kind, items, values: Vec::new(), more: elements.more })
    }

    fn dictionary_of(&mut self, first: Option<&Value>, arguments: &Arguments) -> Value {
        let made = self.heap.new_container(ContainerKind::Dict, Vec::new());
        let Some(Atom::Container(id)) = made.single().cloned() else { return made };
        if let Some(first) = first {
            self.extend_container(id, first);
        }
        for (name, value) in &arguments.keywords {
            let key = Text::exact(&self.symbols.name(*name)).into();
            self.heap.replace_key(id, &key, value.clone());
        }
        if let Some(more) = &arguments.more_keywords {
            self.add_more(id, more.clone());
        }
        made
    }

    fn enumerated(&mut self, source: &Value) -> Value {
        let elements = self.elements(source);
        let mut items = Vec::with_capacity(elements.items.len());
        for (at, item) in elements.items.into_iter().enumerate() {
            items.push(self.heap.new_container(ContainerKind::Tuple, vec![Value::integer(at), item]));
        }
        let more = elements.more.map(|more| {
            self.heap.new_container(ContainerKind::Tuple, vec![Value::unknown(Reason::Element), more])
        });
        self.heap.insert_container(Container { kind: ContainerKind::List, items, values: Vec::new(), more })
    }

    fn zipped(&mut self, sources: &[Value]) -> Value {
        let columns: Vec<_> = sources.iter().map(|source| self.elements(source)).collect();
        let known = columns.iter().filter(|column| column.more.is_none()).map(|column| column.items.len()).min();
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
        self.heap.insert_container(Container { kind: ContainerKind::List, items, values: Vec::new(), more })
    }

    fn mapped(&mut self, function: &Value, source: &Value, span: Option<Span>) -> Value {
        let elements = self.elements(source);
        let mut items = Vec::with_capacity(elements.items.len());
        for item in elements.items {
            items.push(self.call_value(function, &Arguments::of(vec![item]), span));
        }
        let more = elements.more.map(|more| self.call_value(function, &Arguments::of(vec![more]), span));
        self.heap.insert_container(Container { kind: ContainerKind::List, items, values: Vec::new(), more })
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
        while step != 0 && (if step > 0 { at < end } else { at > end }) && items.len() < super::heap::MOST_ELEMENTS {
            items.push(Atom::Number(at as f64, Digits::Integer).into());
            at += step;
        }
        self.heap.new_container(ContainerKind::List, items)
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
            let is_missing = matches!(value.single(), Some(Atom::Unknown(Unknown { reason: Reason::Attribute, root: None, .. })));
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
            all.extend(values.flat_map(|value| value.atoms().to_vec()).filter(|atom| matches!(atom, Atom::Metric(_))));
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
                elements.items.iter().flat_map(|item| item.atoms().to_vec()).collect()
            }
            Some(other) => vec![other.clone()],
            None => return open(),
        };
        let Some(object) = object.single() else { return open() };
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
        let (Some(object), Some(name)) = (object.single(), attribute.exact_text()) else { return open };
        let Some(symbol) = self.symbols.find(name) else { return open };
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
            Atom::Metric(id) => Atom::External(self.records[id.index()].path.clone()),
            _ => Atom::Unknown(Unknown::new(Reason::Expression)),
        });
        Value::any(types.collect::<Vec<_>>())
    }

    /// Calls of the standard library and of helpers that everybody uses; `None` for all others.
    fn call_standard(&mut self, path: &str, arguments: &Arguments, span: Option<Span>) -> Option<Value> {
        let first = arguments.positional.first().cloned();
        let second = arguments.positional.get(1).cloned();
        Some(match path {
            "os.getenv" | "os.environ.get" | "os.environ.setdefault" | "decouple.config" | "environ.get" => {
                let default = self.symbols.intern("default");
                match arguments.get(1, Some(default)) {
                    Some(default) if *default != Value::none() => text::configurable(default),
                    _ => Unknown::new(Reason::Environment).into(),
                }
            }
            "functools.partial" | "functools.partialmethod" => {
                let callee = first?;
                let mut rest = arguments.clone();
                rest.positional.remove(0);
                Atom::Partial(Rc::new(Partial { callee, arguments: rest })).into()
            }
            "functools.wraps" | "functools.update_wrapper" | "functools.lru_cache" | "functools.cache"
            | "functools.singledispatch" | "contextlib.contextmanager" | "contextlib.asynccontextmanager"
            | "typing.overload" | "typing.final" | "abc.abstractmethod" | "functools.total_ordering"
            | "typing.runtime_checkable" | "enum.unique" | "atexit.register" => match first {
                Some(first) if path != "functools.wraps" => first,
                _ => Value::external("functools.cache"),
            },
            "functools.reduce" => Value::unknown(Reason::Call),
            "typing.cast" | "typing_extensions.cast" => second?,
            "typing.NewType" => Value::external("typing.identity"),
            "typing.identity" | "copy.copy" | "copy.deepcopy" | "types.MappingProxyType" | "sys.intern"
            | "markupsafe.escape" | "inspect.cleandoc" | "textwrap.dedent" | "asyncio.run" => first?,
            "collections.OrderedDict" | "weakref.WeakValueDictionary" | "weakref.WeakKeyDictionary" => {
                self.dictionary_of(first.as_ref(), arguments)
            }
            "collections.defaultdict" => self.default_dictionary(first.as_ref(), span),
            "collections.deque" | "itertools.chain.from_iterable" | "weakref.WeakSet" => {
                let nested = path.ends_with("from_iterable");
                match first {
                    Some(first) if nested => {
                        let elements = self.elements(&first);
                        self.chained(&elements.items)
                    }
                    first => self.collected("list", first.as_ref()),
                }
            }
            "itertools.chain" => self.chained(&arguments.positional),
            "itertools.product" => self.crossed(&arguments.positional),
            "collections.namedtuple" | "typing.NamedTuple" => self.named_tuple(arguments, span),
            "types.SimpleNamespace" => self.simple_namespace(arguments),
            "dataclasses.field" | "attr.ib" | "attrs.field" | "attr.field" | "pydantic.Field" | "msgspec.field" => {
                return Some(self.field(path, arguments));
            }
            "enum.auto" => Value::external("enum.auto()"),
            "typer.Option" | "typer.Argument" | "fastapi.Query" | "fastapi.Header" => {
                let default = self.symbols.intern("default");
                let value = arguments.get(0, Some(default))?;
                value.exact_text().is_some().then(|| text::configurable(value))?
            }
            "argparse.ArgumentParser" | "configargparse.ArgumentParser" | "configargparse.ArgParser" => {
                Value::external(PARSER)
            }
            PARSED => return None,
            _ if path.starts_with(PARSER) => return Some(self.call_parser(&path[PARSER.len()..], arguments)),
            "importlib.import_module" => return self.import_by_name(first.as_ref()),
            "re.sub" => return Some(self.substituted(arguments)),
            _ => return None,
        })
    }

    /// A method of a command-line parser, or of one of its groups.
    fn call_parser(&mut self, method: &str, arguments: &Arguments) -> Value {
        match method {
            ".add_argument" | ".add" => {
                self.note_option(arguments);
                Value::none()
            }
            ".parse_args" | ".parse" => Value::external(PARSED),
            ".parse_known_args" => {
                let rest = self.open_list(Value::unknown(Reason::Call));
                self.heap.new_container(ContainerKind::Tuple, vec![Value::external(PARSED), rest])
            }
            // Groups and sub-parsers take options like the parser itself.
            _ => Value::external(PARSER),
        }
    }

    fn note_option(&mut self, arguments: &Arguments) {
        let (dest, default) = (self.symbols.intern("dest"), self.symbols.intern("default"));
        let Some(default) = arguments.get(usize::MAX, Some(default)).cloned() else { return };
        let dest = arguments.get(usize::MAX, Some(dest)).and_then(Value::exact_text);
        let Some(name) = dest.map(str::to_owned).or_else(|| option_name(arguments)) else { return };
        let symbol = self.symbols.intern(&name);
        let known = self.options.get(&symbol).cloned().unwrap_or_else(Value::nothing);
        self.options.insert(symbol, known.join(&text::configurable(&default)));
    }

    /// What an option of the command line is where the user does not give it.
    pub(super) fn option_default(&self, symbol: Symbol) -> Value {
        self.options.get(&symbol).cloned().unwrap_or_else(|| Value::unknown(Reason::Environment))
    }

    fn chained(&mut self, sources: &[Value]) -> Value {
        let made = self.heap.new_container(ContainerKind::List, Vec::new());
        if let Some(Atom::Container(id)) = made.single() {
            for source in sources {
                self.extend_container(*id, source);
            }
        }
        made
    }

    fn crossed(&mut self, sources: &[Value]) -> Value {
        let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
        for source in sources {
            let elements = self.elements(source);
            if elements.more.is_some() || rows.len() * elements.items.len() > super::heap::MOST_ELEMENTS {
                return self.open_list(Value::unknown(Reason::Element));
            }
            rows = rows
                .iter()
                .flat_map(|row| {
                    elements.items.iter().map(|item| {
                        let mut longer = row.clone();
                        longer.push(item.clone());
                        longer
                    })
                })
                .collect();
        }
        let items = rows.into_iter().map(|row| self.heap.new_container(ContainerKind::Tuple, row)).collect();
        self.heap.new_container(ContainerKind::List, items)
    }

    fn default_dictionary(&mut self, factory: Option<&Value>, span: Option<Span>) -> Value {
        let more = match factory {
            Some(factory) if *factory != Value::none() => {
                Some(self.call_value(factory, &Arguments::default(), span))
            }
            _ => None,
        };
        self.heap.insert_container(Container {
            kind: ContainerKind::Dict,
            items: Vec::new(),
            values: Vec::new(),
            more,
        })
    }

    fn new_plain_class(&mut self, name: &str, span: Span, fields: Vec<(Symbol, Option<Value>)>) -> ClassId {
        let namespace = self.heap.new_namespace(None);
        self.heap.namespace_mut(namespace).captured = true;
        let id = self.heap.new_class(Class {
            name: Rc::from(name),
            name_span: span,
            namespace,
            order: Vec::new(),
            outside: Vec::new(),
            kind: ClassKind::Record,
            fields,
            instances: Vec::new(),
            members: Vec::new(),
        });
        self.heap.classes[id.index()].order = vec![id];
        id
    }

    fn named_tuple(&mut self, arguments: &Arguments, span: Option<Span>) -> Value {
        let (Some(name), Some(fields), Some(span)) = (
            arguments.positional.first().and_then(Value::exact_text).map(str::to_owned),
            arguments.positional.get(1).cloned(),
            span,
        ) else {
            return Value::unknown(Reason::Call);
        };
        let names: Vec<String> = match fields.exact_text() {
            Some(text) => text.split([',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            None => {
                let elements = self.elements(&fields);
                let mut names = Vec::new();
                for item in &elements.items {
                    let text = match item.exact_text() {
                        Some(text) => Some(text.to_owned()),
                        // `NamedTuple("X", [("name", str)])`
                        None => self.elements(item).items.first().and_then(Value::exact_text).map(str::to_owned),
                    };
                    names.extend(text);
                }
                names
            }
        };
        let fields = names.iter().map(|name| (self.symbols.intern(name), None)).collect();
        Atom::Class(self.new_plain_class(&name, span, fields)).into()
    }

    fn simple_namespace(&mut self, arguments: &Arguments) -> Value {
        let span = Span::new(self.sources[self.module().index()].file, 0..0);
        let class = self.new_plain_class("SimpleNamespace", span, Vec::new());
        let instance = self.heap.new_instance(class);
        let namespace = self.heap.instance(instance).namespace;
        for (name, value) in &arguments.keywords {
            self.heap.set(namespace, *name, value.clone());
        }
        Atom::Instance(instance).into()
    }

    /// A field of a record: its default.
    fn field(&mut self, path: &str, arguments: &Arguments) -> Value {
        let default = self.symbols.intern("default");
        let factories = [self.symbols.intern("default_factory"), self.symbols.intern("factory")];
        let position = if path == "pydantic.Field" || path == "attr.ib" { 0 } else { usize::MAX };
        if let Some(value) = arguments.get(position, Some(default)) {
            return value.clone();
        }
        let factory = factories.into_iter().find_map(|name| arguments.get(usize::MAX, Some(name)));
        match factory {
            Some(factory) => Atom::Partial(Rc::new(Partial {
                callee: Value::external("dataclasses.field"),
                arguments: Arguments::of(vec![factory.clone()]),
            }))
            .into(),
            None => Value::unknown(Reason::Attribute),
        }
    }

    fn import_by_name(&mut self, name: Option<&Value>) -> Option<Value> {
        let dotted = name?.exact_text()?.to_owned();
        let parts: Vec<String> = dotted.split('.').map(str::to_owned).collect();
        Some(match self.index.absolute(self.module(), &parts) {
            super::index::Target::Module(id) => Atom::Module(id).into(),
            _ => Value::external(&dotted),
        })
    }

    /// `re.sub` of characters that a name may not have, and the usual ways from `CamelCase` to `snake_case`.
    fn substituted(&mut self, arguments: &Arguments) -> Value {
        let pattern = arguments.positional.first().and_then(Value::exact_text).map(str::to_owned);
        let replacement = arguments.positional.get(1).and_then(Value::exact_text).map(str::to_owned);
        let Some(subject) = arguments.positional.get(2).cloned() else { return Value::unknown(Reason::Expression) };
        let texts = self.texts(&subject);
        let made = texts.into_iter().map(|text| {
            let changed = match (&pattern, &replacement, text.as_exact()) {
                (Some(pattern), Some(replacement), Some(exact)) => substitute(pattern, replacement, exact),
                _ => None,
            };
            let unknown = Unknown { site: text.site, ..text.hole.unwrap_or(Unknown::new(Reason::Expression)) };
            Atom::Text(Rc::new(match changed {
                Some(changed) => Text { literal: text.literal, site: text.site, ..Text::exact(&changed) },
                None => Text::unknown(unknown),
            }))
        });
        Value::any(made.collect::<Vec<_>>())
    }

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
        let Atom::Instance(instance) = receiver else { return Value::unknown(Reason::Call) };
        if method == "__init__" {
            let owner = self.heap.instance(*instance).class;
            let outside = self.outside_bases(owner);
            if let Some(path) = outside.iter().find(|path| self.table.constructor(path).is_some()).cloned() {
                let metric = self.call_external(&path, arguments, span);
                self.heap.instances[instance.index()].metric = Some(metric);
            } else {
                for (name, value) in &arguments.keywords {
                    let namespace = self.heap.instance(*instance).namespace;
                    if self.heap.get(namespace, *name).is_none() {
                        self.heap.set(namespace, *name, value.clone());
                    }
                }
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

    fn container_method(
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
                if method == "union" { Atom::Container(id).into() } else { Value::none() }
            }
            ("setdefault", Some(key)) => {
                let value = second.unwrap_or_else(Value::none);
                let found = self.found(id, &key);
                match found {
                    Some(found) => found,
                    None => {
                        self.heap.store(id, &key, value.clone());
                        value
                    }
                }
            }
            ("get", Some(key)) if is_dictionary => {
                let found = self.found(id, &key);
                match (found, second) {
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
                found.or(second).unwrap_or_else(|| Value::unknown(Reason::Element))
            }
            ("items", _) if is_dictionary => self.dictionary_items(id),
            ("keys", _) if is_dictionary => {
                let elements = self.elements(&Atom::Container(id).into());
                self.heap.insert_container(Container {
                    kind: ContainerKind::List,
                    items: elements.items,
                    values: Vec::new(),
                    more: elements.more,
                })
            }
            ("values", _) if is_dictionary => {
                let container = self.heap.container(id).clone();
                self.heap.insert_container(Container {
                    kind: ContainerKind::List,
                    items: container.values,
                    values: Vec::new(),
                    more: container.more,
                })
            }
            ("copy" | "difference" | "intersection" | "_asdict", _) => {
                let copied = self.heap.container(id).clone();
                self.heap.insert_container(copied)
            }
            ("pop" | "popleft" | "popitem", _) => {
                let elements = self.elements(&Atom::Container(id).into());
                elements.any()
            }
            ("index" | "count", _) => Value::unknown(Reason::Expression),
            ("clear" | "remove" | "discard" | "sort" | "reverse", _) => Value::none(),
            _ => {
                let _ = span;
                Value::unknown(Reason::Call)
            }
        }
    }

    /// The value under a key that is known to be there; of an unknown key any value.
    fn found(&mut self, id: ContainerId, key: &Value) -> Option<Value> {
        let container = self.heap.container(id);
        let is_unknown = key.has_unknown()
            || matches!(key.single(), Some(Atom::Text(text)) if text.as_exact().is_none());
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
            self.heap.new_container(ContainerKind::Tuple, vec![Value::unknown(Reason::Element), more])
        });
        self.heap.insert_container(Container { kind: ContainerKind::List, items, values: Vec::new(), more })
    }
}

fn number_of(name: &str, value: &Value) -> Value {
    match value.single() {
        Some(Atom::Number(number, digits)) => match name {
            "int" => Atom::Number(number.trunc(), Digits::Integer).into(),
            _ => {
                let _ = digits;
                Atom::Number(*number, Digits::Float).into()
            }
        },
        Some(Atom::Text(text)) if !text.configurable => match text.as_exact() {
            Some(exact) => {
                let number = match exact.trim().to_ascii_lowercase().trim_start_matches('+') {
                    "inf" | "infinity" => Some(f64::INFINITY),
                    "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
                    other => other.parse().ok(),
                };
                let digits = if name == "int" { Digits::Integer } else { Digits::Float };
                number.map_or_else(|| Value::unknown(Reason::Expression), |number| Atom::Number(number, digits).into())
            }
            None => Value::unknown(Reason::Expression),
        },
        _ => Value::unknown(Reason::Expression),
    }
}

/// `re.sub` on a known text; `None` where the pattern is not understood.
fn substitute(pattern: &str, replacement: &str, text: &str) -> Option<String> {
    // Python's `re` knows look-around, this crate's engine does not: the common spellings of camel-case splitting.
    let camel = ["(?<!^)(?=[A-Z])", "(?<!^)([A-Z])", "(?<=[a-z0-9])(?=[A-Z])", "(?<=[a-z])(?=[A-Z])", r"\B(?=[A-Z])"];
    if camel.contains(&pattern) {
        let separator = replacement.trim_end_matches(r"\1");
        let every = pattern.starts_with("(?<!^)") || pattern.starts_with(r"\B");
        let mut made = String::new();
        let mut before: Option<char> = None;
        for letter in text.chars() {
            let splits = before.is_some_and(|before| {
                every || before.is_ascii_lowercase() || (before.is_ascii_digit() && pattern.contains("0-9"))
            });
            if letter.is_ascii_uppercase() && splits {
                made.push_str(separator);
            }
            made.push(letter);
            before = Some(letter);
        }
        return Some(made);
    }
    if pattern.len() > 120 || text.len() > 1_000 {
        return None;
    }
    let regex = regex::RegexBuilder::new(pattern).unicode(false).size_limit(1 << 16).build().ok()?;
    // `\1` and `\g<1>` are `${1}` here; a dollar stands for itself there.
    let mut template = String::new();
    let mut letters = replacement.replace('$', "$$").replace(r"\g<", r"\<").chars().collect::<Vec<_>>().into_iter();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            template.push(letter);
            continue;
        }
        match letters.next()? {
            digit @ '0'..='9' => template.push_str(&format!("${{{digit}}}")),
            '<' => {
                let name: String = letters.by_ref().take_while(|letter| *letter != '>').collect();
                template.push_str(&format!("${{{name}}}"));
            }
            _ => return None,
        }
    }
    Some(regex.replace_all(text, template.as_str()).into_owned())
}

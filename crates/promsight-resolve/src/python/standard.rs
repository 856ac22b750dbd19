//! The standard library and helpers that everybody uses, as far as names of metrics pass through them.

use std::rc::Rc;

use promsight_model::Span;

use super::heap::{Class, ClassKind, Container, ContainerKind};
use super::machine::Machine;
use super::text;
use super::value::{Arguments, Atom, ClassId, Partial, Reason, Symbol, Text, Unknown, Value};

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

impl Machine<'_> {
    /// Calls of the standard library and of helpers that everybody uses; `None` for all others.
    pub(super) fn call_standard(
        &mut self,
        path: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Option<Value> {
        let first = arguments.positional.first().cloned();
        let second = arguments.positional.get(1).cloned();
        Some(match path {
            "os.getenv" | "os.environ.get" | "os.environ.setdefault" | "decouple.config" | "environ.get" => {
                let default = self.symbols.intern("default");
                let variable = first.as_ref().and_then(Value::exact_text).map(str::to_owned);
                let variable = variable.map(|variable| self.symbols.intern(&variable));
                match arguments.get(1, Some(default)) {
                    Some(default) if *default != Value::none() => text::configured(default, variable),
                    _ => Unknown::configured(variable).into(),
                }
            }
            "functools.partial" | "functools.partialmethod" => {
                let callee = first?;
                let mut rest = arguments.clone();
                rest.positional.remove(0);
                Atom::Partial(Rc::new(Partial {
                    callee,
                    arguments: rest,
                }))
                .into()
            }
            "functools.wraps"
            | "functools.update_wrapper"
            | "functools.lru_cache"
            | "functools.cache"
            | "functools.singledispatch"
            | "contextlib.contextmanager"
            | "contextlib.asynccontextmanager"
            | "typing.overload"
            | "typing.final"
            | "abc.abstractmethod"
            | "functools.total_ordering"
            | "typing.runtime_checkable"
            | "enum.unique"
            | "atexit.register" => match first {
                Some(first) if path != "functools.wraps" => first,
                _ => Value::external("functools.cache"),
            },
            "operator.itemgetter" | "operator.attrgetter" => Self::getter(path, arguments),
            "operator.itemgetter()" | "operator.attrgetter()" => self.got(path, arguments),
            "inspect.getmembers" | "inspect.getmembers_static" => self.members_of(&first?, second.as_ref()),
            "dataclasses.replace" | "copy.replace" | "attr.evolve" | "attrs.evolve" => {
                self.replaced(&first?, arguments)
            }
            "dataclasses.asdict" | "attr.asdict" | "attrs.asdict" => self.as_dictionary(first.as_ref()),
            "dataclasses.astuple" | "attr.astuple" | "attrs.astuple" => self.as_tuple(first.as_ref()),
            "textwrap.dedent" => Self::dedented(&first?),
            "string.Template" => Self::getter("string.Template", arguments),
            "string.Formatter" => Value::external("string.Formatter()"),
            "string.Formatter().parse" | "_string.formatter_parser" => self.template_parts(&first?),
            "functools.reduce" => Value::unknown(Reason::Call),
            "typing.cast" | "typing_extensions.cast" => second?,
            "typing.NewType" => Value::external("typing.identity"),
            "typing.identity"
            | "copy.copy"
            | "copy.deepcopy"
            | "types.MappingProxyType"
            | "sys.intern"
            | "markupsafe.escape"
            | "inspect.cleandoc"
            | "asyncio.run" => first?,
            "collections.OrderedDict" | "weakref.WeakValueDictionary" | "weakref.WeakKeyDictionary" => {
                self.dictionary_of(first.as_ref(), arguments)
            }
            "pydantic_settings.SettingsConfigDict" | "pydantic.ConfigDict" => {
                self.dictionary_of(None, arguments)
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
            "dataclasses.field" | "attr.ib" | "attrs.field" | "attr.field" | "pydantic.Field"
            | "msgspec.field" => {
                return Some(self.field(path, arguments));
            }
            "dataclasses.fields" | "attr.fields" | "attrs.fields" => self.list_fields(first.as_ref()),
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
            "threading.Thread" | "multiprocessing.Process" => {
                let target = self.argument(arguments, 1, "target");
                let given = self.argument(arguments, 3, "args");
                let given = given.map(|given| self.elements(&given)).unwrap_or_default();
                if given.more.is_none() {
                    self.started(target, given.items, span);
                }
                return None;
            }
            "asyncio.to_thread" | "anyio.to_thread.run_sync" => {
                self.started(first, arguments.positional.get(1..)?.to_vec(), span);
                return None;
            }
            "importlib.import_module" => return self.import_by_name(first.as_ref()),
            "re.sub" => return Some(self.substituted(arguments)),
            _ => return None,
        })
    }

    /// Runs what is handed over to be run elsewhere, with the arguments that are handed over with it.
    fn started(&mut self, target: Option<Value>, positional: Vec<Value>, span: Option<Span>) {
        let Some(target) = target else { return };
        let is_known = target
            .atoms()
            .iter()
            .all(|atom| matches!(atom, Atom::Function(_) | Atom::Bound(_) | Atom::External(_)));
        if is_known && !target.is_nothing() {
            self.call_value(&target, &Arguments::of(positional), span);
        }
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
                self.heap
                    .new_container(ContainerKind::Tuple, vec![Value::external(PARSED), rest])
            }
            // Groups and sub-parsers take options like the parser itself.
            _ => Value::external(PARSER),
        }
    }

    fn note_option(&mut self, arguments: &Arguments) {
        let (dest, default) = (self.symbols.intern("dest"), self.symbols.intern("default"));
        let Some(default) = arguments.get(usize::MAX, Some(default)).cloned() else {
            return;
        };
        let dest = arguments.get(usize::MAX, Some(dest)).and_then(Value::exact_text);
        let Some(name) = dest.map(str::to_owned).or_else(|| option_name(arguments)) else {
            return;
        };
        let symbol = self.symbols.intern(&name);
        let known = self.options.get(&symbol).cloned().unwrap_or_else(Value::nothing);
        let option = self.option_symbol(arguments);
        self.options
            .insert(symbol, known.join(&text::configured(&default, option)));
    }

    /// The option as the user types it.
    pub(super) fn option_symbol(&mut self, arguments: &Arguments) -> Option<Symbol> {
        let names = arguments.positional.iter().filter_map(Value::exact_text);
        let long = names.into_iter().find(|name| name.starts_with("--"))?.to_owned();
        Some(self.symbols.intern(&long))
    }

    /// What an option of the command line is where the user does not give it.
    pub(super) fn option_default(&self, symbol: Symbol) -> Value {
        self.options
            .get(&symbol)
            .cloned()
            .unwrap_or_else(|| Value::unknown(Reason::Environment))
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
        let items = rows
            .into_iter()
            .map(|row| self.heap.new_container(ContainerKind::Tuple, row))
            .collect();
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

    pub(super) fn new_plain_class(
        &mut self,
        name: &str,
        span: Span,
        fields: Vec<(Symbol, Option<Value>)>,
    ) -> ClassId {
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
            aliases: Vec::new(),
            derived: Vec::new(),
            metaclass: None,
        });
        self.heap.classes[id.index()].order = vec![id];
        id
    }

    fn named_tuple(&mut self, arguments: &Arguments, span: Option<Span>) -> Value {
        let (Some(name), Some(fields), Some(span)) = (
            arguments
                .positional
                .first()
                .and_then(Value::exact_text)
                .map(str::to_owned),
            arguments.positional.get(1).cloned(),
            span,
        ) else {
            return Value::unknown(Reason::Call);
        };
        let names: Vec<String> = match fields.exact_text() {
            Some(text) => text
                .split([',', ' '])
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            None => {
                let elements = self.elements(&fields);
                let mut names = Vec::new();
                for item in &elements.items {
                    let text = match item.exact_text() {
                        Some(text) => Some(text.to_owned()),
                        // `NamedTuple("X", [("name", str)])`
                        None => self
                            .elements(item)
                            .items
                            .first()
                            .and_then(Value::exact_text)
                            .map(str::to_owned),
                    };
                    names.extend(text);
                }
                names
            }
        };
        let fields = names
            .iter()
            .map(|name| (self.symbols.intern(name), None))
            .collect();
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
        let factories = [
            self.symbols.intern("default_factory"),
            self.symbols.intern("factory"),
        ];
        let position = if path == "pydantic.Field" || path == "attr.ib" {
            0
        } else {
            usize::MAX
        };
        if let Some(value) = arguments.get(position, Some(default)) {
            return value.clone();
        }
        let factory = factories
            .into_iter()
            .find_map(|name| arguments.get(usize::MAX, Some(name)));
        match factory {
            Some(factory) => Atom::Partial(Rc::new(Partial {
                callee: Value::external("dataclasses.field"),
                arguments: Arguments::of(vec![factory.clone()]),
            }))
            .into(),
            None => Value::unknown(Reason::Attribute),
        }
    }

    pub(super) fn import_by_name(&mut self, name: Option<&Value>) -> Option<Value> {
        let dotted = name?.exact_text()?.to_owned();
        let parts: Vec<String> = dotted.split('.').map(str::to_owned).collect();
        Some(match self.index.absolute(self.module(), &parts) {
            super::index::Target::Module(id) => Atom::Module(id).into(),
            _ => Value::external(&dotted),
        })
    }

    /// `re.sub` of characters that a name may not have, and the usual ways from `CamelCase` to `snake_case`.
    fn substituted(&mut self, arguments: &Arguments) -> Value {
        let pattern = arguments
            .positional
            .first()
            .and_then(Value::exact_text)
            .map(str::to_owned);
        let replacement = arguments
            .positional
            .get(1)
            .and_then(Value::exact_text)
            .map(str::to_owned);
        let Some(subject) = arguments.positional.get(2).cloned() else {
            return Value::unknown(Reason::Expression);
        };
        let texts = self.texts(&subject);
        let made = texts.into_iter().map(|text| {
            let changed = match (&pattern, &replacement, text.as_exact()) {
                (Some(pattern), Some(replacement), Some(exact)) => substitute(pattern, replacement, exact),
                // A class of characters is replaced in each known piece as it is in the whole.
                (Some(pattern), Some(replacement), None) if is_class(pattern) => {
                    let changed = |piece: &str| {
                        substitute(pattern, replacement, piece).unwrap_or_else(|| piece.to_owned())
                    };
                    return Atom::Text(Rc::new(text.map(changed)));
                }
                _ => None,
            };
            let unknown = Unknown {
                site: text.site,
                ..text.hole.unwrap_or(Unknown::new(Reason::Expression))
            };
            Atom::Text(Rc::new(match changed {
                Some(changed) => Text {
                    literal: text.literal,
                    site: text.site,
                    ..Text::exact(&changed)
                },
                None => Text::unknown(unknown),
            }))
        });
        Value::any(made.collect::<Vec<_>>())
    }
}

/// Whether a regular expression is one class of characters, repeated or not.
fn is_class(pattern: &str) -> bool {
    let class = pattern.strip_suffix('+').unwrap_or(pattern);
    let inner = class.strip_prefix('[').and_then(|class| class.strip_suffix(']'));
    inner.is_some_and(|inner| !inner.contains(['[', ']']))
}

/// `re.sub` on a known text; `None` where the pattern is not understood.
fn substitute(pattern: &str, replacement: &str, text: &str) -> Option<String> {
    // Python's `re` knows look-around, this crate's engine does not: the common spellings of camel-case splitting.
    let camel = [
        "(?<!^)(?=[A-Z])",
        "(?<!^)([A-Z])",
        "(?<=[a-z0-9])(?=[A-Z])",
        "(?<=[a-z])(?=[A-Z])",
        r"\B(?=[A-Z])",
    ];
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
    // As in Python, a class that excludes some letters (`[^a-z]`) takes whole characters.
    let regex = regex::RegexBuilder::new(pattern)
        .size_limit(1 << 19)
        .build()
        .ok()?;
    // `\1` and `\g<1>` are `${1}` here; a dollar stands for itself there.
    let mut template = String::new();
    let mut letters = replacement
        .replace('$', "$$")
        .replace(r"\g<", r"\<")
        .chars()
        .collect::<Vec<_>>()
        .into_iter();
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

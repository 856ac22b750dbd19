//! Functions and classes as they are defined: decorators, bases, enumerations, records, instances.

use std::rc::Rc;

use promsight_model::Span;
use promsight_model::python;

use super::heap::{Binding, Class, ClassKind, Code};
use super::machine::{Frame, Machine};
use super::value::{Arguments, Atom, ClassId, Reason, Symbol, Text, Value};

/// Decorators and bases outside the tree that make annotated fields the parameters of `__init__`.
const RECORD_MAKERS: &[&str] = &[
    "dataclasses.dataclass",
    "attr.s",
    "attr.attrs",
    "attr.define",
    "attr.frozen",
    "attr.mutable",
    "attr.dataclass",
    "attrs.define",
    "attrs.frozen",
    "attrs.mutable",
    "pydantic.dataclasses.dataclass",
    "typing.NamedTuple",
    "typing_extensions.NamedTuple",
    "pydantic.BaseModel",
    "pydantic.BaseSettings",
    "pydantic_settings.BaseSettings",
    "msgspec.Struct",
    "sqlmodel.SQLModel",
];

fn enum_kind(path: &str) -> Option<bool> {
    match path {
        "enum.Enum" | "enum.IntEnum" | "enum.Flag" | "enum.IntFlag" | "enum.EnumMeta" => Some(false),
        "enum.StrEnum" | "strenum.StrEnum" | "backports.strenum.StrEnum" | "django.db.models.TextChoices" => {
            Some(true)
        }
        _ => None,
    }
}

impl<'a> Machine<'a> {
    pub(super) fn define_function(&mut self, function: &'a python::Function) {
        let defaults: Vec<_> = function
            .params
            .iter()
            .map(|param| param.default.as_ref())
            .collect();
        let defaults = self.evaluate_defaults(&defaults);
        let mut value = self.new_function(Code::Function(function), defaults);
        let defined = match value.single() {
            Some(Atom::Function(id)) => Some(*id),
            _ => None,
        };
        self.note_annotated(function, defined);
        self.serving.decorating.extend(defined);
        for decorator in function.decorators.iter().rev() {
            self.note_click_option(decorator, function, &value);
            self.uses.unbound.insert(decorator.span);
            let made = self.evaluate(decorator);
            self.note_guard(decorator, &made, defined);
            self.note_decorated_route(decorator, &made, &value);
            value = self.decorated(&made, value, decorator.span);
        }
        if defined.is_some() {
            self.serving.decorating.pop();
        }
        let symbol = self.symbols.intern(&function.name);
        self.bind_name(symbol, value);
    }

    fn decorated(&mut self, decorator: &Value, value: Value, span: Span) -> Value {
        let binding = decorator.single().and_then(|atom| match atom {
            Atom::External(path) => match &**path {
                "builtins.staticmethod" | "abc.abstractstaticmethod" => Some(Binding::Static),
                "builtins.classmethod" | "abc.abstractclassmethod" => Some(Binding::Class),
                "builtins.property"
                | "functools.cached_property"
                | "abc.abstractproperty"
                | "cached_property.cached_property"
                | "django.utils.functional.cached_property" => Some(Binding::Property),
                _ => None,
            },
            _ => None,
        });
        if let Some(binding) = binding {
            for atom in value.atoms() {
                if let Atom::Function(id) = atom {
                    self.heap.functions[id.index()].binding = binding;
                }
            }
            return value;
        }
        if let Some(Atom::Method(receiver, method)) = decorator.single() {
            if let Atom::Function(getter) = **receiver {
                if &*self.symbols.name(*method) == "setter" {
                    self.note_setter(getter, &value);
                }
                return (**receiver).clone().into();
            }
            if let Atom::Metric(id) | Atom::Child(id) = **receiver {
                self.mark_updated(id);
                return value;
            }
        }
        let made = self.call_value(decorator, &Arguments::of(vec![value.clone()]), Some(span));
        // What decorates a function gives something callable; anything else was not understood.
        let is_callable = made.atoms().iter().any(|atom| {
            matches!(
                atom,
                Atom::Function(_) | Atom::Bound(_) | Atom::Class(_) | Atom::Instance(_) | Atom::Partial(_)
            )
        });
        if is_callable { made } else { value }
    }

    pub(super) fn define_class(&mut self, class: &'a python::Class) {
        let mut order: Vec<ClassId> = Vec::new();
        let mut outside: Vec<Rc<str>> = Vec::new();
        let mut kind = ClassKind::Plain;
        let mut is_text = false;
        let mut fields: Vec<(Symbol, Option<Value>)> = Vec::new();
        let mut aliases: Vec<(Symbol, Value)> = Vec::new();
        for base in &class.bases {
            let base = self.evaluate(base);
            for atom in base.atoms() {
                match atom {
                    Atom::Class(id) => {
                        let base = self.heap.class(*id);
                        if base.kind != ClassKind::Plain {
                            kind = base.kind;
                        }
                        for (name, default) in &base.fields {
                            fields.retain(|(known, _)| known != name);
                            fields.push((*name, default.clone()));
                        }
                        aliases.extend(base.aliases.iter().cloned());
                        for ancestor in base.order.clone() {
                            order.retain(|known| *known != ancestor);
                            order.push(ancestor);
                        }
                    }
                    Atom::External(path) => {
                        is_text |= &**path == "builtins.str";
                        if let Some(text) = enum_kind(path) {
                            kind = ClassKind::Enum { text };
                        } else if RECORD_MAKERS.contains(&&**path) {
                            kind = ClassKind::Record;
                        }
                        outside.push(Rc::clone(path));
                    }
                    Atom::None => {}
                    _ => outside.push(Rc::from("")),
                }
            }
        }
        if let (ClassKind::Enum { .. }, true) = (kind, is_text) {
            kind = ClassKind::Enum { text: true };
        }
        let frame = self.frame();
        let (scope, module) = (frame.scope, frame.module);
        let parent = if frame.class.is_some() {
            self.heap.namespace(scope).parent
        } else {
            Some(scope)
        };
        let namespace = self.heap.new_namespace(parent);
        if let Some(parent) = parent {
            self.heap.capture(parent);
        }
        self.heap.namespace_mut(namespace).captured = true;
        let id = self.heap.new_class(Class {
            name: Rc::from(class.name.as_str()),
            name_span: class.name_span,
            namespace,
            order: Vec::new(),
            outside,
            kind,
            fields,
            instances: Vec::new(),
            members: Vec::new(),
            aliases,
            derived: Vec::new(),
            metaclass: None,
        });
        order.insert(0, id);
        self.heap.set_order(id, order);
        let function = self.frame().function;
        self.frames.push(Frame {
            scope: namespace,
            module,
            function,
            site: None,
            class: Some(id),
            returned: Value::nothing(),
            yielded: Vec::new(),
        });
        self.run_block(&class.body);
        self.frames.pop();
        if let ClassKind::Enum { .. } = kind {
            self.make_members(id);
        }
        self.run_metaclass(id, class);
        self.name_members(id);
        let mut value: Value = Atom::Class(id).into();
        for decorator in class.decorators.iter().rev() {
            let made = self.evaluate(decorator);
            value = self.decorated_class(&made, value, id, decorator.span);
        }
        self.announce_subclass(id, class);
        let symbol = self.symbols.intern(&class.name);
        self.bind_name(symbol, value);
    }

    /// `__init_subclass__` of a base of the tree.
    fn announce_subclass(&mut self, id: ClassId, class: &'a python::Class) {
        let hook = self.symbols.intern("__init_subclass__");
        let order = self.heap.class(id).order.clone();
        let found = order
            .iter()
            .skip(1)
            .find_map(|base| self.heap.get(self.heap.class(*base).namespace, hook).cloned());
        let Some(found) = found else { return };
        let mut arguments = Arguments::of(vec![Atom::Class(id).into()]);
        for (name, value) in &class.keywords {
            let value = self.evaluate(value);
            arguments.keywords.push((self.symbols.intern(name), value));
        }
        self.call_value(&found, &arguments, Some(class.name_span));
    }

    fn decorated_class(&mut self, decorator: &Value, value: Value, id: ClassId, span: Span) -> Value {
        let is_record = decorator.atoms().iter().any(|atom| match atom {
            Atom::External(path) => {
                let path = path.strip_suffix("()").unwrap_or(path);
                RECORD_MAKERS.contains(&path)
            }
            _ => false,
        });
        if is_record {
            self.heap.classes[id.index()].kind = ClassKind::Record;
            return value;
        }
        let made = self.call_value(decorator, &Arguments::of(vec![value.clone()]), Some(span));
        let is_class = made
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Class(_) | Atom::Function(_)));
        if is_class { made } else { value }
    }

    /// The members of an enumeration, once its body has run.
    fn make_members(&mut self, id: ClassId) {
        let namespace = self.heap.class(id).namespace;
        let entries: Vec<(Symbol, Value)> = self
            .heap
            .namespace(namespace)
            .entries()
            .map(|(name, value)| (*name, value.clone()))
            .collect();
        let (name_symbol, value_symbol) = (self.symbols.intern("name"), self.symbols.intern("value"));
        let inner_value = self.symbols.intern("_value_");
        let initializer = self.symbols.intern("__init__");
        let maker = self.symbols.intern("__new__");
        for (member, value) in entries {
            let name = self.symbols.name(member);
            let is_member = value.atoms().iter().all(|atom| {
                !matches!(
                    atom,
                    Atom::Function(_) | Atom::Class(_) | Atom::Bound(_) | Atom::Method(..) | Atom::Partial(_)
                )
            });
            if name.starts_with('_') || !is_member {
                continue;
            }
            let instance = self.heap.new_instance(id);
            let own = self.heap.instance(instance).namespace;
            let is_auto = matches!(value.single(), Some(Atom::External(path)) if &**path == "enum.auto()");
            let value = match (is_auto, self.heap.class(id).kind) {
                (true, ClassKind::Enum { text: true }) => self.next_value(id, &name),
                (true, _) => Value::integer(self.heap.class(id).members.len() + 1),
                (false, _) => value,
            };
            self.heap.set(own, name_symbol, Text::exact(&name).into());
            let atom = Atom::Instance(instance);
            let mut arguments = match value.single() {
                Some(Atom::Container(_)) => Arguments::of(self.elements(&value).items),
                _ => Arguments::of(vec![value.clone()]),
            };
            self.heap.set(own, value_symbol, value.clone());
            let symbol = [maker, initializer]
                .into_iter()
                .find(|name| self.heap.get(namespace, *name).is_some());
            if let Some(symbol) = symbol
                && let Some(Atom::Function(function)) = self
                    .heap
                    .get(namespace, symbol)
                    .and_then(|value| value.single().cloned())
            {
                if symbol == maker {
                    self.heap.instances[instance.index()].text = Some(value.clone());
                    arguments.positional.insert(0, Atom::Class(id).into());
                    let made = self.call_unseen(function, arguments);
                    self.adopt(instance, &made);
                } else {
                    arguments.positional.insert(0, atom.clone().into());
                    self.call_unseen(function, arguments);
                }
            }
            if let Some(inner) = self.heap.get(own, inner_value).cloned() {
                self.heap.set(own, value_symbol, inner);
            }
            self.heap.classes[id.index()].members.push((member, atom.clone()));
            self.heap.set(namespace, member, atom.into());
        }
    }

    /// The value of `auto()` in an enumeration of strings.
    fn next_value(&mut self, id: ClassId, name: &str) -> Value {
        let hook = self.symbols.intern("_generate_next_value_");
        if let Some((_, value)) = self.heap.class_attribute(id, hook) {
            let value = value.clone();
            let arguments = vec![
                Text::exact(name).into(),
                Value::integer(1),
                Value::integer(0),
                Value::unknown(Reason::Element),
            ];
            return self.call_value(&value, &Arguments::of(arguments), None);
        }
        Text::exact(&name.to_lowercase()).into()
    }

    /// Takes over what `__new__` set on the object that it made.
    fn adopt(&mut self, instance: super::value::InstanceId, made: &Value) {
        let own = self.heap.instance(instance).namespace;
        for atom in made.atoms() {
            let Atom::Instance(other) = atom else { continue };
            let from = self.heap.instance(*other).namespace;
            let entries: Vec<(Symbol, Value)> = self
                .heap
                .namespace(from)
                .entries()
                .map(|(name, value)| (*name, value.clone()))
                .collect();
            for (name, value) in entries {
                self.heap.set(own, name, value);
            }
        }
    }

    /// The value of an enumeration's member, and whether the member is also that text.
    pub(super) fn enum_value(&self, atom: &Atom) -> Option<(Value, bool)> {
        let Atom::Instance(id) = atom else { return None };
        let instance = self.heap.instance(*id);
        let ClassKind::Enum { text } = self.heap.class(instance.class).kind else {
            return None;
        };
        let symbol = self.symbols.find("value")?;
        let value = self.heap.get(instance.namespace, symbol)?.clone();
        Some((value, text))
    }

    /// The text that an instance also is.
    pub(super) fn instance_text(&self, atom: &Atom) -> Option<Value> {
        let Atom::Instance(id) = atom else { return None };
        if let Some((value, true)) = self.enum_value(atom) {
            return Some(value);
        }
        self.heap.instance(*id).text.clone()
    }

    /// Calls a class.
    pub(super) fn instantiate(&mut self, id: ClassId, arguments: &Arguments, span: Option<Span>) -> Value {
        if let ClassKind::Enum { .. } = self.heap.class(id).kind {
            return self.member_of_value(id, arguments);
        }
        let maker = self.symbols.intern("__new__");
        let span_of_call = span.unwrap_or(self.heap.class(id).name_span);
        let mut instance = None;
        if let Some((_, value)) = self.heap.class_attribute(id, maker)
            && let Some(Atom::Function(function)) = value.single().cloned()
        {
            let mut with_class = arguments.clone();
            with_class.positional.insert(0, Atom::Class(id).into());
            let made = self.call_function(function, with_class, span_of_call);
            instance = made.atoms().iter().find_map(|atom| match atom {
                Atom::Instance(instance) => Some(*instance),
                _ => None,
            });
        }
        let instance = instance.unwrap_or_else(|| self.heap.new_instance(id));
        if self.is_of_library(id) {
            self.note_makers();
        }
        self.initialize(instance, id, arguments, span_of_call);
        Atom::Instance(instance).into()
    }

    fn initialize(
        &mut self,
        instance: super::value::InstanceId,
        id: ClassId,
        arguments: &Arguments,
        span: Span,
    ) {
        let initializer = self.symbols.intern("__init__");
        if let Some((_, value)) = self.heap.class_attribute(id, initializer) {
            for atom in value.clone().atoms() {
                if let Atom::Function(function) = atom {
                    let mut arguments = arguments.clone();
                    arguments.positional.insert(0, Atom::Instance(instance).into());
                    self.call_function(*function, arguments, span);
                }
            }
            return;
        }
        let outside = self.outside_bases(id);
        if let Some(path) = outside
            .iter()
            .find(|path| self.table.constructor(path).is_some())
            .cloned()
        {
            let metric = self.call_external(&path, arguments, Some(span));
            self.heap.instances[instance.index()].metric = Some(metric);
            return;
        }
        self.note_derived_server(&outside, arguments, span);
        if outside.iter().any(|path| &**path == "builtins.str") {
            self.heap.instances[instance.index()].text = arguments.positional.first().cloned();
        }
        self.fill_fields(instance, id, arguments, span);
    }

    /// Fields of a record from the arguments.
    pub(super) fn fill_fields(
        &mut self,
        instance: super::value::InstanceId,
        id: ClassId,
        arguments: &Arguments,
        span: Span,
    ) {
        let namespace = self.heap.instance(instance).namespace;
        let site = self.new_site(span);
        let fields = self.heap.class(id).fields.clone();
        let makes_record = self.heap.class(id).kind == ClassKind::Record;
        if !makes_record && self.outside_bases(id).is_empty() {
            return;
        }
        let is_settings = self
            .outside_bases(id)
            .iter()
            .any(|path| path.ends_with("Settings"));
        for (at, (name, default)) in fields.iter().enumerate() {
            let given = arguments.get(at, Some(*name)).cloned();
            let default = if is_settings {
                let variable = self.variable_of_field(id, *name);
                let default = default.as_ref().map(super::statements::switch);
                default.map(|default| super::text::configured(&default, variable))
            } else {
                default.clone()
            };
            let given = given
                .map(|value| super::calls::handed_over(&value, site))
                .or_else(|| arguments.more_keywords.clone());
            let is_set_on_class = self.heap.class_attribute(id, *name).is_some();
            if given.is_none() && is_set_on_class && (!makes_record || default.is_none()) {
                // The class's own value shows through, also one that a derived class sets without an annotation.
                continue;
            }
            let value = given
                .or(default)
                .unwrap_or_else(|| Value::unknown(Reason::Attribute));
            let value = self.field_default(value);
            self.heap.set(namespace, *name, value);
        }
        for (name, value) in &arguments.keywords {
            if !fields.iter().any(|(known, _)| known == name) {
                self.heap
                    .set(namespace, *name, super::calls::handed_over(value, site));
            }
        }
        for hook in ["__post_init__", "__attrs_post_init__", "model_post_init"] {
            let hook = self.symbols.intern(hook);
            if self.heap.class_attribute(id, hook).is_some() {
                let method = self.attribute_of(&Atom::Instance(instance), hook);
                self.call_value(&method, &Arguments::default(), Some(span));
            }
        }
    }

    /// Calls the factory of `field(default_factory=…)`.
    fn field_default(&mut self, value: Value) -> Value {
        let Some(Atom::Partial(partial)) = value.single() else {
            return value;
        };
        let is_factory =
            matches!(partial.callee.single(), Some(Atom::External(path)) if &**path == "dataclasses.field");
        if !is_factory {
            return value;
        }
        match partial.arguments.positional.first().cloned() {
            Some(factory) => self.call_value(&factory, &Arguments::default(), None),
            None => Value::unknown(Reason::Attribute),
        }
    }

    fn member_of_value(&mut self, id: ClassId, arguments: &Arguments) -> Value {
        let Some(wanted) = arguments.positional.first().cloned() else {
            return Value::unknown(Reason::Call);
        };
        let members: Vec<Atom> = self
            .heap
            .class(id)
            .members
            .iter()
            .map(|(_, atom)| atom.clone())
            .collect();
        for member in &members {
            if let Some((value, _)) = self.enum_value(member)
                && self.equal(&value, &wanted) == Some(true)
            {
                return member.clone().into();
            }
        }
        if members.is_empty() {
            Value::unknown(Reason::Call)
        } else {
            Value::any(members)
        }
    }

    /// One instance that stands for all that code outside the tree makes of a class.
    pub(super) fn assumed_instance(&mut self, id: ClassId) -> Value {
        if let ClassKind::Enum { .. } = self.heap.class(id).kind {
            let members = self.heap.class(id).members.iter().map(|(_, atom)| atom.clone());
            return Value::any(members.collect::<Vec<_>>());
        }
        let instance = self.heap.new_instance(id);
        let receiver: Value = Atom::Instance(instance).into();
        let initializer = self.symbols.intern("__init__");
        match self
            .heap
            .class_attribute(id, initializer)
            .and_then(|(_, value)| value.single().cloned())
        {
            Some(Atom::Function(function)) => self.call_root(function, Some(receiver.clone())),
            _ => {
                let span = self.heap.class(id).name_span;
                self.fill_fields(instance, id, &Arguments::default(), span);
            }
        }
        receiver
    }
}

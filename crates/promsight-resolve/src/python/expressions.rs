//! Evaluating expressions.

use promsight_model::python::{BinaryOp, BoolOp, Call, Expr, ExprKind};

use super::heap::{Code, Container, ContainerKind, Function};
use super::machine::Machine;
use super::numbers::{arithmetic, number};
use super::text;
use super::value::{Arguments, Atom, Reason, Text, Unknown, Value};

/// Combinations of collections that are concatenated one by one.
const MOST_CONCATENATIONS: usize = 8;

/// What iterating over a value gives.
#[derive(Debug, Default)]
pub(super) struct Elements {
    /// Known elements in order.
    pub(super) items: Vec<Value>,
    /// Further elements of unknown number.
    pub(super) more: Option<Value>,
}

impl Elements {
    /// Any of the elements.
    pub(super) fn any(&self) -> Value {
        let atoms = self
            .items
            .iter()
            .chain(&self.more)
            .flat_map(|value| value.atoms().iter().cloned());
        let value = Value::any(atoms);
        if value.is_nothing() {
            Value::unknown(Reason::Element)
        } else {
            value
        }
    }
}

impl<'a> Machine<'a> {
    /// The value of an expression; its calls are made.
    pub(super) fn evaluate(&mut self, expression: &'a Expr) -> Value {
        if !self.step() {
            return Value::unknown(Reason::Limit);
        }
        match &expression.kind {
            ExprKind::Str(text) => {
                self.note_muted(expression.span);
                if self.reads_text() {
                    self.read_literal(text, expression.span);
                }
                Text::literal(&text.text, expression.span).into()
            }
            ExprKind::Number(written) => number(written),
            ExprKind::Bool(value) => Value::bool(*value),
            ExprKind::None => Value::none(),
            ExprKind::Name(name) => self.name(name),
            ExprKind::Attribute(object, name) => self.attribute_expression(object, name),
            ExprKind::Call(call) => self.call_expression(call, expression),
            ExprKind::Joined(parts) => self.joined(parts, expression),
            ExprKind::Subscript(object, key) => self.subscript(object, key),
            ExprKind::Binary(op, left, right) => {
                if *op == BinaryOp::Add
                    && self.reads_text()
                    && let Some(value) = self.added_text(expression)
                {
                    return value;
                }
                let left = self.evaluate(left);
                let right = self.evaluate(right);
                self.text_place = Some(expression.span);
                self.binary(*op, &left, &right)
            }
            ExprKind::BoolOp(op, operands) => self.bool_op(*op, operands),
            ExprKind::Not(_) | ExprKind::Compare(..) => match self.truth_of(expression).as_bool() {
                Some(value) => Value::bool(value),
                None => Value::any([Atom::Bool(true), Atom::Bool(false)]),
            },
            ExprKind::Negative(operand) => match self.evaluate(operand).single() {
                Some(Atom::Number(value, digits)) => Atom::Number(-value, *digits).into(),
                _ => Value::unknown(Reason::Expression),
            },
            ExprKind::IfElse { test, body, orelse } => self.conditional(test, body, orelse),
            ExprKind::List(items) => self.display(ContainerKind::List, items),
            ExprKind::Tuple(items) => self.display(ContainerKind::Tuple, items),
            ExprKind::Set(items) => self.display(ContainerKind::Set, items),
            ExprKind::Dict(entries) => self.dictionary(entries),
            ExprKind::Starred(value) | ExprKind::Await(value) => self.evaluate(value),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension),
            ExprKind::Lambda(lambda) => {
                let defaults = lambda
                    .params
                    .iter()
                    .map(|param| param.default.as_ref())
                    .collect::<Vec<_>>();
                let defaults = self.evaluate_defaults(&defaults);
                self.new_function(Code::Lambda(lambda, expression.span), defaults)
            }
            ExprKind::Named(name, value) => {
                let value = self.evaluate(value);
                let symbol = self.symbols.intern(name);
                self.bind_name(symbol, value.clone());
                value
            }
            ExprKind::Yield(value) => self.yielded(value.as_deref()),
            ExprKind::Unknown => Value::unknown(Reason::Expression),
        }
    }

    fn yielded(&mut self, value: Option<&'a Expr>) -> Value {
        let value = value.map_or_else(Value::none, |value| self.evaluate(value));
        if let Some(frame) = self.frames.last_mut()
            && frame.yielded.len() < super::heap::MOST_ELEMENTS
        {
            frame.yielded.push(value);
        }
        Value::unknown(Reason::Parameter)
    }

    pub(super) fn evaluate_defaults(&mut self, defaults: &[Option<&'a Expr>]) -> Vec<Option<Value>> {
        defaults
            .iter()
            .map(|default| default.map(|default| self.evaluate(default)))
            .collect()
    }

    /// Makes a function object of the current scope.
    pub(super) fn new_function(&mut self, code: Code<'a>, defaults: Vec<Option<Value>>) -> Value {
        let frame = self.frame();
        let (scope, module, owner) = (frame.scope, frame.module, frame.class);
        // Names of a class body are not seen from inside its methods.
        let closure = match owner {
            Some(_) => self.heap.namespace(scope).parent.unwrap_or(scope),
            None => scope,
        };
        self.heap.capture(closure);
        let id = self.heap.new_function(Function {
            code,
            module,
            closure,
            owner,
            defaults,
            binding: super::heap::Binding::Plain,
            called: false,
            rooted: false,
            cut: false,
            attributes: None,
        });
        Atom::Function(id).into()
    }

    fn name(&mut self, name: &str) -> Value {
        let symbol = self.symbols.intern(name);
        let mut next = Some(self.frame().scope);
        while let Some(scope) = next {
            let namespace = self.heap.namespace(scope);
            if let Some(value) = namespace.get(symbol) {
                let value = if namespace.local {
                    value.clone()
                } else {
                    self.read_shared(symbol, value.clone())
                };
                return self.settle(value);
            }
            next = namespace.parent;
        }
        let module = self.module();
        let namespace = self.modules[module.index()].namespace;
        if let Some(value) = self.heap.get(namespace, symbol) {
            let value = value.clone();
            return self.settle(value);
        }
        if let Some(value) = self.bound_by_star(module, symbol) {
            return value;
        }
        if super::builtins::is_builtin(name) {
            return Value::external(&format!("builtins.{name}"));
        }
        Value::unknown(Reason::Name)
    }

    fn attribute_expression(&mut self, object: &'a Expr, name: &str) -> Value {
        let object = self.evaluate(object);
        let symbol = self.symbols.intern(name);
        self.attribute(&object, symbol)
    }

    /// An attribute of any alternative.
    pub(super) fn attribute(&mut self, object: &Value, symbol: super::value::Symbol) -> Value {
        if let Some(atom) = object.single() {
            let atom = atom.clone();
            let value = self.attribute_of(&atom, symbol);
            let value = self.read_shared(symbol, value);
            return self.settle(value);
        }
        let mut all: Vec<Atom> = Vec::new();
        for atom in object.atoms() {
            let value = self.attribute_of(atom, symbol);
            let value = self.read_shared(symbol, value);
            all.extend_from_slice(self.settle(value).atoms());
        }
        // What lacks the attribute is not what was meant, where something else has it.
        if all.iter().any(|atom| !matches!(atom, Atom::Unknown(_))) {
            all.retain(|atom| {
                !matches!(
                    atom,
                    Atom::Unknown(Unknown {
                        reason: Reason::Attribute,
                        ..
                    })
                )
            });
        }
        Value::any(all)
    }

    fn display(&mut self, kind: ContainerKind, items: &'a [Expr]) -> Value {
        let mut values = Vec::with_capacity(items.len());
        let mut more: Option<Value> = None;
        let mut is_optional = false;
        for item in items {
            if let ExprKind::Starred(inner) = &item.kind {
                let inner = self.evaluate(inner);
                is_optional |= self.is_optional(&inner);
                let elements = self.elements(&inner);
                values.extend(elements.items);
                if let Some(rest) = elements.more {
                    more = Some(more.map_or(rest.clone(), |more| more.join(&rest)));
                }
                continue;
            }
            let value = self.evaluate(item);
            values.push(value);
        }
        let made = self.heap.insert_container(Container {
            kind,
            items: values,
            values: Vec::new(),
            more,
        });
        if let (true, Some(Atom::Container(id))) = (is_optional, made.single()) {
            self.heap.note_optional(*id);
        }
        made
    }

    fn dictionary(&mut self, entries: &'a [(Option<Expr>, Expr)]) -> Value {
        let made = self.heap.new_container(ContainerKind::Dict, Vec::new());
        let Some(Atom::Container(id)) = made.single().cloned() else {
            return made;
        };
        for (key, value) in entries {
            match key {
                Some(key) => {
                    let key = self.evaluate(key);
                    let value = self.evaluate(value);
                    let branches = self.heap.undecided();
                    // A new dictionary is nobody else's: what is stored last wins.
                    if branches {
                        self.heap.replace_key(id, &key, value);
                    } else {
                        self.heap.store(id, &key, value);
                    }
                }
                None => {
                    let spread = self.evaluate(value);
                    self.extend_container(id, &spread);
                }
            }
        }
        made
    }

    fn conditional(&mut self, test: &'a Expr, body: &'a Expr, orelse: &'a Expr) -> Value {
        match self.truth_of(test).as_bool() {
            Some(true) => self.evaluate(body),
            Some(false) => self.evaluate(orelse),
            None => {
                let taken = self.evaluate(body);
                let other = self.evaluate(orelse);
                taken.join(&other)
            }
        }
    }

    fn bool_op(&mut self, op: BoolOp, operands: &'a [Expr]) -> Value {
        let mut result = Value::nothing();
        for (at, operand) in operands.iter().enumerate() {
            let value = self.evaluate(operand);
            if at + 1 == operands.len() {
                // What is unknown gives way to the default behind `or`.
                let only_unknown = result.atoms().iter().all(|atom| matches!(atom, Atom::Unknown(_)));
                if op == BoolOp::Or && only_unknown && !value.has_unknown() {
                    let variable = result.first_unknown().and_then(|unknown| unknown.variable);
                    return text::configured(&value, variable);
                }
                return result.join(&value);
            }
            let mut passed = Vec::new();
            let mut stops = true;
            for atom in value.atoms() {
                match (self.atom_truth(atom), op) {
                    (Some(true), BoolOp::Or) | (Some(false), BoolOp::And) => passed.push(atom.clone()),
                    (Some(_), _) => stops = false,
                    (None, BoolOp::Or) => {
                        stops = false;
                        passed.push(atom.clone());
                    }
                    (None, BoolOp::And) => stops = false,
                }
            }
            result = result.join(&Value::any(passed));
            if stops {
                return result;
            }
        }
        result
    }

    fn call_expression(&mut self, call: &'a Call, expression: &'a Expr) -> Value {
        if let ExprKind::Name(name) = &call.func.kind
            && name == "super"
            && call.args.is_empty()
        {
            return self.super_value();
        }
        let callee = self.evaluate(&call.func);
        let arguments = self.text_arguments(call, &callee, expression);
        if let ExprKind::Attribute(owner, method) = &call.func.kind
            && callee.has_unknown()
        {
            let owner = match &owner.kind {
                ExprKind::Name(name) | ExprKind::Attribute(_, name) => name.as_str(),
                _ => "",
            };
            self.note_loose_call(owner, method, &arguments, expression.span);
            self.note_loose_route(method, &arguments, expression.span);
        }
        self.note_call_site(expression.span, call, &callee);
        self.call_value(&callee, &arguments, Some(expression.span))
    }

    pub(super) fn arguments(&mut self, call: &'a Call) -> Arguments {
        let mut arguments = Arguments::default();
        for argument in &call.args {
            if let ExprKind::Starred(inner) = &argument.kind {
                let inner = self.evaluate(inner);
                let elements = self.elements(&inner);
                if arguments.more_positional.is_none() {
                    arguments.positional.extend(elements.items);
                }
                if let Some(more) = elements.more {
                    arguments.more_positional = Some(more);
                }
                continue;
            }
            let value = self.evaluate(argument);
            match &mut arguments.more_positional {
                Some(more) => *more = more.join(&value),
                None => arguments.positional.push(value),
            }
        }
        for (name, value) in &call.keywords {
            let value = self.evaluate(value);
            match name {
                Some(name) => arguments.keywords.push((self.symbols.intern(name), value)),
                None => self.spread_keywords(&value, &mut arguments),
            }
        }
        arguments
    }

    fn spread_keywords(&mut self, value: &Value, arguments: &mut Arguments) {
        let single = value.atoms().len() == 1;
        for atom in value.atoms() {
            let Atom::Container(id) = atom else {
                let unknown: Value = match atom {
                    Atom::Unknown(unknown) => (*unknown).into(),
                    _ => Value::unknown(Reason::Expression),
                };
                arguments.more_keywords = Some(unknown);
                continue;
            };
            let container = self.heap.container(*id).clone();
            for (key, value) in container.items.iter().zip(&container.values) {
                let Some(key) = key.exact_text() else { continue };
                let symbol = self.symbols.intern(key);
                match arguments.keywords.iter_mut().find(|(name, _)| *name == symbol) {
                    Some((_, known)) => *known = known.join(value),
                    None => arguments.keywords.push((symbol, value.clone())),
                }
            }
            if let Some(more) = container.more {
                arguments.more_keywords = Some(more);
            }
        }
        if !single && value.is_nothing() {
            arguments.more_keywords = Some(Value::unknown(Reason::Expression));
        }
    }

    fn subscript(&mut self, object: &'a Expr, key: &'a Expr) -> Value {
        let object = self.evaluate(object);
        let key = self.evaluate(key);
        self.item(&object, &key)
    }

    /// `left op right`.
    pub(super) fn binary(&mut self, op: BinaryOp, left: &Value, right: &Value) -> Value {
        if let (Some(Atom::Number(left, left_digits)), Some(Atom::Number(right, right_digits))) =
            (left.single(), right.single())
        {
            return arithmetic(op, *left, *left_digits, *right, *right_digits);
        }
        let is_text = |value: &Value| value.atoms().iter().any(|atom| matches!(atom, Atom::Text(_)));
        let is_textual = |machine: &Self, value: &Value| {
            value
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Text(_)) || machine.instance_text(atom).is_some())
        };
        match op {
            BinaryOp::Add if is_textual(self, left) || is_textual(self, right) => {
                let texts = text::product(&self.texts(left), &self.texts(right));
                Value::any(texts.into_iter().map(|text| Atom::Text(std::rc::Rc::new(text))))
            }
            BinaryOp::Modulo if is_text(left) => self.percent(left, right),
            BinaryOp::Add | BinaryOp::Or
                if left
                    .atoms()
                    .iter()
                    .chain(right.atoms())
                    .any(|atom| matches!(atom, Atom::Container(_))) =>
            {
                self.concatenated(left, right)
            }
            BinaryOp::Multiply => match (left.exact_text(), right.single()) {
                (Some(text), Some(Atom::Number(count, _))) if *count >= 0.0 && *count <= 64.0 => {
                    Text::exact(&text.repeat(*count as usize)).into()
                }
                _ => self.unknown_of(left, right),
            },
            _ => self.unknown_of(left, right),
        }
    }

    fn unknown_of(&self, left: &Value, right: &Value) -> Value {
        let unknown = left.first_unknown().or_else(|| right.first_unknown());
        unknown.map_or_else(|| Value::unknown(Reason::Expression), Value::from)
    }

    fn concatenated(&mut self, left: &Value, right: &Value) -> Value {
        let count = left.atoms().len() * right.atoms().len();
        if (2..=MOST_CONCATENATIONS).contains(&count) {
            // Each of the one with each of the other: `labels + ["state"]` where a branch gave further labels.
            let mut all = Value::nothing();
            for first in left.atoms() {
                for second in right.atoms() {
                    let made = self.concatenated(&first.clone().into(), &second.clone().into());
                    all = all.join(&made);
                }
            }
            return all;
        }
        let kind = left
            .atoms()
            .iter()
            .chain(right.atoms())
            .find_map(|atom| match atom {
                Atom::Container(id) => Some(self.heap.container(*id).kind),
                _ => None,
            });
        let kind = kind.unwrap_or(ContainerKind::List);
        let made = self.heap.insert_container(Container {
            kind,
            items: Vec::new(),
            values: Vec::new(),
            more: None,
        });
        if let Some(Atom::Container(id)) = made.single() {
            self.extend_container(*id, left);
            self.extend_container(*id, right);
        }
        made
    }
}

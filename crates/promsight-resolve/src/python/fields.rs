//! The fields of a class as code asks for them: `model_fields`, `dataclasses.fields`, `__annotations__`.
//!
//! Metric classes of a project often take their label names from there.

use promsight_model::python::{Expr, ExprKind};

use super::heap::{Container, ContainerKind};
use super::machine::Machine;
use super::value::{Atom, ClassId, Reason, Symbol, Text, Value};

/// Whether an annotation says that the name belongs to the class, so that it is no field (PEP 526).
pub(super) fn is_class_variable(annotation: &Expr) -> bool {
    match &annotation.kind {
        ExprKind::Name(name) | ExprKind::Attribute(_, name) => name == "ClassVar",
        ExprKind::Subscript(value, _) => is_class_variable(value),
        ExprKind::Str(text) => text.text.contains("ClassVar"),
        _ => false,
    }
}

impl<'a> Machine<'a> {
    /// Remembers the alias of `name: T = Field(alias="…")`.
    pub(super) fn note_alias(&mut self, class: ClassId, name: Symbol, written: Option<&'a Expr>) {
        let Some(ExprKind::Call(call)) = written.map(|expression| &expression.kind) else {
            return;
        };
        let alias = call
            .keywords
            .iter()
            .find(|(keyword, _)| matches!(keyword.as_deref(), Some("alias" | "serialization_alias")));
        if let Some((_, alias)) = alias {
            let alias = self.evaluate(alias);
            self.heap.classes[class.index()].aliases.push((name, alias));
        }
    }

    /// The fields of a class by name; each knows its name and alias.
    pub(super) fn field_table(&mut self, id: ClassId) -> Value {
        let fields = self.fields_of(id);
        let (items, values) = fields.into_iter().unzip();
        self.heap.insert_container(Container {
            kind: ContainerKind::Dict,
            items,
            values,
            more: None,
        })
    }

    /// `dataclasses.fields(x)` of a class or an instance.
    pub(super) fn list_fields(&mut self, of: Option<&Value>) -> Value {
        let class = match of.and_then(Value::single) {
            Some(Atom::Class(id)) => *id,
            Some(Atom::Instance(id)) => self.heap.instance(*id).class,
            _ => return Value::unknown(Reason::Call),
        };
        let fields = self
            .fields_of(class)
            .into_iter()
            .map(|(_, field)| field)
            .collect();
        self.heap.new_container(ContainerKind::Tuple, fields)
    }

    fn fields_of(&mut self, id: ClassId) -> Vec<(Value, Value)> {
        let class = self.heap.class(id);
        let span = class.name_span;
        let aliases = class.aliases.clone();
        let names: Vec<Symbol> = class.fields.iter().map(|(name, _)| *name).collect();
        let (name_symbol, alias_symbol) = (self.symbols.intern("name"), self.symbols.intern("alias"));
        let shape = self.new_plain_class("FieldInfo", span, Vec::new());
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let text: Value = Text::exact(&self.symbols.name(name)).into();
            let alias = aliases.iter().rev().find(|(of, _)| *of == name);
            let alias = alias.map_or_else(Value::none, |(_, alias)| alias.clone());
            let instance = self.heap.new_instance(shape);
            let namespace = self.heap.instance(instance).namespace;
            self.heap.set(namespace, name_symbol, text.clone());
            self.heap.set(namespace, alias_symbol, alias);
            fields.push((text, Atom::Instance(instance).into()));
        }
        fields
    }
}

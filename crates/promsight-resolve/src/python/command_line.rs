//! Options of command lines and fields of settings: which variable or option sets a value.

use promsight_model::python;

use super::machine::Machine;
use super::value::{Atom, ClassId, Symbol, Text, Value};

impl<'a> Machine<'a> {
    /// `@click.option("--prefix", default="…")`: the default of the parameter of that name.
    pub(super) fn note_click_option(
        &mut self,
        decorator: &'a python::Expr,
        function: &'a python::Function,
        value: &Value,
    ) {
        let python::ExprKind::Call(call) = &decorator.kind else {
            return;
        };
        let python::ExprKind::Attribute(_, method) = &call.func.kind else {
            return;
        };
        if !matches!(method.as_str(), "option" | "argument") {
            return;
        }
        let is_click = matches!(self.evaluate(&call.func).single(), Some(Atom::External(path))
            if path.starts_with("click.") || path.starts_with("asyncclick.") || path.starts_with("rich_click."));
        let Some(Atom::Function(id)) = value.single() else {
            return;
        };
        if !is_click {
            return;
        }
        let arguments = self.arguments(call);
        let symbol = self.symbols.intern("default");
        let Some(default) = arguments.get(usize::MAX, Some(symbol)).cloned() else {
            return;
        };
        // A name without dashes is the parameter's own.
        let plain = arguments
            .positional
            .iter()
            .filter_map(Value::exact_text)
            .find(|name| !name.starts_with('-'));
        let Some(name) = plain
            .map(str::to_owned)
            .or_else(|| super::standard::option_name(&arguments))
        else {
            return;
        };
        let position = function.params.iter().position(|param| param.name == name);
        let option = self.option_symbol(&arguments);
        if let Some(at) = position
            && let Some(slot) = self.heap.functions[id.index()].defaults.get_mut(at)
        {
            slot.get_or_insert(super::text::configured(&default, option));
        }
    }

    /// The environment variable that a field of settings is read from: its alias, or its name behind the prefix that
    /// the class configures. pydantic-settings 2 ignores case.
    pub(super) fn variable_of_field(&mut self, class: ClassId, field: Symbol) -> Option<Symbol> {
        let aliases = &self.heap.class(class).aliases;
        let alias = aliases.iter().find(|(name, _)| *name == field);
        if let Some((_, alias)) = alias {
            let alias = alias.exact_text()?.to_uppercase();
            return Some(self.symbols.intern(&alias));
        }
        let prefix_key = self.symbols.intern("env_prefix");
        let mut prefix = String::new();
        for holder in ["model_config", "Config"] {
            let holder = self.symbols.intern(holder);
            let Some((_, value)) = self.heap.class_attribute(class, holder) else {
                continue;
            };
            let value = value.clone();
            let found = match value.single() {
                Some(Atom::Class(inner)) => self
                    .heap
                    .class_attribute(*inner, prefix_key)
                    .map(|(_, value)| value.clone()),
                Some(Atom::Container(_)) => Some(self.item(&value, &Text::exact("env_prefix").into())),
                _ => None,
            };
            if let Some(exact) = found.as_ref().and_then(Value::exact_text) {
                prefix = exact.to_owned();
            }
        }
        let name = format!("{prefix}{}", self.symbols.name(field)).to_uppercase();
        Some(self.symbols.intern(&name))
    }
}

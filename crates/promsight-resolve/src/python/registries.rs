//! Which registry a metric goes to.
//!
//! Owns the registries that code makes, and what is registered by hand. A registry is a path outside the tree with a
//! number behind it, so that it passes through variables, parameters and attributes like anything else.

use std::collections::BTreeMap;
use std::rc::Rc;

use promsight_model::{Description, Registry, Span};

use super::library::{Constructor, Signature};
use super::machine::Machine;
use super::record::Record;
use super::value::{Arguments, Atom, Value};

/// What stands in front of the number of a registry that code makes.
const MADE: &str = "prometheus_client.CollectorRegistry()";
/// Where `registry` stands among the arguments of an instrument's constructor.
const POSITION: usize = 6;

/// Registries and what they hold.
#[derive(Debug, Default)]
pub(super) struct Registries {
    /// Where they are made.
    made: Vec<Span>,
    /// Classes of custom collectors that are registered, by the place of their name.
    collectors: BTreeMap<Span, Registry>,
}

impl Machine<'_> {
    /// Makes a registry, or registers what is handed to one; `None` for calls of other things.
    pub(super) fn call_registry(
        &mut self,
        path: &Rc<str>,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Option<Value> {
        if !path.starts_with("prometheus_client.") {
            return None;
        }
        if path.ends_with(".CollectorRegistry") {
            return span.map(|span| self.new_registry(span));
        }
        let registry = self.registry_at(path.strip_suffix(".register")?)?;
        let collector = self.argument(arguments, 0, "collector")?;
        for atom in collector.atoms() {
            self.register(atom, registry);
        }
        // Whoever serves the registry calls what it holds.
        self.escape_all(arguments);
        Some(Value::none())
    }

    fn new_registry(&mut self, span: Span) -> Value {
        let made = &mut self.registries.made;
        let number = made.iter().position(|known| *known == span).unwrap_or_else(|| {
            made.push(span);
            made.len() - 1
        });
        Value::external(&format!("{MADE}{number}"))
    }

    /// The registry at a path outside the tree.
    pub(super) fn registry_at(&self, path: &str) -> Option<Registry> {
        if let Some(number) = path.strip_prefix(MADE) {
            let number: usize = number.parse().ok()?;
            return self.registries.made.get(number).copied().map(Registry::Named);
        }
        let is_global = path.starts_with("prometheus_client.") && path.ends_with(".REGISTRY");
        is_global.then_some(Registry::Default)
    }

    fn register(&mut self, atom: &Atom, registry: Registry) {
        match atom {
            Atom::Instance(id) => {
                let order = self.heap.class(self.heap.instance(*id).class).order.clone();
                for class in order {
                    let name = self.heap.class(class).name_span;
                    let known = self.registries.collectors.entry(name).or_insert(registry);
                    if *known != registry {
                        *known = Registry::Unknown;
                    }
                }
            }
            Atom::Metric(id) => {
                let record = &mut self.records[id.index()];
                if record.registry == Registry::Detached {
                    record.registry = registry;
                }
            }
            _ => {}
        }
    }

    /// What a constructor's `registry` argument says.
    pub(super) fn registry_of(&mut self, constructor: &Constructor, arguments: &Arguments) -> Registry {
        if constructor.signature != Signature::Instrument || !is_client(&constructor.path) {
            return Registry::Unknown;
        }
        let Some(value) = self.argument(arguments, POSITION, "registry") else {
            return Registry::Default;
        };
        match value.single() {
            Some(Atom::None) => Registry::Detached,
            Some(Atom::External(path)) => self.registry_at(path).unwrap_or_default(),
            _ => Registry::Unknown,
        }
    }

    /// The class whose method runs now, by the place of its name.
    pub(super) fn collecting_class(&self) -> Option<Span> {
        let functions = self.frames.iter().rev().filter_map(|frame| frame.function);
        let owner = functions
            .filter_map(|function| self.heap.function(function).owner)
            .next()?;
        Some(self.heap.class(owner).name_span)
    }

    /// The registry that a record ends up in.
    pub(super) fn final_registry(&self, record: &Record) -> Registry {
        let registry = match record.collector {
            Some(class) => self
                .registries
                .collectors
                .get(&class)
                .copied()
                .unwrap_or_default(),
            None => record.registry,
        };
        match registry {
            // One that a library makes inside is no place of the tree.
            Registry::Named(span) if Description::holds(span.file) => Registry::Unknown,
            known => known,
        }
    }
}

/// Whether a constructor is the Prometheus client's own.
pub(super) fn is_client(path: &str) -> bool {
    path.starts_with("prometheus_client.")
}

//! Libraries that make metrics out of what they are given: their descriptions, run like code of the tree.
//!
//! A description is a module of Python in a library's table: the library's own callables, parameters and defaults, and
//! the constructors that they come to. So what a call makes is found as for a wrapper that the project wrote itself,
//! and no library is special here. What this module adds: which imports lead to descriptions, the place in the tree
//! that a metric of a description is shown at, classes that are handed over to be called, and the few functions that
//! descriptions can ask the tree with (`promsight.…`).

use std::rc::Rc;

use promsight_model::python::ExprKind;
use promsight_model::{Description, Span};

use super::machine::{Machine, Progress};
use super::mentions::Mentions;
use super::value::{Arguments, Atom, ClassId, ModuleId, Reason, RecordId, Symbol, Text, Value};

/// What stands in front of the functions and constructors that only descriptions know.
const HELPERS: &str = "promsight.";

impl Machine<'_> {
    /// Whether a module is a description.
    pub(super) fn is_description(&self, module: ModuleId) -> bool {
        module.index() >= self.tree
    }

    /// Runs the descriptions of the packages that the tree imports.
    pub(super) fn run_descriptions(&mut self) {
        let mut wanted: Vec<(String, ModuleId)> = self
            .table
            .described
            .iter()
            .filter(|(path, _)| {
                let package = path.split('.').next().unwrap_or(path);
                self.index.is_package_imported(package)
            })
            .map(|(path, described)| (path.clone(), described.module))
            .collect();
        wanted.sort();
        for (_, module) in wanted {
            self.run_module(module);
        }
    }

    /// Runs the description that a dotted path leads into, whether the tree imports it or not.
    pub(super) fn run_description_of(&mut self, dotted: &str) {
        let module = dotted.rsplit_once('.').map_or(dotted, |(module, _)| module);
        if let Some(module) = self.table.described.get(module).map(|described| described.module) {
            self.run_module(module);
        }
    }

    /// Something outside the tree, by dotted path: what its description binds, else the path.
    pub(super) fn outside(&mut self, dotted: &str) -> Value {
        self.described(dotted).unwrap_or_else(|| Value::external(dotted))
    }

    fn described(&mut self, dotted: &str) -> Option<Value> {
        let (module, name) = dotted.rsplit_once('.')?;
        let module = self.table.described.get(module)?.module;
        if self.modules[module.index()].progress == Progress::Waiting {
            if self.heap.undecided() || !self.frames.iter().all(|frame| self.is_description(frame.module)) {
                // Descriptions of imported packages have run before the tree does.
                return None;
            }
            self.run_module(module);
        }
        let symbol = self.symbols.find(name)?;
        let namespace = self.modules[module.index()].namespace;
        self.heap.get(namespace, symbol).cloned()
    }

    /// The package whose description is being run.
    pub(super) fn package_of_description(&self) -> Option<Rc<str>> {
        let module = self.frames.last()?.module;
        if !self.is_description(module) {
            return None;
        }
        let mut described = self.table.described.values();
        let found = described.find(|described| described.module == module)?;
        Some(Rc::clone(&found.package))
    }

    /// The call of the tree that led into the description which is being run; `None` outside of descriptions.
    pub(super) fn place_in_tree(&self) -> Option<Span> {
        if !self.is_description(self.frames.last()?.module) {
            return None;
        }
        for frame in self.frames.iter().rev() {
            let site = frame.site.and_then(|site| self.sites.get(site.0 as usize));
            if let Some(span) = site.filter(|span| !Description::holds(span.file)) {
                return Some(*span);
            }
            if !self.is_description(frame.module) {
                let file = self.sources[frame.module.index()].file;
                return Some(match frame.function {
                    Some(function) => self.function_key(function),
                    None => Span::new(file, 0..0),
                });
            }
        }
        None
    }

    /// Whether a class is described, or derives from one that is.
    pub(super) fn is_of_library(&self, class: ClassId) -> bool {
        let order = &self.heap.class(class).order;
        order
            .iter()
            .any(|base| Description::holds(self.heap.class(*base).name_span.file))
    }

    /// A described class that is handed to something outside the tree together with its arguments, as frameworks take
    /// middleware (`app.add_middleware(Class, option=1)`): whoever takes it calls it with the application in front.
    pub(super) fn hand_over_class(&mut self, arguments: &Arguments, span: Option<Span>) {
        let Some(Atom::Class(class)) = arguments.positional.first().and_then(Value::single) else {
            return;
        };
        let class = *class;
        if !self.is_of_library(class) || !self.takes_application(class) {
            return;
        }
        let mut given = arguments.clone();
        given.positional[0] = Value::unknown(Reason::Call);
        self.instantiate(class, &given, span);
    }

    fn takes_application(&mut self, class: ClassId) -> bool {
        let initializer = self.symbols.intern("__init__");
        let Some((_, value)) = self.heap.class_attribute(class, initializer) else {
            return false;
        };
        let Some(Atom::Function(function)) = value.single() else {
            return false;
        };
        match self.heap.function(*function).code {
            super::heap::Code::Function(code) => code.params.get(1).is_some_and(|param| param.name == "app"),
            super::heap::Code::Lambda(..) => false,
        }
    }

    /// What descriptions can ask; `None` for all other paths.
    pub(super) fn call_helper(
        &mut self,
        path: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Option<Value> {
        let helper = path.strip_prefix(HELPERS)?;
        let first = arguments.positional.first().cloned();
        Some(match helper {
            // A part of a name that whoever receives the metric decides on.
            "anything" => Value::unknown(Reason::Receiver),
            // Whether production code of the tree imports that.
            "is_imported" => Value::bool(self.index.is_imported(first?.exact_text()?)),
            // A call that rightly makes nothing: its library is not assumed to expose what it does by default.
            "understood" => {
                if !self.in_test {
                    let package = self.package_of_description()?;
                    self.understood.insert(package);
                }
                Value::none()
            }
            // The value of a variable that a framework reads as its setting; else the default.
            "setting" => {
                let name = first?.exact_text()?.to_owned();
                let default = arguments.positional.get(1).cloned().unwrap_or_else(Value::none);
                self.setting(&name).unwrap_or(default)
            }
            // What calls of that name give an argument, wherever they stand in production code; else the default.
            "given" => self.given_anywhere(arguments)?,
            // What serves a registry: a handler, a route of an application, a port.
            "endpoint" | "serve" | "listen" => return self.call_serving_helper(helper, arguments, span),
            // Further labels of a family whose labels stay open.
            "add_labels" => {
                let labels = arguments.positional.get(1).cloned()?;
                for metric in self.metrics_of(&first?) {
                    self.add_labels(metric, &labels);
                }
                Value::none()
            }
            _ => return None,
        })
    }

    /// `given(callee, position, keyword, default)`: a text where every such call writes one, else unknown.
    fn given_anywhere(&mut self, arguments: &Arguments) -> Option<Value> {
        let [callee, position, keyword, default] = arguments.positional.as_slice() else {
            return None;
        };
        let (callee, keyword) = (callee.exact_text()?, keyword.exact_text()?);
        let Some(Atom::Number(position, _)) = position.single() else {
            return None;
        };
        let position = *position as usize;
        let key = (callee.to_owned(), keyword.to_owned());
        if let Some(known) = self.given.get(&key) {
            return Some(known.clone());
        }
        let mut values = Vec::new();
        for source in &self.sources[..self.tree] {
            if source.module.test_code {
                continue;
            }
            let mut mentions = Mentions::default();
            mentions.block(&source.module.body);
            for expression in mentions.into_calls() {
                let ExprKind::Call(call) = &expression.kind else {
                    continue;
                };
                if !matches!(&call.func.kind, ExprKind::Name(name) | ExprKind::Attribute(_, name) if name == callee)
                {
                    continue;
                }
                let named = call
                    .keywords
                    .iter()
                    .find(|(name, _)| name.as_deref() == Some(keyword));
                values.push(named.map(|(_, value)| value).or_else(|| call.args.get(position)));
            }
        }
        let mut all = Value::nothing();
        for value in values {
            let value = match value.map(|value| &value.kind) {
                None => default.clone(),
                Some(ExprKind::Str(text)) => Text::exact(&text.text).into(),
                Some(_) => Value::unknown(Reason::Parameter),
            };
            all = all.join(&value);
        }
        if all.is_nothing() {
            all = default.clone();
        }
        self.given.insert(key, all.clone());
        Some(all)
    }

    fn metrics_of(&self, value: &Value) -> Vec<RecordId> {
        let mut found = Vec::new();
        for atom in value.atoms() {
            match atom {
                Atom::Metric(id) => found.push(*id),
                Atom::Instance(id) => {
                    let own = self.heap.instance(*id).metric.iter();
                    found.extend(own.flat_map(Value::atoms).filter_map(|atom| match atom {
                        Atom::Metric(id) => Some(*id),
                        _ => None,
                    }));
                }
                _ => {}
            }
        }
        found
    }

    /// The keys of a dictionary as labels.
    fn add_labels(&mut self, id: RecordId, labels: &Value) {
        let Some(Atom::Container(container)) = labels.single() else {
            return;
        };
        let keys = self.heap.container(*container).items.clone();
        for key in keys.iter().filter_map(Value::exact_text) {
            let known = &mut self.records[id.index()].labels;
            if !known.iter().any(|label| label == key) {
                known.push(key.to_owned());
            }
        }
    }

    /// What production modules and classes of the tree bind a name of settings to.
    fn setting(&mut self, name: &str) -> Option<Value> {
        let symbol: Symbol = self.symbols.find(name)?;
        let modules = (0..self.tree)
            .filter(|at| !self.sources[*at].module.test_code)
            .map(|at| self.modules[at].namespace);
        let classes = self
            .heap
            .classes
            .iter()
            .filter(|class| !Description::holds(class.name_span.file))
            .map(|class| class.namespace);
        let values = modules
            .chain(classes)
            .filter_map(|namespace| self.heap.get(namespace, symbol));
        values.cloned().reduce(|all, value| all.join(&value))
    }
}

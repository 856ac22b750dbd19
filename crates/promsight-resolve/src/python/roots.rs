//! What nobody known calls: functions, methods and classes that code outside the tree may use.
//!
//! They are run once with unknown parameters, so that no constructor is missed. What depends on such a parameter is
//! remembered as such and only counts where nothing better is known.

use std::collections::BTreeSet;

use promsight_model::{Description, FileId, Span};
use rustc_hash::FxHashMap;

use super::heap::{Binding, ClassKind, Code};
use super::machine::{Frame, LooseCall, Machine};
use super::value::{Atom, ClassId, FunctionId, ModuleId, Symbol, Value};

/// Steps that one function that nothing calls may take before it comes near a metric.
const STEPS_OF_ROOT: u64 = 6_000;
/// The same in a module that has to do with metrics.
const STEPS_OF_NEAR_ROOT: u64 = 60_000;
/// Closures of one function that are run when nothing calls them.
const MOST_CLOSURES: usize = 64;

impl Machine<'_> {
    /// Runs every function that nothing called, with unknown parameters.
    pub(super) fn run_uncalled(&mut self, test: bool) {
        let mut closures: FxHashMap<Span, usize> = FxHashMap::default();
        for at in 0..self.heap.functions.len() {
            let id = FunctionId(u32::try_from(at).unwrap_or(u32::MAX));
            let function = self.heap.function(id);
            let is_idle = !function.called && !function.rooted && self.is_test(function.module) == test;
            if function.owner.is_none()
                && is_idle
                && !self.is_description(function.module)
                && (!test || self.touches_metrics(function.module))
            {
                self.run_root(id);
            }
        }
        self.assume_instances(test);
        let mut at = 0;
        while at < self.heap.functions.len() {
            let id = FunctionId(u32::try_from(at).unwrap_or(u32::MAX));
            at += 1;
            let function = self.heap.function(id);
            if function.rooted || self.is_test(function.module) != test {
                continue;
            }
            // What calls a class method on a class that it was handed was seen with a few of them at most.
            let serves_derived = function.binding == Binding::Class
                && function
                    .owner
                    .is_some_and(|owner| !self.heap.class(owner).derived.is_empty());
            if function.called && !serves_derived {
                continue;
            }
            if self.is_description(function.module) {
                continue;
            }
            if test && !self.touches_metrics(function.module) {
                continue;
            }
            let key = self.function_key(id);
            let seen = closures.entry(key).or_insert(0);
            *seen += 1;
            if *seen > MOST_CLOSURES {
                continue;
            }
            self.run_root(id);
        }
    }

    /// Runs what was cut short once more without what it calls: a function that spends its steps on others reaches
    /// its own constructors so, and none is lost without a word.
    pub(super) fn run_cut(&mut self, test: bool) {
        self.shallow = true;
        for at in 0..self.heap.functions.len() {
            let id = FunctionId(u32::try_from(at).unwrap_or(u32::MAX));
            let function = self.heap.function(id);
            let module = function.module;
            if function.cut
                && !self.is_description(module)
                && self.is_test(module) == test
                && self.touches_metrics(module)
            {
                self.heap.functions[at].cut = false;
                self.run_root(id);
            }
        }
        self.shallow = false;
    }

    /// Whether a function makes metrics from what it is given.
    pub(super) fn is_maker(&self, id: FunctionId) -> bool {
        match self.heap.function(id).code {
            Code::Function(function) => self.makers.contains(function.name.as_str()),
            Code::Lambda(..) => false,
        }
    }

    /// Makes one instance of each class that nothing known instantiates, derived classes first: their bases are
    /// then known through them.
    fn assume_instances(&mut self, test: bool) {
        let mut files: FxHashMap<FileId, bool> = FxHashMap::default();
        files.extend(
            self.sources
                .iter()
                .map(|source| (source.file, source.module.test_code)),
        );
        let mut at = self.heap.classes.len();
        while at > 0 {
            at -= 1;
            let id = ClassId(u32::try_from(at).unwrap_or(u32::MAX));
            let class = self.heap.class(id);
            let place = class.name_span;
            if Description::holds(place.file) {
                continue;
            }
            let is_here = files.get(&place.file).copied().unwrap_or(false) == test;
            if is_here && !test && class.instances.is_empty() && class.kind == ClassKind::Plain {
                self.dead = self.unreachable_class(id);
                self.allot(STEPS_OF_NEAR_ROOT);
                self.push_idle_frame(place);
                self.assumed_instance(id);
                self.frames.pop();
                self.give_back();
                self.dead = None;
            }
        }
    }

    /// A frame for what is run outside any module's own code.
    pub(super) fn push_idle_frame(&mut self, span: Span) {
        let at = self
            .sources
            .iter()
            .position(|source| source.file == span.file)
            .unwrap_or(0);
        let module = ModuleId(u32::try_from(at).unwrap_or(u32::MAX));
        let scope = self.modules[module.index()].namespace;
        self.frames.push(Frame {
            scope,
            module,
            function: None,
            site: None,
            class: None,
            returned: Value::nothing(),
            yielded: Vec::new(),
        });
    }

    /// Whether a module imports an instrumentation library, wherever in it.
    pub(super) fn imports_library(&self, module: ModuleId) -> bool {
        let imports = self.index.imports(module);
        self.table.packages().any(|package| imports.contains(package))
    }

    /// Whether a module holds a metric, a library or something that makes metrics.
    pub(super) fn touches_metrics(&self, module: ModuleId) -> bool {
        if self.imports_library(module) || self.writes_text(module) {
            return true;
        }
        let namespace = self.heap.namespace(self.modules[module.index()].namespace);
        namespace.entries().any(|(name, value)| {
            value.atoms().iter().any(|atom| match atom {
                Atom::Metric(_) | Atom::Child(_) => true,
                Atom::External(path) => self.table.is_package(path.split('.').next().unwrap_or(path)),
                Atom::Class(_) | Atom::Function(_) => self.makers.contains(&self.symbols.name(*name)),
                _ => false,
            })
        })
    }

    /// Runs one function as if code outside the tree called it.
    pub(super) fn run_root(&mut self, id: FunctionId) {
        let module = self.heap.function(id).module;
        self.heap.functions[id.index()].rooted = true;
        self.dead = self
            .index
            .is_shadowed(module)
            .then_some("a package of the same name hides its module");
        let is_near = self.touches_metrics(module);
        if is_near && self.dead.is_none() {
            self.dead = self.unreachable_function(id);
        }
        self.allot(if is_near {
            STEPS_OF_NEAR_ROOT
        } else {
            STEPS_OF_ROOT
        });
        let key = self.function_key(id);
        self.push_idle_frame(key);
        let receivers = self.root_receivers(id);
        match receivers.as_deref() {
            Some(all @ [first, .., last]) => {
                // Two receivers tell whether the method has to do with metrics at all.
                self.rehearsal = Some(0);
                self.touched = false;
                self.call_root(id, Some(Value::any([first.clone(), last.clone()])));
                self.rehearsal = None;
                if self.touched {
                    for atom in all {
                        self.call_root(id, Some(atom.clone().into()));
                    }
                }
            }
            Some([only]) => self.call_root(id, Some(only.clone().into())),
            // An abstract class method that every derived class replaces.
            Some([]) => {}
            None => self.call_root(id, None),
        }
        self.frames.pop();
        self.give_back();
        self.dead = None;
    }

    /// Tries calls on unknown owners as calls of methods of the tree that take the name of a metric.
    pub(super) fn run_loose_calls(&mut self, test: bool) {
        let wrappers = self.wrapping_methods();
        if wrappers.is_empty() {
            return;
        }
        let calls: Vec<LooseCall> = self
            .loose_calls
            .iter()
            .filter(|call| call.in_test == test)
            .cloned()
            .collect();
        for call in calls {
            let named: Vec<FunctionId> = wrappers
                .iter()
                .filter(|(name, _)| *name == call.method)
                .map(|(_, function)| *function)
                .collect();
            // Of several classes with such a method any could be meant.
            let [function] = named.as_slice() else { continue };
            if self.may_own(&call.owner, *function) {
                self.run_loose_call(&call, *function);
            }
        }
    }

    fn run_loose_call(&mut self, call: &LooseCall, function: FunctionId) {
        self.allot(STEPS_OF_ROOT);
        self.push_idle_frame(call.span);
        let mut arguments = call.arguments.clone();
        if let Some(receivers) = self.root_receivers(function) {
            let first = receivers.into_iter().next();
            arguments
                .positional
                .insert(0, first.map_or_else(Value::none, Value::from));
        }
        let made = self.call_function(function, arguments, call.span);
        // What the caller does with it was not seen.
        self.escape(&made);
        self.frames.pop();
        self.give_back();
    }

    /// Methods that take the name of a metric.
    fn wrapping_methods(&self) -> Vec<(Symbol, FunctionId)> {
        let roots = self
            .records
            .iter()
            .flat_map(|record| record.roots.iter().copied());
        let functions: BTreeSet<FunctionId> = self.wrappers.iter().copied().chain(roots).collect();
        let mut seen: BTreeSet<Span> = BTreeSet::new();
        let mut found = Vec::new();
        for function in functions {
            let Code::Function(code) = self.heap.function(function).code else {
                continue;
            };
            let is_method = self.heap.function(function).owner.is_some()
                && !code.name.starts_with("__")
                && !Description::holds(code.name_span.file);
            if let Some(symbol) = self.symbols.find(&code.name)
                && is_method
                && seen.insert(code.name_span)
            {
                found.push((symbol, function));
            }
        }
        found
    }

    /// Whether a variable or attribute of that name is likely to hold the method's object: where nothing known calls
    /// the method, somebody must; else the name has to say so.
    fn may_own(&self, owner: &str, function: FunctionId) -> bool {
        if !self.called.contains(&self.function_key(function)) {
            return true;
        }
        let owner = owner.trim_start_matches('_').to_lowercase();
        let Some(class) = self.heap.function(function).owner else {
            return false;
        };
        let class = self.heap.class(class).name.to_lowercase();
        let owner = owner.replace('_', "");
        owner.len() >= 4 && (class.contains(&owner) || owner.contains(&class) || owner.contains("metric"))
    }
}

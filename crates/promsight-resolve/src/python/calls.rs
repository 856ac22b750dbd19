//! Calling functions of the tree: arguments to parameters, the body, the answer.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use promsight_model::python::{Param, StmtKind};
use promsight_model::{Description, Span};
use rustc_hash::FxHasher;

use super::heap::{Binding, Code, ContainerKind};
use super::machine::{Experience, Frame, LooseCall, MOST_CALLS, Machine};
use super::value::{Arguments, Atom, ClassId, FunctionId, InstanceId, Reason, SiteId, Text, Unknown, Value};

/// Unknown-owner calls that are remembered.
const MOST_LOOSE_CALLS: usize = 20_000;

fn fingerprint_value(value: &Value, into: &mut FxHasher) {
    for atom in value.atoms() {
        atom.hash_into(into);
    }
}

fn fingerprint(arguments: &Arguments) -> u64 {
    let mut hasher = FxHasher::default();
    arguments.positional.len().hash(&mut hasher);
    for value in arguments.values() {
        fingerprint_value(value, &mut hasher);
    }
    for (name, _) in &arguments.keywords {
        name.hash(&mut hasher);
    }
    hasher.finish()
}

/// Steps of a run whose answer is remembered, and how many answers are.
const WORTH_REMEMBERING: u64 = 24;
const MOST_REMEMBERED: usize = 20_000;
/// Runs after which a costly function that made no metric is not run again.
const ENOUGH_RUNS: u32 = 6;
/// Runs that were cut short after which a function is only run on its own.
const ENOUGH_CUTS: u32 = 3;
/// Statements of a function that does nothing but put a name together.
const MOST_STATEMENTS_OF_HELPER: usize = 4;
/// Steps of a run that count as costly.
const COSTLY: u64 = 150;

impl Experience {
    /// Whether a further run would only cost time: it makes no metrics, and is more than a helper of names; or it does
    /// not come to its end here.
    fn is_enough(&self) -> bool {
        let is_costly = self.steps > u64::from(self.runs) * COSTLY;
        (self.cuts >= ENOUGH_CUTS && !self.declares)
            || (self.runs >= ENOUGH_RUNS && !self.declares && is_costly)
    }
}

/// The value as it is once a call has handed it to a parameter.
pub(super) fn handed_over(value: &Value, site: SiteId) -> Value {
    let is_plain = |atom: &Atom| match atom {
        Atom::Text(text) => text.site.is_some(),
        Atom::Unknown(unknown) => unknown.site.is_some(),
        _ => true,
    };
    if value.atoms().iter().all(is_plain) {
        return value.clone();
    }
    Value::any(value.atoms().iter().map(|atom| match atom {
        Atom::Text(text) if text.site.is_none() => Atom::Text(Rc::new(Text {
            site: Some(site),
            ..(**text).clone()
        })),
        Atom::Unknown(unknown) if unknown.site.is_none() => Atom::Unknown(Unknown {
            site: Some(site),
            ..*unknown
        }),
        other => other.clone(),
    }))
}

/// The value as the caller sees it: what the call itself handed over is the caller's own again.
fn handed_back(value: &Value, site: SiteId) -> Value {
    let is_own = |atom: &Atom| match atom {
        Atom::Text(text) => text.site == Some(site),
        Atom::Unknown(unknown) => unknown.site == Some(site),
        _ => false,
    };
    if !value.atoms().iter().any(is_own) {
        return value.clone();
    }
    Value::any(value.atoms().iter().map(|atom| match atom {
        Atom::Text(text) if text.site == Some(site) => Atom::Text(Rc::new(Text {
            site: None,
            ..(**text).clone()
        })),
        Atom::Unknown(unknown) if unknown.site == Some(site) => Atom::Unknown(Unknown {
            site: None,
            ..*unknown
        }),
        other => other.clone(),
    }))
}

impl<'a> Machine<'a> {
    /// Calls every alternative.
    pub(super) fn call_value(&mut self, callee: &Value, arguments: &Arguments, span: Option<Span>) -> Value {
        if let Some(atom) = callee.single() {
            let atom = atom.clone();
            return self.call_atom(&atom, arguments, span);
        }
        let mut result = Value::nothing();
        for atom in callee.atoms() {
            if *atom == Atom::None {
                continue;
            }
            let value = self.call_atom(atom, arguments, span);
            result = result.join(&value);
        }
        if result.is_nothing() {
            Value::unknown(Reason::Call)
        } else {
            result
        }
    }

    fn call_atom(&mut self, callee: &Atom, arguments: &Arguments, span: Option<Span>) -> Value {
        if !self.step() {
            return Value::unknown(Reason::Limit);
        }
        match callee {
            Atom::Function(id) => match span {
                Some(span) => self.call_function(*id, arguments.clone(), span),
                None => self.call_unseen(*id, arguments.clone()),
            },
            Atom::Bound(bound) => {
                let mut arguments = arguments.clone();
                arguments.positional.insert(0, bound.receiver.clone().into());
                match span {
                    Some(span) => self.call_function(bound.function, arguments, span),
                    None => self.call_unseen(bound.function, arguments),
                }
            }
            Atom::Class(id) => self.instantiate(*id, arguments, span),
            Atom::External(path) => self.call_external(path, arguments, span),
            Atom::Method(receiver, name) => self.call_method(receiver, *name, arguments, span),
            Atom::Partial(partial) => {
                let mut all = partial.arguments.clone();
                all.positional.extend(arguments.positional.iter().cloned());
                for (name, value) in &arguments.keywords {
                    all.keywords.retain(|(known, _)| known != name);
                    all.keywords.push((*name, value.clone()));
                }
                all.more_positional = all.more_positional.or_else(|| arguments.more_positional.clone());
                all.more_keywords = all.more_keywords.or_else(|| arguments.more_keywords.clone());
                self.call_value(&partial.callee.clone(), &all, span)
            }
            Atom::Instance(id) => {
                let class = self.heap.instance(*id).class;
                let method = self.symbols.intern("__call__");
                if self.heap.class_attribute(class, method).is_some() {
                    let method = self.attribute_of(callee, method);
                    return self.call_value(&method, arguments, span);
                }
                self.escape_all(arguments);
                Value::unknown(Reason::Call)
            }
            Atom::Unknown(unknown) => {
                self.hand_over_class(arguments, span);
                self.escape_all(arguments);
                self.call_unknown(*unknown, arguments)
            }
            _ => {
                self.escape_all(arguments);
                Value::unknown(Reason::Call)
            }
        }
    }

    /// What an unknown callable gives. Of a function handed to it alone (a decorator), that function.
    fn call_unknown(&mut self, unknown: Unknown, arguments: &Arguments) -> Value {
        if let ([only], true) = (arguments.positional.as_slice(), arguments.keywords.is_empty())
            && only
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Function(_) | Atom::Class(_)))
        {
            return only.clone();
        }
        Self::still_unknown(unknown, Reason::Call)
    }

    /// Calls a function; a method's receiver is the first positional argument.
    pub(super) fn call_function(&mut self, id: FunctionId, arguments: Arguments, span: Span) -> Value {
        self.note_called(id);
        let site = self.new_site(span);
        let mut arguments = arguments;
        for value in arguments
            .positional
            .iter_mut()
            .chain(&mut arguments.more_positional)
        {
            *value = handed_over(value, site);
        }
        for value in arguments
            .keywords
            .iter_mut()
            .map(|(_, value)| value)
            .chain(&mut arguments.more_keywords)
        {
            *value = handed_over(value, site);
        }
        let result = self.run_function(id, arguments, None, Some(site));
        handed_back(&result, site)
    }

    /// Calls a function for a reason that no call in the source shows (a property, an enumeration's member).
    pub(super) fn call_unseen(&mut self, id: FunctionId, arguments: Arguments) -> Value {
        self.note_called(id);
        self.run_function(id, arguments, None, None)
    }

    fn note_called(&mut self, id: FunctionId) {
        // What only dead code calls may still be called by others.
        if self.dead.is_some() {
            return;
        }
        self.heap.functions[id.index()].called = true;
        self.note_edge(id);
        if !self.in_test {
            let key = self.function_key(id);
            self.called.insert(key);
        }
    }

    /// Calls a function as code outside the tree would: with parameters of which nothing is known.
    pub(super) fn call_root(&mut self, id: FunctionId, receiver: Option<Value>) {
        let arguments = Arguments {
            positional: receiver.into_iter().collect(),
            ..Arguments::default()
        };
        self.run_function(id, arguments, Some(id), None);
    }

    fn run_function(
        &mut self,
        id: FunctionId,
        arguments: Arguments,
        root: Option<FunctionId>,
        site: Option<SiteId>,
    ) -> Value {
        if self.shallow && root.is_none() && !self.is_maker(id) && !self.is_helper_of_names(id) {
            self.note_left_out(id);
            return Value::unknown(Reason::Limit);
        }
        if self.frames.len() >= MOST_CALLS {
            self.note_left_out(id);
            self.heap.functions[id.index()].called = false;
            return Value::unknown(Reason::Limit);
        }
        let key = (id, fingerprint(&arguments));
        if let Some(known) = self.memo.get(&key)
            && let Some((_, value)) = known.iter().find(|(known, _)| *known == arguments)
        {
            return value.clone();
        }
        let receiver = match arguments.positional.first().and_then(Value::single) {
            Some(Atom::Instance(instance)) => Some(*instance),
            _ => None,
        };
        let place = (self.function_key(id), receiver);
        if root.is_none()
            && !self.is_description(self.heap.function(id).module)
            && let Some(known) = self.experience.get(&place)
            && known.is_enough()
        {
            let result = known.result.clone();
            self.note_left_out(id);
            self.escape_all(&arguments);
            return result;
        }
        if !self.active.insert(key) {
            self.note_left_out(id);
            return Value::nothing();
        }
        let (taken, declarations, noted) = (self.taken, self.declarations, self.serving.noted);
        let reserved = self.begin_call();
        let (code, module, closure) = {
            let function = self.heap.function(id);
            (function.code, function.module, function.closure)
        };
        let position = self.heap.log_position();
        let scope = self.heap.new_namespace(Some(closure));
        self.heap.namespace_mut(scope).local = true;
        self.frames.push(Frame {
            scope,
            module,
            function: Some(id),
            site,
            class: None,
            returned: Value::nothing(),
            yielded: Vec::new(),
        });
        self.note_writer(module);
        let remembered = arguments.clone();
        let params: &'a [Param] = match code {
            Code::Function(function) => &function.params,
            Code::Lambda(lambda, _) => &lambda.params,
        };
        self.bind_parameters(id, params, arguments, root);
        self.heap.begin_call();
        let doubts = self.serving.branches.len();
        let mut result = self.run_code(code);
        self.end_doubt(doubts);
        self.heap.end_call();
        if let Some(frame) = self.frames.pop() {
            if let Code::Function(function) = code
                && function.is_generator
            {
                result = self.heap.new_container(ContainerKind::List, frame.yielded);
            } else if let Code::Function(_) = code {
                result = result.join(&frame.returned);
            }
        }
        self.heap.release(scope, position);
        self.active.remove(&key);
        let is_cut = self.end_call(reserved);
        self.heap.functions[id.index()].cut |= is_cut;
        if is_cut {
            self.note_left_out(id);
        }
        let steps = self.taken - taken;
        let serves = self.serving.noted > noted;
        let declares = self.declarations > declarations || serves;
        self.note_factory(id, &result);
        let experience = self.experience.entry(place).or_insert_with(|| Experience {
            runs: 0,
            cuts: 0,
            steps: 0,
            declares: false,
            result: Value::nothing(),
        });
        experience.runs += 1;
        experience.cuts += u32::from(is_cut);
        experience.steps += steps;
        experience.declares |= declares;
        if experience.result.atoms().len() < 32 {
            experience.result = experience.result.join(&result);
        }
        if is_cut {
            // What was cut short is run once more on its own.
            self.heap.functions[id.index()].called = false;
        } else if steps >= WORTH_REMEMBERING && !serves && self.rehearsal.is_none() && self.dead.is_none() {
            if self.memo.len() >= MOST_REMEMBERED {
                self.memo.clear();
            }
            self.memo
                .entry(key)
                .or_default()
                .push((remembered, result.clone()));
        }
        result
    }

    /// Whether a function is so short that running it costs next to nothing; names are often put together in such ones.
    fn is_helper_of_names(&self, id: FunctionId) -> bool {
        match self.heap.function(id).code {
            Code::Lambda(..) => true,
            Code::Function(function) => {
                function.body.len() <= MOST_STATEMENTS_OF_HELPER
                    && function.body.iter().all(|statement| {
                        matches!(
                            statement.kind,
                            StmtKind::Return(_) | StmtKind::Expr(_) | StmtKind::Assign { .. }
                        )
                    })
            }
        }
    }

    /// A run of the function is left out or cut short: what it hands on is not all that it can.
    fn note_left_out(&mut self, id: FunctionId) {
        let key = self.function_key(id);
        self.uses.left_out.insert(key);
    }

    fn run_code(&mut self, code: Code<'a>) -> Value {
        match code {
            Code::Lambda(lambda, _) => self.evaluate(&lambda.body),
            Code::Function(function) => match self.run_block(&function.body) {
                super::statements::Flow::Leaves => Value::nothing(),
                _ => Value::none(),
            },
        }
    }

    /// `self` of a method that nobody known calls; `None` for what takes none.
    pub(super) fn root_receivers(&mut self, id: FunctionId) -> Option<Vec<Atom>> {
        let function = self.heap.function(id);
        let owner = function.owner?;
        match function.binding {
            Binding::Static => None,
            Binding::Class => Some(self.classes_with(id, owner)),
            Binding::Plain | Binding::Property => {
                let Code::Function(code) = function.code else {
                    return None;
                };
                if matches!(
                    code.name.as_str(),
                    "__new__" | "__init_subclass__" | "__class_getitem__"
                ) {
                    return Some(vec![Atom::Class(owner)]);
                }
                let known = self.instances_with(id, owner);
                // An instance's own `__init__` is run when the instance is made.
                let enough = if code.name == "__init__" { 1 } else { known.len() };
                if known.is_empty() {
                    return Some(self.assumed_instance(owner).atoms().to_vec());
                }
                Some(
                    known
                        .iter()
                        .take(enough)
                        .map(|instance| Atom::Instance(*instance))
                        .collect(),
                )
            }
        }
    }

    /// The known instances that a method can have as `self`: those whose class does not override it, where there are
    /// such.
    fn instances_with(&mut self, function: FunctionId, owner: ClassId) -> Vec<InstanceId> {
        let known = self.heap.class(owner).instances.clone();
        let Code::Function(code) = self.heap.function(function).code else {
            return known;
        };
        let symbol = self.symbols.intern(&code.name);
        let own: Vec<InstanceId> = known
            .iter()
            .copied()
            .filter(|instance| {
                let class = self.heap.instance(*instance).class;
                let found = self.heap.class_attribute(class, symbol);
                found.is_none_or(|(class, _)| class == owner)
            })
            .collect();
        if own.is_empty() { known } else { own }
    }

    /// The classes on which code outside the tree may call a class method: where others derive from the one that it
    /// stands in, that one is a base for them, and only counts where something makes instances of it. The same goes for
    /// bases beside it that add no fields.
    fn classes_with(&mut self, function: FunctionId, owner: ClassId) -> Vec<Atom> {
        let Code::Function(code) = self.heap.function(function).code else {
            return vec![Atom::Class(owner)];
        };
        let symbol = self.symbols.intern(&code.name);
        let derived = &self.heap.class(owner).derived;
        if derived.is_empty() {
            return vec![Atom::Class(owner)];
        }
        let candidates = std::iter::once(&owner).chain(derived).copied();
        let home = self.heap.class(owner).name_span.file;
        let is_mere_base = |id: ClassId| {
            let class = self.heap.class(id);
            let adds_nothing = id == owner || (class.fields.is_empty() && class.name_span.file == home);
            adds_nothing && !class.derived.is_empty() && !self.heap.is_instantiated(id)
        };
        candidates
            .filter(|id| !is_mere_base(*id))
            .filter(|id| {
                let found = self.heap.class_attribute(*id, symbol);
                found.and_then(|(_, value)| value.single()) == Some(&Atom::Function(function))
            })
            .map(Atom::Class)
            .collect()
    }

    /// `super()` without arguments.
    pub(super) fn super_value(&mut self) -> Value {
        // A comprehension or closure inside a method sees the method's class too, but has no receiver of its own.
        for at in (0..self.frames.len()).rev() {
            let Some(id) = self.frames[at].function else {
                return Value::unknown(Reason::Expression);
            };
            let Some(owner) = self.heap.function(id).owner else {
                continue;
            };
            let Code::Function(code) = self.heap.function(id).code else {
                continue;
            };
            let Some(first) = code.params.first() else {
                continue;
            };
            let symbol = self.symbols.intern(&first.name);
            let scope = self.frames[at].scope;
            let Some(receiver) = self.heap.get(scope, symbol).cloned() else {
                continue;
            };
            return Value::any(
                receiver
                    .atoms()
                    .iter()
                    .map(|atom| Atom::Super(owner, Rc::new(atom.clone()))),
            );
        }
        Value::unknown(Reason::Expression)
    }

    /// Values that code outside the tree can do anything with.
    pub(super) fn escape_all(&mut self, arguments: &Arguments) {
        for value in arguments.values().cloned().collect::<Vec<_>>() {
            self.escape(&value);
        }
    }

    pub(super) fn escape(&mut self, value: &Value) {
        let mut budget = 256;
        self.escape_within(value, 3, &mut budget);
    }

    fn escape_within(&mut self, value: &Value, depth: usize, budget: &mut usize) {
        for atom in value.atoms() {
            if *budget == 0 {
                return;
            }
            *budget -= 1;
            match atom {
                Atom::Metric(id) | Atom::Child(id) => self.records[id.index()].escaped = true,
                Atom::Function(id) => self.escape_function(*id),
                Atom::Bound(bound) => {
                    self.escape_function(bound.function);
                    if depth > 0 {
                        self.escape_within(&bound.receiver.clone().into(), depth - 1, budget);
                    }
                }
                Atom::External(path) => self.note_escaped_object(path),
                Atom::Method(receiver, _) if depth > 0 => {
                    self.escape_within(&(**receiver).clone().into(), depth - 1, budget);
                }
                Atom::Container(id) if depth > 0 => {
                    let container = self.heap.container(*id);
                    let items = container
                        .items
                        .iter()
                        .chain(&container.values)
                        .chain(&container.more);
                    // Each costs at least one of the budget, so that further ones would not be looked at.
                    let items: Vec<Value> = items.take(*budget).cloned().collect();
                    for item in items {
                        self.escape_within(&item, depth - 1, budget);
                    }
                }
                Atom::Instance(id) if depth > 0 => {
                    if let Some(metric) = self.heap.instance(*id).metric.clone() {
                        self.escape_within(&metric, depth - 1, budget);
                    }
                    let namespace = self.heap.instance(*id).namespace;
                    let values: Vec<Value> = self
                        .heap
                        .namespace(namespace)
                        .entries()
                        .take(*budget)
                        .map(|(_, value)| value.clone())
                        .collect();
                    for value in values {
                        self.escape_within(&value, depth - 1, budget);
                    }
                }
                _ => {}
            }
        }
    }

    /// Remembers a call whose owner is not known.
    pub(super) fn note_loose_call(&mut self, owner: &str, method: &str, arguments: &Arguments, span: Span) {
        if self.loose_calls.len() >= MOST_LOOSE_CALLS || self.rehearsal.is_some() || self.dead.is_some() {
            return;
        }
        if Description::holds(span.file) {
            return;
        }
        let has_text = arguments
            .values()
            .any(|value| value.atoms().iter().any(|atom| matches!(atom, Atom::Text(_))));
        if !has_text || !self.loose_seen.insert(span) {
            return;
        }
        let method = self.symbols.intern(method);
        let in_test = self.in_test;
        self.loose_calls.push(LooseCall {
            owner: owner.to_owned(),
            method,
            arguments: arguments.clone(),
            span,
            in_test,
        });
    }
}

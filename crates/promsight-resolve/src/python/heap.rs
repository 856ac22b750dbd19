//! Everything that can change while modules run: names, containers, functions, classes, instances.
//!
//! Names are written through one log, so that the two branches of an undecided `if` can be run on the same state
//! and joined afterwards. Containers are not rolled back: what one branch puts into them stays in them.

use std::rc::Rc;

use promsight_model::Span;
use promsight_model::python;
use rustc_hash::{FxHashMap, FxHashSet};

use super::value::{
    Atom, ClassId, ContainerId, FunctionId, InstanceId, ModuleId, NamespaceId, Symbol, Value,
};

/// Most elements that a container keeps one by one.
pub(super) const MOST_ELEMENTS: usize = 640;
/// Most derived classes that a class knows.
const MOST_DERIVED: usize = 512;
/// Namespaces beyond this size are searched through an index.
const LINEAR_SEARCH: usize = 12;

/// A table of names in the order of their first binding.
#[derive(Debug, Default)]
pub(super) struct Namespace {
    entries: Vec<(Symbol, Value)>,
    index: FxHashMap<Symbol, usize>,
    /// Where names are looked up that are not here.
    pub(super) parent: Option<NamespaceId>,
    /// Whether a function or class made in it can outlive the call that made it.
    pub(super) captured: bool,
    /// Names that `global` or `nonlocal` declares here.
    pub(super) declared: Vec<Symbol>,
    /// Whether this is the scope of a function's call.
    pub(super) local: bool,
}

impl Namespace {
    fn position(&self, symbol: Symbol) -> Option<usize> {
        if self.entries.len() <= LINEAR_SEARCH {
            return self.entries.iter().position(|(name, _)| *name == symbol);
        }
        self.index.get(&symbol).copied()
    }

    /// What the name is bound to.
    pub(super) fn get(&self, symbol: Symbol) -> Option<&Value> {
        self.position(symbol)
            .map(|at| &self.entries[at].1)
            .filter(|value| !value.is_nothing())
    }

    /// All bindings in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = &(Symbol, Value)> {
        self.entries.iter().filter(|(_, value)| !value.is_nothing())
    }

    fn put(&mut self, symbol: Symbol, value: Value) {
        if let Some(at) = self.position(symbol) {
            self.entries[at].1 = value;
            return;
        }
        self.entries.push((symbol, value));
        if self.entries.len() == LINEAR_SEARCH + 1 {
            self.index = self
                .entries
                .iter()
                .enumerate()
                .map(|(at, (name, _))| (*name, at))
                .collect();
        } else if self.entries.len() > LINEAR_SEARCH {
            self.index.insert(symbol, self.entries.len() - 1);
        }
    }
}

/// A write that can be taken back.
#[derive(Debug)]
struct Write {
    namespace: NamespaceId,
    symbol: Symbol,
    before: Value,
}

/// What one branch changed: namespace, name, value before, value after.
pub(super) type Changes = Vec<(NamespaceId, Symbol, Value, Value)>;

/// What a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContainerKind {
    List,
    Tuple,
    Set,
    Dict,
}

/// A container's content.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) kind: ContainerKind,
    /// Elements; of a dictionary its keys.
    pub(super) items: Vec<Value>,
    /// A dictionary's values, in step with `items`.
    pub(super) values: Vec<Value>,
    /// Further elements (a dictionary's values) of unknown number.
    pub(super) more: Option<Value>,
}

/// How a function is reached through its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    Plain,
    Static,
    Class,
    Property,
}

/// The code of a function.
#[derive(Clone, Copy, Debug)]
pub(super) enum Code<'a> {
    Function(&'a python::Function),
    Lambda(&'a python::Lambda, Span),
}

/// A function object.
#[derive(Debug)]
pub(super) struct Function<'a> {
    pub(super) code: Code<'a>,
    pub(super) module: ModuleId,
    /// Where its free names are looked up.
    pub(super) closure: NamespaceId,
    /// The class in whose body it stands.
    pub(super) owner: Option<ClassId>,
    /// Defaults of its parameters, in step with them.
    pub(super) defaults: Vec<Option<Value>>,
    pub(super) binding: Binding,
    /// Whether production code of the tree calls it.
    pub(super) called: bool,
    /// Whether it was run as if code outside the tree called it.
    pub(super) rooted: bool,
    /// Whether a run of it was cut short.
    pub(super) cut: bool,
    /// Attributes set on it.
    pub(super) attributes: Option<NamespaceId>,
}

/// What a class statement makes beyond a plain class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClassKind {
    Plain,
    /// Annotated fields are the parameters of `__init__`.
    Record,
    /// Members are instances; the text of a member is its value where the class is also a string.
    Enum {
        text: bool,
    },
}

/// A class object.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: Rc<str>,
    pub(super) name_span: Span,
    pub(super) namespace: NamespaceId,
    /// Itself and all base classes of the tree, in the order of lookup.
    pub(super) order: Vec<ClassId>,
    /// Base classes outside the tree, by dotted path; an unknown base is an empty path.
    pub(super) outside: Vec<Rc<str>>,
    pub(super) kind: ClassKind,
    /// Annotated names of the body, in order, with their defaults.
    pub(super) fields: Vec<(Symbol, Option<Value>)>,
    /// Instances that known code made of it or of a class derived from it.
    pub(super) instances: Vec<InstanceId>,
    /// Members of an enumeration.
    pub(super) members: Vec<(Symbol, Atom)>,
    /// Other names that fields have outside (`Field(alias="…")`).
    pub(super) aliases: Vec<(Symbol, Value)>,
    /// Classes of the tree that derive from it, through others as well.
    pub(super) derived: Vec<ClassId>,
    /// The class of the tree whose instance it is.
    pub(super) metaclass: Option<ClassId>,
}

/// An instance.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) class: ClassId,
    pub(super) namespace: NamespaceId,
    /// The metric that it is, where its class derives from a metric class.
    pub(super) metric: Option<Value>,
    /// Its text, where its class derives from `str`.
    pub(super) text: Option<Value>,
}

/// The heap.
#[derive(Debug, Default)]
pub(super) struct Heap<'a> {
    namespaces: Vec<Namespace>,
    pub(super) containers: Vec<Container>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) classes: Vec<Class>,
    pub(super) instances: Vec<Instance>,
    log: Vec<Write>,
    branches: usize,
    /// Number of containers when each undecided branch began: what one of them changes in an older one is not sure.
    branch_marks: Vec<usize>,
    /// The same for calls.
    call_marks: Vec<usize>,
    /// Containers of which elements may be missing.
    optional: FxHashSet<ContainerId>,
}

fn next_index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl<'a> Heap<'a> {
    pub(super) fn new_namespace(&mut self, parent: Option<NamespaceId>) -> NamespaceId {
        let id = NamespaceId(next_index(self.namespaces.len()));
        self.namespaces.push(Namespace {
            parent,
            ..Namespace::default()
        });
        id
    }

    pub(super) fn namespace(&self, id: NamespaceId) -> &Namespace {
        &self.namespaces[id.index()]
    }

    pub(super) fn namespace_mut(&mut self, id: NamespaceId) -> &mut Namespace {
        &mut self.namespaces[id.index()]
    }

    /// Position in the log, for [`Heap::release`].
    pub(super) fn log_position(&self) -> usize {
        self.log.len()
    }

    /// Drops the newest namespace if nothing can refer to it any more.
    pub(super) fn release(&mut self, id: NamespaceId, log_position: usize) {
        if id.index() + 1 != self.namespaces.len() || self.namespace(id).captured {
            return;
        }
        self.namespaces.pop();
        let mut at = 0;
        self.log.retain(|write| {
            at += 1;
            at <= log_position || write.namespace != id
        });
    }

    /// Marks a scope and all around it as reachable for good.
    pub(super) fn capture(&mut self, id: NamespaceId) {
        let mut next = Some(id);
        while let Some(id) = next {
            let namespace = self.namespace_mut(id);
            if namespace.captured {
                return;
            }
            namespace.captured = true;
            next = namespace.parent;
        }
    }

    /// What a name is bound to in one namespace.
    pub(super) fn get(&self, id: NamespaceId, symbol: Symbol) -> Option<&Value> {
        self.namespace(id).get(symbol)
    }

    /// Binds a name.
    pub(super) fn set(&mut self, id: NamespaceId, symbol: Symbol, value: Value) {
        if self.branches > 0 {
            let before = self.get(id, symbol).cloned().unwrap_or_else(Value::nothing);
            self.log.push(Write {
                namespace: id,
                symbol,
                before,
            });
        }
        self.namespace_mut(id).put(symbol, value);
    }

    /// Whether an undecided branch is being run.
    pub(super) fn undecided(&self) -> bool {
        self.branches > 0
    }

    /// Begins a branch; give the answer to [`Heap::end_branch`].
    pub(super) fn begin_branch(&mut self) -> usize {
        self.branches += 1;
        self.branch_marks.push(self.containers.len());
        self.log.len()
    }

    /// Ends a branch: the state is as before it, and what it changed is returned.
    pub(super) fn end_branch(&mut self, mark: usize) -> Changes {
        self.branches -= 1;
        self.branch_marks.pop();
        let writes: Vec<Write> = self.log.drain(mark.min(self.log.len())..).collect();
        let mut seen: FxHashMap<(NamespaceId, Symbol), usize> = FxHashMap::default();
        let mut changes: Changes = Vec::new();
        for write in writes {
            let key = (write.namespace, write.symbol);
            if seen.contains_key(&key) || write.namespace.index() >= self.namespaces.len() {
                continue;
            }
            seen.insert(key, changes.len());
            let after = self
                .get(write.namespace, write.symbol)
                .cloned()
                .unwrap_or_else(Value::nothing);
            changes.push((write.namespace, write.symbol, write.before, after));
        }
        for (namespace, symbol, before, _) in &changes {
            self.namespaces[namespace.index()].put(*symbol, before.clone());
        }
        changes
    }

    /// Applies branches of which one runs: names get the join of what each makes of them.
    pub(super) fn merge(&mut self, branches: &[Changes]) {
        let mut order: Vec<(NamespaceId, Symbol)> = Vec::new();
        let mut merged: FxHashMap<(NamespaceId, Symbol), (Value, Value, usize)> = FxHashMap::default();
        for (namespace, symbol, before, after) in branches.iter().flatten() {
            let key = (*namespace, *symbol);
            match merged.get_mut(&key) {
                Some((_, value, count)) => {
                    *value = value.join(after);
                    *count += 1;
                }
                None => {
                    order.push(key);
                    merged.insert(key, (before.clone(), after.clone(), 1));
                }
            }
        }
        for key in order {
            if let Some((before, value, count)) = merged.remove(&key) {
                let value = if count < branches.len() {
                    before.join(&value)
                } else {
                    value
                };
                self.set(key.0, key.1, value);
            }
        }
    }

    pub(super) fn new_container(&mut self, kind: ContainerKind, items: Vec<Value>) -> Value {
        self.insert_container(Container {
            kind,
            items,
            values: Vec::new(),
            more: None,
        })
    }

    pub(super) fn insert_container(&mut self, mut container: Container) -> Value {
        if container.items.len() > MOST_ELEMENTS {
            let source = if container.kind == ContainerKind::Dict {
                &container.values
            } else {
                &container.items
            };
            let rest = source[MOST_ELEMENTS..]
                .iter()
                .fold(Value::nothing(), |all, value| all.join(value));
            container.more = Some(container.more.map_or(rest.clone(), |more| more.join(&rest)));
            container.items.truncate(MOST_ELEMENTS);
            container.values.truncate(MOST_ELEMENTS);
        }
        let id = ContainerId(next_index(self.containers.len()));
        self.containers.push(container);
        Atom::Container(id).into()
    }

    /// The branch that has just begun is the one that is usually taken: what it puts into containers counts as sure.
    pub(super) fn trust_branch(&mut self) {
        self.branch_marks.pop();
        self.branch_marks
            .push(self.branch_marks.last().copied().unwrap_or(0));
    }

    /// Begins a call, for [`Heap::is_own`].
    pub(super) fn begin_call(&mut self) {
        self.call_marks.push(self.containers.len());
    }

    /// Ends a call.
    pub(super) fn end_call(&mut self) {
        self.call_marks.pop();
    }

    /// Whether a container is as old as the undecided branch that runs, or newer.
    fn is_certain(&self, id: ContainerId) -> bool {
        self.branch_marks.last().is_none_or(|mark| id.index() >= *mark)
    }

    /// Whether what is removed from a container now is surely gone from it: it was made in the call and branch that
    /// run, so that nobody has seen it with the element.
    pub(super) fn is_own(&self, id: ContainerId) -> bool {
        self.is_certain(id) && self.call_marks.last().is_none_or(|mark| id.index() >= *mark)
    }

    /// Notes that elements of a container may be missing.
    pub(super) fn note_optional(&mut self, id: ContainerId) {
        self.optional.insert(id);
    }

    /// Whether elements of a container may be missing.
    pub(super) fn is_optional(&self, id: ContainerId) -> bool {
        self.optional.contains(&id)
    }

    pub(super) fn container(&self, id: ContainerId) -> &Container {
        &self.containers[id.index()]
    }

    pub(super) fn function(&self, id: FunctionId) -> &Function<'a> {
        &self.functions[id.index()]
    }

    pub(super) fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.index()]
    }

    pub(super) fn instance(&self, id: InstanceId) -> &Instance {
        &self.instances[id.index()]
    }

    pub(super) fn new_function(&mut self, function: Function<'a>) -> FunctionId {
        let id = FunctionId(next_index(self.functions.len()));
        self.functions.push(function);
        id
    }

    pub(super) fn new_class(&mut self, class: Class) -> ClassId {
        let id = ClassId(next_index(self.classes.len()));
        self.classes.push(class);
        id
    }

    /// Sets a class's order of lookup, and tells its bases of it.
    pub(super) fn set_order(&mut self, id: ClassId, order: Vec<ClassId>) {
        for base in order.iter().filter(|base| **base != id) {
            let derived = &mut self.classes[base.index()].derived;
            if derived.len() < MOST_DERIVED {
                derived.push(id);
            }
        }
        self.classes[id.index()].order = order;
    }

    /// Whether known code makes instances of that very class.
    pub(super) fn is_instantiated(&self, id: ClassId) -> bool {
        let mut instances = self.class(id).instances.iter();
        instances.any(|instance| self.instance(*instance).class == id)
    }

    pub(super) fn new_instance(&mut self, class: ClassId) -> InstanceId {
        let namespace = self.new_namespace(None);
        self.namespace_mut(namespace).captured = true;
        let id = InstanceId(next_index(self.instances.len()));
        self.instances.push(Instance {
            class,
            namespace,
            metric: None,
            text: None,
        });
        let order = self.class(class).order.clone();
        for base in order {
            let known = &mut self.classes[base.index()].instances;
            if known.len() < 256 {
                known.push(id);
            }
        }
        id
    }

    /// An attribute of a class, looked up in its bases of the tree.
    pub(super) fn class_attribute(&self, class: ClassId, symbol: Symbol) -> Option<(ClassId, &Value)> {
        let order = &self.class(class).order;
        order.iter().find_map(|base| {
            self.get(self.class(*base).namespace, symbol)
                .map(|value| (*base, value))
        })
    }

    /// Adds an element, in the order of insertion.
    pub(super) fn append(&mut self, id: ContainerId, value: Value) {
        if !self.is_certain(id) {
            self.note_optional(id);
        }
        let container = &mut self.containers[id.index()];
        if container.kind == ContainerKind::Dict || container.items.len() >= MOST_ELEMENTS {
            container.more = Some(
                container
                    .more
                    .take()
                    .map_or(value.clone(), |more| more.join(&value)),
            );
            return;
        }
        if container.items.contains(&value) && container.kind == ContainerKind::Set {
            return;
        }
        container.items.push(value);
    }

    /// Binds a key of a dictionary, or an index of a list.
    pub(super) fn store(&mut self, id: ContainerId, key: &Value, value: Value) {
        let undecided = self.undecided();
        let container = &mut self.containers[id.index()];
        if container.kind != ContainerKind::Dict {
            let joined = container
                .more
                .take()
                .map_or(value.clone(), |more| more.join(&value));
            container.more = Some(joined);
            return;
        }
        let is_known = key.single().is_some_and(|atom| !matches!(atom, Atom::Unknown(_)));
        if !is_known || container.items.len() >= MOST_ELEMENTS {
            let joined = container
                .more
                .take()
                .map_or(value.clone(), |more| more.join(&value));
            container.more = Some(joined);
            return;
        }
        match container.items.iter().position(|known| same_key(known, key)) {
            Some(at) if undecided => container.values[at] = container.values[at].join(&value),
            Some(at) => container.values[at] = value,
            None => {
                container.items.push(key.clone());
                container.values.push(value);
                if !self.is_certain(id) {
                    self.note_optional(id);
                }
            }
        }
    }
}

impl Heap<'_> {
    /// Binds a key of a dictionary for good, whatever it was bound to.
    pub(super) fn replace_key(&mut self, id: ContainerId, key: &Value, value: Value) {
        let branches = std::mem::take(&mut self.branches);
        self.store(id, key, value);
        self.branches = branches;
    }
}

/// Whether two dictionary keys are the same: texts by their content, whatever their source.
pub(super) fn same_key(left: &Value, right: &Value) -> bool {
    match (left.single(), right.single()) {
        (Some(Atom::Text(left)), Some(Atom::Text(right))) => left.pieces == right.pieces,
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

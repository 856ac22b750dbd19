//! Whether anything comes by a place of the code: the ways back through callers to a module's top level, and from routers to
//! the applications that take them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use promsight_model::{Description, FileId, Span};

use super::heap::Code;
use super::machine::Machine;
use super::mentions::Mentions;
use super::serving::{Caller, Context, ObjectId, Prefix, Served, Thing, object_in};
use super::serving_middleware::Middleware;
use super::value::{Atom, FunctionId, ModuleId, Value};

/// Routers in one another.
const MOST_NESTED: usize = 8;
/// Ways from a router to applications.
const MOST_WAYS: usize = 16;
/// Functions that are looked at on the way from one to the top level of a module.
const MOST_CALLERS: usize = 2_000;
/// What programs call their first function, which whoever starts them names outside of Python, and gunicorn's hooks.
const ENTRIES: &[&str] = &[
    "app",
    "application",
    "build_app",
    "cli",
    "create_app",
    "entrypoint",
    "get_app",
    "handler",
    "lambda_handler",
    "lifespan",
    "main",
    "make_app",
    "on_starting",
    "post_fork",
    "post_worker_init",
    "pre_fork",
    "run",
    "serve",
    "start",
    "when_ready",
];

/// How a function comes to run.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    pub(super) is_reached: bool,
    pub(super) files: BTreeSet<FileId>,
    pub(super) program: Option<FileId>,
}

/// A way from a web object to an application.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub(super) prefix: Vec<Value>,
    pub(super) guards: Vec<Value>,
    pub(super) middlewares: Vec<Middleware>,
    pub(super) application: Option<ObjectId>,
    pub(super) reach: Reach,
}

/// The same, worked out once.
pub(super) struct Graph {
    /// Functions of modules that ran twice are one.
    pub(super) canonical: BTreeMap<FunctionId, FunctionId>,
    pub(super) callers: BTreeMap<FunctionId, BTreeSet<Caller>>,
    pub(super) callees: BTreeMap<FunctionId, BTreeSet<FunctionId>>,
    /// Dumps by the functions that were running.
    pub(super) dumps: BTreeMap<FunctionId, BTreeSet<usize>>,
    /// The same by the one that wrote.
    pub(super) innermost: BTreeMap<FunctionId, BTreeSet<usize>>,
    /// Web objects that no other production code can get at.
    pub(super) unnamed: BTreeSet<ObjectId>,
}

impl Graph {
    pub(super) fn node(&self, id: FunctionId) -> FunctionId {
        self.canonical.get(&id).copied().unwrap_or(id)
    }
}

impl Machine<'_> {
    pub(super) fn serving_graph(&self) -> Graph {
        let mut by_place: BTreeMap<Span, FunctionId> = BTreeMap::new();
        let mut canonical = BTreeMap::new();
        for at in 0..self.heap.functions.len() {
            let id = FunctionId(u32::try_from(at).unwrap_or(u32::MAX));
            if !self.heap.namespace(self.heap.function(id).closure).local {
                let first = *by_place.entry(self.function_key(id)).or_insert(id);
                canonical.insert(id, first);
            }
        }
        let mut graph = Graph {
            canonical,
            callers: BTreeMap::new(),
            callees: BTreeMap::new(),
            dumps: BTreeMap::new(),
            innermost: BTreeMap::new(),
            unnamed: BTreeSet::new(),
        };
        let mut calls: Vec<(Caller, FunctionId)> = self.serving.calls.iter().copied().collect();
        calls.sort_unstable();
        for (caller, callee) in calls {
            let callee = graph.node(callee);
            let caller = match caller {
                Caller::Function(id) => {
                    let id = graph.node(id);
                    graph.callees.entry(id).or_default().insert(callee);
                    Caller::Function(id)
                }
                module => module,
            };
            graph.callers.entry(callee).or_default().insert(caller);
        }
        for (at, dump) in self.serving.dumps.iter().enumerate() {
            for function in &dump.context.functions {
                graph.dumps.entry(graph.node(*function)).or_default().insert(at);
            }
            if let Some(last) = dump.context.functions.last() {
                graph.innermost.entry(graph.node(*last)).or_default().insert(at);
            }
        }
        graph
    }

    /// Every way from a web object to an application.
    pub(super) fn ways_of(&mut self, id: ObjectId, graph: &Graph, above: &mut Vec<ObjectId>) -> Vec<Way> {
        let Some(object) = self.serving.objects.get(id).cloned() else {
            return Vec::new();
        };
        if above.len() >= MOST_NESTED || above.contains(&id) {
            return Vec::new();
        }
        let own = self.reach_of(&object.context, graph);
        let mounts: Vec<_> = self
            .serving
            .mounts
            .iter()
            .filter(|mount| mount.inner == id)
            .cloned()
            .collect();
        above.push(id);
        let mut ways = Vec::new();
        for mount in mounts {
            let of_mount = self.reach_of(&mount.context, graph);
            for mut way in self.ways_of(mount.owner, graph, above) {
                if ways.len() >= MOST_WAYS {
                    break;
                }
                let own_prefix = object.prefix.clone();
                match &mount.prefix {
                    Prefix::Own => way.prefix.extend(own_prefix),
                    Prefix::Before(path) => {
                        way.prefix.push(path.clone());
                        way.prefix.extend(own_prefix);
                    }
                    Prefix::Instead(path) => way.prefix.push(path.clone()),
                }
                if mount.guards.is_separate {
                    way.guards.clear();
                    if !self.covers_what_is_separate(mount.owner) {
                        way.middlewares.clear();
                    }
                }
                way.guards.extend(mount.guards.own.iter().cloned());
                way.guards.extend(object.dependencies.iter().cloned());
                way.middlewares.extend(object.middlewares.iter().cloned());
                way.reach.files.extend(&of_mount.files);
                way.reach.files.extend(&own.files);
                way.reach.is_reached &= of_mount.is_reached;
                way.reach.program = way.reach.program.or(of_mount.program);
                ways.push(way);
            }
        }
        above.pop();
        let stands_alone = matches!(object.thing, Thing::Application | Thing::Somewhere | Thing::Urls);
        if ways.is_empty() {
            let is_served = self
                .serving
                .listening
                .iter()
                .any(|listening| match &listening.served {
                    Served::Value(value) => value.atoms().iter().any(
                        |atom| matches!(atom, Atom::External(path) if object_in(path) == Some((id, ""))),
                    ),
                    _ => false,
                });
            let is_taken = object.escaped
                || (self.serving.objects.iter().any(|object| object.takes_unknown)
                    && !graph.unnamed.contains(&id));
            let mut reach = own;
            if !stands_alone && !is_served {
                reach.is_reached &= is_taken;
            }
            let is_application = matches!(object.thing, Thing::Application) || is_served;
            ways.push(Way {
                prefix: object.prefix.into_iter().collect(),
                guards: object.dependencies,
                middlewares: object.middlewares,
                application: is_application.then_some(id),
                reach,
            });
        }
        ways
    }

    pub(super) fn reach_of(&mut self, context: &Context, graph: &Graph) -> Reach {
        let mut reach = Reach {
            is_reached: true,
            files: context.files.clone(),
            program: context.program,
        };
        if context.module.is_some() {
            return reach;
        }
        if let Some(first) = context.functions.first() {
            let of_function = self.reach_of_function(graph.node(*first), graph);
            reach.is_reached = of_function.is_reached;
            reach.files.extend(of_function.files);
            reach.program = of_function.program;
        }
        reach
    }

    /// The shortest way from a function back to a module's top level; one without `if __name__ == "__main__":` first.
    pub(super) fn reach_of_function(&mut self, start: FunctionId, graph: &Graph) -> Reach {
        let mut from: BTreeMap<FunctionId, Option<FunctionId>> = BTreeMap::from([(start, None)]);
        let mut queue = VecDeque::from([start]);
        let mut guarded: Option<(FunctionId, ModuleId)> = None;
        let mut order = Vec::new();
        while let Some(id) = queue.pop_front() {
            order.push(id);
            for caller in graph.callers.get(&id).into_iter().flatten() {
                match caller {
                    Caller::Module(module, false) => return self.way_back(id, Some(*module), None, &from),
                    Caller::Module(module, true) => guarded = guarded.or(Some((id, *module))),
                    Caller::Function(caller) => {
                        if from.len() < MOST_CALLERS && !from.contains_key(caller) {
                            from.insert(*caller, Some(id));
                            queue.push_back(*caller);
                        }
                    }
                }
            }
        }
        if let Some((id, module)) = guarded {
            let file = self.sources[module.index()].file;
            return self.way_back(id, Some(module), Some(file), &from);
        }
        for id in order {
            if self.is_called_somehow(id) {
                return self.way_back(id, None, None, &from);
            }
        }
        Reach::default()
    }

    pub(super) fn way_back(
        &self,
        last: FunctionId,
        module: Option<ModuleId>,
        program: Option<FileId>,
        from: &BTreeMap<FunctionId, Option<FunctionId>>,
    ) -> Reach {
        let mut files: BTreeSet<FileId> = module
            .map(|module| self.sources[module.index()].file)
            .into_iter()
            .collect();
        let mut next = Some(last);
        while let Some(id) = next {
            files.insert(self.sources[self.heap.function(id).module.index()].file);
            next = from.get(&id).copied().flatten();
        }
        files.retain(|file| !Description::holds(*file));
        Reach {
            is_reached: true,
            files,
            program,
        }
    }

    /// Whether something that was not followed may call a function: a framework that has it from a decorator or a base
    /// class, code that says its name, whoever starts the program.
    pub(super) fn is_called_somehow(&mut self, id: FunctionId) -> bool {
        let function = self.heap.function(id);
        let Code::Function(code) = function.code else {
            return true;
        };
        let owner = function.owner;
        if !code.decorators.is_empty() || ENTRIES.contains(&code.name.as_str()) {
            return true;
        }
        if self.escaped.contains(&code.name_span) {
            return true;
        }
        match owner {
            Some(class) => {
                let name = self.heap.class(class).name.clone();
                let is_hook = code.name.starts_with("__");
                !self.outside_bases(class).is_empty()
                    || if is_hook {
                        self.is_read(&name)
                    } else {
                        self.is_read(&code.name)
                    }
            }
            None => self.is_read(&code.name),
        }
    }

    /// Whether production code reads or imports a name.
    pub(super) fn is_read(&mut self, name: &str) -> bool {
        if self.serving.read.is_none() {
            let mut names = rustc_hash::FxHashSet::default();
            let mut mentions = Mentions::default();
            let sources = self.sources;
            for source in sources[..self.tree]
                .iter()
                .filter(|source| !source.module.test_code)
            {
                mentions.block(&source.module.body);
                super::unreachable::imported(&source.module.body, 0, &mut names);
            }
            names.extend(mentions.into_names());
            let names = names.into_iter().map(str::to_owned).collect();
            self.serving.read = Some(names);
        }
        self.serving
            .read
            .as_ref()
            .is_some_and(|names| names.contains(name))
    }
}

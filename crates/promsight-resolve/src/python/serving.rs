//! What the code serves, as the interpreter comes to it: web objects, routes, servers, pushes.
//!
//! Owns the state that runs leave behind and how things made by frameworks pass through values. A web application, a
//! router, a route that stands in a list, an application that serves a registry: each is a path outside the tree with
//! a number behind it, so that it passes through variables, parameters and attributes like anything else. Which calls
//! make or join them is known by [`super::serving_calls`] and its tables, what follows from all of it is worked out at
//! the end by [`super::serving_report`].

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Description, ExposureKind, FileId, Registry, Span};
use rustc_hash::{FxHashMap, FxHashSet};

use super::machine::{Machine, Progress};
use super::serving_middleware::Middleware;
use super::value::{Arguments, Atom, FunctionId, InstanceId, ModuleId, Value};

/// What stands in front of the number of a web object.
const MADE: &str = "web#";
/// Most web objects, routes, servers and pushes of a run, each.
const MOST: usize = 20_000;
/// Most functions in a chain of calls that is remembered.
const MOST_IN_CHAIN: usize = 24;

/// Index of a web object.
pub(super) type ObjectId = usize;

/// What a web object is.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    /// An application.
    Application,
    /// Something with routes that belongs to an application once that takes it.
    Router,
    /// An application, handler or resource that serves a registry.
    Endpoint(Registry),
    /// A route that belongs to what takes it, or to the list of URLs that it stands in.
    Entry {
        path: Value,
        handler: Value,
        home: Option<ObjectId>,
    },
    /// Routes below a path, that belong to what takes them.
    Below { path: Value, target: Value },
    /// `@app.get("/metrics")`, to be called with the handler.
    Decorator {
        owner: Option<ObjectId>,
        path: Value,
        guards: Guards,
    },
    /// `Depends(function)`, `Security(function)`.
    Dependency(Value),
    /// A known class of security: without credentials it answers 401 or 403.
    Security,
    /// `@app.middleware("http")`, to be called with the function that requests of the application pass.
    Passing(ObjectId),
    /// `login_required(view)`.
    Guarded(Value),
    /// An application of which no more is known than that it takes something.
    Somewhere,
    /// A module that lists URLs for Django.
    Urls,
}

/// A web object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) thing: Thing,
    pub(super) span: Span,
    /// The framework's package.
    pub(super) package: &'static str,
    /// The path in front of its routes.
    pub(super) prefix: Option<Value>,
    /// What stands in front of all its routes.
    pub(super) dependencies: Vec<Value>,
    /// What each of its requests passes.
    pub(super) middlewares: Vec<Middleware>,
    /// The branches in which it was made.
    pub(super) branches: Vec<u32>,
    /// Whether it was handed to code outside the tree that may do anything with it.
    pub(super) escaped: bool,
    /// Whether it takes routers that are not known.
    pub(super) takes_unknown: bool,
    pub(super) context: Context,
}

/// How a run came to a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Context {
    /// The module whose top level ran; `None` where the first function ran as if code outside the tree called it.
    pub(super) module: Option<ModuleId>,
    /// That module, where it must be the program.
    pub(super) program: Option<FileId>,
    /// The functions, outermost first.
    pub(super) functions: Vec<FunctionId>,
    /// The files of all these.
    pub(super) files: BTreeSet<FileId>,
}

/// A function writes out a registry, or text in the exposition format.
#[derive(Clone, Debug)]
pub(super) struct Dump {
    pub(super) registry: Registry,
    pub(super) span: Span,
    pub(super) context: Context,
}

/// A handler at a path of a web object.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) owner: Option<ObjectId>,
    pub(super) path: Value,
    pub(super) handler: Value,
    /// The function whose decorator it is.
    pub(super) decorated: Option<FunctionId>,
    pub(super) guards: Guards,
    pub(super) span: Span,
    pub(super) context: Context,
}

/// A web object below a path of another.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    pub(super) owner: ObjectId,
    pub(super) prefix: Prefix,
    pub(super) inner: ObjectId,
    pub(super) guards: Guards,
    pub(super) context: Context,
}

/// What a mount puts in front of the paths below it.
#[derive(Clone, Debug)]
pub(super) enum Prefix {
    /// The inner object's own path alone.
    Own,
    /// A path, and the inner object's own behind it.
    Before(Value),
    /// A path instead of the inner object's own.
    Instead(Value),
}

/// What a request has to pass in front of a handler.
#[derive(Clone, Debug, Default)]
pub(super) struct Guards {
    /// Dependencies given beside the path.
    pub(super) own: Vec<Value>,
    /// Whether those of the object that takes it do not count (`app.mount`, `app.add_route` of Starlette).
    pub(super) is_separate: bool,
}

/// Something listens on a port: a server of a registry, an application, a class of handlers.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    pub(super) port: Option<Value>,
    pub(super) served: Served,
    pub(super) span: Span,
    pub(super) context: Context,
}

/// What listens.
#[derive(Clone, Debug)]
pub(super) enum Served {
    /// A registry, on every path.
    Registry(Registry),
    /// An application, handler class or function.
    Value(Value),
    /// `"pkg.module:app"`, as seen from a module.
    Named(String, ModuleId),
}

/// A registry that leaves without being asked for.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    pub(super) kind: ExposureKind,
    pub(super) registry: Registry,
    pub(super) path: Option<Value>,
    pub(super) span: Span,
    pub(super) context: Context,
}

/// Who calls a function, or hands it to code that may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Caller {
    /// A module's top level; whether below `if __name__ == "__main__":`.
    Module(ModuleId, bool),
    Function(FunctionId),
}

/// What runs leave behind.
#[derive(Debug, Default)]
pub(super) struct Serving {
    pub(super) objects: Vec<Object>,
    object_keys: FxHashMap<(Span, &'static str), ObjectId>,
    of_instances: FxHashMap<InstanceId, Option<ObjectId>>,
    /// The routes that a module of Django's URLs lists.
    pub(super) of_modules: BTreeMap<u32, ObjectId>,
    pub(super) dumps: Vec<Dump>,
    pub(super) routes: Vec<Route>,
    pub(super) mounts: Vec<Mount>,
    pub(super) listening: Vec<Listening>,
    pub(super) leaving: Vec<Leaving>,
    /// Who calls whom.
    pub(super) calls: FxHashSet<(Caller, FunctionId)>,
    /// Registries that collect what all processes wrote.
    pub(super) shared: BTreeSet<Span>,
    /// Modules whose `if __name__ == "__main__":` is being run.
    pub(super) guards: Vec<ModuleId>,
    /// Functions that are being defined, with decorators to come.
    pub(super) decorating: Vec<FunctionId>,
    /// Functions whose decorators demand credentials, and where.
    pub(super) guarded: BTreeMap<FunctionId, Span>,
    /// Dependencies that annotations of parameters name.
    pub(super) annotated: BTreeMap<FunctionId, Vec<Value>>,
    /// Whether dependencies of handlers were met.
    pub(super) has_dependencies: bool,
    /// Whether what is handed over now is understood.
    pub(super) is_taking: bool,
    /// Functions that give a web object.
    pub(super) factories: FxHashSet<(ObjectId, FunctionId)>,
    /// Every name that production code reads or imports, once that was asked for.
    pub(super) read: Option<FxHashSet<String>>,
    /// The branches that are being run and may not be taken, outermost first.
    pub(super) branches: Vec<u32>,
    /// Number of branches that were run.
    pub(super) branches_run: u32,
    /// Number of things noted.
    pub(super) noted: u64,
    seen: FxHashSet<(u8, Span, String, Context2)>,
}

/// A context as far as it tells events apart.
type Context2 = (Option<ModuleId>, Vec<FunctionId>);

/// The number of a web object in a path, and what stands behind it.
pub(super) fn object_in(path: &str) -> Option<(ObjectId, &str)> {
    let rest = path.strip_prefix(MADE)?;
    let end = rest
        .find(|digit: char| !digit.is_ascii_digit())
        .unwrap_or(rest.len());
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

impl Machine<'_> {
    /// How the run came to where it is.
    pub(super) fn context(&self) -> Context {
        let base = self
            .frames
            .iter()
            .rposition(|frame| frame.function.is_none() && frame.class.is_none())
            .unwrap_or(0);
        let mut context = Context {
            module: None,
            program: None,
            functions: Vec::new(),
            files: BTreeSet::new(),
        };
        if let Some(frame) = self.frames.get(base)
            && self.modules[frame.module.index()].progress == Progress::Running
        {
            context.module = Some(frame.module);
            let file = self.sources[frame.module.index()].file;
            context.files.insert(file);
            if self.serving.guards.contains(&frame.module) {
                context.program = Some(file);
            }
        }
        for frame in self.frames.iter().skip(base + 1) {
            let file = self.sources[frame.module.index()].file;
            if Description::holds(file) {
                continue;
            }
            context.files.insert(file);
            if let Some(function) = frame.function
                && context.functions.last() != Some(&function)
                && context.functions.len() < MOST_IN_CHAIN
            {
                context.functions.push(function);
            }
        }
        context
    }

    /// Whether what runs now says something about what production code serves.
    pub(super) fn notes_serving(&mut self) -> bool {
        self.touched = true;
        !self.in_test && self.dead.is_none() && self.rehearsal.is_none()
    }

    /// The place in the tree of a call; descriptions of libraries have none.
    pub(super) fn serving_place(&self, span: Option<Span>) -> Option<Span> {
        self.place_in_tree()
            .or_else(|| span.filter(|span| !Description::holds(span.file)))
    }

    /// Begins what may not be run; give the answer to [`Machine::end_doubt`].
    pub(super) fn begin_doubt(&mut self) -> usize {
        let before = self.serving.branches.len();
        self.serving.branches_run += 1;
        self.serving.branches.push(self.serving.branches_run);
        before
    }

    /// Ends it, and all that began within.
    pub(super) fn end_doubt(&mut self, before: usize) {
        self.serving.branches.truncate(before);
    }

    /// Whether that event was not noted before, in that way.
    fn is_news(&mut self, kind: u8, span: Span, detail: String, context: &Context) -> bool {
        let key = (kind, span, detail, (context.module, context.functions.clone()));
        let serving = &mut self.serving;
        let is_news = serving.seen.len() < MOST && serving.seen.insert(key);
        serving.noted += 1;
        is_news
    }

    pub(super) fn note_dump(&mut self, registry: Registry, span: Option<Span>) {
        let Some(span) = self.serving_place(span) else {
            return;
        };
        if !self.notes_serving() {
            return;
        }
        let context = self.context();
        if self.is_news(0, span, format!("{registry:?}"), &context) {
            self.serving.dumps.push(Dump {
                registry,
                span,
                context,
            });
        }
    }

    pub(super) fn note_listening(&mut self, port: Option<Value>, served: Served, span: Option<Span>) {
        let Some(span) = self.serving_place(span) else {
            return;
        };
        if !self.notes_serving() {
            return;
        }
        let context = self.context();
        if self.is_news(1, span, format!("{port:?} {served:?}"), &context) {
            self.serving.listening.push(Listening {
                port,
                served,
                span,
                context,
            });
        }
    }

    pub(super) fn note_leaving(
        &mut self,
        kind: ExposureKind,
        registry: Registry,
        path: Option<Value>,
        span: Option<Span>,
    ) {
        let Some(span) = self.serving_place(span) else {
            return;
        };
        if !self.notes_serving() {
            return;
        }
        let context = self.context();
        if self.is_news(2, span, format!("{registry:?} {path:?}"), &context) {
            self.serving.leaving.push(Leaving {
                kind,
                registry,
                path,
                span,
                context,
            });
        }
    }

    pub(super) fn note_route(
        &mut self,
        owner: Option<ObjectId>,
        path: Value,
        handler: Value,
        guards: Guards,
        span: Option<Span>,
    ) {
        let Some(span) = self.serving_place(span) else {
            return;
        };
        if !self.notes_serving() {
            return;
        }
        let context = self.context();
        let decorated = self.serving.decorating.last().copied();
        if self.is_news(3, span, format!("{owner:?} {path:?} {handler:?}"), &context) {
            self.serving.routes.push(Route {
                owner,
                path,
                handler,
                decorated,
                guards,
                span,
                context,
            });
        }
    }

    pub(super) fn note_mount(
        &mut self,
        owner: ObjectId,
        prefix: Prefix,
        inner: ObjectId,
        guards: Guards,
        span: Option<Span>,
    ) {
        let Some(span) = self.serving_place(span) else {
            return;
        };
        if !self.notes_serving() || owner == inner {
            return;
        }
        let context = self.context();
        if self.is_news(4, span, format!("{owner} {inner} {prefix:?}"), &context) {
            self.serving.mounts.push(Mount {
                owner,
                prefix,
                inner,
                guards,
                context,
            });
        }
    }

    /// Makes a web object, or finds the one that the same call made before.
    pub(super) fn new_object(&mut self, thing: Thing, word: &'static str, span: Span) -> ObjectId {
        let next = self.serving.objects.len();
        if let Some(known) = self.serving.object_keys.get(&(span, word)).copied() {
            let branches = self.serving.branches.clone();
            let object = &mut self.serving.objects[known];
            if matches!(
                object.thing,
                Thing::Entry { .. } | Thing::Below { .. } | Thing::Decorator { .. }
            ) {
                // A call that stands in a loop or a function makes one for each run.
                if next < MOST {
                    return self.push_object(thing, span);
                }
            } else {
                object.thing = thing;
                object.branches = branches;
            }
            return known;
        }
        if next < MOST {
            self.serving.object_keys.insert((span, word), next);
            return self.push_object(thing, span);
        }
        next.saturating_sub(1)
    }

    fn push_object(&mut self, thing: Thing, span: Span) -> ObjectId {
        let context = self.context();
        self.serving.objects.push(Object {
            thing,
            span,
            package: "",
            prefix: None,
            dependencies: Vec::new(),
            middlewares: Vec::new(),
            branches: self.serving.branches.clone(),
            escaped: false,
            takes_unknown: false,
            context,
        });
        self.serving.objects.len() - 1
    }

    pub(super) fn object_value(id: ObjectId) -> Value {
        Value::external(&format!("{MADE}{id}"))
    }

    /// The web object that a thing is.
    pub(super) fn object_of(&mut self, atom: &Atom) -> Option<ObjectId> {
        match atom {
            Atom::External(path) => match object_in(path)? {
                (id, "") => Some(id),
                _ => None,
            },
            Atom::Instance(id) => self.object_of_instance(*id),
            _ => None,
        }
    }

    /// An instance of a class of the tree that derives from one of a framework.
    fn object_of_instance(&mut self, id: InstanceId) -> Option<ObjectId> {
        if let Some(known) = self.serving.of_instances.get(&id) {
            return *known;
        }
        let class = self.heap.instance(id).class;
        let base = self
            .outside_bases(class)
            .into_iter()
            .find(|path| super::serving_tables::maker(path).is_some());
        let made = base.map(|base| {
            let span = self.heap.class(class).name_span;
            self.make_web_object(&base, &Arguments::default(), span)
        });
        self.serving.of_instances.insert(id, made);
        made
    }

    /// All web objects among the alternatives.
    pub(super) fn objects_of(&mut self, value: &Value) -> Vec<ObjectId> {
        let atoms = value.atoms().to_vec();
        atoms.iter().filter_map(|atom| self.object_of(atom)).collect()
    }

    /// Remembers that code which runs now calls a function, or hands it on.
    pub(super) fn note_edge(&mut self, callee: FunctionId) {
        if self.in_test || self.dead.is_some() {
            return;
        }
        let caller = self.frames.iter().rev().find_map(|frame| match frame.function {
            Some(function) if !self.is_description(frame.module) => Some(Some(Caller::Function(function))),
            Some(_) => None,
            None if frame.class.is_some() => None,
            None if self.modules[frame.module.index()].progress == Progress::Running => Some(Some(
                Caller::Module(frame.module, self.serving.guards.contains(&frame.module)),
            )),
            None => Some(None),
        });
        if let Some(Some(caller)) = caller {
            self.serving.calls.insert((caller, callee));
        }
    }

    /// A function is handed to code outside the tree, which may call it.
    pub(super) fn escape_function(&mut self, id: FunctionId) {
        let key = self.function_key(id);
        self.escaped.insert(key);
        self.note_edge(id);
    }

    /// The registry that an argument names: the library's own where there is none.
    pub(super) fn served_registry(&mut self, value: Option<&Value>) -> Registry {
        let Some(value) = value else {
            return Registry::Default;
        };
        let mut found: Option<Registry> = None;
        for atom in value.atoms() {
            let registry = match atom {
                Atom::External(path) => self.registry_at(path).unwrap_or_default(),
                _ => Registry::Unknown,
            };
            if found.is_some_and(|known| known != registry) {
                return Registry::Unknown;
            }
            found = Some(registry);
        }
        found.unwrap_or_default()
    }

    /// Remembers a function that gives a web object.
    pub(super) fn note_factory(&mut self, id: FunctionId, result: &Value) {
        if self.in_test {
            return;
        }
        for atom in result.atoms() {
            if let Atom::External(path) = atom
                && let Some((object, "")) = object_in(path)
            {
                self.serving.factories.insert((object, id));
            }
        }
    }

    /// A web object was handed to code outside the tree.
    pub(super) fn note_escaped_object(&mut self, path: &str) {
        if let Some((id, "")) = object_in(path)
            && !self.serving.is_taking
            && let Some(object) = self.serving.objects.get_mut(id)
        {
            object.escaped = true;
        }
    }
}

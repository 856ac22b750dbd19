//! From what runs noted to exposures: which routes lead to a registry, under which path, behind what, and whether
//! anything comes by.
//!
//! A function serves a registry where it, or something that it calls, writes one out. A route belongs to an application
//! through every router on the way; a function runs where its callers lead back to a module's top level.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use promsight_model::python::{Expr, ExprKind};
use promsight_model::{Description, Exposure, ExposureKind, FileId, Registry, Setting, Span, WebApplication};

use super::heap::{Code, ContainerKind};
use super::index::Target;
use super::machine::Machine;
use super::mentions::Mentions;
use super::module_graph::ModuleGraph;
use super::serving::{Caller, Context, Dump, Listening, ObjectId, Prefix, Route, Served, Thing, object_in};
use super::value::{Atom, ClassId, FunctionId, ModuleId, Value};

/// Routers in one another.
const MOST_NESTED: usize = 8;
/// Ways from a router to applications.
const MOST_WAYS: usize = 16;
/// Calls from a handler to what writes the registry out.
const MOST_CALLS: usize = 6;
/// Functions that are looked at on the way from one to the top level of a module.
const MOST_CALLERS: usize = 2_000;
/// What programs call their first function; whoever starts them names it, outside of Python.
const ENTRIES: &[&str] = &[
    "main",
    "run",
    "cli",
    "app",
    "application",
    "serve",
    "start",
    "entrypoint",
    "create_app",
    "make_app",
    "get_app",
    "build_app",
    "lifespan",
    "handler",
    "lambda_handler",
];

/// How a function comes to run.
#[derive(Clone, Debug, Default)]
struct Reach {
    is_reached: bool,
    files: BTreeSet<FileId>,
    program: Option<FileId>,
}

/// A way from a web object to an application.
#[derive(Clone, Debug, Default)]
struct Way {
    prefix: Vec<Value>,
    guards: Vec<Value>,
    application: Option<ObjectId>,
    reach: Reach,
}

/// What answers a request.
#[derive(Clone, Debug, Default)]
struct Handler {
    functions: BTreeSet<FunctionId>,
    registries: BTreeSet<Registry>,
    guard: Option<Span>,
    /// Classes that answer.
    classes: BTreeSet<ClassId>,
}

/// The same, worked out once.
struct Graph {
    /// Functions of modules that ran twice are one.
    canonical: BTreeMap<FunctionId, FunctionId>,
    callers: BTreeMap<FunctionId, BTreeSet<Caller>>,
    callees: BTreeMap<FunctionId, BTreeSet<FunctionId>>,
    /// Dumps by the functions that were running.
    dumps: BTreeMap<FunctionId, BTreeSet<usize>>,
    /// The same by the one that wrote.
    innermost: BTreeMap<FunctionId, BTreeSet<usize>>,
    /// Files with web objects that no other production code names.
    unnamed: BTreeSet<FileId>,
}

impl Graph {
    fn node(&self, id: FunctionId) -> FunctionId {
        self.canonical.get(&id).copied().unwrap_or(id)
    }
}

impl Machine<'_> {
    /// What lets metrics out, and the applications that do so.
    pub(super) fn report_serving(
        &mut self,
        modules: Option<&ModuleGraph>,
    ) -> (Vec<Exposure>, Vec<WebApplication>) {
        let mut graph = self.serving_graph();
        if let Some(modules) = modules {
            let objects = self.serving.objects.iter();
            graph.unnamed = objects
                .map(|object| object.span.file)
                .filter(|file| !modules.may_be_imported(*file))
                .collect();
        }
        let graph = graph;
        let ports = self.ports_of_applications(&graph);
        let mut linked: BTreeSet<Span> = BTreeSet::new();
        let mut exposures: Vec<Exposure> = Vec::new();
        self.note_lists_of_urls();
        for route in self.serving.routes.clone() {
            self.report_route(&route, &graph, &ports, &mut linked, &mut exposures);
        }
        for listening in self.serving.listening.clone() {
            self.report_listening(&listening, &graph, &mut linked, &mut exposures);
        }
        for leaving in self.serving.leaving.clone() {
            let reach = self.reach_of(&leaving.context, &graph);
            let path = leaving
                .path
                .as_ref()
                .map_or(Setting::Unknown, |path| self.text_setting(path));
            exposures.push(Exposure {
                kind: leaving.kind,
                registry: leaving.registry,
                port: Setting::Unknown,
                path,
                application: None,
                authentication: None,
                span: leaving.span,
                reached_from: reach.files.into_iter().collect(),
                is_reached: reach.is_reached,
                program: reach.program,
            });
        }
        self.report_loose_dumps(&graph, &linked, &mut exposures);
        for exposure in &mut exposures {
            exposure.registry = self.final_served(exposure.registry);
        }
        let exposures = tidied(exposures);
        let applications = self.applications(&exposures, &ports);
        (exposures, applications)
    }

    fn final_served(&self, registry: Registry) -> Registry {
        match registry {
            Registry::Named(span) if Description::holds(span.file) || self.serving.shared.contains(&span) => {
                Registry::Unknown
            }
            known => known,
        }
    }

    fn serving_graph(&self) -> Graph {
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

    /// Routes that nothing took stand in the lists of URLs of their modules.
    fn note_lists_of_urls(&mut self) {
        let mut routes = Vec::new();
        for object in &self.serving.objects {
            if let Thing::Entry {
                path,
                handler,
                home: Some(home),
            } = &object.thing
            {
                routes.push(Route {
                    owner: Some(*home),
                    path: path.clone(),
                    handler: handler.clone(),
                    decorated: None,
                    guards: super::serving::Guards::default(),
                    span: object.span,
                    context: object.context.clone(),
                });
            }
        }
        self.serving.routes.extend(routes);
    }

    /// What a handler writes out: the dumps that were seen while it ran, else those of what it calls.
    fn dumps_of(&self, functions: &BTreeSet<FunctionId>, graph: &Graph) -> BTreeSet<usize> {
        let nodes: BTreeSet<FunctionId> = functions.iter().map(|id| graph.node(*id)).collect();
        let direct: BTreeSet<usize> = nodes
            .iter()
            .filter_map(|id| graph.dumps.get(id))
            .flatten()
            .copied()
            .collect();
        if !direct.is_empty() || graph.innermost.is_empty() {
            return direct;
        }
        let mut found = BTreeSet::new();
        let mut seen = nodes.clone();
        let mut level: Vec<FunctionId> = nodes.into_iter().collect();
        for _ in 0..MOST_CALLS {
            let mut next = Vec::new();
            for id in level {
                for callee in graph.callees.get(&id).into_iter().flatten() {
                    if seen.insert(*callee) {
                        found.extend(graph.innermost.get(callee).into_iter().flatten());
                        next.push(*callee);
                    }
                }
            }
            level = next;
        }
        found
    }

    fn handler_of(&mut self, value: &Value, depth: usize) -> Handler {
        let mut handler = Handler::default();
        for atom in value.atoms().to_vec() {
            self.add_handler(&atom, depth, &mut handler);
        }
        handler
    }

    fn add_handler(&mut self, atom: &Atom, depth: usize, into: &mut Handler) {
        if depth > 4 {
            return;
        }
        match atom {
            Atom::Function(id) => {
                into.functions.insert(*id);
            }
            Atom::Bound(bound) => {
                into.functions.insert(bound.function);
            }
            Atom::Partial(partial) => {
                for atom in partial.callee.clone().atoms() {
                    self.add_handler(atom, depth + 1, into);
                }
            }
            Atom::Class(id) => self.add_class(*id, into),
            Atom::Instance(id) => {
                let class = self.heap.instance(*id).class;
                self.add_class(class, into);
            }
            Atom::External(path) => match object_in(path) {
                Some((id, _)) => match self
                    .serving
                    .objects
                    .get(id)
                    .map(|object| (object.thing.clone(), object.span))
                {
                    Some((Thing::Endpoint(registry), _)) => {
                        into.registries.insert(registry);
                    }
                    Some((Thing::Guarded(inner), span)) => {
                        into.guard = Some(span);
                        for atom in inner.atoms() {
                            self.add_handler(atom, depth + 1, into);
                        }
                    }
                    _ => {}
                },
                None => {
                    let is_own = path.starts_with("prometheus_client.")
                        && (path.ends_with(".MetricsHandler") || path.ends_with(".generate_latest"));
                    if is_own {
                        into.registries.insert(Registry::Default);
                    }
                }
            },
            _ => {}
        }
    }

    fn add_class(&mut self, class: ClassId, into: &mut Handler) {
        into.classes.insert(class);
        for base in self.heap.class(class).order.clone() {
            let namespace = self.heap.class(base).namespace;
            let values: Vec<Value> = self
                .heap
                .namespace(namespace)
                .entries()
                .map(|(_, value)| value.clone())
                .collect();
            for value in values {
                for atom in value.atoms() {
                    match atom {
                        Atom::Function(id) => {
                            into.functions.insert(*id);
                        }
                        Atom::External(path) if object_in(path).is_some() => self.add_handler(atom, 3, into),
                        _ => {}
                    }
                }
            }
        }
        for path in self.outside_bases(class) {
            if path.starts_with("prometheus_client.") && path.ends_with(".MetricsHandler") {
                into.registries.insert(Registry::Default);
            }
            if &*path == "django.contrib.auth.mixins.LoginRequiredMixin" {
                into.guard = Some(self.heap.class(class).name_span);
            }
        }
        let symbol = self.symbols.intern("permission_classes");
        if let Some((_, value)) = self.heap.class_attribute(class, symbol) {
            let value = value.clone();
            let demands = |value: &Value| {
                matches!(value.single(), Some(Atom::External(path))
                if matches!(&**path, "rest_framework.permissions.IsAuthenticated" | "rest_framework.permissions.IsAdminUser"))
            };
            if self.elements(&value).items.iter().any(demands) {
                into.guard = Some(self.heap.class(class).name_span);
            }
        }
    }

    /// The registries that a handler serves, and the places that write them out.
    fn served_by(&self, handler: &Handler, graph: &Graph) -> (BTreeSet<Registry>, BTreeSet<Span>) {
        let mut registries = handler.registries.clone();
        let mut places = BTreeSet::new();
        for at in self.dumps_of(&handler.functions, graph) {
            let dump = &self.serving.dumps[at];
            registries.insert(dump.registry);
            places.insert(dump.span);
        }
        (registries, places)
    }

    /// What the functions that write the registry out demand, of all that a handler has.
    fn demanded_by_handler(&self, handler: &Handler, graph: &Graph) -> Option<Span> {
        let functions = handler.functions.iter();
        let mut writing = functions.filter(|id| !self.dumps_of(&BTreeSet::from([**id]), graph).is_empty());
        writing.find_map(|id| {
            let guarded = self.serving.guarded.get(id).copied();
            guarded.or_else(|| self.demanded_by_function(*id, 0))
        })
    }

    fn report_route(
        &mut self,
        route: &Route,
        graph: &Graph,
        ports: &BTreeMap<ObjectId, (Setting<u16>, Span)>,
        linked: &mut BTreeSet<Span>,
        exposures: &mut Vec<Exposure>,
    ) {
        let mut handler = self.handler_of(&route.handler, 0);
        let decorated = route.decorated.filter(|id| {
            let key = self.function_key(*id);
            handler.functions.is_empty()
                || handler
                    .functions
                    .iter()
                    .any(|known| self.function_key(*known) != key)
        });
        handler.functions.extend(decorated);
        let (registries, places) = self.served_by(&handler, graph);
        if registries.is_empty() {
            return;
        }
        linked.extend(places);
        let of_route = self.reach_of(&route.context, graph);
        let ways = match route.owner {
            Some(owner) => self.ways_of(owner, graph, &mut Vec::new()),
            None => vec![Way {
                reach: Reach {
                    is_reached: true,
                    ..Reach::default()
                },
                ..Way::default()
            }],
        };
        let of_handler = handler
            .guard
            .or_else(|| self.demanded_by_handler(&handler, graph));
        for way in ways {
            let mut pieces = way.prefix.clone();
            pieces.push(route.path.clone());
            let path = self.joined_path(&pieces);
            let mut guards = route.guards.own.clone();
            if !route.guards.is_separate {
                guards.extend(way.guards.iter().cloned());
            }
            let authentication =
                of_handler.or_else(|| guards.iter().find_map(|guard| self.demanded_by(guard, 0)));
            let application = way.application.and_then(|id| self.serving.objects.get(id));
            let port = way.application.and_then(|id| ports.get(&id));
            let mut files = of_route.files.clone();
            files.extend(&way.reach.files);
            for registry in &registries {
                exposures.push(Exposure {
                    kind: ExposureKind::Route,
                    registry: *registry,
                    port: port.map_or(Setting::Unknown, |(port, _)| port.clone()),
                    path: path.clone(),
                    application: application.map(|object| object.span),
                    authentication,
                    span: route.span,
                    reached_from: files.iter().copied().collect(),
                    is_reached: of_route.is_reached && way.reach.is_reached,
                    program: of_route.program.or(way.reach.program),
                });
            }
        }
    }

    /// Every way from a web object to an application.
    fn ways_of(&mut self, id: ObjectId, graph: &Graph, above: &mut Vec<ObjectId>) -> Vec<Way> {
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
                }
                way.guards.extend(mount.guards.own.iter().cloned());
                way.guards.extend(object.dependencies.iter().cloned());
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
                    && !graph.unnamed.contains(&object.span.file));
            let mut reach = own;
            if !stands_alone && !is_served {
                reach.is_reached &= is_taken;
            }
            let is_application = matches!(object.thing, Thing::Application) || is_served;
            ways.push(Way {
                prefix: object.prefix.into_iter().collect(),
                guards: object.dependencies,
                application: is_application.then_some(id),
                reach,
            });
        }
        ways
    }

    fn report_listening(
        &mut self,
        listening: &Listening,
        graph: &Graph,
        linked: &mut BTreeSet<Span>,
        exposures: &mut Vec<Exposure>,
    ) {
        let port = listening
            .port
            .as_ref()
            .map_or(Setting::Unknown, |port| self.port_setting(port));
        let reach = self.reach_of(&listening.context, graph);
        let (registries, path, authentication) = match &listening.served {
            Served::Registry(registry) => {
                let path = Setting::Literal("/metrics".to_owned());
                (BTreeSet::from([*registry]), path, None)
            }
            Served::Value(value) => {
                let handler = self.handler_of(value, 0);
                let (registries, places) = self.served_by(&handler, graph);
                linked.extend(places);
                let path = self.compared_path(&handler, graph);
                let demanded = self.demanded_by_handler(&handler, graph);
                (registries, path, handler.guard.or(demanded))
            }
            Served::Named(..) => return,
        };
        for registry in registries {
            exposures.push(Exposure {
                kind: ExposureKind::Server,
                registry,
                port: port.clone(),
                path: path.clone(),
                application: None,
                authentication,
                span: listening.span,
                reached_from: reach.files.iter().copied().collect(),
                is_reached: reach.is_reached,
                program: reach.program,
            });
        }
    }

    /// The path that a handler of its own compares the request's with.
    fn compared_path(&self, handler: &Handler, graph: &Graph) -> Setting<String> {
        let mut paths: BTreeSet<&str> = BTreeSet::new();
        let mut is_answering = false;
        for id in &handler.functions {
            let is_dumping = !self.dumps_of(&BTreeSet::from([*id]), graph).is_empty();
            let Code::Function(function) = self.heap.function(*id).code else {
                continue;
            };
            if !is_dumping {
                continue;
            }
            is_answering = true;
            let mut compared = Vec::new();
            super::authentication::comparisons(&function.body, 0, &mut compared);
            for (operands, operators) in compared {
                paths.extend(compared_with_path(operands, operators));
            }
        }
        if paths.contains("/metrics")
            || (paths.is_empty() && (is_answering || !handler.registries.is_empty()))
        {
            return Setting::Literal("/metrics".to_owned());
        }
        let mut paths = paths.into_iter();
        match (paths.next(), paths.next()) {
            (Some(only), None) => Setting::Literal(only.to_owned()),
            _ => Setting::Unknown,
        }
    }

    /// Functions that write a registry out, of which it was not found out what they answer.
    fn report_loose_dumps(&mut self, graph: &Graph, linked: &BTreeSet<Span>, exposures: &mut Vec<Exposure>) {
        let mut seen: BTreeSet<(Registry, Option<FunctionId>, bool)> = BTreeSet::new();
        let answering = linked_functions(&self.serving.dumps, linked, graph);
        let listed = self.listed_paths();
        for dump in self.serving.dumps.clone() {
            let function = dump.context.functions.last().map(|id| graph.node(*id));
            if linked.contains(&dump.span) || function.is_some_and(|function| answering.contains(&function)) {
                continue;
            }
            let reach = self.reach_of(&dump.context, graph);
            // Each line that is written by hand is one.
            if !seen.insert((dump.registry, function, reach.is_reached)) && function.is_some() {
                continue;
            }
            let owner = dump
                .context
                .functions
                .last()
                .and_then(|id| self.heap.function(*id).owner);
            let is_handler = owner.is_some_and(|class| {
                self.outside_bases(class)
                    .iter()
                    .any(|path| path.starts_with("http.server."))
            });
            let mut guarded = dump.context.functions.iter();
            let guarded = guarded.find_map(|id| self.serving.guarded.get(id).copied());
            let names = function.map(|id| self.function_key(id));
            let names = names
                .into_iter()
                .chain(owner.map(|class| self.heap.class(class).name_span));
            let path = names.filter_map(|name| listed.get(&name)).next();
            exposures.push(Exposure {
                kind: if is_handler {
                    ExposureKind::Server
                } else {
                    ExposureKind::Route
                },
                registry: dump.registry,
                port: Setting::Unknown,
                path: path.cloned().unwrap_or(Setting::Unknown),
                application: None,
                authentication: guarded,
                span: dump.span,
                reached_from: reach.files.iter().copied().collect(),
                is_reached: reach.is_reached,
                program: reach.program,
            });
        }
    }

    /// The paths beside which handlers stand in any list: `("/metrics", Handler)`, `{"/metrics": handler}`; by the place
    /// of the handler's name.
    fn listed_paths(&self) -> BTreeMap<Span, Setting<String>> {
        let mut found: BTreeMap<Span, Setting<String>> = BTreeMap::new();
        for container in &self.heap.containers {
            let pairs: Vec<(&Value, &Value)> = match container.kind {
                ContainerKind::Dict => container.items.iter().zip(&container.values).collect(),
                ContainerKind::Tuple => container
                    .items
                    .first()
                    .zip(container.items.get(1))
                    .into_iter()
                    .collect(),
                _ => continue,
            };
            for (path, handler) in pairs {
                let place = match handler.single() {
                    Some(Atom::Class(id)) => self.heap.class(*id).name_span,
                    Some(Atom::Function(id)) => self.function_key(*id),
                    Some(Atom::Bound(bound)) => self.function_key(bound.function),
                    _ => continue,
                };
                let Some(text) = path.exact_text().filter(|text| text.starts_with(['/', '^'])) else {
                    continue;
                };
                let path = plain_path(text).map_or(Setting::Unknown, Setting::Literal);
                found
                    .entry(place)
                    .and_modify(|known| {
                        if *known != path {
                            *known = Setting::Unknown;
                        }
                    })
                    .or_insert(path);
            }
        }
        found
    }

    /// The ports on which code makes applications listen.
    fn ports_of_applications(&mut self, graph: &Graph) -> BTreeMap<ObjectId, (Setting<u16>, Span)> {
        let mut ports: BTreeMap<ObjectId, (Setting<u16>, Span)> = BTreeMap::new();
        for listening in self.serving.listening.clone() {
            let value = match &listening.served {
                Served::Registry(_) => continue,
                Served::Value(value) => value.clone(),
                Served::Named(name, module) => self.named_object(name, *module),
            };
            if !self.reach_of(&listening.context, graph).is_reached {
                continue;
            }
            let port = listening
                .port
                .as_ref()
                .map_or(Setting::Unknown, |port| self.port_setting(port));
            for id in self.objects_of(&value) {
                ports
                    .entry(id)
                    .and_modify(|(known, _)| {
                        if *known != port {
                            *known = Setting::Unknown;
                        }
                    })
                    .or_insert((port.clone(), listening.span));
            }
        }
        ports
    }

    /// What `"pkg.module:app"` means.
    fn named_object(&mut self, name: &str, from: ModuleId) -> Value {
        let Some((module, attribute)) = name.split_once(':') else {
            return Value::nothing();
        };
        let parts: Vec<String> = module.split('.').map(str::to_owned).collect();
        let Target::Module(id) = self.index.absolute(from, &parts) else {
            return Value::nothing();
        };
        let symbol = self.symbols.intern(attribute.trim_end_matches("()"));
        let namespace = self.modules[id.index()].namespace;
        self.heap
            .get(namespace, symbol)
            .cloned()
            .unwrap_or_else(Value::nothing)
    }

    fn applications(
        &mut self,
        exposures: &[Exposure],
        ports: &BTreeMap<ObjectId, (Setting<u16>, Span)>,
    ) -> Vec<WebApplication> {
        let used: BTreeSet<Span> = exposures
            .iter()
            .filter_map(|exposure| exposure.application)
            .collect();
        let ids: BTreeMap<ObjectId, Span> = self
            .serving
            .objects
            .iter()
            .enumerate()
            .filter(|(_, object)| {
                matches!(object.thing, Thing::Application | Thing::Router) && used.contains(&object.span)
            })
            .map(|(id, object)| (id, object.span))
            .collect();
        let mut names: BTreeMap<Span, BTreeSet<(FileId, String)>> = BTreeMap::new();
        for at in 0..self.tree {
            if self.sources[at].module.test_code {
                continue;
            }
            let file = self.sources[at].file;
            let entries: Vec<(Rc<str>, Value)> = self
                .heap
                .namespace(self.modules[at].namespace)
                .entries()
                .filter(|(_, value)| {
                    value
                        .atoms()
                        .iter()
                        .any(|atom| matches!(atom, Atom::External(_) | Atom::Instance(_)))
                })
                .map(|(name, value)| (self.symbols.name(*name), value.clone()))
                .collect();
            for (name, value) in entries {
                for id in self.objects_of(&value) {
                    if let Some(span) = ids.get(&id) {
                        names.entry(*span).or_default().insert((file, name.to_string()));
                    }
                }
            }
        }
        let mut factories: Vec<(ObjectId, FunctionId)> = self.serving.factories.iter().copied().collect();
        factories.sort_unstable();
        for (id, function) in factories {
            let file = self.sources[self.heap.function(function).module.index()].file;
            if let (Some(span), Code::Function(code)) = (ids.get(&id), self.heap.function(function).code) {
                names
                    .entry(*span)
                    .or_default()
                    .insert((file, format!("{}()", code.name)));
            }
        }
        let mut applications: BTreeMap<Span, WebApplication> = BTreeMap::new();
        for (id, span) in ids {
            let application = applications.entry(span).or_insert_with(|| WebApplication {
                span,
                names: names.get(&span).into_iter().flatten().cloned().collect(),
                port: None,
            });
            if let Some((port, place)) = ports.get(&id) {
                application.port = Some((port.clone(), *place));
            }
        }
        applications.into_values().collect()
    }

    fn reach_of(&mut self, context: &Context, graph: &Graph) -> Reach {
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
    fn reach_of_function(&mut self, start: FunctionId, graph: &Graph) -> Reach {
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

    fn way_back(
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
    fn is_called_somehow(&mut self, id: FunctionId) -> bool {
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
    fn is_read(&mut self, name: &str) -> bool {
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

    /// The pieces of a path joined by single slashes.
    fn joined_path(&self, pieces: &[Value]) -> Setting<String> {
        let mut joined = String::new();
        let mut variable: Option<String> = None;
        let mut is_default_known = true;
        let known: Vec<Setting<String>> = pieces.iter().map(|piece| self.text_setting(piece)).collect();
        for (at, piece) in known.iter().enumerate() {
            let text = match piece {
                Setting::Literal(text) => text,
                Setting::Configured { name, default } => {
                    // What the variable holds is the whole path only where nothing stands around it.
                    let is_alone = known.iter().enumerate().all(|(other, piece)| {
                        other == at
                            || matches!(piece, Setting::Literal(text) if text.trim_matches('/').is_empty())
                    });
                    if !is_alone {
                        return Setting::Unknown;
                    }
                    variable = Some(name.clone());
                    is_default_known = default.is_some();
                    match default {
                        Some(text) => text,
                        None => continue,
                    }
                }
                Setting::Unknown => return Setting::Unknown,
            };
            let Some(plain) = plain_path(text) else {
                return Setting::Unknown;
            };
            let is_last = at + 1 == known.len();
            let plain = plain.trim_start_matches('/');
            let plain = if is_last {
                plain
            } else {
                plain.trim_end_matches('/')
            };
            if !plain.is_empty() {
                joined.push('/');
                joined.push_str(plain);
            }
        }
        if joined.is_empty() {
            joined.push('/');
        }
        match variable {
            Some(name) => Setting::Configured {
                name,
                default: is_default_known.then_some(joined),
            },
            None => Setting::Literal(joined),
        }
    }

    /// What is known of a text that is a setting.
    fn text_setting(&self, value: &Value) -> Setting<String> {
        match value.single() {
            Some(Atom::Text(text)) => match (text.as_exact(), text.variable) {
                (Some(exact), Some(variable)) if text.configurable => Setting::Configured {
                    name: self.symbols.name(variable).to_string(),
                    default: Some(exact.to_owned()),
                },
                (Some(exact), _) if !text.configurable => Setting::Literal(exact.to_owned()),
                _ => Setting::Unknown,
            },
            Some(Atom::Unknown(unknown)) => match unknown.variable {
                Some(variable) => Setting::Configured {
                    name: self.symbols.name(variable).to_string(),
                    default: None,
                },
                None => Setting::Unknown,
            },
            _ => Setting::Unknown,
        }
    }

    /// What is known of a port: a number, a text that is one (`":8000"`), or what configuration sets.
    fn port_setting(&self, value: &Value) -> Setting<u16> {
        let mut default = None;
        let mut variable = None;
        for atom in value.atoms() {
            let (number, name) = match atom {
                Atom::Number(number, _) if (0.0..=65_535.0).contains(number) => (Some(*number as u16), None),
                Atom::Text(text) => {
                    let exact = text
                        .as_exact()
                        .and_then(|text| text.rsplit(':').next()?.trim().parse().ok());
                    match (exact, text.configurable, text.variable) {
                        (Some(number), false, _) => (Some(number), None),
                        (number, _, Some(variable)) => (number, Some(variable)),
                        _ => return Setting::Unknown,
                    }
                }
                Atom::Unknown(unknown) if unknown.variable.is_some() => (None, unknown.variable),
                _ => return Setting::Unknown,
            };
            if number.is_some() && default.is_some_and(|known| Some(known) != number)
                || name.is_some() && variable.is_some_and(|known| Some(known) != name)
            {
                return Setting::Unknown;
            }
            default = default.or(number);
            variable = variable.or(name);
        }
        match (variable, default) {
            (Some(variable), default) => Setting::Configured {
                name: self.symbols.name(variable).to_string(),
                default,
            },
            (None, Some(number)) => Setting::Literal(number),
            (None, None) => Setting::Unknown,
        }
    }
}

/// The functions whose dumps answer some route.
fn linked_functions(dumps: &[Dump], linked: &BTreeSet<Span>, graph: &Graph) -> BTreeSet<FunctionId> {
    dumps
        .iter()
        .filter(|dump| linked.contains(&dump.span))
        .filter_map(|dump| dump.context.functions.last())
        .map(|id| graph.node(*id))
        .collect()
}

/// A path as a request has it, of one that may be written as a regular expression for the whole of it; `None` where it
/// stands for several.
fn plain_path(text: &str) -> Option<String> {
    let text = text.strip_prefix('^').unwrap_or(text);
    let text = text.strip_suffix('$').unwrap_or(text);
    let text = text.strip_suffix(r"\Z").unwrap_or(text);
    let text = text.strip_suffix("/?").unwrap_or(text);
    let text = text.replace(r"\.", ".").replace(r"\-", "-").replace(r"\/", "/");
    (!text.contains(['(', '[', '*', '+', '?', '|', '\\'])).then_some(text)
}

/// The texts with which a comparison compares the path of a request.
fn compared_with_path<'a>(operands: &'a [Expr], operators: &[String]) -> Vec<&'a str> {
    let is_path = |operand: &Expr| match &operand.kind {
        ExprKind::Attribute(_, name) => name == "path",
        ExprKind::Name(name) => matches!(name.as_str(), "path" | "url" | "path_info"),
        ExprKind::Subscript(_, key) => {
            matches!(&key.kind, ExprKind::Str(text) if matches!(&*text.text, "PATH_INFO" | "path"))
        }
        _ => false,
    };
    let is_equal = operators
        .iter()
        .all(|operator| matches!(operator.as_str(), "==" | "!=" | "in" | "not in"));
    if !is_equal || !operands.iter().any(is_path) {
        return Vec::new();
    }
    let texts = |operand: &'a Expr| -> Vec<&'a str> {
        match &operand.kind {
            ExprKind::Str(text) => vec![&*text.text],
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => items
                .iter()
                .filter_map(|item| match &item.kind {
                    ExprKind::Str(text) => Some(&*text.text),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    };
    operands
        .iter()
        .flat_map(texts)
        .filter(|text| text.starts_with('/'))
        .collect()
}

/// One of each, by place: what another run of the same call knew better is left out.
fn tidied(mut exposures: Vec<Exposure>) -> Vec<Exposure> {
    let key = |exposure: &Exposure| {
        (
            exposure.span,
            exposure.kind,
            exposure.application,
            exposure.registry,
            format!("{:?} {:?}", exposure.path, exposure.port),
            exposure.reached_from.clone(),
            exposure.program,
        )
    };
    exposures.sort_by_cached_key(|exposure| (key(exposure), !exposure.is_reached));
    exposures.dedup_by(|later, first| key(later) == key(first));
    let reached: BTreeSet<Span> = exposures
        .iter()
        .filter(|exposure| exposure.is_reached)
        .map(|exposure| exposure.span)
        .collect();
    exposures.retain(|exposure| exposure.is_reached || !reached.contains(&exposure.span));
    let placed: BTreeSet<Span> = exposures
        .iter()
        .filter(|exposure| exposure.application.is_some())
        .map(|exposure| exposure.span)
        .collect();
    exposures.retain(|exposure| exposure.application.is_some() || !placed.contains(&exposure.span));
    exposures
}

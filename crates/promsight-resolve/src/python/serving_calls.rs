//! What calls of web frameworks, servers and the client library mean for what is served.
//!
//! Owns the meaning of the tables in [`super::serving_tables`]: which calls make applications and routers, join them,
//! give them routes, and listen. What is noted is kept in [`super::serving`].

use std::rc::Rc;

use promsight_model::python::{self, Expr, ExprKind};
use promsight_model::{ExposureKind, Registry, Span};

use super::heap::ContainerKind;
use super::machine::Machine;
use super::serving::{Guards, ObjectId, Prefix, Served, Thing, object_in};
use super::serving_tables::{
    BELOW, CARRIERS, ENTRIES, GUARDS, LIST_METHODS, LISTEN_METHODS, LISTENERS, LOOSE_DECORATORS, Listener,
    MOUNT_METHODS, MakerKind, PUSHERS, ROUTE_METHODS, SAME, SECURITY, URL_MODULES, default_port, ends_of,
    maker,
};
use super::value::{Arguments, Atom, FunctionId, ModuleId, Reason, Symbol, Text, Value};

/// Lists of routes in one another.
const MOST_NESTED: usize = 4;
/// Keywords that hold a path.
const PATHS: &[&str] = &[
    "path",
    "rule",
    "uri",
    "uri_template",
    "url",
    "prefix",
    "url_prefix",
];
/// Keywords that hold a handler.
const HANDLERS: &[&str] = &[
    "endpoint",
    "view_func",
    "handler",
    "route",
    "resource",
    "app",
    "view",
];

fn has_text(value: &Value) -> bool {
    value.atoms().iter().any(|atom| matches!(atom, Atom::Text(_)))
}

/// Whether a value can answer requests.
fn is_callable(value: &Value) -> bool {
    value.atoms().iter().any(|atom| {
        matches!(
            atom,
            Atom::Function(_)
                | Atom::Bound(_)
                | Atom::Class(_)
                | Atom::Instance(_)
                | Atom::Partial(_)
                | Atom::External(_)
        )
    })
}

impl<'a> Machine<'a> {
    /// Calls of the client library, of frameworks and servers; `None` where nothing of it is known, or what the call
    /// gives is as unknown as ever.
    pub(super) fn call_serving(
        &mut self,
        path: &Rc<str>,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Option<Value> {
        if let Some((id, rest)) = object_in(path) {
            let rest = rest.to_owned();
            self.take(arguments);
            return Some(self.call_object(id, &rest, arguments, span));
        }
        if let Some(name) = path.strip_prefix("prometheus_client.") {
            return self.call_client(name, arguments, span);
        }
        if PUSHERS.contains(&&**path) {
            self.note_leaving(ExposureKind::Push, Registry::Unknown, None, span);
            return None;
        }
        if CARRIERS.contains(&&**path) {
            self.take(arguments);
            let first = arguments
                .values()
                .find(|value| is_callable(value) || has_text(value))?;
            return Some(first.clone());
        }
        if let Some(listener) = LISTENERS.iter().find(|listener| listener.path == &**path) {
            self.listen(listener, arguments, span);
            return None;
        }
        if path.ends_with(".DispatcherMiddleware") {
            return Some(self.dispatch(arguments, span?));
        }
        if GUARDS.contains(&&*path.replace("()", "")) {
            return self.guard(arguments, span);
        }
        if path.starts_with("flask_httpauth.") && path.ends_with("Auth") {
            return Some(Value::external(&format!("{path}()")));
        }
        let (package, name) = ends_of(path)?;
        self.call_framework(path, package, name, arguments, span?)
    }

    /// `DispatcherMiddleware(app, {"/metrics": other})`: the application with others below paths. What is made of it is
    /// the application itself, which is where it is kept in most cases (`app.wsgi_app = …`).
    fn dispatch(&mut self, arguments: &Arguments, span: Span) -> Value {
        self.take(arguments);
        let mut owners = Vec::new();
        for value in arguments.positional.clone() {
            owners.extend(self.objects_of(&value));
        }
        owners.retain(|id| {
            matches!(
                self.serving.objects[*id].thing,
                Thing::Application | Thing::Router
            )
        });
        let owner = match owners.first() {
            Some(owner) => *owner,
            None => self.new_object(Thing::Application, "dispatcher", span),
        };
        let guards = Guards {
            own: Vec::new(),
            is_separate: true,
        };
        let tables: Vec<Value> = arguments.values().cloned().collect();
        for table in tables {
            let Some(Atom::Container(id)) = table.single() else {
                continue;
            };
            let container = self.heap.container(*id).clone();
            for (path, target) in container.items.iter().zip(&container.values) {
                self.mount_target(owner, Some(path), "mount", target, &guards, Some(span));
            }
        }
        Self::object_value(owner)
    }

    /// Hands arguments over to something that is understood.
    fn take(&mut self, arguments: &Arguments) {
        let before = std::mem::replace(&mut self.serving.is_taking, true);
        self.escape_all(arguments);
        self.serving.is_taking = before;
    }

    fn call_client(&mut self, name: &str, arguments: &Arguments, span: Option<Span>) -> Option<Value> {
        let last = name.rsplit('.').next().unwrap_or(name);
        let at = |position| (position, "registry");
        match last {
            "generate_latest" => {
                let registry = self.registry_argument(arguments, at(0));
                self.note_dump(registry, span);
                None
            }
            "choose_encoder" => {
                let encoder = Value::external("prometheus_client.exposition.generate_latest");
                let parts = vec![encoder, Value::unknown(Reason::Call)];
                Some(self.heap.new_container(ContainerKind::Tuple, parts))
            }
            "make_wsgi_app" | "make_asgi_app" | "make_aiohttp_handler" | "MetricsResource" | "factory" => {
                let registry = self.registry_argument(arguments, at(0));
                Some(self.endpoint(registry, span?))
            }
            "start_http_server" | "start_wsgi_server" => {
                let port = self.argument(arguments, 0, "port");
                let registry = self.registry_argument(arguments, at(2));
                self.note_listening(port, Served::Registry(registry), span);
                None
            }
            "push_to_gateway" | "pushadd_to_gateway" => {
                let registry = self.registry_argument(arguments, at(2));
                self.note_leaving(ExposureKind::Push, registry, None, span);
                None
            }
            "write_to_textfile" => {
                let registry = self.registry_argument(arguments, at(1));
                let path = self.argument(arguments, 0, "path");
                self.note_leaving(ExposureKind::Textfile, registry, path, span);
                None
            }
            "GraphiteBridge" => {
                let registry = self.registry_argument(arguments, at(1));
                self.note_leaving(ExposureKind::Push, registry, None, span);
                None
            }
            "MultiProcessCollector" => {
                let registry = self.registry_argument(arguments, at(0));
                if let Registry::Named(span) = registry {
                    self.serving.shared.insert(span);
                }
                None
            }
            _ => None,
        }
    }

    fn registry_argument(&mut self, arguments: &Arguments, at: (usize, &str)) -> Registry {
        let value = self.argument(arguments, at.0, at.1);
        self.served_registry(value.as_ref())
    }

    /// Something that serves a registry, once it is given a path or a port.
    pub(super) fn endpoint(&mut self, registry: Registry, span: Span) -> Value {
        let id = self.new_object(Thing::Endpoint(registry), "endpoint", span);
        Self::object_value(id)
    }

    fn call_framework(
        &mut self,
        path: &str,
        package: &str,
        name: &str,
        arguments: &Arguments,
        span: Span,
    ) -> Option<Value> {
        if maker(path).is_some() {
            self.hand_over_class(arguments, Some(span));
            self.take(arguments);
            let id = self.make_web_object(path, arguments, span);
            return Some(Self::object_value(id));
        }
        if package == "django" {
            return self.call_django(path, arguments, span);
        }
        if let Some((.., route, handler)) = ENTRIES
            .iter()
            .find(|(known, entry, ..)| *known == package && *entry == name)
        {
            let path = self.path_argument(arguments, *route)?;
            let handler = self.handler_argument(arguments, *handler)?;
            self.take(arguments);
            let thing = Thing::Entry {
                path,
                handler,
                home: None,
            };
            let id = self.new_object(thing, "entry", span);
            return Some(Self::object_value(id));
        }
        if BELOW.contains(&(package, name)) {
            let path = self.path_argument(arguments, 0)?;
            let target = self
                .handler_argument(arguments, 1)
                .or_else(|| self.argument(arguments, 2, "routes"))?;
            self.take(arguments);
            let id = self.new_object(Thing::Below { path, target }, "below", span);
            return Some(Self::object_value(id));
        }
        if LOOSE_DECORATORS.contains(&(package, name)) {
            let path = self.path_argument(arguments, 0)?;
            return Some(self.decorator(None, path, Guards::default(), span));
        }
        if matches!(package, "fastapi" | "starlette") {
            if matches!(name, "Depends" | "Security") {
                let given = self.argument(arguments, 0, "dependency")?;
                self.take(arguments);
                self.serving.has_dependencies = true;
                let id = self.new_object(Thing::Dependency(given), "dependency", span);
                return Some(Self::object_value(id));
            }
            if SECURITY.contains(&name) {
                let automatic = self.argument(arguments, usize::MAX, "auto_error");
                if automatic.is_some_and(|value| value.single() != Some(&Atom::Bool(true))) {
                    return None;
                }
                self.serving.has_dependencies = true;
                let id = self.new_object(Thing::Security, "security", span);
                return Some(Self::object_value(id));
            }
        }
        None
    }

    /// Makes an application or router of a framework.
    pub(super) fn make_web_object(&mut self, path: &str, arguments: &Arguments, span: Span) -> ObjectId {
        let found = maker(path);
        let kind = found.map_or(MakerKind::Application, |(_, maker)| maker.kind);
        let thing = match kind {
            MakerKind::Application => Thing::Application,
            MakerKind::Router | MakerKind::RouterOf => Thing::Router,
        };
        let id = self.new_object(thing, "application", span);
        let Some((package, maker)) = found else { return id };
        self.serving.objects[id].package = package;
        if let Some((position, keyword)) = maker.prefix
            && let Some(prefix) = self.argument(arguments, position, keyword)
            && prefix != Value::none()
        {
            self.serving.objects[id].prefix = Some(prefix);
        }
        let dependencies = self.dependencies(arguments);
        self.serving.objects[id].dependencies = dependencies;
        if let Some((position, keyword)) = maker.routes
            && let Some(routes) = self.argument(arguments, position, keyword)
        {
            self.take_routes(id, &routes, Some(span), 0);
        }
        if kind == MakerKind::RouterOf
            && let Some(application) = self.argument(arguments, 0, "app")
        {
            for owner in self.objects_of(&application) {
                self.note_mount(owner, Prefix::Own, id, Guards::default(), Some(span));
            }
        }
        id
    }

    fn dependencies(&mut self, arguments: &Arguments) -> Vec<Value> {
        match self.argument(arguments, usize::MAX, "dependencies") {
            Some(list) => self.elements(&list).items,
            None => Vec::new(),
        }
    }

    fn path_argument(&mut self, arguments: &Arguments, position: usize) -> Option<Value> {
        let named = PATHS.iter().find_map(|keyword| {
            let symbol = self.symbols.find(keyword)?;
            arguments.get(usize::MAX, Some(symbol)).cloned()
        });
        named.or_else(|| arguments.positional.get(position).cloned())
    }

    fn handler_argument(&mut self, arguments: &Arguments, position: usize) -> Option<Value> {
        let named = HANDLERS.iter().find_map(|keyword| {
            let symbol = self.symbols.find(keyword)?;
            let value = arguments.get(usize::MAX, Some(symbol))?;
            is_callable(value).then(|| value.clone())
        });
        named.or_else(|| arguments.positional.get(position).cloned())
    }

    fn decorator(&mut self, owner: Option<ObjectId>, path: Value, guards: Guards, span: Span) -> Value {
        let thing = Thing::Decorator { owner, path, guards };
        let id = self.new_object(thing, "decorator", span);
        Self::object_value(id)
    }

    /// An attribute of a web object.
    pub(super) fn object_attribute(&mut self, path: &str, symbol: Symbol) -> Option<Value> {
        let (id, rest) = object_in(path)?;
        let name = self.symbols.name(symbol);
        let unknown = Value::unknown(Reason::Attribute);
        let Some(object) = self.serving.objects.get(id) else {
            return Some(unknown);
        };
        if !matches!(object.thing, Thing::Application | Thing::Router) {
            return Some(unknown);
        }
        if rest.is_empty() && SAME.contains(&&*name) {
            return Some(Self::object_value(id));
        }
        let method = format!("{}.{name}", rest.trim_start_matches('.'));
        let method = method.trim_start_matches('.');
        let is_known = ROUTE_METHODS.contains(&method)
            || MOUNT_METHODS.contains(&method)
            || LIST_METHODS.contains(&method)
            || LISTEN_METHODS.contains(&method)
            || method == "routes";
        Some(if is_known {
            Value::external(&format!("web#{id}.{method}"))
        } else {
            unknown
        })
    }

    /// An attribute that an instance has from a framework's base class.
    pub(super) fn inherited_web_attribute(&mut self, receiver: &Atom, symbol: Symbol) -> Option<Value> {
        let id = self.object_of(receiver)?;
        let found = self.object_attribute(&format!("web#{id}"), symbol)?;
        (!found.has_unknown()).then_some(found)
    }

    fn call_object(
        &mut self,
        id: ObjectId,
        method: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Value {
        let unknown = Value::unknown(Reason::Call);
        let Some(object) = self.serving.objects.get(id) else {
            return unknown;
        };
        let (place, package) = (object.span, object.package);
        let method = method.trim_start_matches('.');
        match (&object.thing, method) {
            (Thing::Decorator { owner, path, guards }, "") => {
                let (owner, path, guards) = (*owner, path.clone(), guards.clone());
                let Some(handler) = arguments.positional.first().cloned() else {
                    return unknown;
                };
                self.note_route(owner, path, handler.clone(), guards, Some(place));
                handler
            }
            // `return metrics_app(environ, start_response)` in a handler of the code's own.
            (Thing::Endpoint(registry), "") => {
                let registry = *registry;
                self.note_dump(registry, span);
                unknown
            }
            _ if method.is_empty() => unknown,
            _ if LISTEN_METHODS.contains(&method) => {
                let port = self.port_of_method(method, arguments);
                let port =
                    port.or_else(|| default_port(package).map(|port| Value::integer(usize::from(port))));
                self.note_listening(port, Served::Value(Self::object_value(id)), span);
                unknown
            }
            _ if LIST_METHODS.contains(&method) => {
                for value in arguments.positional.clone() {
                    self.take_routes(id, &value, span, 0);
                }
                unknown
            }
            _ if MOUNT_METHODS.contains(&method) => {
                self.mount(id, method, arguments, span);
                unknown
            }
            _ => self.add_route(id, method, arguments, span),
        }
    }

    fn port_of_method(&mut self, method: &str, arguments: &Arguments) -> Option<Value> {
        let position = if method.starts_with("run") { 1 } else { 0 };
        self.argument(arguments, position, "port")
    }

    /// `app.get(path)`, `app.add_route(path, handler)` in every order that frameworks have.
    fn add_route(
        &mut self,
        owner: ObjectId,
        method: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Value {
        let unknown = Value::unknown(Reason::Call);
        let (Some(path), Some(span)) = (self.route_path(arguments), span) else {
            return unknown;
        };
        let is_separate = method == "add_route" && self.serving.objects[owner].package == "fastapi";
        let guards = Guards {
            own: self.dependencies(arguments),
            is_separate,
        };
        let handler = self.handler_argument(arguments, usize::MAX);
        let handler = handler.or_else(|| {
            let mut given = arguments.positional.iter();
            given.find(|value| is_callable(value)).cloned()
        });
        if let Some(handler) = handler {
            self.note_route(Some(owner), path, handler, guards, Some(span));
            return unknown;
        }
        if method.starts_with("add_") {
            return unknown;
        }
        self.decorator(Some(owner), path, guards, span)
    }

    /// The path among the arguments: by its keyword, the first that looks like one, or the first text.
    fn route_path(&mut self, arguments: &Arguments) -> Option<Value> {
        let named = self.path_argument(arguments, usize::MAX);
        let looks_like_one = |value: &&Value| {
            value
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Text(text) if text.pieces.first().is_some_and(|piece| piece.starts_with(['/', '^']))))
        };
        let given = &arguments.positional;
        let found = given.iter().find(looks_like_one);
        let found = found.or_else(|| given.iter().find(|value| has_text(value)));
        named.or_else(|| found.cloned()).or_else(|| {
            let first = given.first()?;
            Some(if first.has_unknown() {
                first.clone()
            } else {
                Text::exact("").into()
            })
        })
    }

    fn mount(&mut self, owner: ObjectId, method: &str, arguments: &Arguments, span: Option<Span>) {
        let is_separate = matches!(method, "mount" | "add_subapp" | "host" | "putChild");
        let guards = Guards {
            own: self.dependencies(arguments),
            is_separate,
        };
        let named = self.path_argument(arguments, usize::MAX);
        let path = named.or_else(|| arguments.positional.iter().find(|value| has_text(value)).cloned());
        let path = path.filter(|path| *path != Value::none());
        let path = match path {
            // `putChild(b"metrics", …)`: bytes are not read.
            None if method == "putChild" => Some(Value::unknown(Reason::Expression)),
            path => path,
        };
        let targets: Vec<Value> = arguments
            .values()
            .filter(|value| !has_text(value))
            .cloned()
            .collect();
        let mut is_understood = false;
        for target in &targets {
            is_understood |= self.mount_target(owner, path.as_ref(), method, target, &guards, span);
        }
        if !is_understood {
            self.serving.objects[owner].takes_unknown = true;
        }
    }

    fn mount_target(
        &mut self,
        owner: ObjectId,
        path: Option<&Value>,
        method: &str,
        target: &Value,
        guards: &Guards,
        span: Option<Span>,
    ) -> bool {
        let mut is_understood = false;
        for atom in target.atoms().to_vec() {
            match self.object_of(&atom) {
                Some(inner)
                    if matches!(
                        self.serving.objects[inner].thing,
                        Thing::Application | Thing::Router | Thing::Somewhere
                    ) =>
                {
                    let replaces = matches!(method, "register_blueprint" | "blueprint" | "register_api");
                    let prefix = match path {
                        None => Prefix::Own,
                        Some(path) if replaces => Prefix::Instead(path.clone()),
                        Some(path) => Prefix::Before(path.clone()),
                    };
                    self.note_mount(owner, prefix, inner, guards.clone(), span);
                    is_understood = true;
                }
                found => {
                    let is_handler = found.is_some()
                        || matches!(
                            atom,
                            Atom::Function(_) | Atom::Bound(_) | Atom::Class(_) | Atom::Instance(_)
                        );
                    if is_handler {
                        let path = path.cloned().unwrap_or_else(|| Text::exact("").into());
                        self.note_route(Some(owner), path, atom.into(), guards.clone(), span);
                        is_understood = true;
                    }
                }
            }
        }
        is_understood
    }

    /// Gives a web object routes that stand in a list.
    pub(super) fn take_routes(&mut self, owner: ObjectId, value: &Value, span: Option<Span>, depth: usize) {
        if depth > MOST_NESTED {
            return;
        }
        for atom in value.atoms().to_vec() {
            if let Some(id) = self.object_of(&atom) {
                self.adopt_object(owner, id, span, depth);
                continue;
            }
            match &atom {
                Atom::Container(id) => {
                    let container = self.heap.container(*id);
                    let is_pair = container.kind == ContainerKind::Tuple
                        && container
                            .items
                            .first()
                            .is_some_and(|first| has_text(first) || first.has_unknown());
                    let items = container.items.clone();
                    if container.more.is_some() {
                        self.serving.objects[owner].takes_unknown = true;
                    }
                    match (is_pair, items.as_slice()) {
                        // Tornado: `(r"/metrics", Handler)`.
                        (true, [path, handler, ..]) => {
                            let (path, handler) = (path.clone(), handler.clone());
                            self.note_route(Some(owner), path, handler, Guards::default(), span);
                        }
                        _ => {
                            for item in items {
                                self.take_routes(owner, &item, span, depth + 1);
                            }
                        }
                    }
                }
                Atom::Function(id) => self.adopt_handler(owner, *id, span),
                Atom::Class(class) => {
                    let symbol = self.symbols.intern("path");
                    let path = self.attribute(&Atom::Class(*class).into(), symbol);
                    let path = if has_text(&path) {
                        path
                    } else {
                        Text::exact("").into()
                    };
                    self.note_route(Some(owner), path, atom.clone().into(), Guards::default(), span);
                }
                Atom::Unknown(_) => self.serving.objects[owner].takes_unknown = true,
                _ => {}
            }
        }
    }

    fn adopt_object(&mut self, owner: ObjectId, id: ObjectId, span: Option<Span>, depth: usize) {
        let object = self.serving.objects[id].clone();
        match object.thing {
            Thing::Entry { path, handler, .. } => {
                if let Thing::Entry { home, .. } = &mut self.serving.objects[id].thing {
                    *home = None;
                }
                self.note_route(Some(owner), path, handler, Guards::default(), Some(object.span));
            }
            Thing::Below { path, target } => {
                let inner = self.new_object(Thing::Router, "below", object.span);
                let guards = Guards {
                    own: Vec::new(),
                    is_separate: true,
                };
                if !self.mount_target(owner, Some(&path), "mount", &target, &guards, Some(object.span)) {
                    self.note_mount(owner, Prefix::Before(path), inner, guards, Some(object.span));
                    self.take_routes(inner, &target, Some(object.span), depth + 1);
                }
            }
            Thing::Application | Thing::Router => {
                self.note_mount(owner, Prefix::Own, id, Guards::default(), span);
            }
            Thing::Endpoint(_) => {
                let handler = Self::object_value(id);
                self.note_route(
                    Some(owner),
                    Text::exact("").into(),
                    handler,
                    Guards::default(),
                    span,
                );
            }
            _ => {}
        }
    }

    /// A function whose own decorator says its path (`@litestar.get("/metrics")`).
    fn adopt_handler(&mut self, owner: ObjectId, id: FunctionId, span: Option<Span>) {
        let mut found: Vec<(Value, Value, Guards, Span)> = Vec::new();
        for route in &self.serving.routes {
            if route.owner.is_none()
                && (route.decorated == Some(id) || route.handler.single() == Some(&Atom::Function(id)))
            {
                found.push((
                    route.path.clone(),
                    route.handler.clone(),
                    route.guards.clone(),
                    route.span,
                ));
            }
        }
        if found.is_empty() {
            let handler: Value = Atom::Function(id).into();
            self.note_route(
                Some(owner),
                Value::unknown(Reason::Expression),
                handler,
                Guards::default(),
                span,
            );
        }
        for (path, handler, guards, place) in found {
            self.note_route(Some(owner), path, handler, guards, Some(place));
        }
    }

    /// A call of a method of something unknown that gives a route all the same (`self.app.add_route("/metrics", …)`).
    pub(super) fn note_loose_route(&mut self, method: &str, arguments: &Arguments, span: Span) {
        let is_mount = MOUNT_METHODS.contains(&method);
        let gives_route = method.starts_with("add_") && ROUTE_METHODS.contains(&method);
        if !is_mount && !gives_route {
            return;
        }
        let owner = self.new_object(Thing::Somewhere, "somewhere", span);
        if is_mount {
            self.mount(owner, method, arguments, Some(span));
        } else {
            self.add_route(owner, method, arguments, Some(span));
        }
    }

    fn listen(&mut self, listener: &Listener, arguments: &Arguments, span: Option<Span>) {
        let served = self.argument(arguments, listener.served.0, listener.served.1);
        let port = self.argument(arguments, listener.port.0, listener.port.1);
        let port = port
            .filter(|port| *port != Value::none())
            .or_else(|| (listener.default > 0).then(|| Value::integer(usize::from(listener.default))));
        let port = port.map(|port| self.port_in(&port));
        let Some(served) = served else { return };
        self.take(&Arguments::of(vec![served.clone()]));
        let named: Vec<String> = served
            .atoms()
            .iter()
            .filter_map(|atom| match atom {
                Atom::Text(text) => text.as_exact().map(str::to_owned),
                _ => None,
            })
            .collect();
        let module = self.module();
        for name in named {
            self.note_listening(port.clone(), Served::Named(name, module), span);
        }
        if is_callable(&served) {
            self.note_listening(port, Served::Value(served), span);
        }
    }

    /// The same for a class of the tree that derives from a server (`class Server(ThreadingMixIn, HTTPServer)`).
    pub(super) fn note_derived_server(&mut self, outside: &[Rc<str>], arguments: &Arguments, span: Span) {
        let listener = LISTENERS
            .iter()
            .find(|listener| outside.iter().any(|path| listener.path == &**path));
        if let Some(listener) = listener {
            self.listen(listener, arguments, Some(span));
        }
    }

    /// The port of an address, which may be `(host, port)`.
    fn port_in(&mut self, value: &Value) -> Value {
        match value.single() {
            Some(Atom::Container(id)) => {
                let items = &self.heap.container(*id).items;
                items
                    .get(1)
                    .cloned()
                    .unwrap_or_else(|| Value::unknown(Reason::Element))
            }
            _ => value.clone(),
        }
    }

    fn guard(&mut self, arguments: &Arguments, span: Option<Span>) -> Option<Value> {
        let [only] = arguments.positional.as_slice() else {
            return None;
        };
        let span = self.serving_place(span)?;
        if !is_callable(only) {
            return None;
        }
        self.take(arguments);
        let id = self.new_object(Thing::Guarded(only.clone()), "guarded", span);
        Some(Self::object_value(id))
    }

    fn call_django(&mut self, path: &str, arguments: &Arguments, span: Span) -> Option<Value> {
        match path {
            "django.urls.include" | "django.urls.conf.include" | "django.conf.urls.include" => {
                let target = self.argument(arguments, 0, "arg")?;
                let target = match target.exact_text() {
                    Some(_) => self.import_by_name(Some(&target))?,
                    None => target,
                };
                let path = Text::exact("").into();
                let id = self.new_object(Thing::Below { path, target }, "include", span);
                Some(Self::object_value(id))
            }
            "django.urls.path"
            | "django.urls.conf.path"
            | "django.urls.re_path"
            | "django.urls.conf.re_path"
            | "django.conf.urls.url"
            | "django.urls.url" => {
                let route = self
                    .argument(arguments, 0, "route")
                    .or_else(|| self.argument(arguments, usize::MAX, "regex"))?;
                let view = self.argument(arguments, 1, "view")?;
                self.take(arguments);
                let home = self.urls_of(self.module());
                if let Some(included) = self.included(&view) {
                    self.include(home, &route, &included, span);
                    return None;
                }
                let thing = Thing::Entry {
                    path: route,
                    handler: view,
                    home: Some(home),
                };
                let id = self.new_object(thing, "entry", span);
                Some(Self::object_value(id))
            }
            _ => None,
        }
    }

    /// The list of URLs of a module.
    pub(super) fn urls_of(&mut self, module: ModuleId) -> ObjectId {
        if let Some(known) = self.serving.of_modules.get(&module.0) {
            return *known;
        }
        let file = self.sources[module.index()].file;
        let id = self.new_object(Thing::Urls, "urls", Span::new(file, 0..0));
        self.serving.of_modules.insert(module.0, id);
        id
    }

    fn included(&mut self, view: &Value) -> Option<Value> {
        let [id] = self.objects_of(view)[..] else {
            return None;
        };
        match &self.serving.objects[id].thing {
            Thing::Below { target, .. } => Some(target.clone()),
            _ => None,
        }
    }

    fn include(&mut self, home: ObjectId, route: &Value, target: &Value, span: Span) {
        for atom in target.atoms().to_vec() {
            match &atom {
                Atom::Module(module) => {
                    let inner = self.urls_of(*module);
                    self.note_mount(
                        home,
                        Prefix::Before(route.clone()),
                        inner,
                        Guards::default(),
                        Some(span),
                    );
                }
                Atom::External(path) => {
                    let Some((_, below)) = URL_MODULES.iter().find(|(module, _)| *module == &**path) else {
                        continue;
                    };
                    let handler = self.endpoint(Registry::Default, span);
                    let routes = self.new_object(Thing::Router, "included", span);
                    self.note_mount(
                        home,
                        Prefix::Before(route.clone()),
                        routes,
                        Guards::default(),
                        Some(span),
                    );
                    self.note_route(
                        Some(routes),
                        Text::exact(below).into(),
                        handler,
                        Guards::default(),
                        Some(span),
                    );
                }
                Atom::Container(id) => {
                    let inner = self.new_object(Thing::Router, "included", span);
                    self.note_mount(
                        home,
                        Prefix::Before(route.clone()),
                        inner,
                        Guards::default(),
                        Some(span),
                    );
                    let items = self.heap.container(*id).items.clone();
                    for item in items {
                        self.take_routes(inner, &item, Some(span), 0);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a condition is that of `if __name__ == "__main__":` at a module's top level.
    pub(super) fn enters_program(&self, test: &Expr) -> bool {
        if self.frame().function.is_some() {
            return false;
        }
        let ExprKind::Compare(operands, operators) = &test.kind else {
            return false;
        };
        let is_name = |operand: &Expr| matches!(&operand.kind, ExprKind::Name(name) if name == "__name__");
        let is_main =
            |operand: &Expr| matches!(&operand.kind, ExprKind::Str(text) if text.text == "__main__");
        matches!(operators.as_slice(), [operator] if operator == "==")
            && operands.iter().any(is_name)
            && operands.iter().any(is_main)
    }

    /// Dependencies that annotations name: `user: Annotated[User, Depends(verify)]`.
    pub(super) fn note_annotated(&mut self, function: &'a python::Function, defined: Option<FunctionId>) {
        let Some(id) = defined.filter(|_| self.serving.has_dependencies) else {
            return;
        };
        let annotations = function
            .params
            .iter()
            .filter_map(|param| param.annotation.as_ref());
        let mut found = Vec::new();
        for annotation in annotations.filter(|annotation| {
            matches!(
                annotation.kind,
                ExprKind::Subscript(..) | ExprKind::Name(_) | ExprKind::Attribute(..)
            )
        }) {
            let value = self.evaluate(annotation);
            if self.objects_of(&value).len() == 1 {
                found.push(value);
            }
        }
        if !found.is_empty() {
            self.serving.annotated.insert(id, found);
        }
    }

    /// `Annotated[User, Depends(verify)]` is its dependency here.
    pub(super) fn annotated_dependency(&mut self, key: &Value) -> Value {
        let items = self.elements(key).items;
        let found = items.iter().find(|item| {
            let ids = self.objects_of(item);
            ids.iter().any(|id| {
                matches!(
                    self.serving.objects[*id].thing,
                    Thing::Dependency(_) | Thing::Security
                )
            })
        });
        found.cloned().unwrap_or_else(|| Value::unknown(Reason::Call))
    }

    /// A decorator that demands credentials.
    pub(super) fn note_guard(&mut self, decorator: &'a Expr, made: &Value, defined: Option<FunctionId>) {
        let Some(id) = defined.filter(|_| !self.in_test) else {
            return;
        };
        let is_guard = |value: &Value| matches!(value.single(), Some(Atom::External(path)) if GUARDS.contains(&path.replace("()", "").as_str()));
        let (ExprKind::Call(_) | ExprKind::Name(_) | ExprKind::Attribute(..)) = &decorator.kind else {
            return;
        };
        let demands = match &decorator.kind {
            ExprKind::Call(call) => match &call.func.kind {
                ExprKind::Name(name) | ExprKind::Attribute(_, name)
                    if GUARDS
                        .iter()
                        .any(|path| path.rsplit('.').next() == Some(name.as_str())) =>
                {
                    let callee = self.evaluate(&call.func);
                    let is_optional = call.keywords.iter().any(|(name, value)| {
                        name.as_deref() == Some("optional") && value.kind != ExprKind::Bool(false)
                    });
                    is_guard(&callee) && !is_optional
                }
                _ => false,
            },
            _ => is_guard(made),
        };
        if demands {
            self.serving.guarded.insert(id, decorator.span);
        }
    }

    /// A route by a decorator of something unknown: `@self.app.get("/metrics")`.
    pub(super) fn note_decorated_route(&mut self, decorator: &'a Expr, made: &Value, value: &Value) {
        let ExprKind::Call(call) = &decorator.kind else {
            return;
        };
        let ExprKind::Attribute(_, method) = &call.func.kind else {
            return;
        };
        if !made.has_unknown() || !ROUTE_METHODS.contains(&method.as_str()) {
            return;
        }
        let path = call.args.first().or_else(|| {
            let named = call
                .keywords
                .iter()
                .find(|(name, _)| name.as_deref().is_some_and(|name| PATHS.contains(&name)));
            named.map(|(_, value)| value)
        });
        if let Some(path) = path
            && let ExprKind::Str(text) = &path.kind
            && text.text.starts_with('/')
        {
            let path = Text::literal(&text.text, path.span).into();
            let owner = self.new_object(Thing::Somewhere, "somewhere", decorator.span);
            self.note_route(
                Some(owner),
                path,
                value.clone(),
                Guards::default(),
                Some(decorator.span),
            );
        }
    }

    /// How descriptions of libraries say what is served.
    pub(super) fn call_serving_helper(
        &mut self,
        helper: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Option<Value> {
        let given = |position: usize| {
            arguments
                .positional
                .get(position)
                .filter(|value| **value != Value::none())
        };
        match helper {
            // `endpoint(registry)`: a handler or application.
            "endpoint" => {
                let registry = self.served_registry(given(0));
                let place = self.place_in_tree().or(span)?;
                return Some(self.endpoint(registry, place));
            }
            // `serve(application, path, registry, dependencies)`
            "serve" => {
                let registry = self.served_registry(given(2));
                let place = self.serving_place(span)?;
                let handler = self.endpoint(registry, place);
                let own = match given(3).cloned() {
                    Some(list) => self.elements(&list).items,
                    None => Vec::new(),
                };
                let path = given(1)?.clone();
                let application = given(0).cloned();
                let mut owners = application
                    .map(|value| self.objects_of(&value))
                    .unwrap_or_default();
                if owners.is_empty() {
                    owners.push(self.new_object(Thing::Somewhere, "somewhere", place));
                }
                for owner in owners {
                    let guards = Guards {
                        own: own.clone(),
                        is_separate: false,
                    };
                    self.note_route(Some(owner), path.clone(), handler.clone(), guards, Some(place));
                }
            }
            // `listen(port, registry)`
            _ => {
                let registry = self.served_registry(given(1));
                self.note_listening(given(0).cloned(), Served::Registry(registry), span);
            }
        }
        Some(Value::none())
    }
}

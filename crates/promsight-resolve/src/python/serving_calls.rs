//! What calls of web frameworks, servers and the client library mean for what is served.
//!
//! Owns the meaning of the tables in [`super::serving_tables`]: which calls make applications and routers, join them,
//! give them routes, and listen. What is noted is kept in [`super::serving`].

use std::rc::Rc;

use promsight_model::{ExposureKind, Registry, Span};

use super::heap::ContainerKind;
use super::machine::Machine;
use super::serving::{Guards, ObjectId, Prefix, Served, Thing, object_in};
use super::serving_tables::{
    BELOW, CARRIERS, ENTRIES, GUARDS, LIST_METHODS, LISTEN_METHODS, LISTENERS, LOOSE_DECORATORS, Listener,
    MOUNT_METHODS, MakerKind, PUSHERS, ROUTE_METHODS, SAME, SECURITY, default_port, ends_of, maker,
};
use super::value::{Arguments, Atom, Reason, Symbol, Value};

use super::serving_middleware::MIDDLEWARE_METHODS;
use super::serving_routes::{has_text, is_callable};

impl Machine<'_> {
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
    pub(super) fn dispatch(&mut self, arguments: &Arguments, span: Span) -> Value {
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
    pub(super) fn take(&mut self, arguments: &Arguments) {
        let before = std::mem::replace(&mut self.serving.is_taking, true);
        self.escape_all(arguments);
        self.serving.is_taking = before;
    }

    pub(super) fn call_client(
        &mut self,
        name: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Option<Value> {
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

    pub(super) fn registry_argument(&mut self, arguments: &Arguments, at: (usize, &str)) -> Registry {
        let value = self.argument(arguments, at.0, at.1);
        self.served_registry(value.as_ref())
    }

    /// Something that serves a registry, once it is given a path or a port.
    pub(super) fn endpoint(&mut self, registry: Registry, span: Span) -> Value {
        let id = self.new_object(Thing::Endpoint(registry), "endpoint", span);
        Self::object_value(id)
    }

    pub(super) fn call_framework(
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
            if name == "Middleware" {
                self.hand_over_class(arguments, Some(span));
                let class = self.argument(arguments, 0, "cls")?;
                return Some(self.backend_of(&class, arguments).unwrap_or(class));
            }
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
        self.take_middlewares(id, arguments, span);
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
            || MIDDLEWARE_METHODS.contains(&method)
            || matches!(method, "middlewares" | "routes");
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

    pub(super) fn call_object(
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
            (Thing::Passing(owner), "") => {
                let owner = *owner;
                let Some(function) = arguments.positional.first().cloned() else {
                    return unknown;
                };
                self.note_middleware(owner, function.clone(), place);
                function
            }
            // `return metrics_app(environ, start_response)` in a handler of the code's own.
            (Thing::Endpoint(registry), "") => {
                let registry = *registry;
                self.note_dump(registry, span);
                unknown
            }
            _ if method.is_empty() => unknown,
            _ if MIDDLEWARE_METHODS.contains(&method) => self
                .give_middleware(id, method, arguments, span)
                .unwrap_or(unknown),
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

    pub(super) fn listen(&mut self, listener: &Listener, arguments: &Arguments, span: Option<Span>) {
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
    pub(super) fn port_in(&mut self, value: &Value) -> Value {
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

    pub(super) fn guard(&mut self, arguments: &Arguments, span: Option<Span>) -> Option<Value> {
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

//! Routes and what takes them: paths and handlers among arguments in every order that frameworks have, lists of routes,
//! routers and applications below others.

use promsight_model::Span;

use super::heap::ContainerKind;
use super::machine::Machine;
use super::serving::{Guards, ObjectId, Prefix, Thing};
use super::serving_tables::{MOUNT_METHODS, ROUTE_METHODS};
use super::value::{Arguments, Atom, FunctionId, Reason, Text, Value};

/// Lists of routes in one another.
const MOST_NESTED: usize = 4;
/// Keywords that hold a path.
pub(super) const PATHS: &[&str] = &[
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

pub(super) fn has_text(value: &Value) -> bool {
    value.atoms().iter().any(|atom| matches!(atom, Atom::Text(_)))
}

/// Whether a value can answer requests.
pub(super) fn is_callable(value: &Value) -> bool {
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

impl Machine<'_> {
    pub(super) fn dependencies(&mut self, arguments: &Arguments) -> Vec<Value> {
        match self.argument(arguments, usize::MAX, "dependencies") {
            Some(list) => self.elements(&list).items,
            None => Vec::new(),
        }
    }

    pub(super) fn path_argument(&mut self, arguments: &Arguments, position: usize) -> Option<Value> {
        let named = PATHS.iter().find_map(|keyword| {
            let symbol = self.symbols.find(keyword)?;
            arguments.get(usize::MAX, Some(symbol)).cloned()
        });
        named.or_else(|| arguments.positional.get(position).cloned())
    }

    pub(super) fn handler_argument(&mut self, arguments: &Arguments, position: usize) -> Option<Value> {
        let named = HANDLERS.iter().find_map(|keyword| {
            let symbol = self.symbols.find(keyword)?;
            let value = arguments.get(usize::MAX, Some(symbol))?;
            is_callable(value).then(|| value.clone())
        });
        named.or_else(|| arguments.positional.get(position).cloned())
    }

    pub(super) fn decorator(
        &mut self,
        owner: Option<ObjectId>,
        path: Value,
        guards: Guards,
        span: Span,
    ) -> Value {
        let thing = Thing::Decorator { owner, path, guards };
        let id = self.new_object(thing, "decorator", span);
        Self::object_value(id)
    }

    pub(super) fn port_of_method(&mut self, method: &str, arguments: &Arguments) -> Option<Value> {
        let position = if method.starts_with("run") { 1 } else { 0 };
        self.argument(arguments, position, "port")
    }

    /// `app.get(path)`, `app.add_route(path, handler)` in every order that frameworks have.
    pub(super) fn add_route(
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
    pub(super) fn route_path(&mut self, arguments: &Arguments) -> Option<Value> {
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

    pub(super) fn mount(&mut self, owner: ObjectId, method: &str, arguments: &Arguments, span: Option<Span>) {
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

    pub(super) fn mount_target(
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

    pub(super) fn adopt_object(&mut self, owner: ObjectId, id: ObjectId, span: Option<Span>, depth: usize) {
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
    pub(super) fn adopt_handler(&mut self, owner: ObjectId, id: FunctionId, span: Option<Span>) {
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
}

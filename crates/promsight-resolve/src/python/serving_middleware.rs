//! What stands in front of all routes of an application: middlewares, and functions that run before each request.
//!
//! Owns which of them surely turn away whoever brings no credentials, wherever the request goes. One that looks at the
//! path, the client's address or the method may let a scraper through; one that is given to an application only under
//! a condition may not be there.

use promsight_model::Span;
use promsight_model::python::{Expr, ExprKind, Function, JoinedPart, Stmt, StmtKind};

use super::heap::Code;
use super::machine::Machine;
use super::serving::{ObjectId, Thing};
use super::value::{Arguments, Atom, ClassId, FunctionId, Value};

/// Statements and expressions in one another.
const MOST_DEPTH: usize = 40;

/// Methods that give an application something that each request passes.
pub(super) const MIDDLEWARE_METHODS: &[&str] = &[
    "add_middleware",
    "before_app_request",
    "before_request",
    "middleware",
    "middlewares.append",
    "on_request",
];

/// Packages of which applications below others are not behind what stands in front of these.
const DISPATCHED: &[&str] = &["apiflask", "flask", "flask_openapi3", "quart"];

/// Names and attributes by which a request is told from others.
const TELLING: &[&str] = &[
    "base_url",
    "blueprint",
    "blueprints",
    "client",
    "endpoint",
    "environ",
    "full_path",
    "host",
    "match_info",
    "match_route",
    "name",
    "path",
    "path_info",
    "raw_path",
    "rel_url",
    "remote",
    "remote_addr",
    "resolver_match",
    "route",
    "scope",
    "transport",
    "uri_template",
    "url",
    "url_for",
    "url_rule",
    "view_args",
    "view_functions",
];

/// Parts of names of what lets some requests through.
const EXEMPTING: &[&str] = &[
    "allow",
    "anonym",
    "bypass",
    "debug",
    "disable",
    "enable",
    "except",
    "exclu",
    "exempt",
    "guest",
    "health",
    "ignor",
    "internal",
    "local",
    "metric",
    "open_",
    "optional",
    "public",
    "safe",
    "scrap",
    "skip",
    "testing",
    "trusted",
    "unauthenticated",
    "unprotected",
    "white",
];

/// Parts of names of what a request shows who it is by.
const CREDENTIALS: &[&str] = &[
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "bearer",
    "cookie",
    "credential",
    "jwt",
    "login",
    "password",
    "secret",
    "session",
    "signature",
    "token",
    "user",
    "x-key",
];

/// Callables that hand the request on.
const NEXT: &[&str] = &[
    "call_next",
    "get_response",
    "handler",
    "next",
    "next_handler",
    "app",
];

/// Something that each request passes, and where it is given to its application.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Middleware {
    pub(super) what: Value,
    pub(super) span: Span,
}

impl Machine<'_> {
    /// A call of one of [`MIDDLEWARE_METHODS`].
    pub(super) fn give_middleware(
        &mut self,
        owner: ObjectId,
        method: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Option<Value> {
        self.hand_over_class(arguments, span);
        let span = span?;
        let first = arguments.positional.first().cloned();
        let first = first.or_else(|| self.argument(arguments, usize::MAX, "middleware_class"))?;
        if method == "middleware" && first.atoms().iter().any(|atom| matches!(atom, Atom::Text(_))) {
            // `@app.middleware("http")`: what it gives is called with the function.
            let id = self.new_object(Thing::Passing(owner), "passing", span);
            return Some(Self::object_value(id));
        }
        let what = self
            .backend_of(&first, arguments)
            .unwrap_or_else(|| first.clone());
        self.note_middleware(owner, what, span);
        Some(first)
    }

    /// Remembers what each request passes, where the application surely has it: not under a condition that the making
    /// of the application is not under too.
    pub(super) fn note_middleware(&mut self, owner: ObjectId, what: Value, span: Span) {
        if !self.notes_serving() {
            return;
        }
        let context = self.context();
        let branches = &self.serving.branches;
        let Some(object) = self.serving.objects.get(owner) else {
            return;
        };
        let made = &object.context;
        let is_together = made.module == context.module
            && (context.module.is_some() || made.functions.first() == context.functions.first());
        let given = Middleware { what, span };
        if is_together && object.branches.starts_with(branches) && !object.middlewares.contains(&given) {
            self.serving.objects[owner].middlewares.push(given);
        }
    }

    /// `FastAPI(middleware=[Middleware(Auth)])`, `web.Application(middlewares=[auth])`.
    pub(super) fn take_middlewares(&mut self, owner: ObjectId, arguments: &Arguments, span: Span) {
        for keyword in ["middleware", "middlewares"] {
            let Some(list) = self.argument(arguments, usize::MAX, keyword) else {
                continue;
            };
            let Some(Atom::Container(_)) = list.single() else {
                continue;
            };
            for what in self.elements(&list).items {
                self.note_middleware(owner, what, span);
            }
        }
    }

    /// What decides in Starlette's `AuthenticationMiddleware`.
    pub(super) fn backend_of(&mut self, class: &Value, arguments: &Arguments) -> Option<Value> {
        let Some(Atom::External(path)) = class.single() else {
            return None;
        };
        if &**path != "starlette.middleware.authentication.AuthenticationMiddleware" {
            return None;
        }
        self.argument(arguments, usize::MAX, "backend")
    }

    /// Whether what an object's requests pass stands in front of what is put beside its own routes (`app.mount`,
    /// `DispatcherMiddleware`).
    pub(super) fn covers_what_is_separate(&self, owner: ObjectId) -> bool {
        let object = self.serving.objects.get(owner);
        object.is_some_and(|object| !DISPATCHED.contains(&object.package))
    }

    /// The same of what a class of handlers does before each request (`prepare` of Tornado).
    pub(super) fn demanded_by_class(&self, class: ClassId) -> Option<Span> {
        let is_tornado = |path: &str| path.starts_with("tornado.web.");
        if !self.outside_bases(class).iter().any(|path| is_tornado(path)) {
            return None;
        }
        let (_, value) = self.heap.class_attribute(class, self.symbols.find("prepare")?)?;
        match value.single()? {
            Atom::Function(id) => self.demanded_by_passing(*id),
            _ => None,
        }
    }

    /// The place of what surely demands credentials of every request, of something that requests pass.
    pub(super) fn demanded_of_all(&self, middleware: &Middleware) -> Option<Span> {
        let method = |class: ClassId, names: &[&str]| {
            names.iter().find_map(|name| {
                let (_, value) = self.heap.class_attribute(class, self.symbols.find(name)?)?;
                match value.single()? {
                    Atom::Function(id) => Some(*id),
                    _ => None,
                }
            })
        };
        let function = match middleware.what.single()? {
            Atom::Function(id) => *id,
            Atom::Bound(bound) => bound.function,
            Atom::Class(class) => method(*class, &["dispatch"])?,
            Atom::Instance(id) => method(self.heap.instance(*id).class, &["authenticate", "dispatch"])?,
            _ => return None,
        };
        self.demanded_by_passing(function)
    }

    fn demanded_by_passing(&self, id: FunctionId) -> Option<Span> {
        let Code::Function(code) = self.heap.function(id).code else {
            return None;
        };
        treats_all_alike(code)
            .then(|| self.demanded_by_function(id, 0))
            .flatten()
    }
}

/// Whether a function asks for credentials, and for nothing else by which it could tell one request from another.
pub(super) fn treats_all_alike(function: &Function) -> bool {
    let mut seen = Seen::default();
    seen.block(&function.body, 0);
    seen.asks_for_credentials && !seen.may_exempt
}

/// What a function looks at.
#[derive(Default)]
struct Seen {
    asks_for_credentials: bool,
    may_exempt: bool,
    compares_method: bool,
}

impl Seen {
    fn block(&mut self, body: &[Stmt], depth: usize) {
        if depth > MOST_DEPTH {
            self.may_exempt = true;
            return;
        }
        for statement in body {
            match &statement.kind {
                StmtKind::Assign { targets, value, .. } => {
                    for part in targets.iter().chain(value) {
                        self.expression(part, depth + 1);
                    }
                }
                StmtKind::AugAssign { target, value, .. } => {
                    self.expression(target, depth + 1);
                    self.expression(value, depth + 1);
                }
                StmtKind::Expr(value) | StmtKind::Return(Some(value)) | StmtKind::Raise(Some(value)) => {
                    self.expression(value, depth + 1);
                }
                StmtKind::If { test, .. } | StmtKind::While { test, .. } => self.expression(test, depth + 1),
                StmtKind::For { iter, .. } => self.expression(iter, depth + 1),
                StmtKind::With { items, .. } => {
                    for (context, _) in items {
                        self.expression(context, depth + 1);
                    }
                }
                StmtKind::Function(_) | StmtKind::Class(_) => self.may_exempt = true,
                _ => {}
            }
            for block in statement.kind.blocks() {
                self.block(block, depth + 1);
            }
        }
    }

    fn word(&mut self, word: &str) {
        let lower = word.to_ascii_lowercase();
        self.asks_for_credentials |= CREDENTIALS.iter().any(|part| lower.contains(part));
        self.may_exempt |= EXEMPTING.iter().any(|part| lower.contains(part));
    }

    fn name(&mut self, name: &str) {
        self.word(name);
        self.may_exempt |= TELLING.contains(&name);
        self.compares_method |= name == "method";
    }

    fn expression(&mut self, expression: &Expr, depth: usize) {
        if depth > MOST_DEPTH {
            self.may_exempt = true;
            return;
        }
        let mut parts: Vec<&Expr> = Vec::new();
        match &expression.kind {
            ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::None => {}
            ExprKind::Str(text) => {
                let is_word = !text.text.contains(char::is_whitespace);
                // What it says to whoever is turned away decides nothing.
                if is_word {
                    self.word(&text.text);
                }
                self.may_exempt |= is_word && text.text.starts_with(['/', '^']);
                // `OPTIONS` is what browsers ask beforehand.
                self.may_exempt |= matches!(&*text.text, "GET" | "HEAD");
            }
            ExprKind::Joined(pieces) => parts.extend(pieces.iter().filter_map(|piece| match piece {
                JoinedPart::Value { value, .. } => Some(value),
                JoinedPart::Text(_) => None,
            })),
            ExprKind::Name(name) => self.name(name),
            ExprKind::Attribute(inner, name) => {
                self.name(name);
                parts.push(inner);
            }
            ExprKind::Subscript(left, right) | ExprKind::Binary(_, left, right) => {
                parts.extend([&**left, &**right]);
            }
            ExprKind::Call(call) => {
                self.may_exempt |= hands_on_request(&call.func, &call.args);
                // What is handed over by name is a status, a message, a header: what the answer is made of.
                parts.push(&call.func);
                parts.extend(&call.args);
                parts.extend(call.keywords.iter().map(|(_, value)| value));
            }
            ExprKind::BoolOp(_, operands)
            | ExprKind::Compare(operands, _)
            | ExprKind::List(operands)
            | ExprKind::Tuple(operands)
            | ExprKind::Set(operands) => parts.extend(operands),
            ExprKind::Dict(entries) => {
                for (key, value) in entries {
                    parts.extend(key);
                    parts.push(value);
                }
            }
            ExprKind::IfElse { test, body, orelse } => parts.extend([&**test, &**body, &**orelse]),
            ExprKind::Not(inner)
            | ExprKind::Negative(inner)
            | ExprKind::Starred(inner)
            | ExprKind::Named(_, inner)
            | ExprKind::Await(inner) => parts.push(inner),
            ExprKind::Comprehension(_) | ExprKind::Lambda(_) | ExprKind::Yield(_) | ExprKind::Unknown => {
                self.may_exempt = true;
            }
        }
        for part in parts {
            self.expression(part, depth + 1);
        }
    }
}

/// Whether a call hands the request to code that may decide about it.
fn hands_on_request(callee: &Expr, args: &[Expr]) -> bool {
    let is_request = |value: &Expr| matches!(&value.kind, ExprKind::Name(name) if matches!(name.as_str(), "request" | "req" | "conn" | "self"));
    let (ExprKind::Name(name) | ExprKind::Attribute(_, name)) = &callee.kind else {
        return true;
    };
    args.iter().any(is_request) && !NEXT.contains(&name.as_str())
}

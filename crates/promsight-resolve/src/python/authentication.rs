//! Whether a request has to bring credentials.
//!
//! Only what is sure counts: a known class or decorator of security, or a function that answers 401 or 403 to whoever
//! brings none. A check that configuration can switch off demands nothing for sure.

use promsight_model::Span;
use promsight_model::python::{BoolOp, Expr, ExprKind, Stmt, StmtKind};
use rustc_hash::FxHashSet;

use super::heap::Code;
use super::machine::Machine;
use super::serving::Thing;
use super::serving_tables::SECURITY;
use super::value::{Atom, FunctionId, Value};

/// Dependencies of dependencies.
const MOST_NESTED: usize = 6;
/// Blocks in one another.
const MOST_DEPTH: usize = 24;
/// Variables of frameworks that stand for the request.
const REQUEST: &[&str] = &["request", "session", "current_user", "g"];
/// Exceptions that are answered with 401 or 403.
const DENIALS: &[&str] = &[
    "AuthenticationError",
    "AuthenticationFailed",
    "Forbidden",
    "HTTPForbidden",
    "HTTPUnauthorized",
    "NotAuthenticated",
    "NotAuthorizedException",
    "PermissionDenied",
    "Unauthorized",
];

/// How a block ends for a request without credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It goes on behind it.
    GoesOn,
    /// It is turned away.
    Denied,
    /// It may be let in, or turned away for another reason.
    Open,
}

impl Machine<'_> {
    /// The place of what surely demands credentials, of a dependency.
    pub(super) fn demanded_by(&self, value: &Value, depth: usize) -> Option<Span> {
        if depth > MOST_NESTED {
            return None;
        }
        match value.single()? {
            Atom::External(path) => {
                let (id, rest) = super::serving::object_in(path)?;
                let object = self.serving.objects.get(id).filter(|_| rest.is_empty())?;
                match &object.thing {
                    Thing::Security => Some(object.span),
                    Thing::Dependency(inner) => self.demanded_by(inner, depth + 1).map(|_| object.span),
                    _ => None,
                }
            }
            Atom::Function(id) => self.demanded_by_function(*id, depth),
            Atom::Bound(bound) => self.demanded_by_function(bound.function, depth),
            Atom::Instance(id) => {
                let class = self.heap.instance(*id).class;
                let is_known = self.outside_bases(class).iter().any(|path| {
                    let name = path.rsplit('.').next().unwrap_or(path);
                    path.starts_with("fastapi.security") && SECURITY.contains(&name)
                });
                if is_known {
                    return Some(self.heap.class(class).name_span);
                }
                let symbol = self.symbols.find("__call__")?;
                let (_, value) = self.heap.class_attribute(class, symbol)?;
                match value.single()? {
                    Atom::Function(id) => self.demanded_by_function(*id, depth),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The same of a function: by the dependencies of its parameters, or by what it does.
    pub(super) fn demanded_by_function(&self, id: FunctionId, depth: usize) -> Option<Span> {
        if depth > MOST_NESTED {
            return None;
        }
        let function = self.heap.function(id);
        let Code::Function(code) = function.code else {
            return None;
        };
        let annotated = self.serving.annotated.get(&id).into_iter().flatten();
        let dependencies = function.defaults.iter().flatten().chain(annotated);
        let by_parameter = dependencies
            .filter_map(|value| self.demanded_by(value, depth + 1))
            .next();
        if by_parameter.is_some() {
            return by_parameter;
        }
        let mut walk = Walk {
            about_request: REQUEST.iter().copied().collect(),
            denials: FxHashSet::default(),
            depth: 0,
        };
        walk.about_request.extend(
            code.params
                .iter()
                .map(|param| param.name.as_str())
                .filter(|name| !matches!(*name, "self" | "cls")),
        );
        (walk.block(&code.body) == Outcome::Denied).then_some(code.name_span)
    }
}

/// What becomes of a request where a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Admit,
    Deny,
}

/// One walk through a function's statements.
struct Walk<'a> {
    /// Names of what comes from the request.
    about_request: FxHashSet<&'a str>,
    /// Variables that hold an exception which denies.
    denials: FxHashSet<&'a str>,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn block(&mut self, body: &'a [Stmt]) -> Outcome {
        self.depth += 1;
        let mut outcome = Outcome::GoesOn;
        if self.depth <= MOST_DEPTH {
            for statement in body {
                outcome = self.statement(statement);
                if outcome != Outcome::GoesOn {
                    break;
                }
            }
        }
        self.depth -= 1;
        outcome
    }

    fn statement(&mut self, statement: &'a Stmt) -> Outcome {
        match &statement.kind {
            StmtKind::Raise(Some(raised)) if self.is_denial(raised) => Outcome::Denied,
            StmtKind::Raise(_) | StmtKind::Break | StmtKind::Continue => Outcome::Open,
            StmtKind::Return(Some(value)) if is_denying_answer(value) => Outcome::Denied,
            StmtKind::Return(_) => Outcome::Open,
            StmtKind::Expr(expression) if self.is_denial(expression) => Outcome::Denied,
            StmtKind::Assign {
                targets,
                value: Some(value),
                ..
            } => {
                let is_denial = self.is_denial(value);
                let is_about = self.is_about(value);
                for target in targets {
                    if let ExprKind::Name(name) = &target.kind {
                        if is_denial {
                            self.denials.insert(name);
                        }
                        if is_about {
                            self.about_request.insert(name);
                        }
                    }
                }
                Outcome::GoesOn
            }
            StmtKind::If { test, body, orelse } => {
                let outcomes = [self.block(body), self.block(orelse)];
                match outcomes {
                    [Outcome::Denied, Outcome::Denied] => Outcome::Denied,
                    // Who brings nothing is turned away; who goes on brought something.
                    [Outcome::Denied, Outcome::GoesOn] if self.decides(test, Answer::Deny) => Outcome::Denied,
                    [Outcome::GoesOn, Outcome::Denied] if self.decides(test, Answer::Admit) => {
                        Outcome::Denied
                    }
                    [Outcome::Denied, _] | [_, Outcome::Denied] => Outcome::Open,
                    // `if credentials and verify(credentials): return user`.
                    [Outcome::Open, Outcome::GoesOn] if self.decides(test, Answer::Admit) => Outcome::GoesOn,
                    [Outcome::GoesOn, Outcome::Open] if self.decides(test, Answer::Deny) => Outcome::GoesOn,
                    [Outcome::GoesOn, Outcome::GoesOn] => Outcome::GoesOn,
                    _ => Outcome::Open,
                }
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally: _,
            } => {
                let is_about = body.iter().any(|statement| self.mentions_request(statement));
                let tried = match self.block(body) {
                    Outcome::GoesOn => self.block(orelse),
                    other => other,
                };
                let handled: Vec<Outcome> = handlers.iter().map(|(_, body)| self.block(body)).collect();
                let denies =
                    is_about && handled.contains(&Outcome::Denied) && !handled.contains(&Outcome::GoesOn);
                match tried {
                    Outcome::Denied => Outcome::Denied,
                    _ if denies => Outcome::Denied,
                    other => other,
                }
            }
            StmtKind::With { body, .. } => self.block(body),
            StmtKind::For { .. } | StmtKind::While { .. } => Outcome::GoesOn,
            _ => Outcome::GoesOn,
        }
    }

    fn mentions_request(&self, statement: &Stmt) -> bool {
        match &statement.kind {
            StmtKind::Expr(value) | StmtKind::Return(Some(value)) => self.is_about(value),
            StmtKind::Assign {
                value: Some(value), ..
            } => self.is_about(value),
            compound => compound
                .blocks()
                .into_iter()
                .flatten()
                .any(|statement| self.mentions_request(statement)),
        }
    }

    /// Whether what the request brings alone decides that a condition gives that answer: not a setting beside it.
    fn decides(&self, test: &Expr, answer: Answer) -> bool {
        match (&test.kind, answer) {
            (ExprKind::Not(inner), Answer::Deny) => self.decides(inner, Answer::Admit),
            (ExprKind::Not(inner), Answer::Admit) => self.decides(inner, Answer::Deny),
            (ExprKind::BoolOp(BoolOp::And, operands), Answer::Deny)
            | (ExprKind::BoolOp(BoolOp::Or, operands), Answer::Admit) => {
                operands.iter().all(|operand| self.decides(operand, answer))
            }
            (ExprKind::BoolOp(_, operands), _) => {
                operands.iter().any(|operand| self.decides(operand, answer))
            }
            _ => self.is_about(test),
        }
    }

    /// Whether an expression reads something of the request.
    fn is_about(&self, expression: &Expr) -> bool {
        let mut found = false;
        each_part(expression, 0, &mut |part| {
            match &part.kind {
                ExprKind::Name(name) => found |= self.about_request.contains(name.as_str()),
                // Handlers that are objects have the request as theirs.
                ExprKind::Attribute(owner, name) => {
                    let is_own = matches!(&owner.kind, ExprKind::Name(owner) if owner == "self");
                    found |= is_own && matches!(name.as_str(), "request" | "current_user");
                }
                _ => {}
            }
        });
        found
    }

    /// `HTTPException(401)`, `abort(403)`, or a variable that holds the like.
    fn is_denial(&self, expression: &Expr) -> bool {
        match &expression.kind {
            ExprKind::Name(name) => self.denials.contains(name.as_str()) || DENIALS.contains(&name.as_str()),
            ExprKind::Attribute(_, name) => DENIALS.contains(&name.as_str()),
            ExprKind::Await(inner) => self.is_denial(inner),
            ExprKind::Call(call) => {
                let (ExprKind::Name(name) | ExprKind::Attribute(_, name)) = &call.func.kind else {
                    return false;
                };
                let is_error =
                    name.ends_with("HTTPException") || matches!(name.as_str(), "abort" | "HTTPError");
                DENIALS.contains(&name.as_str()) || is_error && has_denying_status(&call.args, &call.keywords)
            }
            _ => false,
        }
    }
}

/// `return "no", 401`, `return Response(status=401)`.
fn is_denying_answer(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Tuple(items) => items.iter().skip(1).any(is_denying_status),
        ExprKind::Call(call) => {
            let by_name = call.keywords.iter().any(|(name, value)| {
                name.as_deref().is_some_and(|name| name.starts_with("status")) && is_denying_status(value)
            });
            // `Response("no", 401)`
            let is_answer = matches!(
                &call.func.kind,
                ExprKind::Name(name) | ExprKind::Attribute(_, name) if name.ends_with("esponse")
            );
            by_name || is_answer && call.args.get(1).is_some_and(is_denying_status)
        }
        _ => false,
    }
}

fn has_denying_status(args: &[Expr], keywords: &[(Option<String>, Expr)]) -> bool {
    let named = keywords
        .iter()
        .find(|(name, _)| name.as_deref().is_some_and(|name| name.starts_with("status")));
    let status = named.map(|(_, value)| value).or_else(|| args.first());
    status.is_some_and(is_denying_status)
}

fn is_denying_status(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Number(written) => matches!(written.as_str(), "401" | "403"),
        ExprKind::Attribute(owner, name) => {
            matches!(
                name.as_str(),
                "HTTP_401_UNAUTHORIZED" | "HTTP_403_FORBIDDEN" | "UNAUTHORIZED" | "FORBIDDEN"
            ) || name == "value" && is_denying_status(owner)
        }
        ExprKind::Name(name) => matches!(name.as_str(), "HTTP_401_UNAUTHORIZED" | "HTTP_403_FORBIDDEN"),
        _ => false,
    }
}

/// Every comparison of a block, with its operators.
pub(super) fn comparisons<'a>(body: &'a [Stmt], depth: usize, into: &mut Vec<(&'a [Expr], &'a [String])>) {
    if depth > MOST_DEPTH {
        return;
    }
    for statement in body {
        let test = match &statement.kind {
            StmtKind::If { test, .. } | StmtKind::While { test, .. } => Some(test),
            StmtKind::Expr(value) | StmtKind::Return(Some(value)) => Some(value),
            StmtKind::Assign { value, .. } => value.as_ref(),
            _ => None,
        };
        if let Some(test) = test {
            each_part(test, 0, &mut |part| {
                if let ExprKind::Compare(operands, operators) = &part.kind {
                    into.push((operands, operators));
                }
            });
        }
        for block in statement.kind.blocks() {
            comparisons(block, depth + 1, into);
        }
    }
}

/// Calls `see` with an expression and its parts.
fn each_part<'a>(expression: &'a Expr, depth: usize, see: &mut impl FnMut(&'a Expr)) {
    if depth > MOST_DEPTH {
        return;
    }
    see(expression);
    let mut parts: Vec<&'a Expr> = Vec::new();
    match &expression.kind {
        ExprKind::Attribute(inner, _)
        | ExprKind::Not(inner)
        | ExprKind::Negative(inner)
        | ExprKind::Starred(inner)
        | ExprKind::Named(_, inner)
        | ExprKind::Await(inner) => parts.push(inner),
        ExprKind::Subscript(left, right) | ExprKind::Binary(_, left, right) => {
            parts.extend([&**left, &**right]);
        }
        ExprKind::Call(call) => {
            parts.push(&call.func);
            parts.extend(&call.args);
            parts.extend(call.keywords.iter().map(|(_, value)| value));
        }
        ExprKind::BoolOp(_, operands)
        | ExprKind::Compare(operands, _)
        | ExprKind::List(operands)
        | ExprKind::Tuple(operands)
        | ExprKind::Set(operands) => parts.extend(operands),
        ExprKind::IfElse { test, body, orelse } => parts.extend([&**test, &**body, &**orelse]),
        _ => {}
    }
    for part in parts {
        each_part(part, depth + 1, see);
    }
}

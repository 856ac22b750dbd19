//! Strings of a Python module that are queries.
//!
//! Any string that is PromQL by its own form is one (the file was already found to talk to Prometheus); one that is
//! handed to a query interface needs only to parse.

use promsight_model::python::{BinaryOp, Call, Expr, ExprKind, JoinedPart, Module, Stmt, StmtKind};
use promsight_model::{ConsumerKind, Embedded, Facts, FileId, OffsetMap, SourceFile, Span};

use super::urls;
use crate::documents::looker::{Looker, Trust};
use crate::documents::words;

/// Reads a module.
pub(super) fn read(file: &SourceFile, module: &Module, facts: &mut Facts) {
    let asks = ASKING.iter().any(|word| file.text.contains(word));
    let mut reader = Reader {
        asks,
        file: file.id,
        facts,
        functions: Vec::new(),
    };
    reader.statements(&module.body);
}

struct Reader<'f> {
    file: FileId,
    facts: &'f mut Facts,
    /// Names of the functions around, outermost first.
    functions: Vec<String>,
    /// Whether the module asks Prometheus itself: a plain word that it sends is then a query where it is named like a
    /// series.
    asks: bool,
}

impl Reader<'_> {
    fn statements(&mut self, body: &[Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        let scope = statement.span;
        match &statement.kind {
            StmtKind::Assign {
                targets,
                value: Some(value),
                ..
            } => {
                let queries = targets
                    .iter()
                    .any(|target| last_name(target).is_some_and(names_a_query));
                self.expression(value, trust(queries), scope);
            }
            StmtKind::AugAssign { target, value, .. } => {
                let queries = last_name(target).is_some_and(names_a_query);
                self.expression(value, trust(queries), scope);
            }
            // A lone string is a docstring.
            StmtKind::Expr(Expr {
                kind: ExprKind::Str(_),
                ..
            }) => {}
            StmtKind::Expr(value) => self.expression(value, Trust::Shown, scope),
            StmtKind::Return(Some(value)) => self.expression(value, Trust::Shown, scope),
            StmtKind::If { test, body, orelse } | StmtKind::While { test, body, orelse } => {
                self.expression(test, Trust::Shown, test.span);
                self.statements(body);
                self.statements(orelse);
            }
            StmtKind::For {
                iter, body, orelse, ..
            } => {
                self.expression(iter, Trust::Shown, iter.span);
                self.statements(body);
                self.statements(orelse);
            }
            StmtKind::With { items, body } => {
                for (context, _) in items {
                    self.expression(context, Trust::Shown, context.span);
                }
                self.statements(body);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
            } => {
                self.statements(body);
                for (_, handler) in handlers {
                    self.statements(handler);
                }
                self.statements(orelse);
                self.statements(finally);
            }
            StmtKind::Function(function) => {
                for parameter in &function.params {
                    if let Some(default) = &parameter.default {
                        self.expression(default, trust(names_a_query(&parameter.name)), default.span);
                    }
                }
                self.functions.push(function.name.clone());
                self.statements(&function.body);
                self.functions.pop();
            }
            StmtKind::Class(class) => self.statements(&class.body),
            _ => {}
        }
    }

    fn expression(&mut self, expression: &Expr, trust: Trust, scope: Span) {
        if let Some(text) = self.text_of(expression) {
            self.text(&text, trust, scope);
            return;
        }
        match &expression.kind {
            ExprKind::Call(call) => self.call(call, scope),
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
                for item in items {
                    self.expression(item, trust, scope);
                }
            }
            ExprKind::Dict(entries) => {
                for (key, value) in entries {
                    let named = key.as_ref().and_then(string).is_some_and(names_a_query);
                    self.expression(value, if named { Trust::Sent } else { trust }, scope);
                }
            }
            ExprKind::BoolOp(_, operands) => {
                for operand in operands {
                    self.expression(operand, trust, scope);
                }
            }
            ExprKind::IfElse { body, orelse, .. } => {
                self.expression(body, trust, scope);
                self.expression(orelse, trust, scope);
            }
            ExprKind::Await(value)
            | ExprKind::Named(_, value)
            | ExprKind::Starred(value)
            | ExprKind::Yield(Some(value))
            | ExprKind::Not(value) => self.expression(value, trust, scope),
            ExprKind::Subscript(value, _) | ExprKind::Attribute(value, _) => {
                self.expression(value, Trust::Shown, scope);
            }
            ExprKind::Binary(_, left, right) => {
                self.expression(left, trust, scope);
                self.expression(right, trust, scope);
            }
            ExprKind::Compare(operands, _) => {
                for operand in operands {
                    self.expression(operand, Trust::Shown, scope);
                }
            }
            ExprKind::Comprehension(comprehension) => {
                self.expression(&comprehension.element, trust, scope);
                if let Some(value) = &comprehension.value {
                    self.expression(value, trust, scope);
                }
                for (_, iterated) in &comprehension.loops {
                    self.expression(iterated, trust, scope);
                }
                for (_, condition) in &comprehension.conditions {
                    self.expression(condition, Trust::Shown, scope);
                }
            }
            ExprKind::Lambda(lambda) => self.expression(&lambda.body, trust, scope),
            _ => {}
        }
    }

    fn call(&mut self, call: &Call, scope: Span) {
        // What is called may itself hold calls: `client.query("…").json()`.
        if let ExprKind::Attribute(value, _) = &call.func.kind {
            self.expression(value, Trust::Shown, scope);
        }
        let queries = last_name(&call.func).is_some_and(sends_a_query);
        for argument in &call.args {
            self.expression(argument, trust(queries), scope);
        }
        for (keyword, value) in &call.keywords {
            let named = keyword.as_deref().is_some_and(names_a_query);
            self.expression(value, trust(named), scope);
        }
    }

    fn text(&mut self, text: &Embedded, trust: Trust, scope: Span) {
        let name = self.functions.last().map_or("", String::as_str);
        let mut looker = Looker::new(self.facts, ConsumerKind::Script, name, scope);
        if is_address(&text.text) {
            for target in urls::read(text) {
                looker.target(&target);
            }
            return;
        }
        let plain = is_bare(&text.text);
        let trust = if plain && !(self.asks && words::is_metric_shaped(text.text.trim())) {
            Trust::Shown
        } else {
            trust
        };
        looker.query(text, trust);
    }

    /// The text of a string expression with holes for what is only known at run time; `None` where it is no string.
    fn text_of(&self, expression: &Expr) -> Option<Embedded> {
        match &expression.kind {
            ExprKind::Str(text) => Some((**text).clone()),
            ExprKind::Joined(_) => {
                let mut text = Assembled::new(self.file);
                text.push(expression);
                Some(text.finish())
            }
            ExprKind::Binary(BinaryOp::Add, left, right) if is_text(left) || is_text(right) => {
                let mut text = Assembled::new(self.file);
                text.push(left);
                text.push(right);
                Some(text.finish())
            }
            // The formats `%s` and `%(name)s` are holes to the query reader.
            ExprKind::Binary(BinaryOp::Modulo, left, _) if is_text(left) => self.text_of(left),
            ExprKind::Call(call) => match &call.func.kind {
                ExprKind::Attribute(value, method) => {
                    let text = self.text_of(value)?;
                    match method.as_str() {
                        "format" => Some(formatted(&text)),
                        "strip" | "lstrip" | "rstrip" | "replace" | "dedent" => Some(text),
                        _ => None,
                    }
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn trust(queries: bool) -> Trust {
    if queries { Trust::Sent } else { Trust::Shown }
}

fn is_text(expression: &Expr) -> bool {
    match &expression.kind {
        ExprKind::Str(_) | ExprKind::Joined(_) => true,
        ExprKind::Binary(BinaryOp::Add, left, right) => is_text(left) || is_text(right),
        _ => false,
    }
}

/// What a module contains that sends queries itself.
const ASKING: &[&str] = &[
    "/api/v1/query",
    "prometheus_api_client",
    "PrometheusConnect",
    "promql",
    "PromQL",
];

/// Addresses would parse as divisions once their holes are filled.
pub(super) fn is_address(text: &str) -> bool {
    text.contains("://") || text.contains("/api/") || text.starts_with('/') || text.contains("/graph?")
}

pub(super) fn is_bare(text: &str) -> bool {
    text.trim()
        .chars()
        .all(|character| character.is_alphanumeric() || matches!(character, '_' | ':'))
}

/// `x` of `x`, `a.x`, `a[…]` is `a`.
fn last_name(expression: &Expr) -> Option<&str> {
    match &expression.kind {
        ExprKind::Name(name) | ExprKind::Attribute(_, name) => Some(name),
        ExprKind::Subscript(value, _) => last_name(value),
        _ => None,
    }
}

fn string(expression: &Expr) -> Option<&str> {
    match &expression.kind {
        ExprKind::Str(text) => Some(&text.text),
        _ => None,
    }
}

/// Whether a variable, keyword or key of that name holds queries.
pub(super) fn names_a_query(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.contains("query")
        || lower.contains("queries")
        || lower.contains("promql")
        || lower == "expr"
        || lower.ends_with("_expr")
        || lower == "match[]"
}

/// Whether a function of that name sends what it is given.
pub(super) fn sends_a_query(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.contains("query")
        || lower.contains("promql")
        || lower.starts_with("get_metric")
        || lower.contains("prometheus")
        || matches!(
            lower.as_str(),
            "get_current_metric_value" | "get_metric_aggregation"
        )
}

/// `str.format` text: `{name}` becomes a hole, doubled braces become single ones.
fn formatted(text: &Embedded) -> Embedded {
    let source = text.text.as_str();
    let mut decoded = String::with_capacity(source.len());
    let mut map = OffsetMap::at(0);
    let mut at = 0;
    while let Some(character) = source[at..].chars().next() {
        let rest = &source[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            decoded.push(character);
            map.push_replaced(1, at..at + 2);
            at += 2;
            continue;
        }
        let hole = rest.strip_prefix('{').and_then(|inside| {
            let length = inside.find('}')?;
            let name = inside[..length]
                .split(['!', ':', '.', '['])
                .next()
                .unwrap_or_default();
            name.chars()
                .all(|c| c.is_alphanumeric() || c == '_')
                .then_some((name, length + 2))
        });
        match hole {
            Some((name, length)) => {
                let hole = hole_text(name);
                map.push_replaced(hole.len(), at..at + length);
                decoded.push_str(&hole);
                at += length;
            }
            None => {
                let length = character.len_utf8();
                map.push_verbatim(at, length);
                decoded.push(character);
                at += length;
            }
        }
    }
    text.nested(decoded, map)
}

pub(super) fn hole_text(name: &str) -> String {
    let usable = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_');
    if usable {
        format!("${{{name}}}")
    } else {
        "${value}".to_owned()
    }
}

/// Text put together from several literals, with holes for values.
struct Assembled {
    file: FileId,
    text: String,
    map: Option<OffsetMap>,
}

impl Assembled {
    fn new(file: FileId) -> Self {
        Self {
            file,
            text: String::new(),
            map: None,
        }
    }

    fn push(&mut self, expression: &Expr) {
        match &expression.kind {
            ExprKind::Str(text) => self.literal(text),
            ExprKind::Joined(parts) => {
                for part in parts {
                    match part {
                        JoinedPart::Text(text) => self.literal(text),
                        JoinedPart::Value { value, .. } => self.hole(value),
                    }
                }
            }
            ExprKind::Binary(BinaryOp::Add, left, right) => {
                self.push(left);
                self.push(right);
            }
            _ => self.hole(expression),
        }
    }

    fn literal(&mut self, text: &Embedded) {
        for (at, character) in text.text.char_indices() {
            let length = character.len_utf8();
            let source = text.span(at..at + length).range();
            let map = self.map.get_or_insert_with(|| OffsetMap::at(source.start));
            if source.len() == length {
                map.push_verbatim(source.start, length);
            } else {
                map.push_replaced(length, source);
            }
            self.text.push(character);
        }
    }

    fn hole(&mut self, value: &Expr) {
        let hole = hole_text(last_name(value).unwrap_or_default());
        let source = value.span.range();
        let map = self.map.get_or_insert_with(|| OffsetMap::at(source.start));
        map.push_replaced(hole.len(), source);
        self.text.push_str(&hole);
    }

    fn finish(self) -> Embedded {
        Embedded::decoded(self.file, self.text, self.map.unwrap_or_default())
    }
}

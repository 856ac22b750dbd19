//! A module as one compact S-expression a statement, for tests to read.

use promsight_model::python::{
    BinaryOp, BoolOp, Call, Class, ComprehensionKind, Expr, ExprKind, Function, JoinedPart, Param, ParamKind,
    Stmt, StmtKind,
};

/// The statements, one a line.
pub(super) fn statements(body: &[Stmt]) -> String {
    body.iter()
        .map(|statement| line(&statement.kind))
        .collect::<Vec<_>>()
        .join("\n")
}

fn block(body: &[Stmt]) -> String {
    format!(
        "{{{}}}",
        body.iter()
            .map(|statement| line(&statement.kind))
            .collect::<Vec<_>>()
            .join(" ")
    )
}

fn list(expressions: &[Expr]) -> String {
    expressions.iter().map(expression).collect::<Vec<_>>().join(" ")
}

fn optional(value: Option<&Expr>) -> String {
    value.map_or("-".to_owned(), expression)
}

fn line(kind: &StmtKind) -> String {
    match kind {
        StmtKind::Import { module, alias } => {
            let alias = alias
                .as_ref()
                .map(|alias| format!(" as {alias}"))
                .unwrap_or_default();
            format!("(import {}{alias})", module.join("."))
        }
        StmtKind::ImportFrom { level, module, names } => {
            let names: Vec<_> = names
                .iter()
                .map(|(name, bound)| format!("{name}:{bound}"))
                .collect();
            format!(
                "(from {}{} {})",
                ".".repeat(*level),
                module.join("."),
                names.join(" ")
            )
        }
        StmtKind::Assign {
            targets,
            annotation,
            value,
        } => {
            let annotation = annotation
                .as_ref()
                .map(|kind| format!(" :: {}", expression(kind)))
                .unwrap_or_default();
            format!("(= {}{annotation} {})", list(targets), optional(value.as_ref()))
        }
        StmtKind::AugAssign { target, op, value } => {
            format!(
                "({}= {} {})",
                operator(*op),
                expression(target),
                expression(value)
            )
        }
        StmtKind::Expr(value) => expression(value),
        StmtKind::Return(value) => format!("(return {})", optional(value.as_ref())),
        StmtKind::If { test, body, orelse } => {
            let orelse = if orelse.is_empty() {
                String::new()
            } else {
                format!(" else {}", block(orelse))
            };
            format!("(if {} {}{orelse})", expression(test), block(body))
        }
        StmtKind::For {
            target,
            iter,
            body,
            orelse,
        } => {
            format!(
                "(for {} {} {}{})",
                expression(target),
                expression(iter),
                block(body),
                otherwise(orelse)
            )
        }
        StmtKind::While { test, body, orelse } => {
            format!(
                "(while {} {}{})",
                expression(test),
                block(body),
                otherwise(orelse)
            )
        }
        StmtKind::With { items, body } => {
            let items: Vec<_> = items
                .iter()
                .map(|(value, bound)| format!("{}:{}", expression(value), optional(bound.as_ref())))
                .collect();
            format!("(with {} {})", items.join(" "), block(body))
        }
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
        } => {
            let handlers: Vec<_> = handlers
                .iter()
                .map(|(caught, body)| format!(" except {} {}", optional(caught.as_ref()), block(body)))
                .collect();
            let finally = if finally.is_empty() {
                String::new()
            } else {
                format!(" finally {}", block(finally))
            };
            format!(
                "(try {}{}{}{finally})",
                block(body),
                handlers.concat(),
                otherwise(orelse)
            )
        }
        StmtKind::Function(function) => self::function(function),
        StmtKind::Class(class) => self::class(class),
        StmtKind::Raise(_) => "(raise)".to_owned(),
        StmtKind::Global(names) => format!("(global {})", names.join(" ")),
        StmtKind::Delete(targets) => format!("(del {})", list(targets)),
        StmtKind::Break => "(break)".to_owned(),
        StmtKind::Continue => "(continue)".to_owned(),
        StmtKind::Other => "(other)".to_owned(),
    }
}

fn otherwise(orelse: &[Stmt]) -> String {
    if orelse.is_empty() {
        String::new()
    } else {
        format!(" else {}", block(orelse))
    }
}

fn decorators(decorators: &[Expr]) -> String {
    decorators
        .iter()
        .map(|decorator| format!("@{} ", expression(decorator)))
        .collect()
}

fn function(function: &Function) -> String {
    let word = if function.is_generator { "generator" } else { "def" };
    let Function {
        name,
        params,
        decorators: above,
        body,
        ..
    } = function;
    format!(
        "({}{word} {name} [{}] {})",
        decorators(above),
        parameters(params),
        block(body)
    )
}

fn class(class: &Class) -> String {
    let mut bases: Vec<_> = class.bases.iter().map(expression).collect();
    bases.extend(
        class
            .keywords
            .iter()
            .map(|(name, value)| format!("{name}={}", expression(value))),
    );
    format!(
        "({}class {} [{}] {})",
        decorators(&class.decorators),
        class.name,
        bases.join(" "),
        block(&class.body)
    )
}

fn parameters(params: &[Param]) -> String {
    let parameter = |param: &Param| {
        let before = match param.kind {
            ParamKind::PositionalOnly => "/",
            ParamKind::Normal => "",
            ParamKind::KeywordOnly => "=",
            ParamKind::VarArgs => "*",
            ParamKind::KwArgs => "**",
        };
        let annotation = param
            .annotation
            .as_ref()
            .map(|kind| format!("::{}", expression(kind)))
            .unwrap_or_default();
        let default = param
            .default
            .as_ref()
            .map(|value| format!("={}", expression(value)))
            .unwrap_or_default();
        format!("{before}{}{annotation}{default}", param.name)
    };
    params.iter().map(parameter).collect::<Vec<_>>().join(" ")
}

fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Modulo => "%",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Subtract => "-",
        BinaryOp::Or => "|",
        BinaryOp::Power => "**",
        BinaryOp::Other => "op",
    }
}

/// One expression.
pub(super) fn expression(expression: &Expr) -> String {
    let sub = |inner: &Expr| self::expression(inner);
    match &expression.kind {
        ExprKind::Str(text) => format!("{:?}", text.text),
        ExprKind::Joined(parts) => format!("(joined{})", parts.iter().map(joined_part).collect::<String>()),
        ExprKind::Number(number) => format!("#{number}"),
        ExprKind::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        ExprKind::None => "None".to_owned(),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Attribute(value, name) => format!("(. {} {name})", sub(value)),
        ExprKind::Subscript(value, index) => format!("(at {} {})", sub(value), sub(index)),
        ExprKind::Call(call) => self::call(call),
        ExprKind::Binary(op, left, right) => format!("({} {} {})", operator(*op), sub(left), sub(right)),
        ExprKind::BoolOp(op, operands) => {
            let word = if *op == BoolOp::And { "and" } else { "or" };
            format!("({word} {})", list(operands))
        }
        ExprKind::Not(value) => format!("(not {})", sub(value)),
        ExprKind::Negative(value) => format!("(- {})", sub(value)),
        ExprKind::Compare(operands, operators) => {
            format!("(compare {} by {})", list(operands), operators.join(", "))
        }
        ExprKind::IfElse { test, body, orelse } => format!("(? {} {} {})", sub(test), sub(body), sub(orelse)),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Tuple(items) => format!("(tuple {})", list(items)),
        ExprKind::Set(items) => format!("(set {})", list(items)),
        ExprKind::Dict(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", key.as_ref().map_or("**".to_owned(), sub), sub(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        ExprKind::Starred(value) => format!("*{}", sub(value)),
        ExprKind::Comprehension(comprehension) => {
            let word = match comprehension.kind {
                ComprehensionKind::List => "list",
                ComprehensionKind::Set => "set",
                ComprehensionKind::Dict => "dict",
                ComprehensionKind::Generator => "generator",
            };
            let value = comprehension
                .value
                .as_ref()
                .map(|value| format!(": {}", sub(value)))
                .unwrap_or_default();
            let loops: String = comprehension
                .loops
                .iter()
                .map(|(target, iter)| format!(" for {} {}", sub(target), sub(iter)))
                .collect();
            let conditions: String = comprehension
                .conditions
                .iter()
                .map(|(_, condition)| format!(" if {}", sub(condition)))
                .collect();
            format!(
                "({word}-of {}{value}{loops}{conditions})",
                sub(&comprehension.element)
            )
        }
        ExprKind::Lambda(lambda) => {
            format!("(lambda [{}] {})", parameters(&lambda.params), sub(&lambda.body))
        }
        ExprKind::Named(name, value) => format!("(:= {name} {})", sub(value)),
        ExprKind::Await(value) => format!("(await {})", sub(value)),
        ExprKind::Yield(value) => format!("(yield {})", optional(value.as_deref())),
        ExprKind::Unknown => "?".to_owned(),
    }
}

fn call(call: &Call) -> String {
    let mut text = format!("({}!", expression(&call.func));
    for argument in &call.args {
        text.push(' ');
        text.push_str(&expression(argument));
    }
    for (name, value) in &call.keywords {
        let name = name.as_ref().map_or("**".to_owned(), |name| format!("{name}="));
        text.push_str(&format!(" {name}{}", expression(value)));
    }
    text.push(')');
    text
}

fn joined_part(part: &JoinedPart) -> String {
    match part {
        JoinedPart::Text(text) => format!(" {:?}", text.text),
        JoinedPart::Value {
            value,
            formatted: false,
        } => format!(" ${}", expression(value)),
        JoinedPart::Value {
            value,
            formatted: true,
        } => format!(" $fmt:{}", expression(value)),
    }
}

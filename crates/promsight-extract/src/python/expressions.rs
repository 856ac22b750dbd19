//! Expressions, parameters and types.

use promsight_model::Span;
use promsight_model::python::{
    BinaryOp, BoolOp, Call, Comprehension, ComprehensionKind, Expr, ExprKind, Lambda, Param, ParamKind,
};
use tree_sitter::Node;

use super::kinds::{Field, Kind, kind_of};
use super::lowering::{Child, Lowering, in_field};

impl<'tree> Lowering<'tree, '_> {
    /// An expression, a pattern that is assigned to, or a type. Parentheses are seen through.
    pub(super) fn expression(&mut self, node: Node<'tree>) -> Expr {
        let node = self.unwrapped(node);
        let span = self.span(node);
        let kind = self
            .deeper(node, |lowering| lowering.expression_kind(node))
            .unwrap_or(ExprKind::Unknown);
        Expr { span, kind }
    }

    /// What stands inside of parentheses and other wrapping, however many there are.
    pub(super) fn unwrapped(&mut self, node: Node<'tree>) -> Node<'tree> {
        let mut node = node;
        while matches!(
            kind_of(node),
            Kind::ParenthesizedExpression | Kind::Type | Kind::AsPatternTarget
        ) {
            match self.named_children(node).first() {
                Some(inner) => node = inner.node,
                None => break,
            }
        }
        node
    }

    fn expression_kind(&mut self, node: Node<'tree>) -> ExprKind {
        if node.is_missing() {
            return ExprKind::Unknown;
        }
        match kind_of(node) {
            Kind::Identifier => ExprKind::Name(self.source_owned(node)),
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::None => ExprKind::None,
            Kind::Integer | Kind::Float => ExprKind::Number(self.source(node).replace('_', "")),
            Kind::String => self.string(node),
            Kind::ConcatenatedString => self.concatenated_string(node),
            Kind::Call => self.call(node),
            Kind::Attribute => self.attribute(node),
            Kind::Subscript => self.subscript(node),
            Kind::Slice => self.slice(node),
            Kind::List
            | Kind::ListPattern
            | Kind::Tuple
            | Kind::TuplePattern
            | Kind::ExpressionList
            | Kind::PatternList
            | Kind::Set
            | Kind::Dictionary => self.collection(node),
            Kind::ListComprehension
            | Kind::SetComprehension
            | Kind::DictionaryComprehension
            | Kind::GeneratorExpression => self.comprehension(node),
            _ => self.operation(node),
        }
    }

    fn operation(&mut self, node: Node<'tree>) -> ExprKind {
        match kind_of(node) {
            Kind::BinaryOperator => self.binary(node),
            Kind::BooleanOperator => self.boolean(node),
            Kind::ComparisonOperator => self.comparison(node),
            Kind::ConditionalExpression => self.conditional(node),
            Kind::NotOperator => self.one_operand(node).map_or(ExprKind::Unknown, ExprKind::Not),
            Kind::UnaryOperator => self.unary(node),
            Kind::Await => self.one_operand(node).map_or(ExprKind::Unknown, ExprKind::Await),
            Kind::ListSplat | Kind::ListSplatPattern => self
                .one_operand(node)
                .map_or(ExprKind::Unknown, ExprKind::Starred),
            Kind::Yield => {
                self.yields = true;
                ExprKind::Yield(self.one_operand(node))
            }
            Kind::NamedExpression => self.named(node),
            Kind::Lambda => self.lambda(node),
            // `value as target`, where a `with` or `except` was expected: the value is what counts.
            Kind::AsPattern => match self.one_operand(node) {
                Some(value) => value.kind,
                None => ExprKind::Unknown,
            },
            Kind::GenericType => self.generic_type(node),
            Kind::UnionType => self.union_type(node),
            _ => ExprKind::Unknown,
        }
    }

    /// The expressions below a node, in order.
    pub(super) fn expressions(&mut self, node: Node<'tree>) -> Vec<Expr> {
        let children = self.named_children(node);
        self.expressions_of(&children)
    }

    fn expressions_of(&mut self, children: &[Child<'tree>]) -> Vec<Expr> {
        children.iter().map(|child| self.expression(child.node)).collect()
    }

    fn in_role(&mut self, children: &[Child<'tree>], field: Field) -> Option<Expr> {
        in_field(children, field).map(|node| self.expression(node))
    }

    fn boxed(&mut self, children: &[Child<'tree>], field: Field) -> Option<Box<Expr>> {
        self.in_role(children, field).map(Box::new)
    }

    fn one_operand(&mut self, node: Node<'tree>) -> Option<Box<Expr>> {
        let operand = self.named_children(node).first().map(|child| child.node)?;
        Some(Box::new(self.expression(operand)))
    }

    fn call(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.children(node);
        let Some(func) = self.in_role(&children, Field::Function) else {
            return ExprKind::Unknown;
        };
        let mut call = Call {
            func,
            args: Vec::new(),
            keywords: Vec::new(),
        };
        if let Some(arguments) = in_field(&children, Field::Arguments) {
            if kind_of(arguments) == Kind::GeneratorExpression {
                call.args.push(self.expression(arguments));
            } else {
                (call.args, call.keywords) = self.arguments(arguments);
            }
        }
        ExprKind::Call(Box::new(call))
    }

    /// Positional and keyword arguments of a call or class statement.
    pub(super) fn arguments(&mut self, node: Node<'tree>) -> (Vec<Expr>, Vec<(Option<String>, Expr)>) {
        let mut positional = Vec::new();
        let mut keywords = Vec::new();
        for child in self.named_children(node) {
            match child.kind {
                Kind::KeywordArgument => {
                    let children = self.children(child.node);
                    let name = in_field(&children, Field::Name).map(|name| self.source_owned(name));
                    if let (Some(name), Some(value)) = (name, self.in_role(&children, Field::Value)) {
                        keywords.push((Some(name), value));
                    }
                }
                Kind::DictionarySplat => {
                    if let Some(value) = self.one_operand(child.node) {
                        keywords.push((None, *value));
                    }
                }
                _ => positional.push(self.expression(child.node)),
            }
        }
        (positional, keywords)
    }

    fn attribute(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.children(node);
        let name = in_field(&children, Field::Attribute).map(|name| self.source_owned(name));
        match (self.boxed(&children, Field::Object), name) {
            (Some(object), Some(name)) => ExprKind::Attribute(object, name),
            _ => ExprKind::Unknown,
        }
    }

    fn subscript(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.children(node);
        let Some(value) = self.boxed(&children, Field::Value) else {
            return ExprKind::Unknown;
        };
        let indices: Vec<_> = children
            .into_iter()
            .filter(|child| child.field == Field::Subscript)
            .collect();
        let indices = self.expressions_of(&indices);
        one_or_tuple(indices).map_or(ExprKind::Unknown, |index| {
            ExprKind::Subscript(value, Box::new(index))
        })
    }

    /// `a:b:c` is what Python makes of it: `slice(a, b, c)`, with `None` for what is left out.
    fn slice(&mut self, node: Node<'tree>) -> ExprKind {
        let span = self.span(node);
        let absent = |kind| Expr { span, kind };
        let mut bounds = [const { None }; 3];
        let mut at = 0;
        for child in self.children(node) {
            match child.kind {
                Kind::Token if self.source(child.node) == ":" => at += 1,
                Kind::Token | Kind::Error => {}
                _ => {
                    let bound = self.expression(child.node);
                    if let Some(place) = bounds.get_mut(at) {
                        *place = Some(bound);
                    }
                }
            }
        }
        let args = bounds.map(|bound| bound.unwrap_or_else(|| absent(ExprKind::None)));
        ExprKind::Call(Box::new(Call {
            func: absent(ExprKind::Name("slice".to_owned())),
            args: args.into(),
            keywords: Vec::new(),
        }))
    }

    fn collection(&mut self, node: Node<'tree>) -> ExprKind {
        match kind_of(node) {
            Kind::List | Kind::ListPattern => ExprKind::List(self.expressions(node)),
            Kind::Set => ExprKind::Set(self.expressions(node)),
            Kind::Dictionary => self.dictionary(node),
            _ => ExprKind::Tuple(self.expressions(node)),
        }
    }

    fn dictionary(&mut self, node: Node<'tree>) -> ExprKind {
        let mut entries = Vec::new();
        for child in self.named_children(node) {
            if child.kind == Kind::DictionarySplat {
                entries.extend(self.one_operand(child.node).map(|value| (None, *value)));
                continue;
            }
            let children = self.children(child.node);
            let key = self.in_role(&children, Field::Key);
            if let (Some(key), Some(value)) = (key, self.in_role(&children, Field::Value)) {
                entries.push((Some(key), value));
            }
        }
        ExprKind::Dict(entries)
    }

    fn comprehension(&mut self, node: Node<'tree>) -> ExprKind {
        let kind = match kind_of(node) {
            Kind::ListComprehension => ComprehensionKind::List,
            Kind::SetComprehension => ComprehensionKind::Set,
            Kind::DictionaryComprehension => ComprehensionKind::Dict,
            _ => ComprehensionKind::Generator,
        };
        let children = self.children(node);
        let Some(body) = in_field(&children, Field::Body) else {
            return ExprKind::Unknown;
        };
        let (element, value) = if kind_of(body) == Kind::Pair {
            let pair = self.children(body);
            (self.in_role(&pair, Field::Key), self.in_role(&pair, Field::Value))
        } else {
            (Some(self.expression(body)), None)
        };
        let Some(element) = element else {
            return ExprKind::Unknown;
        };
        let mut loops = Vec::new();
        let mut conditions = Vec::new();
        for child in &children {
            if child.kind == Kind::IfClause {
                let parts = self.named_children(child.node);
                let condition = parts.first().map(|part| self.expression(part.node));
                conditions.extend(condition.map(|condition| (loops.len(), condition)));
            }
            if child.kind != Kind::ForInClause {
                continue;
            }
            let clause = self.children(child.node);
            let target = self.in_role(&clause, Field::Left);
            let sources: Vec<_> = clause
                .into_iter()
                .filter(|part| is_right_operand(*part))
                .collect();
            let sources = self.expressions_of(&sources);
            if let (Some(target), Some(iter)) = (target, one_or_tuple(sources)) {
                loops.push((target, iter));
            }
        }
        ExprKind::Comprehension(Box::new(Comprehension {
            kind,
            element,
            value,
            loops,
            conditions,
        }))
    }

    fn binary(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.children(node);
        let operator = in_field(&children, Field::Operator).map(|operator| self.source(operator));
        let (Some(left), Some(right)) = (
            self.boxed(&children, Field::Left),
            self.boxed(&children, Field::Right),
        ) else {
            return ExprKind::Unknown;
        };
        ExprKind::Binary(binary_op(operator.unwrap_or_default()), left, right)
    }

    /// `a or b or c` is one node with three operands, found without recursion.
    fn boolean(&mut self, node: Node<'tree>) -> ExprKind {
        let mut operands = Vec::new();
        let mut operator = None;
        let mut left = node;
        while kind_of(left) == Kind::BooleanOperator {
            let children = self.children(left);
            let word = in_field(&children, Field::Operator).map(|word| self.source(word));
            if *operator.get_or_insert(word) != word {
                break;
            }
            let (Some(next), Some(right)) = (
                in_field(&children, Field::Left),
                in_field(&children, Field::Right),
            ) else {
                break;
            };
            operands.push(self.expression(right));
            left = next;
        }
        if left.id() == node.id() {
            return ExprKind::Unknown;
        }
        operands.push(self.expression(left));
        operands.reverse();
        let operator = if operator.flatten() == Some("and") {
            BoolOp::And
        } else {
            BoolOp::Or
        };
        ExprKind::BoolOp(operator, operands)
    }

    fn comparison(&mut self, node: Node<'tree>) -> ExprKind {
        let mut operands = Vec::new();
        let mut operators = Vec::new();
        for child in self.children(node) {
            match (child.field, child.kind) {
                (Field::Operators, _) => {
                    operators.push(
                        self.source(child.node)
                            .split_whitespace()
                            .collect::<Vec<_>>()
                            .join(" "),
                    );
                }
                (_, Kind::Token | Kind::Error) => {}
                _ => operands.push(self.expression(child.node)),
            }
        }
        ExprKind::Compare(operands, operators)
    }

    fn conditional(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.named_children(node);
        let [body, test, orelse] = children.as_slice() else {
            return ExprKind::Unknown;
        };
        ExprKind::IfElse {
            test: Box::new(self.expression(test.node)),
            body: Box::new(self.expression(body.node)),
            orelse: Box::new(self.expression(orelse.node)),
        }
    }

    fn unary(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.children(node);
        let operator = in_field(&children, Field::Operator).map(|operator| self.source(operator));
        match (operator, self.one_operand(node)) {
            (Some("-"), Some(operand)) => ExprKind::Negative(operand),
            (Some("+"), Some(operand)) => operand.kind,
            _ => ExprKind::Unknown,
        }
    }

    fn named(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.children(node);
        let name = in_field(&children, Field::Name).map(|name| self.source_owned(name));
        match (name, self.boxed(&children, Field::Value)) {
            (Some(name), Some(value)) => ExprKind::Named(name, value),
            _ => ExprKind::Unknown,
        }
    }

    fn lambda(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.children(node);
        let params = in_field(&children, Field::Parameters).map(|params| self.parameters(params));
        // A `yield` in here makes the lambda a generator, not the function around it.
        let outer_yields = self.yields;
        let body = self.in_role(&children, Field::Body);
        self.yields = outer_yields;
        body.map_or(ExprKind::Unknown, |body| {
            ExprKind::Lambda(Box::new(Lambda {
                params: params.unwrap_or_default(),
                body,
            }))
        })
    }

    /// `List[int]` where a type was expected.
    fn generic_type(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.named_children(node);
        let [value, parameters] = children.as_slice() else {
            return ExprKind::Unknown;
        };
        let value = self.expression(value.node);
        let index = one_or_tuple(self.expressions(parameters.node));
        index.map_or(ExprKind::Unknown, |index| {
            ExprKind::Subscript(Box::new(value), Box::new(index))
        })
    }

    fn union_type(&mut self, node: Node<'tree>) -> ExprKind {
        let children = self.named_children(node);
        let [left, right] = children.as_slice() else {
            return ExprKind::Unknown;
        };
        let left = Box::new(self.expression(left.node));
        ExprKind::Binary(BinaryOp::Or, left, Box::new(self.expression(right.node)))
    }

    /// Parameters of a function or lambda.
    pub(super) fn parameters(&mut self, node: Node<'tree>) -> Vec<Param> {
        let mut params: Vec<Param> = Vec::new();
        let mut kind = ParamKind::Normal;
        for child in self.named_children(node) {
            match child.kind {
                Kind::PositionalSeparator => {
                    for param in &mut params {
                        param.kind = ParamKind::PositionalOnly;
                    }
                }
                Kind::KeywordSeparator => kind = ParamKind::KeywordOnly,
                _ => {
                    let param = self.parameter(child, kind);
                    if param.kind == ParamKind::VarArgs {
                        kind = ParamKind::KeywordOnly;
                    }
                    params.push(param);
                }
            }
        }
        params
    }

    fn parameter(&mut self, child: Child<'tree>, kind: ParamKind) -> Param {
        let children = self.children(child.node);
        let declared = match child.kind {
            Kind::DefaultParameter | Kind::TypedDefaultParameter => in_field(&children, Field::Name),
            // The name of a typed parameter has no role in the grammar; it comes first.
            Kind::TypedParameter => children
                .iter()
                .find(|part| !is_noise(part.kind))
                .map(|part| part.node),
            _ => None,
        };
        let declared = declared.unwrap_or(child.node);
        let kind = match kind_of(declared) {
            Kind::ListSplatPattern => ParamKind::VarArgs,
            Kind::DictionarySplatPattern => ParamKind::KwArgs,
            _ => kind,
        };
        Param {
            name: self
                .source(declared)
                .trim_start_matches('*')
                .trim_start()
                .to_owned(),
            kind,
            default: self.in_role(&children, Field::Value),
            annotation: self.in_role(&children, Field::Type),
        }
    }
}

/// The operator of that spelling, also with the `=` of an augmented assignment.
pub(super) fn binary_op(operator: &str) -> BinaryOp {
    match operator.strip_suffix('=').unwrap_or(operator) {
        "+" => BinaryOp::Add,
        "%" => BinaryOp::Modulo,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        "-" => BinaryOp::Subtract,
        "|" => BinaryOp::Or,
        "**" => BinaryOp::Power,
        _ => BinaryOp::Other,
    }
}

/// One expression as it is, several as the tuple that they form without parentheses.
pub(super) fn one_or_tuple(mut expressions: Vec<Expr>) -> Option<Expr> {
    let span = covering(&expressions)?;
    if expressions.len() == 1 {
        return expressions.pop();
    }
    Some(Expr {
        span,
        kind: ExprKind::Tuple(expressions),
    })
}

fn covering(expressions: &[Expr]) -> Option<Span> {
    let (first, last) = (expressions.first()?, expressions.last()?);
    Some(first.span.cover(last.span))
}

fn is_noise(kind: Kind) -> bool {
    matches!(kind, Kind::Token | Kind::Error)
}

fn is_right_operand(child: Child<'_>) -> bool {
    child.field == Field::Right && !is_noise(child.kind)
}

//! One Python module as far as names, calls and values matter: a small syntax tree with spans.
//!
//! The extractor lowers tree-sitter's tree to this; the linker evaluates it across files. What cannot matter for
//! metrics is left out, what was not understood is [`ExprKind::Unknown`], and nesting is capped by the extractor,
//! so that walking and dropping these trees can recurse.

use crate::span::{Embedded, Span};

/// One module.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// Whether it is test code, by its folder, or by its name and text (`tests/`, `test_*.py`, `conftest.py`).
    pub test_code: bool,
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: StmtKind,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `import a.b as c`: one for each name. Without an alias the first component is bound.
    Import {
        /// `["a", "b"]`.
        module: Vec<String>,
        /// `c`.
        alias: Option<String>,
    },
    /// `from ..a.b import x as y, z`: `names` are `(x, y)`, `(z, z)`; a star is the single pair `("*", "*")`.
    ImportFrom {
        /// Number of leading dots.
        level: usize,
        /// `["a", "b"]`.
        module: Vec<String>,
        /// Imported name and the name it is bound to.
        names: Vec<(String, String)>,
    },
    /// `targets = value`, `target: T = value`; for `a = b = v` several targets. `target: T` has no value.
    Assign {
        /// What is assigned to.
        targets: Vec<Expr>,
        /// The annotation, where there is one.
        annotation: Option<Expr>,
        /// The value.
        value: Option<Expr>,
    },
    /// `target op= value`.
    AugAssign {
        /// What is assigned to.
        target: Expr,
        /// The operator, without `=`.
        op: BinaryOp,
        /// The operand.
        value: Expr,
    },
    /// An expression for its effect.
    Expr(Expr),
    /// `return value`.
    Return(Option<Expr>),
    /// `if`, with `elif` nested in `orelse`. A `match` is lowered to a chain of these: literal and dotted patterns
    /// are comparisons with the subject, all others are unknown tests.
    If {
        /// The condition.
        test: Expr,
        /// Where it holds.
        body: Vec<Stmt>,
        /// Where it does not.
        orelse: Vec<Stmt>,
    },
    /// `for target in iter` (also `async for`).
    For {
        /// The loop variable.
        target: Expr,
        /// What is iterated over.
        iter: Expr,
        /// The loop's body.
        body: Vec<Stmt>,
        /// Its `else`.
        orelse: Vec<Stmt>,
    },
    /// `while`.
    While {
        /// The condition.
        test: Expr,
        /// The loop's body.
        body: Vec<Stmt>,
        /// Its `else`.
        orelse: Vec<Stmt>,
    },
    /// `with a as b, c` (also `async with`).
    With {
        /// Context expressions and what they are bound to.
        items: Vec<(Expr, Option<Expr>)>,
        /// The body.
        body: Vec<Stmt>,
    },
    /// `try`.
    Try {
        /// The guarded statements.
        body: Vec<Stmt>,
        /// Handlers: exception type as written, and their bodies.
        handlers: Vec<(Option<Expr>, Vec<Stmt>)>,
        /// `else`.
        orelse: Vec<Stmt>,
        /// `finally`.
        finally: Vec<Stmt>,
    },
    /// A function or method.
    Function(Box<Function>),
    /// A class.
    Class(Box<Class>),
    /// `raise error`; what stands behind `from` is left out.
    Raise(Option<Expr>),
    /// `global` or `nonlocal` names.
    Global(Vec<String>),
    /// `del` of targets.
    Delete(Vec<Expr>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `pass`, `assert` and what else binds and calls nothing.
    Other,
}

impl StmtKind {
    /// The blocks of a compound statement that run in the scope that it stands in: branches, loops, `with`, `try`. Bodies
    /// of functions and classes are none of these.
    pub fn blocks(&self) -> Vec<&[Stmt]> {
        match self {
            Self::If { body, orelse, .. }
            | Self::While { body, orelse, .. }
            | Self::For { body, orelse, .. } => {
                vec![body, orelse]
            }
            Self::With { body, .. } => vec![body],
            Self::Try {
                body,
                handlers,
                orelse,
                finally,
            } => {
                let mut blocks: Vec<&[Stmt]> = vec![body];
                blocks.extend(handlers.iter().map(|(_, body)| body.as_slice()));
                blocks.extend([orelse.as_slice(), finally.as_slice()]);
                blocks
            }
            _ => Vec::new(),
        }
    }
}

/// A function or method.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Where that stands.
    pub name_span: Span,
    /// Its parameters in order.
    pub params: Vec<Param>,
    /// Decorators, outermost first.
    pub decorators: Vec<Expr>,
    /// Its body.
    pub body: Vec<Stmt>,
    /// Whether its body yields.
    pub is_generator: bool,
}

/// How arguments reach a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Before `/`.
    PositionalOnly,
    /// By position or name.
    Normal,
    /// After `*`.
    KeywordOnly,
    /// `*args`.
    VarArgs,
    /// `**kwargs`.
    KwArgs,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// How arguments reach it.
    pub kind: ParamKind,
    /// Its default.
    pub default: Option<Expr>,
    /// Its annotation.
    pub annotation: Option<Expr>,
}

/// A class.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Where that stands.
    pub name_span: Span,
    /// Base classes.
    pub bases: Vec<Expr>,
    /// Keyword arguments of the class statement (`metaclass=…`).
    pub keywords: Vec<(String, Expr)>,
    /// Decorators, outermost first.
    pub decorators: Vec<Expr>,
    /// Its body.
    pub body: Vec<Stmt>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A plain string literal, decoded (bytes literals are [`ExprKind::Unknown`]).
    Str(Box<Embedded>),
    /// An f-string, or literals standing next to each other.
    Joined(Vec<JoinedPart>),
    /// A number, as written (underscores removed).
    Number(String),
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    None,
    /// A name.
    Name(String),
    /// `value.attribute`.
    Attribute(Box<Expr>, String),
    /// `value[index]`; a slice has an unknown index.
    Subscript(Box<Expr>, Box<Expr>),
    /// A call.
    Call(Box<Call>),
    /// `left op right`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a or b`, `a and b`: the operands.
    BoolOp(BoolOp, Vec<Expr>),
    /// `not a`.
    Not(Box<Expr>),
    /// `-a`.
    Negative(Box<Expr>),
    /// A comparison: the operands, and the operators as written between them.
    Compare(Vec<Expr>, Vec<String>),
    /// `body if test else orelse`.
    IfElse {
        /// The condition.
        test: Box<Expr>,
        /// Where it holds.
        body: Box<Expr>,
        /// Where it does not.
        orelse: Box<Expr>,
    },
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `(a, b)`.
    Tuple(Vec<Expr>),
    /// `{a, b}`.
    Set(Vec<Expr>),
    /// `{k: v, **w}`: a spread has no key.
    Dict(Vec<(Option<Expr>, Expr)>),
    /// `*a`.
    Starred(Box<Expr>),
    /// `[e for t in i if c]`, its set, dictionary and generator forms.
    Comprehension(Box<Comprehension>),
    /// `lambda`.
    Lambda(Box<Lambda>),
    /// `name := value`.
    Named(String, Box<Expr>),
    /// `await a`, which has the value of `a` here.
    Await(Box<Expr>),
    /// `yield a`, `yield from a`.
    Yield(Option<Box<Expr>>),
    /// Not understood, or nested too deeply.
    Unknown,
}

/// A piece of a joined string.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinedPart {
    /// Literal text, decoded.
    Text(Embedded),
    /// `{value}`; whether it has a conversion or format other than `!s`.
    Value {
        /// The interpolated expression.
        value: Expr,
        /// Whether a conversion or format specification changes its text.
        formatted: bool,
    },
}

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called.
    pub func: Expr,
    /// Positional arguments in order; `*a` is [`ExprKind::Starred`].
    pub args: Vec<Expr>,
    /// Keyword arguments in order; `**a` has no name.
    pub keywords: Vec<(Option<String>, Expr)>,
}

/// A comprehension.
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// What it builds.
    pub kind: ComprehensionKind,
    /// The element, or the key of a dictionary comprehension.
    pub element: Expr,
    /// The value of a dictionary comprehension.
    pub value: Option<Expr>,
    /// `for target in iter`, outermost first.
    pub loops: Vec<(Expr, Expr)>,
    /// `if condition`, each with the number of loops in front of it.
    pub conditions: Vec<(usize, Expr)>,
}

/// What a comprehension builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are Python's own words")]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

/// A lambda.
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its value.
    pub body: Expr,
}

/// A binary operator that can make text; all others are `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `%`
    Modulo,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `-`
    Subtract,
    /// `|`
    Or,
    /// `**`
    Power,
    /// Any other.
    Other,
}

/// A boolean operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are Python's own words")]
pub enum BoolOp {
    And,
    Or,
}

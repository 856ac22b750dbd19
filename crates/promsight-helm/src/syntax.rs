//! Templates as trees.
//!
//! Owns: the grammar of Go's `text/template` (1.26), the scopes of variables, and the place of every action. What
//! functions do is the evaluator's; here they only have to exist.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::lexer::{self, Kind, Number, Problem, Token};

/// Blocks and parentheses nest no deeper.
const MAX_DEPTH: usize = 100;

/// A template knows no more variables at one place: each use looks through them.
const MAX_VARIABLES: usize = 2000;

/// What a template is made of.
#[derive(Debug)]
pub(crate) struct Node {
    /// The text, or the action that begins it, in the template's source.
    pub(crate) at: Range<usize>,
    /// What it is.
    pub(crate) kind: NodeKind,
}

/// What a piece of a template is.
#[derive(Debug)]
pub(crate) enum NodeKind {
    /// Text, as it stands.
    Text(Rc<str>),
    /// A pipeline whose value is written, unless it declares.
    Action(Pipeline),
    /// `if` with its two branches.
    If(Pipeline, Vec<Node>, Vec<Node>),
    /// `with` with its two branches.
    With(Pipeline, Vec<Node>, Vec<Node>),
    /// `range` with its body and what stands for an empty one.
    Range(Pipeline, Vec<Node>, Vec<Node>),
    /// `template` with its argument.
    Template(String, Option<Pipeline>),
    /// `break`
    Break,
    /// `continue`
    Continue,
}

/// Commands of which each is given the value of the one before.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// Variables that it sets.
    pub(crate) variables: Vec<String>,
    /// Whether they exist already.
    pub(crate) assigns: bool,
    /// At least one.
    pub(crate) commands: Vec<Vec<Operand>>,
}

/// A word of a command.
#[derive(Debug)]
pub(crate) enum Operand {
    /// `.`
    Dot,
    /// `nil`
    Nil,
    /// `true`, `false`
    Bool(bool),
    /// A constant.
    Number(Number),
    /// A string.
    Text(Rc<str>),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`
    Variable(String, Vec<String>),
    /// A function.
    Function(String),
    /// `( … )`
    Pipeline(Box<Pipeline>),
    /// `( … ).a.b`
    Chain(Box<Operand>, Vec<String>),
}

/// The trees of one source: its own, and those that it defines.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// What stands outside of definitions.
    pub(crate) root: Vec<Node>,
    /// `define` and `block` by name.
    pub(crate) defined: BTreeMap<String, Vec<Node>>,
}

/// Whether a tree writes nothing: only blanks.
pub(crate) fn is_blank(nodes: &[Node]) -> bool {
    nodes
        .iter()
        .all(|node| matches!(&node.kind, NodeKind::Text(text) if text.trim().is_empty()))
}

/// Reads a template.
pub(crate) fn parse(text: &str, is_function: &dyn Fn(&str) -> bool) -> Result<Source, Problem> {
    let tokens = lexer::tokens(text)?;
    let mut parser = Parser {
        text,
        tokens,
        position: 0,
        variables: vec!["$".to_owned()],
        is_function,
        defined: BTreeMap::new(),
        depth: 0,
        loops: 0,
    };
    let (root, end) = parser.nodes(Place::Top)?;
    match end {
        End::Text => Ok(Source {
            root,
            defined: parser.defined,
        }),
        End::Action(at) | End::Else(at) => {
            Err(("unexpected end of a block that was not opened".to_owned(), at))
        }
    }
}

/// Where nodes stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Block,
}

/// What ended a list of nodes.
enum End {
    Text,
    Action(Range<usize>),
    Else(Range<usize>),
}

/// What a pipeline stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Range,
    Other,
    Parentheses,
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    position: usize,
    variables: Vec<String>,
    is_function: &'a dyn Fn(&str) -> bool,
    defined: BTreeMap<String, Vec<Node>>,
    depth: usize,
    loops: usize,
}

type Parsed<T> = Result<T, Problem>;

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.position).map(|token| &token.kind)
    }

    fn here(&self) -> Range<usize> {
        let end = self.text.len()..self.text.len();
        self.tokens
            .get(self.position)
            .map_or(end, |token| token.at.clone())
    }

    fn skip_space(&mut self) {
        while self.peek() == Some(&Kind::Space) {
            self.position += 1;
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err((message.into(), self.here()))
    }

    fn close(&mut self) -> Parsed<Range<usize>> {
        self.skip_space();
        if self.peek() != Some(&Kind::Close) {
            return self.fail("unexpected words at the end of an action");
        }
        self.position += 1;
        Ok(self.tokens[self.position - 1].at.clone())
    }

    /// Nodes up to the end of the text, an `end` or an `else`.
    fn nodes(&mut self, place: Place) -> Parsed<(Vec<Node>, End)> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("blocks are nested too deeply");
        }
        let mut nodes = Vec::new();
        loop {
            let Some(token) = self.tokens.get(self.position) else {
                self.depth -= 1;
                return match place {
                    Place::Top => Ok((nodes, End::Text)),
                    Place::Block => self.fail("unexpected end of the template inside a block"),
                };
            };
            let at = token.at.clone();
            self.position += 1;
            if token.kind == Kind::Text {
                let text = self.text[at.clone()].into();
                nodes.push(Node {
                    at,
                    kind: NodeKind::Text(text),
                });
                continue;
            }
            self.skip_space();
            match self.peek() {
                Some(Kind::Word(word)) if word == "end" => {
                    self.position += 1;
                    self.close()?;
                    self.depth -= 1;
                    return Ok((nodes, End::Action(at)));
                }
                Some(Kind::Word(word)) if word == "else" => {
                    self.position += 1;
                    self.depth -= 1;
                    return Ok((nodes, End::Else(at)));
                }
                Some(Kind::Word(word)) if word == "define" => {
                    if place == Place::Block {
                        return self.fail("unexpected definition inside a block");
                    }
                    self.position += 1;
                    self.definition()?;
                }
                _ => nodes.push(self.action(at)?),
            }
        }
    }

    /// The name of a template, a string.
    fn name(&mut self) -> Parsed<String> {
        self.skip_space();
        match self.peek() {
            Some(Kind::Quoted(name)) => {
                let name = name.clone();
                self.position += 1;
                Ok(name)
            }
            _ => self.fail("the name of a template must be a string"),
        }
    }

    fn definition(&mut self) -> Parsed<()> {
        let name = self.name()?;
        self.close()?;
        let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let loops = std::mem::take(&mut self.loops);
        let (nodes, end) = self.nodes(Place::Block)?;
        self.variables = outer;
        self.loops = loops;
        if let End::Else(at) = end {
            return Err(("unexpected else in a definition".to_owned(), at));
        }
        self.define(name, nodes)
    }

    fn define(&mut self, name: String, nodes: Vec<Node>) -> Parsed<()> {
        match self.defined.get(&name) {
            Some(present) if !is_blank(present) => {
                if !is_blank(&nodes) {
                    return self.fail(format!("multiple definition of template {name:?}"));
                }
            }
            _ => {
                self.defined.insert(name, nodes);
            }
        }
        Ok(())
    }

    fn action(&mut self, open: Range<usize>) -> Parsed<Node> {
        let word = match self.peek() {
            Some(Kind::Word(word)) => word.clone(),
            _ => String::new(),
        };
        let keyword = !word.is_empty();
        if keyword {
            self.position += 1;
        }
        let start = open.start;
        match word.as_str() {
            "if" | "with" | "range" => self.control(&word, start),
            "block" => {
                let name = self.name()?;
                let pipeline = self.pipeline(Context::Other)?;
                let at = start..self.close()?.end;
                let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
                let (nodes, end) = self.nodes(Place::Block)?;
                self.variables = outer;
                if let End::Else(at) = end {
                    return Err(("unexpected else in a block".to_owned(), at));
                }
                self.define(name.clone(), nodes)?;
                Ok(Node {
                    at,
                    kind: NodeKind::Template(name, Some(pipeline)),
                })
            }
            "template" => {
                let name = self.name()?;
                self.skip_space();
                let argument = match self.peek() {
                    Some(Kind::Close) => None,
                    _ => Some(self.pipeline(Context::Other)?),
                };
                let at = start..self.close()?.end;
                Ok(Node {
                    at,
                    kind: NodeKind::Template(name, argument),
                })
            }
            "break" | "continue" => {
                if self.loops == 0 {
                    return self.fail(format!("{word} outside of a range"));
                }
                let at = start..self.close()?.end;
                let kind = if word == "break" {
                    NodeKind::Break
                } else {
                    NodeKind::Continue
                };
                Ok(Node { at, kind })
            }
            _ => {
                if keyword {
                    self.position -= 1;
                }
                let pipeline = self.pipeline(Context::Other)?;
                let at = start..self.close()?.end;
                Ok(Node {
                    at,
                    kind: NodeKind::Action(pipeline),
                })
            }
        }
    }

    fn control(&mut self, word: &str, start: usize) -> Parsed<Node> {
        let scope = self.variables.len();
        let is_range = word == "range";
        let pipeline = self.pipeline(if is_range { Context::Range } else { Context::Other })?;
        let at = start..self.close()?.end;
        self.loops += usize::from(is_range);
        let (body, end) = self.nodes(Place::Block)?;
        self.loops -= usize::from(is_range);
        let mut otherwise = Vec::new();
        if let End::Else(from) = end {
            self.skip_space();
            match self.peek() {
                // `else if` stands for an `if` inside the `else`, closed by the same `end`.
                Some(Kind::Word(next)) if !is_range && next == word => {
                    let next = next.clone();
                    self.position += 1;
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return self.fail("blocks are nested too deeply");
                    }
                    otherwise.push(self.control(&next, from.start)?);
                    self.depth -= 1;
                }
                _ => {
                    self.close()?;
                    let (nodes, end) = self.nodes(Place::Block)?;
                    if let End::Else(at) = end {
                        return Err(("expected end; found else".to_owned(), at));
                    }
                    otherwise = nodes;
                }
            }
        }
        self.variables.truncate(scope);
        let kind = match word {
            "if" => NodeKind::If(pipeline, body, otherwise),
            "with" => NodeKind::With(pipeline, body, otherwise),
            _ => NodeKind::Range(pipeline, body, otherwise),
        };
        Ok(Node { at, kind })
    }

    fn pipeline(&mut self, context: Context) -> Parsed<Pipeline> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("parentheses are nested too deeply");
        }
        let mut pipeline = Pipeline {
            variables: Vec::new(),
            assigns: false,
            commands: Vec::new(),
        };
        self.declarations(&mut pipeline, context)?;
        loop {
            self.skip_space();
            let at_end = match self.peek() {
                Some(Kind::Close) => context != Context::Parentheses,
                Some(Kind::RightParenthesis) => context == Context::Parentheses,
                None => return self.fail("unclosed action"),
                _ => false,
            };
            if at_end {
                break;
            }
            let command = self.command()?;
            let is_constant = |operand: &Operand| {
                matches!(
                    operand,
                    Operand::Bool(_) | Operand::Dot | Operand::Nil | Operand::Number(_) | Operand::Text(_)
                )
            };
            if !pipeline.commands.is_empty() && command.first().is_some_and(is_constant) {
                return self.fail("non executable command in a pipeline");
            }
            pipeline.commands.push(command);
        }
        if pipeline.commands.is_empty() {
            return self.fail("missing value for an action");
        }
        self.depth -= 1;
        Ok(pipeline)
    }

    /// `$x :=`, `$x =`, and in a range `$i, $x :=`.
    fn declarations(&mut self, pipeline: &mut Pipeline, context: Context) -> Parsed<()> {
        loop {
            self.skip_space();
            let start = self.position;
            let Some(Kind::Variable(name)) = self.peek() else {
                return Ok(());
            };
            let name = name.clone();
            if self.variables.len() > MAX_VARIABLES {
                return self.fail("too many variables");
            }
            self.position += 1;
            self.skip_space();
            match self.peek() {
                Some(kind @ (Kind::Assign | Kind::Declare)) => {
                    pipeline.assigns = *kind == Kind::Assign;
                    self.position += 1;
                    self.variables.push(name.clone());
                    pipeline.variables.push(name);
                    return Ok(());
                }
                Some(Kind::Comma) if context == Context::Range && pipeline.variables.is_empty() => {
                    self.position += 1;
                    self.variables.push(name.clone());
                    pipeline.variables.push(name);
                }
                Some(Kind::Comma) => return self.fail("too many declarations"),
                _ => {
                    self.position = start;
                    return Ok(());
                }
            }
        }
    }

    fn command(&mut self) -> Parsed<Vec<Operand>> {
        let mut words = Vec::new();
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                words.push(operand);
            }
            match self.peek() {
                Some(Kind::Space) => {}
                Some(Kind::Close | Kind::RightParenthesis) => break,
                Some(Kind::Pipe) => {
                    self.position += 1;
                    self.skip_space();
                    if matches!(self.peek(), Some(Kind::Close | Kind::RightParenthesis)) {
                        return self.fail("missing command after a pipe");
                    }
                    break;
                }
                _ => return self.fail("unexpected words in an operand"),
            }
        }
        if words.is_empty() {
            return self.fail("empty command");
        }
        Ok(words)
    }

    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(term) = self.term()? else { return Ok(None) };
        let mut fields = Vec::new();
        while let Some(Kind::Field(name)) = self.peek() {
            fields.push(name.clone());
            self.position += 1;
        }
        if fields.is_empty() {
            return Ok(Some(term));
        }
        Ok(Some(match term {
            Operand::Field(mut own) => {
                own.append(&mut fields);
                Operand::Field(own)
            }
            Operand::Variable(name, mut own) => {
                own.append(&mut fields);
                Operand::Variable(name, own)
            }
            Operand::Function(_) | Operand::Pipeline(_) => Operand::Chain(Box::new(term), fields),
            _ => return self.fail("unexpected . after a term"),
        }))
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let Some(kind) = self.peek() else {
            return self.fail("unclosed action");
        };
        let operand = match kind {
            Kind::Dot => Operand::Dot,
            Kind::Field(name) => Operand::Field(vec![name.clone()]),
            Kind::Number(number) => Operand::Number(*number),
            Kind::Quoted(text) => Operand::Text(text.as_str().into()),
            Kind::Variable(name) => {
                if !self.variables.contains(name) {
                    return self.fail(format!("undefined variable {name:?}"));
                }
                Operand::Variable(name.clone(), Vec::new())
            }
            Kind::Word(word) => match word.as_str() {
                "nil" => Operand::Nil,
                "true" => Operand::Bool(true),
                "false" => Operand::Bool(false),
                name if (self.is_function)(name) => Operand::Function(name.to_owned()),
                name => return self.fail(format!("function {name:?} not defined")),
            },
            Kind::LeftParenthesis => {
                self.position += 1;
                let pipeline = self.pipeline(Context::Parentheses)?;
                self.position += 1;
                return Ok(Some(Operand::Pipeline(Box::new(pipeline))));
            }
            _ => return Ok(None),
        };
        self.position += 1;
        Ok(Some(operand))
    }
}

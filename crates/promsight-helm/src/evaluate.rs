//! Templates to text.
//!
//! Owns: how trees are walked, fields looked up, functions called, and the bounds of it all (`text/template` of Go 1.26
//! with the option `missingkey=zero`, as Helm 3 runs it). What single functions do stands below [`functions`].
//! Every run ends: steps are counted over all of a chart, and nothing nests deeper than the stack allows.

use std::collections::BTreeMap;
use std::rc::Rc;

use promsight_model::{FileId, Span};

use crate::data::{Data, MAX_DEPTH, Object};
use crate::functions;
use crate::lexer::Number;
use crate::output::Output;
use crate::syntax::{self, Node, NodeKind, Operand, Pipeline};

/// What Go prints for no value.
pub(crate) const NO_VALUE: &str = "<no value>";

/// Templates in templates, blocks in blocks and calls in calls, together.
const MAX_NESTING: usize = 800;

/// Bytes that one text may have.
const MAX_TEXT: usize = 16 << 20;

/// Why a template could not be evaluated.
#[derive(Debug)]
pub(crate) struct Failure {
    /// A clause.
    pub(crate) message: String,
    /// The innermost action that stands in a file.
    pub(crate) at: Option<Span>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            message: message.into(),
            at: None,
        })
    }
}

/// A value, or why there is none.
pub(crate) type Outcome<T = Data> = Result<T, Box<Failure>>;

/// A failure.
pub(crate) fn fail<T>(message: impl Into<String>) -> Outcome<T> {
    Err(Failure::new(message))
}

/// A template by its name.
#[derive(Debug)]
pub(crate) struct Template {
    /// The file that it stands in; none for text that is evaluated as a template.
    pub(crate) file: Option<FileId>,
    /// Its tree.
    pub(crate) nodes: Vec<Node>,
}

/// Templates by name.
pub(crate) type Templates = BTreeMap<String, Rc<Template>>;

/// How a list of nodes was left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Onwards,
    Break,
    Continue,
}

/// Evaluates templates of one chart.
pub(crate) struct Evaluator {
    /// The chart's templates, and those that texts define while they are evaluated, innermost last.
    scopes: Vec<Templates>,
    variables: Vec<(Rc<str>, Data)>,
    file: Option<FileId>,
    nesting: usize,
    /// Steps that are left.
    pub(crate) steps: u64,
    parsed: BTreeMap<Rc<str>, Rc<syntax::Source>>,
    /// Compiled patterns.
    pub(crate) patterns: BTreeMap<String, regex::Regex>,
}

impl Evaluator {
    /// Of these templates, with that many steps.
    pub(crate) fn new(templates: Templates, steps: u64) -> Self {
        Self {
            scopes: vec![templates],
            variables: Vec::new(),
            file: None,
            nesting: 0,
            steps,
            parsed: BTreeMap::new(),
            patterns: BTreeMap::new(),
        }
    }

    /// Counts work that is in proportion to `amount`.
    pub(crate) fn spend(&mut self, amount: usize) -> Outcome<()> {
        match self.steps.checked_sub(amount as u64 + 1) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => {
                self.steps = 0;
                fail("evaluating it takes too long")
            }
        }
    }

    fn descend(&mut self) -> Outcome<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return fail("templates are nested too deeply");
        }
        Ok(())
    }

    /// Whether there is a template of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.contains_key(name))
    }

    /// Evaluates the template of a file, whatever became of the one before.
    pub(crate) fn run(&mut self, name: &str, data: &Data, out: &mut Output) -> Outcome<()> {
        self.scopes.truncate(1);
        self.variables.clear();
        self.nesting = 0;
        self.execute(name, data, out)
    }

    /// Evaluates a template by its name.
    fn execute(&mut self, name: &str, data: &Data, out: &mut Output) -> Outcome<()> {
        let found = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        let Some(template) = found.cloned() else {
            return fail(format!("no template {name:?}"));
        };
        self.execute_nodes(template.file, &template.nodes, data, out)
    }

    fn execute_nodes(
        &mut self,
        file: Option<FileId>,
        nodes: &[Node],
        data: &Data,
        out: &mut Output,
    ) -> Outcome<()> {
        self.descend()?;
        let outer_file = std::mem::replace(&mut self.file, file);
        let outer = std::mem::take(&mut self.variables);
        self.variables.push(("$".into(), data.clone()));
        let result = self.walk(data, nodes, out);
        self.variables = outer;
        self.file = outer_file;
        self.nesting -= 1;
        result.map(|_| ())
    }

    /// `include`.
    pub(crate) fn include(&mut self, name: &str, data: &Data) -> Outcome<String> {
        let mut out = Output::default();
        self.execute(name, data, &mut out)?;
        Ok(out.text)
    }

    /// `tpl`: what it defines is known to what it includes, and forgotten afterwards.
    pub(crate) fn evaluate_text(&mut self, text: &Rc<str>, data: &Data) -> Outcome<String> {
        if !text.contains("{{") {
            return Ok(text.to_string());
        }
        self.spend(text.len() / 8)?;
        let source = match self.parsed.get(text) {
            Some(source) => Rc::clone(source),
            None => match syntax::parse(text, &functions::is_known) {
                Ok(source) => {
                    let source = Rc::new(source);
                    self.parsed.insert(Rc::clone(text), Rc::clone(&source));
                    source
                }
                Err((message, _)) => {
                    return fail(format!("a text cannot be parsed as a template: {message}"));
                }
            },
        };
        let has_definitions = !source.defined.is_empty();
        if has_definitions {
            // The text is parsed once more: trees are not shared between scopes and are rarely defined in texts.
            let Ok(again) = syntax::parse(text, &functions::is_known) else {
                return fail("a text cannot be parsed as a template");
            };
            let defined = again.defined.into_iter().map(|(name, nodes)| {
                let template = Template { file: None, nodes };
                (name, Rc::new(template))
            });
            self.scopes.push(defined.collect());
        }
        let mut out = Output::default();
        let result = self.execute_nodes(None, &source.root, data, &mut out);
        if has_definitions {
            self.scopes.pop();
        }
        result?;
        Ok(out.text.replace(NO_VALUE, ""))
    }

    fn walk(&mut self, dot: &Data, nodes: &[Node], out: &mut Output) -> Outcome<Flow> {
        self.descend()?;
        for node in nodes {
            let flow = self.node(dot, node, out).map_err(|mut failure| {
                if failure.at.is_none() {
                    failure.at = self.file.map(|file| Span::new(file, node.at.clone()));
                }
                failure
            })?;
            if flow != Flow::Onwards {
                self.nesting -= 1;
                return Ok(flow);
            }
        }
        self.nesting -= 1;
        Ok(Flow::Onwards)
    }

    fn node(&mut self, dot: &Data, node: &Node, out: &mut Output) -> Outcome<Flow> {
        self.spend(0)?;
        match &node.kind {
            NodeKind::Text(text) => {
                self.written(text.len(), out)?;
                out.literal(text, node.at.clone());
            }
            NodeKind::Action(pipeline) => {
                let value = self.pipeline(dot, pipeline)?;
                if pipeline.variables.is_empty() {
                    let text = printed(&value);
                    self.written(text.len(), out)?;
                    out.value(&text, node.at.clone());
                }
            }
            NodeKind::If(pipeline, body, otherwise) => {
                let scope = self.variables.len();
                let value = self.pipeline(dot, pipeline)?;
                let branch = if value.is_true() { body } else { otherwise };
                let flow = self.walk(dot, branch, out)?;
                self.variables.truncate(scope);
                return Ok(flow);
            }
            NodeKind::With(pipeline, body, otherwise) => {
                let scope = self.variables.len();
                let value = self.pipeline(dot, pipeline)?;
                let flow = if value.is_true() {
                    self.walk(&value, body, out)?
                } else {
                    self.walk(dot, otherwise, out)?
                };
                self.variables.truncate(scope);
                return Ok(flow);
            }
            NodeKind::Range(pipeline, body, otherwise) => {
                let scope = self.variables.len();
                let flow = self.range(dot, pipeline, body, otherwise, out)?;
                self.variables.truncate(scope);
                return Ok(flow);
            }
            NodeKind::Template(name, argument) => {
                let data = match argument {
                    Some(pipeline) => self.pipeline(dot, pipeline)?,
                    None => Data::Nil,
                };
                let outer = out.enter(node.at.clone());
                let result = self.execute(name, &data, out);
                out.leave(outer);
                result?;
            }
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Onwards)
    }

    fn written(&mut self, length: usize, out: &Output) -> Outcome<()> {
        if out.text.len() + length > MAX_TEXT {
            return fail("what it renders is too long");
        }
        self.spend(length / 16)
    }

    fn range(
        &mut self,
        dot: &Data,
        pipeline: &Pipeline,
        body: &[Node],
        otherwise: &[Node],
        out: &mut Output,
    ) -> Outcome<Flow> {
        let value = self.pipeline(dot, pipeline)?;
        let items: Vec<(Data, Data)> = match &value {
            Data::Nil | Data::Missing => Vec::new(),
            Data::Int(count) | Data::Long(count) => {
                if pipeline.variables.len() > 1 {
                    return fail("an integer gives no more than one variable to a range");
                }
                let count = usize::try_from(*count).unwrap_or_default();
                self.spend(count)?;
                (0..)
                    .zip(0..count)
                    .map(|(index, _)| (Data::Nil, Data::Int(index)))
                    .collect()
            }
            Data::List(list) => {
                self.spend(list.0.len())?;
                let items = list.0.iter().map(|item| as_element(item.clone()));
                (0..).map(Data::Int).zip(items).collect()
            }
            Data::Map(map) => {
                let entries = map.entries.borrow();
                let items = entries.iter();
                let items = items.map(|(key, value)| (key.as_str().into(), as_element(value.clone())));
                items.collect()
            }
            Data::Object(object) => match &**object {
                Object::Versions(versions) => {
                    let items = versions.iter().map(|version| Data::from(version.as_str()));
                    (0..).map(Data::Int).zip(items).collect()
                }
                Object::Files(files) => files
                    .iter()
                    .map(|(path, text)| (path.as_str().into(), Data::Text(Rc::clone(text))))
                    .collect(),
                _ => return fail(format!("a range cannot go over a {}", value.type_name())),
            },
            _ => return fail(format!("a range cannot go over {}", value.printed())),
        };
        if items.is_empty() {
            return self.walk(dot, otherwise, out);
        }
        let mark = self.variables.len();
        for (index, item) in items {
            self.spend(0)?;
            self.loop_variables(pipeline, &index, &item, mark)?;
            let flow = self.walk(&item, body, out)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::Onwards)
    }

    /// Sets the variables of one turn. The pipeline declared them already, just below `mark`.
    fn loop_variables(&mut self, pipeline: &Pipeline, index: &Data, item: &Data, mark: usize) -> Outcome<()> {
        match (&pipeline.variables[..], pipeline.assigns) {
            ([], _) => {}
            ([only], true) => self.assign(only, item.clone())?,
            ([first, second, ..], true) => {
                self.assign(first, index.clone())?;
                self.assign(second, item.clone())?;
            }
            (declared, false) => {
                self.variables[mark - 1].1 = item.clone();
                if declared.len() > 1 {
                    self.variables[mark - 2].1 = index.clone();
                }
            }
        }
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Data) -> Outcome<()> {
        let found = self.variables.iter_mut().rev().find(|(own, _)| &**own == name);
        match found {
            Some((_, own)) => {
                *own = value;
                Ok(())
            }
            None => fail(format!("undefined variable: {name}")),
        }
    }

    fn pipeline(&mut self, dot: &Data, pipeline: &Pipeline) -> Outcome {
        self.descend()?;
        let mut value = None;
        for command in &pipeline.commands {
            value = Some(self.command(dot, command, value)?.settled());
        }
        let value = value.unwrap_or(Data::Nil);
        for name in &pipeline.variables {
            if pipeline.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name.as_str().into(), value.clone()));
            }
        }
        self.nesting -= 1;
        Ok(value)
    }

    /// A command, given the value of the one before it in the pipeline.
    fn command(&mut self, dot: &Data, command: &[Operand], last: Option<Data>) -> Outcome {
        self.spend(0)?;
        let Some((first, arguments)) = command.split_first() else {
            return fail("an empty command");
        };
        let has_arguments = !arguments.is_empty() || last.is_some();
        match first {
            Operand::Function(name) => return self.function(dot, name, arguments, last),
            Operand::Field(fields) => return self.fields(dot, dot.clone(), fields, arguments, last),
            Operand::Variable(name, fields) if !fields.is_empty() => {
                let value = self.variable(name);
                return self.fields(dot, value, fields, arguments, last);
            }
            Operand::Chain(operand, fields) => {
                let value = self.operand(dot, operand)?.settled();
                return self.fields(dot, value, fields, arguments, last);
            }
            _ => {}
        }
        if has_arguments {
            return fail("arguments are given to what is no function");
        }
        if matches!(first, Operand::Nil) {
            return fail("nil is not a command");
        }
        self.operand(dot, first)
    }

    fn variable(&self, name: &str) -> Data {
        let found = self.variables.iter().rev().find(|(own, _)| &**own == name);
        found.map_or(Data::Nil, |(_, value)| value.clone())
    }

    /// The value of a word that is given no arguments.
    fn operand(&mut self, dot: &Data, operand: &Operand) -> Outcome {
        match operand {
            Operand::Dot => Ok(dot.clone()),
            Operand::Nil => Ok(Data::Nil),
            Operand::Bool(truth) => Ok(Data::Bool(*truth)),
            Operand::Number(Number::Integer(number)) => Ok(Data::Int(*number)),
            Operand::Number(Number::Float(number)) => Ok(Data::Float(*number)),
            Operand::Text(text) => Ok(Data::Text(Rc::clone(text))),
            Operand::Field(fields) => self.fields(dot, dot.clone(), fields, &[], None),
            Operand::Variable(name, fields) => {
                let value = self.variable(name);
                self.fields(dot, value, fields, &[], None)
            }
            Operand::Function(name) => self.function(dot, name, &[], None),
            Operand::Pipeline(pipeline) => self.pipeline(dot, pipeline),
            Operand::Chain(operand, fields) => {
                let value = self.operand(dot, operand)?.settled();
                self.fields(dot, value, fields, &[], None)
            }
        }
    }

    /// Follows fields; only the last may be a method that is given arguments.
    fn fields(
        &mut self,
        dot: &Data,
        receiver: Data,
        fields: &[String],
        arguments: &[Operand],
        last: Option<Data>,
    ) -> Outcome {
        let mut value = receiver;
        let Some((final_field, leading)) = fields.split_last() else {
            return Ok(value);
        };
        for field in leading {
            value = self.field(&value, field, None)?;
        }
        let has_arguments = !arguments.is_empty() || last.is_some();
        let mut given = Vec::new();
        for argument in arguments {
            given.push(self.operand(dot, argument)?.settled());
        }
        given.extend(last);
        self.field(&value, final_field, has_arguments.then_some(given))
    }

    fn field(&mut self, value: &Data, name: &str, arguments: Option<Vec<Data>>) -> Outcome {
        self.spend(0)?;
        match value {
            Data::Nil => Ok(Data::Nil),
            Data::Missing => fail(format!("nil pointer evaluating interface {{}}.{name}")),
            Data::Map(_) if arguments.is_some() => fail(format!("{name} is not a method but has arguments")),
            Data::Map(_) => Ok(as_element(value.get(name).unwrap_or(Data::Missing))),
            Data::Object(object) => self.member(object, name, arguments),
            _ => fail(format!(
                "can't evaluate field {name} in type {}",
                value.type_name()
            )),
        }
    }

    fn function(&mut self, dot: &Data, name: &str, arguments: &[Operand], last: Option<Data>) -> Outcome {
        if name == "and" || name == "or" {
            return self.short_circuit(dot, name == "or", arguments, last);
        }
        let Some(function) = functions::find(name) else {
            return fail(format!("function {name:?} not defined"));
        };
        self.descend()?;
        let count = arguments.len() + usize::from(last.is_some());
        function.check_count(count)?;
        let mut given = Vec::with_capacity(count);
        for (index, argument) in arguments.iter().enumerate() {
            let value = self.operand(dot, argument)?;
            given.push(function.admit(index, value)?);
        }
        if let Some(last) = last {
            given.push(function.admit(arguments.len(), last)?);
        }
        let value = function.call(self, given).map_err(|mut failure| {
            if failure.at.is_none() && !failure.message.starts_with("error calling") {
                failure.message = format!("error calling {name}: {}", failure.message);
            }
            failure
        })?;
        self.nesting -= 1;
        Ok(value)
    }

    /// `and` and `or`, which evaluate no more than they need.
    fn short_circuit(
        &mut self,
        dot: &Data,
        is_or: bool,
        arguments: &[Operand],
        last: Option<Data>,
    ) -> Outcome {
        let mut value = None;
        for argument in arguments {
            let given = self.operand(dot, argument)?.settled();
            if given.is_true() == is_or {
                return Ok(given);
            }
            value = Some(given);
        }
        match last.or(value) {
            Some(value) => Ok(value),
            None => fail("wrong number of args: want at least 1 got 0"),
        }
    }
}

/// What stands in a slice or mapping: null is there, but nothing can be asked of it.
fn as_element(value: Data) -> Data {
    match value {
        Data::Nil => Data::Missing,
        other => other,
    }
}

fn printed(value: &Data) -> Rc<str> {
    match value {
        Data::Nil | Data::Missing => NO_VALUE.into(),
        other => other.text(),
    }
}

/// Values deeper than this cannot be merged.
pub(crate) const MAX_MERGE: usize = MAX_DEPTH;

//! Laws over all inventory scenarios: what does not change a program's meaning changes nothing in its inventory.
//!
//! Every scenario of `testdata/scenarios/python` is written anew in three ways, and linked again:
//!
//! - a literal that a call is given stands in a constant of the module (read backwards: a constant is inlined);
//! - that constant stands in another module;
//! - a metric class is called through a function.
//!
//! Places and remarks about wrappers may differ; names, types, labels, units, bounds, series and liveness may not.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "tests read their pages, and stop where one is malformed"
)]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use promsight_extract::python;
use promsight_model::FileSet;
use promsight_model::python::{Expr, ExprKind, Stmt, StmtKind};

use common::linked;

/// Metric classes as scenarios import them.
const CLASSES: &[&str] = &["Counter", "Gauge", "Histogram", "Summary"];

/// The page on texts that are an exposition only where they stand: what writes a literal decides there, so that these
/// laws, which are about constructors, do not hold for it.
const TEXTS: &str = "exposition-text.md";

/// Files of a scenario: path and text.
type Files = Vec<(String, String)>;

/// The scenarios of a page: heading and files.
fn scenarios(page: &str) -> Vec<(String, Files)> {
    let mut found: Vec<(String, Files)> = Vec::new();
    let mut path: Option<String> = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if let (Some(path), Some((_, files))) = (path.take(), found.last_mut()) {
                files.push((path, text.join("\n") + "\n"));
            }
        } else if line.starts_with('#') {
            found.push((line.trim_start_matches(['#', ' ']).to_owned(), Files::new()));
        } else if line.starts_with('`') && line.ends_with('`') && !line.contains(' ') && line.len() > 2 {
            path = Some(line.trim_matches('`').to_owned());
        }
    }
    found.retain(|(_, files)| !files.is_empty());
    found
}

fn file_set(files: &Files) -> FileSet {
    files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect()
}

/// What must stay: each emitter without its place.
fn meaning(files: &Files) -> BTreeSet<String> {
    let files = file_set(files);
    let inventory = linked(&files, &[]);
    inventory
        .emitters
        .iter()
        .map(|emitter| {
            format!(
                "{} {} {:?} known {} unit {:?} bounds {:?} states {:?} {:?} {:?}",
                emitter.metric_type,
                emitter.name,
                emitter.labels,
                emitter.labels_known,
                emitter.unit,
                emitter.buckets,
                emitter.states,
                emitter.liveness,
                emitter.series,
            )
        })
        .collect()
}

/// Places in one file that a rewriting changes.
#[derive(Default)]
struct Places {
    /// String literals that calls are given: start and end.
    literals: Vec<(usize, usize)>,
    /// The class's name in calls of metric classes.
    classes: Vec<(usize, usize)>,
}

impl Places {
    fn of(path: &str, text: &str) -> Self {
        let files = file_set(&vec![(path.to_owned(), text.to_owned())]);
        let mut places = Self::default();
        for file in files.files() {
            places.block(&python::module(file).0.body);
        }
        places.literals.sort_unstable();
        places.classes.sort_unstable();
        places
    }

    fn block(&mut self, body: &[Stmt]) {
        for statement in body {
            match &statement.kind {
                StmtKind::Expr(value) | StmtKind::AugAssign { value, .. } => self.expression(value),
                StmtKind::Assign { value, .. } | StmtKind::Return(value) => {
                    value.iter().for_each(|value| self.expression(value));
                }
                StmtKind::If { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
                    self.block(body);
                    self.block(orelse);
                }
                StmtKind::For {
                    iter, body, orelse, ..
                } => {
                    self.expression(iter);
                    self.block(body);
                    self.block(orelse);
                }
                StmtKind::With { items, body } => {
                    items.iter().for_each(|(context, _)| self.expression(context));
                    self.block(body);
                }
                StmtKind::Try {
                    body,
                    handlers,
                    orelse,
                    finally,
                } => {
                    self.block(body);
                    handlers.iter().for_each(|(_, handler)| self.block(handler));
                    self.block(orelse);
                    self.block(finally);
                }
                StmtKind::Function(function) => self.block(&function.body),
                StmtKind::Class(class) => self.block(&class.body),
                _ => {}
            }
        }
    }

    fn expression(&mut self, expression: &Expr) {
        match &expression.kind {
            ExprKind::Call(call) => {
                if matches!(&call.func.kind, ExprKind::Name(name) if CLASSES.contains(&name.as_str())) {
                    let span = call.func.span;
                    self.classes.push((span.start as usize, span.end as usize));
                }
                self.expression(&call.func);
                let arguments = call
                    .args
                    .iter()
                    .chain(call.keywords.iter().map(|(_, value)| value));
                for argument in arguments {
                    if let ExprKind::Str(_) = argument.kind {
                        let span = argument.span;
                        self.literals.push((span.start as usize, span.end as usize));
                    }
                    self.expression(argument);
                }
            }
            ExprKind::Attribute(object, _) => self.expression(object),
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
                items.iter().for_each(|item| self.expression(item));
            }
            ExprKind::Dict(entries) => entries.iter().for_each(|(_, value)| self.expression(value)),
            ExprKind::Comprehension(comprehension) => {
                self.expression(&comprehension.element);
                comprehension
                    .value
                    .iter()
                    .for_each(|value| self.expression(value));
            }
            ExprKind::Subscript(object, _) => self.expression(object),
            ExprKind::IfElse { body, orelse, .. } => {
                self.expression(body);
                self.expression(orelse);
            }
            _ => {}
        }
    }
}

/// Whether a file can be written anew: parsed as Python, and no part of a package whose first lines matter.
fn can_change(path: &str, text: &str) -> bool {
    path.ends_with(".py") && !text.contains("__future__") && !text.starts_with("\"\"\"")
}

/// Every literal behind a constant; the constants' definitions.
fn with_constants(path: &str, text: &str, first: usize) -> (String, Vec<(String, String)>) {
    let mut written = String::new();
    let mut constants = Vec::new();
    let mut at = 0;
    for (start, end) in Places::of(path, text).literals {
        if start < at {
            continue;
        }
        let name = format!("LAW_{}", first + constants.len());
        written.push_str(&text[at..start]);
        written.push_str(&name);
        constants.push((name, text[start..end].to_owned()));
        at = end;
    }
    written.push_str(&text[at..]);
    (written, constants)
}

fn constants_of_the_module(files: &Files) -> Files {
    let mut changed = files.clone();
    for (path, text) in changed.iter_mut().filter(|(path, text)| can_change(path, text)) {
        let (written, constants) = with_constants(path, text, 0);
        let mut head = String::new();
        for (name, literal) in constants {
            writeln!(head, "{name} = {literal}").expect("a string takes everything");
        }
        *text = head + &written;
    }
    changed
}

fn constants_of_another_module(files: &Files) -> Files {
    let mut changed = files.clone();
    let mut other = String::new();
    let mut count = 0;
    // From the top folder every module of it can be imported.
    for (path, text) in changed
        .iter_mut()
        .filter(|(path, text)| can_change(path, text) && !path.contains('/'))
    {
        let (written, constants) = with_constants(path, text, count);
        let mut head = String::new();
        count += constants.len();
        for (name, literal) in constants {
            writeln!(head, "from law_constants import {name}").expect("a string takes everything");
            writeln!(other, "{name} = {literal}").expect("a string takes everything");
        }
        *text = head + &written;
    }
    changed.push(("law_constants.py".to_owned(), other));
    changed
}

fn classes_behind_a_function(files: &Files) -> Files {
    let mut changed = files.clone();
    for (path, text) in changed.iter_mut().filter(|(path, text)| can_change(path, text)) {
        let mut written = String::new();
        let mut at = 0;
        for (start, end) in Places::of(path, text).classes {
            // `Counter(` becomes `law_make(Counter, `.
            if !text[end..].starts_with('(') {
                continue;
            }
            write!(written, "{}law_make({}, ", &text[at..start], &text[start..end])
                .expect("a string takes everything");
            at = end + 1;
        }
        written.push_str(&text[at..]);
        if at > 0 {
            let head = "def law_make(law_class, *law_values, **law_options):\n    return law_class(*law_values, **law_options)\n";
            *text = head.to_owned() + &written;
        }
    }
    changed
}

fn holds(law: &str, rewrite: fn(&Files) -> Files, exceptions: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/scenarios/python");
    let mut pages: Vec<_> = std::fs::read_dir(folder)
        .expect("the scenarios are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    pages.retain(|page| !page.ends_with(TEXTS));
    pages.sort();
    let mut looked_at = 0;
    let mut broken = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("the page can be read");
        for (heading, files) in scenarios(&text) {
            if exceptions.contains(&heading.as_str()) {
                continue;
            }
            let changed = rewrite(&files);
            looked_at += usize::from(changed != files);
            let (before, after) = (meaning(&files), meaning(&changed));
            if before != after {
                let lost: Vec<_> = before.difference(&after).collect();
                let new: Vec<_> = after.difference(&before).collect();
                broken.push(format!(
                    "{}: {heading}\n  lost {lost:#?}\n  new {new:#?}",
                    page.display()
                ));
            }
        }
    }
    assert!(looked_at > 25, "{law}: the scenarios are rewritten");
    assert!(broken.is_empty(), "{law}:\n{}", broken.join("\n"));
}

#[test]
fn a_constant_says_the_same_as_its_literal() {
    holds("constants", constants_of_the_module, &[]);
}

#[test]
fn a_constant_says_the_same_in_another_module() {
    holds("constants elsewhere", constants_of_another_module, &[]);
}

#[test]
fn a_function_that_calls_the_class_says_the_same_as_the_class() {
    // Its classes are imported inside the function: where nothing runs the call, nobody knows what they are.
    let exceptions = ["A branch that no known caller takes"];
    holds("wrappers", classes_behind_a_function, &exceptions);
}

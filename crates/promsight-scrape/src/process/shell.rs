//! Which commands of a script become processes.
//!
//! Owns the walk through control flow. What runs to its end before something else starts is no process: processes are
//! what `exec` starts, what runs in the background, what stands last, and what an endless loop runs. Where a test cannot
//! be decided, one way is taken; [`super::runner`] runs the command again for the others.

use std::collections::BTreeMap;
use std::rc::Rc;

use promsight_model::Span;
use promsight_model::launch::{Assignment, Connective, Piece, Script, Statement, StatementKind, Word};

use super::conditions::Answer;
use super::globs;
use super::runner::{Outcome, Runner, State};
use super::statements::{breaks, is_constant, is_effective, is_test};
use super::words::{Argument, Scope, UNKNOWN};

/// What a shell is told to run.
pub(super) struct Invocation<'w> {
    /// `-c text`.
    text: Option<&'w Argument>,
    /// The script's path.
    path: Option<&'w Argument>,
    /// `$1` and so on.
    arguments: &'w [Argument],
}

/// Whether a program is a shell.
pub(super) fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh")
}

/// The call of a shell; `None` where the program is none.
pub(super) fn invocation(argv: &[Argument]) -> Option<Invocation<'_>> {
    let mut words = argv;
    if words.first()?.program() == "busybox" {
        words = &words[1..];
    }
    if !is_shell(words.first()?.program()) {
        return None;
    }
    let mut at = 1;
    let mut reads_text = false;
    while let Some(option) = words.get(at).map(|word| word.text.as_str()) {
        if option == "--" {
            at += 1;
            break;
        }
        if !option.starts_with(['-', '+']) || option.len() < 2 {
            break;
        }
        let is_short = !option.starts_with("--");
        reads_text |= is_short && option.contains('c');
        // `-o pipefail`, `-euo pipefail`, `--rcfile file`.
        let takes_value = is_short && option.ends_with('o') || matches!(option, "--rcfile" | "--init-file");
        at += 1 + usize::from(takes_value);
    }
    let operand = words.get(at);
    let rest = words.get(at + 1..).unwrap_or_default();
    Some(if reads_text {
        Invocation {
            text: operand,
            path: None,
            // The first word behind the text is `$0`.
            arguments: rest.get(1..).unwrap_or_default(),
        }
    } else {
        Invocation {
            text: None,
            path: operand,
            arguments: rest,
        }
    })
}

/// Variables, arguments and functions of a running script.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) state: State,
    pub(super) arguments: Vec<Argument>,
    pub(super) lists: BTreeMap<String, Vec<Argument>>,
    functions: BTreeMap<String, Rc<Vec<Statement>>>,
}

impl Frame {
    fn scope(&self) -> Scope<'_> {
        Scope {
            environment: &self.state.environment,
            arguments: &self.arguments,
            lists: Some(&self.lists),
        }
    }

    fn assign(&mut self, assignment: &Assignment) {
        let name = &assignment.name;
        if assignment.is_list || self.lists.contains_key(name) {
            let scope = self.scope();
            let words: Vec<Argument> = assignment
                .words
                .iter()
                .flat_map(|word| scope.expand(word))
                .collect();
            let list = self.lists.entry(name.clone()).or_default();
            if !assignment.appends {
                list.clear();
            }
            if list.len() < MAX_LIST {
                list.extend(words);
            }
            return;
        }
        let Some(word) = assignment.words.first() else {
            return;
        };
        let mut value = self.scope().one(word).text;
        if assignment.appends {
            let before = self.state.environment.known(name).map(str::to_owned);
            value = format!("{}{value}", before.unwrap_or_default());
        }
        self.state.environment.assign(name, Some(value), word.span);
    }
}

/// Words that a list may have.
const MAX_LIST: usize = 1_000;

/// Words that a command may have: `"$@" "$@"` doubles them with each call.
const MAX_WORDS: usize = 1_000;

/// Where a statement stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Something follows: it ends before that begins.
    Before,
    /// Nothing follows.
    Last,
    /// In a loop that never ends.
    Endless,
}

/// What follows a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Continues,
    /// The function is over.
    Returns,
    /// The script is over.
    Ends,
}

impl Runner<'_, '_> {
    /// Follows the call of a shell.
    pub(super) fn shell(&mut self, call: &Invocation<'_>, argv: &[Argument], state: &State) {
        if let Some(text) = call.text {
            if text.text.trim().is_empty() {
                return self.report(argv, state, Outcome::foreign());
            }
            let script = parsed(text);
            return self.script(&script, call.arguments, state);
        }
        let Some(path) = call.path else {
            return self.report(argv, state, Outcome::foreign());
        };
        let Some((file, certainty)) = self.find_file(&path.text, state) else {
            let reason = format!("the script `{}` is not in this tree", path.shown());
            return self.report(argv, state, Outcome::unknown(reason));
        };
        let Some(script) = self.tree.script(file.id) else {
            let reason = format!("`{}` is no script that is read", file.path);
            return self.report(argv, state, Outcome::unknown(reason));
        };
        let mut state = state.clone();
        state.is_by_name |= certainty == super::Certainty::Name;
        self.script(script, call.arguments, &state);
    }

    /// Follows a script.
    pub(super) fn script(&mut self, script: &Script, arguments: &[Argument], state: &State) {
        let before = self.found.len();
        let mut frame = Frame {
            state: state.clone(),
            arguments: arguments.to_vec(),
            lists: BTreeMap::new(),
            functions: BTreeMap::new(),
        };
        self.block(&script.body, &mut frame, Place::Last);
        if self.found.len() == before {
            let outcome = if self.lacks_arguments {
                Outcome::unknown("its entry script runs what it is given, and is given nothing")
            } else if script.is_complete {
                Outcome::foreign()
            } else {
                Outcome::unknown("its script is not understood to its end")
            };
            self.report(&[], state, outcome);
        }
    }

    pub(super) fn block(&mut self, body: &[Statement], frame: &mut Frame, place: Place) -> Flow {
        let last = body.iter().rposition(is_effective).unwrap_or(body.len());
        for (index, statement) in body.iter().enumerate() {
            if self.budget == 0 {
                return Flow::Ends;
            }
            let own = match place {
                Place::Last if index < last => Place::Before,
                other => other,
            };
            let flow = self.statement(statement, frame, own).0;
            if flow != Flow::Continues {
                return flow;
            }
        }
        Flow::Continues
    }

    /// Runs a statement; whether it succeeds, as far as that is known. Commands are taken to.
    fn statement(&mut self, statement: &Statement, frame: &mut Frame, place: Place) -> (Flow, Answer) {
        self.budget = self.budget.saturating_sub(1);
        if statement.is_background {
            // It has variables and a directory of its own.
            self.foreground(statement, &mut frame.clone(), Place::Last);
            return (Flow::Continues, Answer::Yes);
        }
        self.foreground(statement, frame, place)
    }

    fn foreground(&mut self, statement: &Statement, frame: &mut Frame, place: Place) -> (Flow, Answer) {
        match &statement.kind {
            StatementKind::Command { assignments, words } => {
                self.simple(statement.span, assignments, words, frame, place)
            }
            StatementKind::Pipeline(commands) => {
                for command in commands {
                    self.statement(command, &mut frame.clone(), place);
                }
                (Flow::Continues, Answer::Open)
            }
            StatementKind::Not(inner) => {
                let (flow, answer) = self.statement(inner, frame, Place::Before);
                (flow, answer.negated())
            }
            StatementKind::Chain(first, others) => self.chain(first, others, frame, place),
            StatementKind::If { branches, otherwise } => (
                self.conditional(branches, otherwise, statement.span, frame, place),
                Answer::Yes,
            ),
            StatementKind::Case(subject, arms) => (self.case(subject, arms, frame, place), Answer::Yes),
            StatementKind::While { test, body, is_until } => {
                let runs = self.condition(test, frame);
                let runs = if *is_until { runs.negated() } else { runs };
                // Of loops that count, wait or are left the end is not known.
                let is_endless = runs == Answer::Yes && test.iter().all(is_constant) && !breaks(body, 0);
                let runs = if is_endless || runs == Answer::No {
                    runs
                } else {
                    Answer::Open
                };
                (self.while_loop(runs, body, frame, place), Answer::Yes)
            }
            StatementKind::For(name, words, body) => {
                let values = match words {
                    Some(words) => words.iter().flat_map(|word| frame.scope().expand(word)).collect(),
                    None => frame.arguments.clone(),
                };
                (
                    self.for_loop(name, values, body, statement.span, frame, place),
                    Answer::Yes,
                )
            }
            StatementKind::Group(body) => (self.block(body, frame, place), Answer::Yes),
            StatementKind::Function(name, body) => {
                frame.functions.insert(name.clone(), Rc::new(body.clone()));
                (Flow::Continues, Answer::Yes)
            }
        }
    }

    fn chain(
        &mut self,
        first: &Statement,
        others: &[(Connective, Statement)],
        frame: &mut Frame,
        place: Place,
    ) -> (Flow, Answer) {
        // The last command that success leads to stands last.
        let last = others
            .iter()
            .rposition(|(connective, _)| *connective == Connective::And)
            .map_or(0, |index| index + 1);
        let own = |index: usize| match place {
            Place::Last if index < last => Place::Before,
            other => other,
        };
        let (mut flow, mut answer) = self.statement(first, frame, own(0));
        for (index, (connective, next)) in others.iter().enumerate() {
            if flow != Flow::Continues {
                break;
            }
            let runs = match connective {
                Connective::And => answer,
                Connective::Or => answer.negated(),
            };
            // Of tests that are not decided the usual outcome is that the script goes on without.
            let runs = match runs {
                Answer::Open => self.choose(next.span, 2, 0) == 1,
                known => known == Answer::Yes,
            };
            if runs {
                (flow, answer) = self.statement(next, frame, own(index + 1));
            } else {
                answer = Answer::of(*connective == Connective::Or);
            }
        }
        (flow, answer)
    }

    fn conditional(
        &mut self,
        branches: &[(Vec<Statement>, Vec<Statement>)],
        otherwise: &[Statement],
        span: Span,
        frame: &mut Frame,
        place: Place,
    ) -> Flow {
        for (test, body) in branches {
            let holds = match self.condition(test, frame) {
                Answer::Open => {
                    let place = test.first().map_or(span, |test| test.span);
                    self.choose(place, 2, 0) == 1
                }
                known => known == Answer::Yes,
            };
            if holds {
                return self.block(body, frame, place);
            }
        }
        self.block(otherwise, frame, place)
    }

    fn condition(&mut self, test: &[Statement], frame: &mut Frame) -> Answer {
        let mut answer = Answer::Open;
        for statement in test {
            let (_, own) = self.statement(statement, frame, Place::Before);
            // A command that is no test may fail.
            answer = if is_test(statement) { own } else { Answer::Open };
        }
        answer
    }

    fn case(
        &mut self,
        subject: &Word,
        arms: &[(Vec<Word>, Vec<Statement>)],
        frame: &mut Frame,
        place: Place,
    ) -> Flow {
        let text = frame.scope().one(subject).text;
        let patterns: Vec<Vec<String>> = arms
            .iter()
            .map(|(patterns, _)| {
                patterns
                    .iter()
                    .map(|pattern| frame.scope().one(pattern).text)
                    .collect()
            })
            .collect();
        let chosen = if text.contains(UNKNOWN) {
            // None of them, unless one takes all that is left.
            let rest = patterns
                .iter()
                .position(|patterns| patterns.iter().any(|pattern| pattern == "*"));
            let count = rest.map_or(arms.len() + 1, |rest| rest + 1);
            self.choose(subject.span, count, count - 1)
        } else {
            let matches =
                |patterns: &Vec<String>| patterns.iter().any(|pattern| globs::matches(pattern, &text));
            patterns.iter().position(matches).unwrap_or(arms.len())
        };
        let (Some((_, body)), Some(patterns)) = (arms.get(chosen), patterns.get(chosen)) else {
            return Flow::Continues;
        };
        // In this arm the subject is what the pattern says.
        if let ([pattern], [Piece::Variable { name, .. }]) = (patterns.as_slice(), subject.pieces.as_slice())
            && text.contains(UNKNOWN)
            && !pattern.contains(['*', '?', '[', UNKNOWN])
            && name.parse::<usize>().is_err()
        {
            frame
                .state
                .environment
                .set(name, Some(pattern.clone()), subject.span);
        }
        self.block(body, frame, place)
    }

    fn while_loop(&mut self, runs: Answer, body: &[Statement], frame: &mut Frame, place: Place) -> Flow {
        match runs {
            Answer::No => Flow::Continues,
            Answer::Yes => {
                self.block(body, frame, Place::Endless);
                Flow::Ends
            }
            // It waits for something, or goes on as long as something holds.
            Answer::Open => {
                let own = if place == Place::Before {
                    Place::Before
                } else {
                    Place::Endless
                };
                self.block(body, &mut frame.clone(), own);
                Flow::Continues
            }
        }
    }

    fn for_loop(
        &mut self,
        name: &str,
        values: Vec<Argument>,
        body: &[Statement],
        span: Span,
        frame: &mut Frame,
        place: Place,
    ) -> Flow {
        let is_known = !values.is_empty()
            && values.len() <= MAX_TURNS
            && values.iter().all(|value| value.known().is_some());
        let values = if is_known {
            values
        } else {
            vec![Argument::new(UNKNOWN.to_string(), span)]
        };
        for value in values {
            frame.state.environment.set(name, Some(value.text), value.span);
            if self.block(body, frame, place) == Flow::Ends && is_known {
                return Flow::Ends;
            }
        }
        Flow::Continues
    }

    fn simple(
        &mut self,
        span: Span,
        assignments: &[Assignment],
        words: &[Word],
        frame: &mut Frame,
        place: Place,
    ) -> (Flow, Answer) {
        let expanded = words.iter().flat_map(|word| frame.scope().expand(word));
        let argv: Vec<Argument> = expanded.take(MAX_WORDS).collect();
        let Some(program) = argv.first() else {
            assignments.iter().for_each(|assignment| frame.assign(assignment));
            return (Flow::Continues, Answer::Yes);
        };
        if let Some(body) = frame.functions.get(&program.text).cloned() {
            return (self.call(&body, &argv[1..], frame, place), Answer::Yes);
        }
        if let Some(result) = self.built_in(&argv, frame, place) {
            return result;
        }
        let replaces = program.text == "exec";
        let command = if replaces { behind_exec(&argv) } else { &argv[..] };
        if command.is_empty() {
            // `exec "$@"` without arguments, and not `exec >log`.
            self.lacks_arguments |= words.len() > 1;
            return (Flow::Continues, Answer::Yes);
        }
        if replaces || place != Place::Before {
            let mut own = frame.clone();
            for assignment in assignments {
                own.assign(assignment);
                own.state.environment.export(&assignment.name);
            }
            own.state.way.push(span);
            self.follow(command, &own.state);
        }
        let flow = if replaces { Flow::Ends } else { Flow::Continues };
        (flow, Answer::Yes)
    }

    fn call(&mut self, body: &[Statement], arguments: &[Argument], frame: &mut Frame, place: Place) -> Flow {
        // Each call costs, so that functions that call themselves come to an end.
        self.budget = self.budget.saturating_sub(20);
        let outer = std::mem::replace(&mut frame.arguments, arguments.to_vec());
        let flow = self.nested(|runner| runner.block(body, frame, place));
        frame.arguments = outer;
        match flow {
            Some(Flow::Returns) => Flow::Continues,
            Some(flow) => flow,
            None => Flow::Ends,
        }
    }
}

/// How often a loop over known words is run.
const MAX_TURNS: usize = 16;

pub(super) fn parsed(text: &Argument) -> Script {
    let locate = |range: std::ops::Range<usize>| {
        text.source
            .as_ref()
            .map_or(text.span, |source| source.span(range))
    };
    promsight_shell::script(&text.text, &locate)
}

/// What stands behind `exec` and its options.
fn behind_exec(argv: &[Argument]) -> &[Argument] {
    let mut at = 1;
    while let Some(option) = argv.get(at).map(|word| word.text.as_str()) {
        match option {
            "-a" => at += 2,
            "-c" | "-l" | "-cl" | "--" => at += 1,
            _ => break,
        }
    }
    argv.get(at..).unwrap_or_default()
}

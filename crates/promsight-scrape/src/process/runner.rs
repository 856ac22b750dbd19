//! What a command starts, followed through wrappers and scripts.
//!
//! Owns the finding of programs and what is reported of them. It runs nothing: where a value decides that is not known,
//! all ways are followed, and what is found on them is said to be an alternative.

use std::collections::{BTreeSet, VecDeque};

use promsight_model::{FileId, SourceFile, Span};

use super::disk::Disk;
use super::tree::Tree;
use super::words::{Argument, Environment, UNKNOWN};
use super::{Certainty, Entry, foreign, paths, python, shell, supervision, tools, wrappers};

/// How deep commands, scripts and functions may call one another.
const MAX_DEPTH: usize = 24;

/// Commands that are looked at for one workload.
const BUDGET: usize = 4_000;

/// Ways that one workload's command is followed on.
const MAX_WAYS: usize = 48;

/// Choices on one way.
const MAX_CHOICES: usize = 256;

/// Processes that one workload may start.
const MAX_STARTED: usize = 64;

/// Where commands run.
pub(super) struct Runner<'r, 'a> {
    pub(super) tree: &'r Tree<'a>,
    /// The files of the container.
    pub(super) disk: &'r Disk,
    /// The folder of the repository that it is made of.
    pub(super) folder: String,
    /// Whether the image has Python; `None` where that is not known.
    pub(super) has_python: Option<bool>,
    /// Whether nothing says what of the repository is in the image: then a file or module without a folder or package
    /// in front is a name that anything has.
    pub(super) is_unplaced: bool,
    /// What was found on the way that is being followed.
    pub(super) found: Vec<Started>,
    pub(super) budget: usize,
    /// Whether a script ran its arguments and had none.
    pub(super) lacks_arguments: bool,
    depth: usize,
    choices: Choices,
}

/// The ways that are taken where a test cannot be decided.
#[derive(Default)]
struct Choices {
    /// What is chosen first.
    given: Vec<usize>,
    /// What was chosen: where, how often there before, the choice, and how many there were.
    taken: Vec<(Span, usize, usize, usize)>,
}

/// What holds where a command runs.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) environment: Environment,
    /// The working directory; `None` where it is not known.
    pub(super) directory: Option<String>,
    /// The places that lead here.
    pub(super) way: Vec<Span>,
    /// Whether names alone led here.
    pub(super) is_by_name: bool,
}

/// A process that was found.
#[derive(Clone, Debug)]
pub(super) struct Started {
    pub(super) entry: Entry,
    pub(super) certainty: Certainty,
    pub(super) way: Vec<Span>,
    pub(super) command: Vec<(String, Span)>,
    pub(super) environment: Environment,
    pub(super) web_port: Option<(u16, Span)>,
    pub(super) loads: Vec<FileId>,
    pub(super) is_alternative: bool,
}

/// What a tool was found to start.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) entry: Entry,
    pub(super) certainty: Certainty,
    pub(super) web_port: Option<(u16, Span)>,
    pub(super) loads: Vec<FileId>,
    /// Where the name of the module or file stands, if not in the command.
    pub(super) place: Option<Span>,
}

impl Outcome {
    pub(super) fn new(entry: Entry, certainty: Certainty) -> Self {
        Self {
            entry,
            certainty,
            web_port: None,
            loads: Vec::new(),
            place: None,
        }
    }

    pub(super) fn unknown(reason: impl Into<String>) -> Self {
        Self::new(Entry::Unknown(reason.into()), Certainty::Followed)
    }

    pub(super) fn foreign() -> Self {
        Self::new(Entry::Foreign, Certainty::Followed)
    }

    pub(super) fn at(mut self, port: Option<(u16, Span)>) -> Self {
        self.web_port = port;
        self
    }
}

impl<'r, 'a> Runner<'r, 'a> {
    pub(super) fn new(tree: &'r Tree<'a>, disk: &'r Disk, folder: &str, has_python: Option<bool>) -> Self {
        Self {
            tree,
            disk,
            folder: folder.to_owned(),
            has_python,
            is_unplaced: false,
            found: Vec::new(),
            budget: BUDGET,
            lacks_arguments: false,
            depth: 0,
            choices: Choices::default(),
        }
    }

    /// Follows a command on all ways that it can go, each choice at least once: the processes, those that do not start
    /// on every way as alternatives.
    pub(super) fn all_ways(&mut self, run: impl Fn(&mut Self)) -> Vec<Started> {
        let mut seen: BTreeSet<(Span, usize, usize)> = BTreeSet::new();
        let mut waiting: VecDeque<Vec<usize>> = VecDeque::from([Vec::new()]);
        let mut ways: Vec<Vec<Started>> = Vec::new();
        while let Some(given) = waiting.pop_front().filter(|_| ways.len() < MAX_WAYS) {
            let fixed = given.len();
            self.choices = Choices {
                given,
                taken: Vec::new(),
            };
            self.found.clear();
            self.budget = BUDGET;
            run(self);
            ways.push(std::mem::take(&mut self.found));
            let taken = std::mem::take(&mut self.choices.taken);
            for (index, (span, turn, choice, count)) in taken.iter().enumerate() {
                seen.insert((*span, *turn, *choice));
                for other in (0..*count).filter(|_| index >= fixed) {
                    if seen.insert((*span, *turn, other)) {
                        let earlier = taken[..index].iter().map(|(.., choice, _)| *choice);
                        waiting.push_back(earlier.chain([other]).collect());
                    }
                }
            }
        }
        together(ways)
    }

    /// Which of so many ways is taken at a place.
    pub(super) fn choose(&mut self, span: Span, count: usize, usual: usize) -> usize {
        let taken = &self.choices.taken;
        let turn = taken.iter().filter(|(other, ..)| *other == span).count();
        let given = self.choices.given.get(taken.len()).copied();
        let choice = given.filter(|choice| *choice < count).unwrap_or(usual);
        if taken.len() < MAX_CHOICES {
            self.choices.taken.push((span, turn, choice, count));
        }
        choice
    }

    /// Runs something a level deeper; `None` where that is too deep.
    pub(super) fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        Some(result)
    }

    /// Follows a command to what it starts.
    pub(super) fn follow(&mut self, argv: &[Argument], state: &State) {
        if self.depth >= MAX_DEPTH || self.budget == 0 {
            return self.report(
                argv,
                state,
                Outcome::unknown("its commands call one another too often"),
            );
        }
        self.budget -= 1;
        self.depth += 1;
        self.command(argv, state);
        self.depth -= 1;
    }

    fn command(&mut self, argv: &[Argument], state: &State) {
        let Some(program) = argv.first() else {
            return self.report(argv, state, Outcome::unknown("it has no command"));
        };
        let arguments = &argv[1..];
        if program.program().contains(UNKNOWN) || program.program().is_empty() {
            return self.report(
                argv,
                state,
                Outcome::unknown("its command is known only at run time"),
            );
        }
        let name = program.program();
        if let Some(file) = self.installed(program, state) {
            return self.file(file, Certainty::Followed, argv, state);
        }
        if let Some(shell) = shell::invocation(argv) {
            return self.shell(&shell, argv, state);
        }
        if let Some(inner) = wrappers::inner(argv) {
            return self.follow(&inner, state);
        }
        // Commands are installed into `bin`: a path elsewhere is another program.
        let parent = paths::name(paths::folder(&program.text));
        let installed =
            matches!(parent, "" | "bin" | "Scripts").then(|| self.tree.console_script(&self.folder, name));
        if let Some((file, span)) = installed.flatten() {
            let mut outcome = Outcome::new(Entry::Program { file }, Certainty::Followed);
            outcome.place = Some(span);
            // A command that is Django's `manage.py` by another name has Django's commands.
            let mut outcome = tools::django(self, outcome, arguments, state);
            if paths::name(&self.tree.files.file(file).path) != "manage.py" {
                outcome.web_port = None;
            }
            return self.report(argv, state, outcome);
        }
        if python::is_interpreter(name) {
            let outcome = python::run(self, arguments, state);
            return self.report(argv, state, outcome);
        }
        if supervision::starts_units(name) {
            return self.units(name, argv, state);
        }
        if let Some(outcome) = tools::run(self, name, arguments, state) {
            return self.report(argv, state, outcome);
        }
        if foreign::is_program(name) {
            return self.report(argv, state, Outcome::foreign());
        }
        if let Some(file) = self.named_alike(program) {
            return self.file(file, Certainty::Name, argv, state);
        }
        self.unknown_program(argv, state);
    }

    /// A program that nothing is known of: what stands behind `--`, or behind it at all, may be what it runs.
    fn unknown_program(&mut self, argv: &[Argument], state: &State) {
        let arguments = &argv[1..];
        let name = argv[0].program();
        let separator = arguments.iter().position(|word| word.text == "--");
        let may_run_others = separator.is_some() || argv[0].text.contains('/') || name.ends_with(".sh");
        let inner = separator.map_or(arguments, |at| &arguments[at + 1..]);
        let is_command = inner.first().is_some_and(|first| {
            let name = first.program();
            python::is_interpreter(name) || tools::is_tool(name) || shell::is_shell(name)
        });
        if is_command && may_run_others {
            return self.follow(inner, state);
        }
        let outcome = if self.has_python == Some(false) {
            Outcome::foreign()
        } else {
            Outcome::unknown(format!("`{name}` is no program that is known here"))
        };
        self.report(argv, state, outcome);
    }

    /// A file of the tree as the program.
    fn file(&mut self, file: &'a SourceFile, certainty: Certainty, argv: &[Argument], state: &State) {
        let mut state = state.clone();
        state.is_by_name |= certainty == Certainty::Name;
        if let Some(script) = self.tree.script(file.id) {
            return self.script(script, &argv[1..], &state);
        }
        let first_line = file.text.lines().next().unwrap_or_default();
        let is_python =
            file.path.ends_with(".py") || first_line.starts_with("#!") && first_line.contains("python");
        let outcome = if is_python {
            python::script(self, file, &argv[1..], &state)
        } else {
            Outcome::foreign()
        };
        self.report(argv, &state, outcome);
    }

    /// The file of the tree that lies where a program is looked for.
    fn installed(&self, program: &Argument, state: &State) -> Option<&'a SourceFile> {
        let text = program.known()?;
        if text.contains('/') {
            return self.lookup(text, state);
        }
        [
            "/usr/local/bin",
            "/usr/bin",
            "/bin",
            "/usr/local/sbin",
            "/usr/sbin",
            "/sbin",
            "/opt/bin",
        ]
        .iter()
        .find_map(|folder| self.lookup(&format!("{folder}/{text}"), state))
    }

    /// A script of the tree with the program's name, where no copy shows that it is the one.
    fn named_alike(&self, program: &Argument) -> Option<&'a SourceFile> {
        let text = program.known()?;
        let is_script =
            text.ends_with(".sh") || text.ends_with(".py") || text.starts_with('/') || text.starts_with("./");
        let is_script = is_script && !self.is_bare(text);
        is_script.then(|| self.tree.by_end(&self.folder, text)).flatten()
    }

    /// The file of the tree at a path of the container.
    pub(super) fn lookup(&self, path: &str, state: &State) -> Option<&'a SourceFile> {
        self.places(path, state)
            .iter()
            .find_map(|path| self.tree.file(path))
    }

    fn places(&self, path: &str, state: &State) -> Vec<String> {
        match (&state.directory, path.starts_with('/')) {
            (_, true) => paths::join("/", path)
                .map(|path| self.disk.find(&path))
                .unwrap_or_default(),
            (Some(directory), false) => {
                let path = paths::join(directory, path);
                path.map(|path| self.disk.find(&path)).unwrap_or_default()
            }
            // Of an unknown directory: anything that was copied may be in it.
            (None, false) => self
                .disk
                .sources()
                .filter_map(|source| paths::join(source, path))
                .collect(),
        }
    }

    /// The file that a path of a command means: where it was copied to, else the one that ends so.
    pub(super) fn find_file(&self, path: &str, state: &State) -> Option<(&'a SourceFile, Certainty)> {
        if let Some(file) = self.lookup(path, state) {
            return Some((file, Certainty::Followed));
        }
        let known = path.rsplit(UNKNOWN).next().unwrap_or(path);
        // Nothing is known of where things lie: the path from the top is what the command says.
        let is_from_top = self.is_unplaced && path.contains('/');
        if is_from_top && let Some(file) = self.tree.file(path.trim_start_matches("./")) {
            return Some((file, Certainty::Followed));
        }
        let known = known.trim_start_matches("./");
        if self.is_bare(known) {
            return None;
        }
        let file = self.tree.by_end(&self.folder, known)?;
        Some((file, Certainty::Name))
    }

    /// The file of a module, looked for where the interpreter looks: the folders given, the working directory's,
    /// `PYTHONPATH`, packages that are installed from the tree; else the only one of the tree that it can be.
    pub(super) fn module(&self, name: &str, state: &State, folders: &[&str]) -> Option<(FileId, Certainty)> {
        let path = name.replace('.', "/");
        if path.is_empty() || path.contains("//") {
            return None;
        }
        let search = state.environment.known("PYTHONPATH").unwrap_or_default();
        let search = search.split(':').filter(|part| !part.is_empty());
        for folder in folders.iter().copied().chain(["."]).chain(search) {
            let ends = [".py", "/__init__.py", "/__main__.py"];
            let mut found = ends
                .iter()
                .filter_map(|end| self.lookup(&format!("{folder}/{path}{end}"), state));
            if let Some(file) = found.next() {
                return Some((file.id, Certainty::Followed));
            }
        }
        if self.is_bare(&path) {
            return None;
        }
        let roots = self.tree.package_roots(&self.folder);
        self.tree.module(&roots, &self.folder, &path)
    }

    /// Whether a path is no evidence.
    fn is_bare(&self, path: &str) -> bool {
        self.is_unplaced && self.folder.is_empty() && !path.trim_start_matches('/').contains('/')
    }

    /// Notes a process.
    pub(super) fn report(&mut self, argv: &[Argument], state: &State, outcome: Outcome) {
        if self.found.len() >= MAX_STARTED {
            return;
        }
        let mut way = state.way.clone();
        way.extend(outcome.place);
        way.dedup();
        let is_by_name = state.is_by_name && outcome.certainty == Certainty::Followed;
        self.found.push(Started {
            entry: outcome.entry,
            certainty: if is_by_name {
                Certainty::Name
            } else {
                outcome.certainty
            },
            way,
            command: argv.iter().map(|word| (word.shown(), word.span)).collect(),
            environment: state.environment.clone(),
            web_port: outcome.web_port,
            loads: outcome.loads,
            is_alternative: false,
        });
    }

    /// The programs of a process manager.
    fn units(&mut self, name: &str, argv: &[Argument], state: &State) {
        let units = supervision::units(self, name, &argv[1..], state);
        if units.is_empty() {
            return self.report(
                argv,
                state,
                Outcome::unknown(format!("the programs that `{name}` starts are not in this tree")),
            );
        }
        for unit in units {
            let state = supervision::unit_state(unit, state);
            self.script(&unit.command, &[], &state);
        }
    }
}

/// What was found on all ways. What starts on each that starts something is no alternative.
fn together(ways: Vec<Vec<Started>>) -> Vec<Started> {
    let same =
        |left: &Started, right: &Started| left.entry == right.entry && left.way.last() == right.way.last();
    let is_idle = |started: &Started| started.entry == Entry::Foreign;
    let telling: Vec<&Vec<Started>> = ways.iter().filter(|way| !way.iter().all(is_idle)).collect();
    let always: Vec<bool> = ways
        .iter()
        .flatten()
        .map(|started| {
            telling
                .iter()
                .all(|way| way.iter().any(|other| same(other, started)))
        })
        .collect();
    let mut kept: Vec<Started> = Vec::new();
    for (mut started, always) in ways.into_iter().flatten().zip(always) {
        started.is_alternative = !always;
        let known = kept.iter_mut().find(|other| same(other, &started));
        match known {
            // The same with another port on another way: it depends on what is not known.
            Some(other) if other.web_port.map(|(port, _)| port) != started.web_port.map(|(port, _)| port) => {
                other.web_port = None;
            }
            Some(_) => {}
            None => kept.push(started),
        }
    }
    kept
}

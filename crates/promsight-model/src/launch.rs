//! How programs are started: image definitions, shell scripts, lists of processes, entry points of packages.
//!
//! Words stay symbolic ([`Word`]): what a variable holds is known only to who looks at the workload around it.

use crate::span::{Embedded, Span};

/// One thing that a file says about how programs are started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launch {
    /// The file is a Dockerfile.
    Dockerfile(Dockerfile),
    /// The file is a shell script.
    Script(Script),
    /// A program that a process manager starts: a line of a Procfile, a systemd unit, a program of supervisord.
    Unit(Unit),
    /// The file describes a Python package.
    Package(Package),
    /// The file sets variables of the environment (`env_file`, `EnvironmentFile`).
    Variables(Vec<(String, String, Span)>),
    /// Settings of a server, by their names: `bind` of a `gunicorn.conf.py`, `module` of a `uwsgi.ini`.
    Settings(Vec<(String, String, Span)>),
    /// A command or definition that builds an image.
    Build(Build),
    /// A command that deploys a chart.
    Release(ChartRelease),
}

/// A word of a command, with what is not known before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its pieces, in order; none for the empty word.
    pub pieces: Vec<Piece>,
    /// Its place.
    pub span: Span,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it is, quotes removed.
    Text(String),
    /// The value of a variable, positional ones included (`1`, `#`); `@` and `*` are all of them.
    Variable {
        /// Its name.
        name: String,
        /// What stands for it where it is not set, or is set.
        fallback: Option<Fallback>,
        /// Whether it stands in quotes, so that its value stays one word.
        is_quoted: bool,
    },
    /// All arguments as they are (`"$@"`).
    Arguments,
    /// All words of a list (`"${NAME[@]}"`).
    List(String),
    /// What only a run knows: the output of a command, arithmetic, a template's action.
    Unknown,
}

/// What an expansion does with a variable beside inserting it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// When `pieces` are used.
    pub kind: FallbackKind,
    /// What stands in for the value.
    pub pieces: Vec<Piece>,
}

/// When something stands in for a variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FallbackKind {
    /// Where it is not set or empty: `${A:-x}`, `${A:=x}`.
    UnsetOrEmpty,
    /// Where it is not set: `${A-x}`, `${A=x}`.
    Unset,
    /// Where it is set and not empty: `${A:+x}`.
    Filled,
    /// Where it is set: `${A+x}`.
    Set,
    /// The value without a prefix that the pattern matches: `${A#x}`, `${A##x}`.
    WithoutPrefix,
    /// The value without a suffix that the pattern matches: `${A%x}`, `${A%%x}`.
    WithoutSuffix,
}

/// A shell script, or the text of a command that a shell runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What stands behind `#!` in its first line.
    pub interpreter: Option<String>,
    /// Its statements.
    pub body: Vec<Statement>,
    /// Whether all of it was understood.
    pub is_complete: bool,
}

/// A statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Its place.
    pub span: Span,
    /// Whether it runs beside what follows (`&`).
    pub is_background: bool,
}

/// What a variable is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Its value; of a list, `NAME=(a b)`, all words.
    pub words: Vec<Word>,
    /// Whether it is a list.
    pub is_list: bool,
    /// Whether it is added to what was there (`+=`).
    pub appends: bool,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// A command: assignments in front of it, then its words. `[[ … ]]` is one too.
    Command {
        /// `A=b` in front of the words; alone where there are none.
        assignments: Vec<Assignment>,
        /// The words.
        words: Vec<Word>,
    },
    /// `a | b`.
    Pipeline(Vec<Statement>),
    /// `! a`.
    Not(Box<Statement>),
    /// `a && b || c`: the first, then the others with what stands before them.
    Chain(Box<Statement>, Vec<(Connective, Statement)>),
    /// `if`.
    If {
        /// Condition and what runs where it holds, `elif` too.
        branches: Vec<(Vec<Statement>, Vec<Statement>)>,
        /// `else`.
        otherwise: Vec<Statement>,
    },
    /// `case`: the subject, then patterns with what runs where one matches.
    Case(Word, Vec<(Vec<Word>, Vec<Statement>)>),
    /// `while` and `until`.
    While {
        /// The condition.
        test: Vec<Statement>,
        /// The body.
        body: Vec<Statement>,
        /// Whether it runs as long as the condition does not hold.
        is_until: bool,
    },
    /// `for`: the variable, the words (`None`: the arguments), the body.
    For(String, Option<Vec<Word>>, Vec<Statement>),
    /// `{ … }` and `( … )`.
    Group(Vec<Statement>),
    /// A function.
    Function(String, Vec<Statement>),
}

/// What stands between two commands of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connective {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// A Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dockerfile {
    /// `ARG`s in front of the first stage.
    pub arguments: Vec<(String, Option<Word>)>,
    /// Its stages.
    pub stages: Vec<Stage>,
}

/// A stage of a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The image or stage that it begins with.
    pub base: Word,
    /// `AS name`.
    pub name: Option<String>,
    /// The `FROM` instruction.
    pub span: Span,
    /// Its instructions in order, those without meaning for what runs left out.
    pub instructions: Vec<Instruction>,
}

/// An instruction of a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What it says.
    pub kind: InstructionKind,
    /// Its place.
    pub span: Span,
}

/// What an instruction says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstructionKind {
    /// `ARG`.
    Argument(String, Option<Word>),
    /// `ENV`.
    Environment(Vec<(String, Word)>),
    /// `WORKDIR`.
    Workdir(Word),
    /// `COPY` and `ADD`.
    Copy {
        /// `--from`.
        from: Option<Word>,
        /// What is copied.
        sources: Vec<Word>,
        /// Where to.
        target: Word,
    },
    /// `RUN`: the text.
    Run(Embedded),
    /// `ENTRYPOINT`.
    Entrypoint(CommandForm),
    /// `CMD`.
    Command(CommandForm),
    /// `SHELL`.
    Shell(Vec<Word>),
    /// `EXPOSE`.
    Expose(Vec<Word>),
}

/// How `ENTRYPOINT` and `CMD` are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandForm {
    /// As a list of words that no shell sees.
    Exec(Vec<Word>),
    /// As text that the image's shell runs.
    Shell(Embedded),
}

/// A program that a process manager starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Which kind of file declares it.
    pub manager: Manager,
    /// What it is called.
    pub name: String,
    /// The command. Managers without a shell of their own make scripts of one command.
    pub command: Script,
    /// The working directory.
    pub directory: Option<Word>,
    /// What it adds to the environment.
    pub environment: Vec<(String, Word)>,
    /// Whether more of the environment comes from files.
    pub has_environment_files: bool,
    /// Where it is declared.
    pub span: Span,
}

/// A manager of processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Manager {
    /// A Procfile: a platform, honcho, foreman.
    Procfile,
    /// systemd.
    Systemd,
    /// supervisord.
    Supervisor,
}

/// What a description of a Python package says that matters for what is run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// The distribution's name.
    pub name: Option<String>,
    /// Commands that it installs.
    pub scripts: Vec<ConsoleScript>,
    /// Folders, relative to the description, below which its modules lie, where it names any.
    pub roots: Vec<String>,
}

/// A command that a package installs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleScript {
    /// The command's name.
    pub name: String,
    /// The module that it calls a function of (`shop.cli`).
    pub module: String,
    /// Where that stands.
    pub span: Span,
}

/// A command or definition that builds an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The image's name.
    pub image: Word,
    /// The Dockerfile.
    pub dockerfile: Option<Word>,
    /// The build context.
    pub context: Option<Word>,
    /// The stage.
    pub target: Option<Word>,
}

/// A command that deploys a chart: `helm upgrade --install NAME CHART`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRelease {
    /// The release's name.
    pub name: Option<Word>,
    /// The chart: a folder, or what a repository of charts calls it.
    pub chart: Word,
    /// The namespace.
    pub namespace: Option<Word>,
    /// Files with values, the last one first in rank.
    pub values: Vec<Word>,
    /// Single values, in the order in which they are given.
    pub settings: Vec<(Setting, Word)>,
    /// The whole command.
    pub span: Span,
}

/// How a single value of a chart is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Setting {
    /// As JSON (`--set-json`).
    Json,
    /// As text that may be a number or a boolean (`--set`).
    Typed,
    /// As text (`--set-string`).
    Text,
    /// As a file's content (`--set-file`), which is not read here.
    Content,
}

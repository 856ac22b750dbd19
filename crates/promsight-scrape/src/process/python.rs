//! What the Python interpreter is told to run.

use std::sync::LazyLock;

use promsight_model::SourceFile;
use regex::Regex;

use super::runner::{Outcome, Runner, State};
use super::words::{Argument, UNKNOWN};
use super::{Certainty, Entry, paths, tools};

/// Whether a program is an interpreter of Python.
pub(super) fn is_interpreter(name: &str) -> bool {
    let rest = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// What the interpreter runs with these arguments.
pub(super) fn run(runner: &Runner<'_, '_>, arguments: &[Argument], state: &State) -> Outcome {
    let mut at = 0;
    while let Some(word) = arguments.get(at) {
        let text = word.text.as_str();
        if text.starts_with("--") && text.len() > 2 {
            at += 1 + usize::from(text == "--check-hash-based-pycs");
            continue;
        }
        let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            break;
        };
        // `-um module`, `-mmodule`: a letter that takes a value takes what follows it.
        let Some(letter) = letters.find(['m', 'c', 'W', 'X']) else {
            at += 1;
            continue;
        };
        let attached = &letters[letter + 1..];
        let value = if attached.is_empty() {
            arguments.get(at + 1).cloned()
        } else {
            Some(Argument::new(attached, word.span))
        };
        let behind = at + 1 + usize::from(attached.is_empty());
        let rest = arguments.get(behind..).unwrap_or_default();
        match (letters.as_bytes()[letter], value) {
            (b'm', Some(name)) => return module(runner, &name, rest, state),
            (b'c', Some(text)) => return code(runner, &text, state),
            (b'm' | b'c', None) => return Outcome::unknown("it does not say what Python runs"),
            _ => at = behind,
        }
    }
    let Some(path) = arguments.get(at) else {
        return Outcome::foreign();
    };
    let rest = &arguments[at + 1..];
    let name = path.text.rsplit(UNKNOWN).next().unwrap_or_default();
    if paths::name(name).is_empty() {
        return Outcome::unknown("the script that Python runs is known only at run time");
    }
    match runner.find_file(&path.text, state) {
        Some((file, certainty)) => {
            let mut outcome = script(runner, file, rest, state);
            outcome.certainty = outcome.certainty.min(certainty);
            outcome
        }
        None => folder(runner, path, state),
    }
}

/// A folder with a `__main__.py`, an installed script, or what is not there.
fn folder(runner: &Runner<'_, '_>, path: &Argument, state: &State) -> Outcome {
    let inside = format!("{}/__main__.py", path.text);
    if let Some(file) = runner.lookup(&inside, state) {
        return Outcome::new(Entry::Program { file: file.id }, Certainty::Followed);
    }
    let is_installed = ["/bin/", "/site-packages/"]
        .iter()
        .any(|part| path.text.contains(part));
    let name = path.program();
    if is_installed && let Some((file, span)) = runner.tree.console_script(&runner.folder, name) {
        let mut outcome = Outcome::new(Entry::Program { file }, Certainty::Followed);
        outcome.place = Some(span);
        return outcome;
    }
    Outcome::unknown(format!("`{}` is no file of this tree", path.shown()))
}

/// A Python file with its arguments.
pub(super) fn script(
    runner: &Runner<'_, '_>,
    file: &SourceFile,
    arguments: &[Argument],
    state: &State,
) -> Outcome {
    let program = Outcome::new(Entry::Program { file: file.id }, Certainty::Followed);
    if paths::name(&file.path) == "manage.py" {
        return tools::django(runner, program, arguments, state);
    }
    program
}

/// `python -m name`.
fn module(runner: &Runner<'_, '_>, name: &Argument, arguments: &[Argument], state: &State) -> Outcome {
    let Some(known) = name.known() else {
        return Outcome::unknown("the module that Python runs is known only at run time");
    };
    if let Some((file, certainty)) = runner.module(known, state, &[])
        // A file of the tree that is named like a tool is that tool only for who has it at hand.
        && (certainty == Certainty::Followed || tools::module_tool(known).is_none())
    {
        let main = runner.tree.main_of(file);
        let mut outcome = Outcome::new(
            Entry::Program {
                file: main.unwrap_or(file),
            },
            certainty,
        );
        outcome.loads.extend(main.map(|_| file));
        return outcome;
    }
    match known {
        // These run what follows, as the interpreter does.
        "pdb"
        | "cProfile"
        | "profile"
        | "trace"
        | "coverage"
        | "debugpy"
        | "torch.distributed.run"
        | "torch.distributed.launch"
        | "memray"
        | "viztracer"
        | "pyinstrument"
        | "runpy"
        | "scalene"
        | "accelerate.commands.launch" => {
            return run(runner, behind_options(arguments), state);
        }
        _ => {}
    }
    if let Some(tool) = tools::module_tool(known)
        && let Some(outcome) = tools::run(runner, tool, arguments, state)
    {
        return outcome;
    }
    missing(runner, known)
}

/// What a profiler or debugger is told to run: options and their values passed up to `-m` or a script.
fn behind_options(arguments: &[Argument]) -> &[Argument] {
    let is_start = |word: &Argument| word.text == "-m" || word.text.ends_with(".py");
    let at = arguments.iter().position(is_start).unwrap_or(arguments.len());
    &arguments[at..]
}

/// A module that was not found.
pub(super) fn missing(runner: &Runner<'_, '_>, module: &str) -> Outcome {
    if runner.tree.knows_package(module) {
        return Outcome::unknown(format!(
            "the module `{module}` is not where this tree has its package"
        ));
    }
    Outcome::foreign()
}

/// `python -c code`: the first module of the tree that it imports.
fn code(runner: &Runner<'_, '_>, text: &Argument, state: &State) -> Outcome {
    static IMPORT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?m)(?:^|;)\s*(?:from\s+([\w.]+)\s+import|import\s+([\w.]+))").ok());
    let Some(regex) = IMPORT.as_ref() else {
        return Outcome::foreign();
    };
    let mut found = regex
        .captures_iter(&text.text)
        .filter_map(|found| found.get(1).or(found.get(2)))
        .filter_map(|module| runner.module(module.as_str(), state, &[]))
        .filter(|(_, certainty)| *certainty == Certainty::Followed);
    match found.next() {
        Some((file, certainty)) => {
            let mut outcome = Outcome::new(Entry::Program { file }, certainty);
            outcome.loads = found.map(|(file, _)| file).collect();
            outcome
        }
        None if text.text.contains(UNKNOWN) => {
            Outcome::unknown("the code that Python runs is known only at run time")
        }
        None => Outcome::foreign(),
    }
}

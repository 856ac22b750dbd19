//! Programs that process managers start, and settings of servers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use promsight_model::launch::{Launch, Manager, Piece, Script, Statement, StatementKind, Unit, Word};
use promsight_model::{Embedded, SourceFile, Span};
use regex::Regex;

use super::dockerfile::pair;
use super::ini::{self, Setting};

/// `web: gunicorn shop.wsgi`.
pub(super) fn procfile(file: &SourceFile) -> Vec<Launch> {
    let source = Embedded::whole(file.id, &file.text);
    let mut units = Vec::new();
    let mut at = 0;
    for line in file.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some((name, command)) = line.split_once(':') else {
            continue;
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(is_name) {
            continue;
        }
        let skipped = name.len() + 1 + (command.len() - command.trim_start().len());
        let text = source.slice(
            start + skipped.min(line.len())..start + line.trim_end().len().max(skipped.min(line.len())),
        );
        units.push(Launch::Unit(Unit {
            manager: Manager::Procfile,
            name: name.to_owned(),
            command: super::shell(&text),
            directory: None,
            environment: Vec::new(),
            has_environment_files: true,
            span: source.span(start..start + line.trim_end().len()),
        }));
    }
    units
}

/// A unit of systemd: `ExecStart`.
pub(super) fn systemd(file: &SourceFile) -> Vec<Launch> {
    let source = Embedded::whole(file.id, &file.text);
    let settings = ini::settings(&source);
    let service = || settings.iter().filter(|setting| setting.section == "Service");
    let Some(start) =
        service().rfind(|setting| setting.name == "ExecStart" && !setting.value.text.is_empty())
    else {
        return Vec::new();
    };
    let text = &start.value;
    // `-`, `@`, `+`, `!` and `:` in front of the path say how it is run (systemd.service(5)).
    let prefix = text.text.len() - text.text.trim_start_matches(['-', '@', '+', '!', ':']).len();
    let command = command(&text.slice(prefix..text.text.len()));
    let directory = service().rfind(|setting| setting.name == "WorkingDirectory");
    let environment = service().filter(|setting| setting.name == "Environment");
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let name = name.split(".service").next().unwrap_or(name);
    vec![Launch::Unit(Unit {
        manager: Manager::Systemd,
        name: name.to_owned(),
        command,
        directory: directory.and_then(|setting| words(&setting.value).into_iter().next()),
        environment: environment
            .flat_map(|setting| environment_words(&setting.value))
            .collect(),
        has_environment_files: service().any(|setting| setting.name == "EnvironmentFile"),
        span: start.value.whole_span(),
    })]
}

/// Programs of supervisord, settings of uwsgi.
pub(super) fn configuration(file: &SourceFile) -> Vec<Launch> {
    if !["[uwsgi]", "[program:"]
        .iter()
        .any(|section| file.text.contains(section))
    {
        return Vec::new();
    }
    let source = Embedded::whole(file.id, &file.text);
    let settings = ini::settings(&source);
    let mut launches = Vec::new();
    let uwsgi: Vec<(String, String, Span)> = settings
        .iter()
        .filter(|setting| setting.section == "uwsgi")
        .map(|setting| {
            (
                setting.name.clone(),
                setting.value.text.clone(),
                setting.value.whole_span(),
            )
        })
        .collect();
    if !uwsgi.is_empty() {
        launches.push(Launch::Settings(uwsgi));
    }
    let mut programs: BTreeMap<&str, Vec<&Setting>> = BTreeMap::new();
    for setting in &settings {
        if let Some(name) = setting.section.strip_prefix("program:") {
            programs.entry(name).or_default().push(setting);
        }
    }
    launches.extend(
        programs
            .into_iter()
            .filter_map(|(name, settings)| program(name, &settings)),
    );
    launches
}

fn program(name: &str, settings: &[&Setting]) -> Option<Launch> {
    let find = |wanted: &str| {
        settings
            .iter()
            .find(|setting| setting.name == wanted)
            .map(|setting| &setting.value)
    };
    let text = find("command")?;
    let starts_by_itself = find("autostart").is_none_or(|value| value.text != "false");
    starts_by_itself.then(|| {
        Launch::Unit(Unit {
            manager: Manager::Supervisor,
            name: name.to_owned(),
            command: supervised(text),
            directory: find("directory").and_then(|value| words(value).into_iter().next()),
            environment: find("environment")
                .map(supervised_environment)
                .unwrap_or_default(),
            has_environment_files: false,
            span: text.whole_span(),
        })
    })
}

/// A command without a shell: split as `shlex` does, `%(ENV_X)s` expanded.
fn supervised(text: &Embedded) -> Script {
    let words = promsight_shell::split(&text.text)
        .into_iter()
        .map(|(word, range)| Word {
            pieces: expansions(&word),
            span: text.span(range),
        });
    one_command(words.collect(), text.whole_span())
}

/// `A="b",C="d"`.
fn supervised_environment(text: &Embedded) -> Vec<(String, Word)> {
    static PAIR: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,\s]*))"#).ok());
    let Some(regex) = PAIR.as_ref() else {
        return Vec::new();
    };
    let pairs = regex.captures_iter(&text.text).filter_map(|found| {
        let value = found.get(2).or(found.get(3)).or(found.get(4))?;
        let word = Word {
            pieces: expansions(value.as_str()),
            span: text.span(value.range()),
        };
        Some((found.get(1)?.as_str().to_owned(), word))
    });
    pairs.collect()
}

/// supervisord's `%(ENV_NAME)s`; other expansions are known only when it runs.
fn expansions(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("%(") {
        let (before, behind) = rest.split_at(at);
        let Some((name, after)) = behind[2..].split_once(')') else {
            break;
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(match name.strip_prefix("ENV_") {
            Some(name) => Piece::Variable {
                name: name.to_owned(),
                fallback: None,
                is_quoted: true,
            },
            None => Piece::Unknown,
        });
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        rest = rest.strip_prefix(['s', 'd']).unwrap_or(rest);
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

fn command(text: &Embedded) -> Script {
    one_command(words(text), text.whole_span())
}

fn one_command(words: Vec<Word>, span: Span) -> Script {
    let statement = Statement {
        kind: StatementKind::Command {
            assignments: Vec::new(),
            words,
        },
        span,
        is_background: false,
    };
    Script {
        interpreter: None,
        body: vec![statement],
        is_complete: true,
    }
}

/// Words; actions of templates are what only a run knows.
fn words(text: &Embedded) -> Vec<Word> {
    static ACTION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{[^{}]*\}\}|\{%[^%]*%\}").ok());
    // A word of the same length that the shell reads as an expansion of what is not known.
    let masked = ACTION.as_ref().map(|regex| {
        regex.replace_all(&text.text, |found: &regex::Captures<'_>| {
            format!("`{}`", "x".repeat(found[0].len() - 2))
        })
    });
    let masked = masked.unwrap_or(std::borrow::Cow::Borrowed(&text.text));
    promsight_shell::words(&masked, &|range| text.span(range))
}

fn environment_words(text: &Embedded) -> Vec<(String, Word)> {
    let pairs = words(text).into_iter().filter_map(pair);
    pairs.filter_map(|(name, value)| Some((name, value?))).collect()
}

/// `A=b`, one a line, as Docker and systemd read such files.
pub(super) fn variables(file: &SourceFile) -> Vec<(String, String, Span)> {
    let source = Embedded::whole(file.id, &file.text);
    let mut found = Vec::new();
    let mut at = 0;
    for line in file.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let kept = line.trim_end();
        let trimmed = kept.trim_start();
        let Some(sign) = trimmed.find('=').filter(|_| !trimmed.starts_with('#')) else {
            continue;
        };
        let name = trimmed[..sign].trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let value = &trimmed[sign + 1..];
        let bare = value.trim().trim_matches(['"', '\'']);
        let from = start + (kept.len() - trimmed.len()) + sign + 1 + value.find(bare).unwrap_or(0);
        found.push((
            name.to_owned(),
            bare.to_owned(),
            source.span(from..from + bare.len()),
        ));
    }
    found
}

/// `name = "text"` at the top level of a Python file.
pub(super) fn assignments(file: &SourceFile) -> Vec<(String, String, Span)> {
    static ASSIGNMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?m)^(\w+)\s*=\s*(?:"([^"\\\n]*)"|'([^'\\\n]*)'|(\d+))\s*(?:#.*)?$"#).ok()
    });
    let Some(regex) = ASSIGNMENT.as_ref() else {
        return Vec::new();
    };
    let found = regex.captures_iter(&file.text).filter_map(|found| {
        let value = found.get(2).or(found.get(3)).or(found.get(4))?;
        let span = Span::new(file.id, value.range());
        Some((found.get(1)?.as_str().to_owned(), value.as_str().to_owned(), span))
    });
    found.collect()
}

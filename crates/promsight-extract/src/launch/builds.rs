//! Commands that build images, which say what Dockerfile an image comes from; and the search for these and for commands
//! that deploy charts.

use std::collections::BTreeMap;

use promsight_model::launch::{Build, FallbackKind, Launch, Piece, Statement, StatementKind, Word};
use promsight_model::{Embedded, OffsetMap, SourceFile, Span};

use super::releases;

/// How deep statements are searched.
const MAX_DEPTH: usize = 50;

/// The commands in the recipes of a Makefile that build images or deploy charts.
pub(super) fn makefile(file: &SourceFile) -> Vec<Launch> {
    let is_wanted = |text: &str| {
        let tools = ["docker", "podman", "buildah", "DOCKER", "nerdctl"];
        text.contains("build") && tools.iter().any(|tool| text.contains(tool)) || text.contains("helm ")
    };
    if !is_wanted(&file.text) {
        return Vec::new();
    }
    let source = Embedded::whole(file.id, &file.text);
    let variables = assigned_in_makefile(&source);
    let mut launches = Vec::new();
    let mut at = 0;
    while at < file.text.len() {
        // A recipe's line with those that a backslash continues.
        let start = at;
        loop {
            let rest = &file.text[at..];
            let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
            at += length;
            if !rest[..length].trim_end().ends_with('\\') || at >= file.text.len() {
                break;
            }
        }
        let line = &file.text[start..at];
        if !is_wanted(line) {
            continue;
        }
        let marks = line.len() - line.trim_start_matches(['\t', ' ', '@', '-']).len();
        let text = variables_of_make(&source.slice(start + marks..at));
        let script = promsight_shell::script(&text.text, &|range| text.span(range));
        launches.extend(commands_with(&script.body, &variables));
    }
    launches
}

/// Variables that a Makefile sets once, outside of its recipes: `NAME ?= value`.
fn assigned_in_makefile(source: &Embedded) -> Variables {
    let mut variables = Variables::default();
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some((name, _)) = line.split_once('=').filter(|_| !line.starts_with(['\t', '#'])) else {
            continue;
        };
        let value = start + name.len() + 1;
        let name = name.trim_end_matches(['?', ':', '!']).trim();
        let name = name.strip_prefix("export ").unwrap_or(name);
        let is_name =
            |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name(name) {
            continue;
        }
        let text = variables_of_make(&source.slice(value..at));
        let mut words = promsight_shell::words(&text.text, &|range| text.span(range));
        let word = words.pop().filter(|_| words.is_empty());
        variables.set(name, word);
    }
    variables
}

/// Make's `$(NAME)` as the shell's `${NAME}`: otherwise it would be a command's output.
fn variables_of_make(text: &Embedded) -> Embedded {
    let mut out = String::with_capacity(text.text.len());
    let mut is_variable = false;
    for (at, character) in text.text.char_indices() {
        let opens = character == '(' && text.text[..at].ends_with('$') && {
            let name = text.text[at + 1..].split(')').next().unwrap_or_default();
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        out.push(match character {
            '(' if opens => '{',
            ')' if is_variable => '}',
            other => other,
        });
        is_variable = opens || is_variable && character != ')';
    }
    let map = OffsetMap::verbatim(0, out.len());
    text.nested(out, map)
}

/// The commands among statements, at any depth, that build images or deploy charts.
pub(super) fn commands(statements: &[Statement]) -> Vec<Launch> {
    commands_with(statements, &Variables::default())
}

/// The same, where more is known of variables than the statements say.
pub(super) fn commands_with(statements: &[Statement], known: &Variables) -> Vec<Launch> {
    let mut variables = known.clone();
    gather(statements, 0, &mut variables);
    let mut search = Search {
        variables,
        folder: None,
        found: Vec::new(),
    };
    search.all(statements, 0);
    search.found
}

/// Variables with what they are set to; without a value where that differs from place to place.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(BTreeMap<String, Option<Word>>);

/// How often values of variables are looked for in one another.
const MAX_NESTING: usize = 4;

impl Variables {
    /// Sets a variable; one that is set again to something else is not known.
    pub(super) fn set(&mut self, name: &str, value: Option<Word>) {
        let pieces = |word: &Option<Word>| word.as_ref().map(|word| word.pieces.clone());
        match self.0.get(name) {
            Some(present) if pieces(present) != pieces(&value) => {
                self.0.insert(name.to_owned(), None);
            }
            Some(_) => {}
            None => {
                self.0.insert(name.to_owned(), value);
            }
        }
    }

    /// A word with the values of variables in their places.
    fn expanded(&self, word: &Word) -> Word {
        let mut word = word.clone();
        for _ in 0..MAX_NESTING {
            let value = |piece: &Piece| match piece {
                Piece::Variable { name, fallback, .. }
                    if fallback.as_ref().is_none_or(|fallback| {
                        matches!(fallback.kind, FallbackKind::Unset | FallbackKind::UnsetOrEmpty)
                    }) =>
                {
                    self.0.get(name)?.as_ref().map(|word| word.pieces.clone())
                }
                _ => None,
            };
            if !word.pieces.iter().any(|piece| value(piece).is_some()) {
                break;
            }
            let pieces = word.pieces.into_iter();
            word.pieces = pieces
                .flat_map(|piece| value(&piece).unwrap_or_else(|| vec![piece]))
                .take(MAX_PIECES)
                .collect();
        }
        join_texts(&mut word.pieces);
        word
    }
}

/// Pieces of a word: values that hold one another many times end here.
const MAX_PIECES: usize = 64;

pub(super) fn join_texts(pieces: &mut Vec<Piece>) {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces.drain(..) {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    *pieces = joined;
}

/// The assignments among statements.
fn gather(statements: &[Statement], depth: usize, into: &mut Variables) {
    if depth > MAX_DEPTH {
        return;
    }
    for statement in statements {
        if let StatementKind::Command { assignments, words } = &statement.kind {
            let is_export = words
                .first()
                .is_some_and(|word| matches!(first_text(word), "export" | "local" | "readonly" | "declare"));
            for assignment in assignments.iter().filter(|_| words.is_empty() || is_export) {
                let word = match &assignment.words[..] {
                    [word] if !assignment.is_list && !assignment.appends => Some(word.clone()),
                    _ => None,
                };
                into.set(&assignment.name, word);
            }
            for word in words.iter().skip(1).filter(|_| is_export) {
                if let Some((name, _)) = first_text(word).split_once('=') {
                    into.set(name, Some(behind_sign(word)));
                }
            }
        }
        each_inner(&statement.kind, &mut |inner| gather(inner, depth + 1, into));
    }
}

/// The statements within a statement, list by list.
fn each_inner(kind: &StatementKind, take: &mut dyn FnMut(&[Statement])) {
    match kind {
        StatementKind::Command { .. } => {}
        StatementKind::Pipeline(inner) | StatementKind::Group(inner) | StatementKind::Function(_, inner) => {
            take(inner);
        }
        StatementKind::Not(inner) => take(std::slice::from_ref(inner)),
        StatementKind::Chain(first, others) => {
            take(std::slice::from_ref(first));
            others
                .iter()
                .for_each(|(_, next)| take(std::slice::from_ref(next)));
        }
        StatementKind::If { branches, otherwise } => {
            for (test, body) in branches {
                take(test);
                take(body);
            }
            take(otherwise);
        }
        StatementKind::Case(_, arms) => arms.iter().for_each(|(_, body)| take(body)),
        StatementKind::While { body, .. } | StatementKind::For(_, _, body) => take(body),
    }
}

/// What one command builds or deploys.
pub(super) fn commands_of(words: &[Word], span: Span) -> Vec<Launch> {
    let builds = build(words).into_iter().map(Launch::Build);
    builds
        .chain(releases::release(words, span).map(Launch::Release))
        .collect()
}

struct Search {
    variables: Variables,
    /// The folder that `cd` leads to, from where the script began.
    folder: Option<Word>,
    found: Vec<Launch>,
}

impl Search {
    fn all(&mut self, statements: &[Statement], depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for statement in statements {
            self.one(statement, depth);
        }
    }

    fn one(&mut self, statement: &Statement, depth: usize) {
        let StatementKind::Command { words, .. } = &statement.kind else {
            // What a subshell enters it leaves.
            let before = matches!(
                statement.kind,
                StatementKind::Group(_) | StatementKind::Function(..)
            )
            .then(|| self.folder.clone());
            each_inner(&statement.kind, &mut |inner| self.all(inner, depth + 1));
            if let Some(before) = before {
                self.folder = before;
            }
            return;
        };
        let words: Vec<Word> = words.iter().map(|word| self.variables.expanded(word)).collect();
        if let [name, folder] = &words[..]
            && matches!(first_text(name), "cd" | "pushd")
        {
            let is_known = folder.pieces.iter().all(|piece| matches!(piece, Piece::Text(_)));
            self.folder = is_known.then(|| inside(self.folder.as_ref(), folder.clone()));
            return;
        }
        let folder = self.folder.as_ref();
        self.found.extend(build(&words).into_iter().map(|mut build| {
            if folder.is_some() {
                build.context = build.context.map(|context| inside(folder, context));
                build.dockerfile = build.dockerfile.map(|dockerfile| inside(folder, dockerfile));
            }
            Launch::Build(build)
        }));
        if let Some(mut release) = releases::release(&words, statement.span) {
            release.values = release
                .values
                .into_iter()
                .map(|word| inside(folder, word))
                .collect();
            if first_text(&release.chart).starts_with('.') {
                release.chart = inside(folder, release.chart);
            }
            self.found.push(Launch::Release(release));
        }
    }
}

/// A path from a folder.
fn inside(folder: Option<&Word>, mut path: Word) -> Word {
    let is_absolute = first_text(&path).starts_with(['/', '~']);
    let is_open = !matches!(path.pieces.first(), Some(Piece::Text(_)));
    if let Some(folder) = folder.filter(|_| !is_absolute && !is_open) {
        let mut pieces = folder.pieces.clone();
        pieces.push(Piece::Text("/".to_owned()));
        pieces.append(&mut path.pieces);
        join_texts(&mut pieces);
        path.pieces = pieces;
    }
    path
}

/// `docker build -t NAME -f FILE CONTEXT`, `docker buildx build`, `podman build`, `buildah bud`.
fn build(words: &[Word]) -> Vec<Build> {
    let texts: Vec<&str> = words.iter().map(first_text).collect();
    if let Some(at) = texts
        .iter()
        .take(3)
        .position(|text| text.ends_with("kaniko/executor"))
    {
        return kaniko(&words[at + 1..]);
    }
    let tool = texts.iter().position(|text| {
        let name = text.rsplit('/').next().unwrap_or(text);
        matches!(name, "docker" | "podman" | "buildah" | "nerdctl")
    });
    let is_variable = words.first().is_some_and(
        |word| matches!(word.pieces.first(), Some(Piece::Variable { name, .. }) if name.contains("DOCKER")),
    );
    let Some(tool) = tool.or(is_variable.then_some(0)) else {
        return Vec::new();
    };
    let verb = texts
        .iter()
        .skip(tool + 1)
        .take(3)
        .position(|text| matches!(*text, "build" | "bud"));
    let Some(verb) = verb.map(|at| tool + 1 + at) else {
        return Vec::new();
    };
    let mut images = Vec::new();
    let (mut dockerfile, mut target, mut context) = (None, None, None);
    let mut arguments = words[verb + 1..].iter();
    while let Some(word) = arguments.next() {
        let text = first_text(word);
        let (name, attached) = match text.split_once('=') {
            Some((name, _)) if text.starts_with("--") => (name, Some(behind_sign(word))),
            _ => (text, None),
        };
        let mut value = || attached.clone().or_else(|| arguments.next().cloned());
        match name {
            "-t" | "--tag" => images.extend(value()),
            "-f" | "--file" => dockerfile = value(),
            "--target" => target = value(),
            _ if WITH_VALUE.contains(&name) => {
                value();
            }
            _ if name.starts_with('-') => {}
            _ => context = context.or_else(|| Some(word.clone())),
        }
    }
    let builds = images.into_iter().map(|image| Build {
        image,
        dockerfile: dockerfile.clone(),
        context: context.clone(),
        target: target.clone(),
    });
    builds.collect()
}

/// `/kaniko/executor --context DIR --dockerfile FILE --destination NAME`.
fn kaniko(words: &[Word]) -> Vec<Build> {
    let mut images = Vec::new();
    let (mut dockerfile, mut target, mut context) = (None, None, None);
    let mut arguments = words.iter();
    while let Some(word) = arguments.next() {
        let text = first_text(word);
        let (name, attached) = match text.split_once('=') {
            Some((name, _)) => (name, Some(behind_sign(word))),
            None => (text, None),
        };
        let mut value = || attached.clone().or_else(|| arguments.next().cloned());
        match name {
            "--destination" | "-d" => images.extend(value()),
            "--dockerfile" | "-f" => dockerfile = value(),
            "--target" => target = value(),
            "--context" | "-c" => context = value().map(without_scheme),
            _ => {}
        }
    }
    let builds = images.into_iter().map(|image| Build {
        image,
        dockerfile: dockerfile.clone(),
        context: context.clone(),
        target: target.clone(),
    });
    builds.collect()
}

fn without_scheme(mut word: Word) -> Word {
    if let Some(Piece::Text(text)) = word.pieces.first_mut()
        && let Some(path) = text.strip_prefix("dir://")
    {
        *text = path.to_owned();
    }
    word
}

/// Options of the build commands that are followed by a value.
const WITH_VALUE: [&str; 20] = [
    "--build-arg",
    "--build-context",
    "--cache-from",
    "--cache-to",
    "--platform",
    "--progress",
    "--label",
    "--secret",
    "--ssh",
    "--network",
    "--add-host",
    "--output",
    "-o",
    "--builder",
    "--iidfile",
    "--metadata-file",
    "--memory",
    "-m",
    "--shm-size",
    "--ulimit",
];

pub(super) fn first_text(word: &Word) -> &str {
    match word.pieces.first() {
        Some(Piece::Text(text)) => text,
        _ => "",
    }
}

/// What stands behind the `=` of `--name=value`.
pub(super) fn behind_sign(word: &Word) -> Word {
    let mut word = word.clone();
    if let Some(Piece::Text(text)) = word.pieces.first_mut()
        && let Some(at) = text.find('=')
    {
        word.span.start = (word.span.start + u32::try_from(at + 1).unwrap_or(0)).min(word.span.end);
        text.drain(..=at);
    }
    word
}

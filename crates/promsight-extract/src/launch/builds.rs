//! Commands that build images: they say which Dockerfile an image comes from.

use promsight_model::launch::{Build, Launch, Piece, Statement, StatementKind, Word};
use promsight_model::{Embedded, OffsetMap, SourceFile};

/// How deep statements are searched.
const MAX_DEPTH: usize = 50;

/// The build commands of the recipes of a Makefile.
pub(super) fn makefile(file: &SourceFile) -> Vec<Launch> {
    if !file.text.contains("build") {
        return Vec::new();
    }
    let source = Embedded::whole(file.id, &file.text);
    let mut builds = Vec::new();
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
        if !line.contains("build")
            || !["docker", "podman", "buildah", "DOCKER"]
                .iter()
                .any(|tool| line.contains(tool))
        {
            continue;
        }
        let marks = line.len() - line.trim_start_matches(['\t', ' ', '@', '-']).len();
        let text = variables_of_make(&source.slice(start + marks..at));
        let script = promsight_shell::script(&text.text, &|range| text.span(range));
        builds.extend(commands(&script.body).into_iter().map(Launch::Build));
    }
    builds
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

/// The build commands among statements, at any depth.
pub(super) fn commands(statements: &[Statement]) -> Vec<Build> {
    let mut builds = Vec::new();
    search(statements, 0, &mut builds);
    builds
}

fn search(statements: &[Statement], depth: usize, into: &mut Vec<Build>) {
    if depth > MAX_DEPTH {
        return;
    }
    for statement in statements {
        one(statement, depth, into);
    }
}

fn one(statement: &Statement, depth: usize, into: &mut Vec<Build>) {
    match &statement.kind {
        StatementKind::Command { words, .. } => into.extend(build(words)),
        StatementKind::Pipeline(inner) | StatementKind::Group(inner) | StatementKind::Function(_, inner) => {
            search(inner, depth + 1, into);
        }
        StatementKind::Not(inner) => one(inner, depth + 1, into),
        StatementKind::Chain(first, others) => {
            one(first, depth + 1, into);
            others.iter().for_each(|(_, next)| one(next, depth + 1, into));
        }
        StatementKind::If { branches, otherwise } => {
            for (test, body) in branches {
                search(test, depth + 1, into);
                search(body, depth + 1, into);
            }
            search(otherwise, depth + 1, into);
        }
        StatementKind::Case(_, arms) => arms.iter().for_each(|(_, body)| search(body, depth + 1, into)),
        StatementKind::While { body, .. } | StatementKind::For(_, _, body) => search(body, depth + 1, into),
    }
}

/// `docker build -t NAME -f FILE CONTEXT`, `docker buildx build`, `podman build`, `buildah bud`.
fn build(words: &[Word]) -> Vec<Build> {
    let texts: Vec<&str> = words.iter().map(first_text).collect();
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

fn first_text(word: &Word) -> &str {
    match word.pieces.first() {
        Some(Piece::Text(text)) => text,
        _ => "",
    }
}

/// What stands behind the `=` of `--name=value`.
fn behind_sign(word: &Word) -> Word {
    let mut word = word.clone();
    if let Some(Piece::Text(text)) = word.pieces.first_mut()
        && let Some(at) = text.find('=')
    {
        word.span.start = (word.span.start + u32::try_from(at + 1).unwrap_or(0)).min(word.span.end);
        text.drain(..=at);
    }
    word
}

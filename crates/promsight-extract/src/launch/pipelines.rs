//! Pipelines of continuous integration: the images that their steps build and the charts that they deploy.
//!
//! Owns: which files are pipelines, the actions and steps that build images, variables and matrices of pipelines. Their
//! command lines are read as those of scripts.
//!
//! - GitHub: <https://docs.github.com/actions/writing-workflows/workflow-syntax-for-github-actions>,
//!   <https://github.com/docker/build-push-action>, <https://github.com/docker/metadata-action>
//! - GitLab: <https://docs.gitlab.com/ci/yaml/>
//! - Cloud Build: <https://cloud.google.com/build/docs/build-config-file-schema>

use std::collections::BTreeMap;

use promsight_model::launch::{Build, Launch, Piece, Word};
use promsight_model::{Embedded, SourceFile, Span};

use super::builds::{self, Variables};
use crate::decode::tree::Node;
use crate::decode::{json, yaml};

/// How deep values are looked for.
const MAX_DEPTH: usize = 40;

/// Jobs that one matrix makes.
const MAX_JOBS: usize = 32;

/// Images and releases of one file.
const MAX_FOUND: usize = 1_000;

/// How often variables are looked for in the values of others.
const MAX_NESTING: usize = 4;

/// Keys whose strings, or lists of strings, a shell runs.
const SCRIPTS: [&str; 10] = [
    "run",
    "script",
    "before_script",
    "after_script",
    "commands",
    "command",
    "bash",
    "inlineScript",
    "cmds",
    "cmd",
];

/// Whether a file says what is built and deployed when something is pushed.
pub(crate) fn is_pipeline(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    let is_yaml = matches!(extension, "yml" | "yaml");
    if stem.starts_with("cloudbuild") {
        return is_yaml || extension == "json";
    }
    let in_folder = |folder: &str| path.starts_with(folder) || path.contains(&format!("/{folder}"));
    is_yaml
        && ([
            ".github/workflows/",
            ".github/actions/",
            ".gitlab/",
            ".circleci/",
            ".tekton/",
        ]
        .iter()
        .any(|folder| in_folder(folder))
            || stem.ends_with("gitlab-ci")
            || [
                "azure-pipelines",
                "bitbucket-pipelines",
                "buildspec",
                ".drone",
                ".woodpecker",
                ".travis",
                "Taskfile",
            ]
            .iter()
            .any(|start| stem.starts_with(start)))
}

/// The images that a pipeline builds and the charts that it deploys.
pub(super) fn read(file: &SourceFile) -> Vec<Launch> {
    let words = ["docker", "podman", "buildah", "kaniko", "helm "];
    if !words.iter().any(|word| file.text.contains(word)) {
        return Vec::new();
    }
    let source = Embedded::whole(file.id, &file.text);
    let tree = if file.path.ends_with(".json") {
        json::parse(&source)
    } else {
        yaml::parse(&source)
    };
    let mut reader = Reader {
        images: BTreeMap::new(),
        found: Vec::new(),
    };
    let mut scope = Scope::default();
    for folder in [
        "CI_PROJECT_DIR",
        "GITHUB_WORKSPACE",
        "github.workspace",
        "Build.SourcesDirectory",
    ] {
        scope.0.insert(folder.to_owned(), ".".to_owned());
    }
    for root in tree.documents().filter_map(|document| document.root()) {
        reader.metadata(root, 0);
        reader.node(root, &scope, None, 0);
    }
    reader.found.truncate(MAX_FOUND);
    reader.found
}

/// What expressions and variables stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope(BTreeMap<String, String>);

impl Scope {
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Adds the variables of a mapping: their values, or the `value` of each.
    fn add(&mut self, variables: Node<'_>, prefixes: &[&str]) {
        for entry in variables.entries() {
            let value = entry.value.as_str().or_else(|| entry.value.get_str("value"));
            if let (Some(name), Some(value)) = (entry.key.as_str(), value) {
                for prefix in prefixes {
                    self.0.insert(format!("{prefix}{name}"), value.to_owned());
                }
            }
        }
    }

    /// The word that a text is, values in the places of names as far as they are known.
    pub(super) fn word(&self, text: &str, span: Span) -> Word {
        let mut pieces = Vec::new();
        self.pieces(text, 0, &mut pieces);
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
                (_, piece) => joined.push(piece),
            }
        }
        Word { pieces: joined, span }
    }

    fn pieces(&self, text: &str, depth: usize, into: &mut Vec<Piece>) {
        let mut rest = text;
        while let Some(at) = rest.find('$').filter(|_| into.len() < MAX_FOUND) {
            if at > 0 {
                into.push(Piece::Text(rest[..at].to_owned()));
            }
            let (name, length) = reference(&rest[at..]);
            match self.0.get(name) {
                Some(value) if depth < MAX_NESTING => self.pieces(value, depth + 1, into),
                _ if name.is_empty() => into.push(Piece::Text(rest[at..at + length].to_owned())),
                _ => into.push(Piece::Variable {
                    name: name.to_owned(),
                    fallback: None,
                    is_quoted: true,
                }),
            }
            rest = &rest[at + length..];
        }
        if !rest.is_empty() {
            into.push(Piece::Text(rest.to_owned()));
        }
    }

    /// The text with expressions of GitHub replaced by what they stand for, or by a variable of the shell.
    fn expanded(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${{") {
            let (name, length) = reference(&rest[at..]);
            out.push_str(&rest[..at]);
            for piece in self
                .word(
                    &rest[at..at + length],
                    Span::new(promsight_model::FileId(0), 0..0),
                )
                .pieces
            {
                match piece {
                    Piece::Text(text) => out.push_str(&text),
                    _ => {
                        let name = name
                            .chars()
                            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
                        out.push_str("${");
                        out.extend(name);
                        out.push('}');
                    }
                }
            }
            rest = &rest[at + length..];
        }
        out.push_str(rest);
        out
    }

    fn variables(&self, span: Span) -> Variables {
        let mut variables = Variables::default();
        for (name, value) in &self.0 {
            variables.set(name, Some(self.word(value, span)));
        }
        variables
    }
}

/// The name that a reference at the start of a text has, and the reference's length: `${{ name }}`, `${name}`, `$name`.
fn reference(text: &str) -> (&str, usize) {
    for (open, close) in [("${{", "}}"), ("${", "}")] {
        if let Some(inner) = text.strip_prefix(open)
            && let Some(length) = inner.find(close)
        {
            return (inner[..length].trim(), open.len() + length + close.len());
        }
    }
    let name = text.get(1..).unwrap_or_default();
    let length = name
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    (&name[..length], 1 + length)
}

struct Reader {
    /// The images that steps compose names of, by the steps' identifiers.
    images: BTreeMap<String, Vec<String>>,
    found: Vec<Launch>,
}

impl Reader {
    /// Gathers what `docker/metadata-action` is given.
    fn metadata(&mut self, node: Node<'_>, depth: usize) {
        if depth > MAX_DEPTH || node.is_alias() {
            return;
        }
        let uses = node.get_str("uses").unwrap_or_default();
        if uses.starts_with("docker/metadata-action")
            && let Some(id) = node.get_str("id")
            && let Some(images) = node.get("with").and_then(|with| with.get_str("images"))
        {
            let images = images.split(['\n', ',']).map(str::trim);
            let names = images.map(|image| image.strip_prefix("name=").unwrap_or(image));
            let names = names.filter(|name| !name.is_empty()).map(str::to_owned);
            self.images.entry(id.to_owned()).or_default().extend(names);
        }
        for entry in node.entries() {
            self.metadata(entry.value, depth + 1);
        }
        for item in node.items() {
            self.metadata(item, depth + 1);
        }
    }

    fn node(&mut self, node: Node<'_>, scope: &Scope, folder: Option<&str>, depth: usize) {
        if depth > MAX_DEPTH || node.is_alias() || self.found.len() > MAX_FOUND {
            return;
        }
        if !node.is_mapping() {
            for item in node.items() {
                self.node(item, scope, folder, depth + 1);
            }
            return;
        }
        let mut scope = scope.clone();
        for (key, prefixes) in [
            ("env", &["", "env."][..]),
            ("variables", &[""][..]),
            ("substitutions", &[""][..]),
            ("vars", &["", "."][..]),
        ] {
            if let Some(variables) = node.get(key).filter(|variables| variables.is_mapping()) {
                scope.add(variables, prefixes);
            }
        }
        let defaults = node.get("defaults").and_then(|defaults| defaults.get("run"));
        let own = defaults
            .and_then(|run| run.get_str("working-directory"))
            .or_else(|| node.get_str("working-directory"))
            .or_else(|| node.get_str("workingDirectory"))
            .or_else(|| node.get_str("dir"));
        let folder = own.or(folder);
        let matrix = node.get("strategy").and_then(|strategy| strategy.get("matrix"));
        let jobs = matrix
            .or_else(|| node.get("parallel").and_then(|parallel| parallel.get("matrix")))
            .map_or_else(Vec::new, combinations);
        if jobs.is_empty() {
            self.step(node, &scope, folder, depth);
            return;
        }
        for job in jobs {
            let mut scope = scope.clone();
            for (name, value) in job {
                scope.set(&format!("matrix.{name}"), &value);
                scope.set(&name, &value);
            }
            self.step(node, &scope, folder, depth);
        }
    }

    fn step(&mut self, node: Node<'_>, scope: &Scope, folder: Option<&str>, depth: usize) {
        let uses = node.get_str("uses").unwrap_or_default();
        if uses.starts_with("docker/build-push-action") || uses.contains("buildah-build") {
            self.action(node, scope);
        }
        let name = node.get_str("name").unwrap_or_default();
        let arguments = node.get("args").filter(|args| args.is_sequence());
        if let Some(arguments) = arguments.filter(|_| {
            ["docker", "kaniko", "helm"]
                .iter()
                .any(|tool| name.contains(tool))
        }) {
            self.container(node, name, arguments, scope, folder);
        }
        for entry in node.entries() {
            let key = entry.key.as_str().unwrap_or_default();
            if SCRIPTS.contains(&key) {
                self.script(entry.value, scope, folder);
            }
            if !matches!(key, "env" | "variables" | "strategy" | "with") {
                self.node(entry.value, scope, folder, depth + 1);
            }
        }
    }

    /// A command line, or a list of them that one shell runs.
    fn script(&mut self, node: Node<'_>, scope: &Scope, folder: Option<&str>) {
        let lines: Vec<&str> = match node.as_str() {
            Some(text) => vec![text],
            None => node.items().filter_map(Node::as_str).collect(),
        };
        let written = lines.join("\n");
        if !["docker", "podman", "buildah", "kaniko", "helm"]
            .iter()
            .any(|tool| written.contains(tool))
        {
            return;
        }
        let mut text = scope.expanded(&written);
        if let Some(folder) = folder
            .map(|folder| scope.expanded(folder))
            .filter(|folder| folder != ".")
        {
            text = format!("cd {folder}\n{text}");
        }
        let exact = node.embedded().filter(|own| own.text == text);
        let whole = node.span();
        let script = match &exact {
            Some(own) => promsight_shell::script(&text, &|range| own.span(range)),
            None => promsight_shell::script(&text, &|_| whole),
        };
        self.found
            .extend(builds::commands_with(&script.body, &scope.variables(whole)));
    }

    /// A step that runs a container with arguments, as Cloud Build has them.
    fn container(
        &mut self,
        node: Node<'_>,
        name: &str,
        arguments: Node<'_>,
        scope: &Scope,
        folder: Option<&str>,
    ) {
        let span = node.span();
        let arguments: Vec<&str> = arguments.items().filter_map(Node::as_str).collect();
        let entrypoint = node.get_str("entrypoint").unwrap_or_default();
        if matches!(entrypoint, "bash" | "sh" | "/bin/bash" | "/bin/sh") {
            let text = arguments.iter().find(|text| !text.starts_with('-'));
            if let Some(text) = text {
                let text = match folder {
                    Some(folder) => format!("cd {folder}\n{text}"),
                    None => (*text).to_owned(),
                };
                let script = promsight_shell::script(&text.replace("$$", "$"), &|_| span);
                self.found
                    .extend(builds::commands_with(&script.body, &scope.variables(span)));
            }
            return;
        }
        let tool = match name {
            _ if name.contains("kaniko") => "/kaniko/executor",
            _ if name.contains("helm") => "helm",
            _ => "docker",
        };
        let words: Vec<Word> = [tool]
            .into_iter()
            .chain(arguments)
            .map(|argument| scope.word(argument, span))
            .collect();
        let mut found = builds::commands_of(&words, span);
        for launch in &mut found {
            if let (Launch::Build(build), Some(folder)) = (launch, folder) {
                for path in [&mut build.context, &mut build.dockerfile].into_iter().flatten() {
                    path.pieces.insert(0, Piece::Text(format!("{folder}/")));
                    builds::join_texts(&mut path.pieces);
                }
            }
        }
        self.found.append(&mut found);
    }

    /// An action that builds an image.
    fn action(&mut self, node: Node<'_>, scope: &Scope) {
        let Some(with) = node.get("with") else { return };
        let word = |key: &str| {
            let value = with.get(key)?;
            Some(scope.word(value.as_str()?, value.span()))
        };
        let mut names: Vec<(String, Span)> = Vec::new();
        for key in ["tags", "image"] {
            let Some(value) = with.get(key) else { continue };
            let lines = value.as_str().unwrap_or_default().split(['\n', ',']);
            for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
                let (expression, _) = reference(line);
                let mut parts = expression.split('.');
                let composed = match (parts.next(), parts.next(), parts.next()) {
                    (Some("steps"), Some(id), Some("outputs")) => self.images.get(id),
                    _ => None,
                };
                match composed {
                    Some(images) => names.extend(images.iter().map(|image| (image.clone(), value.span()))),
                    None => names.push((line.to_owned(), value.span())),
                }
            }
        }
        // `outputs: type=image,name=registry.example/app,push-by-digest=true`
        if let Some(value) = with.get("outputs") {
            let parts = value.as_str().unwrap_or_default().split([',', '\n', '"']);
            let named = parts.filter_map(|part| part.trim().strip_prefix("name="));
            names.extend(named.map(|name| (name.to_owned(), value.span())));
        }
        let context = word("context").map(|mut context| {
            if let Some(Piece::Text(text)) = context.pieces.first_mut()
                && let Some((_, folder)) = text.split_once("{{defaultContext}}:")
            {
                *text = folder.to_owned();
            }
            context
        });
        let dockerfile = word("file").or_else(|| word("containerfiles"));
        for (name, span) in names {
            self.found.push(Launch::Build(Build {
                image: scope.word(&name, span),
                dockerfile: dockerfile.clone(),
                context: context.clone(),
                target: word("target"),
            }));
        }
    }
}

/// The jobs that a matrix makes: the variables of each.
fn combinations(matrix: Node<'_>) -> Vec<Vec<(String, String)>> {
    let mut jobs: Vec<Vec<(String, String)>> = vec![Vec::new()];
    let mut included = Vec::new();
    let maps: Vec<Node<'_>> = if matrix.is_sequence() {
        matrix.items().collect()
    } else {
        vec![matrix]
    };
    for entry in maps.iter().flat_map(|map| map.entries()) {
        let name = entry.key.as_str().unwrap_or_default();
        let items: Vec<Node<'_>> = entry.value.items().collect();
        if name == "include" {
            included.extend(items.into_iter().map(|item| named(item, "")));
        } else if name != "exclude" && !items.is_empty() {
            let values: Vec<Vec<(String, String)>> = items
                .into_iter()
                .map(|item| match item.as_str() {
                    Some(value) => vec![(name.to_owned(), value.to_owned())],
                    None => named(item, &format!("{name}.")),
                })
                .collect();
            let product = jobs.iter().flat_map(|job| {
                values.iter().map(move |value| {
                    let mut job = job.clone();
                    job.extend(value.iter().cloned());
                    job
                })
            });
            jobs = product.take(MAX_JOBS).collect();
        }
    }
    jobs.retain(|job| !job.is_empty());
    jobs.extend(included);
    jobs.truncate(MAX_JOBS);
    jobs
}

fn named(map: Node<'_>, prefix: &str) -> Vec<(String, String)> {
    map.entries()
        .filter_map(|entry| {
            Some((
                format!("{prefix}{}", entry.key.as_str()?),
                entry.value.as_str()?.to_owned(),
            ))
        })
        .collect()
}

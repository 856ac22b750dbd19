//! Definitions of images in languages of their own: what `docker buildx bake` and Tilt build.
//!
//! - <https://docs.docker.com/build/bake/reference/>
//! - <https://docs.tilt.dev/api.html#api.docker_build>

use std::ops::Range;

use promsight_model::launch::{Build, ChartRelease, Launch, Word};
use promsight_model::{Embedded, SourceFile, Span};

use super::pipelines::Scope;
use crate::decode::tree::Node;
use crate::decode::{hcl, json};

/// How deep targets inherit from one another.
const MAX_DEPTH: usize = 8;

/// Targets of one definition.
const MAX_TARGETS: usize = 200;

/// Longer values are no names.
const MAX_TEXT: usize = 1_000;

/// The targets of a bake file.
pub(super) fn bake(file: &SourceFile) -> Vec<Launch> {
    let source = Embedded::whole(file.id, &file.text);
    let tree = if file.path.ends_with(".json") {
        json::parse(&source)
    } else {
        hcl::parse(&source)
    };
    let mut builds = Vec::new();
    for root in tree.documents().filter_map(|document| document.root()) {
        let mut scope = Scope::default();
        for variable in root.get("variable").map_or_else(Vec::new, blocks) {
            for entry in variable.entries() {
                if let (Some(name), Some(value)) = (entry.key.as_str(), entry.value.get_str("default")) {
                    scope.set(name, value);
                }
            }
        }
        let targets: Vec<(&str, Node<'_>)> = root
            .get("target")
            .map_or_else(Vec::new, blocks)
            .into_iter()
            .flat_map(|target| target.entries().collect::<Vec<_>>())
            .filter_map(|entry| Some((entry.key.as_str()?, entry.value)))
            .take(MAX_TARGETS)
            .collect();
        for (_, target) in &targets {
            for scope in scopes(*target, &scope) {
                bake_target(*target, &targets, &scope, &mut builds);
            }
        }
    }
    builds
}

/// The blocks of one type: several are a list.
fn blocks(node: Node<'_>) -> Vec<Node<'_>> {
    if node.is_sequence() {
        node.items().collect()
    } else {
        vec![node]
    }
}

/// The scopes of a target: one for each value of its matrix.
fn scopes(target: Node<'_>, scope: &Scope) -> Vec<Scope> {
    let mut scopes = vec![scope.clone()];
    for entry in target
        .get("matrix")
        .map_or_else(Vec::new, |matrix| matrix.entries().collect())
    {
        let Some(name) = entry.key.as_str() else { continue };
        let values: Vec<Node<'_>> = entry.value.items().collect();
        let product = scopes.iter().flat_map(|scope| {
            values.iter().map(move |value| {
                let mut scope = scope.clone();
                if let Some(value) = value.as_str() {
                    scope.set(name, value);
                }
                for part in value.entries() {
                    if let (Some(key), Some(value)) = (part.key.as_str(), part.value.as_str()) {
                        scope.set(&format!("{name}.{key}"), value);
                    }
                }
                scope
            })
        });
        scopes = product.take(MAX_TARGETS).collect();
    }
    scopes
}

fn bake_target(target: Node<'_>, all: &[(&str, Node<'_>)], scope: &Scope, into: &mut Vec<Launch>) {
    let lines = lineage(target, all, 0);
    let find = |key: &str| lines.iter().find_map(|one| one.get(key));
    let word = |key: &str| find(key).and_then(|value| Some(scope.word(value.as_str()?, value.span())));
    let Some(tags) = find("tags") else { return };
    let tags = tags.items().filter_map(|tag| Some((tag.as_str()?, tag.span())));
    for (tag, span) in tags.filter(|(tag, _)| tag.len() < MAX_TEXT) {
        into.push(Launch::Build(Build {
            image: scope.word(tag, span),
            dockerfile: find("dockerfile").and_then(|dockerfile| {
                // Relative to the context.
                let path = dockerfile.as_str()?;
                let context = find("context").and_then(Node::as_str).unwrap_or(".");
                Some(scope.word(&format!("{context}/{path}"), dockerfile.span()))
            }),
            context: word("context"),
            target: word("target"),
        }));
    }
}

/// A target and those that it inherits from, the nearest first; of several bases the last one wins.
fn lineage<'t>(target: Node<'t>, all: &[(&str, Node<'t>)], depth: usize) -> Vec<Node<'t>> {
    let mut lines = vec![target];
    if depth < MAX_DEPTH {
        let inherited: Vec<Node<'t>> = target
            .get("inherits")
            .map_or_else(Vec::new, |list| list.items().collect());
        for base in inherited.into_iter().rev().filter_map(Node::as_str) {
            if let Some((_, base)) = all.iter().find(|(name, _)| *name == base) {
                lines.extend(lineage(*base, all, depth + 1));
            }
            if lines.len() > MAX_TARGETS {
                break;
            }
        }
    }
    lines
}

/// The images that a Tiltfile builds, and the charts that it renders.
pub(super) fn tiltfile(file: &SourceFile) -> Vec<Launch> {
    let mut found = Vec::new();
    let scope = Scope::default();
    for call in calls(&file.text) {
        let span = |range: &Range<usize>| Span::new(file.id, range.clone());
        let word = |argument: &Argument| scope.word(&argument.text, span(&argument.range));
        let named = |name: &str| {
            call.arguments
                .iter()
                .find(|own| own.name.as_deref() == Some(name))
        };
        let positional = |at: usize| call.arguments.iter().filter(|own| own.name.is_none()).nth(at);
        let either = |at: usize, name: &str| named(name).or_else(|| positional(at));
        match call.name {
            "docker_build" | "docker_build_with_restart" => {
                let (Some(image), context) = (either(0, "ref"), either(1, "context")) else {
                    continue;
                };
                found.push(Launch::Build(Build {
                    image: word(image),
                    dockerfile: named("dockerfile").map(word),
                    context: context.map(word),
                    target: named("target").map(word),
                }));
            }
            "helm" => {
                let Some(chart) = either(0, "pathname") else {
                    continue;
                };
                found.push(Launch::Release(ChartRelease {
                    name: named("name").map(word),
                    chart: word(chart),
                    namespace: named("namespace").map(word),
                    values: named("values").into_iter().map(word).collect::<Vec<Word>>(),
                    settings: Vec::new(),
                    span: span(&chart.range),
                }));
            }
            _ => {}
        }
    }
    found
}

struct Call<'t> {
    name: &'t str,
    arguments: Vec<Argument>,
}

/// An argument that is a literal, or a list of one.
struct Argument {
    name: Option<String>,
    text: String,
    range: Range<usize>,
}

/// The calls of a Tiltfile with arguments that are literals.
fn calls(text: &str) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for function in ["docker_build_with_restart", "docker_build", "helm"] {
        for (at, _) in text.match_indices(function) {
            let is_whole = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
            let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
            let is_comment = text[line..at].trim_start().starts_with('#');
            let open = at + function.len();
            if is_whole && !is_comment && text[open..].starts_with('(') && calls.len() < MAX_TARGETS {
                calls.push(Call {
                    name: function,
                    arguments: arguments(text, open + 1),
                });
            }
        }
    }
    calls
}

fn arguments(text: &str, start: usize) -> Vec<Argument> {
    let bytes = text.as_bytes();
    let mut arguments = Vec::new();
    let (mut at, mut from, mut depth) = (start, start, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => {
                let close = text[at + 1..]
                    .find(char::from(*byte))
                    .map(|length| at + 1 + length);
                let Some(close) = close else { break };
                at = close;
            }
            b'#' => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' if depth == 0 => {
                arguments.extend(argument(text, from..at));
                break;
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                // One that is not known keeps its place.
                arguments.push(argument(text, from..at).unwrap_or(Argument {
                    name: None,
                    text: String::new(),
                    range: from..from,
                }));
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    arguments
}

fn argument(text: &str, range: Range<usize>) -> Option<Argument> {
    let own = &text[range.clone()];
    let quote = own.find(['\'', '"'])?;
    let before = own[..quote].trim().trim_end_matches('[').trim_end();
    let name = match before.strip_suffix('=') {
        Some(name) => Some(name.trim().to_owned()),
        None if before.is_empty() => None,
        None => return None,
    };
    let inner = &own[quote + 1..];
    let end = inner.find(own[quote..].chars().next()?)?;
    if !matches!(
        inner[end + 1..].trim_end().trim_end_matches([',', ']']).trim(),
        ""
    ) {
        return None;
    }
    let start = range.start + quote + 1;
    Some(Argument {
        name,
        text: inner[..end].to_owned(),
        range: start..start + end,
    })
}

//! Services of docker-compose.
//!
//! <https://docs.docker.com/reference/compose-file/services/>

use promsight_model::manifest::{Content, ManifestKind, Value};
use promsight_model::{FileId, SourceFile};

use super::containers::{Container, Containers};
use super::images::{BuildOptions, Source};
use super::linking::Links;
use super::tree::Tree;
use super::words::{Argument, Environment, UNKNOWN};
use super::{Port, Workload, paths};
use crate::Input;

/// How often services may extend one another.
const MAX_EXTENDS: usize = 8;

/// A compose file.
struct File<'a> {
    file: &'a SourceFile,
    services: &'a Value,
}

/// Adds the processes of all services.
pub(super) fn collect(input: &Input<'_>, tree: &Tree<'_>, links: &Links<'_>, into: &mut Containers<'_, '_>) {
    let files: Vec<File<'_>> = input
        .facts
        .iter()
        .flat_map(|facts| facts.manifests.iter().map(|manifest| (facts.file, manifest)))
        .filter(|(_, manifest)| manifest.kind == ManifestKind::Compose)
        .filter_map(|(id, manifest): (FileId, _)| {
            Some(File {
                file: input.files.file(id),
                services: manifest.value.get("services")?,
            })
        })
        .collect();
    for file in &files {
        for (name, service) in file.services.entries() {
            let chain = chain(&files, file, &name.text, service);
            // What only overrides a service of files that are not here runs nothing by itself.
            let runs = |key: &str| chain.iter().any(|(_, service)| service.get(key).is_some());
            if !runs("image") && !runs("build") {
                continue;
            }
            let mut container = read(tree, links, &chain, &name.text);
            container.is_short_lived |= is_awaited(file, &name.text);
            into.add(&container);
        }
    }
}

/// A service with what it extends and overrides, its own values first; each with the folder of its file.
fn chain<'a>(
    files: &[File<'a>],
    file: &File<'a>,
    name: &str,
    service: &'a Value,
) -> Vec<(&'a str, &'a Value)> {
    let mut chain = vec![(paths::folder(&file.file.path), service)];
    let mut current = (file, service);
    while chain.len() < MAX_EXTENDS {
        let (file, service) = current;
        let folder = paths::folder(&file.file.path);
        let next = match service.get("extends") {
            Some(extends) => {
                let parent = extends
                    .as_str()
                    .or_else(|| extends.text_at(&["service"]))
                    .unwrap_or_default();
                let path = extends
                    .text_at(&["file"])
                    .and_then(|path| paths::join(folder, path));
                let path = path.as_deref().unwrap_or(&file.file.path);
                files
                    .iter()
                    .find(|file| file.file.path == path)
                    .and_then(|file| Some((file, file.services.get(parent)?)))
            }
            // A file that only overrides has services that cannot run by themselves.
            None if service.get("image").is_none() && service.get("build").is_none() => {
                let beside = files.iter().filter(|other| {
                    paths::folder(&other.file.path) == folder && other.file.path != file.file.path
                });
                beside
                    .filter_map(|file| Some((file, file.services.get(name)?)))
                    .find(|(_, service)| service.get("image").is_some() || service.get("build").is_some())
            }
            None => None,
        };
        let Some(next) = next.filter(|(_, next)| !chain.iter().any(|(_, known)| std::ptr::eq(*known, *next)))
        else {
            break;
        };
        chain.push((paths::folder(&next.0.file.path), next.1));
        current = next;
    }
    chain
}

fn read(tree: &Tree<'_>, links: &Links<'_>, chain: &[(&str, &Value)], name: &str) -> Container {
    let first = |key: &str| {
        chain
            .iter()
            .find_map(|(folder, service)| Some((*folder, service.get(key)?)))
    };
    let words = |key: &str| first(key).map(|(_, value)| command(value));
    let image =
        first("image").and_then(|(_, value)| Some(Argument::new(interpolated(value.as_str()?), value.span)));
    let build = chain
        .iter()
        .find_map(|(folder, service)| build(links, folder, service));
    let mut mounts = Vec::new();
    let mut ports = Vec::new();
    for (folder, service) in chain {
        mounts.extend(
            service
                .items_at("volumes")
                .iter()
                .filter_map(|volume| mount(tree, folder, volume)),
        );
        for key in ["ports", "expose"] {
            ports.extend(service.items_at(key).iter().filter_map(port));
        }
    }
    let container_name = first("container_name").and_then(|(_, value)| value.as_str());
    Container {
        workload: Workload::Compose {
            service: name.to_owned(),
        },
        span: chain
            .first()
            .map_or_else(|| links_span(links), |(_, service)| service.span),
        image,
        names: std::iter::once(name)
            .chain(container_name)
            .map(str::to_owned)
            .collect(),
        build: build.map(|(source, options)| (source.id(), options)),
        entrypoint: words("entrypoint"),
        arguments: words("command"),
        directory: first("working_dir")
            .and_then(|(_, value)| Some(Argument::new(interpolated(value.as_str()?), value.span))),
        environment: environment(tree, chain),
        mounts,
        ports,
        // The Compose Specification: `no` does not restart it under any circumstances. It is the default too, so that only
        // who writes it means it.
        is_short_lived: first("restart").is_some_and(|(_, value)| value.as_str() == Some("no")),
    }
}

/// Whether another service of the file waits for the end of that one.
fn is_awaited(file: &File<'_>, name: &str) -> bool {
    let mut services = file.services.entries().iter();
    services.any(|(_, service)| {
        let condition = service.text_at(&["depends_on", name, "condition"]);
        condition == Some("service_completed_successfully")
    })
}

/// A chain has at least the service itself; this stands in for a place where it has not.
fn links_span(links: &Links<'_>) -> promsight_model::Span {
    let file = links.sources().next().map_or(FileId(0), |source| source.id());
    promsight_model::Span::new(file, 0..0)
}

/// The Dockerfile and options of `build`.
pub(super) fn build<'a>(
    links: &Links<'a>,
    folder: &str,
    service: &Value,
) -> Option<(Source<'a>, BuildOptions)> {
    let build = service.get("build")?;
    let context = build
        .as_str()
        .or_else(|| build.text_at(&["context"]))
        .unwrap_or(".");
    let context = paths::join(folder, &interpolated(context))?;
    let dockerfile = build.text_at(&["dockerfile"]).map(interpolated);
    let path = match &dockerfile {
        Some(path) => paths::join(&context, path)?,
        None => context.clone(),
    };
    let source = links.at(&path)?;
    let arguments = build.get("args").map(pairs).unwrap_or_default();
    Some((
        source,
        BuildOptions {
            context: Some(context),
            target: build.text_at(&["target"]).map(interpolated),
            arguments: arguments
                .into_iter()
                .filter_map(|(name, value, _)| Some((name, value?)))
                .collect(),
        },
    ))
}

/// A list of words, or a text that is split into some without a shell.
fn command(value: &Value) -> Vec<Argument> {
    match value.as_str() {
        Some(text) => promsight_shell::split(&interpolated(text))
            .into_iter()
            .map(|(word, _)| Argument::new(word, value.span))
            .collect(),
        None => value
            .items()
            .iter()
            .filter_map(|word| Some(Argument::new(interpolated(word.as_str()?), word.span)))
            .collect(),
    }
}

/// `$NAME`, `${NAME:-default}` of the shell that starts compose, as far as a default says what it is; `$$` is a dollar.
pub(super) fn interpolated(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
        } else if let Some((inner, behind)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            let length = inner.find([':', '-', '?', '+']).unwrap_or(inner.len());
            let operator = inner[length..].trim_start_matches(':');
            match operator.strip_prefix('-') {
                Some(default) => out.push_str(default),
                None => out.push(UNKNOWN),
            }
            rest = behind;
        } else {
            let length = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            out.push(if length == 0 { '$' } else { UNKNOWN });
            rest = &rest[length..];
        }
    }
    out.push_str(rest);
    out
}

/// `- A=b` or `A: b`; without a value it is that of the shell.
fn pairs(value: &Value) -> Vec<(String, Option<String>, promsight_model::Span)> {
    match &value.content {
        Content::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.text.clone(), value.as_str().map(interpolated), value.span))
            .collect(),
        Content::List(items) => items
            .iter()
            .filter_map(|item| {
                let text = item.as_str()?;
                Some(match text.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(interpolated(value)), item.span),
                    None => (text.to_owned(), None, item.span),
                })
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn environment(tree: &Tree<'_>, chain: &[(&str, &Value)]) -> Environment {
    let mut environment = Environment::complete();
    for (folder, service) in chain.iter().rev() {
        if let Some(files) = service.get("env_file") {
            let single = files.as_str().into_iter();
            let listed = files
                .items()
                .iter()
                .filter_map(|file| file.as_str().or_else(|| file.text_at(&["path"])));
            for path in single.chain(listed) {
                let file = paths::join(folder, &interpolated(path)).and_then(|path| tree.file(&path));
                match file.and_then(|file| tree.variables(file.id)) {
                    Some(variables) => {
                        for (name, value, span) in variables {
                            environment.set(name, Some(value.clone()), *span);
                        }
                    }
                    None => environment.is_complete = false,
                }
            }
        }
        for (name, value, span) in service.get("environment").map(pairs).unwrap_or_default() {
            environment.set(&name, value, span);
        }
    }
    environment
}

/// A folder or file of the repository that is mounted: the container's path, then the repository's.
fn mount(tree: &Tree<'_>, folder: &str, volume: &Value) -> Option<(String, String)> {
    let (source, target) = match volume.as_str() {
        Some(text) => {
            let text = interpolated(text);
            let mut parts = text.split(':');
            (parts.next()?.to_owned(), parts.next()?.to_owned())
        }
        None => (
            interpolated(volume.text_at(&["source"])?),
            interpolated(volume.text_at(&["target"])?),
        ),
    };
    if !source.starts_with('.') {
        return None;
    }
    let source = paths::join(folder, &source)?;
    let target = paths::join("/", &target)?;
    tree.has(&source).then_some((target, source))
}

/// The container's side of a published or exposed port.
fn port(port: &Value) -> Option<Port> {
    let text = match port.as_str() {
        Some(text) => interpolated(text),
        None => port.text_at(&["target"])?.to_owned(),
    };
    let mut parts = text.rsplit(':');
    let inner = parts.next().unwrap_or(&text);
    let number = inner.split('/').next()?.parse().ok()?;
    let published = parts.next().or_else(|| port.text_at(&["published"]));
    Some(Port {
        number,
        published: published.and_then(|text| text.parse().ok()),
        name: port.text_at(&["name"]).map(str::to_owned),
        span: port.span,
    })
}

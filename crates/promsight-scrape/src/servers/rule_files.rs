//! Which rule files a configuration loads: `rule_files`, seen from where the server runs.
//!
//! Owns the way from a pattern in a container to files of the tree: the mounts of a compose service, the volumes of a
//! pod, or the folder of the configuration where it is used as it lies there.

use promsight_model::manifest::{ManifestKind, Value};
use promsight_model::{FileKind, Span};

use crate::compose::ComposeService;
use crate::objects::ObjectId;
use crate::paths;
use crate::servers::configuration::documents;
use crate::servers::mounts::{self, Mounted};
use crate::servers::{Server, ServerOrigin, ServerPlace, Tree, Unselected};

/// Fills in the rules of servers that have a configuration.
pub(crate) fn load(tree: &Tree<'_>, servers: &mut [Server]) {
    let files = rule_files(tree);
    for server in servers.iter_mut() {
        if server.origin != ServerOrigin::Configuration || !server.is_complete {
            continue;
        }
        match server.place.clone() {
            ServerPlace::Cluster { object, .. } => in_cluster(tree, object, server),
            ServerPlace::Compose { .. } | ServerPlace::Unknown => in_files(tree, &files, server),
        }
    }
    // What one server does not load another may.
    let loaded: Vec<Span> = servers.iter().flat_map(|server| server.rules.clone()).collect();
    for server in servers {
        server
            .unselected_rules
            .retain(|rules| !loaded.iter().any(|span| span.contains(rules.span)));
    }
}

/// The lists of jobs that a pattern of `scrape_config_files` loads; `None` where that is not known.
pub(crate) fn scrape_config_files<'t>(
    tree: &Tree<'t>,
    server: &Server,
    pattern: &str,
) -> Option<Vec<&'t Value>> {
    let manifests = tree.input.facts.iter().flat_map(|facts| &facts.manifests);
    let wanted = manifests.filter(|manifest| {
        matches!(manifest.kind, ManifestKind::Prometheus | ManifestKind::ScrapeJobs)
            && manifest.value.span.file != server.span.file
    });
    let lists = wanted.filter(|manifest| {
        let path = &tree.input.files.file(manifest.value.span.file).path;
        is_loaded(tree, server, pattern, path)
    });
    let found: Vec<&Value> = lists
        .map(|manifest| manifest.value.get("scrape_configs").unwrap_or(&manifest.value))
        .collect();
    (!found.is_empty()).then_some(found)
}

/// Whether a pattern of a server's configuration names a file of the tree.
pub(crate) fn is_loaded(tree: &Tree<'_>, server: &Server, pattern: &str, path: &str) -> bool {
    let config = &tree.input.files.file(server.span.file).path;
    if let Some(service) = compose_service(tree, server)
        && let Some(config) = service.in_container(config)
    {
        let Some(pattern) = paths::absolute(paths::folder(&config), pattern) else {
            return false;
        };
        return service
            .in_container(path)
            .is_some_and(|inside| paths::matches(&pattern, &inside));
    }
    if pattern.starts_with('/') {
        // Somewhere in an image or on a machine: a file that is called so may be what lies there.
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        return paths::matches(&name(pattern), &name(path));
    }
    let joined = paths::joined(paths::folder(config), pattern);
    joined.is_some_and(|pattern| paths::matches(&pattern, path))
}

pub(crate) fn compose_service<'t>(tree: &Tree<'t>, server: &Server) -> Option<&'t ComposeService<'t>> {
    let ServerPlace::Compose { file, service } = &server.place else {
        return None;
    };
    let compose = tree.compose.iter().find(|compose| compose.file == *file)?;
    compose.services.iter().find(|own| own.name == service)
}

/// A file that holds nothing but groups of rules.
struct RuleFile<'t> {
    path: &'t str,
    /// All of it.
    span: Span,
    /// The name of its first rule.
    place: Span,
}

fn rule_files<'t>(tree: &Tree<'t>) -> Vec<RuleFile<'t>> {
    let files = tree.input.facts.iter().filter_map(|facts| {
        let first = facts.rules.first()?;
        let is_object = facts
            .manifests
            .iter()
            .any(|manifest| manifest.kind != ManifestKind::Prometheus);
        let file = tree.input.files.file(facts.file);
        let is_plain = [".yml", ".yaml", ".rules", ".rule", ".json"]
            .iter()
            .any(|end| file.path.ends_with(end));
        if is_object || !is_plain || !facts.kinds.contains(&FileKind::Rules) {
            return None;
        }
        Some(RuleFile {
            path: &file.path,
            span: Span::new(file.id, 0..file.text.len()),
            place: first.name_span,
        })
    });
    files.collect()
}

/// Rule files of the tree, for a configuration that is a file of it.
fn in_files(tree: &Tree<'_>, files: &[RuleFile<'_>], server: &mut Server) {
    let config = tree.input.files.file(server.span.file).path.clone();
    let folder = paths::folder(&config).to_owned();
    let service = compose_service(tree, server);
    for file in files {
        let loading = server
            .rule_globs
            .iter()
            .any(|(pattern, _)| is_loaded(tree, server, pattern, file.path));
        if loading {
            server.rules.push(file.span);
            continue;
        }
        let is_beside = paths::folder(file.path) == folder;
        let is_below = paths::below(&folder, paths::folder(file.path)).is_some_and(is_rules_folder);
        if !(is_beside || is_below && !folder.is_empty()) || is_for_others(tree, server, file.path) {
            continue;
        }
        let reason = match (server.rule_globs.as_slice(), service) {
            ([], _) => "the configuration beside it has no `rule_files`".to_owned(),
            (globs, Some(service)) if service.in_container(file.path).is_none() => format!(
                "`rule_files` of the configuration beside it names {}, and the service `{}` does not mount this file",
                shown(globs),
                service.name
            ),
            (globs, _) => format!(
                "`rule_files` of the configuration beside it names only {}",
                shown(globs)
            ),
        };
        let selector = server
            .rule_globs
            .first()
            .map_or_else(|| first_job(server), |(_, span)| *span);
        server.unselected_rules.push(Unselected {
            name: file.path.to_owned(),
            kind: "rule file".to_owned(),
            span: file.span,
            place: file.place,
            reason,
            selector,
            object: None,
            is_sure: true,
        });
    }
}

fn first_job(server: &Server) -> Span {
    let name = server.jobs.first().and_then(|job| job.config.get("job_name"));
    name.map_or(server.span, |name| name.span)
}

fn shown(globs: &[(String, Span)]) -> String {
    let names: Vec<String> = globs.iter().map(|(glob, _)| format!("`{glob}`")).collect();
    names.join(", ")
}

/// A folder below that of a configuration which is there for its rules.
fn is_rules_folder(rest: &str) -> bool {
    !rest.contains('/') && (rest.contains("rule") || rest.contains("alert") || rest.contains("record"))
}

/// Whether something else is known, or likely, to load the file: another compose service, a ruler of another kind.
fn is_for_others(tree: &Tree<'_>, server: &Server, path: &str) -> bool {
    let own = compose_service(tree, server).map(|service| service.name);
    let mut services = tree.compose.iter().flat_map(|compose| &compose.services);
    let is_mounted =
        services.any(|service| Some(service.name) != own && service.in_container(path).is_some());
    is_mounted
        || ["loki", "mimir", "cortex", "thanos", "vmalert"]
            .iter()
            .any(|ruler| path.contains(ruler))
}

/// Rules in the data of objects, for a configuration that is the data of one.
fn in_cluster(tree: &Tree<'_>, object: ObjectId, server: &mut Server) {
    let rendering = &tree.renderings[object.rendering];
    let cluster = &tree.clusters[object.rendering];
    let mut is_mounted = false;
    for pod in &cluster.pods {
        for (_, files, _) in mounts::of_pod(rendering, cluster, pod) {
            let own = files.iter().find(|file| {
                file.object == object && documents(file.value).iter().any(|own| own.span == server.span)
            });
            let Some(own) = own else { continue };
            is_mounted = true;
            among(tree, own, &files, server);
        }
    }
    if is_mounted {
        return;
    }
    // The keys of one object lie beside each other wherever it is mounted.
    let files: Vec<Mounted<'_>> = mounts::data(&rendering.objects[object.object])
        .map(|(key, value)| Mounted {
            path: format!("/{key}"),
            object,
            key,
            value,
        })
        .collect();
    for file in &files {
        let name = |pattern: &str| pattern.rsplit('/').next().unwrap_or_default().to_owned();
        let is_loaded = server
            .rule_globs
            .iter()
            .any(|(glob, _)| paths::matches(&name(glob), file.key));
        if is_loaded {
            server
                .rules
                .extend(rule_documents(file.value).map(|document| document.span));
        }
    }
}

/// The rules among the files of the container that also has the configuration.
fn among(tree: &Tree<'_>, config: &Mounted<'_>, files: &[Mounted<'_>], server: &mut Server) {
    let folder = paths::folder(&config.path);
    let patterns: Vec<String> = server
        .rule_globs
        .iter()
        .filter_map(|(glob, _)| paths::absolute(folder, glob))
        .collect();
    for file in files {
        let is_loaded = patterns.iter().any(|pattern| paths::matches(pattern, &file.path));
        for document in rule_documents(file.value) {
            if is_loaded {
                server.rules.push(document.span);
                continue;
            }
            let object = &tree.renderings[file.object.rendering].objects[file.object.object];
            let globs = shown(&server.rule_globs);
            let reason = if globs.is_empty() {
                format!(
                    "it is mounted at `{}`, and the configuration has no `rule_files`",
                    file.path
                )
            } else {
                format!(
                    "it is mounted at `{}`, and `rule_files` names only {globs}",
                    file.path
                )
            };
            let selector = server
                .rule_globs
                .first()
                .map_or_else(|| first_job(server), |(_, span)| *span);
            let groups = document.get("groups").map_or(&[][..], Value::items);
            let first = groups.iter().find_map(|group| group.get("name"));
            server.unselected_rules.push(Unselected {
                name: format!("{} of {} {}", file.key, object.kind(), object.name()),
                kind: "rule file".to_owned(),
                span: document.span,
                place: first.map_or(document.span, |name| name.span),
                reason,
                selector,
                object: Some(file.object),
                is_sure: true,
            });
        }
    }
}

/// Documents in a string that are groups of rules.
fn rule_documents(value: &Value) -> impl Iterator<Item = &Value> {
    documents(value).iter().filter(|document| {
        let groups = document.items_at("groups");
        groups.iter().any(|group| {
            let rules = group.items_at("rules");
            rules
                .iter()
                .any(|rule| rule.get("alert").is_some() || rule.get("record").is_some())
        })
    })
}

//! Services of docker-compose: the names by which others of the network reach them, their ports, what they mount.

use promsight_model::manifest::{ManifestKind, Value};
use promsight_model::{FileId, FileSet, Span};

use crate::{Input, paths};

/// One compose file.
#[derive(Debug)]
pub(crate) struct ComposeFile<'a> {
    pub(crate) file: FileId,
    /// The path of the folder that it lies in: files of one folder are merged, or are stages of one project.
    pub(crate) folder: &'a str,
    /// All of it.
    pub(crate) value: &'a Value,
    pub(crate) services: Vec<ComposeService<'a>>,
    /// Whether it takes in services from other files.
    pub(crate) includes: bool,
}

/// One service of a compose file.
#[derive(Debug)]
pub(crate) struct ComposeService<'a> {
    pub(crate) name: &'a str,
    /// Its name, its container's, and its aliases in networks.
    pub(crate) hosts: Vec<&'a str>,
    /// Where its name stands.
    pub(crate) span: Span,
    pub(crate) value: &'a Value,
    /// Folders and files of the tree that it mounts or copies: path in the container, path in the tree.
    pub(crate) mounts: Vec<(String, String)>,
}

/// The compose files of the tree.
pub(crate) fn files<'a>(input: &Input<'a>) -> Vec<ComposeFile<'a>> {
    let manifests = input.facts.iter().flat_map(|facts| &facts.manifests);
    manifests
        .filter(|manifest| manifest.kind == ManifestKind::Compose)
        .map(|manifest| compose_file(input.files, &manifest.value))
        .collect()
}

fn compose_file<'a>(files: &'a FileSet, value: &'a Value) -> ComposeFile<'a> {
    let file = value.span.file;
    let folder = paths::folder(&files.file(file).path);
    let services = value.get("services").map_or(&[][..], Value::entries);
    ComposeFile {
        file,
        folder,
        value,
        services: services
            .iter()
            .map(|(key, service)| ComposeService {
                name: &key.text,
                hosts: hosts(&key.text, service),
                span: key.span,
                value: service,
                mounts: mounts(value, service, folder),
            })
            .collect(),
        includes: value.get("include").is_some(),
    }
}

fn hosts<'a>(name: &'a str, service: &'a Value) -> Vec<&'a str> {
    let mut hosts = vec![name];
    hosts.extend(service.text_at(&["container_name"]));
    hosts.extend(service.text_at(&["hostname"]));
    for (_, network) in service.get("networks").map_or(&[][..], Value::entries) {
        hosts.extend(network.items_at("aliases").iter().filter_map(Value::as_str));
    }
    hosts
}

/// What the service has of the tree, by the path in its container.
fn mounts(file: &Value, service: &Value, folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for volume in service.items_at("volumes") {
        let pair = match volume.as_str() {
            Some(text) => text
                .split_once(':')
                .map(|(from, to)| (from, to.split(':').next().unwrap_or(to))),
            None => volume.text_at(&["source"]).zip(volume.text_at(&["target"])),
        };
        if let Some((from, to)) = pair
            && let Some(path) = in_tree(folder, from)
        {
            found.push((to.trim_end_matches('/').to_owned(), path));
        }
    }
    for config in service.items_at("configs") {
        let name = config
            .as_str()
            .or_else(|| config.text_at(&["source"]))
            .unwrap_or_default();
        let source = file.at(&["configs", name, "file"]).and_then(Value::as_str);
        let target = config
            .text_at(&["target"])
            .map_or_else(|| format!("/{name}"), str::to_owned);
        if let Some(path) = source.and_then(|from| in_tree(folder, from)) {
            found.push((target, path));
        }
    }
    found
}

/// The path in the tree of something that a compose file names; `None` for volumes and what lies elsewhere.
fn in_tree(folder: &str, from: &str) -> Option<String> {
    let from = from
        .strip_prefix("${PWD}/")
        .or_else(|| from.strip_prefix("$PWD/"))
        .unwrap_or(from);
    let is_path = from.starts_with('.') || from.contains('/');
    if !is_path || from.starts_with('/') || from.starts_with('~') || from.contains("${") {
        return None;
    }
    paths::joined(folder, from)
}

impl ComposeService<'_> {
    /// The path in the container of a path in the tree.
    pub(crate) fn in_container(&self, path: &str) -> Option<String> {
        self.mounts
            .iter()
            .find_map(|(inside, tree)| Some(paths::append(inside, paths::below(tree, path)?)))
    }

    /// Whether it runs something that scrapes, as far as its name, image and command say.
    pub(crate) fn is_scraper(&self) -> bool {
        const WORDS: [&str; 8] = [
            "prom", "victoria", "vmagent", "otel", "alloy", "agent", "mimir", "thanos",
        ];
        let image = self.value.text_at(&["image"]).unwrap_or_default();
        let is_named = WORDS
            .iter()
            .any(|word| image.contains(word) || self.name.contains(word));
        let command = self.value.get("command");
        let words = command.into_iter().flat_map(|command| {
            let list = command.items().iter().filter_map(Value::as_str);
            list.chain(command.as_str())
        });
        let mut words =
            words.filter(|word| word.contains("config.file") || word.contains("promscrape.config"));
        is_named || words.next().is_some()
    }

    /// Whether its names are not those of the compose network: it is on the machine's own, or on one made elsewhere.
    pub(crate) fn is_elsewhere(&self, file: &Value) -> bool {
        if self.value.get("network_mode").is_some() {
            return true;
        }
        let networks = self.value.get("networks");
        let own = networks.into_iter().flat_map(|networks| {
            let keys = networks.entries().iter().map(|(key, _)| key.text.as_str());
            keys.chain(networks.items().iter().filter_map(Value::as_str))
        });
        let default = networks.is_none().then_some("default");
        own.chain(default).any(|name| {
            let external = file.at(&["networks", name, "external"]);
            external.is_some_and(|value| value.is_map() || value.as_bool() != Some(false))
        })
    }
}

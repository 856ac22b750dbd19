//! Servers that a configuration declares: a file, the data of a ConfigMap or Secret, the values of a chart, a collector's
//! or agent's own file with a Prometheus configuration inside.

use std::collections::BTreeSet;

use promsight_model::manifest::{Content, Key, Manifest, ManifestKind, Scalar, Value};
use promsight_model::{FileId, Span};

use crate::objects::{ObjectId, text_entries};
use crate::paths;
use crate::servers::mounts::data;
use crate::servers::{
    Job, JobOrigin, Server, ServerOrigin, ServerPlace, Tree, operator, rule_files, validity,
};
use crate::targets::cluster::namespace;
use crate::text::{Shape, Text};

/// A configuration, or a list of jobs by itself.
#[derive(Clone, Copy, Debug)]
enum Found<'a> {
    Configuration(&'a Value),
    /// A configuration inside of one of the OpenTelemetry collector, where `$$` stands for `$`.
    Collector(&'a Value),
    Jobs(&'a Value),
}

/// The servers that configurations declare, but for documents that a Prometheus object claims.
pub(crate) fn servers(tree: &Tree<'_>, claimed: &BTreeSet<Span>) -> Vec<Server> {
    let mut reader = Reader {
        tree,
        claimed,
        seen: BTreeSet::new(),
        servers: Vec::new(),
    };
    reader.objects();
    reader.files();
    reader.servers
}

struct Reader<'a, 't> {
    tree: &'a Tree<'t>,
    claimed: &'a BTreeSet<Span>,
    /// Places of jobs in objects: what a file says is not said again where an object was made of it.
    seen: BTreeSet<Span>,
    servers: Vec<Server>,
}

impl Reader<'_, '_> {
    fn objects(&mut self) {
        for (rendering_index, rendering) in self.tree.renderings.iter().enumerate() {
            let deployed = rendering.objects.iter().enumerate();
            for (object_index, object) in deployed.filter(|(_, object)| object.is_deployed) {
                let id = ObjectId {
                    rendering: rendering_index,
                    object: object_index,
                };
                let place = ServerPlace::Cluster {
                    rendering: rendering_index,
                    namespace: namespace(object, rendering_index),
                    object: id,
                };
                if matches!(object.kind(), "ConfigMap" | "Secret") {
                    for (_, value) in data(object) {
                        for document in documents(value) {
                            if !self.claimed.contains(&document.span) {
                                self.add_all(document, &place, Kind::Whole);
                            }
                        }
                    }
                } else if !operator::is_server(object) && object.kind() != "ScrapeConfig" {
                    // Custom resources that hold a configuration, or the values of a chart.
                    if let Some(spec) = object.value.get("spec") {
                        self.add_all(spec, &ServerPlace::Unknown, Kind::Part);
                    }
                }
            }
        }
    }

    fn files(&mut self) {
        let tree = self.tree;
        let manifests = tree.input.facts.iter().flat_map(|facts| &facts.manifests);
        let manifests: Vec<&Manifest> = manifests
            .filter(|manifest| {
                matches!(
                    manifest.kind,
                    ManifestKind::Prometheus | ManifestKind::ScrapeJobs | ManifestKind::ChartValues
                )
            })
            .collect();
        let in_objects = self.seen.clone();
        for manifest in manifests {
            let found = find(&manifest.value);
            let is_in_object = |found: &Found<'_>| job_spans(*found).any(|span| in_objects.contains(&span));
            if found.iter().any(is_in_object) {
                continue;
            }
            let places = match manifest.kind {
                ManifestKind::Prometheus => places_of_file(tree, manifest.value.span.file),
                _ => vec![ServerPlace::Unknown],
            };
            let kind = match (manifest.kind, manifest.is_template) {
                (_, true) => Kind::Template,
                (ManifestKind::Prometheus, false) => Kind::Whole,
                _ => Kind::Part,
            };
            for place in places {
                self.add_all(&manifest.value, &place, kind);
            }
        }
    }

    fn add_all(&mut self, value: &Value, place: &ServerPlace, kind: Kind) {
        for found in find(value) {
            self.seen.extend(job_spans(found));
            let server = server(self.tree, found, place.clone(), kind);
            self.servers.push(server);
        }
    }
}

/// How much of a configuration a document is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// All of it.
    Whole,
    /// A part; others are added to it elsewhere.
    Part,
    /// A template, of which the actions are not known.
    Template,
}

fn server(tree: &Tree<'_>, found: Found<'_>, place: ServerPlace, kind: Kind) -> Server {
    let own_namespace = match &place {
        ServerPlace::Cluster { namespace, .. } => namespace.clone(),
        _ => Text::open(Shape::Name, "namespace of a server"),
    };
    let (value, list, is_whole) = match found {
        Found::Configuration(value) | Found::Collector(value) => {
            (value, value.get("scrape_configs"), kind == Kind::Whole)
        }
        Found::Jobs(value) => (value, Some(value), false),
    };
    let mut server = Server::new(ServerOrigin::Configuration, value.span, place);
    server.is_complete = is_whole;
    let unescaped = matches!(found, Found::Collector(_))
        .then(|| list.map(unescaped))
        .flatten();
    let list = unescaped.as_ref().or(list);
    server.jobs = list.map(|list| jobs(list, &own_namespace)).unwrap_or_default();
    if kind == Kind::Whole && matches!(found, Found::Configuration(_)) {
        validity::mark(&mut server.jobs, value.get("global"));
    }
    if kind == Kind::Template {
        for job in &mut server.jobs {
            job.may_have_more("it is written in a template".to_owned());
        }
    }
    if let Found::Configuration(value) = found {
        server.global = value.get("global").cloned();
        server.takes_in = !value.items_at("remote_read").is_empty()
            || value.get("otlp").is_some()
            || is_started_to_take_in(tree, &server.place);
        let labels = value.at(&["global", "external_labels"]);
        server.external_labels = text_entries(labels)
            .map(|(name, value, span)| (name.to_owned(), value.to_owned(), span))
            .collect();
        let globs = value.items_at("rule_files").iter();
        server.rule_globs = globs
            .filter_map(|glob| Some((glob.as_str()?.to_owned(), glob.span)))
            .collect();
        for glob in value.items_at("scrape_config_files") {
            let files = rule_files::scrape_config_files(tree, &server, glob.as_str().unwrap_or_default());
            match files {
                Some(lists) => {
                    let more = lists.into_iter().flat_map(|list| jobs(list, &own_namespace));
                    server.jobs.extend(more);
                }
                None => server.is_complete = false,
            }
        }
    }
    server
}

/// Whether the service of a compose file that runs a server starts it so that others may send series to it.
fn is_started_to_take_in(tree: &Tree<'_>, place: &ServerPlace) -> bool {
    let ServerPlace::Compose { file, service } = place else {
        return false;
    };
    let files = tree.compose.iter().filter(|compose| compose.file == *file);
    let mut services = files.flat_map(|compose| &compose.services);
    let Some(own) = services.find(|own| own.name == service) else {
        return false;
    };
    let command = own.value.get("command");
    let words = command.into_iter().flat_map(|command| {
        let list = command.items().iter().filter_map(Value::as_str);
        list.chain(command.as_str())
    });
    let mut words = words.filter(|word| word.contains("remote-write-receiver") || word.contains("otlp"));
    words.next().is_some()
}

/// The jobs of a list.
pub(crate) fn jobs(list: &Value, own_namespace: &Text) -> Vec<Job> {
    let items = list.items().iter().filter(|item| item.is_map());
    items
        .map(|item| {
            let name = item.text_at(&["job_name"]).unwrap_or_default().to_owned();
            Job::new(
                name,
                JobOrigin::Configuration,
                item.span,
                item.clone(),
                own_namespace.clone(),
            )
        })
        .collect()
}

/// The documents that a string holds.
pub(crate) fn documents(value: &Value) -> &[Value] {
    value.as_scalar().map_or(&[], |scalar| &scalar.documents)
}

fn job_spans(found: Found<'_>) -> impl Iterator<Item = Span> {
    let list = match found {
        Found::Configuration(value) | Found::Collector(value) => value.get("scrape_configs"),
        Found::Jobs(value) => Some(value),
    };
    let jobs = list.map_or(&[][..], Value::items).iter();
    jobs.filter_map(|job| Some(job.get("job_name")?.span))
}

/// The configurations and lists of jobs within a value, documents in its strings included.
fn find(value: &Value) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

/// Recursion is as deep as values are, which is capped where they are made.
fn collect<'a>(value: &'a Value, found: &mut Vec<Found<'a>>) {
    match &value.content {
        Content::Null => {}
        Content::Scalar(scalar) => {
            for document in &scalar.documents {
                collect(document, found);
            }
        }
        Content::List(items) => {
            if is_job_list(value) {
                found.push(Found::Jobs(value));
            } else {
                for item in items {
                    collect(item, found);
                }
            }
        }
        Content::Map(entries) => {
            if ["positions", "clients"]
                .iter()
                .any(|key| value.get(key).is_some())
                && value.get("scrape_configs").is_some()
            {
                // Promtail's, of which the jobs find files of logs.
                return;
            }
            let is_list = |key: &str| value.get(key).is_some_and(|list| !list.items().is_empty());
            let has_jobs = value.get("scrape_configs").is_some_and(is_job_list);
            if has_jobs || is_list("scrape_config_files") {
                found.push(Found::Configuration(value));
                return;
            }
            for (key, entry) in entries {
                let known = found.len();
                collect(entry, found);
                if key.text == "receivers" {
                    for own in &mut found[known..] {
                        if let Found::Configuration(value) = *own {
                            *own = Found::Collector(value);
                        }
                    }
                }
            }
        }
    }
}

fn is_job_list(list: &Value) -> bool {
    list.items().iter().any(|job| job.get("job_name").is_some())
}

/// Where the servers of a configuration file run: as the services of compose files that mount it, each for itself.
fn places_of_file(tree: &Tree<'_>, file: FileId) -> Vec<ServerPlace> {
    let path = &tree.input.files.file(file).path;
    let services = tree.compose.iter().flat_map(|compose| {
        compose
            .services
            .iter()
            .map(move |service| (compose.file, service))
    });
    let running = services.filter(|(compose, service)| {
        let has = service.in_container(path).is_some() || is_built_beside(service, tree, *compose, path);
        has && service.is_scraper()
    });
    let mut places: Vec<ServerPlace> = running
        .map(|(file, service)| ServerPlace::Compose {
            file,
            service: service.name.to_owned(),
        })
        .collect();
    if places.is_empty() {
        places.push(ServerPlace::Unknown);
    }
    places
}

/// Whether the service's image is built in the folder of the configuration.
fn is_built_beside(
    service: &crate::compose::ComposeService<'_>,
    tree: &Tree<'_>,
    compose: FileId,
    path: &str,
) -> bool {
    let build = service.value.get("build");
    let context = build.and_then(|build| build.as_str().or_else(|| build.text_at(&["context"])));
    let folder = paths::folder(&tree.input.files.file(compose).path);
    let built = context.and_then(|context| paths::joined(folder, context));
    built.is_some_and(|built| built == paths::folder(path) && !built.is_empty())
}

/// With `$` for each `$$`.
fn unescaped(value: &Value) -> Value {
    let content = match &value.content {
        Content::Null => Content::Null,
        Content::Scalar(scalar) => Content::Scalar(Scalar {
            text: scalar.text.replace("$$", "$"),
            ..scalar.clone()
        }),
        Content::List(items) => Content::List(items.iter().map(unescaped).collect()),
        Content::Map(entries) => Content::Map(
            entries
                .iter()
                .map(|(key, value)| {
                    let key = Key {
                        text: key.text.clone(),
                        span: key.span,
                    };
                    (key, unescaped(value))
                })
                .collect(),
        ),
    };
    Value {
        span: value.span,
        content,
    }
}

//! Servers that objects declare: `Prometheus`, `PrometheusAgent`, `ThanosRuler` of the Prometheus operator, `VMAgent`,
//! `VMSingle`, `VMAlert` of VictoriaMetrics'.
//!
//! Owns which monitors and rules their selectors select. A selector that is left out selects nothing, an empty one
//! everything; a selector of namespaces that is left out means the server's own.

use std::collections::BTreeSet;

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::objects::{Object, ObjectId, RenderingRoot, text_entries};
use crate::paths;
use crate::selector::Selector;
use crate::servers::Idle;
use crate::servers::configuration::{documents, jobs};
use crate::servers::monitors::{Monitor, Options};
use crate::servers::mounts::data;
use crate::servers::{Server, ServerOrigin, ServerPlace, Tree, Unselected};
use crate::targets::cluster::{Metadata, find, namespace};
use crate::text::{Answer, Text};

/// What a kind of server selects: kinds of objects, and the fields with the selectors.
struct Selection {
    servers: &'static [&'static str],
    kinds: &'static [&'static str],
    labels: &'static str,
    namespaces: &'static str,
}

const PROMETHEUS: &[&str] = &["Prometheus", "PrometheusAgent"];
const VICTORIA: &[&str] = &["VMAgent", "VMSingle"];

const MONITORS: &[Selection] = &[
    Selection {
        servers: PROMETHEUS,
        kinds: &["ServiceMonitor"],
        labels: "serviceMonitorSelector",
        namespaces: "serviceMonitorNamespaceSelector",
    },
    Selection {
        servers: PROMETHEUS,
        kinds: &["PodMonitor"],
        labels: "podMonitorSelector",
        namespaces: "podMonitorNamespaceSelector",
    },
    Selection {
        servers: PROMETHEUS,
        kinds: &["Probe"],
        labels: "probeSelector",
        namespaces: "probeNamespaceSelector",
    },
    Selection {
        servers: PROMETHEUS,
        kinds: &["ScrapeConfig"],
        labels: "scrapeConfigSelector",
        namespaces: "scrapeConfigNamespaceSelector",
    },
    // The operator of VictoriaMetrics turns the other operator's objects into its own, labels included.
    Selection {
        servers: VICTORIA,
        kinds: &["VMServiceScrape", "ServiceMonitor"],
        labels: "serviceScrapeSelector",
        namespaces: "serviceScrapeNamespaceSelector",
    },
    Selection {
        servers: VICTORIA,
        kinds: &["VMPodScrape", "PodMonitor"],
        labels: "podScrapeSelector",
        namespaces: "podScrapeNamespaceSelector",
    },
    Selection {
        servers: VICTORIA,
        kinds: &["VMProbe", "Probe"],
        labels: "probeSelector",
        namespaces: "probeNamespaceSelector",
    },
    Selection {
        servers: VICTORIA,
        kinds: &["VMStaticScrape"],
        labels: "staticScrapeSelector",
        namespaces: "staticScrapeNamespaceSelector",
    },
    Selection {
        servers: VICTORIA,
        kinds: &["VMScrapeConfig", "ScrapeConfig"],
        labels: "scrapeConfigSelector",
        namespaces: "scrapeConfigNamespaceSelector",
    },
];

const RULES: &[Selection] = &[
    Selection {
        servers: &["Prometheus", "ThanosRuler"],
        kinds: &["PrometheusRule"],
        labels: "ruleSelector",
        namespaces: "ruleNamespaceSelector",
    },
    Selection {
        servers: &["VMAlert"],
        kinds: &["VMRule", "PrometheusRule"],
        labels: "ruleSelector",
        namespaces: "ruleNamespaceSelector",
    },
];

/// Whether an object of the operators' kinds is of the operators' groups.
fn is_of_operator(object: &Object) -> bool {
    let group = object.api_version().split('/').next().unwrap_or_default();
    group.starts_with("monitoring.")
        || group == "operator.victoriametrics.com"
        || group == "azmonitoring.coreos.com"
}

/// Whether an object declares a server.
pub(crate) fn is_server(object: &Object) -> bool {
    let mut selections = MONITORS.iter().chain(RULES);
    is_of_operator(object) && selections.any(|selection| selection.servers.contains(&object.kind()))
}

fn is_monitor(object: &Object) -> bool {
    let mut selections = MONITORS.iter();
    is_of_operator(object) && selections.any(|selection| selection.kinds.contains(&object.kind()))
}

/// The servers that objects declare, with their monitors' jobs; where there are monitors and no server for them, one
/// that runs elsewhere.
pub(crate) fn servers(tree: &Tree<'_>) -> Vec<Server> {
    let mut servers = Vec::new();
    for (id, object) in objects(tree).filter(|(_, object)| is_server(object)) {
        servers.push(server(tree, id, object));
    }
    let scrapes = |kinds: &[&str]| {
        objects(tree).any(|(_, object)| is_of_operator(object) && kinds.contains(&object.kind()))
    };
    if !scrapes(PROMETHEUS) && !scrapes(VICTORIA) {
        servers.extend(elsewhere(tree));
    }
    servers
}

fn objects<'t>(tree: &Tree<'t>) -> impl Iterator<Item = (ObjectId, &'t Object)> {
    tree.renderings.iter().enumerate().flat_map(|(rendering, own)| {
        own.objects
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_deployed)
            .map(move |(object, value)| (ObjectId { rendering, object }, value))
    })
}

fn elsewhere(tree: &Tree<'_>) -> Option<Server> {
    let mut monitors = objects(tree).filter(|(_, object)| is_monitor(object)).peekable();
    let (_, first) = monitors.peek()?;
    let mut server = Server::new(ServerOrigin::Elsewhere, first.value.span, ServerPlace::Unknown);
    server.is_complete = false;
    for (id, object) in monitors {
        let options = Options::default();
        server.jobs.extend(Monitor { id, object, options }.jobs());
    }
    Some(server)
}

fn server(tree: &Tree<'_>, id: ObjectId, object: &Object) -> Server {
    let own_namespace = namespace(object, id.rendering);
    let place = ServerPlace::Cluster {
        rendering: id.rendering,
        namespace: own_namespace.clone(),
        object: id,
    };
    let mut server = Server::new(ServerOrigin::Object(id), object.value.span, place);
    let Some(spec) = object.value.get("spec") else {
        server.is_complete = false;
        return server;
    };
    server.external_labels = text_entries(spec.get("externalLabels"))
        .map(|(name, value, span)| (name.to_owned(), value.to_owned(), span))
        .collect();
    server.takes_in = takes_in(spec);
    let options = Options { spec: Some(spec) };
    for selection in MONITORS.iter().filter(|own| own.servers.contains(&object.kind())) {
        for (monitor_id, monitor) in selected_kinds(tree, selection) {
            let (answer, reason, selector) = selects(tree, id, object, selection, monitor_id, monitor);
            if answer == Answer::Never {
                let is_sure = is_meant_for(tree, id, object, monitor_id, monitor);
                let idle = unselected(monitor_id, monitor, reason, selector, is_sure);
                let own = Monitor {
                    id: monitor_id,
                    object: monitor,
                    options,
                };
                server.idle.extend(own.jobs().into_iter().map(|job| Idle {
                    job,
                    reason: format!(
                        "no Prometheus selects {} {}: {}",
                        idle.kind, idle.name, idle.reason
                    ),
                    place: idle.place,
                    is_sure: idle.is_sure,
                }));
                server.unselected.push(idle);
                continue;
            }
            let own = Monitor {
                id: monitor_id,
                object: monitor,
                options,
            };
            let mut jobs = own.jobs();
            if answer == Answer::Perhaps {
                for job in &mut jobs {
                    job.unknown.push(reason.clone());
                }
            }
            server.jobs.extend(jobs);
        }
    }
    for key in ["additionalScrapeConfigs", "additionalScrapeConfigsSecret"] {
        if let Some(reference) = spec.get(key) {
            additional(tree, id, reference, &own_namespace, &mut server);
        }
    }
    for document in spec.get("inlineScrapeConfig").map_or(&[][..], documents) {
        server.jobs.extend(jobs(document, &own_namespace));
    }
    server
}

/// Whether the server also has series that others hold or send to it.
fn takes_in(spec: &Value) -> bool {
    let mut features = crate::targets::texts(spec.items_at("enableFeatures"));
    spec.get("enableRemoteWriteReceiver").and_then(Value::as_bool) == Some(true)
        || spec.get("enableOTLPReceiver").and_then(Value::as_bool) == Some(true)
        || features.any(|(feature, _)| matches!(feature, "remote-write-receiver" | "otlp-write-receiver"))
        || !spec.items_at("remoteRead").is_empty()
}

fn selected_kinds<'t>(
    tree: &Tree<'t>,
    selection: &'static Selection,
) -> impl Iterator<Item = (ObjectId, &'t Object)> {
    objects(tree).filter(|(_, object)| is_of_operator(object) && selection.kinds.contains(&object.kind()))
}

fn unselected(id: ObjectId, object: &Object, reason: String, selector: Span, is_sure: bool) -> Unselected {
    let name = object.value.at(&["metadata", "name"]);
    Unselected {
        name: object.name().to_owned(),
        kind: object.kind().to_owned(),
        span: object.value.span,
        place: name.map_or(object.value.span, |name| name.span),
        reason,
        selector,
        object: Some(id),
        is_sure,
    }
}

/// Whether a server selects an object; why not, and the selector that speaks against it.
fn selects(
    tree: &Tree<'_>,
    server_id: ObjectId,
    server: &Object,
    selection: &Selection,
    id: ObjectId,
    object: &Object,
) -> (Answer, String, Span) {
    let is_agent = matches!(server.kind(), "VMAgent" | "VMSingle" | "VMAlert");
    let name = server.value.at(&["metadata", "name"]);
    let default = name.map_or(server.value.span, |name| name.span);
    let spec = server.value.get("spec");
    let field = |key: &str| spec.and_then(|spec| spec.get(key));
    let labels: Metadata = object
        .labels()
        .map(|(key, value, _)| (key.to_owned(), Text::written(value)))
        .collect();
    let (own, by_labels) = (field(selection.labels), field(selection.namespaces));
    if is_agent && own.is_none() {
        // What an agent selects that names no selector depends on `selectAllByDefault` and on its version.
        let all = field("selectAllByDefault").and_then(Value::as_bool) == Some(true);
        let answer = if all { Answer::Always } else { Answer::Perhaps };
        let reason = format!("{} names no `{}`", server.kind(), selection.labels);
        return (answer, reason, default);
    }
    let Some(own) = own else {
        let reason = format!("`{}` is not set, which selects nothing", selection.labels);
        return (Answer::Never, reason, default);
    };
    let selector = Selector::of_object(own);
    let fits = selector.selects(|key| find(&labels, key));
    if fits == Answer::Never {
        let lacking = selector.lacking(|key| find(&labels, key)).unwrap_or_default();
        return (Answer::Never, format!("its labels lack {lacking}"), own.span);
    }
    let object_namespace = namespace(object, id.rendering);
    let server_namespace = namespace(server, server_id.rendering);
    let (in_namespace, span) = match by_labels {
        None => (object_namespace.equals(&server_namespace), default),
        Some(by_labels) => (
            namespace_fits(tree, &Selector::of_object(by_labels), &object_namespace),
            by_labels.span,
        ),
    };
    let reason = match (in_namespace, by_labels) {
        (Answer::Never, None) => format!(
            "it is in the namespace {object_namespace}, and without `{}` only {server_namespace} is looked at",
            selection.namespaces
        ),
        (Answer::Never, Some(_)) => format!(
            "`{}` does not select its namespace {object_namespace}",
            selection.namespaces
        ),
        _ => "whether the Prometheus selects it depends on what is filled in elsewhere".to_owned(),
    };
    (fits.and(in_namespace), reason, span)
}

/// Whether a selector selects a namespace, by the labels of its object where that is in the tree.
pub(crate) fn namespace_fits(tree: &Tree<'_>, selector: &Selector, name: &Text) -> Answer {
    if selector.is_empty() {
        return Answer::Always;
    }
    let Some(known) = name.as_known() else {
        return Answer::Perhaps;
    };
    let object = tree.clusters.iter().find_map(|cluster| cluster.namespace(known));
    let own_name = Text::known(known);
    if let Some(object) = object {
        let labels: Metadata = object
            .labels()
            .map(|(key, value, _)| (key.to_owned(), Text::written(value)))
            .collect();
        return selector.selects(|key| {
            let own = (key == "kubernetes.io/metadata.name").then_some(&own_name);
            own.or_else(|| find(&labels, key))
        });
    }
    // The labels of a namespace that is made elsewhere are not known, but for its name.
    let unknown = Text::open(crate::text::Shape::Anything, "label of a namespace");
    let with = selector.selects(|key| {
        Some(if key == "kubernetes.io/metadata.name" {
            &own_name
        } else {
            &unknown
        })
    });
    let without = selector.selects(|key| (key == "kubernetes.io/metadata.name").then_some(&own_name));
    if with == without { with } else { Answer::Perhaps }
}

/// Whether an object is surely for that server: both are rendered together, or stand in the same folder.
fn is_meant_for(
    tree: &Tree<'_>,
    server_id: ObjectId,
    server: &Object,
    id: ObjectId,
    object: &Object,
) -> bool {
    if brings_another(tree) {
        return false;
    }
    let is_plain = tree.renderings[server_id.rendering].root == RenderingRoot::Plain;
    if !is_plain {
        return server_id.rendering == id.rendering;
    }
    let folder = |object: &Object| paths::folder(&tree.input.files.file(object.origin.file).path).to_owned();
    id.rendering == server_id.rendering && folder(server) == folder(object)
}

/// Whether the tree installs a chart that brings a Prometheus of its own, whose selectors are not seen here.
fn brings_another(tree: &Tree<'_>) -> bool {
    let is_prometheus = |name: &str| name.contains("prometheus") || name.contains("victoria");
    objects(tree).any(|(_, object)| {
        let spec = object.value.get("spec");
        let chart = spec.and_then(|spec| match object.kind() {
            "HelmRelease" => spec.text_at(&["chart", "spec", "chart"]),
            "HelmChart" => spec.text_at(&["chart"]),
            "Application" => spec.text_at(&["source", "chart"]),
            _ => None,
        });
        chart.is_some_and(is_prometheus)
    })
}

/// The jobs of the Secret that `additionalScrapeConfigs` names.
fn additional(tree: &Tree<'_>, id: ObjectId, reference: &Value, own_namespace: &Text, server: &mut Server) {
    let name = reference.text_at(&["name"]).unwrap_or_default();
    let key = reference.text_at(&["key"]).unwrap_or_default();
    let named = |kind: &'static str| {
        objects(tree).find(move |(other, object)| {
            object.kind() == kind
                && object.name() == name
                && namespace(object, other.rendering).equals(own_namespace) != Answer::Never
        })
    };
    let unloaded = |(other, object): (ObjectId, &Object), place: Span, reason: String| Unselected {
        name: format!("{} {}", object.kind(), object.name()),
        kind: "scrape configuration".to_owned(),
        span: object.value.span,
        place,
        reason,
        selector: reference.span,
        object: Some(other),
        is_sure: other.rendering == id.rendering,
    };
    let name_span = |object: &Object| {
        let name = object.value.at(&["metadata", "name"]);
        name.map_or(object.value.span, |name| name.span)
    };
    if let Some(found) = named("Secret") {
        let mut entries = data(found.1);
        match entries.find(|(own, _)| *own == key) {
            Some((_, value)) => {
                for document in documents(value) {
                    server.jobs.extend(jobs(document, own_namespace));
                }
                // Data that is encoded, encrypted or filled in elsewhere is not read.
                server.is_complete &= !documents(value).is_empty();
            }
            None => {
                server.is_complete = false;
                let keys: Vec<&str> = data(found.1).map(|(own, _)| own).collect();
                if !keys.is_empty() {
                    let reason = format!("the Secret has no key `{key}`, only `{}`", keys.join("`, `"));
                    let place = name_span(found.1);
                    server.unloaded.push(unloaded(found, place, reason));
                }
            }
        }
        return;
    }
    // Where its jobs stand in a ConfigMap by mistake, there is no Secret elsewhere that holds more.
    let mistaken = named("ConfigMap");
    server.is_complete &= mistaken.is_some();
    if let Some(found) = mistaken {
        let reason = format!("`additionalScrapeConfigs` reads the Secret `{name}`, and this is a ConfigMap");
        let kind = found.1.value.get("kind");
        let place = kind.map_or(found.1.value.span, |kind| kind.span);
        let documents = data(found.1).flat_map(|(_, value)| documents(value));
        let own = documents.flat_map(|document| jobs(document, own_namespace));
        server.idle.extend(own.map(|job| Idle {
            reason: format!("nothing loads job {}: {reason}", job.name),
            job,
            place,
            is_sure: found.0.rendering == id.rendering,
        }));
        server.unloaded.push(unloaded(found, place, reason));
    }
}

/// Documents in objects that belong to a Prometheus object: that it loads, or is meant to.
pub(crate) fn claimed(tree: &Tree<'_>, servers: &[Server]) -> BTreeSet<Span> {
    let mut spans = BTreeSet::new();
    let references = objects(tree).filter(|(_, object)| is_server(object));
    for (_, object) in references {
        let reference = object.value.at(&["spec", "additionalScrapeConfigs"]);
        let Some(name) = reference.and_then(|reference| reference.text_at(&["name"])) else {
            continue;
        };
        let held = objects(tree)
            .filter(|(_, held)| matches!(held.kind(), "Secret" | "ConfigMap") && held.name() == name);
        for (_, held) in held {
            spans.extend(
                data(held)
                    .flat_map(|(_, value)| documents(value))
                    .map(|document| document.span),
            );
        }
    }
    debug_assert!(
        servers
            .iter()
            .all(|server| server.origin != ServerOrigin::Configuration)
    );
    spans
}

/// Gives the servers the rule objects that they select, and those that none of them does.
pub(crate) fn settle_rules(tree: &Tree<'_>, servers: &mut [Server]) {
    for selection in RULES {
        for (id, rule) in selected_kinds(tree, selection) {
            let mut refusals = Vec::new();
            let mut is_selected = false;
            for (index, server) in servers.iter_mut().enumerate() {
                let ServerOrigin::Object(server_id) = server.origin else {
                    continue;
                };
                let object = &tree.renderings[server_id.rendering].objects[server_id.object];
                if !selection.servers.contains(&object.kind()) {
                    continue;
                }
                let (answer, reason, selector) = selects(tree, server_id, object, selection, id, rule);
                if answer == Answer::Always {
                    server.rules.push(rule.value.span);
                }
                is_selected |= answer != Answer::Never;
                if answer == Answer::Never {
                    let is_sure = is_meant_for(tree, server_id, object, id, rule);
                    refusals.push((index, unselected(id, rule, reason, selector, is_sure)));
                }
            }
            if !is_selected {
                for (index, refusal) in refusals {
                    servers[index].unselected_rules.push(refusal);
                }
            }
        }
    }
}

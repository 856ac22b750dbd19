//! The targets that a job's discoveries find, before relabelling.

use promsight_model::Span;
use promsight_model::manifest::{ManifestKind, Value};

use crate::relabel::Labels;
use crate::servers::{Job, Server, ServerPlace, Tree, mounts, rule_files};
use crate::targets::cluster::ServiceKind;
use crate::targets::hosts::{self, Names};
use crate::targets::kubernetes::{Discovery, Found, Host};
use crate::targets::texts;
use crate::text::{Answer, Shape, Text};

/// What the discoveries of a job find.
#[derive(Default)]
pub(crate) struct Targets<'a> {
    pub(crate) targets: Vec<Found<'a>>,
    /// Why these are not all, as clauses.
    pub(crate) unknown: Vec<String>,
}

/// Everything that a job's configuration discovers.
pub(crate) fn of_job<'a>(tree: &Tree<'a>, server: &Server, job: &Job) -> Targets<'a> {
    let mut found = Targets::default();
    for (key, list) in job.config.entries() {
        for entry in list.items() {
            match key.text.as_str() {
                "static_configs" => found.targets.extend(group(entry)),
                "kubernetes_sd_configs" => kubernetes(tree, job, entry, &mut found),
                "file_sd_configs" => files(tree, server, entry, &mut found),
                "dns_sd_configs" => names(tree, server, entry, &mut found),
                other if other.ends_with("_sd_configs") => {
                    let system = other.trim_end_matches("_sd_configs");
                    found.unknown.push(format!(
                        "`{other}` finds targets that {system} knows and the tree does not"
                    ));
                }
                _ => {}
            }
        }
    }
    found.unknown.dedup();
    found
}

/// The targets of a group with its labels.
fn group<'a>(entry: &Value) -> Vec<Found<'a>> {
    let mut common = Labels::new();
    for (key, value) in entry.get("labels").map_or(&[][..], Value::entries) {
        common.set(&key.text, Text::written(value.as_str().unwrap_or_default()));
    }
    texts(entry.items_at("targets"))
        .map(|(address, span)| {
            let mut labels = common.clone();
            labels.set("__address__", Text::written(address));
            fixed(labels, span)
        })
        .collect()
}

fn fixed<'a>(labels: Labels, span: Span) -> Found<'a> {
    Found {
        labels,
        host: Host::Other,
        presence: Answer::Always,
        span,
    }
}

fn kubernetes<'a>(tree: &Tree<'a>, job: &Job, entry: &Value, found: &mut Targets<'a>) {
    let discovery = match Discovery::of(entry, &job.namespace) {
        Ok(discovery) => discovery,
        Err(reason) => {
            found.unknown.push(reason);
            return;
        }
    };
    if discovery.finds_nodes() {
        found.targets.push(discovery.node());
        return;
    }
    for cluster in tree.clusters {
        found.targets.extend(discovery.find(cluster));
    }
}

/// Files with targets: those of the tree, and keys of objects that are mounted beside the configuration.
fn files(tree: &Tree<'_>, server: &Server, entry: &Value, found: &mut Targets<'_>) {
    for (pattern, _) in texts(entry.items_at("files")) {
        let known = found.targets.len();
        if let ServerPlace::Cluster { .. } = server.place {
            mounted(tree, server, pattern, found);
        } else {
            let manifests = tree.input.facts.iter().flat_map(|facts| &facts.manifests);
            for manifest in manifests.filter(|manifest| manifest.kind == ManifestKind::TargetGroups) {
                let path = &tree.input.files.file(manifest.value.span.file).path;
                if rule_files::is_loaded(tree, server, pattern, path) {
                    found
                        .targets
                        .extend(manifest.value.items().iter().flat_map(group));
                }
            }
        }
        if found.targets.len() == known {
            found.unknown.push(format!(
                "its targets are in `{pattern}`, which is not in this tree"
            ));
        }
    }
}

fn mounted(tree: &Tree<'_>, server: &Server, pattern: &str, found: &mut Targets<'_>) {
    let ServerPlace::Cluster {
        rendering, object, ..
    } = server.place
    else {
        return;
    };
    let (rendering, cluster) = (&tree.renderings[rendering], &tree.clusters[rendering]);
    for pod in &cluster.pods {
        for (_, files, _) in mounts::of_pod(rendering, cluster, pod) {
            let Some(config) = files.iter().find(|file| file.object == object) else {
                continue;
            };
            let folder = crate::paths::folder(&config.path);
            let Some(pattern) = crate::paths::absolute(folder, pattern) else {
                continue;
            };
            let wanted = files
                .iter()
                .filter(|file| crate::paths::matches(&pattern, &file.path));
            for file in wanted {
                let documents = file.value.as_scalar().map_or(&[][..], |scalar| &scalar.documents);
                let groups = documents.iter().flat_map(Value::items);
                found.targets.extend(groups.flat_map(group));
            }
        }
    }
}

/// Names that are looked up: of Services, headless ones above all, and of compose services.
fn names<'a>(tree: &Tree<'a>, server: &Server, entry: &Value, found: &mut Targets<'a>) {
    let kind = entry.text_at(&["type"]).unwrap_or("SRV");
    let port = entry.get("port").and_then(Value::as_integer);
    let port = port.and_then(|port| u16::try_from(port).ok());
    for (name, span) in texts(entry.items_at("names")) {
        let known = found.targets.len();
        let host = service_part(name);
        let own = Names {
            clusters: tree.clusters,
            compose: tree.compose,
        };
        let mut labels = Labels::new();
        labels.set("__meta_dns_name", Text::known(name));
        if !matches!(server.place, ServerPlace::Cluster { .. })
            && let (Some(service), Some(port)) = (own.compose_services(server, host).next(), port)
        {
            let address = Text::open(Shape::Address, format!("address of {}", service.name));
            labels.set("__address__", address.with(&format!(":{port}")));
            found.targets.push(Found {
                host: Host::Compose(service.name),
                ..fixed(labels, span)
            });
            continue;
        }
        for service_name in hosts::service_names(host) {
            let services = hosts::services(tree.clusters, server, service_name);
            for (cluster, service, fits) in services {
                if service.kind != ServiceKind::Headless {
                    continue;
                }
                for (pod, selected) in cluster.selected(service) {
                    let srv = srv_port(name).and_then(|name| {
                        let own = service.ports.iter().find(|own| own.name == name)?;
                        pod.answering(own)
                    });
                    let number = if kind == "SRV" { srv } else { port };
                    let Some(number) = number else { continue };
                    let mut labels = labels.clone();
                    labels.set("__address__", pod.address.clone().with(&format!(":{number}")));
                    found.targets.push(Found {
                        labels,
                        host: Host::Pod(pod),
                        presence: fits.and(selected).max(Answer::Perhaps),
                        span,
                    });
                }
            }
            if found.targets.len() > known {
                break;
            }
        }
        if found.targets.len() == known {
            found.unknown.push(format!(
                "the addresses behind `{name}` are known to the name server alone"
            ));
        }
    }
}

/// The host behind the service and protocol of an SRV record (`_http._tcp.till.shop.svc`).
fn service_part(name: &str) -> &str {
    let mut rest = name.trim_end_matches('.');
    while let Some((first, behind)) = rest.split_once('.') {
        if !first.starts_with('_') {
            break;
        }
        rest = behind;
    }
    rest
}

fn srv_port(name: &str) -> Option<&str> {
    name.strip_prefix('_')?.split('.').next()
}

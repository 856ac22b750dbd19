//! The pods of a Prometheus: with which labels, and in which namespace, it asks.

use promsight_model::manifest::Value;

use super::rules::Peer;
use crate::objects::{Object, ObjectId, text_entries};
use crate::servers::{Server, ServerOrigin, ServerPlace, Tree, mounts};
use crate::targets::cluster::{Metadata, Pod};
use crate::text::{Shape, Text};

/// Everything that may ask for a server.
pub(super) struct Scrapers<'a> {
    /// Its pods; one of which nothing is known where they are not in the tree.
    pub(super) pods: Vec<Scraper<'a>>,
    /// Whether their labels are known.
    pub(super) is_known: bool,
    /// The rendering that they are of.
    pub(super) rendering: Option<usize>,
}

/// A pod that asks.
pub(super) struct Scraper<'a> {
    pub(super) peer: Peer,
    /// The pod, where it is in the tree: one that the operator makes is not.
    pub(super) pod: Option<&'a Pod<'a>>,
}

impl Scrapers<'_> {
    /// Someone outside of the tree.
    pub(super) fn unknown() -> Self {
        Self::of_peer(None, None)
    }

    fn of_peer(namespace: Option<Text>, rendering: Option<usize>) -> Self {
        let peer = Peer {
            namespace,
            labels: None,
            possible: Metadata::new(),
        };
        Self {
            pods: vec![Scraper { peer, pod: None }],
            is_known: false,
            rendering,
        }
    }
}

/// The pods that ask for a server.
pub(super) fn scrapers<'a>(tree: &Tree<'a>, server: &Server) -> Scrapers<'a> {
    let ServerPlace::Cluster {
        rendering,
        namespace,
        object,
    } = &server.place
    else {
        return Scrapers::unknown();
    };
    if let ServerOrigin::Object(id) = server.origin {
        let declared = &tree.renderings[id.rendering].objects[id.object];
        return Scrapers {
            pods: vec![Scraper {
                peer: of_operator(declared, namespace, id),
                pod: None,
            }],
            is_known: true,
            rendering: Some(*rendering),
        };
    }
    let mounting = mounting(tree, *rendering, *object);
    if mounting.is_empty() {
        return Scrapers::of_peer(Some(namespace.clone()), Some(*rendering));
    }
    let pods = mounting.into_iter().map(|pod| Scraper {
        peer: Peer::of(pod),
        pod: Some(pod),
    });
    Scrapers {
        pods: pods.collect(),
        is_known: true,
        rendering: Some(*rendering),
    }
}

/// The pods that have an object's data among their files.
fn mounting<'a>(tree: &Tree<'a>, rendering: usize, object: ObjectId) -> Vec<&'a Pod<'a>> {
    let (Some(cluster), Some(own)) = (tree.clusters.get(rendering), tree.renderings.get(rendering)) else {
        return Vec::new();
    };
    let has = |pod: &&Pod<'_>| {
        let containers = mounts::of_pod(own, cluster, pod);
        let mut files = containers.iter().flat_map(|(_, files, _)| files);
        files.any(|file| file.object == object)
    };
    cluster.pods.iter().filter(has).collect()
}

/// The labels that the operators give the pods of a server.
///
/// Of the Prometheus operator: `makeStatefulSetSpec` and `buildCommonPrometheusArgs` of version 0.86, those of earlier
/// versions (`app`, the version) as possible ones. What its flag `--labels` adds is not known, and no policy asks for it.
fn of_operator(object: &Object, namespace: &Text, id: ObjectId) -> Peer {
    let peer = |labels: Option<Metadata>, possible: Metadata| Peer {
        namespace: Some(namespace.clone()),
        labels,
        possible,
    };
    let kind = match object.kind() {
        "Prometheus" => "prometheus",
        "PrometheusAgent" => "prometheus-agent",
        _ => return peer(None, Metadata::new()),
    };
    let name = object.name();
    let own = object.value.at(&["spec", "podMetadata", "labels"]);
    let mut labels: Metadata = text_entries(own)
        .map(|(key, value, _)| (key.to_owned(), Text::written(value)))
        .collect();
    // The operator's own win over what `podMetadata` says.
    let fixed = [
        ("app.kubernetes.io/name", kind),
        ("app.kubernetes.io/managed-by", "prometheus-operator"),
        ("app.kubernetes.io/instance", name),
        ("prometheus", name),
        ("operator.prometheus.io/name", name),
    ];
    labels.retain(|(key, _)| fixed.iter().all(|(own, _)| own != key));
    labels.extend(fixed.map(|(key, value)| (key.to_owned(), Text::written(value))));
    let open = |what: &str| {
        let text = format!("{what} of the pods of {}.{}", id.rendering, id.object);
        Text::open(Shape::Anything, text)
    };
    let possible = [
        ("app", Text::known("prometheus")),
        ("operator.prometheus.io/shard", open("shard")),
        ("operator.prometheus.io/mode", open("mode")),
        (
            "app.kubernetes.io/version",
            version(&object.value).unwrap_or_else(|| open("version")),
        ),
        ("statefulset.kubernetes.io/pod-name", open("name")),
        ("apps.kubernetes.io/pod-index", open("index")),
        ("controller-revision-hash", open("revision")),
    ];
    peer(
        Some(labels),
        possible
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

/// `spec.version` without its `v`.
fn version(value: &Value) -> Option<Text> {
    let written = value.text_at(&["spec", "version"])?;
    Some(Text::written(written.trim_start_matches('v')))
}

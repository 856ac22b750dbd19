//! Which files of a container are the data of which objects: volumes of ConfigMaps and Secrets.

use promsight_model::manifest::Value;

use crate::objects::{Object, ObjectId, Rendering};
use crate::paths;
use crate::targets::cluster::{Cluster, Container, Pod};
use crate::text::Answer;

/// A key of an object's data, as a file of a container.
#[derive(Clone, Debug)]
pub(crate) struct Mounted<'a> {
    /// The path in the container.
    pub(crate) path: String,
    /// The object.
    pub(crate) object: ObjectId,
    /// The key.
    pub(crate) key: &'a str,
    /// Its value.
    pub(crate) value: &'a Value,
}

/// The entries of an object's data, for a ConfigMap or a Secret.
pub(crate) fn data(object: &Object) -> impl Iterator<Item = (&str, &Value)> {
    let is_data = matches!(object.kind(), "ConfigMap" | "Secret") && object.api_version() == "v1";
    let maps = ["data", "stringData"].into_iter().filter(move |_| is_data);
    maps.flat_map(|key| object.value.get(key).map_or(&[][..], Value::entries))
        .map(|(key, value)| (key.text.as_str(), value))
}

/// What the containers of a pod have of the objects of its rendering: for each container its files, and whether they are
/// all that can be known (no volume of an object that is not rendered).
pub(crate) fn of_pod<'a>(
    rendering: &'a Rendering,
    cluster: &Cluster<'a>,
    pod: &Pod<'a>,
) -> Vec<(&'a Value, Vec<Mounted<'a>>, bool)> {
    let containers = pod.containers.iter();
    containers
        .map(|container| {
            let (files, is_complete) = of_container(rendering, cluster, pod, container);
            (container.value, files, is_complete)
        })
        .collect()
}

fn of_container<'a>(
    rendering: &'a Rendering,
    cluster: &Cluster<'a>,
    pod: &Pod<'a>,
    container: &Container<'a>,
) -> (Vec<Mounted<'a>>, bool) {
    let mut files = Vec::new();
    let mut is_complete = true;
    for mount in container.value.items_at("volumeMounts") {
        let name = mount.text_at(&["name"]);
        let volumes = pod.spec.items_at("volumes").iter();
        let Some(volume) = volumes
            .into_iter()
            .find(|volume| volume.text_at(&["name"]) == name)
        else {
            is_complete = false;
            continue;
        };
        let path = mount
            .text_at(&["mountPath"])
            .unwrap_or_default()
            .trim_end_matches('/');
        let sub = mount.text_at(&["subPath"]).unwrap_or_default();
        let projected = volume.at(&["projected", "sources"]).map_or(&[][..], Value::items);
        let sources = std::iter::once(volume).chain(projected);
        let mut is_data = false;
        for source in sources {
            let (kind, reference) = match (source.get("configMap"), source.get("secret")) {
                (Some(map), _) => ("ConfigMap", map),
                (None, Some(secret)) => ("Secret", secret),
                (None, None) => continue,
            };
            is_data = true;
            let name = reference
                .text_at(&["name"])
                .or_else(|| reference.text_at(&["secretName"]));
            let found = object_named(rendering, cluster, pod, kind, name.unwrap_or_default());
            let Some((id, object)) = found else {
                is_complete = false;
                continue;
            };
            let items = reference.items_at("items");
            for (key, value) in data(object) {
                let inside = if items.is_empty() {
                    Some(key)
                } else {
                    let item = items.iter().find(|item| item.text_at(&["key"]) == Some(key));
                    item.and_then(|item| item.text_at(&["path"]))
                };
                let Some(inside) = inside else { continue };
                let path = if sub.is_empty() {
                    paths::append(path, inside)
                } else if let Some(rest) = paths::below(sub.trim_end_matches('/'), inside) {
                    paths::append(path, rest)
                } else {
                    continue;
                };
                files.push(Mounted {
                    path,
                    object: id,
                    key,
                    value,
                });
            }
        }
        // An empty folder that something else may fill (a sidecar), or a disk.
        is_complete &= is_data || !is_filled_elsewhere(path);
    }
    (files, is_complete)
}

/// Whether a volume at that path may hold configuration: not so the place of the data.
fn is_filled_elsewhere(path: &str) -> bool {
    path.contains("etc") || path.contains("conf") || path.contains("rule")
}

/// The object of that kind and name that a pod means.
fn object_named<'a>(
    rendering: &'a Rendering,
    cluster: &Cluster<'_>,
    pod: &Pod<'_>,
    kind: &str,
    name: &str,
) -> Option<(ObjectId, &'a Object)> {
    let mut objects = rendering.objects.iter().enumerate();
    objects.find_map(|(index, object)| {
        let is_meant = object.kind() == kind && object.name() == name && object.api_version() == "v1";
        if !is_meant {
            return None;
        }
        let namespace = crate::targets::cluster::namespace(object, cluster.rendering);
        (namespace.equals(&pod.namespace) != Answer::Never).then_some((
            ObjectId {
                rendering: cluster.rendering,
                object: index,
            },
            object,
        ))
    })
}

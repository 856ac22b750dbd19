//! The `__meta_kubernetes_…` labels of single things.

use crate::objects::{Object, text_entries};
use crate::relabel::Labels;
use crate::targets::cluster::{Container, ContainerPort, Metadata, Pod, Service};
use crate::text::Text;

const PREFIX: &str = "__meta_kubernetes_";

/// The name that an endpoint has where the pod asks for one: as a pod of a StatefulSet does.
pub(super) fn hostname(pod: &Pod<'_>) -> Option<Text> {
    match pod.spec.text_at(&["hostname"]) {
        Some(hostname) => Some(Text::written(hostname)),
        None if pod.object.kind() == "StatefulSet" => Some(pod.name.clone()),
        None => None,
    }
}

pub(super) fn container_labels(labels: &mut Labels, container: &Container<'_>) {
    set(labels, "pod_container_name", Text::written(container.name));
    set(labels, "pod_container_image", Text::written(container.image));
    set(
        labels,
        "pod_container_init",
        Text::known(container.is_init.to_string()),
    );
}

pub(super) fn port_labels(labels: &mut Labels, port: &ContainerPort<'_>, protocol: &str) {
    set(labels, "pod_container_port_name", Text::written(port.name));
    set(
        labels,
        "pod_container_port_number",
        Text::known(port.number.to_string()),
    );
    set(labels, "pod_container_port_protocol", Text::written(protocol));
}

pub(super) fn service_labels(labels: &mut Labels, service: &Service<'_>) {
    set(labels, "namespace", service.namespace.clone());
    set(labels, "service_name", Text::written(service.object.name()));
    own_metadata(labels, "service", service.object);
}

/// The labels and annotations of an object that is written as it is applied.
pub(super) fn own_metadata(labels: &mut Labels, resource: &str, object: &Object) {
    let of = |key: &str| -> Metadata {
        text_entries(object.value.at(&["metadata", key]))
            .map(|(key, value, _)| (key.to_owned(), Text::written(value)))
            .collect()
    };
    object_labels(labels, resource, &of("labels"), &of("annotations"));
}

pub(super) fn object_labels(labels: &mut Labels, resource: &str, own: &Metadata, annotations: &Metadata) {
    for (kind, metadata) in [("label", own), ("annotation", annotations)] {
        for (key, value) in metadata {
            let name = sanitized(key);
            set(labels, &format!("{resource}_{kind}_{name}"), value.clone());
            set(
                labels,
                &format!("{resource}_{kind}present_{name}"),
                Text::known("true"),
            );
        }
    }
}

pub(super) fn open_metadata(labels: &mut Labels, resource: &str) {
    for kind in ["label", "labelpresent", "annotation", "annotationpresent"] {
        labels.open(&format!("{PREFIX}{resource}_{kind}_"));
    }
}

pub(super) fn set(labels: &mut Labels, name: &str, value: Text) {
    labels.set(&format!("{PREFIX}{name}"), value);
}

/// A key as it stands in the name of a label.
pub(crate) fn sanitized(key: &str) -> String {
    key.chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '_'
            }
        })
        .collect()
}

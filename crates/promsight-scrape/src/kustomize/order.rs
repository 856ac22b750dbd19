//! The order in which objects come out.

use std::cmp::Ordering;

use promsight_model::manifest::Value;

use super::resource::{Gvk, Resource};

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts as `sortOptions` asks; as kustomize does by itself where it does not.
pub(crate) fn sort(resources: &mut [Resource], options: Option<&Value>) {
    let order = options.and_then(|options| options.text_at(&["order"]));
    if options.is_some() && order != Some("legacy") {
        return;
    }
    let legacy = options.and_then(|options| options.get("legacySortOptions"));
    let kinds = |key: &str, default: &[&str]| match legacy {
        Some(legacy) => {
            let kinds = legacy.items_at(key).iter().filter_map(Value::as_str);
            kinds.map(str::to_owned).collect::<Vec<_>>()
        }
        None => default.iter().map(|kind| (*kind).to_owned()).collect(),
    };
    let (first, last) = (kinds("orderFirst", &FIRST), kinds("orderLast", &LAST));
    let rank = |kind: &str| {
        let place = |kinds: &[String]| kinds.iter().rposition(|own| own == kind);
        match (place(&last), place(&first)) {
            (Some(index), _) => (2, index),
            (None, Some(index)) => (0, index),
            (None, None) => (1, 0),
        }
    };
    resources.sort_by(|left, right| {
        let (own, other) = (left.gvk(), right.gvk());
        let by_rank = rank(&own.kind).cmp(&rank(&other.kind));
        by_rank
            .then_with(|| by_kind(&own, &other))
            .then_with(|| sort_text(left).cmp(&sort_text(right)))
    });
}

fn by_kind(left: &Gvk, right: &Gvk) -> Ordering {
    let text = |gvk: &Gvk| {
        let or = |text: &str, other: &str| {
            if text.is_empty() {
                other.to_owned()
            } else {
                text.to_owned()
            }
        };
        format!(
            "{}_{}_{}",
            or(&gvk.group, "~G"),
            or(&gvk.version, "~V"),
            or(&gvk.kind, "~K")
        )
    };
    text(left).cmp(&text(right))
}

fn sort_text(resource: &Resource) -> String {
    let or = |text: &str, other: &str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text.to_owned()
        }
    };
    format!("{}|{}", or(resource.namespace(), "~X"), or(resource.name(), "~N"))
}

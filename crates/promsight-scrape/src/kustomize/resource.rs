//! An object on its way through kustomizations: what it is called, and what it was called before.

use promsight_model::Span;
use promsight_model::manifest::Value;

use super::edit;
use crate::objects::Object;

/// What kustomize takes for the namespace of an object that has none because of its kind.
const NO_NAMESPACE: &str = "_non_namespaceable_";

/// Kinds that stand in no namespace, in the API that kustomize v5.7.1 knows (Kubernetes 1.21.2). Custom kinds are taken
/// to stand in one.
const CLUSTER_SCOPED: [(&str, &str); 37] = [
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "MutatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingWebhookConfiguration",
    ),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("apiregistration.k8s.io/v1beta1", "APIService"),
    ("certificates.k8s.io/v1", "CertificateSigningRequest"),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "PriorityLevelConfiguration",
    ),
    ("networking.k8s.io/v1", "IngressClass"),
    ("networking.k8s.io/v1beta1", "IngressClass"),
    ("node.k8s.io/v1", "RuntimeClass"),
    ("node.k8s.io/v1beta1", "RuntimeClass"),
    ("policy/v1beta1", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"),
    ("scheduling.k8s.io/v1", "PriorityClass"),
    ("scheduling.k8s.io/v1beta1", "PriorityClass"),
    ("storage.k8s.io/v1", "CSIDriver"),
    ("storage.k8s.io/v1", "CSINode"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("storage.k8s.io/v1", "VolumeAttachment"),
    ("storage.k8s.io/v1beta1", "CSIDriver"),
    ("storage.k8s.io/v1beta1", "CSINode"),
    ("storage.k8s.io/v1beta1", "StorageClass"),
    ("storage.k8s.io/v1beta1", "VolumeAttachment"),
    ("v1", "ComponentStatus"),
    ("v1", "Namespace"),
    ("v1", "Node"),
    ("v1", "NodeProxyOptions"),
    ("v1", "PersistentVolume"),
    ("extensions/v1beta1", "PodSecurityPolicy"),
];

/// Group, version and kind; as a selector, what is empty matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gvk {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

impl Gvk {
    /// From `apiVersion` and `kind`.
    pub(crate) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// From the fields `group`, `version` and `kind` of a selector; `apiVersion` is not one of them.
    pub(crate) fn of_selector(selector: &Value) -> Self {
        let text = |key| selector.text_at(&[key]).unwrap_or_default().to_owned();
        Self {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
        }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether a selector admits it.
    pub(crate) fn is_selected_by(&self, selector: &Self) -> bool {
        let admits = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        admits(&selector.group, &self.group)
            && admits(&selector.version, &self.version)
            && admits(&selector.kind, &self.kind)
    }

    pub(crate) fn is_cluster_scoped(&self) -> bool {
        let api_version = self.api_version();
        CLUSTER_SCOPED
            .iter()
            .any(|(version, kind)| *version == api_version && *kind == self.kind)
    }
}

/// What an object is called. The namespace is the effective one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl std::fmt::Display for Id {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} `{}`", self.gvk.kind, self.name)?;
        if self.namespace != NO_NAMESPACE && self.namespace != "default" {
            write!(formatter, " in namespace `{}`", self.namespace)?;
        }
        Ok(())
    }
}

/// The namespace by which objects are told apart: none and `default` are the same.
pub(crate) fn effective_namespace(gvk: &Gvk, namespace: &str) -> String {
    match namespace {
        _ if gvk.is_cluster_scoped() => NO_NAMESPACE.to_owned(),
        "" => "default".to_owned(),
        other => other.to_owned(),
    }
}

/// What a generator does where an object of its name is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    #[default]
    Create,
    Replace,
    Merge,
}

/// An object on its way.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) value: Value,
    /// The document that it was written in.
    pub(crate) origin: Span,
    /// The entries of kustomizations that brought it in, the nearest first.
    pub(crate) reached_by: Vec<Span>,
    /// What it was called before, the oldest first.
    pub(crate) previous: Vec<Id>,
    /// Prefixes and suffixes that were added to its name.
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    /// Whether its name gets the hash of its content.
    pub(crate) needs_hash: bool,
    pub(crate) behavior: Behavior,
    /// Names of the variables that read a field of it.
    pub(crate) variables: Vec<String>,
}

impl Resource {
    pub(crate) fn new(value: Value) -> Self {
        Self {
            origin: value.span,
            value,
            reached_by: Vec::new(),
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            needs_hash: false,
            behavior: Behavior::Create,
            variables: Vec::new(),
        }
    }

    /// The finished object; `applied` names what applies the kustomization that it comes out of.
    pub(crate) fn into_object(self, applied: &[Span]) -> Object {
        let mut reached_by = self.reached_by;
        reached_by.extend(applied);
        Object {
            value: self.value,
            origin: self.origin,
            reached_by,
            is_deployed: true,
        }
    }

    pub(crate) fn gvk(&self) -> Gvk {
        let text = |key| self.value.text_at(&[key]).unwrap_or_default();
        Gvk::new(text("apiVersion"), text("kind"))
    }

    pub(crate) fn name(&self) -> &str {
        self.value.text_at(&["metadata", "name"]).unwrap_or_default()
    }

    pub(crate) fn namespace(&self) -> &str {
        self.value.text_at(&["metadata", "namespace"]).unwrap_or_default()
    }

    /// What it is called now.
    pub(crate) fn id(&self) -> Id {
        let gvk = self.gvk();
        Id {
            namespace: effective_namespace(&gvk, self.namespace()),
            name: self.name().to_owned(),
            gvk,
        }
    }

    /// What it was called before anything changed it. Its group and version are those of now.
    pub(crate) fn original_id(&self) -> Id {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = Id> {
        let now = self.gvk();
        self.previous.iter().map(move |id| Id {
            gvk: Gvk {
                kind: id.gvk.kind.clone(),
                ..now.clone()
            },
            ..id.clone()
        })
    }

    /// Whether it is or was called so.
    pub(crate) fn was(&self, matches: impl Fn(&Id) -> bool) -> bool {
        self.previous_ids().any(|id| matches(&id)) || matches(&self.id())
    }

    /// Keeps what it is called now, before that changes.
    pub(crate) fn remember(&mut self) {
        let id = self.id();
        self.previous.push(id);
    }

    pub(crate) fn set_name(&mut self, name: String) {
        self.set_metadata("name", name);
    }

    /// Sets a text of the metadata; one that is there keeps its place.
    pub(crate) fn set_metadata(&mut self, key: &str, text: String) {
        let span = self.value.span;
        let Some(metadata) = edit::map_at(&mut self.value, &["metadata"], span) else {
            return;
        };
        match edit::raw_mut(metadata, key) {
            Some(old) => edit::set_text(old, text),
            None => edit::set(metadata, key, span, Value::string(text, span)),
        }
    }
}

/// The objects that match an id in any of their names.
pub(crate) fn matching(resources: &[Resource], matches: impl Fn(&Id) -> bool) -> Vec<usize> {
    let found = resources.iter().enumerate();
    found
        .filter(|(_, resource)| resource.was(&matches))
        .map(|(index, _)| index)
        .collect()
}

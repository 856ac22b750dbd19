//! What runs in the cluster once a rendering is applied: one pod for each template, Services, Ingresses, Namespaces.
//!
//! Owns the pods that controllers make of templates, with the names and labels that those add, and the endpoints of
//! Services. What a running cluster alone decides (addresses, generated names, nodes) is open.

use std::collections::BTreeMap;

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::objects::{Object, ObjectId, Rendering, text_entries};
use crate::selector::Selector;
use crate::text::{Answer, Shape, Text};

/// The cluster of one rendering.
#[derive(Debug)]
pub(crate) struct Cluster<'a> {
    pub(crate) rendering: usize,
    /// Whether everything that is rendered is known.
    pub(crate) is_complete: bool,
    pub(crate) pods: Vec<Pod<'a>>,
    pub(crate) services: Vec<Service<'a>>,
    pub(crate) ingresses: Vec<(&'a Object, Text)>,
    namespaces: BTreeMap<&'a str, &'a Object>,
}

/// Labels or annotations of an object.
pub(crate) type Metadata = Vec<(String, Text)>;

/// The pod that stands for all of a template.
#[derive(Debug)]
pub(crate) struct Pod<'a> {
    pub(crate) workload: ObjectId,
    pub(crate) object: &'a Object,
    pub(crate) namespace: Text,
    pub(crate) name: Text,
    pub(crate) address: Text,
    pub(crate) labels: Metadata,
    pub(crate) annotations: Metadata,
    /// Kind and name of what made it.
    pub(crate) controller: Option<(&'static str, Text)>,
    /// Containers, init containers behind them.
    pub(crate) containers: Vec<Container<'a>>,
    /// The pod's own specification.
    pub(crate) spec: &'a Value,
    /// What is unique to it, for naming what is open.
    pub(crate) key: String,
}

#[derive(Debug)]
pub(crate) struct Container<'a> {
    pub(crate) name: &'a str,
    pub(crate) image: &'a str,
    pub(crate) is_init: bool,
    pub(crate) ports: Vec<ContainerPort<'a>>,
    pub(crate) value: &'a Value,
}

#[derive(Debug)]
pub(crate) struct ContainerPort<'a> {
    pub(crate) number: u16,
    pub(crate) name: &'a str,
    pub(crate) protocol: &'a str,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) struct Service<'a> {
    /// What is unique to it, for naming what is open.
    pub(crate) key: String,
    pub(crate) object: &'a Object,
    pub(crate) namespace: Text,
    pub(crate) labels: Metadata,
    pub(crate) ports: Vec<ServicePort<'a>>,
    /// `None` where something else looks after its endpoints.
    pub(crate) selector: Option<Selector>,
    pub(crate) kind: ServiceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceKind {
    /// It has an address of its own, and admits the ports that it declares.
    Address,
    /// Its name leads to the pods themselves, on any port.
    Headless,
    /// Its name stands for one elsewhere.
    External,
}

#[derive(Debug)]
pub(crate) struct ServicePort<'a> {
    pub(crate) number: u16,
    pub(crate) name: &'a str,
    pub(crate) protocol: &'a str,
    pub(crate) target: TargetPort<'a>,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetPort<'a> {
    Number(u16),
    Name(&'a str),
}

impl<'a> Cluster<'a> {
    pub(crate) fn new(index: usize, rendering: &'a Rendering) -> Self {
        let mut cluster = Self {
            rendering: index,
            is_complete: rendering.is_complete,
            pods: Vec::new(),
            services: Vec::new(),
            ingresses: Vec::new(),
            namespaces: BTreeMap::new(),
        };
        for (object_index, object) in rendering.objects.iter().enumerate() {
            let id = ObjectId {
                rendering: index,
                object: object_index,
            };
            if !object.is_deployed {
                continue;
            }
            match (object.kind(), object.api_version()) {
                ("Service", "v1") => cluster.services.push(service(id, object)),
                ("Ingress", _) => {
                    let namespace = namespace(object, index);
                    cluster.ingresses.push((object, namespace));
                }
                ("Namespace", "v1") => {
                    cluster.namespaces.insert(object.name(), object);
                }
                _ => cluster.pods.extend(pod(id, object)),
            }
        }
        cluster
    }

    /// The Namespace object of that name.
    pub(crate) fn namespace(&self, name: &str) -> Option<&'a Object> {
        self.namespaces.get(name).copied()
    }

    /// The pods that a Service selects, each with how sure that is.
    pub(crate) fn selected<'s>(
        &'s self,
        service: &'s Service<'_>,
    ) -> impl Iterator<Item = (&'s Pod<'a>, Answer)> {
        let selector = service.selector.as_ref().filter(|selector| !selector.is_empty());
        let pods = selector.map_or(&[][..], |_| &self.pods);
        pods.iter().filter_map(move |pod| {
            let fits = selector?.selects(|key| find(&pod.labels, key));
            let together = pod.namespace.equals(&service.namespace);
            let answer = fits.and(together);
            (answer != Answer::Never).then_some((pod, answer))
        })
    }
}

impl Pod<'_> {
    /// The port of a container by its name, as Services look it up.
    pub(crate) fn port_named(&self, name: &str, protocol: &str) -> Option<u16> {
        let containers = self.containers.iter().filter(|container| !container.is_init);
        let mut ports = containers.flat_map(|container| &container.ports);
        ports
            .find(|port| port.name == name && port.protocol == protocol)
            .map(|port| port.number)
    }

    /// The port on which the pod answers for a Service's port.
    pub(crate) fn answering(&self, port: &ServicePort<'_>) -> Option<u16> {
        match port.target {
            TargetPort::Number(number) => Some(number),
            TargetPort::Name(name) => self.port_named(name, port.protocol),
        }
    }
}

/// The value of a label or annotation.
pub(crate) fn find<'m>(metadata: &'m Metadata, key: &str) -> Option<&'m Text> {
    let found = metadata.iter().find(|(own, _)| own == key);
    found.map(|(_, value)| value)
}

/// The namespace that an object is applied to; of one that names none, the same open one for the whole rendering.
pub(crate) fn namespace(object: &Object, rendering: usize) -> Text {
    match object.namespace() {
        Some(namespace) => Text::written(namespace),
        None => Text::open(Shape::Name, format!("namespace of rendering {rendering}")),
    }
}

fn metadata(value: Option<&Value>) -> Metadata {
    text_entries(value)
        .map(|(key, value, _)| (key.to_owned(), Text::written(value)))
        .collect()
}

fn service(id: ObjectId, object: &Object) -> Service<'_> {
    let spec = object.value.get("spec");
    let text = |path: &str| spec.and_then(|spec| spec.text_at(&[path]));
    let kind = if text("type") == Some("ExternalName") {
        ServiceKind::External
    } else if text("clusterIP") == Some("None") {
        ServiceKind::Headless
    } else {
        ServiceKind::Address
    };
    let ports = spec.map_or(&[][..], |spec| spec.items_at("ports")).iter();
    Service {
        key: format!("{}.{}", id.rendering, id.object),
        object,
        namespace: namespace(object, id.rendering),
        labels: metadata(object.value.at(&["metadata", "labels"])),
        ports: ports.filter_map(service_port).collect(),
        selector: spec.and_then(|spec| spec.get("selector")).map(Selector::of_map),
        kind,
    }
}

fn service_port(value: &Value) -> Option<ServicePort<'_>> {
    let number = port_number(value.get("port")?)?;
    let target = match value.get("targetPort") {
        None => TargetPort::Number(number),
        Some(target) => match port_number(target) {
            Some(number) => TargetPort::Number(number),
            None => TargetPort::Name(target.as_str()?),
        },
    };
    Some(ServicePort {
        number,
        name: value.text_at(&["name"]).unwrap_or_default(),
        protocol: value.text_at(&["protocol"]).unwrap_or("TCP"),
        target,
        span: value.span,
    })
}

fn port_number(value: &Value) -> Option<u16> {
    u16::try_from(value.as_integer()?).ok()
}

/// How the pods of a kind of workload come to be.
struct Template<'a> {
    /// The pod's metadata.
    metadata: Option<&'a Value>,
    spec: &'a Value,
}

fn template(object: &Object) -> Option<Template<'_>> {
    let value = &object.value;
    let holder = match object.kind() {
        "Pod" => {
            return Some(Template {
                metadata: value.get("metadata"),
                spec: value.get("spec")?,
            });
        }
        "CronJob" => value.at(&["spec", "jobTemplate", "spec", "template"]),
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job"
        | "Rollout"
        | "DeploymentConfig"
        | "CloneSet" => value.at(&["spec", "template"]),
        _ => None,
    }?;
    Some(Template {
        metadata: holder.get("metadata"),
        spec: holder.get("spec")?,
    })
}

fn pod(id: ObjectId, object: &Object) -> Option<Pod<'_>> {
    let template = template(object)?;
    let key = format!("{}.{}", id.rendering, id.object);
    let open = |shape: Shape, what: &str| Text::open(shape, format!("{what} of {key}"));
    let own = Text::written(object.name());
    let joined = |first: &Text, last: Text| {
        let mut name = first.clone().with("-");
        name.push(&last);
        name
    };
    let mut labels = metadata(template.metadata.and_then(|metadata| metadata.get("labels")));
    let mut add = |name: &str, value: Text| labels.push((name.to_owned(), value));
    let (name, controller) = match object.kind() {
        "Pod" => (own, None),
        "Deployment" | "Rollout" => {
            let set = joined(&own, open(Shape::Hash, "hash"));
            let label = if object.kind() == "Rollout" {
                "rollouts-pod-template-hash"
            } else {
                "pod-template-hash"
            };
            add(label, open(Shape::Hash, "hash"));
            (joined(&set, open(Shape::Hash, "end")), Some(("ReplicaSet", set)))
        }
        "StatefulSet" => {
            let name = joined(&own, open(Shape::Digits, "number"));
            add("statefulset.kubernetes.io/pod-name", name.clone());
            add("apps.kubernetes.io/pod-index", open(Shape::Digits, "number"));
            add(
                "controller-revision-hash",
                joined(&own, open(Shape::Hash, "hash")),
            );
            (name, Some(("StatefulSet", own)))
        }
        "DaemonSet" => {
            add("controller-revision-hash", open(Shape::Hash, "hash"));
            add("pod-template-generation", open(Shape::Digits, "generation"));
            (joined(&own, open(Shape::Hash, "end")), Some(("DaemonSet", own)))
        }
        "Job" | "CronJob" => {
            let job = if object.kind() == "CronJob" {
                joined(&own, open(Shape::Digits, "time"))
            } else {
                own
            };
            for label in ["job-name", "batch.kubernetes.io/job-name"] {
                add(label, job.clone());
            }
            for label in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
                add(label, open(Shape::Word, "controller"));
            }
            (joined(&job, open(Shape::Hash, "end")), Some(("Job", job)))
        }
        kind => {
            let kind = match kind {
                "ReplicaSet" => "ReplicaSet",
                "CloneSet" => "CloneSet",
                _ => "ReplicationController",
            };
            (joined(&own, open(Shape::Hash, "end")), Some((kind, own)))
        }
    };
    let spec = template.spec;
    let containers = spec
        .items_at("containers")
        .iter()
        .map(|value| container(value, false));
    let init = spec
        .items_at("initContainers")
        .iter()
        .map(|value| container(value, true));
    Some(Pod {
        workload: id,
        object,
        namespace: namespace(object, id.rendering),
        name,
        address: open(Shape::Address, "address"),
        labels,
        annotations: metadata(template.metadata.and_then(|metadata| metadata.get("annotations"))),
        controller,
        containers: containers.chain(init).collect(),
        spec,
        key,
    })
}

fn container(value: &Value, is_init: bool) -> Container<'_> {
    let ports = value.items_at("ports").iter().filter_map(|port| {
        Some(ContainerPort {
            number: port_number(port.get("containerPort")?)?,
            name: port.text_at(&["name"]).unwrap_or_default(),
            protocol: port.text_at(&["protocol"]).unwrap_or("TCP"),
            span: port.span,
        })
    });
    Container {
        name: value.text_at(&["name"]).unwrap_or_default(),
        image: value.text_at(&["image"]).unwrap_or_default(),
        is_init,
        ports: ports.collect(),
        value,
    }
}

//! Discovery in Kubernetes, as Prometheus does it (`discovery/kubernetes`, version 3.16).
//!
//! Owns the roles: which targets each finds among what a rendering applies, and the `__meta_kubernetes_…` labels that
//! they get. A label whose value only the cluster knows is open.

mod endpoints;
mod ingress;
mod labels;

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::relabel::Labels;
use crate::selector::Selector;
use crate::targets::cluster::{Cluster, Metadata, Pod, Service, ServiceKind, find};
use crate::targets::kubernetes::labels::{
    object_labels, open_metadata, own_metadata, port_labels, service_labels, set,
};
use crate::text::{Answer, Shape, Text};

pub(crate) use labels::sanitized;

/// A target as discovery finds it.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// `__address__` and the labels of discovery.
    pub(crate) labels: Labels,
    /// The host of its address, and what answers there.
    pub(crate) host: Host<'a>,
    /// Whether it is surely found.
    pub(crate) presence: Answer,
    /// Where it comes from.
    pub(crate) span: Span,
}

/// What stands behind an address.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Host<'a> {
    /// A pod.
    Pod(&'a Pod<'a>),
    /// A Service, by its name.
    Service(&'a Cluster<'a>, &'a Service<'a>),
    /// A service of docker-compose, by its name.
    Compose(&'a str),
    /// Nothing of the tree, as far as discovery says.
    Other,
}

/// One entry of `kubernetes_sd_configs`.
#[derive(Debug)]
pub(crate) struct Discovery {
    role: Role,
    /// The namespaces that it looks into; all where there are none.
    namespaces: Vec<Text>,
    selectors: Vec<(Role, Selector, Selector)>,
    attaches: Vec<String>,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Node,
    Pod,
    Service,
    Endpoints,
    EndpointSlice,
    Ingress,
}

impl Role {
    fn of(word: &str) -> Option<Self> {
        let role = match word.to_ascii_lowercase().as_str() {
            "node" => Self::Node,
            "pod" => Self::Pod,
            "service" => Self::Service,
            "endpoints" => Self::Endpoints,
            "endpointslice" | "endpointslices" => Self::EndpointSlice,
            "ingress" => Self::Ingress,
            _ => return None,
        };
        Some(role)
    }
}

impl Discovery {
    /// Reads an entry. Errs with a clause where it looks at another cluster, or is not understood.
    pub(crate) fn of(entry: &Value, own_namespace: &Text) -> Result<Self, String> {
        if entry.get("api_server").is_some() || entry.get("kubeconfig_file").is_some() {
            return Err("it discovers the targets of another cluster".to_owned());
        }
        let word = entry.text_at(&["role"]).unwrap_or_default();
        let role = Role::of(word).ok_or_else(|| format!("`{word}` is no role of Kubernetes discovery"))?;
        let names = entry
            .at(&["namespaces", "names"])
            .map_or(&[][..], Value::items)
            .iter();
        let mut namespaces: Vec<Text> = names
            .filter_map(|name| name.as_str().map(Text::written))
            .collect();
        let is_own = entry
            .at(&["namespaces", "own_namespace"])
            .and_then(Value::as_bool)
            .unwrap_or_default();
        if is_own {
            namespaces.push(own_namespace.clone());
        }
        let selectors = entry.items_at("selectors").iter().filter_map(|selector| {
            let line = |key: &str| Selector::of_line(selector.text_at(&[key]).unwrap_or_default());
            let role = Role::of(selector.text_at(&["role"])?)?;
            Some((role, line("label"), line("field")))
        });
        let attached = entry
            .get("attach_metadata")
            .map_or(&[][..], Value::entries)
            .iter();
        let attached = attached.filter(|(_, value)| value.as_bool() == Some(true));
        Ok(Self {
            role,
            namespaces,
            selectors: selectors.collect(),
            attaches: attached.map(|(key, _)| key.text.clone()).collect(),
            span: entry.span,
        })
    }

    /// Whether all that it finds is open: nodes are no manifests.
    pub(crate) fn finds_nodes(&self) -> bool {
        self.role == Role::Node
    }

    /// The targets that it finds in what one rendering applies.
    pub(crate) fn find<'a>(&self, cluster: &'a Cluster<'a>) -> Vec<Found<'a>> {
        match self.role {
            Role::Node => Vec::new(),
            Role::Pod => cluster
                .pods
                .iter()
                .flat_map(|pod| self.pod(cluster, pod))
                .collect(),
            Role::Service => {
                let services = cluster.services.iter();
                services
                    .flat_map(|service| self.service(cluster, service))
                    .collect()
            }
            Role::Endpoints | Role::EndpointSlice => {
                let services = cluster.services.iter();
                services
                    .flat_map(|service| self.endpoints(cluster, service))
                    .collect()
            }
            Role::Ingress => {
                let ingresses = cluster.ingresses.iter();
                ingresses
                    .flat_map(|(object, namespace)| self.ingress(cluster, object, namespace))
                    .collect()
            }
        }
    }

    /// One node for all: its labels are the cluster's.
    pub(crate) fn node(&self) -> Found<'static> {
        let mut labels = Labels::new();
        let name = Text::open(Shape::Name, "name of a node");
        labels.set(
            "__address__",
            Text::open(Shape::Address, "address of a node").with(":10250"),
        );
        labels.set("instance", name.clone());
        set(&mut labels, "node_name", name);
        set(
            &mut labels,
            "node_provider_id",
            Text::open(Shape::Anything, "provider of a node"),
        );
        set(
            &mut labels,
            "node_address_InternalIP",
            Text::open(Shape::Address, "address of a node"),
        );
        for kind in ["Hostname", "ExternalIP", "InternalDNS", "ExternalDNS"] {
            let value = Text::open(Shape::Anything, format!("{kind} of a node"));
            set(&mut labels, &format!("node_address_{kind}"), value);
        }
        labels.set("__meta_kubernetes_node_condition_ready", Text::known("true"));
        open_metadata(&mut labels, "node");
        Found {
            labels,
            host: Host::Other,
            presence: Answer::Always,
            span: self.span,
        }
    }

    fn is_in_namespace(&self, namespace: &Text) -> Answer {
        if self.namespaces.is_empty() {
            return Answer::Always;
        }
        let answers = self.namespaces.iter().map(|own| own.equals(namespace));
        answers.fold(Answer::Never, Answer::or)
    }

    /// Whether the selectors for a role admit an object.
    fn admits(&self, role: Role, labels: &Metadata, name: &Text, namespace: &Text) -> Answer {
        let of_role = self.selectors.iter().filter(|(own, _, _)| *own == role);
        let answers = of_role.map(|(_, label, field)| {
            let by_field = if field.is_empty() {
                Answer::Always
            } else {
                let known = field.selects(|key| match key {
                    "metadata.name" => Some(name),
                    "metadata.namespace" => Some(namespace),
                    _ => None,
                });
                // Fields that are not followed (a pod's node, its phase) may have any value.
                if known == Answer::Never {
                    Answer::Perhaps
                } else {
                    known
                }
            };
            label.selects(|key| find(labels, key)).and(by_field)
        });
        answers.fold(Answer::Always, Answer::and)
    }

    fn pod<'a>(&self, cluster: &'a Cluster<'a>, pod: &'a Pod<'a>) -> Vec<Found<'a>> {
        let admitted = self.admits(Role::Pod, &pod.labels, &pod.name, &pod.namespace);
        let presence = self.is_in_namespace(&pod.namespace).and(admitted);
        if presence == Answer::Never {
            return Vec::new();
        }
        let mut common = Labels::new();
        self.pod_labels(&mut common, pod);
        self.attach_place(&mut common, cluster, &pod.namespace);
        set(&mut common, "namespace", pod.namespace.clone());
        let mut found = Vec::new();
        for container in &pod.containers {
            let mut labels = common.clone();
            set(&mut labels, "pod_container_name", Text::written(container.name));
            set(&mut labels, "pod_container_image", Text::written(container.image));
            let id = Text::open(Shape::Word, format!("id of {} {}", pod.key, container.name));
            set(&mut labels, "pod_container_id", id);
            set(
                &mut labels,
                "pod_container_init",
                Text::known(container.is_init.to_string()),
            );
            if container.ports.is_empty() {
                labels.set("__address__", pod.address.clone());
                found.push(at_pod(labels.clone(), pod, presence, container.value.span));
            }
            for port in &container.ports {
                let mut labels = labels.clone();
                labels.set(
                    "__address__",
                    pod.address.clone().with(&format!(":{}", port.number)),
                );
                port_labels(&mut labels, port, port.protocol);
                found.push(at_pod(labels, pod, presence, port.span));
            }
        }
        found
    }

    fn pod_labels(&self, labels: &mut Labels, pod: &Pod<'_>) {
        let open = |shape: Shape, what: &str| Text::open(shape, format!("{what} of {}", pod.key));
        set(labels, "pod_ip", pod.address.clone());
        set(labels, "pod_ready", Text::known("true"));
        set(labels, "pod_phase", Text::known("Running"));
        set(labels, "pod_node_name", open(Shape::Name, "node"));
        let is_host = pod.spec.get("hostNetwork").and_then(Value::as_bool) == Some(true);
        let host = if is_host {
            pod.address.clone()
        } else {
            open(Shape::Address, "host")
        };
        set(labels, "pod_host_ip", host);
        set(labels, "pod_uid", open(Shape::Word, "uid"));
        set(labels, "pod_name", pod.name.clone());
        object_labels(labels, "pod", &pod.labels, &pod.annotations);
        if let Some((kind, name)) = &pod.controller {
            set(labels, "pod_controller_kind", Text::known(*kind));
            set(labels, "pod_controller_name", name.clone());
            let own = Text::written(pod.object.name());
            match pod.object.kind() {
                "Deployment" if self.attaches_("deployment") => set(labels, "pod_deployment_name", own),
                "Job" if self.attaches_("job") => set(labels, "pod_job_name", own),
                "CronJob" => {
                    if self.attaches_("job") {
                        set(labels, "pod_job_name", name.clone());
                    }
                    if self.attaches_("cronjob") {
                        set(labels, "pod_cronjob_name", own);
                    }
                }
                _ => {}
            }
        }
    }

    fn attaches_(&self, what: &str) -> bool {
        self.attaches.iter().any(|own| own == what)
    }

    /// What `attach_metadata` adds of the node and the namespace.
    fn attach_place(&self, labels: &mut Labels, cluster: &Cluster<'_>, namespace: &Text) {
        if self.attaches_("node") {
            set(labels, "node_name", Text::open(Shape::Name, "name of a node"));
            open_metadata(labels, "node");
        }
        if !self.attaches_("namespace") {
            return;
        }
        let object = namespace.as_known().and_then(|name| cluster.namespace(name));
        match object {
            Some(object) => {
                own_metadata(labels, "namespace", object);
                let name = Text::written(object.name());
                set(labels, "namespace_label_kubernetes_io_metadata_name", name);
                set(
                    labels,
                    "namespace_labelpresent_kubernetes_io_metadata_name",
                    Text::known("true"),
                );
            }
            None => open_metadata(labels, "namespace"),
        }
    }

    fn service<'a>(&self, cluster: &'a Cluster<'a>, service: &'a Service<'a>) -> Vec<Found<'a>> {
        let name = Text::written(service.object.name());
        let admitted = self.admits(Role::Service, &service.labels, &name, &service.namespace);
        let presence = self.is_in_namespace(&service.namespace).and(admitted);
        if presence == Answer::Never {
            return Vec::new();
        }
        let mut common = Labels::new();
        service_labels(&mut common, service);
        if self.attaches_("namespace") {
            self.attach_place(&mut common, cluster, &service.namespace);
        }
        let spec = service.object.value.get("spec");
        let text = |key: &str| spec.and_then(|spec| spec.text_at(&[key]));
        let found = service.ports.iter().map(|port| {
            let mut labels = common.clone();
            labels.set(
                "__address__",
                service_host(service).with(&format!(":{}", port.number)),
            );
            set(&mut labels, "service_port_name", Text::written(port.name));
            set(
                &mut labels,
                "service_port_number",
                Text::known(port.number.to_string()),
            );
            set(&mut labels, "service_port_protocol", Text::written(port.protocol));
            let kind = text("type").unwrap_or("ClusterIP");
            set(&mut labels, "service_type", Text::written(kind));
            if service.kind == ServiceKind::External {
                set(
                    &mut labels,
                    "service_external_name",
                    Text::written(text("externalName").unwrap_or_default()),
                );
            } else {
                let address = match text("clusterIP") {
                    Some(written) if !written.is_empty() => Text::written(written),
                    _ => Text::open(Shape::Address, format!("address of {}", service.key)),
                };
                set(&mut labels, "service_cluster_ip", address);
            }
            if kind == "LoadBalancer" {
                let address = Text::open(Shape::Anything, format!("load balancer of {}", service.key));
                set(&mut labels, "service_loadbalancer_ip", address);
            }
            Found {
                labels,
                host: Host::Service(cluster, service),
                presence,
                span: port.span,
            }
        });
        found.collect()
    }
}

/// The name by which the role `service` scrapes a Service.
fn service_host(service: &Service<'_>) -> Text {
    let mut host = Text::written(service.object.name()).with(".");
    host.push(&service.namespace);
    host.with(".svc")
}

fn at_pod<'a>(labels: Labels, pod: &'a Pod<'a>, presence: Answer, span: Span) -> Found<'a> {
    Found {
        labels,
        host: Host::Pod(pod),
        presence,
        span,
    }
}

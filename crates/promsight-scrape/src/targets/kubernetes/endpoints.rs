//! The roles `endpoints` and `endpointslice`: the pods behind Services, by the ports that these declare and those of the
//! pods' own.

use crate::relabel::Labels;
use crate::targets::cluster::{
    Cluster, Container, ContainerPort, Metadata, Pod, Service, ServiceKind, TargetPort,
};
use crate::targets::kubernetes::labels::{
    container_labels, hostname, object_labels, open_metadata, port_labels, service_labels, set,
};
use crate::targets::kubernetes::{Discovery, Found, Host, Role, at_pod};
use crate::text::{Answer, Shape, Text};

impl Discovery {
    /// The endpoints of a Service, with the other ports of their pods.
    pub(super) fn endpoints<'a>(&self, cluster: &'a Cluster<'a>, service: &'a Service<'a>) -> Vec<Found<'a>> {
        let name = Text::written(service.object.name());
        let own_labels = self.endpoints_labels(service);
        let admitted = self.admits(self.role, &own_labels, &name, &service.namespace);
        let presence = self.is_in_namespace(&service.namespace).and(admitted);
        if presence == Answer::Never || service.kind == ServiceKind::External {
            return Vec::new();
        }
        let mut common = Labels::new();
        set(&mut common, "namespace", service.namespace.clone());
        let is_slice = self.role == Role::EndpointSlice;
        let prefix = if is_slice { "endpointslice" } else { "endpoints" };
        let object_name = if is_slice {
            let mut generated = name.clone().with("-");
            generated.push(&Text::open(Shape::Hash, format!("slice of {}", service.key)));
            generated
        } else {
            name.clone()
        };
        set(&mut common, &format!("{prefix}_name"), object_name);
        object_labels(&mut common, prefix, &own_labels, &Vec::new());
        if is_slice {
            set(&mut common, "endpointslice_address_type", Text::known("IPv4"));
        }
        if self.admits(Role::Service, &service.labels, &name, &service.namespace) != Answer::Never {
            service_labels(&mut common, service);
        }
        if self.attaches_("namespace") {
            self.attach_place(&mut common, cluster, &service.namespace);
        }
        let mut found = Vec::new();
        let mut selected = cluster.selected(service).peekable();
        if selected.peek().is_none() {
            found.extend(self.elsewhere(&common, service));
        }
        for (pod, selected) in selected {
            let presence = presence.and(selected);
            let visible = self.admits(Role::Pod, &pod.labels, &pod.name, &pod.namespace);
            let numbers: Vec<u16> = service
                .ports
                .iter()
                .filter_map(|port| pod.answering(port))
                .collect();
            if numbers.is_empty() {
                continue;
            }
            for port in &service.ports {
                let Some(number) = pod.answering(port) else {
                    continue;
                };
                let mut labels = common.clone();
                labels.set("__address__", pod.address.clone().with(&format!(":{number}")));
                if is_slice {
                    self.slice_labels(&mut labels, pod, port.name, port.protocol, number);
                } else {
                    self.endpoint_labels(&mut labels, pod, port.name, port.protocol);
                }
                if visible != Answer::Never {
                    self.pod_labels(&mut labels, pod);
                    for container in &pod.containers {
                        let own = container.ports.iter().find(|own| own.number == number);
                        if let Some(own) = own {
                            container_labels(&mut labels, container);
                            port_labels(&mut labels, own, port.protocol);
                        }
                    }
                }
                found.push(at_pod(labels, pod, presence, port.span));
            }
            if visible == Answer::Never {
                continue;
            }
            for (container, port) in other_ports(pod, &numbers) {
                let mut labels = common.clone();
                labels.set(
                    "__address__",
                    pod.address.clone().with(&format!(":{}", port.number)),
                );
                self.pod_labels(&mut labels, pod);
                container_labels(&mut labels, container);
                port_labels(&mut labels, port, port.protocol);
                found.push(at_pod(labels, pod, presence, port.span));
            }
        }
        found
    }

    /// What answers for a Service whose pods the tree does not make: those of an operator, or nothing.
    fn elsewhere<'a>(&self, common: &Labels, service: &'a Service<'a>) -> Vec<Found<'a>> {
        let found = service.ports.iter().map(|port| {
            let mut labels = common.clone();
            let address = Text::open(Shape::Address, format!("endpoint of {}", service.key));
            let number = match port.target {
                TargetPort::Number(number) => Text::known(number.to_string()),
                TargetPort::Name(name) => {
                    Text::open(Shape::Digits, format!("port {name} of {}", service.key))
                }
            };
            let mut address = address.with(":");
            address.push(&number);
            labels.set("__address__", address);
            let prefix = if self.role == Role::EndpointSlice {
                "endpointslice"
            } else {
                "endpoint"
            };
            set(
                &mut labels,
                &format!("{prefix}_port_name"),
                Text::written(port.name),
            );
            set(
                &mut labels,
                &format!("{prefix}_port_protocol"),
                Text::written(port.protocol),
            );
            for open in [
                "pod_",
                "node_",
                "endpoint_address_",
                "endpoint_node_",
                "endpoint_hostname",
            ] {
                labels.open(&format!("__meta_kubernetes_{open}"));
            }
            labels.open("__meta_kubernetes_endpointslice_endpoint_");
            labels.open("__meta_kubernetes_endpointslice_address_target_");
            Found {
                labels,
                host: Host::Other,
                presence: Answer::Perhaps,
                span: port.span,
            }
        });
        found.collect()
    }

    /// The labels of the object that the endpoints controller makes of a Service.
    fn endpoints_labels(&self, service: &Service<'_>) -> Metadata {
        let mut labels = service.labels.clone();
        let mut add = |name: &str, value: &str| labels.push((name.to_owned(), Text::written(value)));
        if self.role == Role::EndpointSlice {
            add("kubernetes.io/service-name", service.object.name());
            add(
                "endpointslice.kubernetes.io/managed-by",
                "endpointslice-controller.k8s.io",
            );
        } else {
            add("endpoints.kubernetes.io/managed-by", "endpoint-controller");
        }
        if service.kind == ServiceKind::Headless {
            add("service.kubernetes.io/headless", "");
        }
        labels
    }

    fn endpoint_labels(&self, labels: &mut Labels, pod: &Pod<'_>, name: &str, protocol: &str) {
        set(labels, "endpoint_port_name", Text::written(name));
        set(labels, "endpoint_port_protocol", Text::written(protocol));
        set(labels, "endpoint_ready", Text::known("true"));
        set(labels, "endpoint_address_target_kind", Text::known("Pod"));
        set(labels, "endpoint_address_target_name", pod.name.clone());
        let node = Text::open(Shape::Name, format!("node of {}", pod.key));
        set(labels, "endpoint_node_name", node);
        if let Some(hostname) = hostname(pod) {
            set(labels, "endpoint_hostname", hostname);
        }
        self.attach_node(labels);
    }

    fn slice_labels(&self, labels: &mut Labels, pod: &Pod<'_>, name: &str, protocol: &str, number: u16) {
        set(labels, "endpointslice_port_name", Text::written(name));
        set(labels, "endpointslice_port_protocol", Text::written(protocol));
        set(labels, "endpointslice_port", Text::known(number.to_string()));
        set(
            labels,
            "endpointslice_endpoint_conditions_ready",
            Text::known("true"),
        );
        set(
            labels,
            "endpointslice_endpoint_conditions_serving",
            Text::known("true"),
        );
        set(
            labels,
            "endpointslice_endpoint_conditions_terminating",
            Text::known("false"),
        );
        set(labels, "endpointslice_address_target_kind", Text::known("Pod"));
        set(labels, "endpointslice_address_target_name", pod.name.clone());
        let open = |what: &str| Text::open(Shape::Name, format!("{what} of {}", pod.key));
        set(labels, "endpointslice_endpoint_node_name", open("node"));
        let zone = Text::open(Shape::Anything, format!("zone of {}", pod.key));
        set(labels, "endpointslice_endpoint_zone", zone);
        if let Some(hostname) = hostname(pod) {
            set(labels, "endpointslice_endpoint_hostname", hostname);
        }
        self.attach_node(labels);
    }

    fn attach_node(&self, labels: &mut Labels) {
        if self.attaches_("node") {
            set(labels, "node_name", Text::open(Shape::Name, "name of a node"));
            open_metadata(labels, "node");
        }
    }
}

/// Ports of containers that no endpoint of a Service covers: Prometheus makes targets of them too.
fn other_ports<'p>(
    pod: &'p Pod<'p>,
    covered: &'p [u16],
) -> impl Iterator<Item = (&'p Container<'p>, &'p ContainerPort<'p>)> {
    let ports = pod
        .containers
        .iter()
        .flat_map(|container| container.ports.iter().map(move |port| (container, port)));
    ports.filter(|(_, port)| !covered.contains(&port.number))
}

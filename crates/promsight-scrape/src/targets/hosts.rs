//! What stands behind a host and port that a configuration names: a Service, a service of docker-compose, the machine
//! itself, something outside of the tree.

use promsight_model::Span;

use crate::compose::{ComposeFile, ComposeService};
use crate::objects::ObjectId;
use crate::servers::{Server, ServerPlace};
use crate::targets::Place;
use crate::targets::cluster::{Cluster, Service, ServiceKind};
use crate::text::{Answer, Text};

/// What answers at an address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    pub(crate) place: Place,
    /// Workloads, each with the port on which it is asked.
    pub(crate) workloads: Vec<(ObjectId, Option<u16>)>,
    pub(crate) compose: Vec<(String, Span)>,
}

/// A host as the name of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServiceName<'h> {
    pub(crate) service: &'h str,
    /// `None` where the host leaves it out, which is the namespace of whoever asks.
    pub(crate) namespace: Option<&'h str>,
    /// Whether nothing but a Service is called so.
    pub(crate) is_sure: bool,
    /// Whether it names one pod of a headless Service.
    pub(crate) is_pod: bool,
}

/// The names of Services that a host can be.
pub(crate) fn service_names(host: &str) -> Vec<ServiceName<'_>> {
    let host = host.trim_end_matches('.');
    let parts: Vec<&str> = host.split('.').collect();
    let name = |service, namespace, is_sure, is_pod| ServiceName {
        service,
        namespace,
        is_sure,
        is_pod,
    };
    match parts.as_slice() {
        [service] => vec![name(*service, None, true, false)],
        [service, namespace] => vec![
            name(*service, Some(*namespace), false, false),
            // A pod of a StatefulSet, in the asker's own namespace.
            name(*namespace, None, false, true),
        ],
        [service, namespace, "svc"] => vec![name(*service, Some(*namespace), true, false)],
        [service, namespace, "svc", _, ..] => vec![name(*service, Some(*namespace), true, false)],
        [_, service, namespace, "svc", ..] => vec![name(*service, Some(*namespace), true, true)],
        [_, service, namespace] => vec![name(*service, Some(*namespace), false, true)],
        _ => Vec::new(),
    }
}

/// A host that a machine has for itself.
pub(crate) fn is_local(host: &str) -> bool {
    matches!(
        host,
        "localhost"
            | "host.docker.internal"
            | "gateway.docker.internal"
            | "docker.for.mac.localhost"
            | "docker.for.mac.host.internal"
            | "host.containers.internal"
            | "::1"
            | "0.0.0.0"
    ) || host.starts_with("127.")
        || host.starts_with("172.17.0.1")
}

/// Whether it is an address and no name.
pub(crate) fn is_address(host: &str) -> bool {
    host.contains(':') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Splits an address into host and port; without a port the second is `None`.
pub(crate) fn split(address: &str) -> (&str, Option<u16>) {
    if let Some(inner) = address.strip_prefix('[')
        && let Some((host, rest)) = inner.split_once(']')
    {
        let port = rest.strip_prefix(':').and_then(|port| port.parse().ok());
        return (host, port);
    }
    match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, port.parse().ok()),
        _ => (address, None),
    }
}

/// Services of that name, each with its cluster and how sure it is that they are meant.
pub(crate) fn services<'a>(
    clusters: &'a [Cluster<'a>],
    server: &Server,
    name: ServiceName<'_>,
) -> Vec<(&'a Cluster<'a>, &'a Service<'a>, Answer)> {
    let own = match (&server.place, name.namespace) {
        (_, Some(named)) => Some(Text::known(named)),
        (ServerPlace::Cluster { namespace, .. }, None) => Some(namespace.clone()),
        _ => None,
    };
    let all = clusters
        .iter()
        .flat_map(|cluster| cluster.services.iter().map(move |service| (cluster, service)));
    all.filter(|(_, service)| service.object.name() == name.service)
        .filter_map(|(cluster, service)| {
            let fits = own
                .as_ref()
                .map_or(Answer::Perhaps, |own| own.equals(&service.namespace));
            (fits != Answer::Never).then_some((cluster, service, fits))
        })
        .collect()
}

/// The workloads behind a Service's port, each with its own port.
pub(crate) fn behind(
    cluster: &Cluster<'_>,
    service: &Service<'_>,
    port: Option<u16>,
) -> Vec<(ObjectId, Option<u16>)> {
    let own = service.ports.iter().find(|own| Some(own.number) == port);
    cluster
        .selected(service)
        .filter_map(|(pod, _)| {
            let asked = match (own, service.kind) {
                // The name of a headless Service leads to the pods, whatever ports it declares.
                (_, ServiceKind::Headless) => port,
                (Some(own), _) => Some(pod.answering(own)?),
                (None, _) if service.ports.is_empty() => port,
                (None, _) => return None,
            };
            Some((pod.workload, asked))
        })
        .collect()
}

/// Where a host is named.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) clusters: &'a [Cluster<'a>],
    pub(crate) compose: &'a [ComposeFile<'a>],
}

impl<'a> Names<'a> {
    /// What answers at an address that a server asks.
    pub(crate) fn resolve(self, server: &Server, host: &str, port: Option<u16>) -> Answers {
        if is_local(host) {
            return Answers {
                place: Place::Local,
                ..Answers::default()
            };
        }
        if !matches!(server.place, ServerPlace::Cluster { .. }) {
            let compose = self.compose_answering(server, host);
            if !compose.is_empty() {
                return Answers {
                    place: Place::Compose,
                    workloads: Vec::new(),
                    compose,
                };
            }
        }
        if is_address(host) || matches!(server.place, ServerPlace::Compose { .. }) {
            return Answers {
                place: Place::External,
                ..Answers::default()
            };
        }
        for name in service_names(host) {
            let found = services(self.clusters, server, name);
            if found.is_empty() {
                continue;
            }
            let workloads = found
                .iter()
                .flat_map(|(cluster, service, _)| behind(cluster, service, port));
            return Answers {
                place: Place::Service,
                workloads: workloads.collect(),
                compose: Vec::new(),
            };
        }
        Answers {
            place: Place::External,
            ..Answers::default()
        }
    }

    /// The services of compose files that answer to a name, each with its place. Where the server's own file has one
    /// it is that, with what other files of the folder say of the same service; otherwise any file's may be meant.
    pub(crate) fn compose_answering(self, server: &Server, host: &str) -> Vec<(String, Span)> {
        let own = match &server.place {
            ServerPlace::Compose { file, .. } => self.compose.iter().find(|compose| compose.file == *file),
            _ => None,
        };
        let answers = |service: &&ComposeService<'a>| service.hosts.contains(&host);
        let found: Vec<(&ComposeFile<'a>, &ComposeService<'a>)> =
            match own.filter(|own| own.services.iter().any(|service| answers(&service))) {
                Some(own) => own
                    .services
                    .iter()
                    .filter(answers)
                    .map(|service| (own, service))
                    .collect(),
                None => {
                    let all = self.compose.iter();
                    all.flat_map(|compose| compose.services.iter().map(move |service| (compose, service)))
                        .filter(|(_, service)| answers(service))
                        .collect()
                }
            };
        let mut places: Vec<(String, Span)> = Vec::new();
        for (compose, service) in found {
            let beside = self
                .compose
                .iter()
                .filter(|other| other.folder == compose.folder && other.file != compose.file);
            let merged = beside
                .flat_map(|other| &other.services)
                .filter(|other| other.name == service.name);
            for service in std::iter::once(service).chain(merged) {
                let place = (service.name.to_owned(), service.value.span);
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }

    /// The services of compose files that are called so: those of the server's own file before others'.
    pub(crate) fn compose_services<'h>(
        self,
        server: &'h Server,
        host: &'h str,
    ) -> impl Iterator<Item = &'a ComposeService<'a>> + use<'a, 'h> {
        let own = match &server.place {
            ServerPlace::Compose { file, .. } => Some(*file),
            _ => None,
        };
        let (first, rest): (Vec<_>, Vec<_>) =
            self.compose.iter().partition(|compose| Some(compose.file) == own);
        first
            .into_iter()
            .chain(rest)
            .flat_map(|compose| &compose.services)
            .filter(move |service| service.hosts.contains(&host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_of_services_in_all_their_lengths() {
        let first = |host: &'static str| {
            service_names(host)
                .first()
                .map(|name| (name.service, name.namespace))
        };
        for host in [
            "till.shop",
            "till.shop.svc",
            "till.shop.svc.cluster.local",
            "till.shop.svc.cluster.local.",
        ] {
            assert_eq!(first(host), Some(("till", Some("shop"))), "{host}");
        }
        assert_eq!(first("till"), Some(("till", None)));
        assert_eq!(first("till-0.till.shop.svc"), Some(("till", Some("shop"))));
        assert_eq!(
            first("till-0.till.shop.svc.cluster.local"),
            Some(("till", Some("shop")))
        );
    }

    #[test]
    fn an_address_has_a_host_and_perhaps_a_port() {
        assert_eq!(split("till:8000"), ("till", Some(8000)));
        assert_eq!(split("till"), ("till", None));
        assert_eq!(split("[fd00::7]:80"), ("fd00::7", Some(80)));
        assert_eq!(split("till:http"), ("till", None));
    }
}

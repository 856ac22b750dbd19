//! What a NetworkPolicy says: the pods that it isolates, and the connections that it admits.
//!
//! Owns the semantics of `networking.k8s.io/v1`, as the API's documentation has them (Kubernetes 1.34,
//! <https://kubernetes.io/docs/concepts/services-networking/network-policies/>): policies only admit, a pod that one of
//! them selects for a direction takes nothing that none of them admits, and an absent list of peers or ports is all of
//! them. Decides nothing about who asks whom.

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::objects::Object;
use crate::selector::Selector;
use crate::servers::{Tree, namespace_fits};
use crate::targets::cluster::{Cluster, Metadata, Pod, find, namespace};
use crate::text::{Answer, Text, has_placeholder};

/// Which connections of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Those that others open to it.
    Ingress,
    /// Those that it opens.
    Egress,
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    /// The list of rules.
    fn rules(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }

    /// The list of peers in a rule.
    fn peers(self) -> &'static str {
        match self {
            Self::Ingress => "from",
            Self::Egress => "to",
        }
    }
}

/// A NetworkPolicy that is applied.
pub(super) struct Policy<'a> {
    pub(super) rendering: usize,
    pub(super) object: &'a Object,
    pub(super) namespace: Text,
    pods: Selector,
    spec: &'a Value,
}

/// A pod as the other end of a connection.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// `None` where nothing is known of it.
    pub(super) namespace: Option<Text>,
    /// Its labels; `None` where nothing is known of them.
    pub(super) labels: Option<Metadata>,
    /// Labels that it may have beside them.
    pub(super) possible: Metadata,
}

/// The port of a connection, at the pod that is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) pod: &'a Pod<'a>,
    /// Its number, where known.
    pub(super) port: Option<u16>,
}

impl<'a> Policy<'a> {
    /// Reads an object of a cluster; `None` where it is no NetworkPolicy, or is not applied.
    pub(super) fn of(cluster: &Cluster<'_>, object: &'a Object) -> Option<Self> {
        if !is_network_policy(object) || !object.is_deployed {
            return None;
        }
        let spec = object.value.get("spec")?;
        Some(Self {
            rendering: cluster.rendering,
            object,
            namespace: namespace(object, cluster.rendering),
            pods: spec
                .get("podSelector")
                .map(Selector::of_object)
                .unwrap_or_default(),
            spec,
        })
    }

    /// Where its name stands.
    pub(super) fn place(&self) -> Span {
        let name = self.object.value.at(&["metadata", "name"]);
        name.map_or(self.object.value.span, |name| name.span)
    }

    /// Whether it selects a pod, for that direction.
    ///
    /// Without `policyTypes` a policy is one for ingress, and one for egress where it has rules for that.
    pub(super) fn isolates(&self, peer: &Peer, direction: Direction) -> Answer {
        let types = self.spec.items_at("policyTypes");
        let mut written = types.iter().filter_map(Value::as_str);
        let is_of_direction = if types.is_empty() {
            Answer::of(direction == Direction::Ingress || self.spec.get(direction.rules()).is_some())
        } else if written.clone().any(|word| word == direction.word()) {
            Answer::Always
        } else if written.any(has_placeholder) {
            Answer::Perhaps
        } else {
            Answer::Never
        };
        let together = peer
            .namespace
            .as_ref()
            .map_or(Answer::Perhaps, |own| own.equals(&self.namespace));
        is_of_direction.and(together).and(peer.is_selected(&self.pods))
    }

    /// Whether it admits a connection with that peer.
    pub(super) fn admits(
        &self,
        tree: &Tree<'_>,
        direction: Direction,
        peer: &Peer,
        asked: Asked<'_>,
    ) -> Answer {
        let rules = self.rules(direction).iter();
        let answers = rules.map(|rule| {
            let peers = rule.items_at(direction.peers());
            let by_peer = peers.iter().map(|own| self.means(tree, own, peer));
            either(by_peer).and(either(rule.items_at("ports").iter().map(|own| asked.is(own))))
        });
        answers.fold(Answer::Never, Answer::or)
    }

    pub(super) fn rules(&self, direction: Direction) -> &'a [Value] {
        self.spec.items_at(direction.rules())
    }

    /// Whether an entry of `from` or `to` means a pod.
    fn means(&self, tree: &Tree<'_>, entry: &Value, peer: &Peer) -> Answer {
        let pods = entry.get("podSelector").map(Selector::of_object);
        let namespaces = entry.get("namespaceSelector").map(Selector::of_object);
        if pods.is_none() && namespaces.is_none() {
            // Addresses of pods are not known. Without anything the entry is refused.
            return Answer::Perhaps;
        }
        let by_pod = pods.map_or(Answer::Always, |pods| peer.is_selected(&pods));
        let by_namespace = match (namespaces, &peer.namespace) {
            (None, None) => Answer::Perhaps,
            (None, Some(own)) => own.equals(&self.namespace),
            (Some(selector), _) if selector.is_empty() => Answer::Always,
            (Some(_), None) => Answer::Perhaps,
            (Some(selector), Some(own)) => namespace_fits(tree, &selector, own),
        };
        by_pod.and(by_namespace)
    }

    /// Why it does not admit the connection, as a clause with it as the subject; and the part that says so.
    pub(super) fn refusal(&self, direction: Direction, asked: Asked<'_>) -> (Nearness, String, Option<Span>) {
        let name = self.object.name();
        let rules = self.rules(direction);
        let (verb, none) = match direction {
            Direction::Ingress => ("admits", "nobody"),
            Direction::Egress => ("lets it ask", "no pod"),
        };
        if rules.is_empty() {
            let reason = format!("the NetworkPolicy `{name}` {verb} {none}");
            return (Nearness::Nothing, reason, None);
        }
        let of_port = |rule: &&Value| {
            let ports = rule.items_at("ports").iter().map(|own| asked.is(own));
            either(ports) != Answer::Never
        };
        let port = asked.port.map(|port| format!(" {port}")).unwrap_or_default();
        if let Some(rule) = rules.iter().find(of_port) {
            let peers = rule.get(direction.peers());
            let own = peers.map_or(&[][..], Value::items).iter();
            let mut shown: Vec<String> = own.map(shown_peer).collect();
            shown.dedup();
            let reason = format!(
                "the NetworkPolicy `{name}` {verb} on port{port} only {}",
                shown.join(" and ")
            );
            return (Nearness::Port, reason, peers.map(|peers| peers.span));
        }
        let ports = || rules.iter().flat_map(|rule| rule.items_at("ports"));
        let mut shown: Vec<String> = ports().map(shown_port).collect();
        shown.dedup();
        let reason = format!(
            "the NetworkPolicy `{name}` {verb} on no port{port}, only on {}",
            shown.join(" and ")
        );
        (Nearness::Rules, reason, ports().next().map(|port| port.span))
    }
}

/// How near a policy that does not admit a connection comes to that, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    /// It admits others on the port.
    Port,
    /// It admits others on other ports.
    Rules,
    /// It admits nothing.
    Nothing,
}

impl Peer {
    /// A pod of the tree.
    pub(super) fn of(pod: &Pod<'_>) -> Self {
        Self {
            namespace: Some(pod.namespace.clone()),
            labels: Some(pod.labels.clone()),
            possible: Metadata::new(),
        }
    }

    fn is_selected(&self, selector: &Selector) -> Answer {
        if selector.is_empty() {
            return Answer::Always;
        }
        let Some(labels) = &self.labels else {
            return Answer::Perhaps;
        };
        let without = selector.selects(|key| find(labels, key));
        let with = selector.selects(|key| find(labels, key).or_else(|| find(&self.possible, key)));
        if with == without { with } else { Answer::Perhaps }
    }
}

impl Asked<'_> {
    /// Whether an entry of `ports` means the port. Prometheus asks by TCP.
    fn is(self, entry: &Value) -> Answer {
        let protocol = entry.text_at(&["protocol"]).unwrap_or("TCP");
        if has_placeholder(protocol) {
            return Answer::Perhaps;
        }
        if protocol != "TCP" {
            return Answer::Never;
        }
        let Some(written) = entry.get("port") else {
            return Answer::Always;
        };
        let Some(text) = written.as_str() else {
            return Answer::Perhaps;
        };
        let Some(first) = written.as_integer() else {
            return self.is_called(text);
        };
        let Some(port) = self.port.map(i64::from) else {
            return Answer::Perhaps;
        };
        match entry.get("endPort") {
            None => Answer::of(port == first),
            Some(last) => match last.as_integer() {
                Some(last) => Answer::of((first..=last).contains(&port)),
                None => Answer::Perhaps,
            },
        }
    }

    /// Whether the pod's container has the port under that name.
    fn is_called(self, name: &str) -> Answer {
        if Text::written(name).as_known().is_none() {
            return Answer::Perhaps;
        }
        let containers = self.pod.containers.iter();
        let mut named = containers
            .flat_map(|container| &container.ports)
            .filter(|port| port.name == name && port.protocol == "TCP");
        let Some(port) = self.port else {
            return if named.next().is_some() {
                Answer::Perhaps
            } else {
                Answer::Never
            };
        };
        Answer::of(named.any(|own| own.number == port))
    }
}

/// An absent or empty list admits everything.
fn either(answers: impl ExactSizeIterator<Item = Answer>) -> Answer {
    if answers.len() == 0 {
        return Answer::Always;
    }
    answers.fold(Answer::Never, Answer::or)
}

/// Whether an object is a NetworkPolicy of Kubernetes itself.
pub(super) fn is_network_policy(object: &Object) -> bool {
    let group = object.api_version().split('/').next().unwrap_or_default();
    object.kind() == "NetworkPolicy" && matches!(group, "networking.k8s.io" | "extensions")
}

/// Whether an object is another system's policy for networks, which may admit what these do not.
pub(super) fn is_foreign_policy(object: &Object) -> bool {
    let kind = object.kind();
    let is_policy = kind.ends_with("NetworkPolicy") || kind.ends_with("NetworkPolicies");
    is_policy && !is_network_policy(object)
}

fn shown_peer(entry: &Value) -> String {
    let selector = |key: &str| entry.get(key).map(Selector::of_object);
    let pods = selector("podSelector").map(|pods| {
        if pods.is_empty() {
            "pods".to_owned()
        } else {
            format!("pods with {}", pods.shown())
        }
    });
    let namespaces = selector("namespaceSelector").map(|namespaces| {
        if namespaces.is_empty() {
            "of any namespace".to_owned()
        } else {
            format!("of namespaces with {}", namespaces.shown())
        }
    });
    match (pods, namespaces) {
        (None, None) => "some addresses".to_owned(),
        (Some(pods), None) => format!("{pods} of its own namespace"),
        (pods, Some(namespaces)) => {
            format!("{} {namespaces}", pods.unwrap_or_else(|| "pods".to_owned()))
        }
    }
}

fn shown_port(entry: &Value) -> String {
    let text = |key: &str| entry.text_at(&[key]);
    match (text("port"), text("endPort")) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        (Some(port), None) => port.to_owned(),
        (None, _) => format!("ports of {}", text("protocol").unwrap_or("TCP")),
    }
}

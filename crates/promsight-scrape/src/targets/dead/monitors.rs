//! Monitors that select nothing, and ports that nothing they select has.

use std::collections::BTreeMap;

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::objects::{Object, RenderingRoot};
use crate::selector::Selector;
use crate::servers::{Job, Tree};
use crate::targets::cluster::{Cluster, Container, Pod, Service, ServicePort, TargetPort, find, namespace};
use crate::targets::dead::likeness::closest;
use crate::targets::dead::place_of;
use crate::targets::{Certainty, Dead, texts};
use crate::text::{Answer, Text};

/// A monitor's object, its selector, and the namespaces that it looks into.
struct Monitor<'a> {
    cluster: &'a Cluster<'a>,
    object: &'a Object,
    is_plain: bool,
    selector: Selector,
    /// Where the selector stands.
    span: Span,
    /// All where there are none.
    namespaces: Vec<Text>,
    /// The endpoint that the job is made of.
    endpoint: &'a Value,
}

impl<'a> Monitor<'a> {
    fn of(tree: &Tree<'a>, job: &Job, endpoints: &str) -> Option<Self> {
        let id = job.object?;
        let object = &tree.renderings[id.rendering].objects[id.object];
        let spec = object.value.get("spec")?;
        let selector = spec.get("selector");
        let within = spec.get("namespaceSelector");
        let any = within
            .and_then(|within| within.get("any"))
            .and_then(Value::as_bool)
            == Some(true);
        let named = within.map_or(&[][..], |within| within.items_at("matchNames"));
        let namespaces = match (any, named) {
            (true, _) => Vec::new(),
            (false, []) => vec![namespace(object, id.rendering)],
            (false, named) => texts(named).map(|(name, _)| Text::written(name)).collect(),
        };
        Some(Self {
            cluster: &tree.clusters[id.rendering],
            object,
            is_plain: tree.renderings[id.rendering].root == RenderingRoot::Plain,
            selector: selector.map(Selector::of_object).unwrap_or_default(),
            span: selector.map_or(object.value.span, |selector| selector.span),
            namespaces,
            endpoint: spec.items_at(endpoints).iter().find(|own| own.span == job.span)?,
        })
    }

    fn looks_into(&self, namespace: &Text) -> Answer {
        if self.namespaces.is_empty() {
            return Answer::Always;
        }
        let answers = self.namespaces.iter().map(|own| own.equals(namespace));
        answers.fold(Answer::Never, Answer::or)
    }

    fn certainty(&self) -> Certainty {
        if self.is_plain || !self.cluster.is_complete {
            Certainty::Likely
        } else {
            Certainty::Sure
        }
    }

    /// Whether something of that name is probably what the monitor is for.
    fn is_for(&self, name: &str) -> bool {
        let own = self.object.name();
        let bare = [
            "-monitor",
            "-service-monitor",
            "-servicemonitor",
            "-pod-monitor",
            "-podmonitor",
            "-metrics",
        ]
        .iter()
        .find_map(|suffix| own.strip_suffix(suffix));
        own == name || bare == Some(name)
    }

    fn nothing_selected(
        &self,
        reason: String,
        closest: Option<(String, Span)>,
        certainty: Certainty,
    ) -> Dead {
        Dead {
            target: format!("{} {}", self.object.kind(), self.object.name()),
            span: self.span,
            reason,
            closest,
            certainty,
        }
    }

    /// The field of the endpoint that names a port, where none has that name.
    fn no_port(&self, port: &Value, what: &str, names: &[(&str, Span)]) -> Dead {
        let name = port.as_str().unwrap_or_default();
        let listed: Vec<String> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
        let tail = match listed.as_slice() {
            [] => "none of their ports has a name".to_owned(),
            _ => format!("they have {}", listed.join(", ")),
        };
        let only = (names.len() == 1).then(|| names[0]);
        let closest =
            closest(name, names.iter().copied()).or(only.map(|(name, span)| (name.to_owned(), span)));
        Dead {
            target: format!("{} {}: port {name}", self.object.kind(), self.object.name()),
            span: port.span,
            reason: format!("no {what} that it selects has a port named `{name}`: {tail}"),
            closest,
            certainty: Certainty::Sure,
        }
    }
}

pub(super) fn of_services(tree: &Tree<'_>, job: &Job) -> Vec<Dead> {
    let Some(monitor) = Monitor::of(tree, job, "endpoints") else {
        return Vec::new();
    };
    let services = || {
        let all = tree.clusters.iter();
        all.flat_map(|cluster| cluster.services.iter().map(move |service| (cluster, service)))
    };
    let fits = |service: &Service<'_>| monitor.selector.selects(|key| find(&service.labels, key));
    let selected: Vec<(&Cluster<'_>, &Service<'_>)> = services()
        .filter(|(_, service)| fits(service).and(monitor.looks_into(&service.namespace)) != Answer::Never)
        .collect();
    if !selected.is_empty() {
        return service_port(&monitor, &selected).into_iter().collect();
    }
    // One that is rendered together with it, has the labels, and is in a namespace that it does not look into.
    let mut together = monitor.cluster.services.iter();
    if let Some(service) = together.find(|service| fits(service) == Answer::Always)
        && !monitor.selector.is_empty()
        && monitor.certainty() == Certainty::Sure
    {
        let name = service.object.name();
        let looked: Vec<String> = monitor.namespaces.iter().map(|own| format!("`{own}`")).collect();
        let reason = format!(
            "the Service `{name}` that has these labels is in the namespace `{}`, and it looks only into {}",
            service.namespace,
            looked.join(", ")
        );
        let closest = (name.to_owned(), place_of(service.object));
        return vec![monitor.nothing_selected(reason, Some(closest), Certainty::Sure)];
    }
    let own = monitor.cluster.services.iter();
    let mut near = own.filter(|service| {
        monitor.is_for(service.object.name()) && monitor.looks_into(&service.namespace) == Answer::Always
    });
    let Some(near) = near.next() else {
        return Vec::new();
    };
    let lacking = monitor
        .selector
        .lacking(|key| find(&near.labels, key))
        .unwrap_or_default();
    let name = near.object.name();
    let reason = format!("it selects no Service: the labels of `{name}` lack {lacking}");
    let closest = (name.to_owned(), place_of(near.object));
    vec![monitor.nothing_selected(reason, Some(closest), monitor.certainty())]
}

fn service_port(monitor: &Monitor<'_>, selected: &[(&Cluster<'_>, &Service<'_>)]) -> Option<Dead> {
    let ports = || selected.iter().flat_map(|(_, service)| &service.ports);
    let port = monitor.endpoint.get("port");
    if let Some(port) = port.filter(|port| port.as_str().is_some_and(|name| !name.is_empty())) {
        let wanted = Text::written(port.as_str()?);
        let has = ports().any(|own| Text::written(own.name).equals(&wanted) != Answer::Never);
        // Endpoints that something else looks after may have ports of any name.
        let is_managed = selected.iter().all(|(_, service)| service.selector.is_some());
        if has {
            return no_endpoint(monitor, port, &wanted, selected);
        }
        if !is_managed || port.as_str()?.contains(['|', '*', '.', '(']) {
            return None;
        }
        let names = ports()
            .filter(|own| !own.name.is_empty())
            .map(|own| (own.name, own.span));
        return Some(monitor.no_port(port, "Service", &distinct(names)));
    }
    let target = monitor.endpoint.get("targetPort")?;
    let pods: Vec<&Pod<'_>> = selected
        .iter()
        .flat_map(|(cluster, service)| cluster.selected(service))
        .map(|(pod, _)| pod)
        .collect();
    // Those of a Service whose pods the tree does not make are not known.
    let made = |(cluster, service): &(&Cluster<'_>, &Service<'_>)| cluster.selected(service).next().is_some();
    if !selected.iter().all(made) {
        return None;
    }
    pod_port(monitor, target, &pods)
}

/// A port that the Services have, and that leads to a name which no port of their pods has: there are no endpoints.
fn no_endpoint(
    monitor: &Monitor<'_>,
    port: &Value,
    wanted: &Text,
    selected: &[(&Cluster<'_>, &Service<'_>)],
) -> Option<Dead> {
    let mut first = None;
    for (cluster, service) in selected {
        let pods: Vec<&Pod<'_>> = cluster.selected(service).map(|(pod, _)| pod).collect();
        if pods.is_empty() {
            return None;
        }
        let meant = |own: &&ServicePort<'_>| Text::written(own.name).equals(wanted) != Answer::Never;
        for own in service.ports.iter().filter(meant) {
            let TargetPort::Name(target) = own.target else {
                return None;
            };
            let open = Text::written(target).as_known().is_none();
            if open || pods.iter().any(|pod| may_have_port(pod, target)) {
                return None;
            }
            first.get_or_insert((service.object.name(), target, pods.clone()));
        }
    }
    let (service, target, pods) = first?;
    let name = port.as_str()?;
    let containers = pods.iter().flat_map(|pod| &pod.containers);
    let ports = containers.flat_map(|container| &container.ports);
    let names = ports
        .filter(|own| !own.name.is_empty())
        .map(|own| (own.name, own.span));
    let names = distinct(names);
    let only = (names.len() == 1).then(|| names[0]);
    let closest = closest(target, names.iter().copied()).or(only.map(|(name, span)| (name.to_owned(), span)));
    Some(Dead {
        target: format!("{} {}: port {name}", monitor.object.kind(), monitor.object.name()),
        span: port.span,
        reason: format!(
            "port `{name}` of the Service `{service}` leads to the port `{target}`, and no pod that it selects has one \
             of that name"
        ),
        closest,
        certainty: Certainty::Sure,
    })
}

/// Whether a container of a pod may have a port of that name.
fn may_have_port(pod: &Pod<'_>, name: &str) -> bool {
    let mut ports = pod.containers.iter().flat_map(|container| &container.ports);
    ports.any(|own| own.name == name || Text::written(own.name).as_known().is_none())
}

pub(super) fn of_pods(tree: &Tree<'_>, job: &Job) -> Vec<Dead> {
    let Some(monitor) = Monitor::of(tree, job, "podMetricsEndpoints") else {
        return Vec::new();
    };
    let pods = || tree.clusters.iter().flat_map(|cluster| &cluster.pods);
    let fits = |pod: &Pod<'_>| monitor.selector.selects(|key| find(&pod.labels, key));
    let selected: Vec<&Pod<'_>> = pods()
        .filter(|pod| fits(pod).and(monitor.looks_into(&pod.namespace)) != Answer::Never)
        .collect();
    if selected.is_empty() {
        let mut own = monitor.cluster.pods.iter();
        let near = own.find(|pod| {
            monitor.is_for(pod.object.name()) && monitor.looks_into(&pod.namespace) == Answer::Always
        });
        let Some(near) = near else { return Vec::new() };
        let lacking = monitor
            .selector
            .lacking(|key| find(&near.labels, key))
            .unwrap_or_default();
        let name = near.object.name();
        let reason = format!("it selects no pod: the labels of those of `{name}` lack {lacking}");
        let closest = (name.to_owned(), place_of(near.object));
        return vec![monitor.nothing_selected(reason, Some(closest), monitor.certainty())];
    }
    let mut fields = ["port", "portNumber", "targetPort"].into_iter();
    let port = fields.find_map(|key| monitor.endpoint.get(key));
    let dead = port.and_then(|port| pod_port(&monitor, port, &selected));
    dead.into_iter().collect()
}

/// A name that no port of the pods has.
fn pod_port(monitor: &Monitor<'_>, port: &Value, pods: &[&Pod<'_>]) -> Option<Dead> {
    // A quoted number is a name, which no port can have.
    let is_number = port.as_scalar().is_some_and(|scalar| !scalar.is_string);
    if let Some(number) = port.as_integer().filter(|_| is_number) {
        return pod_port_number(monitor, port, number, pods);
    }
    let name = port
        .as_str()
        .filter(|name| !name.is_empty() && !name.contains(['|', '*', '.', '(']))?;
    let wanted = Text::written(name);
    let ports = || {
        let containers = pods.iter().flat_map(|pod| &pod.containers);
        containers.flat_map(|container| &container.ports)
    };
    let has = ports().any(|own| Text::written(own.name).equals(&wanted) != Answer::Never);
    if has || pods.is_empty() {
        return None;
    }
    let names = ports()
        .filter(|own| !own.name.is_empty())
        .map(|own| (own.name, own.span));
    Some(monitor.no_port(port, "pod", &distinct(names)))
}

/// A number that no port of the pods has: what the operator writes for it keeps the ports that containers declare.
fn pod_port_number(monitor: &Monitor<'_>, port: &Value, number: i64, pods: &[&Pod<'_>]) -> Option<Dead> {
    let containers = || pods.iter().flat_map(|pod| &pod.containers);
    // A port whose number is filled in elsewhere was not read.
    let is_read =
        |container: &Container<'_>| container.ports.len() == container.value.items_at("ports").len();
    let ports = || containers().flat_map(|container| &container.ports);
    if pods.is_empty() || !containers().all(is_read) || ports().any(|own| i64::from(own.number) == number) {
        return None;
    }
    let mut numbers: Vec<String> = ports().map(|own| own.number.to_string()).collect();
    numbers.sort();
    numbers.dedup();
    let tail = if numbers.is_empty() {
        "they declare none".to_owned()
    } else {
        format!("they have {}", numbers.join(", "))
    };
    Some(Dead {
        target: format!(
            "{} {}: port {number}",
            monitor.object.kind(),
            monitor.object.name()
        ),
        span: port.span,
        reason: format!("no container of the pods that it selects declares the port {number}: {tail}"),
        closest: None,
        certainty: Certainty::Sure,
    })
}

fn distinct<'n>(names: impl Iterator<Item = (&'n str, Span)>) -> Vec<(&'n str, Span)> {
    let by_name: BTreeMap<&str, Span> = names.collect();
    by_name.into_iter().collect()
}

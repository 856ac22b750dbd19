//! The role `ingress`: a target for each path of each host.

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::objects::Object;
use crate::relabel::Labels;
use crate::targets::cluster::{Cluster, Metadata};
use crate::targets::kubernetes::labels::{own_metadata, set};
use crate::targets::kubernetes::{Discovery, Found, Host, Role};
use crate::text::{Answer, Text};

impl Discovery {
    pub(super) fn ingress<'a>(
        &self,
        cluster: &'a Cluster<'a>,
        object: &'a Object,
        namespace: &Text,
    ) -> Vec<Found<'a>> {
        let name = Text::written(object.name());
        let own: Metadata = object
            .labels()
            .map(|(key, value, _)| (key.to_owned(), Text::written(value)))
            .collect();
        let admitted = self.admits(Role::Ingress, &own, &name, namespace);
        let presence = self.is_in_namespace(namespace).and(admitted);
        if presence == Answer::Never {
            return Vec::new();
        }
        let mut common = Labels::new();
        set(&mut common, "namespace", namespace.clone());
        if let Some(class) = object.value.text_at(&["spec", "ingressClassName"]) {
            set(&mut common, "ingress_class_name", Text::written(class));
        }
        set(&mut common, "ingress_name", name);
        own_metadata(&mut common, "ingress", object);
        if self.attaches_("namespace") {
            self.attach_place(&mut common, cluster, namespace);
        }
        let spec = object.value.get("spec");
        let tls = spec.map_or(&[][..], |spec| spec.items_at("tls")).iter();
        let secured: Vec<&str> = tls
            .flat_map(|entry| entry.items_at("hosts"))
            .filter_map(Value::as_str)
            .collect();
        let mut found = Vec::new();
        for rule in spec.map_or(&[][..], |spec| spec.items_at("rules")) {
            let host = rule.text_at(&["host"]).unwrap_or_default();
            let scheme = if secured.iter().any(|pattern| is_host_of(pattern, host)) {
                "https"
            } else {
                "http"
            };
            let paths = rule.at(&["http", "paths"]).map(Value::items);
            let mut add = |path: &str, span: Span| {
                let mut labels = common.clone();
                labels.set("__address__", Text::written(host));
                set(&mut labels, "ingress_scheme", Text::known(scheme));
                set(&mut labels, "ingress_host", Text::written(host));
                let path = if path.is_empty() { "/" } else { path };
                set(&mut labels, "ingress_path", Text::written(path));
                found.push(Found {
                    labels,
                    host: Host::Other,
                    presence,
                    span,
                });
            };
            match paths {
                None => add("/", rule.span),
                Some(paths) => {
                    for path in paths {
                        add(path.text_at(&["path"]).unwrap_or_default(), path.span);
                    }
                }
            }
        }
        found
    }
}

/// Whether a certificate's host (`*.example.com`) covers another.
fn is_host_of(pattern: &str, host: &str) -> bool {
    if pattern == host {
        return true;
    }
    let rest = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_owned());
    pattern.starts_with("*.") && rest(pattern).is_some() && rest(pattern) == rest(host)
}

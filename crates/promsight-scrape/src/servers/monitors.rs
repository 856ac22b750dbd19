//! The scrape configurations that the operator writes for ServiceMonitors, PodMonitors, Probes and ScrapeConfigs
//! (prometheus-operator 0.85, `pkg/prometheus/promcfg.go`).
//!
//! Owns what can change which targets there are and which labels they get. Credentials, limits and protocols are left
//! out, and so is sharding: the shards of a Prometheus together scrape what one alone would.

mod pieces;

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::objects::{Object, ObjectId};
use crate::servers::build::{boolean, list, map, rule, texts};
use crate::servers::monitors::pieces::{
    copied, endpoint_rule, filled, job_label_rule, job_name_rule, keep, label_rule, own_rules,
    running_filter, selector_line, selector_rules, snake_case, target_port_rule,
};
use crate::servers::{Job, JobOrigin};
use crate::targets::cluster::namespace;
use crate::text::Text;

/// What of a Prometheus object bears on the configurations of its monitors.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options<'a> {
    /// The object's `spec`.
    pub(crate) spec: Option<&'a Value>,
}

impl<'a> Options<'a> {
    fn flag(self, key: &str) -> bool {
        let value = self.spec.and_then(|spec| spec.get(key));
        value.and_then(Value::as_bool) == Some(true)
    }

    fn pod_target_labels(self) -> &'a [Value] {
        self.spec.map_or(&[], |spec| spec.items_at("podTargetLabels"))
    }

    fn uses_slices(self) -> bool {
        let role = self.spec.and_then(|spec| spec.text_at(&["serviceDiscoveryRole"]));
        role == Some("EndpointSlice")
    }

    /// The scrape class that a monitor names, or the one that is the default.
    fn scrape_class(self, monitor: &Value) -> Option<&'a Value> {
        let name = monitor
            .text_at(&["scrapeClass"])
            .or_else(|| monitor.text_at(&["scrapeClassName"]));
        let classes = self.spec.map_or(&[][..], |spec| spec.items_at("scrapeClasses"));
        classes.iter().find(|class| match name {
            Some(name) => class.text_at(&["name"]) == Some(name),
            None => class.get("default").and_then(Value::as_bool) == Some(true),
        })
    }

    /// The rule that sets the enforced label of the namespace behind all others.
    fn enforced(self, monitor: &Monitor<'_>) -> Option<Value> {
        let label = self.spec?.get("enforcedNamespaceLabel")?;
        let name = label.as_str().filter(|name| !name.is_empty())?;
        let namespace = monitor.namespace_text();
        Some(rule(label.span).target(name).replacement(&namespace).done())
    }
}

/// A monitor with what its configuration needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Monitor<'a> {
    pub(crate) id: ObjectId,
    pub(crate) object: &'a Object,
    pub(crate) options: Options<'a>,
}

impl<'a> Monitor<'a> {
    /// The jobs that the operator makes of it.
    pub(crate) fn jobs(self) -> Vec<Job> {
        let Some(spec) = self.object.value.get("spec") else {
            return Vec::new();
        };
        match self.object.kind() {
            "ServiceMonitor" | "VMServiceScrape" => {
                self.of_endpoints(spec, "endpoints", JobOrigin::ServiceMonitor)
            }
            "PodMonitor" | "VMPodScrape" => {
                self.of_endpoints(spec, "podMetricsEndpoints", JobOrigin::PodMonitor)
            }
            "Probe" | "VMProbe" => vec![self.probe(spec)],
            "ScrapeConfig" | "VMScrapeConfig" => vec![self.scrape_config(spec)],
            "VMStaticScrape" => self.static_scrapes(spec),
            _ => Vec::new(),
        }
    }

    fn namespace(self) -> Text {
        namespace(self.object, self.id.rendering)
    }

    /// The namespace for a template: of one that is not known, something that a tool fills in.
    fn namespace_text(self) -> String {
        self.object.namespace().unwrap_or("<namespace>").to_owned()
    }

    fn job(self, origin: JobOrigin, span: Span, name: &str, entries: Vec<(&str, Value)>) -> Job {
        let mut config = vec![("job_name", Value::string(name, span))];
        config.extend(entries);
        let name = name.replace("<namespace>", "*");
        let mut job = Job::new(name, origin, span, map(span, config), self.namespace());
        job.object = Some(self.id);
        job
    }

    fn of_endpoints(self, spec: &'a Value, key: &str, origin: JobOrigin) -> Vec<Job> {
        let is_service = origin == JobOrigin::ServiceMonitor;
        let kind = if is_service {
            "serviceMonitor"
        } else {
            "podMonitor"
        };
        let endpoints = spec.items_at(key).iter().enumerate();
        let jobs = endpoints.map(|(index, endpoint)| {
            let name = format!("{kind}/{}/{}/{index}", self.namespace_text(), self.object.name());
            let mut entries = self.common(endpoint);
            entries.push(("kubernetes_sd_configs", self.discovery(spec, is_service)));
            let rules = if is_service {
                self.service_rules(spec, endpoint)
            } else {
                self.pod_rules(spec, endpoint)
            };
            entries.push(("relabel_configs", list(endpoint.span, rules)));
            entries.extend(self.metric_rules(spec, endpoint));
            self.job(origin, endpoint.span, &name, entries)
        });
        jobs.collect()
    }

    /// Fields of an endpoint that only change their name.
    fn common(self, endpoint: &Value) -> Vec<(&'static str, Value)> {
        const FIELDS: [(&str, &str); 9] = [
            ("honorLabels", "honor_labels"),
            ("interval", "scrape_interval"),
            ("scrapeInterval", "scrape_interval"),
            ("scrapeTimeout", "scrape_timeout"),
            ("path", "metrics_path"),
            ("metricsPath", "metrics_path"),
            ("params", "params"),
            ("scheme", "scheme"),
            ("sampleLimit", "sample_limit"),
        ];
        let mut entries: Vec<(&'static str, Value)> = FIELDS
            .into_iter()
            .filter_map(|(field, key)| Some((key, endpoint.get(field)?.clone())))
            .collect();
        for (key, value) in &mut entries {
            // The operator's enumeration has capitals, Prometheus' configuration small letters.
            if *key == "scheme" {
                *value = Value::string(
                    value.as_str().unwrap_or_default().to_ascii_lowercase(),
                    value.span,
                );
            }
        }
        let honors = self.options.flag("overrideHonorLabels");
        entries.retain(|(key, _)| !(honors && *key == "honor_labels"));
        entries
    }

    /// `kubernetes_sd_configs`: the role, the namespaces that `namespaceSelector` names, or the monitor's own.
    fn discovery(self, spec: &Value, is_service: bool) -> Value {
        let slices = self.options.uses_slices();
        let role = match (is_service, slices) {
            (false, _) => "pod",
            (true, true) => "endpointslice",
            (true, false) => "endpoints",
        };
        let span = spec.span;
        let mut entries = vec![("role", Value::string(role, span))];
        entries.extend(self.namespaces(spec.get("namespaceSelector"), span));
        let class = self.options.scrape_class(spec);
        let attached = spec
            .get("attachMetadata")
            .or_else(|| class.and_then(|class| class.get("attachMetadata")));
        if let Some(attached) = attached {
            entries.push(("attach_metadata", attached.clone()));
        }
        if spec.text_at(&["selectorMechanism"]) == Some("RoleSelector") {
            let line = spec.get("selector").map(selector_line).unwrap_or_default();
            let roles: &[&str] = if is_service { &[role, "service"] } else { &["pod"] };
            let selectors = roles.iter().map(|role| {
                let entries = vec![
                    ("role", Value::string(*role, span)),
                    ("label", Value::string(line.clone(), span)),
                ];
                map(span, entries)
            });
            entries.push(("selectors", list(span, selectors.collect())));
        }
        list(span, vec![map(span, entries)])
    }

    fn namespaces(self, selector: Option<&Value>, span: Span) -> Option<(&'static str, Value)> {
        let is_ignored = self.options.flag("ignoreNamespaceSelectors");
        let selector = selector.filter(|_| !is_ignored);
        let any = selector
            .and_then(|selector| selector.get("any"))
            .and_then(Value::as_bool);
        if any == Some(true) {
            return None;
        }
        let names = selector.and_then(|selector| selector.get("matchNames"));
        let names = match names.filter(|names| !names.items().is_empty()) {
            Some(names) => map(names.span, vec![("names", names.clone())]),
            None => match self.object.namespace() {
                Some(own) => map(span, vec![("names", texts(span, &[own]))]),
                None => map(span, vec![("own_namespace", boolean(span, true))]),
            },
        };
        Some(("namespaces", names))
    }

    fn service_rules(self, spec: &Value, endpoint: &Value) -> Vec<Value> {
        let span = endpoint.span;
        let mut rules = vec![job_name_rule(span)];
        if spec.text_at(&["selectorMechanism"]) != Some("RoleSelector") {
            rules.extend(selector_rules(spec.get("selector"), "service"));
        }
        let (port_name, kind, name) = if self.options.uses_slices() {
            (
                "__meta_kubernetes_endpointslice_port_name",
                "__meta_kubernetes_endpointslice_address_target_kind",
                "__meta_kubernetes_endpointslice_address_target_name",
            )
        } else {
            (
                "__meta_kubernetes_endpoint_port_name",
                "__meta_kubernetes_endpoint_address_target_kind",
                "__meta_kubernetes_endpoint_address_target_name",
            )
        };
        let port = filled(endpoint, "port");
        let target_port = endpoint.get("targetPort");
        if let Some(port) = port {
            rules.push(keep(port.span, port_name, port.as_str().unwrap_or_default()));
        } else if let Some(target) = target_port {
            rules.extend(target_port_rule(target));
        }
        for kind_of_target in ["Node", "Pod"] {
            let made = rule(span)
                .sources(&[kind, name])
                .separator(";")
                .regex(&format!("{kind_of_target};(.*)"))
                .replacement("${1}")
                .target(&kind_of_target.to_ascii_lowercase());
            rules.push(made.done());
        }
        for (source, target) in [
            ("namespace", "namespace"),
            ("service_name", "service"),
            ("pod_name", "pod"),
            ("pod_container_name", "container"),
        ] {
            rules.push(copied(span, source, target));
        }
        rules.extend(running_filter(endpoint));
        for label in spec.items_at("targetLabels") {
            rules.extend(label_rule("service", label));
        }
        let pod_labels = spec.items_at("podTargetLabels").iter();
        for label in pod_labels.chain(self.options.pod_target_labels()) {
            rules.extend(label_rule("pod", label));
        }
        let job = rule(span)
            .sources(&["__meta_kubernetes_service_name"])
            .target("job")
            .replacement("${1}");
        rules.push(job.done());
        rules.extend(job_label_rule(spec, "service"));
        rules.extend(endpoint_rule(port.or(target_port)));
        self.finish(spec, endpoint, &mut rules);
        rules
    }

    fn pod_rules(self, spec: &Value, endpoint: &Value) -> Vec<Value> {
        let span = endpoint.span;
        let mut rules = vec![job_name_rule(span)];
        rules.extend(running_filter(endpoint));
        if spec.text_at(&["selectorMechanism"]) != Some("RoleSelector") {
            rules.extend(selector_rules(spec.get("selector"), "pod"));
        }
        let port = filled(endpoint, "port");
        let number = filled(endpoint, "portNumber");
        let target_port = endpoint.get("targetPort");
        if let Some(port) = port {
            let name = port.as_str().unwrap_or_default();
            rules.push(keep(port.span, "__meta_kubernetes_pod_container_port_name", name));
        } else if let Some(number) = number {
            let text = number.as_str().unwrap_or_default();
            rules.push(keep(
                number.span,
                "__meta_kubernetes_pod_container_port_number",
                text,
            ));
        } else if let Some(target) = target_port {
            rules.extend(target_port_rule(target));
        }
        for (source, target) in [
            ("namespace", "namespace"),
            ("pod_container_name", "container"),
            ("pod_name", "pod"),
        ] {
            rules.push(copied(span, source, target));
        }
        let pod_labels = spec.items_at("podTargetLabels").iter();
        for label in pod_labels.chain(self.options.pod_target_labels()) {
            rules.extend(label_rule("pod", label));
        }
        let name = format!("{}/{}", self.namespace_text(), self.object.name());
        rules.push(rule(span).target("job").replacement(&name).done());
        rules.extend(job_label_rule(spec, "pod"));
        rules.extend(endpoint_rule(port.or(if number.is_some() {
            None
        } else {
            target_port
        })));
        self.finish(spec, endpoint, &mut rules);
        rules
    }

    /// The rules of the scrape class, those of the endpoint, and the label that the Prometheus object enforces.
    fn finish(self, spec: &Value, endpoint: &Value, rules: &mut Vec<Value>) {
        if let Some(class) = self.options.scrape_class(spec) {
            rules.extend(class.items_at("relabelings").iter().cloned());
        }
        rules.extend(own_rules(endpoint, ["relabelings", "relabelConfigs"]));
        rules.extend(self.options.enforced(&self));
    }

    fn metric_rules(self, spec: &Value, endpoint: &Value) -> Option<(&'static str, Value)> {
        let class = self.options.scrape_class(spec);
        let mut rules: Vec<Value> = class
            .map_or(&[][..], |class| class.items_at("metricRelabelings"))
            .to_vec();
        rules.extend(own_rules(endpoint, ["metricRelabelings", "metricRelabelConfigs"]));
        rules.extend(self.options.enforced(&self));
        (!rules.is_empty()).then(|| ("metric_relabel_configs", list(endpoint.span, rules)))
    }

    fn probe(self, spec: &Value) -> Job {
        let span = self.object.value.span;
        let name = format!("probe/{}/{}", self.namespace_text(), self.object.name());
        let empty = map(spec.span, Vec::new());
        let prober = spec
            .get("prober")
            .or_else(|| spec.get("vmProberSpec"))
            .unwrap_or(&empty);
        let path = prober.text_at(&["path"]).unwrap_or("/probe");
        let mut entries = vec![("metrics_path", Value::string(path, prober.span))];
        if let Some(scheme) = prober.text_at(&["scheme"]) {
            entries.push(("scheme", Value::string(scheme.to_ascii_lowercase(), prober.span)));
        }
        if let Some(module) = spec.get("module") {
            let modules = list(module.span, vec![module.clone()]);
            entries.push(("params", map(module.span, vec![("module", modules)])));
        }
        let mut rules = vec![job_name_rule(span)];
        if let Some(job) = filled(spec, "jobName") {
            let text = job.as_str().unwrap_or_default();
            rules.push(rule(job.span).target("job").replacement(text).done());
        }
        let url = prober.get("url");
        let (url_span, url) = url.map_or((span, ""), |url| (url.span, url.as_str().unwrap_or_default()));
        let through = |rules: &mut Vec<Value>| {
            rules.push(rule(span).sources(&["__param_target"]).target("instance").done());
            rules.push(rule(url_span).target("__address__").replacement(url).done());
        };
        let targets = spec.get("targets").unwrap_or(&empty);
        let holder = if let Some(fixed) = targets.get("staticConfig") {
            let mut labels: Vec<(&str, Value)> = Vec::new();
            let own = fixed.get("labels").map_or(&[][..], Value::entries);
            for (key, value) in own {
                labels.push((&key.text, value.clone()));
            }
            if !labels.iter().any(|(key, _)| *key == "namespace") {
                labels.push(("namespace", Value::string(self.namespace_text(), span)));
            }
            let hosts = fixed.get("static").or_else(|| fixed.get("targets"));
            let hosts = hosts.cloned().unwrap_or_else(|| list(fixed.span, Vec::new()));
            let group = map(
                fixed.span,
                vec![("targets", hosts), ("labels", map(fixed.span, labels))],
            );
            entries.push(("static_configs", list(fixed.span, vec![group])));
            rules.push(
                rule(span)
                    .sources(&["__address__"])
                    .target("__param_target")
                    .done(),
            );
            through(&mut rules);
            Some(fixed)
        } else if let Some(ingress) = targets.get("ingress") {
            let mut discovery = vec![("role", Value::string("ingress", ingress.span))];
            discovery.extend(self.namespaces(ingress.get("namespaceSelector"), ingress.span));
            let discovery = map(ingress.span, discovery);
            entries.push(("kubernetes_sd_configs", list(ingress.span, vec![discovery])));
            rules.extend(selector_rules(ingress.get("selector"), "ingress"));
            let whole = rule(span)
                .sources(&[
                    "__meta_kubernetes_ingress_scheme",
                    "__address__",
                    "__meta_kubernetes_ingress_path",
                ])
                .separator(";")
                .regex("(.+);(.+);(.+)")
                .target("__param_target")
                .replacement("${1}://${2}${3}")
                .action("replace");
            rules.push(whole.done());
            rules.push(copied(span, "namespace", "namespace"));
            rules.push(copied(span, "ingress_name", "ingress"));
            let address = rule(span)
                .sources(&["__address__"])
                .separator(";")
                .regex("(.*)")
                .target("__tmp_ingress_address")
                .replacement("$1")
                .action("replace");
            rules.push(address.done());
            through(&mut rules);
            Some(ingress)
        } else {
            None
        };
        if let Some(class) = self.options.scrape_class(spec) {
            rules.extend(class.items_at("relabelings").iter().cloned());
        }
        if let Some(holder) = holder {
            rules.extend(own_rules(holder, ["relabelingConfigs", "relabelConfigs"]));
        }
        rules.extend(self.options.enforced(&self));
        entries.push(("relabel_configs", list(span, rules)));
        entries.extend(self.metric_rules(spec, spec));
        self.job(JobOrigin::Probe, spec.span, &name, entries)
    }

    fn scrape_config(self, spec: &Value) -> Job {
        let span = spec.span;
        let name = format!("scrapeConfig/{}/{}", self.namespace_text(), self.object.name());
        let mut entries = self.common(spec);
        let mut rules = vec![job_name_rule(span)];
        if let Some(class) = self.options.scrape_class(spec) {
            rules.extend(class.items_at("relabelings").iter().cloned());
        }
        if let Some(job) = spec.get("jobName") {
            let text = job.as_str().unwrap_or_default();
            rules.push(
                rule(job.span)
                    .target("job")
                    .action("replace")
                    .replacement(text)
                    .done(),
            );
        }
        let own = own_rules(spec, ["relabelings", "relabelConfigs"]);
        // The operator adds its label to rules alone, not where there are none.
        let enforced = (!own.is_empty()).then(|| self.options.enforced(&self));
        rules.extend(own);
        rules.extend(enforced.flatten());
        for (key, value) in spec.entries() {
            let known = match key.text.as_str() {
                "staticConfigs" => "static_configs",
                "kubernetesSDConfigs" => "kubernetes_sd_configs",
                "fileSDConfigs" => "file_sd_configs",
                "dnsSDConfigs" => "dns_sd_configs",
                "httpSDConfigs" => "http_sd_configs",
                "consulSDConfigs" => "consul_sd_configs",
                "ec2SDConfigs" => "ec2_sd_configs",
                other if other.ends_with("SDConfigs") => "other_sd_configs",
                _ => continue,
            };
            entries.push((known, snake_case(value, 0)));
        }
        entries.push(("relabel_configs", list(span, rules)));
        entries.extend(self.metric_rules(spec, spec));
        self.job(JobOrigin::ScrapeConfig, span, &name, entries)
    }

    fn static_scrapes(self, spec: &Value) -> Vec<Job> {
        let endpoints = spec.items_at("targetEndpoints").iter().enumerate();
        let jobs = endpoints.map(|(index, endpoint)| {
            let name = format!(
                "staticScrape/{}/{}/{index}",
                self.namespace_text(),
                self.object.name()
            );
            let mut entries = self.common(endpoint);
            let targets = endpoint.get("targets").cloned();
            let mut group = vec![(
                "targets",
                targets.unwrap_or_else(|| list(endpoint.span, Vec::new())),
            )];
            if let Some(labels) = endpoint.get("labels") {
                group.push(("labels", labels.clone()));
            }
            entries.push((
                "static_configs",
                list(endpoint.span, vec![map(endpoint.span, group)]),
            ));
            let mut rules = Vec::new();
            if let Some(job) = filled(spec, "jobName") {
                let text = job.as_str().unwrap_or_default();
                rules.push(rule(job.span).target("job").replacement(text).done());
            }
            rules.extend(own_rules(endpoint, ["relabelConfigs", "relabelings"]));
            entries.push(("relabel_configs", list(endpoint.span, rules)));
            entries.extend(self.metric_rules(spec, endpoint));
            self.job(JobOrigin::ScrapeConfig, endpoint.span, &name, entries)
        });
        jobs.collect()
    }
}

#[cfg(test)]
mod tests;

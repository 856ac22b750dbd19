//! Triggers: autoscalers, rollout gates and objectives that act on what Prometheus answers.
//!
//! Owns: which mappings of a manifest hold such a query, by their shape and by the kind of the object around them,
//! and the facts of each. Where in a document they may stand is the business of [`crate::kubernetes`]. A query that
//! goes to another store is none of ours.

mod autoscaling;
mod delivery;
mod objectives;

use promsight_model::{ConsumerKind, Embedded, FileKind, OtherSourceName, Span};
use promsight_promql::Holes;

use crate::collect::{Collector, trimmed};
use crate::decode::tree::Node;
use crate::grafana::datasource::looks_like_logql;
use crate::query::{VariableValues, holes_of_manifest};

/// Words of which each file that holds a trigger has one.
pub(crate) const WORDS: [&str; 33] = [
    "freeform",
    "success_metric",
    "successMetric",
    "ScaledObject",
    "ScaledJob",
    "type: prometheus",
    "type: \"prometheus\"",
    "type: 'prometheus'",
    "serverAddress",
    "prometheusAddress",
    "seriesQuery",
    "containerQuery",
    "nodeQuery",
    "HorizontalPodAutoscaler",
    "metric-config.",
    "AnalysisTemplate",
    "AnalysisRun",
    "MetricTemplate",
    "kind: Canary",
    "prometheus:",
    "promProbe",
    "KeptnMetric",
    "spec_version",
    "error_query",
    "errorQuery",
    "error_ratio_query",
    "errorRatioQuery",
    "ServiceLevelObjective",
    "metricSource",
    "queryType",
    "\"prometheus\"",
    "pyrra.dev",
    "openslo",
];

/// What stands around a mapping on the way down to it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around<'tree> {
    /// The object that it is part of: its kind.
    pub(crate) kind: Option<&'tree str>,
    /// The object's API group and version.
    pub(crate) api: Option<&'tree str>,
    /// The object's name.
    pub(crate) object: Option<&'tree str>,
    /// The nearest `name` of a mapping on the way.
    pub(crate) named: Option<&'tree str>,
}

impl<'tree> Around<'tree> {
    /// What stands around the children of a node that lies within this.
    pub(crate) fn entering(self, node: Node<'tree>) -> Self {
        let mut inner = self;
        if let Some(kind) = node.get_str("kind") {
            let metadata = node.get("metadata");
            let api = node.get_str("apiVersion");
            // `kind` alone is a word of many formats.
            if api.is_some() || metadata.is_some() {
                inner.kind = Some(kind);
                inner.api = api;
                inner.object = metadata.and_then(|metadata| metadata.get_str("name"));
                inner.named = None;
            }
        }
        if let Some(name) = node.get_str("name") {
            inner.named = Some(name);
        }
        inner
    }

    /// The name by which people know the trigger: the object's, unless a template makes it.
    fn name(self) -> &'tree str {
        let known = |name: &&str| !name.contains("{{") && !name.contains("${");
        self.object
            .filter(known)
            .or(self.named.filter(known))
            .unwrap_or_default()
    }

    /// Whether the object is of that kind and its API group is the one, or is not said.
    fn is(self, kind: &str, group: &str) -> bool {
        self.kind == Some(kind)
            && self
                .api
                .is_none_or(|api| api.contains(group) || api.contains("{{") || api.contains("${"))
    }
}

/// Reads a mapping that holds the queries of a trigger; `false` where it holds none, and has to be looked into.
pub(crate) fn read<'tree>(node: Node<'tree>, around: Around<'tree>, collector: &mut Collector<'_>) -> bool {
    let mut reader = Reader {
        node,
        around,
        collector,
        holes: None,
    };
    autoscaling::read(&mut reader) || delivery::read(&mut reader) || objectives::read(&mut reader)
}

/// One mapping while it is read.
struct Reader<'tree, 'collector, 'facts> {
    node: Node<'tree>,
    around: Around<'tree>,
    collector: &'collector mut Collector<'facts>,
    /// What can be a hole in its queries, where they are not written as those of other manifests.
    holes: Option<Holes>,
}

impl<'tree> Reader<'tree, '_, '_> {
    /// A consumer for the mapping, named by what stands around it; `what` is the kind of thing where no object says.
    fn consumer(&mut self, what: &str) -> usize {
        let own = self.node.get_str("name").filter(|_| self.around.object.is_none());
        let name = own.unwrap_or(self.around.name());
        let kind = self.around.kind.unwrap_or(what);
        let kind = if kind == "List" || kind == "ConfigMap" {
            what
        } else {
            kind
        };
        self.collector.kind(FileKind::Manifests);
        self.collector
            .consumer(ConsumerKind::Trigger, name, Some(kind), self.node.span())
    }

    /// Adds the query that a scalar holds, whatever it is.
    fn query(&mut self, text: &Embedded, consumer: usize) {
        let text = trimmed(text);
        if text.text.is_empty() || looks_like_logql(&text.text) {
            return;
        }
        let holes = self.holes.unwrap_or_else(|| holes_of_manifest(&text.text));
        self.collector
            .query(&text, consumer, holes, &VariableValues::new());
    }

    /// Adds the queries under those keys of a mapping, as one trigger; whether there were any.
    fn queries_of(&mut self, node: Node<'tree>, keys: &[&str], what: &str) -> bool {
        let texts: Vec<Embedded> = keys
            .iter()
            .filter_map(|key| node.get(key)?.embedded())
            .filter(|text| !text.text.trim().is_empty())
            .collect();
        if texts.is_empty() {
            return false;
        }
        let consumer = self.consumer(what);
        for text in texts {
            self.query(&text, consumer);
        }
        true
    }

    /// Adds a name that stands for a series only where such a series exists.
    fn word(&mut self, name: &Embedded, consumer: usize) {
        self.collector.trigger_word(name, consumer);
    }

    /// Adds a series that the generator of this definition records.
    fn generated(&mut self, name: String, span: Span) {
        self.collector.other_source_name(OtherSourceName {
            name,
            span,
            may_have_prefix: false,
        });
    }
}

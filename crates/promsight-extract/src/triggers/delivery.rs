//! Gates of deliveries: Argo Rollouts' analyses, Flagger's metric templates and canaries, Keptn's metrics and
//! indicators, Litmus' probes.

use super::Reader;
use crate::decode::tree::Node;
use crate::query::reads_as_query;

/// Reads a mapping that is part of a gate.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>) -> bool {
    provider(reader)
        || flagger_template(reader)
        || flagger_metric(reader)
        || keptn_metric(reader)
        || keptn_indicators(reader)
        || litmus_probe(reader)
}

/// `prometheus: {query: …}`: the provider of an Argo analysis metric; `{promql: …}` in Nobl9's objectives.
fn provider(reader: &mut Reader<'_, '_, '_>) -> bool {
    let Some(prometheus) = reader.node.get("prometheus").filter(|node| node.is_mapping()) else {
        return false;
    };
    let text = ["query", "promql"]
        .iter()
        .find_map(|key| prometheus.get(key)?.as_str());
    let Some(text) = text else { return false };
    let is_known = ["Analysis", "Experiment", "SLO", "Objective"]
        .iter()
        .any(|part| reader.around.kind.is_some_and(|kind| kind.contains(part)));
    if !is_known && !reads_as_query(text) {
        return false;
    }
    reader.queries_of(prometheus, &["query", "promql"], "analysis")
}

/// A MetricTemplate of Flagger (`flagger.app/v1beta1`), unless its provider is another one.
fn flagger_template(reader: &mut Reader<'_, '_, '_>) -> bool {
    let around = reader.around.entering(reader.node);
    let is_template =
        reader.node.get_str("kind") == Some("MetricTemplate") && around.is("MetricTemplate", "flagger");
    let Some(spec) = reader.node.get("spec").filter(|_| is_template) else {
        return false;
    };
    let provider = spec.get("provider").and_then(|provider| provider.get_str("type"));
    if provider.is_some_and(|provider| provider != "prometheus" && !provider.contains("{{")) {
        return true;
    }
    reader.around = around;
    reader.queries_of(spec, &["query"], "MetricTemplate")
}

/// A metric of a Canary's analysis with its query inline.
fn flagger_metric(reader: &mut Reader<'_, '_, '_>) -> bool {
    let is_metric = reader.around.is("Canary", "flagger")
        && ["threshold", "thresholdRange"]
            .iter()
            .any(|key| reader.node.get(key).is_some());
    is_metric && reader.queries_of(reader.node, &["query"], "Canary")
}

/// A KeptnMetric; its provider's type stands in another object.
fn keptn_metric(reader: &mut Reader<'_, '_, '_>) -> bool {
    let is_metric = ["KeptnMetric", "AnalysisValueTemplate"]
        .iter()
        .any(|kind| reader.node.get_str("kind") == Some(kind));
    let Some(spec) = reader.node.get("spec").filter(|_| is_metric) else {
        return false;
    };
    let named = spec.get("provider").and_then(|provider| provider.get_str("name"));
    let is_prometheus = named.is_some_and(|name| name.contains("prom"));
    let is_query = spec.get_str("query").is_some_and(reads_as_query);
    if !is_prometheus && !is_query {
        return true;
    }
    reader.around = reader.around.entering(reader.node);
    reader.queries_of(spec, &["query"], "KeptnMetric")
}

/// The indicators of Keptn 1: `spec_version`, and a query by name.
fn keptn_indicators(reader: &mut Reader<'_, '_, '_>) -> bool {
    let Some(indicators) = reader
        .node
        .get("indicators")
        .filter(|_| reader.node.get_str("spec_version").is_some())
    else {
        return false;
    };
    let consumer = reader.consumer("indicator");
    for entry in indicators.effective_entries() {
        let text = entry.value.embedded().filter(|text| reads_as_query(&text.text));
        if let Some(text) = text {
            reader.query(&text, consumer);
        }
    }
    true
}

/// `promProbe/inputs: {endpoint, query, comparator}` of a chaos experiment.
fn litmus_probe(reader: &mut Reader<'_, '_, '_>) -> bool {
    let inputs: Option<Node<'_>> = reader.node.get("promProbe/inputs");
    inputs.is_some_and(|inputs| reader.queries_of(inputs, &["query"], "probe"))
}

//! Autoscalers: KEDA, the Prometheus adapter of the custom metrics API, HorizontalPodAutoscalers and
//! kube-metrics-adapter's annotations.

use promsight_model::{Embedded, OffsetMap};

use super::Reader;
use crate::collect::trimmed;
use crate::decode::tree::Node;

/// KEDA's scalers that ask in PromQL (KEDA 2.17: `prometheus`, `predictkube`).
const SCALERS: [&str; 2] = ["prometheus", "predictkube"];

/// Reads a mapping that is part of an autoscaler.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>) -> bool {
    keda(reader) || adapter_rule(reader) || adapter_resource(reader) || pod_autoscaler(reader)
}

/// One of `triggers:` of a ScaledObject or ScaledJob; charts keep the same shape in their values.
fn keda(reader: &mut Reader<'_, '_, '_>) -> bool {
    let is_scaler = reader
        .node
        .get_str("type")
        .is_some_and(|kind| SCALERS.contains(&kind));
    let Some(metadata) = reader.node.get("metadata").filter(|_| is_scaler) else {
        return false;
    };
    reader.queries_of(metadata, &["query"], "scaler")
}

/// A rule of prometheus-adapter: `seriesQuery` discovers series, `metricsQuery` asks for them with
/// `<<.Series>>`, `<<.LabelMatchers>>` and `<<.GroupBy>>` filled in.
fn adapter_rule(reader: &mut Reader<'_, '_, '_>) -> bool {
    let text = |key: &str| reader.node.get(key).and_then(Node::embedded);
    let Some(series) = text("seriesQuery") else {
        return false;
    };
    let metrics = text("metricsQuery");
    let consumer = reader.consumer("adapter rule");
    reader.query(&series, consumer);
    if let Some(metrics) = metrics {
        adapter_query(reader, &metrics, consumer);
    }
    true
}

/// The rules for CPU and memory: `containerQuery` and `nodeQuery`.
fn adapter_resource(reader: &mut Reader<'_, '_, '_>) -> bool {
    let texts: Vec<Embedded> = ["containerQuery", "nodeQuery"]
        .iter()
        .filter_map(|key| reader.node.get(key)?.embedded())
        .collect();
    if texts.is_empty() {
        return false;
    }
    let consumer = reader.consumer("adapter rule");
    for text in texts {
        adapter_query(reader, &text, consumer);
    }
    true
}

/// A query with the adapter's `<<…>>` in it, read as the `{{…}}` of Go templates. The name `<<.Series>>` stands for
/// what `seriesQuery` finds, which is read by itself.
fn adapter_query(reader: &mut Reader<'_, '_, '_>, text: &Embedded, consumer: usize) {
    let text = trimmed(text);
    let braces = text.text.replace("<<", "{{").replace(">>", "}}");
    let length = braces.len();
    let text = text.nested(braces, OffsetMap::verbatim(0, length));
    if text.text.is_empty() {
        return;
    }
    reader.collector.query_with_named_selectors(&text, consumer);
}

/// The metrics of a HorizontalPodAutoscaler (autoscaling/v2 and both betas). Adapters give them any name, so one is a
/// reference only where a series goes by it.
fn pod_autoscaler(reader: &mut Reader<'_, '_, '_>) -> bool {
    if reader.node.get_str("kind") != Some("HorizontalPodAutoscaler") {
        return false;
    }
    reader.around = reader.around.entering(reader.node);
    let consumer = reader.consumer("HorizontalPodAutoscaler");
    annotations(reader, consumer);
    let metrics = reader.node.get("spec").and_then(|spec| spec.get("metrics"));
    for metric in metrics.into_iter().flat_map(Node::items) {
        for source in ["pods", "object", "external"] {
            let Some(source) = metric.get(source) else {
                continue;
            };
            let name = source
                .get("metric")
                .and_then(|metric| metric.get("name"))
                .or_else(|| source.get("metricName"))
                .and_then(Node::embedded);
            if let Some(name) = name {
                reader.word(&trimmed(&name), consumer);
            }
        }
    }
    true
}

/// `metric-config.external.orders.prometheus/query: …` (kube-metrics-adapter): the key's first part before the slash
/// ends in the collector's name.
fn annotations(reader: &mut Reader<'_, '_, '_>, consumer: usize) {
    let annotations = reader
        .node
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    for entry in annotations.into_iter().flat_map(Node::effective_entries) {
        let is_query = entry.key.as_str().is_some_and(|key| {
            key.strip_prefix("metric-config.").is_some_and(|rest| {
                rest.split_once('/').is_some_and(|(collector, setting)| {
                    collector.ends_with(".prometheus")
                        && !matches!(setting, "prometheus-server" | "interval" | "min-pod-ready-age")
                })
            })
        });
        if let Some(text) = entry.value.embedded().filter(|_| is_query) {
            reader.query(&text, consumer);
        }
    }
}

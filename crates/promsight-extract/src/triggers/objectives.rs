//! Service level objectives: Sloth, Pyrra, OpenSLO. The generators record series and define alerts of their own,
//! which exist although no rule file of the tree has them.

use promsight_model::{Embedded, Rule, RuleKind};
use promsight_promql::Holes;

use super::Reader;
use crate::collect::trimmed;
use crate::decode::tree::Node;
use crate::query::reads_as_query;

/// Reads a mapping that is part of an objective.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>) -> bool {
    sloth_alerts(reader);
    sloth_indicator(reader)
        || pyrra(reader)
        || openslo(reader)
        || openslo_alpha(reader)
        || grafana_slo(reader)
}

/// Sloth's indicators: queries for errors and for all events, or one for their ratio; in camel case in its
/// Kubernetes objects.
fn sloth_indicator(reader: &mut Reader<'_, '_, '_>) -> bool {
    const KEYS: [&str; 6] = [
        "error_query",
        "errorQuery",
        "total_query",
        "totalQuery",
        "error_ratio_query",
        "errorRatioQuery",
    ];
    let has_errors = KEYS.iter().any(|key| {
        let is_errors = key.starts_with("error");
        is_errors && reader.node.get(key).is_some_and(|node| node.as_str().is_some())
    });
    has_errors && reader.queries_of(reader.node, &KEYS, "SLO")
}

/// The alerts and series of one objective of Sloth (0.11: its rules for pages, tickets and metadata).
fn sloth_alerts(reader: &mut Reader<'_, '_, '_>) {
    let node = reader.node;
    let is_objective = node.get("sli").is_some_and(Node::is_mapping) && node.get("objective").is_some();
    if !is_objective {
        return;
    }
    let Some(name) = node.get("name").and_then(Node::embedded) else {
        return;
    };
    for window in [
        "5m", "30m", "1h", "2h", "6h", "1d", "3d", "7d", "28d", "30d", "90d",
    ] {
        reader.generated(format!("slo:sli_error:ratio_rate{window}"), name.whole_span());
    }
    for series in [
        "slo:objective:ratio",
        "slo:error_budget:ratio",
        "slo:time_period:days",
        "slo:current_burn_rate:ratio",
        "slo:period_burn_rate:ratio",
        "slo:period_error_budget_remaining:ratio",
        "sloth_slo_info",
    ] {
        reader.generated(series.to_owned(), name.whole_span());
    }
    let alerting = node.get("alerting");
    if let Some(alert) = alerting
        .and_then(|alerting| alerting.get("name"))
        .and_then(Node::embedded)
    {
        defined_alert(reader, &alert, alerting);
    }
}

/// An alert that a generator makes: it exists, and its expression is not ours to read.
fn defined_alert(reader: &mut Reader<'_, '_, '_>, name: &Embedded, around: Option<Node<'_>>) {
    let name = trimmed(name);
    let consumer = reader.consumer("SLO");
    reader.collector.rule(Rule {
        kind: RuleKind::Alert,
        name_span: name.whole_span(),
        name: name.text,
        consumer,
        query: None,
        labels: crate::rules::texts(around.and_then(|around| around.get("labels"))),
        annotations: crate::rules::texts(around.and_then(|around| around.get("annotations"))),
        waits: None,
    });
}

/// Pyrra's ServiceLevelObjective: selectors of series, under `metric` of each part of the indicator.
fn pyrra(reader: &mut Reader<'_, '_, '_>) -> bool {
    if reader.node.get_str("kind") != Some("ServiceLevelObjective") {
        return false;
    }
    let spec = reader.node.get("spec");
    let Some(indicator) = spec.and_then(|spec| spec.get("indicator")) else {
        return false;
    };
    reader.around = reader.around.entering(reader.node);
    let consumer = reader.consumer("ServiceLevelObjective");
    let window = spec.and_then(|spec| spec.get_str("window")).unwrap_or("4w");
    let mut metrics: Vec<Embedded> = Vec::new();
    for kind in indicator.effective_entries() {
        metrics.extend(kind.value.get("metric").and_then(Node::embedded));
        for part in ["errors", "total", "success"] {
            let metric = kind.value.get(part).and_then(|part| part.get("metric"));
            metrics.extend(metric.and_then(Node::embedded));
        }
    }
    for metric in &metrics {
        pyrra_series(reader, metric, window);
        reader.query(metric, consumer);
    }
    let name = reader
        .node
        .get("metadata")
        .and_then(|metadata| metadata.get("name"));
    let alerting = spec.and_then(|spec| spec.get("alerting"));
    let own = alerting
        .and_then(|alerting| alerting.get("name"))
        .and_then(Node::embedded);
    match (own, name) {
        (Some(alert), _) => defined_alert(reader, &alert, None),
        (None, Some(name)) => {
            for alert in ["ErrorBudgetBurn", "SLOMetricAbsent"] {
                reader.collector.rule(Rule {
                    kind: RuleKind::Alert,
                    name: alert.to_owned(),
                    name_span: name.span(),
                    consumer,
                    query: None,
                    labels: Vec::new(),
                    annotations: Vec::new(),
                    waits: None,
                });
            }
        }
        (None, None) => {}
    }
    true
}

/// What Pyrra records for one metric: `NAME:burnrate5m` and the like, `NAME:increase4w`; a counter's or histogram's
/// suffix is left out of the name (Pyrra 0.8).
fn pyrra_series(reader: &mut Reader<'_, '_, '_>, metric: &Embedded, window: &str) {
    let metric = trimmed(metric);
    let length = metric
        .text
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
        .count();
    let series = &metric.text[..length];
    if series.is_empty() {
        return;
    }
    let base = ["_total", "_count", "_bucket"]
        .iter()
        .find_map(|suffix| series.strip_suffix(suffix))
        .unwrap_or(series);
    for minutes in burn_windows(window) {
        let burn_rate = format!("{base}:burnrate{}", duration(minutes));
        reader.generated(burn_rate, metric.whole_span());
    }
    for family in [series, base] {
        reader.generated(format!("{family}:increase{window}"), metric.whole_span());
    }
}

/// Grafana's SLO: `freeform: {query}` or `ratio: {success_metric, total_metric}` (Terraform; in camel case in its
/// API). Its queries have Grafana's variables, such as `$__rate_interval`.
fn grafana_slo(reader: &mut Reader<'_, '_, '_>) -> bool {
    let node = reader.node;
    reader.holes = Some(Holes::ALL);
    if let Some(freeform) = node.get("freeform").filter(|freeform| freeform.is_mapping()) {
        return reader.queries_of(freeform, &["query"], "SLO");
    }
    const METRICS: [&str; 4] = ["success_metric", "total_metric", "successMetric", "totalMetric"];
    let Some(ratio) = node
        .get("ratio")
        .filter(|ratio| METRICS.iter().any(|key| ratio.get(key).is_some()))
    else {
        return false;
    };
    if reader.queries_of(ratio, &METRICS, "SLO") {
        return true;
    }
    let series: Vec<Embedded> = METRICS
        .iter()
        .filter_map(|key| ratio.get(key)?.get("prometheusMetric")?.embedded())
        .collect();
    let consumer = reader.consumer("SLO");
    for text in series {
        reader.query(&text, consumer);
    }
    true
}

/// The windows, in minutes, over which Pyrra alerts on an objective of that window: fixed shares of it, rounded.
fn burn_windows(window: &str) -> Vec<u64> {
    /// Of four weeks these are 5m, 30m, 1h, 2h, 6h, 1d and 4d.
    const SHARES: [u64; 7] = [28 * 24 * 12, 28 * 24 * 2, 28 * 24, 28 * 12, 28 * 4, 28, 7];
    let whole = minutes(window).unwrap_or(28 * 24 * 60);
    SHARES.iter().map(|share| (whole + share / 2) / share).collect()
}

/// A Prometheus duration in minutes; `None` where it is none, or shorter.
fn minutes(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut number = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        let unit = match character {
            'm' => 1,
            'h' => 60,
            'd' => 24 * 60,
            'w' => 7 * 24 * 60,
            _ => return None,
        };
        let amount: u64 = std::mem::take(&mut number).parse().ok()?;
        total = total.checked_add(amount.checked_mul(unit)?)?;
    }
    (total > 0 && number.is_empty()).then_some(total)
}

/// Minutes as Prometheus writes a duration: `1h4m`; weeks where nothing is left of them.
fn duration(minutes: u64) -> String {
    const UNITS: [(u64, char); 3] = [(24 * 60, 'd'), (60, 'h'), (1, 'm')];
    if minutes > 0 && minutes.is_multiple_of(7 * 24 * 60) {
        return format!("{}w", minutes / (7 * 24 * 60));
    }
    let mut left = minutes;
    let mut text = String::new();
    for (unit, letter) in UNITS {
        if left >= unit {
            text.push_str(&format!("{}{letter}", left / unit));
            left %= unit;
        }
    }
    text
}

/// OpenSLO 1: `metricSource: {type: Prometheus, spec: {query: …}}`.
fn openslo(reader: &mut Reader<'_, '_, '_>) -> bool {
    let Some(source) = reader.node.get("metricSource") else {
        return false;
    };
    let other = source
        .get_str("type")
        .is_some_and(|kind| !kind.to_lowercase().contains("prom") && !kind.contains("{{"));
    let Some(spec) = source.get("spec").filter(|_| !other) else {
        return other;
    };
    let text = ["query", "promql"].iter().find_map(|key| spec.get_str(key));
    // Where only a reference names the source, the query has to show what it is.
    if source.get_str("type").is_none() && !text.is_some_and(reads_as_query) {
        return false;
    }
    reader.queries_of(spec, &["query", "promql"], "SLO")
}

/// OpenSLO 1alpha: `source: prometheus`, `queryType: promql`, `query: …`.
fn openslo_alpha(reader: &mut Reader<'_, '_, '_>) -> bool {
    let is_promql = reader
        .node
        .get_str("queryType")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("promql"));
    is_promql && reader.queries_of(reader.node, &["query"], "SLO")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pyrra_derives_its_windows_from_the_objectives() {
        let windows = |window: &str| burn_windows(window).into_iter().map(duration).collect::<Vec<_>>();
        assert_eq!(windows("4w"), ["5m", "30m", "1h", "2h", "6h", "1d", "4d"]);
        assert_eq!(
            windows("30d"),
            ["5m", "32m", "1h4m", "2h9m", "6h26m", "1d1h43m", "4d6h51m"]
        );
    }
}

//! Which queries of a dashboard ask Prometheus.
//!
//! Owns: reading Grafana's many ways to name a datasource, and telling LogQL from PromQL where nothing is named.

use std::collections::BTreeMap;

use crate::decode::tree::Node;

/// What a datasource is, as far as the dashboard says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Datasource {
    /// Prometheus, or a store that answers PromQL.
    Prometheus,
    /// Something else.
    Other,
    /// Not said: by a name that tells nothing, by a variable, mixed.
    Unknown,
    /// Nothing stands there: what encloses it decides.
    Inherited,
}

/// Plugin types and built-in sources that do not answer PromQL.
const OTHERS: [&str; 37] = [
    "-- dashboard --",
    "-- grafana --",
    "__expr__",
    "alertmanager",
    "cloudwatch",
    "datasource",
    "elasticsearch",
    "frser-sqlite-datasource",
    "grafana",
    "grafana-athena-datasource",
    "grafana-azure-monitor-datasource",
    "grafana-bigquery-datasource",
    "grafana-clickhouse-datasource",
    "grafana-github-datasource",
    "grafana-opensearch-datasource",
    "grafana-postgresql-datasource",
    "grafana-pyroscope-datasource",
    "graphite",
    "influxdb",
    "jaeger",
    "loki",
    "marcusolsson-json-datasource",
    "mssql",
    "mysql",
    "opentsdb",
    "parca",
    "postgres",
    "pyroscope",
    "stackdriver",
    "tempo",
    "testdata",
    "vertamedia-clickhouse-datasource",
    "victorialogs",
    "victoriametrics-logs-datasource",
    "victoriametrics-traces-datasource",
    "yesoreyeram-infinity-datasource",
    "zipkin",
];

/// The plugin type of the sources that Grafana brings along: `grafana`, `-- Dashboard --`, `-- Mixed --`.
const OWN_TYPE: &str = "datasource";

/// Words in the free name of a datasource that say it is another store.
const OTHER_WORDS: [&str; 14] = [
    "clickhouse",
    "cloudwatch",
    "elasticsearch",
    "graphite",
    "influx",
    "influxdb",
    "jaeger",
    "loki",
    "mysql",
    "opensearch",
    "postgres",
    "postgresql",
    "tempo",
    "zipkin",
];

/// Parts of types and names of stores that answer PromQL.
const PROMETHEUS_PARTS: [&str; 6] = ["cortex", "mimir", "prom", "thanos", "victoria", "vmetrics"];

/// The types of a dashboard's datasource variables and inputs, by name.
pub(super) type DatasourceVariables = BTreeMap<String, String>;

/// What a `datasource` field names: an object with type and uid, a name, a variable, or nothing.
pub(super) fn classify(node: Option<Node<'_>>, variables: &DatasourceVariables) -> Datasource {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return Datasource::Inherited;
    };
    if let Some(name) = node.as_str() {
        return by_name(name, variables);
    }
    let named = ["uid", "name"].iter().find_map(|key| node.get_str(key));
    let by_uid = || named.map_or(Datasource::Unknown, |uid| by_name(uid, variables));
    match node.get_str("type") {
        // The type of Grafana's own sources. Grafana goes by the uid, and that of another source makes it the type's.
        Some(OWN_TYPE) if named.is_some() => by_uid(),
        Some(kind) => match by_name(kind, variables) {
            Datasource::Unknown => by_uid(),
            known => known,
        },
        None => by_uid(),
    }
}

/// What a name, uid or type says.
pub(super) fn by_name(name: &str, variables: &DatasourceVariables) -> Datasource {
    if let Some(variable) = variable_name(name) {
        return variables
            .get(variable)
            .map_or(Datasource::Unknown, |kind| by_type(kind));
    }
    by_type(name)
}

fn by_type(name: &str) -> Datasource {
    let name = name.trim().to_lowercase();
    if name.is_empty() {
        return Datasource::Inherited;
    }
    if OTHERS.contains(&name.as_str()) {
        return Datasource::Other;
    }
    if PROMETHEUS_PARTS.iter().any(|part| name.contains(part)) {
        return Datasource::Prometheus;
    }
    let mut words = name.split(|character: char| !character.is_alphanumeric());
    if words.any(|word| OTHER_WORDS.contains(&word)) {
        Datasource::Other
    } else {
        Datasource::Unknown
    }
}

/// The variable that a whole text refers to: `$x`, `${x}`, `${x:raw}`, `[[x]]`.
fn variable_name(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = if let Some(inner) = text.strip_prefix("${") {
        inner.strip_suffix('}')?
    } else if let Some(inner) = text.strip_prefix("[[") {
        inner.strip_suffix("]]")?
    } else {
        text.strip_prefix('$')?
    };
    inner.split([':', '.']).next()
}

/// Whether an expression is a query of Loki: behind a selector's brace it has a line filter or a pipeline stage,
/// neither of which PromQL knows, or it counts log lines.
pub(crate) fn looks_like_logql(expression: &str) -> bool {
    let bytes = expression.as_bytes();
    let mut position = 0;
    while position < bytes.len() {
        match bytes[position] {
            b'{' if bytes.get(position + 1) == Some(&b'{') => position += 2,
            b'}' if bytes.get(position + 1) == Some(&b'}') => position += 2,
            b'{' if counts_lines(&expression[..position]) && !expression[position..].contains("__name__") => {
                return true;
            }
            quote @ (b'"' | b'\'' | b'`') => position = string_end(bytes, position, quote),
            b'}' => {
                position += 1;
                if filters_lines(expression[position..].trim_start()) {
                    return true;
                }
            }
            _ => position += 1,
        }
    }
    false
}

/// Functions that LogQL has and PromQL has not, and the one that is both and makes sense for lines only when the
/// selector has no name.
fn counts_lines(before: &str) -> bool {
    let before = before.trim_end();
    ["count_over_time(", "bytes_over_time(", "bytes_rate("]
        .iter()
        .any(|function| before.ends_with(function))
}

fn filters_lines(after: &str) -> bool {
    if after.starts_with('|') || after.starts_with("!~") || after.starts_with("!>") {
        return true;
    }
    // `up{} != 0` compares, `{app="x"} != "text"` filters.
    after
        .strip_prefix("!=")
        .is_some_and(|rest| rest.trim_start().starts_with(['"', '`']))
}

fn string_end(bytes: &[u8], open: usize, quote: u8) -> usize {
    let mut position = open + 1;
    while position < bytes.len() {
        match bytes[position] {
            b'\\' if quote != b'`' => position += 2,
            byte if byte == quote => return position + 1,
            _ => position += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_queries_are_told_from_metric_queries() {
        for log in [
            r#"{app="x"} |= "error""#,
            r#"sum(rate({app="x"} | json | level="error" [5m]))"#,
            r#"{app="x"} != "debug""#,
            r#"count_over_time({app="x"}[5m])"#,
            r#"{a="}"} !~ "x""#,
        ] {
            assert!(looks_like_logql(log), "{log}");
        }
        for metric in [
            r#"up{job="a|b"} != 0"#,
            r#"count_over_time({__name__=~"a.*"}[5m])"#,
            r#"up{x="} | json"}"#,
            r#"up{x="{{ .a | quote }}"}"#,
            "up{} !=0 or {{ .x }} | y",
        ] {
            assert!(!looks_like_logql(metric), "{metric}");
        }
    }

    #[test]
    fn names_tell_what_they_can() {
        let variables = DatasourceVariables::from([("ds".to_owned(), "loki".to_owned())]);
        for (name, expected) in [
            ("prometheus", Datasource::Prometheus),
            ("Grafana-Prometheus", Datasource::Prometheus),
            ("${ds}", Datasource::Other),
            ("$ds", Datasource::Other),
            ("$unknown", Datasource::Unknown),
            ("My Loki", Datasource::Other),
            ("-- Grafana --", Datasource::Other),
            ("-- Mixed --", Datasource::Unknown),
            ("metrics", Datasource::Unknown),
        ] {
            assert_eq!(by_name(name, &variables), expected, "{name}");
        }
    }
}

//! Queries for VictoriaMetrics, in files that say that they are.
//!
//! Owns: which files do. In any file the functions and operators that only MetricsQL has tell a dashboard's query;
//! but `rate(x)` without a range, `sum(x[5m])` or `[1h]` behind an expression are errors in PromQL and none in
//! MetricsQL, and a rule with `lag()` is refused by Prometheus. So a query that is no PromQL is let pass only where the
//! file, by its text or path, has to do with VictoriaMetrics.

use promsight_model::{Facts, QueryState, ShownLabel, SourceFile};
use promsight_promql::{Holes, may_be_metricsql};

/// Words of files whose queries VictoriaMetrics evaluates: its name, its operator's objects, its programs, the
/// datasource of its Grafana plugin.
const WORDS: [&str; 6] = [
    "victoriametrics",
    "victoria-metrics",
    "vmalert",
    "vmrule",
    "vmselect",
    "metricsql",
];

/// Takes the queries of a file for VictoriaMetrics that can be MetricsQL for readable, and the labels that its alerts
/// show of their own: vmalert's `$labels` has those of the rule too, Prometheus' has not.
pub(crate) fn admit(file: &SourceFile, facts: &mut Facts) {
    let rules = std::mem::take(&mut facts.rules);
    let is_own = |shown: &ShownLabel| {
        let mut own = rules.iter().filter(|rule| rule.consumer == shown.consumer);
        matches!(shown.label.as_str(), "alertname" | "alertgroup")
            || own.any(|rule| rule.labels.iter().any(|(label, ..)| *label == shown.label))
    };
    if facts.shown_labels.iter().any(is_own) && speaks_metricsql(file) {
        facts.shown_labels.retain(|shown| !is_own(shown));
    }
    facts.rules = rules;
    let is_unreadable = |state: &QueryState| matches!(state, QueryState::Unreadable { .. });
    let mut unreadable = facts
        .queries
        .iter_mut()
        .filter(|query| is_unreadable(&query.state))
        .peekable();
    if unreadable.peek().is_none() || !speaks_metricsql(file) {
        return;
    }
    for query in unreadable {
        if may_be_metricsql(&query.text, Holes::ALL) {
            query.state = QueryState::Templated;
        }
    }
}

fn speaks_metricsql(file: &SourceFile) -> bool {
    let has_word = |text: &str| {
        let text = text.to_ascii_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    };
    has_word(&file.path) || has_word(&file.text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use promsight_model::FileSet;

    /// How well the only query of a rule file with that expression and comment is read.
    fn state(path: &str, comment: &str, expression: &str) -> &'static str {
        let text = format!(
            "# {comment}\ngroups:\n- name: mill\n  rules:\n  - record: mill:turns\n    expr: {expression}\n"
        );
        let files = FileSet::new(vec![(path.to_owned(), path.to_owned(), Arc::from(text))]);
        let facts = crate::extract(&files.files()[0]);
        match facts.queries.as_slice() {
            [query] => match query.state {
                super::QueryState::Parsed => "parsed",
                super::QueryState::Templated => "templated",
                super::QueryState::Unreadable { .. } => "unreadable",
            },
            _ => "not one query",
        }
    }

    #[test]
    fn a_file_for_prometheus_holds_promql() {
        for expression in [
            "rate(turns_total)",
            "lag(turns_total[1d]) > 5",
            "turns_total default 0",
        ] {
            assert_eq!(state("rules.yaml", "", expression), "unreadable", "{expression}");
        }
    }

    #[test]
    fn a_file_for_victoriametrics_may_hold_metricsql() {
        let expressions = [
            "rate(turns_total)",
            "lag(turns_total[1d]) > 5",
            "turns_total default 0",
            "max_over_time(rate(turns_total[5m])[1h])",
            "sum(turns_total) offset 1h",
            "rate(turns_total[1i]) > 5Ki",
        ];
        for expression in expressions {
            assert_eq!(
                state("rules.yaml", "for vmalert", expression),
                "templated",
                "{expression}"
            );
            assert_eq!(
                state("vmalert/rules.yaml", "", expression),
                "templated",
                "{expression}"
            );
        }
    }

    #[test]
    fn what_is_broken_is_broken_in_both() {
        for expression in [
            "sum(turns_total",
            "turns_total{a=\"b}",
            "turns_total > 5x",
            "a | b",
        ] {
            assert_eq!(
                state("rules.yaml", "for vmalert", expression),
                "unreadable",
                "{expression}"
            );
        }
        assert_eq!(
            state("rules.yaml", "for vmalert", "rate(turns_total[5m])"),
            "parsed"
        );
    }
}

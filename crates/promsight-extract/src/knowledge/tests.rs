//! Every table in `grammars/` is read strictly, and the tables agree with what they claim to be.

use std::collections::BTreeSet;

use promsight_grammars::{ALERTS, CATALOGUES, LIBRARIES};
use promsight_model::{Exporter, ExporterMetric, MetricType, Name};

use super::{catalogue, libraries, tables};

fn exporter_of<'a>(exporters: &'a [Exporter], name: &str) -> &'a Exporter {
    exporters
        .iter()
        .find(|exporter| exporter.name == name)
        .unwrap_or_else(|| panic!("no exporter `{name}`"))
}

fn metric_of<'a>(exporter: &'a Exporter, name: &str) -> &'a ExporterMetric {
    exporter
        .metrics
        .iter()
        .find(|metric| metric.name == name)
        .unwrap_or_else(|| panic!("{} has no `{name}`", exporter.name))
}

fn is_legal_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}

fn assert_sorted<'a>(file: &str, what: &str, names: impl Iterator<Item = &'a str>) {
    let names: Vec<&str> = names.collect();
    for pair in names.windows(2) {
        assert!(
            pair[0] < pair[1],
            "{file}: {what} `{}` must stand before `{}`, once",
            pair[1],
            pair[0]
        );
    }
}

#[test]
fn every_catalogue_decodes() {
    for (file, text) in CATALOGUES {
        let exporter = tables::exporter(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(!exporter.source.trim().is_empty(), "{file}: no source");
        assert!(
            !exporter.metrics.is_empty() || !exporter.patterns.is_empty() || !exporter.territory.is_empty(),
            "{file}: says nothing"
        );
        assert!(
            file.strip_suffix(".yaml") == Some(exporter.name.as_str()) || exporter.name.contains(' '),
            "{file}"
        );
    }
    assert_eq!(catalogue().exporters.len(), CATALOGUES.len());
}

#[test]
fn every_file_of_alerts_decodes_and_is_sorted() {
    assert!(!ALERTS.is_empty());
    for (file, text) in ALERTS {
        let collection = tables::alerts(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(format!("{}.yaml", collection.name), *file);
        assert!(!collection.source.is_empty(), "{file} says where it is from");
        let lines = text.split_once("alerts: |\n").expect("a block of alerts").1;
        let names: Vec<&str> = lines.lines().map(str::trim).collect();
        assert_sorted(file, "alert", names.iter().copied());
        assert_eq!(names.len(), collection.alerts.len());
    }
}

#[test]
fn well_known_alerts_are_there() {
    let catalogue = catalogue();
    for alert in [
        "KubePodCrashLooping",
        "NodeFilesystemAlmostOutOfSpace",
        "etcdNoLeader",
        "ThanosCompactHalted",
    ] {
        let known = catalogue
            .alerts
            .iter()
            .any(|collection| collection.alerts.contains(alert));
        assert!(known, "{alert}");
    }
}

#[test]
fn every_library_decodes() {
    for (file, text) in LIBRARIES {
        let library = tables::library(text, 0).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(!library.source.trim().is_empty(), "{file}: no source");
        assert_eq!(
            format!("{}.yaml", library.package),
            *file,
            "a file is named like its package"
        );
        assert!(
            !library.constructors.is_empty()
                || !library.built_in.is_empty()
                || !library.descriptions.is_empty(),
            "{file}: says nothing"
        );
    }
    assert_eq!(libraries().len(), LIBRARIES.len());
}

#[test]
fn catalogue_tables_are_sorted_and_legal() {
    for exporter in catalogue().exporters {
        let file = exporter.name.as_str();
        assert_sorted(
            file,
            "family",
            exporter.metrics.iter().map(|metric| metric.name.as_str()),
        );
        assert_sorted(file, "gone", exporter.gone.iter().map(|gone| gone.name.as_str()));
        for metric in &exporter.metrics {
            assert!(
                is_legal_name(&metric.name),
                "{file}: `{}` is no metric name",
                metric.name
            );
            if let Some(labels) = &metric.labels {
                assert_sorted(file, "label", labels.iter().map(String::as_str));
                for label in labels {
                    assert!(is_legal_name(label), "{file}: `{label}` is no label name");
                    let reserved = match metric.metric_type {
                        MetricType::Histogram => "le",
                        MetricType::Summary => "quantile",
                        _ => "__name__",
                    };
                    assert_ne!(
                        label, reserved,
                        "{file}: `{}` declares a label of its samples",
                        metric.name
                    );
                }
            }
        }
        for prefix in &exporter.territory {
            let word = prefix.strip_suffix(['_', ':']).unwrap_or_default();
            assert!(
                is_legal_name(word),
                "{file}: territory `{prefix}` is no first word"
            );
        }
    }
}

/// A name that some exporter still has cannot be called gone: the resolver would blame a rule that works.
#[test]
fn no_gone_name_is_still_exposed_by_anyone() {
    let exporters = catalogue().exporters;
    let current: BTreeSet<&str> = exporters
        .iter()
        .flat_map(|exporter| exporter.metrics.iter().map(|metric| metric.name.as_str()))
        .collect();
    for exporter in &exporters {
        for gone in &exporter.gone {
            assert!(
                is_legal_name(&gone.name),
                "{}: `{}` is no metric name",
                exporter.name,
                gone.name
            );
            assert!(
                !current.contains(gone.name.as_str()),
                "{}: `{}` is not gone",
                exporter.name,
                gone.name
            );
            assert!(
                !gone.since.is_empty(),
                "{}: since when is `{}` gone?",
                exporter.name,
                gone.name
            );
            assert!(
                !exporter
                    .patterns
                    .iter()
                    .any(|pattern| pattern.matches(&gone.name)),
                "{}: a pattern still admits `{}`",
                exporter.name,
                gone.name
            );
            if let Some(replacement) = &gone.replacement {
                let known = current.contains(replacement.as_str())
                    || exporter
                        .patterns
                        .iter()
                        .any(|pattern| pattern.matches(replacement));
                assert!(
                    known,
                    "{}: nothing exposes `{replacement}`, said to replace `{}`",
                    exporter.name, gone.name
                );
            }
        }
    }
}

#[test]
fn two_exporters_do_not_claim_one_territory() {
    let mut claimed = BTreeSet::new();
    for exporter in catalogue().exporters {
        for prefix in exporter.territory {
            assert!(
                claimed.insert(prefix.clone()),
                "{}: `{prefix}` is claimed twice",
                exporter.name
            );
        }
    }
}

#[test]
fn library_tables_are_sorted_and_legal() {
    for library in libraries() {
        let file = library.package.as_str();
        let mut paths = BTreeSet::new();
        for constructor in &library.constructors {
            assert!(
                !constructor.paths.is_empty(),
                "{file}: a constructor without a path"
            );
            for path in &constructor.paths {
                assert!(
                    path.split('.').all(is_legal_name),
                    "{file}: `{path}` is no dotted path"
                );
                assert!(paths.insert(path.clone()), "{file}: `{path}` stands twice");
            }
        }
        for built_in in &library.built_in {
            assert!(
                !built_in.when.is_empty() || !built_in.named.is_empty(),
                "{file}: nothing activates a built-in"
            );
            let names: Vec<String> = built_in
                .metrics
                .iter()
                .map(|metric| metric.name.to_string())
                .collect();
            assert_sorted(file, "family", names.iter().map(String::as_str));
            for metric in &built_in.metrics {
                let Name::Exact(name) = &metric.name else { continue };
                assert!(is_legal_name(name), "{file}: `{name}` is no metric name");
                assert!(
                    metric.metric_type != MetricType::Counter || !name.ends_with("_total"),
                    "{file}: `{name}`: the library registers a counter without `_total`"
                );
                assert!(
                    metric.buckets.is_none() || metric.metric_type == MetricType::Histogram,
                    "{file}: `{name}` has bounds and is no histogram"
                );
                if let Some(bounds) = &metric.buckets {
                    assert_eq!(
                        bounds.last().map(String::as_str),
                        Some("+Inf"),
                        "{file}: `{name}`"
                    );
                    assert!(
                        bounds
                            .iter()
                            .all(|bound| bound == "+Inf" || bound.contains('.') || bound.contains('e'))
                    );
                }
            }
        }
    }
}

#[test]
fn a_counter_keeps_the_suffix_that_its_exposition_has() {
    let catalogue = catalogue();
    let cpu = metric_of(
        exporter_of(&catalogue.exporters, "node_exporter"),
        "node_cpu_seconds_total",
    )
    .clone();
    assert_eq!(cpu.metric_type, MetricType::Counter);
    assert_eq!(cpu.labels, Some(vec!["cpu".to_owned(), "mode".to_owned()]));
}

#[test]
fn old_names_lead_to_new_ones() {
    let catalogue = catalogue();
    let node = exporter_of(&catalogue.exporters, "node_exporter");
    let gone = node
        .gone
        .iter()
        .find(|gone| gone.name == "node_memory_MemFree")
        .expect("renamed in 0.16");
    assert_eq!(gone.replacement.as_deref(), Some("node_memory_MemFree_bytes"));
    assert_eq!(gone.since, "0.16.0");
}

#[test]
fn malformed_tables_say_where() {
    let no_type = tables::exporter("name: a\nsource: b\nmetrics: |\n  a_total counts\n").unwrap_err();
    assert!(no_type.contains("`counts` is no metric type"), "{no_type}");
    let extra = tables::exporter("name: a\nsource: b\nmetrics: |\n  a gauge - - x\n").unwrap_err();
    assert!(extra.contains("one column too many"), "{extra}");
    let gone = tables::exporter("name: a\nsource: b\ngone: |\n  a b\n").unwrap_err();
    assert!(gone.contains("the version that dropped it"), "{gone}");
    let key = tables::exporter("name: a\nsource: b\nmetric: x\n").unwrap_err();
    assert!(key.contains("metric"), "{key}");
    let pattern = tables::exporter("name: a\nsource: b\npatterns: [a_total]\n").unwrap_err();
    assert!(pattern.contains("no `*`"), "{pattern}");
    assert!(tables::library("package: a\nsource: b\nconstructors: {count: [[a.b]]}\n", 0).is_err());
}

#[test]
fn unknown_and_empty_columns_differ() {
    let exporter = tables::exporter(
        "name: a\nsource: b\nmetrics: |\n  a gauge\n  b gauge -\n  c gauge ?\n  d gauge x,y\n",
    )
    .unwrap();
    let labels: Vec<_> = exporter.metrics.into_iter().map(|metric| metric.labels).collect();
    assert_eq!(
        labels,
        [
            None,
            Some(vec![]),
            None,
            Some(vec!["x".to_owned(), "y".to_owned()])
        ]
    );
}

/// What exporters that Debian packages expose, recorded by grammars/record/debian.py.
const PACKAGED: [(&str, &str); 14] = [
    (
        "alertmanager",
        include_str!("../../../../testdata/catalogue/alertmanager.txt"),
    ),
    (
        "apache_exporter",
        include_str!("../../../../testdata/catalogue/apache_exporter.txt"),
    ),
    (
        "bind_exporter",
        include_str!("../../../../testdata/catalogue/bind_exporter.txt"),
    ),
    (
        "blackbox_exporter",
        include_str!("../../../../testdata/catalogue/blackbox_exporter.txt"),
    ),
    (
        "haproxy_exporter",
        include_str!("../../../../testdata/catalogue/haproxy_exporter.txt"),
    ),
    (
        "mysqld_exporter",
        include_str!("../../../../testdata/catalogue/mysqld_exporter.txt"),
    ),
    (
        "nginx-prometheus-exporter",
        include_str!("../../../../testdata/catalogue/nginx-prometheus-exporter.txt"),
    ),
    (
        "node_exporter",
        include_str!("../../../../testdata/catalogue/node_exporter.txt"),
    ),
    (
        "postgres_exporter",
        include_str!("../../../../testdata/catalogue/postgres_exporter.txt"),
    ),
    (
        "process-exporter",
        include_str!("../../../../testdata/catalogue/process-exporter.txt"),
    ),
    (
        "prometheus",
        include_str!("../../../../testdata/catalogue/prometheus.txt"),
    ),
    (
        "pushgateway",
        include_str!("../../../../testdata/catalogue/pushgateway.txt"),
    ),
    (
        "redis_exporter",
        include_str!("../../../../testdata/catalogue/redis_exporter.txt"),
    ),
    (
        "snmp_exporter",
        include_str!("../../../../testdata/catalogue/snmp_exporter.txt"),
    ),
];

#[test]
fn what_packaged_exporters_expose_is_in_their_tables() {
    let catalogue = catalogue();
    for (name, text) in PACKAGED {
        let exporter = exporter_of(&catalogue.exporters, name);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let families: Vec<&str> = lines.filter_map(|line| line.split(' ').next()).collect();
        assert!(!families.is_empty(), "{name} exposes something");
        for family in families {
            let is_known = exporter.metrics.iter().any(|metric| metric.name == family)
                || exporter.gone.iter().any(|gone| gone.name == family)
                || exporter.patterns.iter().any(|pattern| pattern.matches(family));
            assert!(is_known, "{name}: {family}");
        }
    }
}

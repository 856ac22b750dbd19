//! What is read of snapshots, and that it is what the real parsers read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use promsight_model::Name;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

fn file(text: &str) -> SourceFile {
    SourceFile {
        id: FileId(0),
        path: "scrape.prom".to_owned(),
        shown_path: "scrape.prom".to_owned(),
        text: Arc::from(text),
    }
}

/// The only family of a text without unreadable lines.
fn family(text: &str) -> Emitter {
    let mut snapshot = read(&file(text));
    assert!(snapshot.gaps.is_empty(), "{:?}", snapshot.gaps);
    assert_eq!(snapshot.emitters.len(), 1, "{:?}", snapshot.emitters);
    snapshot.emitters.remove(0)
}

fn series(emitter: &Emitter) -> Vec<&str> {
    emitter.series.iter().filter_map(Name::exact).collect()
}

#[test]
fn a_counter_of_the_classic_format_and_one_of_openmetrics_are_the_same_metric() {
    let classic = family("# TYPE sold_total counter\nsold_total{till=\"1\"} 3\n");
    let open =
        family("# TYPE sold counter\nsold_total{till=\"1\"} 3\nsold_created{till=\"1\"} 1.7e9\n# EOF\n");
    for emitter in [&classic, &open] {
        assert_eq!(emitter.name, Name::Exact("sold".to_owned()));
        assert_eq!(emitter.metric_type, MetricType::Counter);
        assert_eq!(
            (emitter.labels.as_slice(), emitter.labels_known),
            (["till".to_owned()].as_slice(), true)
        );
    }
    assert_eq!(series(&classic), ["sold_total"]);
    assert_eq!(series(&open), ["sold_created", "sold_total"]);
}

#[test]
fn a_family_without_samples_exposes_what_its_type_brings_and_says_nothing_of_labels() {
    let emitter = family("# HELP wait Waiting.\n# TYPE wait summary\n");
    assert_eq!(series(&emitter), ["wait", "wait_count", "wait_sum"]);
    assert!(!emitter.labels_known);
    assert!(
        read(&file("# HELP wait Waiting.\n")).emitters.is_empty(),
        "help declares nothing"
    );
}

#[test]
fn bounds_are_known_where_every_child_has_the_same_ones() {
    let of = |text: &str| family(&format!("# TYPE wait histogram\n{text}")).buckets;
    let child = |queue: &str, bounds: &[&str]| -> String {
        let line = |bound: &&str| format!("wait_bucket{{queue=\"{queue}\",le=\"{bound}\"}} 1\n");
        bounds.iter().map(line).collect()
    };
    let (short, long) = (
        child("a", &["2.5", "10.0", "+Inf"]),
        child("b", &["2.5", "10.0", "+Inf"]),
    );
    let bounds = ["2.5", "10.0", "+Inf"].map(str::to_owned).to_vec();
    assert_eq!(
        of(&format!("{short}{long}")),
        Some(bounds),
        "in the order of numbers"
    );
    assert_eq!(of(&format!("{short}{}", child("b", &["5.0", "+Inf"]))), None);
    assert_eq!(
        of("wait_count 3\nwait_sum 1\n"),
        None,
        "a native histogram has none"
    );
}

#[test]
fn labels_are_known_where_all_samples_have_the_same_ones() {
    let of = |text: &str| family(text).labels_known;
    assert!(of("a{x=\"1\",y=\"2\"} 1\na{y=\"3\",x=\"1\"} 1\n"));
    assert!(!of("a{x=\"1\"} 1\na{x=\"1\",y=\"2\"} 1\n"));
    assert!(!of("a{x=\"1\",y=\"2\"} 1\na{x=\"1\"} 1\n"));
    assert!(!of("a 1\na{x=\"1\"} 1\n"));
    assert!(
        !of("build_info{version=\"1\"} 1\n"),
        "the labels of an info are data"
    );
}

#[test]
fn places_are_those_of_the_first_sample_and_of_each_value() {
    let text = "# TYPE sold_total counter\n  sold_total{till=\"nörd\"} 3\n";
    let emitter = family(text);
    let shown = |span: Span| &text[span.range()];
    assert_eq!(shown(emitter.span), "sold_total{till=\"nörd\"}");
    assert_eq!(emitter.name_span.map(shown), Some("sold_total"));
    assert_eq!(shown(emitter.usage.label_values[0].values[0].span), "nörd");
    let declared = family("# TYPE jobs gauge\n");
    assert_eq!((declared.span.start, declared.span.end), (7, 11));
}

#[test]
fn an_unreadable_line_is_a_gap_that_reaches_the_names_that_begin_like_it() {
    let snapshot = read(&file("a 1\nsold{till=1} 2\nc 3\n"));
    assert_eq!(snapshot.emitters.len(), 2);
    let gap = &snapshot.gaps[0];
    assert_eq!((gap.span.start, gap.span.end), (4, 18));
    assert!(gap.message.contains("stands in no quotes"), "{}", gap.message);
    assert_eq!(
        gap.reach,
        Reach::Pattern(Pattern::new(vec!["sold".to_owned(), String::new()]))
    );
}

#[test]
fn many_unreadable_lines_are_told_once() {
    let snapshot = read(&file(&"| a | b |\n".repeat(1_000)));
    assert_eq!(snapshot.gaps.len(), MOST_GAPS);
    let last = &snapshot.gaps[MOST_GAPS - 1].message;
    assert!(last.ends_with("so could 980 more lines of the file"), "{last}");
}

#[test]
fn a_line_of_very_many_labels_is_refused_and_a_label_of_very_many_values_keeps_none() {
    let labels: String = (0..100_000).map(|at| format!("l{at}=\"x\",")).collect();
    assert_eq!(read(&file(&format!("a{{{labels}}} 1\n"))).gaps.len(), 1);
    let lines: String = (0..1_000).map(|at| format!("a{{id=\"{at}\"}} 1\n")).collect();
    let emitter = family(&lines);
    assert!(emitter.labels_known && emitter.usage.label_values.is_empty());
}

#[derive(Deserialize)]
struct Record {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    format: String,
    text: String,
    prometheus: Answer,
    client: Answer,
}

#[derive(Deserialize)]
struct Answer {
    error: Option<String>,
    #[serde(default)]
    types: BTreeMap<String, String>,
    #[serde(default)]
    series: Vec<Series>,
}

#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

fn record() -> Vec<Case> {
    let text = include_str!("../../../../testdata/exposition/conformance.json");
    let record: Record = serde_json::from_str(text).expect("the record is JSON");
    record.cases
}

/// What Prometheus refuses and a listing of what exists may still be read from: the names are plain.
const READ_ALL_THE_SAME: [&str; 11] = [
    "type of many blanks",
    "type unknown in the classic format",
    "carriage returns",
    "a negative time",
    "a time with a fraction in the classic format",
    "an exemplar in the classic format",
    "a counter of OpenMetrics",
    "a unit that the name lacks",
    "no end of OpenMetrics",
    "text behind the end",
    "a blank line in OpenMetrics",
];

/// What Prometheus' parser lets pass and its storage refuses.
const REFUSED_LATER: &str = "a label twice";

/// Prometheus 3.16 takes blanks before a name for a part of it, and writes bounds as floating-point numbers (`1.0`).
const CHANGED_BY_PROMETHEUS: [&str; 2] = ["a leading blank", "a histogram of Go"];

#[test]
fn what_prometheus_reads_is_read_and_what_it_refuses_is_told() {
    let mut looked_at = BTreeSet::new();
    for case in record() {
        let name = format!("{} ({})", case.name, case.format);
        let snapshot = read(&file(&case.text));
        let is_refused = case.prometheus.error.is_some() || case.name == REFUSED_LATER;
        let is_read = READ_ALL_THE_SAME.contains(&case.name.as_str());
        if is_read {
            looked_at.insert(case.name.clone());
        }
        assert_eq!(
            snapshot.gaps.is_empty(),
            !is_refused || is_read,
            "{name}: {:?}",
            snapshot.gaps
        );
        if !is_refused && !CHANGED_BY_PROMETHEUS.contains(&case.name.as_str()) {
            assert_eq!(samples(&case.text), sorted(case.prometheus.series), "{name}");
        }
    }
    assert_eq!(
        looked_at.len(),
        READ_ALL_THE_SAME.len(),
        "each exception is a case"
    );
}

/// The Python client's parser calls the samples of a counter `_total`, whatever they are called.
const RENAMED_BY_THE_CLIENT: [&str; 4] = [
    "a counter without total",
    "a type of a name in quotes",
    "a type twice",
    "two families",
];

#[test]
fn what_the_python_client_reads_is_read_the_same() {
    for case in record() {
        let both = case.client.error.is_none() && case.prometheus.error.is_none();
        let is_same = !RENAMED_BY_THE_CLIENT.contains(&case.name.as_str()) && case.name != REFUSED_LATER;
        if both && is_same {
            assert_eq!(samples(&case.text), sorted(case.client.series), "{}", case.name);
        }
    }
}

#[test]
fn types_are_those_that_prometheus_tells() {
    for case in record().iter().filter(|case| case.prometheus.error.is_none()) {
        let snapshot = read(&file(&case.text));
        for (family, told) in &case.prometheus.types {
            let named = Name::Exact(family.clone());
            let ours = snapshot
                .emitters
                .iter()
                .find(|emitter| emitter.written_name == named);
            let ours = ours.map(|emitter| emitter.metric_type);
            assert_eq!(ours, metric_type(told), "{family} of {}", case.name);
        }
    }
}

fn samples(text: &str) -> Vec<Series> {
    let lines = text.lines().filter_map(|line| line::read(line).ok());
    let samples = lines.filter_map(|line| match line {
        Line::Sample { name, labels, .. } => Some(Series {
            name: name.text.into_owned(),
            // A label without a value is none.
            labels: labels
                .into_iter()
                .map(|(label, value)| (label.text.into_owned(), value.text.into_owned()))
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        }),
        _ => None,
    });
    sorted(samples.collect())
}

fn sorted(mut series: Vec<Series>) -> Vec<Series> {
    for one in &mut series {
        one.labels.retain(|_, value| !value.is_empty());
    }
    series.sort();
    series
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_every_place_lies_in_the_text(
        text in proptest::collection::vec("[a-z_:]{1,3}|[{}=,\"#\\\\ \t\r\n]|TYPE |HELP |EOF|le|\\+Inf|counter|1\\.5|é", 0..60)
            .prop_map(|pieces| pieces.concat())
    ) {
        let snapshot = read(&file(&text));
        for emitter in &snapshot.emitters {
            let values = emitter.usage.label_values.iter().flat_map(|label| &label.values);
            let places = values.map(|value| value.span).chain([emitter.span]).chain(emitter.name_span);
            for place in places {
                prop_assert!(text.get(place.range()).is_some(), "{place:?}");
            }
        }
        for gap in &snapshot.gaps {
            prop_assert!(text.get(gap.span.range()).is_some());
        }
    }

    #[test]
    fn what_is_written_as_a_sample_is_read_back(
        name in "[a-z_:][a-z0-9_:]{0,8}",
        labels in proptest::collection::btree_map("[a-z_][a-z0-9_]{0,4}", "[ -~é\n]{0,8}", 0..4),
    ) {
        let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let written: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let line = format!("{name}{{{}}} 1", written.join(","));
        let Ok(Line::Sample { name: read_name, labels: read_labels, .. }) = line::read(&line) else {
            return Err(TestCaseError::fail(line));
        };
        prop_assert_eq!(read_name.text.as_ref(), name.as_str());
        let read_back: BTreeMap<String, String> = read_labels
            .into_iter()
            .map(|(label, value)| (label.text.into_owned(), value.text.into_owned()))
            .collect();
        prop_assert_eq!(read_back, labels);
    }
}

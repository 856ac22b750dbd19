//! Sources in, the names that their constructors hold out.

use std::sync::Arc;

use promsight_model::FileId;
use proptest::prelude::*;

use super::*;

fn facts(path: &str, text: &str) -> Facts {
    let file = SourceFile {
        id: FileId(0),
        path: path.to_owned(),
        shown_path: path.to_owned(),
        text: Arc::from(text),
    };
    let mut facts = Facts::empty(file.id);
    extract(&file, &mut facts);
    facts
}

/// Names in order; `~` marks those that may have more in front.
fn names(path: &str, text: &str) -> Vec<String> {
    let mark =
        |name: &OtherSourceName| format!("{}{}", if name.may_have_prefix { "~" } else { "" }, name.name);
    facts(path, text).other_source_names.iter().map(mark).collect()
}

#[test]
fn go() {
    let text = r#"
        var a = prometheus.NewDesc("ferry_trips_total", "Trips.", nil, nil)
        var b = prometheus.NewDesc(prometheus.BuildFQName("ferry", "engine", "starts_total"), "Starts.", nil, nil)
        var c = prometheus.NewDesc(prometheus.BuildFQName(namespace, "engine", "stops_total"), "Stops.", nil, nil)
        var d = promauto.NewCounterVec(prometheus.CounterOpts{
            Namespace: "ferry",
            Name:      "tickets_total", // {sold}
            ConstLabels: prometheus.Labels{"name": "x"},
        }, []string{"class"})
        var e = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: ns, Subsystem: "deck", Name: "cars"})
        const lounge = "lounge"
        var g = prometheus.NewDesc(prometheus.BuildFQName(namespace, lounge, "seats"), "Seats.", nil, nil)
        var f = metrics.NewCounter(`ferry_horns_total{side="port"}`)
    "#;
    assert_eq!(
        names("metrics.go", text),
        [
            "ferry_trips_total",
            "ferry_engine_starts_total",
            "~engine_stops_total",
            "ferry_tickets_total",
            "~deck_cars",
            "~lounge_seats",
            "ferry_horns_total",
        ]
    );
}

#[test]
fn rust() {
    let text = r#"
        let a = register_int_counter_vec!("ferry_trips_total", "Trips.", &["port"]);
        counter!("ferry_tickets_total", "class" => "car").increment(1);
        let b = IntGauge::with_opts(Opts::new("cars", "Cars.").namespace("ferry"));
    "#;
    assert_eq!(
        names("src/metrics.rs", text),
        ["ferry_trips_total", "ferry_tickets_total", "~cars"]
    );
}

#[test]
fn java() {
    let text = r#"
        static final Counter A = Counter.build().namespace("ferry").name("trips_total").help("Trips.").register();
        Counter.builder("ferry.tickets.sold").register(registry);
        meterRegistry.timer("ferry.crossing-time");
    "#;
    assert_eq!(
        names("A.java", text),
        ["~trips_total", "ferry_tickets_sold", "ferry_crossing_time"]
    );
}

#[test]
fn javascript_ruby_csharp_elixir_php_and_lua() {
    let javascript = "new client.Counter({\n  help: 'Trips', name: 'ferry_trips_total',\n});\nnew Gauge<string>({ name: \"ferry_cars\" })";
    assert_eq!(names("a.ts", javascript), ["ferry_trips_total", "ferry_cars"]);
    assert_eq!(
        names(
            "a.rb",
            "Prometheus::Client::Counter.new(:ferry_trips_total, docstring: '')"
        ),
        ["ferry_trips_total"]
    );
    assert_eq!(
        names("a.cs", "Metrics.CreateCounter(\"ferry_trips_total\", \"\")"),
        ["ferry_trips_total"]
    );
    assert_eq!(
        names("a.ex", "Counter.declare(name: :ferry_trips_total, help: \"\")"),
        ["ferry_trips_total"]
    );
    assert_eq!(
        names(
            "a.php",
            "$registry->getOrRegisterCounter('ferry', 'trips_total', '')"
        ),
        ["ferry_trips_total"]
    );
    assert_eq!(
        names(
            "a.lua",
            "local m = prometheus:counter(\"ferry_trips_total\", \"\")"
        ),
        ["ferry_trips_total"]
    );
}

#[test]
fn exposition_written_by_hand() {
    let text = "printf(\"# HELP ferry_up Whether.\\n# TYPE ferry_up gauge\\n\");";
    assert_eq!(names("main.c", text), ["ferry_up", "ferry_up"]);
}

#[test]
fn tests_and_other_files_are_left_alone() {
    let text = "prometheus.NewDesc(\"ferry_trips_total\", \"\", nil, nil)";
    for path in [
        "metrics_test.go",
        "pkg/testdata/metrics.go",
        "metrics.py",
        "metrics.txt",
    ] {
        assert!(names(path, text).is_empty(), "{path}");
    }
}

#[test]
fn every_pattern_compiles() {
    assert_eq!(TABLE.len(), PATTERNS.len());
}

#[test]
fn a_span_covers_the_literal() {
    let text = "/* ä */ new Counter({ name: 'ferry_trips_total' })";
    let facts = facts("a.js", text);
    assert_eq!(
        &text[facts.other_source_names[0].span.range()],
        "ferry_trips_total"
    );
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(Opts\\{|Name: |\"|`|[a-z_{}(),:\\n ä]|# TYPE |NewDesc\\(|new Counter\\(\\{ name: '){0,60}") {
        for name in facts("a.go", &text).other_source_names {
            prop_assert!(text.get(name.span.range()).is_some());
        }
    }
}

//! Names held by metric constructors of languages that are not read in full.
//!
//! Owns one table of constructors; it reads no grammar. A name found here says only that this tree's own sources
//! make such a metric, so that a reference to it is not called blind; labels and types stay unknown.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use promsight_model::{Facts, OtherSourceName, SourceFile, Span};
use regex::{Captures, Regex};

/// The languages, by their files' extensions.
const EXTENSIONS: &[&str] = &[
    "go", "java", "kt", "kts", "scala", "groovy", "rs", "c", "cc", "cpp", "cxx", "h", "hpp", "js", "mjs",
    "cjs", "ts", "tsx", "jsx", "rb", "cs", "fs", "erl", "ex", "exs", "php", "lua", "swift", "dart", "pl",
    "nim", "zig", "clj",
];

/// Whether a path is that of a source file in one of these languages, and of no test.
pub fn is_source(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    EXTENSIONS.contains(&extension) && !is_test(path, stem)
}

fn is_test(path: &str, stem: &str) -> bool {
    let named = stem.ends_with("_test")
        || stem.ends_with(".test")
        || stem.ends_with(".spec")
        || stem.ends_with("_spec")
        || stem.ends_with("Test")
        || stem.ends_with("Tests")
        || stem.starts_with("test_");
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    named
        || folders.iter().any(|folder| {
            matches!(
                *folder,
                "test" | "tests" | "__tests__" | "testdata" | "spec" | "fixtures"
            )
        })
}

/// The names in the metric constructors of a source file.
pub fn extract(file: &SourceFile, facts: &mut Facts) {
    if !is_source(&file.path) || !mentions_metrics(&file.text) {
        return;
    }
    let mut seen = BTreeSet::new();
    for rule in TABLE.iter() {
        for captures in rule.regex.captures_iter(&file.text) {
            let Some(found) = rule.name(&file.text, &captures) else {
                continue;
            };
            let span = Span::new(file.id, found.range);
            if is_series_name(&found.name) && seen.insert((span, found.name.clone())) {
                facts.other_source_names.push(OtherSourceName {
                    name: found.name,
                    span,
                    may_have_prefix: found.may_have_prefix,
                });
            }
        }
    }
    facts
        .other_source_names
        .sort_by(|left, right| (left.span, &left.name).cmp(&(right.span, &right.name)));
}

/// Words of which every file with a metric constructor has one.
const HINTS: &[&str] = &[
    "prometheus",
    "Prometheus",
    "metrics",
    "Metrics",
    "Counter",
    "counter",
    "Gauge",
    "gauge",
    "Histogram",
    "histogram",
    "MeterRegistry",
    "prom-client",
    "# TYPE ",
    "# HELP ",
];

static HINT: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(HINTS).ok());

fn mentions_metrics(text: &str) -> bool {
    HINT.as_ref().is_none_or(|hint| hint.is_match(text))
}

fn is_series_name(name: &str) -> bool {
    name.len() > 1
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | ':'))
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | ':'))
}

/// How a match spells a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// The name is whole.
    Whole,
    /// A namespace given elsewhere can stand before it.
    Tail,
    /// Dots and dashes stand for underscores, as in Micrometer and OpenTelemetry.
    Dotted,
    /// Groups `namespace` and `subsystem` stand before it where they are literals.
    Joined,
    /// The match is the head of an options literal, whose fields are read.
    Options,
}

struct Rule {
    regex: Regex,
    spelling: Spelling,
}

struct Found {
    name: String,
    range: Range<usize>,
    may_have_prefix: bool,
}

/// The constructors. The group `name` is the literal.
const PATTERNS: &[(Spelling, &str)] = &[
    // Go: client_golang, promauto, VictoriaMetrics/metrics, OpenTelemetry.
    (
        Spelling::Tail,
        r#"\bNewDesc\(\s*(?:"(?P<name>[^"\n]*)"|`(?P<raw>[^`\n]*)`)"#,
    ),
    (
        Spelling::Joined,
        r#"\bBuildFQName\(\s*(?:"(?P<namespace>[^"\n]*)"|[\w.]+)\s*,\s*(?:"(?P<subsystem>[^"\n]*)"|[\w.]+)\s*,\s*"(?P<name>[^"\n]*)""#,
    ),
    (
        Spelling::Options,
        r"\b(?:Counter|Gauge|Histogram|Summary|Untyped|Info)?(?:Vec)?Opts\s*(?:\{|\(\s*\{)",
    ),
    (
        Spelling::Whole,
        r#"\b(?:New|GetOrCreate)(?:Float)?(?:Counter|Gauge|Histogram|Summary|PrometheusHistogram)(?:Ext)?\(\s*(?:fmt\.Sprintf\(\s*)?[`"](?P<name>[a-zA-Z_:][\w:]*)(?:\{[^`\n]*)?[`"]"#,
    ),
    (
        Spelling::Dotted,
        r#"\b(?:Int64|Float64)(?:Observable)?(?:Counter|UpDownCounter|Gauge|Histogram)\(\s*"(?P<name>[^"\n]+)""#,
    ),
    // Rust: prometheus, prometheus-client, metrics.
    (
        Spelling::Whole,
        r#"\b(?:register_)?(?:int_)?(?:counter|gauge|histogram)(?:_vec)?(?:_with_registry)?!\s*[(\[{]\s*(?:opts!\(\s*|histogram_opts!\(\s*)?"(?P<name>[^"\n]+)""#,
    ),
    (
        Spelling::Whole,
        r#"\bdescribe_(?:counter|gauge|histogram)!\s*\(\s*"(?P<name>[^"\n]+)""#,
    ),
    (
        Spelling::Tail,
        r#"\b(?:Opts|HistogramOpts)::new\(\s*"(?P<name>[^"\n]+)""#,
    ),
    (
        Spelling::Tail,
        r#"\b(?:Int)?(?:Counter|Gauge|Histogram)(?:Vec)?::(?:new|with_opts)\(\s*"(?P<name>[^"\n]+)""#,
    ),
    (
        Spelling::Tail,
        r#"\.register(?:_with_unit)?\(\s*"(?P<name>[^"\n]+)"\s*,\s*""#,
    ),
    // Java, Kotlin, Scala: simpleclient, prometheus-metrics, Micrometer.
    (
        Spelling::Tail,
        r#"\b(?:Counter|Gauge|Histogram|Summary|Info|StateSet)\s*\.\s*build\(\s*"(?P<name>[^"\n]+)""#,
    ),
    (
        Spelling::Dotted,
        r#"\b(?:Counter|Gauge|Timer|DistributionSummary|FunctionCounter|FunctionTimer|TimeGauge|LongTaskTimer|MultiGauge)\s*\.\s*builder\(\s*"(?P<name>[^"\n]+)""#,
    ),
    (
        Spelling::Tail,
        r#"\b(?:Counter|Gauge|Histogram|Summary|Info|StateSet)\s*\.\s*(?:build|builder)\(\)(?:\s*\.\s*\w+\([^()\n]*\))*?\s*\.\s*name\(\s*"(?P<name>[^"\n]+)""#,
    ),
    (
        Spelling::Dotted,
        r#"\b(?:[mM]eterRegistry|[rR]egistry|Metrics|meter)\s*\.\s*(?:counter|gauge|timer|summary|more\(\)\.\w+)\(\s*"(?P<name>[^"\n]+)""#,
    ),
    // C++: prometheus-cpp.
    (
        Spelling::Whole,
        r#"\bBuild(?:Counter|Gauge|Histogram|Summary|Info)\(\)(?:\s*\.\s*\w+\([^()\n]*\))*?\s*\.\s*Name\(\s*"(?P<name>[^"\n]+)""#,
    ),
    // JavaScript, TypeScript: prom-client; Ruby's and PHP's clients below.
    (
        Spelling::Whole,
        r#"\bnew\s+(?:\w+\.)*(?:Counter|Gauge|Histogram|Summary)\s*(?:<[^>\n]*>)?\s*\(\s*\{[^{}]*?\bname\s*:\s*['"`](?P<name>[\w:]+)['"`]"#,
    ),
    (
        Spelling::Dotted,
        r#"\bcreate(?:Observable)?(?:Counter|UpDownCounter|Gauge|Histogram)\(\s*['"`](?P<name>[\w.:\-]+)['"`]"#,
    ),
    // Ruby.
    (
        Spelling::Whole,
        r#"\bPrometheus::Client::(?:Counter|Gauge|Histogram|Summary)\.new\(\s*:?['"]?(?P<name>[\w:]+)"#,
    ),
    (
        Spelling::Whole,
        r#"\b(?:prometheus|registry|client)\w*\.(?:counter|gauge|histogram|summary)\(\s*:?['"]?(?P<name>\w+)"#,
    ),
    // C#: prometheus-net, System.Diagnostics.Metrics.
    (
        Spelling::Dotted,
        r#"\bCreate(?:Observable)?(?:Counter|UpDownCounter|Gauge|Histogram|Summary)(?:<\w+>)?\(\s*"(?P<name>[\w.:\-]+)""#,
    ),
    // Elixir, Erlang.
    (
        Spelling::Whole,
        r"\b(?:Counter|Gauge|Histogram|Summary)\.(?:new|declare)\(\s*\[?\s*name:\s*:(?P<name>\w+)",
    ),
    (
        Spelling::Whole,
        r"\bprometheus_(?:counter|gauge|histogram|summary|boolean):(?:new|declare)\(\s*\[\s*\{\s*name\s*,\s*(?P<name>\w+)",
    ),
    // PHP: registerCounter('namespace', 'name').
    (
        Spelling::Joined,
        r#"\b(?:register|getOrRegister)(?:Counter|Gauge|Histogram|Summary)\(\s*(?:['"](?P<namespace>\w*)['"]|[\w$>:\-]+)\s*,\s*['"](?P<name>\w+)['"]"#,
    ),
    // Lua: nginx-lua-prometheus.
    (
        Spelling::Whole,
        r#"\b\w*prom\w*:(?:counter|gauge|histogram)\(\s*['"](?P<name>[\w:]+)['"]"#,
    ),
    // Exposition text written by hand, in any language.
    (
        Spelling::Whole,
        r"# (?:TYPE|HELP) (?P<name>[a-zA-Z_:][\w:]*)[ \\]",
    ),
];

static TABLE: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .filter_map(|(spelling, pattern)| {
            Some(Rule {
                regex: Regex::new(pattern).ok()?,
                spelling: *spelling,
            })
        })
        .collect()
});

impl Rule {
    fn name(&self, text: &str, captures: &Captures<'_>) -> Option<Found> {
        if self.spelling == Spelling::Options {
            return options(text, captures.get(0)?.end());
        }
        let literal = captures.name("name").or_else(|| captures.name("raw"))?;
        let name = literal.as_str();
        let (name, may_have_prefix) = match self.spelling {
            Spelling::Dotted => (name.replace(['.', '-'], "_"), false),
            Spelling::Tail => (name.to_owned(), true),
            Spelling::Joined => joined(
                [
                    captures.name("namespace").map(|group| group.as_str()),
                    captures.name("subsystem").map(|group| group.as_str()),
                ],
                name,
                captures.get(0).map_or("", |all| all.as_str()),
            ),
            Spelling::Whole | Spelling::Options => (name.to_owned(), false),
        };
        Some(Found {
            name,
            range: literal.range(),
            may_have_prefix,
        })
    }
}

/// `namespace_subsystem_name` of the parts that are literals; what is none can stand before the rest.
fn joined(parts: [Option<&str>; 2], name: &str, matched: &str) -> (String, bool) {
    // PHP's pattern has no subsystem.
    let expected = if matched.contains("BuildFQName") { 2 } else { 1 };
    let known = parts.iter().flatten().count() == expected;
    let mut words: Vec<&str> = Vec::new();
    // A literal namespace before an unknown subsystem cannot be joined to the name.
    if known {
        words.extend(parts.into_iter().flatten().filter(|part| !part.is_empty()));
    } else if let [None, Some(subsystem)] = parts {
        words.extend(Some(subsystem).filter(|part| !part.is_empty()));
    }
    words.push(name);
    (words.join("_"), !known)
}

/// The longest options literal that is looked through, in bytes.
const MAX_OPTIONS: usize = 2000;

static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"\b(Namespace|Subsystem|Name|namespace|subsystem|name)\s*:\s*(?:["'`]([\w:]*)["'`]|([^,\n}]+))"#,
    )
    .ok()
});

/// The name of an options literal that begins at `start`: its fields up to the brace that closes it.
fn options(text: &str, start: usize) -> Option<Found> {
    let mut end = start;
    let mut depth = 1usize;
    for (offset, byte) in text.as_bytes()[start..].iter().take(MAX_OPTIONS).enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        end = start + offset;
        if depth == 0 {
            break;
        }
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let body = &text[start..end];
    let (mut namespace, mut subsystem, mut name) = (Some(""), Some(""), None);
    for captures in FIELD.as_ref()?.captures_iter(body) {
        let literal = captures.get(2);
        let value = literal.map(|literal| literal.as_str());
        match captures
            .get(1)
            .map(|key| key.as_str().to_ascii_lowercase())
            .as_deref()
        {
            Some("namespace") => namespace = value,
            Some("subsystem") => subsystem = value,
            Some("name") if name.is_none() => name = literal,
            _ => {}
        }
    }
    let name = name?;
    let range = start + name.start()..start + name.end();
    let mut words: Vec<&str> = Vec::new();
    match (namespace, subsystem) {
        (Some(namespace), Some(subsystem)) => words.extend([namespace, subsystem]),
        (None, Some(subsystem)) => words.push(subsystem),
        (_, None) => {}
    }
    words.retain(|word| !word.is_empty());
    words.push(name.as_str());
    let may_have_prefix = namespace.is_none() || subsystem.is_none();
    Some(Found {
        name: words.join("_"),
        range,
        may_have_prefix,
    })
}

#[cfg(test)]
mod tests {
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
            var f = metrics.NewCounter(`ferry_horns_total{side="port"}`)
        "#;
        assert_eq!(
            names("metrics.go", text),
            [
                "~ferry_trips_total",
                "ferry_engine_starts_total",
                "~engine_stops_total",
                "ferry_tickets_total",
                "~deck_cars",
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
}

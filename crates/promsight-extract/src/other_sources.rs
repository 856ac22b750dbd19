//! Names held by metric constructors of languages that are not read in full.
//!
//! Owns one table of constructors; it reads no grammar. A name found here says only that this tree's own sources
//! make such a metric, so that a reference to it is not called blind; labels and types stay unknown.

use std::collections::{BTreeMap, BTreeSet};
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
    let source = Source::new(&file.text);
    let mut seen = BTreeSet::new();
    for rule in TABLE.iter() {
        for captures in rule.regex.captures_iter(&file.text) {
            let Some(found) = rule.name(&source, &captures) else {
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
    for (name, span) in constants(file) {
        if seen.insert((span, name.clone())) {
            facts.other_source_names.push(OtherSourceName {
                name,
                span,
                may_have_prefix: true,
            });
        }
    }
    facts
        .other_source_names
        .sort_by(|left, right| (left.span, &left.name).cmp(&(right.span, &right.name)));
}

/// Exported Go constants that hold a name of three words and more, in files about metrics: programs that make many
/// metrics declare the names in one place and hand them to one constructor.
fn constants(file: &SourceFile) -> Vec<(String, Span)> {
    if !file.path.ends_with(".go") || !file.path.to_lowercase().contains("metric") {
        return Vec::new();
    }
    let Some(regex) = NAME_CONSTANT.as_ref() else {
        return Vec::new();
    };
    let names = regex
        .captures_iter(&file.text)
        .filter_map(|captures| captures.name("name"));
    names
        .map(|name| (name.as_str().to_owned(), Span::new(file.id, name.range())))
        .collect()
}

static NAME_CONSTANT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let constant = r#"(?m)^\s*(?:const\s+)?[A-Z]\w*(?:\s+\w+)?\s*=\s*"(?P<name>[a-z][a-z0-9]*(?:_[a-z0-9]+){2,})"\s*(?://.*)?$"#;
    Regex::new(constant).ok()
});

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
        Spelling::Whole,
        r#"\bNewDesc\(\s*(?:"(?P<name>[^"\n]*)"|`(?P<raw>[^`\n]*)`)"#,
    ),
    (
        Spelling::Joined,
        r#"\bBuildFQName\(\s*(?:"(?P<namespace>[^"\n]*)"|(?P<namespace_constant>[\w.]+))\s*,\s*(?:"(?P<subsystem>[^"\n]*)"|(?P<subsystem_constant>[\w.]+))\s*,\s*"(?P<name>[^"\n]*)""#,
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
        r#"\b(?:register|getOrRegister)(?:Counter|Gauge|Histogram|Summary)\(\s*(?:['"](?P<namespace>\w*)['"]|(?P<namespace_constant>[\w$>:\-]+))\s*,\s*['"](?P<name>\w+)['"]"#,
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
    fn name(&self, source: &Source<'_>, captures: &Captures<'_>) -> Option<Found> {
        if self.spelling == Spelling::Options {
            return options(source, captures.get(0)?.end());
        }
        let literal = captures.name("name").or_else(|| captures.name("raw"))?;
        let name = literal.as_str();
        let (name, may_have_prefix) = match self.spelling {
            Spelling::Dotted => (name.replace(['.', '-'], "_"), false),
            Spelling::Tail => (name.to_owned(), true),
            Spelling::Joined => {
                let part = |literal, constant| match (captures.name(literal), captures.name(constant)) {
                    (Some(text), _) => Part::Known(text.as_str()),
                    (None, Some(constant)) => source.constant(constant.as_str()),
                    (None, None) => Part::Known(""),
                };
                let namespace = part("namespace", "namespace_constant");
                joined([namespace, part("subsystem", "subsystem_constant")], name)
            }
            Spelling::Whole | Spelling::Options => (name.to_owned(), false),
        };
        Some(Found {
            name,
            range: literal.range(),
            may_have_prefix,
        })
    }
}

/// A file's text and the string constants that it declares.
struct Source<'t> {
    text: &'t str,
    constants: BTreeMap<&'t str, Option<&'t str>>,
}

/// `const name = "text"`, `name := "text"`, `name string = "text"`.
static CONSTANT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\b(\w+)\s*(?::?=|\bstring\s*=)\s*["']([\w:]*)["']"#).ok());

impl<'t> Source<'t> {
    fn new(text: &'t str) -> Self {
        let mut constants: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for captures in CONSTANT.iter().flat_map(|constant| constant.captures_iter(text)) {
            if let (Some(name), Some(value)) = (captures.get(1), captures.get(2)) {
                let value = Some(value.as_str());
                // A name with two values has none.
                constants
                    .entry(name.as_str())
                    .and_modify(|known| *known = known.filter(|known| Some(*known) == value))
                    .or_insert(value);
            }
        }
        Self { text, constants }
    }

    fn constant(&self, name: &str) -> Part<'t> {
        self.constants
            .get(name)
            .copied()
            .flatten()
            .map_or(Part::Unknown, Part::Known)
    }
}

/// What is known of a namespace or subsystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'t> {
    Known(&'t str),
    Unknown,
}

/// `namespace_subsystem_name` as far as it is known from the right; whether something unknown stands before it.
fn joined(parts: [Part<'_>; 2], name: &str) -> (String, bool) {
    let mut full = name.to_owned();
    for part in parts.into_iter().rev() {
        match part {
            Part::Known("") => {}
            Part::Known(text) => full = format!("{text}_{full}"),
            Part::Unknown => return (full, true),
        }
    }
    (full, false)
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
fn options(source: &Source<'_>, start: usize) -> Option<Found> {
    let mut end = start;
    let mut depth = 1usize;
    for (offset, byte) in source.text.as_bytes()[start..]
        .iter()
        .take(MAX_OPTIONS)
        .enumerate()
    {
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
    while !source.text.is_char_boundary(end) {
        end -= 1;
    }
    let body = &source.text[start..end];
    let (mut namespace, mut subsystem, mut name) = (Part::Known(""), Part::Known(""), None);
    for captures in FIELD.as_ref()?.captures_iter(body) {
        let literal = captures.get(2);
        let part = match (literal, captures.get(3)) {
            (Some(text), _) => Part::Known(text.as_str()),
            (None, Some(constant)) => source.constant(constant.as_str().trim()),
            (None, None) => Part::Unknown,
        };
        match captures
            .get(1)
            .map(|key| key.as_str().to_ascii_lowercase())
            .as_deref()
        {
            Some("namespace") => namespace = part,
            Some("subsystem") => subsystem = part,
            Some("name") if name.is_none() => name = literal,
            _ => {}
        }
    }
    let literal = name?;
    let range = start + literal.start()..start + literal.end();
    let (name, may_have_prefix) = joined([namespace, subsystem], literal.as_str());
    Some(Found {
        name,
        range,
        may_have_prefix,
    })
}

#[cfg(test)]
mod tests;

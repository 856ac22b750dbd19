//! Whether a file is worth parsing: byte searches, many times faster than the parser.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Words without which a file cannot declare a metric by itself: the libraries' names, their constructors, and the
/// comment lines of a hand-written exposition or what it is served as. `Info` and `Enum` are missing on purpose: they are everyday words,
/// and a file that means the metrics also says `prometheus`, or calls a name that a second round looks for.
const ROOT_WORDS: &[&str] = &[
    "prometheus",
    "Prometheus",
    "PROMETHEUS",
    "Counter",
    "Gauge",
    "Histogram",
    "Summary",
    "MetricFamily",
    "MetricWrapper",
    "CollectorRegistry",
    "opentelemetry",
    "create_counter",
    "create_gauge",
    "create_histogram",
    "create_observable",
    "create_up_down_counter",
    "get_meter",
    "statsd",
    "Statsd",
    "StatsClient",
    "ray.util",
    "jupyter_server",
    "openstack",
    "# HELP",
    "# TYPE",
    "version=0.0.4",
    "openmetrics-text",
    "/metrics/job",
    ".prom\"",
    ".prom'",
];

static ROOTS: LazyLock<Needles> = LazyLock::new(|| Needles::compile(ROOT_WORDS));

/// Identifiers (or dotted paths) to look for in many files, compiled once.
#[derive(Clone, Debug)]
pub struct Needles {
    search: Search,
}

#[derive(Clone, Debug)]
enum Search {
    /// There is nothing to look for.
    Nothing,
    /// The usual case.
    Compiled(AhoCorasick),
    /// The set is too large to compile: every file is worth reading.
    Everything,
}

impl Needles {
    /// Compiles a set; empty needles are left out.
    pub fn new(needles: &[String]) -> Self {
        let needles: Vec<&str> = needles
            .iter()
            .map(String::as_str)
            .filter(|needle| !needle.is_empty())
            .collect();
        Self::compile(&needles)
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        matches!(self.search, Search::Nothing)
    }

    fn compile(needles: &[&str]) -> Self {
        let search = match AhoCorasick::new(needles) {
            _ if needles.is_empty() => Search::Nothing,
            Ok(automaton) => Search::Compiled(automaton),
            Err(_) => Search::Everything,
        };
        Self { search }
    }
}

/// Whether a file can declare metrics without knowing anything of the files around it. May be true of a file that
/// does not; never false of one that names a library, a constructor or an exposition line.
pub fn may_matter(text: &str) -> bool {
    match &ROOTS.search {
        Search::Compiled(automaton) => automaton.is_match(text),
        Search::Nothing | Search::Everything => true,
    }
}

/// Whether a text holds one of the needles as a whole identifier: `queue_size` is not found in `my_queue_size`.
pub fn mentions_any(text: &str, needles: &Needles) -> bool {
    let automaton = match &needles.search {
        Search::Nothing => return false,
        Search::Everything => return true,
        Search::Compiled(automaton) => automaton,
    };
    automaton.find_overlapping_iter(text).any(|found| {
        let before = text[..found.start()].chars().next_back();
        let after = text[found.end()..].chars().next();
        let found = &text[found.range()];
        let continues = |outside: Option<char>, inside: Option<char>| {
            outside.is_some_and(is_identifier_character) && inside.is_some_and(is_identifier_character)
        };
        !continues(before, found.chars().next()) && !continues(after, found.chars().next_back())
    })
}

fn is_identifier_character(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

//! All facts to what exists and what sees it.
//!
//! Owns: Python names linked across files, series exposed, recording rules chained, every reference bound to a
//! verdict. Neither parses nor reads source text, and words no messages for users.
//!
//! Data flows one way through [`resolve`]: an index of every source of series ([`index`]), the recording rules
//! chained to their roots and every selector judged ([`judge`]) with evidence of territory ([`territory`]), words
//! of documents ([`mentions`]), what queries ask of labels, values, types and bounds ([`deep`]), and last what nobody
//! looks at ([`usage`]).

mod births;
mod confidence;
pub mod deep;
pub mod exposure;
mod float;
mod index;
mod judge;
mod mentions;
mod patterns;
pub mod python;
mod rule_conflicts;
mod rule_tests;
mod runbooks;
pub mod sight;
mod similarity;
pub mod stored;
mod territory;
mod unknown_alerts;
mod usage;
mod witnesses;

pub use rule_conflicts::{RuleConflict, Writer};

use promsight_model::{
    Catalogue, Confidence, Consumer, Coverage, Emitter, Exposure, Facts, FileId, FileSet, Gap, GoneMetric,
    Name, Outside, Query, Reason, Repository, ResolvedBy, Rule, RuleKind, Selector, Span, Verdict,
    WebApplication,
};
use promsight_scrape::ScrapeModel;
use std::sync::Arc;

/// Everything that is known before resolution.
#[derive(Debug)]
pub struct Input<'a> {
    /// The files of the run.
    pub files: &'a FileSet,
    /// The facts of each file that had any, in file order.
    pub facts: &'a [Facts],
    /// What the Python code declares.
    pub inventory: &'a python::Inventory,
    /// How the tree's programs are run and scraped.
    pub scrape: Arc<ScrapeModel>,
    /// What programs outside the tree expose.
    pub catalogue: &'a Catalogue,
    /// Series that others emit, from the configuration; `*` stands for any characters.
    pub external: &'a [String],
    /// The repository around the files.
    pub repository: &'a Repository,
    /// What the user named beside the tree: snapshots, inventories, a live server.
    pub outside: &'a Outside,
}

/// What exists and what sees it.
#[derive(Debug, Default)]
pub struct Resolution {
    /// Every emitter in the tree, recording rules included, by place.
    pub emitters: Vec<ResolvedEmitter>,
    /// Every reference with its verdict, by place.
    pub references: Vec<Reference>,
    /// Recording rules with what they are read by.
    pub records: Vec<Record>,
    /// Names of alerts that no rule defines, where a document or matcher names them.
    pub unknown_alerts: Vec<UnknownAlert>,
    /// What queries ask of labels, types and bounds that the declarations do not give.
    pub mismatches: deep::Mismatches,
    /// Series that unit tests of rules feed and nothing emits.
    pub blind_tests: Vec<BlindTest>,
    /// Links of rules that lead to nothing in the repository.
    pub missing_runbooks: Vec<MissingRunbook>,
    /// Alerts that miss the first event of a counter.
    pub late_counters: Vec<LateCounter>,
    /// Declarations of one name that contradict each other.
    pub conflicts: Vec<python::Conflict>,
    /// Rules that write where something else does.
    pub rule_conflicts: Vec<RuleConflict>,
    /// Queries that do not parse.
    pub invalid_queries: Vec<InvalidQuery>,
    /// How the tree's programs are run and scraped.
    pub scrape: Arc<ScrapeModel>,
    /// What the tree and a live server disagree on.
    pub stored: stored::Stored,
    /// The lines of sight of what it runs.
    pub sights: sight::Sights,
    /// What lets metrics out, by place.
    pub exposures: Vec<Exposure>,
    /// The web applications that exposures belong to.
    pub applications: Vec<WebApplication>,
    /// Which modules of the tree import which.
    pub modules: python::ModuleGraph,
    /// What was not understood, by place.
    pub gaps: Vec<Gap>,
    /// How much was read. Files that could not be read at all are the caller's to add.
    pub coverage: Coverage,
    /// Whether code of the tree declares a metric of its own.
    pub has_emitters: bool,
    /// Whether anything but the catalogue is a source of series: code in any language, a framework in use, a
    /// configured external pattern.
    pub has_sources: bool,
}

/// An emitter and whether anything looks at it.
#[derive(Clone, Debug)]
pub struct ResolvedEmitter {
    /// The emitter.
    pub emitter: Emitter,
    /// Whether any reference, directly or through a recording rule that is itself used, looks at one of its series.
    pub used: bool,
}

/// One reference with its verdict.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Who looks.
    pub consumer: Consumer,
    /// At what.
    pub selector: Selector,
    /// Which query of its file it belongs to: references of the same file and number stand in one expression. Words
    /// of a document have none.
    pub query: Option<usize>,
    /// The verdict.
    pub verdict: Verdict,
    /// What resolves it.
    pub resolved_by: Vec<ResolvedBy>,
    /// Why it is blind, for that verdict; or would be, where it is exempt for `or vector(…)`.
    pub blindness: Option<Blindness>,
}

impl Reference {
    /// The file it stands in.
    pub fn file(&self) -> FileId {
        self.selector.span.file
    }
}

/// Why a reference is blind and what evidence says so.
#[derive(Clone, Debug)]
pub struct Blindness {
    /// Why.
    pub reason: Reason,
    /// How sure.
    pub confidence: Confidence,
    /// What says that it should exist here.
    pub evidence: Vec<Evidence>,
    /// The recording rule at the root of a blind chain: its name and place, and the series it lacks.
    pub root: Option<BlindRoot>,
    /// The family that exists under another sample, or the declaration that never runs.
    pub declared: Option<Declared>,
    /// The closest name that exists, where convincing.
    pub closest: Option<Closest>,
    /// A known exporter exposed it once.
    pub gone: Option<(String, GoneMetric)>,
    /// Gaps within whose reach the name lies: they lower the confidence.
    pub gaps: Vec<Gap>,
}

/// What speaks for a missing name being this tree's to emit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The family exists here, only this sample of it does not.
    SameFamily,
    /// Its first words are those of families emitted here: the shared beginning and one such family's place.
    SharedPrefix(String, Span),
    /// It is the end of a family's name emitted here, or the other way round (a namespace is missing or too much).
    SharedTail(Span),
    /// Its name is nearly that of one emitted here.
    NearlySame(Span),
    /// The same rule group, dashboard or document also reads what this tree emits: one such place.
    Neighbour(Span),
    /// A Python module of this tree has its first word in its name: that file.
    ModuleName(Span),
    /// It reads a recording rule of this tree that is blind itself.
    BlindRecord,
    /// A known exporter exposed it once and no longer does.
    Gone,
    /// A live server has no series of that name either.
    NotStored {
        /// The server's address.
        server: String,
        /// How many hours back it was asked.
        hours: u32,
    },
    /// On its way to Prometheus it is lost there.
    Lost(Span),
}

/// The root of a blind chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindRoot {
    /// The recording rule's name.
    pub record: String,
    /// Where its name stands.
    pub record_span: Span,
    /// The series that nothing emits.
    pub series: String,
    /// Where the root rule reads it.
    pub series_span: Span,
}

/// A declaration that is nearly what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The family.
    pub name: Name,
    /// Its type's word.
    pub metric_type: promsight_model::MetricType,
    /// Its series.
    pub series: Vec<Name>,
    /// Where it is declared.
    pub span: Span,
    /// Why the declaration does not count, where it does not (`it stands in test code`).
    pub dead: Option<String>,
}

/// The closest name that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closest {
    /// A series that exists.
    pub series: String,
    /// Where its emitter stands.
    pub span: Span,
    /// Whether it is the same family, only another sample of it.
    pub same_family: bool,
    /// Whether it is alike enough to be offered as the replacement.
    pub convincing: bool,
    /// Whether nothing else can be meant: of the same family, and no other sample of it fits.
    pub is_only: bool,
}

/// A recording rule.
#[derive(Clone, Debug)]
pub struct Record {
    /// The recorded series.
    pub name: String,
    /// Where its name stands.
    pub name_span: Span,
    /// The rule group.
    pub consumer: Consumer,
    /// Whether anything reads it, directly or through a recording rule that is itself read.
    pub used: bool,
    /// Whether it sees what it needs; where not the root of its blindness.
    pub blind: Option<BlindRoot>,
}

/// An alert that no rule defines.
#[derive(Clone, Debug)]
pub struct UnknownAlert {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Who names it.
    pub named_by: Namer,
    /// How sure.
    pub confidence: Confidence,
    /// The closest alert that exists, with its place.
    pub closest: Option<(String, Span)>,
}

/// Who names an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namer {
    /// A document, a script, or a query for `ALERTS`.
    Consumer(Consumer),
    /// A route of Alertmanager, with its receiver.
    Route(Option<String>),
    /// An inhibition of Alertmanager.
    Inhibition,
    /// A unit test of rules.
    RuleTest,
}

/// A series that a unit test of rules feeds and nothing emits.
#[derive(Clone, Debug)]
pub struct BlindTest {
    /// The series.
    pub series: String,
    /// Where the test names it.
    pub span: Span,
    /// Why nothing emits it.
    pub blindness: Blindness,
}

/// A link of a rule that leads to nothing in the repository.
#[derive(Clone, Debug)]
pub struct MissingRunbook {
    /// The rule's name.
    pub rule: String,
    /// Whether it alerts or records.
    pub kind: RuleKind,
    /// The annotation's name.
    pub annotation: String,
    /// Where it leads, without what stands behind `#`.
    pub target: String,
    /// The paths that it can mean, relative to the root.
    pub paths: Vec<String>,
    /// The link; of a missing heading what stands behind `#`.
    pub span: Span,
    /// What is missing.
    pub defect: RunbookDefect,
}

/// What a link leads to that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunbookDefect {
    /// The file.
    NoFile {
        /// The path of a file that may be meant.
        closest: Option<String>,
        /// Whether the folder exists, or the address says that the file should lie in this repository.
        sure: bool,
    },
    /// The heading in it.
    NoHeading {
        /// The file's path.
        path: String,
        /// An anchor of it that may be meant.
        closest: Option<String>,
    },
}

/// A matcher on `le` that admits no bucket.
#[derive(Clone, Debug)]
pub struct BucketMismatch {
    /// Who asks.
    pub consumer: Consumer,
    /// The series.
    pub series: String,
    /// How it is asked for.
    pub op: promsight_model::MatchOp,
    /// The bound or pattern asked for.
    pub bound: String,
    /// Where it stands, without quotes.
    pub span: Span,
    /// The bounds that exist.
    pub bounds: Vec<String>,
    /// Where the histogram is declared.
    pub declared: Span,
    /// The same bound as the client writes it, where only the spelling differs.
    pub spelling: Option<String>,
}

/// An alert on the increase of a counter whose children appear with their first event.
#[derive(Clone, Debug)]
pub struct LateCounter {
    /// The alert.
    pub consumer: Consumer,
    /// The counter's series.
    pub series: String,
    /// Where the alert reads it.
    pub span: Span,
    /// The function by which it looks (`increase`).
    pub function: String,
    /// The counter's labels.
    pub labels: Vec<String>,
    /// Where the counter is declared.
    pub declared: Span,
}

/// A query that does not parse.
#[derive(Clone, Debug)]
pub struct InvalidQuery {
    /// Who asks.
    pub consumer: Consumer,
    /// Why it does not parse.
    pub message: String,
    /// Where it breaks.
    pub span: Span,
    /// The whole query.
    pub query_span: Span,
}

/// Binds every reference to a verdict.
pub fn resolve(input: &Input<'_>) -> Resolution {
    let sights = sight::sights(input.inventory, &input.scrape);
    let index = index::Index::build(input, &sights);
    let judge = judge::Judge::new(&index, input.facts, input.files);
    let mut references = judge.all_references();
    let mentioned = mentions::references(&index, &judge, input.facts);
    references.extend(mentioned);
    references.sort_by(|left, right| {
        let key = |reference: &Reference| {
            (
                reference.selector.span,
                reference.query,
                selector_text(&reference.selector),
            )
        };
        key(left).cmp(&key(right))
    });
    let mut unknown_alerts = unknown_alerts::unknown_alerts(&index, input.facts, &references);
    unknown_alerts.extend(rule_tests::unknown_alerts(input.facts, input.files));
    let blind_tests = rule_tests::blind(&judge, input.facts);
    let missing_runbooks = runbooks::missing(input.facts, input.files, input.repository);
    let mismatches = deep::mismatches(&index, &judge, input.facts, &references, &input.scrape, &sights);
    let usage = usage::Usage::of(&index, &references);
    let records = index.records_with(&judge, &usage);
    let emitters = index.emitters_with(&usage);
    let gaps = all_gaps(input);
    let coverage = coverage(input, &index);
    Resolution {
        has_emitters: index.has_emitters(),
        has_sources: index.has_sources(),
        invalid_queries: invalid_queries(input.facts),
        late_counters: births::late_counters(&index, input.facts),
        conflicts: input.inventory.conflicts.clone(),
        rule_conflicts: rule_conflicts::conflicts(&index, input.facts),
        exposures: input.inventory.exposures.clone(),
        applications: input.inventory.applications.clone(),
        modules: input.inventory.modules.clone(),
        scrape: Arc::clone(&input.scrape),
        stored: stored::compare(&index),
        sights,
        emitters,
        references,
        records,
        unknown_alerts,
        blind_tests,
        missing_runbooks,
        mismatches,
        gaps,
        coverage,
    }
}

/// The text by which a selector is shown and sorted.
pub fn selector_text(selector: &Selector) -> String {
    use promsight_model::SelectorName;
    match &selector.name {
        SelectorName::Exact(name) | SelectorName::Regex(name) => name.clone(),
        SelectorName::Pattern(pattern) => pattern.to_string(),
        SelectorName::Any => String::new(),
    }
}

fn all_gaps(input: &Input<'_>) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = input
        .facts
        .iter()
        .flat_map(|facts| facts.gaps.iter().cloned())
        .chain(input.inventory.gaps.clone())
        // Gaps of other repositories are theirs to mend.
        .chain(
            input
                .outside
                .gaps
                .iter()
                .filter(|gap| gap.leaves_file_unread())
                .cloned(),
        )
        .collect();
    gaps.sort_by(|left, right| {
        (left.span, left.kind, &left.message).cmp(&(right.span, right.kind, &right.message))
    });
    gaps.dedup();
    gaps
}

fn invalid_queries(facts: &[Facts]) -> Vec<InvalidQuery> {
    let mut invalid = Vec::new();
    for (facts, query) in facts
        .iter()
        .flat_map(|facts| facts.queries.iter().map(move |query| (facts, query)))
    {
        if let promsight_model::QueryState::Unreadable { message, span } = &query.state
            && let Some(consumer) = facts.consumers.get(query.consumer)
        {
            invalid.push(InvalidQuery {
                consumer: consumer.clone(),
                message: message.clone(),
                span: *span,
                query_span: query.span,
            });
        }
    }
    invalid.sort_by_key(|query| query.span);
    invalid
}

fn coverage(input: &Input<'_>, index: &index::Index<'_>) -> Coverage {
    use promsight_model::{FileKind, QueryState};
    let mut coverage = Coverage::default();
    for word in [
        "python",
        "rules",
        "dashboards",
        "documents",
        "scripts",
        "manifests",
        "unreadable",
    ] {
        coverage.files.insert(word, 0);
    }
    for kind in input.facts.iter().flat_map(|facts| &facts.kinds) {
        let word = match kind {
            FileKind::Python => "python",
            FileKind::Rules => "rules",
            FileKind::Dashboards => "dashboards",
            FileKind::Documents => "documents",
            FileKind::Scripts => "scripts",
            FileKind::Manifests => "manifests",
        };
        *coverage.files.entry(word).or_default() += 1;
    }
    for word in ["exact", "pattern", "unresolved"] {
        coverage.emitters.insert(word, 0);
    }
    for emitter in index.live_emitters() {
        let word = match emitter.name {
            Name::Exact(_) => "exact",
            Name::Pattern(_) => "pattern",
            Name::Unresolved => "unresolved",
        };
        *coverage.emitters.entry(word).or_default() += 1;
    }
    for word in ["parsed", "templated", "unreadable"] {
        coverage.queries.insert(word, 0);
    }
    let queries = input.facts.iter().flat_map(|facts| &facts.queries);
    for Query { state, .. } in queries {
        let word = match state {
            QueryState::Parsed => "parsed",
            QueryState::Templated => "templated",
            QueryState::Unreadable { .. } => "unreadable",
        };
        *coverage.queries.entry(word).or_default() += 1;
    }
    coverage
}

/// Whether a rule records (and has a name that can be read).
fn records(rule: &Rule) -> bool {
    rule.kind == RuleKind::Record && !rule.name.is_empty()
}

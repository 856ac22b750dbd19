//! The JSON report, `schema_version` 1.
//!
//! Frozen: scripts and CI systems read these fields. Fields may be added at the end of a struct; to rename, remove
//! or re-type one is a new version in a file of its own. The order of the fields is the order of the keys.

use serde::Serialize;

/// What `promsight check` prints.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    pub(crate) schema_version: u32,
    pub(crate) tool: Tool,
    pub(crate) summary: Summary,
    pub(crate) coverage: Coverage,
    pub(crate) metrics: Vec<Metric<'a>>,
    pub(crate) exposures: Vec<super::serving::ServedBy<'a>>,
    pub(crate) references: Vec<Reference<'a>>,
    pub(crate) findings: Vec<Finding<'a>>,
    pub(crate) gaps: Vec<Gap<'a>>,
    pub(crate) notes: Vec<&'a str>,
    /// What the run was compared with by `--base`.
    pub(crate) base: Option<Base<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Base<'a> {
    /// As it was named.
    pub(crate) revision: &'a str,
    /// The commit that was read.
    pub(crate) commit: &'a str,
    /// Findings that it had and this run has not.
    pub(crate) fixed: Vec<Fixed<'a>>,
}

/// A finding that is gone; the place is that of the earlier revision.
#[derive(Serialize)]
pub(crate) struct Fixed<'a> {
    pub(crate) check: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) subject: &'a str,
    pub(crate) message: &'a str,
    pub(crate) path: &'a str,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) fingerprint: String,
}

/// What `promsight metrics` prints.
#[derive(Serialize)]
pub(crate) struct Metrics<'a> {
    pub(crate) schema_version: u32,
    pub(crate) tool: Tool,
    pub(crate) coverage: Coverage,
    pub(crate) metrics: Vec<Metric<'a>>,
    pub(crate) exposures: Vec<super::serving::ServedBy<'a>>,
    pub(crate) gaps: Vec<Gap<'a>>,
}

/// What `promsight references` prints.
#[derive(Serialize)]
pub(crate) struct References<'a> {
    pub(crate) schema_version: u32,
    pub(crate) tool: Tool,
    pub(crate) coverage: Coverage,
    pub(crate) references: Vec<Reference<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Summary {
    pub(crate) findings: FindingCounts,
    pub(crate) references: ReferenceCounts,
    pub(crate) hidden: HiddenCounts,
}

/// Findings that were made and are not listed, by what hides them.
#[derive(Serialize)]
pub(crate) struct HiddenCounts {
    pub(crate) comments: u64,
    pub(crate) configuration: u64,
    pub(crate) baseline: u64,
    pub(crate) unchanged: u64,
}

#[derive(Default, Serialize)]
pub(crate) struct FindingCounts {
    pub(crate) error: u64,
    pub(crate) warning: u64,
    pub(crate) info: u64,
}

#[derive(Default, Serialize)]
pub(crate) struct ReferenceCounts {
    pub(crate) emitted: u64,
    pub(crate) recorded: u64,
    pub(crate) external: u64,
    pub(crate) possible: u64,
    pub(crate) blind: u64,
    pub(crate) foreign: u64,
    pub(crate) exempt: u64,
    pub(crate) unreadable: u64,
}

#[derive(Serialize)]
pub(crate) struct Coverage {
    pub(crate) files: FileCounts,
    pub(crate) emitters: EmitterCounts,
    pub(crate) queries: QueryCounts,
}

#[derive(Serialize)]
pub(crate) struct FileCounts {
    pub(crate) python: u64,
    pub(crate) rules: u64,
    pub(crate) dashboards: u64,
    pub(crate) documents: u64,
    pub(crate) scripts: u64,
    pub(crate) manifests: u64,
    pub(crate) unreadable: u64,
}

#[derive(Serialize)]
pub(crate) struct EmitterCounts {
    pub(crate) exact: u64,
    pub(crate) pattern: u64,
    pub(crate) unresolved: u64,
}

#[derive(Serialize)]
pub(crate) struct QueryCounts {
    pub(crate) parsed: u64,
    pub(crate) templated: u64,
    pub(crate) unreadable: u64,
}

#[derive(Serialize)]
pub(crate) struct Site<'a> {
    pub(crate) path: &'a str,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) end_line: u32,
    pub(crate) end_column: u32,
}

#[derive(Serialize)]
pub(crate) struct Metric<'a> {
    /// `null` where nothing is known of it; with `*` for each unknown run of characters in a pattern.
    pub(crate) name: Option<String>,
    pub(crate) name_kind: &'static str,
    #[serde(rename = "type")]
    pub(crate) metric_type: &'static str,
    pub(crate) labels: &'a [String],
    pub(crate) labels_known: bool,
    pub(crate) unit: Option<&'a str>,
    pub(crate) buckets: Option<&'a [String]>,
    pub(crate) series: Vec<String>,
    pub(crate) emitter: &'a str,
    pub(crate) updated: Option<bool>,
    pub(crate) site: Site<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name_site: Option<Site<'a>>,
    pub(crate) help: Option<&'a str>,
    pub(crate) states: Option<&'a [String]>,
    pub(crate) liveness: &'static str,
    /// Why it never runs, where `liveness` is `dead`.
    pub(crate) liveness_reason: Option<&'a str>,
    pub(crate) test_only: bool,
    pub(crate) wrapping: &'static str,
    /// Why the name is not fully known.
    pub(crate) unresolved_reason: Option<&'a str>,
    pub(crate) registry: Registry<'a>,
    /// Environment variables and options of which the name is made.
    pub(crate) configured_by: &'a [String],
    pub(crate) updates: Vec<Update<'a>>,
    /// Whether `updates` are all.
    pub(crate) updates_complete: bool,
    pub(crate) label_values: Vec<LabelValues<'a>>,
    /// Whether children exist before anything happens to them.
    pub(crate) initialised: bool,
}

#[derive(Serialize)]
pub(crate) struct Registry<'a> {
    /// `default`, `named`, `none` or `unknown`.
    pub(crate) kind: &'static str,
    /// Where a named one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) site: Option<Site<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Update<'a> {
    pub(crate) method: &'a str,
    /// `value`, `child` or `removal`.
    pub(crate) kind: &'static str,
    pub(crate) site: Site<'a>,
}

#[derive(Serialize)]
pub(crate) struct LabelValues<'a> {
    pub(crate) label: &'a str,
    pub(crate) values: Vec<LabelValue<'a>>,
    /// Whether `values` are all.
    pub(crate) complete: bool,
}

#[derive(Serialize)]
pub(crate) struct LabelValue<'a> {
    pub(crate) value: &'a str,
    pub(crate) site: Site<'a>,
}

#[derive(Serialize)]
pub(crate) struct Reference<'a> {
    pub(crate) series: String,
    pub(crate) series_kind: &'static str,
    pub(crate) matchers: Vec<Matcher<'a>>,
    pub(crate) consumer: Consumer<'a>,
    pub(crate) verdict: &'static str,
    pub(crate) resolved_by: Vec<ResolvedBy<'a>>,
    pub(crate) site: Site<'a>,
}

#[derive(Serialize)]
pub(crate) struct Matcher<'a> {
    pub(crate) label: &'a str,
    pub(crate) op: &'static str,
    pub(crate) value: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Consumer<'a> {
    pub(crate) kind: &'static str,
    pub(crate) name: &'a str,
    pub(crate) group: Option<&'a str>,
}

/// The name of something outside the tree, or a name and place inside it.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum ResolvedBy<'a> {
    Outside(&'a str),
    Inside { name: String, site: Site<'a> },
}

#[derive(Serialize)]
pub(crate) struct Finding<'a> {
    pub(crate) check: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) confidence: &'static str,
    pub(crate) subject: &'a str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) consumer: Option<Consumer<'a>>,
    pub(crate) message: &'a str,
    pub(crate) site: Site<'a>,
    pub(crate) related: Vec<Related<'a>>,
    pub(crate) suggestion: Option<Suggestion<'a>>,
    pub(crate) owner: Option<&'a str>,
    pub(crate) fingerprint: String,
    pub(crate) label: &'a str,
    pub(crate) notes: &'a [String],
}

#[derive(Serialize)]
pub(crate) struct Related<'a> {
    pub(crate) message: &'a str,
    pub(crate) site: Site<'a>,
}

#[derive(Serialize)]
pub(crate) struct Suggestion<'a> {
    pub(crate) kind: &'static str,
    pub(crate) replacement: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Gap<'a> {
    pub(crate) kind: &'static str,
    pub(crate) message: &'a str,
    /// `nothing`, `anything`, or the pattern of the names that may hide in it.
    pub(crate) reach: String,
    pub(crate) site: Site<'a>,
}

//! What one file says, as the extractor hands it on. One [`Facts`] a file; nothing in it looks at a second file.

use std::collections::BTreeMap;

use crate::file::FileId;
use crate::launch::Launch;
use crate::manifest::Manifest;
use crate::python;
use crate::reference::{Consumer, MatchOp, Matcher, Query, Selector};
use crate::span::Span;
use crate::suppression::Suppression;

/// All facts of one file.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The file.
    pub file: FileId,
    /// What it counts as in the coverage, in the contract's words: `python`, `rules`, `dashboards`, `documents`,
    /// `scripts`, `manifests`; `None` for a file in which nothing of interest was found.
    pub kinds: Vec<FileKind>,
    /// The Python module, where the file is one.
    pub python: Option<python::Module>,
    /// The things in it that look at series.
    pub consumers: Vec<Consumer>,
    /// Their queries.
    pub queries: Vec<Query>,
    /// Its alerting and recording rules.
    pub rules: Vec<Rule>,
    /// Words of a document that may be metrics; the resolver decides.
    pub word_mentions: Vec<WordMention>,
    /// Words that name alerts.
    pub alert_mentions: Vec<AlertMention>,
    /// Consumers (by index) that speak of what is to come and not of what is there.
    pub outlooks: BTreeMap<usize, Outlook>,
    /// What Alertmanager's routes and inhibitions match.
    pub alert_matchers: Vec<AlertMatcher>,
    /// By which labels Alertmanager groups alerts, or holds them for equal.
    pub alert_groupings: Vec<AlertGrouping>,
    /// Labels that texts show of the results of queries.
    pub shown_labels: Vec<ShownLabel>,
    /// Unit tests of rules.
    pub rule_tests: Vec<RuleTest>,
    /// Links of rules to what to do.
    pub runbook_links: Vec<RunbookLink>,
    /// The places in a document that a link can lead to; `None` for what is no document, or was not read.
    pub outline: Option<Outline>,
    /// Names that metric constructors of other languages hold.
    pub other_source_names: Vec<OtherSourceName>,
    /// What says how something is run, rendered or scraped.
    pub manifests: Vec<Manifest>,
    /// What says how programs are started.
    pub launches: Vec<Launch>,
    /// What was not understood.
    pub gaps: Vec<Gap>,
    /// Comments that ask for findings to be hidden.
    pub suppressions: Vec<Suppression>,
}

impl Facts {
    /// Facts of a file in which nothing was found.
    pub fn empty(file: FileId) -> Self {
        Self {
            file,
            kinds: Vec::new(),
            python: None,
            consumers: Vec::new(),
            queries: Vec::new(),
            rules: Vec::new(),
            word_mentions: Vec::new(),
            alert_mentions: Vec::new(),
            outlooks: BTreeMap::new(),
            alert_matchers: Vec::new(),
            alert_groupings: Vec::new(),
            shown_labels: Vec::new(),
            rule_tests: Vec::new(),
            runbook_links: Vec::new(),
            outline: None,
            other_source_names: Vec::new(),
            manifests: Vec::new(),
            launches: Vec::new(),
            gaps: Vec::new(),
            suppressions: Vec::new(),
        }
    }
}

/// What a file counts as in the coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the words of the contract")]
pub enum FileKind {
    Python,
    Rules,
    Dashboards,
    Documents,
    Scripts,
    Manifests,
}

/// Alerting or recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the two kinds of rules that Prometheus knows")]
pub enum RuleKind {
    Alert,
    Record,
}

/// One alerting or recording rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Alerting or recording.
    pub kind: RuleKind,
    /// The alert's name, or the recorded series' name.
    pub name: String,
    /// Where that name stands.
    pub name_span: Span,
    /// Index into [`Facts::consumers`] of the same file.
    pub consumer: usize,
    /// Index into [`Facts::queries`] of the same file; `None` where the rule has no expression.
    pub query: Option<usize>,
    /// Labels that the rule adds: name, value, the value's place.
    pub labels: Vec<(String, String, Span)>,
    /// Annotations: name, value, the value's place.
    pub annotations: Vec<(String, String, Span)>,
    /// For how many seconds the expression must hold before an alert fires (`for`); `None` where that is not known.
    pub waits: Option<u64>,
}

/// What speaks for a word of a document being a metric. More than one can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WordEvidence {
    /// It ends like a series (`_total`, `_bucket`, `_seconds`, `_bytes` …).
    pub suffix: bool,
    /// A word such as metric, gauge, counter, histogram, query, PromQL, series, Prometheus stands near it: in the
    /// same sentence or cell, the column's heading, or the section's.
    pub near_word: bool,
    /// Something near says that it is another thing: a function, table, environment variable, log key, command.
    pub against: bool,
    /// The word is searched for as a part of names (`grep word`): any series that contains it is what is meant.
    pub part: bool,
    /// It stands where names of metrics are listed: in a column of metrics, as the subject of a list of metrics.
    pub listed: bool,
    /// The word metric, or one for a kind of metric, stands right beside it.
    pub named: bool,
    /// Code of this tree uses the word as an identifier: a function, column or key, unless the text says metric.
    pub in_code: bool,
}

/// How a place of a document speaks of what is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outlook {
    /// It may: a plan, a design, which may have been carried out.
    Perhaps,
    /// It proposes: nobody misses what it names.
    Proposal,
}

/// A word of a document that may be a metric: a code span, a table cell, a word of a fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordMention {
    /// The word. Unknown parts (`shop_requests_…`) are `*`; what begins with `_` is the end of a name.
    pub word: String,
    /// Its place.
    pub span: Span,
    /// The matchers written behind it (`orders{room="12"}`).
    pub matchers: Vec<Matcher>,
    /// Index into [`Facts::consumers`] of the same file.
    pub consumer: usize,
    /// What speaks for and against it.
    pub evidence: WordEvidence,
}

/// A word that names an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertMention {
    /// The alert's name.
    pub name: String,
    /// Its place.
    pub span: Span,
    /// Index into [`Facts::consumers`] of the same file.
    pub consumer: usize,
    /// Whether the text itself says that it is an alert (a column `Alert`, `alertname="…"`, the word alert beside
    /// it); otherwise it only looks like one.
    pub explicit: bool,
    /// Whether code of this tree holds the name: it defines the alert in a way that is not read as rules.
    pub in_code: bool,
}

/// Where in Alertmanager's configuration a matcher stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertMatcherPlace {
    /// In a route: alerts that it does not match go elsewhere.
    Route,
    /// In an inhibition: what inhibits, or what is inhibited.
    Inhibition,
}

/// A matcher on a label of alerts in Alertmanager's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertMatcher {
    /// Where it stands.
    pub place: AlertMatcherPlace,
    /// The receiver of the route, where it has one.
    pub receiver: Option<String>,
    /// The label.
    pub label: String,
    /// The operator.
    pub op: MatchOp,
    /// The value; of a regular expression without anchors around it one of its alternatives, where these are plain.
    pub value: String,
    /// Where the value stands, without quotes.
    pub span: Span,
}

/// A label by which Alertmanager's configuration groups alerts (`group_by`) or that two alerts must share (`equal`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertGrouping {
    /// Where it stands.
    pub place: AlertMatcherPlace,
    /// The receiver of the route, where it has one.
    pub receiver: Option<String>,
    /// The label.
    pub label: String,
    /// Its place, without quotes.
    pub span: Span,
}

/// What kind of text shows a label of a query's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ShownIn {
    /// The template of an alert's annotation.
    Annotation,
    /// The template of a label that an alert adds.
    Label,
    /// The legend of a panel.
    Legend,
}

/// A label that a text shows of the result of a query: `{{ $labels.x }}` in an alert's templates, `{{x}}` in a legend.
/// Where the result has none of that name, the text has a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownLabel {
    /// Index into [`Facts::consumers`] of the same file.
    pub consumer: usize,
    /// Indices into [`Facts::queries`] of the same file: the result of any of these.
    pub queries: Vec<usize>,
    /// The label.
    pub label: String,
    /// The label's name in the text.
    pub span: Span,
    /// What kind of text it is.
    pub place: ShownIn,
    /// The annotation's or label's name; empty for a legend.
    pub text: String,
}

/// A unit test of rules, as promtool runs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleTest {
    /// The rule files that it loads, as written: relative to its own folder, `*` for any characters.
    pub rule_files: Vec<String>,
    /// The series that it feeds.
    pub series: Vec<Selector>,
    /// The alerts that it expects, with their places.
    pub alerts: Vec<(String, Span)>,
}

/// A link from a rule to what to do when it fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunbookLink {
    /// Index into [`Facts::rules`] of the same file.
    pub rule: usize,
    /// The annotation's name.
    pub annotation: String,
    /// Where it leads, without what stands behind `#`.
    pub target: String,
    /// Where that stands.
    pub span: Span,
    /// What stands behind `#`, with its place.
    pub anchor: Option<(String, Span)>,
}

/// The places in a document that a link can lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The texts of its headings, in order.
    pub headings: Vec<String>,
    /// Anchors that it names itself.
    pub anchors: Vec<String>,
    /// Whether more headings may come in from elsewhere when it is rendered.
    pub open: bool,
}

/// A name held by a metric constructor in a language that promsight does not read in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherSourceName {
    /// The literal as written; namespace and subsystem may be missing, so it can be the tail of the real name.
    pub name: String,
    /// Its place.
    pub span: Span,
    /// Whether the name can have more in front (a namespace given elsewhere).
    pub may_have_prefix: bool,
}

/// What kind of thing was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GapKind {
    /// The file is not valid in its format; what could be read was.
    Syntax,
    /// The file is too large or too deep.
    Limit,
    /// Its bytes are in no known encoding.
    Encoding,
    /// A metric constructor whose name could not be found out.
    UnresolvedName,
    /// An import of this tree that could not be followed.
    UnresolvedImport,
    /// A template that was read with holes.
    Template,
}

/// Which names a gap could reach: what may hide in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing that a reference could need.
    Nothing,
    /// Names of this pattern.
    Pattern(crate::name::Pattern),
    /// Any name.
    Anything,
}

/// Something not understood. Counted and listed, never dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Its kind.
    pub kind: GapKind,
    /// What happened, as a sentence without a full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Which names it could reach.
    pub reach: Reach,
}

impl Gap {
    /// Whether a part of its file that could matter was not read. A syntax error that can hide nothing is counted,
    /// and no defect: fixtures and templates are full of them.
    pub fn leaves_file_unread(&self) -> bool {
        match self.kind {
            GapKind::Encoding | GapKind::Limit => true,
            GapKind::Syntax => self.reach != Reach::Nothing,
            GapKind::UnresolvedName | GapKind::UnresolvedImport | GapKind::Template => false,
        }
    }
}

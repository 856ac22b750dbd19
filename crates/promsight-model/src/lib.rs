//! The vocabulary of promsight: files, spans, facts and findings.
//!
//! Owns the types that every other crate speaks in. Pure data: it does no I/O, and knows neither Python's nor
//! PromQL's grammar, neither YAML nor Grafana. Types here are not serialisable on purpose: the reports have
//! frozen structs of their own.

pub mod catalogue;
pub mod date;
pub mod emitter;
pub mod facts;
pub mod file;
pub mod finding;
pub mod flow;
pub mod launch;
pub mod library;
pub mod manifest;
pub mod name;
pub mod outside;
pub mod python;
pub mod reference;
pub mod report;
pub mod repository;
pub mod serving;
pub mod sight;
pub mod span;
pub mod suppression;
pub mod usage;

pub use catalogue::{AlertCollection, Catalogue, Exporter, ExporterMetric, GoneMetric};
pub use date::Date;
pub use emitter::{Emitter, Liveness, MetricType, Origin, Wrapping};
pub use facts::{
    AlertGrouping, AlertMatcher, AlertMatcherPlace, AlertMention, Facts, FileKind, Gap, GapKind,
    OtherSourceName, Outline, Outlook, Reach, Rule, RuleKind, RuleTest, RunbookLink, ShownIn, ShownLabel,
    WordEvidence, WordMention,
};
pub use file::{FileId, FileSet, LineIndex, Position, SourceFile};
pub use finding::{
    Confidence, Finding, FindingConsumer, Fingerprint, Reason, Related, Severity, Suggestion, SuggestionKind,
};
pub use flow::Flow;
pub use library::{BuiltIn, Constructor, Description, Library, LibraryMetric};
pub use manifest::{Manifest, ManifestKind};
pub use name::{Name, Pattern};
pub use outside::{Outside, Server};
pub use reference::{
    Consumer, ConsumerKind, Guard, MatchOp, MatchValue, Matcher, Query, QueryState, Selector, SelectorName,
    Verdict,
};
pub use report::{
    Area, CheckInfo, Comparison, Coverage, Fixed, Hidden, JudgedReference, Note, Report, ResolvedBy,
};
pub use repository::{Remote, Repository};
pub use serving::{
    Exposure, ExposureKind, ImportStatement, ModuleImports, NamedModule, NamedModuleKind, ScannedImports,
    Setting, WebApplication,
};
pub use sight::{
    DeadTarget, DroppedTarget, KeptTarget, ScrapeJob, Stage, Step, StepState, Trace, UnselectedObject,
};
pub use span::{Embedded, OffsetMap, Span};
pub use suppression::{Asked, Suppression};
pub use usage::{Fault, InvalidUpdate, LabelValue, LabelValues, Registry, Update, UpdateKind, Usage};

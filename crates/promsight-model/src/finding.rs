//! Defects, one at one place.

use crate::file::FileSet;
use crate::reference::ConsumerKind;
use crate::span::Span;

/// How bad, set by the check; config may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the words of the contract")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How sure, set by the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the words of the contract")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Why a reference is blind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing emits the family.
    NotEmitted,
    /// The family exists, this sample of it does not (`_total`, `_bucket`, `_info`).
    WrongSample,
    /// A matcher names a label that the emitter does not have.
    WrongLabel,
    /// A matcher asks for a value that the label never has.
    WrongValue,
    /// `le` asks for a bound that the histogram does not have.
    WrongBucket,
    /// Only a declaration that never runs (or only test code) emits it.
    DeadEmitter,
    /// It reads a recording rule that is itself blind.
    BlindRecord,
    /// No workload serves it.
    Unexposed,
    /// No scrape job keeps its targets.
    Unscraped,
}

impl Reason {
    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotEmitted => "not-emitted",
            Self::WrongSample => "wrong-sample",
            Self::WrongLabel => "wrong-label",
            Self::WrongValue => "wrong-value",
            Self::WrongBucket => "wrong-bucket",
            Self::DeadEmitter => "dead-emitter",
            Self::BlindRecord => "blind-record",
            Self::Unexposed => "unexposed",
            Self::Unscraped => "unscraped",
        }
    }
}

/// Another place that belongs to the evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// What it shows, as a clause (`closest emitted metric`).
    pub message: String,
}

/// What kind of change would mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SuggestionKind {
    /// Another name is meant.
    Rename,
    /// The same family, the only sample of it that can be meant.
    Suffix,
    /// The same family, and the likeliest of several samples that can be meant.
    Sample,
    /// Another spelling of a label's value (`le`).
    Value,
}

impl SuggestionKind {
    /// The word of the reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rename => "rename",
            Self::Suffix | Self::Sample => "suffix",
            Self::Value => "value",
        }
    }
}

/// Text that could stand at the finding's primary span instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What kind of change.
    pub kind: SuggestionKind,
    /// The text to put in place of the primary span's.
    pub replacement: String,
}

/// The consumer a finding speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingConsumer {
    /// Its kind.
    pub kind: ConsumerKind,
    /// Its name; may be empty.
    pub name: String,
    /// Rule group or dashboard.
    pub group: Option<String>,
}

/// Names a finding across runs: survives moved lines. Shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// One defect: exactly one primary place, and a message that stands alone without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The series, metric, alert, target or file that it is about.
    pub subject: String,
    /// Why, for the blind checks.
    pub reason: Option<Reason>,
    /// Who looks, where a consumer does.
    pub consumer: Option<FindingConsumer>,
    /// What is wrong, as a sentence without a full stop; names in backticks.
    pub message: String,
    /// Where.
    pub primary: Span,
    /// What the primary place shows, for the code frame (`nothing emits this`).
    pub label: String,
    /// What to mend, where that is another place than the primary: all findings with the same are mended there together.
    pub cause: Option<Span>,
    /// The other end of the evidence.
    pub related: Vec<Related>,
    /// Further sentences that explain or say what to do.
    pub notes: Vec<String>,
    /// A mend, where one is convincing.
    pub suggestion: Option<Suggestion>,
    /// Its name across runs.
    pub fingerprint: Fingerprint,
    /// Who owns the file or rule, as the repository says; several are separated by blanks.
    pub owner: Option<String>,
}

/// What the names of files have behind a dot that hold rules, dashboards and documents: no program runs them.
const NO_CODE: [&str; 14] = [
    "yaml", "yml", "json", "rules", "rule", "alerts", "alert", "md", "markdown", "mdx", "rst", "adoc",
    "asciidoc", "txt",
];

impl Finding {
    /// The text to put in the primary place, where that needs nobody's judgement and changes no code: the only sample of a
    /// family that can be meant, or the same bound in the client's spelling. `None` where the place does not hold the
    /// name or bound as it is (in an encoded text, behind an escape).
    pub fn safe_replacement(&self, files: &FileSet) -> Option<&str> {
        let Suggestion { kind, replacement } = self.suggestion.as_ref()?;
        let text = files.text(self.primary);
        let is_safe = match kind {
            SuggestionKind::Suffix => self.reason == Some(Reason::WrongSample) && text == self.subject,
            SuggestionKind::Value => {
                let number = |text: &str| text.parse::<f64>().ok();
                self.reason == Some(Reason::WrongBucket)
                    && text != replacement
                    && number(text) == number(replacement)
            }
            SuggestionKind::Rename | SuggestionKind::Sample => false,
        };
        let is_script = self
            .consumer
            .as_ref()
            .is_none_or(|consumer| consumer.kind == ConsumerKind::Script);
        let path = &files.file(self.primary.file).path;
        let mut endings = path.rsplit('/').next().unwrap_or(path).split('.').skip(1);
        let is_code =
            !endings.clone().any(|ending| NO_CODE.contains(&ending)) || endings.any(|ending| ending == "py");
        let is_sure = is_safe && !is_script && !is_code && self.confidence == Confidence::High;
        is_sure.then_some(replacement)
    }
}

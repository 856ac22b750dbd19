//! The words of a query. What they are and where they stand; no lexing, no grammar.

use std::ops::Range;

use crate::NamePart;

/// Why a query does not parse, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// A clause that stands alone.
    pub(crate) message: String,
    /// Bytes of the query.
    pub(crate) range: Range<usize>,
}

impl Failure {
    /// A failure at a place.
    pub(crate) fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            message: message.into(),
            range,
        }
    }
}

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its bytes.
    pub(crate) range: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A name without a colon that is no keyword.
    Name,
    /// A name with a colon, as recording rules have.
    RecordName,
    /// A word that is a keyword somewhere; most can be names too.
    Keyword(Keyword),
    /// A number.
    Number(f64),
    /// A duration, in seconds.
    Duration(f64),
    /// A string.
    Text(Text),
    /// A word with template holes in it, or a hole alone.
    Template(Template),
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `{`
    LeftBrace,
    /// `}`
    RightBrace,
    /// `[`
    LeftBracket,
    /// `]`
    RightBracket,
    /// `,`
    Comma,
    /// `:` between brackets
    Colon,
    /// `@`
    At,
    /// `=`
    Equal,
    /// `=~`
    EqualRegex,
    /// `!~`
    NotRegex,
    /// `!=`, a comparison or a matcher's operator
    NotEqual,
    /// Any other operator that is a sign.
    Sign(Sign),
    /// What cannot stand in PromQL.
    Bad(String),
    /// The end of the query.
    End,
}

/// A string.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    /// The bytes between the quotes.
    pub(crate) inner: Range<usize>,
    /// Its value, holes as written.
    pub(crate) parts: Vec<NamePart>,
    /// Its value, unescaped, holes as written.
    pub(crate) value: String,
    /// Whether the value is UTF-8; `\xff` can make it something else.
    pub(crate) is_utf8: bool,
}

impl Text {
    /// Whether a template hole stands in it.
    pub(crate) fn has_holes(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, NamePart::Hole(_)))
    }
}

/// A word with holes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    /// Its text and holes.
    pub(crate) parts: Vec<NamePart>,
    /// Whether it begins like a number (`0.$x`, `5$unit`).
    pub(crate) numeric: bool,
}

impl Template {
    /// Whether it is one hole and nothing else: it may then stand for any piece of a query.
    pub(crate) fn is_bare(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, NamePart::Hole(_)))
    }

    /// Whether it is a hole with a unit (`${window}s`).
    pub(crate) fn is_duration(&self) -> bool {
        let [NamePart::Hole(_), NamePart::Text(unit)] = self.parts.as_slice() else {
            return false;
        };
        matches!(unit.as_str(), "ms" | "s" | "m" | "h" | "d" | "w" | "y")
    }
}

/// An operator written as a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    EqualTo,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    TrimUpper,
    TrimLower,
}

/// The parameter that an aggregation takes before its vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// None.
    None,
    /// A number (`topk`).
    Scalar,
    /// A string (`count_values`).
    Text,
}

/// A keyword. Prometheus 3 recognises them in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    And,
    Or,
    Unless,
    Atan2,
    Aggregation(Parameter),
    Offset,
    Smoothed,
    Anchored,
    By,
    Without,
    On,
    Ignoring,
    GroupLeft,
    GroupRight,
    Fill,
    FillLeft,
    FillRight,
    Bool,
    Start,
    End,
    Step,
    Range,
    MaxOf,
    MinOf,
}

impl Keyword {
    /// The keyword of a word in lower case.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "and" => Self::And,
            "or" => Self::Or,
            "unless" => Self::Unless,
            "atan2" => Self::Atan2,
            "sum" | "avg" | "count" | "min" | "max" | "group" | "stddev" | "stdvar" => {
                Self::Aggregation(Parameter::None)
            }
            "topk" | "bottomk" | "quantile" | "limitk" | "limit_ratio" => {
                Self::Aggregation(Parameter::Scalar)
            }
            "count_values" => Self::Aggregation(Parameter::Text),
            "offset" => Self::Offset,
            "smoothed" => Self::Smoothed,
            "anchored" => Self::Anchored,
            "by" => Self::By,
            "without" => Self::Without,
            "on" => Self::On,
            "ignoring" => Self::Ignoring,
            "group_left" => Self::GroupLeft,
            "group_right" => Self::GroupRight,
            "fill" => Self::Fill,
            "fill_left" => Self::FillLeft,
            "fill_right" => Self::FillRight,
            "bool" => Self::Bool,
            "start" => Self::Start,
            "end" => Self::End,
            "step" => Self::Step,
            "range" => Self::Range,
            "max_of" => Self::MaxOf,
            "min_of" => Self::MinOf,
            _ => return None,
        })
    }

    /// Whether a metric may have this name outside quotes.
    pub(crate) fn can_name_metric(self) -> bool {
        !matches!(
            self,
            Self::Bool | Self::On | Self::Ignoring | Self::GroupLeft | Self::GroupRight | Self::Atan2
        )
    }

    /// Whether a function has this name too (`start()`, `max_of(1, 2)`).
    pub(crate) fn can_name_function(self) -> bool {
        matches!(
            self,
            Self::Start | Self::End | Self::Step | Self::Range | Self::MaxOf | Self::MinOf
        )
    }
}

impl Kind {
    /// Whether it can only stand behind a selector, so that a hole before it names one. (A subquery's bracket can
    /// stand behind other expressions too; behind a hole alone it seldom does.)
    pub(crate) fn follows_selector(&self) -> bool {
        matches!(
            self,
            Self::LeftBrace | Self::LeftBracket | Self::At | Self::Keyword(Keyword::Offset)
        )
    }

    /// The token in words, for messages.
    pub(crate) fn describe(&self, text: &str) -> String {
        match self {
            Self::End => "the end of the query".to_owned(),
            Self::Text(_) => {
                let short: String = text.chars().take(24).collect();
                let dots = if short.len() < text.len() { "…" } else { "" };
                format!("the string {short}{dots}")
            }
            _ => format!("`{text}`"),
        }
    }
}

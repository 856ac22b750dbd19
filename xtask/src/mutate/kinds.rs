//! The kinds of mutations: where each can be made in a project, and what it must bring.
//!
//! Places are the facts' own: the literal of a declaration, the name of a reference, the value of a matcher. Where a kind
//! needs a place that no fact has (a label in a declaration), the text within the fact's place must hold it once.

use std::collections::BTreeSet;

use promsight_model::{Emitter, JudgedReference, LabelValues, Matcher, Name};
use promsight_resolve::deep::is_usual_target_label;

use super::edit::Edits;
use super::in_code::{bound_in_code, label_in_code, name_in_code, removal, type_in_code, value_in_code};
use super::in_reader::{bound_in_reader, label_in_reader, name_in_reader, suffix_in_reader, value_in_reader};
use super::known::{Expected, Known};
use super::words::{Change, Random};

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    NameInCode,
    NameInReader,
    SuffixInReader,
    LabelInCode,
    LabelInReader,
    ValueInCode,
    ValueInReader,
    BoundInCode,
    BoundInReader,
    BoundSpelling,
    Type,
    Removal,
}

impl Kind {
    pub(super) const ALL: [Self; 12] = [
        Self::NameInCode,
        Self::NameInReader,
        Self::SuffixInReader,
        Self::LabelInCode,
        Self::LabelInReader,
        Self::ValueInCode,
        Self::ValueInReader,
        Self::BoundInCode,
        Self::BoundInReader,
        Self::BoundSpelling,
        Self::Type,
        Self::Removal,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NameInCode => "name, in code",
            Self::NameInReader => "name, in the reader",
            Self::SuffixInReader => "sample suffix, in the reader",
            Self::LabelInCode => "label, in code",
            Self::LabelInReader => "label, in the reader",
            Self::ValueInCode => "label value, in code",
            Self::ValueInReader => "label value, in the reader",
            Self::BoundInCode => "bucket bound, in code",
            Self::BoundInReader => "bucket bound, in the reader",
            Self::BoundSpelling => "spelling of a bound, in the reader",
            Self::Type => "type",
            Self::Removal => "declaration removed",
        }
    }

    /// Checks by which a finding about the mutated metric follows from the mutation.
    pub(super) fn follows(self) -> &'static [&'static str] {
        match self {
            Self::NameInCode | Self::NameInReader | Self::SuffixInReader | Self::Removal => {
                &["blind-test", "always-firing", "unused-metric", "unused-record"]
            }
            Self::LabelInCode => &["label-mismatch", "invalid-update", "never-updated"],
            Self::LabelInReader => &["label-mismatch"],
            Self::ValueInCode | Self::ValueInReader => &["label-value-mismatch"],
            Self::BoundInCode => &["bucket-mismatch"],
            Self::BoundInReader | Self::BoundSpelling => &["bucket-mismatch"],
            Self::Type => &[
                "blind-test",
                "always-firing",
                "never-firing",
                "hidden-blindness",
                "unused-metric",
                "invalid-update",
                "never-updated",
                "type-mismatch",
                "conflicting-metric",
                "bucket-mismatch",
                "late-counter",
            ],
        }
    }
}

/// One change with what it must bring.
pub(super) struct Mutation {
    pub(super) kind: Kind,
    pub(super) change: Option<Change>,
    pub(super) edits: Edits,
    pub(super) expected: Vec<Expected>,
    /// Names of which findings may speak.
    pub(super) subjects: BTreeSet<String>,
    /// The right suggestion for each series, where there is one.
    pub(super) right: Vec<(String, String)>,
}

/// A place at which a kind of mutation can be made.
#[derive(Clone, Copy)]
pub(super) enum Site<'a> {
    Declaration(usize),
    Label(usize, &'a str),
    Value(usize, &'a LabelValues, usize),
    Bound(usize, &'a str),
    Reader(&'a JudgedReference),
    Matcher(&'a JudgedReference, &'a Matcher),
}

/// Every place of a kind, before it is known whether what it brings is decidable.
pub(super) fn sites<'a>(kind: Kind, known: &Known<'a>) -> Vec<Site<'a>> {
    let emitters = || {
        let live = known
            .emitters()
            .iter()
            .enumerate()
            .filter(|(_, emitter)| emitter.is_live());
        live.filter(|(_, emitter)| is_read(known, emitter))
    };
    let references = || known.bench.report.references.iter();
    match kind {
        Kind::NameInCode | Kind::Type | Kind::Removal => {
            emitters().map(|(at, _)| Site::Declaration(at)).collect()
        }
        Kind::LabelInCode => emitters()
            .flat_map(|(at, emitter)| emitter.labels.iter().map(move |label| Site::Label(at, label)))
            .collect(),
        Kind::ValueInCode => emitters()
            .flat_map(|(at, emitter)| emitter.usage.label_values.iter().map(move |values| (at, values)))
            .filter(|(_, values)| values.is_complete)
            .flat_map(|(at, values)| {
                (0..values.values.len()).map(move |value| Site::Value(at, values, value))
            })
            .collect(),
        Kind::BoundInCode => emitters()
            .flat_map(|(at, emitter)| {
                emitter
                    .buckets
                    .iter()
                    .flatten()
                    .map(move |bound| Site::Bound(at, bound))
            })
            .collect(),
        Kind::NameInReader | Kind::SuffixInReader => references().map(Site::Reader).collect(),
        Kind::LabelInReader | Kind::ValueInReader | Kind::BoundInReader | Kind::BoundSpelling => references()
            .flat_map(|reference| {
                let matchers = reference.selector.matchers.iter();
                matchers.map(move |matcher| Site::Matcher(reference, matcher))
            })
            .filter(|site| match site {
                Site::Matcher(_, matcher) => {
                    (matcher.label == "le") == matches!(kind, Kind::BoundInReader | Kind::BoundSpelling)
                }
                _ => false,
            })
            .collect(),
    }
}

fn is_read(known: &Known<'_>, emitter: &Emitter) -> bool {
    let series = emitter.series.iter().filter_map(Name::exact);
    series.into_iter().any(|series| !known.readers(series).is_empty())
}

/// The mutation at a place; `None` where what it brings cannot be told from the clean run.
pub(super) fn mutation(
    kind: Kind,
    site: Site<'_>,
    known: &Known<'_>,
    random: &mut Random,
) -> Option<Mutation> {
    let mutation = match (kind, site) {
        (Kind::NameInCode, Site::Declaration(at)) => name_in_code(known, at, random),
        (Kind::Type, Site::Declaration(at)) => type_in_code(known, at, random),
        (Kind::Removal, Site::Declaration(at)) => removal(known, at),
        (Kind::LabelInCode, Site::Label(at, label)) => label_in_code(known, at, label),
        (Kind::ValueInCode, Site::Value(at, values, value)) => value_in_code(known, at, values, value),
        (Kind::BoundInCode, Site::Bound(at, bound)) => bound_in_code(known, at, bound),
        (Kind::NameInReader, Site::Reader(reference)) => name_in_reader(known, reference, random),
        (Kind::SuffixInReader, Site::Reader(reference)) => suffix_in_reader(known, reference),
        (Kind::LabelInReader, Site::Matcher(reference, matcher)) => {
            label_in_reader(known, reference, matcher)
        }
        (Kind::ValueInReader, Site::Matcher(reference, matcher)) => {
            value_in_reader(known, reference, matcher)
        }
        (Kind::BoundInReader | Kind::BoundSpelling, Site::Matcher(reference, matcher)) => {
            bound_in_reader(known, kind, reference, matcher)
        }
        _ => None,
    }?;
    (!mutation.expected.is_empty()).then_some(mutation)
}

pub(super) fn exact_series(emitter: &Emitter) -> BTreeSet<String> {
    emitter
        .series
        .iter()
        .filter_map(Name::exact)
        .map(str::to_owned)
        .collect()
}

/// Names by which findings may speak of a metric.
pub(super) fn names_of(known: &Known<'_>, emitter: &Emitter) -> BTreeSet<String> {
    let mut names = exact_series(emitter);
    names.extend(known.downstream(&names));
    for name in [&emitter.name, &emitter.written_name] {
        names.extend(name.exact().map(str::to_owned));
    }
    names
}

/// What stands in the quotes of a plain string, and where; the text itself where it has none.
pub(super) fn unquoted(text: &str) -> Option<(usize, &str)> {
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            return Some((1, rest.strip_suffix(quote)?));
        }
    }
    let is_word = text
        .chars()
        .all(|one| one.is_alphanumeric() || "_:.- /+".contains(one));
    is_word.then_some((0, text))
}

/// The values of a label where the code's own are all that there can be.
pub(super) fn all_values<'a>(known: &Known<'a>, at: usize, label: &str) -> Option<&'a LabelValues> {
    let emitter = &known.emitters()[at];
    let values = emitter
        .usage
        .label_values
        .iter()
        .find(|values| values.label == label)?;
    (values.is_complete && !values.values.is_empty() && !is_usual_target_label(label)).then_some(values)
}

/// A number between a bound and the next one.
pub(super) fn between(number: f64, bounds: &[String]) -> Option<String> {
    let next = bounds
        .iter()
        .filter_map(|bound| bound.parse::<f64>().ok())
        .filter(|bound| *bound > number && bound.is_finite())
        .min_by(f64::total_cmp)
        .unwrap_or(number * 3.0 + 1.0);
    let middle = (number + next) / 2.0;
    (middle > number && middle < next).then(|| format!("{middle:?}"))
}

//! Mutations of what looks at metrics, and what each breaks.

use promsight_model::{
    Guard, JudgedReference, MatchOp, MatchValue, Matcher, MetricType, Name, SelectorName, Verdict,
};
use promsight_resolve::deep::is_usual_target_label;

use super::edit::{Edit, Edits};
use super::kinds::{Kind, Mutation, all_values, between, names_of};
use super::known::{BLIND, Expected, Known};
use super::words::{self, Change, Random};

pub(super) fn name_in_reader(
    known: &Known<'_>,
    reference: &JudgedReference,
    random: &mut Random,
) -> Option<Mutation> {
    let (series, at) = one_declaration(known, reference)?;
    let change = *random.pick(&Change::ALL)?;
    let renamed = words::changed(series, change, random)?;
    if !known.is_free(&renamed) {
        return None;
    }
    let right = vec![(renamed.clone(), series.to_owned())];
    renamed_reader(
        known,
        Kind::NameInReader,
        reference,
        at,
        renamed,
        Some(change),
        right,
    )
}

pub(super) fn suffix_in_reader(known: &Known<'_>, reference: &JudgedReference) -> Option<Mutation> {
    let (series, at) = one_declaration(known, reference)?;
    let emitter = &known.emitters()[at];
    let renamed = match emitter.metric_type {
        MetricType::Counter => series.strip_suffix("_total")?.to_owned(),
        MetricType::Histogram => series.strip_suffix("_bucket")?.to_owned(),
        MetricType::Info => series.strip_suffix("_info")?.to_owned(),
        MetricType::Gauge if !series.ends_with("_total") => format!("{series}_total"),
        _ => return None,
    };
    // Which sample was meant is not in the name; of a histogram the function tells.
    let right = match emitter.metric_type {
        MetricType::Histogram => Vec::new(),
        _ => vec![(renamed.clone(), series.to_owned())],
    };
    let is_known = known
        .emitters()
        .iter()
        .any(|other| other.series.iter().any(|name| name.admits(&renamed)) && other.name != Name::Unresolved);
    if is_known || known.is_outside(&renamed) {
        return None;
    }
    renamed_reader(known, Kind::SuffixInReader, reference, at, renamed, None, right)
}

fn renamed_reader(
    known: &Known<'_>,
    kind: Kind,
    reference: &JudgedReference,
    at: usize,
    renamed: String,
    change: Option<Change>,
    right: Vec<(String, String)>,
) -> Option<Mutation> {
    let span = reference.selector.span;
    let mut expected = vec![Expected {
        checks: BLIND,
        places: vec![span],
        series: renamed.clone(),
        is_word: false,
    }];
    expected.extend(known.blinded_by(reference));
    let mut subjects = names_of(known, &known.emitters()[at]);
    subjects.insert(renamed.clone());
    Some(Mutation {
        kind,
        change,
        edits: Edits::new(vec![Edit::new(span.file, span.range(), renamed)])?,
        expected,
        subjects,
        right,
    })
}

/// The declaration that alone answers a reference whose name stands in the file as it is, in a query that can be parsed
/// and where absence matters.
fn one_declaration<'a>(known: &Known<'_>, reference: &'a JudgedReference) -> Option<(&'a str, usize)> {
    let SelectorName::Exact(series) = &reference.selector.name else {
        return None;
    };
    let is_written = known.text(reference.selector.span) == series;
    let place = known.place(reference)?;
    if !is_written || place.is_unreadable || reference.selector.guard != Guard::None {
        return None;
    }
    // One place can be read as several queries (a repeated panel, a rendered template).
    let all = known.bench.report.references.iter();
    if all
        .filter(|other| other.selector.span == reference.selector.span)
        .count()
        != 1
    {
        return None;
    }
    if reference.verdict != Verdict::Emitted {
        return None;
    }
    let at = (0..known.emitters().len()).find(|at| known.rests_on(reference, *at))?;
    known.is_alone(at).then_some((series, at))
}

pub(super) fn label_in_reader(
    known: &Known<'_>,
    reference: &JudgedReference,
    matcher: &Matcher,
) -> Option<Mutation> {
    let (series, at) = one_declaration(known, reference)?;
    let emitter = &known.emitters()[at];
    let label = matcher.label.as_str();
    let renamed = format!("{label}_kind");
    let is_declared = emitter.labels.iter().any(|known| known == label);
    let is_new = !known
        .bench
        .files()
        .files()
        .iter()
        .any(|file| file.text.contains(&renamed));
    let is_written = known.text(matcher.label_span) == label;
    let is_followed = known.place(reference).is_some_and(|place| place.is_followed);
    if !is_declared
        || !is_new
        || !is_written
        || !is_followed
        || !matcher.refuses_empty
        || !emitter.labels_known
        || emitter.metric_type == MetricType::Info
        || is_usual_target_label(&renamed)
    {
        return None;
    }
    Some(Mutation {
        kind: Kind::LabelInReader,
        change: None,
        edits: Edits::new(vec![Edit::new(
            matcher.label_span.file,
            matcher.label_span.range(),
            renamed,
        )])?,
        expected: vec![Expected {
            checks: &["label-mismatch"],
            places: vec![matcher.label_span],
            series: series.to_owned(),
            is_word: false,
        }],
        subjects: names_of(known, emitter),
        right: Vec::new(),
    })
}

pub(super) fn value_in_reader(
    known: &Known<'_>,
    reference: &JudgedReference,
    matcher: &Matcher,
) -> Option<Mutation> {
    let (series, at) = one_declaration(known, reference)?;
    let MatchValue::Known(value) = &matcher.value else {
        return None;
    };
    let values = all_values(known, at, &matcher.label)?;
    let renamed = format!("{value}ish");
    let is_given = values.values.iter().any(|one| one.value == *value);
    if matcher.op != MatchOp::Equal || !is_given || known.text(matcher.value_span) != value {
        return None;
    }
    known.place(reference).filter(|place| place.is_followed)?;
    Some(Mutation {
        kind: Kind::ValueInReader,
        change: None,
        edits: Edits::new(vec![Edit::new(
            matcher.value_span.file,
            matcher.value_span.range(),
            renamed,
        )])?,
        expected: vec![Expected {
            checks: &["label-value-mismatch"],
            places: vec![matcher.value_span],
            series: series.to_owned(),
            is_word: false,
        }],
        subjects: names_of(known, &known.emitters()[at]),
        right: Vec::new(),
    })
}

pub(super) fn bound_in_reader(
    known: &Known<'_>,
    kind: Kind,
    reference: &JudgedReference,
    matcher: &Matcher,
) -> Option<Mutation> {
    let (series, at) = one_declaration(known, reference)?;
    let emitter = &known.emitters()[at];
    let bounds = emitter.buckets.as_ref()?;
    let MatchValue::Known(bound) = &matcher.value else {
        return None;
    };
    if matcher.op != MatchOp::Equal || !bounds.contains(bound) || known.text(matcher.value_span) != bound {
        return None;
    }
    let changed = if kind == Kind::BoundSpelling {
        match bound.strip_suffix(".0") {
            Some(whole) => whole.to_owned(),
            None if bound == "+Inf" => "Inf".to_owned(),
            None => format!("{bound}0"),
        }
    } else {
        between(
            bound.parse().ok().filter(|number: &f64| number.is_finite())?,
            bounds,
        )?
    };
    let span = matcher.value_span;
    let right = if kind == Kind::BoundSpelling {
        vec![(series.to_owned(), bound.clone())]
    } else {
        Vec::new()
    };
    Some(Mutation {
        kind,
        change: None,
        edits: Edits::new(vec![Edit::new(span.file, span.range(), changed)])?,
        expected: vec![Expected {
            checks: &["bucket-mismatch"],
            places: vec![span],
            series: series.to_owned(),
            is_word: false,
        }],
        subjects: names_of(known, emitter),
        right,
    })
}

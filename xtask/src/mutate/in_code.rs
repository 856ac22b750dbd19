//! Mutations of declarations and updates, and what each breaks.

use std::collections::BTreeSet;

use promsight_model::flow::LabelUseKind;
use promsight_model::{
    Emitter, Guard, LabelValues, MatchOp, MatchValue, MetricType, Span, Verdict, Wrapping,
};
use promsight_resolve::deep::is_usual_target_label;

use super::edit::{Edit, Edits};
use super::kinds::{Kind, Mutation, all_values, between, exact_series, names_of, unquoted};
use super::known::{Expected, Known};
use super::words::{self, Change, Random};

pub(super) fn name_in_code(known: &Known<'_>, at: usize, random: &mut Random) -> Option<Mutation> {
    let emitter = &known.emitters()[at];
    let family = emitter.name.exact()?;
    let (span, literal) = name_literal(known, at)?;
    let prefix = emitter.written_name.exact()?.strip_suffix(literal)?;
    let change = *random.pick(&Change::ALL)?;
    // The whole name changes by one word, as a reader sees it; the part of it that the literal has is rewritten.
    let written = format!("{prefix}{literal}");
    let renamed = words::changed(&written, change, random)?;
    let new_literal = renamed.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
    let (new_subject, _) = words::apart(&renamed);
    let (old_subject, _) = words::apart(&written);
    if !known.is_alone(at) || !known.is_free(&renamed) || old_subject == new_subject {
        return None;
    }
    let new_family = match family.strip_prefix(old_subject) {
        Some(rest) => format!("{new_subject}{rest}"),
        None => return None,
    };
    let old = exact_series(emitter);
    let right: Vec<(String, String)> = old
        .iter()
        .filter_map(|series| {
            Some((
                series.clone(),
                format!("{new_family}{}", series.strip_prefix(family)?),
            ))
        })
        .collect();
    let mut subjects = names_of(known, emitter);
    subjects.extend(right.iter().map(|(_, new)| new.clone()));
    subjects.insert(new_family);
    subjects.insert(renamed.clone());
    Some(Mutation {
        kind: Kind::NameInCode,
        change: Some(change),
        edits: Edits::new(vec![Edit::new(span.file, span.range(), new_literal)])?,
        expected: outside_of(known.blinded(at, &old), span),
        subjects,
        right,
    })
}

/// Expectations at other places than the edited literal: what reads the metric by that very literal follows it.
fn outside_of(expected: Vec<Expected>, edited: Span) -> Vec<Expected> {
    expected
        .into_iter()
        .filter(|one| {
            !one.places
                .iter()
                .any(|place| edited.contains(*place) || place.contains(edited))
        })
        .collect()
}

/// The literal of a name without its quotes, where it makes one metric only and nothing else is written in it.
fn name_literal<'a>(known: &Known<'a>, at: usize) -> Option<(Span, &'a str)> {
    let emitter = &known.emitters()[at];
    let whole = emitter.name_span?;
    let shares = known.emitters().iter().enumerate();
    let is_shared = shares
        .filter(|(other, _)| *other != at)
        .any(|(_, other)| other.name_span == Some(whole) || other.span == emitter.span);
    if is_shared {
        return None;
    }
    let (start, literal) = unquoted(known.text(whole))?;
    let span = Span::new(
        whole.file,
        whole.range().start + start..whole.range().start + start + literal.len(),
    );
    // A name in a text that code writes by hand stands there several times.
    let source = &known.bench.files().file(span.file).text;
    let is_quote = |at: Option<usize>| {
        at.and_then(|at| source.as_bytes().get(at))
            .is_some_and(|byte| matches!(byte, b'"' | b'\''))
    };
    if !is_quote(span.range().start.checked_sub(1)) || !is_quote(Some(span.range().end)) {
        return None;
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    (!literal.is_empty() && literal.bytes().all(is_plain)).then_some((span, literal))
}

/// Labels of which a query says by itself whether they come from the code.
fn is_codes_own(known: &Known<'_>, emitter: &Emitter, label: &str) -> bool {
    emitter.labels_known
        && !matches!(emitter.metric_type, MetricType::Info)
        && !is_usual_target_label(label)
        // Asked of several metrics that have it not, it is taken for a label of targets.
        && !known.bench.report.references.iter().any(|reference| {
            reference.selector.matchers.iter().any(|matcher| matcher.label == label)
                && reference.verdict != Verdict::Emitted
        })
}

pub(super) fn label_in_code(known: &Known<'_>, at: usize, label: &str) -> Option<Mutation> {
    let emitter = &known.emitters()[at];
    let renamed = format!("{label}_kind");
    if !known.is_alone(at) || !is_codes_own(known, emitter, label) || emitter.labels.contains(&renamed) {
        return None;
    }
    let shared = known.emitters().iter().enumerate();
    if shared
        .filter(|(other, _)| *other != at)
        .any(|(_, other)| other.span == emitter.span)
    {
        return None;
    }
    let mut edits = vec![only_string(known, emitter.span, label, &renamed)?];
    for update in &emitter.usage.updates {
        edits.extend(keywords(known, update.span, label, &renamed));
    }
    let mut expected = Vec::new();
    for series in exact_series(emitter) {
        for reference in known.readers(&series) {
            if !known.rests_on(reference, at) || reference.selector.guard != Guard::None {
                continue;
            }
            let Some(place) = known.place(reference).filter(|place| place.is_followed) else {
                continue;
            };
            let matchers = reference.selector.matchers.iter();
            let asked = matchers.filter(|matcher| matcher.label == label && matcher.refuses_empty);
            let grouped = place
                .uses
                .iter()
                .filter(|asked| asked.label == label && asked.kind == LabelUseKind::By);
            let spans = asked
                .map(|matcher| matcher.label_span)
                .chain(grouped.map(|asked| asked.span));
            expected.extend(spans.map(|span| Expected {
                checks: &["label-mismatch"],
                places: vec![span],
                series: series.clone(),
                is_word: false,
            }));
        }
    }
    Some(Mutation {
        kind: Kind::LabelInCode,
        change: None,
        edits: Edits::new(edits)?,
        expected,
        subjects: names_of(known, emitter),
        right: Vec::new(),
    })
}

/// The only string of that text within a place, replaced.
fn only_string(known: &Known<'_>, within: Span, text: &str, by: &str) -> Option<Edit> {
    let source = known.text(within);
    let mut found = Vec::new();
    for quote in ['"', '\''] {
        let quoted = format!("{quote}{text}{quote}");
        found.extend(source.match_indices(&quoted).map(|(at, _)| at + 1));
    }
    let [at] = found.as_slice() else { return None };
    let start = within.range().start + at;
    Some(Edit::new(within.file, start..start + text.len(), by))
}

/// Keyword arguments of that name within a call.
fn keywords(known: &Known<'_>, within: Span, name: &str, by: &str) -> Vec<Edit> {
    let source = known.text(within);
    let is_word = |one: char| one.is_alphanumeric() || one == '_';
    source
        .match_indices(name)
        .filter(|(at, _)| {
            let before = source[..*at].trim_end();
            let behind = source[at + name.len()..].trim_start();
            (before.ends_with('(') || before.ends_with(','))
                && !source[at + name.len()..].starts_with(is_word)
                && behind.starts_with('=')
                && !behind.starts_with("==")
        })
        .map(|(at, _)| {
            let start = within.range().start + at;
            Edit::new(within.file, start..start + name.len(), by)
        })
        .collect()
}

pub(super) fn value_in_code(
    known: &Known<'_>,
    at: usize,
    values: &LabelValues,
    value: usize,
) -> Option<Mutation> {
    let emitter = &known.emitters()[at];
    let old = &values.values[value];
    all_values(known, at, &values.label)?;
    let (start, literal) = unquoted(known.text(old.span))?;
    if literal != old.value || !known.is_alone(at) || known.python_strings(literal) != 1 {
        return None;
    }
    let start = old.span.range().start + start;
    let edit = Edit::new(
        old.span.file,
        start..start + literal.len(),
        format!("{literal}ish"),
    );
    let mut expected = Vec::new();
    for series in exact_series(emitter) {
        for reference in known.readers(&series) {
            let followed = known.place(reference).is_some_and(|place| place.is_followed);
            if !known.rests_on(reference, at) || reference.selector.guard != Guard::None || !followed {
                continue;
            }
            let matchers = reference.selector.matchers.iter();
            let broken = matchers.filter(|matcher| {
                matcher.label == values.label
                    && matcher.op == MatchOp::Equal
                    && matcher.value == MatchValue::Known(literal.to_owned())
            });
            expected.extend(broken.map(|matcher| Expected {
                checks: &["label-value-mismatch"],
                places: vec![matcher.value_span],
                series: series.clone(),
                is_word: false,
            }));
        }
    }
    // The same literal may give other metrics their value.
    let mut subjects = names_of(known, emitter);
    for other in known.emitters() {
        let mut given = other.usage.label_values.iter().flat_map(|values| &values.values);
        if given.any(|value| value.span == old.span) {
            subjects.extend(names_of(known, other));
        }
    }
    Some(Mutation {
        kind: Kind::ValueInCode,
        change: None,
        edits: Edits::new(vec![edit])?,
        expected,
        subjects,
        right: Vec::new(),
    })
}

pub(super) fn bound_in_code(known: &Known<'_>, at: usize, bound: &str) -> Option<Mutation> {
    let emitter = &known.emitters()[at];
    let bounds = emitter.buckets.as_ref()?;
    let number: f64 = bound.parse().ok().filter(|number: &f64| number.is_finite())?;
    if !known.is_alone(at) || emitter.wrapping != Wrapping::Direct {
        return None;
    }
    let [(start, length)] = numbers(known.text(emitter.span), number)[..] else {
        return None;
    };
    let changed = between(number, bounds)?;
    let start = emitter.span.range().start + start;
    let series = exact_series(emitter)
        .into_iter()
        .find(|series| series.ends_with("_bucket"))?;
    let mut expected = Vec::new();
    for reference in known.readers(&series) {
        if !known.rests_on(reference, at) || reference.selector.guard != Guard::None {
            continue;
        }
        let matchers = reference.selector.matchers.iter();
        let broken = matchers.filter(|matcher| {
            matcher.label == "le"
                && matcher.op == MatchOp::Equal
                && matcher.value == MatchValue::Known(bound.to_owned())
        });
        expected.extend(broken.map(|matcher| Expected {
            checks: &["bucket-mismatch"],
            places: vec![matcher.value_span],
            series: series.clone(),
            is_word: false,
        }));
    }
    Some(Mutation {
        kind: Kind::BoundInCode,
        change: None,
        edits: Edits::new(vec![Edit::new(emitter.span.file, start..start + length, changed)])?,
        expected,
        subjects: names_of(known, emitter),
        right: Vec::new(),
    })
}

/// Where a number stands in a text, in any spelling.
fn numbers(text: &str, number: f64) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    let mut before = ' ';
    for (at, one) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_part = one.is_ascii_digit() || one == '.';
        match start {
            None if is_part && !before.is_alphanumeric() && before != '_' => start = Some(at),
            Some(from) if !is_part => {
                if text[from..at].parse::<f64>().is_ok_and(|value| value == number) && !one.is_alphanumeric()
                {
                    found.push((from, at - from));
                }
                start = None;
            }
            _ => {}
        }
        before = one;
    }
    found
}

/// The constructors of the client library by type.
const CONSTRUCTORS: [(&str, MetricType); 4] = [
    ("Counter", MetricType::Counter),
    ("Gauge", MetricType::Gauge),
    ("Histogram", MetricType::Histogram),
    ("Summary", MetricType::Summary),
];

/// Arguments that only one type takes.
const OWN_ARGUMENTS: [&str; 3] = ["buckets", "multiprocess_mode", "states"];

pub(super) fn type_in_code(known: &Known<'_>, at: usize, random: &mut Random) -> Option<Mutation> {
    let emitter = &known.emitters()[at];
    let written = emitter.written_name.exact()?;
    let call = known.text(emitter.span);
    let (old, _) = CONSTRUCTORS
        .iter()
        .find(|(_, metric_type)| *metric_type == emitter.metric_type)?;
    let head = call.split('(').next()?;
    let is_bare = head == *old;
    if !(is_bare || head == format!("prometheus_client.{old}"))
        || !known.is_alone(at)
        || emitter.unit.is_some()
        || OWN_ARGUMENTS.iter().any(|argument| call.contains(argument))
    {
        return None;
    }
    let shared = known.emitters().iter().enumerate();
    if shared
        .filter(|(other, _)| *other != at)
        .any(|(_, other)| other.span == emitter.span)
    {
        return None;
    }
    let others: Vec<_> = CONSTRUCTORS.iter().filter(|(name, _)| name != old).collect();
    let (new, new_type) = **random.pick(&others)?;
    let start = emitter.span.range().start + head.len() - old.len();
    let mut edits = Vec::new();
    if is_bare {
        let source = &known.bench.files().file(emitter.span.file).text;
        let import = "from prometheus_client import";
        let mut behind = source.find(import)? + import.len();
        let rest = &source[behind..];
        if rest.trim_start().starts_with('(') {
            behind += rest.find('(')? + 1;
        }
        edits.push(Edit::new(
            emitter.span.file,
            behind..behind,
            format!(" {new} as Mutated{new},"),
        ));
        edits.push(Edit::new(
            emitter.span.file,
            start..start + old.len(),
            format!("Mutated{new}"),
        ));
    } else {
        edits.push(Edit::new(emitter.span.file, start..start + old.len(), new));
    }
    let old_series = exact_series(emitter);
    let new_series = exposed(new_type, written);
    let gone: BTreeSet<String> = old_series.difference(&new_series).cloned().collect();
    // A word of a document may be the family's name, whichever series that has.
    let is_still_a_name = |one: &Expected| one.is_word && one.series == written;
    let mut expected = known.blinded(at, &gone);
    expected.retain(|one| !is_still_a_name(one));
    if new_type == MetricType::Gauge {
        for series in old_series.intersection(&new_series) {
            for reference in known.readers(series) {
                let place = known.place(reference).filter(|_| known.rests_on(reference, at));
                if let Some((function, span)) = place.and_then(|place| place.range_function.clone())
                    && ["rate", "increase", "irate"].contains(&function.as_str())
                {
                    expected.push(Expected {
                        checks: &["type-mismatch"],
                        places: vec![span],
                        series: series.clone(),
                        is_word: false,
                    });
                }
            }
        }
    }
    let mut subjects = names_of(known, emitter);
    subjects.extend(new_series);
    subjects.insert(written.strip_suffix("_total").unwrap_or(written).to_owned());
    Some(Mutation {
        kind: Kind::Type,
        change: None,
        edits: Edits::new(edits)?,
        expected,
        subjects,
        right: Vec::new(),
    })
}

/// What the client library exposes of a metric of that type and name.
fn exposed(metric_type: MetricType, written: &str) -> BTreeSet<String> {
    let base = written.strip_suffix("_total").unwrap_or(written);
    let samples = match metric_type {
        MetricType::Counter => vec![format!("{base}_total"), format!("{base}_created")],
        MetricType::Histogram => ["_bucket", "_count", "_sum", "_created"]
            .map(|suffix| format!("{written}{suffix}"))
            .to_vec(),
        MetricType::Summary => ["_count", "_sum", "_created"]
            .map(|suffix| format!("{written}{suffix}"))
            .to_vec(),
        _ => vec![written.to_owned()],
    };
    samples.into_iter().collect()
}

pub(super) fn removal(known: &Known<'_>, at: usize) -> Option<Mutation> {
    let emitter = &known.emitters()[at];
    let call = known.text(emitter.span);
    let head = call.split('(').next()?;
    let is_call = head
        .chars()
        .all(|one| one.is_alphanumeric() || one == '_' || one == '.')
        && call.ends_with(')');
    name_literal(known, at)?;
    if !is_call || !known.is_alone(at) || !known.is_at_home(at) || emitter.wrapping != Wrapping::Direct {
        return None;
    }
    let mut edits = vec![Edit::new(emitter.span.file, emitter.span.range(), "None")];
    // Whoever removes a metric removes what updates it.
    let updates = &emitter.usage.updates;
    for update in updates {
        if ["time", "track_inprogress", "count_exceptions"].contains(&update.method.as_str()) {
            return None;
        }
        let is_inner = updates
            .iter()
            .any(|other| other.span != update.span && other.span.contains(update.span));
        if !is_inner {
            edits.push(Edit::new(update.span.file, update.span.range(), "None"));
        }
    }
    Some(Mutation {
        kind: Kind::Removal,
        change: None,
        edits: Edits::new(edits)?,
        expected: known.blinded(at, &exact_series(emitter)),
        subjects: names_of(known, emitter),
        right: Vec::new(),
    })
}

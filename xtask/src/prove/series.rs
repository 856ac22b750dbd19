//! The series that a program lets out, and what a job stores of them.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Emitter, MetricType, Origin, Span};
use promsight_resolve::sight::Program;
use promsight_scrape::relabel::Labels;
use promsight_scrape::servers::{Job, Relabelled};
use promsight_scrape::targets::Target;
use promsight_scrape::text::{Shape, Text};

/// What the names begin with that the collectors of the client library have.
const LIBRARY: &[&str] = &["python_", "process_"];

/// What comes out, by the names of the series.
pub(super) type Series = BTreeMap<String, OneSeries>;

/// What is said of one series.
#[derive(Clone, Debug)]
pub(super) struct OneSeries {
    /// The names of its labels; `None` where they are not all known.
    pub(super) labels: Option<BTreeSet<String>>,
    /// Whether it is there from the start. One with labels is there once its program has given them values, and not
    /// every program that imports the code does.
    pub(super) is_sure: bool,
    /// A label that it may have beside these: the number of the process, where several answer as one.
    pub(super) may_have: Option<&'static str>,
}

/// Whether the program's own code makes a child of the metric, or it needs none.
pub(super) fn has_children(emitter: &Emitter, program: &Program) -> bool {
    let is_own = |span: Span| program.files.contains(&span.file);
    let is_instrument = matches!(emitter.origin, Origin::Instrument(_));
    emitter.labels.is_empty()
        || !is_instrument
        || emitter.usage.updates.iter().any(|update| is_own(update.span))
}

/// The labels that a series of a metric has, where they are all known.
pub(super) fn labels_of(emitter: &Emitter, series: &str) -> Option<BTreeSet<String>> {
    let own = match emitter.metric_type {
        MetricType::Histogram if series.ends_with("_bucket") => Some("le"),
        MetricType::StateSet => emitter.name.exact(),
        _ => None,
    };
    let labels = emitter.labels.iter().map(String::as_str).chain(own);
    // What an info says is given when it is set.
    let is_open = !emitter.labels_known || emitter.metric_type == MetricType::Info;
    (!is_open).then(|| labels.map(str::to_owned).collect())
}

/// What the client library adds where it is let: the times of creation, which a variable of the environment and several
/// processes behind one port keep away, and the collectors of its global registry, which the latter keep away.
pub(super) fn is_optional(series: &str) -> bool {
    let is_of_library = LIBRARY.iter().any(|begin| series.starts_with(begin));
    is_of_library || series.ends_with("_created")
}

pub(super) fn add(series: &mut Series, name: &str, one: OneSeries) {
    let entry = series.entry(name.to_owned()).or_insert_with(|| one.clone());
    entry.is_sure |= one.is_sure;
    entry.may_have = entry.may_have.or(one.may_have);
    match (entry.labels.as_mut(), one.labels) {
        (Some(known), Some(labels)) => known.extend(labels),
        _ => entry.labels = None,
    }
}

/// What is stored of series, with all their labels.
pub(super) fn stored(job: &Job, target: &Target, series: &Series) -> Series {
    let mut stored = Series::new();
    for (name, own) in series {
        let mut all = Labels::new();
        for label in own.labels.iter().flatten() {
            // The target's label wins, and the series keeps its own under another name.
            let is_taken = target.labels.contains_key(label) || target.open_labels.contains(label);
            let exported = if is_taken && !job.honors_labels {
                "exported_"
            } else {
                ""
            };
            let value = Text::open(Shape::Word, format!("{label} of {name}"));
            all.set(&format!("{exported}{label}"), value);
        }
        for label in &target.open_labels {
            all.set(label, Text::open(Shape::Word, label.clone()));
        }
        for (label, value) in &target.labels {
            all.set(label, Text::known(value));
        }
        if let Relabelled::Kept {
            name: Some(name),
            labels,
        } = job.metric_relabelling(name, &all)
        {
            let names = labels.iter().map(|(label, _)| label.to_owned());
            let names = names.filter(|label| label != "__name__" && !target.labels.contains_key(label));
            let names = names.filter(|label| !target.open_labels.contains(label));
            let names: BTreeSet<String> = names.collect();
            let one = OneSeries {
                labels: own.labels.is_some().then_some(names),
                is_sure: own.is_sure,
                may_have: own.may_have,
            };
            add(&mut stored, &name, one);
        }
    }
    stored
}

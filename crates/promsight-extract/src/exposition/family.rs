//! One family of a snapshot, from its samples to an emitter.
//!
//! Owns what samples of one name say together: the labels that all of them have, the bounds that all children share.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::usage::{LabelValue, LabelValues};
use promsight_model::{Emitter, FileId, Liveness, MetricType, Name, Origin, Span, Usage, Wrapping};

use super::line::Text;

/// Endings of samples, and the types of which the rest is then the family (OpenMetrics 1.0, "Metric types").
pub(super) const SUFFIXES: [(&str, &[MetricType]); 8] = [
    ("_total", &[MetricType::Counter]),
    ("_bucket", &[MetricType::Histogram]),
    ("_count", &[MetricType::Histogram, MetricType::Summary]),
    ("_sum", &[MetricType::Histogram, MetricType::Summary]),
    ("_gcount", &[MetricType::Histogram]),
    ("_gsum", &[MetricType::Histogram]),
    ("_info", &[MetricType::Info]),
    (
        "_created",
        &[MetricType::Counter, MetricType::Histogram, MetricType::Summary],
    ),
];

/// So many values of a label are kept; a label with more has any.
const MOST_VALUES: usize = 100;

/// So many labels are told apart; samples that bring more agree on nothing.
const MOST_LABELS: usize = 256;

/// Bounds of a histogram; more are no bounds that anybody asks for by name.
const MOST_BOUNDS: usize = 1_000;

/// A sample as its family takes it.
pub(super) struct Sample<'a> {
    pub(super) labels: Vec<(Text<'a>, Text<'a>)>,
    /// Where its line begins.
    pub(super) start: usize,
    pub(super) whole: Span,
    pub(super) name_span: Span,
}

/// What is known of a family so far.
pub(super) struct Family {
    declared: Option<MetricType>,
    pub(super) unit: Option<String>,
    /// Its first descriptor, or its first sample.
    place: Span,
    first_sample: Option<(Span, Span)>,
    samples: BTreeSet<String>,
    labels: Vec<String>,
    /// Whether all samples so far have the same labels.
    agrees: bool,
    values: BTreeMap<String, BTreeMap<String, Span>>,
    bounds: BTreeSet<String>,
    /// Samples with a bound, and those of them with the last one: each child has that once.
    buckets: usize,
    children: usize,
}

impl Family {
    /// One of which nothing is known but a place.
    pub(super) fn at(place: Span) -> Self {
        Self {
            declared: None,
            unit: None,
            place,
            first_sample: None,
            samples: BTreeSet::new(),
            labels: Vec::new(),
            agrees: true,
            values: BTreeMap::new(),
            bounds: BTreeSet::new(),
            buckets: 0,
            children: 0,
        }
    }

    /// Its type, where a `# TYPE` line says it.
    pub(super) fn declared(&self) -> Option<MetricType> {
        self.declared
    }

    /// Takes the type of a `# TYPE` line; the last one counts, as for Prometheus.
    pub(super) fn declare(&mut self, metric_type: MetricType, place: Span) {
        self.declared = Some(metric_type);
        self.place = place;
    }

    /// Whether it has a type or a sample: a `# HELP` line alone declares nothing.
    pub(super) fn says_something(&self) -> bool {
        self.declared.is_some() || self.first_sample.is_some()
    }

    /// Takes a sample of that name.
    pub(super) fn add(&mut self, name: &str, sample: &Sample<'_>, file: FileId) {
        let metric_type = self.metric_type();
        let mut count = 0;
        let mut knows_all = true;
        let is_first = self.first_sample.is_none();
        for (label, value) in &sample.labels {
            if metric_type == MetricType::Histogram && label.text == "le" {
                self.bound(&value.text);
                continue;
            }
            if metric_type == MetricType::Summary && label.text == "quantile" {
                continue;
            }
            count += 1;
            if !self.labels.iter().any(|known| *known == label.text) {
                if self.labels.len() == MOST_LABELS {
                    self.agrees = false;
                    continue;
                }
                self.labels.push(label.text.clone().into_owned());
                knows_all = false;
            }
            let values = self.values.entry(label.text.clone().into_owned()).or_default();
            if values.len() < MOST_VALUES && !values.contains_key(value.text.as_ref()) {
                let range = sample.start + value.range.start..sample.start + value.range.end;
                values.insert(value.text.clone().into_owned(), Span::new(file, range));
            }
        }
        self.agrees &= is_first || (knows_all && count == self.labels.len());
        if !self.samples.contains(name) {
            self.samples.insert(name.to_owned());
        }
        if is_first {
            self.first_sample = Some((sample.whole, sample.name_span));
        }
    }

    fn bound(&mut self, bound: &str) {
        self.buckets += 1;
        if bound.eq_ignore_ascii_case("+inf") {
            self.children += 1;
        }
        if self.bounds.len() < MOST_BOUNDS && !self.bounds.contains(bound) {
            self.bounds.insert(bound.to_owned());
        }
    }

    fn metric_type(&self) -> MetricType {
        self.declared.unwrap_or(MetricType::Untyped)
    }

    /// The emitter of that family. OpenMetrics names a counter without `_total`, the classic format with it.
    pub(super) fn emitter(self, written: &str, is_openmetrics: bool) -> Emitter {
        let metric_type = self.metric_type();
        let name = match metric_type {
            MetricType::Counter => written.strip_suffix("_total").unwrap_or(written),
            MetricType::Info => written.strip_suffix("_info").unwrap_or(written),
            _ => written,
        };
        let (span, name_span) = self.first_sample.unwrap_or((self.place, self.place));
        let series = self.series(written, metric_type, is_openmetrics);
        // A metric whose labels are data has others tomorrow.
        let is_open = metric_type == MetricType::Info || written.ends_with("_info");
        Emitter {
            name: Name::Exact(name.to_owned()),
            written_name: Name::Exact(written.to_owned()),
            metric_type,
            series: series.into_iter().map(Name::Exact).collect(),
            labels_known: self.agrees && self.first_sample.is_some() && !is_open,
            unit: self.unit.clone(),
            help: None,
            buckets: self.bounds_of_all(),
            states: None,
            origin: Origin::Snapshot,
            liveness: Liveness::Live,
            updated: None,
            wrapping: Wrapping::Direct,
            span,
            name_span: Some(name_span),
            unresolved_reason: None,
            usage: Usage {
                label_values: label_values(&self.labels, &self.values),
                ..Usage::default()
            },
            labels: self.labels,
        }
    }

    /// The samples that are there, and those that the type brings: a family without a child yet has none.
    fn series(&self, written: &str, metric_type: MetricType, is_openmetrics: bool) -> Vec<String> {
        let endings: &[&str] = match metric_type {
            _ if !self.samples.is_empty() && metric_type != MetricType::Histogram => &[],
            MetricType::Counter if is_openmetrics => &["_total"],
            MetricType::Info if is_openmetrics => &["_info"],
            MetricType::Histogram if self.samples.iter().any(|name| name.ends_with("_gcount")) => &[],
            // One without a sum is allowed; nobody writes one without a count.
            MetricType::Histogram => &["_bucket", "_count", "_sum"],
            MetricType::Summary => &["", "_count", "_sum"],
            _ => &[""],
        };
        let mut series: BTreeSet<String> = endings
            .iter()
            .map(|ending| format!("{written}{ending}"))
            .collect();
        series.extend(self.samples.iter().cloned());
        series.into_iter().collect()
    }

    /// The bounds in their order, where every child has the same ones.
    fn bounds_of_all(&self) -> Option<Vec<String>> {
        let is_whole = self.children > 0
            && self.buckets == self.children * self.bounds.len()
            && self.bounds.len() < MOST_BOUNDS;
        is_whole.then(|| {
            let number = |bound: &String| bound.parse::<f64>().unwrap_or(f64::INFINITY);
            let mut bounds: Vec<String> = self.bounds.iter().cloned().collect();
            bounds.sort_by(|left, right| number(left).total_cmp(&number(right)));
            bounds
        })
    }
}

/// The values that were seen. They are never all; of a label with very many none is kept.
fn label_values(labels: &[String], values: &BTreeMap<String, BTreeMap<String, Span>>) -> Vec<LabelValues> {
    labels
        .iter()
        .filter_map(|label| {
            let seen = values.get(label).filter(|seen| seen.len() < MOST_VALUES)?;
            Some(LabelValues {
                label: label.clone(),
                values: seen
                    .iter()
                    .map(|(value, span)| LabelValue {
                        value: value.clone(),
                        span: *span,
                    })
                    .collect(),
                is_complete: false,
            })
        })
        .collect()
}

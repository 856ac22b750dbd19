//! Conformance: the real `prometheus_client`'s answers (`testdata/prometheus_client/record.py`) are ours.

use promsight_model::{MetricType, Name, Pattern};
use promsight_resolve::exposure::{
    Declaration, Exposed, Validation, bounds, default_bounds, exposed, exposed_under, exposes_sum,
    family_series, family_series_with_unit, refuses_bounds, refuses_label, refuses_state_set,
};
use serde::Deserialize;

const RECORD: &str = include_str!("../../../testdata/prometheus_client/exposition.json");

#[derive(Deserialize)]
struct Record {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    call: Call,
    error: Option<String>,
    family: Option<String>,
    #[serde(default)]
    samples: Vec<String>,
    /// The samples as printed for a reader of UTF-8 names, where that differs.
    #[serde(default)]
    unescaped: Vec<String>,
    /// The samples that vanish without `_created` series.
    #[serde(default)]
    created: Vec<String>,
    #[serde(default)]
    refused_by_legacy_validation: bool,
    #[serde(default)]
    le: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Call {
    class: String,
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    subsystem: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    labelnames: Vec<String>,
    buckets: Option<Vec<String>>,
    states: Option<Vec<String>>,
}

impl Call {
    /// The type of a class, and whether it is a custom collector's family.
    fn metric_type(&self) -> (MetricType, bool) {
        let (word, family) = match self.class.strip_suffix("MetricFamily") {
            Some(word) => (word, true),
            None => (self.class.as_str(), false),
        };
        let metric_type = match word {
            "Enum" => MetricType::StateSet,
            // Of the classes only `Unknown` has a word of its own.
            other => MetricType::from_word(&other.to_lowercase()).unwrap_or(MetricType::Untyped),
        };
        (metric_type, family)
    }

    fn bounds(&self) -> Option<Vec<f64>> {
        let values = self.buckets.as_ref()?.iter();
        Some(values.map(|value| value.parse().unwrap_or(f64::NAN)).collect())
    }

    fn answer(&self, validation: Validation) -> Option<Exposed> {
        let exact = |text: &str| Name::Exact(text.to_owned());
        let (metric_type, family) = self.metric_type();
        if family {
            return Some(family_series_with_unit(
                metric_type,
                &exact(&self.name),
                &exact(&self.unit),
            ));
        }
        let states = self.states.clone().unwrap_or_else(|| vec!["on".to_owned()]);
        if self
            .labelnames
            .iter()
            .any(|label| refuses_label(metric_type, label))
            || self.bounds().is_some_and(|values| refuses_bounds(&values))
            || (metric_type == MetricType::StateSet
                && refuses_state_set(&self.name, &self.labelnames, &states))
        {
            return None;
        }
        let declaration = Declaration {
            metric_type,
            name: exact(&self.name),
            namespace: exact(&self.namespace),
            subsystem: exact(&self.subsystem),
            unit: exact(&self.unit),
        };
        let mut answer = exposed_under(&declaration, validation)?;
        if self.bounds().is_some_and(|values| !exposes_sum(&values)) {
            answer.series.retain(|name| !name.to_string().ends_with("_sum"));
        }
        Some(answer)
    }
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(Name::to_string).collect()
}

#[test]
fn every_recorded_call_is_answered_as_the_library_answers_it() {
    let record: Record = serde_json::from_str(RECORD).expect("the record is valid");
    assert!(record.cases.len() >= 700);
    for case in &record.cases {
        let call = &case.call;
        // A custom collector's family without a name is refused; `family_series` has no word for that.
        if call.metric_type().1 && call.name == "_total" && call.unit.is_empty() && case.error.is_some() {
            continue;
        }
        let answer = call.answer(Validation::Utf8);
        assert_eq!(answer.is_none(), case.error.is_some(), "{call:?}");
        let (Some(answer), Some(family)) = (answer, &case.family) else {
            continue;
        };
        assert_eq!(answer.family, Name::Exact(family.clone()), "{call:?}");
        let expected: Vec<String> = case.samples.iter().chain(&case.unescaped).cloned().collect();
        assert_eq!(texts(&answer.series), expected, "{call:?}");
        if !case.le.is_empty() && !call.metric_type().1 {
            let expected = call
                .bounds()
                .map_or_else(default_bounds, |values| bounds(&values));
            assert_eq!(expected, case.le, "{call:?}");
        }
    }
}

#[test]
fn only_created_series_can_be_disabled() {
    let record: Record = serde_json::from_str(RECORD).expect("the record is valid");
    for case in &record.cases {
        let (metric_type, family) = case.call.metric_type();
        let has_created = matches!(
            metric_type,
            MetricType::Counter | MetricType::Histogram | MetricType::Summary
        );
        let expected = usize::from(has_created && !family && case.error.is_none());
        assert_eq!(case.created.len(), expected, "{:?}", case.call);
        assert!(case.created.iter().all(|name| name.ends_with("_created")));
    }
}

#[test]
fn legacy_validation_refuses_what_the_library_refuses_under_it() {
    let record: Record = serde_json::from_str(RECORD).expect("the record is valid");
    let mut refused = 0;
    for case in record
        .cases
        .iter()
        .filter(|case| !case.call.metric_type().1 && case.error.is_none())
    {
        let legacy_label = |label: &String| {
            let mut characters = label.chars();
            characters
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
                && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
        };
        if case.call.labelnames.iter().all(legacy_label) {
            let answer = case.call.answer(Validation::Legacy);
            assert_eq!(
                answer.is_none(),
                case.refused_by_legacy_validation,
                "{:?}",
                case.call
            );
            refused += usize::from(answer.is_none());
        }
    }
    assert!(refused > 50, "{refused}");
}

fn name(text: &str) -> Name {
    match text {
        "*" => Name::Unresolved,
        _ => Pattern::parse(text).map_or_else(|| Name::Exact(text.to_owned()), Name::Pattern),
    }
}

fn declaration(metric_type: MetricType, parts: [&str; 4]) -> Declaration {
    let [namespace, subsystem, base, unit] = parts.map(name);
    Declaration {
        metric_type,
        name: base,
        namespace,
        subsystem,
        unit,
    }
}

/// Family and series of a declaration of namespace, subsystem, name and unit.
fn answer(metric_type: MetricType, parts: [&str; 4]) -> String {
    let Some(answer) = exposed(&declaration(metric_type, parts)) else {
        return "refused".to_owned();
    };
    format!("{}: {}", answer.family, texts(&answer.series).join(" "))
}

#[test]
fn partly_known_names() {
    use MetricType::{Counter, Gauge, Histogram, Info, StateSet};
    for (metric_type, parts, expected) in [
        (Gauge, ["app", "", "*", ""], "app_*: app_*"),
        (Gauge, ["*", "", "jobs", ""], "*jobs: *jobs"),
        (Gauge, ["*_x", "", "jobs", ""], "*_x_jobs: *_x_jobs"),
        (Gauge, ["", "", "*", ""], "*: *"),
        (Counter, ["", "", "*_total", ""], "*: *_total *_created"),
        (
            Counter,
            ["", "", "*_failed", ""],
            "*_failed: *_failed_total *_failed_created",
        ),
        (Counter, ["", "", "jobs*", ""], "jobs*: jobs*_total jobs*_created"),
        (Counter, ["", "", "*", ""], "*: *_total *_created"),
        (
            Counter,
            ["app", "", "*", ""],
            "app_*: app_*_total app_total app_*_created app_created",
        ),
        (
            Gauge,
            ["app", "", "*", "seconds"],
            "app_*_seconds: app_*_seconds app_seconds",
        ),
        (
            Gauge,
            ["", "", "wait_*s", "seconds"],
            "wait_*_seconds: wait_*_seconds wait_seconds",
        ),
        (Gauge, ["", "", "wait", "*"], "wait*: wait*"),
        (Gauge, ["", "", "wait", "milli*"], "wait_milli*: wait_milli*"),
        (
            Gauge,
            ["", "", "wait_milliseconds", "milli*"],
            "wait_milliseconds_milli*: wait_milliseconds_milli* wait_milliseconds",
        ),
        (
            Histogram,
            ["", "", "*_seconds", "seconds"],
            "*_seconds: *_seconds_bucket *_seconds_count *_seconds_sum *_seconds_created",
        ),
        (Info, ["", "", "*", ""], "*: *_info"),
        (Info, ["", "", "build", "*"], "build*: build*_info"),
        (Info, ["", "", "build", "s*"], "refused"),
        (StateSet, ["", "", "phase", "seconds"], "refused"),
        (Gauge, ["", "", "http.*", ""], "http.*: http_* http.*"),
    ] {
        assert_eq!(answer(metric_type, parts), expected, "{metric_type} {parts:?}");
    }
}

/// Whatever a hole turns out to be: the library's series for it are among those of the pattern.
#[test]
fn a_partly_known_name_admits_every_instance() {
    let fillings = [
        "",
        "x",
        "total",
        "_total",
        "x_total",
        "otal",
        "l",
        "seconds",
        "_seconds",
        "x_seconds",
        "econds",
        "s",
    ];
    let names = [
        "*",
        "app_*",
        "app_t*",
        "*al",
        "a_*l",
        "app_total*",
        "*_total",
        "a*_*",
        "a*_t*l",
        "x*",
        "*_seconds",
        "a_*nds",
        "*_",
    ];
    let types = [
        MetricType::Counter,
        MetricType::Gauge,
        MetricType::Histogram,
        MetricType::Summary,
    ];
    let mut checked = 0;
    for pattern in names {
        for unit in ["", "seconds", "*", "sec*", "*s"] {
            for (namespace, metric_type) in ["", "app", "*"]
                .iter()
                .flat_map(|part| types.map(|kind| (part, kind)))
            {
                let general =
                    exposed(&declaration(metric_type, [namespace, "", pattern, unit])).expect("allowed");
                for filling in fillings {
                    for second in ["", "x", "total", "x_"] {
                        let fill = |text: &str| text.replacen('*', filling, 1).replacen('*', second, 1);
                        let parts =
                            [&fill(namespace), "", &fill(pattern), &fill(unit)].map(|text| text.to_owned());
                        let parts = [&*parts[0], "", &*parts[2], &*parts[3]];
                        let Some(instance) = exposed(&declaration(metric_type, parts)) else {
                            continue;
                        };
                        for series in &instance.series {
                            let text = series.exact().expect("an instance is exact");
                            assert!(
                                general.series.iter().any(|name| name.admits(text)),
                                "{text} of {parts:?} in {namespace:?} {pattern:?} {unit:?}: {:?}",
                                texts(&general.series)
                            );
                            checked += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(checked > 50_000, "{checked}");
}

#[test]
fn custom_collectors() {
    let of = |metric_type, text: &str| {
        let Exposed { family, series } = family_series(metric_type, &name(text));
        format!("{family}: {}", texts(&series).join(" "))
    };
    assert_eq!(of(MetricType::Counter, "jobs_total"), "jobs: jobs_total");
    assert_eq!(
        of(MetricType::Counter, "jobs_*"),
        "jobs_*: jobs_*_total jobs_total"
    );
    assert_eq!(of(MetricType::Untyped, "jobs"), "jobs: jobs");
    assert_eq!(of(MetricType::Gauge, "*"), "*: *");
}

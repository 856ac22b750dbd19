//! Which dotted paths make metrics: the table of the libraries, and `prometheus_client` as it is known anyway.

use std::collections::BTreeSet;
use std::rc::Rc;

use promsight_model::{BuiltIn, Library, MetricType};
use rustc_hash::FxHashMap;

use super::value::ModuleId;

/// How a constructor takes its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// `(name, documentation, labelnames, namespace, subsystem, unit, registry, _labelvalues, …)`.
    Instrument,
    /// A metric family of a custom collector; the position of `labels` and of `unit`.
    Family { labels: usize, unit: Option<usize> },
    /// `Metric(name, documentation, typ, unit)`.
    Metric,
    /// `promsight.Family(name, documentation, labelnames, typ, suffixes, buckets, labels_known)` of a description: a
    /// family as it is exposed, by no rule of `prometheus_client`.
    Exposed,
}

/// A callable that makes a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Constructor {
    pub(super) path: String,
    pub(super) metric_type: MetricType,
    pub(super) signature: Signature,
}

/// `prometheus_client` 0.26: class, type, signature.
const CLASSES: &[(&str, MetricType, Signature)] = &[
    ("Counter", MetricType::Counter, Signature::Instrument),
    ("Gauge", MetricType::Gauge, Signature::Instrument),
    ("Histogram", MetricType::Histogram, Signature::Instrument),
    ("Summary", MetricType::Summary, Signature::Instrument),
    ("Info", MetricType::Info, Signature::Instrument),
    ("Enum", MetricType::StateSet, Signature::Instrument),
    (
        "CounterMetricFamily",
        MetricType::Counter,
        Signature::Family {
            labels: 3,
            unit: Some(5),
        },
    ),
    (
        "GaugeMetricFamily",
        MetricType::Gauge,
        Signature::Family {
            labels: 3,
            unit: Some(4),
        },
    ),
    (
        "SummaryMetricFamily",
        MetricType::Summary,
        Signature::Family {
            labels: 4,
            unit: Some(5),
        },
    ),
    (
        "HistogramMetricFamily",
        MetricType::Histogram,
        Signature::Family {
            labels: 4,
            unit: Some(5),
        },
    ),
    (
        "GaugeHistogramMetricFamily",
        MetricType::Histogram,
        Signature::Family {
            labels: 4,
            unit: Some(5),
        },
    ),
    (
        "InfoMetricFamily",
        MetricType::Info,
        Signature::Family {
            labels: 3,
            unit: None,
        },
    ),
    (
        "StateSetMetricFamily",
        MetricType::StateSet,
        Signature::Family {
            labels: 3,
            unit: None,
        },
    ),
    (
        "UnknownMetricFamily",
        MetricType::Untyped,
        Signature::Family {
            labels: 3,
            unit: Some(4),
        },
    ),
    (
        "UntypedMetricFamily",
        MetricType::Untyped,
        Signature::Family {
            labels: 3,
            unit: Some(4),
        },
    ),
    ("Metric", MetricType::Untyped, Signature::Metric),
];

/// Where descriptions import the classes from that make what the library exposes by itself.
pub(super) const OWN: &str = "promsight";

/// What descriptions declare families with that no class of `prometheus_client` makes: by itself, or under a name that
/// the code gives.
const FAMILIES: [&str; 2] = ["promsight.Family", "promsight.named.Family"];

/// The libraries as they are looked up.
#[derive(Debug)]
pub(super) struct Table {
    paths: FxHashMap<String, Constructor>,
    packages: BTreeSet<String>,
    /// What is exposed once a path is imported, with the package.
    pub(super) built_in: Vec<(String, BuiltIn)>,
    /// Paths of which an import imports others in turn, and those others.
    pub(super) implied: Vec<(Vec<String>, Vec<String>)>,
    /// The described modules of all libraries, with the package and the place in the list of sources.
    pub(super) described: FxHashMap<String, Described>,
}

/// A described module as the interpreter finds it.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) package: Rc<str>,
    pub(super) module: ModuleId,
}

fn class_of(path: &str) -> Option<&'static (&'static str, MetricType, Signature)> {
    let (package, class) = path.rsplit_once('.')?;
    if package != "prometheus_client" && package != OWN && !package.starts_with("prometheus_client.") {
        return None;
    }
    CLASSES.iter().find(|(name, ..)| *name == class)
}

impl Table {
    /// Of the libraries whose descriptions stand behind `first` other modules, in their order.
    pub(super) fn new(libraries: &[Library], first: usize) -> Self {
        let mut next = u32::try_from(first).unwrap_or(u32::MAX);
        let mut table = Self {
            paths: FxHashMap::default(),
            packages: std::iter::once("prometheus_client".to_owned()).collect(),
            built_in: Vec::new(),
            implied: Vec::new(),
            described: FxHashMap::default(),
        };
        for library in libraries {
            if !library.imports.is_empty() {
                let described = library.descriptions.iter().map(|description| &description.path);
                let named = library
                    .built_in
                    .iter()
                    .flat_map(|built_in| built_in.when.iter().chain(&built_in.named));
                let paths = described.chain(named).cloned().collect();
                table.implied.push((paths, library.imports.clone()));
            }
            let package: Rc<str> = Rc::from(library.package.as_str());
            for description in &library.descriptions {
                let first = description.path.split('.').next().unwrap_or_default();
                table.packages.insert(first.to_owned());
                table.described.insert(
                    description.path.clone(),
                    Described {
                        package: Rc::clone(&package),
                        module: ModuleId(next),
                    },
                );
                next = next.saturating_add(1);
            }
            for constructor in &library.constructors {
                for path in &constructor.paths {
                    let signature =
                        class_of(path).map_or(Signature::Instrument, |(_, _, signature)| *signature);
                    let first = path.split('.').next().unwrap_or(path);
                    table.packages.insert(first.to_owned());
                    table.paths.insert(
                        path.clone(),
                        Constructor {
                            path: path.clone(),
                            metric_type: constructor.metric_type,
                            signature,
                        },
                    );
                }
            }
            for built_in in &library.built_in {
                table.built_in.push((library.package.clone(), built_in.clone()));
            }
        }
        table
    }

    /// The constructor at a dotted path.
    pub(super) fn constructor(&self, path: &str) -> Option<Constructor> {
        if let Some(known) = self.paths.get(path) {
            return Some(known.clone());
        }
        if FAMILIES.contains(&path) {
            return Some(Constructor {
                path: path.to_owned(),
                metric_type: MetricType::Untyped,
                signature: Signature::Exposed,
            });
        }
        let (_, metric_type, signature) = class_of(path)?;
        Some(Constructor {
            path: path.to_owned(),
            metric_type: *metric_type,
            signature: *signature,
        })
    }

    /// Whether two paths name one class.
    pub(super) fn same_class(&self, left: &str, right: &str) -> bool {
        left == right
            || match (self.constructor(left), self.constructor(right)) {
                (Some(left), Some(right)) => {
                    left.path.rsplit('.').next() == right.path.rsplit('.').next()
                        && left.path.split('.').next() == right.path.split('.').next()
                }
                _ => false,
            }
    }

    /// Whether a top-level package is an instrumentation library.
    pub(super) fn is_package(&self, name: &str) -> bool {
        self.packages.contains(name)
    }

    /// The top-level packages of all libraries.
    pub(super) fn packages(&self) -> impl Iterator<Item = &str> {
        self.packages.iter().map(String::as_str)
    }

    /// The path of a metric class of that name.
    pub(super) fn class_named(&self, name: &str) -> Option<String> {
        // `Info`, `Enum` and `Metric` are names that projects give to other things.
        let is_telling = !matches!(name, "Info" | "Enum" | "Metric");
        CLASSES
            .iter()
            .any(|(class, ..)| *class == name && is_telling)
            .then(|| format!("prometheus_client.{name}"))
    }
}

//! What instrumentation libraries make and expose.

use crate::emitter::MetricType;
use crate::name::Name;

/// One library of an instrumented language, keyed by its package name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// The package's name in its registry (`prometheus-client`).
    pub package: String,
    /// The version and how the facts were gained.
    pub source: String,
    /// Its metric constructors.
    pub constructors: Vec<Constructor>,
    /// What it exposes by itself once it is used.
    pub built_in: Vec<BuiltIn>,
}

/// A callable that makes a metric.
#[derive(Clone, Debug)]
pub struct Constructor {
    /// Every dotted path under which it can be imported (`prometheus_client.Counter`,
    /// `prometheus_client.metrics.Counter`).
    pub paths: Vec<String>,
    /// What it makes.
    pub metric_type: MetricType,
}

/// Metrics that exist as soon as a module is imported.
#[derive(Clone, Debug)]
pub struct BuiltIn {
    /// Dotted paths (module or name) of which an import in production code makes the metrics exist.
    pub when: Vec<String>,
    /// The metrics.
    pub metrics: Vec<LibraryMetric>,
}

/// A metric that a library exposes by itself.
#[derive(Clone, Debug)]
pub struct LibraryMetric {
    /// Family name as the library registers it (a counter's without `_total`).
    pub name: Name,
    /// Its type.
    pub metric_type: MetricType,
    /// Label names; `None` where they depend on configuration.
    pub labels: Option<Vec<String>>,
    /// A histogram's bounds as exposed; `None` where they depend on configuration.
    pub buckets: Option<Vec<String>>,
}

//! What programs outside the tree are known to expose.

use std::collections::BTreeSet;

use crate::emitter::MetricType;
use crate::name::Pattern;

/// All exporters known, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The exporters.
    pub exporters: Vec<Exporter>,
    /// Public rule sets, sorted by name.
    pub alerts: Vec<AlertCollection>,
}

/// A public set of alerting rules, which a deployment may load though no file of the tree holds it.
#[derive(Clone, Debug, Default)]
pub struct AlertCollection {
    /// What people call it (`kube-prometheus`).
    pub name: String,
    /// Where the list comes from.
    pub source: String,
    /// First words that its alerts alone begin with (`Kube`).
    pub territory: Vec<String>,
    /// The names of its alerts.
    pub alerts: BTreeSet<String>,
}

/// One exporter, program or platform component.
#[derive(Clone, Debug, Default)]
pub struct Exporter {
    /// Its usual name (`node_exporter`).
    pub name: String,
    /// Where the list comes from (`node_exporter 1.8.2, its own output`).
    pub source: String,
    /// First words that only this exporter uses (`node_`): a missing name that starts so belongs to it.
    pub territory: Vec<String>,
    /// Families it exposes.
    pub metrics: Vec<ExporterMetric>,
    /// Families whose names depend on its configuration (`node_textfile_*`).
    pub patterns: Vec<Pattern>,
    /// Names that older versions exposed and current ones do not.
    pub gone: Vec<GoneMetric>,
}

/// One family of an exporter, under its exposed family name (a counter's with `_total` where it has it).
#[derive(Clone, Debug)]
pub struct ExporterMetric {
    /// Family name as in its `# TYPE` line of the text format.
    pub name: String,
    /// Its type.
    pub metric_type: MetricType,
    /// Label names, where recorded; `None` where not.
    pub labels: Option<Vec<String>>,
}

/// A name that no longer exists.
#[derive(Clone, Debug)]
pub struct GoneMetric {
    /// The old name.
    pub name: String,
    /// What to read instead, where there is one.
    pub replacement: Option<String>,
    /// The version that dropped it.
    pub since: String,
}

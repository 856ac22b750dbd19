//! Which family and series a `prometheus_client` declaration exposes.

use promsight_model::{MetricType, Name};

/// What a constructor call of `prometheus_client` declares.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The class: counter, gauge, histogram, summary, info or state set (`Enum`).
    pub metric_type: MetricType,
    /// The `name` argument.
    pub name: Name,
    /// The `namespace` argument; an exact empty name where absent.
    pub namespace: Name,
    /// The `subsystem` argument; an exact empty name where absent.
    pub subsystem: Name,
    /// The `unit` argument; an exact empty name where absent.
    pub unit: Name,
}

/// What the library makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The family's name as registered (`_name`).
    pub family: Name,
    /// Every series it exposes, in exposition order.
    pub series: Vec<Name>,
}

/// The family and series of a declaration; `None` where the library refuses it (it raises).
pub fn exposed(declaration: &Declaration) -> Option<Exposed> {
    let _ = declaration;
    None
}

//! What sources beside the tree say exists: snapshots, inventories of other repositories, a live server.

use std::collections::{BTreeMap, BTreeSet};

use crate::emitter::{Emitter, MetricType};
use crate::facts::Gap;

/// Everything that the user named beside the tree.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// The families of snapshots and inventories. Their places lie in these files.
    pub emitters: Vec<Emitter>,
    /// What of these files was not understood.
    pub gaps: Vec<Gap>,
    /// What a live server has stored.
    pub server: Option<Server>,
}

/// What a live server has stored lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Its address, without anything secret.
    pub address: String,
    /// How many hours back it was asked.
    pub hours: u32,
    /// Every series name that it has.
    pub names: BTreeSet<String>,
    /// For the names that were asked for, the labels that some series of that name has, `__name__` aside.
    pub labels: BTreeMap<String, BTreeSet<String>>,
    /// Types by the names of families, where it knows them.
    pub types: BTreeMap<String, MetricType>,
    /// The jobs whose targets expose what this tree declares, each with every name that they expose.
    pub jobs: BTreeMap<String, BTreeSet<String>>,
    /// Whether it warned that its answers may be incomplete (an unreachable store): what it lacks proves nothing then.
    pub is_partial: bool,
}

impl Server {
    /// Whether it has a series of that name.
    pub fn has(&self, series: &str) -> bool {
        self.names.contains(series)
    }

    /// The type of the family that a series belongs to, where the server keeps it: under the name of the series, or
    /// without the ending that the type brings.
    pub fn type_of(&self, series: &str) -> Option<MetricType> {
        let exact = self.types.get(series).copied();
        exact.or_else(|| {
            let endings: [(&str, &[MetricType]); 5] = [
                ("_total", &[MetricType::Counter]),
                ("_bucket", &[MetricType::Histogram]),
                ("_count", &[MetricType::Histogram, MetricType::Summary]),
                ("_sum", &[MetricType::Histogram, MetricType::Summary]),
                ("_info", &[MetricType::Info]),
            ];
            endings.into_iter().find_map(|(ending, types)| {
                let family = self.types.get(series.strip_suffix(ending)?).copied()?;
                types.contains(&family).then_some(family)
            })
        })
    }

    /// The labels of a series, where all of them are known.
    pub fn labels_of(&self, series: &str) -> Option<&BTreeSet<String>> {
        if self.is_partial {
            return None;
        }
        self.labels.get(series)
    }
}

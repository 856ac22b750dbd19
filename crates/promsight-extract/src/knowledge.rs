//! The tables of `grammars/`, decoded: instrumentation libraries and exporter catalogues.
//!
//! Owns the reading of the file formats that `grammars/README.md` describes. Decodes once, when first asked. A
//! table that does not decode yields nothing here: the tests of this module, which read every table strictly, are
//! what keeps that from happening in a release. Knows no exporter and no library by name.

mod tables;

use std::sync::OnceLock;

use promsight_grammars::{ALERTS, CATALOGUES, LIBRARIES};
use promsight_model::{Catalogue, Library};

/// Every instrumentation library known, sorted by package name.
pub fn libraries() -> Vec<Library> {
    static DECODED: OnceLock<Vec<Library>> = OnceLock::new();
    DECODED
        .get_or_init(|| {
            let mut libraries: Vec<Library> = Vec::with_capacity(LIBRARIES.len());
            let mut described = 0;
            for (_, text) in LIBRARIES {
                let Ok(library) = tables::library(text, described) else {
                    continue;
                };
                described += u32::try_from(library.descriptions.len()).unwrap_or(u32::MAX);
                libraries.push(library);
            }
            libraries.sort_by(|left, right| left.package.cmp(&right.package));
            libraries
        })
        .clone()
}

/// Every exporter and every public rule set known, each sorted by name.
pub fn catalogue() -> Catalogue {
    static DECODED: OnceLock<Catalogue> = OnceLock::new();
    DECODED
        .get_or_init(|| {
            let mut exporters: Vec<_> = CATALOGUES
                .iter()
                .filter_map(|(_, text)| tables::exporter(text).ok())
                .collect();
            exporters.sort_by(|left, right| left.name.cmp(&right.name));
            let mut alerts: Vec<_> = ALERTS
                .iter()
                .filter_map(|(_, text)| tables::alerts(text).ok())
                .collect();
            alerts.sort_by(|left, right| left.name.cmp(&right.name));
            Catalogue { exporters, alerts }
        })
        .clone()
}

#[cfg(test)]
mod tests;

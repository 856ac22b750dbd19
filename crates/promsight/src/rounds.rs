//! Which further Python files to read after the first round.
//!
//! The first round reads files that name a metrics library or its classes. What they import, and the files that
//! import the metrics and wrappers they define, follow round by round; most files of a large tree are never parsed.

use std::collections::BTreeSet;

use promsight_extract::python::{self, Needles};
use promsight_model::{Exposure, ExposureKind, FileId, FileSet, SourceFile};
use promsight_resolve::python::{Inventory, ModuleGraph};
use rayon::prelude::*;

/// Steps from a module that serves metrics to the program that starts it.
const MOST_LEVELS: usize = 4;
/// Files that are read for it: programs of more modules have others that import the same.
const MOST_IMPORTERS: usize = 200;

/// What the next round looks for.
pub(crate) struct Wanted {
    /// Paths of modules, as far as an import tells them, without `.py`.
    modules: BTreeSet<String>,
    /// Files that import what serves metrics: they may say where, or start it.
    importing: BTreeSet<FileId>,
    /// Names that an import statement of a file which matters would hold: metrics, wrappers, and the modules that
    /// define them.
    imported: Needles,
}

impl Wanted {
    /// What the inventory of the files read so far leaves open.
    pub(crate) fn by(inventory: &Inventory, files: &FileSet, graph: &ModuleGraph) -> Self {
        let modules = inventory
            .wanted
            .modules
            .iter()
            .map(|module| module_name(module).to_owned())
            .collect();
        let defining: BTreeSet<&str> = inventory
            .emitters
            .iter()
            .map(|emitter| module_name(&files.file(emitter.span.file).path))
            .filter_map(|module| module.rsplit('/').next())
            .collect();
        let names: BTreeSet<String> = defining
            .into_iter()
            .map(str::to_owned)
            .chain(inventory.wanted.identifiers.iter().cloned())
            .collect();
        Self {
            modules,
            importing: importers_of_serving(inventory, graph),
            imported: Needles::new(&names.into_iter().collect::<Vec<_>>()),
        }
    }

    /// The waiting files that are wanted, and those that still wait.
    pub(crate) fn split<'a>(
        &self,
        waiting: Vec<&'a SourceFile>,
    ) -> (Vec<&'a SourceFile>, Vec<&'a SourceFile>) {
        waiting.into_par_iter().partition(|file| {
            self.importing.contains(&file.id) || self.names(&file.path) || self.imported_by(&file.text)
        })
    }

    /// Whether the path ends, at a folder's border, in one of the modules.
    fn names(&self, path: &str) -> bool {
        let module = module_name(path);
        let tails = module.match_indices('/').map(|(slash, _)| &module[slash + 1..]);
        std::iter::once(module)
            .chain(tails)
            .any(|tail| self.modules.contains(tail))
    }

    /// Whether an import statement of the text holds one of the names. Everyday names (`get`, `collect`) stand in
    /// most files, and in few of their imports.
    fn imported_by(&self, text: &str) -> bool {
        if self.imported.is_empty() {
            return false;
        }
        let mut in_parentheses = false;
        text.lines().any(|line| {
            // In a notebook each line is a string of a list.
            let statement = line.trim_start().trim_start_matches('"');
            if !in_parentheses && !statement.starts_with("import ") && !statement.starts_with("from ") {
                return false;
            }
            in_parentheses = (in_parentheses || statement.contains('(')) && !statement.contains(')');
            python::mentions_any(statement, &self.imported)
        })
    }
}

/// Files that import, directly or through others, what serves metrics without an application or a caller so far.
fn importers_of_serving(inventory: &Inventory, graph: &ModuleGraph) -> BTreeSet<FileId> {
    let is_settled = |exposure: &Exposure| {
        exposure.is_reached && (exposure.kind != ExposureKind::Route || exposure.application.is_some())
    };
    let open = inventory
        .exposures
        .iter()
        .filter(|exposure| !is_settled(exposure));
    let mut level: BTreeSet<FileId> = open
        .flat_map(|exposure| exposure.reached_from.iter().copied().chain([exposure.span.file]))
        .collect();
    let mut found = BTreeSet::new();
    for _ in 0..MOST_LEVELS {
        level = level
            .iter()
            .flat_map(|file| graph.importers(*file))
            .filter(|file| !found.contains(file))
            .collect();
        found.extend(level.iter().take(MOST_IMPORTERS));
        if level.is_empty() || found.len() >= MOST_IMPORTERS {
            break;
        }
    }
    found
}

/// A module's path without what its file's name adds: `pkg/constants.py` and `pkg/constants/__init__.py` are both
/// `pkg/constants`.
fn module_name(path: &str) -> &str {
    let path = path.strip_suffix(".py").unwrap_or(path);
    path.strip_suffix("/__init__").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(names: &[&str]) -> Wanted {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Wanted {
            modules: BTreeSet::from(["shop/names".to_owned()]),
            importing: BTreeSet::new(),
            imported: Needles::new(&names),
        }
    }

    #[test]
    fn a_file_that_imports_a_wrapper_is_wanted_and_one_that_has_a_variable_of_its_name_is_not() {
        let wanted = wanted(&["counted"]);
        assert!(wanted.imported_by("from shop.measure import (\n    other,\n    counted,\n)\n"));
        assert!(!wanted.imported_by("import os\ncounted = 1\n"));
    }

    #[test]
    fn a_module_is_wanted_under_every_root_it_may_lie_in() {
        let wanted = wanted(&[]);
        assert!(wanted.names("services/shop/names.py"));
        assert!(wanted.names("shop/names/__init__.py"));
        assert!(!wanted.names("bookshop/names.py"));
    }
}

//! Python names linked across files: from modules to the metrics they declare.

mod attributes;
mod built_in;
mod builtins;
mod calls;
mod classes;
mod conditions;
mod containers;
mod expressions;
mod finish;
mod heap;
mod imports;
mod index;
mod library;
mod machine;
mod mentions;
mod methods;
mod parameters;
mod record;
mod roots;
mod standard;
mod statements;
mod text;
mod value;

use promsight_model::{Emitter, FileId, Gap, Library, python::Module};

use library::Table;
use machine::Machine;

/// One module with the path it was read from, relative to the root.
#[derive(Clone, Copy, Debug)]
pub struct SourceModule<'a> {
    /// Its file.
    pub file: FileId,
    /// Its path, `/` separators.
    pub path: &'a str,
    /// Its tree.
    pub module: &'a Module,
}

/// What the Python code of the tree declares.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Every metric declared, test-only and dead ones included and marked; by place.
    pub emitters: Vec<Emitter>,
    /// What could not be found out, with what may hide in it.
    pub gaps: Vec<Gap>,
    /// What a second round of extraction should look for.
    pub wanted: Wanted,
}

/// Which further files could change the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Root-relative path tails of modules that were imported and not given (`pkg/constants`; with or without
    /// `.py`, `/__init__.py`), sorted.
    pub modules: Vec<String>,
    /// Identifiers of functions, classes and variables that make or hold metrics; a file that mentions one may
    /// call a wrapper or update a metric. Sorted.
    pub identifiers: Vec<String>,
}

/// Links all modules. Order of `modules` does not matter.
pub fn link(modules: &[SourceModule<'_>], libraries: &[Library]) -> Inventory {
    let mut sorted = modules.to_vec();
    sorted.sort_by(|left, right| left.path.cmp(right.path));
    let mut machine = Machine::new(&sorted, Table::new(libraries));
    machine.run();
    machine.finish()
}

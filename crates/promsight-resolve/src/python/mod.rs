//! Python names linked across files: from modules to the metrics they declare.
//!
//! An abstract interpreter: it runs every module's top level, then what nobody known calls, on values of which parts
//! may be unknown ([`value`]), and notes each constructor that it comes to ([`record`]). So a name reaches its
//! constructor as it does in Python, through imports, tables, loops, wrappers, classes and closures, and no shape of
//! call is special. Everything is bounded: steps for each unit of work, nested calls, alternatives, collections.
//!
//! - [`index`], [`imports`], [`module_graph`]: which module an import means, what it binds, and which modules a program
//!   consists of;
//! - [`machine`], [`roots`], [`unreachable`], [`recover`]: what is run and in which order, and the net below it;
//! - [`statements`], [`expressions`], [`conditions`], [`calls`], [`parameters`], [`classes`], [`metaclasses`],
//!   [`comprehensions`], [`contexts`], [`fields`], [`command_line`]: Python itself, over the state in [`heap`];
//! - [`attributes`], [`containers`], [`removals`], [`slices`], [`members`], [`text_tools`], [`methods`], [`text`],
//!   [`template`], [`numbers`], [`builtins`], [`standard`]: what values can do;
//! - [`library`], [`built_in`], [`descriptions`]: which paths make metrics or expose some by themselves, and how
//!   libraries are described that make some out of what they are given;
//! - [`exposition_segment`], [`exposition_line`], [`exposition_text`], [`exposition_writers`], [`exposition_family`]:
//!   metrics that are written as text by hand;
//! - [`instrument`], [`uses`], [`moving`], [`usage`], [`registries`], [`conflicts`]: what happens to a metric once it
//!   is declared;
//! - [`serving`], [`serving_tables`], [`serving_calls`], [`serving_routes`], [`serving_django`], [`serving_definitions`],
//!   [`authentication`], [`serving_middleware`], [`serving_handlers`], [`serving_reach`], [`serving_settings`], [`serving_applications`],
//!   [`serving_report`]: what lets metrics out;
//! - [`mentions`], [`finish`]: from records to the inventory.
//!
//! It runs nothing of the scanned code, reads no source text, and knows no rule of naming ([`crate::exposure`] does).

mod attributes;
mod authentication;
mod built_in;
mod builtins;
mod calls;
mod classes;
mod command_line;
mod comprehensions;
mod conditions;
mod conflicts;
mod containers;
mod contexts;
mod descriptions;
mod exposition_family;
mod exposition_line;
mod exposition_segment;
mod exposition_text;
mod exposition_writers;
mod expressions;
mod fields;
mod finish;
mod heap;
mod imports;
mod index;
mod instrument;
mod library;
mod machine;
mod members;
mod mentions;
mod metaclasses;
mod methods;
mod module_graph;
mod moving;
mod numbers;
mod parameters;
mod record;
mod recover;
mod registries;
mod removals;
mod roots;
mod serving;
mod serving_applications;
mod serving_calls;
mod serving_definitions;
mod serving_django;
mod serving_handlers;
mod serving_middleware;
mod serving_reach;
mod serving_report;
mod serving_routes;
mod serving_settings;
mod serving_tables;
mod slices;
mod standard;
mod statements;
mod template;
mod text;
mod text_tools;
mod unreachable;
mod usage;
mod uses;
mod value;

use promsight_model::{Emitter, Exposure, FileId, Gap, Library, Span, WebApplication, python::Module};

pub use module_graph::{ImportClosure, ModuleGraph, ScannedModule};

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
    /// Declarations that contradict each other.
    pub conflicts: Vec<Conflict>,
    /// What a second round of extraction should look for.
    pub wanted: Wanted,
    /// What lets metrics out, by place; that of test code left out.
    pub exposures: Vec<Exposure>,
    /// The web applications that exposures belong to, by place.
    pub applications: Vec<WebApplication>,
    /// Which modules of the tree import which, of all its Python files; whoever runs the linker adds it.
    pub modules: ModuleGraph,
}

/// One name, declared twice with different types or labels in one registry of one program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The name, as the second declares it.
    pub name: String,
    /// The place of the first.
    pub first: Span,
    /// The place of the second.
    pub second: Span,
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
    link_within(modules, libraries, None)
}

/// The same, with the graph of all Python files of the tree, of which `modules` are those that were read.
pub fn link_within(
    modules: &[SourceModule<'_>],
    libraries: &[Library],
    graph: Option<&ModuleGraph>,
) -> Inventory {
    let mut sorted = modules.to_vec();
    sorted.sort_by(|left, right| left.path.cmp(right.path));
    let tree = sorted.len();
    let descriptions = libraries.iter().flat_map(|library| &library.descriptions);
    sorted.extend(descriptions.map(|description| SourceModule {
        file: description.file,
        path: &description.path,
        module: &description.module,
    }));
    let mut machine = Machine::new(&sorted, tree, Table::new(libraries, tree));
    if let Some(graph) = graph {
        machine.index.learn_packages(graph.packages());
    }
    machine.run();
    let (exposures, applications) = machine.report_serving(graph);
    Inventory {
        exposures,
        applications,
        ..machine.finish()
    }
}

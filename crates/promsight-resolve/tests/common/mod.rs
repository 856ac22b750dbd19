//! What tests of linking begin with.

use promsight_extract::python;
use promsight_model::{FileSet, Library};
use promsight_resolve::python::{Inventory, SourceModule, link};

/// Reads all files as Python and links them.
pub(crate) fn linked(files: &FileSet, libraries: &[Library]) -> Inventory {
    let modules: Vec<_> = files.files().iter().map(|file| python::module(file).0).collect();
    let sources = files
        .files()
        .iter()
        .zip(&modules)
        .map(|(file, module)| SourceModule {
            file: file.id,
            path: &file.path,
            module,
        });
    link(&sources.collect::<Vec<_>>(), libraries)
}

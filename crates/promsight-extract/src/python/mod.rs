//! Python source to the syntax tree of `promsight_model::python`.
//!
//! Owns the lowering of tree-sitter's concrete tree (tree-sitter-python 0.25) to the few kinds of statements and
//! expressions that can matter for metrics, the decoding of string literals, and the cheap questions asked of a
//! file before it is parsed at all. It knows nothing of `prometheus_client`: which calls declare metrics is found
//! out later, by whoever links the modules.
//!
//! A file cannot fail. What does not parse becomes one gap, and what parses around it is kept; what is nested
//! deeper than [`lowering::MAX_DEPTH`] becomes [`ExprKind::Unknown`](promsight_model::python::ExprKind::Unknown), so
//! that neither this walk nor any later one can run out of stack.

mod branches;
mod expressions;
mod import_scan;
mod imports;
mod kinds;
mod literals;
mod lowering;
mod notebook;
mod prefilter;
mod recovery;
mod statements;
mod syntax_gap;
mod syntax_tree;
mod test_paths;

#[cfg(test)]
mod dump;
#[cfg(test)]
mod import_scan_tests;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use promsight_model::python::{Module, Stmt};
use promsight_model::{Embedded, Gap, GapKind, Reach, SourceFile, Span};

pub use import_scan::imports_of;
pub use notebook::{is_notebook, notebook};
pub use prefilter::{Needles, may_matter, mentions_any};
pub use test_paths::is_test_code;

use lowering::Lowering;

/// Files above this size are not parsed. The largest Python files that people write are below 1 MB; what is above
/// 16 MiB is data, and would cost seconds.
const MAX_BYTES: usize = 16 << 20;

/// The syntax tree of one Python file, and what of it could not be read: at most one gap for its syntax errors,
/// one for what is nested too deeply, and one where parsing had to stop. Python 2 is read as far as its grammar is the same.
pub fn module(file: &SourceFile) -> (Module, Vec<Gap>) {
    let (body, gaps) = block(file, None);
    let test_code = is_test_code(&file.path, &file.text);
    (Module { test_code, body }, gaps)
}

/// The statements of a text, and what of it could not be read. `origin` is where the text stands in the file, where it
/// is not the whole file's.
fn block(file: &SourceFile, origin: Option<&Embedded>) -> (Vec<Stmt>, Vec<Gap>) {
    if file.text.len() > MAX_BYTES {
        return (Vec::new(), vec![too_large(file)]);
    }
    let conflict = recovery::without_conflicts(file);
    let file = conflict.as_ref().map_or(file, |(file, _)| file);
    let (tree, stopped) = syntax_tree::of(file);
    let Some(tree) = tree else {
        return (Vec::new(), vec![unparsed(file)]);
    };
    let mut lowering = Lowering::new(file, &tree, origin);
    let mut body = lowering.module(tree.root_node());
    let mut gaps = Vec::new();
    gaps.extend(stopped);
    let mut syntax = syntax_gap::of(file, &tree);
    if let Some(gap) = syntax.as_mut().filter(|gap| gap.reach != Reach::Nothing) {
        let (recovered, reach) = recovery::covered_by_errors(file, &tree, origin);
        body.extend(recovered);
        gap.reach = reach;
    }
    gaps.extend(syntax);
    gaps.extend(conflict.as_ref().map(|(_, gap)| gap.clone()));
    if let Some(origin) = origin {
        for gap in &mut gaps {
            gap.span = origin.span(gap.span.range());
        }
    }
    gaps.extend(lowering.depth_gap());
    (body, gaps)
}

/// The concrete syntax tree of a file, for who asks where its comments and statements are. `None` where the file is
/// too large.
pub(crate) fn tree(file: &SourceFile) -> Option<tree_sitter::Tree> {
    if file.text.len() > MAX_BYTES {
        return None;
    }
    syntax_tree::of(file).0
}

fn too_large(file: &SourceFile) -> Gap {
    Gap {
        kind: GapKind::Limit,
        message: format!("the file is larger than {} MiB and was not read", MAX_BYTES >> 20),
        span: Span::new(file.id, 0..0),
        reach: syntax_gap::reach_of(&file.text),
    }
}

fn unparsed(file: &SourceFile) -> Gap {
    Gap {
        kind: GapKind::Syntax,
        message: "the file could not be parsed as Python".to_owned(),
        span: Span::new(file.id, 0..0),
        reach: Reach::Anything,
    }
}

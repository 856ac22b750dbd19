//! Reading on where the parser gave up.
//!
//! The parser's own recovery can swallow many lines behind one error, with constructors among them. Each top-level
//! statement that an error covers is parsed once more on its own: one broken statement then costs no other. Lines with
//! merge-conflict markers are blanked before, so that both sides are read.

use std::ops::Range;
use std::sync::Arc;

use promsight_model::python::Stmt;
use promsight_model::{Embedded, Gap, GapKind, OffsetMap, Reach, SourceFile, Span};
use tree_sitter::Tree;

use super::lowering::Lowering;
use super::{syntax_gap, syntax_tree};

/// Most statements of one file that are parsed once more.
const MOST_CHUNKS: usize = 4_000;

/// A text without its merge-conflict markers, of the same length, and the gap that tells of them; `None` where there
/// are none.
pub(super) fn without_conflicts(file: &SourceFile) -> Option<(SourceFile, Gap)> {
    let text = &*file.text;
    let begins = |marker: &str| {
        text.starts_with(marker)
            || memchr::memmem::find(text.as_bytes(), format!("\n{marker}").as_bytes()).is_some()
    };
    if !begins("<<<<<<< ") || !begins(">>>>>>> ") {
        return None;
    }
    let mut made = String::with_capacity(text.len());
    let mut first: Option<Range<usize>> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        if !is_marker(content) {
            made.push_str(line);
            continue;
        }
        let start = made.len();
        first.get_or_insert(start..start + content.len());
        made.extend(std::iter::repeat_n(' ', content.len()));
        made.push_str(&line[content.len()..]);
    }
    let gap = Gap {
        kind: GapKind::Syntax,
        message: "the file holds merge-conflict markers; both sides were read".to_owned(),
        span: Span::new(file.id, first?),
        reach: Reach::Nothing,
    };
    let file = SourceFile {
        text: Arc::from(made),
        ..file.clone()
    };
    Some((file, gap))
}

fn is_marker(line: &str) -> bool {
    line == "======="
        || ["<<<<<<< ", ">>>>>>> ", "||||||| "]
            .iter()
            .any(|marker| line.starts_with(marker))
}

/// The statements that the errors of a tree cover, parsed one by one, and which names can still hide.
pub(super) fn covered_by_errors(
    file: &SourceFile,
    tree: &Tree,
    origin: Option<&Embedded>,
) -> (Vec<Stmt>, Reach) {
    let errors = error_ranges(tree);
    let mut body = Vec::new();
    let mut reach = Reach::Nothing;
    let mut next = 0;
    for (read, chunk) in chunks(&file.text).into_iter().enumerate() {
        while errors.get(next).is_some_and(|error| error.end <= chunk.start) {
            next += 1;
        }
        let is_covered = errors.get(next).is_some_and(|error| error.start < chunk.end);
        let text = file.text.get(chunk.clone()).unwrap_or_default();
        let holds = syntax_gap::reach_of(text);
        if !is_covered || holds == Reach::Nothing {
            continue;
        }
        if read >= MOST_CHUNKS {
            return (body, Reach::Anything);
        }
        let part = SourceFile {
            text: Arc::from(text),
            ..file.clone()
        };
        let place = match origin {
            Some(origin) => origin.slice(chunk),
            None => Embedded::decoded(
                file.id,
                text.to_owned(),
                OffsetMap::verbatim(chunk.start, text.len()),
            ),
        };
        let (Some(tree), None) = syntax_tree::of(&part) else {
            reach = Reach::Anything;
            continue;
        };
        let mut lowering = Lowering::new(&part, &tree, Some(&place));
        body.extend(lowering.module(tree.root_node()));
        let still_broken = syntax_gap::of(&part, &tree).is_some_and(|gap| gap.reach != Reach::Nothing);
        if still_broken
            || lowering
                .depth_gap()
                .is_some_and(|gap| gap.reach != Reach::Nothing)
        {
            reach = Reach::Anything;
        }
    }
    (body, reach)
}

/// Where the outermost errors lie, in order.
fn error_ranges(tree: &Tree) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut cursor = tree.walk();
    'walk: loop {
        let node = cursor.node();
        if node.is_error() {
            ranges.push(node.byte_range());
        } else if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'walk;
            }
        }
    }
    ranges
}

/// The lines of each top-level statement: from one that begins in the first column to the next such.
fn chunks(text: &str) -> Vec<Range<usize>> {
    let mut chunks: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    let mut at = 0;
    // What decorators stand above belongs to them.
    let mut only_decorators = false;
    for line in text.split_inclusive('\n') {
        let begins = line.starts_with(|first: char| first.is_alphabetic() || first == '_' || first == '@')
            && !["else", "elif", "except", "finally"]
                .iter()
                .any(|word| line.starts_with(word));
        let is_decorator = line.starts_with('@');
        if begins && at > start && !only_decorators {
            chunks.push(start..at);
            start = at;
        }
        let is_first = at == start;
        only_decorators =
            is_decorator && (is_first || only_decorators) || only_decorators && line.trim_ascii().is_empty();
        at += line.len();
    }
    if at > start {
        chunks.push(start..at);
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_a_top_level_statement_with_what_belongs_to_it() {
        let text = "# c\nx = (\n1,\n)\n@a\n@b\ndef f():\n    y\nif x:\n    y\nelse:\n    z\nend\n";
        let parts: Vec<&str> = chunks(text).into_iter().map(|chunk| &text[chunk]).collect();
        assert_eq!(
            parts,
            [
                "# c\n",
                "x = (\n1,\n)\n",
                "@a\n@b\ndef f():\n    y\n",
                "if x:\n    y\nelse:\n    z\n",
                "end\n"
            ]
        );
    }
}

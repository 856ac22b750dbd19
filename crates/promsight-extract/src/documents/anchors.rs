//! The places in a document that a link can lead to: its headings, and the anchors that it names itself.

use std::sync::LazyLock;

use promsight_model::Outline;
use regex::Regex;

use crate::decode::markdown::{Piece, PieceKind};

/// `<a id="x">`, `{#x}`, `.. _x:`.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?m)(?:\b(?:id|name)\s*=\s*["']([^"'\s]+)["']|\{:?\s*#([\w.:-]+)|^\s*\.\. _`?([^`:\n]+)`?:\s*$)"#,
    )
    .ok()
});

/// What brings text of other files in when a document is rendered: MkDocs' snippets and macros, Jekyll's and Hugo's
/// includes, MDX imports, Sphinx' directives.
const INCLUSIONS: [&str; 8] = [
    "--8<--",
    "{% include",
    "{{< ",
    "{{% ",
    "{% macro",
    "{!",
    ".. include::",
    ".. automodule::",
];

/// The outline of a document.
pub(super) fn outline(text: &str, pieces: &[Piece]) -> Outline {
    let headings = pieces.iter().filter_map(|piece| match &piece.kind {
        PieceKind::Heading(_, prose) => Some(prose.text.text.trim().to_owned()),
        _ => None,
    });
    let named = NAMED
        .as_ref()
        .into_iter()
        .flat_map(|named| named.captures_iter(text));
    let anchors = named.filter_map(|captures| {
        let name = captures.iter().skip(1).flatten().next()?;
        Some(name.as_str().to_owned())
    });
    Outline {
        headings: headings.collect(),
        anchors: anchors.collect(),
        open: INCLUSIONS.iter().any(|mark| text.contains(mark)) || text.lines().any(imports_a_document),
    }
}

fn imports_a_document(line: &str) -> bool {
    line.starts_with("import ") && line.contains(".md")
}

//! Documents as a flat, ordered list of pieces whose texts know where in the file they stand.
//!
//! Owns the reading of Markdown (CommonMark with GitHub's tables, task lists and strikethrough), of reStructuredText
//! and of AsciiDoc. It says what the pieces of a document are and never what they mean: which word is a metric
//! is decided by [`crate::documents`].

mod asciidoc;
mod asciidoc_inline;
mod asciidoc_tables;
mod commonmark;
mod prose;
mod restructured;
mod restructured_inline;
mod restructured_tables;

pub use prose::{Prose, Run, RunKind};

use promsight_model::{Embedded, SourceFile, Span};

/// The markup a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    /// Markdown.
    Markdown,
    /// reStructuredText.
    Restructured,
    /// AsciiDoc.
    AsciiDoc,
}

impl Markup {
    /// The markup that a path's extension names; `None` for a path that is no document.
    pub fn of_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let Some((_, extension)) = name.rsplit_once('.') else {
            return matches!(name.as_str(), "readme" | "runbook").then_some(Self::Markdown);
        };
        match extension {
            "md" | "markdown" | "mdx" | "mkd" => Some(Self::Markdown),
            "rst" | "rest" => Some(Self::Restructured),
            "adoc" | "asciidoc" => Some(Self::AsciiDoc),
            // Plain text is data as often as prose: only what is written for those on call is read.
            "txt" => {
                let lower = path.to_lowercase();
                ["runbook", "playbook", "on-call", "oncall"]
                    .iter()
                    .any(|word| lower.contains(word))
                    .then_some(Self::Markdown)
            }
            _ => None,
        }
    }
}

/// One piece of a document.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: PieceKind,
    /// Index of the piece that leads the list in which this one is an item (`The metrics are:`).
    pub introduced_by: Option<usize>,
}

/// What a piece is.
#[derive(Clone, Debug)]
pub enum PieceKind {
    /// A heading; levels count from 1.
    Heading(u8, Prose),
    /// A paragraph.
    Paragraph(Prose),
    /// The text of a list item; the paragraphs that follow its first one are paragraphs.
    Item(Prose),
    /// A table.
    Table(Table),
    /// A code block.
    Fence(Fence),
    /// A comment, without its delimiters.
    Comment(Embedded),
}

/// A table. Rows can be shorter than the head.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The cells of the heading row.
    pub head: Vec<Prose>,
    /// The other rows.
    pub rows: Vec<Vec<Prose>>,
}

/// A code block, fenced or indented.
#[derive(Clone, Debug)]
pub struct Fence {
    /// Its language in lower case; empty where none is named.
    pub language: String,
    /// Its text, without the indentation and markers of what it stands in.
    pub text: Embedded,
}

/// Reads a document.
pub fn read(file: &SourceFile, markup: Markup) -> Vec<Piece> {
    match markup {
        Markup::Markdown => commonmark::read(file.id, &file.text),
        Markup::Restructured => restructured::read(file.id, &file.text),
        Markup::AsciiDoc => asciidoc::read(file.id, &file.text),
    }
}

#[cfg(test)]
mod tests;

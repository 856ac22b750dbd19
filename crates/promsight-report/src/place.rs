//! Spans as people and editors count them. Every format gets its lines and columns here, so that they agree.

use std::cell::OnceCell;

use promsight_model::{FileId, FileSet, Finding, LineIndex, Position, SourceFile, Span};

/// The files of a run with their line indexes, made when first needed.
pub(crate) struct Places<'a> {
    files: &'a FileSet,
    indexes: Vec<OnceCell<LineIndex>>,
}

/// A span with its path, lines and columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a str,
    pub(crate) start: Position,
    pub(crate) end: Position,
}

impl<'a> Places<'a> {
    pub(crate) fn new(files: &'a FileSet) -> Self {
        Self {
            files,
            indexes: (0..files.id_end()).map(|_| OnceCell::new()).collect(),
        }
    }

    pub(crate) fn file(&self, id: FileId) -> &'a SourceFile {
        self.files.file(id)
    }

    pub(crate) fn text(&self, span: Span) -> &'a str {
        self.files.text(span)
    }

    /// What `--fix` would write in the place of a finding.
    pub(crate) fn safe_replacement<'f>(&self, finding: &'f Finding) -> Option<&'f str> {
        finding.safe_replacement(self.files)
    }

    pub(crate) fn lines(&self, id: FileId) -> &LineIndex {
        self.indexes[id.index()].get_or_init(|| LineIndex::new(&self.file(id).text))
    }

    pub(crate) fn place(&self, span: Span) -> Place<'a> {
        let file = self.file(span.file);
        let lines = self.lines(span.file);
        Place {
            path: &file.shown_path,
            start: lines.position(&file.text, span.start),
            end: lines.position(&file.text, span.end),
        }
    }
}

impl std::fmt::Display for Place<'_> {
    /// `path:line:column`, the form that terminals and editors open.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{}:{}:{}",
            self.path, self.start.line, self.start.column
        )
    }
}

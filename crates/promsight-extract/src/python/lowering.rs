//! The state of one walk, and what statements and expressions share: children, spans, the cap on nesting.

use std::ops::Range;

use promsight_model::python::Stmt;
use promsight_model::{Embedded, FileId, Gap, GapKind, OffsetMap, Reach, SourceFile, Span};
use tree_sitter::{Node, Tree, TreeCursor};

use super::kinds::{Field, Kind, field_of, kind_of};
use super::syntax_gap;

/// How deep statements and expressions may nest. Walks of the result recurse, on threads with 2 MB of stack.
pub(super) const MAX_DEPTH: usize = 100;

/// A child with its kind and its role.
#[derive(Clone, Copy)]
pub(super) struct Child<'tree> {
    pub(super) node: Node<'tree>,
    pub(super) kind: Kind,
    pub(super) field: Field,
}

/// One walk over one file's tree.
pub(super) struct Lowering<'tree, 'text> {
    pub(super) text: &'text str,
    file: FileId,
    /// Where the text stands in its file, where it is not the file's own.
    origin: Option<&'text Embedded>,
    /// Whether the function being walked has yielded so far.
    pub(super) yields: bool,
    cursor: TreeCursor<'tree>,
    depth: usize,
    /// The first place that lay too deep, and what all of them can hide.
    too_deep: Option<(Span, Reach)>,
}

impl<'tree, 'text> Lowering<'tree, 'text> {
    pub(super) fn new(file: &'text SourceFile, tree: &'tree Tree, origin: Option<&'text Embedded>) -> Self {
        Self {
            text: &file.text,
            file: file.id,
            origin,
            yields: false,
            cursor: tree.walk(),
            depth: 0,
            too_deep: None,
        }
    }

    /// The statements of the file.
    pub(super) fn module(&mut self, root: Node<'tree>) -> Vec<Stmt> {
        let mut body = Vec::new();
        if root.is_error() {
            self.recovered(root, &mut body);
            return body;
        }
        for child in self.children(root) {
            self.statement(child, &mut body);
        }
        body
    }

    /// The gap for what was cut off because it lay too deep.
    pub(super) fn depth_gap(self) -> Option<Gap> {
        let (span, reach) = self.too_deep?;
        let message = format!("code nested more than {MAX_DEPTH} levels deep was not read");
        Some(Gap {
            kind: GapKind::Limit,
            message,
            span,
            reach,
        })
    }

    /// The children of a node, comments and line continuations left out. Linear in their number.
    pub(super) fn children(&mut self, node: Node<'tree>) -> Vec<Child<'tree>> {
        let mut children = Vec::new();
        self.cursor.reset(node);
        let mut more = self.cursor.goto_first_child();
        while more {
            let node = self.cursor.node();
            let kind = kind_of(node);
            if !matches!(kind, Kind::Comment | Kind::LineContinuation) {
                children.push(Child {
                    node,
                    kind,
                    field: field_of(self.cursor.field_id()),
                });
            }
            more = self.cursor.goto_next_sibling();
        }
        children
    }

    /// The children that are neither tokens nor errors.
    pub(super) fn named_children(&mut self, node: Node<'tree>) -> Vec<Child<'tree>> {
        let mut children = self.children(node);
        children.retain(|child| !matches!(child.kind, Kind::Token | Kind::Error));
        children
    }

    pub(super) fn span(&self, node: Node<'_>) -> Span {
        self.place(node.byte_range())
    }

    /// The place in the file of a part of the text.
    pub(super) fn place(&self, range: Range<usize>) -> Span {
        match self.origin {
            Some(origin) => origin.span(range),
            None => Span::new(self.file, range),
        }
    }

    /// Text decoded out of the text.
    pub(super) fn decoded(&self, text: String, map: OffsetMap) -> Embedded {
        match self.origin {
            Some(origin) => origin.nested(text, map),
            None => Embedded::decoded(self.file, text, map),
        }
    }

    /// The source text of a node.
    pub(super) fn source(&self, node: Node<'_>) -> &'text str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    pub(super) fn source_owned(&self, node: Node<'_>) -> String {
        self.source(node).to_owned()
    }

    /// Runs `lower` one level deeper; `None` where that is too deep, which is noted.
    pub(super) fn deeper<T>(&mut self, node: Node<'tree>, lower: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.note_too_deep(node);
            return None;
        }
        self.depth += 1;
        let result = lower(self);
        self.depth -= 1;
        Some(result)
    }

    /// How many levels may still be opened.
    pub(super) fn levels_left(&self) -> usize {
        MAX_DEPTH.saturating_sub(self.depth)
    }

    fn note_too_deep(&mut self, node: Node<'tree>) {
        let reach = syntax_gap::reach_of(self.source(node));
        let span = self.span(node);
        match &mut self.too_deep {
            None => self.too_deep = Some((span, reach)),
            Some((first, known)) => {
                if span.start < first.start {
                    *first = span;
                }
                if reach == Reach::Anything {
                    *known = reach;
                }
            }
        }
    }
}

/// The first child in that role.
pub(super) fn in_field<'tree>(children: &[Child<'tree>], field: Field) -> Option<Node<'tree>> {
    children
        .iter()
        .find(|child| child.field == field && child.kind != Kind::Error)
        .map(|child| child.node)
}

/// The first child of that kind.
pub(super) fn of_kind<'tree>(children: &[Child<'tree>], kind: Kind) -> Option<Node<'tree>> {
    children
        .iter()
        .find(|child| child.kind == kind)
        .map(|child| child.node)
}

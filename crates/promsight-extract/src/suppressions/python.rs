//! Python's comments, and the statement or call that one of them belongs to.

use std::ops::Range;

use tree_sitter::{Node, Tree};

use super::Comment;

/// Steps from a word up to its statement. Each one costs a way down from the top (tree-sitter 0.27).
const MAX_STEPS: usize = 128;

/// Statements that hold others: a comment above one speaks of its first line alone.
const COMPOUND: &[&str] = &[
    "module",
    "block",
    "function_definition",
    "class_definition",
    "decorated_definition",
    "if_statement",
    "for_statement",
    "while_statement",
    "with_statement",
    "try_statement",
    "match_statement",
    "ERROR",
];

/// The candidates that are comments, and not text in a string. All of them where the file cannot be parsed.
pub(super) fn real_comments(tree: Option<&Tree>, candidates: Vec<Comment>) -> Vec<Comment> {
    let Some(tree) = tree else {
        return candidates;
    };
    let is_comment =
        |comment: &Comment| node_at(tree, comment.start).is_some_and(|node| node.kind() == "comment");
    candidates.into_iter().filter(is_comment).collect()
}

/// The widest piece of code below a statement that begins at `content` (the first word of its line) and, where that
/// holds no call, the innermost call around it.
pub(super) fn enclosing(tree: &Tree, text: &str, content: usize) -> Option<Range<usize>> {
    let mut node = node_at(tree, content)?;
    let start = node.start_byte();
    let mut call = None;
    let mut widest = node;
    for _ in 0..MAX_STEPS {
        let Some(parent) = node.parent() else { break };
        if COMPOUND.contains(&parent.kind()) {
            break;
        }
        if parent.start_byte() == start {
            widest = parent;
        } else if call.is_none() && parent.kind() == "call" {
            call = Some(parent);
        }
        node = parent;
    }
    let chosen = if holds_call(text, widest) {
        widest
    } else {
        call.unwrap_or(widest)
    };
    Some(chosen.byte_range())
}

fn node_at(tree: &Tree, at: usize) -> Option<Node<'_>> {
    tree.root_node().descendant_for_byte_range(at, at + 1)
}

fn holds_call(text: &str, node: Node<'_>) -> bool {
    text.get(node.byte_range()).is_some_and(|code| code.contains('('))
}

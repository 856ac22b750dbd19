//! What statements are, apart from what they do: tests, ways out of loops, what counts as a script's work.

use promsight_model::launch::{Piece, Statement, StatementKind, Word};

/// Whether a test has the same answer every time.
pub(super) fn is_constant(test: &Statement) -> bool {
    match &test.kind {
        StatementKind::Command { words, .. } => {
            is_test(test)
                && words
                    .iter()
                    .flat_map(|word| &word.pieces)
                    .all(|piece| matches!(piece, Piece::Text(_)))
        }
        StatementKind::Not(inner) => is_constant(inner),
        _ => false,
    }
}

/// Whether a loop's body can leave it.
pub(super) fn breaks(body: &[Statement], depth: usize) -> bool {
    // Bodies are no deeper than the parser lets them be; beyond that nobody leaves.
    depth < 64
        && body.iter().any(|statement| match &statement.kind {
            StatementKind::Command { words, .. } => {
                matches!(
                    words.first().map(first_text),
                    Some("break" | "exit" | "return" | "exec")
                )
            }
            StatementKind::Chain(first, others) => {
                breaks(std::slice::from_ref(&**first), depth + 1)
                    || others
                        .iter()
                        .any(|(_, next)| breaks(std::slice::from_ref(next), depth + 1))
            }
            StatementKind::If { branches, otherwise } => {
                branches.iter().any(|(_, body)| breaks(body, depth + 1)) || breaks(otherwise, depth + 1)
            }
            StatementKind::Case(_, arms) => arms.iter().any(|(_, body)| breaks(body, depth + 1)),
            StatementKind::Group(body) => breaks(body, depth + 1),
            _ => false,
        })
}

/// Whether a statement can be what a script is about.
pub(super) fn is_effective(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Function(..) => false,
        StatementKind::Command { words, .. } => {
            let name = words.first().map(first_text).unwrap_or_default();
            !words.is_empty()
                && !matches!(
                    name,
                    "wait" | "echo" | "printf" | "exit" | "return" | "true" | ":" | "trap"
                )
        }
        _ => true,
    }
}

pub(super) fn is_test(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Command { words, .. } => {
            let name = words.first().map(first_text).unwrap_or_default();
            matches!(name, "[" | "[[" | "test" | "true" | ":" | "false")
        }
        StatementKind::Not(inner) => is_test(inner),
        StatementKind::Chain(first, others) => is_test(first) && others.iter().all(|(_, next)| is_test(next)),
        _ => false,
    }
}

fn first_text(word: &Word) -> &str {
    match word.pieces.first() {
        Some(Piece::Text(text)) => text,
        _ => "",
    }
}

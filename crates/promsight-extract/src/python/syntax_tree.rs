//! Text to tree-sitter's tree, within a bound on the work.

use promsight_model::{Gap, GapKind, SourceFile, Span};
use tree_sitter::{Parser, Point, Tree};

use super::syntax_gap;

/// The parser is handed the text in pieces of this size, so that reading can be counted.
const PIECE: usize = 4 << 10;

/// How many bytes may be read for one file, beyond [`READS_PER_BYTE`]. The grammar's scanner looks ahead over a whole
/// run of comment lines from each of them: 50,000 lines in one block would take a minute, and runs of lone
/// backslashes are as bad. A block of 4,000 lines still passes.
const READ_BYTES: usize = 1 << 29;

/// How often the parser may read each byte without it counting; once or twice is usual.
const READS_PER_BYTE: usize = 64;

/// The tree of a file, and where and why reading stopped before the end. No tree only where the grammar cannot be
/// loaded.
pub(super) fn of(file: &SourceFile) -> (Option<Tree>, Option<Gap>) {
    within(file, READ_BYTES)
}

fn within(file: &SourceFile, read_bytes: usize) -> (Option<Tree>, Option<Gap>) {
    let text = &*file.text;
    let mut parser = Parser::new();
    if parser.set_language(&tree_sitter_python::LANGUAGE.into()).is_err() {
        return (None, None);
    }
    let mut allowed = (read_bytes / PIECE).saturating_add(text.len() / PIECE * READS_PER_BYTE);
    let mut stopped = None;
    let tree = parser.parse_with_options(
        &mut |offset: usize, _: Point| {
            if allowed == 0 {
                stopped.get_or_insert(offset);
                return &[][..];
            }
            allowed -= 1;
            piece(text, offset)
        },
        None,
        None,
    );
    (tree, stopped.map(|offset| stopped_at(file, offset)))
}

/// The bytes from an offset on, whole characters.
fn piece(text: &str, offset: usize) -> &[u8] {
    let mut end = offset.saturating_add(PIECE).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    text.as_bytes().get(offset..end).unwrap_or_default()
}

fn stopped_at(file: &SourceFile, offset: usize) -> Gap {
    let rest = file.text.get(offset..).unwrap_or(&file.text);
    Gap {
        kind: GapKind::Limit,
        message: "the file takes too long to parse from here on, and the rest of it was not read".to_owned(),
        span: Span::new(file.id, offset..offset),
        reach: syntax_gap::reach_of(rest),
    }
}

#[cfg(test)]
mod tests {
    use promsight_model::Reach;

    use super::*;
    use crate::python::tests::source_file;

    #[test]
    fn ordinary_text_is_read_about_once() {
        let text = "x = Gauge('a', '')  # é\n".repeat(10_000);
        let (tree, stopped) = within(&source_file("a.py", &text), 0);
        assert_eq!(stopped, None);
        assert_eq!(tree.map(|tree| tree.root_node().child_count()), Some(20_000));
    }

    #[test]
    fn a_block_of_comments_that_takes_too_long_ends_the_reading() {
        let text = format!("def f():\n  a\n{}  b\n", "  # Gauge\n".repeat(1_500));
        let (tree, stopped) = within(&source_file("a.py", &text), 0);
        assert!(tree.is_some());
        assert_eq!(
            stopped.map(|gap| (gap.kind, gap.reach)),
            Some((GapKind::Limit, Reach::Anything))
        );
        let (_, stopped) = of(&source_file("a.py", &text));
        assert_eq!(stopped, None);
    }
}

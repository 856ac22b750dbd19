//! Changes of texts, and where places are found again behind them.

use std::collections::BTreeMap;
use std::ops::Range;

use promsight_model::{FileId, Span};

/// One replacement in one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edit {
    pub(super) span: Span,
    pub(super) text: String,
}

impl Edit {
    pub(super) fn new(file: FileId, range: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            span: Span::new(file, range),
            text: text.into(),
        }
    }
}

/// Replacements that do not overlap, by file and place.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits(BTreeMap<FileId, Vec<Edit>>);

impl Edits {
    /// `None` where two overlap.
    pub(super) fn new(mut edits: Vec<Edit>) -> Option<Self> {
        edits.sort();
        edits.dedup();
        let overlap = edits
            .windows(2)
            .any(|pair| pair[0].span.file == pair[1].span.file && pair[0].span.end > pair[1].span.start);
        let mut by_file: BTreeMap<FileId, Vec<Edit>> = BTreeMap::new();
        for edit in edits {
            by_file.entry(edit.span.file).or_default().push(edit);
        }
        (!overlap).then_some(Self(by_file))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Edit> {
        self.0.values().flatten()
    }

    pub(super) fn files(&self) -> impl Iterator<Item = FileId> {
        self.0.keys().copied()
    }

    /// The text of a file behind the edits.
    pub(super) fn apply(&self, file: FileId, text: &str) -> Option<String> {
        let edits = self.0.get(&file)?;
        let mut changed = String::with_capacity(text.len() + 64);
        let mut end = 0;
        for edit in edits {
            changed.push_str(text.get(end..edit.span.range().start)?);
            changed.push_str(&edit.text);
            end = edit.span.range().end;
        }
        changed.push_str(text.get(end..)?);
        Some(changed)
    }

    /// Where a place of the old text stands in the new one; what an edit replaces becomes all of the replacement.
    pub(super) fn moved(&self, span: Span) -> Span {
        let Some(edits) = self.0.get(&span.file) else {
            return span;
        };
        let offset = |offset: u32, is_end: bool| {
            let mut shift: i64 = 0;
            for edit in edits {
                let length = i64::try_from(edit.text.len()).unwrap_or_default();
                let replaced = i64::from(edit.span.end) - i64::from(edit.span.start);
                if edit.span.end <= offset
                    && (is_end || edit.span.end > edit.span.start || edit.span.end < offset)
                {
                    shift += length - replaced;
                } else if edit.span.start < offset {
                    // Inside of what was replaced: its end or its start.
                    let inner = if is_end {
                        i64::from(edit.span.start) + length
                    } else {
                        i64::from(edit.span.start)
                    };
                    shift += inner - i64::from(offset);
                }
            }
            u32::try_from(i64::from(offset) + shift).unwrap_or_default()
        };
        Span {
            file: span.file,
            start: offset(span.start, false),
            end: offset(span.end, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_again_behind_edits() {
        let file = FileId(0);
        let text = "rate(old[5m]) / rate(old[1h])";
        let edits = Edits::new(vec![Edit::new(file, 5..8, "newer")]).expect("one edit");
        let changed = edits.apply(file, text).expect("the place exists");
        let shown = |range| changed.get(edits.moved(Span::new(file, range)).range());
        assert_eq!(shown(5..8), Some("newer"));
        assert_eq!(shown(0..4), Some("rate"));
        assert_eq!(shown(21..24), Some("old"));
        assert_eq!(shown(0..13), Some("rate(newer[5m])"));
    }
}

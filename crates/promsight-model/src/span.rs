//! Places in files, and text that was decoded out of them.
//!
//! A [`Span`] is made when text is cut or decoded and only carried afterwards: nobody searches a file again to
//! find where something was. [`Embedded`] is decoded text (a YAML scalar, a JSON string, a Markdown fence, a
//! document inside a ConfigMap string) that knows, for each of its bytes, where in the file that byte came from.

use std::ops::Range;
use std::sync::Arc;

use crate::file::FileId;

/// A range of bytes in one file's text; `end` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file whose text the offsets count in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span over `range` of `file`. Offsets beyond 4 GiB saturate (files that large are never read).
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            file,
            start: clamp(range.start),
            end: clamp(range.end.max(range.start)),
        }
    }

    /// The span as a range for slicing the file's text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that covers both; `self` where they lie in different files.
    pub fn cover(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether `other` lies inside this span, in the same file.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// One stretch of decoded text and the stretch of source that it was decoded from.
///
/// Where both have the same length the bytes are taken to be the same, one to one; otherwise (an escape, a folded
/// line break) the decoded bytes stand for the source bytes as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    decoded: usize,
    decoded_len: usize,
    source: usize,
    source_len: usize,
}

impl Segment {
    fn verbatim(&self) -> bool {
        self.decoded_len == self.source_len
    }
}

/// Maps offsets of decoded text to offsets of the text it was decoded from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetMap {
    segments: Vec<Segment>,
    decoded_end: usize,
    source_start: usize,
}

impl OffsetMap {
    /// An empty map whose decoded text is empty and stands at `source_start`.
    pub fn at(source_start: usize) -> Self {
        Self {
            segments: Vec::new(),
            decoded_end: 0,
            source_start,
        }
    }

    /// The map of `length` bytes copied as they are from `source_start`.
    pub fn verbatim(source_start: usize, length: usize) -> Self {
        let mut map = Self::at(source_start);
        map.push_verbatim(source_start, length);
        map
    }

    /// Appends `length` bytes that were copied as they are from `source`.
    pub fn push_verbatim(&mut self, source: usize, length: usize) {
        if length == 0 {
            return;
        }
        if let Some(last) = self.segments.last_mut()
            && last.verbatim()
            && last.source + last.source_len == source
        {
            last.decoded_len += length;
            last.source_len += length;
            self.decoded_end += length;
            return;
        }
        self.push(length, source, length);
    }

    /// Appends `decoded_len` bytes that stand for `source` as a whole (an escape, a folded line break). With
    /// `decoded_len` 0 the source bytes are skipped.
    pub fn push_replaced(&mut self, decoded_len: usize, source: Range<usize>) {
        if decoded_len == 0 {
            return;
        }
        let source_len = source.end.saturating_sub(source.start);
        if source_len == decoded_len && decoded_len > 1 {
            // Same length but not the same bytes: keep it opaque by splitting off the first byte.
            self.push(1, source.start, source_len);
            for _ in 1..decoded_len {
                self.push(1, source.start, source_len);
            }
            return;
        }
        self.push(decoded_len, source.start, source_len);
    }

    fn push(&mut self, decoded_len: usize, source: usize, source_len: usize) {
        self.segments.push(Segment {
            decoded: self.decoded_end,
            decoded_len,
            source,
            source_len,
        });
        self.decoded_end += decoded_len;
    }

    /// Length of the decoded text in bytes.
    pub fn decoded_len(&self) -> usize {
        self.decoded_end
    }

    /// The source range that the decoded `range` came from. An empty range gives an empty one where its text
    /// would stand. Ranges beyond the text are clamped.
    pub fn source(&self, range: Range<usize>) -> Range<usize> {
        if self.segments.is_empty() {
            return self.source_start..self.source_start;
        }
        let start = self.start_of(range.start);
        if range.end <= range.start {
            return start..start;
        }
        let end = self.end_of(range.end);
        start..end.max(start)
    }

    fn segment_at(&self, offset: usize) -> Segment {
        let index = self
            .segments
            .partition_point(|segment| segment.decoded <= offset)
            .saturating_sub(1);
        self.segments[index]
    }

    fn start_of(&self, offset: usize) -> usize {
        let segment = self.segment_at(offset);
        let into = offset - segment.decoded.min(offset);
        if into >= segment.decoded_len {
            segment.source + segment.source_len
        } else if segment.verbatim() {
            segment.source + into
        } else {
            segment.source
        }
    }

    fn end_of(&self, offset: usize) -> usize {
        let segment = self.segment_at(offset - 1);
        let into = (offset - segment.decoded).min(segment.decoded_len);
        if segment.verbatim() {
            segment.source + into
        } else {
            segment.source + segment.source_len
        }
    }
}

/// Decoded text with the way back to the file, through as many layers as it was wrapped in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The decoded text.
    pub text: String,
    file: FileId,
    /// From the innermost decoding outwards: the first maps `text`, the last maps into the file.
    maps: Vec<Arc<OffsetMap>>,
}

impl Embedded {
    /// The whole text of a file, as it stands.
    pub fn whole(file: FileId, text: &str) -> Self {
        Self {
            text: text.to_owned(),
            file,
            maps: Vec::new(),
        }
    }

    /// Text decoded from the file itself by `map`.
    pub fn decoded(file: FileId, text: String, map: OffsetMap) -> Self {
        Self {
            text,
            file,
            maps: vec![Arc::new(map)],
        }
    }

    /// Text decoded from this text by `map`: a layer more.
    pub fn nested(&self, text: String, map: OffsetMap) -> Self {
        let mut maps = Vec::with_capacity(self.maps.len() + 1);
        maps.push(Arc::new(map));
        maps.extend(self.maps.iter().cloned());
        Self {
            text,
            file: self.file,
            maps,
        }
    }

    /// A piece of this text. The range must lie on character boundaries; otherwise the piece is empty.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let text = self.text.get(range.clone()).unwrap_or_default().to_owned();
        let map = OffsetMap::verbatim(range.start, text.len());
        self.nested(text, map)
    }

    /// The file that the text lies in.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// Where a range of the decoded text stands in the file.
    pub fn span(&self, range: Range<usize>) -> Span {
        let mut range = range;
        for map in &self.maps {
            range = map.source(range);
        }
        Span::new(self.file, range)
    }

    /// Where the whole text stands in the file.
    pub fn whole_span(&self) -> Span {
        self.span(0..self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_line_break_maps_tokens_on_both_sides_of_it() {
        // source: "aa\n  bb", decoded: "aa bb"
        let mut map = OffsetMap::at(0);
        map.push_verbatim(0, 2);
        map.push_replaced(1, 2..5);
        map.push_verbatim(5, 2);
        assert_eq!(map.source(0..2), 0..2);
        assert_eq!(map.source(3..5), 5..7);
        assert_eq!(map.source(0..5), 0..7);
        assert_eq!(map.source(2..3), 2..5);
    }

    #[test]
    fn a_skipped_line_continuation_does_not_stretch_the_token_before_it() {
        // source: "aa\\\n  bb", decoded: "aabb"
        let mut map = OffsetMap::at(10);
        map.push_verbatim(10, 2);
        map.push_verbatim(16, 2);
        assert_eq!(map.source(0..2), 10..12);
        assert_eq!(map.source(2..4), 16..18);
    }

    #[test]
    fn an_escape_of_the_same_length_as_its_text_stays_whole() {
        let mut map = OffsetMap::at(0);
        map.push_replaced(2, 4..6);
        map.push_verbatim(6, 1);
        assert_eq!(map.source(0..1), 4..6);
        assert_eq!(map.source(1..3), 4..7);
    }

    #[test]
    fn layers_compose() {
        let outer = Embedded::decoded(FileId(0), "x: up".to_owned(), OffsetMap::verbatim(100, 5));
        let inner = outer.nested("up".to_owned(), OffsetMap::verbatim(3, 2));
        assert_eq!(inner.span(0..2).range(), 103..105);
        assert_eq!(inner.slice(1..2).span(0..1).range(), 104..105);
    }

    #[test]
    fn an_empty_text_stands_where_it_was_cut() {
        let map = OffsetMap::at(7);
        assert_eq!(map.source(0..0), 7..7);
    }

    proptest::proptest! {
        #[test]
        fn every_piece_maps_to_the_source_that_it_was_decoded_from(
            pieces in proptest::collection::vec((1..5usize, 0..3usize, 0..4usize), 1..12)
        ) {
            // Each piece: verbatim bytes, then so many source bytes that decode to so many.
            let (mut map, mut source, mut decoded) = (OffsetMap::at(0), 0, 0);
            let mut expected = Vec::new();
            for (verbatim, into, from) in pieces {
                map.push_verbatim(source, verbatim);
                expected.push((decoded..decoded + verbatim, source..source + verbatim));
                (source, decoded) = (source + verbatim, decoded + verbatim);
                map.push_replaced(into, source..source + from);
                if into > 0 {
                    expected.push((decoded..decoded + into, source..source + from));
                }
                (source, decoded) = (source + from, decoded + into);
            }
            proptest::prop_assert_eq!(map.decoded_len(), decoded);
            for (piece, place) in expected {
                proptest::prop_assert_eq!(map.source(piece), place);
            }
        }
    }
}

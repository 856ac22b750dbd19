//! Running text: plain text in which code, emphasis and links are ranges.

use std::ops::Range;

use promsight_model::{Embedded, FileId, OffsetMap};

/// Running text. Its text is what a reader sees (code without its backticks, a link's label), on one line.
#[derive(Clone, Debug)]
pub struct Prose {
    /// The text.
    pub text: Embedded,
    /// What in it is marked up, in order of their starts.
    pub runs: Vec<Run>,
}

/// A marked-up stretch of a [`Prose`].
#[derive(Clone, Debug)]
pub struct Run {
    /// What it is.
    pub kind: RunKind,
    /// Its range in the prose's text.
    pub at: Range<usize>,
}

/// What a marked-up stretch is.
#[derive(Clone, Debug)]
pub enum RunKind {
    /// A code span.
    Code,
    /// Strong or emphasised text.
    Emphasis,
    /// Text that is struck through.
    Struck,
    /// A link or image with its target, where that stands in the same place.
    Link(Option<Embedded>),
}

impl Prose {
    /// The text of a run with its place.
    pub fn run_text(&self, run: &Run) -> Embedded {
        self.text.slice(run.at.clone())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.text.text.trim().is_empty() && self.runs.is_empty()
    }
}

/// Collects a [`Prose`] from left to right out of the file's text.
#[derive(Debug)]
pub(super) struct ProseBuilder<'a> {
    file: FileId,
    source: &'a str,
    text: String,
    map: OffsetMap,
    runs: Vec<Run>,
    /// The source that was taken so far.
    pub(super) taken: Option<Range<usize>>,
}

impl<'a> ProseBuilder<'a> {
    /// An empty prose that will stand at `start`.
    pub(super) fn new(file: FileId, source: &'a str, start: usize) -> Self {
        Self {
            file,
            source,
            text: String::new(),
            map: OffsetMap::at(start),
            runs: Vec::new(),
            taken: None,
        }
    }

    /// Where in the prose's text the next push will stand.
    pub(super) fn position(&self) -> usize {
        self.text.len()
    }

    /// Appends text that stands for `range` of the source: copied where it is the same, opaque where it differs.
    pub(super) fn push(&mut self, decoded: &str, range: Range<usize>) {
        if self.source.get(range.clone()) == Some(decoded) {
            self.map.push_verbatim(range.start, decoded.len());
        } else {
            self.map.push_replaced(decoded.len(), range.clone());
        }
        self.text.push_str(decoded);
        self.take(range);
    }

    /// Appends source text as it stands.
    pub(super) fn push_source(&mut self, range: Range<usize>) {
        let source = self.source;
        self.push(source.get(range.clone()).unwrap_or_default(), range);
    }

    /// Appends decoded text byte by byte against the source it was decoded from: markers of enclosing blocks at
    /// line starts and backslashes before `|` fall away, line breaks become spaces. Opaque where that fails.
    pub(super) fn push_aligned(&mut self, decoded: &str, range: Range<usize>) {
        let source = self.source.get(range.clone()).unwrap_or_default();
        if source == decoded {
            return self.push(decoded, range);
        }
        let Some(steps) = align(decoded, source) else {
            return self.push(decoded, range);
        };
        for (length, piece) in steps {
            let piece = range.start + piece.start..range.start + piece.end;
            if length == piece.len() {
                self.map.push_verbatim(piece.start, length);
            } else {
                self.map.push_replaced(length, piece);
            }
        }
        self.text.push_str(decoded);
        self.take(range);
    }

    /// Notes a run over what was pushed since `start`.
    pub(super) fn run(&mut self, kind: RunKind, start: usize) {
        let at = start..self.text.len();
        if !at.is_empty() {
            self.runs.push(Run { kind, at });
        }
    }

    pub(super) fn finish(mut self) -> Prose {
        // Outer runs come before what is inside them; they were closed later.
        self.runs.reverse();
        self.runs
            .sort_by_key(|run| (run.at.start, std::cmp::Reverse(run.at.end)));
        Prose {
            text: Embedded::decoded(self.file, self.text, self.map),
            runs: self.runs,
        }
    }

    /// Counts a range of the source as read, markers included.
    pub(super) fn take(&mut self, range: Range<usize>) {
        self.taken = Some(match self.taken.take() {
            Some(taken) => taken.start.min(range.start)..taken.end.max(range.end),
            None => range,
        });
    }
}

/// Steps `(decoded length, source range)` that spell `decoded` out of `source`; `None` where they do not fit.
fn align(decoded: &str, source: &str) -> Option<Vec<(usize, Range<usize>)>> {
    let bytes = source.as_bytes();
    let mut steps: Vec<(usize, Range<usize>)> = Vec::new();
    let mut at = 0;
    let mut characters = decoded.chars().peekable();
    while let Some(character) = characters.next() {
        let rest = source.get(at..)?;
        if character == ' ' && (rest.starts_with('\n') || rest.starts_with("\r\n")) {
            let mut end = at + if rest.starts_with('\n') { 1 } else { 2 };
            let next = characters.peek().copied();
            while let Some(byte) = bytes.get(end).copied()
                && matches!(byte, b' ' | b'\t' | b'>')
                && next != Some(char::from(byte))
            {
                end += 1;
            }
            steps.push((1, at..end));
            at = end;
            continue;
        }
        let skipped = usize::from(character == '|' && rest.starts_with("\\|"));
        if !rest.get(skipped..)?.starts_with(character) {
            return None;
        }
        let length = character.len_utf8();
        let range = at..at + skipped + length;
        at = range.end;
        match steps.last_mut() {
            Some((last, piece)) if skipped == 0 && *last == piece.len() && piece.end == range.start => {
                *last += length;
                piece.end = range.end;
            }
            _ => steps.push((length, range)),
        }
    }
    (at == source.len()).then_some(steps)
}

/// Ranges of a source, joined by spaces: the lines of a paragraph.
pub(super) fn joined(source: &str, file: FileId, ranges: &[Range<usize>]) -> Embedded {
    let mut text = String::new();
    let mut map = OffsetMap::at(ranges.first().map_or(0, |range| range.start));
    let mut before: Option<usize> = None;
    for range in ranges {
        let piece = source.get(range.clone()).unwrap_or_default();
        if let Some(before) = before
            && !piece.is_empty()
        {
            text.push(' ');
            map.push_replaced(1, before..range.start.max(before));
        }
        map.push_verbatim(range.start, piece.len());
        text.push_str(piece);
        before = Some(range.end);
    }
    Embedded::decoded(file, text, map)
}

//! The source lines that a finding speaks of, cut so that a frame is cheap and readable.
//!
//! The renderer lays out whatever it is given, and is slow on whole files (15 to 25 a second); so it gets only
//! the lines around each place, and of a long line (minified JSON is one line of megabytes) only the part around
//! the place. The renderer would then print where a place stands in the excerpt; it prints a marker instead, for
//! which the line and column of the file are put in afterwards.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Snippet};
use promsight_model::{FileId, Finding, Span};

use crate::place::Places;

/// Lines shown around a place where other places of the finding stand near it.
const CONTEXT_LINES: u32 = 3;

/// A place of more lines than this is shown by its first line.
const MAX_LINES: u32 = 30;

/// Longer lines (in bytes) are cut.
const LONG_LINE: usize = 200;

/// Bytes kept before and after the place on a line that is cut.
const CUT_CONTEXT: usize = 40;

/// Bytes of the place itself that are kept on a line that is cut.
const CUT_FOCUS: usize = 120;

const ELLIPSIS: &str = "…";

/// A place with what it shows.
struct Mark<'a> {
    span: Span,
    label: &'a str,
    kind: AnnotationKind,
    first_line: u32,
    last_line: u32,
}

/// Marks of one file that are shown in one excerpt.
struct Window<'a> {
    file: FileId,
    marks: Vec<Mark<'a>>,
    first_line: u32,
    last_line: u32,
    /// Whether a marked line is so long that it is cut; then the window holds one mark only.
    cut: bool,
}

/// The excerpts of a finding.
pub(super) struct Frames<'a> {
    /// That of the primary place first, then the related ones in their order.
    pub(super) snippets: Vec<Snippet<'a, Annotation<'a>>>,
    /// `path:line:column` for each of them.
    headers: Vec<String>,
}

impl<'a> Frames<'a> {
    pub(super) fn of(finding: &'a Finding, places: &Places<'a>) -> Self {
        let primary = mark(finding.primary, &finding.label, AnnotationKind::Primary, places);
        let related = finding
            .related
            .iter()
            .map(|related| mark(related.span, &related.message, AnnotationKind::Context, places));
        let mut windows: Vec<Window<'a>> = Vec::new();
        for mark in std::iter::once(primary).chain(related) {
            let window = window(mark, places);
            match windows.iter_mut().find(|other| other.touches(&window)) {
                Some(other) => other.join(window),
                None => windows.push(window),
            }
        }
        Self {
            snippets: windows
                .iter()
                .enumerate()
                .map(|(index, window)| excerpt(window, places).path(header_marker(index)))
                .collect(),
            headers: windows.iter().map(|window| window.header(places)).collect(),
        }
    }

    /// The rendered text with the headers in place of their markers.
    pub(super) fn with_headers(&self, rendered: &str) -> String {
        let mut text = String::with_capacity(rendered.len());
        let mut rest = rendered;
        for (index, header) in self.headers.iter().enumerate() {
            let marker = header_marker(index);
            let Some(at) = rest.find(&marker) else { continue };
            text.push_str(&rest[..at]);
            text.push_str(header);
            // The renderer adds the line and column of the excerpt.
            let is_position = |character: char| character == ':' || character.is_ascii_digit();
            rest = rest[at + marker.len()..].trim_start_matches(is_position);
        }
        text.push_str(rest);
        text
    }
}

/// A path that is none: characters of Unicode's private use around a number.
fn header_marker(index: usize) -> String {
    format!("\u{f8ff}{index}\u{f8ff}")
}

fn mark<'a>(span: Span, label: &'a str, kind: AnnotationKind, places: &Places<'_>) -> Mark<'a> {
    let place = places.place(span);
    // A place that ends with its line's break ends on that line, not at the start of the next.
    let ends_at_break = place.end.column == 1 && place.end.line > place.start.line;
    let mut last_line = if ends_at_break {
        place.end.line - 1
    } else {
        place.end.line
    };
    if last_line - place.start.line > MAX_LINES {
        last_line = place.start.line;
    }
    Mark {
        span,
        label,
        kind,
        first_line: place.start.line,
        last_line,
    }
}

fn window<'a>(mark: Mark<'a>, places: &Places<'_>) -> Window<'a> {
    let file = mark.span.file;
    let lines = u32::try_from(places.lines(file).lines()).unwrap_or(u32::MAX);
    let cut = (mark.first_line..=mark.last_line).any(|line| line_range(file, line, places).len() > LONG_LINE);
    Window {
        file,
        first_line: mark.first_line.saturating_sub(CONTEXT_LINES).max(1),
        last_line: (mark.last_line + CONTEXT_LINES).min(lines),
        marks: vec![mark],
        cut,
    }
}

impl Window<'_> {
    fn touches(&self, other: &Self) -> bool {
        self.file == other.file
            && !self.cut
            && !other.cut
            && self.first_line <= other.last_line + 1
            && other.first_line <= self.last_line + 1
    }

    /// Where the window's main mark stands. A window has at least one mark, and its first is the finding's own where
    /// it holds that.
    fn header(&self, places: &Places<'_>) -> String {
        self.marks
            .first()
            .map(|mark| places.place(mark.span).to_string())
            .unwrap_or_default()
    }

    fn join(&mut self, other: Self) {
        self.first_line = self.first_line.min(other.first_line);
        self.last_line = self.last_line.max(other.last_line);
        self.marks.extend(other.marks);
    }
}

/// The bytes of a line (from 1), without its line break.
fn line_range(file: FileId, line: u32, places: &Places<'_>) -> Range<usize> {
    let text: &str = &places.file(file).text;
    let lines = places.lines(file);
    let start = lines
        .start_of_line(line)
        .map_or(text.len(), |start| start as usize);
    let end = lines
        .start_of_line(line + 1)
        .map_or(text.len(), |start| start as usize);
    let content = text.get(start..end).unwrap_or_default();
    let content = content.strip_suffix('\n').unwrap_or(content);
    let content = content.strip_suffix('\r').unwrap_or(content);
    start..start + content.len()
}

fn excerpt<'a>(window: &Window<'a>, places: &Places<'a>) -> Snippet<'a, Annotation<'a>> {
    let text: &'a str = &places.file(window.file).text;
    let mut source = String::new();
    let mut starts: Vec<Option<usize>> = vec![None; window.marks.len()];
    let mut ends: Vec<usize> = vec![0; window.marks.len()];
    for line in window.first_line..=window.last_line {
        if !source.is_empty() || line > window.first_line {
            source.push('\n');
        }
        let range = line_range(window.file, line, places);
        let content = text.get(range.clone()).unwrap_or_default();
        let focus = window.marks.iter().find_map(|mark| focus(mark, line, &range));
        let kept = kept(content, focus);
        if kept.start > 0 {
            source.push_str(ELLIPSIS);
        }
        let line_start = source.len();
        source.push_str(&content[kept.clone()]);
        let line_end = source.len();
        if kept.end < content.len() {
            source.push_str(ELLIPSIS);
        }
        for (index, mark) in window.marks.iter().enumerate() {
            let Some(focus) = focus_range(mark, line, &range) else {
                continue;
            };
            let at = |offset: usize| line_start + offset.clamp(kept.start, kept.end) - kept.start;
            starts[index].get_or_insert(at(focus.start));
            ends[index] = at(focus.end).min(line_end);
        }
    }
    // A place at the end of a file stands on an empty line, which the renderer takes for the end of the one before.
    if source.ends_with('\n') {
        source.push(' ');
    }
    let annotations: Vec<Annotation<'a>> = window
        .marks
        .iter()
        .zip(starts)
        .zip(ends)
        .map(|((mark, start), end)| {
            let start = start.unwrap_or_default();
            let label = (!mark.label.is_empty()).then_some(mark.label);
            mark.kind.span(start..end.max(start)).label(label)
        })
        .collect();
    Snippet::source(source)
        .line_start(window.first_line as usize)
        .annotations(annotations)
}

/// The part of a line that a mark covers, as offsets into the line; `None` where it does not reach the line.
fn focus_range(mark: &Mark<'_>, line: u32, range: &Range<usize>) -> Option<Range<usize>> {
    if !(mark.first_line..=mark.last_line).contains(&line) {
        return None;
    }
    let within = |offset: u32| (offset as usize).clamp(range.start, range.end) - range.start;
    let start = if line == mark.first_line {
        within(mark.span.start)
    } else {
        0
    };
    let end = if line == mark.last_line {
        within(mark.span.end)
    } else {
        range.len()
    };
    Some(start..end.max(start))
}

/// The part of a line around which it is cut.
fn focus(mark: &Mark<'_>, line: u32, range: &Range<usize>) -> Option<Range<usize>> {
    let focus = focus_range(mark, line, range)?;
    // Of a place of several lines the end is what matters on its last line.
    let from_end = line == mark.last_line && line > mark.first_line;
    let start = if from_end {
        focus.start.max(focus.end.saturating_sub(CUT_FOCUS))
    } else {
        focus.start
    };
    Some(start..focus.end.min(start + CUT_FOCUS))
}

/// The part of a line that is shown: all of it, or what stands around the focus.
fn kept(content: &str, focus: Option<Range<usize>>) -> Range<usize> {
    if content.len() <= LONG_LINE {
        return 0..content.len();
    }
    let focus = focus.unwrap_or(0..0);
    let boundary = |offset: &usize| content.is_char_boundary(*offset);
    let start = focus.start.saturating_sub(CUT_CONTEXT).min(content.len());
    let start = (0..=start).rev().find(boundary).unwrap_or_default();
    let end = (focus.end + CUT_CONTEXT)
        .max(start + CUT_FOCUS)
        .min(content.len());
    let end = (end..content.len()).find(boundary).unwrap_or(content.len());
    start..end
}

//! Where every character of a decoded YAML scalar came from.
//!
//! The parser says what a scalar decodes to and where it stands, but not which decoded character came from where.
//! This module walks the written form along YAML 1.2's rules (line folding 6.5, escapes 5.7, block scalars 8.1)
//! and compares what it gets with what the parser got: a difference widens spans, it never shifts them.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::repair;
use crate::decode::tree::{Decoding, Text};

/// A scalar as the parser reports it.
pub(super) struct Scalar<'text> {
    /// The text that was parsed.
    pub(super) parsed: &'text str,
    /// The text of the file: the same but for masked template actions.
    pub(super) written: &'text str,
    /// Where the scalar stands: quotes included; a block scalar without its header and first indentation.
    pub(super) range: Range<usize>,
    pub(super) style: ScalarStyle,
    /// What the parser decoded it to.
    pub(super) decoded: &'text str,
}

/// The scalar's text with the way back.
pub(super) fn decode(scalar: &Scalar<'_>) -> Text {
    let range = scalar.range.clone();
    let content = match scalar.style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if range.len() >= 2 => {
            range.start + 1..range.end - 1
        }
        _ => range.clone(),
    };
    let written = scalar.written.get(content.clone()).unwrap_or_default();
    let was_repaired = written.contains(['\n', '\r'])
        && matches!(
            scalar.style,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted
        )
        && scalar
            .parsed
            .get(content.clone())
            .is_some_and(|parsed| !parsed.contains(['\n', '\r']));
    if scalar.parsed.get(content.clone()) == Some(scalar.decoded) && !was_repaired {
        return Text::Verbatim(content);
    }
    let mut decoding = Decoding::new(scalar.parsed, scalar.written, content.start);
    match scalar.style {
        ScalarStyle::Literal | ScalarStyle::Folded => block(scalar, &mut decoding),
        style => flow(scalar, content, style, &mut decoding),
    }
    let text = decoding.verified(scalar.decoded, range);
    match text {
        Text::Decoded(decoded) if was_repaired => {
            Text::Decoded(Box::new(repair::fold(&decoded.0, &decoded.1, scalar.written)))
        }
        text => text,
    }
}

/// Plain and quoted scalars: lines are folded, quotes and escapes undone.
fn flow(scalar: &Scalar<'_>, content: Range<usize>, style: ScalarStyle, decoding: &mut Decoding<'_>) {
    let bytes = scalar.parsed.as_bytes();
    let mut position = content.start;
    // What is read and not yet handed over starts here …
    let mut pending = content.start;
    // … and ends here if a line break comes next: blanks before a break are no content.
    let mut content_end = content.start;
    while position < content.end {
        match bytes[position] {
            b'\n' | b'\r' => {
                decoding.verbatim(pending..content_end);
                let (breaks, next) = skip_breaks(bytes, position, content.end);
                let folded = if breaks == 1 {
                    " ".to_owned()
                } else {
                    "\n".repeat(breaks - 1)
                };
                decoding.replaced(&folded, content_end..next);
                (position, pending, content_end) = (next, next, next);
            }
            b'\'' if style == ScalarStyle::SingleQuoted => {
                decoding.verbatim(pending..position);
                let next = (position + 2).min(content.end);
                decoding.replaced("'", position..next);
                (position, pending, content_end) = (next, next, next);
            }
            b'\\' if style == ScalarStyle::DoubleQuoted => {
                decoding.verbatim(pending..position);
                let next = escape(scalar, position, content.end, decoding);
                (position, pending, content_end) = (next, next, next);
            }
            b' ' | b'\t' => position += 1,
            _ => {
                position += 1;
                content_end = position;
            }
        }
    }
    decoding.verbatim(pending..content.end);
}

/// Passes over line breaks and the blanks around them; gives their number and where content goes on.
fn skip_breaks(bytes: &[u8], from: usize, end: usize) -> (usize, usize) {
    let mut breaks = 0;
    let mut position = from;
    while position < end {
        match bytes[position] {
            b'\r' if position + 1 < end && bytes[position + 1] == b'\n' => {
                breaks += 1;
                position += 2;
            }
            b'\n' | b'\r' => {
                breaks += 1;
                position += 1;
            }
            b' ' | b'\t' => position += 1,
            _ => break,
        }
    }
    (breaks, position)
}

/// One escape of a double-quoted scalar at `from`; gives where it ends. Its value is what the parser has at this
/// place: a wrong length would show in the comparison of the rest.
fn escape(scalar: &Scalar<'_>, from: usize, end: usize, decoding: &mut Decoding<'_>) -> usize {
    let bytes = scalar.parsed.as_bytes();
    let kind = bytes.get(from + 1).copied().unwrap_or_default();
    if matches!(kind, b'\n' | b'\r') {
        // An escaped line break is nothing; each empty line behind it is a break.
        let (breaks, next) = skip_breaks(bytes, from + 1, end);
        decoding.replaced(&"\n".repeat(breaks.saturating_sub(1)), from..next);
        return next;
    }
    let value = scalar
        .decoded
        .get(decoding.decoded_len()..)
        .and_then(|rest| rest.chars().next());
    let length = match kind {
        b'x' => 4,
        b'u' if value.is_some_and(|value| value > '\u{FFFF}') => 12,
        b'u' => 6,
        b'U' => 10,
        // `\` and one character, which can be longer than a byte only in what YAML does not allow.
        _ => 2,
    };
    let next = (from + length).min(end);
    let mut buffer = [0; 4];
    decoding.replaced(
        value.map_or("", |value| value.encode_utf8(&mut buffer)),
        from..next,
    );
    next
}

/// Literal and folded scalars: each line without its indentation stands in the decoded text as it is; between two
/// of them there are line breaks, or one space where they were folded.
fn block(scalar: &Scalar<'_>, decoding: &mut Decoding<'_>) {
    let bytes = scalar.parsed.as_bytes();
    let decoded = scalar.decoded.as_bytes();
    let start = scalar.range.start;
    let line_start = memchr::memrchr2(b'\n', b'\r', &bytes[..start]).map_or(0, |at| at + 1);
    let indentation = start - line_start;

    let mut position = start;
    let mut previous_end = start;
    let mut first = true;
    while position < scalar.range.end {
        let line_end = memchr::memchr2(b'\n', b'\r', &bytes[position..scalar.range.end])
            .map_or(scalar.range.end, |at| position + at);
        if line_end > position {
            let at = decoding.decoded_len();
            let breaks = decoded
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|byte| **byte == b'\n')
                .count();
            let between = if breaks == 0 && !first {
                " ".to_owned()
            } else {
                "\n".repeat(breaks)
            };
            decoding.replaced(&between, previous_end..position);
            if is_action_outside(scalar, position..line_end) {
                decoding.masked(position..line_end);
            } else {
                decoding.verbatim(position..line_end);
            }
            previous_end = line_end;
            first = false;
        }
        let Some(next) = next_line(bytes, line_end, scalar.range.end, indentation) else {
            break;
        };
        position = next;
    }
    let rest = decoded.len().saturating_sub(decoding.decoded_len());
    decoding.replaced(
        &"\n".repeat(rest),
        previous_end..scalar.range.end.min(previous_end + 1).max(previous_end),
    );
}

/// Whether a line is blank only because its template action was masked, and the action stands left of the
/// scalar's indentation: it belongs to what surrounds the scalar, and only a part of it would be cut.
fn is_action_outside(scalar: &Scalar<'_>, line: Range<usize>) -> bool {
    let is_blank =
        |text: &str, range: Range<usize>| text.get(range).is_some_and(|text| text.trim().is_empty());
    let line_start =
        memchr::memrchr2(b'\n', b'\r', &scalar.written.as_bytes()[..line.start]).map_or(0, |at| at + 1);
    is_blank(scalar.parsed, line.clone()) && !is_blank(scalar.written, line_start..line.start)
}

/// Where the content of the next line begins, behind at most `indentation` spaces; `None` at the end, or where a
/// line stands further left and so no longer belongs to the scalar.
fn next_line(bytes: &[u8], line_end: usize, end: usize, indentation: usize) -> Option<usize> {
    let after = match bytes.get(line_end)? {
        b'\r' if bytes.get(line_end + 1) == Some(&b'\n') => line_end + 2,
        _ => line_end + 1,
    };
    if after >= end {
        return None;
    }
    let spaces = bytes[after..end]
        .iter()
        .take(indentation)
        .take_while(|byte| **byte == b' ')
        .count();
    let content = after + spaces;
    let blank = matches!(bytes.get(content), None | Some(b'\n' | b'\r'));
    (blank || spaces == indentation).then_some(content)
}

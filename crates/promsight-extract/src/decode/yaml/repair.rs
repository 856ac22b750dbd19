//! Quoted scalars whose lines are not indented enough.
//!
//! YAML 1.2 wants each line of a quoted scalar further right than the collection around it (6.1, 7.3). libyaml and
//! go-yaml do not, go-yaml's own emitter wrote such scalars for years (Kubernetes objects are full of them), and
//! Prometheus reads them; granit-parser 2.1 refuses them. This module puts such a scalar on one line without
//! moving a byte, and folds its lines afterwards.

use std::ops::Range;

use promsight_model::OffsetMap;

/// How long a scalar may be that is put on one line.
const MAX_SCALAR: usize = 256 * 1024;

/// The text with the line breaks of one quoted scalar replaced by spaces. The scalar is the first one that opens
/// in `between`: behind the end of what was read before it, and before a place inside of it.
pub(super) fn on_one_line(text: &str, between: Range<usize>) -> Option<String> {
    let scalar = quoted_scalar(text.as_bytes(), between)?;
    let inner = text.get(scalar.clone())?;
    let mut repaired = String::with_capacity(text.len());
    repaired.push_str(text.get(..scalar.start)?);
    repaired.extend(inner.chars().map(|character| {
        if matches!(character, '\n' | '\r') {
            ' '
        } else {
            character
        }
    }));
    repaired.push_str(text.get(scalar.end..)?);
    (repaired.len() == text.len() && repaired != text).then_some(repaired)
}

/// From the opening to the closing quote.
fn quoted_scalar(bytes: &[u8], between: Range<usize>) -> Option<Range<usize>> {
    let mut position = between.start;
    while position < between.end {
        match bytes.get(position)? {
            b'#' if position > 0 && bytes[position - 1].is_ascii_whitespace() => {
                position += memchr::memchr(b'\n', &bytes[position..])?;
            }
            quote @ (b'"' | b'\'') => return Some(position..closing(bytes, position, *quote)?),
            _ => position += 1,
        }
    }
    None
}

fn closing(bytes: &[u8], open: usize, quote: u8) -> Option<usize> {
    let limit = bytes.len().min(open + MAX_SCALAR);
    let mut position = open + 1;
    while position < limit {
        match bytes[position] {
            b'\\' if quote == b'"' => position += 2,
            byte if byte == quote => {
                // A doubled quote is one inside of a single-quoted scalar.
                if quote == b'"' || bytes.get(position + 1) != Some(&quote) {
                    return Some(position + 1);
                }
                position += 2;
            }
            _ => position += 1,
        }
    }
    None
}

/// Folds the line breaks that were kept as spaces: what one to one stood for blanks and breaks in `written`
/// becomes one space, or a break for each empty line.
pub(super) fn fold(text: &str, map: &OffsetMap, written: &str) -> (String, OffsetMap) {
    let mut folded = String::with_capacity(text.len());
    let mut folded_map = OffsetMap::at(map.source(0..0).start);
    let mut position = 0;
    let source_of = |range: Range<usize>| {
        (
            map.source(range.clone()),
            written.get(map.source(range)).unwrap_or_default(),
        )
    };
    while let Some(character) = text.get(position..).and_then(|rest| rest.chars().next()) {
        // An escape such as `\n` gives a blank too, but is none where it is written.
        let blanks = text[position..]
            .bytes()
            .enumerate()
            .take_while(|(at, byte)| {
                byte.is_ascii_whitespace() && source_of(position + at..position + at + 1).1.trim().is_empty()
            })
            .count();
        let length = if blanks > 0 { blanks } else { character.len_utf8() };
        let piece = &text[position..position + length];
        let (source, original) = source_of(position..position + length);
        let breaks = original.replace("\r\n", "\n").matches(['\n', '\r']).count();
        if blanks > 0 && breaks > 0 {
            let by = if breaks == 1 {
                " ".to_owned()
            } else {
                "\n".repeat(breaks - 1)
            };
            folded.push_str(&by);
            folded_map.push_replaced(by.len(), source);
        } else {
            folded.push_str(piece);
            if original == piece {
                folded_map.push_verbatim(source.start, length);
            } else {
                folded_map.push_replaced(length, source);
            }
        }
        position += length;
    }
    (folded, folded_map)
}

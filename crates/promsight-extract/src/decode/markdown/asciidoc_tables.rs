//! The tables of AsciiDoc: cells one after another, cut into rows by the number of columns.

use std::ops::Range;

use super::restructured::Line;
use super::{Prose, Table};

/// The most columns that a table has.
const MAX_COLUMNS: usize = 100;

/// A table from the lines between its delimiters and its attribute list.
pub(super) fn read(
    lines: &[Line<'_>],
    separator: char,
    attributes: &str,
    prose: impl Fn(&[Range<usize>]) -> Prose,
) -> Table {
    let rows = if matches!(separator, ',' | ':') {
        lines
            .iter()
            .filter(|line| !line.is_blank())
            .map(|line| separated_values(line, separator))
            .collect()
    } else {
        cut_rows(lines, separator, attributes)
    };
    let mut rows: Vec<Vec<Prose>> = rows
        .iter()
        .map(|row| row.iter().map(|ranges| prose(ranges)).collect())
        .collect();
    let mut table = Table::default();
    if has_header(lines, attributes) && !rows.is_empty() {
        table.head = rows.remove(0);
    }
    table.rows = rows;
    table
}

type Cell = Vec<Range<usize>>;

fn cut_rows(lines: &[Line<'_>], separator: char, attributes: &str) -> Vec<Vec<Cell>> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut first_line = 0;
    for line in lines.iter().filter(|line| !line.is_blank()) {
        cells_of(line, separator, &mut cells);
        if first_line == 0 {
            first_line = cells.len();
        }
    }
    let columns = declared_columns(attributes)
        .unwrap_or(first_line)
        .clamp(1, MAX_COLUMNS);
    cells.chunks(columns).map(<[Cell]>::to_vec).collect()
}

/// The cells that begin on a line; what stands before its first separator goes on with the last cell.
fn cells_of(line: &Line<'_>, separator: char, cells: &mut Vec<Cell>) {
    let text = line.text;
    let mut bars: Vec<usize> = Vec::new();
    for (at, _) in text.match_indices(separator) {
        if !text[..at].ends_with('\\') {
            bars.push(at);
        }
    }
    let end_of = |index: usize| {
        bars.get(index)
            .map_or(text.len(), |bar| *bar - specifier(&text[..*bar]))
    };
    let push = |from: usize, to: usize, cells: &mut Vec<Cell>| {
        let piece = text.get(from..to.max(from)).unwrap_or_default();
        let lead = piece.len() - piece.trim_start().len();
        let start = line.start + from + lead;
        if let Some(cell) = cells.last_mut()
            && !piece.trim().is_empty()
        {
            cell.push(start..start + piece.trim().len());
        }
    };
    push(0, end_of(0), cells);
    for (index, bar) in bars.iter().enumerate() {
        cells.push(Vec::new());
        push(bar + 1, end_of(index + 1), cells);
    }
}

/// The length of the specifier right before a separator: `2+`, `a`, `.2+^.>s`.
fn specifier(before: &str) -> usize {
    let start = before
        .rfind(|one: char| !(one.is_ascii_digit() || ".+*<>^aehlmdsv".contains(one)))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let spaced = start == 0 || before[..start].ends_with(char::is_whitespace);
    let specifier = &before[start..];
    let style = specifier.len() <= 1 || specifier.bytes().any(|byte| b"+*<>^.".contains(&byte));
    if spaced && style { specifier.len() } else { 0 }
}

/// The number of columns in `cols="1,2,a"`, `cols=3*`.
fn declared_columns(attributes: &str) -> Option<usize> {
    let (_, value) = attributes.split_once("cols=")?;
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split(',').next()?,
    };
    let count = value
        .split([',', ';'])
        .map(|column| {
            let repeated = column
                .trim()
                .split_once('*')
                .and_then(|(times, _)| times.parse().ok());
            repeated.unwrap_or(1)
        })
        .fold(0usize, usize::saturating_add);
    Some(count)
}

/// Whether the first row is a heading: the attributes say so, or a blank line follows it alone.
fn has_header(lines: &[Line<'_>], attributes: &str) -> bool {
    if attributes.contains("header") {
        return true;
    }
    let first = lines.first().is_some_and(|line| !line.is_blank());
    first && lines.get(1).is_some_and(Line::is_blank) && !attributes.contains("noheader")
}

/// The values of a line, quoted or not.
pub(super) fn separated_values(line: &Line<'_>, separator: char) -> Vec<Cell> {
    let text = line.text;
    let mut cells = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    for (at, character) in text.char_indices().chain([(text.len(), separator)]) {
        if character == '"' {
            quoted = !quoted;
        }
        if character == separator && (!quoted || at == text.len()) {
            let piece = &text[start..at];
            let lead = piece.len() - piece.trim_start().len();
            let trimmed = piece.trim();
            let inner = trimmed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let from = line.start + start + lead + usize::from(inner.is_some());
            let value = from..from + inner.unwrap_or(trimmed).len();
            cells.push(Cell::from([value]));
            start = (at + separator.len_utf8()).min(text.len());
        }
    }
    cells
}

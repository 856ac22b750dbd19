//! The tables of reStructuredText: grids, simple tables, lists.

use std::ops::Range;

use super::restructured::Line;
use super::{Prose, Table};

/// A grid table from its lines, borders included.
pub(super) fn grid(lines: &[Line<'_>], prose: impl Fn(&[Range<usize>]) -> Prose) -> Table {
    let mut table = Table::default();
    let mut cells: Vec<Vec<Range<usize>>> = Vec::new();
    for line in lines {
        if line.text.starts_with('+') {
            let row: Vec<Prose> = cells.drain(..).map(|ranges| prose(&ranges)).collect();
            if !row.is_empty() {
                table.rows.push(row);
            }
            if line.text.contains('=') && table.head.is_empty() && table.rows.len() == 1 {
                table.head = table.rows.pop().unwrap_or_default();
            }
            continue;
        }
        // The bars of a row stand where the border has its corners; a cell that holds a bar is split, and its
        // pieces are still read.
        for (index, cell) in split_cells(line).into_iter().enumerate() {
            if cells.len() <= index {
                cells.push(Vec::new());
            }
            if !cell.is_empty() {
                cells[index].push(cell);
            }
        }
    }
    table
}

fn split_cells(line: &Line<'_>) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let mut start = 0;
    for part in line.text.split('|') {
        let lead = part.len() - part.trim_start().len();
        let at = line.start + start + lead;
        cells.push(at..at + part.trim().len());
        start += part.len() + 1;
    }
    // Nothing stands before the first and after the last bar.
    if cells.len() >= 2 {
        cells.pop();
        cells.remove(0);
    }
    cells
}

/// A simple table from its lines, borders included.
pub(super) fn simple(lines: &[Line<'_>], source: &str, prose: impl Fn(&[Range<usize>]) -> Prose) -> Table {
    let mut table = Table::default();
    let Some(border) = lines.first() else { return table };
    let columns = columns(border);
    let mut rows: Vec<Vec<Vec<Range<usize>>>> = Vec::new();
    let mut head_rows = 0;
    for (number, line) in lines.iter().enumerate().skip(1) {
        if line.text.starts_with("==") {
            if number + 1 < lines.len() {
                head_rows = rows.len();
            }
            continue;
        }
        if line.is_blank() || line.text.starts_with("--") {
            continue;
        }
        let cells = cut(line, &columns, source);
        let continued = cells.first().is_none_or(Range::is_empty) && rows.len() > head_rows;
        match rows.last_mut().filter(|_| continued) {
            Some(row) => {
                for (cell, range) in row.iter_mut().zip(cells) {
                    cell.extend((!range.is_empty()).then_some(range));
                }
            }
            None => rows.push(cells.into_iter().map(|range| vec![range]).collect()),
        }
    }
    for (index, row) in rows.into_iter().enumerate() {
        let row: Vec<Prose> = row.iter().map(|ranges| prose(ranges)).collect();
        if index < head_rows {
            table.head = row;
        } else {
            table.rows.push(row);
        }
    }
    table
}

/// The columns of a border as offsets from the line's start, indentation included.
fn columns(border: &Line<'_>) -> Vec<Range<usize>> {
    let mut columns = Vec::new();
    let mut start = border.indent;
    for part in border.text.split(' ') {
        if !part.is_empty() {
            columns.push(start..start + part.len());
        }
        start += part.len() + 1;
    }
    columns
}

fn cut(line: &Line<'_>, columns: &[Range<usize>], source: &str) -> Vec<Range<usize>> {
    let first = line.start - line.indent;
    let end = line.start + line.text.len();
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let last = index + 1 == columns.len();
            let from = (first + column.start).clamp(line.start, end);
            let to = if last {
                end
            } else {
                (first + columns[index + 1].start).clamp(from, end)
            };
            // A column that would begin inside a character (wide text shifts bytes against columns) is left out.
            let text = source.get(from..to).unwrap_or_default();
            let lead = text.len() - text.trim_start().len();
            from + lead..from + lead + text.trim().len()
        })
        .collect()
}

/// A `list-table` from the lines of its body.
pub(super) fn list(
    lines: &[Line<'_>],
    header_rows: usize,
    prose: impl Fn(&[Range<usize>]) -> Prose,
) -> Table {
    let mut rows: Vec<Vec<Vec<Range<usize>>>> = Vec::new();
    let outer = lines
        .iter()
        .find(|line| !line.is_blank())
        .map_or(0, |line| line.indent);
    for line in lines.iter().filter(|line| !line.is_blank()) {
        let mut skipped = 0;
        if line.indent == outer
            && let Some(rest) = line.text.strip_prefix('*')
        {
            rows.push(Vec::new());
            skipped = line.text.len() - rest.trim_start().len();
        }
        let Some(row) = rows.last_mut() else { continue };
        let inner = line.indent + skipped;
        let text = &line.text[skipped..];
        if inner <= outer + CELL_INDENT
            && let Some(rest) = text.strip_prefix('-')
        {
            row.push(Vec::new());
            skipped = line.text.len() - rest.trim_start().len();
        }
        let range = line.start + skipped..line.start + line.text.len();
        if let Some(cell) = row.last_mut()
            && !range.is_empty()
        {
            cell.push(range);
        }
    }
    let mut table = Table::default();
    for (index, row) in rows.iter().enumerate() {
        let row: Vec<Prose> = row.iter().map(|ranges| prose(ranges)).collect();
        if index < header_rows {
            table.head = row;
        } else {
            table.rows.push(row);
        }
    }
    table
}

/// How far the cells' markers stand behind the rows' at most; deeper ones are lists inside cells.
const CELL_INDENT: usize = 3;

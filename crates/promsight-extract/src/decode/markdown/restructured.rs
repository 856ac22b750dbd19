//! reStructuredText, line by line (<https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html>).
//!
//! Reads sections, paragraphs, lists, literal and code blocks, the three kinds of tables and comments. Bodies of
//! admonitions are read like the text around them; roles other than code are text.

use std::ops::Range;

use promsight_model::{Embedded, FileId, OffsetMap, Span};

use super::asciidoc_tables::separated_values;
use super::restructured_inline::inline;
use super::restructured_tables as tables;

use super::prose::joined;
use super::{Fence, Piece, PieceKind, Prose, Table};

/// Reads a reStructuredText.
pub(super) fn read(file: FileId, source: &str) -> Vec<Piece> {
    let mut reader = Reader {
        file,
        source,
        lines: lines(source),
        at: 0,
        pieces: Vec::new(),
        levels: Vec::new(),
        list: None,
    };
    reader.run();
    reader.pieces
}

/// One line: its text without the break and white space at its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// Where the text begins in the file.
    pub(super) start: usize,
    /// How many bytes of white space stand before it.
    pub(super) indent: usize,
}

impl Line<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// The text as a range of the file.
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.end()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// The lines of a text.
pub(super) fn lines(source: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    source
        .split_inclusive('\n')
        .map(|line| {
            let text = line.trim();
            let indent = line.len() - line.trim_start().len();
            // A blank line's white space is all indentation.
            let indent = if text.is_empty() { 0 } else { indent };
            let at = start + indent;
            start += line.len();
            Line {
                text,
                start: at,
                indent,
            }
        })
        .collect()
}

/// Directives whose content is no text of the document.
const SILENT_DIRECTIVES: &[&str] = &[
    "toctree",
    "index",
    "image",
    "figure",
    "raw",
    "include",
    "contents",
    "highlight",
    "meta",
    "only",
];

const CODE_DIRECTIVES: &[&str] = &[
    "code-block",
    "code",
    "sourcecode",
    "parsed-literal",
    "prompt",
    "literalinclude",
];

struct Reader<'a> {
    file: FileId,
    source: &'a str,
    lines: Vec<Line<'a>>,
    at: usize,
    pieces: Vec<Piece>,
    /// The underlines seen, by level: the character, and whether a line of it stands above too.
    levels: Vec<(char, bool)>,
    /// The piece that leads the list being read, with the list's indentation.
    list: Option<(usize, Option<usize>)>,
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        while let Some(line) = self.lines.get(self.at).copied() {
            if line.is_blank() {
                self.at += 1;
            } else if !(self.heading(line)
                || self.grid_table(line)
                || self.simple_table(line)
                || self.explicit_markup(line)
                || self.item(line))
            {
                self.list = self.list.filter(|(indent, _)| line.indent > *indent);
                self.paragraph(Kind::Paragraph);
            }
        }
    }

    fn line(&self, offset: usize) -> Option<Line<'a>> {
        self.lines.get(self.at + offset).copied()
    }

    /// A title with a line below it, perhaps one above too.
    fn heading(&mut self, line: Line<'a>) -> bool {
        if line.indent > 0 && adornment(line.text).is_none() {
            return false;
        }
        if let Some(character) = adornment(line.text) {
            let (Some(title), Some(below)) = (self.line(1), self.line(2)) else {
                return self.transition();
            };
            if title.is_blank() || adornment(below.text) != Some(character) || adornment(title.text).is_some()
            {
                return if is_table_border(line.text) {
                    false
                } else {
                    self.transition()
                };
            }
            self.push_heading(title, (character, true));
            self.at += 3;
            return true;
        }
        let Some(character) = self.line(1).and_then(|below| adornment(below.text)) else {
            return false;
        };
        self.push_heading(line, (character, false));
        self.at += 2;
        true
    }

    /// A line of punctuation that underlines nothing.
    fn transition(&mut self) -> bool {
        self.at += 1;
        true
    }

    fn push_heading(&mut self, title: Line<'a>, style: (char, bool)) {
        let known = self.levels.iter().position(|level| *level == style);
        let level = known.unwrap_or_else(|| {
            self.levels.push(style);
            self.levels.len() - 1
        });
        let prose = self.prose(&[title.range()]);
        let level = u8::try_from(level + 1).unwrap_or(u8::MAX);
        self.list = None;
        self.push(title.range(), PieceKind::Heading(level, prose));
    }

    fn grid_table(&mut self, line: Line<'a>) -> bool {
        if !(line.text.starts_with("+-") && line.text.ends_with('+')) {
            return false;
        }
        let count = self.lines[self.at..]
            .iter()
            .take_while(|line| line.text.starts_with('+') || line.text.starts_with('|'))
            .count();
        let table = tables::grid(&self.lines[self.at..self.at + count], |ranges| self.prose(ranges));
        let range = line.start..self.lines[self.at + count - 1].end();
        self.push(range, PieceKind::Table(table));
        self.at += count;
        true
    }

    fn simple_table(&mut self, line: Line<'a>) -> bool {
        if !is_table_border(line.text) {
            return false;
        }
        let borders: Vec<usize> = self.lines[self.at..]
            .iter()
            .enumerate()
            .filter(|(_, below)| is_table_border(below.text))
            .map(|(index, _)| index)
            .take(3)
            .collect();
        // Top, below the head, bottom; without a head only two.
        let headed = borders.len() == 3
            && !self.lines[self.at..self.at + borders[1]]
                .iter()
                .skip(1)
                .any(Line::is_blank);
        let Some(last) = borders.get(if headed { 2 } else { 1 }).copied() else {
            return self.transition();
        };
        let table = tables::simple(&self.lines[self.at..=self.at + last], self.source, |ranges| {
            self.prose(ranges)
        });
        let range = line.start..self.lines[self.at + last].end();
        self.push(range, PieceKind::Table(table));
        self.at += last + 1;
        true
    }

    /// `.. directive:: argument`, `.. comment`, `.. _target:`.
    fn explicit_markup(&mut self, line: Line<'a>) -> bool {
        let Some(rest) = line
            .text
            .strip_prefix("..")
            .filter(|rest| rest.is_empty() || rest.starts_with(' '))
        else {
            return false;
        };
        let body = self.indented(self.at + 1, line.indent);
        let marked = rest.trim_start();
        let directive = marked.split_once("::").filter(|(name, _)| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|character| character.is_alphanumeric() || "-_:".contains(character))
        });
        match directive {
            Some((name, argument)) if CODE_DIRECTIVES.contains(&name) => {
                let options = self.options(&body);
                self.block(options..body.end, &argument.trim().to_lowercase());
                self.at = body.end;
            }
            Some(("list-table", _)) => {
                let options = self.options(&body);
                let table = tables::list(
                    &self.lines[options..body.end],
                    self.header_rows(body.start..options),
                    |ranges| self.prose(ranges),
                );
                self.push(line.range(), PieceKind::Table(table));
                self.at = body.end;
            }
            Some(("csv-table", _)) => {
                let options = self.options(&body);
                let table = self.values_table(body.start..options, options..body.end);
                self.push(line.range(), PieceKind::Table(table));
                self.at = body.end;
            }
            Some((name, _)) if SILENT_DIRECTIVES.contains(&name) => self.at = body.end,
            // The body of an admonition is text.
            Some(_) => self.at = self.options(&body).max(self.at + 1),
            None if marked.starts_with(['_', '|', '[']) => self.at += 1,
            None => {
                let last = body.clone().rev().find(|index| !self.lines[*index].is_blank());
                let end = last.map_or(line.end(), |index| self.lines[index].end());
                let start = (line.start + line.text.len() - marked.len()).min(end);
                let text = self.source.get(start..end).unwrap_or_default();
                let map = OffsetMap::verbatim(start, text.len());
                let comment = Embedded::decoded(self.file, text.to_owned(), map);
                self.push(line.start..end, PieceKind::Comment(comment));
                self.at = body.end;
            }
        }
        true
    }

    /// The lines from `first` on that are blank or indented deeper.
    fn indented(&self, first: usize, indent: usize) -> Range<usize> {
        let count = self.lines[first.min(self.lines.len())..]
            .iter()
            .take_while(|line| line.is_blank() || line.indent > indent)
            .count();
        first..first + count
    }

    /// Where the options at the start of a directive's body (`:linenos:`) end.
    fn options(&self, body: &Range<usize>) -> usize {
        let options = self.lines[body.clone()]
            .iter()
            .take_while(|line| line.text.starts_with(':'))
            .count();
        body.start + options
    }

    fn header_rows(&self, options: Range<usize>) -> usize {
        let value = |line: &Line<'_>| line.text.strip_prefix(":header-rows:")?.trim().parse().ok();
        self.lines[options].iter().find_map(value).unwrap_or(0)
    }

    /// A `csv-table` from the lines of its options and of its body.
    fn values_table(&self, options: Range<usize>, body: Range<usize>) -> Table {
        let header_rows = self.header_rows(options.clone());
        let heading = self.lines[options]
            .iter()
            .find(|line| line.text.starts_with(":header:"))
            .map(|line| {
                let text = line.text[":header:".len()..].trim_start();
                let start = line.end() - text.len();
                Line { text, start, ..*line }
            });
        let values = |line: &Line<'_>| -> Vec<Prose> {
            let cells = separated_values(line, ',');
            cells.iter().map(|ranges| self.prose(ranges)).collect()
        };
        let mut table = Table::default();
        for line in self.lines[body].iter().filter(|line| !line.is_blank()) {
            table.rows.push(values(line));
        }
        if let Some(heading) = heading {
            table.head = values(&heading);
        } else if header_rows > 0 && !table.rows.is_empty() {
            table.head = table.rows.remove(0);
        }
        table
    }

    /// A code block of these lines, their common indentation cut off.
    fn block(&mut self, body: Range<usize>, language: &str) {
        let lines = &self.lines[body];
        let filled = |line: &&Line<'_>| !line.is_blank();
        let (Some(first), Some(last)) = (
            lines.iter().position(|line| filled(&line)),
            lines.iter().rposition(|line| filled(&line)),
        ) else {
            return;
        };
        let lines = &lines[first..=last];
        let common = lines
            .iter()
            .filter(filled)
            .map(|line| line.indent)
            .min()
            .unwrap_or(0);
        let mut text = String::new();
        let mut map = OffsetMap::at(lines[0].start);
        for line in lines {
            let start = if line.is_blank() {
                line.start
            } else {
                line.start - (line.indent - common)
            };
            let end = self.source[line.end()..]
                .find('\n')
                .map_or(self.source.len(), |offset| line.end() + offset + 1);
            let piece = self.source.get(start..end).unwrap_or_default();
            map.push_verbatim(start, piece.len());
            text.push_str(piece);
        }
        let range = lines[0].start..lines[lines.len() - 1].end();
        let language = language
            .chars()
            .take_while(|character| !character.is_whitespace())
            .collect();
        let text = Embedded::decoded(self.file, text, map);
        self.push(range, PieceKind::Fence(Fence { language, text }));
    }

    fn item(&mut self, line: Line<'a>) -> bool {
        let Some(marker) = list_marker(line.text) else {
            return false;
        };
        let introduced_by = match self.list {
            Some((indent, introduced_by)) if indent == line.indent => introduced_by,
            _ => {
                let leads = |index: &usize| {
                    matches!(
                        self.pieces[*index].kind,
                        PieceKind::Paragraph(_) | PieceKind::Item(_)
                    )
                };
                self.pieces.len().checked_sub(1).filter(leads)
            }
        };
        self.list = Some((line.indent, introduced_by));
        self.paragraph(Kind::Item(marker));
        true
    }

    /// The lines up to a blank one, another item or another indentation.
    fn paragraph(&mut self, kind: Kind) {
        let first = self.lines[self.at];
        let marker = match kind {
            Kind::Item(marker) => marker,
            Kind::Paragraph => 0,
        };
        let mut ranges = Vec::new();
        ranges.push(first.start + marker..first.end());
        let mut count = 1;
        while let Some(line) = self.line(count)
            && !line.is_blank()
            && list_marker(line.text).is_none()
            && !line.text.starts_with(".. ")
            && match kind {
                Kind::Item(_) => line.indent > first.indent,
                Kind::Paragraph => line.indent == first.indent,
            }
        {
            ranges.push(line.range());
            count += 1;
        }
        self.at += count;
        let literal_follows = ranges
            .last()
            .is_some_and(|last| self.source[last.clone()].ends_with("::"));
        if literal_follows && let Some(last) = ranges.last_mut() {
            // `text::` shows one colon, a lone `::` none.
            last.end -= if self.source[last.clone()].trim() == "::" {
                2
            } else {
                1
            };
        }
        let range = ranges[0].start
            ..ranges
                .last()
                .map_or(first.end(), |last| last.end.max(ranges[0].start));
        let prose = self.prose(&ranges);
        if !prose.is_empty() {
            let kind = match kind {
                Kind::Item(_) => PieceKind::Item(prose),
                Kind::Paragraph => PieceKind::Paragraph(prose),
            };
            self.push(range, kind);
        }
        if literal_follows {
            let body = self.indented(self.at, first.indent);
            if body.clone().any(|index| !self.lines[index].is_blank()) {
                self.block(body.clone(), "");
                self.at = body.end;
            }
        }
    }

    /// The prose of ranges of the file that are joined by spaces.
    fn prose(&self, ranges: &[Range<usize>]) -> Prose {
        inline(&joined(self.source, self.file, ranges))
    }

    fn push(&mut self, range: Range<usize>, kind: PieceKind) {
        let introduced_by = match (&kind, self.list) {
            (PieceKind::Item(_), Some((_, introduced_by))) => introduced_by,
            _ => None,
        };
        self.pieces.push(Piece {
            span: Span::new(self.file, range),
            kind,
            introduced_by,
        });
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Paragraph,
    /// With the length of its marker.
    Item(usize),
}

/// The character of a line that is nothing but that punctuation, at least three times.
fn adornment(text: &str) -> Option<char> {
    let first = text.chars().next().filter(char::is_ascii_punctuation)?;
    (text.len() >= 3 && text.chars().all(|character| character == first)).then_some(first)
}

/// `=====  ===`: columns of a simple table; one column only cannot be told from a heading.
fn is_table_border(text: &str) -> bool {
    text.starts_with('=')
        && text.contains(' ')
        && text.chars().all(|character| matches!(character, '=' | ' '))
}

/// The length of a list item's marker and the white space after it.
fn list_marker(text: &str) -> Option<usize> {
    let bullet = text.strip_prefix(['-', '*', '+', '•']);
    let numbered = || {
        let digits =
            text.trim_start_matches(|character: char| character.is_ascii_digit() || character == '#');
        (digits.len() < text.len() && text.len() - digits.len() <= 4)
            .then(|| digits.strip_prefix(['.', ')']))
            .flatten()
    };
    let rest = bullet.or_else(numbered)?;
    rest.starts_with(' ')
        .then(|| text.len() - rest.trim_start().len())
}

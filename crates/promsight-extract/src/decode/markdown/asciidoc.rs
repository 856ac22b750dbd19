//! AsciiDoc, line by line (<https://docs.asciidoctor.org/asciidoc/latest/>).
//!
//! Reads titles, paragraphs, lists of all kinds, listing, literal and source blocks, tables and comments. Directives are
//! not run: includes and conditions are left out, attributes stay as they are written.

use std::ops::Range;

use promsight_model::{Embedded, FileId, OffsetMap, Span};

use super::asciidoc_inline::inline;
use super::asciidoc_tables as tables;
use super::prose::joined;
use super::restructured::{Line, lines};
use super::{Fence, Piece, PieceKind, Prose};

/// Reads an AsciiDoc text.
pub(super) fn read(file: FileId, source: &str) -> Vec<Piece> {
    let mut reader = Reader {
        file,
        source,
        lines: lines(source),
        at: 0,
        pieces: Vec::new(),
        attributes: String::new(),
        list: None,
        in_list: false,
    };
    reader.run();
    reader.pieces
}

struct Reader<'a> {
    file: FileId,
    source: &'a str,
    lines: Vec<Line<'a>>,
    at: usize,
    pieces: Vec<Piece>,
    /// The attribute list above the block that comes next: `source,promql`.
    attributes: String,
    /// The piece that leads the list being read.
    list: Option<usize>,
    in_list: bool,
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        while let Some(line) = self.lines.get(self.at).copied() {
            if line.is_blank() || line.text == "+" {
                self.at += 1;
            } else if !(self.comment(line)
                || self.directive(line)
                || self.heading(line)
                || self.block(line)
                || self.table(line)
                || self.item(line)
                || self.indented(line))
            {
                self.in_list = false;
                self.paragraph(line, 0, PieceKind::Paragraph);
            }
        }
    }

    /// `// text` and `////` blocks.
    fn comment(&mut self, line: Line<'a>) -> bool {
        let Some(rest) = line.text.strip_prefix("//") else {
            return false;
        };
        if is_delimiter(line.text, '/') {
            let end = self.closing(line.text);
            let body = self.lines.get(self.at + 1..end).unwrap_or_default();
            if let (Some(first), Some(last)) = (body.first(), body.last()) {
                self.push_comment(first.range().start..last.range().end);
            }
            self.at = end + 1;
            return true;
        }
        let start = line.start + 2 + rest.len() - rest.trim_start().len();
        self.push_comment(start.min(line.range().end)..line.range().end);
        self.at += 1;
        true
    }

    fn push_comment(&mut self, range: Range<usize>) {
        let text = self.source.get(range.clone()).unwrap_or_default();
        let map = OffsetMap::verbatim(range.start, text.len());
        let comment = Embedded::decoded(self.file, text.to_owned(), map);
        self.push(range, PieceKind::Comment(comment));
    }

    /// Lines that are no text: attributes, attribute lists, anchors, macros that stand alone.
    fn directive(&mut self, line: Line<'a>) -> bool {
        let text = line.text;
        let attribute = text
            .strip_prefix(':')
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(name, _)| {
                !name.is_empty()
                    && name
                        .chars()
                        .all(|one| one.is_alphanumeric() || "-_!".contains(one))
            });
        if let Some(list) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
            && line.indent == 0
        {
            if !list.starts_with('[') {
                list.clone_into(&mut self.attributes);
            }
            self.at += 1;
            return true;
        }
        let macro_alone = [
            "include::",
            "image::",
            "ifdef::",
            "ifndef::",
            "ifeval::",
            "endif::",
            "toc::",
            "video::",
        ]
        .iter()
        .any(|name| text.starts_with(name));
        if attribute || macro_alone || text == "'''" || text == "<<<" {
            self.at += 1;
            return true;
        }
        false
    }

    /// `== Title`, and `## Title` as Markdown writes it.
    fn heading(&mut self, line: Line<'a>) -> bool {
        let Some(marker) = line
            .text
            .chars()
            .next()
            .filter(|first| matches!(first, '=' | '#'))
        else {
            return false;
        };
        let title = line.text.trim_start_matches(marker);
        let level = line.text.len() - title.len();
        if level > 6 || !title.starts_with(' ') || line.indent > 0 {
            return false;
        }
        let start = line.range().end - title.trim_start().len();
        let title = start..line.range().end;
        let prose = self.prose(std::slice::from_ref(&title));
        self.in_list = false;
        self.attributes.clear();
        self.push(
            line.range(),
            PieceKind::Heading(u8::try_from(level).unwrap_or(6), prose),
        );
        self.at += 1;
        true
    }

    /// Delimited blocks. Those that hold text are read like the text around them.
    fn block(&mut self, line: Line<'a>) -> bool {
        let text = line.text;
        let fenced = text.strip_prefix("```").filter(|rest| !rest.contains('`'));
        if fenced.is_some() || is_delimiter(text, '-') || is_delimiter(text, '.') {
            let language = fenced
                .map(str::trim)
                .filter(|language| !language.is_empty())
                .map_or_else(|| self.language(), str::to_lowercase);
            let end = self.closing(if fenced.is_some() { "```" } else { text });
            self.code(self.at + 1..end, &language);
            self.at = end + 1;
            return true;
        }
        if is_delimiter(text, '+') {
            self.attributes.clear();
            self.at = self.closing(text) + 1;
            return true;
        }
        if text == "--"
            || ['=', '*', '_']
                .iter()
                .any(|character| is_delimiter(text, *character))
        {
            self.attributes.clear();
            self.at += 1;
            return true;
        }
        false
    }

    /// The index of the line that closes the block begun at the current one; past the end where none does.
    fn closing(&self, delimiter: &str) -> usize {
        let first = self.at + 1;
        let found = self.lines.get(first..).unwrap_or_default();
        found
            .iter()
            .position(|line| line.text == delimiter)
            .map_or(self.lines.len(), |offset| first + offset)
    }

    /// The language that the attribute list names; it is used up.
    fn language(&mut self) -> String {
        let attributes = std::mem::take(&mut self.attributes);
        let mut parts = attributes.split(',').map(str::trim);
        let style = parts.next().unwrap_or_default().split(['%', '#', '.']).next();
        if !matches!(style, Some("source" | "")) {
            return String::new();
        }
        parts
            .find(|part| !part.contains('='))
            .unwrap_or_default()
            .trim_matches('"')
            .to_lowercase()
    }

    /// A code block of these lines; the numbers of callouts (`<1>`) at their ends are left out.
    fn code(&mut self, body: Range<usize>, language: &str) {
        let lines = self.lines.get(body).unwrap_or_default();
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
            return;
        };
        let mut text = String::new();
        let mut map = OffsetMap::at(first.start);
        let common = lines
            .iter()
            .filter(|line| !line.is_blank())
            .map(|line| line.indent)
            .min()
            .unwrap_or(0);
        for line in lines {
            if !line.is_blank() {
                let kept = without_callout(line.text);
                let start = line.start - (line.indent - common);
                let range = start..line.start + kept.len();
                let piece = self.source.get(range.clone()).unwrap_or_default();
                map.push_verbatim(range.start, piece.len());
                text.push_str(piece);
            }
            let end = line.range().end;
            map.push_replaced(1, end..end);
            text.push('\n');
        }
        let range = first.start..last.range().end;
        let text = Embedded::decoded(self.file, text, map);
        let language = language.to_owned();
        self.push(range, PieceKind::Fence(Fence { language, text }));
    }

    /// `|===` and `,===` tables.
    fn table(&mut self, line: Line<'a>) -> bool {
        let separator = match line.text {
            "|===" | "!===" => '|',
            ",===" => ',',
            ":===" => ':',
            _ => return false,
        };
        let attributes = std::mem::take(&mut self.attributes);
        let separator = if line.text == "|===" && attributes.contains("format=") && attributes.contains("csv")
        {
            ','
        } else if line.text == "!===" {
            '!'
        } else {
            separator
        };
        let end = self.closing(line.text);
        let body = self.lines.get(self.at + 1..end).unwrap_or_default();
        let table = tables::read(body, separator, &attributes, |ranges| self.prose(ranges));
        let range = line.start..body.last().map_or(line.range().end, |last| last.range().end);
        self.push(range, PieceKind::Table(table));
        self.at = end + 1;
        true
    }

    fn item(&mut self, line: Line<'a>) -> bool {
        let Some(marker) = list_marker(line.text).or_else(|| is_description(line.text).then_some(0)) else {
            return false;
        };
        if !self.in_list {
            let leads = |index: &usize| {
                matches!(
                    self.pieces[*index].kind,
                    PieceKind::Paragraph(_) | PieceKind::Item(_)
                )
            };
            self.list = self.pieces.len().checked_sub(1).filter(leads);
            self.in_list = true;
        }
        self.paragraph(line, marker, PieceKind::Item);
        true
    }

    /// Lines that are indented are literal.
    fn indented(&mut self, line: Line<'a>) -> bool {
        if line.indent == 0 {
            return false;
        }
        let count = self.lines[self.at..]
            .iter()
            .take_while(|line| !line.is_blank() && line.indent > 0)
            .count();
        let language = self.language();
        self.code(self.at..self.at + count, &language);
        self.at += count;
        true
    }

    /// The lines up to a blank one or the next block.
    fn paragraph(&mut self, first: Line<'a>, marker: usize, kind: fn(Prose) -> PieceKind) {
        let source_paragraph = marker == 0 && self.attributes.starts_with("source");
        let mut ranges = Vec::new();
        ranges.push(title_start(first) + marker..first.range().end);
        let mut count = 1;
        let title = title_start(first) > first.start;
        while let Some(line) = self.lines.get(self.at + count).copied()
            && !title
            && !line.is_blank()
            && line.text != "+"
            && list_marker(line.text).is_none()
            && !is_description(line.text)
            && !starts_block(line.text)
        {
            ranges.push(line.range());
            count += 1;
        }
        if source_paragraph {
            let language = self.language();
            self.code(self.at..self.at + count, &language);
        } else {
            let range = first.start..ranges.last().map_or(first.range().end, |last| last.end);
            let prose = self.prose(&ranges);
            if !prose.is_empty() {
                self.push(range, kind(prose));
            }
        }
        if !title {
            self.attributes.clear();
        }
        self.at += count;
    }

    /// The prose of ranges of the file that are joined by spaces.
    fn prose(&self, ranges: &[Range<usize>]) -> Prose {
        inline(&joined(self.source, self.file, ranges))
    }

    fn push(&mut self, range: Range<usize>, kind: PieceKind) {
        let introduced_by = match kind {
            PieceKind::Item(_) => self.list,
            _ => None,
        };
        self.pieces.push(Piece {
            span: Span::new(self.file, range),
            kind,
            introduced_by,
        });
    }
}

/// Where a paragraph's text begins: the title of a block (`.Metrics`) without its dot.
fn title_start(line: Line<'_>) -> usize {
    let titled = line.text.len() > 1
        && line.text.starts_with('.')
        && line.text[1..].starts_with(|first: char| first.is_alphanumeric() || first == '`');
    line.start + usize::from(titled)
}

fn starts_block(text: &str) -> bool {
    text.starts_with("```")
        || text == "--"
        || matches!(text, "|===" | "!===" | ",===" | ":===")
        || ['-', '.', '=', '*', '_', '+', '/']
            .iter()
            .any(|character| is_delimiter(text, *character))
}

/// Four or more of a character.
fn is_delimiter(text: &str, character: char) -> bool {
    text.len() >= 4 && text.chars().all(|one| one == character)
}

/// A line of code without the callouts at its end and the comment sign before them: `sum(x) # <1>`.
fn without_callout(text: &str) -> &str {
    let mut kept = text.trim_end();
    while let Some(open) = kept.strip_suffix('>').and_then(|rest| rest.rfind('<')) {
        let number = &kept[open + 1..kept.len() - 1];
        let callout =
            number == "." || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
        if !callout || !kept[..open].ends_with([' ', '\t', '>', '#', '/']) {
            break;
        }
        kept = kept[..open].trim_end();
    }
    if kept.len() == text.trim_end().len() {
        return kept;
    }
    ["#", "//", "--"]
        .iter()
        .find_map(|sign| kept.strip_suffix(sign))
        .unwrap_or(kept)
        .trim_end()
}

/// The length of a list item's marker and the white space after it: `* `, `.. `, `- `, `1. `, `<1> `.
fn list_marker(text: &str) -> Option<usize> {
    let repeated = ['*', '.', '-'].into_iter().find_map(|character| {
        let rest = text.trim_start_matches(character);
        let count = text.len() - rest.len();
        (1..=5).contains(&count).then_some(rest)
    });
    let numbered = || {
        let digits = text.trim_start_matches(|one: char| one.is_ascii_digit());
        (digits.len() < text.len())
            .then(|| digits.strip_prefix('.'))
            .flatten()
    };
    let callout = || {
        let rest = text.strip_prefix('<')?;
        let digits = rest.trim_start_matches(|one: char| one.is_ascii_digit() || one == '.');
        (digits.len() < rest.len())
            .then(|| digits.strip_prefix('>'))
            .flatten()
    };
    let rest = repeated.or_else(numbered).or_else(callout)?;
    rest.starts_with(' ')
        .then(|| text.len() - rest.trim_start().len())
}

/// `term:: what it means`.
fn is_description(text: &str) -> bool {
    [":: ", "::: "].iter().any(|mark| {
        text.split_once(mark)
            .is_some_and(|(term, _)| !term.is_empty() && !term.ends_with(':') && !term.contains(' '))
    }) || text
        .strip_suffix("::")
        .is_some_and(|term| !term.is_empty() && !term.contains("::"))
}

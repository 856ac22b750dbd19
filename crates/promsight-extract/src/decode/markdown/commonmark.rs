//! Markdown by pulldown-cmark, whose offsets are byte ranges of the file.

use std::ops::Range;

use promsight_model::{Embedded, FileId, OffsetMap, Span};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::prose::{ProseBuilder, RunKind};
use super::{Fence, Piece, PieceKind, Prose, Table};

/// Reads a Markdown text.
pub(super) fn read(file: FileId, source: &str) -> Vec<Piece> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = Reader {
        file,
        source,
        pieces: Vec::new(),
        prose: None,
        place: Place::Paragraph,
        open: Vec::new(),
        code: None,
        html: None,
        table: None,
        html_table: None,
        lists: Vec::new(),
        hidden: false,
    };
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        reader.event(event, range);
    }
    reader.close_prose();
    reader.close_html_table(source.len());
    reader.pieces
}

/// What the prose that is being read belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Paragraph,
    Item,
    Heading(u8),
    Cell,
}

/// A run that was begun: what it is, where it begins in the prose, and where its target would begin.
struct OpenRun {
    kind: RunKind,
    start: usize,
    source_start: usize,
}

/// A table of HTML that is being read.
struct HtmlTable {
    table: Table,
    row: Vec<Prose>,
    /// Whether the row has heading cells.
    heads: bool,
    start: usize,
}

struct CodeBlock {
    language: String,
    text: String,
    map: OffsetMap,
}

/// A list that is being read: what leads it, and whether the current item has had its first text.
struct List {
    introduced_by: Option<usize>,
    item_begun: bool,
}

struct Reader<'a> {
    file: FileId,
    source: &'a str,
    pieces: Vec<Piece>,
    prose: Option<ProseBuilder<'a>>,
    place: Place,
    open: Vec<OpenRun>,
    code: Option<CodeBlock>,
    html: Option<Range<usize>>,
    table: Option<(Table, Vec<Prose>)>,
    /// A table of HTML; blank lines in it end a block of HTML and not the table.
    html_table: Option<HtmlTable>,
    lists: Vec<List>,
    /// Inside a metadata block, whose text is not the document's.
    hidden: bool,
}

impl<'a> Reader<'a> {
    fn event(&mut self, event: Event<'a>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => self.text(&text, range),
            Event::Code(code) => self.code_span(&code, range),
            Event::InlineHtml(html) => self.inline_html(&html, range),
            Event::Html(_) => {
                let block = self.html.get_or_insert(range.clone());
                block.end = block.end.max(range.end);
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(prose) = &mut self.prose {
                    prose.push(" ", range);
                }
            }
            Event::Rule => self.close_prose(),
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'a>, range: Range<usize>) {
        match tag {
            Tag::Emphasis | Tag::Strong => self.open_run(RunKind::Emphasis, range),
            Tag::Strikethrough => self.open_run(RunKind::Struck, range),
            Tag::Link { .. } | Tag::Image { .. } => self.open_run(RunKind::Link(None), range),
            Tag::Heading { level, .. } => {
                self.close_prose();
                self.close_html_table(range.start);
                self.open_prose(Place::Heading(level_number(level)), range.start);
            }
            Tag::Paragraph => {
                let place = self.text_place();
                self.open_prose(place, range.start);
            }
            Tag::CodeBlock(kind) => {
                self.close_prose();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => language(&info),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some(CodeBlock {
                    language,
                    text: String::new(),
                    map: OffsetMap::at(range.start),
                });
            }
            Tag::HtmlBlock => {
                self.close_prose();
                self.html = None;
            }
            Tag::List(_) => {
                self.close_prose();
                let introduced_by = self.pieces.len().checked_sub(1).filter(|last| {
                    matches!(
                        self.pieces[*last].kind,
                        PieceKind::Paragraph(_) | PieceKind::Item(_)
                    )
                });
                self.lists.push(List {
                    introduced_by,
                    item_begun: false,
                });
            }
            Tag::Item => {
                self.close_prose();
                if let Some(list) = self.lists.last_mut() {
                    list.item_begun = false;
                }
            }
            Tag::Table(_) => {
                self.close_prose();
                self.table = Some((Table::default(), Vec::new()));
            }
            Tag::TableCell => self.open_prose(Place::Cell, range.start),
            Tag::MetadataBlock(_) => {
                self.close_prose();
                self.hidden = true;
            }
            _ => self.close_prose(),
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image => {
                self.close_run(&range);
            }
            TagEnd::CodeBlock => {
                if let Some(code) = self.code.take() {
                    let text = Embedded::decoded(self.file, code.text, code.map);
                    self.piece(
                        range,
                        PieceKind::Fence(Fence {
                            language: code.language,
                            text,
                        }),
                    );
                }
            }
            TagEnd::HtmlBlock => {
                if let Some(block) = self.html.take() {
                    self.html_block(block);
                }
            }
            TagEnd::List(_) => {
                self.close_prose();
                self.lists.pop();
            }
            TagEnd::TableCell => {
                if let Some(prose) = self.prose.take()
                    && let Some((_, row)) = &mut self.table
                {
                    row.push(prose.finish());
                }
            }
            TagEnd::TableHead => {
                if let Some((table, row)) = &mut self.table {
                    table.head = std::mem::take(row);
                }
            }
            TagEnd::TableRow => {
                if let Some((table, row)) = &mut self.table {
                    table.rows.push(std::mem::take(row));
                }
            }
            TagEnd::Table => {
                if let Some((table, _)) = self.table.take() {
                    self.piece(range, PieceKind::Table(table));
                }
            }
            TagEnd::MetadataBlock(_) => self.hidden = false,
            _ => self.close_prose(),
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        if self.hidden {
            return;
        }
        if let Some(code) = &mut self.code {
            if self.source.get(range.clone()) == Some(text) {
                code.map.push_verbatim(range.start, text.len());
            } else {
                code.map.push_replaced(text.len(), range);
            }
            code.text.push_str(text);
            return;
        }
        self.prose_at(range.start).push(text, range);
    }

    fn code_span(&mut self, code: &str, range: Range<usize>) {
        let source = self.source.get(range.clone()).unwrap_or_default();
        let ticks = source.bytes().take_while(|byte| *byte == b'`').count();
        let mut inner = range.start + ticks..range.end.saturating_sub(ticks).max(range.start + ticks);
        // CommonMark 0.31 section 6.1: one space at each end falls away where both ends have one.
        let text = self.source.get(inner.clone()).unwrap_or_default();
        let padded = |text: &str| {
            let spaced = |character: char| matches!(character, ' ' | '\n' | '\r');
            text.starts_with(spaced) && text.ends_with(spaced) && !text.trim().is_empty()
        };
        if padded(text) && text.len() >= code.len() + 2 {
            inner = inner.start + 1..inner.end - 1;
        }
        let prose = self.prose_at(range.start);
        let start = prose.position();
        prose.push_aligned(code, inner);
        prose.take(range);
        prose.run(RunKind::Code, start);
    }

    fn inline_html(&mut self, html: &str, range: Range<usize>) {
        let tag = html
            .trim_start_matches('<')
            .trim_end_matches('>')
            .trim()
            .to_ascii_lowercase();
        let name: String = tag
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
            .collect();
        match name.as_str() {
            "code" | "tt" | "kbd" | "samp" => self.open_run(RunKind::Code, range),
            "/code" | "/tt" | "/kbd" | "/samp" => self.close_run(&range),
            "br" | "br/" => {
                if let Some(prose) = &mut self.prose {
                    prose.push(" ", range);
                }
            }
            _ => {
                if let Some(body) = html
                    .strip_prefix("<!--")
                    .and_then(|rest| rest.strip_suffix("-->"))
                {
                    let start = range.start + "<!--".len();
                    self.comment(range, start..start + body.len());
                }
            }
        }
    }

    /// An HTML block: comments, and the text between tags as a paragraph.
    fn html_block(&mut self, block: Range<usize>) {
        let mut at = block.start;
        let mut code_start = None;
        while let Some(rest) = self.source.get(at..block.end)
            && !rest.is_empty()
        {
            if let Some(body) = rest.strip_prefix("<!--") {
                self.close_prose();
                let length = body.find("-->").unwrap_or(body.len());
                let start = at + "<!--".len();
                let end = (start + length + "-->".len()).min(block.end);
                self.comment(at..end, start..start + length);
                at = end;
                continue;
            }
            if let Some(tag) = rest.strip_prefix('<') {
                let end = at + rest.find('>').map_or(rest.len(), |index| index + 1);
                let tag: String = tag
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
                    .map(|c| c.to_ascii_lowercase())
                    .collect();
                match tag.as_str() {
                    "code" => code_start = Some(self.prose_at(end).position()),
                    "/code" => {
                        if let (Some(start), Some(prose)) = (code_start.take(), &mut self.prose) {
                            prose.run(RunKind::Code, start);
                        }
                    }
                    "b" | "i" | "em" | "strong" | "a" | "span" | "/b" | "/i" | "/em" | "/strong" | "/a"
                    | "/span" => {}
                    "br" | "br/" if self.prose.is_some() => self.prose_at(end).push(" ", at..end),
                    "p" | "/p" | "div" | "/div" if self.html_table.is_some() => {}
                    _ => {
                        code_start = None;
                        if !self.html_table_tag(&tag, at..end) {
                            self.close_prose();
                        }
                    }
                }
                at = end;
                continue;
            }
            let length = rest.find('<').unwrap_or(rest.len());
            self.html_text(at..at + length);
            at += length;
        }
        self.close_prose();
    }

    /// Follows a tag of a table; whether it is one.
    fn html_table_tag(&mut self, tag: &str, range: Range<usize>) -> bool {
        if tag == "table" {
            self.close_prose();
            self.html_table = Some(HtmlTable {
                table: Table::default(),
                row: Vec::new(),
                heads: false,
                start: range.start,
            });
            return true;
        }
        if self.html_table.is_none() {
            return false;
        }
        if matches!(tag, "td" | "th" | "/td" | "/th" | "tr" | "/tr" | "/table") {
            self.end_html_cell();
        }
        match tag {
            "td" | "th" => {
                self.place = Place::Cell;
                self.prose = Some(ProseBuilder::new(self.file, self.source, range.end));
                if let Some(html) = &mut self.html_table {
                    html.heads |= tag == "th";
                }
            }
            "tr" | "/tr" | "/table" => {
                if let Some(html) = &mut self.html_table
                    && !html.row.is_empty()
                {
                    let row = std::mem::take(&mut html.row);
                    if std::mem::take(&mut html.heads)
                        && html.table.head.is_empty()
                        && html.table.rows.is_empty()
                    {
                        html.table.head = row;
                    } else {
                        html.table.rows.push(row);
                    }
                }
                if tag == "/table" {
                    self.close_html_table(range.end);
                }
            }
            "thead" | "/thead" | "tbody" | "/tbody" | "tfoot" | "/tfoot" | "col" | "colgroup"
            | "/colgroup" => {}
            _ => return false,
        }
        true
    }

    fn close_html_table(&mut self, end: usize) {
        if let Some(html) = self.html_table.take() {
            self.piece(html.start..end, PieceKind::Table(html.table));
        }
    }

    fn end_html_cell(&mut self) {
        if self.place == Place::Cell
            && let Some(prose) = self.prose.take()
            && let Some(html) = &mut self.html_table
        {
            html.row.push(prose.finish());
        }
        self.place = Place::Paragraph;
    }

    fn html_text(&mut self, range: Range<usize>) {
        let text = self.source.get(range.clone()).unwrap_or_default();
        if text.trim().is_empty() && self.prose.is_none() {
            return;
        }
        let mut at = range.start;
        for line in text.split_inclusive('\n') {
            let kept = line.trim_end_matches(['\n', '\r']);
            let prose = self.prose_at(at);
            prose.push_source(at..at + kept.len());
            if kept.len() < line.len() {
                prose.push(" ", at + kept.len()..at + line.len());
            }
            at += line.len();
        }
    }

    fn comment(&mut self, whole: Range<usize>, body: Range<usize>) {
        let text = self.source.get(body.clone()).unwrap_or_default();
        let map = OffsetMap::verbatim(body.start, text.len());
        let comment = Embedded::decoded(self.file, text.to_owned(), map);
        self.pieces.push(Piece {
            span: Span::new(self.file, whole),
            kind: PieceKind::Comment(comment),
            introduced_by: None,
        });
    }

    fn open_run(&mut self, kind: RunKind, range: Range<usize>) {
        let start = self.prose_at(range.start).position();
        self.open.push(OpenRun {
            kind,
            start,
            source_start: range.start,
        });
    }

    fn close_run(&mut self, range: &Range<usize>) {
        let Some(open) = self.open.pop() else { return };
        let target = match open.kind {
            RunKind::Link(_) => self.link_target(&open, range),
            _ => None,
        };
        let Some(prose) = &mut self.prose else { return };
        let kind = match open.kind {
            RunKind::Link(_) => RunKind::Link(target),
            kind => kind,
        };
        prose.run(kind, open.start);
    }

    /// The target of an inline link or autolink, cut out of the link's own source.
    fn link_target(&self, open: &OpenRun, range: &Range<usize>) -> Option<Embedded> {
        let link = self.source.get(range.clone())?;
        if link.starts_with('<') && link.ends_with('>') {
            return Some(self.cut(range.start + 1..range.end - 1));
        }
        // The label ends where the last thing inside it ended.
        let label_end = self
            .prose
            .as_ref()?
            .taken
            .clone()?
            .end
            .clamp(open.source_start, range.end);
        let after = self.source.get(label_end..range.end)?;
        let open_at = label_end + after.find("](")? + 2;
        let target = self.source.get(open_at..range.end)?;
        let lead = target.len() - target.trim_start().len();
        let start = open_at + lead;
        let target = &target[lead..];
        if let Some(bracketed) = target.strip_prefix('<') {
            return Some(self.cut(start + 1..start + 1 + bracketed.find('>')?));
        }
        let closing = target.len().checked_sub(1)?;
        let end = target.find(char::is_whitespace).unwrap_or(closing).min(closing);
        Some(self.cut(start..start + end))
    }

    fn cut(&self, range: Range<usize>) -> Embedded {
        let text = self.source.get(range.clone()).unwrap_or_default();
        Embedded::decoded(
            self.file,
            text.to_owned(),
            OffsetMap::verbatim(range.start, text.len()),
        )
    }

    /// The prose being read, begun at `start` where there is none (a tight list item has no paragraph).
    fn prose_at(&mut self, start: usize) -> &mut ProseBuilder<'a> {
        if self.prose.is_none() {
            self.place = self.text_place();
        }
        let (file, source) = (self.file, self.source);
        self.prose
            .get_or_insert_with(|| ProseBuilder::new(file, source, start))
    }

    fn text_place(&self) -> Place {
        match self.lists.last() {
            Some(list) if !list.item_begun => Place::Item,
            _ => Place::Paragraph,
        }
    }

    fn open_prose(&mut self, place: Place, start: usize) {
        self.close_prose();
        self.place = place;
        self.prose = Some(ProseBuilder::new(self.file, self.source, start));
    }

    fn close_prose(&mut self) {
        self.open.clear();
        let Some(builder) = self.prose.take() else { return };
        let Some(taken) = builder.taken.clone() else {
            return;
        };
        let prose = builder.finish();
        if prose.is_empty() {
            return;
        }
        let kind = match self.place {
            Place::Heading(level) => PieceKind::Heading(level, prose),
            Place::Item => PieceKind::Item(prose),
            Place::Paragraph | Place::Cell => PieceKind::Paragraph(prose),
        };
        self.piece(taken, kind);
    }

    fn piece(&mut self, range: Range<usize>, kind: PieceKind) {
        let introduced_by = match self.lists.last_mut() {
            Some(list) => {
                list.item_begun = true;
                list.introduced_by
            }
            None => None,
        };
        self.pieces.push(Piece {
            span: Span::new(self.file, range),
            kind,
            introduced_by,
        });
    }
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// The language of an info string: ` ```yaml title="x" `, ` ```{.promql} `, ` ```promql,no_check `.
fn language(info: &str) -> String {
    info.trim()
        .trim_start_matches(['{', '.', ' '])
        .chars()
        .take_while(|character| character.is_alphanumeric() || matches!(character, '-' | '_' | '+' | '#'))
        .collect::<String>()
        .to_lowercase()
}

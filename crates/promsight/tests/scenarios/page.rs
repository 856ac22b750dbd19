//! A Markdown page to its scenarios.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// What stands below one heading.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) heading: String,
    pub(crate) input: Input,
    pub(crate) blocks: Vec<Block>,
}

/// What a scenario is run on.
#[derive(Debug)]
pub(crate) enum Input {
    /// Path and text of each file.
    Files(Vec<(String, String)>),
    /// A folder, relative to the top of the repository.
    Folder(PathBuf),
}

/// A block that says what must come of the input.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Where its lines stand in the page, fences excluded.
    pub(crate) range: Range<usize>,
}

/// What a block pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Expect,
    Metrics,
    References,
    Targets,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Expect, Self::Metrics, Self::References, Self::Targets];

    fn word(self) -> &'static str {
        match self {
            Self::Expect => "expect",
            Self::Metrics => "metrics",
            Self::References => "references",
            Self::Targets => "targets",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// The scenarios of a page, those without anything to check included. Errs where a block's path is missing.
pub(crate) fn scenarios(text: &str) -> Result<Vec<Scenario>, String> {
    let mut reader = Reader {
        text,
        scenarios: Vec::new(),
        label: String::new(),
    };
    let mut events = Parser::new_ext(text, Options::empty()).into_offset_iter();
    while let Some((event, range)) = events.next() {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                reader.heading(&text_until(&mut events, |end| matches!(end, TagEnd::Heading(_))));
            }
            Event::Start(Tag::Paragraph) => {
                text_until(&mut events, |end| end == TagEnd::Paragraph);
                reader.paragraph(text[range].trim());
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let content = text_until(&mut events, |end| end == TagEnd::CodeBlock);
                reader.fence(&info, content, &range)?;
            }
            _ => {}
        }
    }
    Ok(reader.scenarios)
}

fn text_until<'a>(
    events: &mut impl Iterator<Item = (Event<'a>, Range<usize>)>,
    is_end: impl Fn(TagEnd) -> bool,
) -> String {
    let mut text = String::new();
    for (event, _) in events {
        match event {
            Event::End(end) if is_end(end) => break,
            Event::Text(piece) | Event::Code(piece) => text.push_str(&piece),
            _ => {}
        }
    }
    text
}

struct Reader<'a> {
    text: &'a str,
    scenarios: Vec<Scenario>,
    /// The path that the last paragraph consists of; else empty.
    label: String,
}

impl Reader<'_> {
    fn heading(&mut self, heading: &str) {
        self.label.clear();
        self.scenarios.push(Scenario {
            heading: heading.to_owned(),
            input: Input::Files(Vec::new()),
            blocks: Vec::new(),
        });
    }

    fn paragraph(&mut self, paragraph: &str) {
        self.label.clear();
        let bare = paragraph.trim_matches('`');
        if let Some(folder) = bare.strip_prefix("folder: ") {
            if let Some(scenario) = self.scenarios.last_mut() {
                scenario.input = Input::Folder(folder.into());
            }
        } else if paragraph.len() == bare.len() + 2 && !bare.contains(['`', ' ', '\n']) {
            bare.clone_into(&mut self.label);
        }
    }

    fn fence(&mut self, info: &str, content: String, range: &Range<usize>) -> Result<(), String> {
        let label = std::mem::take(&mut self.label);
        let Some(scenario) = self.scenarios.last_mut() else {
            return Ok(());
        };
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == info);
        if let Some(kind) = kind.filter(|_| label.is_empty()) {
            let lines = lines_of(self.text, range);
            scenario.blocks.push(Block {
                kind,
                text: content,
                range: lines,
            });
            return Ok(());
        }
        match &mut scenario.input {
            Input::Files(files) if !label.is_empty() => files.push((label, content)),
            Input::Folder(_) if !label.is_empty() => {
                return Err(format!("{}: has a folder and the file {label}", scenario.heading));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The lines between the fences of a block.
fn lines_of(text: &str, block: &Range<usize>) -> Range<usize> {
    let block_text = text[block.clone()].trim_end();
    let start = block_text.find('\n').map_or(block_text.len(), |at| at + 1);
    let end = block_text.rfind('\n').map_or(start, |at| at + 1).max(start);
    block.start + start..block.start + end
}

/// The page with pieces replaced, given in the order of the page.
pub(crate) fn replaced(text: &str, pieces: &[(Range<usize>, String)]) -> String {
    let mut page = String::new();
    let mut from = 0;
    for (range, piece) in pieces {
        page.push_str(&text[from..range.start]);
        page.push_str(piece);
        from = range.end;
    }
    page.push_str(&text[from..]);
    page
}

//! YAML text to a [`Tree`] (granit-parser 2.1 reads, YAML 1.2 with the leniency of libyaml).
//!
//! Owns: events to nodes, the recovery after a broken document, the second try at un-rendered templates, and what
//! libyaml reads though YAML 1.2 does not allow it (see [`repair`]). It reads from an [`Embedded`], so YAML inside a YAML scalar or a Markdown fence maps back to the file by itself.
//! It knows nothing of what the documents mean.

mod repair;
mod scalar;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, options};
use promsight_model::Embedded;

use super::template;
use super::tree::{Builder, Checkpoint, NodeId, Problem, Style, Tree};

/// Texts above this are not parsed: offsets are kept in 32 bits, and a YAML file of this size is data.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;

/// Number of broken documents after which the rest of a text is left alone.
const MAX_PROBLEMS: usize = 64;

/// Bytes that may be read again to repair scalars; each repair reads its document once more.
const MAX_REPAIR_BYTES: usize = 64 * 1024 * 1024;

/// Reads all documents of a text. Never fails: a broken document has a problem, and the next one is read.
///
/// A text that does not parse and holds template actions is read once more with these masked (see
/// [`template::mask`]); the better reading is kept.
pub fn parse(source: &Embedded) -> Tree<'_> {
    if source.text.len() > MAX_BYTES {
        return too_large(source);
    }
    let tree = read(source, &source.text, false);
    let problems = tree.problems().count();
    if problems == 0 || !template::has_actions(&source.text) {
        return tree;
    }
    let Some(masked) = template::mask(&source.text, b'x') else {
        return tree;
    };
    let without_actions = read(source, &masked, true);
    let remaining = without_actions.problems().count();
    // Where both break equally often, the one that gets further has understood more.
    let progress = |tree: &Tree<'_>| {
        tree.problems()
            .map(|problem| problem.range.start)
            .min()
            .unwrap_or(usize::MAX)
    };
    if remaining < problems || remaining == problems && progress(&without_actions) > progress(&tree) {
        return without_actions;
    }
    tree
}

fn too_large(source: &Embedded) -> Tree<'_> {
    let mut builder = Builder::new(source, false);
    let message = format!("the text is larger than {} MiB", MAX_BYTES / (1024 * 1024));
    builder.document(None, Some(Problem { message, range: 0..0 }));
    builder.finish()
}

/// A collection that is still open.
struct Frame {
    node: NodeId,
    flow: bool,
    children: Children,
}

enum Children {
    Mapping {
        entries: Vec<(NodeId, NodeId)>,
        key: Option<NodeId>,
    },
    Sequence(Vec<NodeId>),
}

struct Reader<'source> {
    builder: Builder<'source>,
    written: &'source str,
    frames: Vec<Frame>,
    root: Option<NodeId>,
    anchors: BTreeMap<usize, NodeId>,
    problems: usize,
    /// Bytes that may still be read again for the sake of repairs.
    repair_budget: usize,
}

/// A document that has to be read again because of a quoted scalar that the parser refuses.
struct Underindented {
    /// Where the document begins.
    document: usize,
    /// What the tree held then.
    checkpoint: Checkpoint,
    /// The end of what was read before the scalar, and a place inside of it.
    between: Range<usize>,
}

fn read<'source>(source: &'source Embedded, text: &str, templated: bool) -> Tree<'source> {
    let mut reader = Reader {
        builder: Builder::new(source, templated),
        written: &source.text,
        frames: Vec::new(),
        root: None,
        anchors: BTreeMap::new(),
        problems: 0,
        repair_budget: MAX_REPAIR_BYTES,
    };
    let mut parsed = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(scalar) = reader.pass(&parsed, from) {
        from = scalar.document;
        reader.frames.clear();
        reader.builder.rewind(&scalar.checkpoint);
        // The document is read again up to here; copying the text is much cheaper than reading it.
        let cost = scalar.between.end.saturating_sub(from) + parsed.len() / 32 + 1;
        match repair::on_one_line(&parsed, scalar.between) {
            Some(repaired) => {
                reader.repair_budget = reader.repair_budget.saturating_sub(cost);
                parsed = Cow::Owned(repaired);
            }
            None => reader.repair_budget = 0,
        }
    }
    reader.builder.finish()
}

fn character_at(text: &str, at: usize) -> Range<usize> {
    let mut at = at;
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let length = text[at..]
        .chars()
        .next()
        .filter(|character| !character.is_control())
        .map_or(0, char::len_utf8);
    at..at + length
}

impl Reader<'_> {
    /// Reads the documents from a place on, to the end or to a scalar that has to be repaired first.
    fn pass(&mut self, parsed: &str, from: usize) -> Option<Underindented> {
        let options = options! { emit_unresolved_aliases: true, emit_comments: false };
        let mut parser = Parser::new_from_str_with_options(parsed.get(from..).unwrap_or_default(), options);
        let mut document = from;
        let mut checkpoint = self.builder.checkpoint();
        let mut last_end = from;
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, span)) => {
                    let range = span.byte_range().unwrap_or_default();
                    let range = from + range.start..from + range.end;
                    if matches!(event, Event::DocumentStart(..)) {
                        document = range.start;
                        checkpoint = self.builder.checkpoint();
                    }
                    last_end = range.end;
                    self.event(event, range, parsed);
                }
                Err(error) => {
                    let at = (from + error.marker().byte_offset().unwrap_or_default()).min(parsed.len());
                    if matches!(error.kind(), ErrorKind::InvalidQuotedScalarIndent) && self.repair_budget > 0
                    {
                        return Some(Underindented {
                            document,
                            checkpoint,
                            between: last_end..at,
                        });
                    }
                    let range = character_at(parsed, at);
                    self.abandon(Problem {
                        message: error.info(),
                        range,
                    });
                    self.problems += 1;
                    // Without a next document the same error would come again.
                    if self.problems >= MAX_PROBLEMS || !parser.proceed_next_document().unwrap_or(false) {
                        return None;
                    }
                }
            }
        }
        None
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>, parsed: &str) {
        match event {
            Event::DocumentStart(..) => {
                self.root = None;
                self.anchors.clear();
            }
            Event::DocumentEnd => {
                let root = self.root.take();
                self.builder.document(root, None);
            }
            Event::Scalar(decoded, style, anchor, _) => {
                let node = self.scalar(&decoded, style, range, parsed);
                self.anchor(anchor, node);
                self.place(node);
            }
            Event::Alias(anchor) => {
                let node = match self.anchors.get(&anchor) {
                    Some(target) => self.builder.alias(range, *target),
                    None => self.builder.null(range.start),
                };
                self.place(node);
            }
            Event::UnresolvedAlias(_) => {
                let node = self.builder.null(range.start);
                self.place(node);
            }
            Event::SequenceStart(_, anchor, _) => self.open(range, anchor, Children::Sequence(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                self.open(
                    range,
                    anchor,
                    Children::Mapping {
                        entries: Vec::new(),
                        key: None,
                    },
                );
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            _ => {}
        }
    }

    fn scalar(&mut self, decoded: &str, style: ScalarStyle, range: Range<usize>, parsed: &str) -> NodeId {
        // An implicit null comes as a plain `~` that stands nowhere.
        if range.is_empty() && style == ScalarStyle::Plain {
            return self.builder.null(range.start);
        }
        let kept = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let scalar = scalar::Scalar {
            parsed,
            written: self.written,
            range: range.clone(),
            style,
            decoded,
        };
        let text = scalar::decode(&scalar);
        let range = if kept == Style::Block {
            without_blank_end(parsed, range)
        } else {
            range
        };
        self.builder.scalar(range, kept, text)
    }

    fn anchor(&mut self, anchor: usize, node: NodeId) {
        if anchor != 0 {
            self.anchors.insert(anchor, node);
        }
    }

    fn open(&mut self, range: Range<usize>, anchor: usize, children: Children) {
        let node = self.builder.open(range.start);
        self.anchor(anchor, node);
        self.frames.push(Frame {
            node,
            flow: !range.is_empty(),
            children,
        });
    }

    /// Closes the innermost collection. A block collection has no closing mark: it ends with its last child.
    fn close(&mut self, closing: usize) {
        let Some(frame) = self.frames.pop() else { return };
        match frame.children {
            Children::Sequence(items) => {
                let last = items.last().copied();
                let end = self.end(frame.flow, closing, last, frame.node);
                self.builder.close_sequence(frame.node, &items, end);
            }
            Children::Mapping { mut entries, key } => {
                if let Some(key) = key {
                    let null = self.builder.null(self.builder.end_of(key));
                    entries.push((key, null));
                }
                // A value that was left out may stand where the next token does; the key is what is written.
                let last = entries.last().map(|(key, value)| {
                    if self.builder.is_empty(*value) {
                        *key
                    } else {
                        *value
                    }
                });
                let end = self.end(frame.flow, closing, last, frame.node);
                self.builder.close_mapping(frame.node, &entries, end);
            }
        }
        self.place(frame.node);
    }

    fn end(&self, flow: bool, closing: usize, last: Option<NodeId>, node: NodeId) -> usize {
        if flow {
            closing
        } else {
            self.builder.end_of(last.unwrap_or(node))
        }
    }

    /// Puts a complete node where it belongs.
    fn place(&mut self, node: NodeId) {
        match self.frames.last_mut().map(|frame| &mut frame.children) {
            None => self.root = Some(node),
            Some(Children::Sequence(items)) => items.push(node),
            Some(Children::Mapping { entries, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }

    /// Ends a document at a problem with what was read of it.
    fn abandon(&mut self, problem: Problem) {
        let at = problem.range.start;
        while let Some(frame) = self.frames.last_mut() {
            // What is open ends here, whatever its style.
            frame.flow = false;
            self.close(at);
        }
        let root = self.root.take();
        self.builder.document(root, Some(problem));
    }
}

fn without_blank_end(text: &str, range: Range<usize>) -> Range<usize> {
    let kept = text
        .get(range.clone())
        .map_or(0, |content| content.trim_end().len());
    range.start..range.start + kept
}

#[cfg(test)]
mod tests;

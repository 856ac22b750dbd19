//! One tree for YAML and JSON: mappings, sequences and scalars that know their places.
//!
//! Owns: the nodes of the documents of one text, how they are looked up (aliases followed, `<<` merged, the last
//! of duplicate keys wins), and decoded scalar text with the way back to the file. It parses nothing itself (see
//! [`super::yaml`] and [`super::json`]) and knows no schema.
//!
//! Nodes lie in one arena and name each other by index: dropping a deep tree does not recurse, and an alias is an
//! index, so a document that contains itself costs nothing until somebody walks it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;

use promsight_model::{Embedded, OffsetMap, Span};

/// How often aliases are followed in one tree before they count as null. Real files stay far below; a file that
/// multiplies itself by aliases of aliases does not.
const ALIAS_BUDGET: u32 = 1_000_000;

/// How deep `<<` may refer to mappings that have a `<<` themselves.
const MAX_MERGE_DEPTH: usize = 16;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: also JSON's numbers, booleans and `null`.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// A block scalar, `|` or `>`.
    Block,
}

/// Why a document could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What happened, as a clause that stands alone.
    pub message: String,
    /// Where, in bytes of the source text.
    pub range: Range<usize>,
}

/// The documents of one text. Borrowing the text keeps undecoded scalars free of copies.
#[derive(Debug)]
pub struct Tree<'source> {
    source: &'source Embedded,
    nodes: Vec<Data>,
    entries: Vec<(u32, u32)>,
    items: Vec<u32>,
    documents: Vec<DocumentData>,
    duplicates: Vec<u32>,
    templated: bool,
    alias_budget: Cell<u32>,
}

#[derive(Debug)]
struct DocumentData {
    root: Option<u32>,
    problem: Option<Problem>,
}

#[derive(Debug)]
struct Data {
    range: Range<u32>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Mapping(Range<u32>),
    Sequence(Range<u32>),
    Scalar(Style, Text),
    Alias(u32),
}

/// The text of a scalar.
#[derive(Debug)]
pub(super) enum Text {
    /// It stands in the source as it is.
    Verbatim(Range<usize>),
    /// It was decoded.
    Decoded(Box<(String, OffsetMap)>),
}

/// One document of a tree.
#[derive(Clone, Copy, Debug)]
pub struct Document<'tree> {
    tree: &'tree Tree<'tree>,
    data: &'tree DocumentData,
}

impl<'tree> Document<'tree> {
    /// The document's content; of a broken document what stands before the problem. `None` where there is none.
    pub fn root(self) -> Option<Node<'tree>> {
        self.data.root.map(|index| Node {
            tree: self.tree,
            index,
        })
    }

    /// Why the document could not be read to its end.
    pub fn problem(self) -> Option<&'tree Problem> {
        self.data.problem.as_ref()
    }
}

/// One node. Copies are free; all accessors follow aliases.
#[derive(Clone, Copy)]
pub struct Node<'tree> {
    tree: &'tree Tree<'tree>,
    index: u32,
}

/// A key and its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'tree> {
    /// The key.
    pub key: Node<'tree>,
    /// The value.
    pub value: Node<'tree>,
}

impl<'source> Tree<'source> {
    /// The text that the tree was read from.
    pub fn source(&self) -> &'source Embedded {
        self.source
    }

    /// The documents in order. JSON has one.
    pub fn documents(&self) -> impl Iterator<Item = Document<'_>> {
        self.documents.iter().map(|data| Document { tree: self, data })
    }

    /// The problems of all documents in order.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.documents
            .iter()
            .filter_map(|document| document.problem.as_ref())
    }

    /// Keys that a later equal key of the same mapping overrides.
    pub fn duplicate_keys(&self) -> impl Iterator<Item = Node<'_>> {
        self.duplicates.iter().map(|index| Node {
            tree: self,
            index: *index,
        })
    }

    /// Whether template actions were masked to read the text. Scalars still hold the actions as written.
    pub fn templated(&self) -> bool {
        self.templated
    }
}

impl<'tree> Node<'tree> {
    /// Whether the node is an alias (`*name`) of another one, which is met at its own place too.
    pub fn is_alias(self) -> bool {
        matches!(self.own().content, Content::Alias(_))
    }

    /// Whether the node is a mapping.
    pub fn is_mapping(self) -> bool {
        matches!(self.content(), Some(Content::Mapping(_)))
    }

    /// Whether the node is a sequence.
    pub fn is_sequence(self) -> bool {
        matches!(self.content(), Some(Content::Sequence(_)))
    }

    /// Whether the node is null: written so, or left out.
    pub fn is_null(self) -> bool {
        match self.content() {
            None => true,
            Some(Content::Scalar(Style::Plain, text)) => {
                matches!(self.tree.text(text), "" | "~" | "null" | "Null" | "NULL")
            }
            Some(_) => false,
        }
    }

    /// The decoded text of a scalar other than null, be it written as a string, number or boolean.
    pub fn as_str(self) -> Option<&'tree str> {
        match self.content()? {
            Content::Scalar(_, text) if !self.is_null() => Some(self.tree.text(text)),
            _ => None,
        }
    }

    /// How a scalar is written.
    pub fn style(self) -> Option<Style> {
        match self.content()? {
            Content::Scalar(style, _) => Some(*style),
            _ => None,
        }
    }

    /// The decoded text of a scalar other than null, with the way back to the file.
    pub fn embedded(self) -> Option<Embedded> {
        match self.content()? {
            Content::Scalar(_, text) if !self.is_null() => Some(match text {
                Text::Verbatim(range) => self.tree.source.slice(range.clone()),
                Text::Decoded(decoded) => self.tree.source.nested(decoded.0.clone(), decoded.1.clone()),
            }),
            _ => None,
        }
    }

    /// The value under a key: the last one of that name, else what `<<` brings in.
    pub fn get(self, key: &str) -> Option<Node<'tree>> {
        self.lookup(key, 0)
    }

    /// The text under a key: [`Node::get`], then [`Node::as_str`].
    pub fn get_str(self, key: &str) -> Option<&'tree str> {
        self.get(key)?.as_str()
    }

    /// The entries as they are written: duplicates and `<<` included, nothing merged.
    pub fn entries(self) -> impl Iterator<Item = Entry<'tree>> {
        let tree = self.tree;
        let range = match self.content() {
            Some(Content::Mapping(range)) => range.start as usize..range.end as usize,
            _ => 0..0,
        };
        tree.entries[range].iter().map(move |(key, value)| Entry {
            key: Node { tree, index: *key },
            value: Node { tree, index: *value },
        })
    }

    /// The entries as they count: overridden duplicates left out, `<<` merged in behind the mapping's own.
    pub fn effective_entries(self) -> Vec<Entry<'tree>> {
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        self.collect_entries(&mut seen, &mut kept, 0);
        kept
    }

    /// The items of a sequence.
    pub fn items(self) -> impl Iterator<Item = Node<'tree>> {
        let tree = self.tree;
        let range = match self.content() {
            Some(Content::Sequence(range)) => range.start as usize..range.end as usize,
            _ => 0..0,
        };
        tree.items[range]
            .iter()
            .map(move |index| Node { tree, index: *index })
    }

    /// Where the node stands in the file: quotes and brackets included, comments and blank lines behind it not.
    pub fn span(self) -> Span {
        let range = &self.target().unwrap_or(self.own()).range;
        self.tree.source.span(range.start as usize..range.end as usize)
    }

    fn own(self) -> &'tree Data {
        &self.tree.nodes[self.index as usize]
    }

    /// The node itself, or what it is an alias of; `None` once the budget is spent.
    fn target(self) -> Option<&'tree Data> {
        let own = self.own();
        let Content::Alias(target) = own.content else {
            return Some(own);
        };
        let left = self.tree.alias_budget.get().checked_sub(1)?;
        self.tree.alias_budget.set(left);
        self.tree.nodes.get(target as usize)
    }

    fn content(self) -> Option<&'tree Content> {
        self.target().map(|data| &data.content)
    }

    fn is_merge_key(self) -> bool {
        self.style() == Some(Style::Plain) && self.as_str() == Some("<<")
    }

    fn lookup(self, key: &str, depth: usize) -> Option<Node<'tree>> {
        if depth > MAX_MERGE_DEPTH {
            return None;
        }
        let mut found = None;
        let mut merges = Vec::new();
        for entry in self.entries() {
            if entry.key.is_merge_key() {
                merges.push(entry.value);
            } else if entry.key.as_str() == Some(key) {
                found = Some(entry.value);
            }
        }
        found.or_else(|| {
            merges
                .into_iter()
                .flat_map(Node::merge_sources)
                .find_map(|mapping| mapping.lookup(key, depth + 1))
        })
    }

    fn collect_entries(self, seen: &mut BTreeSet<&'tree str>, kept: &mut Vec<Entry<'tree>>, depth: usize) {
        if depth > MAX_MERGE_DEPTH {
            return;
        }
        let mut own: Vec<Entry<'tree>> = Vec::new();
        let mut merges = Vec::new();
        let entries: Vec<Entry<'tree>> = self.entries().collect();
        for entry in entries.into_iter().rev() {
            match entry.key.as_str() {
                Some("<<") if entry.key.is_merge_key() => merges.push(entry.value),
                Some(text) if !seen.insert(text) => {}
                _ => own.push(entry),
            }
        }
        kept.extend(own.into_iter().rev());
        for mapping in merges.into_iter().rev().flat_map(Node::merge_sources) {
            mapping.collect_entries(seen, kept, depth + 1);
        }
    }

    /// What stands behind `<<`: one mapping or a sequence of them, the first wins.
    fn merge_sources(self) -> Vec<Node<'tree>> {
        if self.is_sequence() {
            self.items().collect()
        } else {
            vec![self]
        }
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Node({}, {:?})", self.index, self.own().range)
    }
}

impl Tree<'_> {
    fn text<'tree>(&'tree self, text: &'tree Text) -> &'tree str {
        match text {
            Text::Verbatim(range) => self.source.text.get(range.clone()).unwrap_or_default(),
            Text::Decoded(decoded) => &decoded.0,
        }
    }
}

/// Names a node while its tree is being built.
pub(super) type NodeId = u32;

/// What a tree held at one time, to go back to.
pub(super) struct Checkpoint {
    nodes: usize,
    entries: usize,
    items: usize,
    duplicates: usize,
}

/// Builds a tree; the parsers' side of it.
pub(super) struct Builder<'source> {
    tree: Tree<'source>,
}

impl<'source> Builder<'source> {
    pub(super) fn new(source: &'source Embedded, templated: bool) -> Self {
        Self {
            tree: Tree {
                source,
                nodes: Vec::new(),
                entries: Vec::new(),
                items: Vec::new(),
                documents: Vec::new(),
                duplicates: Vec::new(),
                templated,
                alias_budget: Cell::new(ALIAS_BUDGET),
            },
        }
    }

    pub(super) fn scalar(&mut self, range: Range<usize>, style: Style, text: Text) -> NodeId {
        self.push(range, Content::Scalar(style, text))
    }

    pub(super) fn null(&mut self, at: usize) -> NodeId {
        self.push(at..at, Content::Scalar(Style::Plain, Text::Verbatim(at..at)))
    }

    pub(super) fn alias(&mut self, range: Range<usize>, target: NodeId) -> NodeId {
        self.push(range, Content::Alias(target))
    }

    /// A collection whose children are not known yet; [`Builder::close_mapping`] or [`Builder::close_sequence`]
    /// completes it.
    pub(super) fn open(&mut self, start: usize) -> NodeId {
        self.push(start..start, Content::Sequence(0..0))
    }

    pub(super) fn close_mapping(&mut self, node: NodeId, children: &[(NodeId, NodeId)], end: usize) {
        let first = narrow(self.tree.entries.len());
        self.tree.entries.extend_from_slice(children);
        self.note_duplicates(children);
        self.close(
            node,
            Content::Mapping(first..narrow(self.tree.entries.len())),
            end,
        );
    }

    pub(super) fn close_sequence(&mut self, node: NodeId, children: &[NodeId], end: usize) {
        let first = narrow(self.tree.items.len());
        self.tree.items.extend_from_slice(children);
        self.close(node, Content::Sequence(first..narrow(self.tree.items.len())), end);
    }

    pub(super) fn end_of(&self, node: NodeId) -> usize {
        self.tree
            .nodes
            .get(node as usize)
            .map_or(0, |data| data.range.end as usize)
    }

    /// Whether the node takes no room in the text: a value that was left out.
    pub(super) fn is_empty(&self, node: NodeId) -> bool {
        self.tree
            .nodes
            .get(node as usize)
            .is_none_or(|data| data.range.is_empty())
    }

    /// The text of a scalar.
    pub(super) fn scalar_text(&self, node: NodeId) -> Option<&str> {
        match &self.tree.nodes.get(node as usize)?.content {
            Content::Scalar(_, text) => Some(self.tree.text(text)),
            _ => None,
        }
    }

    /// Whether the node is a string.
    pub(super) fn is_text(&self, node: NodeId) -> bool {
        let content = self.tree.nodes.get(node as usize).map(|data| &data.content);
        matches!(content, Some(Content::Scalar(Style::Quoted | Style::Block, _)))
    }

    pub(super) fn document(&mut self, root: Option<NodeId>, problem: Option<Problem>) {
        self.tree.documents.push(DocumentData { root, problem });
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            nodes: self.tree.nodes.len(),
            entries: self.tree.entries.len(),
            items: self.tree.items.len(),
            duplicates: self.tree.duplicates.len(),
        }
    }

    /// Forgets what was built since. Documents that are complete stay.
    pub(super) fn rewind(&mut self, checkpoint: &Checkpoint) {
        self.tree.nodes.truncate(checkpoint.nodes);
        self.tree.entries.truncate(checkpoint.entries);
        self.tree.items.truncate(checkpoint.items);
        self.tree.duplicates.truncate(checkpoint.duplicates);
    }

    pub(super) fn finish(self) -> Tree<'source> {
        self.tree
    }

    fn push(&mut self, range: Range<usize>, content: Content) -> NodeId {
        let index = narrow(self.tree.nodes.len());
        self.tree.nodes.push(Data {
            range: narrow(range.start)..narrow(range.end),
            content,
        });
        index
    }

    fn close(&mut self, node: NodeId, content: Content, end: usize) {
        if let Some(data) = self.tree.nodes.get_mut(node as usize) {
            data.range.end = narrow(end).max(data.range.start);
            data.content = content;
        }
    }

    fn note_duplicates(&mut self, children: &[(NodeId, NodeId)]) {
        let tree = &self.tree;
        let mut seen = BTreeSet::new();
        let mut overridden = Vec::new();
        for (key, _) in children.iter().rev() {
            if let Some(Content::Scalar(_, text)) = tree.nodes.get(*key as usize).map(|data| &data.content)
                && !seen.insert(tree.text(text))
                && tree.text(text) != "<<"
            {
                overridden.push(*key);
            }
        }
        overridden.reverse();
        self.tree.duplicates.extend(overridden);
    }
}

/// Offsets and indices of texts that the parsers accept (see their size caps) fit 32 bits.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Decodes one scalar: takes pieces of the text that was parsed, gives the text with its map.
///
/// Where template actions were masked, the text that was parsed (`parsed`) differs from the text that the file
/// has (`written`) though not in length: structure comes from the first, text from the second.
pub(super) struct Decoding<'text> {
    parsed: &'text str,
    written: &'text str,
    check: String,
    text: String,
    map: OffsetMap,
}

impl<'text> Decoding<'text> {
    pub(super) fn new(parsed: &'text str, written: &'text str, start: usize) -> Self {
        Self {
            parsed,
            written,
            check: String::new(),
            text: String::new(),
            map: OffsetMap::at(start),
        }
    }

    /// How much of the text as parsed was decoded so far.
    pub(super) fn decoded_len(&self) -> usize {
        self.check.len()
    }

    pub(super) fn verbatim(&mut self, range: Range<usize>) {
        let parsed = self.parsed.get(range.clone()).unwrap_or_default();
        self.check.push_str(parsed);
        self.text
            .push_str(self.written.get(range.clone()).unwrap_or(parsed));
        self.map.push_verbatim(range.start, range.len());
    }

    /// As [`Decoding::verbatim`], but masked actions stay masked.
    pub(super) fn masked(&mut self, range: Range<usize>) {
        let parsed = self.parsed.get(range.clone()).unwrap_or_default();
        self.check.push_str(parsed);
        self.text.push_str(parsed);
        self.map.push_verbatim(range.start, range.len());
    }

    pub(super) fn replaced(&mut self, by: &str, range: Range<usize>) {
        self.check.push_str(by);
        self.text.push_str(by);
        self.map.push_replaced(by.len(), range);
    }

    /// The text, if it is the one that the parser decoded too; otherwise the parser's, mapped as a whole to
    /// `range`, so that a span of it is too wide rather than wrong.
    pub(super) fn verified(self, expected: &str, range: Range<usize>) -> Text {
        if self.check == expected && self.text.len() == self.map.decoded_len() {
            return Text::Decoded(Box::new((self.text, self.map)));
        }
        let mut map = OffsetMap::at(range.start);
        map.push_replaced(expected.len(), range);
        Text::Decoded(Box::new((expected.to_owned(), map)))
    }
}

//! HCL (the language of Terraform, OpenTofu and Packer files) to a [`Tree`], as its own JSON form would have it.
//!
//! Owns: bodies, blocks, attributes, and of expressions what can hold text: strings, heredocs, tuples, objects, and
//! the arguments of functions that pass them on (`jsonencode`, `yamlencode`, `templatefile`). Evaluates nothing:
//! what is only known when it is applied becomes a hole `${…}` in the text. It knows nothing of what a resource means.
//!
//! A block `resource "a" "b" { … }` is `{resource: {a: {b: {…}}}}`; blocks of one type in one body are a list.
//! Never fails: what cannot be read is skipped to the next line.
//!
//! This file is long because it is one recursive descent, of which each part calls most others.

mod text;

use std::ops::Range;

use promsight_model::{Embedded, OffsetMap};

use super::tree::{Builder, NodeId, Problem, Style, Text, Tree};
use text::{Decoded, escape, hole, interpolation};

/// Texts above this are not parsed.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// How deep bodies and expressions nest.
const MAX_DEPTH: usize = 128;

/// Functions of which the first text is the value, whatever their other arguments do to it.
const TEXT_FUNCTIONS: [&str; 12] = [
    "format",
    "trimspace",
    "chomp",
    "replace",
    "trim",
    "trimprefix",
    "trimsuffix",
    "indent",
    "nonsensitive",
    "sensitive",
    "tostring",
    "regexreplace",
];

/// Reads a text as one body.
pub fn parse(source: &Embedded) -> Tree<'_> {
    let mut builder = Builder::new(source, false);
    if source.text.len() > MAX_BYTES {
        let message = format!("the text is larger than {} MiB", MAX_BYTES / (1024 * 1024));
        builder.document(None, Some(Problem { message, range: 0..0 }));
        return builder.finish();
    }
    let mut parser = Parser {
        text: &source.text,
        at: 0,
        builder,
    };
    let start = parser.at;
    let body = parser.builder.open(start);
    let children = parser.body(0);
    parser.builder.close_mapping(body, &children, source.text.len());
    parser.builder.document(Some(body), None);
    parser.builder.finish()
}

struct Parser<'source> {
    text: &'source str,
    at: usize,
    builder: Builder<'source>,
}

/// The children of a mapping.
type Children = Vec<(NodeId, NodeId)>;

impl<'source> Parser<'source> {
    /// Attributes and blocks up to the closing brace, or the end of the text.
    fn body(&mut self, depth: usize) -> Children {
        let mut attributes: Children = Vec::new();
        let mut blocks: Vec<(Range<usize>, Vec<NodeId>)> = Vec::new();
        loop {
            self.blank_lines();
            let start = self.at;
            let name = match self.peek() {
                None => break,
                Some(b'}') if depth > 0 => break,
                Some(b'"') => self.quoted_range(),
                Some(_) => self.word(),
            };
            if name.is_empty() {
                self.skip_line();
                // A byte that begins nothing must not be met again.
                self.at = self.at.max(start + 1);
                self.go_to_boundary();
                continue;
            }
            self.blanks();
            match self.peek() {
                Some(b'=' | b':') if !self.rest().starts_with("==") => {
                    self.at += 1;
                    let key = self.key(name);
                    let value = self.expression(depth + 1, b"\n},");
                    attributes.push((key, value));
                    if self.peek() == Some(b',') {
                        self.at += 1;
                    }
                }
                Some(b'{' | b'"') | Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                    if let Some((name, block)) = self.block(name, depth + 1) {
                        let kind = &self.text[name.clone()];
                        match blocks
                            .iter_mut()
                            .find(|(range, _)| self.text[range.clone()] == *kind)
                        {
                            Some((_, same)) => same.push(block),
                            None => blocks.push((name, vec![block])),
                        }
                    }
                }
                _ => self.skip_line(),
            }
        }
        for (name, nodes) in blocks {
            let key = self.key(name);
            let value = match nodes.as_slice() {
                [only] => *only,
                several => {
                    let end = several.last().map_or(self.at, |last| self.builder.end_of(*last));
                    let list = self.builder.open(end);
                    self.builder.close_sequence(list, several, end);
                    list
                }
            };
            attributes.push((key, value));
        }
        attributes
    }

    /// `labels… { body }` behind a block's type; its name and node. `dynamic "x" { content { … } }` is a block `x`.
    fn block(&mut self, name: Range<usize>, depth: usize) -> Option<(Range<usize>, NodeId)> {
        let mut labels: Vec<Range<usize>> = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                Some(b'"') => labels.push(self.quoted_range()),
                Some(b'{') => break,
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => labels.push(self.word()),
                _ => {
                    self.skip_line();
                    return None;
                }
            }
        }
        let start = self.at;
        self.at += 1;
        if depth > MAX_DEPTH {
            self.skip_braces();
            return None;
        }
        let node = self.builder.open(start);
        let children = self.body(depth);
        if self.peek() == Some(b'}') {
            self.at += 1;
        }
        self.builder.close_mapping(node, &children, self.at);
        if self.text.get(name.clone()) == Some("dynamic")
            && let Some(label) = labels.first()
        {
            let content = children
                .iter()
                .find(|(key, _)| self.builder.scalar_text(*key) == Some("content"));
            return Some((label.clone(), content.map_or(node, |(_, content)| *content)));
        }
        let mut inner = node;
        for label in labels.into_iter().rev() {
            let mapping = self.builder.open(label.start);
            let key = self.key(label);
            self.builder.close_mapping(mapping, &[(key, inner)], self.at);
            inner = mapping;
        }
        Some((name, inner))
    }

    /// An expression, up to one of the ends at its own level. Of several operands (`a ? b : c`, `x + y`) the first
    /// that holds text counts.
    fn expression(&mut self, depth: usize, ends: &[u8]) -> NodeId {
        self.blanks();
        let start = self.at;
        let mut found: Option<NodeId> = None;
        loop {
            self.blanks();
            let Some(byte) = self.peek() else { break };
            if ends.contains(&byte) {
                break;
            }
            let operand = match byte {
                b'\n' => {
                    self.at += 1;
                    continue;
                }
                _ if depth > MAX_DEPTH => {
                    self.skip_line();
                    None
                }
                b'"' => Some(self.string()),
                b'<' if self.rest().starts_with("<<") => self.heredoc(),
                b'[' => Some(self.tuple(depth)),
                b'{' => Some(self.object(depth)),
                b'(' => {
                    self.at += 1;
                    let inner = self.expression(depth + 1, b")");
                    self.eat(b')');
                    Some(inner)
                }
                b')' | b']' | b'}' => break,
                _ if is_word(byte) => self.named(depth),
                _ => {
                    // Operators, and what stands for numbers and marks.
                    self.at += 1;
                    self.go_to_boundary();
                    continue;
                }
            };
            found = found.or(operand);
            self.traversal(depth);
        }
        found.unwrap_or_else(|| self.plain(start..self.at))
    }

    /// A number, boolean or null as it stands; anything else is known only when it is applied.
    fn plain(&mut self, range: Range<usize>) -> NodeId {
        let written = self.text.get(range.clone()).unwrap_or_default();
        let length = written.trim_end().len();
        let range = range.start..range.start + length;
        let written = &written[..length];
        let is_literal = matches!(written, "" | "true" | "false" | "null")
            || written
                .bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'e' | b'E'));
        if is_literal {
            return self
                .builder
                .scalar(range.clone(), Style::Plain, Text::Verbatim(range));
        }
        let hole = hole(written);
        let mut map = OffsetMap::at(range.start);
        map.push_replaced(hole.len(), range.clone());
        self.builder
            .scalar(range, Style::Quoted, Text::Decoded(Box::new((hole, map))))
    }

    /// An identifier: a call passes on what it is given, a reference is known only when it is applied.
    fn named(&mut self, depth: usize) -> Option<NodeId> {
        let name = self.word();
        self.blanks();
        if self.peek() != Some(b'(') {
            return None;
        }
        let start = self.at;
        self.at += 1;
        let mut arguments = Vec::new();
        loop {
            self.blank_lines();
            match self.peek() {
                None => break,
                Some(b')') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => self.at += 1,
                Some(b']' | b'}') => break,
                Some(_) => arguments.push(self.expression(depth + 1, b",)")),
            }
        }
        let function = self.text.get(name).unwrap_or_default();
        let is_text = TEXT_FUNCTIONS.contains(&function);
        match arguments.as_slice() {
            [] => None,
            [only] => Some(*only),
            several if is_text => several
                .iter()
                .copied()
                .find(|node| self.builder.is_text(*node))
                .or_else(|| several.first().copied()),
            // A file's path is no text of its own.
            _ if matches!(function, "templatefile" | "file" | "lookup" | "element") => None,
            several => {
                let list = self.builder.open(start);
                self.builder.close_sequence(list, several, self.at);
                Some(list)
            }
        }
    }

    /// `.x`, `[0]`, `[*]` behind an operand, and `=>` of a `for`.
    fn traversal(&mut self, depth: usize) {
        loop {
            match self.peek() {
                Some(b'.') => {
                    self.at += 1;
                    let word = self.word();
                    if word.is_empty() && self.peek() == Some(b'*') {
                        self.at += 1;
                    }
                }
                Some(b'[') if depth <= MAX_DEPTH => {
                    self.at += 1;
                    self.expression(depth + 1, b"]");
                    self.eat(b']');
                }
                _ => return,
            }
        }
    }

    fn tuple(&mut self, depth: usize) -> NodeId {
        let node = self.builder.open(self.at);
        self.at += 1;
        self.for_clause();
        let mut items = Vec::new();
        loop {
            self.blank_lines();
            match self.peek() {
                None | Some(b'}' | b')') => break,
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => self.at += 1,
                Some(_) => {
                    let before = self.at;
                    items.push(self.expression(depth + 1, b",]"));
                    self.advance_from(before);
                }
            }
        }
        self.builder.close_sequence(node, &items, self.at);
        node
    }

    fn object(&mut self, depth: usize) -> NodeId {
        let node = self.builder.open(self.at);
        self.at += 1;
        let comprehension = self.for_clause();
        let mut children = Vec::new();
        loop {
            self.blank_lines();
            let before = self.at;
            match self.peek() {
                None | Some(b']' | b')') => break,
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            let key = match self.peek() {
                Some(b'"') => self.string(),
                Some(b'(') => {
                    self.at += 1;
                    let key = self.expression(depth + 1, b")");
                    self.eat(b')');
                    key
                }
                _ => {
                    let word = self.word();
                    self.key(word)
                }
            };
            // `{for k, v in m : k.name => v}` has any expression as its key.
            while comprehension && !matches!(self.peek(), None | Some(b'=' | b'}' | b'\n')) {
                self.at += 1;
                self.go_to_boundary();
            }
            self.blanks();
            if !matches!(self.peek(), Some(b'=' | b':')) {
                self.advance_from(before);
                continue;
            }
            self.at += if self.rest().starts_with("=>") { 2 } else { 1 };
            let value = self.expression(depth + 1, b",\n}");
            children.push((key, value));
        }
        self.builder.close_mapping(node, &children, self.at);
        node
    }

    /// Skips `for x in y :`; whether there was one.
    fn for_clause(&mut self) -> bool {
        let start = self.at;
        self.blank_lines();
        let rest = self.rest();
        if !rest.starts_with("for ") {
            self.at = start;
            return false;
        }
        let line = rest.find('\n').unwrap_or(rest.len());
        match rest[..line].find(" : ").or_else(|| rest[..line].find(':')) {
            Some(colon) => {
                let mark = colon + rest[colon..].find(':').unwrap_or(0) + 1;
                self.at += mark;
            }
            None => self.at += line,
        }
        true
    }

    /// A string between quotes: escapes decoded, interpolations as holes.
    fn string(&mut self) -> NodeId {
        let start = self.at;
        self.at += 1;
        let mut decoded = Decoded::at(self.at);
        while let Some(byte) = self.peek() {
            let from = self.at;
            match byte {
                b'"' => {
                    self.at += 1;
                    break;
                }
                // A string ends on its line; one that does not is broken.
                b'\n' => break,
                b'\\' => {
                    let (plain, length) = escape(self.rest());
                    self.at += length;
                    decoded.replaced(&plain, from..self.at);
                }
                _ => self.template_part(&mut decoded, false),
            }
        }
        self.builder.scalar(start..self.at, Style::Quoted, decoded.text())
    }

    /// One character, interpolation or directive of a template.
    fn template_part(&mut self, decoded: &mut Decoded, is_json: bool) {
        let from = self.at;
        let rest = self.rest();
        if rest.starts_with("$${") || rest.starts_with("%%{") {
            self.at += 3;
            decoded.replaced(&rest[1..3], from..self.at);
        } else if rest.starts_with("${") || rest.starts_with("%{") {
            let length = interpolation(rest);
            self.at += length;
            let inner = rest[..length]
                .trim_start_matches(['$', '%', '{', '~'])
                .trim_end_matches(['}', '~']);
            let plain = match (rest.starts_with('%'), is_json && decoded.outside_of_strings()) {
                (true, _) => String::new(),
                (false, true) => "0".to_owned(),
                (false, false) => hole(inner),
            };
            decoded.replaced(&plain, from..self.at);
        } else {
            let length = rest.chars().next().map_or(1, char::len_utf8);
            self.at += length;
            decoded.verbatim(&rest[..length], from);
        }
    }

    /// `<<NAME`, `<<-NAME`: the lines up to one that holds the name only. The second form drops the indentation that
    /// all lines share.
    fn heredoc(&mut self) -> Option<NodeId> {
        let start = self.at;
        self.at += 2;
        let is_indented = self.peek() == Some(b'-');
        self.at += usize::from(is_indented);
        let name = self.word();
        if name.is_empty() {
            return None;
        }
        let name = self.text.get(name).unwrap_or_default().to_owned();
        self.skip_line();
        self.at = (self.at + 1).min(self.text.len());
        let first = self.at;
        let (end, behind) = self.heredoc_end(&name);
        let lines = || self.text[first..end].split_inclusive('\n');
        let indent = if is_indented {
            let indents = lines().filter(|line| !line.trim().is_empty());
            indents
                .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
                .min()
                .unwrap_or(0)
        } else {
            0
        };
        let is_json = self.text[first..end].trim_start().starts_with(['{', '[']);
        let mut decoded = Decoded::at(first);
        while self.at < end {
            let at_line_start = self.at == first || self.text.as_bytes()[self.at - 1] == b'\n';
            if at_line_start {
                let rest = &self.text[self.at..end];
                let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                self.at += blank.min(indent);
                if self.at >= end {
                    break;
                }
            }
            self.template_part(&mut decoded, is_json);
        }
        self.at = behind;
        Some(self.builder.scalar(start..behind, Style::Block, decoded.text()))
    }

    /// Where a heredoc's text ends, and where its closing name does.
    fn heredoc_end(&self, name: &str) -> (usize, usize) {
        let mut at = self.at;
        for line in self.text[self.at..].split_inclusive('\n') {
            if line.trim() == name {
                let behind = at + line.trim_end().len();
                return (at, behind);
            }
            at += line.len();
        }
        (self.text.len(), self.text.len())
    }

    /// The inside of a quoted label.
    fn quoted_range(&mut self) -> Range<usize> {
        let start = self.at + 1;
        self.at = start;
        while let Some(byte) = self.peek() {
            if byte == b'"' || byte == b'\n' {
                break;
            }
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
        self.at = self.at.min(self.text.len());
        self.go_to_boundary();
        let end = self.at;
        self.eat(b'"');
        start..end
    }

    fn key(&mut self, range: Range<usize>) -> NodeId {
        self.builder
            .scalar(range.clone(), Style::Plain, Text::Verbatim(range))
    }

    fn word(&mut self) -> Range<usize> {
        let start = self.at;
        let rest = self.rest().as_bytes();
        self.at += rest
            .iter()
            .take_while(|byte| is_word(**byte) || **byte == b'-')
            .count();
        start..self.at
    }

    /// Past spaces, line continuations and comments of one line.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'#') => self.skip_line(),
                Some(b'/') if self.rest().starts_with("//") => self.skip_line(),
                Some(b'/') if self.rest().starts_with("/*") => {
                    self.at += self.rest().find("*/").map_or(self.rest().len(), |end| end + 2);
                }
                _ => return,
            }
        }
    }

    fn blank_lines(&mut self) {
        loop {
            self.blanks();
            if self.peek() != Some(b'\n') {
                return;
            }
            self.at += 1;
        }
    }

    /// To the end of the line; the line break stays.
    fn skip_line(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    /// Past the brace that closes the one before.
    fn skip_braces(&mut self) {
        let mut depth = 1_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }

    /// Makes sure that a loop that read nothing comes to an end.
    fn advance_from(&mut self, before: usize) {
        if self.at == before {
            self.at += 1;
            self.go_to_boundary();
        }
    }

    fn go_to_boundary(&mut self) {
        self.at = self.at.min(self.text.len());
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) {
        if self.peek() == Some(byte) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'source str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests;

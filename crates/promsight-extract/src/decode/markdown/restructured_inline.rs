//! Inline markup of reStructuredText: literals, emphasis, roles, links.

use std::ops::Range;

use promsight_model::{Embedded, OffsetMap};

use super::prose::{Prose, Run, RunKind};

/// The prose of a text with inline markup.
pub(super) fn inline(raw: &Embedded) -> Prose {
    let mut writer = Writer {
        raw,
        text: String::new(),
        map: OffsetMap::at(0),
        runs: Vec::new(),
    };
    let source = raw.text.as_str();
    let mut at = 0;
    while let Some(offset) = source[at..].find(['`', '*', ':', '\\']) {
        let mark = at + offset;
        writer.copy(at..mark);
        at = writer.markup(mark).unwrap_or_else(|| {
            writer.copy(mark..mark + 1);
            mark + 1
        });
    }
    writer.copy(at..source.len());
    Prose {
        text: raw.nested(writer.text, writer.map),
        runs: writer.runs,
    }
}

/// Roles whose text is code.
const CODE_ROLES: &[&str] = &[
    "code", "literal", "samp", "metric", "promql", "data", "kbd", "command",
];

struct Writer<'a> {
    raw: &'a Embedded,
    text: String,
    map: OffsetMap,
    runs: Vec<Run>,
}

impl Writer<'_> {
    fn copy(&mut self, range: Range<usize>) {
        self.map.push_verbatim(range.start, range.len());
        self.text.push_str(&self.raw.text[range]);
    }

    fn run(&mut self, kind: RunKind, range: Range<usize>) {
        let start = self.text.len();
        self.copy(range);
        let at = start..self.text.len();
        if !at.is_empty() {
            self.runs.push(Run { kind, at });
        }
    }

    /// Reads what begins at a mark; where it ends, or `None` where it is no markup.
    fn markup(&mut self, mark: usize) -> Option<usize> {
        let raw = self.raw;
        let rest = &raw.text[mark..];
        if let Some(escaped) = rest.strip_prefix('\\') {
            // A backslash takes the next character's meaning away.
            let next = escaped.chars().next()?;
            let end = mark + 1 + next.len_utf8();
            if !next.is_whitespace() {
                self.copy(mark + 1..end);
            }
            return Some(end);
        }
        if let Some(after) = rest.strip_prefix("``") {
            let inner = mark + 2..mark + 2 + after.find("``").filter(|length| *length > 0)?;
            let end = inner.end + 2;
            self.run(RunKind::Code, inner);
            return Some(end);
        }
        if let Some(after) = rest.strip_prefix("**") {
            let inner = mark + 2..mark + 2 + after.find("**").filter(|length| *length > 0)?;
            let end = inner.end + 2;
            self.emphasis(inner);
            return Some(end);
        }
        if let Some(after) = rest.strip_prefix('*') {
            let length = after.find('*').filter(|length| *length > 0)?;
            let inner = mark + 1..mark + 1 + length;
            if raw.text[inner.clone()].starts_with(' ') {
                return None;
            }
            let end = inner.end + 1;
            self.emphasis(inner);
            return Some(end);
        }
        if let Some(role) = rest.strip_prefix(':') {
            let length = role
                .find(|character: char| !(character.is_alphanumeric() || "-_.+".contains(character)))
                .filter(|length| *length > 0)?;
            let name = &role[..length];
            role[length..].strip_prefix(":`")?;
            let start = mark + 1 + name.len() + 2;
            let length = raw.text[start..].find('`')?;
            let kind = if CODE_ROLES.contains(&name) {
                RunKind::Code
            } else {
                RunKind::Link(None)
            };
            self.run(kind, start..start + length);
            return Some(start + length + 1);
        }
        // A single backtick: a link where an underscore follows, else meant as code by most writers.
        let length = rest.strip_prefix('`')?.find('`').filter(|length| *length > 0)?;
        let inner = mark + 1..mark + 1 + length;
        let after = &raw.text[inner.end + 1..];
        let underscores = after.len() - after.trim_start_matches('_').len();
        if underscores == 0 {
            let end = inner.end + 1;
            self.run(RunKind::Code, inner);
            return Some(end);
        }
        let text = &raw.text[inner.clone()];
        let end = inner.end + 1 + underscores;
        match text.split_once('<').filter(|(_, target)| target.ends_with('>')) {
            Some((label, target)) => {
                let start = inner.start + label.len() + 1;
                let target = raw.slice(start..start + target.len() - 1);
                self.run(
                    RunKind::Link(Some(target)),
                    inner.start..inner.start + label.trim_end().len(),
                );
            }
            None => self.run(RunKind::Link(None), inner),
        }
        Some(end)
    }

    /// Emphasised text may hold no other markup.
    fn emphasis(&mut self, inner: Range<usize>) {
        self.run(RunKind::Emphasis, inner);
    }
}

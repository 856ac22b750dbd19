//! Inline markup of AsciiDoc: monospace, strong and emphasised text, links.

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
    while let Some(offset) = source[at..].find(['`', '*', '_', '+', 'h', 'l', '\\']) {
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
        let source = self.raw.text.as_str();
        let rest = &source[mark..];
        let open = !source[..mark].ends_with(|one: char| one.is_alphanumeric() || one == '_');
        if let Some(escaped) = rest.strip_prefix('\\') {
            // The backslash takes the next mark's meaning away.
            let next = escaped.chars().next().filter(char::is_ascii_punctuation)?;
            self.copy(mark + 1..mark + 1 + next.len_utf8());
            return Some(mark + 1 + next.len_utf8());
        }
        if rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("link:") {
            return if open { self.link(mark) } else { None };
        }
        for (fence, kind) in [
            ("``", Mark::Code),
            ("`", Mark::Code),
            ("+", Mark::Code),
            ("**", Mark::Strong),
            ("*", Mark::Strong),
            ("__", Mark::Strong),
            ("_", Mark::Strong),
        ] {
            let Some(after) = rest.strip_prefix(fence) else {
                continue;
            };
            if fence.len() == 1 && !open {
                continue;
            }
            let Some(length) = closing(after, fence) else {
                continue;
            };
            let inner = mark + fence.len()..mark + fence.len() + length;
            let end = inner.end + fence.len();
            self.inside(kind, inner);
            return Some(end);
        }
        None
    }

    /// The text between two marks. Code may be marked as literal once more (`` `+a_{b}+` ``), and strong text as code.
    fn inside(&mut self, kind: Mark, range: Range<usize>) {
        let text = &self.raw.text[range.clone()];
        let nested = ['+', '`']
            .into_iter()
            .any(|mark| text.len() > 2 && text.starts_with(mark) && text.ends_with(mark));
        let (kind, range) = match (kind, nested) {
            (Mark::Code, true) => (RunKind::Code, range.start + 1..range.end - 1),
            (Mark::Strong, true) if text.starts_with('`') => (RunKind::Code, range.start + 1..range.end - 1),
            (Mark::Code, false) => (RunKind::Code, range),
            (Mark::Strong, _) => (RunKind::Emphasis, range),
        };
        self.run(kind, range);
    }

    /// `https://p/graph?g0.expr=…[label]`, `link:target[label]`, and an address alone.
    fn link(&mut self, mark: usize) -> Option<usize> {
        let source = self.raw.text.as_str();
        let start = mark + if source[mark..].starts_with("link:") { 5 } else { 0 };
        let length = source[start..]
            .find(|one: char| one.is_whitespace() || matches!(one, '[' | '<' | '>' | '"'))
            .unwrap_or(source.len() - start);
        let target = self.raw.slice(start..start + length);
        let end = start + length;
        match source[end..].strip_prefix('[').and_then(|label| label.find(']')) {
            Some(label) => {
                let label = end + 1..end + 1 + label;
                let after = label.end + 1;
                self.run(RunKind::Link(Some(target)), label);
                Some(after)
            }
            None if start == mark && length > 8 => {
                self.run(RunKind::Link(Some(target)), start..end);
                Some(end)
            }
            None => None,
        }
    }
}

#[derive(Clone, Copy)]
enum Mark {
    Code,
    Strong,
}

/// Where the marked text ends: at a mark that no word goes on behind. Single marks need text right inside of them.
fn closing(after: &str, fence: &str) -> Option<usize> {
    let single = fence.len() == 1;
    if single && after.starts_with(char::is_whitespace) {
        return None;
    }
    let mut from = 0;
    while let Some(offset) = after[from..].find(fence) {
        let at = from + offset;
        let behind = &after[at + fence.len()..];
        let ends = !single
            || !(after[..at].ends_with(char::is_whitespace)
                || behind.starts_with(|one: char| one.is_alphanumeric() || one == '_'));
        if at > 0 && ends {
            return Some(at);
        }
        from = at + fence.len();
    }
    None
}

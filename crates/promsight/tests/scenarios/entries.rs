//! Lines of `expect`, `metrics` and `references` blocks.

use std::fmt::Write as _;

/// One line: what must agree word for word, and a text of which the line may name a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) exact: String,
    pub(crate) message: Option<String>,
    pub(crate) replacement: Replacement,
}

/// What a finding suggests to write at its primary place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Replacement {
    /// The line does not say.
    Unsaid,
    /// Nothing is suggested.
    Nothing,
    /// This text.
    Text(String),
}

/// What stands between a message and the replacement.
const ARROW: &str = " -> ";

impl Entry {
    fn of_line(line: &str) -> Self {
        // Message and replacement are the last things on the line, behind the place in guillemets.
        let from = line.rfind('»').map_or(0, |at| at + '»'.len_utf8());
        let Some(quote) = line[from..].find('"') else {
            return Self {
                exact: line.trim_end().to_owned(),
                message: None,
                replacement: Replacement::Unsaid,
            };
        };
        let tail = line[from + quote..].trim_end();
        let (quoted, replacement) = match tail.rsplit_once(ARROW) {
            Some((quoted, "nothing")) => (quoted, Replacement::Nothing),
            Some((quoted, text)) if quoted.ends_with('"') && text.starts_with('"') => {
                (quoted, Replacement::Text(unescaped(unquoted(text))))
            }
            _ => (tail, Replacement::Unsaid),
        };
        Self {
            exact: line[..from + quote].trim_end().to_owned(),
            message: Some(unescaped(unquoted(quoted))),
            replacement,
        }
    }

    fn line(&self) -> String {
        let mut line = self.exact.clone();
        if let Some(message) = &self.message {
            let _ = write!(line, " \"{}\"", escaped(message));
        }
        if let Replacement::Text(text) = &self.replacement {
            let _ = write!(line, "{ARROW}\"{}\"", escaped(text));
        }
        line
    }

    fn admits(&self, actual: &Entry) -> bool {
        let part = self.message.as_deref().unwrap_or_default();
        self.exact == actual.exact
            && actual.message.as_deref().unwrap_or_default().contains(part)
            && (self.replacement == Replacement::Unsaid || self.replacement == actual.replacement)
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.strip_prefix('"').unwrap_or(text);
    text.strip_suffix('"').unwrap_or(text)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => plain.push('\n'),
                Some(escaped) => plain.push(escaped),
                None => plain.push('\\'),
            },
            character => plain.push(character),
        }
    }
    plain
}

/// A line of a block with the entry of `actual` that it names, if any.
struct Line<'a> {
    text: &'a str,
    is_entry: bool,
    met: bool,
}

/// Pairs lines with entries: each entry is named once.
fn pair<'a>(block: &'a str, actual: &[Entry]) -> (Vec<Line<'a>>, Vec<Entry>) {
    let mut left: Vec<Option<&Entry>> = actual.iter().map(Some).collect();
    let lines = block
        .lines()
        .map(|text| {
            let is_entry = !text.trim().is_empty() && !text.starts_with('#');
            let expected = Entry::of_line(text);
            let slot = left
                .iter_mut()
                .find(|slot| slot.is_some_and(|entry| expected.admits(entry)));
            let met = is_entry && slot.and_then(Option::take).is_some();
            Line { text, is_entry, met }
        })
        .collect();
    (lines, left.into_iter().flatten().cloned().collect())
}

/// What is missing and what is too much; empty where the block is right.
pub(crate) fn compare(block: &str, actual: &[Entry]) -> String {
    let (lines, unexpected) = pair(block, actual);
    let mut difference = String::new();
    for line in lines.iter().filter(|line| line.is_entry && !line.met) {
        let _ = writeln!(difference, "  missing     {}", line.text);
    }
    for entry in unexpected {
        let _ = writeln!(difference, "  unexpected  {}", entry.line());
    }
    difference
}

/// The block as it has to be: lines that are right stay as they are, comments too.
pub(crate) fn updated(block: &str, actual: &[Entry]) -> String {
    let (lines, unexpected) = pair(block, actual);
    let mut text = String::new();
    for line in lines.iter().filter(|line| !line.is_entry || line.met) {
        text.push_str(line.text);
        text.push('\n');
    }
    for entry in unexpected {
        text.push_str(&entry.line());
        text.push('\n');
    }
    text
}

//! Shell text to commands and control flow.
//!
//! Owns the grammar of POSIX shells with the everyday parts of bash: quoting, expansions, lists, compound commands, here
//! documents. Runs and expands nothing, reads no file, and cannot fail: what it does not understand is skipped, and the
//! script says that it is not complete. Texts come from files and from what manifests render to, so that places are
//! given by the caller.

mod layout;
mod parser;
mod words;

use std::ops::Range;

use promsight_model::Span;
use promsight_model::launch::{Script, Word};

use parser::Parser;

/// Longer texts are not read: no script that starts a program is, and installers that carry archives are.
const MAX_BYTES: usize = 512 << 10;

/// Where a range of the text stands.
pub type Locate<'a> = &'a dyn Fn(Range<usize>) -> Span;

/// The script that a text is.
pub fn script(text: &str, locate: Locate<'_>) -> Script {
    if text.len() > MAX_BYTES {
        return Script::default();
    }
    let interpreter = text.strip_prefix("#!").map(|rest| {
        let line = rest.lines().next().unwrap_or_default();
        line.trim().to_owned()
    });
    let mut parser = Parser::new(text, locate);
    let body = parser.all();
    Script {
        interpreter,
        body,
        is_complete: parser.is_complete(),
    }
}

/// The words of a text without operators: white space parts them, quotes and expansions count.
pub fn words(text: &str, locate: Locate<'_>) -> Vec<Word> {
    if text.len() > MAX_BYTES {
        return Vec::new();
    }
    Parser::new(text, locate).only_words()
}

/// The words of a text as `shlex` splits it: quotes and backslashes count, `$` does not. With their places in the text.
pub fn split(text: &str) -> Vec<(String, Range<usize>)> {
    let mut words = Vec::new();
    let mut word: Option<(String, usize)> = None;
    let mut quote: Option<char> = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (None, character) if character.is_whitespace() => {
                if let Some((text, start)) = word.take() {
                    words.push((text, start..at));
                }
                continue;
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), character) if character == open => quote = None,
            (None, '\\') | (Some('"'), '\\') => {
                let escaped = characters.next_if(|(_, next)| quote.is_none() || matches!(next, '"' | '\\'));
                let character = escaped.map_or('\\', |(_, next)| next);
                if character != '\n' {
                    word.get_or_insert_with(|| (String::new(), at)).0.push(character);
                }
                continue;
            }
            _ => {
                word.get_or_insert_with(|| (String::new(), at)).0.push(character);
                continue;
            }
        }
        word.get_or_insert_with(|| (String::new(), at));
    }
    if let Some((text_of_word, start)) = word {
        words.push((text_of_word, start..text.len()));
    }
    words
}

#[cfg(test)]
mod tests;

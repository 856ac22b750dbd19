//! Words of commands as they are when a program starts: variables expanded as far as their values are known.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::launch::{Fallback, FallbackKind, Piece, Word};
use promsight_model::{Embedded, Span};

use super::globs;

/// Stands in texts for what only a run knows. SUBSTITUTE (U+001A) stands in no command.
pub(super) const UNKNOWN: char = '\u{1a}';

/// How often expansions may stand in for one another.
const MAX_DEPTH: usize = 16;

/// Longer words are not built: a value that holds itself many times would grow without end.
const MAX_BYTES: usize = 64 << 10;

/// A word of a command.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    /// Its text, [`UNKNOWN`] in it for what is not known.
    pub(super) text: String,
    /// Its place.
    pub(super) span: Span,
    /// Where it is a whole script: the text with the way back.
    pub(super) source: Option<Embedded>,
}

impl Argument {
    pub(super) fn new(text: impl Into<String>, span: Span) -> Self {
        Self {
            text: text.into(),
            span,
            source: None,
        }
    }

    /// The text, where all of it is known.
    pub(super) fn known(&self) -> Option<&str> {
        (!self.text.contains(UNKNOWN)).then_some(&self.text)
    }

    /// The program that the word calls, without its folders.
    pub(super) fn program(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or(&self.text)
    }

    /// The text for people.
    pub(super) fn shown(&self) -> String {
        self.text.replace(UNKNOWN, "…")
    }
}

/// Variables of the environment.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    /// Value and place; without a value where it comes from elsewhere.
    pub(super) values: BTreeMap<String, (Option<String>, Span)>,
    /// Whether no other variables are set.
    pub(super) is_complete: bool,
    /// Those of them that a script keeps for itself.
    unexported: BTreeSet<String>,
}

/// What is known of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup<'a> {
    Known(&'a str),
    /// It surely is not set.
    Unset,
    /// Nothing of the tree sets it.
    Open,
    /// It is set to what is not known.
    Unknown,
}

/// Variables that systems and images set by themselves.
const SYSTEM: [&str; 9] = [
    "HOME", "PATH", "HOSTNAME", "USER", "PWD", "SHELL", "LANG", "TERM", "UID",
];

impl Environment {
    /// One that is all that is set.
    pub(super) fn complete() -> Self {
        Self {
            is_complete: true,
            ..Self::default()
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Lookup<'_> {
        match self.values.get(name) {
            Some((Some(value), _)) if value.contains(UNKNOWN) => Lookup::Unknown,
            Some((Some(value), _)) => Lookup::Known(value),
            Some((None, _)) => Lookup::Unknown,
            None if SYSTEM.contains(&name) => Lookup::Unknown,
            None if self.is_complete => Lookup::Unset,
            None => Lookup::Open,
        }
    }

    pub(super) fn known(&self, name: &str) -> Option<&str> {
        match self.lookup(name) {
            Lookup::Known(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: Option<String>, span: Span) {
        let value = value.filter(|value| value.len() <= MAX_BYTES);
        self.values.insert(name.to_owned(), (value, span));
    }

    /// Sets a variable of a script: what it runs sees it only where it was there before.
    pub(super) fn assign(&mut self, name: &str, value: Option<String>, span: Span) {
        if !self.values.contains_key(name) {
            self.unexported.insert(name.to_owned());
        }
        self.set(name, value, span);
    }

    /// Lets what a script runs see its variable.
    pub(super) fn export(&mut self, name: &str) {
        self.unexported.remove(name);
    }

    pub(super) fn list(&self) -> Vec<(String, Option<String>, Span)> {
        let all = self.values.iter();
        let all = all.filter(|(name, _)| !self.unexported.contains(*name));
        all.map(|(name, (value, span))| {
            let value = value.clone().filter(|value| !value.contains(UNKNOWN));
            (name.clone(), value, *span)
        })
        .collect()
    }
}

/// What words are expanded with.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) environment: &'a Environment,
    /// `$1` and so on.
    pub(super) arguments: &'a [Argument],
    /// Lists; `None` outside of scripts, which have none.
    pub(super) lists: Option<&'a BTreeMap<String, Vec<Argument>>>,
}

impl Scope<'_> {
    /// The words that a word of the shell becomes. Not known apart are quotes inside of what stands in for a variable
    /// (`${A:-"b c"}`): that is split all the same.
    pub(super) fn expand(&self, word: &Word) -> Vec<Argument> {
        let mut words = Vec::new();
        let mut text = String::new();
        let mut is_word = word.pieces.is_empty();
        for piece in &word.pieces {
            match piece {
                Piece::Text(piece) => {
                    text.push_str(piece);
                    is_word = true;
                }
                Piece::Arguments | Piece::List(_) => {
                    let all = self.all(piece, word.span);
                    if text.is_empty() && word.pieces.len() == 1 {
                        // `"$@"` by itself: the words keep their own places.
                        return all;
                    }
                    for (index, argument) in all.iter().enumerate() {
                        if index > 0 {
                            words.push(Argument::new(std::mem::take(&mut text), word.span));
                        }
                        text.push_str(&argument.text);
                        is_word = true;
                    }
                }
                Piece::Variable {
                    name,
                    is_quoted: false,
                    ..
                } if matches!(name.as_str(), "@" | "*") && word.pieces.len() == 1 => {
                    let split = |argument: &Argument| {
                        let parts = argument.text.split_whitespace();
                        parts
                            .map(|part| Argument::new(part, argument.span))
                            .collect::<Vec<_>>()
                    };
                    return self.arguments.iter().flat_map(split).collect();
                }
                Piece::Variable { is_quoted: false, .. } => {
                    let value = self.piece(piece, 0);
                    let mut parts = value.split_whitespace().peekable();
                    while let Some(part) = parts.next() {
                        text.push_str(part);
                        is_word = true;
                        if parts.peek().is_some() {
                            words.push(Argument::new(std::mem::take(&mut text), word.span));
                        }
                    }
                }
                piece => {
                    text.push_str(&self.piece(piece, 0));
                    is_word = true;
                }
            }
            if text.len() > MAX_BYTES || words.len() > MAX_BYTES {
                text = UNKNOWN.to_string();
                break;
            }
        }
        if is_word {
            words.push(Argument::new(text, word.span));
        }
        words
    }

    /// The words that `"$@"` and `"${NAME[@]}"` stand for.
    fn all(&self, piece: &Piece, span: Span) -> Vec<Argument> {
        let Piece::List(name) = piece else {
            return self.arguments.to_vec();
        };
        let unknown = || vec![Argument::new(UNKNOWN.to_string(), span)];
        self.lists
            .and_then(|lists| lists.get(name))
            .cloned()
            .unwrap_or_else(unknown)
    }

    /// One word, not split.
    pub(super) fn one(&self, word: &Word) -> Argument {
        let text = self.pieces(&word.pieces, 0);
        Argument::new(text, word.span)
    }

    fn pieces(&self, pieces: &[Piece], depth: usize) -> String {
        let mut text = String::new();
        for piece in pieces {
            text.push_str(&self.piece(piece, depth));
            if text.len() > MAX_BYTES {
                return UNKNOWN.to_string();
            }
        }
        text
    }

    fn piece(&self, piece: &Piece, depth: usize) -> String {
        match piece {
            Piece::Text(text) => text.clone(),
            Piece::Unknown => UNKNOWN.to_string(),
            Piece::Arguments => joined(self.arguments),
            Piece::List(name) => self
                .lists
                .and_then(|lists| lists.get(name))
                .map_or_else(|| UNKNOWN.to_string(), |words| joined(words)),
            Piece::Variable { name, fallback, .. } => self.variable(name, fallback.as_ref(), depth),
        }
    }

    fn variable(&self, name: &str, fallback: Option<&Fallback>, depth: usize) -> String {
        let count;
        if matches!(name, "@" | "*") {
            return joined(self.arguments);
        }
        let value = if name == "#" {
            count = self.arguments.len().to_string();
            Lookup::Known(&count)
        } else if let Ok(index) = name.parse::<usize>() {
            match index.checked_sub(1).map(|index| self.arguments.get(index)) {
                Some(Some(argument)) if argument.known().is_none() => Lookup::Unknown,
                Some(Some(argument)) => Lookup::Known(&argument.text),
                Some(None) => Lookup::Unset,
                None => Lookup::Unknown,
            }
        } else {
            self.environment.lookup(name)
        };
        let plain = || match value {
            Lookup::Known(value) => value.to_owned(),
            Lookup::Unset => String::new(),
            Lookup::Open | Lookup::Unknown => UNKNOWN.to_string(),
        };
        let Some(fallback) = fallback else {
            return plain();
        };
        if depth > MAX_DEPTH {
            return UNKNOWN.to_string();
        }
        let stand_in = || self.pieces(&fallback.pieces, depth + 1);
        match (fallback.kind, value) {
            (FallbackKind::UnsetOrEmpty, Lookup::Known("") | Lookup::Unset | Lookup::Open)
            | (FallbackKind::Unset, Lookup::Unset | Lookup::Open)
            | (FallbackKind::Set, Lookup::Known(_) | Lookup::Unknown) => stand_in(),
            (FallbackKind::Filled, Lookup::Known(value)) if !value.is_empty() => stand_in(),
            (FallbackKind::Filled, Lookup::Unknown) => UNKNOWN.to_string(),
            (FallbackKind::Filled | FallbackKind::Set, _) => String::new(),
            (FallbackKind::WithoutPrefix, Lookup::Known(value)) => {
                globs::without_prefix(value, &stand_in()).unwrap_or_else(|| UNKNOWN.to_string())
            }
            (FallbackKind::WithoutSuffix, Lookup::Known(value)) => {
                globs::without_suffix(value, &stand_in()).unwrap_or_else(|| UNKNOWN.to_string())
            }
            _ => plain(),
        }
    }
}

fn joined(words: &[Argument]) -> String {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    texts.join(" ")
}

#[cfg(test)]
mod tests {
    use promsight_model::FileId;

    use super::*;

    /// What the real `sh` makes of command lines; `testdata/shell/record.py` asks it.
    const RECORDED: &str = include_str!("../../../../testdata/shell/words.tsv");

    #[test]
    fn words_are_those_of_the_real_shell() {
        let span = Span::new(FileId(0), 0..0);
        let mut environment = Environment::complete();
        for (name, value) in [("A", "1"), ("B", "x y"), ("EMPTY", "")] {
            environment.set(name, Some(value.to_owned()), span);
        }
        let arguments = ["one", "two words", "-x"].map(|text| Argument::new(text, span));
        let scope = Scope {
            environment: &environment,
            arguments: &arguments,
            lists: None,
        };
        let mut compared = 0;
        let mut wrong = Vec::new();
        for line in RECORDED.lines() {
            let (case, expected) = line.split_once('\t').expect("a question and an answer");
            let text = case.replace("@@", "\\\n");
            let script = promsight_shell::script(&text, &|_| span);
            let promsight_model::launch::StatementKind::Command { assignments, words } = &script.body[0].kind
            else {
                panic!("{case} is a command");
            };
            // In front of a command `a=b` is an assignment; the shell was asked about arguments.
            let assigned = assignments
                .iter()
                .map(|assignment| format!("<{}={}>", assignment.name, scope.one(&assignment.words[0]).text));
            let found: Vec<Argument> = words.iter().flat_map(|word| scope.expand(word)).collect();
            let found: String = assigned
                .chain(found.iter().map(|word| format!("<{}>", word.text)))
                .collect();
            compared += 1;
            if found != expected {
                wrong.push(format!("{case}: {found} instead of {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(compared > 30, "{compared} command lines were compared");
    }
}

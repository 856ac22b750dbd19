//! Command lines that query Prometheus or search an exposition, wherever they stand: in a script or in a document.
//!
//! Reads shell text well enough to tell commands, pipelines and quoted arguments apart, with exact places. It is
//! no shell: nothing is expanded, and `$variables` stay in the arguments as template holes.

use std::ops::Range;

use promsight_model::{Embedded, OffsetMap};

use super::{programs, urls};
use crate::documents::words;

/// Something that a command line looks at.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    /// The range of the command in the text that was read.
    pub(crate) command: Range<usize>,
    /// What it looks at.
    pub(crate) target: Target,
}

/// What a command line looks at.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A query that is sent.
    Query(Embedded),
    /// An argument that may be a query.
    Argument(Embedded),
    /// A word that is searched for in an exposition: the whole name, or a part of names.
    Name(Embedded),
    /// A part of names that is searched for in an exposition.
    NamePart(Embedded),
    /// An alert's name.
    Alert(Embedded),
}

/// What all commands of a text look at, in order.
pub(crate) fn read(text: &Embedded) -> Vec<Sight> {
    let mut sights = Vec::new();
    for pipeline in pipelines(text) {
        read_pipeline(&pipeline, &mut sights);
    }
    sights
}

/// One word of a command.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: Embedded,
    at: Range<usize>,
    /// Whether some of it was quoted.
    pub(super) quoted: bool,
}

/// The words of a command.
pub(super) type Command = Vec<Word>;

fn read_pipeline(commands: &[Command], sights: &mut Vec<Sight>) {
    let Some(range) = command_range(commands) else {
        return;
    };
    let mut see = |target: Target| {
        sights.push(Sight {
            command: range.clone(),
            target,
        });
    };
    let mut exposition = false;
    for command in commands {
        let queries_api = command.iter().any(|word| word.text.text.contains("/api/v1/"));
        for (index, word) in command.iter().enumerate() {
            let text = word.text.text.as_str();
            if text.contains("://") || text.contains("/api/v1/") || text.contains("/graph?") {
                urls::read(&word.text).into_iter().for_each(&mut see);
                continue;
            }
            let encoding = index
                .checked_sub(1)
                .and_then(|before| data_option(&command[before].text.text));
            let (encoding, word_text) = match (encoding, attached_data(&word.text)) {
                (_, Some((encoding, value))) => (Some(encoding), value),
                (encoding, None) => (encoding, word.text.clone()),
            };
            if let Some(encoding) = encoding
                && (queries_api || encoding == Encoding::Plain)
            {
                parameter(&word_text, encoding).into_iter().for_each(&mut see);
            } else if queries_api && word_text.text.contains("query=") {
                parameter(&word_text, Encoding::Plain)
                    .into_iter()
                    .for_each(&mut see);
            } else if word.quoted {
                see(Target::Argument(assigned(&word.text)));
            }
        }
        programs::promtool(command).into_iter().for_each(&mut see);
        programs::amtool(command).into_iter().for_each(&mut see);
        if exposition {
            programs::searched(command).into_iter().for_each(&mut see);
        }
        exposition = exposition || command.iter().any(|word| reads_exposition(&word.text.text));
    }
}

/// The value of `name='value'`; any other word as it is.
fn assigned(word: &Embedded) -> Embedded {
    match word.text.split_once('=') {
        Some((name, _)) if words::is_name(name) => word.slice(name.len() + 1..word.text.len()),
        _ => word.clone(),
    }
}

fn command_range(commands: &[Command]) -> Option<Range<usize>> {
    let start = commands.iter().flatten().next()?.at.start;
    let end = commands.iter().flatten().next_back()?.at.end;
    Some(start..end)
}

/// Whether an argument names an address or a saved file whose content is an exposition.
fn reads_exposition(text: &str) -> bool {
    let path = text
        .split(['?', '#'])
        .next()
        .unwrap_or(text)
        .trim_end_matches('/');
    path.ends_with("/metrics")
        || path == "metrics"
        || path.ends_with("/metrics.txt")
        || path.ends_with("/federate")
}

/// How a parameter's value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// As it is.
    Plain,
    /// Percent-encoded.
    Url,
}

/// curl's and wget's options that are followed by a parameter.
fn data_option(option: &str) -> Option<Encoding> {
    match option {
        "--data-urlencode" => Some(Encoding::Plain),
        "-d" | "--data" | "--data-raw" | "--data-ascii" | "--post-data" | "--url-query" => {
            Some(Encoding::Url)
        }
        _ => None,
    }
}

/// `--data-urlencode=query=…` and `-dquery=…`.
fn attached_data(word: &Embedded) -> Option<(Encoding, Embedded)> {
    let (option, encoding) = [
        ("--data-urlencode=", Encoding::Plain),
        ("--data=", Encoding::Url),
        ("--data-raw=", Encoding::Url),
        ("--post-data=", Encoding::Url),
    ]
    .into_iter()
    .find(|(option, _)| word.text.starts_with(option))?;
    Some((encoding, word.slice(option.len()..word.text.len())))
}

/// `query=up`, `match[]=up`, several with `&` where they are encoded.
fn parameter(word: &Embedded, encoding: Encoding) -> Vec<Target> {
    match encoding {
        Encoding::Url => urls::parameters(word, 0),
        Encoding::Plain => {
            let Some((key, rest)) = word.text.split_once('=') else {
                return Vec::new();
            };
            // httpie writes `query==up`.
            let skipped = key.len() + 1 + usize::from(rest.starts_with('='));
            match key {
                "query" | "match[]" | "match" => vec![Target::Query(word.slice(skipped..word.text.len()))],
                _ => Vec::new(),
            }
        }
    }
}

/// The arguments of a command that are no options, after the program's name. Options that take a value are named.
pub(super) fn operands<'w>(words: &'w [Word], with_value: &[&str]) -> Vec<&'w Word> {
    let mut operands = Vec::new();
    let mut skip = false;
    for word in words {
        let text = word.text.text.as_str();
        if std::mem::take(&mut skip) {
            continue;
        }
        if text.starts_with('-') && text.len() > 1 && !word.quoted {
            skip = with_value.contains(&text);
            continue;
        }
        operands.push(word);
    }
    operands
}

/// The index of the word that calls one of these programs.
pub(super) fn program_at(command: &Command, names: &[&str]) -> Option<usize> {
    command.iter().position(|word| {
        // `@` and `-` before a recipe's command are make's.
        let command = word.text.text.trim_start_matches(['@', '-']);
        let name = command.rsplit('/').next().unwrap_or_default();
        !word.quoted && names.contains(&name)
    })
}

/// The pipelines of a text: lists of commands whose outputs are piped on.
fn pipelines(text: &Embedded) -> Vec<Vec<Command>> {
    let mut scanner = Scanner {
        text,
        source: text.text.as_str(),
        at: 0,
        word: None,
        command: Vec::new(),
        pipeline: Vec::new(),
        pipelines: Vec::new(),
        closed: [true; 2],
    };
    scanner.run();
    scanner.pipelines
}

/// A word being read.
struct OpenWord {
    text: String,
    map: OffsetMap,
    start: usize,
    quoted: bool,
}

struct Scanner<'a> {
    text: &'a Embedded,
    source: &'a str,
    at: usize,
    word: Option<OpenWord>,
    command: Command,
    pipeline: Vec<Command>,
    pipelines: Vec<Vec<Command>>,
    /// Whether a single, a double quote can still be closed by a later one; once one cannot, no later one can.
    closed: [bool; 2],
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(character) = self.source[self.at..].chars().next() {
            let length = character.len_utf8();
            match character {
                '\n' => self.end_pipeline(),
                character if character.is_whitespace() => self.end_word(),
                '\\' => {
                    self.escape();
                    continue;
                }
                '\'' if self.closes('\'', 0) => {
                    self.single_quoted();
                    continue;
                }
                '"' if self.closes('"', 1) => {
                    self.double_quoted();
                    continue;
                }
                '#' if self.word.is_none() => {
                    self.skip_line();
                    continue;
                }
                '|' if self.source[self.at..].starts_with("||") => {
                    self.end_pipeline();
                    self.at += 1;
                }
                '|' => self.end_command(),
                ';' | '`' => self.end_pipeline(),
                '&' if self.source[self.at..].starts_with("&&") || self.word.is_none() => self.end_pipeline(),
                '(' | ')'
                    if self.word.as_ref().is_none_or(|word| word.text.ends_with('$')) || character == ')' =>
                {
                    self.end_pipeline();
                }
                '>' | '<' => self.end_word(),
                _ => self.push(length),
            }
            self.at += length;
        }
        self.end_pipeline();
    }

    fn open(&mut self) -> &mut OpenWord {
        let start = self.at;
        self.word.get_or_insert_with(|| OpenWord {
            text: String::new(),
            map: OffsetMap::at(start),
            start,
            quoted: false,
        })
    }

    /// Appends the next `length` bytes of the source to the word; the caller moves on.
    fn push(&mut self, length: usize) {
        let (source, at) = (self.source, self.at);
        let word = self.open();
        word.text.push_str(&source[at..at + length]);
        word.map.push_verbatim(at, length);
    }

    fn escape(&mut self) {
        let rest = &self.source[self.at + 1..];
        let Some(next) = rest.chars().next() else {
            self.at += 1;
            return;
        };
        let line_break = if rest.starts_with("\r\n") {
            2
        } else {
            usize::from(next == '\n')
        };
        if line_break > 0 {
            // A continued line: the words around it stay apart only if white space does it.
            self.at += 1 + line_break;
            return;
        }
        let at = self.at;
        let word = self.open();
        word.text.push(next);
        word.map
            .push_replaced(next.len_utf8(), at..at + 1 + next.len_utf8());
        self.at += 1 + next.len_utf8();
    }

    /// Whether the quote at the current place is closed later on.
    fn closes(&mut self, quote: char, index: usize) -> bool {
        if !self.closed[index] {
            return false;
        }
        // An apostrophe inside a word of a console's output is none.
        let inside_word = quote == '\''
            && self
                .word
                .as_ref()
                .is_some_and(|word| word.text.ends_with(char::is_alphanumeric));
        let found = self.source[self.at + 1..].contains(quote);
        self.closed[index] = found;
        found && !inside_word
    }

    fn single_quoted(&mut self) {
        let start = self.at + 1;
        let length = self.source[start..].find('\'').unwrap_or(0);
        self.open().quoted = true;
        self.at = start;
        self.push(length);
        self.at = start + length + 1;
    }

    fn double_quoted(&mut self) {
        self.open().quoted = true;
        self.at += 1;
        while let Some(character) = self.source[self.at..].chars().next() {
            let length = character.len_utf8();
            match character {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' => {
                    let next = self.source[self.at + 1..].chars().next();
                    match next {
                        Some(escaped @ ('"' | '\\' | '$' | '`')) => {
                            let at = self.at;
                            let word = self.open();
                            word.text.push(escaped);
                            word.map.push_replaced(1, at..at + 2);
                            self.at += 2;
                        }
                        Some('\n') => self.at += 2,
                        _ => {
                            self.push(1);
                            self.at += 1;
                        }
                    }
                }
                _ => {
                    self.push(length);
                    self.at += length;
                }
            }
        }
    }

    fn skip_line(&mut self) {
        self.at += self.source[self.at..]
            .find('\n')
            .unwrap_or(self.source.len() - self.at);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        let prompt = self.command.is_empty() && matches!(word.text.as_str(), "$" | "%" | ">" | "#");
        if !prompt {
            let text = self.text.nested(word.text, word.map);
            self.command.push(Word {
                text,
                at: word.start..self.at,
                quoted: word.quoted,
            });
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.command.is_empty() {
            self.pipeline.push(std::mem::take(&mut self.command));
        }
    }

    fn end_pipeline(&mut self) {
        self.end_command();
        if !self.pipeline.is_empty() {
            self.pipelines.push(std::mem::take(&mut self.pipeline));
        }
    }
}

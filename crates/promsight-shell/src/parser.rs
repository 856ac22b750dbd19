//! Commands, lists and compound commands.

use std::ops::Range;

use promsight_model::Span;
use promsight_model::launch::{Assignment, Connective, Piece, Statement, StatementKind, Word};

use crate::Locate;
use crate::layout::Tabs;
use crate::words::name_length;

/// How deep compound commands are read.
const MAX_DEPTH: usize = 48;

/// Statements that one text may hold.
const MAX_STATEMENTS: usize = 50_000;

/// Words that end a list where they stand for a command.
const ENDS: [&str; 8] = ["then", "else", "elif", "fi", "do", "done", "esac", "}"];

pub(crate) struct Parser<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
    pub(crate) is_complete: bool,
    locate: Locate<'a>,
    /// Here documents whose text begins on the next line: the delimiter, and whether tabs before it count.
    pub(crate) heredocs: Vec<(String, Tabs)>,
    depth: usize,
    statements: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, locate: Locate<'a>) -> Self {
        Self {
            text,
            at: 0,
            is_complete: true,
            locate,
            heredocs: Vec::new(),
            depth: 0,
            statements: 0,
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        (self.locate)(range)
    }

    /// All statements of the text.
    pub(crate) fn all(&mut self) -> Vec<Statement> {
        let mut body = self.list();
        // What closes nothing is passed, so that the rest is read too.
        while self.at < self.text.len() {
            self.is_complete = false;
            if !ENDS.iter().any(|end| self.take(end)) {
                self.pass_one();
            }
            body.append(&mut self.list());
        }
        body
    }

    /// Words alone: whatever else stands between them is passed.
    pub(crate) fn only_words(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        loop {
            self.blanks();
            while self.rest().starts_with(['\n', '\r']) {
                self.at += 1;
                self.blanks();
            }
            match self.word() {
                Some(word) => words.push(word),
                None if self.at >= self.text.len() => return words,
                None => self.pass_one(),
            }
        }
    }

    fn pass_one(&mut self) {
        self.at += self.peek().map_or(1, char::len_utf8);
    }

    /// Statements up to what ends a list, which is not passed.
    fn list(&mut self) -> Vec<Statement> {
        let mut body = Vec::new();
        loop {
            self.separators();
            if self.at >= self.text.len() || self.ends_list() {
                return body;
            }
            self.statements += 1;
            if self.statements > MAX_STATEMENTS {
                self.is_complete = false;
                self.at = self.text.len();
                return body;
            }
            let before = self.at;
            if let Some(mut statement) = self.chain() {
                self.blanks();
                if self.rest().starts_with('&') && !self.rest().starts_with("&&") {
                    statement.is_background = true;
                    self.at += 1;
                }
                body.push(statement);
            }
            if self.at == before {
                self.is_complete = false;
                self.pass_one();
            }
        }
    }

    fn ends_list(&self) -> bool {
        self.rest().starts_with([')'])
            || self.rest().starts_with(";;")
            || ENDS.iter().any(|end| self.is_at(end))
    }

    /// Whether a reserved word stands here.
    fn is_at(&self, word: &str) -> bool {
        let Some(behind) = self.rest().strip_prefix(word) else {
            return false;
        };
        behind.is_empty() || behind.starts_with([' ', '\t', '\r', '\n', ';', '&', '|', ')', '(', '<', '>'])
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.is_at(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn chain(&mut self) -> Option<Statement> {
        let start = self.at;
        let first = self.pipeline()?;
        let mut others = Vec::new();
        loop {
            self.blanks();
            let connective = if self.rest().starts_with("&&") {
                Connective::And
            } else if self.rest().starts_with("||") {
                Connective::Or
            } else {
                break;
            };
            self.at += 2;
            self.line_breaks();
            match self.pipeline() {
                Some(next) => others.push((connective, next)),
                None => {
                    self.is_complete = false;
                    break;
                }
            }
        }
        if others.is_empty() {
            return Some(first);
        }
        Some(self.statement(StatementKind::Chain(Box::new(first), others), start))
    }

    fn pipeline(&mut self) -> Option<Statement> {
        self.blanks();
        let start = self.at;
        let mut is_negated = false;
        while self.take("!") {
            is_negated = !is_negated;
            self.blanks();
        }
        let mut commands = vec![self.command()?];
        loop {
            self.blanks();
            let rest = self.rest();
            if !rest.starts_with('|') || rest.starts_with("||") {
                break;
            }
            self.at += if rest.starts_with("|&") { 2 } else { 1 };
            self.line_breaks();
            match self.command() {
                Some(next) => commands.push(next),
                None => {
                    self.is_complete = false;
                    break;
                }
            }
        }
        let statement = if commands.len() == 1 {
            commands.pop()?
        } else {
            self.statement(StatementKind::Pipeline(commands), start)
        };
        if is_negated {
            return Some(self.statement(StatementKind::Not(Box::new(statement)), start));
        }
        Some(statement)
    }

    fn statement(&self, kind: StatementKind, start: usize) -> Statement {
        let end = self.text[start..self.at].trim_end().len() + start;
        Statement {
            kind,
            span: self.span(start..end),
            is_background: false,
        }
    }

    fn command(&mut self) -> Option<Statement> {
        self.blanks();
        let start = self.at;
        if self.depth >= MAX_DEPTH {
            self.is_complete = false;
            self.at = self.text.len();
            return None;
        }
        self.depth += 1;
        let kind = self.compound().or_else(|| self.simple());
        self.depth -= 1;
        let statement = self.statement(kind?, start);
        self.redirections();
        Some(statement)
    }

    fn compound(&mut self) -> Option<StatementKind> {
        if self.rest().starts_with("((") {
            self.skip_parentheses();
            return Some(StatementKind::Command {
                assignments: Vec::new(),
                words: Vec::new(),
            });
        }
        if self.rest().starts_with('(') {
            self.at += 1;
            let body = self.list();
            self.expect(")");
            return Some(StatementKind::Group(body));
        }
        if self.take("{") {
            let body = self.list();
            self.expect("}");
            return Some(StatementKind::Group(body));
        }
        if self.take("if") {
            return Some(self.conditional());
        }
        if self.take("case") {
            return Some(self.case());
        }
        let is_until = self.is_at("until");
        if self.take("while") || self.take("until") {
            let test = self.list();
            return Some(StatementKind::While {
                test,
                body: self.loop_body(),
                is_until,
            });
        }
        if self.take("for") || self.take("select") {
            return Some(self.for_loop());
        }
        if self.take("function") {
            self.blanks();
            let name = self.word().map(|word| literal(&word)).unwrap_or_default();
            self.blanks();
            if self.rest().starts_with("()") {
                self.at += 2;
            }
            return Some(self.function(name));
        }
        None
    }

    fn expect(&mut self, end: &str) {
        self.separators();
        let found = if end == ")" {
            let found = self.rest().starts_with(')');
            self.at += usize::from(found);
            found
        } else {
            self.take(end)
        };
        self.is_complete &= found;
    }

    fn conditional(&mut self) -> StatementKind {
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let test = self.list();
            self.expect("then");
            let body = self.list();
            branches.push((test, body));
            if self.take("elif") {
                continue;
            }
            if self.take("else") {
                otherwise = self.list();
            }
            self.expect("fi");
            return StatementKind::If { branches, otherwise };
        }
    }

    fn case(&mut self) -> StatementKind {
        self.blanks();
        let subject = self.word().unwrap_or_else(|| self.nothing());
        self.line_breaks();
        self.expect("in");
        let mut arms = Vec::new();
        loop {
            self.separators();
            while self.rest().starts_with(";;") {
                self.at += 2;
                // `;;&` goes on with the next pattern, which is read as an alternative all the same.
                self.at += usize::from(self.rest().starts_with('&'));
                self.separators();
            }
            if self.at >= self.text.len() || self.is_at("esac") {
                self.expect("esac");
                return StatementKind::Case(subject, arms);
            }
            let before = self.at;
            let patterns = self.patterns();
            let body = self.list();
            arms.push((patterns, body));
            if self.at == before {
                self.is_complete = false;
                self.pass_one();
            }
        }
    }

    /// `(a | b)`, the opening parenthesis optional.
    fn patterns(&mut self) -> Vec<Word> {
        let mut patterns = Vec::new();
        self.at += usize::from(self.rest().starts_with('('));
        loop {
            self.blanks();
            patterns.extend(self.word());
            self.blanks();
            if self.rest().starts_with('|') {
                self.at += 1;
                continue;
            }
            if self.rest().starts_with(')') {
                self.at += 1;
            } else {
                self.is_complete = false;
            }
            return patterns;
        }
    }

    fn loop_body(&mut self) -> Vec<Statement> {
        self.expect("do");
        let body = self.list();
        self.expect("done");
        body
    }

    fn for_loop(&mut self) -> StatementKind {
        self.blanks();
        if self.rest().starts_with("((") {
            self.skip_parentheses();
            return StatementKind::For(String::new(), Some(Vec::new()), self.loop_body());
        }
        let name = self.word().map(|word| literal(&word)).unwrap_or_default();
        self.line_breaks();
        let words = self.take("in").then(|| {
            let mut words = Vec::new();
            loop {
                self.blanks();
                match self.word() {
                    Some(word) => words.push(word),
                    None => return words,
                }
            }
        });
        StatementKind::For(name, words, self.loop_body())
    }

    fn function(&mut self, name: String) -> StatementKind {
        self.line_breaks();
        let body = match self.command() {
            Some(Statement {
                kind: StatementKind::Group(body),
                ..
            }) => body,
            Some(other) => vec![other],
            None => Vec::new(),
        };
        StatementKind::Function(name, body)
    }

    fn simple(&mut self) -> Option<StatementKind> {
        let mut assignments = Vec::new();
        let mut words = Vec::new();
        if self.is_at("[[") {
            return Some(self.double_brackets());
        }
        let mut any = false;
        loop {
            any |= self.redirections();
            self.blanks();
            if let Some((name, appends)) = self.assigned_name(&words) {
                let (values, is_list) = self.value();
                if words.is_empty() {
                    assignments.push(Assignment {
                        name,
                        words: values,
                        is_list,
                        appends,
                    });
                } else {
                    words.push(declaration(&name, values, self.span(self.at..self.at)));
                }
                continue;
            }
            let Some(word) = self.word() else { break };
            words.push(word);
            if words.len() == 1
                && self.rest().starts_with('(')
                && self.rest()[1..].trim_start().starts_with(')')
            {
                let name = words.first().map(literal).unwrap_or_default();
                self.at += self.rest().find(')').unwrap_or(0) + 1;
                return Some(self.function(name));
            }
            // `name ()`.
            if words.len() == 1 {
                self.blanks();
                if self.rest().starts_with("()") {
                    let name = words.first().map(literal).unwrap_or_default();
                    self.at += 2;
                    return Some(self.function(name));
                }
            }
        }
        (any || !assignments.is_empty() || !words.is_empty())
            .then_some(StatementKind::Command { assignments, words })
    }

    /// `NAME=` and `NAME+=` at the current place, passed; behind other words only of those that declare variables.
    fn assigned_name(&mut self, words: &[Word]) -> Option<(String, bool)> {
        let declares = |word: &Word| {
            matches!(
                literal(word).as_str(),
                "export" | "declare" | "local" | "readonly" | "typeset"
            )
        };
        if !words.first().is_none_or(declares) {
            return None;
        }
        let rest = self.rest();
        let length = name_length(rest);
        if length == 0 {
            return None;
        }
        let (skipped, appends) = match &rest.as_bytes()[length..] {
            [b'=', ..] => (1, false),
            [b'+', b'=', ..] => (2, true),
            _ => return None,
        };
        self.at += length + skipped;
        Some((rest[..length].to_owned(), appends))
    }

    /// What is assigned: a word, the words of a list, nothing.
    fn value(&mut self) -> (Vec<Word>, bool) {
        if !self.rest().starts_with('(') {
            let word = self.word().unwrap_or_else(|| self.nothing());
            return (vec![word], false);
        }
        self.at += 1;
        let mut words = Vec::new();
        loop {
            self.line_breaks();
            match self.word() {
                Some(word) => words.push(word),
                None => break,
            }
        }
        if self.rest().starts_with(')') {
            self.at += 1;
        } else {
            self.is_complete = false;
        }
        (words, true)
    }

    fn nothing(&self) -> Word {
        Word {
            pieces: Vec::new(),
            span: self.span(self.at..self.at),
        }
    }

    /// `[[ … ]]`, inside which operators are words.
    fn double_brackets(&mut self) -> StatementKind {
        let mut words = Vec::new();
        loop {
            self.line_breaks();
            let start = self.at;
            let is_end = self.is_at("]]");
            match self.word() {
                Some(word) => words.push(word),
                None if self.at >= self.text.len() => {
                    self.is_complete = false;
                    break;
                }
                None => {
                    let rest = self.rest();
                    let length = if rest.starts_with("&&") || rest.starts_with("||") {
                        2
                    } else {
                        rest.chars().next().map_or(1, char::len_utf8)
                    };
                    self.at += length;
                    words.push(Word {
                        pieces: vec![Piece::Text(rest[..length].to_owned())],
                        span: self.span(start..self.at),
                    });
                }
            }
            if is_end {
                break;
            }
        }
        StatementKind::Command {
            assignments: Vec::new(),
            words,
        }
    }
}

/// `NAME=value` as a word of `export` and its kin; of a list nothing is known.
fn declaration(name: &str, mut values: Vec<Word>, end: Span) -> Word {
    let value = if values.len() == 1 { values.pop() } else { None };
    let (pieces, span) = match value {
        Some(word) => (word.pieces, word.span),
        None => (vec![Piece::Unknown], end),
    };
    Word {
        pieces: [Piece::Text(format!("{name}="))]
            .into_iter()
            .chain(pieces)
            .collect(),
        span,
    }
}

/// The text of a word that is all text; of others, what of it is.
pub(crate) fn literal(word: &Word) -> String {
    let texts = word.pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

//! Selectors: from the words of one selector to its name, matchers and ranges.
//!
//! Used by the grammar and by the scan, so that both see the same selectors. Tolerant: a broken matcher is passed
//! over with the reason kept, the others are read.

use std::ops::Range;

use crate::regex;
use crate::token::{Failure, Kind, Text, Token};
use crate::{Guard, MatchOp, Matcher, NamePart, Selector, SelectorName};

/// A selector that was read.
pub(crate) struct Reading {
    /// The selector, without guard and functions.
    pub(crate) selector: Selector,
    /// Index of the token behind it.
    pub(crate) next: usize,
    /// What is wrong with its grammar.
    pub(crate) syntax: Option<Failure>,
    /// What is wrong with its meaning.
    pub(crate) meaning: Option<Failure>,
    /// Whether the name stands before the braces.
    pub(crate) is_named_outside: bool,
    /// Whether some matcher refuses the empty string, or could.
    pub(crate) is_restricted: bool,
}

/// Reads the selector that begins at the token `first`: a name, a template, or a `{`.
pub(crate) fn read(text: &str, tokens: &[Token], first: usize) -> Reading {
    let start = tokens[first].range.clone();
    let mut reader = Reader {
        text,
        tokens,
        index: first,
        name: None,
        inner_name: None,
        named_inside: None,
        matchers: Vec::new(),
        syntax: None,
        meaning: None,
        is_restricted: false,
        has_alternatives: false,
    };
    if tokens[first].kind != Kind::LeftBrace {
        reader.name = Some((outer_name(text, &tokens[first]), start.clone()));
        reader.index += 1;
    }
    let mut end = start.end;
    if reader.kind() == &Kind::LeftBrace {
        end = reader.braces();
    }
    let range = start.start..end;
    let is_named_outside = reader.name.is_some();
    if is_named_outside {
        reader.is_restricted = true;
        if let (Some(place), None) = (&reader.named_inside, &reader.meaning) {
            reader.meaning = Some(Failure::new(
                "the metric's name is given twice, before and between the braces",
                place.clone(),
            ));
        }
    }
    let (name, name_range) = reader
        .name
        .or(reader.inner_name)
        .unwrap_or_else(|| (SelectorName::Any, range.clone()));
    let matchers = if reader.has_alternatives {
        Vec::new()
    } else {
        reader.matchers
    };
    Reading {
        selector: Selector {
            name,
            name_range,
            range,
            matchers,
            guard: Guard::None,
            functions: Vec::new(),
        },
        next: reader.index,
        syntax: reader.syntax,
        meaning: reader.meaning,
        is_named_outside,
        is_restricted: reader.is_restricted,
    }
}

fn outer_name(text: &str, token: &Token) -> SelectorName {
    match &token.kind {
        Kind::Template(template) => SelectorName::Templated(template.parts.clone()),
        _ => SelectorName::Exact(text[token.range.clone()].to_owned()),
    }
}

/// One matcher's left side.
enum Label {
    Known(String, Range<usize>),
    /// A template: which label it is cannot be known.
    Hole,
}

struct Reader<'query> {
    text: &'query str,
    tokens: &'query [Token],
    index: usize,
    name: Option<(SelectorName, Range<usize>)>,
    /// The name that matchers give.
    inner_name: Option<(SelectorName, Range<usize>)>,
    /// The first place between the braces that speaks of the name.
    named_inside: Option<Range<usize>>,
    matchers: Vec<Matcher>,
    syntax: Option<Failure>,
    meaning: Option<Failure>,
    is_restricted: bool,
    /// Whether `or` stands between matchers, as MetricsQL allows.
    has_alternatives: bool,
}

impl<'query> Reader<'query> {
    fn token(&self) -> &'query Token {
        &self.tokens[self.index.min(self.tokens.len() - 1)]
    }

    fn kind(&self) -> &'query Kind {
        &self.token().kind
    }

    /// Whether MetricsQL's `or` stands here.
    fn is_alternative(&self) -> bool {
        let token = self.token();
        token.kind == Kind::Name && self.text[token.range.clone()].eq_ignore_ascii_case("or")
    }

    fn shown(&self) -> String {
        let token = self.token();
        token.kind.describe(&self.text[token.range.clone()])
    }

    fn fail(&mut self, failure: Failure) {
        self.syntax.get_or_insert(failure);
    }

    /// Reads `{ … }`; gives the byte behind it.
    fn braces(&mut self) -> usize {
        let open = self.token().range.clone();
        self.index += 1;
        loop {
            match self.kind() {
                Kind::RightBrace => {
                    let end = self.token().range.end;
                    self.index += 1;
                    return end;
                }
                Kind::End => {
                    self.fail(Failure::new("the `{` of a selector is not closed", open.clone()));
                    return self.tokens[self.index.saturating_sub(1)].range.end.max(open.end);
                }
                _ => self.matcher(),
            }
        }
    }

    /// Reads one matcher and the comma behind it.
    fn matcher(&mut self) {
        let before = self.index;
        match self.kind() {
            Kind::Name | Kind::Text(_) | Kind::Template(_) => self.label_and_value(),
            _ => self.unexpected("a label or `}`"),
        }
        match self.kind() {
            Kind::Comma if self.index > before => self.index += 1,
            Kind::RightBrace | Kind::End => {}
            // A whole list of matchers may stand in a hole, its commas included.
            Kind::Template(_) if self.index > before => {}
            _ if matches!(self.tokens[before].kind, Kind::Template(_)) && self.index == before + 1 => {}
            Kind::Name if self.is_alternative() => {
                self.has_alternatives = true;
                self.unexpected("`,` or `}`");
                self.index += 1;
            }
            _ => {
                self.unexpected("`,` or `}`");
                while !matches!(self.kind(), Kind::Comma | Kind::RightBrace | Kind::End) {
                    self.index += 1;
                }
                if self.kind() == &Kind::Comma {
                    self.index += 1;
                }
            }
        }
    }

    fn unexpected(&mut self, expected: &str) {
        let token = self.token();
        let failure = match &token.kind {
            Kind::Bad(message) => Failure::new(message.clone(), token.range.clone()),
            Kind::End => return,
            _ => {
                let shown = self.shown();
                Failure::new(
                    format!("between the braces of a selector, {expected} is expected instead of {shown}"),
                    token.range.clone(),
                )
            }
        };
        self.fail(failure);
    }

    fn label_and_value(&mut self) {
        let token = self.token();
        self.index += 1;
        let label = match &token.kind {
            Kind::Text(text) => {
                if matches!(self.kind(), Kind::Comma | Kind::RightBrace) || self.is_alternative() {
                    return self.quoted_name(text);
                }
                if text.has_holes() {
                    Label::Hole
                } else {
                    Label::Known(text.value.clone(), text.inner.clone())
                }
            }
            Kind::Template(_) => Label::Hole,
            _ => Label::Known(self.text[token.range.clone()].to_owned(), token.range.clone()),
        };
        let op = match self.kind() {
            Kind::Equal => MatchOp::Equal,
            Kind::NotEqual => MatchOp::NotEqual,
            Kind::EqualRegex => MatchOp::Regex,
            Kind::NotRegex => MatchOp::NotRegex,
            _ if matches!(token.kind, Kind::Template(_)) => {
                // A hole alone: a matcher, a list of them, or a label with what follows it.
                self.is_restricted = true;
                return;
            }
            Kind::Template(_) => {
                // A hole for the operator, perhaps with the value.
                self.is_restricted = true;
                self.index += 1;
                if let Kind::Text(_) = self.kind() {
                    self.index += 1;
                }
                return;
            }
            _ => return self.unexpected("one of `=`, `!=`, `=~`, `!~` after a label"),
        };
        self.index += 1;
        let value = self.token();
        match &value.kind {
            Kind::Text(text) => {
                self.index += 1;
                self.add(label, op, text);
            }
            Kind::Template(template) => {
                // A value whose quotes come with the variable.
                self.index += 1;
                let text = Text {
                    inner: value.range.clone(),
                    parts: template.parts.clone(),
                    value: self.text[value.range.clone()].to_owned(),
                    is_utf8: true,
                };
                self.add(label, op, &text);
            }
            _ => self.unexpected("a string in quotes after a matcher's operator"),
        }
    }

    /// `{"metric.name"}`
    fn quoted_name(&mut self, text: &Text) {
        self.named_inside.get_or_insert_with(|| text.inner.clone());
        if !text.value.is_empty() {
            self.is_restricted = true;
            self.set_inner_name(named(MatchOp::Equal, text), text.inner.clone());
        }
    }

    fn set_inner_name(&mut self, name: SelectorName, range: Range<usize>) {
        self.named_inside.get_or_insert_with(|| range.clone());
        let replaces = match (&self.inner_name, &name) {
            (None, _) => true,
            // `{"a" or "b"}` of MetricsQL.
            (Some((SelectorName::Exact(one), place)), SelectorName::Exact(other))
                if self.has_alternatives =>
            {
                let pattern = format!("{}|{}", escaped(one), escaped(other));
                let both = place.start..range.end;
                self.inner_name = Some((SelectorName::Regex(pattern), both));
                return;
            }
            (Some((SelectorName::Regex(pattern), place)), SelectorName::Exact(other))
                if self.has_alternatives =>
            {
                let pattern = format!("{pattern}|{}", escaped(other));
                let all = place.start..range.end;
                self.inner_name = Some((SelectorName::Regex(pattern), all));
                return;
            }
            // An exact name says more than a pattern.
            (Some((SelectorName::Regex(_), _)), SelectorName::Exact(_) | SelectorName::Templated(_)) => true,
            _ => false,
        };
        if replaces {
            self.inner_name = Some((name, range));
        }
    }

    fn add(&mut self, label: Label, op: MatchOp, text: &Text) {
        let has_holes = text.has_holes();
        let is_regex = matches!(op, MatchOp::Regex | MatchOp::NotRegex);
        let mut admits_empty = text.value.is_empty();
        if is_regex && !has_holes {
            match regex::read(&text.value) {
                Ok(pattern) => admits_empty = pattern.matches_empty,
                Err(reason) => {
                    let message = format!("the regular expression `{}` {reason}", shorten(&text.value));
                    self.meaning
                        .get_or_insert(Failure::new(message, text.inner.clone()));
                    admits_empty = false;
                }
            }
        }
        let refuses_empty = match op {
            MatchOp::Equal | MatchOp::Regex => !admits_empty,
            MatchOp::NotEqual | MatchOp::NotRegex => admits_empty,
        };
        self.is_restricted |= refuses_empty || has_holes;
        let Label::Known(label, label_range) = label else {
            self.is_restricted = true;
            return;
        };
        if label == "__name__" {
            // Whatever its operator, a second name beside the one before the braces is refused.
            if self.name.is_some() {
                self.named_inside.get_or_insert_with(|| text.inner.clone());
                return;
            }
            let positive = matches!(op, MatchOp::Equal | MatchOp::Regex);
            if positive && !text.value.is_empty() {
                return self.set_inner_name(named(op, text), text.inner.clone());
            }
        }
        self.matchers.push(Matcher {
            label,
            op,
            value: text.value.clone(),
            value_has_holes: has_holes,
            refuses_empty: refuses_empty && !has_holes,
            label_range,
            value_range: text.inner.clone(),
        });
    }
}

/// The name that a matcher on `__name__` gives.
fn named(op: MatchOp, text: &Text) -> SelectorName {
    if !text.has_holes() {
        return match op {
            MatchOp::Regex => SelectorName::Regex(text.value.clone()),
            _ => SelectorName::Exact(text.value.clone()),
        };
    }
    let is_plain = |part: &NamePart| match part {
        NamePart::Text(text) => text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':')),
        NamePart::Hole(_) => true,
    };
    if op != MatchOp::Regex || text.parts.iter().all(is_plain) {
        return SelectorName::Templated(text.parts.clone());
    }
    // Within a pattern, a hole can be anything.
    let pattern = text.parts.iter().map(|part| match part {
        NamePart::Text(text) => text.as_str(),
        NamePart::Hole(_) => ".*",
    });
    SelectorName::Regex(pattern.collect())
}

/// A name as a regular expression that matches it.
fn escaped(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for character in name.chars() {
        if !character.is_alphanumeric() && !matches!(character, '_' | ':') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

fn shorten(value: &str) -> String {
    let short: String = value.chars().take(40).collect();
    if short.len() < value.len() {
        format!("{short}…")
    } else {
        short
    }
}

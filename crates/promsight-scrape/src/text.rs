//! Values of labels of which some parts only a running cluster knows: a pod's address, the hash in its name.
//!
//! Owns such values. What a pattern says of one belongs to [`Pattern`].

mod pattern;

use std::fmt;

pub use pattern::Pattern;

/// Which characters an open part can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// An address of version 4 of the internet protocol.
    Address,
    /// Small letters and digits, at least one: a generated suffix.
    Hash,
    /// Digits, at least one.
    Digits,
    /// A name of Kubernetes: small letters, digits, dashes, dots.
    Name,
    /// Any text but none.
    Word,
    /// Any text, none included.
    Anything,
}

impl Shape {
    fn admits(self, byte: u8) -> bool {
        match self {
            Self::Address => byte.is_ascii_digit() || byte == b'.',
            Self::Hash => byte.is_ascii_digit() || byte.is_ascii_lowercase(),
            Self::Digits => byte.is_ascii_digit(),
            Self::Name => byte.is_ascii_digit() || byte.is_ascii_lowercase() || matches!(byte, b'-' | b'.'),
            Self::Word | Self::Anything => (b' '..=b'~').contains(&byte),
        }
    }

    fn may_be_empty(self) -> bool {
        self == Self::Anything
    }

    /// Two values that it could have and that share nothing.
    fn witnesses(self) -> [&'static str; 2] {
        match self {
            Self::Address => ["10.255.0.1", "172.31.96.254"],
            Self::Hash => ["7d4b9", "x2x7pqz"],
            Self::Digits => ["31", "8"],
            Self::Name => ["wq-zk.j0", "node7"],
            Self::Word => ["Wq zk", "J_7"],
            Self::Anything => ["Wq zk", "J_7"],
        }
    }
}

/// A part that only a running cluster knows. Equal ones have the same value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol {
    /// Its characters.
    pub shape: Shape,
    /// What it is, unlike all others (`address of shop/till`).
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Piece {
    Known(String),
    Open(Symbol),
}

/// A value, known or partly open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text {
    pieces: Vec<Piece>,
}

impl Text {
    /// A value that is known.
    pub fn known(text: impl Into<String>) -> Self {
        let mut value = Self::default();
        value.push_str(&text.into());
        value
    }

    /// A value of which nothing but the characters is known.
    pub fn open(shape: Shape, name: impl Into<String>) -> Self {
        Self {
            pieces: vec![Piece::Open(Symbol {
                shape,
                name: name.into(),
            })],
        }
    }

    /// Text as it stands in a manifest, in which a deployment tool may still fill in something: `${X}`, `$(X)`,
    /// `{{ x }}`, `<x>`, `%x%`.
    pub fn written(text: &str) -> Self {
        let mut value = Self::default();
        let mut rest = text;
        while let Some((from, to)) = placeholder(rest) {
            value.push_str(&rest[..from]);
            value.pieces.push(Piece::Open(Symbol {
                shape: Shape::Anything,
                name: rest[from..to].to_owned(),
            }));
            rest = &rest[to..];
        }
        value.push_str(rest);
        value
    }

    /// Appends known text.
    pub fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Known(known)) => known.push_str(text),
            _ => self.pieces.push(Piece::Known(text.to_owned())),
        }
    }

    /// Appends another value.
    pub fn push(&mut self, other: &Text) {
        for piece in &other.pieces {
            match piece {
                Piece::Known(known) => self.push_str(known),
                Piece::Open(_) => self.pieces.push(piece.clone()),
            }
        }
    }

    /// The same with more known text behind it.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.push_str(text);
        self
    }

    /// The text, where all of it is known.
    pub fn as_known(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Known(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it surely is the empty text, which is to have no such label.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether it could be the empty text.
    pub fn may_be_empty(&self) -> bool {
        self.pieces.iter().all(|piece| match piece {
            Piece::Known(_) => false,
            Piece::Open(symbol) => symbol.shape.may_be_empty(),
        })
    }

    /// Whether both surely have the same value, surely have not, or neither.
    pub fn equals(&self, other: &Text) -> Answer {
        if self == other {
            return Answer::Always;
        }
        match (self.as_known(), other.as_known()) {
            (Some(_), Some(_)) => Answer::Never,
            (Some(known), None) => other.equals_known(known),
            (None, Some(known)) => self.equals_known(known),
            (None, None) => Answer::Perhaps,
        }
    }

    fn equals_known(&self, known: &str) -> Answer {
        pattern::literal(known, self).min(Answer::Perhaps)
    }

    /// The known text behind the last of these characters, where there is one and all behind it is known.
    pub(crate) fn known_behind_last(&self, separator: char) -> Option<&str> {
        let Some(Piece::Known(last)) = self.pieces.last() else {
            return None;
        };
        last.rsplit_once(separator).map(|(_, behind)| behind)
    }

    /// What stands before the last of these characters of known text, or all of it.
    pub(crate) fn before_last(&self, separator: char) -> Self {
        let mut pieces = self.pieces.clone();
        if let Some(Piece::Known(last)) = pieces.pop() {
            let before = last
                .rsplit_once(separator)
                .map_or(last.as_str(), |(before, _)| before);
            let mut text = Self { pieces };
            text.push_str(before);
            return text;
        }
        self.clone()
    }

    /// With each piece of known text changed.
    pub(crate) fn mapped(&self, change: impl Fn(&str) -> String) -> Self {
        let mut value = Self::default();
        for piece in &self.pieces {
            match piece {
                Piece::Known(known) => value.push_str(&change(known)),
                Piece::Open(_) => value.pieces.push(piece.clone()),
            }
        }
        value
    }

    /// The text in a cluster in which the open parts have these values.
    #[cfg(test)]
    pub(crate) fn in_cluster(&self, known: &std::collections::BTreeMap<String, String>) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Known(text) => text.clone(),
            Piece::Open(symbol) => known
                .get(&symbol.name)
                .map_or_else(|| format!("<{}>", symbol.name), String::clone),
        });
        pieces.collect()
    }

    /// The text with one of two stand-ins for each open part, and where these stand.
    fn instance(&self, world: usize) -> (String, Vec<(std::ops::Range<usize>, &Symbol)>) {
        let mut text = String::new();
        let mut places = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Known(known) => text.push_str(known),
                Piece::Open(symbol) => {
                    let start = text.len();
                    text.push_str(symbol.shape.witnesses()[world]);
                    places.push((start..text.len(), symbol));
                }
            }
        }
        (text, places)
    }
}

/// As people read it: `*` for each open part.
impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Known(known) => formatter.write_str(known)?,
                Piece::Open(_) => formatter.write_str("*")?,
            }
        }
        Ok(())
    }
}

/// Where a deployment tool fills something in: the first such place.
fn placeholder(text: &str) -> Option<(usize, usize)> {
    const FENCES: [(&str, &str); 6] = [
        ("{{", "}}"),
        ("${", "}"),
        ("$(", ")"),
        ("<", ">"),
        ("%%", "%%"),
        ("[[", "]]"),
    ];
    let found = FENCES.iter().filter_map(|(open, close)| {
        let from = text.find(open)?;
        let inner = &text[from + open.len()..];
        let length = inner.find(close).filter(|length| *length > 0)?;
        Some((from, from + open.len() + length + close.len()))
    });
    let fenced = found.min();
    let shell = text.find('$').and_then(|from| {
        let name = &text[from + 1..];
        let length = name
            .find(|c: char| !c.is_ascii_uppercase() && c != '_')
            .unwrap_or(name.len());
        (length > 1).then_some((from, from + 1 + length))
    });
    fenced.into_iter().chain(shell).min()
}

/// Whether text holds something that a deployment tool fills in, where `$1` and `${1}` mean groups of a pattern.
pub(crate) fn has_placeholder(text: &str) -> bool {
    if text.contains("{{") || text.contains("%%") {
        return true;
    }
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        let inner = rest.strip_prefix(['{', '(']).unwrap_or_default();
        if inner.len() > 1 && inner.starts_with(|c: char| c.is_ascii_uppercase()) {
            return true;
        }
    }
    false
}

/// What is known of the answer to a question about an open value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// No, whatever the open parts are.
    Never,
    /// It depends on them.
    Perhaps,
    /// Yes, whatever they are.
    Always,
}

impl Answer {
    /// The answer to a question about what is known.
    pub fn of(known: bool) -> Self {
        if known { Self::Always } else { Self::Never }
    }

    /// Whether both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Whether one of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }
}

impl std::ops::Not for Answer {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Never => Self::Always,
            Self::Perhaps => Self::Perhaps,
            Self::Always => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(rest: &str) -> Text {
        Text::open(Shape::Address, "address of till").with(rest)
    }

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).expect("the pattern compiles")
    }

    #[test]
    fn a_pattern_that_admits_every_address_always_matches() {
        for always in [
            ".+",
            "[^:]+:8000",
            "(.*):\\d+",
            "([^:]+)(?::\\d+)?",
            "^.+:8000$",
            "(?i).*8000",
        ] {
            assert_eq!(pattern(always).matches(&pod(":8000")), Answer::Always, "{always}");
        }
        for never in ["[a-z]+:8000", ".+:9000", "", "[^:]+"] {
            assert_eq!(pattern(never).matches(&pod(":8000")), Answer::Never, "{never}");
        }
        for perhaps in [
            "10\\..*",
            ".*\\.7:8000",
            "1.*",
            "192\\.168\\.0\\.1:8000",
            ".*\\b8000",
        ] {
            assert_eq!(
                pattern(perhaps).matches(&pod(":8000")),
                Answer::Perhaps,
                "{perhaps}"
            );
        }
    }

    #[test]
    fn groups_carry_open_parts_on() {
        let groups = pattern("([^:]+)(?::\\d+)?;(\\d+)").groups(&pod(":8000;9102"));
        let groups = groups.expect("it matches");
        assert_eq!(groups[1], Some(pod("")));
        assert_eq!(groups[2], Some(Text::known("9102")));
        let parts = pattern("(.)(.*)").groups(&pod("")).expect("it matches");
        assert_ne!(parts[1], parts[2]);
        assert_eq!(pattern("10(.*)").groups(&pod("")), None);
    }

    #[test]
    fn a_generated_name_keeps_its_known_beginning() {
        let mut name = Text::known("till-");
        name.push(&Text::open(Shape::Hash, "hash of till"));
        name.push_str("-");
        name.push(&Text::open(Shape::Hash, "end of till"));
        let workload = pattern("(.+)-[0-9a-z]+-[0-9a-z]+");
        assert_eq!(workload.matches(&name), Answer::Always);
        let groups = workload.groups(&name).expect("it matches");
        assert_eq!(groups[1], Some(Text::known("till")));
        assert_eq!(name.to_string(), "till-*-*");
    }

    #[test]
    fn equality_of_open_values_is_known_only_of_the_same() {
        assert_eq!(pod("").equals(&pod("")), Answer::Always);
        assert_eq!(pod("").equals(&Text::known("10.0.0.1")), Answer::Perhaps);
        assert_eq!(pod("").equals(&Text::known("till")), Answer::Never);
        assert_eq!(Text::known("a").equals(&Text::known("b")), Answer::Never);
    }

    #[test]
    fn what_a_deployment_fills_in_is_open() {
        for open in [
            "${HOST}:80",
            "$(HOST):80",
            "{{ host }}:80",
            "$HOST:80",
            "<host>:80",
            "%%host%%:80",
        ] {
            assert_eq!(Text::written(open).as_known(), None, "{open}");
            assert_eq!(Text::written(open).to_string(), "*:80", "{open}");
        }
        for known in ["till:80", "$1", "a$", "${}", "a<b"] {
            assert_eq!(Text::written(known).as_known(), Some(known));
        }
    }
}

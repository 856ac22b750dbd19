//! What is known of a name: all of it, some of it, nothing.

use std::fmt;

/// A name of which some parts are known only at run time.
///
/// Kept as the known pieces in order; an unknown run of characters (maybe empty) lies between two neighbours.
/// `["", "_total"]` is `*_total`, `["a", "b", ""]` is `a*b*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    pieces: Vec<String>,
}

impl Pattern {
    /// From the known pieces in order; see the type for what they mean. Fewer than two pieces are an exact text
    /// and no pattern, so `*` is added at the end.
    pub fn new(mut pieces: Vec<String>) -> Self {
        while pieces.len() < 2 {
            pieces.push(String::new());
        }
        // Two holes without anything between them are one hole.
        let last = pieces.len() - 1;
        let mut kept = Vec::with_capacity(pieces.len());
        for (index, piece) in pieces.into_iter().enumerate() {
            if index == 0 || index == last || !piece.is_empty() {
                kept.push(piece);
            }
        }
        Self { pieces: kept }
    }

    /// From text in which each `*` is an unknown run; `None` where there is no `*`.
    pub fn parse(text: &str) -> Option<Self> {
        text.contains('*')
            .then(|| Self::new(text.split('*').map(str::to_owned).collect()))
    }

    /// The known pieces in order.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// Number of known characters.
    pub fn known_len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.chars().count()).sum()
    }

    /// Whether the pattern admits `name`.
    pub fn matches(&self, name: &str) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else {
            return true;
        };
        let Some((last, middle)) = rest.split_last() else {
            return name == first;
        };
        let Some(mut remaining) = name.strip_prefix(first.as_str()) else {
            return false;
        };
        for piece in middle {
            match remaining.find(piece.as_str()) {
                Some(at) => remaining = &remaining[at + piece.len()..],
                None => return false,
            }
        }
        remaining.len() >= last.len() && remaining.ends_with(last.as_str())
    }

    /// Whether some name is admitted by both patterns. Exact for the first and last pieces; the middle pieces are
    /// taken to be reachable.
    pub fn overlaps(&self, other: &Pattern) -> bool {
        let ends_agree = |left: &str, right: &str, prefix: bool| {
            if prefix {
                left.starts_with(right) || right.starts_with(left)
            } else {
                left.ends_with(right) || right.ends_with(left)
            }
        };
        let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last()) else {
            return true;
        };
        let (Some(other_first), Some(other_last)) = (other.pieces.first(), other.pieces.last()) else {
            return true;
        };
        ends_agree(first, other_first, true) && ends_agree(last, other_last, false)
    }

    /// The same pattern with text appended.
    pub fn with_suffix(&self, suffix: &str) -> Self {
        let mut pieces = self.pieces.clone();
        if let Some(last) = pieces.last_mut() {
            last.push_str(suffix);
        }
        Self { pieces }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.pieces.join("*"))
    }
}

/// A metric or series name as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// Fully known.
    Exact(String),
    /// Some part is known only at run time.
    Pattern(Pattern),
    /// Nothing is known.
    Unresolved,
}

impl Name {
    /// The text of an exact name.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            Self::Pattern(_) | Self::Unresolved => None,
        }
    }

    /// Whether the name can be `text`. An unresolved name can be anything.
    pub fn admits(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Pattern(pattern) => pattern.matches(text),
            Self::Unresolved => true,
        }
    }

    /// The name with text appended; an unresolved one becomes `*suffix`.
    pub fn with_suffix(&self, suffix: &str) -> Self {
        match self {
            Self::Exact(text) => Self::Exact(format!("{text}{suffix}")),
            Self::Pattern(pattern) => Self::Pattern(pattern.with_suffix(suffix)),
            Self::Unresolved => Self::Pattern(Pattern::new(vec![String::new(), suffix.to_owned()])),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => formatter.write_str(text),
            Self::Pattern(pattern) => pattern.fmt(formatter),
            Self::Unresolved => formatter.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect("the text has a hole")
    }

    #[test]
    fn patterns_admit_what_their_pieces_allow() {
        assert!(pattern("*_total").matches("a_total"));
        assert!(pattern("*_total").matches("_total"));
        assert!(!pattern("*_total").matches("a_total_x"));
        assert!(pattern("a*b*c").matches("a1b2c"));
        assert!(
            !pattern("ab*ba").matches("aba"),
            "the pieces may not share characters"
        );
        assert!(pattern("a**b").matches("ab"));
        assert_eq!(pattern("a**b").to_string(), "a*b");
    }

    #[test]
    fn overlap_looks_at_both_ends() {
        assert!(pattern("app_*").overlaps(&pattern("*_total")));
        assert!(!pattern("app_*").overlaps(&pattern("db_*")));
        assert!(!pattern("*_total").overlaps(&pattern("*_bucket")));
    }
}

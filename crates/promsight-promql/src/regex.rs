//! Whether a text is a regular expression of RE2, and whether it matches the empty string.
//!
//! Recognises, never matches. Follows `regexp/syntax` of Go with the flags that Prometheus uses (Perl syntax, dot
//! matches line breaks, anchored at both ends). Needed because Prometheus refuses a query with a bad pattern, and a
//! selector all of whose matchers admit the empty string.

/// What is known of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// Whether it matches the empty string.
    pub(crate) matches_empty: bool,
}

/// Go refuses deeper nesting.
const MAX_DEPTH: usize = 1000;
/// Go refuses more repetitions, also of nested ones multiplied.
const MAX_REPEAT: u32 = 1000;

/// Reads a pattern. The error is a clause that says what is wrong (`has no argument for its \`*\``).
pub(crate) fn read(pattern: &str) -> Result<Pattern, String> {
    let mut reader = Reader {
        rest: pattern,
        behind_last_named: pattern
            .rfind(":]")
            .map_or(pattern.len(), |last| pattern.len() - last),
        groups: vec![Group::default()],
    };
    while let Some(first) = reader.rest.chars().next() {
        reader.step(first)?;
    }
    match (reader.groups.len(), reader.groups.pop()) {
        (1, Some(group)) => Ok(Pattern {
            matches_empty: group.close().empty,
        }),
        _ => Err("has a `(` that is not closed".to_owned()),
    }
}

/// One piece of a pattern.
#[derive(Clone, Copy, Debug)]
struct Atom {
    /// Whether it matches the empty string.
    empty: bool,
    /// The most repetitions in it, nested ones multiplied.
    repeats: u32,
    /// Whether it is itself a repetition, which cannot be repeated without a group.
    repeated: bool,
}

/// A group that is being read.
#[derive(Debug)]
struct Group {
    /// Some finished alternative matches the empty string.
    alternative_empty: bool,
    /// All pieces of this alternative, but the last, do.
    empty: bool,
    repeats: u32,
    last: Option<Atom>,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            alternative_empty: false,
            empty: true,
            repeats: 1,
            last: None,
        }
    }
}

impl Group {
    fn push(&mut self, atom: Atom) {
        self.fold();
        self.last = Some(atom);
    }

    fn fold(&mut self) {
        if let Some(last) = self.last.take() {
            self.empty &= last.empty;
            self.repeats = self.repeats.max(last.repeats);
        }
    }

    fn next_alternative(&mut self) {
        self.fold();
        self.alternative_empty |= self.empty;
        self.empty = true;
    }

    fn close(mut self) -> Atom {
        self.next_alternative();
        Atom {
            empty: self.alternative_empty,
            repeats: self.repeats,
            repeated: false,
        }
    }
}

struct Reader<'pattern> {
    rest: &'pattern str,
    /// How much of the pattern lies behind its last `:]`: nothing is searched there.
    behind_last_named: usize,
    groups: Vec<Group>,
}

impl Reader<'_> {
    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    fn push(&mut self, empty: bool) {
        if let Some(group) = self.groups.last_mut() {
            group.push(Atom {
                empty,
                repeats: 1,
                repeated: false,
            });
        }
    }

    fn step(&mut self, first: char) -> Result<(), String> {
        match first {
            '(' if self.rest.starts_with("(?") => self.flags()?,
            '(' => {
                self.skip(1);
                self.open()?;
            }
            ')' => {
                self.skip(1);
                let group = self.groups.pop().filter(|_| !self.groups.is_empty());
                let group = group.ok_or("has a `)` too many")?;
                let atom = group.close();
                if let Some(parent) = self.groups.last_mut() {
                    parent.push(atom);
                }
            }
            '|' => {
                self.skip(1);
                if let Some(group) = self.groups.last_mut() {
                    group.next_alternative();
                }
            }
            '^' | '$' => {
                self.skip(1);
                self.push(true);
            }
            '[' => {
                self.class()?;
                self.push(false);
            }
            '*' | '+' | '?' => {
                self.skip(1);
                self.repeat(&first.to_string(), u32::from(first == '+'), 1)?;
            }
            '{' => match repetition(self.rest) {
                None => {
                    self.skip(1);
                    self.push(false);
                }
                Some((length, least, most)) => {
                    let shown = &self.rest[..length];
                    if least > MAX_REPEAT || most.is_some_and(|most| most > MAX_REPEAT || most < least) {
                        return Err(format!("has the invalid repetition `{shown}`"));
                    }
                    self.skip(length);
                    self.repeat(shown, least, most.unwrap_or(least).max(1))?;
                }
            },
            '\\' => self.escape()?,
            _ => {
                self.skip(first.len_utf8());
                self.push(false);
            }
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
        if self.groups.len() > MAX_DEPTH {
            return Err("is nested too deeply".to_owned());
        }
        self.groups.push(Group::default());
        Ok(())
    }

    fn repeat(&mut self, shown: &str, least: u32, times: u32) -> Result<(), String> {
        let last = self.groups.last_mut().and_then(|group| group.last.as_mut());
        let Some(last) = last else {
            return Err(format!("has nothing before its `{shown}` to repeat"));
        };
        if last.repeated {
            return Err(format!("repeats a repetition with `{shown}`"));
        }
        last.repeats = last.repeats.saturating_mul(times);
        if last.repeats > MAX_REPEAT {
            return Err(format!("has the invalid repetition `{shown}`"));
        }
        last.empty |= least == 0;
        last.repeated = true;
        if self.rest.starts_with('?') {
            self.skip(1);
        }
        Ok(())
    }

    /// `(?i)`, `(?i:`, `(?:`, `(?P<name>`, `(?<name>`.
    fn flags(&mut self) -> Result<(), String> {
        let rest = self.rest;
        let named = rest.strip_prefix("(?P<").or_else(|| rest.strip_prefix("(?<"));
        if let Some(inner) = named {
            if inner.starts_with(['=', '!']) {
                return Err("uses look-behind, which RE2 does not have".to_owned());
            }
            let name = inner.split_once('>').map(|(name, _)| name).unwrap_or_default();
            let is_word = |part: char| part.is_ascii_alphanumeric() || part == '_';
            // Two groups of one name are refused by Go and accepted by Prometheus (recorded).
            if name.is_empty() || !name.chars().all(is_word) {
                return Err("has an invalid group name".to_owned());
            }
            self.skip(rest.len() - inner.len() + name.len() + 1);
            return self.open();
        }
        let mut negative = false;
        let mut flag_seen = false;
        for (index, part) in rest.char_indices().skip(2) {
            match part {
                'i' | 'm' | 's' | 'U' => flag_seen = true,
                '-' if !negative => {
                    negative = true;
                    flag_seen = false;
                }
                ':' | ')' if !negative || flag_seen => {
                    self.skip(index + 1);
                    return if part == ':' { self.open() } else { Ok(()) };
                }
                '=' | '!' if index == 2 => return Err("uses look-ahead, which RE2 does not have".to_owned()),
                _ => break,
            }
        }
        Err("uses Perl syntax after `(?` that RE2 does not have".to_owned())
    }

    fn escape(&mut self) -> Result<(), String> {
        let rest = self.rest;
        match rest.as_bytes().get(1) {
            None => Err("ends in a backslash".to_owned()),
            Some(b'A' | b'z' | b'B') => {
                self.skip(2);
                self.push(true);
                Ok(())
            }
            Some(b'b') => {
                self.skip(2);
                self.push(false);
                Ok(())
            }
            Some(b'Q') => {
                let quoted = &rest[2..];
                let end = quoted.find("\\E").unwrap_or(quoted.len());
                for _ in quoted[..end].chars() {
                    self.push(false);
                }
                self.skip((2 + end + 2).min(rest.len()));
                Ok(())
            }
            Some(_) => {
                self.class_escape()?;
                self.push(false);
                Ok(())
            }
        }
    }

    /// An escape that stands for characters; `Some` where it is exactly one.
    fn class_escape(&mut self) -> Result<Option<char>, String> {
        let rest = self.rest;
        let Some(second) = rest[1..].chars().next() else {
            return Err("ends in a backslash".to_owned());
        };
        let invalid = || Err(format!("has the invalid escape `\\{second}`"));
        let digits = |length: usize| rest.get(2..2 + length);
        match second {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.skip(2);
                Ok(None)
            }
            'p' | 'P' => {
                let name = &rest[2..];
                let length = match name.chars().next() {
                    Some('{') => name.find('}').map(|end| end + 1),
                    Some(letter) if letter.is_ascii_alphabetic() => Some(1),
                    _ => None,
                };
                let Some(length) = length else { return invalid() };
                let inner = name[..length]
                    .trim_start_matches('{')
                    .trim_end_matches('}')
                    .trim_start_matches('^');
                let is_word = |part: char| part.is_ascii_alphanumeric() || part == '_';
                if inner.is_empty() || !inner.chars().all(is_word) {
                    return invalid();
                }
                self.skip(2 + length);
                Ok(None)
            }
            '0'..='7' => {
                let more = rest[2..]
                    .bytes()
                    .take(2)
                    .take_while(|digit| (b'0'..=b'7').contains(digit))
                    .count();
                // `\1` alone would be a back reference.
                if second != '0' && more == 0 {
                    return invalid();
                }
                let value = u32::from_str_radix(&rest[1..2 + more], 8)
                    .ok()
                    .and_then(char::from_u32);
                self.skip(2 + more);
                Ok(value)
            }
            'x' => {
                let (number, length) = if rest[2..].starts_with('{') {
                    let Some(end) = rest.find('}') else {
                        return invalid();
                    };
                    (&rest[3..end], end + 1)
                } else {
                    (digits(2).unwrap_or_default(), 4)
                };
                let hexadecimal = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_hexdigit());
                let value = if hexadecimal {
                    u32::from_str_radix(number, 16).ok()
                } else {
                    None
                };
                let Some(value) = value.filter(|value| *value <= 0x10_FFFF) else {
                    return invalid();
                };
                self.skip(length);
                Ok(char::from_u32(value))
            }
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => {
                self.skip(2);
                Ok(Some(match second {
                    'a' => '\u{7}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    _ => '\u{b}',
                }))
            }
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => {
                self.skip(2);
                Ok(Some(other))
            }
            _ => invalid(),
        }
    }

    /// `[…]`
    fn class(&mut self) -> Result<(), String> {
        self.skip(1);
        if self.rest.starts_with('^') {
            self.skip(1);
        }
        let mut first = true;
        while !self.rest.starts_with(']') || first {
            first = false;
            if self.rest.is_empty() {
                return Err("has a `[` that is not closed".to_owned());
            }
            if let Some(inner) = self.rest.strip_prefix("[:")
                && self.rest.len() > self.behind_last_named
                && let Some((name, _)) = inner.split_once(":]")
            {
                const NAMES: [&str; 14] = [
                    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
                    "space", "upper", "word", "xdigit",
                ];
                if !NAMES.contains(&name.trim_start_matches('^')) {
                    return Err(format!("has the unknown character class `[:{name}:]`"));
                }
                self.skip(name.len() + 4);
                continue;
            }
            let Some(low) = self.class_character()? else {
                continue;
            };
            let mut ahead = self.rest.chars();
            if ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']') {
                self.skip(1);
                if self.class_character()?.is_none_or(|high| high < low) {
                    return Err("has a character range that goes backwards".to_owned());
                }
            }
        }
        self.skip(1);
        Ok(())
    }

    fn class_character(&mut self) -> Result<Option<char>, String> {
        let Some(first) = self.rest.chars().next() else {
            return Err("has a `[` that is not closed".to_owned());
        };
        if first == '\\' {
            return self.class_escape();
        }
        self.skip(first.len_utf8());
        Ok(Some(first))
    }
}

/// `{2}`, `{2,}`, `{2,3}`: length, least, most (`None` without limit). Anything else is text.
fn repetition(rest: &str) -> Option<(usize, u32, Option<u32>)> {
    let inner = rest.strip_prefix('{')?;
    let length = inner
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b',')
        .count();
    let (inner, behind) = inner.split_at(length);
    if !behind.starts_with('}') {
        return None;
    }
    let number = |digits: &str| {
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        let all_digits = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        if leading_zero || !all_digits {
            None
        } else {
            Some(digits.parse().unwrap_or(u32::MAX))
        }
    };
    let (least, most) = match inner.split_once(',') {
        None => (number(inner)?, Some(number(inner)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Some((inner.len() + 2, least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_accepts() {
        for pattern in [
            "",
            "a|b",
            "(?i)a",
            "(?P<x>a)",
            r"\Qa.b\E",
            "a{",
            "a{,2}",
            "[]a]",
            "[[:alpha:]-z]",
            r"\p{Greek}",
            "^*",
            "a*?",
            r"\x{10FFFF}",
        ] {
            assert!(read(pattern).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn go_refuses() {
        for pattern in [
            "*a",
            "a**",
            "(a",
            "a)",
            "a)(b",
            "[a",
            "(?=a)",
            "(?!a)",
            "(?<!a)",
            r"\1",
            r"a\",
            "[b-a]",
            "a{2,1}",
            "a{1001}",
            "(a{100}){100}",
            r"\y",
            "|*",
            "(*)",
            "[[:nope:]]",
        ] {
            assert!(read(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn the_empty_string_is_matched_where_every_piece_may_be_missing() {
        for pattern in ["", ".*", "a?", "a|", "(a*)(b?)", "^$", "a{0,3}", "(?:)"] {
            assert_eq!(read(pattern), Ok(Pattern { matches_empty: true }), "{pattern}");
        }
        for pattern in ["a", ".+", "a?b", "a|b", "(a*)b", "a{1,3}", r"\b", r"\Qa\E"] {
            assert_eq!(read(pattern), Ok(Pattern { matches_empty: false }), "{pattern}");
        }
    }
}

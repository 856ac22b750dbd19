//! Changes of one word of a name, as people make them: another word, one more, one less, plural, abbreviation, unit.
//!
//! Owns the random numbers of the bench as well: the same seed makes the same changes everywhere.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

/// How a name is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// One word becomes another.
    Replace,
    /// A word comes in.
    Insert,
    /// A word goes.
    Delete,
    /// Two neighbours change places.
    Reorder,
    /// Singular or plural.
    Number,
    /// A word is shortened or spelt out.
    Abbreviation,
    /// Another unit.
    Unit,
    /// A letter is lost, doubled or swapped.
    Misspelling,
}

impl Change {
    pub(super) const ALL: [Self; 8] = [
        Self::Replace,
        Self::Insert,
        Self::Delete,
        Self::Reorder,
        Self::Number,
        Self::Abbreviation,
        Self::Unit,
        Self::Misspelling,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Replace => "another word",
            Self::Insert => "one word more",
            Self::Delete => "one word less",
            Self::Reorder => "words swapped",
            Self::Number => "singular or plural",
            Self::Abbreviation => "abbreviation",
            Self::Unit => "unit",
            Self::Misspelling => "misspelling",
        }
    }
}

const SHORT: &[(&str, &str)] = &[
    ("request", "req"),
    ("requests", "reqs"),
    ("response", "resp"),
    ("message", "msg"),
    ("messages", "msgs"),
    ("connection", "conn"),
    ("connections", "conns"),
    ("database", "db"),
    ("error", "err"),
    ("errors", "errs"),
    ("transaction", "tx"),
    ("transactions", "txs"),
    ("average", "avg"),
    ("number", "num"),
    ("maximum", "max"),
    ("count", "cnt"),
    ("latency", "lat"),
    ("duration", "dur"),
    ("seconds", "secs"),
    ("memory", "mem"),
    ("utilization", "util"),
    ("configuration", "config"),
    ("operation", "op"),
    ("operations", "ops"),
    ("validator", "val"),
    ("authentication", "auth"),
    ("application", "app"),
    ("queue", "q"),
    ("timestamp", "ts"),
    ("temperature", "temp"),
];

const UNITS: &[(&str, &[&str])] = &[
    ("seconds", &["ms", "milliseconds", "minutes"]),
    ("ms", &["seconds"]),
    ("milliseconds", &["seconds"]),
    ("bytes", &["kilobytes", "mb"]),
    ("ratio", &["percent"]),
    ("percent", &["ratio"]),
    ("minutes", &["seconds"]),
];

/// Words that people put into names, or in the place of others.
const OTHERS: &[&str] = &[
    "active",
    "batch",
    "client",
    "current",
    "failed",
    "internal",
    "item",
    "job",
    "last",
    "main",
    "new",
    "pending",
    "processed",
    "read",
    "remote",
    "retry",
    "server",
    "state",
    "task",
    "worker",
];

/// Sample suffixes: they are changed by kinds of mutations of their own.
const SUFFIXES: &[&str] = &["_total", "_bucket", "_count", "_sum", "_info", "_created"];

/// A name as what a sample suffix leaves of it, and that suffix.
pub(super) fn apart(name: &str) -> (&str, &str) {
    SUFFIXES
        .iter()
        .find_map(|suffix| Some((name.strip_suffix(suffix)?, *suffix)))
        .unwrap_or((name, ""))
}

/// The name after that change of one word; `None` where it has no word to change so.
pub(super) fn changed(name: &str, change: Change, random: &mut Random) -> Option<String> {
    let (subject, suffix) = apart(name);
    let mut words: Vec<String> = subject.split('_').map(str::to_owned).collect();
    if words.iter().any(String::is_empty) {
        return None;
    }
    // The first word names the program, and stays where more follow.
    let first = usize::from(words.len() > 1);
    let at = first + random.below(words.len() - first);
    match change {
        Change::Replace => {
            let other = random.pick(OTHERS)?;
            words[at] = (*other).to_owned();
        }
        Change::Insert => {
            let other = random.pick(OTHERS)?;
            words.insert(at.max(1), (*other).to_owned());
        }
        Change::Delete if words.len() > 2 => {
            words.remove(at);
        }
        Change::Reorder if words.len() > 2 => {
            let at = first + random.below(words.len() - first - 1);
            words.swap(at, at + 1);
        }
        Change::Number if words[at].len() > 3 => match words[at].strip_suffix('s') {
            Some(singular) if !singular.ends_with('s') => words[at] = singular.to_owned(),
            _ => words[at].push('s'),
        },
        Change::Abbreviation => {
            let known = words.iter().enumerate().find_map(|(at, word)| {
                let (_, short) = SHORT.iter().find(|(long, _)| long == word)?;
                Some((at, (*short).to_owned()))
            });
            let spelt = words.iter().enumerate().find_map(|(at, word)| {
                let (long, _) = SHORT.iter().find(|(_, short)| short == word)?;
                Some((at, (*long).to_owned()))
            });
            let (at, word) = known.or(spelt)?;
            words[at] = word;
        }
        Change::Unit => {
            let (at, units) = words.iter().enumerate().rev().find_map(|(at, word)| {
                let (_, others) = UNITS.iter().find(|(unit, _)| unit == word)?;
                Some((at, *others))
            })?;
            words[at] = (*random.pick(units)?).to_owned();
        }
        Change::Misspelling if words[at].len() > 4 && words[at].is_ascii() => {
            let letter = 1 + random.below(words[at].len() - 2);
            if random.below(2) == 0 {
                words[at].remove(letter);
            } else {
                let doubled = words[at][letter..=letter].to_owned();
                words[at].insert_str(letter, &doubled);
            }
        }
        Change::Delete | Change::Reorder | Change::Number | Change::Misspelling => return None,
    }
    let changed = format!("{}{suffix}", words.join("_"));
    (changed != name).then_some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_changes_and_the_sample_stays() {
        let mut random = Random::new(7);
        for change in Change::ALL {
            for _ in 0..50 {
                let name = "mill_grain_request_seconds_bucket";
                let changed = changed(name, change, &mut random).expect("it has such a word");
                assert_ne!(changed, name);
                assert!(
                    changed.starts_with("mill_") && changed.ends_with("_bucket"),
                    "{changed}"
                );
            }
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_changes() {
        let draw = |seed| -> Vec<usize> {
            let mut random = Random::new(seed);
            (0..20).map(|_| random.below(1000)).collect()
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }
}

//! Patterns on values of which some parts are open.
//!
//! A pattern is run as an automaton over sets of states: an open part stands for every run of the characters that it can
//! have, so that the answer "always" holds for all of them and "never" for none.

use std::collections::BTreeSet;
use std::fmt;

use regex::Regex;
use regex_automata::nfa::thompson::{NFA, State, WhichCaptures};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

use crate::re2;
use crate::text::{Answer, Piece, Shape, Text};

/// Sets of states that one question may go through before the answer is "perhaps".
const MAX_SETS: usize = 1_000;

/// Automata are not built larger: their patterns are then asked about known values alone.
const MAX_AUTOMATON_BYTES: usize = 1 << 20;

/// A pattern of Prometheus, anchored at both ends.
#[derive(Clone)]
pub struct Pattern {
    regex: Regex,
    written: String,
    /// `None` where it would be too large.
    automaton: Option<NFA>,
}

impl Pattern {
    /// Compiles a pattern; `None` where it is none.
    pub fn new(pattern: &str) -> Option<Self> {
        Some(Self {
            regex: re2::anchored(pattern)?,
            written: pattern.to_owned(),
            automaton: automaton(&re2::unanchored(pattern)),
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether it matches the value.
    pub fn matches(&self, text: &Text) -> Answer {
        match text.as_known() {
            Some(known) => Answer::of(self.regex.is_match(known)),
            None => self
                .automaton
                .as_ref()
                .map_or(Answer::Perhaps, |nfa| run(nfa, text)),
        }
    }

    /// Whether it matches a known text.
    pub fn is_match(&self, known: &str) -> bool {
        self.regex.is_match(known)
    }

    /// The text of each group of the match, the whole one first, `None` for those that take no part; `None` where it does
    /// not match, or the groups depend on the open parts.
    pub(crate) fn groups(&self, text: &Text) -> Option<Vec<Option<Text>>> {
        let first = self.groups_in(text, 0)?;
        if text.as_known().is_some() {
            return Some(first);
        }
        let second = self.groups_in(text, 1)?;
        (first == second).then_some(first)
    }

    fn groups_in(&self, text: &Text, world: usize) -> Option<Vec<Option<Text>>> {
        let (instance, places) = text.instance(world);
        let captures = self.regex.captures(&instance)?;
        let groups = captures.iter().enumerate().map(|(index, group)| {
            let range = group?.range();
            let mut value = Text::default();
            let mut at = range.start;
            for (place, symbol) in &places {
                if place.end <= range.start || place.start >= range.end {
                    continue;
                }
                value.push_str(instance.get(at..place.start.max(at)).unwrap_or_default());
                let is_whole = place.start >= range.start && place.end <= range.end;
                let mut symbol = (*symbol).clone();
                if !is_whole {
                    symbol.name = format!("group {index} of `{}` in {}", self.written, symbol.name);
                    symbol.shape = Shape::Word;
                }
                value.pieces.push(Piece::Open(symbol));
                at = place.end.min(range.end);
            }
            value.push_str(instance.get(at..range.end).unwrap_or_default());
            Some(value)
        });
        Some(groups.collect())
    }

    /// How many groups it has, the whole match among them.
    pub(crate) fn group_count(&self) -> usize {
        self.regex.captures_len()
    }

    /// The index of a named group.
    pub(crate) fn group_of_name(&self, name: &str) -> Option<usize> {
        self.regex.capture_names().position(|own| own == Some(name))
    }

    /// A text with every match replaced as Go's `ReplaceAllString` does, for a pattern that matches all of it or nothing.
    pub(crate) fn matched_groups<'t>(&self, known: &'t str) -> Option<Vec<Option<&'t str>>> {
        let captures = self.regex.captures(known)?;
        Some(
            captures
                .iter()
                .map(|group| group.map(|group| group.as_str()))
                .collect(),
        )
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pattern({:?})", self.written)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Pattern {}

fn automaton(pattern: &str) -> Option<NFA> {
    let config = NFA::config()
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(MAX_AUTOMATON_BYTES));
    NFA::compiler()
        .configure(config)
        .syntax(syntax::Config::new().octal(true))
        .build(pattern)
        .ok()
}

/// States that the automaton can be in, without repetitions, sorted.
type States = Vec<StateID>;

fn run(nfa: &NFA, text: &Text) -> Answer {
    let Some(start) = closure(nfa, [nfa.start_anchored()], Edge::Start) else {
        return Answer::Perhaps;
    };
    let mut sets = BTreeSet::from([start]);
    for piece in &text.pieces {
        let next = match piece {
            Piece::Known(known) => {
                let after = sets.iter().map(|set| {
                    known
                        .bytes()
                        .try_fold(set.clone(), |set, byte| step(nfa, &set, byte))
                });
                after.collect::<Option<BTreeSet<States>>>()
            }
            Piece::Open(symbol) => spread(nfa, sets, symbol.shape),
        };
        match next {
            Some(next) => sets = next,
            None => return Answer::Perhaps,
        }
    }
    let mut matching = 0;
    for set in &sets {
        match closure(nfa, set.iter().copied(), Edge::End) {
            None => return Answer::Perhaps,
            Some(ended) => {
                let is_match = ended
                    .iter()
                    .any(|id| matches!(nfa.state(*id), State::Match { .. }));
                matching += usize::from(is_match);
            }
        }
    }
    match matching {
        0 => Answer::Never,
        all if all == sets.len() => Answer::Always,
        _ => Answer::Perhaps,
    }
}

/// The sets after any run of the shape's characters; `None` where there are too many.
fn spread(nfa: &NFA, sets: BTreeSet<States>, shape: Shape) -> Option<BTreeSet<States>> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut classes = BTreeSet::new();
    for byte in (0..=u8::MAX).filter(|byte| shape.admits(*byte)) {
        if classes.insert(nfa.byte_classes().get(byte)) {
            bytes.push(byte);
        }
    }
    let mut reached = if shape.may_be_empty() {
        sets.clone()
    } else {
        BTreeSet::new()
    };
    let mut waiting: Vec<States> = sets.into_iter().collect();
    let mut seen = 0;
    while let Some(set) = waiting.pop() {
        for byte in &bytes {
            let next = step(nfa, &set, *byte)?;
            if reached.insert(next.clone()) {
                waiting.push(next);
                seen += 1;
                if seen > MAX_SETS {
                    return None;
                }
            }
        }
    }
    Some(reached)
}

/// The states after one byte; `None` where the pattern looks around.
fn step(nfa: &NFA, set: &States, byte: u8) -> Option<States> {
    let after = set.iter().filter_map(|id| match nfa.state(*id) {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(sparse) => sparse.matches_byte(byte),
        State::Dense(dense) => dense.matches_byte(byte),
        _ => None,
    });
    closure(nfa, after, Edge::Middle)
}

/// Where in the text the automaton stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Start,
    Middle,
    End,
}

/// The states that can be reached without a byte; `None` where the pattern looks at neighbours, which is not followed.
fn closure(nfa: &NFA, from: impl IntoIterator<Item = StateID>, edge: Edge) -> Option<States> {
    let mut seen: BTreeSet<StateID> = BTreeSet::new();
    let mut waiting: Vec<StateID> = from.into_iter().collect();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        match nfa.state(id) {
            State::Union { alternates } => waiting.extend(alternates.iter().copied()),
            State::BinaryUnion { alt1, alt2 } => waiting.extend([*alt1, *alt2]),
            State::Capture { next, .. } => waiting.push(*next),
            // It stays in the set, and is passed once the end is there.
            State::Look {
                look: Look::End,
                next,
            } => {
                if edge == Edge::End {
                    waiting.push(*next);
                }
            }
            State::Look {
                look: Look::Start,
                next,
            } => {
                if edge == Edge::Start {
                    waiting.push(*next);
                }
            }
            State::Look { .. } => return None,
            State::ByteRange { .. }
            | State::Sparse(_)
            | State::Dense(_)
            | State::Fail
            | State::Match { .. } => {}
        }
    }
    Some(seen.into_iter().collect())
}

/// Whether a value is a known text.
pub(super) fn literal(known: &str, value: &Text) -> Answer {
    let literal = automaton(&regex::escape(known));
    literal.map_or(Answer::Perhaps, |nfa| run(&nfa, value))
}

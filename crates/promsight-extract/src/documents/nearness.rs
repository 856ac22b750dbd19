//! What stands around a word: the noun beside it, the sentence, the list's introduction, the section's heading.
//!
//! Reads evidence off a [`Prose`]; which words are looked at and what follows from it is the caller's.

use std::ops::Range;

use promsight_model::WordEvidence;

use super::vocabulary::{self, Noun};
use super::words;
use crate::decode::markdown::{Prose, Run, RunKind};

/// What a paragraph, item or cell inherits from around it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Around {
    /// The section, the list's introduction or the column's heading speaks of metrics.
    pub(super) metrics: bool,
    /// They speak of another thing: a column of labels, a list of fields.
    pub(super) others: bool,
    /// They list alerts.
    pub(super) alerts: bool,
    /// The place is made for metric names: a column headed `Metric`.
    pub(super) metric_place: bool,
    /// What they list is the names themselves: an item of a list of metrics begins with one.
    pub(super) listed: bool,
}

/// A prefix that a text says all metrics have.
#[derive(Clone, Debug)]
pub(super) enum Prefix {
    /// They have it: "all metrics are prefixed with `shop_`".
    Stated(String),
    /// They would, if something were set: "this will prefix all metrics with `shop_`".
    Supposed(String),
}

/// The prefix that a text says all metrics have.
pub(super) fn stated_prefix(prose: &Prose) -> Option<Prefix> {
    let run = prose.runs.iter().find(|run| {
        let text = prose.text.text.get(run.at.clone()).unwrap_or_default();
        matches!(run.kind, RunKind::Code) && text.len() >= 3 && text.ends_with('_') && words::is_name(text)
    })?;
    let sentence = sentence(prose, &run.at);
    let says_one_of = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
    let all = says_one_of(&["all ", "every ", "each ", "metrics are ", "names are "]);
    if !all || !sentence.contains("prefix") || !speaks_of_metrics(&sentence) {
        return None;
    }
    let prefix = prose.text.text.get(run.at.clone()).unwrap_or_default().to_owned();
    let supposed = says_one_of(&["will ", "would ", "if ", "could ", "can "]);
    Some(if supposed {
        Prefix::Supposed(prefix)
    } else {
        Prefix::Stated(prefix)
    })
}

/// The code spans and the emphasised single words of a prose, in order, with what the text says of each.
pub(super) fn named_runs(prose: &Prose) -> Vec<NamedRun<'_>> {
    let runs = candidates(prose);
    let text = prose.text.text.as_str();
    let mut named = Vec::with_capacity(runs.len());
    let mut index = 0;
    while index < runs.len() {
        let mut last = index;
        while let Some(next) = runs.get(last + 1)
            && is_listing(text.get(runs[last].at.end..next.at.start).unwrap_or_default())
        {
            last += 1;
        }
        // Names in a row share the noun before the first and the one after the last: "labels `a`, `b` and `c`".
        let beside = noun_beside(text, runs[index].at.start..runs[last].at.end);
        named.extend(runs[index..=last].iter().map(|run| NamedRun { run, beside }));
        index = last + 1;
    }
    named
}

/// A run that may be a name, and the noun beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamedRun<'a> {
    pub(super) run: &'a Run,
    pub(super) beside: Option<Noun>,
}

fn candidates(prose: &Prose) -> Vec<&Run> {
    let mut kept: Vec<&Run> = Vec::new();
    let mut struck_until = 0;
    for run in &prose.runs {
        match run.kind {
            RunKind::Struck => struck_until = struck_until.max(run.at.end),
            _ if run.at.start < struck_until => {}
            RunKind::Code => {
                // Emphasis around a code span is no second name.
                if kept.last().is_some_and(|last| last.at.end > run.at.start) {
                    kept.pop();
                }
                kept.push(run);
            }
            RunKind::Emphasis => {
                let word = prose.text.text.get(run.at.clone()).unwrap_or_default();
                if words::is_metric_shaped(word) || words::is_camel_alert(word, 2) {
                    kept.push(run);
                }
            }
            RunKind::Link(_) => {}
        }
    }
    kept
}

/// Whether what stands between two names makes them a list: commas, slashes, `and`.
fn is_listing(between: &str) -> bool {
    !between.is_empty()
        && between
            .split(|character: char| {
                character.is_whitespace() || matches!(character, ',' | '/' | '&' | '+' | '|')
            })
            .all(|word| {
                matches!(
                    word,
                    "" | "and" | "or" | "und" | "oder" | "et" | "ou" | "y" | "o" | "и" | "или" | "и/или"
                )
            })
}

/// Words that may stand between a noun and the name that it introduces.
const CONNECTIVES: &[&str] = &[
    "the",
    "a",
    "an",
    "this",
    "these",
    "named",
    "called",
    "such",
    "as",
    "like",
    "e.g",
    "i.e",
    "following",
    "new",
    "custom",
    "is",
    "are",
    "our",
    "its",
    "both",
    "either",
    "name",
    "names",
    "rule",
    "rules",
];

pub(super) fn noun_beside(text: &str, at: Range<usize>) -> Option<Noun> {
    let after = text.get(at.end..).unwrap_or_default();
    if let Some(first) = following_word(after)
        && let Some(noun) = vocabulary::noun(&first)
    {
        // "`X` alert handler" names a handler.
        let rest =
            following_word(&after[after.find(|c: char| !c.is_whitespace()).unwrap_or(0) + first.len()..]);
        let overruled = noun == Noun::Alert && rest.is_some_and(|second| is_program_noun(&second));
        return Some(if overruled { Noun::Other } else { noun });
    }
    let before = text.get(..at.start).unwrap_or_default().trim_end();
    if before.ends_with(':') {
        let clause = clause_before(before);
        // "multiplies each metric by its rate into three columns:" introduces columns.
        let closing = preceding_words(clause)
            .first()
            .and_then(|word| vocabulary::noun(word));
        return closing
            .filter(|noun| *noun == Noun::Other)
            .or_else(|| head_noun(clause));
    }
    let words = preceding_words(before);
    let copula = words
        .first()
        .is_some_and(|word| matches!(word.as_str(), "is" | "are"));
    let noun = words
        .into_iter()
        .find(|word| !CONNECTIVES.contains(&word.as_str()))
        .and_then(|word| vocabulary::noun(&word));
    // "the field of all alerts is `quiet`" gives a value.
    noun.filter(|noun| !(copula && *noun == Noun::Alert))
}

/// The clause that a colon at the end of a text closes.
fn clause_before(before: &str) -> &str {
    let clause = before.trim_end_matches(':');
    let mut first = clause.len().saturating_sub(MAX_CLAUSE);
    while !clause.is_char_boundary(first) {
        first += 1;
    }
    let clause = &clause[first..];
    clause
        .rfind(['.', ';', ':', '!', '?', '('])
        .map_or(clause, |end| &clause[end + 1..])
}

/// The longest clause that is looked at before a colon, in bytes.
const MAX_CLAUSE: usize = 80;

const PREPOSITIONS: &[&str] = &[
    "for", "of", "by", "in", "with", "on", "from", "to", "that", "which", "per",
];

/// What a heading, a column's heading or an introduction is about: the last noun before its first preposition
/// (`Labels of the metric` are labels, `Metric labels` too), else its last noun at all.
pub(super) fn head_noun(text: &str) -> Option<Noun> {
    let mut last = None;
    for word in text
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        let word = word.to_lowercase();
        if last.is_some() && PREPOSITIONS.contains(&word.as_str()) {
            break;
        }
        last = vocabulary::noun(&word).or(last);
    }
    last
}

fn is_program_noun(word: &str) -> bool {
    matches!(
        word,
        "handler"
            | "manager"
            | "service"
            | "routing"
            | "engine"
            | "delivery"
            | "processing"
            | "template"
            | "templates"
            | "notification"
            | "notifications"
            | "channel"
            | "channels"
            | "system"
            | "history"
            | "storage"
            | "dialog"
    ) || vocabulary::noun(word) == Some(Noun::Other)
}

/// The word right after a name, in lower case; `None` where punctuation comes first (an opening bracket may).
fn following_word(after: &str) -> Option<String> {
    let spaced = after.trim_start();
    if spaced.len() == after.len() && !after.is_empty() {
        return None;
    }
    let word: String = spaced
        .chars()
        .take_while(|character| character.is_alphanumeric())
        .collect();
    (!word.is_empty()).then(|| word.to_lowercase())
}

/// The at most four words before a name, nearest first, as far as no punctuation cuts them off; a colon points on.
fn preceding_words(before: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = before
        .trim_end()
        .trim_end_matches(['"', '\'', '(', '*', '“', '«'])
        .trim_end();
    while words.len() < 4 {
        let word_start = rest
            .char_indices()
            .rev()
            // The end of an identifier (`value_metric`) is no noun.
            .take_while(|(_, character)| character.is_alphanumeric() || *character == '_')
            .last()
            .map(|(index, _)| index);
        let Some(start) = word_start else { break };
        words.push(rest[start..].to_lowercase());
        let left = rest[..start].trim_end();
        if left.len() == start {
            break;
        }
        rest = left;
    }
    words
}

/// The evidence for a word that stands at `at` in the prose.
pub(super) fn evidence(
    prose: &Prose,
    at: &Range<usize>,
    word: &str,
    beside: Option<Noun>,
    around: Around,
) -> WordEvidence {
    let sentence = sentence(prose, at);
    let speaks_of_metrics = speaks_of_metrics(&sentence);
    let gone = vocabulary::is_past_sentence(&sentence) || vocabulary::is_proposal_sentence(&sentence);
    let against = match beside {
        Some(Noun::Other) => true,
        Some(Noun::Metric) => false,
        Some(Noun::Alert) | None => {
            !around.metric_place && (around.others || words::looks_like_setting(word))
        }
    };
    WordEvidence {
        suffix: words::has_metric_suffix(word),
        near_word: around.metric_place || around.metrics || beside == Some(Noun::Metric) || speaks_of_metrics,
        against: against || gone,
        listed: around.metric_place || around.listed,
        named: beside == Some(Noun::Metric),
        ..WordEvidence::default()
    }
}

/// The evidence for a name whose own form shows that it is a series (`name{label="x"}`): only what says that it is gone
/// or to come speaks against it.
pub(super) fn shown_evidence(
    prose: &Prose,
    at: &Range<usize>,
    word: &str,
    beside: Option<Noun>,
    around: Around,
) -> WordEvidence {
    let sentence = sentence(prose, at);
    WordEvidence {
        near_word: true,
        against: vocabulary::is_past_sentence(&sentence) || vocabulary::is_proposal_sentence(&sentence),
        ..evidence(prose, at, word, beside, around)
    }
}

/// Whether some word of a text says metric.
pub(super) fn speaks_of_metrics(text: &str) -> bool {
    let words: Vec<String> = text
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.iter().enumerate().any(|(index, word)| {
        let before = index.checked_sub(1).map(|before| words[before].as_str());
        let after = words.get(index + 1).map(String::as_str);
        vocabulary::noun(word) == Some(Noun::Metric) && !is_other_query(before, word, after)
    })
}

/// Queries of addresses and databases: `query parameter`, `SQL query`.
fn is_other_query(before: Option<&str>, word: &str, after: Option<&str>) -> bool {
    matches!(word, "query" | "queries")
        && (after.is_some_and(|after| {
            ["param", "string", "argument", "builder", "set"]
                .iter()
                .any(|start| after.starts_with(start))
        }) || matches!(
            before,
            Some("sql" | "database" | "db" | "search" | "graphql" | "slow" | "user" | "api" | "http")
        ))
}

/// The furthest that a sentence is followed to each side, in bytes.
const MAX_SENTENCE: usize = 600;

/// The sentence around a range in lower case, the names in it left out: they say nothing of themselves.
fn sentence(prose: &Prose, at: &Range<usize>) -> String {
    let text = prose.text.text.as_str();
    let bytes = text.as_bytes();
    let ends = |index: usize| {
        matches!(bytes[index], b'.' | b'!' | b'?') && bytes.get(index + 1).is_none_or(u8::is_ascii_whitespace)
    };
    let first = at.start.saturating_sub(MAX_SENTENCE);
    let last = (at.end + MAX_SENTENCE).min(bytes.len());
    let mut start = (first..at.start)
        .rev()
        .find(|index| ends(*index))
        .map_or(first, |index| index + 1);
    let mut end = (at.end..last).find(|index| ends(*index)).unwrap_or(last);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut sentence = String::new();
    let mut position = start;
    let first_run = prose.runs.partition_point(|run| run.at.start < start);
    for run in prose.runs[first_run..]
        .iter()
        .take_while(|run| run.at.start < end)
    {
        if matches!(run.kind, RunKind::Code) && run.at.start >= position && run.at.end <= end {
            sentence.push_str(text.get(position..run.at.start).unwrap_or_default());
            position = run.at.end;
        }
    }
    sentence.push_str(text.get(position..end).unwrap_or_default());
    sentence.to_lowercase()
}

//! The closest name that exists, and the one that was probably meant.
//!
//! Names are compared word by word (`_` and `:` separate words): a renamed metric usually keeps most of its
//! words, in order, and its sample suffix. Letters count only within words, so that `_seconds_bucket` at the end
//! of two unrelated names does not make them alike.
//!
//! Which of the alike names was meant, the names alone do not say: a tree has families of names that differ in one word and
//! are different things. A metric that was renamed is read by nobody under its new name, and has the labels that its readers
//! ask for. `docs/measured.md` says how often the right one is offered.

use std::collections::BTreeSet;

use promsight_model::{Emitter, Name, Span};

use crate::Closest;
use crate::index::Index;
use crate::judge::is_own;

/// From here on a candidate is worth showing beside the finding: half of what the names say is the same.
const WORTH_SHOWING: f64 = 0.55;

/// From here on a candidate is offered as the replacement, what speaks for and against it counted in: two names that
/// share only their namespace and their sample suffix stay below it.
pub(crate) const CONVINCING: f64 = 0.66;

/// From here on two names are taken for the same thing misspelt.
pub(crate) const NEARLY_SAME: f64 = 0.86;

/// What speaks for a candidate: nobody reads it, as nobody reads a metric that was renamed.
const UNREAD: f64 = 0.12;
/// … it has every label that the readers of the missing name ask for.
const SAME_LABELS: f64 = 0.06;
/// What speaks against it: it lacks a label that they ask for, and that other metrics of the tree have.
const LACKS_LABEL: f64 = 0.12;
/// … others read it, and the names differ in a whole word: two things, not one.
const READ_SIBLING: f64 = 0.2;
/// … nobody reads it either, and the names differ in a whole word, units included.
const UNREAD_SIBLING: f64 = 0.1;
/// … others read it, and the missing name has several readers, who do not all misspell it.
const READ_ELSEWHERE: f64 = 0.04;
/// … and one of the two names has a whole word more.
const READ_RELATIVE: f64 = 0.35;
/// The first candidate has to lead by so much.
const LEAD: f64 = 0.015;

/// Words at the end of a series that the sample or unit gives, and not the metric's subject.
const TAIL_WORDS: [&str; 16] = [
    "total",
    "bucket",
    "count",
    "sum",
    "created",
    "info",
    "seconds",
    "milliseconds",
    "ms",
    "bytes",
    "ratio",
    "percent",
    "duration",
    "timestamp",
    "number",
    "size",
];

/// What in the tree is like a missing series.
#[derive(Clone, Debug, Default)]
pub(crate) struct Likeness {
    /// The name that is most alike: evidence of whose the missing one is.
    pub(crate) nearest: Option<Closest>,
    /// The name that was probably meant.
    pub(crate) meant: Option<Closest>,
}

/// The series in the tree that are most like `series`, where any is worth showing. Looked for once for each name: a
/// document can hold the same one thousands of times.
pub(crate) fn likeness(series: &str, index: &Index<'_>) -> Likeness {
    index.likeness_once(series, || search(series, index))
}

/// A name that may have been meant.
struct Candidate<'a> {
    name: &'a str,
    span: Span,
    /// Its declaration; none of what a rule records.
    emitter: Option<&'a Emitter>,
    alike: f64,
    score: f64,
}

impl Candidate<'_> {
    fn closest(&self, convincing: bool) -> Closest {
        Closest {
            series: self.name.to_owned(),
            span: self.span,
            same_family: false,
            convincing,
            is_only: false,
        }
    }
}

fn search(series: &str, index: &Index<'_>) -> Likeness {
    let mut candidates: Vec<Candidate<'_>> = index
        .own_series()
        .filter(|(name, at)| !name.ends_with("_created") && is_own(&index.emitters()[*at].origin))
        .map(|(name, at)| {
            let emitter = &index.emitters()[at];
            (name, emitter.name_span.unwrap_or(emitter.span), Some(emitter))
        })
        .chain(index.witnesses().all_series().filter_map(|(name, at)| {
            let emitter = &index.emitters()[at];
            let span = emitter.name_span.unwrap_or(emitter.span);
            (!name.ends_with("_created")).then_some((name, span, Some(emitter)))
        }))
        // A recorded name is a candidate only for what is named like one (`level:metric:operations`): the other rules
        // often bear the name of what they sum up, and would be offered in the place of their own root.
        .chain(
            index
                .all_records()
                .into_iter()
                .filter(|_| series.contains(':'))
                .map(|id| {
                    let rule = index.rule(id);
                    (rule.name.as_str(), rule.name_span, None)
                }),
        )
        .filter(|(name, ..)| *name != series)
        .filter_map(|(name, span, emitter)| {
            let alike = alike(series, name);
            (alike >= WORTH_SHOWING).then_some(Candidate {
                name,
                span,
                emitter,
                alike,
                score: alike,
            })
        })
        .collect();
    candidates.sort_by(|left, right| {
        let order = right.alike.total_cmp(&left.alike);
        order.then_with(|| (left.name, left.span).cmp(&(right.name, right.span)))
    });
    let nearest = candidates.first().map(|nearest| nearest.closest(true));
    for candidate in &mut candidates {
        candidate.score += evidence(series, candidate, index);
    }
    candidates.sort_by(|left, right| right.score.total_cmp(&left.score));
    let meant = candidates.first().map(|first| {
        let is_other = |other: &&Candidate<'_>| {
            let family = |of: Option<&Emitter>| of.map(|emitter| emitter.name.clone());
            other.name != first.name
                && (other.emitter.is_none() || family(other.emitter) != family(first.emitter))
        };
        let second = candidates.iter().find(is_other);
        let leads = second.is_none_or(|second| first.score - second.score >= LEAD);
        // Who renames a metric keeps its samples.
        let same_sample = sample(&words(series)) == sample(&words(first.name));
        first.closest(leads && same_sample && first.score >= CONVINCING)
    });
    Likeness { nearest, meant }
}

/// What speaks for a candidate's being meant, beside its name, and against it.
fn evidence(series: &str, candidate: &Candidate<'_>, index: &Index<'_>) -> f64 {
    let asked = index.asked_labels(series);
    let mut evidence = 0.0;
    let mut has_labels = false;
    if let Some(emitter) = candidate.emitter.filter(|emitter| emitter.labels_known) {
        let has = |label: &str| emitter.labels.iter().any(|known| known == label);
        let lacks = asked.iter().any(|label| !has(label) && index.is_label(label));
        if lacks {
            evidence -= LACKS_LABEL;
        } else if asked.iter().any(|label| has(label)) {
            has_labels = true;
            evidence += SAME_LABELS;
        }
    }
    let is_read = match candidate.emitter {
        Some(emitter) => emitter
            .series
            .iter()
            .chain([&emitter.name, &emitter.written_name])
            .filter_map(Name::exact)
            .any(|name| index.readers(name) > 0),
        None => index.readers(candidate.name) > 0,
    };
    if !is_read {
        if has_labels || shared_subjects(series, candidate.name) >= 2 {
            evidence += UNREAD;
        }
        let is_replaced = lacks(series, candidate.name, &[]) && lacks(candidate.name, series, &[]);
        return if is_replaced {
            evidence - UNREAD_SIBLING
        } else {
            evidence
        };
    }
    let several_miss_it = index.readers(series) > 1;
    evidence
        - match (
            lacks_word(series, candidate.name),
            lacks_word(candidate.name, series),
        ) {
            (true, true) => READ_SIBLING,
            (false, false) if several_miss_it => READ_ELSEWHERE,
            _ if several_miss_it => READ_RELATIVE,
            _ => 0.0,
        }
}

/// How many words that are no unit and no suffix both names have.
fn shared_subjects(left: &str, right: &str) -> usize {
    let subjects = |name| -> BTreeSet<&str> {
        words(name)
            .into_iter()
            .filter(|word| !TAIL_WORDS.contains(word))
            .collect()
    };
    subjects(left).intersection(&subjects(right)).count()
}

/// Whether `name` has a subject that `other` has in no form.
fn lacks_word(name: &str, other: &str) -> bool {
    lacks(name, other, &TAIL_WORDS)
}

/// Whether `name` has a word, some aside, that `other` has in no form.
fn lacks(name: &str, other: &str, aside: &[&str]) -> bool {
    let others = words(other);
    words(name)
        .iter()
        .filter(|word| !aside.contains(word))
        .any(|word| others.iter().all(|other| nearness(word, other) == 0.0))
}

/// How alike two names are, from 0 to 1.
pub(crate) fn alike(left: &str, right: &str) -> f64 {
    let (left, right) = (words(left), words(right));
    if left.is_empty() || right.is_empty() {
        return 0.0;
    }
    let subject = |words: &[&str]| -> f64 { words.iter().map(|word| weight(word)).sum() };
    let whole = subject(&left) + subject(&right);
    let alike = if whole == 0.0 {
        0.0
    } else if are_swapped(&left, &right) {
        SWAPPED
    } else {
        2.0 * shared_weight(&left, &right) / whole
    };
    // The same sample (`_bucket`, `_total`) on both sides, or on neither, is a strong sign.
    if sample(&left) == sample(&right) {
        alike
    } else {
        alike * 0.9
    }
}

/// The same words in another order.
const SWAPPED: f64 = 0.92;

fn are_swapped(left: &[&str], right: &[&str]) -> bool {
    let sorted = |words: &[&str]| {
        let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        words.sort();
        words
    };
    left.len() == right.len() && left != right && sorted(left) == sorted(right)
}

/// How alike two alert names are, from 0 to 1: compared by the words that capitals begin.
pub(crate) fn alike_humps(left: &str, right: &str) -> f64 {
    let apart = |name: &str| {
        let mut words = String::new();
        for character in name.chars() {
            if character.is_uppercase() {
                words.push('_');
            }
            words.extend(character.to_lowercase());
        }
        words
    };
    alike(&apart(left), &apart(right))
}

/// The label of a declaration that was probably meant: nearly the same letters, or one is a word of the other
/// (`status` and `status_code`).
pub(crate) fn closest_label<'a>(label: &str, declared: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut best: Option<(f64, &str)> = None;
    for candidate in declared {
        let is_word = |of: &str, word: &str| of.split('_').any(|part| part == word);
        let score = if is_word(candidate, label) || is_word(label, candidate) {
            NEARLY_SAME
        } else {
            strsim::normalized_damerau_levenshtein(label, candidate)
        };
        if score >= CONVINCING && best.is_none_or(|(top, known)| (score, known) > (top, candidate)) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, label)| label.to_owned())
}

/// Whether one value is the other with a slip of the pen. Numbers tell things apart (`db-1`, `db-2`), and a value with
/// more behind it is another.
pub(crate) fn is_misspelt(left: &str, right: &str) -> bool {
    let letters = |text: &str| -> String { text.chars().filter(|letter| !letter.is_numeric()).collect() };
    let shorter = left.len().min(right.len());
    shorter >= 4
        && letters(left) != letters(right)
        && !left.starts_with(right)
        && !right.starts_with(left)
        && strsim::normalized_damerau_levenshtein(left, right) >= 0.8
}

/// How alike two texts are, from 0 to 1, whatever separates their words.
pub(crate) fn alike_words(left: &str, right: &str) -> f64 {
    let apart = |text: &str| text.replace(|one: char| !one.is_alphanumeric(), "_");
    alike(&apart(left), &apart(right))
}

fn words(name: &str) -> Vec<&str> {
    // Longer names than any real one would make the comparison slow.
    name.split(['_', ':'])
        .filter(|word| !word.is_empty())
        .take(24)
        .collect()
}

fn weight(word: &str) -> f64 {
    if TAIL_WORDS.contains(&word) { 0.4 } else { 1.0 }
}

fn sample<'a>(words: &[&'a str]) -> Option<&'a str> {
    words
        .last()
        .copied()
        .filter(|word| ["total", "bucket", "count", "sum", "info"].contains(word))
}

/// Weight of the words that both have in the same order: a longest common subsequence over words, where words
/// that are nearly the same count by how near they are.
fn shared_weight(left: &[&str], right: &[&str]) -> f64 {
    let mut row = vec![0.0_f64; right.len() + 1];
    for left_word in left {
        let mut diagonal = 0.0;
        for (at, right_word) in right.iter().enumerate() {
            let above = row[at + 1];
            let near = nearness(left_word, right_word);
            let matched = diagonal + near * (weight(left_word) + weight(right_word)) / 2.0;
            row[at + 1] = above.max(row[at]).max(matched);
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Words that are shortened otherwise than by their beginning, which [`nearness`] knows.
const ABBREVIATIONS: [(&str, &str); 32] = [
    ("addr", "address"),
    ("avg", "average"),
    ("bg", "background"),
    ("cfg", "config"),
    ("cfg", "configuration"),
    ("cnt", "count"),
    ("ctx", "context"),
    ("db", "database"),
    ("evt", "event"),
    ("fs", "filesystem"),
    ("hb", "heartbeat"),
    ("mb", "megabytes"),
    ("mgr", "manager"),
    ("ms", "milliseconds"),
    ("msg", "message"),
    ("msgs", "messages"),
    ("op", "operation"),
    ("ops", "operations"),
    ("pct", "percent"),
    ("pg", "postgres"),
    ("pkt", "packet"),
    ("pkts", "packets"),
    ("q", "queue"),
    ("qty", "quantity"),
    ("reqs", "requests"),
    ("rx", "received"),
    ("secs", "seconds"),
    ("svc", "service"),
    ("ts", "timestamp"),
    ("tx", "transaction"),
    ("txs", "transactions"),
    ("ws", "websocket"),
];

fn nearness(left: &str, right: &str) -> f64 {
    if left == right {
        return 1.0;
    }
    // Numbers count things: the second channel is not the first one misspelt.
    let is_number = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    if is_number(left) || is_number(right) {
        return 0.0;
    }
    if ABBREVIATIONS.contains(&(left, right)) || ABBREVIATIONS.contains(&(right, left)) {
        return 0.85;
    }
    // A word and its plural, its abbreviation or a misspelling of it.
    let shorter = left.len().min(right.len());
    if shorter >= 3 && (left.starts_with(right) || right.starts_with(left)) {
        return 0.85;
    }
    let near = strsim::normalized_damerau_levenshtein(left, right);
    if near >= 0.75 {
        return near;
    }
    // Forms of one word part ways near its end: `submit` and `submission`.
    let stem = left
        .chars()
        .zip(right.chars())
        .take_while(|(left, right)| left == right)
        .count();
    if stem >= 4 && stem as f64 >= 0.7 * shorter as f64 {
        0.7
    } else {
        0.0
    }
}

/// Whether one name is the other's end, at a word boundary, with at least two words of subject: a namespace is
/// missing or too much.
pub(crate) fn same_tail(left: &str, right: &str) -> bool {
    let (shorter, longer) = if left.len() < right.len() {
        (left, right)
    } else {
        (right, left)
    };
    let subjects = words(shorter)
        .into_iter()
        .filter(|word| !TAIL_WORDS.contains(word))
        .count();
    subjects >= 2
        && longer
            .strip_suffix(shorter)
            .is_some_and(|front| front.ends_with(['_', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_changed_word_stays_convincing_and_unrelated_names_do_not() {
        assert!(alike("orders_submitted_total", "orders_placed_total") >= WORTH_SHOWING);
        assert!(
            alike("shop_orders_total", "shop_users_total") < CONVINCING,
            "only the namespace is shared"
        );
        assert!(
            alike(
                "order_latency_seconds_bucket",
                "order_submit_latency_seconds_bucket"
            ) >= CONVINCING
        );
        assert!(alike("payments_failed_total", "sessions_opened_total") < WORTH_SHOWING);
        assert!(alike("cache_size_bytes_bucket", "request_duration_seconds_bucket") < WORTH_SHOWING);
    }

    #[test]
    fn the_same_sample_wins_among_samples_of_one_family() {
        let bucket = alike(
            "order_latency_seconds_bucket",
            "order_submit_latency_seconds_bucket",
        );
        let count = alike(
            "order_latency_seconds_bucket",
            "order_submit_latency_seconds_count",
        );
        assert!(bucket > count);
    }

    #[test]
    fn a_missing_namespace_is_a_shared_tail() {
        assert!(same_tail("http_requests_total", "shop_http_requests_total"));
        assert!(
            !same_tail("requests_total", "shop_http_requests_total"),
            "one word says too little"
        );
        assert!(!same_tail("http_requests_total", "shophttp_requests_total"));
    }
}

//! The closest name that exists.
//!
//! Names are compared word by word (`_` and `:` separate words): a renamed metric usually keeps most of its
//! words, in order, and its sample suffix. Letters count only within words, so that `_seconds_bucket` at the end
//! of two unrelated names does not make them alike.

use promsight_model::Span;

use crate::Closest;
use crate::index::Index;
use crate::judge::is_own;

/// From here on a candidate is worth showing beside the finding: half of what the names say is the same.
const WORTH_SHOWING: f64 = 0.55;

/// From here on a candidate is offered as the replacement: two names that share only their namespace and their
/// sample suffix stay below it.
pub(crate) const CONVINCING: f64 = 0.66;

/// From here on two names are taken for the same thing misspelt.
pub(crate) const NEARLY_SAME: f64 = 0.86;

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

/// The series in the tree that is most like `series`, where any is worth showing. Looked for once for each name: a
/// document can hold the same one thousands of times.
pub(crate) fn closest(series: &str, index: &Index<'_>) -> Option<Closest> {
    index.closest_once(series, || search(series, index))
}

fn search(series: &str, index: &Index<'_>) -> Option<Closest> {
    let mut best: Option<(f64, &str, Span)> = None;
    let mut candidates: Vec<(&str, Span)> = index
        .own_series()
        .filter(|(name, at)| !name.ends_with("_created") && is_own(&index.emitters()[*at].origin))
        .map(|(name, at)| {
            let emitter = &index.emitters()[at];
            (name, emitter.name_span.unwrap_or(emitter.span))
        })
        .collect();
    candidates.extend(index.witnesses().all_series().filter_map(|(name, at)| {
        let emitter = &index.emitters()[at];
        (!name.ends_with("_created")).then(|| (name, emitter.name_span.unwrap_or(emitter.span)))
    }));
    // A recorded name is a candidate only for what is named like one (`level:metric:operations`): the other rules
    // often bear the name of what they sum up, and would be offered in the place of their own root.
    if series.contains(':') {
        candidates.extend(index.all_records().into_iter().map(|id| {
            let rule = index.rule(id);
            (rule.name.as_str(), rule.name_span)
        }));
    }
    candidates.sort_unstable();
    for (name, span) in candidates {
        let score = alike(series, name);
        if name != series && score >= WORTH_SHOWING && best.is_none_or(|(top, _, _)| score > top) {
            best = Some((score, name, span));
        }
    }
    best.map(|(score, name, span)| Closest {
        series: name.to_owned(),
        span,
        same_family: false,
        convincing: score >= CONVINCING,
    })
}

/// How alike two names are, from 0 to 1.
pub(crate) fn alike(left: &str, right: &str) -> f64 {
    let (left, right) = (words(left), words(right));
    if left.is_empty() || right.is_empty() {
        return 0.0;
    }
    let subject = |words: &[&str]| -> f64 { words.iter().map(|word| weight(word)).sum() };
    let shared = shared_weight(&left, &right);
    let whole = subject(&left) + subject(&right);
    let alike = if whole == 0.0 { 0.0 } else { 2.0 * shared / whole };
    // The same sample (`_bucket`, `_total`) on both sides, or on neither, is a strong sign.
    if sample(&left) == sample(&right) {
        alike
    } else {
        alike * 0.9
    }
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

fn nearness(left: &str, right: &str) -> f64 {
    if left == right {
        return 1.0;
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

//! Running text and cells: code spans, emphasised and plain words, links.

use std::ops::Range;

use promsight_model::{Embedded, Query, Selector, SelectorName, Span};

use super::looker::{self, Looker, Trust};
use super::nearness::{self, Around, NamedRun};
use super::vocabulary::Noun;
use super::words;
use crate::decode::markdown::{Prose, RunKind};
use crate::scripts::command_lines;
use crate::scripts::urls;

/// What kind of place a text is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Only the first name is what the place is about: an item `name: what it means` that a list of metrics holds.
    pub(super) subject_only: bool,
    /// The document is about alerts.
    pub(super) runbook: bool,
}

/// Reads a paragraph, item, heading or cell.
pub(super) fn read(prose: &Prose, around: Around, place: Place, looker: &mut Looker<'_>) {
    let runs = nearness::named_runs(prose);
    for (index, named) in runs.iter().enumerate() {
        let subject = !place.subject_only || (index == 0 && begins(prose, named.run.at.start));
        let around = if subject {
            around
        } else {
            Around {
                metrics: false,
                listed: false,
                alerts: false,
                ..around
            }
        };
        read_run(prose, named, around, place, looker);
    }
    read_plain_words(prose, around, place, looker);
    for run in &prose.runs {
        if let RunKind::Link(Some(target)) = &run.kind {
            read_address(target, looker);
        }
    }
    for address in plain_addresses(prose) {
        read_address(&address, looker);
    }
}

/// The addresses that stand in the text itself, outside of code and links.
fn plain_addresses(prose: &Prose) -> Vec<Embedded> {
    let text = prose.text.text.as_str();
    let mut addresses = Vec::new();
    let mut from = 0;
    while let Some(offset) = text[from..].find("://") {
        let mark = from + offset;
        let scheme = text[..mark]
            .rfind(|one: char| !one.is_ascii_alphabetic())
            .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
        let length = text[mark..]
            .find(|one: char| one.is_whitespace() || matches!(one, '<' | '>' | '"' | '`' | ')'))
            .unwrap_or(text.len() - mark);
        from = mark + length;
        let inside = prose
            .runs
            .iter()
            .any(|run| run.at.start < from && run.at.end > scheme);
        if !inside {
            addresses.push(prose.text.slice(scheme..from));
        }
    }
    addresses
}

/// Whether nothing but markers stands before an offset.
fn begins(prose: &Prose, at: usize) -> bool {
    let before = prose.text.text.get(..at).unwrap_or_default();
    before.chars().all(|character| !character.is_alphanumeric()) || before.trim().eq_ignore_ascii_case("[x]")
}

/// A heading that is one word in camel case, in a document about alerts.
pub(super) fn heading_alert(prose: &Prose, looker: &mut Looker<'_>) {
    let text = looker::trim(&prose.text);
    if words::is_camel_alert(&text.text, 2) {
        looker.likely_alert(&text.text, text.whole_span());
    }
}

fn read_run(prose: &Prose, named: &NamedRun<'_>, around: Around, place: Place, looker: &mut Looker<'_>) {
    let text = looker::trim(&prose.run_text(named.run));
    if text.text.is_empty() {
        return;
    }
    if words::is_name(&text.text) && read_alert(&text, named.beside, around, place, looker) {
        return;
    }
    let against = matches!(named.beside, Some(Noun::Other)) && !around.metric_place;
    let trust = if around.metric_place {
        Trust::Sent
    } else {
        Trust::Shown
    };
    if !against
        && text.text.contains(['{', '(', '['])
        && let Some(query) = looker::read(&text, trust)
    {
        match bare_selector(&query) {
            Some((name, selector)) => {
                let evidence = nearness::shown_evidence(prose, &named.run.at, &name, named.beside, around);
                looker.matched_word(name, selector.span, selector.matchers, evidence);
            }
            None => looker.add_query(query),
        }
        return;
    }
    if read_command(&text, looker) || read_address(&text, looker) {
        return;
    }
    for name in names_of_code(&text, around.metric_place) {
        let evidence = nearness::evidence(prose, &named.run.at, &name.text, named.beside, around);
        looker.word(&name, evidence);
    }
    for (name, span) in family(&text) {
        let evidence = nearness::evidence(prose, &named.run.at, &name, named.beside, around);
        looker.word_at(name, span, evidence);
    }
    if let Some(pattern) = pattern(&text.text) {
        let evidence = nearness::evidence(prose, &named.run.at, &pattern, named.beside, around);
        looker.word_at(pattern, text.whole_span(), evidence);
    }
}

/// The selector of a query that is nothing but `name{label="x"}`: in running text it names the metric, and whoever
/// reads it knows a family by its own name.
fn bare_selector(query: &Query) -> Option<(String, Selector)> {
    let [selector] = query.selectors.as_slice() else {
        return None;
    };
    match &selector.name {
        SelectorName::Exact(name) if selector.whole == query.span && name != "ALERTS" => {
            Some((name.clone(), selector.clone()))
        }
        _ => None,
    }
}

/// Takes a name for an alert where the text says so, or where the document is about alerts.
fn read_alert(
    text: &Embedded,
    beside: Option<Noun>,
    around: Around,
    place: Place,
    looker: &mut Looker<'_>,
) -> bool {
    let name = text.text.as_str();
    match beside {
        Some(Noun::Alert) if words::is_explicit_alert(name) => looker.named_alert(name, text.whole_span()),
        None if around.alerts && words::is_camel_alert(name, 2) => {
            looker.named_alert(name, text.whole_span());
        }
        None if place.runbook && words::is_camel_alert(name, 2) => {
            looker.likely_alert(name, text.whole_span());
        }
        _ => return false,
    }
    true
}

/// A command line in a code span: `curl … | grep name`, `amtool silence add alertname=X`.
fn read_command(text: &Embedded, looker: &mut Looker<'_>) -> bool {
    if !text.text.contains(' ') {
        return false;
    }
    let mut found = false;
    for sight in command_lines::read(text) {
        found |= looker.target(&sight.target);
    }
    found
}

/// The queries that an address sends.
pub(super) fn read_address(text: &Embedded, looker: &mut Looker<'_>) -> bool {
    let mut found = false;
    for target in urls::read(text) {
        found |= looker.target(&target);
    }
    found
}

/// The names that a code span spells: `a_total`, `a_total{label}`, `a_total, b_total`, `# TYPE a_total counter`.
/// In a place made for metrics any name is one.
fn names_of_code(text: &Embedded, metric_place: bool) -> Vec<Embedded> {
    let source = text.text.as_str();
    if let Some(rest) = source
        .strip_prefix("# TYPE ")
        .or_else(|| source.strip_prefix("# HELP "))
    {
        let start = source.len() - rest.len();
        let length = rest.find(' ').unwrap_or(rest.len());
        return vec![text.slice(start..start + length)];
    }
    let is_name = |word: &str| {
        words::is_metric_shaped(word) || (metric_place && is_lower_name(word)) || is_name_end(word)
    };
    let mut names = Vec::new();
    let mut start = 0;
    for part in split_outside_braces(source) {
        let range = start..start + part.len();
        start = range.end + 1;
        let lead = part.len() - part.trim_start().len();
        let trimmed = part.trim();
        let Some(length) = name_length(trimmed) else {
            return Vec::new();
        };
        let name = &trimmed[..length];
        if name.is_empty() {
            return Vec::new();
        }
        if is_name(name) {
            names.push(text.slice(range.start + lead..range.start + lead + length));
        }
    }
    names
}

/// `_errors_total`: the end of a name whose beginning stands elsewhere.
fn is_name_end(word: &str) -> bool {
    word.strip_prefix('_').is_some_and(|rest| {
        rest.len() >= 3 && rest.starts_with(|first: char| first.is_ascii_lowercase()) && is_lower_name(rest)
    }) && !word.ends_with('_')
}

fn is_lower_name(word: &str) -> bool {
    words::is_name(word) && word.len() > 1 && !word.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Splits at commas and bars that stand outside of braces.
fn split_outside_braces(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    text.split(move |character| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(character, ',' | '|')
    })
}

/// The length of the name at the start of a code span that holds nothing else but labels or a value.
fn name_length(text: &str) -> Option<usize> {
    let length = text
        .find(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '_' | ':')))
        .unwrap_or(text.len());
    let rest = text[length..].trim_end();
    let labels = rest.starts_with('{') && rest.ends_with('}') && !text[..length].ends_with('_');
    let value = || {
        let value = rest.rsplit([' ', '}']).next().unwrap_or_default();
        (rest.starts_with(' ') || rest.starts_with('{')) && value.parse::<f64>().is_ok()
    };
    // `a_total > 0`, `a == 1`: what is compared with a number.
    let compared = || {
        let operator = rest.trim_start();
        [">=", "<=", "==", "!=", ">", "<"]
            .iter()
            .find_map(|symbol| operator.strip_prefix(symbol))
            .is_some_and(|number| number.trim().parse::<f64>().is_ok())
    };
    (rest.is_empty() || labels || value() || compared()).then_some(length)
}

/// How many names one family may spell.
const MAX_FAMILY: usize = 16;

/// The names of a family written with braces: `shop_{orders,refunds}_total`. Stars spell no name.
fn family(text: &Embedded) -> Vec<(String, Span)> {
    let source = text.text.as_str();
    let Some((before, rest)) = source.split_once('{') else {
        return Vec::new();
    };
    let Some((inside, after)) = rest.split_once('}') else {
        return Vec::new();
    };
    // Braces at the end of a whole name hold labels.
    if after.is_empty() && !before.ends_with('_') {
        return Vec::new();
    }
    let choices: Vec<&str> = inside.split([',', '|']).map(str::trim).collect();
    if choices.len() < 2 || choices.len() > MAX_FAMILY {
        return Vec::new();
    }
    let names: Vec<String> = choices
        .iter()
        .map(|choice| format!("{before}{choice}{after}"))
        .collect();
    if names.iter().all(|name| words::is_metric_shaped(name)) {
        names.into_iter().map(|name| (name, text.whole_span())).collect()
    } else {
        Vec::new()
    }
}

/// A name of which the text leaves a part open: `shop_requests_*`, `shop_<queue>_length`, `shop_{kind}_total`,
/// `shop_latency_…`. The parts are `*`.
fn pattern(text: &str) -> Option<String> {
    let mut pattern = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let closing = match character {
            '<' => Some('>'),
            '{' => Some('}'),
            _ => None,
        };
        let length = if let Some(closing) = closing {
            let inside = &rest[1..rest.find(closing)?];
            let placeholder = !inside.is_empty()
                && inside
                    .chars()
                    .all(|one| one.is_alphanumeric() || matches!(one, '_' | '-' | ' '));
            // Braces behind a whole name hold labels.
            if !placeholder || (character == '{' && !pattern.ends_with('_')) {
                return None;
            }
            pattern.push('*');
            inside.len() + 2
        } else if matches!(character, '*' | '…') || rest.starts_with("...") {
            pattern.push('*');
            if character == '.' { 3 } else { character.len_utf8() }
        } else if character.is_ascii_lowercase()
            || character.is_ascii_digit()
            || matches!(character, '_' | ':')
        {
            pattern.push(character);
            1
        } else {
            return None;
        };
        rest = &rest[length..];
    }
    let known = pattern.split('*').next().unwrap_or_default();
    (pattern.contains('*')
        && pattern.len() <= MAX_PATTERN
        && known.starts_with(|first: char| first.is_ascii_lowercase())
        // `shop_*` is everything.
        && known.trim_end_matches('_').contains('_'))
    .then_some(pattern)
}

/// The longest name with open parts, in bytes.
const MAX_PATTERN: usize = 120;

/// Words of the text outside of code: alerts beside the word alert, and names with a metric's suffix that the text
/// speaks of as metrics. Other words of a text are its language.
fn read_plain_words(prose: &Prose, around: Around, place: Place, looker: &mut Looker<'_>) {
    let text = prose.text.text.as_str();
    let mut run = 0;
    for at in plain_words(text) {
        while prose.runs.get(run).is_some_and(|run| run.at.end <= at.start) {
            run += 1;
        }
        if prose.runs[run..]
            .iter()
            .take_while(|run| run.at.start < at.end)
            .any(|run| run.at.end > at.start)
        {
            continue;
        }
        let word = &text[at.clone()];
        let subject = begins(prose, at.start);
        if words::is_metric_shaped(word) {
            let inherits = !place.subject_only || subject;
            let around = if inherits {
                around
            } else {
                Around {
                    metrics: false,
                    listed: false,
                    ..around
                }
            };
            let evidence = nearness::evidence(prose, &at, word, None, around);
            let listed = around.metric_place || (subject && place.subject_only && around.metrics);
            if listed || (evidence.suffix && evidence.near_word) {
                looker.word(&prose.text.slice(at), evidence);
            }
        } else if words::is_camel_alert(word, 2) {
            read_plain_alert(prose, at, around, looker);
        }
    }
}

fn read_plain_alert(prose: &Prose, at: Range<usize>, around: Around, looker: &mut Looker<'_>) {
    let text = prose.text.text.as_str();
    let word = prose.text.slice(at.clone());
    let alone = text.trim() == word.text;
    if nearness::noun_beside(text, at) == Some(Noun::Alert) || (alone && around.alerts) {
        // Two humps are a product's name as often as an alert's.
        if words::is_camel_alert(&word.text, 3) || alone {
            looker.named_alert(&word.text, word.whole_span());
        } else {
            looker.likely_alert(&word.text, word.whole_span());
        }
    }
}

/// The ranges of words that stand alone: not parts of paths, addresses, options or hyphenated words.
fn plain_words(text: &str) -> Vec<Range<usize>> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | ':');
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(is_part).map(|offset| at + offset) {
        let end = text[start..]
            .find(|character| !is_part(character))
            .map_or(text.len(), |offset| start + offset);
        at = end;
        let word = text[start..end].trim_end_matches(':');
        let before = text[..start].chars().next_back();
        let mut after = text[start + word.len()..].chars();
        let (next, second) = (after.next(), after.next());
        let open =
            before.is_none_or(|character| character.is_whitespace() || "([\"'*,;|>“«".contains(character));
        let closed = match next {
            None => true,
            Some('.') => second.is_none_or(char::is_whitespace),
            Some(character) => character.is_whitespace() || ")],;:!?\"'*|{<”»".contains(character),
        };
        if open && closed && !word.is_empty() {
            words.push(start..start + word.len());
        }
    }
    words
}

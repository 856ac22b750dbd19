//! What the arguments of known programs look at: promtool, amtool, and what searches an exposition.

use std::ops::Range;

use promsight_model::Embedded;

use super::command_lines::{Command, Target, Word, operands, program_at};
use crate::documents::words;

/// `promtool query instant http://prometheus:9090 'up == 0'`.
pub(super) fn promtool(command: &Command) -> Vec<Target> {
    let Some(at) = program_at(command, &["promtool"]) else {
        return Vec::new();
    };
    let operands = operands(
        &command[at + 1..],
        &[
            "--start",
            "--end",
            "--step",
            "--time",
            "--header",
            "-o",
            "--format",
            "--http.config.file",
        ],
    );
    let mut words = operands.iter().map(|word| word.text.text.as_str());
    match (words.next(), words.next()) {
        (Some("query"), Some("instant" | "range" | "analyze")) if operands.len() >= 4 => {
            vec![Target::Query(operands[3].text.clone())]
        }
        (Some("query"), Some("series")) => command[at + 1..]
            .windows(2)
            .filter_map(|pair| match pair[0].text.text.as_str() {
                "--match" => Some(pair[1].text.clone()),
                _ => None,
            })
            .chain(command[at + 1..].iter().filter_map(|word| {
                let selector = word.text.text.strip_prefix("--match=")?;
                let start = word.text.text.len() - selector.len();
                Some(word.text.slice(start..word.text.text.len()))
            }))
            .map(Target::Query)
            .collect(),
        _ => Vec::new(),
    }
}

/// `amtool alert query alertname=HighLatency`, `amtool silence add HighLatency`.
pub(super) fn amtool(command: &Command) -> Vec<Target> {
    let Some(at) = program_at(command, &["amtool"]) else {
        return Vec::new();
    };
    let operands = operands(
        &command[at + 1..],
        &[
            "-c",
            "--comment",
            "-a",
            "--author",
            "-d",
            "--duration",
            "-o",
            "--output",
            "--alertmanager.url",
            "--receiver",
        ],
    );
    // The first operand without a label's name is the alert's (`amtool help silence add`).
    let named = match operands.as_slice() {
        [subject, action, first, ..]
            if matches!(subject.text.text.as_str(), "alert" | "silence")
                && matches!(action.text.text.as_str(), "add" | "query")
                && words::is_explicit_alert(&first.text.text) =>
        {
            Some(Target::Alert(first.text.clone()))
        }
        _ => None,
    };
    let matched = command[at + 1..].iter().filter_map(|word| {
        let value = word.text.text.strip_prefix("alertname=")?;
        let start = word.text.text.len() - value.trim_start_matches('"').len();
        let name = value.trim_matches('"');
        words::is_name(name).then(|| Target::Alert(word.text.slice(start..start + name.len())))
    });
    named.into_iter().chain(matched).collect()
}

const SEARCHERS: &[&str] = &["grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack"];

/// grep's options whose value is the next word.
const SEARCH_OPTIONS: &[&str] = &[
    "-A",
    "-B",
    "-C",
    "-m",
    "--after-context",
    "--before-context",
    "--context",
    "--max-count",
    "--color",
    "--include",
];

/// The names that `grep`, `rg`, `awk` or `sed` search for in an exposition.
pub(super) fn searched(command: &Command) -> Vec<Target> {
    if let Some(at) = program_at(command, SEARCHERS) {
        let words = &command[at + 1..];
        let inverted = words
            .iter()
            .any(|word| is_short_option(word, 'v') || word.text.text == "--invert-match");
        let whole = words
            .iter()
            .any(|word| is_short_option(word, 'w') || word.text.text == "--word-regexp");
        if inverted {
            return Vec::new();
        }
        let explicit: Vec<&Word> = words
            .windows(2)
            .filter(|pair| {
                pair[0].text.text == "-e" || pair[0].text.text == "--regexp" || is_e_group(&pair[0])
            })
            .map(|pair| &pair[1])
            .collect();
        let patterns = if explicit.is_empty() {
            operands(words, SEARCH_OPTIONS).into_iter().take(1).collect()
        } else {
            explicit
        };
        return patterns
            .into_iter()
            .flat_map(|word| alternatives(&word.text, whole))
            .collect();
    }
    if let Some(at) = program_at(command, &["awk", "gawk", "mawk", "sed"]) {
        let operand = operands(&command[at + 1..], &["-F", "-v", "-e"])
            .into_iter()
            .next();
        let Some(program) = operand.filter(|word| word.text.text.starts_with('/')) else {
            return Vec::new();
        };
        let Some(length) = program.text.text[1..].find('/') else {
            return Vec::new();
        };
        return alternatives(&program.text.slice(1..1 + length), false);
    }
    Vec::new()
}

fn is_short_option(word: &Word, option: char) -> bool {
    let text = word.text.text.as_str();
    text.starts_with('-') && !text.starts_with("--") && !word.quoted && text.contains(option)
}

/// `-Ee`, `-oe`: a group of short options that ends in the one for a pattern.
fn is_e_group(word: &Word) -> bool {
    is_short_option(word, 'e') && word.text.text.ends_with('e') && word.text.text.len() <= 4
}

/// The names that a pattern's alternatives spell: `^(a_total|b_total)`, `a_total\|b_total`, `^a_total{`.
fn alternatives(pattern: &Embedded, whole_words: bool) -> Vec<Target> {
    let text = pattern.text.as_str();
    let mut targets = Vec::new();
    let mut start = 0;
    for (end, part) in separated(text) {
        let piece = start..end;
        start = end + part;
        targets.extend(alternative(pattern, piece, whole_words));
    }
    targets
}

/// The ends of the alternatives, with the length of the separator after each.
fn separated(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut index = 0;
    while index < bytes.len() {
        if bytes[index] == b'\\' && bytes.get(index + 1) == Some(&b'|') {
            ends.push((index, 2));
            index += 2;
            continue;
        }
        if bytes[index] == b'|' {
            ends.push((index, 1));
        }
        index += 1;
    }
    ends.push((text.len(), 0));
    ends
}

fn alternative(pattern: &Embedded, piece: Range<usize>, whole_words: bool) -> Option<Target> {
    let text = pattern.text.get(piece.clone())?;
    let lead = text.len()
        - text
            .trim_start_matches(['^', '(', '"', ' '])
            .trim_start_matches("\\b")
            .len();
    let anchored = text.starts_with(['^', '"']) || whole_words || text[..lead].ends_with('b');
    let body = &text[lead..];
    let length = body
        .find(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '_' | ':')))
        .unwrap_or(body.len());
    let rest = &body[length..];
    let name = pattern.slice(piece.start + lead..piece.start + lead + length);
    // What follows must be an end or match anything: `a_.*_total` spells no name.
    let closed =
        rest.starts_with(['{', ' ', '$', '"', ')']) || rest.starts_with("\\b") || rest.starts_with("\\{");
    let open = rest.is_empty() || matches!(rest, ".*" | "*");
    if !words::is_metric_shaped(&name.text) || !(closed || open) {
        return None;
    }
    Some(if anchored && (closed || whole_words) {
        Target::Name(name)
    } else {
        Target::NamePart(name)
    })
}

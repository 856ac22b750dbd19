//! Code blocks of documents: PromQL, rules, command lines, expositions, lists of names.

use std::collections::BTreeSet;
use std::ops::Range;

use promsight_model::{Embedded, Facts, QueryState, WordEvidence};

use super::RulesReader;
use super::looker::{self, Looker, Trust};
use super::nearness::{self, Around};
use super::{values, words};
use crate::decode::markdown::Fence;
use crate::scripts::command_lines;

/// What the language of a block says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    PromQl,
    Yaml,
    Json,
    /// A shell's input, perhaps with its output.
    Shell,
    /// Nothing, or only that it is text.
    Plain,
    /// A programming or markup language.
    Other,
}

fn language(name: &str) -> Language {
    match name {
        "promql" | "metricsql" | "promsql" => Language::PromQl,
        "yaml" | "yml" => Language::Yaml,
        "json" | "jsonc" | "json5" => Language::Json,
        "sh" | "bash" | "shell" | "zsh" | "console" | "shell-session" | "shellsession" | "sh-session"
        | "terminal" | "cmd" | "powershell" | "fish" | "ksh" => Language::Shell,
        "" | "text" | "txt" | "plaintext" | "plain" | "none" | "prometheus" | "prom" | "openmetrics"
        | "metrics" | "http" | "output" | "log" => Language::Plain,
        _ => Language::Other,
    }
}

/// Reads the rules of a YAML or JSON block; whether there were any. Their queries become the document's.
pub(super) fn read_rules(fence: &Fence, looker: &mut Looker<'_>, rules: &mut RulesReader<'_>) -> bool {
    // JSON is YAML (YAML 1.2 section 1.3): a dashboard's panel can be read the same way.
    if !matches!(language(&fence.language), Language::Yaml | Language::Json) {
        return false;
    }
    let mut scratch = Facts::empty(fence.text.file());
    if !rules(&fence.text, &mut scratch) {
        return false;
    }
    for query in scratch.queries {
        looker.add_query(query);
    }
    true
}

/// Reads any other block.
pub(super) fn read(fence: &Fence, around: Around, looker: &mut Looker<'_>) {
    match language(&fence.language) {
        Language::PromQl => read_promql(&fence.text, Trust::Declared, looker),
        Language::Shell => {
            read_commands(&fence.text, looker);
        }
        Language::Plain => {
            if !read_exposition(&fence.text, looker)
                && !read_names(&fence.text, around, looker)
                && !read_commands(&fence.text, looker)
            {
                read_promql(&fence.text, Trust::Shown, looker);
            }
        }
        Language::Other => {
            read_names(&fence.text, around, looker);
        }
        Language::Yaml | Language::Json => values::read(&fence.text, &lines(&fence.text.text), looker),
    }
}

fn read_commands(text: &Embedded, looker: &mut Looker<'_>) -> bool {
    let mut found = false;
    for sight in command_lines::read(text) {
        found |= looker.target(&sight.target);
    }
    found
}

/// The most lines of one block that are tried as one query in every way.
const MAX_CHUNK_LINES: usize = 40;

/// The most lines of a block that is not marked as PromQL in which queries are looked for.
const MAX_PLAIN_LINES: usize = 400;

/// The queries of a block: the whole if it is one, else the parts between blank and comment lines, else the longest
/// runs of lines that are one.
fn read_promql(text: &Embedded, trust: Trust, looker: &mut Looker<'_>) {
    if let Some(query) = looker::read(text, trust).filter(is_readable) {
        looker.add_query(query);
        return;
    }
    let lines = lines(&text.text);
    if trust == Trust::Shown && lines.len() > MAX_PLAIN_LINES {
        return;
    }
    let is_code = |range: &Range<usize>| {
        let line = text.text[range.clone()].trim();
        !line.is_empty() && !is_comment(line)
    };
    for chunk in lines
        .split(|line| !is_code(line))
        .filter(|chunk| !chunk.is_empty())
    {
        read_chunk(text, chunk, trust, looker);
    }
}

fn read_chunk(text: &Embedded, lines: &[Range<usize>], trust: Trust, looker: &mut Looker<'_>) {
    let whole = covered(text, lines);
    let readable = |part: &Embedded| looker::read(part, trust).filter(is_readable);
    if let Some(query) = readable(&whole) {
        looker.add_query(query);
        return;
    }
    let mut found = false;
    let mut first = 0;
    while first < lines.len() {
        let most = if lines.len() <= MAX_CHUNK_LINES {
            lines.len()
        } else {
            first + 1
        };
        let longest = (first + 1..=most).rev().find_map(|end| {
            let part = covered(text, &lines[first..end]);
            readable(&part).map(|query| (end, query))
        });
        match longest {
            Some((end, query)) => {
                looker.add_query(query);
                found = true;
                first = end;
            }
            None => first += 1,
        }
    }
    // What is marked as PromQL and is none at all is a broken query, unless it is a sketch of one.
    if !found
        && trust == Trust::Declared
        && !is_sketch(&whole.text)
        && let Some(query) = looker::read(&whole, Trust::Declared)
    {
        looker.add_query(query);
    }
}

fn covered(text: &Embedded, lines: &[Range<usize>]) -> Embedded {
    match (lines.first(), lines.last()) {
        (Some(first), Some(last)) => text.slice(first.start..last.end),
        _ => text.slice(0..0),
    }
}

fn is_readable(query: &promsight_model::Query) -> bool {
    !matches!(query.state, QueryState::Unreadable { .. })
}

fn is_comment(line: &str) -> bool {
    line.starts_with('#') || line.starts_with("//") || line.starts_with("--")
}

/// Whether a text leaves something out: `...`, `<metric>`; or is no query at all.
fn is_sketch(text: &str) -> bool {
    let placeholder = text.split('<').skip(1).any(|after| {
        let inside = after.split('>').next().unwrap_or_default();
        inside.len() < after.len()
            && !inside.is_empty()
            && inside.chars().all(|c| c.is_alphanumeric() || "_- ".contains(c))
            && inside.chars().next().is_some_and(char::is_alphabetic)
    });
    text.contains("...") || text.contains('…') || placeholder || !text.contains(['(', '{', '['])
}

/// The ranges of a text's lines, without their breaks.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let range = start..start + line.trim_end_matches(['\n', '\r']).len();
            start += line.len();
            range
        })
        .collect()
}

/// The names of an exposition: `# TYPE name counter`, `name{label="x"} 3`. Each name once.
fn read_exposition(text: &Embedded, looker: &mut Looker<'_>) -> bool {
    let lines = lines(&text.text);
    let described = |line: &Range<usize>| described_name(&text.text[line.clone()]).is_some();
    let marked = lines.iter().any(described);
    if !marked
        && !lines
            .iter()
            .any(|line| sample_name(&text.text[line.clone()], Sample::Labelled).is_some())
    {
        return false;
    }
    let kind = if marked { Sample::Any } else { Sample::Labelled };
    let mut seen = BTreeSet::new();
    for line in lines {
        let source = &text.text[line.clone()];
        let Some(at) = described_name(source).or_else(|| sample_name(source, kind)) else {
            continue;
        };
        let name = text.slice(line.start + at.start..line.start + at.end);
        if seen.insert(name.text.clone()) {
            let evidence = WordEvidence {
                suffix: words::has_metric_suffix(&name.text),
                near_word: true,
                ..WordEvidence::default()
            };
            looker.word(&name, evidence);
        }
    }
    !seen.is_empty()
}

/// The name in a `# HELP` or `# TYPE` line.
fn described_name(line: &str) -> Option<Range<usize>> {
    let rest = line
        .strip_prefix("# TYPE ")
        .or_else(|| line.strip_prefix("# HELP "))?;
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let start = line.len() - rest.len();
    words::is_name(&rest[..length]).then_some(start..start + length)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sample {
    /// Only samples with labels: nothing else marks the text as an exposition.
    Labelled,
    Any,
}

/// The name of a sample line.
fn sample_name(line: &str, kind: Sample) -> Option<Range<usize>> {
    let line = line.trim_end();
    let length = line
        .find(['{', ' '])
        .filter(|length| words::is_name(&line[..*length]))?;
    let rest = &line[length..];
    let value = match rest.strip_prefix('{') {
        Some(labels) => {
            let close = labels.rfind('}')?;
            if !labels[..close].contains("=\"") {
                return None;
            }
            &labels[close + 1..]
        }
        None if kind == Sample::Any => rest,
        None => return None,
    };
    let number = value.split_whitespace().next()?;
    (number.parse::<f64>().is_ok() || number == "+Inf").then_some(0..length)
}

/// The names of a block whose every line is one: what is exported, listed in whatever language the block says.
fn read_names(text: &Embedded, around: Around, looker: &mut Looker<'_>) -> bool {
    let lines = lines(&text.text);
    let mut names = Vec::new();
    let mut comments_speak = false;
    for line in lines {
        let source = &text.text[line.clone()];
        let lead = source.len() - source.trim_start().len();
        let trimmed = source.trim();
        if trimmed.is_empty() {
            continue;
        }
        if is_comment(trimmed) {
            comments_speak |= nearness::speaks_of_metrics(trimmed);
            continue;
        }
        let listed = trimmed.trim_start_matches(['-', '*', ' ']);
        let lead = lead + trimmed.len() - listed.len();
        let length = listed.find(['{', ' ', '#', ':', ',']).unwrap_or(listed.len());
        let recording = listed.find([' ', '#', '{', ',']).unwrap_or(listed.len());
        let length = if words::is_metric_shaped(&listed[..recording]) {
            recording
        } else {
            length
        };
        let rest = listed[length..].trim_start();
        let only = rest.is_empty()
            || rest == ","
            || rest.starts_with('#')
            || (rest.starts_with('{') && rest.ends_with('}'));
        if !only || !words::is_metric_shaped(&listed[..length]) {
            return false;
        }
        names.push(text.slice(line.start + lead..line.start + lead + length));
    }
    let near_word = around.metrics || comments_speak;
    for name in &names {
        let evidence = WordEvidence {
            suffix: words::has_metric_suffix(&name.text),
            near_word,
            listed: near_word,
            against: around.others || (!near_word && words::looks_like_setting(&name.text)),
            ..WordEvidence::default()
        };
        looker.word(name, evidence);
    }
    !names.is_empty()
}

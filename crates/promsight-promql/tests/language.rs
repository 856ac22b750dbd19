//! The cases of `language.txt`: queries with what is read of them marked in the text itself.
//!
//! The file's own head explains the language. A case whose marks, guards, functions or message differ fails with the
//! line as it should read, so that a case is reviewed by reading it.

#![expect(clippy::expect_used, reason = "a test stops where its data cannot be read")]

use std::fmt::Write as _;

use promsight_promql::{Analysis, Holes, NamePart, Selector, SelectorName, State, analyze};

const CASES: &str = include_str!("language.txt");

/// The marks of the language, and nothing of PromQL.
const MARKS: [char; 8] = ['⟦', '⟧', '«', '»', '‹', '›', '▸', '◂'];

struct Case<'text> {
    line: usize,
    verb: &'text str,
    marked: &'text str,
    /// The indented lines below it.
    details: Vec<&'text str>,
}

fn cases() -> Vec<Case<'static>> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in CASES.lines().enumerate() {
        if line.is_empty() || line.starts_with("## ") {
            continue;
        }
        if let Some(detail) = line.strip_prefix("    ") {
            cases
                .last_mut()
                .expect("a detail follows a case")
                .details
                .push(detail);
            continue;
        }
        let (verb, marked) = line.split_once(' ').expect("a case is a verb and a query");
        cases.push(Case {
            line: index + 1,
            verb,
            marked: marked.trim_start(),
            details: Vec::new(),
        });
    }
    cases
}

/// The query with its marks: selectors `⟦…⟧`, names `«…»`, labels and values of matchers `‹…›`, where it breaks `▸…◂`.
fn marked(query: &str, analysis: &Analysis) -> String {
    let mut marks: Vec<(usize, u8, char)> = Vec::new();
    // At one place, what closes stands before what opens, the inner before the outer.
    for selector in &analysis.selectors {
        if selector.name != SelectorName::Any {
            marks.push((selector.name_range.start, 5, '«'));
            marks.push((selector.name_range.end, 1, '»'));
        }
        marks.push((selector.range.start, 4, '⟦'));
        marks.push((selector.range.end, 2, '⟧'));
        for matcher in &selector.matchers {
            for range in [&matcher.label_range, &matcher.value_range] {
                marks.push((range.start, 6, '‹'));
                marks.push((range.end, if range.is_empty() { 7 } else { 0 }, '›'));
            }
        }
    }
    if let State::Unreadable { range, .. } = &analysis.state {
        marks.push((range.start, 3, '▸'));
        marks.push((range.end, if range.is_empty() { 8 } else { 2 }, '◂'));
    }
    marks.sort_by_key(|(at, order, _)| (*at, *order));
    let mut text = String::new();
    let mut from = 0;
    for (at, _, mark) in marks {
        text.push_str(&query[from..at]);
        text.push(mark);
        from = at;
    }
    text.push_str(&query[from..]);
    text
}

fn shown_name(name: &SelectorName) -> String {
    match name {
        SelectorName::Exact(name) => name.clone(),
        SelectorName::Regex(regex) => format!("~{regex}"),
        SelectorName::Any => "*".to_owned(),
        SelectorName::Templated(parts) => parts
            .iter()
            .map(|part| match part {
                NamePart::Text(text) => text.clone(),
                NamePart::Hole(name) => format!("<{}>", name.as_deref().unwrap_or_default()),
            })
            .collect(),
    }
}

/// `name guard function function`
fn detail(selector: &Selector) -> String {
    let mut text = format!("{} {:?}", shown_name(&selector.name), selector.guard);
    for function in &selector.functions {
        write!(text, " {function}").expect("a string can be written to");
    }
    text
}

fn details(analysis: &Analysis) -> Vec<String> {
    match &analysis.state {
        State::Unreadable { message, .. } => vec![message.clone()],
        _ => analysis.selectors.iter().map(detail).collect(),
    }
}

#[test]
fn every_case_reads_as_marked() {
    let mut wrong = Vec::new();
    for case in cases() {
        let query = case.marked.replace(MARKS, "").replace('⏎', "\n");
        let holes = if case.verb == "rules" {
            Holes::RULES
        } else {
            Holes::ALL
        };
        let analysis = analyze(&query, holes);
        let verb = match &analysis.state {
            _ if case.verb == "rules" => "rules",
            State::Parsed => "parsed",
            State::Templated => "holes",
            State::Unreadable { .. } => "broken",
        };
        let found = marked(&query, &analysis).replace('\n', "⏎");
        let found_details = details(&analysis);
        let same_details = case.details.is_empty() || case.details == found_details;
        if verb != case.verb || found != case.marked || !same_details {
            let shown: String = found_details.iter().map(|line| format!("\n    {line}")).collect();
            wrong.push(format!("line {}: read as\n{verb} {found}{shown}", case.line));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of the cases differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_language_covers_every_verb() {
    let cases = cases();
    for verb in ["parsed", "holes", "broken", "rules"] {
        let count = cases.iter().filter(|case| case.verb == verb).count();
        assert!(count >= 5, "{verb} has {count} cases");
    }
}

//! The law of positions: of every reference, the text at its place in the file is what it names.
//!
//! Held for all files of the scenarios, the check pages and the worked example, and for queries that are written into
//! every kind of container by [`containers`]. The place is cut out of the file and decoded here, by means of its own:
//! what a container can do to a text (escapes, folding, doubled quotes) is undone step by step until the name appears.

#![expect(clippy::expect_used, reason = "a law fails by it")]
#![expect(clippy::disallowed_methods, reason = "the pages of the tests are files")]

#[path = "scenarios/page.rs"]
#[expect(dead_code, reason = "the blocks of a page are the scenarios' to check")]
mod page;

#[path = "positions/containers.rs"]
mod containers;
#[path = "positions/decoding.rs"]
mod decoding;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use promsight::clock::Date;
use promsight::config::Config;
use promsight::discovery::{self, Territory};
use promsight::pipeline::{self, Selection};
use promsight::reading::{self, Sources};
use promsight_model::flow::StepKind;
use promsight_model::{ConsumerKind, FileSet, MatchValue, Query, Selector, SelectorName, Span};
use proptest::prelude::*;

use decoding::reads_as;

fn top() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

/// Every Markdown page below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            pages.extend(self::pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    pages
}

/// The trees of all tests: one for each scenario, with where it stands, and the worked example.
fn trees() -> Vec<(String, FileSet)> {
    let mut trees = Vec::new();
    for folder in ["testdata/scenarios", "crates/promsight-check/checks"] {
        for path in pages(&top().join(folder)) {
            let text = std::fs::read_to_string(&path).expect("the page can be read");
            for scenario in page::scenarios(&text).expect("the page is one of scenarios") {
                if let page::Input::Files(files) = scenario.input {
                    let place = format!("{}: {}", path.display(), scenario.heading);
                    let files = files.into_iter();
                    let files = files.map(|(path, text)| (path.clone(), path, Arc::from(text)));
                    trees.push((place, FileSet::new(files.collect())));
                }
            }
        }
    }
    let example = top().join("testdata/trading-platform");
    let territory = Territory::of(&[example]).expect("the worked example is there");
    let sources = reading::read(&discovery::discover(&territory, &Config::default()));
    trees.push(("testdata/trading-platform".to_owned(), sources.files));
    trees
}

/// What is counted, so that the law cannot hold of nothing.
#[derive(Debug, Default)]
struct Counts {
    names: usize,
    matchers: usize,
    labels: usize,
    steps: usize,
}

/// What does not stand where it should in one file's query.
fn misplaced(files: &FileSet, query: &Query, counts: &mut Counts) -> Vec<String> {
    let mut problems = Vec::new();
    let mut demand = |what: &str, span: Span, expected: &str| {
        let text = files.text(span);
        if !reads_as(text, expected) {
            problems.push(format!(
                "{}: the {what} `{expected}` is said to stand at `{text}`",
                files.file(span.file).path
            ));
        }
    };
    for selector in &query.selectors {
        counts.names += 1;
        if let Some(name) = written_name(files, selector) {
            demand("name", selector.span, &name);
        }
        for matcher in &selector.matchers {
            counts.matchers += 1;
            demand("label", matcher.label_span, &matcher.label);
            match &matcher.value {
                MatchValue::Known(value) => demand("value", matcher.value_span, value),
                // What a hole is called may be changed where it is masked; the text around it may not.
                MatchValue::Templated(value) => {
                    let pieces = decoding::pieces(files.text(matcher.value_span));
                    if !decoding::follows(value, &pieces) {
                        demand("value", matcher.value_span, value);
                    }
                }
            }
        }
    }
    if let Some(flow) = &query.flow {
        for label in &flow.uses {
            counts.labels += 1;
            if label.kind != promsight_model::flow::LabelUseKind::Bound {
                demand("used label", label.span, &label.label);
            }
        }
        for step in flow.paths.iter().flat_map(|path| &path.steps) {
            counts.steps += 1;
            if let StepKind::Function { name, .. } | StepKind::Aggregation { name, .. } = &step.kind
                && !name.is_empty()
            {
                demand("function", step.span, name);
            }
        }
    }
    problems
}

/// The text that must stand at a selector's name: the name, but where a variable or a `__name__` pattern stands there
/// what cannot be told from the selector alone.
fn written_name(files: &FileSet, selector: &Selector) -> Option<String> {
    match &selector.name {
        SelectorName::Exact(name) if is_templated(files.text(selector.span)) => {
            let pieces = decoding::pieces(files.text(selector.span));
            let is_instance = decoding::follows(name, &pieces);
            (!is_instance).then(|| name.clone())
        }
        SelectorName::Exact(name) => Some(name.clone()),
        SelectorName::Pattern(pattern) => {
            let text = files.text(selector.span);
            (!decoding::follows(text, pattern.pieces())).then(|| pattern.to_string())
        }
        // Holes in it were widened, alternatives were joined: some text of it is there.
        SelectorName::Regex(_) | SelectorName::Any => None,
    }
}

/// Whether a word of a document stands for a name: it leaves out the beginning that the names beside it have, or spells
/// several names with braces.
fn abbreviates(text: &str, name: &str) -> bool {
    let tail = text.trim_start_matches('_');
    if !tail.is_empty() && name.ends_with(&format!("_{tail}")) {
        return true;
    }
    text.split_once('{')
        .and_then(|(before, rest)| {
            rest.split_once('}')
                .map(|(inside, after)| (before, inside, after))
        })
        .is_some_and(|(before, inside, after)| {
            let choice = name
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after));
            inside.split([',', '|']).any(|one| Some(one.trim()) == choice)
        })
}

/// Whether a variable of a dashboard stands in a text.
fn is_templated(text: &str) -> bool {
    text.contains('$') || text.contains("[[") || text.contains("{{")
}

fn queries(files: &FileSet) -> Vec<Query> {
    let facts = files.files().iter().map(promsight_extract::extract);
    facts.flat_map(|facts| facts.queries).collect()
}

#[test]
fn every_reference_of_the_tests_stands_where_it_says() {
    let mut counts = Counts::default();
    let mut problems = Vec::new();
    for (place, files) in trees() {
        for query in queries(&files) {
            let found = misplaced(&files, &query, &mut counts);
            problems.extend(found.into_iter().map(|problem| format!("{place}\n    {problem}")));
        }
        let sources = Sources {
            files,
            ..Sources::default()
        };
        let today = Date::parse("2026-07-01").expect("the day is a date");
        let report = pipeline::run(&sources, &Config::default(), &Selection::everything(today));
        for reference in &report.references {
            counts.names += 1;
            let selector = &reference.selector;
            let text = sources.files.text(selector.span);
            if let Some(name) = written_name(&sources.files, selector)
                && !reads_as(text, &name)
                && !(reference.consumer.kind == ConsumerKind::Runbook && abbreviates(text, &name))
            {
                problems.push(format!(
                    "{place}\n    the reference `{name}` is said to stand at `{text}`"
                ));
            }
        }
    }
    assert!(
        problems.is_empty(),
        "{} are misplaced\n{}",
        problems.len(),
        problems.join("\n")
    );
    assert!(counts.names > 800 && counts.matchers > 80, "{counts:?}");
    assert!(counts.labels > 100 && counts.steps > 500, "{counts:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_query_stands_where_it_was_written(written in containers::written()) {
        let path = written.path.to_owned();
        let text: Arc<str> = Arc::from(written.text.as_str());
        let files = FileSet::new(vec![(path.clone(), path, text)]);
        let queries = queries(&files);
        let mut names: Vec<&str> = Vec::new();
        for selector in queries.iter().flat_map(|query| &query.selectors) {
            if let SelectorName::Exact(name) = &selector.name {
                names.push(name);
            }
        }
        prop_assert_eq!(names, written.names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut counts = Counts::default();
        let mut values: Vec<&str> = Vec::new();
        for query in &queries {
            prop_assert_eq!(misplaced(&files, query, &mut counts), Vec::<String>::new());
            for matcher in query.selectors.iter().flat_map(|selector| &selector.matchers) {
                values.push(matcher.value.text());
            }
        }
        prop_assert_eq!(values, written.values.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

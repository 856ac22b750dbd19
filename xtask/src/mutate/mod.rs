//! `cargo xtask mutate PROJECT…`: a project is changed at known places, one at a time, and what is then reported is
//! compared with what the change breaks.
//!
//! Texts are changed in memory only. Where, and how, is drawn by a seed. What a change must bring is told from the clean
//! run (see `known`) before the changed one is made; a change of which that cannot be told is not made. `docs/measured.md`
//! says what the kinds are and what counts as decidable.

mod bench;
mod edit;
mod in_code;
mod in_reader;
mod kinds;
mod known;
mod outcome;
mod words;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use bench::Bench;
use kinds::{Kind, Site};
use known::Known;
use outcome::Suggestions;
use words::{Change, Random};

use crate::problem::{Problem, announce};

const DEFAULT_SEED: u64 = 20_261_122;
const DEFAULT_COUNT: usize = 120;

/// What was asked for.
struct Request<'a> {
    projects: Vec<&'a str>,
    seed: u64,
    count: usize,
    details: Details,
    only: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Details {
    Problems,
    Everything,
}

/// What came of the mutations of one kind in one project.
#[derive(Clone, Debug, Default)]
struct Tally {
    mutations: usize,
    expected: usize,
    caught: usize,
    words: (usize, usize),
    missed: usize,
    wrong: usize,
    suggestions: Suggestions,
}

impl Tally {
    fn add(&mut self, more: &Self) {
        self.mutations += more.mutations;
        self.expected += more.expected;
        self.caught += more.caught;
        self.words.0 += more.words.0;
        self.words.1 += more.words.1;
        self.missed += more.missed;
        self.wrong += more.wrong;
        self.suggestions.add(more.suggestions);
    }
}

/// All that came of a project.
#[derive(Default)]
struct Figures {
    kinds: BTreeMap<Kind, Tally>,
    changes: BTreeMap<Change, Tally>,
    problems: Vec<String>,
}

pub(crate) fn run(arguments: &[&str]) -> Vec<Problem> {
    promsight::pipeline::enlarge_worker_stacks();
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return vec![Problem::new(message)],
    };
    let mut problems = Vec::new();
    let mut whole = Figures::default();
    for project in &request.projects {
        announce(project);
        match Bench::read(Path::new(project)) {
            Ok(bench) => {
                let figures = measure(&bench, &request);
                say(&table(&figures));
                problems.extend(figures.problems.iter().map(Problem::new));
                for (kind, tally) in &figures.kinds {
                    whole.kinds.entry(*kind).or_default().add(tally);
                }
                for (change, tally) in &figures.changes {
                    whole.changes.entry(*change).or_default().add(tally);
                }
            }
            Err(message) => problems.push(Problem::new(message)),
        }
    }
    announce("all projects");
    say(&table(&whole));
    say(&changes_table(&whole));
    problems
}

fn request<'a>(arguments: &[&'a str]) -> Result<Request<'a>, String> {
    let mut request = Request {
        projects: Vec::new(),
        seed: DEFAULT_SEED,
        count: DEFAULT_COUNT,
        details: Details::Problems,
        only: None,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
            value.ok_or(format!("{argument} needs a number"))
        };
        match *argument {
            "--seed" => request.seed = number()?,
            "--count" => request.count = usize::try_from(number()?).unwrap_or(usize::MAX),
            "--verbose" => request.details = Details::Everything,
            "--only" => request.only = arguments.next().copied(),
            option if option.starts_with('-') => return Err(format!("there is no option {option}")),
            project => request.projects.push(project),
        }
    }
    if request.projects.is_empty() {
        return Err("name the folders of the projects to change".to_owned());
    }
    Ok(request)
}

/// Makes as many mutations as were asked for, of every kind as many where there are places, and compares each.
fn measure(bench: &Bench, request: &Request<'_>) -> Figures {
    let known = Known::of(bench);
    let mut random = Random::new(request.seed);
    let mut waiting: Vec<(Kind, Vec<Site<'_>>)> = Kind::ALL
        .into_iter()
        .filter(|kind| request.only.is_none_or(|only| kind.word().starts_with(only)))
        .map(|kind| {
            let mut sites = kinds::sites(kind, &known);
            random.shuffle(&mut sites);
            (kind, sites)
        })
        .collect();
    let mut figures = Figures::default();
    let mut made = 0;
    while made < request.count && waiting.iter().any(|(_, sites)| !sites.is_empty()) {
        for (kind, sites) in &mut waiting {
            let mutation = std::iter::from_fn(|| sites.pop())
                .find_map(|site| kinds::mutation(*kind, site, &known, &mut random));
            let Some(mutation) = mutation.filter(|_| made < request.count) else {
                continue;
            };
            made += 1;
            let (files, report) = bench.run(&mutation.edits);
            let outcome = outcome::compare(bench, &mutation, &files, &report);
            let tally = Tally {
                mutations: 1,
                expected: mutation
                    .expected
                    .iter()
                    .filter(|expected| !expected.is_word)
                    .count(),
                caught: outcome.caught,
                words: outcome.words,
                missed: outcome.missed.len(),
                wrong: outcome.wrong.len(),
                suggestions: outcome.suggestions,
            };
            figures.kinds.entry(*kind).or_default().add(&tally);
            if let Some(change) = mutation.change {
                figures.changes.entry(change).or_default().add(&tally);
            }
            let is_problem = tally.missed + tally.wrong > 0;
            let shows_suggestion = request.details == Details::Everything
                && (tally.suggestions.other > 0 || (tally.suggestions.none > 0 && *kind != Kind::Removal));
            if is_problem || shows_suggestion {
                figures
                    .problems
                    .push(described(bench, &mutation, &outcome, &report));
            }
        }
    }
    figures
}

/// A mutation as its difference, and what is wrong with what came of it.
fn described(
    bench: &Bench,
    mutation: &kinds::Mutation,
    outcome: &outcome::Outcome,
    report: &promsight_model::Report,
) -> String {
    let mut text = format!("\n{}", mutation.kind.word());
    for edit in mutation.edits.all() {
        let file = bench.files().file(edit.span.file);
        let line = promsight_model::LineIndex::new(&file.text)
            .position(&file.text, edit.span.start)
            .line;
        text.push_str(&format!(
            "\n  {}:{line}: «{}» -> «{}»",
            file.path,
            bench.files().text(edit.span),
            edit.text
        ));
    }
    for line in outcome.missed.iter().chain(&outcome.wrong) {
        text.push_str(&format!("\n  {line}"));
    }
    for (series, right) in &mutation.right {
        let offered = report
            .findings
            .iter()
            .filter(|finding| finding.subject == *series);
        let offered: std::collections::BTreeSet<&str> = offered
            .filter_map(|finding| finding.suggestion.as_ref())
            .map(|suggestion| suggestion.replacement.as_str())
            .collect();
        if !offered.contains(right.as_str()) {
            text.push_str(&format!(
                "\n  offered for {series}: {offered:?}, right is {right}"
            ));
        }
    }
    text
}

fn table(figures: &Figures) -> String {
    let mut text = String::from(
        "| kind | mutations | broken references | caught | missed | false | words of documents told | suggestion right | wrong | none |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    let mut whole = Tally::default();
    for (kind, tally) in &figures.kinds {
        text.push_str(&row(kind.word(), tally));
        whole.add(tally);
    }
    text.push_str(&row("all", &whole));
    text
}

fn changes_table(figures: &Figures) -> String {
    let mut text = String::from(
        "| change of a name | mutations | suggestion right | wrong | none |\n|---|---|---|---|---|\n",
    );
    for (change, tally) in &figures.changes {
        let Suggestions { right, other, none } = tally.suggestions;
        text.push_str(&format!(
            "| {} | {} | {right} | {other} | {none} |\n",
            change.word(),
            tally.mutations
        ));
    }
    text
}

fn row(name: &str, tally: &Tally) -> String {
    let Suggestions { right, other, none } = tally.suggestions;
    let (told, words) = tally.words;
    format!(
        "| {name} | {} | {} | {} | {} | {} | {told} of {words} | {right} | {other} | {none} |\n",
        tally.mutations, tally.expected, tally.caught, tally.missed, tally.wrong
    )
}

fn say(text: &str) {
    let _ = write!(std::io::stdout().lock(), "\n{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    /// The worked example, with a fixed seed: what each change breaks is reported, and nothing else.
    #[test]
    fn every_change_of_the_worked_example_is_caught_and_nothing_else_is_reported() {
        let folder = tree::top().join("testdata/trading-platform");
        let bench = Bench::read(&folder).expect("the worked example can be read");
        let request = request(&["trading-platform", "--count", "48"]).expect("a request");
        let figures = measure(&bench, &request);
        let whole = figures.kinds.values().fold(Tally::default(), |mut whole, tally| {
            whole.add(tally);
            whole
        });
        assert!(figures.problems.is_empty(), "{}", figures.problems.join("\n"));
        assert!(whole.mutations >= 40 && whole.caught >= 40, "{whole:?}");
        let kinds: Vec<&str> = figures.kinds.keys().map(|kind| kind.word()).collect();
        assert!(kinds.len() >= 10, "{kinds:?}");
    }

    #[test]
    fn a_request_names_projects_and_numbers() {
        let request = request(&["a", "--seed", "3", "--count", "9", "b"]).expect("it is one");
        assert_eq!(
            (request.projects, request.seed, request.count),
            (vec!["a", "b"], 3, 9)
        );
        assert!(super::request(&["--seed", "x", "a"]).is_err());
        assert!(super::request(&[]).is_err());
    }
}

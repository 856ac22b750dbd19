//! Laws of the whole pipeline: what must hold of any tree, however its metrics and rules are named and spread.
//!
//! Trees are made of counters in Python modules and alerts that read them, so that what is blind is known beforehand.

#![expect(clippy::expect_used, reason = "a law fails by it")]

use std::collections::BTreeSet;
use std::sync::Arc;

use promsight::clock::Date;
use promsight::config::Config;
use promsight::pipeline::{self, Selection, Shared};
use promsight::reading::Sources;
use promsight_model::{Confidence, FileSet, Finding, Report};
use proptest::prelude::*;

/// Counters by number, and for each alert the counter that it reads.
#[derive(Clone, Debug)]
struct Tree {
    counters: usize,
    alerts: Vec<usize>,
    modules: usize,
    prefix: &'static str,
}

fn tree() -> impl Strategy<Value = Tree> {
    let prefixes = prop_oneof![Just("harbour"), Just("orchard_press"), Just("mill")];
    (
        2..7usize,
        prop::collection::vec(0..7usize, 1..8),
        1..4usize,
        prefixes,
    )
        .prop_map(|(counters, alerts, modules, prefix)| Tree {
            counters,
            alerts: alerts.into_iter().map(|alert| alert % counters).collect(),
            modules,
            prefix,
        })
}

/// Names far enough apart that none is taken for another.
const WORDS: [&str; 7] = [
    "anchor", "barrel", "candle", "dredger", "engine", "furnace", "gasket",
];

fn series(tree: &Tree, counter: usize) -> String {
    format!("{}_{}_turns_total", tree.prefix, WORDS[counter])
}

/// The tree's files without the declarations of some counters.
fn files(tree: &Tree, without: &BTreeSet<usize>) -> Vec<(String, String)> {
    let mut modules = vec!["from prometheus_client import Counter\n".to_owned(); tree.modules];
    for counter in (0..tree.counters).filter(|counter| !without.contains(counter)) {
        let name = series(tree, counter);
        modules[counter % tree.modules].push_str(&format!("C{counter} = Counter(\"{name}\", \"Turns.\")\n"));
    }
    let mut rules = "groups:\n- name: turns\n  rules:\n".to_owned();
    for (number, counter) in tree.alerts.iter().enumerate() {
        let name = series(tree, *counter);
        rules.push_str(&format!(
            "  - alert: Alert{number}\n    expr: rate({name}[5m]) > 1\n"
        ));
    }
    let modules = modules.into_iter().enumerate();
    let mut files: Vec<(String, String)> = modules
        .map(|(number, text)| (format!("app/module_{number}.py"), text))
        .collect();
    files.push(("rules.yaml".to_owned(), rules));
    files
}

fn sources(files: Vec<(String, String)>) -> Sources {
    let texts = files
        .into_iter()
        .map(|(path, text)| (path.clone(), path, Arc::from(text)))
        .collect();
    Sources {
        files: FileSet::new(texts),
        ..Sources::default()
    }
}

/// What a report says, apart from the numbers of its files.
fn shown(report: &Report, sources: &Sources) -> Vec<String> {
    let findings = report.findings.iter().map(|finding| {
        let (start, end) = (finding.primary.start, finding.primary.end);
        format!("{start}..{end} {} {}", finding.message, finding.fingerprint)
    });
    let metrics = report.metrics.iter().map(|emitter| {
        let (start, end) = (emitter.span.start, emitter.span.end);
        format!("{start}..{end} {} {:?}", emitter.name, emitter.series)
    });
    let files = sources.files.files().iter().map(|file| file.path.clone());
    files.chain(findings).chain(metrics).collect()
}

fn run(files: Vec<(String, String)>) -> Report {
    let sources = sources(files);
    let today = Date::parse("2026-07-01").expect("the day is a date");
    pipeline::run(&sources, &Config::default(), &Selection::everything(today))
}

/// The alerts that a report calls blind, with how sure.
fn blind(report: &Report) -> Vec<(String, String, Confidence)> {
    let blind = report
        .findings
        .iter()
        .filter(|finding| finding.check == "blind-alert");
    blind
        .map(|finding| {
            let consumer = finding.consumer.as_ref().map(|consumer| consumer.name.clone());
            (
                consumer.unwrap_or_default(),
                finding.subject.clone(),
                finding.confidence,
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_everything_is_declared_no_alert_is_blind(tree in tree()) {
        prop_assert_eq!(blind(&run(files(&tree, &BTreeSet::new()))), []);
    }

    #[test]
    fn removing_a_declaration_blinds_exactly_its_readers(tree in tree(), removed in 0..7usize) {
        let removed = removed % tree.counters;
        let report = run(files(&tree, &BTreeSet::from([removed])));
        let readers = tree.alerts.iter().enumerate().filter(|(_, counter)| **counter == removed);
        let expected: Vec<(String, String)> =
            readers.map(|(number, _)| (format!("Alert{number}"), series(&tree, removed))).collect();
        let found: Vec<(String, String)> =
            blind(&report).into_iter().map(|(alert, subject, _)| (alert, subject)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_suppression_hides_what_it_stands_on_and_changes_nothing_else(
        tree in tree(), removed in 0..7usize, chosen in 0..8usize
    ) {
        let without = BTreeSet::from([removed % tree.counters]);
        let chosen = chosen % tree.alerts.len();
        let alert = format!("Alert{chosen}");
        let mut suppressed = files(&tree, &without);
        for (_, text) in &mut suppressed {
            let comment = "  # promsight: ignore[blind-alert] it is known\n";
            *text = text.replace(&format!("  - alert: {alert}\n"), &format!("{comment}  - alert: {alert}\n"));
        }
        let (before, after) = (run(files(&tree, &without)), run(suppressed));
        // A finding without its places: the comment moves the lines below it.
        let essence = |finding: &Finding| (finding.fingerprint, finding.check, finding.message.clone());
        let is_hidden = |finding: &&Finding| {
            finding.check == "blind-alert"
                && finding.consumer.as_ref().is_some_and(|consumer| consumer.name == alert)
        };
        let hides = before.findings.iter().filter(is_hidden).count();
        let expected: Vec<_> =
            before.findings.iter().filter(|finding| !is_hidden(finding)).map(essence).collect();
        let left: Vec<_> =
            after.findings.iter().filter(|finding| finding.check != "unused-suppression").map(essence).collect();
        prop_assert_eq!(left, expected);
        prop_assert_eq!(after.hidden.comments, hides as u64);
        let unused = after.findings.iter().filter(|finding| finding.check == "unused-suppression").count();
        prop_assert_eq!(unused, usize::from(hides == 0));
    }

    #[test]
    fn a_tree_read_beside_another_is_the_tree_read_alone(tree in tree(), removed in 0..7usize) {
        let without = BTreeSet::from([removed % tree.counters]);
        let mut old = sources(files(&tree, &BTreeSet::new()));
        let mut changed = files(&tree, &without);
        changed.push(("app/added.py".to_owned(), "import os\n".to_owned()));
        let texts = changed.into_iter().map(|(path, text)| {
            // What has not changed is the same text in memory, as it is where git says so.
            let same = old.files.by_path(&path).filter(|file| *file.text == *text);
            let text = same.map_or_else(|| Arc::from(text.as_str()), |file| Arc::clone(&file.text));
            (path.clone(), path, text)
        });
        let mut new = Sources { files: FileSet::new(texts.collect()), ..Sources::default() };
        let today = Date::parse("2026-07-01").expect("the day is a date");
        let (config, selection) = (Config::default(), Selection::everything(today));
        let alone = [pipeline::run(&old, &config, &selection), pipeline::run(&new, &config, &selection)];
        let shared = Shared::of(Sources::number_together(&mut new, &mut old));
        for (sources, alone) in [&old, &new].into_iter().zip(alone) {
            let beside = pipeline::run_beside(sources, &config, &selection, &shared);
            prop_assert_eq!(shown(&beside, sources), shown(&alone, sources));
        }
    }

    #[test]
    fn the_order_of_files_changes_nothing(tree in tree(), removed in 0..7usize) {
        let without = BTreeSet::from([removed % tree.counters]);
        let forwards = run(files(&tree, &without));
        let backwards = run(files(&tree, &without).into_iter().rev().collect());
        prop_assert_eq!(forwards.findings, backwards.findings);
        prop_assert_eq!(forwards.references, backwards.references);
        prop_assert_eq!(forwards.metrics, backwards.metrics);
    }

    #[test]
    fn renaming_on_both_sides_changes_names_only(tree in tree(), removed in 0..7usize) {
        let without = BTreeSet::from([removed % tree.counters]);
        let renamed: Vec<(String, String)> = files(&tree, &without)
            .into_iter()
            .map(|(path, text)| (path, text.replace("_turns_total", "_rounds_total")))
            .collect();
        let rename = |(alert, subject, confidence): (String, String, Confidence)| {
            (alert, subject.replace("_turns_total", "_rounds_total"), confidence)
        };
        let before: Vec<_> = blind(&run(files(&tree, &without))).into_iter().map(rename).collect();
        prop_assert_eq!(blind(&run(renamed)), before);
    }

    #[test]
    fn a_name_that_could_hide_anything_never_raises_confidence(tree in tree(), removed in 0..7usize) {
        let without = BTreeSet::from([removed % tree.counters]);
        let before = blind(&run(files(&tree, &without)));
        let mut hidden = files(&tree, &without);
        let text = "import json\nfrom prometheus_client import Counter\nfor name in json.load(open(\"names\")):\n    \
                    Counter(name, \"Read at run time.\").inc()\n";
        hidden.push(("app/hidden.py".to_owned(), text.to_owned()));
        let report = run(hidden);
        prop_assert_eq!(report.coverage.emitters.get("unresolved"), Some(&1));
        let after = blind(&report);
        prop_assert!(after.len() <= before.len());
        for (alert, subject, confidence) in after {
            let sure = before.iter().find(|(name, series, _)| *name == alert && *series == subject);
            prop_assert!(sure.is_some_and(|(_, _, sure)| confidence < *sure || *sure == Confidence::Low), "{alert} reads {subject}");
        }
    }
}

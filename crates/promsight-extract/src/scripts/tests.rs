//! Scripts in, what they look at out, with the text that each span covers.

use std::sync::Arc;

use promsight_model::{Facts, FileSet, SelectorName};
use proptest::prelude::*;

use super::*;

/// What a script looks at: the consumer's name, the selectors with the text that they cover.
fn sights(path: &str, text: &str) -> Vec<String> {
    let files = FileSet::new(vec![(path.to_owned(), path.to_owned(), Arc::from(text))]);
    let file = &files.files()[0];
    let mut facts = Facts::empty(file.id);
    if is_shell(path) {
        shell(file, &mut facts);
    } else {
        let (module, _) = crate::python::module(file);
        python(file, &module, &mut facts);
    }
    let queries = facts.queries.iter().map(|query| {
        let names: Vec<String> = query
            .selectors
            .iter()
            .map(|selector| match &selector.name {
                SelectorName::Exact(name) => {
                    assert_eq!(files.text(selector.span), name);
                    name.clone()
                }
                SelectorName::Pattern(pattern) => format!("{pattern} «{}»", files.text(selector.span)),
                SelectorName::Regex(regex) => regex.clone(),
                SelectorName::Any => "any".to_owned(),
            })
            .collect();
        format!("{}: {}", facts.consumers[query.consumer].name, names.join(" "))
    });
    let words = facts.word_mentions.iter().map(|mention| {
        assert_eq!(files.text(mention.span), mention.word);
        format!(
            "{}: word {}",
            facts.consumers[mention.consumer].name, mention.word
        )
    });
    queries.chain(words).collect()
}

#[test]
fn shell_scripts_query_by_curl_promtool_and_their_own_functions() {
    let text = r#"#!/bin/sh
# ferry_comment_total{x="y"}
url="${PROMETHEUS:-http://prometheus:9090}/api/v1/query"
boats='sum(rate(ferry_boats_total[5m]))'
check() {
  curl -sG "$url" --data-urlencode "query=increase(ferry_trips_total{pier=\"$1\"}[1d])"
}
promtool query instant http://prometheus:9090 'ferry_cars > 3'
wget -qO- "http://prometheus:9090/api/v1/query?query=ferry_up%20==%200"
curl -s localhost:8000/metrics | tee metrics.txt | grep -w ferry_lanes
ferry_total=3
echo "it's done (ferry_total)"
"#;
    assert_eq!(
        sights("report.sh", text),
        [
            ": ferry_boats_total",
            "check: ferry_trips_total",
            ": ferry_cars",
            ": ferry_up",
            ": word ferry_lanes",
        ]
    );
}

#[test]
fn a_shell_script_that_talks_to_something_else_is_left_alone() {
    assert!(sights("report.sh", "mysql -e 'select sum(ferry_total) from trips'\n").is_empty());
}

#[test]
fn strings_of_python_are_queries_where_they_are_sent_or_show_it() {
    let text = r#"
"""Asks http://prometheus:9090 about rate(ferry_docstring_total[5m])."""
import requests

QUERY = "ferry_cars"
FIGURES = [("Boats", "sum(increase(ferry_boats_total[1d]))"), ("Words", "ferry_words")]
PANEL = {"expr": "ferry_lanes > 0", "title": "ferry_title"}


def ask(expression):
    return requests.get("http://prometheus:9090/api/v1/query", params={"query": expression}).json()


def main(pier):
    ask(f'ferry_trips_total{{pier="{pier}"}}')
    client.custom_query(query="sum(ferry_decks)")
    client.custom_query("rate(ferry_%s_total[5m])" % pier)
    requests.get("http://prometheus:9090/api/v1/query?query=ferry_up")
    client.custom_query('ferry_{kind}_total{{pier="{pier}"}}'.format(kind=1, pier=pier))
    query_url = f"{BASE}/api/v1/query"
    query_path = f"{BASE}/ferries"
    cursor.execute("select count(ferry_rows) from ferry_table")
    print("ferry_printed")
"#;
    assert_eq!(
        sights("report.py", text),
        [
            ": ferry_cars",
            ": ferry_boats_total",
            ": ferry_lanes",
            "main: ferry_trips_total",
            "main: ferry_decks",
            "main: ferry_*_total «ferry_%s_total»",
            "main: ferry_up",
            "main: ferry_*_total «ferry_{kind}_total»",
        ]
    );
}

#[test]
fn python_without_a_word_of_prometheus_is_left_alone() {
    assert!(sights("a.py", "query = 'rate(ferry_trips_total[5m])'\n").is_empty());
    let test = "def test_rate():\n    query = 'rate(ferry_trips_total[5m])'  # PromQL\n";
    assert!(sights("test_a.py", test).is_empty());
    assert!(!sights("a.py", test).is_empty());
}

proptest! {
    #[test]
    fn any_shell_text_is_read_and_every_span_lies_on_characters(
        text in "(/api/v1/query|curl |\\| grep |'|\"|\\\\|\n|\r\n|query=|ferry_a_total|\\{|\\}|%C3%A4|%2|\\$\\(|\\)|`|#|ä|;|&| |--data |-e |promtool query instant x ){0,60}",
    ) {
        let text = format!("# promql\n{text}");
        let files = FileSet::new(vec![("a.sh".to_owned(), "a.sh".to_owned(), Arc::from(text.as_str()))]);
        let mut facts = Facts::empty(files.files()[0].id);
        shell(&files.files()[0], &mut facts);
        let spans = facts.queries.iter().flat_map(|query| query.selectors.iter().map(|one| one.span).chain([query.span]))
            .chain(facts.word_mentions.iter().map(|mention| mention.span))
            .chain(facts.consumers.iter().map(|consumer| consumer.scope));
        for span in spans {
            prop_assert!(text.get(span.range()).is_some(), "{:?}", span);
        }
    }
}

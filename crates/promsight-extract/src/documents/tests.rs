//! Documents in, what they look at out, with the text that each span covers.

use std::sync::Arc;

use promsight_model::{Facts, FileSet, SelectorName, Span};
use proptest::prelude::*;

use super::*;

/// What a document looks at, one thing a line, in the order of the file.
fn sights(path: &str, text: &str) -> Vec<String> {
    sights_with_rules(path, text, &mut |_, _| false)
}

fn sights_with_rules(path: &str, text: &str, rules: &mut RulesReader<'_>) -> Vec<String> {
    let files = FileSet::new(vec![(path.to_owned(), path.to_owned(), Arc::from(text))]);
    let file = &files.files()[0];
    let mut facts = Facts::empty(file.id);
    extract(file, &mut facts, rules);
    let mut sights: Vec<(Span, String)> = Vec::new();
    for query in &facts.queries {
        let names: Vec<&str> = query
            .selectors
            .iter()
            .map(|selector| files.text(selector.span))
            .collect();
        sights.push((query.span, format!("query {}", names.join(" "))));
    }
    for mention in &facts.word_mentions {
        let covered = files.text(mention.span);
        let place = if covered == mention.word {
            String::new()
        } else {
            format!(" in «{covered}»")
        };
        let evidence = [
            (mention.evidence.suffix, " suffix"),
            (mention.evidence.near_word, " near"),
            (mention.evidence.against, " against"),
            (mention.evidence.part, " part"),
        ];
        let evidence: String = evidence
            .iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, word)| *word)
            .collect();
        sights.push((mention.span, format!("word {}{place}:{evidence}", mention.word)));
    }
    for mention in &facts.alert_mentions {
        assert_eq!(files.text(mention.span), mention.name);
        let word = if mention.explicit {
            "alert"
        } else {
            "perhaps alert"
        };
        sights.push((mention.span, format!("{word} {}", mention.name)));
    }
    sights.sort_by_key(|(span, _)| *span);
    sights.into_iter().map(|(_, sight)| sight).collect()
}

fn markdown(text: &str) -> Vec<String> {
    sights("docs/guide.md", text)
}

#[test]
fn promql_blocks_hold_one_query_or_several() {
    let text = "# Look\n\n```promql\n# failures\nsum by (pier) (\n  rate(ferry_failures_total{kind!=\"x\"}[5m])\n)\n\nferry_up == 0\nferry_cars\n```\n";
    assert_eq!(
        markdown(text),
        ["query ferry_failures_total", "query ferry_up", "query ferry_cars"]
    );
}

#[test]
fn a_broken_query_is_kept_and_a_sketch_is_not() {
    let text = "```promql\nsum(rate(ferry_trips_total[5m])\n```\n\n```promql\nrate(<counter>[5m])\n```\n";
    let files = FileSet::new(vec![("a.md".to_owned(), "a.md".to_owned(), Arc::from(text))]);
    let mut facts = Facts::empty(files.files()[0].id);
    extract(&files.files()[0], &mut facts, &mut |_, _| false);
    assert_eq!(facts.queries.len(), 1);
    assert!(matches!(
        facts.queries[0].state,
        promsight_model::QueryState::Unreadable { .. }
    ));
}

#[test]
fn consumers_are_named_by_the_nearest_heading() {
    let text = "# Ferry\n\n## Nobody boards\n\n`rate(ferry_trips_total[5m])`\n\n## Storm\n\n- `ferry_up{pier=\"a\"}`\n";
    let files = FileSet::new(vec![("a.md".to_owned(), "a.md".to_owned(), Arc::from(text))]);
    let mut facts = Facts::empty(files.files()[0].id);
    extract(&files.files()[0], &mut facts, &mut |_, _| false);
    let consumers: Vec<(&str, &str)> = facts
        .consumers
        .iter()
        .map(|consumer| (consumer.name.as_str(), files.text(consumer.scope)))
        .collect();
    assert_eq!(
        consumers,
        [
            ("Nobody boards", "`rate(ferry_trips_total[5m])`"),
            ("Storm", "`ferry_up{pier=\"a\"}`")
        ]
    );
    assert_eq!(facts.kinds, [FileKind::Documents]);
}

#[test]
fn the_queries_of_example_rules_are_the_documents() {
    let text = "# Rules\n\n```yaml\n- alert: FerryGone\n  expr: ferry_up == 0\n```\n";
    let mut rules = |yaml: &Embedded, facts: &mut Facts| {
        let at = yaml.text.find("ferry_up == 0").expect("the expression");
        let query = looker::read(&yaml.slice(at..at + 13), looker::Trust::Declared).expect("a query");
        facts.queries.push(query);
        true
    };
    assert_eq!(sights_with_rules("a.md", text, &mut rules), ["query ferry_up"]);
}

#[test]
fn code_spans_are_queries_where_their_form_shows_it() {
    let text = "See `ferry_up{pier=\"a\"}`, `rate(ferry_trips[5m])`, `sum(ferry_trips_total)`, `max(retries)`, \
                `sum(order_items)` and `dict[str, int]`.\n";
    assert_eq!(
        markdown(text),
        [
            "word ferry_up: near",
            "query ferry_trips",
            "query ferry_trips_total"
        ]
    );
}

#[test]
fn code_spans_that_are_words_come_with_what_speaks_for_them() {
    let text = "The gauge `ferry_cars` and the `ferry_boat_state` metric. Trips: `ferry_trips_total`.\n\n\
                Other things: `ferry_plain_word`.\n";
    assert_eq!(
        markdown(text),
        [
            "word ferry_cars: near",
            "word ferry_boat_state: near",
            "word ferry_trips_total: suffix",
            "word ferry_plain_word:",
        ]
    );
}

#[test]
fn other_things_are_no_metrics_or_have_evidence_against_them() {
    let text = "Call `ferry_board()` or `Ferry.free_cars`, set `FERRY_MAX_CARS`, run `./ferry_run.sh --dry_run`.\n\n\
                The table `ferry_guests` has a column `ferry_guest_id`; the `ferry_lanes` and `ferry_decks` fields.\n\n\
                Metrics have the labels `ferry_pier`, `boat_kind`.\n";
    assert_eq!(
        markdown(text),
        [
            "word ferry_guests: against",
            "word ferry_guest_id: against",
            "word ferry_lanes: against",
            "word ferry_decks: against",
            "word ferry_pier: near against",
            "word boat_kind: near against",
        ]
    );
}

#[test]
fn what_is_gone_is_no_reference() {
    assert!(sights("CHANGELOG.md", "- Added the metric `ferry_trips_total`\n").is_empty());
    assert!(
        markdown("# Guide\n\n## Upgrading\n\nThe metric `ferry_old_total` is now `ferry_new_total`.\n")
            .is_empty()
    );
    assert!(markdown("The metric ~~`ferry_old_total`~~.\n").is_empty());
    assert_eq!(
        markdown("The metric `ferry_old_total` was removed.\n"),
        ["word ferry_old_total: suffix near against"]
    );
    assert_eq!(
        markdown("| Old metric | New metric |\n|---|---|\n| `ferry_old_total` | `ferry_new_total` |\n"),
        ["word ferry_new_total: suffix near"]
    );
}

#[test]
fn a_column_of_metrics_vouches_for_its_cells() {
    let text = "| Metric | Type | Label |\n|---|---|---|\n| `up` | gauge | `ferry_pier` |\n| ferry_cars | gauge | |\n\
                | ferry_a_total, ferry_b_total | counter | |\n| rate(ferry_c[5m]) | | |\n| All trips | | |\n";
    assert_eq!(
        markdown(text),
        [
            "word up: near",
            "word ferry_pier: against",
            "word ferry_cars: near",
            "word ferry_a_total: suffix near",
            "word ferry_b_total: suffix near",
            "query ferry_c",
        ]
    );
}

#[test]
fn a_column_of_types_makes_the_names_metrics() {
    let text = "Name | Description | Type\n---|---|---\nferry_cars | Cars; see `ferry_deck_plan` | Gauge\n";
    assert_eq!(markdown(text), ["word ferry_cars: near", "word ferry_deck_plan:"]);
}

#[test]
fn lists_under_a_word_for_metrics_name_them_first() {
    let text = "## What is exported\n\nThe following metrics:\n\n- `ferry_cars`: cars, by `ferry_lane`\n- **ferry_boats** counts boats\n- ferry_decks\n";
    assert_eq!(
        markdown(text),
        [
            "word ferry_cars: near",
            "word ferry_lane:",
            "word ferry_boats: near",
            "word ferry_decks: near"
        ]
    );
}

#[test]
fn blocks_of_names_and_samples_are_read_in_any_language() {
    let text = "Exported metrics:\n\n```python\n# trips\nferry_trips_total\nferry_cars\n```\n\n```text\n# TYPE ferry_up gauge\nferry_up{pier=\"a\"} 1\nferry_down 0\n```\n\n```python\nferry_cars = 3\nferry_total\n```\n";
    assert_eq!(
        markdown(text),
        [
            "word ferry_trips_total: suffix near",
            "word ferry_cars: near",
            "word ferry_up: near",
            "word ferry_down: near",
        ]
    );
}

#[test]
fn families_spell_their_members() {
    assert_eq!(
        markdown(
            "Metrics: `ferry_{boats,cars}_total`, `ferry_*`, `ferry_boat_<kind>_size`, `_crew`, `ferry_lane_…` and \
             `ferry_trips_total{pier,lane}`.\n"
        ),
        [
            "word ferry_boats_total in «ferry_{boats,cars}_total»: suffix near",
            "word ferry_cars_total in «ferry_{boats,cars}_total»: suffix near",
            "word ferry_boat_*_size in «ferry_boat_<kind>_size»: near",
            "word _crew: near",
            "word ferry_lane_* in «ferry_lane_…»: near",
            "word ferry_trips_total: suffix near",
        ]
    );
}

#[test]
fn shell_with_brackets_is_no_query() {
    let text = "    PIPE=/tmp/ferry_pipe\n    if [ ${FERRY_RANK} -eq 0 ]; then\n      sleep 10\n      echo \"${FERRY_IPS}\" > hosts\n    fi\n";
    assert_eq!(markdown(&format!("Run:\n\n{text}")), [""; 0]);
}

#[test]
fn places_that_propose_say_so() {
    let outlooks = |path: &str, text: &str| -> Vec<Option<Outlook>> {
        let files = FileSet::new(vec![(path.to_owned(), path.to_owned(), Arc::from(text))]);
        let mut facts = Facts::empty(files.files()[0].id);
        extract(&files.files()[0], &mut facts, &mut |_, _| false);
        (0..facts.consumers.len())
            .map(|consumer| facts.outlooks.get(&consumer).copied())
            .collect()
    };
    let text = "# Ferry\n\n`ferry_a_total`\n\n## Proposed metrics\n\n`ferry_b_total`\n\n## Phase 2\n\n`ferry_c_total`\n";
    assert_eq!(
        outlooks("docs/ferry.md", text),
        [None, Some(Outlook::Proposal), Some(Outlook::Perhaps)]
    );
    assert_eq!(
        outlooks("docs/rfcs/7.md", "`ferry_a_total`\n"),
        [Some(Outlook::Proposal)]
    );
    assert_eq!(
        outlooks("docs/ferry-design.md", "`ferry_a_total`\n"),
        [Some(Outlook::Perhaps)]
    );
    assert_eq!(outlooks("docs/planes.md", "`ferry_a_total`\n"), [None]);
}

#[test]
fn command_lines_send_queries_and_search_expositions() {
    let text = "```console\n$ curl -s 'http://p:9090/api/v1/query?query=rate(ferry_a_total%5B5m%5D)&time=1' | jq .\n\
                $ curl -sG $P/api/v1/query \\\n    --data-urlencode 'query=max(ferry_b)'\n\
                $ promtool query instant --time=1 http://p:9090 'ferry_c > 0'\n\
                $ kubectl exec pod -- wget -qO- localhost:8000/metrics | grep -E '^(ferry_d_total|ferry_e)'\n\
                $ curl localhost:8000/metrics | grep '^ferry_f{'\n\
                $ amtool silence add alertname=FerryGone\n$ grep ferry_g notes.txt\n```\n";
    assert_eq!(
        markdown(text),
        [
            "query ferry_a_total",
            "query ferry_b",
            "query ferry_c",
            "word ferry_d_total: suffix near part",
            "word ferry_e: near part",
            "word ferry_f: near",
            "alert FerryGone",
        ]
    );
}

#[test]
fn addresses_of_links_hold_queries() {
    let text = "[Graph](http://p:9090/graph?g0.expr=rate%28ferry_trips_total%5B5m%5D%29&g0.tab=0) of `https://p/api/v1/query?query=ferry_up`\n";
    assert_eq!(markdown(text), ["query ferry_trips_total", "query ferry_up"]);
}

#[test]
fn alerts_are_named_where_the_text_says_so() {
    let text = "| Alert | Do |\n|---|---|\n| `FerryGone` | wait |\n| FerryFull | `PagerDuty` |\n| ferry_slo_breach | |\n\n\
                - [ ] `FerryScaleUp` alert configured\n- [ ] FerryEngineHot alert configured\n\n\
                Alerts: `FerryLate`, `FerryEmpty` and `ferry_lost_breach`.\n\n\
                ### Alert: `FerryStuck`\n\n`ALERTS{alertname=~\"FerryWet|FerryDry\"}`\n\n\
                The `FerryService` class; `GitHub` alerts; the `FerryRouting` alert handler.\n";
    assert_eq!(
        markdown(text),
        [
            "alert FerryGone",
            "alert FerryFull",
            "alert ferry_slo_breach",
            "alert FerryScaleUp",
            "alert FerryEngineHot",
            "alert FerryLate",
            "alert FerryEmpty",
            "alert ferry_lost_breach",
            "alert FerryStuck",
            "query ALERTS",
            "alert FerryWet",
            "alert FerryDry",
        ]
    );
}

#[test]
fn runbooks_name_alerts_in_their_headings() {
    let text = "# Runbooks\n\n## FerryGone\n\nFor `FerryLate` too.\n";
    assert_eq!(
        sights("docs/ferry.md", text),
        ["perhaps alert FerryGone", "perhaps alert FerryLate"]
    );
    assert!(sights("docs/ferry.md", "# Classes\n\n## FerryGone\n").is_empty());
}

#[test]
fn a_document_about_other_things_names_nothing() {
    let text = "# Contributing\n\nRun `make test_all`. Names are in `snake_case`.\n\n```python\ndef ferry_total(cars_total):\n    return sum(cars_total)\n```\n\n```json\n{\"ferry_total\": 1}\n```\n\n```sql\nselect count(ferry_id) from ferry_trips_total\n```\n";
    assert_eq!(markdown(text), ["word snake_case:"]);
}

#[test]
fn a_selector_in_a_list_in_a_quotation_has_its_own_place() {
    let text = "> 1. First\n>\n>    ```promql\n>    sum(\n>      ferry_up)\n>    ```\n";
    let files = FileSet::new(vec![("a.md".to_owned(), "a.md".to_owned(), Arc::from(text))]);
    let mut facts = Facts::empty(files.files()[0].id);
    extract(&files.files()[0], &mut facts, &mut |_, _| false);
    let selector = &facts.queries[0].selectors[0];
    assert_eq!(selector.name, SelectorName::Exact("ferry_up".to_owned()));
    assert_eq!(files.text(selector.span), "ferry_up");
}

#[test]
fn keys_of_examples_hold_queries() {
    let text = "```json\n{\n  \"expr\": \"rate(ferry_a_total{pier=\\\"x\\\"}[5m])\",\n  \"query\": \"ferry_plain\"\n}\n```\n\n\
                ```yaml\ntriggers:\n  - query: sum(rate(ferry_b_total[1m])) # now\n    expr: |\n      max(\n        ferry_c)\n    other: 'ferry_d_total'\n```\n";
    assert_eq!(
        markdown(text),
        ["query ferry_a_total", "query ferry_b_total", "query ferry_c"]
    );
}

#[test]
fn a_stated_prefix_belongs_to_the_names_of_its_section() {
    let text = "## Metrics\n\nAll metrics are prefixed with `ferry_`.\n\n### Boats\n\n| Metric | Label |\n|---|---|\n\
                | boats_total | `boat_kind` |\n| `ferry_cars` | |\n\n## Other metrics\n\n- `port_up`\n\n\
                This will prefix all metrics with `pier_`: `pier_port_up`.\n";
    assert_eq!(
        markdown(text),
        [
            "word ferry_boats_total in «boats_total»: suffix near",
            "word boat_kind: against",
            "word ferry_cars: near",
            "word port_up: near",
            "word pier_port_up: near against",
        ]
    );
}

proptest! {
    #[test]
    fn any_document_is_read_and_every_span_lies_on_characters(
        text in "(`|metric |alert |label |ferry_a_total|FerryGone|ferry_\\{a,b\\}|rate\\(|\\[5m\\]|\\{|\\}|\"|'|curl x/metrics|grep |query=|%C3|%A4|\\$|\\| |\\|---\\|\n|# |- |```|promql|sh|\n|\r\n|:|\\.|ä| |,|\\\\){0,80}",
        rst in any::<bool>(),
    ) {
        let path = if rst { "a.rst" } else { "a.md" };
        let files = FileSet::new(vec![(path.to_owned(), path.to_owned(), Arc::from(text.as_str()))]);
        let mut facts = Facts::empty(files.files()[0].id);
        extract(&files.files()[0], &mut facts, &mut |_, _| false);
        let spans = facts.queries.iter().flat_map(|query| query.selectors.iter().map(|one| one.span).chain([query.span]))
            .chain(facts.word_mentions.iter().map(|mention| mention.span))
            .chain(facts.alert_mentions.iter().map(|mention| mention.span))
            .chain(facts.consumers.iter().map(|consumer| consumer.scope));
        for span in spans {
            prop_assert!(text.get(span.range()).is_some(), "{:?}", span);
        }
    }
}

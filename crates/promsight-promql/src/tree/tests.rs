//! The tree of `promql-parser` against the grammar: where both read a query, they say the same.

use serde::Deserialize;

use super::*;
use crate::{Holes, Matcher, SelectorName, lexer};

const RECORDED: &str = include_str!("../../../../testdata/promql/conformance.json");
const QUERIES: &str = include_str!("../../../../testdata/promql/queries.txt");
const LANGUAGE: &str = include_str!("../../tests/language.txt");

#[derive(Deserialize)]
struct Case {
    query: String,
    error: Option<String>,
}

fn valid_queries() -> Vec<String> {
    let cases: Vec<Case> = serde_json::from_str(RECORDED).expect("the recorded answers are JSON");
    let valid = cases.into_iter().filter(|case| case.error.is_none());
    valid.map(|case| case.query).collect()
}

/// Queries with template holes, from the cases of the language.
fn templated_queries() -> Vec<String> {
    let cases = LANGUAGE.lines().filter_map(|line| line.strip_prefix("holes "));
    let unmarked = |case: &str| {
        case.replace(['⟦', '⟧', '«', '»', '‹', '›'], "")
            .replace('⏎', "\n")
    };
    cases.map(unmarked).collect()
}

fn parse(query: &str, holes: Holes) -> Option<(Vec<Token>, Parsed)> {
    let tokens = lexer::lex(query, holes).tokens;
    let parsed = parser::parse(query, &tokens).ok()?;
    Some((tokens, parsed))
}

/// What the tree says of a query that the grammar reads.
fn read(query: &str, holes: Holes) -> Option<Vec<Surroundings>> {
    let (tokens, parsed) = parse(query, holes)?;
    surroundings(query, &tokens, &parsed)
}

/// Asserts that the tree, where there is one, and the grammar agree; whether there is one.
fn agree(query: &str, holes: Holes) -> bool {
    let Some((tokens, parsed)) = parse(query, holes) else {
        return false;
    };
    let Some(found) = surroundings(query, &tokens, &parsed) else {
        return false;
    };
    let noted = parsed.selectors.into_iter().map(|selector| Surroundings {
        guard: selector.guard,
        functions: selector.functions,
    });
    assert_eq!(found, noted.collect::<Vec<_>>(), "{query:?}");
    true
}

#[test]
fn the_tree_reads_nearly_every_valid_query() {
    let queries = valid_queries();
    let unread: Vec<&String> = queries
        .iter()
        .filter(|query| read(query, Holes::NONE).is_none())
        .collect();
    let count = queries.len() - unread.len();
    assert!(count >= 510, "{count} of {}, not {unread:#?}", queries.len());
}

#[test]
fn the_tree_reads_most_queries_with_holes() {
    let queries = templated_queries();
    let unread: Vec<&String> = queries
        .iter()
        .filter(|query| read(query, Holes::ALL).is_none())
        .collect();
    let count = queries.len() - unread.len();
    assert!(count >= 51, "{count} of {}, not {unread:#?}", queries.len());
}

#[test]
fn tree_and_grammar_agree_on_every_query() {
    let others = QUERIES.lines().filter(|line| !line.starts_with("## "));
    let queries = valid_queries().into_iter().chain(others.map(str::to_owned));
    for query in queries.chain(templated_queries()) {
        for holes in [Holes::NONE, Holes::RULES, Holes::ALL] {
            agree(&query, holes);
        }
    }
}

#[test]
fn tree_and_grammar_agree_on_compositions() {
    let vectors: Vec<String> = valid_queries()
        .into_iter()
        .chain(templated_queries())
        .map(|query| format!("sort({query}\n)"))
        .filter(|query| read(query, Holes::ALL).is_some())
        .collect();
    let shapes: [fn(&str, &str) -> String; 7] = [
        |a, b| format!("{a} or {b}"),
        |a, b| format!("{a} or {b} or vector(0)"),
        |a, b| format!("{a} unless {b} and {a}"),
        |a, b| format!("absent({a} or {b})"),
        |a, b| format!("sum by (x) ({a} or vector(1)) / {b}"),
        |a, b| format!("topk(scalar({a}), max_over_time({b}[1h:5m])) or -{a} ^ {b}"),
        |a, b| format!("{a} or (vector(0) unless on (x) {b})"),
    ];
    let mut agreed = 0;
    for (pair, shape) in vectors.windows(2).zip(shapes.iter().cycle()) {
        agreed += usize::from(agree(&shape(&pair[0], &pair[1]), Holes::ALL));
    }
    assert_eq!(agreed, vectors.len() - 1, "each composition is read by both");
    assert!(agreed > 300, "{agreed} compositions");
}

/// What a selector selects, without places.
fn selected(parsed: &Parsed) -> Vec<(SelectorName, Vec<Matcher>)> {
    let placeless = |matcher: &Matcher| Matcher {
        label_range: 0..0,
        value_range: 0..0,
        ..matcher.clone()
    };
    let one = |selector: &crate::Selector| {
        let matchers = selector.matchers.iter().map(placeless).collect();
        (selector.name.clone(), matchers)
    };
    parsed.selectors.iter().map(one).collect()
}

#[test]
fn the_normal_text_means_the_same() {
    let mut count = 0;
    for query in valid_queries() {
        let (tokens, parsed) = parse(&query, Holes::NONE).expect("a valid query is read");
        let Some(normal) = normal::write(&query, &tokens, &parsed) else {
            continue;
        };
        let (_, again) = parse(&normal.text, Holes::NONE).expect("its normal text is read");
        assert_eq!(
            selected(&again),
            selected(&parsed),
            "{query:?} as {:?}",
            normal.text
        );
        let is_valid = [parsed.failure, again.failure];
        assert_eq!(is_valid, [None, None], "{query:?} as {:?}", normal.text);
        count += 1;
    }
    assert!(count >= 510, "{count} queries");
}

#[test]
fn what_the_normal_text_is() {
    let written = |query: &str| {
        let (tokens, parsed) = parse(query, Holes::ALL)?;
        Some(normal::write(query, &tokens, &parsed)?.text)
    };
    for (query, expected) in [
        (
            "SUM BY (a, b,) (up) # why",
            r#"sum by ( a , b ) ( {"__name__"="up"} ) "#,
        ),
        (
            "up{or=`a\"\\d`,} > 1_000",
            r#"{"__name__"="up","or"="a\"\\d"} > 1000 "#,
        ),
        (
            "{\"a.b\"}[1h30m:500ms] offset -1m",
            r#"{"__name__"="a.b"} [ 5400s : 500ms ] offset - 60s "#,
        ),
        (
            "$a + sum($b) + clamp_max(up, $c)",
            r#"hole + sum ( {"__name__"="hole"} ) + clamp_max ( {"__name__"="up"} , 1 ) "#,
        ),
        (
            "rate(a_${b}{$c, d=~\"$d\"}[$e])",
            r#"rate ( {"__name__"="a_hole","d"=~"hole"} [ 1m ] ) "#,
        ),
        (
            "sum by ($a) ({$b}) %% 0x1F",
            r#"sum by ( hole3 ) ( {"__name__"!=""} ) % 31 "#,
        ),
    ] {
        assert_eq!(written(query).as_deref(), Some(expected), "{query}");
    }
    for query in ["a[5m + 1m]", "a offset step()", "a $op b", "$f(a)", "a $offset"] {
        assert!(read(query, Holes::ALL).is_none(), "{query} has no such form");
    }
}

#[test]
fn large_queries_are_left_to_the_grammar() {
    let chain = |count: usize| vec!["a"; count].join(" or ");
    let nested = |count: usize| format!("{}a{}", "sum(".repeat(count), ")".repeat(count));
    assert!(agree(&chain(2_001), Holes::NONE));
    assert!(!agree(&chain(2_002), Holes::NONE));
    assert!(agree(&vec!["-a"; 100].join(" ^ "), Holes::NONE));
    assert!(agree(&nested(100), Holes::NONE));
    let patterns = |count: usize| vec![r#"a{b=~"\\w{99}"}"#; count].join(" + ");
    assert!(agree(&patterns(6), Holes::NONE));
    assert!(!agree(&patterns(7), Holes::NONE));
    assert!(!agree(&nested(101), Holes::NONE));
    assert!(!agree(
        &format!("a{{b=\"{}\"}}", "c".repeat(64 * 1024)),
        Holes::NONE
    ));
}

#[test]
fn a_tree_with_other_selectors_is_not_taken() {
    let query = "sum(a) or b";
    let (tokens, mut parsed) = parse(query, Holes::NONE).expect("the query is read");
    parsed.selectors.pop();
    let normal = normal::write(query, &tokens, &parsed).expect("it can be written");
    assert_eq!(normal.vectors, [Vector::Selector(Some("a".to_owned()))]);
    assert_eq!(
        surroundings(query, &tokens, &parsed),
        None,
        "the tree has `b` too"
    );
}

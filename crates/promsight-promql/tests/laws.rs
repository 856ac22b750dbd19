//! Laws that hold for every text, and for every query with something around it.

use std::ops::Range;
use std::sync::LazyLock;

use promsight_promql::flow::{Flow, Labels, Operand, StepKind};
use promsight_promql::{Analysis, Holes, Matcher, Selector, SelectorName, State, analyze};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const QUERIES: &str = include_str!("../../../testdata/promql/queries.txt");
const LANGUAGE: &str = include_str!("language.txt");

/// Queries of every kind, valid and not, with and without holes.
static CORPUS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let queries = QUERIES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("## "));
    let marked = LANGUAGE.lines().filter(|line| !line.starts_with(['#', ' ']));
    let marked = marked
        .filter_map(|line| line.split_once(' '))
        .map(|(_, query)| query);
    let unmarked = |query: &str| {
        query
            .replace(['⟦', '⟧', '«', '»', '‹', '›', '▸', '◂'], "")
            .replace('⏎', "\n")
    };
    queries.chain(marked).map(unmarked).collect()
});

fn holes() -> impl Strategy<Value = Holes> {
    select(vec![Holes::NONE, Holes::RULES, Holes::ALL])
}

/// A query of the corpus.
fn query() -> impl Strategy<Value = String> {
    any::<Index>().prop_map(|index| index.get(&CORPUS).clone())
}

/// A query of the corpus from which a piece was cut and into which a piece of another was put.
fn mutant() -> impl Strategy<Value = String> {
    (query(), query(), any::<[Index; 4]>()).prop_map(|(text, donor, cuts)| {
        let cut = |text: &str, first: &Index, second: &Index| {
            let places: Vec<usize> = text
                .char_indices()
                .map(|(place, _)| place)
                .chain([text.len()])
                .collect();
            let (first, second) = (*first.get(&places), *second.get(&places));
            first.min(second)..first.max(second)
        };
        let removed = cut(&text, &cuts[0], &cuts[1]);
        let added = cut(&donor, &cuts[2], &cuts[3]);
        format!(
            "{}{}{}",
            &text[..removed.start],
            &donor[added],
            &text[removed.end..]
        )
    })
}

fn check_ranges(text: &str, analysis: &Analysis) -> Result<(), TestCaseError> {
    let within = |range: &Range<usize>| text.get(range.clone()).is_some();
    if let State::Unreadable { message, range } = &analysis.state {
        prop_assert!(within(range), "{:?} of {:?}", range, text);
        prop_assert!(!message.is_empty());
    }
    if let Some(flow) = &analysis.flow {
        prop_assert_eq!(flow.paths.len(), analysis.selectors.len());
        for range in flow_ranges(&mut flow.clone()) {
            prop_assert!(within(range), "{range:?} of {text:?}");
        }
    }
    let mut end = 0;
    for selector in &analysis.selectors {
        prop_assert!(
            within(&selector.range) && within(&selector.name_range),
            "{selector:?} of {text:?}"
        );
        prop_assert!(
            selector.range.start >= end,
            "selectors stand apart, from left to right: {text:?}"
        );
        prop_assert!(
            selector.range.start < selector.range.end,
            "{selector:?} of {text:?}"
        );
        prop_assert!(selector.range.start <= selector.name_range.start);
        prop_assert!(selector.name_range.end <= selector.range.end);
        end = selector.range.end;
        if let SelectorName::Exact(name) = &selector.name {
            let quoted = text[..selector.name_range.start].ends_with(['"', '\'', '`']);
            prop_assert!(
                quoted || &text[selector.name_range.clone()] == name,
                "{name:?} of {text:?}"
            );
        }
        for Matcher {
            label_range,
            value_range,
            ..
        } in &selector.matchers
        {
            prop_assert!(
                within(label_range) && within(value_range),
                "{selector:?} of {text:?}"
            );
            prop_assert!(label_range.end <= value_range.start && value_range.end <= selector.range.end);
        }
    }
    Ok(())
}

/// Every range that a flow holds.
fn flow_ranges(flow: &mut Flow) -> Vec<&mut Range<usize>> {
    fn of_labels(labels: &mut Labels) -> impl Iterator<Item = &mut Range<usize>> {
        let sources = labels.named.values_mut().chain([&mut labels.others]);
        sources.filter_map(|source| source.dropped.as_mut().map(|dropped| &mut dropped.range))
    }
    let mut ranges = Vec::new();
    for step in flow.paths.iter_mut().flat_map(|path| &mut path.steps) {
        if let StepKind::Operator { other, .. } = &mut step.kind {
            ranges.push(match other {
                Operand::Number { range, .. }
                | Operand::Constant { range, .. }
                | Operand::Scalar(range)
                | Operand::Vector(range)
                | Operand::Unknown(range) => range,
            });
        }
        ranges.extend([&mut step.range, &mut step.whole]);
    }
    for label in &mut flow.uses {
        ranges.push(&mut label.range);
        ranges.extend(label.source.dropped.as_mut().map(|dropped| &mut dropped.range));
    }
    for join in &mut flow.joins {
        ranges.extend([&mut join.range, &mut join.left_range, &mut join.right_range]);
        ranges.extend(of_labels(&mut join.left));
        ranges.extend(of_labels(&mut join.right));
    }
    ranges.extend(of_labels(&mut flow.result));
    ranges
}

/// The same analysis for a text that has `by` more bytes in front.
fn shifted(mut analysis: Analysis, by: usize) -> Analysis {
    let shift = |range: &mut Range<usize>| *range = range.start + by..range.end + by;
    if let State::Unreadable { range, .. } = &mut analysis.state {
        shift(range);
    }
    for selector in &mut analysis.selectors {
        let Selector {
            name_range,
            range,
            matchers,
            ..
        } = selector;
        shift(name_range);
        shift(range);
        for matcher in matchers {
            shift(&mut matcher.label_range);
            shift(&mut matcher.value_range);
        }
    }
    if let Some(flow) = &mut analysis.flow {
        flow_ranges(flow).into_iter().for_each(shift);
    }
    analysis
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in "\\PC*", holes in holes()) {
        check_ranges(&text, &analyze(&text, holes))?;
    }

    #[test]
    fn any_text_of_the_alphabet_is_read(text in "[a-c:0-9{}()\\[\\]\"'`=~!<>,.$%#@+\\-*/^\\\\ \n_äor]{0,60}", holes in holes()) {
        check_ranges(&text, &analyze(&text, holes))?;
    }

    #[test]
    fn any_mutant_is_read(text in mutant(), holes in holes()) {
        check_ranges(&text, &analyze(&text, holes))?;
    }

    #[test]
    fn white_space_in_front_shifts_the_ranges(text in mutant(), space in "[ \t\n]{1,5}", holes in holes()) {
        let found = analyze(&format!("{space}{text}"), holes);
        let expected = shifted(analyze(&text, holes), space.len());
        // Of an empty query the whole text is the place.
        let is_empty = matches!(&found.state, State::Unreadable { range, .. } if *range == (0..space.len() + text.len()));
        if !is_empty {
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn parentheses_around_a_query_shift_the_ranges(text in query(), holes in holes()) {
        let plain = analyze(&text, holes);
        // The line break ends a comment at the end of the query.
        let wrapped = analyze(&format!("({text}\n)"), holes);
        if plain.state == State::Parsed {
            prop_assert_eq!(wrapped, shifted(plain, 1));
        }
    }

    #[test]
    fn a_valid_query_is_valid_whatever_stands_beside_it(left in query(), right in query()) {
        let vector = |text: &str| format!("label_replace({text}\n, \"a\", \"b\", \"c\", \"d\")");
        let (left, right) = (vector(&left), vector(&right));
        let both = [analyze(&left, Holes::NONE), analyze(&right, Holes::NONE)];
        if both.iter().all(|analysis| analysis.state == State::Parsed) {
            let [first, second] = both;
            let joined = analyze(&format!("{left} - {right}"), Holes::NONE);
            prop_assert_eq!(&joined.state, &State::Parsed);
            let expected: Vec<_> =
                first.selectors.into_iter().chain(shifted(second, left.len() + 3).selectors).collect();
            prop_assert_eq!(joined.selectors, expected);
        }
    }

    #[test]
    fn a_hole_alone_makes_no_query_unreadable(text in query(), holes in select(vec!["$x", "${x:csv}", "[[x]]", "{{ x }}", "%(x)s"])) {
        let plain = analyze(&text, Holes::ALL);
        let beside = analyze(&format!("{text}\n{holes}"), Holes::ALL);
        if plain.state == State::Parsed {
            prop_assert_eq!(beside.state, State::Templated);
        }
    }
}

#[test]
fn deep_queries_are_read_without_recursion() {
    for depth in [250, 300, 100_000] {
        let text = format!("{}up{}", "(".repeat(depth), ")".repeat(depth));
        let analysis = analyze(&text, Holes::ALL);
        assert_eq!(analysis.state, State::Parsed, "{depth} parentheses");
        assert_eq!(analysis.selectors[0].range, depth..depth + 2);

        let text = format!("{}up{}", "sum(".repeat(depth), ")".repeat(depth));
        let analysis = analyze(&text, Holes::ALL);
        assert_eq!(analysis.state, State::Parsed, "{depth} calls");
        assert_eq!(
            analysis.selectors[0].functions,
            vec!["sum".to_owned(); 16],
            "the innermost are kept"
        );

        let unclosed = "(".repeat(depth);
        let analysis = analyze(&unclosed, Holes::ALL);
        assert!(
            matches!(analysis.state, State::Unreadable { .. }),
            "{depth} unclosed parentheses"
        );
    }
}

#[test]
fn of_many_steps_the_inner_ones_are_kept() {
    let depth = 100;
    let text = format!("{}up{}", "abs(".repeat(depth), ")".repeat(depth));
    let flow = analyze(&text, Holes::NONE).flow.expect("the query is parsed");
    assert!(flow.paths[0].is_cut);
    assert_eq!(flow.paths[0].steps.len(), 64);
    assert_eq!(flow.paths[0].steps[63].range, 99 * 4..99 * 4 + 3);
}

#[test]
fn large_queries_have_no_flow() {
    let chain = |terms: usize| vec!["a"; terms].join(" or ");
    assert!(analyze(&chain(1_000), Holes::NONE).flow.is_some());
    assert_eq!(analyze(&chain(1_001), Holes::NONE).flow, None);
    let list: Vec<String> = (0..5_000).map(|number| format!("l{number}")).collect();
    let list = list.join(",");
    let nested = (0..100).fold("a".to_owned(), |inner, _| format!("sum by ({list}) ({inner})"));
    assert_eq!(analyze(&nested, Holes::NONE).flow, None);
}

#[test]
fn long_queries_are_read_in_one_pass() {
    for (piece, operator) in [
        ("a", " + "),
        ("a{b=\"c\"}", " or "),
        ("a[5m:]", " unless "),
        ("-a", "^"),
    ] {
        let text = vec![piece; 20_000].join(operator);
        assert_eq!(
            analyze(&text, Holes::ALL).selectors.len(),
            20_000,
            "{piece}{operator}"
        );
    }
    // Each of these could be searched to the end of the text from every place in it.
    for piece in [
        "{{",
        "${a",
        "[[a",
        "{%",
        "{#",
        "%(",
        "\"",
        "`{{",
        "{{\"{{\"}}",
        "a{b=~\"[[:",
        "(",
        "[",
        "{",
        "a{",
        "$a{",
        "{{`",
        "{{` ",
        "<<.",
        "<a ",
        "#{a",
        "$(a",
        "a_{a",
    ] {
        let text = piece.repeat(8_000);
        for holes in [Holes::NONE, Holes::ALL] {
            let analysis = analyze(&text, holes);
            assert!(analysis.state != State::Parsed, "{piece}");
        }
    }
    let pattern = format!("a{{b=~\"{}\"}}", "[[:".repeat(20_000));
    assert!(matches!(
        analyze(&pattern, Holes::NONE).state,
        State::Unreadable { .. }
    ));
}

#[test]
fn the_corpus_is_there() {
    let corpus = &*CORPUS;
    assert!(corpus.len() > 1000, "{} queries", corpus.len());
    let first = corpus.first().expect("a query");
    assert_eq!(first, "up");
}

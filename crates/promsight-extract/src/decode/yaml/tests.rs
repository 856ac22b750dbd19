//! The laws of the YAML decoder: every character knows its place, and the tree is the one that serde_yaml reads.

use promsight_model::{Embedded, FileId};
use proptest::prelude::*;
use serde::Deserialize;

use super::parse;
use crate::decode::tree::{Node, Style, Tree};

fn whole(text: &str) -> Embedded {
    Embedded::whole(FileId(0), text)
}

fn root<'tree>(tree: &'tree Tree<'tree>) -> Node<'tree> {
    tree.documents()
        .next()
        .and_then(|document| document.root())
        .expect("the text has a document")
}

/// Every character but blanks stands in the file where its span says: as itself, or as an escape.
fn assert_characters_map(file: &str, scalar: &Embedded) {
    let mut last = 0;
    for (at, character) in scalar.text.char_indices() {
        let range = scalar.span(at..at + character.len_utf8()).range();
        assert!(
            range.start >= last,
            "the places of {:?} run backwards in {file:?}",
            scalar.text
        );
        last = range.start;
        if character.is_whitespace() {
            continue;
        }
        let written = &file[range];
        let escaped = written.starts_with('\\') || written == "''";
        assert!(
            written == character.to_string() || escaped,
            "{character:?} maps to {written:?} in {file:?}"
        );
    }
}

fn assert_same_as_serde(text: &str) {
    let source = whole(text);
    let tree = parse(&source);
    let mut documents = tree.documents();
    // The iterator of serde_yaml 0.9 never ends after an error: stop at the first.
    for deserializer in serde_yaml::Deserializer::from_str(text) {
        let Ok(mut expected) = serde_yaml::Value::deserialize(deserializer) else {
            break;
        };
        expected.apply_merge().expect("the merges of a fixture are valid");
        // Of an empty text serde_yaml makes a null, we make nothing.
        let Some(document) = documents.next() else {
            return assert!(expected.is_null(), "{text}");
        };
        assert_eq!(document.problem(), None, "{text}");
        assert_same(document.root(), &expected);
    }
}

fn assert_same(node: Option<Node<'_>>, expected: &serde_yaml::Value) {
    use serde_yaml::Value;
    let Some(node) = node else {
        return assert!(expected.is_null());
    };
    match expected {
        Value::Null => assert!(node.is_null(), "{node:?} is null"),
        Value::Bool(_) | Value::Number(_) => assert_eq!(node.style(), Some(Style::Plain)),
        Value::String(text) => assert_eq!(node.as_str(), Some(text.as_str())),
        Value::Sequence(items) => {
            assert_eq!(node.items().count(), items.len());
            for (item, expected) in node.items().zip(items) {
                assert_same(Some(item), expected);
            }
        }
        Value::Mapping(entries) => {
            assert_eq!(node.effective_entries().len(), entries.len(), "{entries:?}");
            for (key, expected) in entries {
                if let Value::String(key) = key {
                    assert_same(node.get(key), expected);
                }
            }
        }
        Value::Tagged(tagged) => assert_same(Some(node), &tagged.value),
    }
}

#[test]
fn the_tree_is_the_one_that_serde_yaml_reads() {
    for text in [
        "",
        "# only a comment\n",
        "a: 1\nb: [x, 'y', \"z\\n\"]\nc: {d: ~, e: }\nf:\n",
        "- - 1\n  - 2\n- a: b\n  c: d\n-\n",
        "base: &base {a: 1, b: 2}\nuse: {<<: *base, b: 3}\nmany:\n  <<: [*base, {c: 4, a: 5}]\n",
        "x: &x\n  - 1\ny: *x\nz: [*x, *x]\n",
        "--- a\n---\nb: 1\n...\n---\n- c\n",
        "literal: |\n  one\n\n  two\nfolded: >-\n  one\n  two\n\n  three\n    four\n  five\n",
        "keep: |+\n  x\n\nstrip: >-\n\n  x\n\nnext: |2\n    indented\n  less\n",
        "windows: one\r\n  two\r\n\r\n  three\r\nblock: |\r\n  a\r\n  b\r\nend: x\r\n",
        "q: 'it''s\n  folded\n\n  here'\nd: \"a\\\n  b \\u00e4 \\x41 \\U0001F600 \\t|\n\n  c\"\n",
        "tabs: \"a\t\n \tb\"\nplain: a\tb\n",
        "? complex\n: value\n? [a, b]\n: other\n",
        "!!str tagged: !custom value\n",
        "ünïcode: größe\n日本: |\n  語 {{ x }}\n",
        "quoted: \"~\"\nempty: ''\nnull_word: null\nstar: '*x'\n",
    ] {
        assert_same_as_serde(text);
    }
}

#[test]
fn quoted_scalars_that_are_not_indented_are_read_as_libyaml_does() {
    let text = "a: 1\n---\nrules:\n- alert: X # it's\n  expr: 'one{a=\"it''s\"}\n  + two\n\n\n  three'\n  more: \"a \\\"b\n\
                  \\n c\"\n- 'x\r\n  y'\nk: \"z\nz\"\n---\nb: 'i\nj'\n";
    assert_same_as_serde(text);
    let source = whole(text);
    let tree = parse(&source);
    let second = tree
        .documents()
        .nth(1)
        .and_then(|document| document.root())
        .expect("a document");
    let rule = second
        .get("rules")
        .and_then(|rules| rules.items().next())
        .expect("a rule");
    let expression = rule.get("expr").and_then(Node::embedded).expect("a scalar");
    assert_characters_map(text, &expression);
    for word in ["one", "two", "three"] {
        let at = expression.text.find(word).expect("the word is there");
        assert_eq!(&text[expression.span(at..at + word.len()).range()], word);
    }
}

#[test]
fn a_broken_document_does_not_hide_its_neighbours() {
    let text = "a: 1\n---\nb: [1\nc: 2\n---\nd: 3\n";
    let source = whole(text);
    let tree = parse(&source);
    let documents: Vec<_> = tree.documents().collect();
    assert_eq!(documents.len(), 3);
    assert_eq!(documents[0].root().and_then(|root| root.get_str("a")), Some("1"));
    assert!(documents[1].problem().is_some());
    assert_eq!(documents[2].root().and_then(|root| root.get_str("d")), Some("3"));
}

#[test]
fn what_stands_before_a_problem_can_be_read() {
    let text = "groups:\n- name: a\n  rules:\n  - alert: X\n    expr: up\n  - alert: b: c\n";
    let source = whole(text);
    let tree = parse(&source);
    let problem = tree.problems().next().expect("two colons on a line are no YAML");
    assert_eq!(
        source.span(problem.range.clone()).range(),
        text.rfind(": c").map(|at| at..at + 1).unwrap()
    );
    let first = root(&tree)
        .get("groups")
        .and_then(|groups| groups.items().next())
        .expect("the group was read");
    let rule = first
        .get("rules")
        .and_then(|rules| rules.items().next())
        .expect("the rule was read");
    assert_eq!(rule.get_str("expr"), Some("up"));
}

#[test]
fn the_last_of_duplicate_keys_wins_and_the_others_are_told() {
    let source = whole("a: 1\nb: 2\na: 3\n");
    let tree = parse(&source);
    assert_eq!(root(&tree).get_str("a"), Some("3"));
    assert_eq!(root(&tree).effective_entries().len(), 2);
    let duplicates: Vec<_> = tree.duplicate_keys().map(|key| key.span().range()).collect();
    assert_eq!(duplicates, vec![0..1]);
}

#[test]
fn a_document_that_contains_itself_ends() {
    let source = whole("a: &a\n  b: *a\n  <<: *a\n");
    let tree = parse(&source);
    assert!(
        root(&tree)
            .get("a")
            .and_then(|a| a.get("b"))
            .is_some_and(Node::is_mapping)
    );
    assert!(root(&tree).get("a").and_then(|a| a.get("missing")).is_none());
}

#[test]
fn aliases_that_multiply_run_out() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    fn leaves(node: Node<'_>) -> usize {
        if node.is_sequence() {
            node.items().map(leaves).sum()
        } else {
            1
        }
    }
    let source = whole(&text);
    let tree = parse(&source);
    let last = root(&tree).get("a29").expect("the key is there");
    // Each visit costs a few of the million that a tree grants; 10^29 leaves would never end.
    assert!(leaves(last) < 2_000_000);
}

#[test]
fn deep_nesting_is_a_problem_and_no_crash() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        let source = whole(&text);
        assert!(parse(&source).problems().next().is_some());
    }
}

#[test]
fn a_node_ends_where_its_text_does() {
    let text = "rules:\n- alert: A\n  expr: |\n    up\n\n# a comment\n- alert: B\n  for:\n\nend: 1\n";
    let source = whole(text);
    let tree = parse(&source);
    let spans: Vec<&str> = root(&tree)
        .get("rules")
        .into_iter()
        .flat_map(Node::items)
        .map(|rule| &text[rule.span().range()])
        .collect();
    assert_eq!(spans, vec!["alert: A\n  expr: |\n    up", "alert: B\n  for"]);
}

#[test]
fn a_template_is_read_with_its_actions_in_place() {
    let text = "{{- if .Values.on }}\nexpr: up{job=\"{{ .Values.job }}\"} > {{ .Values.min }}\n\
                block: |-\n  a{{ x }}\n  {{ y }}\n  {{ if z }}\n  b\n{{- end }}\n";
    let source = whole(text);
    let tree = parse(&source);
    assert!(tree.templated());
    assert_eq!(
        root(&tree).get_str("expr"),
        Some("up{job=\"{{ .Values.job }}\"} > {{ .Values.min }}")
    );
    let block = root(&tree)
        .get("block")
        .and_then(Node::embedded)
        .expect("a scalar");
    let lines: Vec<&str> = block.text.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        ["a{{ x }}", "{{ y }}", "{{ if z }}", "b", ""],
        "what stands left of the scalar is no part of it"
    );
    assert_eq!(&text[block.span(0..8).range()], "a{{ x }}");
}

#[test]
fn yaml_inside_yaml_maps_back_to_the_file() {
    let text =
        "data:\n  rules.yml: |\n    groups:\n    - name: a\n      expr: >-\n        foo\n        + bar\n";
    let source = whole(text);
    let tree = parse(&source);
    let inner = root(&tree)
        .get("data")
        .and_then(|data| data.get("rules.yml")?.embedded())
        .expect("a scalar");
    let inner_tree = parse(&inner);
    let group = root(&inner_tree)
        .get("groups")
        .and_then(|groups| groups.items().next())
        .expect("a group");
    let expression = group.get("expr").and_then(Node::embedded).expect("a scalar");
    assert_eq!(expression.text, "foo + bar");
    assert_eq!(&text[expression.span(6..9).range()], "bar");
    assert_eq!(&text[expression.whole_span().range()], "foo\n        + bar");
}

/// Words without blanks at their ends that mean nothing to YAML, in any script.
fn word() -> impl Strategy<Value = String> {
    "[a-zä-üж日😀][a-z0-9_äж日😀]{0,8}"
}

fn lines() -> impl Strategy<Value = Vec<Vec<String>>> {
    // An empty line is a paragraph break. The first is never empty.
    (
        prop::collection::vec(word(), 1..4),
        prop::collection::vec(prop::collection::vec(word(), 0..4), 0..6),
    )
        .prop_map(|(first, mut rest)| {
            rest.insert(0, first);
            rest
        })
}

/// Checks a mapping `k: SCALAR`, in which each word stands at the place that the generator noted.
fn check_scalar(text: &str, words: &[(usize, String)]) {
    let source = whole(text);
    let tree = parse(&source);
    let scalar = root(&tree).get("k").and_then(Node::embedded).expect("a scalar");
    let expected: serde_yaml::Value = serde_yaml::from_str(text).expect("the generator writes YAML");
    assert_eq!(
        expected.get("k").and_then(serde_yaml::Value::as_str),
        Some(scalar.text.as_str()),
        "{text:?}"
    );
    assert_characters_map(text, &scalar);
    let mut from = 0;
    for (place, word) in words {
        let at = from
            + scalar.text[from..]
                .find(word.as_str())
                .expect("the words come in order");
        assert_eq!(
            scalar.span(at..at + word.len()).range(),
            *place..place + word.len(),
            "{word:?} in {text:?}"
        );
        from = at + word.len();
    }
}

/// Writes lines of words behind `head`, each line but the first behind `indent`; notes where the words stand.
fn write_lines(
    head: &str,
    lines: &[Vec<String>],
    indent: &str,
    line_break: &str,
) -> (String, Vec<(usize, String)>) {
    let mut text = head.to_owned();
    let mut words = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            text.push_str(line_break);
        }
        if !line.is_empty() && number > 0 {
            text.push_str(indent);
        }
        for (position, word) in line.iter().enumerate() {
            if position > 0 {
                text.push(' ');
            }
            words.push((text.len(), word.clone()));
            text.push_str(word);
        }
    }
    (text, words)
}

fn line_break() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("\n"), Just("\r\n")]
}

proptest! {
    // A failing case becomes a plain test, not a file of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plain_scalars_map(lines in lines(), break_ in line_break(), indent in "[ ]{1,4}") {
        let mut lines = lines;
        while lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        let (text, words) = write_lines("k: Q", &lines, &indent, break_);
        check_scalar(&format!("{text}{break_}"), &words);
    }

    #[test]
    fn quoted_scalars_map(lines in lines(), break_ in line_break(), indent in "[ \t]{0,4}", quote in "['\"]") {
        // A quoted scalar may begin and end with empty lines, but its lines need an indentation.
        let (text, words) = write_lines(&format!("k: {quote}"), &lines, &format!(" {indent}"), break_);
        check_scalar(&format!("{text}{quote}{break_}"), &words);
    }

    #[test]
    fn escapes_map(parts in prop::collection::vec((word(), 0usize..9), 1..8)) {
        const ESCAPES: [&str; 9] = ["\\n", "\\\"", "\\\\", "\\x41", "\\u2260", "\\U0001F601", "\\\n   ", "\\t", " \n  "];
        let mut text = "k: \"".to_owned();
        let mut words = Vec::new();
        for (word, escape) in parts {
            words.push((text.len(), word.clone()));
            text.push_str(&word);
            text.push_str(ESCAPES[escape]);
        }
        text.push_str("end\"\n");
        check_scalar(&text, &words);
    }

    #[test]
    fn block_scalars_map(
        lines in lines(),
        break_ in line_break(),
        width in 1usize..6,
        style in "[|>]",
        chomping in "[+-]?",
        explicit in any::<bool>(),
        deeper in prop::collection::vec(0usize..3, 0..6),
    ) {
        let indicator = if explicit { width.to_string() } else { String::new() };
        let mut text = format!("k: {style}{indicator}{chomping} # why{break_}");
        let mut words = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            if !line.is_empty() {
                text.push_str(&" ".repeat(width));
                // The first line decides on the indentation where none is given.
                if number > 0 || explicit {
                    text.push_str(&" ".repeat(deeper.get(number).copied().unwrap_or(0)));
                }
            }
            for (position, word) in line.iter().enumerate() {
                text.push_str(if position > 0 { " " } else { "" });
                words.push((text.len(), word.clone()));
                text.push_str(word);
            }
            text.push_str(break_);
        }
        text.push_str(&format!("next: 1{break_}"));
        check_scalar(&text, &words);
    }

    #[test]
    fn any_text_is_survived(text in "[ -~\n\tä{}%#&*|>'\":,-]{0,200}") {
        let source = whole(&text);
        for document in parse(&source).documents() {
            if let Some(scalar) = document.root().and_then(Node::embedded) {
                prop_assert!(scalar.whole_span().range().end <= text.len());
            }
        }
    }
}

//! HCL in the forms that people write it, and in none.

use promsight_model::FileId;
use proptest::prelude::*;

use super::*;
use crate::decode::tree::Node;

fn with_root<T>(text: &str, look: impl FnOnce(Node<'_>) -> T) -> T {
    let source = Embedded::whole(FileId(0), text);
    let tree = parse(&source);
    let root = tree.documents().next().and_then(|document| document.root());
    look(root.expect("HCL always has a body"))
}

fn at<'tree>(node: Node<'tree>, path: &[&str]) -> Option<Node<'tree>> {
    path.iter().try_fold(node, |node, key| node.get(key))
}

#[test]
fn blocks_are_nested_by_type_and_labels() {
    let text = "resource \"rules\" \"inn\" {\n  name = \"a\" # remark\n  rule {\n    alert = \"X\"\n  }\n  rule {\n    \
                alert = \"Y\"\n  }\n  dynamic \"other\" {\n    for_each = var.x\n    content {\n      n = 1\n    }\n  }\n}\n";
    with_root(text, |root| {
        let body = at(root, &["resource", "rules", "inn"]).expect("the block");
        assert_eq!(body.get_str("name"), Some("a"));
        let alerts = body.get("rule").into_iter().flat_map(Node::items);
        let alerts: Vec<Option<&str>> = alerts.map(|rule| rule.get_str("alert")).collect();
        assert_eq!(alerts, [Some("X"), Some("Y")]);
        assert_eq!(at(body, &["other", "n"]).and_then(Node::as_str), Some("1"));
    });
}

#[test]
fn calls_pass_their_arguments_on() {
    let text = "a = jsonencode({ \"k\" : [1, \"x\"], l = { m = \"y\" } })\nb = format(\"up > %d\", 3)\nc = merge({d = 1}, local.e)\n\
                f = var.g ? \"one\" : \"two\"\nh = file(\"x.json\")\ni = [for r in local.rs : { j = r.k }]\n";
    with_root(text, |root| {
        let item = at(root, &["a", "k"]).and_then(|list| list.items().nth(1));
        assert_eq!(item.and_then(Node::as_str), Some("x"));
        assert_eq!(at(root, &["a", "l", "m"]).and_then(Node::as_str), Some("y"));
        assert_eq!(root.get_str("b"), Some("up > %d"));
        assert_eq!(
            root.get("c")
                .and_then(|c| c.items().next())
                .and_then(|d| d.get_str("d")),
            Some("1")
        );
        assert_eq!(root.get_str("f"), Some("one"));
        assert_eq!(root.get_str("h"), Some("x.json"));
        let item = root.get("i").and_then(|list| list.items().next());
        assert_eq!(item.and_then(|item| item.get_str("j")), Some("${r_k}"));
    });
}

#[test]
fn interpolations_are_holes_and_keep_places() {
    let text = "q = \"a\\n${lookup(var.m, \"x}\")}b{c=\\\"$${d}\\\"}\"\nr = local.query\n";
    with_root(text, |root| {
        let query = root.get("q").and_then(Node::embedded).expect("a string");
        assert_eq!(query.text, "a\n${lookup_var_m___x___}b{c=\"${d}\"}");
        let b = query.text.find("b{").expect("it is there");
        assert_eq!(&text[query.span(b..b + 1).range()], "b");
        assert_eq!(root.get_str("r"), Some("${local_query}"));
    });
}

#[test]
fn heredocs_lose_their_shared_indentation() {
    let text = "a = <<-EOT\n    x: ${var.y}\n      z: 1\n    EOT\nb = <<EOF\n  {\"n\": ${var.n}, \"s\": \"${var.s}\"}\nEOF\nc = 1\n";
    with_root(text, |root| {
        assert_eq!(root.get_str("a"), Some("x: ${var_y}\n  z: 1\n"));
        assert_eq!(root.get_str("b"), Some("  {\"n\": 0, \"s\": \"${var_s}\"}\n"));
        assert_eq!(root.get_str("c"), Some("1"));
        let block = root.get("a").and_then(Node::embedded).expect("a heredoc");
        let z = block.text.find('z').expect("it is there");
        assert_eq!(&text[block.span(z..z + 4).range()], "z: 1");
    });
}

#[test]
fn what_is_broken_does_not_hide_what_follows() {
    for broken in [
        "a = \"open\n",
        "= 3\n",
        "ä = 1\n",
        "x y z\n",
        "a = ]\n",
        "b \"l\n",
        "{\n}\n",
        "a = )\n",
    ] {
        let text = format!("{broken}k = \"v\"\n");
        with_root(&text, |root| {
            assert_eq!(root.get_str("k"), Some("v"), "{broken:?}");
        });
    }
}

#[test]
fn deep_nesting_ends() {
    for text in [
        "a = ".to_owned() + &"[".repeat(50_000),
        "a {".repeat(50_000),
        "a = ".to_owned() + &"f(".repeat(50_000),
    ] {
        with_root(&text, |root| assert!(root.is_mapping()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_its_end(text in "[a-c={}\\[\\]()\"<\\-\\\\$%#/*,:.ä \n]{0,80}") {
        prop_assert!(with_root(&text, |root| root.is_mapping()));
    }
}

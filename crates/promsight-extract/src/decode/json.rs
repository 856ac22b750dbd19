//! JSON text to a [`Tree`] (jsonc-parser 0.34 with every leniency switched off).
//!
//! Owns: the parser's values to nodes, string escapes with their places, and the second try at un-rendered
//! templates. It knows nothing of what the document means.

use std::ops::Range;

use jsonc_parser::ast::{ObjectPropName, StringLit, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use promsight_model::Embedded;

use super::template;
use super::tree::{Builder, Decoding, NodeId, Problem, Style, Text, Tree};

/// Texts above this are not parsed: a JSON file of this size is data, and its tree would take gigabytes.
pub const MAX_BYTES: usize = 128 * 1024 * 1024;

/// Everything that JSON (RFC 8259) does not allow is an error.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Reads a text as one JSON document. Never fails: a broken text gives a document with a problem and no root.
///
/// A text that does not parse and holds template actions is read once more with these masked (see
/// [`template::mask`]): as digits, so that an action can stand for a value as well as inside a string.
pub fn parse(source: &Embedded) -> Tree<'_> {
    if source.text.len() > MAX_BYTES {
        let message = format!("the text is larger than {} MiB", MAX_BYTES / (1024 * 1024));
        return broken(source, Problem { message, range: 0..0 });
    }
    match read(source, &source.text, false) {
        Ok(tree) => tree,
        Err(problem) if template::has_actions(&source.text) => template::mask(&source.text, b'1')
            .and_then(|masked| read(source, &masked, true).ok())
            .unwrap_or_else(|| broken(source, problem)),
        Err(problem) => broken(source, problem),
    }
}

fn broken(source: &Embedded, problem: Problem) -> Tree<'_> {
    let mut builder = Builder::new(source, false);
    builder.document(None, Some(problem));
    builder.finish()
}

fn read<'source>(source: &'source Embedded, parsed: &str, templated: bool) -> Result<Tree<'source>, Problem> {
    let parse_result =
        parse_to_ast(parsed, &CollectOptions::default(), &STRICT).map_err(|error| Problem {
            message: error.kind().to_string(),
            range: error.range().start..error.range().end,
        })?;
    let Some(value) = parse_result.value else {
        return Err(Problem {
            message: "the text is empty".to_owned(),
            range: 0..0,
        });
    };
    let mut reader = Reader {
        builder: Builder::new(source, templated),
        parsed,
        written: &source.text,
    };
    let root = reader.value(&value);
    reader.builder.document(Some(root), None);
    Ok(reader.builder.finish())
}

struct Reader<'source, 'text> {
    builder: Builder<'source>,
    parsed: &'text str,
    written: &'text str,
}

impl Reader<'_, '_> {
    /// Recursion is bounded: the parser itself refuses more than 512 levels.
    fn value(&mut self, value: &Value<'_>) -> NodeId {
        let range = value.range().start..value.range().end;
        match value {
            Value::StringLit(string) => self.string(string),
            Value::NumberLit(_) | Value::BooleanLit(_) | Value::NullKeyword(_) => {
                self.builder
                    .scalar(range.clone(), Style::Plain, Text::Verbatim(range))
            }
            Value::Array(array) => {
                let node = self.builder.open(range.start);
                let items: Vec<NodeId> = array.elements.iter().map(|element| self.value(element)).collect();
                self.builder.close_sequence(node, &items, range.end);
                node
            }
            Value::Object(object) => {
                let node = self.builder.open(range.start);
                let mut entries = Vec::with_capacity(object.properties.len());
                for property in &object.properties {
                    let key = match &property.name {
                        ObjectPropName::String(string) => self.string(string),
                        ObjectPropName::Word(word) => {
                            let range = word.range.start..word.range.end;
                            self.builder
                                .scalar(range.clone(), Style::Plain, Text::Verbatim(range))
                        }
                    };
                    entries.push((key, self.value(&property.value)));
                }
                self.builder.close_mapping(node, &entries, range.end);
                node
            }
        }
    }

    fn string(&mut self, string: &StringLit<'_>) -> NodeId {
        let range = string.range.start..string.range.end;
        let content = range.start + 1..range.end.saturating_sub(1).max(range.start + 1);
        let text = if self.parsed.get(content.clone()) == Some(string.value.as_ref()) {
            Text::Verbatim(content)
        } else {
            self.unescape(content, &string.value)
        };
        self.builder.scalar(range, Style::Quoted, text)
    }

    fn unescape(&self, content: Range<usize>, decoded: &str) -> Text {
        let mut decoding = Decoding::new(self.parsed, self.written, content.start);
        let mut position = content.start;
        while let Some(at) = memchr::memchr(b'\\', &self.parsed.as_bytes()[position..content.end]) {
            let escape = position + at;
            decoding.verbatim(position..escape);
            // The parser knows the value; the comparison at the end proves that the lengths were right.
            let value = decoded
                .get(decoding.decoded_len()..)
                .and_then(|rest| rest.chars().next());
            let length = match self.parsed.as_bytes().get(escape + 1) {
                Some(b'u') if value.is_some_and(|value| value > '\u{FFFF}') => 12,
                Some(b'u') => 6,
                _ => 2,
            };
            position = (escape + length).min(content.end);
            let mut buffer = [0; 4];
            decoding.replaced(
                value.map_or("", |value| value.encode_utf8(&mut buffer)),
                escape..position,
            );
        }
        decoding.verbatim(position..content.end);
        decoding.verified(decoded, content)
    }
}

#[cfg(test)]
mod tests {
    use promsight_model::FileId;
    use proptest::prelude::*;

    use super::*;
    use crate::decode::tree::Node;

    fn root<'tree>(tree: &'tree Tree<'tree>) -> Node<'tree> {
        tree.documents()
            .next()
            .and_then(|document| document.root())
            .expect("the text is JSON")
    }

    fn whole(text: &str) -> Embedded {
        Embedded::whole(FileId(0), text)
    }

    #[test]
    fn values_keep_their_places() {
        let text = r#"{"a": ["x", 1, null], "b\n": {"c": true}}"#;
        let source = whole(text);
        let tree = parse(&source);
        let items: Vec<&str> = root(&tree)
            .get("a")
            .into_iter()
            .flat_map(Node::items)
            .map(|item| &text[item.span().range()])
            .collect();
        assert_eq!(items, vec!["\"x\"", "1", "null"]);
        assert_eq!(root(&tree).get("b\n").and_then(|b| b.get_str("c")), Some("true"));
    }

    #[test]
    fn leniency_is_off() {
        for text in [
            "{a: 1}", "[1,]", "[1 2]", "{'a': 1}", "// x\n1", "[0x1]", "[NaN]", "[+1]", "[.5]", "", "1 2",
        ] {
            let source = whole(text);
            assert!(parse(&source).problems().next().is_some(), "{text:?} is no JSON");
        }
    }

    #[test]
    fn a_problem_has_a_place() {
        let source = whole("{\"a\": 1,\n \"b\": }");
        let tree = parse(&source);
        let problem = tree.problems().next().expect("a value is missing");
        assert_eq!(&source.text[problem.range.clone()], "}");
    }

    #[test]
    fn deep_nesting_is_a_problem_and_no_crash() {
        let source = whole(&"[".repeat(100_000));
        assert!(parse(&source).problems().next().is_some());
    }

    #[test]
    fn templates_are_read_with_their_actions_in_place() {
        let text = "{\n  {{ if .x }}\n  \"uid\": {{ .uid }},\n  {{ end }}\n  \"expr\": \"up{a=\\\"{{ .a }}\\\"}\"\n}";
        let source = whole(text);
        let tree = parse(&source);
        assert!(tree.templated());
        assert_eq!(root(&tree).get_str("uid"), Some("{{ .uid }}"));
        assert_eq!(root(&tree).get_str("expr"), Some("up{a=\"{{ .a }}\"}"));
    }

    proptest! {
        // A failing case becomes a plain test, not a file of seeds.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Each part of a string is plain text or an escape, and maps to exactly what was written for it.
        #[test]
        fn strings_map(parts in prop::collection::vec(prop_oneof![
            "[a-zä日😀 '/]{1,6}".prop_map(|text| (text.clone(), text)),
            Just(("\\n".to_owned(), "\n".to_owned())),
            Just(("\\\"".to_owned(), "\"".to_owned())),
            Just(("\\\\".to_owned(), "\\".to_owned())),
            Just(("\\/".to_owned(), "/".to_owned())),
            Just(("\\u00e4".to_owned(), "ä".to_owned())),
            Just(("\\u0041".to_owned(), "A".to_owned())),
            Just(("\\ud83d\\ude00".to_owned(), "😀".to_owned())),
        ], 0..12)) {
            let mut text = "{\"k\": \"".to_owned();
            let mut expected = String::new();
            let mut places = Vec::new();
            for (written, decoded) in &parts {
                places.push((expected.len()..expected.len() + decoded.len(), text.len()..text.len() + written.len()));
                text.push_str(written);
                expected.push_str(decoded);
            }
            text.push_str("\"}");
            let source = whole(&text);
            let tree = parse(&source);
            let string = root(&tree).get("k").and_then(Node::embedded).expect("a string");
            prop_assert_eq!(&string.text, &expected);
            for (decoded, written) in places {
                prop_assert_eq!(string.span(decoded).range(), written);
            }
        }
    }
}

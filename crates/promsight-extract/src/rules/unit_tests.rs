//! Unit tests of rules, as promtool and vmalert-tool run them.
//!
//! A test feeds series of its own making, so it neither emits nor looks; but what it feeds says what its author
//! believes to exist, and what it expects says which alerts there are.

use promsight_model::{RuleTest, Selector, SelectorName};
use promsight_promql::Holes;

use crate::collect::{Collector, trimmed};
use crate::decode::tree::Node;
use crate::query::{self, VariableValues};

/// Whether a document is such a test.
pub(crate) fn is_test(root: Node<'_>) -> bool {
    root.get("rule_files").is_some() && root.get("tests").is_some_and(Node::is_sequence)
}

/// Reads a test: the series that it feeds and the alerts that it expects.
pub(crate) fn read(root: Node<'_>, collector: &mut Collector<'_>) {
    let files = root.get("rule_files");
    let mut test = RuleTest {
        rule_files: files
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|file| file.as_str().map(str::to_owned))
            .collect(),
        ..RuleTest::default()
    };
    for case in items(root, "tests") {
        for input in items(case, "input_series") {
            test.series.extend(series(input));
        }
        for expected in items(case, "alert_rule_test") {
            let Some(name) = expected.get("alertname").and_then(Node::embedded) else {
                continue;
            };
            let name = trimmed(&name);
            test.alerts.push((name.text.clone(), name.whole_span()));
        }
    }
    collector.rule_test(test);
}

fn items<'tree>(node: Node<'tree>, key: &str) -> impl Iterator<Item = Node<'tree>> {
    node.get(key).into_iter().flat_map(Node::items)
}

/// `series: 'name{label="value"}'`.
fn series(input: Node<'_>) -> Option<Selector> {
    let text = trimmed(&input.get("series")?.embedded()?);
    let query = query::read(&text, 0, Holes::NONE, &VariableValues::new());
    let selector = query.selectors.into_iter().next()?;
    matches!(selector.name, SelectorName::Exact(_)).then_some(selector)
}

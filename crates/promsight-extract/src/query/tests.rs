use std::sync::Arc;

use promsight_model::flow::{LabelUseKind, Number, Operand, Operator, StepKind};
use promsight_model::{Embedded, FileSet, SelectorName};

use super::*;

/// Calls `check` with the query of a file of which it is the text from `expr: ` on.
fn with_query(file: &str, variables: &[(&str, &[&str])], check: impl Fn(&FileSet, &Query)) {
    let path = "rules.yaml".to_owned();
    let files = FileSet::new(vec![(path.clone(), path, Arc::from(file))]);
    let start = file.find("expr: ").expect("the file has a query") + "expr: ".len();
    let text = Embedded::whole(files.files()[0].id, file).slice(start..file.len());
    let values = variables.iter().map(|(name, values)| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        ((*name).to_owned(), values)
    });
    check(&files, &read(&text, 0, Holes::ALL, &values.collect()));
}

#[test]
fn the_flow_has_places_in_the_file() {
    let file =
        "- alert: Slow\n  expr: histogram_quantile(0.9, sum by (le, shelf) (rate(books_bucket[5m]))) > 60";
    with_query(file, &[], |files, query| {
        let flow = query.flow.as_ref().expect("the query is parsed");
        let steps: Vec<&str> = flow.paths[0]
            .steps
            .iter()
            .map(|step| files.text(step.span))
            .collect();
        assert_eq!(steps, [">", "histogram_quantile", "sum", "rate", "[5m]"]);
        assert_eq!(files.text(flow.paths[0].steps[3].whole), "rate(books_bucket[5m])");
        let StepKind::Operator { operator, other, .. } = &flow.paths[0].steps[0].kind else {
            panic!("the outermost step compares");
        };
        assert_eq!(*operator, Operator::Greater);
        let Operand::Number { value, span } = *other else {
            panic!("with a number");
        };
        assert_eq!((Some(value), files.text(span)), (Number::new(60.0), "60"));
        let uses: Vec<(LabelUseKind, &str)> = flow
            .uses
            .iter()
            .map(|label| (label.kind, files.text(label.span)))
            .collect();
        assert_eq!(
            uses,
            [
                (LabelUseKind::Bound, "histogram_quantile"),
                (LabelUseKind::By, "le"),
                (LabelUseKind::By, "shelf"),
            ]
        );
        let dropped = flow.result.source("author").dropped.as_ref();
        assert_eq!(dropped.map(|dropped| files.text(dropped.span)), Some("sum"));
        assert!(flow.result.is_complete());
    });
}

#[test]
fn a_selector_that_becomes_several_flows_as_each_of_them() {
    let variables: &[(&str, &[&str])] = &[("kind", &["novel", "atlas"])];
    with_query(
        "expr: sum by (shelf) (a - ${kind}_total) / b",
        variables,
        |_, query| {
            let names: Vec<&SelectorName> = query.selectors.iter().map(|selector| &selector.name).collect();
            let exact = |name: &str| SelectorName::Exact(name.to_owned());
            assert_eq!(
                names,
                [
                    &exact("a"),
                    &exact("novel_total"),
                    &exact("atlas_total"),
                    &exact("b")
                ]
            );
            let flow = query.flow.as_ref().expect("the query is parsed");
            assert_eq!(flow.paths.len(), 4);
            assert_eq!(flow.paths[1], flow.paths[2]);
            assert_eq!(flow.uses[0].source.selectors, [0, 1, 2]);
            assert_eq!(flow.uses_of(2).count(), 1);
            assert_eq!(flow.uses_of(3).count(), 0);
            assert_eq!(flow.joins[1].right.others.selectors, [3]);
        },
    );
}

#[test]
fn a_matcher_says_whether_the_label_must_be_there() {
    with_query(
        "expr: a{b=\"c\", d!=\"e\", f=~\"g|\", h=~\".+\", i=\"$j\"}",
        &[],
        |_, query| {
            let refusing: Vec<bool> = query.selectors[0]
                .matchers
                .iter()
                .map(|matcher| matcher.refuses_empty)
                .collect();
            assert_eq!(refusing, [true, false, false, true, false]);
        },
    );
}

#[test]
fn a_query_that_is_not_parsed_has_no_flow() {
    with_query("expr: sum(", &[], |_, query| assert_eq!(query.flow, None));
}

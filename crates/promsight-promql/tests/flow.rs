//! The cases of `flow.txt`: queries with what they do to the series of their selectors.
//!
//! The file's own head explains the language. A case that differs fails with the lines as they should read.

#![expect(clippy::expect_used, reason = "a test stops where its data cannot be read")]

use promsight_promql::flow::{Flow, Grouping, LabelSource, Labels, Matching, Operand, Side, StepKind};
use promsight_promql::{Analysis, Holes, SelectorName, analyze};

const CASES: &str = include_str!("flow.txt");

struct Case<'text> {
    line: usize,
    query: &'text str,
    expected: Vec<&'text str>,
}

fn cases() -> Vec<Case<'static>> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in CASES.lines().enumerate() {
        if line.is_empty() || line.starts_with("## ") {
            continue;
        }
        match line.strip_prefix("    ") {
            Some(detail) => {
                let case = cases.last_mut().expect("a detail follows a query");
                case.expected.push(detail);
            }
            None => cases.push(Case {
                line: index + 1,
                query: line,
                expected: Vec::new(),
            }),
        }
    }
    cases
}

struct Shown<'query> {
    query: &'query str,
    analysis: &'query Analysis,
}

impl Shown<'_> {
    fn name(&self, selector: usize) -> String {
        match &self.analysis.selectors[selector].name {
            SelectorName::Exact(name) => name.clone(),
            _ => format!("#{selector}"),
        }
    }

    fn source(&self, source: &LabelSource) -> String {
        let mut givers: Vec<String> = source
            .selectors
            .iter()
            .map(|selector| self.name(*selector))
            .collect();
        if source.is_written {
            givers.push("written".to_owned());
        }
        if source.is_unknown {
            givers.push("unknown".to_owned());
        }
        let mut text = givers.join("|");
        if givers.is_empty() {
            text.push_str("nobody");
        }
        if source.is_certain {
            text.push('!');
        }
        if let Some(dropped) = &source.dropped {
            let from: Vec<String> = dropped
                .selectors
                .iter()
                .map(|selector| self.name(*selector))
                .collect();
            text.push_str(&format!(
                " (`{}` took it from {})",
                &self.query[dropped.range.clone()],
                from.join(", ")
            ));
        }
        text
    }

    fn labels(&self, labels: &Labels) -> String {
        let named = labels.named.iter().filter(|(name, _)| *name != "__name__");
        let mut shown: Vec<String> = named
            .map(|(name, source)| format!("{name}={}", self.source(source)))
            .collect();
        shown.push(format!("others={}", self.source(&labels.others)));
        shown.join(", ")
    }

    fn number(number: Option<f64>) -> String {
        number.map_or("?".to_owned(), |number| number.to_string())
    }

    fn step(&self, kind: &StepKind) -> String {
        match kind {
            StepKind::Function {
                name,
                argument,
                numbers,
            } => {
                let known = numbers.iter().any(Option::is_some);
                let numbers: Vec<String> = numbers.iter().copied().map(Self::number).collect();
                let numbers = if known {
                    format!("({})", numbers.join(", "))
                } else {
                    String::new()
                };
                format!("{name}{numbers}#{argument}")
            }
            StepKind::Aggregation {
                name,
                grouping,
                parameter,
                in_parameter,
            } => {
                let grouping = match grouping {
                    Grouping::All => "",
                    Grouping::By => " by",
                    Grouping::Without => " without",
                };
                let parameter = parameter.map_or(String::new(), |number| format!("({number})"));
                let place = if *in_parameter { "#parameter" } else { "" };
                format!("{name}{parameter}{grouping}{place}")
            }
            StepKind::Operator {
                operator,
                side,
                other,
                gives_bool,
            } => {
                let other = match other {
                    Operand::Number { value, .. } => value.to_string(),
                    Operand::Constant { value, .. } => format!("vector({value})"),
                    Operand::Scalar(range) | Operand::Vector(range) => self.query[range.clone()].to_owned(),
                    Operand::Unknown(range) => format!("?{}", &self.query[range.clone()]),
                };
                let gives_bool = if *gives_bool { " bool" } else { "" };
                match side {
                    Side::Left => format!("_ {operator:?}{gives_bool} {other}"),
                    Side::Right => format!("{other} {operator:?}{gives_bool} _"),
                }
            }
            StepKind::Negation => "-".to_owned(),
            StepKind::Range(seconds) => format!("[{}]", Self::number(*seconds)),
            StepKind::Subquery => "[:]".to_owned(),
        }
    }

    fn lines(&self, flow: &Flow) -> Vec<String> {
        let mut lines = Vec::new();
        for (selector, path) in flow.paths.iter().enumerate() {
            if path.steps.is_empty() {
                continue;
            }
            let steps: Vec<String> = path.steps.iter().map(|step| self.step(&step.kind)).collect();
            let cut = if path.is_cut { "… " } else { "" };
            lines.push(format!("{}: {cut}{}", self.name(selector), steps.join("; ")));
        }
        for label in &flow.uses {
            let place = &self.query[label.range.clone()];
            let place = if place == label.label {
                String::new()
            } else {
                format!(" at {place}")
            };
            lines.push(format!(
                "{:?} {}{place}: {}",
                label.kind,
                label.label,
                self.source(&label.source)
            ));
        }
        for join in &flow.joins {
            let matching = match &join.matching {
                Matching::AllBut(labels) if labels.is_empty() => "all".to_owned(),
                Matching::AllBut(labels) => format!("all but {}", labels.join(" ")),
                Matching::On(labels) => format!("on {}", labels.join(" ")),
                Matching::Unknown => "unknown".to_owned(),
            };
            let many = match join.many {
                None => "",
                Some(Side::Left) => ", many left",
                Some(Side::Right) => ", many right",
            };
            lines.push(format!(
                "join {}: {matching}{many}; left {}; right {}",
                &self.query[join.range.clone()],
                self.labels(&join.left),
                self.labels(&join.right)
            ));
        }
        lines.push(format!("result {}", self.labels(&flow.result)));
        lines
    }
}

fn lines(query: &str) -> Vec<String> {
    let analysis = analyze(query, Holes::ALL);
    let shown = Shown {
        query,
        analysis: &analysis,
    };
    match &analysis.flow {
        Some(flow) => shown.lines(flow),
        None => vec!["none".to_owned()],
    }
}

#[test]
fn every_query_flows_as_written() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = lines(case.query);
        if found != case.expected {
            let shown: String = found.iter().map(|line| format!("\n    {line}")).collect();
            wrong.push(format!("line {}:\n{}{shown}", case.line, case.query));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of the cases differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

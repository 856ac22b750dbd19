//! The flow of a query, from byte ranges of its text to spans of the file and from selectors as written to selectors
//! as they are after a templated name became several.

use std::ops::Range;

use promsight_model::flow as model;
use promsight_model::{Embedded, Span};
use promsight_promql::flow as promql;

/// `selectors` holds, for each selector of the query as written, the indices of those that it became.
pub(super) fn read(text: &Embedded, flow: promql::Flow, selectors: &[Range<usize>]) -> model::Flow {
    let reader = Reader { text, selectors };
    let mut paths = Vec::new();
    for (path, indices) in flow.paths.into_iter().zip(selectors) {
        let path = reader.path(path);
        paths.extend(indices.clone().map(|_| path.clone()));
    }
    model::Flow {
        paths,
        uses: flow
            .uses
            .into_iter()
            .map(|label| reader.label_use(label))
            .collect(),
        joins: flow.joins.into_iter().map(|join| reader.join(join)).collect(),
        result: reader.labels(flow.result),
    }
}

struct Reader<'query> {
    text: &'query Embedded,
    selectors: &'query [Range<usize>],
}

impl Reader<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        self.text.span(range)
    }

    fn indices(&self, numbers: &[usize]) -> Vec<usize> {
        let became = numbers.iter().filter_map(|number| self.selectors.get(*number));
        became.cloned().flatten().collect()
    }

    fn path(&self, path: promql::SelectorPath) -> model::SelectorPath {
        model::SelectorPath {
            steps: path.steps.into_iter().map(|step| self.step(step)).collect(),
            is_cut: path.is_cut,
        }
    }

    fn step(&self, step: promql::Step) -> model::Step {
        let number = |number: Option<f64>| number.and_then(model::Number::new);
        let kind = match step.kind {
            promql::StepKind::Function {
                name,
                argument,
                numbers,
            } => model::StepKind::Function {
                name,
                argument,
                numbers: numbers.into_iter().map(number).collect(),
            },
            promql::StepKind::Aggregation {
                name,
                grouping,
                parameter,
                in_parameter,
            } => model::StepKind::Aggregation {
                name,
                grouping: match grouping {
                    promql::Grouping::All => model::Grouping::All,
                    promql::Grouping::By => model::Grouping::By,
                    promql::Grouping::Without => model::Grouping::Without,
                },
                parameter: number(parameter),
                in_parameter,
            },
            promql::StepKind::Operator {
                operator: sign,
                side: place,
                other,
                gives_bool,
            } => model::StepKind::Operator {
                operator: operator(sign),
                side: side(place),
                other: self.operand(other),
                gives_bool,
            },
            promql::StepKind::Negation => model::StepKind::Negation,
            promql::StepKind::Range(seconds) => model::StepKind::Range(number(seconds)),
            promql::StepKind::Subquery => model::StepKind::Subquery,
        };
        model::Step {
            kind,
            span: self.span(step.range),
            whole: self.span(step.whole),
        }
    }

    fn operand(&self, operand: promql::Operand) -> model::Operand {
        match operand {
            promql::Operand::Number { value, range } => {
                let span = self.span(range);
                match model::Number::new(value) {
                    Some(value) => model::Operand::Number { value, span },
                    None => model::Operand::Scalar(span),
                }
            }
            promql::Operand::Constant { value, range } => {
                let span = self.span(range);
                match model::Number::new(value) {
                    Some(value) => model::Operand::Constant { value, span },
                    None => model::Operand::Vector(span),
                }
            }
            promql::Operand::Scalar(range) => model::Operand::Scalar(self.span(range)),
            promql::Operand::Vector(range) => model::Operand::Vector(self.span(range)),
            promql::Operand::Unknown(range) => model::Operand::Unknown(self.span(range)),
        }
    }

    fn label_use(&self, label: promql::LabelUse) -> model::LabelUse {
        model::LabelUse {
            label: label.label,
            span: self.span(label.range),
            kind: use_kind(label.kind),
            source: self.source(label.source),
            join: label.join,
        }
    }

    fn join(&self, join: promql::Join) -> model::Join {
        model::Join {
            operator: operator(join.operator),
            span: self.span(join.range),
            matching: match join.matching {
                promql::Matching::AllBut(labels) => model::Matching::AllBut(labels),
                promql::Matching::On(labels) => model::Matching::On(labels),
                promql::Matching::Unknown => model::Matching::Unknown,
            },
            many: join.many.map(side),
            left: self.labels(join.left),
            right: self.labels(join.right),
            left_span: self.span(join.left_range),
            right_span: self.span(join.right_range),
        }
    }

    fn labels(&self, labels: promql::Labels) -> model::Labels {
        let named = labels.named.into_iter();
        model::Labels {
            named: named
                .map(|(label, source)| (label, self.source(source)))
                .collect(),
            others: self.source(labels.others),
        }
    }

    fn source(&self, source: promql::LabelSource) -> model::LabelSource {
        model::LabelSource {
            selectors: self.indices(&source.selectors),
            is_written: source.is_written,
            is_unknown: source.is_unknown,
            is_certain: source.is_certain,
            dropped: source.dropped.map(|dropped| model::Dropped {
                span: self.span(dropped.range),
                selectors: self.indices(&dropped.selectors),
            }),
        }
    }
}

fn side(side: promql::Side) -> model::Side {
    match side {
        promql::Side::Left => model::Side::Left,
        promql::Side::Right => model::Side::Right,
    }
}

fn use_kind(kind: promql::LabelUseKind) -> model::LabelUseKind {
    match kind {
        promql::LabelUseKind::By => model::LabelUseKind::By,
        promql::LabelUseKind::Without => model::LabelUseKind::Without,
        promql::LabelUseKind::OnLeft => model::LabelUseKind::OnLeft,
        promql::LabelUseKind::OnRight => model::LabelUseKind::OnRight,
        promql::LabelUseKind::Ignoring => model::LabelUseKind::Ignoring,
        promql::LabelUseKind::Include => model::LabelUseKind::Include,
        promql::LabelUseKind::ReplaceSource => model::LabelUseKind::ReplaceSource,
        promql::LabelUseKind::JoinSource => model::LabelUseKind::JoinSource,
        promql::LabelUseKind::Sort => model::LabelUseKind::Sort,
        promql::LabelUseKind::Bound => model::LabelUseKind::Bound,
    }
}

fn operator(operator: promql::Operator) -> model::Operator {
    match operator {
        promql::Operator::Add => model::Operator::Add,
        promql::Operator::Subtract => model::Operator::Subtract,
        promql::Operator::Multiply => model::Operator::Multiply,
        promql::Operator::Divide => model::Operator::Divide,
        promql::Operator::Modulo => model::Operator::Modulo,
        promql::Operator::Power => model::Operator::Power,
        promql::Operator::Atan2 => model::Operator::Atan2,
        promql::Operator::Equal => model::Operator::Equal,
        promql::Operator::NotEqual => model::Operator::NotEqual,
        promql::Operator::Less => model::Operator::Less,
        promql::Operator::LessOrEqual => model::Operator::LessOrEqual,
        promql::Operator::Greater => model::Operator::Greater,
        promql::Operator::GreaterOrEqual => model::Operator::GreaterOrEqual,
        promql::Operator::TrimUpper => model::Operator::TrimUpper,
        promql::Operator::TrimLower => model::Operator::TrimLower,
        promql::Operator::And => model::Operator::And,
        promql::Operator::Or => model::Operator::Or,
        promql::Operator::Unless => model::Operator::Unless,
        promql::Operator::Unknown => model::Operator::Unknown,
    }
}

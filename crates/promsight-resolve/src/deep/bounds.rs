//! Quantiles that a histogram's bounds cannot give.

use promsight_model::flow::{LabelUseKind, Operand, Operator, Side, StepKind};
use promsight_model::{Consumer, ConsumerKind, SelectorName, Span};

use super::Asking;
use super::presence::Presence;

/// A quantile that can never be what a query waits for.
#[derive(Clone, Debug)]
pub struct BoundMismatch {
    /// Who asks.
    pub consumer: Consumer,
    /// The series.
    pub series: String,
    /// Where it goes wrong: the threshold, or what takes `le` away.
    pub span: Span,
    /// What is wrong.
    pub problem: BoundProblem,
    /// Where the histogram is declared, where it is in the tree.
    pub declared: Option<Span>,
}

/// What is wrong with a quantile.
#[derive(Clone, Debug, PartialEq)]
pub enum BoundProblem {
    /// A quantile is at most the last finite bound, and the threshold is not below it.
    BeyondLast {
        /// The threshold.
        threshold: f64,
        /// The last finite bound.
        last: f64,
    },
    /// `le` is aggregated away below the quantile.
    NoBounds,
}

/// What one query asks of bounds.
pub(super) fn of(asking: &Asking<'_>, presence: &Presence<'_, '_>) -> Vec<BoundMismatch> {
    let mut found: Vec<BoundMismatch> = lost_bounds(asking).collect();
    if asking.consumer.kind != ConsumerKind::Alert {
        return found;
    }
    for (selector, path) in asking.query.selectors.iter().zip(&asking.flow.paths) {
        let SelectorName::Exact(series) = &selector.name else {
            continue;
        };
        let Some((threshold, span)) = threshold(path) else {
            continue;
        };
        let Some(declarations) = presence.declarations(series) else {
            continue;
        };
        let bounds: Option<Vec<f64>> = declarations
            .iter()
            .map(|(_, emitter)| last_finite(emitter.buckets.as_deref()?))
            .collect();
        let Some(last) = bounds.and_then(|bounds| bounds.into_iter().max_by(f64::total_cmp)) else {
            continue;
        };
        let is_never = match threshold.0 {
            Operator::Greater => threshold.1 >= last,
            Operator::GreaterOrEqual | Operator::Equal => threshold.1 > last,
            _ => false,
        };
        if is_never {
            found.push(BoundMismatch {
                consumer: asking.consumer.clone(),
                series: series.clone(),
                span,
                problem: BoundProblem::BeyondLast {
                    threshold: threshold.1,
                    last,
                },
                declared: declarations.first().map(|(_, emitter)| emitter.span),
            });
        }
    }
    found
}

/// The comparison right around `histogram_quantile`, the quantile taken for the left side.
fn threshold(path: &promsight_model::flow::SelectorPath) -> Option<((Operator, f64), Span)> {
    let at = path.steps.iter().position(|step| {
        matches!(&step.kind, StepKind::Function { name, argument: 1, .. } if name == "histogram_quantile")
    })?;
    // The greatest, the least and the mean of quantiles are no greater than the last bound either.
    let outer = path.steps[..at].iter().rev().find(|step| {
        !matches!(&step.kind, StepKind::Aggregation { name, .. } if matches!(name.as_str(), "max" | "min" | "avg"))
    })?;
    let StepKind::Operator {
        operator,
        side,
        other: Operand::Number { value, span },
        ..
    } = &outer.kind
    else {
        return None;
    };
    let operator = if *side == Side::Left {
        *operator
    } else {
        operator.mirrored()
    };
    Some(((operator, value.value()), *span))
}

fn last_finite(bounds: &[String]) -> Option<f64> {
    bounds
        .iter()
        .filter_map(|bound| bound.parse::<f64>().ok())
        .filter(|bound| bound.is_finite())
        .max_by(f64::total_cmp)
}

fn lost_bounds<'a>(asking: &'a Asking<'a>) -> impl Iterator<Item = BoundMismatch> + 'a {
    asking.flow.uses.iter().filter_map(move |asked| {
        if asked.kind != LabelUseKind::Bound || !asked.source.is_absent() {
            return None;
        }
        let dropped = asked.source.dropped.as_ref()?;
        let series =
            dropped
                .selectors
                .iter()
                .find_map(|at| match &asking.query.selectors.get(*at)?.name {
                    // A native histogram has no `le` to lose.
                    SelectorName::Exact(series) if series.ends_with("_bucket") => Some(series.clone()),
                    _ => None,
                })?;
        Some(BoundMismatch {
            consumer: asking.consumer.clone(),
            series,
            span: dropped.span,
            problem: BoundProblem::NoBounds,
            declared: None,
        })
    })
}

//! Conditions of alerts that never hold, or always.

use promsight_model::flow::{Operand, Operator, Side, StepKind};
use promsight_model::{Consumer, Facts, RuleKind, Span};

use super::Asking;
use super::intervals::Values;
use super::ranges::{Closed, Compared, Ground, Outcome, Ranges};

/// A comparison whose outcome does not depend on what is scraped.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The alert.
    pub consumer: Consumer,
    /// The series.
    pub series: String,
    /// What the comparison comes to.
    pub truth: Truth,
    /// How much of the query it decides.
    pub closed: Closed,
    /// Where: the number that is compared with, or the comparison's sign.
    pub span: Span,
    /// Why.
    pub ground: ConditionGround,
}

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It never holds: the alert can never fire.
    Never,
    /// It holds whenever there is anything to compare: the alert always fires.
    Always,
}

/// Why a comparison never or always holds.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionGround {
    /// What is compared has other values: the comparison, and the values in words.
    Values {
        /// The comparison, what has the values on its left.
        operator: Operator,
        /// The number it is compared with.
        threshold: f64,
        /// The least value.
        least: f64,
        /// The greatest value.
        greatest: f64,
        /// Every value, where these are few.
        values: Vec<f64>,
        /// The declaration whose code gives these values; `None` where the function or type gives no others.
        declared: Option<Span>,
    },
    /// `bool` makes 0 of what does not hold, and 0 is a result.
    Bool,
}

/// The conditions of the alerts that Prometheus evaluates.
pub(super) fn of(facts: &[Facts], ranges: &Ranges<'_, '_>) -> Vec<Condition> {
    let mut found: Vec<Condition> = facts
        .iter()
        .flat_map(alerts)
        .flat_map(|asking| of_alert(&asking, ranges))
        .collect();
    found.sort_by(|left, right| (left.span, &left.series).cmp(&(right.span, &right.series)));
    found.dedup_by(|left, right| left.span == right.span);
    found
}

/// The alerts of rule files. Rules that Grafana evaluates have no `for` of their own in the data that is read, and take the
/// absence of a result for a state.
fn alerts(facts: &Facts) -> impl Iterator<Item = Asking<'_>> {
    let rules = facts
        .rules
        .iter()
        .filter(|rule| rule.kind == RuleKind::Alert && rule.waits.is_some());
    rules.filter_map(|rule| {
        let query = facts.queries.get(rule.query?)?;
        Some(Asking {
            consumer: facts.consumers.get(rule.consumer)?,
            query,
            flow: query.flow.as_ref()?,
        })
    })
}

fn of_alert(asking: &Asking<'_>, ranges: &Ranges<'_, '_>) -> Vec<Condition> {
    let selectors = asking.query.selectors.iter().enumerate();
    selectors
        .filter_map(|(at, selector)| {
            let (truth, closed, span, ground) = match ranges.outcome(asking, at) {
                Some(Outcome::Never(compared, closed)) => {
                    (Truth::Never, closed, compared.span, ground(&compared)?)
                }
                Some(Outcome::Always(compared)) => {
                    (Truth::Always, Closed::Whole, compared.span, ground(&compared)?)
                }
                None => (
                    Truth::Always,
                    Closed::Whole,
                    unfiltered(asking, at)?,
                    ConditionGround::Bool,
                ),
            };
            Some(Condition {
                consumer: asking.consumer.clone(),
                series: crate::selector_text(selector),
                truth,
                closed,
                span,
                ground,
            })
        })
        .collect()
}

/// Why, where it is not a histogram's bounds: these are another check's.
fn ground(compared: &Compared) -> Option<ConditionGround> {
    let values = &compared.range.values;
    let declared = match &compared.range.ground {
        Ground::Code { declared, .. } => Some(*declared),
        Ground::Nature => None,
        Ground::Bounds { .. } => return None,
    };
    Some(ConditionGround::Values {
        operator: compared.operator,
        threshold: compared.threshold,
        least: values.least(),
        greatest: values.greatest(),
        values: match values {
            Values::Of(values) => values.clone(),
            Values::Between(..) => Vec::new(),
        },
        declared,
    })
}

/// The sign of the comparison that the whole expression is, where `bool` keeps what does not hold, and nothing within it keeps
/// any series away.
fn unfiltered(asking: &Asking<'_>, selector: usize) -> Option<Span> {
    let path = asking.flow.paths.get(selector)?;
    let (outermost, within) = path.steps.split_first().filter(|_| !path.is_cut)?;
    if within.iter().any(|step| may_give_nothing(&step.kind)) {
        return None;
    }
    match &outermost.kind {
        StepKind::Operator {
            operator,
            side: Side::Left,
            other: Operand::Number { .. } | Operand::Constant { .. } | Operand::Scalar(_) | Operand::Vector(_),
            gives_bool: true,
        } if operator.is_comparison() => Some(outermost.span),
        _ => None,
    }
}

/// Whether a step may have no result though its operand has one: it filters, or asks for absence.
fn may_give_nothing(step: &StepKind) -> bool {
    match step {
        StepKind::Operator {
            operator, gives_bool, ..
        } => operator.is_comparison() && !gives_bool || operator.is_set(),
        StepKind::Function { name, .. } => name.is_empty() || name.starts_with("absent"),
        StepKind::Aggregation { name, .. } => name.is_empty(),
        StepKind::Negation | StepKind::Range(_) | StepKind::Subquery => false,
    }
}

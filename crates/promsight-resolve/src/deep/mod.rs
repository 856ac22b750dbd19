//! What a query asks of series that exist: labels, values, types, bounds, and what its comparisons come to.
//!
//! Owns the comparison of a query's flow with the declarations behind its selectors. A series whose declaration is
//! not fully known, or which something outside the tree may expose as well, is never compared. Words nothing.

mod alert_labels;
mod bounds;
mod conditions;
mod hidden;
mod intervals;
mod jobs;
mod labels;
mod memo;
mod presence;
mod ranges;
mod shown;
mod stored_labels;
mod stores;
mod target_labels;
mod types;
mod values;

use std::collections::BTreeSet;

use promsight_model::{Confidence, Consumer, Facts, Flow, Query, SelectorName, Span};

pub use alert_labels::{AlertLabelMismatch, AskedOfAlerts};
pub use bounds::{BoundMismatch, BoundProblem};
pub use conditions::{Condition, ConditionGround, Truth};
pub use hidden::Hidden;
pub use labels::{LabelMismatch, LabelProblem};
pub use ranges::Closed;
pub use target_labels::is_usual_target_label;
pub use types::{Misuse, TypeMismatch};
pub use values::{Giver, ValueMismatch};

use promsight_scrape::ScrapeModel;

use crate::index::Index;
use crate::judge::Judge;
use crate::sight::Sights;
use crate::{BucketMismatch, Reference};

/// What is wrong with what queries ask.
#[derive(Clone, Debug, Default)]
pub struct Mismatches {
    /// Labels that no series has.
    pub labels: Vec<LabelMismatch>,
    /// Values that the code never gives a label.
    pub values: Vec<ValueMismatch>,
    /// Functions that do not fit the type.
    pub types: Vec<TypeMismatch>,
    /// Matchers on `le` that admit no bound.
    pub buckets: Vec<BucketMismatch>,
    /// Conditions of alerts that never or always hold.
    pub conditions: Vec<Condition>,
    /// Series that nothing emits, behind `or vector(…)`.
    pub hidden: Vec<Hidden>,
    /// Quantiles that the bounds cannot give.
    pub bounds: Vec<BoundMismatch>,
    /// Labels and values that no alert has.
    pub alert_labels: Vec<AlertLabelMismatch>,
    /// Absence that is asked for and always there.
    pub always_absent: Vec<AlwaysAbsent>,
}

/// `absent()` of a series that nothing emits.
#[derive(Clone, Debug)]
pub struct AlwaysAbsent {
    /// Who asks.
    pub consumer: Consumer,
    /// The series.
    pub series: String,
    /// Where its name stands.
    pub span: Span,
    /// How sure it is that nothing emits it.
    pub confidence: Confidence,
    /// The closest series that exists, with its place.
    pub closest: Option<(String, Span)>,
}

/// One query with what it does.
#[derive(Clone, Copy)]
struct Asking<'a> {
    consumer: &'a Consumer,
    query: &'a Query,
    flow: &'a Flow,
}

/// Compares every query that was parsed to the end.
pub(crate) fn mismatches(
    index: &Index<'_>,
    judge: &Judge<'_, '_>,
    facts: &[Facts],
    references: &[Reference],
    scrape: &ScrapeModel,
    sights: &Sights,
) -> Mismatches {
    let asking: Vec<Asking<'_>> = facts.iter().flat_map(all_of).collect();
    let targets = target_labels::TargetLabels::of(index, &asking, facts, scrape);
    let presence = presence::Presence::new(index, &targets);
    let ranges = ranges::Ranges::new(index, &presence);
    let label_values = values::LabelValues::new(index, &presence);
    let lost_bounds = bounds::LostBounds::default();
    let stores = stores::Stores::new(scrape, sights, index, &presence);
    let shapes = types::Shapes::new(index, &presence);
    let mut found = Mismatches {
        buckets: bounds::of_matchers(references, &presence),
        hidden: hidden::of(facts, references),
        ..Mismatches::default()
    };
    for asking in &asking {
        found.labels.extend(labels::of(asking, index, &presence));
        found.values.extend(values::of(asking, &label_values));
        found.values.extend(jobs::of(asking, index, scrape));
        add_stored(&mut found, stored_labels::of(asking, &stores));
        found.types.extend(types::of(asking, &shapes));
        found
            .bounds
            .extend(bounds::of(asking, index, &presence, &ranges, &lost_bounds));
        found.always_absent.extend(always_absent(asking, judge));
    }
    found.conditions = conditions::of(facts, &ranges);
    found.alert_labels = alert_labels::of(facts, &presence);
    let told: BTreeSet<(Span, String)> = found
        .labels
        .iter()
        .filter(|lacking| {
            let problem = lacking.problem;
            !matches!(problem, labels::LabelProblem::Join | labels::LabelProblem::Unless)
        })
        .map(|lacking| (lacking.consumer.scope, lacking.label.clone()))
        .collect();
    for facts in facts {
        found.labels.extend(shown::of(facts, index, &presence, &told));
    }
    found
}

/// Adds what the labels of stored series say to what the code and the query say. What both say is surer for it.
fn add_stored(found: &mut Mismatches, (labels, values): (Vec<LabelMismatch>, Vec<ValueMismatch>)) {
    for lacking in labels {
        let mut known = found.labels.iter_mut();
        match known.find(|known| known.span == lacking.span && known.label == lacking.label) {
            Some(known) => known.confidence = known.confidence.max(lacking.confidence),
            None => found.labels.push(lacking),
        }
    }
    for refused in values {
        let mut known = found.values.iter();
        if !known.any(|known| known.span == refused.span) {
            found.values.push(refused);
        }
    }
}

fn all_of(facts: &Facts) -> impl Iterator<Item = Asking<'_>> {
    facts.queries.iter().filter_map(|query| {
        Some(Asking {
            consumer: facts.consumers.get(query.consumer)?,
            query,
            flow: query.flow.as_ref()?,
        })
    })
}

/// An alert whose whole expression is the absence of a series that nothing emits.
fn always_absent(asking: &Asking<'_>, judge: &Judge<'_, '_>) -> Option<AlwaysAbsent> {
    if asking.consumer.kind != promsight_model::ConsumerKind::Alert {
        return None;
    }
    let [selector] = asking.query.selectors.as_slice() else {
        return None;
    };
    let SelectorName::Exact(series) = &selector.name else {
        return None;
    };
    let outermost = asking.flow.paths.first()?.steps.first()?;
    let is_absence = matches!(&outermost.kind, promsight_model::flow::StepKind::Function { name, .. }
        if name == "absent" || name == "absent_over_time");
    if !is_absence {
        return None;
    }
    let judgement = judge.judge_exact(series, &selector.functions, asking.consumer);
    let blindness = judgement.blindness?;
    Some(AlwaysAbsent {
        consumer: asking.consumer.clone(),
        series: series.clone(),
        span: selector.span,
        confidence: blindness.confidence,
        closest: blindness
            .closest
            .filter(|closest| closest.convincing)
            .map(|closest| (closest.series, closest.span)),
    })
}

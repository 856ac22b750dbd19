//! Series that nothing emits, behind `or vector(…)`: the expression has a result all the same, and nobody sees the gap.

use std::collections::BTreeMap;

use promsight_model::{ConsumerKind, Facts, FileId, Guard, Verdict};

use super::conditions::Truth;
use super::ranges::Ranges;
use crate::{Blindness, Reference};

/// A reference that sees nothing and has a number in its place.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// The reference.
    pub reference: Reference,
    /// Why nothing is there.
    pub blindness: Blindness,
    /// What the alert's comparison makes of the number, where that is known.
    pub truth: Option<Truth>,
}

/// The exempt references that evidence says this tree should emit.
pub(super) fn of(facts: &[Facts], references: &[Reference]) -> Vec<Hidden> {
    let by_file: BTreeMap<FileId, &Facts> = facts.iter().map(|facts| (facts.file, facts)).collect();
    let exempt = references.iter().filter(|reference| {
        reference.verdict == Verdict::Exempt && reference.selector.guard == Guard::OrVector
    });
    exempt
        .filter_map(|reference| {
            Some(Hidden {
                reference: reference.clone(),
                blindness: reference.blindness.clone()?,
                truth: by_file
                    .get(&reference.file())
                    .and_then(|facts| truth(facts, reference)),
            })
        })
        .collect()
}

fn truth(facts: &Facts, reference: &Reference) -> Option<Truth> {
    if reference.consumer.kind != ConsumerKind::Alert {
        return None;
    }
    let query = facts.queries.get(reference.query?)?;
    let at = query
        .selectors
        .iter()
        .position(|selector| selector.span == reference.selector.span)?;
    Ranges::outcome_of_stand_in(query.flow.as_ref()?.paths.get(at)?)
}

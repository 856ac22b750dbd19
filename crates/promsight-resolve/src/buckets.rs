//! Selectors of single buckets against the bounds that the histograms have.

use std::borrow::Cow;
use std::collections::BTreeSet;

use promsight_model::{Emitter, MatchOp, MatchValue, Origin, SelectorName, Verdict};

use crate::index::Index;
use crate::{BucketMismatch, Reference, float};

/// Selectors whose `le` names a bound that no emitter of the series has.
pub(crate) fn mismatches(index: &Index<'_>, references: &[Reference]) -> Vec<BucketMismatch> {
    let mut mismatches = Vec::new();
    for reference in references {
        let SelectorName::Exact(series) = &reference.selector.name else {
            continue;
        };
        let sees = matches!(reference.verdict, Verdict::Emitted | Verdict::External);
        if !sees || !series.ends_with("_bucket") {
            continue;
        }
        let known = index.emitting(series).iter().chain(index.witnessed(series));
        let emitters: Vec<_> = known.map(|at| &index.emitters()[*at]).collect();
        let Some(bounds) = emitters
            .iter()
            .map(|emitter| bounds_of(emitter))
            .collect::<Option<Vec<_>>>()
        else {
            continue;
        };
        let bounds: BTreeSet<&str> = bounds.iter().flatten().map(|bound| bound.as_ref()).collect();
        let Some(first) = emitters.first() else { continue };
        for matcher in &reference.selector.matchers {
            let MatchValue::Known(bound) = &matcher.value else {
                continue;
            };
            if matcher.label != "le" || matcher.op != MatchOp::Equal || bounds.contains(bound.as_str()) {
                continue;
            }
            mismatches.push(BucketMismatch {
                consumer: reference.consumer.clone(),
                series: series.clone(),
                bound: bound.clone(),
                span: matcher.value_span,
                bounds: first.buckets.clone().unwrap_or_default(),
                declared: first.span,
                spelling: same_number(bound, &bounds),
            });
        }
    }
    mismatches
}

/// The bounds of an emitter as a query may spell them.
fn bounds_of(emitter: &Emitter) -> Option<Vec<Cow<'_, str>>> {
    let written = emitter.buckets.as_deref()?;
    let mut bounds: Vec<Cow<'_, str>> = written.iter().map(Cow::from).collect();
    if emitter.origin == Origin::Snapshot {
        // Prometheus 3 writes bounds anew when it scrapes, Prometheus 2 keeps them.
        bounds.extend(
            written
                .iter()
                .filter_map(|bound| float::as_prometheus(bound))
                .map(Cow::from),
        );
    }
    Some(bounds)
}

/// The bound that is the same number in the client's spelling.
fn same_number(bound: &str, bounds: &BTreeSet<&str>) -> Option<String> {
    let number: f64 = bound.parse().ok()?;
    bounds
        .iter()
        .find(|candidate| candidate.parse::<f64>().is_ok_and(|value| value == number))
        .map(|candidate| (*candidate).to_owned())
}

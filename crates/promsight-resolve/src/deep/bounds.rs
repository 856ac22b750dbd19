//! Bounds and quantiles that a histogram cannot give.

use std::collections::BTreeSet;

use promsight_model::flow::LabelUseKind;
use promsight_model::{
    Consumer, ConsumerKind, FileId, Guard, MatchOp, MatchValue, Matcher, SelectorName, Span,
};

use super::Asking;
use super::memo::Memo;
use super::presence::Presence;
use super::ranges::{Closed, Ground, Outcome, Ranges};
use crate::index::Index;
use crate::{BucketMismatch, Reference};
use promsight_scrape::re2::anchored;

/// Recording rules that are followed one through another.
const MOST_RULES: usize = 16;

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
    /// Where the histogram is declared, where it is in the tree; of lost bounds the recording rule that loses them.
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
        /// The most that is compared: the last bound times what the query multiplies it by.
        most: f64,
        /// How much of the query never gives a result.
        closed: Closed,
    },
    /// `le` is aggregated away below the quantile.
    NoBounds,
}

/// What one query asks of bounds.
pub(super) fn of(
    asking: &Asking<'_>,
    index: &Index<'_>,
    presence: &Presence<'_, '_>,
    ranges: &Ranges<'_, '_>,
    lost: &LostBounds,
) -> Vec<BoundMismatch> {
    let mut found = lost_bounds(asking, index, presence, lost);
    if asking.consumer.kind != ConsumerKind::Alert {
        return found;
    }
    for (at, selector) in asking.query.selectors.iter().enumerate() {
        let Some(Outcome::Never(compared, closed)) = ranges.outcome(asking, at) else {
            continue;
        };
        let Ground::Bounds { declared, last } = compared.range.ground else {
            continue;
        };
        found.push(BoundMismatch {
            consumer: asking.consumer.clone(),
            series: crate::selector_text(selector),
            span: compared.span,
            problem: BoundProblem::BeyondLast {
                threshold: compared.threshold,
                last,
                most: compared.range.values.greatest(),
                closed,
            },
            declared,
        });
    }
    found
}

/// Where recording rules take `le` away, by the series that they record.
pub(super) type LostBounds = Memo<String, Option<Span>>;

fn lost_bounds(
    asking: &Asking<'_>,
    index: &Index<'_>,
    presence: &Presence<'_, '_>,
    known: &LostBounds,
) -> Vec<BoundMismatch> {
    let bounds = asking
        .flow
        .uses
        .iter()
        .filter(|asked| asked.kind == LabelUseKind::Bound);
    let read = |at: &usize| match &asking.query.selectors.get(*at)?.name {
        SelectorName::Exact(series) => Some(series.as_str()),
        _ => None,
    };
    bounds
        .filter_map(|asked| {
            let lost = |series: &str, span, declared| BoundMismatch {
                consumer: asking.consumer.clone(),
                series: series.to_owned(),
                span,
                problem: BoundProblem::NoBounds,
                declared,
            };
            if asked.source.is_absent() {
                let dropped = asked.source.dropped.as_ref()?;
                // A native histogram has no `le` to lose.
                let series = dropped
                    .selectors
                    .iter()
                    .filter_map(read)
                    .find(|series| has_bounds(series, presence))?;
                return Some(lost(series, dropped.span, None));
            }
            if !asked.source.needs_selectors() {
                return None;
            }
            let recorded: Option<Vec<(&str, Span)>> = asked
                .source
                .selectors
                .iter()
                .map(|at| {
                    let series = read(at)?;
                    Some((
                        series,
                        lost_in_records(series, index, presence, known, MOST_RULES)?,
                    ))
                })
                .collect();
            let (series, rule) = *recorded?.first()?;
            Some(lost(series, asked.span, Some(rule)))
        })
        .collect()
}

/// Whether a series is made of buckets. Also where their bounds are not known.
fn has_bounds(series: &str, presence: &Presence<'_, '_>) -> bool {
    series.ends_with("_bucket") || presence.bounds_of(series).is_some()
}

/// Where the recording rules of a series take `le` away from buckets, where all of them do.
fn lost_in_records(
    series: &str,
    index: &Index<'_>,
    presence: &Presence<'_, '_>,
    known: &LostBounds,
    depth: usize,
) -> Option<Span> {
    let inner = depth.checked_sub(1)?;
    known.answer(series.to_owned(), None, || {
        sought(series, index, presence, known, inner)
    })
}

fn sought(
    series: &str,
    index: &Index<'_>,
    presence: &Presence<'_, '_>,
    known: &LostBounds,
    inner: usize,
) -> Option<Span> {
    if !presence.is_only_recorded(series) {
        return None;
    }
    let mut first = None;
    for id in index.recording(series) {
        let (query, flow) = index.query_of(*id)?;
        if index.rule(*id).labels.iter().any(|(label, ..)| label == "le") {
            return None;
        }
        let source = flow.result.source("le");
        let read = |at: &usize| match &query.selectors.get(*at)?.name {
            SelectorName::Exact(series) => Some(series.as_str()),
            _ => None,
        };
        let lost = if source.is_absent() {
            let dropped = source.dropped.as_ref()?;
            let mut buckets = dropped.selectors.iter().filter_map(read);
            buckets.find(|series| has_bounds(series, presence))?;
            dropped.span
        } else if source.needs_selectors() {
            let lost: Option<Vec<Span>> = source
                .selectors
                .iter()
                .map(|at| lost_in_records(read(at)?, index, presence, known, inner))
                .collect();
            *lost?.first()?
        } else {
            return None;
        };
        first = first.or(Some(lost));
    }
    first
}

/// Selectors whose `le` admits no bound of the histogram.
pub(super) fn of_matchers(references: &[Reference], presence: &Presence<'_, '_>) -> Vec<BucketMismatch> {
    let alternatives = alternatives(references);
    let mut found = Vec::new();
    for reference in references {
        let selector = &reference.selector;
        let SelectorName::Exact(series) = &selector.name else {
            continue;
        };
        let matchers = selector.matchers.iter().filter(|matcher| matcher.label == "le");
        for matcher in matchers {
            let MatchValue::Known(bound) = &matcher.value else {
                continue;
            };
            let Some((bounds, declared)) = presence.bounds_of(series) else {
                continue;
            };
            if admits_some(matcher, bound, &bounds) != Some(false) {
                continue;
            }
            let spelling = spelling(matcher.op, bound, &bounds);
            let other = spelling
                .as_deref()
                .map(|spelling| (query_of(reference), series.as_str(), spelling));
            if selector.guard == Guard::OrOther && other.is_some_and(|other| alternatives.contains(&other)) {
                continue;
            }
            found.push(BucketMismatch {
                consumer: reference.consumer.clone(),
                series: series.clone(),
                op: matcher.op,
                bound: bound.clone(),
                span: matcher.value_span,
                spelling,
                declared: declared.unwrap_or(selector.span),
                bounds,
            });
        }
    }
    found
}

/// The query that a reference stands in.
type QueryId = (FileId, Option<usize>);

fn query_of(reference: &Reference) -> QueryId {
    (reference.file(), reference.query)
}

/// The bounds asked for beside an `or`, by query and series: `x{le="30"} or x{le="30.0"}` has both spellings on purpose.
fn alternatives(references: &[Reference]) -> BTreeSet<(QueryId, &str, &str)> {
    let beside = references
        .iter()
        .filter(|reference| reference.selector.guard == Guard::OrOther);
    beside
        .filter_map(|reference| match &reference.selector.name {
            SelectorName::Exact(series) => Some((reference, series.as_str())),
            _ => None,
        })
        .flat_map(|(reference, series)| {
            let bounds = reference
                .selector
                .matchers
                .iter()
                .filter(|matcher| matcher.label == "le");
            bounds.map(move |matcher| (query_of(reference), series, matcher.value.text()))
        })
        .collect()
}

/// Whether a matcher admits one of the bounds; `None` where its pattern is none.
fn admits_some(matcher: &Matcher, asked: &str, bounds: &[String]) -> Option<bool> {
    let mut bounds = bounds.iter().map(String::as_str);
    Some(match matcher.op {
        MatchOp::Equal => bounds.any(|bound| bound == asked),
        MatchOp::NotEqual => bounds.any(|bound| bound != asked),
        MatchOp::Regex => {
            let pattern = anchored(asked)?;
            bounds.any(|bound| pattern.is_match(bound))
        }
        MatchOp::NotRegex => {
            let pattern = anchored(asked)?;
            bounds.any(|bound| !pattern.is_match(bound))
        }
    })
}

/// The same bounds as the client writes them, where only the spelling differs: of one number, or of a pattern that is
/// nothing but alternatives of numbers.
fn spelling(op: MatchOp, asked: &str, bounds: &[String]) -> Option<String> {
    let known: BTreeSet<&str> = bounds.iter().map(String::as_str).collect();
    match op {
        MatchOp::Equal => same_number(asked, &known),
        MatchOp::Regex => {
            let alternatives: Option<Vec<String>> = asked
                .split('|')
                .map(|alternative| same_number(alternative, &known))
                .collect();
            // `+` would have to be escaped, by the rules of whatever the query stands in.
            Some(alternatives?.join("|")).filter(|spelling| !spelling.contains('+'))
        }
        MatchOp::NotEqual | MatchOp::NotRegex => None,
    }
}

/// The bound that is the same number in the client's spelling.
fn same_number(bound: &str, bounds: &BTreeSet<&str>) -> Option<String> {
    let number: f64 = bound.parse().ok()?;
    bounds
        .iter()
        .find(|candidate| candidate.parse::<f64>().is_ok_and(|value| value == number))
        .map(|candidate| (*candidate).to_owned())
}

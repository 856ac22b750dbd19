//! What the tree declares against what a live server has stored.
//!
//! Owns the two ways in which they differ: declared here and never seen there, seen there and declared nowhere. A server
//! that may have left something out is compared with nothing.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Confidence, Emitter, FileId, Name, Server, Span};

use crate::index::Index;
use crate::judge::is_own;
use crate::similarity;

/// A metric that the code declares and a live server has not seen.
#[derive(Clone, Debug)]
pub struct UnseenMetric {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// Whether it has labels: such a metric appears with its first child.
    pub is_labelled: bool,
    /// How sure it is that it should have been seen.
    pub confidence: Confidence,
    /// What the server has from the same jobs under a similar name, and nothing here declares.
    pub closest: Option<String>,
    /// A metric of the same file that the server has.
    pub sibling: Option<(String, Span)>,
}

/// A metric that the jobs of this tree expose and nothing here declares.
#[derive(Clone, Debug)]
pub struct UndeclaredMetric {
    /// The family's name, as far as its series tell it.
    pub name: String,
    /// Its series.
    pub series: Vec<String>,
    /// The job.
    pub job: String,
    /// What is declared here and most like it: from the same job, or not seen by the server at all.
    pub neighbour: (String, Span),
    /// Whether the server has not seen that: the one may be the other under an older name.
    pub is_renamed: bool,
    /// How sure.
    pub confidence: Confidence,
}

/// What the tree and a live server disagree on.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The server's address; empty where none was asked.
    pub address: String,
    /// How many hours back it was asked.
    pub hours: u32,
    /// How many names it has.
    pub names: usize,
    /// How many metrics of the tree it could have.
    pub declared: usize,
    /// How many of these it has.
    pub seen: usize,
    /// Declared here and never seen there.
    pub unseen: Vec<UnseenMetric>,
    /// Seen there and declared nowhere.
    pub undeclared: Vec<UndeclaredMetric>,
}

/// Endings of series that are one family.
const SUFFIXES: [&str; 4] = ["_bucket", "_count", "_sum", "_total"];

/// Compares.
pub(crate) fn compare(index: &Index<'_>) -> Stored {
    let Some(server) = index.server() else {
        return Stored::default();
    };
    let families = families(index);
    let seen: BTreeSet<&str> = families
        .iter()
        .filter(|(_, emitters)| emitters.iter().any(|emitter| is_seen(emitter, server)))
        .map(|(name, _)| *name)
        .collect();
    let mut stored = Stored {
        address: server.address.clone(),
        hours: server.hours,
        names: server.names.len(),
        declared: families.len(),
        seen: seen.len(),
        ..Stored::default()
    };
    // A server that has nothing of the tree does not scrape it: every metric would be reported, and none rightly.
    if server.is_partial || seen.is_empty() {
        return stored;
    }
    let strangers = strangers(index, server);
    stored.unseen = unseen(&families, &seen, &strangers);
    stored.undeclared = undeclared(index, server, &strangers, &stored.unseen);
    stored
}

/// The metrics that production code declares by full name.
fn families<'i>(index: &'i Index<'_>) -> BTreeMap<&'i str, Vec<&'i Emitter>> {
    let mut families: BTreeMap<&str, Vec<&Emitter>> = BTreeMap::new();
    for emitter in index.live_emitters().filter(|emitter| is_own(&emitter.origin)) {
        // Where configuration makes a part of the name, this one is only its default.
        if let (Name::Exact(name), true) = (&emitter.name, emitter.usage.configured_by.is_empty()) {
            families.entry(name).or_default().push(emitter);
        }
    }
    families
}

fn is_seen(emitter: &Emitter, server: &Server) -> bool {
    emitter
        .series
        .iter()
        .filter_map(Name::exact)
        .any(|series| server.has(series))
}

fn unseen(
    families: &BTreeMap<&str, Vec<&Emitter>>,
    seen: &BTreeSet<&str>,
    strangers: &[Stranger<'_>],
) -> Vec<UnseenMetric> {
    let mut siblings: BTreeMap<FileId, (String, Span)> = BTreeMap::new();
    for name in seen {
        for emitter in families.get(name).into_iter().flatten() {
            let place = emitter.name_span.unwrap_or(emitter.span);
            siblings
                .entry(emitter.span.file)
                .or_insert_with(|| ((*name).to_owned(), place));
        }
    }
    let mut found: Vec<UnseenMetric> = families
        .iter()
        .filter(|(name, _)| !seen.contains(*name))
        .filter_map(|(name, emitters)| {
            let first = emitters.first()?;
            let sibling = siblings.get(&first.span.file).cloned();
            let is_labelled = emitters
                .iter()
                .any(|emitter| !emitter.labels.is_empty() || !emitter.labels_known);
            Some(UnseenMetric {
                name: (*name).to_owned(),
                span: first.name_span.unwrap_or(first.span),
                is_labelled,
                // What runs beside it is scraped; without a child yet, it would not be seen all the same.
                confidence: match (sibling.is_some(), is_labelled) {
                    (true, false) => Confidence::High,
                    (true, true) => Confidence::Medium,
                    (false, _) => Confidence::Low,
                },
                closest: closest(name, strangers),
                sibling,
            })
        })
        .collect();
    found.sort_by(|left, right| (left.span, &left.name).cmp(&(right.span, &right.name)));
    found
}

fn closest(name: &str, strangers: &[Stranger<'_>]) -> Option<String> {
    let mut best: Option<(f64, &str)> = None;
    for stranger in strangers {
        let score = similarity::alike(name, stranger.family);
        if score >= similarity::CONVINCING && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, stranger.family));
        }
    }
    best.map(|(_, family)| family.to_owned())
}

/// A family that a job of this tree exposes and nothing here accounts for.
struct Stranger<'s> {
    family: &'s str,
    job: &'s str,
    series: Vec<&'s str>,
}

fn strangers<'s>(index: &Index<'_>, server: &'s Server) -> Vec<Stranger<'s>> {
    let mut strangers = Vec::new();
    for (job, names) in &server.jobs {
        let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut own = 0;
        for series in names {
            if !index.emitting(series).is_empty() {
                own += 1;
            } else if is_strange(index, series) {
                families.entry(family_of(series, names)).or_default().push(series);
            }
        }
        // Where most of a job is not of this tree, the job is not this tree's alone: `kubernetes-pods` has everything.
        if families.len() <= own {
            strangers.extend(
                families
                    .into_iter()
                    .map(|(family, series)| Stranger { family, job, series }),
            );
        }
    }
    strangers
}

fn is_strange(index: &Index<'_>, series: &str) -> bool {
    index.recording(series).is_empty()
        && index.witnessed(series).is_empty()
        && index.outside(series).is_none()
        && index.territory_owner(series).is_none()
        && index.other_source(series).is_none()
        && index.possibly_emitting(series).is_empty()
        && !series.ends_with("_created")
        && !series.contains(':')
}

/// The family that a series belongs to: without an ending that other series of the family have too, or `_total`.
fn family_of<'s>(series: &'s str, names: &BTreeSet<String>) -> &'s str {
    let base = SUFFIXES.iter().find_map(|suffix| {
        let base = series.strip_suffix(suffix)?;
        let is_one = *suffix == "_total"
            || SUFFIXES
                .iter()
                .filter(|other| *other != suffix)
                .any(|other| names.contains(&format!("{base}{other}")));
        is_one.then_some(base)
    });
    base.unwrap_or(series)
}

fn undeclared(
    index: &Index<'_>,
    server: &Server,
    strangers: &[Stranger<'_>],
    unseen: &[UnseenMetric],
) -> Vec<UndeclaredMetric> {
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    for stranger in strangers {
        let names = server.jobs.get(stranger.job).into_iter().flatten();
        let neighbours = names.filter_map(|name| {
            let emitter = index
                .emitting(name)
                .iter()
                .map(|at| &index.emitters()[*at])
                .find(|emitter| is_own(&emitter.origin))?;
            Some((name, emitter.name_span.unwrap_or(emitter.span)))
        });
        let likeness = |name: &str| similarity::alike(stranger.family, name);
        let nearest = neighbours.max_by(|left, right| {
            // Of equals the first in order of place.
            likeness(left.0)
                .total_cmp(&likeness(right.0))
                .then_with(|| right.1.cmp(&left.1))
        });
        let counterparts = unseen
            .iter()
            .filter(|metric| metric.closest.as_deref() == Some(stranger.family));
        let counterpart = counterparts.max_by(|left, right| {
            likeness(&left.name)
                .total_cmp(&likeness(&right.name))
                .then_with(|| right.span.cmp(&left.span))
        });
        let neighbour = match (counterpart, nearest) {
            (Some(unseen), _) => (unseen.name.clone(), unseen.span),
            (None, Some((name, span))) => (name.clone(), span),
            (None, None) => continue,
        };
        if !told.insert(stranger.family) {
            continue;
        }
        let hidden = stranger
            .series
            .iter()
            .any(|series| !index.gaps_reaching(series).is_empty());
        found.push(UndeclaredMetric {
            name: stranger.family.to_owned(),
            series: stranger
                .series
                .iter()
                .map(|series| (*series).to_owned())
                .collect(),
            job: stranger.job.to_owned(),
            neighbour,
            is_renamed: counterpart.is_some(),
            confidence: if hidden {
                Confidence::Low
            } else {
                Confidence::Medium
            },
        });
    }
    found
}

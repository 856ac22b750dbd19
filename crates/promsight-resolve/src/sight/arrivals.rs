//! What jobs make of the series that they scrape: kept, dropped, or stored under another name.
//!
//! A series counts as lost only where every job that scrapes what emits it is known, and each of them drops it. That a
//! job may give it another name is enough for the other name to exist.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Emitter, MetricType, Name, Origin, Reason, Span};
use promsight_scrape::ScrapeModel;
use promsight_scrape::relabel::Labels;
use promsight_scrape::servers::{Job, Relabelled, Server};
use promsight_scrape::targets::Target;
use promsight_scrape::text::{Shape, Text};

use super::Hidden;
use crate::python::Inventory;

/// A target of a job, by server, job and target.
pub type Scrape = (usize, usize, usize);

/// What becomes of series behind the scrape.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    /// The targets that bring an emitter's series (by index into the inventory's), where all that do are known.
    pub scrapes: BTreeMap<usize, Vec<Scrape>>,
    /// Series that no job keeps under their name, by emitter, with why.
    pub lost: BTreeMap<(usize, String), Hidden>,
    /// Names that jobs may give to series, with `*` for what is not known, and the emitters of these.
    pub renamed: BTreeMap<String, BTreeSet<usize>>,
}

/// What jobs make of the series of emitters, of which `scrapes` are all.
pub(super) fn arrivals(
    scrapes: BTreeMap<usize, Vec<Scrape>>,
    inventory: &Inventory,
    scrape: &ScrapeModel,
) -> Arrivals {
    let renaming: Vec<&Job> = scrape
        .servers
        .iter()
        .flat_map(|server| &server.jobs)
        .filter(|job| job.renaming().is_some())
        .collect();
    let mut arrivals = Arrivals::default();
    for (at, emitter) in inventory.emitters.iter().enumerate() {
        if !emitter.is_live() || emitter.origin == Origin::RecordingRule {
            continue;
        }
        let own: Vec<(&Job, &Target)> = scrapes.get(&at).map_or_else(Vec::new, |own| found(scrape, own));
        for series in emitter.series.iter().filter_map(Name::exact) {
            for name in names(emitter, series, &own, &renaming) {
                arrivals.renamed.entry(name).or_default().insert(at);
            }
            if let Some(hidden) = lost(emitter, series, &own) {
                arrivals.lost.insert((at, series.to_owned()), hidden);
            }
        }
    }
    arrivals.scrapes = scrapes;
    arrivals
}

/// The jobs and targets of scrapes.
fn found<'a>(scrape: &'a ScrapeModel, scrapes: &[Scrape]) -> Vec<(&'a Job, &'a Target)> {
    let of = |(server, job, target): &Scrape| {
        let server: &Server = scrape.servers.get(*server)?;
        let job = server.jobs.get(*job)?;
        Some((job, job.targets.get(*target)?))
    };
    scrapes.iter().filter_map(of).collect()
}

/// Further names under which a series may be stored: by the jobs that scrape it, where these are known, else by any.
fn names(emitter: &Emitter, series: &str, own: &[(&Job, &Target)], all: &[&Job]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if own.is_empty() {
        for job in all {
            let mut labels = labels(emitter, series, job, None);
            labels.open("");
            names.extend(job.stored_names(series, &labels));
        }
    } else {
        for (job, target) in own.iter().filter(|(job, _)| job.renaming().is_some()) {
            names.extend(job.stored_names(series, &labels(emitter, series, job, Some(target))));
        }
    }
    names.remove(series);
    names
}

/// Why a series is stored nowhere under its name, where that is so.
fn lost(emitter: &Emitter, series: &str, own: &[(&Job, &Target)]) -> Option<Hidden> {
    let mut first = None;
    for (job, target) in own {
        if job.metric_rules.is_empty() {
            return None;
        }
        let (span, clause, renamed) = match stored(emitter, series, job, Some(target)) {
            Relabelled::Dropped { rule, reason } => {
                (rule, format!("job {} drops it: {reason}", job.name), None)
            }
            Relabelled::Kept { name: Some(name), .. } if name != series => {
                let clause = format!("job {} stores it as `{name}`", job.name);
                (
                    job.renaming().map_or(job.span, |rule| rule.span),
                    clause,
                    Some(name),
                )
            }
            Relabelled::Kept { .. } | Relabelled::Unknown { .. } => return None,
        };
        first.get_or_insert(Hidden {
            reason: Reason::Unscraped,
            clause,
            span,
            renamed,
        });
    }
    first
}

/// What a job makes of a series, where that is not to store it as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It drops it.
    Dropped {
        /// The series.
        series: String,
        /// Why, as a clause.
        reason: String,
        /// By which rule.
        span: Span,
    },
    /// It stores it under another name.
    Renamed {
        /// The series.
        series: String,
        /// That name.
        name: String,
        /// By which rule.
        span: Span,
    },
    /// That depends on what only a running program knows.
    Open {
        /// The series.
        series: String,
        /// Because of which rule.
        span: Span,
    },
}

/// What a job makes of the series of an emitter that it scrapes at a target; those aside that it stores as they are.
pub fn fates(emitter: &Emitter, job: &Job, target: &Target) -> Vec<Fate> {
    if job.metric_rules.is_empty() {
        return Vec::new();
    }
    let fate = |series: &str| {
        let series_name = series.to_owned();
        match stored(emitter, series, job, Some(target)) {
            Relabelled::Dropped { rule, reason } => Some(Fate::Dropped {
                series: series_name,
                reason,
                span: rule,
            }),
            Relabelled::Kept { name: Some(name), .. } if name != series => Some(Fate::Renamed {
                series: series_name,
                name,
                span: job.renaming().map_or(job.span, |rule| rule.span),
            }),
            Relabelled::Unknown { rule } => Some(Fate::Open {
                series: series_name,
                span: rule,
            }),
            Relabelled::Kept { .. } => None,
        }
    };
    let series = emitter.series.iter().filter_map(Name::exact);
    series.filter_map(fate).collect()
}

/// What a job makes of an emitter's series, by the labels of the target; without one by any.
pub(crate) fn stored(emitter: &Emitter, series: &str, job: &Job, target: Option<&Target>) -> Relabelled {
    job.metric_relabelling(series, &labels(emitter, series, job, target))
}

/// The labels of a series as a job scrapes it, before its rules for series: its own and the target's, where one of the
/// same name takes the place of the other.
fn labels(emitter: &Emitter, series: &str, job: &Job, target: Option<&Target>) -> Labels {
    let mut labels = Labels::new();
    let is_open = !emitter.labels_known
        || emitter.metric_type == MetricType::Info
        || target.is_none_or(|target| target.has_unnamed_labels);
    if is_open {
        labels.open("");
    }
    let mut own: BTreeMap<&str, Text> = BTreeMap::new();
    for label in emitter
        .labels
        .iter()
        .map(String::as_str)
        .chain(added(emitter, series))
    {
        own.insert(label, Text::open(Shape::Anything, format!("{label} of {series}")));
    }
    let given = target.into_iter().flat_map(|target| {
        let known = target.labels.iter();
        let known = known.map(|(label, value)| (label.as_str(), Text::known(value)));
        let open = target.open_labels.iter();
        let open = open.map(|label| {
            (
                label.as_str(),
                Text::open(Shape::Word, format!("{label} of a target")),
            )
        });
        known.chain(open)
    });
    let mut replaced = Vec::new();
    for (label, value) in given {
        match own.remove(label) {
            Some(own) if job.honors_labels => labels.set(label, own),
            Some(own) => {
                labels.set(label, value);
                replaced.push((label, own));
            }
            None => labels.set(label, value),
        }
    }
    for (label, value) in own {
        labels.set(label, value);
    }
    // `resolveConflictingExposedLabels` of Prometheus 3: as many times `exported_` as nothing has the name.
    for (label, value) in replaced {
        let mut name = format!("exported_{label}");
        while labels.iter().any(|(known, _)| known == name) {
            name = format!("exported_{name}");
        }
        labels.set(&name, value);
    }
    labels
}

/// Labels that the client adds to samples by itself.
fn added<'e>(emitter: &'e Emitter, series: &str) -> Option<&'e str> {
    match emitter.metric_type {
        MetricType::Histogram => series.ends_with("_bucket").then_some("le"),
        MetricType::StateSet => emitter.name.exact(),
        MetricType::Summary => Some("quantile"),
        MetricType::Gauge => Some("pid"),
        MetricType::Counter | MetricType::Info | MetricType::Untyped => None,
    }
}

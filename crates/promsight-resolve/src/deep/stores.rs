//! The series that a Prometheus stores, with the labels that they have there.
//!
//! A rule sees nothing but what its own Prometheus stores: the code's labels and the target's, as relabelling leaves
//! them. Owns the answer to what that is, where the tree surely says it; silent where other systems send or hold series,
//! where a part of the configuration is not known, or where something else may run the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use promsight_model::{Consumer, ConsumerKind, Emitter, Name, Origin, Span};
use promsight_scrape::ScrapeModel;
use promsight_scrape::objects::Rendering;
use promsight_scrape::relabel::{Action, Labels};
use promsight_scrape::servers::{Job, Relabelled, Server, ServerOrigin, ServerPlace};
use promsight_scrape::targets::Target;
use promsight_scrape::text::Text;

use super::memo::Memo;
use super::presence::Presence;
use crate::index::Index;
use crate::sight::{self, Scrape, Sights};

/// Series that Prometheus itself makes of each target, with the target's labels and untouched by rules for series.
const OF_TARGETS: &[&str] = &[
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

/// Words of commands by which a Prometheus takes series from others, or something else runs its rules.
const TAKING_IN: &[&str] = &["remote-write-receiver", "otlp-receiver", "otlp-write-receiver"];

/// Words in addresses and names of jobs by which something passes on what others give it.
const PASSING_ON: &[&str] = &[
    "push",
    "otel",
    "collector",
    "alloy",
    "agent",
    "statsd",
    "textfile",
    "federat",
];

/// Words in names of libraries that do not serve series themselves.
const BY_OTHER_PROTOCOLS: &[&str] = &["opentelemetry", "statsd", "datadog", "influx"];

/// Kinds of targets that are compared.
const MOST_KINDS: usize = 2_000;

/// One way in which a series is stored.
#[derive(Clone)]
pub(super) struct Stored<'a> {
    pub(super) job: &'a Job,
    pub(super) target: &'a Target,
    /// The declaration; `None` for series that Prometheus makes of the target.
    pub(super) emitter: Option<&'a Emitter>,
    /// All its labels.
    pub(super) labels: Labels,
}

impl Stored<'_> {
    /// Whether the code's own label of that name is stored under another, for the target has one of that name too.
    pub(super) fn is_replaced(&self, label: &str) -> bool {
        let in_code = self
            .emitter
            .is_some_and(|emitter| emitter.labels.iter().any(|own| own == label));
        let on_target =
            self.target.labels.contains_key(label) || self.target.open_labels.iter().any(|own| own == label);
        in_code && on_target && !self.job.honors_labels
    }

    /// The rule that takes a label away, where one does so by its name.
    pub(super) fn remover(&self, label: &str) -> Option<Span> {
        let removes = |rule: &&promsight_scrape::relabel::Rule| match rule.action {
            Action::LabelDrop => rule.regex.is_match(label),
            Action::LabelKeep => !rule.regex.is_match(label),
            Action::Replace => rule.target_label == label && rule.replacement.is_empty(),
            _ => false,
        };
        self.job.metric_rules.iter().find(removes).map(|rule| rule.span)
    }
}

/// Looks up what is stored.
pub(super) struct Stores<'a> {
    scrape: &'a ScrapeModel,
    sights: &'a Sights,
    index: &'a Index<'a>,
    presence: &'a Presence<'a, 'a>,
    /// Whether the tree says everything of how series come to where rules are run.
    is_closed: bool,
    run: Memo<(String, Vec<usize>), Option<Ways<'a>>>,
    anywhere: Memo<String, Option<Ways<'a>>>,
}

/// All ways in which a series is stored.
pub(super) type Ways<'a> = Rc<Vec<Stored<'a>>>;

impl<'a> Stores<'a> {
    pub(super) fn new(
        scrape: &'a ScrapeModel,
        sights: &'a Sights,
        index: &'a Index<'a>,
        presence: &'a Presence<'a, 'a>,
    ) -> Self {
        Self {
            scrape,
            sights,
            index,
            presence,
            is_closed: !scrape.renderings.iter().any(Rendering::may_hold_more) && !has_other_ways(scrape),
            run: Memo::default(),
            anywhere: Memo::default(),
        }
    }

    /// The servers that run a rule; empty where it is none, none surely does, or not all is known of one.
    pub(super) fn running(&self, consumer: &Consumer) -> Vec<usize> {
        if !self.is_closed || !matches!(consumer.kind, ConsumerKind::Alert | ConsumerKind::Record) {
            return Vec::new();
        }
        let loads = |server: &Server| server.rules.iter().any(|span| span.contains(consumer.scope));
        let servers = self.scrape.servers.iter().enumerate();
        let running: Vec<(usize, &Server)> = servers.filter(|(_, server)| loads(server)).collect();
        if running.iter().all(|(_, server)| is_known(server)) {
            running.into_iter().map(|(at, _)| at).collect()
        } else {
            Vec::new()
        }
    }

    /// Every way in which a series is stored by these servers; `None` where that is not known.
    pub(super) fn of_series(&self, series: &str, servers: &[usize]) -> Option<Ways<'a>> {
        if servers.is_empty() {
            return None;
        }
        let key = (series.to_owned(), servers.to_vec());
        self.run
            .answer(key, None, || self.sought(series, servers).map(Rc::new))
    }

    fn sought(&self, series: &str, servers: &[usize]) -> Option<Vec<Stored<'a>>> {
        if OF_TARGETS.contains(&series) {
            let all = unlike(self.all_targets(servers)?)?;
            let stored = all.into_iter().map(|(job, target)| Stored {
                job,
                target,
                emitter: None,
                labels: labels_of(target),
            });
            return Some(stored.collect());
        }
        let mut all = Vec::new();
        for (at, emitter) in self.declarations(series)? {
            let targets = match self.sights.arrivals.scrapes.get(&at) {
                Some(scrapes) => self.among(scrapes, Some(servers)),
                None => self.all_targets(servers).filter(|all| self.come_directly(all))?,
            };
            all.extend(stored(series, emitter, &targets)?);
        }
        Some(all).filter(|all| !all.is_empty())
    }

    /// Whether nothing stands between the code and the targets of these jobs that could add labels to what it passes on.
    fn come_directly(&self, targets: &[(&Job, &Target)]) -> bool {
        let passes_on = |(job, target): &(&Job, &Target)| {
            let named = |word: &&str| target.address.contains(*word) || job.name.contains(*word);
            job.honors_labels || PASSING_ON.iter().any(named)
        };
        !self.sights.is_pushed && !targets.iter().any(passes_on)
    }

    /// Every way in which a series is stored by any server; `None` where not all targets that bring it are known.
    pub(super) fn anywhere(&self, series: &str) -> Option<Ways<'a>> {
        self.anywhere.answer(series.to_owned(), None, || {
            self.sought_anywhere(series).map(Rc::new)
        })
    }

    fn sought_anywhere(&self, series: &str) -> Option<Vec<Stored<'a>>> {
        let mut all = Vec::new();
        for (at, emitter) in self.declarations(series)? {
            let scrapes = self.sights.arrivals.scrapes.get(&at)?;
            all.extend(stored(series, emitter, &self.among(scrapes, None))?);
        }
        Some(all).filter(|all| !all.is_empty())
    }

    /// The declarations of a series in this tree's code, where nothing else has the name, and no job gives it to another.
    fn declarations(&self, series: &str) -> Option<Vec<(usize, &'a Emitter)>> {
        // What goes by other systems' protocols gets labels on its way.
        let is_own = |emitter: &Emitter| match &emitter.origin {
            Origin::Instrument(library) | Origin::Framework(library) => {
                !BY_OTHER_PROTOCOLS.iter().any(|word| library.contains(word))
            }
            _ => false,
        };
        let has_name = |emitter: &Emitter| {
            let mut names = emitter.series.iter().filter_map(Name::exact);
            names.any(|own| own == series)
        };
        let declarations = self.presence.declarations(series)?;
        let are_own = declarations.iter().all(|(at, emitter)| {
            *at < self.index.own_emitters().len() && is_own(emitter) && has_name(emitter)
        });
        (are_own && !declarations.is_empty() && !self.sights.arrivals.renamed.contains_key(series))
            .then_some(declarations)
    }

    fn among(&self, scrapes: &[Scrape], servers: Option<&[usize]>) -> Vec<(&'a Job, &'a Target)> {
        let is_meant = |server: usize| servers.is_none_or(|servers| servers.contains(&server));
        let own = scrapes.iter().filter(|(server, ..)| is_meant(*server));
        let found = own.filter_map(|(server, job, target)| {
            let job = self.scrape.servers.get(*server)?.jobs.get(*job)?;
            Some((job, job.targets.get(*target)?))
        });
        found.collect()
    }

    fn all_targets(&self, servers: &[usize]) -> Option<Vec<(&'a Job, &'a Target)>> {
        let mut all = Vec::new();
        for server in servers.iter().filter_map(|at| self.scrape.servers.get(*at)) {
            for job in &server.jobs {
                if !job.unknown.is_empty() {
                    return None;
                }
                all.extend(job.targets.iter().map(|target| (job, target)));
            }
        }
        (!all.is_empty()).then_some(all)
    }

    /// Whether one of the servers adds that label to what leaves it.
    pub(super) fn sends_with(&self, servers: &[usize], label: &str) -> bool {
        let mut own = servers.iter().filter_map(|at| self.scrape.servers.get(*at));
        own.any(|server| server.external_labels.iter().any(|(known, ..)| known == label))
    }

    /// Whether all these servers run in a cluster.
    pub(super) fn are_in_cluster(&self, servers: &[usize]) -> bool {
        let mut own = servers.iter().filter_map(|at| self.scrape.servers.get(*at));
        own.all(|server| matches!(server.place, ServerPlace::Cluster { .. }))
    }
}

/// One of each kind of targets: those of a job that have the same labels store series alike. `None` where there are more
/// kinds than are compared.
fn unlike<'a>(targets: Vec<(&'a Job, &'a Target)>) -> Option<Vec<(&'a Job, &'a Target)>> {
    let mut kinds = BTreeMap::new();
    for (job, target) in targets {
        let kind = (
            job.span,
            &job.name,
            &target.labels,
            &target.open_labels,
            target.has_unnamed_labels,
        );
        kinds.entry(kind).or_insert((job, target));
    }
    (kinds.len() <= MOST_KINDS).then(|| kinds.into_values().collect())
}

/// How a series of an emitter is stored by jobs; `None` where that is not known of one of them.
fn stored<'a>(
    series: &str,
    emitter: &'a Emitter,
    targets: &[(&'a Job, &'a Target)],
) -> Option<Vec<Stored<'a>>> {
    let mut all = Vec::new();
    for (job, target) in unlike(targets.to_vec())? {
        match sight::stored(emitter, series, job, Some(target)) {
            Relabelled::Kept {
                name: Some(name),
                labels,
            } if name == series => all.push(Stored {
                job,
                target,
                emitter: Some(emitter),
                labels,
            }),
            Relabelled::Kept { name: Some(_), .. } | Relabelled::Dropped { .. } => {}
            Relabelled::Kept { name: None, .. } | Relabelled::Unknown { .. } => return None,
        }
    }
    Some(all)
}

/// The labels of what Prometheus makes of a target.
fn labels_of(target: &Target) -> Labels {
    let mut labels = Labels::new();
    if target.has_unnamed_labels {
        labels.open("");
    }
    for (label, value) in &target.labels {
        labels.set(label, Text::known(value));
    }
    for label in &target.open_labels {
        labels.set(label, Text::open(promsight_scrape::text::Shape::Word, label));
    }
    labels
}

/// Whether everything that a server stores comes by jobs which the tree holds.
fn is_known(server: &Server) -> bool {
    let federates = |job: &Job| {
        let path = job.config.text_at(&["metrics_path"]).unwrap_or_default();
        path.trim_end_matches('/').ends_with("federate")
    };
    server.is_complete
        && !server.takes_in
        && server.origin != ServerOrigin::Elsewhere
        && !server.jobs.iter().any(federates)
}

/// Whether something of the tree runs rules beside Prometheus, or a Prometheus is started so that it takes series in.
fn has_other_ways(scrape: &ScrapeModel) -> bool {
    const RULERS: [&str; 2] = ["ThanosRuler", "VMAlert"];
    let objects = scrape.renderings.iter().flat_map(|rendering| &rendering.objects);
    let mut kinds: BTreeSet<&str> = objects.map(|object| object.kind()).collect();
    kinds.retain(|kind| RULERS.contains(kind));
    let takes_in = |word: &str| TAKING_IN.iter().any(|own| word.contains(own));
    let mut words = scrape.processes.iter().flat_map(|process| &process.command);
    !kinds.is_empty() || words.any(|(word, _)| takes_in(word))
}

//! The line of sight of one name, as `promsight trace` shows it.
//!
//! Owns how a resolution reads as steps: outwards from the code for a metric, inwards from the reader for an alert, a
//! recording rule, a panel or a dashboard.

use std::collections::BTreeSet;

use promsight_model::{
    Consumer, ConsumerKind, Emitter, ExposureKind, FileSet, Liveness, Name, Origin, Span, Stage, Step,
    StepState, Trace, Verdict,
};
use promsight_resolve::sight::{self, Collection, Fate, Outlet};
use promsight_resolve::{Record, Reference, Resolution, selector_text};
use promsight_scrape::servers::Job;
use promsight_scrape::targets::Target;

use crate::{targets, words};

/// How far chains of recording rules are followed.
const MAX_CHAIN: usize = 32;

/// Steps of one trace: beyond them it tells nobody anything.
const MAX_STEPS: usize = 5_000;

/// The lines of sight of everything that is called `name`; empty where nothing is.
pub fn trace(resolution: &Resolution, files: &FileSet, name: &str) -> Vec<Trace> {
    let mut traces = metrics(resolution, files, name);
    traces.extend(readers(resolution, files, name));
    if traces.is_empty() {
        traces.extend(missing(resolution, files, name));
    }
    traces
}

/// A metric by its family's name or that of one of its series: all its declarations in one trace.
fn metrics(resolution: &Resolution, files: &FileSet, name: &str) -> Vec<Trace> {
    let is_meant = |emitter: &&Emitter| {
        let is_exactly = |own: &Name| own.exact() == Some(name);
        emitter.origin != Origin::RecordingRule
            && (is_exactly(&emitter.name) || emitter.series.iter().any(is_exactly))
    };
    let may_be_meant = |emitter: &&Emitter| {
        let admits = |own: &Name| matches!(own, Name::Pattern(pattern) if pattern.matches(name));
        emitter.origin != Origin::RecordingRule && emitter.series.iter().any(admits)
    };
    let emitters = || resolution.emitters.iter().map(|resolved| &resolved.emitter);
    let mut meant: Vec<&Emitter> = emitters().filter(is_meant).collect();
    if meant.is_empty() {
        meant = emitters().filter(may_be_meant).collect();
    }
    let Some(first) = meant.first() else {
        return Vec::new();
    };
    let mut steps = Steps::new(resolution, files);
    for emitter in &meant {
        steps.declaration(emitter, 0);
    }
    steps.looks_at(&meant);
    vec![Trace {
        kind: "metric",
        name: first.name.exact().unwrap_or(name).to_owned(),
        steps: steps.steps,
    }]
}

/// Alerts, recording rules, panels and dashboards of that name.
fn readers(resolution: &Resolution, files: &FileSet, name: &str) -> Vec<Trace> {
    let mut traces: Vec<Trace> = Vec::new();
    let mut seen = BTreeSet::new();
    for reference in &resolution.references {
        let consumer = &reference.consumer;
        let Some((kind, scope)) = called(consumer, name) else {
            continue;
        };
        if !seen.insert((kind, scope, consumer.group.clone())) {
            continue;
        }
        let is_same = |other: &&Reference| {
            called(&other.consumer, name) == Some((kind, scope)) && other.consumer.group == consumer.group
        };
        let mut steps = Steps::new(resolution, files);
        if kind == "dashboard" {
            steps.dashboard(resolution.references.iter().filter(is_same));
        } else {
            steps.loading(consumer, 0);
            for read in resolution.references.iter().filter(is_same) {
                steps.read(read, 0);
            }
        }
        if kind == "recording rule" {
            steps.readers_of(name, 0);
        }
        traces.push(Trace {
            kind,
            name: name.to_owned(),
            steps: steps.steps,
        });
    }
    traces
}

/// What kind of thing the consumer is under that name, and what sets it apart from others of the name: its place, or
/// for a dashboard the file alone.
fn called(consumer: &Consumer, name: &str) -> Option<(&'static str, Span)> {
    let kind = match consumer.kind {
        ConsumerKind::Alert => "alert",
        ConsumerKind::Record => "recording rule",
        ConsumerKind::Panel | ConsumerKind::Variable | ConsumerKind::Annotation => {
            if consumer.group.as_deref() == Some(name) {
                return Some(("dashboard", Span::new(consumer.scope.file, 0..0)));
            }
            "panel"
        }
        ConsumerKind::Trigger => "trigger",
        ConsumerKind::Runbook | ConsumerKind::Script => return None,
    };
    (consumer.name == name).then_some((kind, consumer.scope))
}

/// A series that is looked at and that nothing has.
fn missing(resolution: &Resolution, files: &FileSet, name: &str) -> Option<Trace> {
    let reads = |reference: &&Reference| selector_text(&reference.selector) == name;
    let first = resolution.references.iter().find(reads)?;
    let mut steps = Steps::new(resolution, files);
    let (state, text) = match first.verdict {
        Verdict::External => (
            StepState::Holds,
            format!("outside of this tree: {}", words::outside(first)),
        ),
        Verdict::Blind => (StepState::Broken, "nothing emits it".to_owned()),
        _ => (StepState::Unknown, "nothing here is known to emit it".to_owned()),
    };
    steps.push(0, Stage::Declared, state, text, None);
    for reference in resolution.references.iter().filter(reads) {
        steps.looked_at(reference, 0);
    }
    Some(Trace {
        kind: "series",
        name: name.to_owned(),
        steps: steps.steps,
    })
}

struct Steps<'a> {
    resolution: &'a Resolution,
    files: &'a FileSet,
    steps: Vec<Step>,
    /// Recording rules on the way, so that rules which read each other end.
    chain: Vec<Span>,
}

impl<'a> Steps<'a> {
    fn new(resolution: &'a Resolution, files: &'a FileSet) -> Self {
        Self {
            resolution,
            files,
            steps: Vec::new(),
            chain: Vec::new(),
        }
    }

    fn push(&mut self, depth: usize, stage: Stage, state: StepState, text: String, span: Option<Span>) {
        if self.steps.len() < MAX_STEPS {
            self.steps.push(Step {
                depth,
                stage,
                state,
                text,
                span,
            });
        }
    }

    /// A declaration, whether it is updated, and how its series leave the process.
    fn declaration(&mut self, emitter: &Emitter, depth: usize) {
        let (state, remark) = match &emitter.liveness {
            Liveness::Live => (StepState::Holds, String::new()),
            Liveness::TestOnly => (StepState::Broken, ", in test code alone".to_owned()),
            Liveness::Dead(reason) => (StepState::Broken, format!(", but {reason}")),
        };
        let labels = if emitter.labels.is_empty() {
            String::new()
        } else {
            format!(" by {}", emitter.labels.join(", "))
        };
        let text = format!("{} `{}`{labels}{remark}", emitter.metric_type, emitter.name);
        self.push(depth, Stage::Declared, state, text, Some(emitter.span));
        if emitter.is_live() {
            self.updates(emitter, depth + 1);
            self.programs(emitter, depth + 1);
        }
    }

    /// The programs that run it, how they let it out, and who comes for it.
    fn programs(&mut self, emitter: &Emitter, depth: usize) {
        let resolution = self.resolution;
        let scrape = &resolution.scrape;
        let mut is_run = false;
        for program in resolution.sights.programs_of(emitter) {
            let Some(process) = scrape.processes.get(program.process) else {
                continue;
            };
            is_run = true;
            let text = format!("by {}", targets::workload_name(scrape, process));
            self.push(depth, Stage::Run, StepState::Holds, text, Some(process.span));
            let outlets = program.outlets.iter();
            let mut outlets = outlets
                .filter(|outlet| outlet.serves(emitter.usage.registry))
                .peekable();
            if outlets.peek().is_none() {
                let (state, text) = if program.is_known {
                    (StepState::Broken, "nothing in it serves or pushes it")
                } else {
                    (StepState::Unknown, "nothing is known to serve or push it")
                };
                self.push(depth + 1, Stage::Exposed, state, text.to_owned(), None);
            }
            for outlet in outlets {
                self.outlet(outlet, emitter, depth + 1);
            }
        }
        if !is_run && !scrape.processes.is_empty() {
            let text = "no workload of this tree is known to run it".to_owned();
            self.push(depth, Stage::Run, StepState::Unknown, text, None);
        }
    }

    /// One way out of a program, and who comes for it.
    fn outlet(&mut self, outlet: &Outlet, emitter: &Emitter, depth: usize) {
        let scrape = &self.resolution.scrape;
        let what = match outlet.kind {
            ExposureKind::Server => "by a server of its own",
            ExposureKind::Route => "by a route",
            ExposureKind::Push => "by pushing",
            ExposureKind::Textfile => "by a file",
        };
        let port = outlet.port.map(|port| format!(" on port {port}"));
        let path = outlet
            .path
            .as_ref()
            .filter(|_| outlet.kind == ExposureKind::Route);
        let path = path.map(|path| format!(" at {path}"));
        let text = format!("{what}{}{}", port.unwrap_or_default(), path.unwrap_or_default());
        self.push(depth, Stage::Exposed, StepState::Holds, text, Some(outlet.span));
        let mut step = |state, text, span| self.push(depth + 1, Stage::Scraped, state, text, span);
        match &outlet.collection {
            Collection::Delivered => {}
            Collection::Unknown(reason) => step(StepState::Unknown, reason.clone(), None),
            Collection::Missed(misses) => {
                for miss in misses {
                    step(StepState::Broken, miss.reason.clone(), miss.span);
                }
            }
            Collection::Scraped(found) => {
                if let Some(reason) = &outlet.others {
                    step(StepState::Unknown, reason.clone(), None);
                }
                for (server, job, target) in found {
                    let job = scrape
                        .servers
                        .get(*server)
                        .and_then(|server| server.jobs.get(*job));
                    let Some(job) = job else { continue };
                    let Some(target) = job.targets.get(*target) else {
                        continue;
                    };
                    let text = format!("by job {}", job.name);
                    self.push(
                        depth + 1,
                        Stage::Scraped,
                        StepState::Holds,
                        text,
                        Some(target.span),
                    );
                    for (state, text, span) in fates(emitter, job, target) {
                        self.push(depth + 2, Stage::Scraped, state, text, Some(span));
                    }
                }
            }
        }
    }

    fn updates(&mut self, emitter: &Emitter, depth: usize) {
        let updates = &emitter.usage.updates;
        match (updates.first(), emitter.updated) {
            (Some(first), _) => {
                let text = match updates.len() {
                    1 => format!("by `{}`", first.method),
                    2 => format!("by `{}` and 1 more call", first.method),
                    number => format!("by `{}` and {} more calls", first.method, number - 1),
                };
                self.push(depth, Stage::Updated, StepState::Holds, text, Some(first.span));
            }
            (None, Some(true)) => {
                self.push(
                    depth,
                    Stage::Updated,
                    StepState::Holds,
                    "by the library".to_owned(),
                    None,
                );
            }
            (None, Some(false)) => {
                self.push(
                    depth,
                    Stage::Updated,
                    StepState::Broken,
                    "no call gives it a value".to_owned(),
                    None,
                );
            }
            (None, None) => {
                self.push(
                    depth,
                    Stage::Updated,
                    StepState::Unknown,
                    "not found out".to_owned(),
                    None,
                );
            }
        }
    }

    /// Everything that looks at series of these emitters.
    fn looks_at(&mut self, emitters: &[&Emitter]) {
        let resolution = self.resolution;
        let sees = |reference: &&Reference| {
            let of_site = |by: &promsight_model::ResolvedBy| match by {
                promsight_model::ResolvedBy::Site { span, .. } => {
                    emitters.iter().any(|emitter| emitter.span == *span)
                }
                promsight_model::ResolvedBy::Outside(_) => false,
            };
            // What never arrives resolves nothing, and is looked at all the same.
            let declared = reference
                .blindness
                .as_ref()
                .and_then(|blindness| blindness.declared.as_ref());
            let is_declared = declared.is_some_and(|declared| {
                let at = |emitter: &&Emitter| emitter.name_span.unwrap_or(emitter.span) == declared.span;
                declared.dead.is_some() && emitters.iter().any(at)
            });
            is_declared || reference.resolved_by.iter().any(of_site)
        };
        let before = self.steps.len();
        for reference in resolution.references.iter().filter(sees) {
            self.looked_at(reference, 0);
        }
        if self.steps.len() == before {
            let text = "nothing looks at it".to_owned();
            self.push(0, Stage::LookedAt, StepState::Broken, text, None);
        }
    }

    /// One reader; of a recording rule also those who read what it records.
    fn looked_at(&mut self, reference: &Reference, depth: usize) {
        let consumer = &reference.consumer;
        let text = format!(
            "{} reads `{}`{}",
            words::who(consumer),
            selector_text(&reference.selector),
            remark(reference)
        );
        let stage = if consumer.kind == ConsumerKind::Record {
            Stage::Recorded
        } else {
            Stage::LookedAt
        };
        self.push(
            depth,
            stage,
            state(reference),
            text,
            Some(reference.selector.span),
        );
        self.loading(consumer, depth + 1);
        if consumer.kind == ConsumerKind::Record && self.enter(consumer.scope) {
            self.readers_of(&consumer.name, depth + 1);
            self.chain.pop();
        }
    }

    /// Whoever reads a recorded series.
    fn readers_of(&mut self, record: &str, depth: usize) {
        let resolution = self.resolution;
        let reads = |reference: &&Reference| selector_text(&reference.selector) == record;
        let mut readers = resolution.references.iter().filter(reads).peekable();
        if readers.peek().is_none() {
            let text = format!("nothing looks at `{record}`");
            // A record that nobody reads is no break in the sight of a metric that others read.
            let state = if depth == 0 {
                StepState::Broken
            } else {
                StepState::Unknown
            };
            self.push(depth, Stage::LookedAt, state, text, None);
        }
        for reader in readers {
            self.looked_at(reader, depth);
        }
    }

    /// One thing that a reader needs, and where that comes from.
    fn read(&mut self, reference: &Reference, depth: usize) {
        let series = selector_text(&reference.selector);
        let text = format!("it reads `{series}`{}", remark(reference));
        self.push(
            depth,
            Stage::LookedAt,
            state(reference),
            text,
            Some(reference.selector.span),
        );
        self.sources(reference, depth + 1);
    }

    /// Where a series comes from: declarations, or a recording rule and what that reads.
    fn sources(&mut self, reference: &Reference, depth: usize) {
        let resolution = self.resolution;
        for by in &reference.resolved_by {
            let promsight_model::ResolvedBy::Site { span, .. } = by else {
                continue;
            };
            let made = resolution
                .emitters
                .iter()
                .map(|resolved| &resolved.emitter)
                .find(|emitter| emitter.span == *span);
            match made {
                Some(emitter) if emitter.origin != Origin::RecordingRule => self.declaration(emitter, depth),
                _ => {
                    let recorded = resolution
                        .records
                        .iter()
                        .find(|record| record.name_span == *span || span.contains(record.name_span));
                    if let Some(record) = recorded {
                        self.record(record, depth);
                    }
                }
            }
        }
    }

    /// A recording rule, and what it needs in turn.
    fn record(&mut self, record: &Record, depth: usize) {
        let state = match record.blind {
            Some(_) => StepState::Broken,
            None => StepState::Holds,
        };
        let text = format!("recording rule `{}`", record.name);
        self.push(depth, Stage::Recorded, state, text, Some(record.name_span));
        self.loading(&record.consumer, depth + 1);
        if !self.enter(record.consumer.scope) {
            return;
        }
        let resolution = self.resolution;
        let reads = |reference: &&Reference| {
            reference.consumer.kind == ConsumerKind::Record
                && reference.consumer.scope == record.consumer.scope
                && reference.consumer.name == record.name
        };
        for read in resolution.references.iter().filter(reads) {
            self.read(read, depth + 1);
        }
        self.chain.pop();
    }

    /// Whether a Prometheus of the tree loads the rule, where that is known.
    fn loading(&mut self, consumer: &Consumer, depth: usize) {
        if !matches!(consumer.kind, ConsumerKind::Alert | ConsumerKind::Record) {
            return;
        }
        let scrape = &self.resolution.scrape;
        let holds = |span: &Span| span.contains(consumer.scope);
        let loader = scrape
            .servers
            .iter()
            .find(|server| server.rules.iter().any(holds));
        if let Some(server) = loader {
            let text = format!("by {}", targets::server_name(scrape, self.files, server));
            self.push(depth, Stage::Loaded, StepState::Holds, text, Some(server.span));
            return;
        }
        let refusal = scrape
            .servers
            .iter()
            .flat_map(|server| server.unselected_rules.iter())
            .find(|rule| holds(&rule.span));
        if let Some(refusal) = refusal {
            let text = format!("by no Prometheus here: {}", refusal.reason);
            self.push(
                depth,
                Stage::Loaded,
                StepState::Broken,
                text,
                Some(refusal.selector),
            );
        }
    }

    /// The panels of a dashboard, each with what it reads.
    fn dashboard(&mut self, references: impl Iterator<Item = &'a Reference>) {
        for reference in references {
            let consumer = &reference.consumer;
            let text = format!(
                "{} `{}` reads `{}`{}",
                consumer.kind.word(),
                consumer.name,
                selector_text(&reference.selector),
                remark(reference)
            );
            self.push(
                0,
                Stage::LookedAt,
                state(reference),
                text,
                Some(reference.selector.span),
            );
            self.sources(reference, 1);
        }
    }

    /// Enters a recording rule; not where it is on the way already, or the way is too long.
    fn enter(&mut self, scope: Span) -> bool {
        let is_new = self.chain.len() < MAX_CHAIN && !self.chain.contains(&scope);
        if is_new {
            self.chain.push(scope);
        }
        is_new
    }
}

/// What a job makes of the series that it scrapes, where that is not to store them as they are: broken where none of them
/// is left.
fn fates(emitter: &Emitter, job: &Job, target: &Target) -> Vec<(StepState, String, Span)> {
    let fates = sight::fates(emitter, job, target);
    let is_lost = |fate: &Fate| matches!(fate, Fate::Dropped { .. });
    let state = if fates.iter().filter(|fate| is_lost(fate)).count() == emitter.series.len() {
        StepState::Broken
    } else {
        StepState::Holds
    };
    let words = |fate| match fate {
        Fate::Dropped { series, reason, span } => (state, format!("drops `{series}`: {reason}"), span),
        Fate::Renamed { series, name, span } => {
            (StepState::Holds, format!("stores `{series}` as `{name}`"), span)
        }
        Fate::Open { series, span } => {
            let text = format!("whether it keeps `{series}` is known only at run time");
            (StepState::Unknown, text, span)
        }
    };
    fates.into_iter().map(words).collect()
}

fn state(reference: &Reference) -> StepState {
    match reference.verdict {
        Verdict::Emitted | Verdict::Recorded | Verdict::External => StepState::Holds,
        Verdict::Blind | Verdict::Unreadable => StepState::Broken,
        Verdict::Possible | Verdict::Foreign | Verdict::Exempt => StepState::Unknown,
    }
}

/// What the verdict adds where it is not plain sight.
fn remark(reference: &Reference) -> String {
    match reference.verdict {
        Verdict::Emitted | Verdict::Recorded => String::new(),
        Verdict::External => format!(", from outside of this tree: {}", words::outside(reference)),
        Verdict::Blind => match &reference.blindness {
            Some(blindness) => match &blindness.root {
                Some(root) => format!(", which records nothing: nothing emits `{}`", root.series),
                None => match &blindness.declared {
                    Some(declared) if declared.dead.is_some() => ", of which nothing arrives".to_owned(),
                    _ => ", which nothing emits".to_owned(),
                },
            },
            None => ", which nothing emits".to_owned(),
        },
        Verdict::Possible => ", which only a partly known name can match".to_owned(),
        Verdict::Foreign => ", which nothing here is known to emit".to_owned(),
        Verdict::Exempt => ", and expects that it may be absent".to_owned(),
        Verdict::Unreadable => ", which cannot be read".to_owned(),
    }
}

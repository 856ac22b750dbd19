//! What the model says of a system: what its workloads run and let out, what each Prometheus keeps, drops and stores, and
//! which rules see nothing.
//!
//! Owns the reading of the model, and nothing of what is observed. A claim is made only where the model makes one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use promsight::clock;
use promsight::config;
use promsight::discovery::{self, Territory};
use promsight::pipeline::{self, Selection, Shared};
use promsight::reading;
use promsight_model::manifest::{Content, Value};
use promsight_model::{
    Emitter, ExposureKind, Facts, Finding, MatchOp, MetricType, Name, Origin, Report, Rule, RuleKind,
    Selector, SelectorName, Span, Verdict,
};
use promsight_resolve::Resolution;
use promsight_resolve::python::Inventory;
use promsight_resolve::sight::{Collection, Outlet, Program};
use promsight_scrape::ScrapeModel;
use promsight_scrape::objects::ObjectId;
use promsight_scrape::process::{Entry, Process, Workload as Declared};
use promsight_scrape::relabel::Labels;
use promsight_scrape::servers::{
    Job as ModelJob, Relabelled, Server as ModelServer, ServerOrigin, ServerPlace,
};
use promsight_scrape::targets::{Dropped, Target as ModelTarget};
use promsight_scrape::text::{Shape, Text};
use serde_json::json;

/// Findings that say of an expression or selector that it selects nothing.
const EMPTY: &[&str] = &[
    "blind-alert",
    "blind-record",
    "bucket-mismatch",
    "label-mismatch",
    "label-value-mismatch",
];

/// Kinds of objects that the network is made of.
const NETWORK: &[&str] = &["Service", "Endpoints", "EndpointSlice"];

/// What comes out, by the names of the series.
pub(super) type Series = BTreeMap<String, OneSeries>;

/// What is said of one series.
#[derive(Clone, Debug)]
pub(super) struct OneSeries {
    /// The names of its labels; `None` where they are not all known.
    pub(super) labels: Option<BTreeSet<String>>,
    /// Whether it is there from the start. One with labels is there once its program has given them values, and not
    /// every program that imports the code does.
    pub(super) is_sure: bool,
}

/// All that is predicted of a system.
#[derive(Debug, Default)]
pub(super) struct Prediction {
    pub(super) workloads: Vec<Workload>,
    pub(super) servers: Vec<Server>,
    /// The objects that the observer's network is made of.
    objects: Vec<serde_json::Value>,
}

/// What runs Python code of the tree.
#[derive(Debug)]
pub(super) struct Workload {
    pub(super) name: String,
    /// Whether it runs that and nothing else.
    pub(super) is_known: bool,
    pub(super) command: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) outlets: Vec<Way>,
}

/// What a workload lets out at a port and path, and what it keeps back.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) port: u16,
    pub(super) path: String,
    pub(super) series: Series,
}

#[derive(Debug)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) jobs: Vec<Job>,
    pub(super) rules: Vec<Claim>,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) name: String,
    config: serde_json::Value,
    pub(super) targets: Vec<Target>,
}

#[derive(Debug)]
pub(super) struct Target {
    /// What it is called in the record: its address and workload.
    pub(super) key: String,
    discovered: BTreeMap<String, String>,
    workload: Option<String>,
    pub(super) fate: Fate,
}

/// What becomes of a target.
#[derive(Debug)]
pub(super) enum Fate {
    Dropped,
    Kept {
        /// Its labels; `None` for a value that only the run knows.
        labels: BTreeMap<String, Option<String>>,
        answer: Answer,
    },
}

/// What a scrape of a target gives.
#[derive(Debug)]
pub(super) enum Answer {
    /// These series.
    Series(Series),
    /// Nothing: nobody answers there.
    Nothing,
    /// The model does not say.
    Unsaid,
}

/// What is said of a rule.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) is_record: bool,
    pub(super) expression: String,
    labels: BTreeMap<String, String>,
    pub(super) outcome: Outcome,
    /// Each selector with what it gives; `None` where the model does not say.
    pub(super) selectors: Vec<(String, Option<bool>)>,
}

/// What is said of a rule's expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Prometheus refuses it.
    Refused,
    /// It can never have a result.
    Empty,
    /// All of its series are there.
    Fed,
    /// Nothing is said.
    Unsaid,
}

impl Prediction {
    /// Of the tree in a folder.
    pub(super) fn of(folder: &Path) -> Result<Self, String> {
        let mut territory = Territory::of(&[folder.to_owned()]).map_err(|error| error.to_string())?;
        territory.root = territory.paths[0].clone();
        let config = config::load(&territory.root, None).map_err(|error| error.to_string())?;
        let sources = reading::read(&discovery::discover(&territory, &config));
        let understood = pipeline::understand(&sources, &Shared::default());
        let resolution = pipeline::resolve(&sources, &understood, &config);
        let everything = Selection::everything(clock::today());
        let report = pipeline::conclude(&sources, &understood, &config, &everything, None);
        let view = View {
            facts: understood.facts(),
            inventory: understood.inventory(),
            resolution: &resolution,
            scrape: &resolution.scrape,
            report: &report,
        };
        let servers = resolution.scrape.servers.iter().enumerate();
        let servers = servers.filter(|(_, server)| server.origin != ServerOrigin::Elsewhere);
        Ok(Self {
            workloads: view.workloads(),
            servers: servers
                .map(|(at, server)| {
                    view.server(at, server, sources.files.file(server.span.file).path.as_str())
                })
                .collect(),
            objects: view.objects(),
        })
    }

    /// What the observer is told: what to run, to discover and to load, and nothing of what is to come of it.
    pub(super) fn plan(&self) -> serde_json::Value {
        let workloads = self.workloads.iter().map(|workload| {
            let asked = workload.outlets.iter().map(|way| json!([way.port, way.path]));
            json!({
                "name": workload.name,
                "command": workload.command,
                "environment": workload.environment,
                "asked": asked.collect::<Vec<_>>(),
            })
        });
        let servers = self.servers.iter().map(Server::plan);
        json!({
            "workloads": workloads.collect::<Vec<_>>(),
            "servers": servers.collect::<Vec<_>>(),
            "objects": self.objects,
        })
    }
}

impl Server {
    fn plan(&self) -> serde_json::Value {
        let jobs = self.jobs.iter().map(|job| {
            let targets = job.targets.iter().map(|target| {
                json!({ "key": target.key, "discovered": target.discovered, "workload": target.workload })
            });
            json!({ "name": job.name, "config": job.config, "targets": targets.collect::<Vec<_>>() })
        });
        let rules = self.rules.iter().map(|rule| {
            let selectors = rule.selectors.iter().map(|(selector, _)| selector);
            json!({
                "group": rule.group,
                "name": rule.name,
                "kind": if rule.is_record { "record" } else { "alert" },
                "expr": rule.expression,
                "labels": rule.labels,
                "selectors": selectors.collect::<Vec<_>>(),
            })
        });
        json!({
            "name": self.name,
            "namespace": self.namespace,
            "jobs": jobs.collect::<Vec<_>>(),
            "rules": rules.collect::<Vec<_>>(),
        })
    }
}

struct View<'a> {
    facts: &'a [Facts],
    inventory: &'a Inventory,
    resolution: &'a Resolution,
    scrape: &'a ScrapeModel,
    report: &'a Report,
}

impl View<'_> {
    fn workloads(&self) -> Vec<Workload> {
        let mut workloads = Vec::new();
        for (at, process) in self.scrape.processes.iter().enumerate() {
            let runs_python = matches!(process.entry, Entry::Program { .. } | Entry::Application { .. });
            let Some(name) = self.name_of(process).filter(|_| runs_python) else {
                continue;
            };
            let program = self
                .resolution
                .sights
                .programs
                .iter()
                .find(|program| program.process == at);
            let outlets = program.map_or(&[][..], |program| &program.outlets);
            let ways = outlets.iter().filter_map(|outlet| {
                let is_asked = matches!(outlet.kind, ExposureKind::Server | ExposureKind::Route);
                Some(Way {
                    port: outlet.port.filter(|_| is_asked)?,
                    path: outlet.path.clone().unwrap_or_else(|| "/metrics".to_owned()),
                    series: self.let_out(program?, outlet),
                })
            });
            let environment = process.environment.iter();
            workloads.push(Workload {
                name,
                is_known: program.is_some_and(|program| program.is_known),
                command: process.command.iter().map(|(word, _)| word.clone()).collect(),
                environment: environment
                    .filter_map(|(name, value, _)| Some((name.clone(), value.clone()?)))
                    .collect(),
                outlets: ways.collect(),
            });
        }
        workloads
    }

    /// `Deployment shop/pricing`; nothing for what no workload of the tree is known to run.
    fn name_of(&self, process: &Process) -> Option<String> {
        match &process.workload {
            Declared::Container { object, .. } => self.object_name(*object),
            Declared::Compose { service } => Some(format!("service {service}")),
            Declared::Other(name) => Some(name.clone()),
            Declared::Image(_) => None,
        }
    }

    fn object_name(&self, id: ObjectId) -> Option<String> {
        let object = self.scrape.renderings.get(id.rendering)?.objects.get(id.object)?;
        let namespace = object.namespace().map(|namespace| format!("{namespace}/"));
        Some(format!(
            "{} {}{}",
            object.kind(),
            namespace.unwrap_or_default(),
            object.name()
        ))
    }

    /// The series of all metrics that come out of a program here, once each of its updates has happened.
    fn let_out(&self, program: &Program, outlet: &Outlet) -> Series {
        let mut series = Series::new();
        let emitters = program
            .emitters
            .iter()
            .filter_map(|at| self.inventory.emitters.get(*at));
        for emitter in emitters.filter(|emitter| outlet.serves(emitter.usage.registry)) {
            if !has_children(emitter, program) {
                continue;
            }
            for name in emitter.series.iter().filter_map(Name::exact) {
                let one = OneSeries {
                    labels: labels_of(emitter, name),
                    is_sure: emitter.labels_known && emitter.labels.is_empty(),
                };
                add(&mut series, name, one);
            }
        }
        series
    }

    fn server(&self, at: usize, server: &ModelServer, path: &str) -> Server {
        let name = match &server.origin {
            ServerOrigin::Object(id) => self.object_name(*id).unwrap_or_default(),
            _ => path.to_owned(),
        };
        let namespace = match &server.place {
            ServerPlace::Cluster { namespace, .. } => namespace.as_known().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        let jobs = server.jobs.iter().enumerate();
        Server {
            name,
            namespace,
            jobs: jobs.map(|(number, job)| self.job(job, (at, number))).collect(),
            rules: self.claims(server),
        }
    }

    fn job(&self, job: &ModelJob, (server, number): (usize, usize)) -> Job {
        let mut keys = BTreeSet::new();
        let mut targets = Vec::new();
        for (at, target) in job.targets.iter().enumerate() {
            let workload = self.workload_of(target);
            targets.push(Target {
                key: key(&target.discovered, workload.as_deref(), &mut keys),
                discovered: target.discovered.clone(),
                fate: Fate::Kept {
                    labels: labels(target),
                    answer: self.answer(job, target, (server, number, at)),
                },
                workload,
            });
        }
        for dropped in &job.dropped {
            let workload = dropped.workload.and_then(|id| self.object_name(id));
            targets.push(Self::dropped(dropped, workload, &mut keys));
        }
        Job {
            name: job.name.clone(),
            config: json(&job.config),
            targets,
        }
    }

    fn dropped(target: &Dropped, workload: Option<String>, keys: &mut BTreeSet<String>) -> Target {
        Target {
            key: key(&target.discovered, workload.as_deref(), keys),
            discovered: target.discovered.clone(),
            workload,
            fate: Fate::Dropped,
        }
    }

    fn workload_of(&self, target: &ModelTarget) -> Option<String> {
        let service = target.compose_service.as_ref();
        let object = target.workload.and_then(|id| self.object_name(id));
        object.or_else(|| service.map(|service| format!("service {service}")))
    }

    /// Whether somebody answers, and what: as the join of what is served with what is scraped has it.
    fn answer(&self, job: &ModelJob, target: &ModelTarget, place: (usize, usize, usize)) -> Answer {
        let programs = &self.resolution.sights.programs;
        let mut series = Series::new();
        let mut is_answered = false;
        for (program, outlet) in programs
            .iter()
            .flat_map(|program| program.outlets.iter().map(move |outlet| (program, outlet)))
        {
            if matches!(&outlet.collection, Collection::Scraped(places) if places.contains(&place)) {
                is_answered = true;
                for (name, one) in self.let_out(program, outlet) {
                    add(&mut series, &name, one);
                }
            }
        }
        if is_answered {
            return Answer::Series(stored(job, target, &series));
        }
        let workload = self.workload_of(target);
        let mut own = programs.iter().filter(|program| {
            let process = self.scrape.processes.get(program.process);
            workload.is_some() && process.and_then(|process| self.name_of(process)) == workload
        });
        let is_dead = job.dead.iter().any(|dead| dead.span == target.span);
        let is_known = own
            .next()
            .is_some_and(|first| first.is_known && own.all(|program| program.is_known));
        if is_dead || is_known {
            Answer::Nothing
        } else {
            Answer::Unsaid
        }
    }

    /// What is said of the rules that a server loads.
    fn claims(&self, server: &ModelServer) -> Vec<Claim> {
        let mut claims = Vec::new();
        for facts in self.facts {
            let loaded = |rule: &&Rule| server.rules.iter().any(|span| span.contains(rule.name_span));
            for rule in facts.rules.iter().filter(loaded) {
                claims.extend(self.claim(facts, rule));
            }
        }
        claims
    }

    fn claim(&self, facts: &Facts, rule: &Rule) -> Option<Claim> {
        let at = rule.query?;
        let query = facts.queries.get(at)?;
        let consumer = facts.consumers.get(rule.consumer)?;
        let findings: Vec<&Finding> = self
            .report
            .findings
            .iter()
            .filter(|finding| query.span.contains(finding.primary))
            .collect();
        let is_refused = findings.iter().any(|finding| finding.check == "invalid-query");
        let references = self.resolution.references.iter();
        let references = references.filter(|one| one.file() == facts.file && one.query == Some(at));
        let mut is_fed = true;
        let mut selectors = Vec::new();
        for reference in references.filter(|_| !is_refused) {
            let gives = match reference.verdict {
                _ if says_empty(&findings, reference.selector.whole) => Some(false),
                Verdict::Emitted | Verdict::Recorded => Some(true),
                Verdict::Blind => Some(false),
                _ => None,
            };
            is_fed &= gives == Some(true);
            selectors.extend(text(&reference.selector).map(|text| (text, gives)));
        }
        let outcome = if is_refused {
            Outcome::Refused
        } else if says_empty(&findings, query.span) {
            Outcome::Empty
        } else if is_fed && !selectors.is_empty() {
            Outcome::Fed
        } else {
            Outcome::Unsaid
        };
        Some(Claim {
            group: consumer.group.clone().unwrap_or_default(),
            name: rule.name.clone(),
            is_record: rule.kind == RuleKind::Record,
            expression: query.text.clone(),
            labels: rule
                .labels
                .iter()
                .map(|(name, value, _)| (name.clone(), value.clone()))
                .collect(),
            outcome,
            selectors,
        })
    }

    /// Services and what stands behind them, of everything that is deployed.
    fn objects(&self) -> Vec<serde_json::Value> {
        let objects = self
            .scrape
            .renderings
            .iter()
            .flat_map(|rendering| &rendering.objects);
        let wanted = objects.filter(|object| {
            object.is_deployed
                && (NETWORK.contains(&object.kind())
                    || object.value.at(&["spec", "template", "spec"]).is_some())
        });
        wanted.map(|object| json(&object.value)).collect()
    }
}

/// Whether the program's own code makes a child of the metric, or it needs none.
fn has_children(emitter: &Emitter, program: &Program) -> bool {
    let is_own = |span: Span| program.files.contains(&span.file);
    let is_instrument = matches!(emitter.origin, Origin::Instrument(_));
    emitter.labels.is_empty()
        || !is_instrument
        || emitter.usage.updates.iter().any(|update| is_own(update.span))
}

/// The labels that a series of a metric has, where they are all known.
fn labels_of(emitter: &Emitter, series: &str) -> Option<BTreeSet<String>> {
    let own = match emitter.metric_type {
        MetricType::Histogram if series.ends_with("_bucket") => Some("le"),
        MetricType::StateSet => emitter.name.exact(),
        _ => None,
    };
    let labels = emitter.labels.iter().map(String::as_str).chain(own);
    // What an info says is given when it is set.
    let is_open = !emitter.labels_known || emitter.metric_type == MetricType::Info;
    (!is_open).then(|| labels.map(str::to_owned).collect())
}

fn add(series: &mut Series, name: &str, one: OneSeries) {
    let entry = series.entry(name.to_owned()).or_insert_with(|| one.clone());
    entry.is_sure |= one.is_sure;
    match (entry.labels.as_mut(), one.labels) {
        (Some(known), Some(labels)) => known.extend(labels),
        _ => entry.labels = None,
    }
}

fn says_empty(findings: &[&Finding], place: Span) -> bool {
    let mut saying = findings.iter().filter(|finding| EMPTY.contains(&finding.check));
    saying.any(|finding| place.contains(finding.primary))
}

/// What a target is called: its address and workload, and a number where these are not enough.
fn key(
    discovered: &BTreeMap<String, String>,
    workload: Option<&str>,
    taken: &mut BTreeSet<String>,
) -> String {
    let address = discovered.get("__address__").map_or("", String::as_str);
    let key = format!("{address} {}", workload.unwrap_or_default())
        .trim()
        .to_owned();
    let unique = (1..).map(|number| match number {
        1 => key.clone(),
        _ => format!("{key} #{number}"),
    });
    let unique = unique.take(1000).find(|key| taken.insert(key.clone()));
    unique.unwrap_or(key)
}

fn labels(target: &ModelTarget) -> BTreeMap<String, Option<String>> {
    let known = target
        .labels
        .iter()
        .map(|(name, value)| (name.clone(), Some(value.clone())));
    let open = target.open_labels.iter().map(|name| (name.clone(), None));
    open.chain(known).collect()
}

/// What is stored of series, with all their labels.
fn stored(job: &ModelJob, target: &ModelTarget, series: &Series) -> Series {
    let mut stored = Series::new();
    for (name, own) in series {
        let mut all = Labels::new();
        for label in own.labels.iter().flatten() {
            // The target's label wins, and the series keeps its own under another name.
            let is_taken = target.labels.contains_key(label) || target.open_labels.contains(label);
            let exported = if is_taken && !job.honors_labels {
                "exported_"
            } else {
                ""
            };
            let value = Text::open(Shape::Word, format!("{label} of {name}"));
            all.set(&format!("{exported}{label}"), value);
        }
        for label in &target.open_labels {
            all.set(label, Text::open(Shape::Word, label.clone()));
        }
        for (label, value) in &target.labels {
            all.set(label, Text::known(value));
        }
        if let Relabelled::Kept {
            name: Some(name),
            labels,
        } = job.metric_relabelling(name, &all)
        {
            let names = labels.iter().map(|(label, _)| label.to_owned());
            let names = names.filter(|label| label != "__name__" && !target.labels.contains_key(label));
            let names = names.filter(|label| !target.open_labels.contains(label));
            let names: BTreeSet<String> = names.collect();
            let one = OneSeries {
                labels: own.labels.is_some().then_some(names),
                is_sure: own.is_sure,
            };
            add(&mut stored, &name, one);
        }
    }
    stored
}

/// A selector as PromQL writes it; nothing for one that is not fully known.
fn text(selector: &Selector) -> Option<String> {
    let mut matchers = Vec::new();
    match &selector.name {
        SelectorName::Exact(name) => matchers.push(format!("__name__={}", json!(name))),
        SelectorName::Regex(regex) => matchers.push(format!("__name__=~{}", json!(regex))),
        SelectorName::Any => {}
        SelectorName::Pattern(_) => return None,
    }
    for matcher in &selector.matchers {
        let operator = match matcher.op {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        };
        matchers.push(format!(
            "{}{operator}{}",
            matcher.label,
            json!(matcher.value.text())
        ));
    }
    Some(format!("{{{}}}", matchers.join(",")))
}

/// A value as JSON.
fn json(value: &Value) -> serde_json::Value {
    match &value.content {
        Content::Null => serde_json::Value::Null,
        Content::Scalar(scalar) => {
            let plain = || {
                serde_json::from_str(&scalar.text)
                    .ok()
                    .filter(|_: &serde_json::Value| !scalar.is_string)
            };
            value
                .as_bool()
                .map(serde_json::Value::Bool)
                .or_else(plain)
                .unwrap_or_else(|| scalar.text.clone().into())
        }
        Content::List(items) => items.iter().map(json).collect(),
        Content::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.text.clone(), json(value)))
            .collect(),
    }
}

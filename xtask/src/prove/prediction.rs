//! What the model says of a system: what its workloads run and let out, what each Prometheus keeps, drops and stores, and
//! which rules see nothing.
//!
//! This file is long because one walk over the model answers all questions at once.
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
use promsight_model::{ExposureKind, MetricType, Name};
use promsight_resolve::Resolution;
use promsight_resolve::python::Inventory;
use promsight_resolve::sight::{Collection, Outlet, Program};
use promsight_scrape::ScrapeModel;
use promsight_scrape::objects::ObjectId;
use promsight_scrape::process::{Entry, Process, Workload as Declared};
use promsight_scrape::servers::{Job as ModelJob, Server as ModelServer, ServerOrigin, ServerPlace};
use promsight_scrape::targets::{Dropped, Target as ModelTarget};
use serde_json::json;

use super::claims::{Claim, Claims};
use super::series::{OneSeries, Series, add, has_children, is_optional, labels_of, stored};

/// Kinds of objects that the network is made of.
const NETWORK: &[&str] = &["Service", "Endpoints", "EndpointSlice"];

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
    /// Where that is known.
    pub(super) path: Option<String>,
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
            claims: Claims {
                facts: understood.facts(),
                references: &resolution.references,
                findings: &report.findings,
            },
            inventory: understood.inventory(),
            resolution: &resolution,
            scrape: &resolution.scrape,
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
            let ways = workload.outlets.iter();
            let asked = ways.filter_map(|way| Some(json!([way.port, way.path.as_ref()?])));
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
    claims: Claims<'a>,
    inventory: &'a Inventory,
    resolution: &'a Resolution,
    scrape: &'a ScrapeModel,
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
                    path: outlet.path.clone(),
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
                    is_sure: emitter.labels_known && emitter.labels.is_empty() && !is_optional(name),
                    may_have: (emitter.metric_type == MetricType::Gauge).then_some("pid"),
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
            rules: self.claims.of(server),
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
        let service = target.compose.first();
        let object = target.workload.and_then(|id| self.object_name(id));
        object.or_else(|| service.map(|(service, _)| format!("service {service}")))
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

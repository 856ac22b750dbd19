//! The line of sight from code to Prometheus: which programs run a metric, how they let it out, who scrapes that.
//!
//! Owns the join of what the Python code serves with what the tree runs and scrapes. It follows rules of one kind:
//! a step counts as broken only where every program that may run the metric is known, everything that such a program
//! imports is known, and every job that may scrape it is known. Else the step is unknown, and nobody hears of it.
//!
//! - [`programs`]: what each process of the tree brings along and lets out;
//! - [`collection`]: which jobs reach what is let out;
//! - [`breaks`]: which workloads and metrics that leaves in the dark;
//! - [`arrivals`]: what jobs make of the series that they scrape.

mod arrivals;
mod breaks;
mod collection;
mod programs;

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Confidence, Emitter, ExposureKind, FileId, Name, Reason, Registry, Span};
use promsight_scrape::ScrapeModel;

use crate::python::Inventory;

pub use arrivals::{Arrivals, Fate, Scrape, fates};

pub(crate) use arrivals::stored;

/// The lines of sight of everything that the tree runs.
#[derive(Clone, Debug, Default)]
pub struct Sights {
    /// The programs of which the Python code is known, in the order of the processes.
    pub programs: Vec<Program>,
    /// Workloads that let out nothing of what they emit.
    pub not_exposed: Vec<NotExposed>,
    /// Workloads that nothing scrapes.
    pub not_scraped: Vec<NotScraped>,
    /// Emitters (by index into the inventory's) of which nothing ever arrives.
    pub hidden: BTreeMap<usize, Hidden>,
    /// What becomes of single series behind the scrape.
    pub arrivals: Arrivals,
    /// Whether some code pushes metrics or writes them to files, so that something stands between it and Prometheus.
    pub is_pushed: bool,
    /// The indices of the emitters that stand at a place.
    emitters_at: BTreeMap<Span, Vec<usize>>,
}

impl Sights {
    /// The programs that bring an emitter along.
    pub fn programs_of(&self, emitter: &Emitter) -> impl Iterator<Item = &Program> {
        let indices = self.emitters_at.get(&emitter.span).map_or(&[][..], Vec::as_slice);
        self.programs
            .iter()
            .filter(|program| indices.iter().any(|at| program.emitters.contains(at)))
    }

    /// Why nothing of an emitter ever arrives, where that is so.
    pub fn hidden(&self, emitter: &Emitter) -> Option<&Hidden> {
        let indices = self.emitters_at.get(&emitter.span).map_or(&[][..], Vec::as_slice);
        indices.iter().find_map(|at| self.hidden.get(at))
    }
}

/// A process of which the Python code is known.
#[derive(Clone, Debug)]
pub struct Program {
    /// Index into the model's processes.
    pub process: usize,
    /// Whether all that it imports is known, and it surely runs that code.
    pub is_known: bool,
    /// The files of the tree whose code it brings along.
    pub files: BTreeSet<FileId>,
    /// The live emitters in the modules that it imports, by index into the inventory's.
    pub emitters: Vec<usize>,
    /// How it lets metrics out.
    pub outlets: Vec<Outlet>,
    /// Places in its modules that would let metrics out, and that nothing in it comes by.
    pub unreached: Vec<Span>,
}

/// One way out of a program.
#[derive(Clone, Debug)]
pub struct Outlet {
    /// How.
    pub kind: ExposureKind,
    /// Which registry.
    pub registry: Registry,
    /// Where the code opens it.
    pub span: Span,
    /// The port, where known.
    pub port: Option<u16>,
    /// The path, where known.
    pub path: Option<String>,
    /// What demands authentication in front of it.
    pub authentication: Option<Span>,
    /// Who comes for it.
    pub collection: Collection,
    /// Why yet others may come, as a clause; `None` where all that do are known.
    pub others: Option<String>,
}

impl Outlet {
    /// Whether metrics of that registry may come out here.
    pub fn serves(&self, registry: Registry) -> bool {
        serves(self.registry, registry)
    }
}

/// Who comes for what a program lets out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collection {
    /// The program delivers it itself.
    Delivered,
    /// These targets, by server, job and target.
    Scraped(Vec<(usize, usize, usize)>),
    /// Nobody, and how near they come.
    Missed(Vec<Miss>),
    /// The tree does not say; why not, as a clause.
    Unknown(String),
}

/// Why a job misses what a program lets out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Miss {
    /// Where the job drops or misses it; `None` where no job has anything to do with the workload.
    pub span: Option<Span>,
    /// Why, as a clause.
    pub reason: String,
}

/// A workload that lets out nothing of what it emits.
#[derive(Clone, Debug)]
pub struct NotExposed {
    /// Index into the model's processes.
    pub process: usize,
    /// What is lost, by place: the family's name, and where it is declared.
    pub metrics: Vec<(Name, Span)>,
    /// What it does let out, of other registries.
    pub outlets: Vec<Span>,
    /// Places in its modules that would let it out, and that nothing comes by.
    pub unreached: Vec<Span>,
    /// How sure.
    pub confidence: Confidence,
}

/// A workload that lets metrics out and that nothing scrapes.
#[derive(Clone, Debug)]
pub struct NotScraped {
    /// Index into the model's processes.
    pub process: usize,
    /// Where the code opens the way out.
    pub outlet: Span,
    /// The port, where known.
    pub port: Option<u16>,
    /// Why the jobs miss it, the nearest first.
    pub misses: Vec<Miss>,
    /// How sure.
    pub confidence: Confidence,
}

/// Why nothing of an emitter ever arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// [`Reason::Unexposed`] or [`Reason::Unscraped`].
    pub reason: Reason,
    /// Why, as a clause.
    pub clause: String,
    /// Where the line of sight breaks.
    pub span: Span,
    /// The name under which it is stored instead, where it is a series that gets another one.
    pub renamed: Option<String>,
}

/// Joins what the code serves with what the tree runs and scrapes.
pub(crate) fn sights(inventory: &Inventory, scrape: &ScrapeModel) -> Sights {
    let mut programs = programs::programs(inventory, scrape);
    collection::collect(&mut programs, scrape);
    breaks::breaks(programs, inventory, scrape)
}

/// Whether what lets out the one registry may let out metrics of the other.
fn serves(served: Registry, of: Registry) -> bool {
    match (served, of) {
        (Registry::Unknown, _) | (_, Registry::Unknown | Registry::Detached) => true,
        (left, right) => left == right,
    }
}

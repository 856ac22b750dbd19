//! The path from a process to the Prometheus that stores its series.
//!
//! Owns: manifests as they are rendered, the processes that workloads run, the targets that discovery finds, what
//! relabelling makes of them, and which rules a Prometheus loads. Neither parses nor reads source text, knows no
//! Python, and words no messages for users beyond the clauses that stand in its results.
//!
//! Data flows one way through [`simulate`]: manifests become objects ([`objects`]), objects and other files become
//! processes ([`process`]) and Prometheus servers with their jobs ([`servers`]), and each job is given the targets that
//! the objects determine ([`targets`]), less those that network policies keep it from asking ([`policies`]).
//!
//! The rule for everything here: what cannot be known from the tree is said to be unknown, and whoever reads the result
//! stays silent about it.

mod compose;
mod kustomize;
pub mod objects;
mod paths;
pub mod policies;
pub mod process;
pub mod re2;
pub mod relabel;
mod selector;
pub mod servers;
pub mod targets;
pub mod text;

use promsight_model::{Facts, FileSet, Repository};

use crate::targets::cluster::Cluster;

/// Everything that is known before the simulation.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The files of the run.
    pub files: &'a FileSet,
    /// The facts of each file that had any, in file order.
    pub facts: &'a [Facts],
    /// What charts of the tree render to.
    pub charts: &'a [objects::RenderedChart],
    /// The repository around the files: which files are there though they were not read.
    pub repository: &'a Repository,
}

/// How the tree's programs are run and scraped, as far as the tree says.
#[derive(Clone, Debug, Default)]
pub struct ScrapeModel {
    /// The objects, by what renders them.
    pub renderings: Vec<objects::Rendering>,
    /// Manifests of observability that nothing reaches, though what stands beside them is reached.
    pub orphans: Vec<objects::Orphan>,
    /// What the workloads run.
    pub processes: Vec<process::Process>,
    /// The Prometheus servers with their jobs and targets.
    pub servers: Vec<servers::Server>,
    /// Targets that network policies keep their Prometheus from asking.
    pub blocked: Vec<policies::Blocked>,
}

impl ScrapeModel {
    /// Where the workload of a process has its name; where it has none of its own, the place that declares it.
    #[must_use]
    pub fn name_span(&self, process: &process::Process) -> promsight_model::Span {
        let process::Workload::Container { object, .. } = &process.workload else {
            return process.span;
        };
        let rendering = self.renderings.get(object.rendering);
        let object = rendering.and_then(|rendering| rendering.objects.get(object.object));
        let name = object.and_then(|object| object.value.at(&["metadata", "name"]));
        name.map_or(process.span, |name| name.span)
    }
}

/// Follows the path of everything that the tree runs.
pub fn simulate(input: &Input<'_>) -> ScrapeModel {
    let objects::Rendered { renderings, orphans } = objects::render(input);
    let processes = process::processes(input, &renderings);
    let clusters: Vec<Cluster<'_>> = renderings
        .iter()
        .enumerate()
        .map(|(index, rendering)| Cluster::new(index, rendering))
        .collect();
    let compose = compose::files(input);
    let tree = servers::Tree {
        input,
        renderings: &renderings,
        clusters: &clusters,
        compose: &compose,
        processes: &processes,
    };
    let servers = servers::servers(&tree);
    let servers = targets::with_targets(&tree, servers);
    let blocked = policies::blocked(&tree, &servers);
    ScrapeModel {
        renderings,
        orphans,
        processes,
        servers,
        blocked,
    }
}

//! Where the other crates meet: files to facts, facts to a resolution, a resolution to a report.
//!
//! Pure: what it needs of files, clock and configuration is given to it, so that tests run it on text in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::panic;
use std::sync::{Arc, LazyLock, OnceLock};
use std::thread;

use promsight_check::{ConfiguredIgnore, Extent, Settings, Strictness};
use promsight_extract::documents::CodeWords;
use promsight_extract::python::{self, Needles};
use promsight_extract::{exposition, inventory, knowledge, launch};
use promsight_model::{
    Confidence, Facts, FileId, FileSet, Gap, GapKind, Library, Name, Outside, Reach, Report, ScannedImports,
    SelectorName, Server, SourceFile, Span,
};
use promsight_resolve::Resolution;
use promsight_resolve::python::{Inventory, ModuleGraph, ScannedModule, SourceModule};
use rayon::prelude::*;

use crate::charts;
use crate::clock::Date;
use crate::config::Config;
use crate::reading::{Sources, Witness};
use crate::rounds::Wanted;

/// What of the findings the user wants to see.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Only these checks; all where empty.
    pub select: Vec<String>,
    /// Not these checks.
    pub ignore: Vec<String>,
    /// Nothing below it.
    pub min_confidence: Confidence,
    /// What becomes of references that may belong to programs outside the tree.
    pub strictness: Strictness,
    /// The day by which suppressions expire.
    pub today: Date,
    /// Whether the run reads all of the root.
    pub extent: Extent,
    /// The name whose line of sight is asked for.
    pub trace: Option<String>,
}

impl Selection {
    /// Every finding, as of that day.
    pub fn everything(today: Date) -> Self {
        Self {
            select: Vec::new(),
            ignore: Vec::new(),
            min_confidence: Confidence::Low,
            strictness: Strictness::Evidence,
            today,
            extent: Extent::Whole,
            trace: None,
        }
    }
}

/// Rounds in which further Python files are read because earlier ones showed that they matter. Wrappers of wrappers
/// of wrappers end here; each round reads files once, so that more would cost little and has found nothing.
const MAX_ROUNDS: usize = 4;

/// Evaluating Python names recurses through files, beyond what the main thread of some systems allows.
const STACK_BYTES: usize = 64 << 20;

/// Syntax trees are as deep as extractors let them be; a thread uses of this what it needs.
const WORKER_STACK_BYTES: usize = 16 << 20;

/// Reconciles everything that was read.
pub fn run(sources: &Sources, config: &Config, selection: &Selection) -> Report {
    run_beside(sources, config, selection, &Shared::default())
}

/// The same beside other runs: files that several of them have, under the same id and with the same text, are read
/// once.
pub fn run_beside(sources: &Sources, config: &Config, selection: &Selection, shared: &Shared) -> Report {
    conclude(sources, &understand(sources, shared), config, selection, None)
}

/// What the files say, before anything is judged.
#[derive(Debug)]
pub struct Understood {
    facts: Vec<Facts>,
    inventory: Inventory,
    skipped: usize,
}

impl Understood {
    /// The facts of each file that had any, in file order.
    pub fn facts(&self) -> &[Facts] {
        &self.facts
    }

    /// What the Python code declares.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The series that queries ask for by name.
    pub fn asked(&self) -> BTreeSet<&str> {
        let queries = self.facts.iter().flat_map(|facts| &facts.queries);
        queries
            .flat_map(|query| &query.selectors)
            .filter_map(|selector| match &selector.name {
                SelectorName::Exact(name) => Some(name.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The series that the code itself exposes, as far as their names are known.
    pub fn declared(&self) -> BTreeSet<&str> {
        let own = self.inventory.emitters.iter().filter(|emitter| {
            emitter.is_live() && matches!(emitter.origin, promsight_model::Origin::Instrument(_))
        });
        own.flat_map(|emitter| &emitter.series)
            .filter_map(Name::exact)
            .collect()
    }
}

/// Reads what the files say. What [`conclude`] makes of it may be asked of a live server in between.
pub fn understand(sources: &Sources, shared: &Shared) -> Understood {
    on_a_large_stack(|| {
        let files = &sources.files;
        let (mut facts, inventory) = read_rounds(sources, shared);
        mark_words_of_code(&mut facts, &inventory, files);
        let python = |file: &&SourceFile| is_python(file) && !sources.is_witness(&file.path);
        let skipped = files.files().iter().filter(python).count() - count_python(&facts, files);
        report_unread(sources, &mut facts);
        Understood {
            facts,
            inventory,
            skipped,
        }
    })
}

/// Judges what was understood.
pub fn conclude(
    sources: &Sources,
    understood: &Understood,
    config: &Config,
    selection: &Selection,
    server: Option<&Server>,
) -> Report {
    on_a_large_stack(|| reconcile(sources, understood, config, selection, server))
}

/// Facts of files that several runs have.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    files: BTreeMap<FileId, Arc<OnceLock<Facts>>>,
}

impl Shared {
    /// Of these files, which the runs have in common.
    pub fn of(files: impl IntoIterator<Item = FileId>) -> Self {
        Self {
            files: files.into_iter().map(|file| (file, Arc::default())).collect(),
        }
    }

    /// The same without these files, which are read anew: their texts differ.
    pub fn without(&self, files: impl IntoIterator<Item = FileId>) -> Self {
        let mut rest = self.clone();
        for file in files {
            rest.files.remove(&file);
        }
        rest
    }

    fn facts(&self, file: &SourceFile) -> Facts {
        match self.files.get(&file.id) {
            Some(facts) => facts.get_or_init(|| promsight_extract::extract(file)).clone(),
            None => promsight_extract::extract(file),
        }
    }
}

/// What exists and what sees it, before any finding is made of it: for what holds the model against running systems.
pub fn resolve(sources: &Sources, understood: &Understood, config: &Config) -> Resolution {
    on_a_large_stack(|| resolution(sources, understood, config, None))
}

fn resolution(
    sources: &Sources,
    understood: &Understood,
    config: &Config,
    server: Option<&Server>,
) -> Resolution {
    let files = &sources.files;
    let facts = &understood.facts;
    let outside = outside(sources, server);
    let scrape = promsight_scrape::simulate(&promsight_scrape::Input {
        files,
        facts,
        charts: &charts::render(files, facts, &sources.repository),
        repository: &sources.repository,
    });
    let catalogue = knowledge::catalogue();
    promsight_resolve::resolve(&promsight_resolve::Input {
        files,
        facts,
        inventory: &understood.inventory,
        scrape: Arc::new(scrape),
        catalogue: &catalogue,
        external: &config.external,
        repository: &sources.repository,
        outside: &outside,
    })
}

fn reconcile(
    sources: &Sources,
    understood: &Understood,
    config: &Config,
    selection: &Selection,
    server: Option<&Server>,
) -> Report {
    let files = &sources.files;
    let facts = &understood.facts;
    let mut resolution = resolution(sources, understood, config, server);
    resolution
        .missing_runbooks
        .retain(|missing| !missing.paths.iter().any(|path| config.exclude.admit(path)));
    let unread = unread_files(&resolution.gaps);
    let counts = &mut resolution.coverage.files;
    counts.insert("unreadable", unread);
    *counts.entry("python").or_default() += understood.skipped as u64;
    let settings = Settings {
        level: &|finding, path| config.level(finding, path),
        select: selection.select.clone(),
        ignore: selection.ignore.clone(),
        min_confidence: selection.min_confidence,
        strictness: selection.strictness,
        suppressions: facts.iter().flat_map(|facts| &facts.suppressions).collect(),
        ignores: ignores(config, files),
        locked: config.locked.clone(),
        today: selection.today,
        extent: selection.extent,
    };
    let mut report = promsight_check::run(&resolution, files, &settings);
    if let Some(name) = &selection.trace {
        report.traces = promsight_check::trace(&resolution, files, name);
    }
    report
}

/// What snapshots and inventories say, and the server.
fn outside(sources: &Sources, server: Option<&Server>) -> Outside {
    let mut outside = Outside {
        server: server.cloned(),
        ..Outside::default()
    };
    for (path, witness) in &sources.witnesses {
        let Some(file) = sources.files.by_path(path) else {
            continue;
        };
        let (emitters, gaps) = match witness {
            Witness::Snapshot => {
                let snapshot = exposition::read(file);
                (snapshot.emitters, snapshot.gaps)
            }
            // One that cannot be read ended the run before; of an earlier revision it says nothing.
            Witness::Inventory => {
                let inventory = inventory::read(file).unwrap_or_default();
                (inventory.emitters, inventory.gaps)
            }
        };
        outside.emitters.extend(emitters);
        outside.gaps.extend(gaps);
    }
    outside
}

/// Facts of every file that matters, by file, and what the Python code declares.
fn read_rounds(sources: &Sources, shared: &Shared) -> (Vec<Facts>, Inventory) {
    let files = &sources.files;
    let libraries = knowledge::libraries();
    let graph = module_graph(sources);
    let mut facts: BTreeMap<FileId, Facts> = BTreeMap::new();
    let (first, mut waiting): (Vec<&SourceFile>, Vec<&SourceFile>) = files
        .files()
        .par_iter()
        .filter(|file| !sources.is_witness(&file.path))
        .partition(|file| !is_python(file) || matters(file));
    let mut inventory = Inventory::default();
    let mut next = first;
    for round in 0..MAX_ROUNDS {
        let extracted: Vec<Facts> = next.par_iter().map(|file| shared.facts(file)).collect();
        facts.extend(extracted.into_iter().map(|facts| (facts.file, facts)));
        inventory = link(&facts, files, &libraries, &graph);
        // Each further round links everything again: whoever imports what serves is found at once, with all above.
        let imports = (round == 0).then_some(&graph);
        (next, waiting) = Wanted::by(&inventory, files, imports).split(waiting);
        if next.is_empty() {
            break;
        }
    }
    inventory.modules = graph;
    (facts.into_values().collect(), inventory)
}

/// Which Python files of the tree import which.
fn module_graph(sources: &Sources) -> ModuleGraph {
    let scanned: Vec<(&SourceFile, ScannedImports)> = sources
        .files
        .files()
        .par_iter()
        .filter(|file| file.path.ends_with(".py") && !sources.is_witness(&file.path))
        .map(|file| (file, python::imports_of(&file.text)))
        .collect();
    let modules: Vec<ScannedModule<'_>> = scanned
        .iter()
        .map(|(file, imports)| ScannedModule {
            file: file.id,
            path: &file.path,
            imports,
            is_test: python::is_test_code(&file.path, &file.text),
        })
        .collect();
    ModuleGraph::new(&modules)
}

/// Tells of the words and alerts of documents which ones code uses: a column of that name is no metric, an alert that
/// code defines is not missing.
fn mark_words_of_code(facts: &mut [Facts], inventory: &Inventory, files: &FileSet) {
    let emitted: BTreeSet<&str> = inventory
        .emitters
        .iter()
        .flat_map(|emitter| &emitter.series)
        .filter_map(Name::exact)
        .collect();
    let words = facts.iter().flat_map(|facts| &facts.word_mentions);
    let words = words.map(|mention| &mention.word);
    let alerts = facts.iter().flat_map(|facts| &facts.alert_mentions);
    let wanted: BTreeSet<String> = words
        .filter(|word| !emitted.contains(word.as_str()))
        .chain(alerts.map(|mention| &mention.name))
        .cloned()
        .collect();
    let wanted = CodeWords::new(wanted);
    let used: BTreeSet<&str> = files
        .files()
        .par_iter()
        .flat_map_iter(|file| wanted.in_file(file))
        .collect();
    for facts in facts {
        for mention in &mut facts.word_mentions {
            mention.evidence.in_code = used.contains(mention.word.as_str());
        }
        for mention in &mut facts.alert_mentions {
            mention.in_code = used.contains(mention.name.as_str());
        }
    }
}

fn link(
    facts: &BTreeMap<FileId, Facts>,
    files: &FileSet,
    libraries: &[Library],
    graph: &ModuleGraph,
) -> Inventory {
    let modules: Vec<SourceModule<'_>> = facts
        .values()
        .filter_map(|facts| {
            let module = facts.python.as_ref()?;
            Some(SourceModule {
                file: facts.file,
                path: &files.file(facts.file).path,
                module,
            })
        })
        .collect();
    promsight_resolve::python::link_within(&modules, libraries, Some(graph))
}

fn is_python(file: &SourceFile) -> bool {
    file.path.ends_with(".py") || python::is_notebook(&file.path)
}

/// Whether a Python file can declare a metric or query one, judged by its bytes alone.
fn matters(file: &SourceFile) -> bool {
    python::may_matter(&file.text)
        || python::mentions_any(&file.text, &QUERY_WORDS)
        || launch::is_python_launch(&file.path)
}

/// What a script contains that sends queries to Prometheus or writes dashboards, though it names neither
/// `prometheus` nor a constructor.
static QUERY_WORDS: LazyLock<Needles> = LazyLock::new(|| {
    let words = [
        "/api/v1/", "/graph?", "promql", "PromQL", "promtool", "amtool", ":9090", "grafana",
    ];
    Needles::new(&words.map(str::to_owned))
});

fn count_python(facts: &[Facts], files: &FileSet) -> usize {
    facts
        .iter()
        .filter(|facts| is_python(files.file(facts.file)))
        .count()
}

/// What could not be read becomes a gap of its file: anything may hide in it.
fn report_unread(sources: &Sources, facts: &mut Vec<Facts>) {
    for unread in &sources.unread {
        let Some(file) = sources.files.by_path(&unread.path) else {
            continue;
        };
        let gap = Gap {
            kind: unread.kind,
            message: unread.message.clone(),
            span: Span::new(file.id, 0..0),
            reach: Reach::Anything,
        };
        match facts.binary_search_by_key(&file.id, |facts| facts.file) {
            Ok(index) => facts[index].gaps.push(gap),
            // A file in a strange encoding that no round wanted hides nothing; one that was not read at all may.
            Err(_) if unread.kind == GapKind::Encoding => {}
            Err(index) => {
                let mut unwanted = Facts::empty(file.id);
                unwanted.gaps.push(gap);
                facts.insert(index, unwanted);
            }
        }
    }
}

/// Files of which a part that could matter was not read.
fn unread_files(gaps: &[Gap]) -> u64 {
    let unread = gaps.iter().filter(|gap| gap.leaves_file_unread());
    let files: BTreeSet<FileId> = unread.map(|gap| gap.span.file).collect();
    files.len() as u64
}

/// The entries of `ignore:`, with their places where the configuration is a file of the run.
fn ignores<'a>(config: &'a Config, files: &FileSet) -> Vec<ConfiguredIgnore<'a>> {
    let file = config.file.as_ref().and_then(|file| {
        let source = files.by_path(&file.path)?;
        (source.text == file.text).then_some(source.id)
    });
    config
        .ignore
        .iter()
        .map(|entry| ConfiguredIgnore {
            check: &entry.check,
            admits: Box::new(|finding, path| entry.admits(finding, path)),
            until: entry.until,
            span: file.and_then(|file| Some(Span::new(file, entry.place.clone()?))),
        })
        .collect()
}

/// Gives the threads that read files more than rayon's 2 MB of stack: the trees of nested code recurse. To be called
/// once, before the first run; later calls change nothing.
pub fn enlarge_worker_stacks() {
    // It errs where the threads exist already, and then they stay as they are.
    let _ = rayon::ThreadPoolBuilder::new()
        .stack_size(WORKER_STACK_BYTES)
        .build_global();
}

/// Runs `work` on a thread with a large stack, or here where the system grants none.
fn on_a_large_stack<T: Send>(work: impl Fn() -> T + Sync) -> T {
    thread::scope(|scope| {
        let spawned = thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, &work);
        match spawned {
            Ok(handle) => handle
                .join()
                .unwrap_or_else(|payload| panic::resume_unwind(payload)),
            Err(_) => work(),
        }
    })
}

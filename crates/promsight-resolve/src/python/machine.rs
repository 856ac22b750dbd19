//! The abstract interpreter's state, and the order in which it runs things.
//!
//! Runs each module's top level once, imports first; then everything that nothing called, with unknown
//! parameters, so that no constructor is missed. Test code runs last and changes no fact about production code.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use promsight_model::Span;
use rustc_hash::{FxHashMap, FxHashSet};

use super::SourceModule;
use super::heap::{Code, Heap};
use super::index::Index;
use super::library::Table;
use super::record::Record;
use super::registries::Registries;
use super::serving::Serving;
use super::uses::Uses;
use super::value::{
    Arguments, Atom, ClassId, FunctionId, InstanceId, ModuleId, NamespaceId, Reason, RecordId, SiteId,
    Symbol, Unknown, Value,
};

/// Steps that one statement of a module's top level may take.
const STEPS_OF_STATEMENT: u64 = 20_000;
/// Further steps for each use of a metric that a unit comes to.
const STEPS_OF_METRIC: u64 = 2_000;
/// Most steps that one unit gets so.
const MOST_STEPS_OF_METRICS: u64 = 400_000;
/// Steps of a whole run.
const STEPS_OF_RUN: u64 = 40_000_000;
/// Steps of all test code of a run: it says nothing about production, and there is often more of it.
const STEPS_OF_TESTS: u64 = 2_000_000;
/// Calls that may be nested: bounds the stack, which is 2 MB on worker threads.
pub(super) const MOST_CALLS: usize = 24;
/// Imports that are followed at their statement inside one another; the others have run before.
const MOST_NESTED_IMPORTS: usize = 6;

/// Identifiers as numbers.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    by_name: FxHashMap<Rc<str>, Symbol>,
    names: Vec<Rc<str>>,
}

impl Symbols {
    pub(super) fn intern(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.by_name.get(name) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let name: Rc<str> = Rc::from(name);
        self.names.push(Rc::clone(&name));
        self.by_name.insert(name, symbol);
        symbol
    }

    /// The symbol of a name that was met before.
    pub(super) fn find(&self, name: &str) -> Option<Symbol> {
        self.by_name.get(name).copied()
    }

    pub(super) fn name(&self, symbol: Symbol) -> Rc<str> {
        self.names
            .get(symbol.0 as usize)
            .cloned()
            .unwrap_or_else(|| Rc::from(""))
    }
}

/// How far a module has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Running,
    Done,
}

/// One module while it runs.
#[derive(Debug)]
pub(super) struct ModuleState {
    pub(super) namespace: NamespaceId,
    pub(super) progress: Progress,
}

/// One call, or one module's top level, that is being run.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) scope: NamespaceId,
    pub(super) module: ModuleId,
    pub(super) function: Option<FunctionId>,
    /// The call that began it.
    pub(super) site: Option<SiteId>,
    /// The class whose body is being run.
    pub(super) class: Option<ClassId>,
    pub(super) returned: Value,
    pub(super) yielded: Vec<Value>,
}

/// What earlier runs of a function showed.
#[derive(Clone, Debug)]
pub(super) struct Experience {
    pub(super) runs: u32,
    /// How many of them were cut short.
    pub(super) cuts: u32,
    pub(super) steps: u64,
    /// Whether some run reached a constructor.
    pub(super) declares: bool,
    /// What the runs gave.
    pub(super) result: Value,
}

/// A call that gives the same answer when it is repeated.
type MemoKey = (FunctionId, u64);

/// A call of an attribute of which the owner is not known: it may be a method of a class of the tree.
#[derive(Clone, Debug)]
pub(super) struct LooseCall {
    /// The last word of the owner as written (`metrics` of `self.metrics.count(…)`).
    pub(super) owner: String,
    pub(super) method: Symbol,
    pub(super) arguments: Arguments,
    pub(super) span: Span,
    pub(super) in_test: bool,
}

/// The interpreter.
pub(super) struct Machine<'a> {
    pub(super) sources: &'a [SourceModule<'a>],
    /// Number of modules of the tree; behind them stand descriptions of libraries.
    pub(super) tree: usize,
    pub(super) index: Index,
    pub(super) table: Table,
    pub(super) heap: Heap<'a>,
    pub(super) symbols: Symbols,
    pub(super) modules: Vec<ModuleState>,
    pub(super) frames: Vec<Frame>,
    /// Classes whose metaclass runs.
    pub(super) defining: Vec<ClassId>,
    pub(super) sites: Vec<Span>,
    site_ids: FxHashMap<Span, SiteId>,
    pub(super) records: Vec<Record>,
    pub(super) record_keys: FxHashMap<super::record::Key, RecordId>,
    pub(super) uses: Uses<'a>,
    pub(super) registries: Registries,
    /// What the code serves.
    pub(super) serving: Serving,
    /// Every name that code of the tree reads or imports, once that was asked for.
    pub(super) named: Option<FxHashSet<&'a str>>,
    pub(super) memo: FxHashMap<MemoKey, Vec<(Arguments, Value)>>,
    pub(super) active: FxHashSet<MemoKey>,
    /// Functions (by the place of their name) that production code calls.
    pub(super) called: FxHashSet<Span>,
    /// Functions that code outside the tree may call.
    pub(super) escaped: FxHashSet<Span>,
    /// Why what runs now can never run.
    pub(super) dead: Option<&'static str>,
    /// Whether test code is being run.
    pub(super) in_test: bool,
    /// Number of constructors reached while nothing is to be recorded.
    pub(super) rehearsal: Option<usize>,
    /// Whether calls are left out, but for those of functions that make metrics.
    pub(super) shallow: bool,
    /// Functions to which a caller handed the name of a metric.
    pub(super) wrappers: BTreeSet<FunctionId>,
    /// Lines of the text exposition format that code writes, and where each was kept.
    pub(super) written: Vec<super::exposition_text::Written>,
    pub(super) written_keys: FxHashMap<(Span, Span, String), usize>,
    /// What the strings of each module, and of functions by the place of their name, say about the format.
    pub(super) text_evidence: Vec<Option<super::exposition_text::Evidence>>,
    pub(super) function_evidence: FxHashMap<Span, super::exposition_text::Evidence>,
    /// Functions with which runs began that came to what writes lines.
    pub(super) writer_roots: BTreeSet<FunctionId>,
    /// Above zero while texts are evaluated that nobody serves.
    pub(super) text_muted: usize,
    /// Texts that were evaluated then.
    pub(super) muted_texts: FxHashSet<Span>,
    /// Whether what is evaluated now is printed to nowhere in particular.
    pub(super) text_printed: bool,
    /// While every branch is run, whatever its condition: the lines that earlier runs came to, which stay as they are.
    pub(super) settled_texts: Option<FxHashSet<Span>>,
    /// The call or operation that puts a text together now.
    pub(super) text_place: Option<Span>,
    /// The literals that texts can be templates of, by the place of the whole.
    pub(super) literals: FxHashMap<Span, Rc<[&'a promsight_model::Embedded]>>,
    pub(super) loose_calls: Vec<LooseCall>,
    pub(super) loose_seen: FxHashSet<Span>,
    /// Constructor calls that were evaluated.
    pub(super) reached: FxHashSet<Span>,
    /// Modules whose run was cut short.
    pub(super) exhausted: BTreeSet<u32>,
    /// Modules that used a name before it was bound.
    pub(super) unsettled: BTreeSet<u32>,
    /// Path tails of imports that no module given satisfies.
    pub(super) missing: BTreeSet<String>,
    /// Names of functions and classes that take part in making metrics.
    pub(super) makers: BTreeSet<Rc<str>>,
    /// First import that makes a library's own metrics exist, by its place in the table.
    pub(super) built_in_imports: BTreeMap<usize, Span>,
    /// Packages of which a call was understood that makes no metric.
    pub(super) understood: BTreeSet<Rc<str>>,
    /// Texts that calls anywhere give, by callee and argument, for descriptions.
    pub(super) given: BTreeMap<(String, String), Value>,
    /// Defaults of command-line options, by the variable that they go to.
    pub(super) options: BTreeMap<Symbol, Value>,
    /// What earlier runs of a function showed, for each receiver.
    pub(super) experience: FxHashMap<(Span, Option<InstanceId>), Experience>,
    /// Constructors reached so far.
    pub(super) declarations: u64,
    /// The same when the unit that runs now began.
    declarations_before: u64,
    /// Steps taken so far.
    pub(super) taken: u64,
    steps: u64,
    extended: u64,
    /// Import statements that are being followed.
    nested: usize,
    /// Whether a metric was made or used since this was last cleared.
    pub(super) touched: bool,
    steps_of_run: u64,
}

impl<'a> Machine<'a> {
    pub(super) fn new(sources: &'a [SourceModule<'a>], tree: usize, table: Table) -> Self {
        let mut heap = Heap::default();
        let modules = sources
            .iter()
            .map(|_| ModuleState {
                namespace: heap.new_namespace(None),
                progress: Progress::Waiting,
            })
            .collect();
        Self {
            sources,
            tree,
            index: Index::new(sources, tree),
            table,
            heap,
            symbols: Symbols::default(),
            modules,
            frames: Vec::new(),
            defining: Vec::new(),
            sites: Vec::new(),
            site_ids: FxHashMap::default(),
            records: Vec::new(),
            record_keys: FxHashMap::default(),
            uses: Uses::default(),
            registries: Registries::default(),
            serving: Serving::default(),
            named: None,
            memo: FxHashMap::default(),
            active: FxHashSet::default(),
            called: FxHashSet::default(),
            escaped: FxHashSet::default(),
            dead: None,
            in_test: false,
            rehearsal: None,
            shallow: false,
            wrappers: BTreeSet::new(),
            written: Vec::new(),
            written_keys: FxHashMap::default(),
            text_evidence: Vec::new(),
            function_evidence: FxHashMap::default(),
            writer_roots: BTreeSet::new(),
            text_muted: 0,
            muted_texts: FxHashSet::default(),
            text_printed: false,
            settled_texts: None,
            text_place: None,
            literals: FxHashMap::default(),
            loose_calls: Vec::new(),
            loose_seen: FxHashSet::default(),
            reached: FxHashSet::default(),
            exhausted: BTreeSet::new(),
            unsettled: BTreeSet::new(),
            missing: BTreeSet::new(),
            makers: BTreeSet::new(),
            built_in_imports: BTreeMap::new(),
            understood: BTreeSet::new(),
            given: BTreeMap::new(),
            options: BTreeMap::new(),
            experience: FxHashMap::default(),
            declarations: 0,
            declarations_before: 0,
            taken: 0,
            steps: 0,
            extended: 0,
            nested: 0,
            touched: false,
            steps_of_run: STEPS_OF_RUN,
        }
    }

    /// Runs everything.
    pub(super) fn run(&mut self) {
        self.note_moving();
        let order = self.import_order();
        for module in &order {
            self.evidence_of(*module);
        }
        self.run_descriptions();
        for test in [false, true] {
            self.in_test = test;
            if test {
                self.steps_of_run = self.steps_of_run.min(STEPS_OF_TESTS);
            }
            for module in &order {
                if self.is_test(*module) == test {
                    self.run_module(*module);
                }
            }
            // What used a name of a module that had not run yet, in a circle of imports, runs once more.
            for module in std::mem::take(&mut self.unsettled) {
                self.memo.clear();
                self.modules[module as usize].progress = Progress::Waiting;
                self.run_module(ModuleId(module));
            }
            self.memo.clear();
            self.run_uncalled(test);
            self.run_uncalled(test);
            self.memo.clear();
            self.run_cut(test);
            self.run_loose_calls(test);
            if !test {
                self.make_built_in();
                self.recover_unreached();
                self.rerun_writers();
            }
            self.memo.clear();
        }
    }

    pub(super) fn is_test(&self, module: ModuleId) -> bool {
        self.sources[module.index()].module.test_code
    }

    /// Counts one step; `false` where no more may be taken.
    pub(super) fn step(&mut self) -> bool {
        if self.steps == 0 {
            if let Some(frame) = self.frames.last()
                && frame.function.is_none()
            {
                self.uses.cut_modules.insert(frame.module.0);
            }
            // What was cut short before it came near a metric is not worth a word, and what was cut short inside a
            // call is run once more on its own.
            if self.frames.len() <= 2
                && self.declarations > self.declarations_before
                && !self.in_test
                && let Some(frame) = self
                    .frames
                    .iter()
                    .rfind(|frame| !self.is_description(frame.module))
            {
                self.exhausted.insert(frame.module.0);
            }
            return false;
        }
        self.steps -= 1;
        self.taken += 1;
        true
    }

    /// Whether a call at that place led into a function of the tree.
    pub(super) fn was_called(&self, place: Span) -> bool {
        self.site_ids.contains_key(&place)
    }

    /// Counts work on that many elements.
    pub(super) fn charge(&mut self, elements: usize) {
        self.steps = self.steps.saturating_sub(elements as u64 / 8);
    }

    /// Steps for one unit of work.
    pub(super) fn allot(&mut self, steps: u64) {
        let unit = steps.min(self.steps_of_run);
        self.steps_of_run -= unit;
        self.steps = unit;
        self.extended = 0;
        self.declarations_before = self.declarations;
    }

    /// A unit that has to do with metrics may take more steps than one that does not.
    pub(super) fn extend_allotment(&mut self) {
        self.touched = true;
        if self.extended < MOST_STEPS_OF_METRICS && self.steps_of_run >= STEPS_OF_METRIC {
            self.extended += STEPS_OF_METRIC;
            self.steps_of_run -= STEPS_OF_METRIC;
            self.steps += STEPS_OF_METRIC;
        }
    }

    /// Keeps half of the steps for what comes after a call; give the answer to [`Machine::end_call`].
    pub(super) fn begin_call(&mut self) -> u64 {
        let reserved = self.steps / 2;
        self.steps -= reserved;
        reserved
    }

    /// Ends a call; whether it was cut short.
    pub(super) fn end_call(&mut self, reserved: u64) -> bool {
        let is_cut = self.steps == 0;
        self.steps += reserved;
        is_cut
    }

    pub(super) fn give_back(&mut self) {
        self.steps_of_run += self.steps;
        self.steps = 0;
    }

    /// Modules with what they import in front, without recursion.
    fn import_order(&self) -> Vec<ModuleId> {
        let mut order = Vec::with_capacity(self.tree);
        let mut state = vec![0u8; self.tree];
        for start in 0..self.tree {
            let mut stack = vec![(start, Vec::new(), 0usize)];
            while let Some((module, mut imports, next)) = stack.pop() {
                if next == 0 {
                    if state[module] != 0 {
                        continue;
                    }
                    state[module] = 1;
                    imports = self.imported_modules(module);
                }
                match imports.get(next).copied() {
                    Some(target) => {
                        stack.push((module, imports, next + 1));
                        if state[target] == 0 {
                            stack.push((target, Vec::new(), 0));
                        }
                    }
                    None => {
                        state[module] = 2;
                        order.push(ModuleId(u32::try_from(module).unwrap_or(u32::MAX)));
                    }
                }
            }
        }
        order
    }

    /// What must have run before a module: its packages, and what it imports. What imports its own package is left
    /// out of the package's list: it runs at the package's import statement.
    fn imported_modules(&self, module: usize) -> Vec<usize> {
        let importer = ModuleId(u32::try_from(module).unwrap_or(u32::MAX));
        let mut found: Vec<usize> = self
            .index
            .packages_of(importer)
            .iter()
            .map(|package| package.index())
            .collect();
        self.collect_imported(importer, &self.sources[module].module.body, &mut found, 0);
        found.retain(|target| {
            let target = ModuleId(u32::try_from(*target).unwrap_or(u32::MAX));
            !self.index.packages_of(target).contains(&importer)
        });
        found
    }

    /// Runs a module at its import, where it has not run yet.
    pub(super) fn run_imported(&mut self, module: ModuleId) {
        let is_open = self.modules[module.index()].progress == Progress::Waiting;
        if !is_open
            || self.dead.is_some()
            || self.nested >= MOST_NESTED_IMPORTS
            || self.in_test != self.is_test(module)
        {
            return;
        }
        self.nested += 1;
        let (steps, extended) = (self.steps, self.extended);
        self.run_module(module);
        (self.steps, self.extended) = (steps, extended);
        self.nested -= 1;
    }

    pub(super) fn run_module(&mut self, module: ModuleId) {
        if self.modules[module.index()].progress != Progress::Waiting {
            return;
        }
        self.modules[module.index()].progress = Progress::Running;
        let scope = self.modules[module.index()].namespace;
        self.heap.namespace_mut(scope).captured = true;
        if self.index.is_shadowed(module) {
            self.dead = Some("a package of the same name hides its module");
        }
        self.frames.push(Frame {
            scope,
            module,
            function: None,
            site: None,
            class: None,
            returned: Value::nothing(),
            yielded: Vec::new(),
        });
        let sources = self.sources;
        // What imports a module under a condition runs it under that; here the module is its own.
        let doubts = std::mem::take(&mut self.serving.branches);
        for statement in &sources[module.index()].module.body {
            self.allot(STEPS_OF_STATEMENT);
            self.run_block(std::slice::from_ref(statement));
            self.give_back();
        }
        self.serving.branches = doubts;
        self.frames.pop();
        self.dead = None;
        self.modules[module.index()].progress = Progress::Done;
    }

    /// The place of a function's name: the same for all its closures.
    pub(super) fn function_key(&self, id: FunctionId) -> Span {
        match self.heap.function(id).code {
            Code::Function(function) => function.name_span,
            Code::Lambda(_, span) => span,
        }
    }

    pub(super) fn frame(&self) -> &Frame {
        // There is a frame whenever a statement or expression is evaluated.
        &self.frames[self.frames.len() - 1]
    }

    pub(super) fn module(&self) -> ModuleId {
        self.frame().module
    }

    /// The site of a call; sites are ordered by when they were first met.
    pub(super) fn new_site(&mut self, span: Span) -> SiteId {
        let next = SiteId(u32::try_from(self.sites.len()).unwrap_or(u32::MAX));
        let id = *self.site_ids.entry(span).or_insert(next);
        if id == next {
            self.sites.push(span);
        }
        id
    }

    /// What an operation on an unknown gives: as unknown as it was.
    pub(super) fn still_unknown(unknown: Unknown, reason: Reason) -> Value {
        let reason = if unknown.root.is_some() || unknown.reason == Reason::Environment {
            unknown.reason
        } else {
            reason
        };
        Atom::Unknown(Unknown { reason, ..unknown }).into()
    }
}

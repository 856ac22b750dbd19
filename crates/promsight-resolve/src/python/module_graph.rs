//! Which modules of the tree a program consists of.
//!
//! Owns the graph of imports between all Python files, parsed or not, from what a scan of their texts found. It follows
//! the same rules as the linker ([`super::index`]), and says where a module imports by names known only at run time.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{FileId, ImportStatement, ModuleImports, NamedModule, NamedModuleKind, ScannedImports};
use rustc_hash::FxHashMap;

use super::index::{Entry, Index, Target};
use super::value::ModuleId;

/// Modules of a Django application that the framework, or what usually stands beside it, imports by their names.
const OF_APPLICATION: &[&str] = &["admin", "apps", "models", "tasks"];

/// One Python file as the scan saw it.
#[derive(Clone, Copy, Debug)]
pub struct ScannedModule<'a> {
    /// Its file.
    pub file: FileId,
    /// Its path, relative to the root, `/` separators.
    pub path: &'a str,
    /// What it imports.
    pub imports: &'a ScannedImports,
    /// Whether it is test code: what that imports says nothing about production.
    pub is_test: bool,
}

/// Which modules import which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleGraph {
    modules: BTreeMap<FileId, ModuleImports>,
    /// Which production modules name a module, in an import or a text; packages on the way to others left out.
    importers: BTreeMap<FileId, BTreeSet<FileId>>,
    /// What production modules take of a module.
    taken: BTreeMap<FileId, Taken>,
    /// Whether production code looks for modules by names that no text spells out.
    discovers: bool,
    /// The folders that are packages.
    packages: BTreeSet<String>,
}

/// What is taken of a module where it is imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Taken {
    /// The module itself, or everything in it.
    is_whole: bool,
    names: BTreeSet<String>,
}

/// The modules that one brings in, itself included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportClosure {
    /// Their files.
    pub files: BTreeSet<FileId>,
    /// Whether some of them import by names known only at run time, so that there may be more.
    pub is_open: bool,
}

impl ModuleGraph {
    /// The graph of these files, which are all Python files of the tree. Their order does not matter.
    pub fn new(modules: &[ScannedModule<'_>]) -> Self {
        let mut sorted = modules.to_vec();
        sorted.sort_by(|left, right| left.path.cmp(right.path));
        let entries = sorted.iter().map(|module| Entry {
            path: module.path,
            imports: first_components(module.imports),
            dotted: BTreeSet::new(),
        });
        let mut finder = Finder {
            index: Index::of(entries.collect(), sorted.len()),
            known: FxHashMap::default(),
            named: BTreeMap::new(),
        };
        let mut importers: BTreeMap<FileId, BTreeSet<FileId>> = BTreeMap::new();
        let mut taken: BTreeMap<FileId, Taken> = BTreeMap::new();
        let modules = (0u32..).map(ModuleId).zip(&sorted).map(|(id, module)| {
            let mut found = BTreeSet::new();
            finder.named.clear();
            finder.imports_of(id, module.imports, &mut found);
            found.remove(&id);
            if !module.is_test {
                for (named, of_it) in finder.named.iter().filter(|(named, _)| **named != id) {
                    if let Some(target) = sorted.get(named.index()) {
                        importers.entry(target.file).or_default().insert(module.file);
                        let known = taken.entry(target.file).or_default();
                        known.is_whole |= of_it.is_whole;
                        known.names.extend(of_it.names.iter().cloned());
                    }
                }
            }
            let imports: BTreeSet<FileId> = found
                .into_iter()
                .filter_map(|id| sorted.get(id.index()))
                .map(|module| module.file)
                .collect();
            let imports = ModuleImports {
                file: module.file,
                imports: imports.into_iter().collect(),
                is_open: module.imports.is_open,
            };
            (module.file, imports)
        });
        let modules = modules.collect();
        Self {
            modules,
            packages: finder.index.packages(),
            importers,
            taken,
            discovers: sorted
                .iter()
                .any(|module| !module.is_test && module.imports.discovers),
        }
    }

    /// The folders that are packages.
    pub(super) fn packages(&self) -> &BTreeSet<String> {
        &self.packages
    }

    /// The production modules that name a module of that file.
    pub fn importers(&self, file: FileId) -> impl Iterator<Item = FileId> {
        self.importers.get(&file).into_iter().flatten().copied()
    }

    /// Whether production code may get at what the module of that file calls by one of the names.
    pub fn may_take(&self, file: FileId, names: &BTreeSet<String>) -> bool {
        let is_taken = |taken: &Taken| taken.is_whole || names.is_empty() || !taken.names.is_disjoint(names);
        self.discovers || self.taken.get(&file).is_some_and(is_taken)
    }

    /// Each module with what it imports, by file.
    pub fn modules(&self) -> impl Iterator<Item = &ModuleImports> {
        self.modules.values()
    }

    /// What one module imports; `None` where the file is no Python file of the tree.
    pub fn module(&self, file: FileId) -> Option<&ModuleImports> {
        self.modules.get(&file)
    }

    /// Everything that running these files brings in.
    pub fn closure(&self, entries: impl IntoIterator<Item = FileId>) -> ImportClosure {
        let mut closure = ImportClosure::default();
        let mut next: Vec<FileId> = entries.into_iter().collect();
        while let Some(file) = next.pop() {
            let Some(module) = self.modules.get(&file) else {
                continue;
            };
            if closure.files.insert(file) {
                closure.is_open |= module.is_open;
                next.extend(&module.imports);
            }
        }
        closure
    }
}

fn first_components(imports: &ScannedImports) -> rustc_hash::FxHashSet<String> {
    let absolute = imports.statements.iter().filter(|statement| statement.level == 0);
    absolute
        .filter_map(|statement| statement.module.split('.').next())
        .map(str::to_owned)
        .collect()
}

/// Looks modules up, and remembers what it found for each folder.
struct Finder {
    index: Index,
    known: FxHashMap<(String, String), Target>,
    /// The modules that the one at hand names itself.
    named: BTreeMap<ModuleId, Taken>,
}

impl Finder {
    fn imports_of(&mut self, id: ModuleId, imports: &ScannedImports, found: &mut BTreeSet<ModuleId>) {
        found.extend(self.index.packages_of(id));
        for statement in &imports.statements {
            self.add_statement(id, statement, found);
        }
        for named in &imports.named {
            self.add_named(id, named, found);
        }
    }

    fn add_statement(&mut self, id: ModuleId, statement: &ImportStatement, found: &mut BTreeSet<ModuleId>) {
        let target = self.target(id, statement.level, &statement.module);
        let is_whole = statement.names.iter().all(|name| name == "*");
        self.add(&target, found);
        if let Target::Module(id) = target {
            let taken = self.named.entry(id).or_default();
            taken.is_whole |= is_whole;
            taken.names.extend(statement.names.iter().cloned());
        }
        let Some(folder) = self.folder_of(&target) else {
            return;
        };
        for name in &statement.names {
            let below = self.index.below(&folder, name);
            self.add_whole(&below, found);
        }
    }

    /// A module that is taken as such.
    fn add_whole(&mut self, target: &Target, found: &mut BTreeSet<ModuleId>) {
        self.add(target, found);
        if let Target::Module(id) = target {
            self.named.entry(*id).or_default().is_whole = true;
        }
    }

    /// What `from .a import b` or `import a` means in a module.
    fn target(&mut self, id: ModuleId, level: usize, module: &str) -> Target {
        let parts: Vec<String> = module
            .split('.')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        if level > 0 {
            return self.index.at(&self.index.relative(id, level, &parts));
        }
        // Of a module in the same folder with the same name as what it imports, the linker decides otherwise.
        if parts.len() < 2 {
            return self.index.absolute(id, &parts);
        }
        let key = (self.index.package_folder(id).to_owned(), module.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let target = self.index.absolute(id, &parts);
        self.known.insert(key, target.clone());
        target
    }

    /// A module with the packages that it lies in.
    fn add(&mut self, target: &Target, found: &mut BTreeSet<ModuleId>) {
        match target {
            Target::Module(id) => {
                found.insert(*id);
                self.named.entry(*id).or_default();
                found.extend(self.index.packages_of(*id));
            }
            Target::Folder(folder) => {
                // A folder without `__init__.py` may lie in a package all the same.
                let mut above = folder.as_str();
                while let Some((parent, _)) = above.rsplit_once('/') {
                    if let Target::Module(id) = self.index.at(parent) {
                        found.insert(id);
                    }
                    above = parent;
                }
            }
            Target::Outside => {}
        }
    }

    fn folder_of(&self, target: &Target) -> Option<String> {
        match target {
            Target::Module(id) => {
                let folder = self.index.package_folder(*id);
                (self.index.at(folder) == Target::Module(*id)).then(|| folder.to_owned())
            }
            Target::Folder(folder) => Some(folder.clone()),
            Target::Outside => None,
        }
    }

    fn add_named(&mut self, id: ModuleId, named: &NamedModule, found: &mut BTreeSet<ModuleId>) {
        let level = named.path.chars().take_while(|letter| *letter == '.').count();
        let mut path = &named.path[level..];
        // `orders.apps.OrdersConfig`, `shop.middleware.Timing`: what stands behind the module is no part of its path.
        let target = loop {
            let target = self.target(id, level, path);
            if target != Target::Outside {
                break target;
            }
            match path.rsplit_once('.') {
                Some((shorter, _)) => path = shorter,
                None => return,
            }
        };
        let is_whole = path.len() == named.path.len() - level;
        let is_module = matches!(target, Target::Module(_));
        if !is_module && (named.kind == NamedModuleKind::Module || !is_whole) {
            return;
        }
        self.add_whole(&target, found);
        let implied: &[&str] = match named.kind {
            NamedModuleKind::Module => return,
            NamedModuleKind::Application => OF_APPLICATION,
            NamedModuleKind::Tasks => &["tasks"],
        };
        let folder = match &target {
            Target::Module(id) => self.index.package_folder(*id).to_owned(),
            Target::Folder(folder) => folder.clone(),
            Target::Outside => return,
        };
        for name in implied {
            let below = self.index.below(&folder, name);
            self.add_whole(&below, found);
        }
    }
}

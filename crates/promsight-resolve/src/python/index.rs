//! Which module of the tree an import means.
//!
//! Nothing says where the source roots are, so that each folder above an importing module that is no package is
//! taken for one, then any other folder that fits. Reads paths and import statements, runs nothing.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::python::{Stmt, StmtKind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::SourceModule;
use super::value::ModuleId;

/// What an absolute import leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A module of the tree.
    Module(ModuleId),
    /// A folder of the tree without `__init__.py` given, with modules below it.
    Folder(String),
    /// Nothing of the tree.
    Outside,
}

/// One module's place.
#[derive(Debug)]
struct Place {
    /// Folders of its path.
    folder: String,
    /// First component of each absolute import of it.
    imports: FxHashSet<String>,
}

/// What is known of a module before it is indexed.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// Its path.
    pub(super) path: &'a str,
    /// First component of each absolute import of it.
    pub(super) imports: FxHashSet<String>,
    /// Its absolute imports, with the imported name, where it is production code.
    pub(super) dotted: BTreeSet<String>,
}

/// All modules by their path.
#[derive(Debug)]
pub(super) struct Index {
    places: Vec<Place>,
    /// Path without `.py` (a package's folder) to module. Where `foo.py` and `foo/__init__.py` are both there,
    /// the package wins, as in Python.
    by_path: FxHashMap<String, ModuleId>,
    /// Last component to the paths (without `.py`) that end so.
    by_tail: FxHashMap<String, Vec<String>>,
    /// Folders with modules below them.
    folders: BTreeMap<String, bool>,
    /// Folders that are packages by a file that is not among the modules.
    further_packages: BTreeSet<String>,
    /// Modules hidden by a package of the same name.
    shadowed: Vec<bool>,
    /// Number of modules of the tree.
    tree: usize,
    /// Absolute imports of production code, with the imported name.
    dotted: BTreeSet<String>,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, tail: &str) -> String {
    if folder.is_empty() {
        tail.to_owned()
    } else {
        format!("{folder}/{tail}")
    }
}

fn collect_imports(
    body: &[Stmt],
    first: &mut FxHashSet<String>,
    dotted: &mut BTreeSet<String>,
    depth: usize,
) {
    for statement in body {
        match &statement.kind {
            StmtKind::Import { module, .. } => {
                first.extend(module.first().cloned());
                dotted.insert(module.join("."));
            }
            StmtKind::ImportFrom {
                level: 0,
                module,
                names,
            } => {
                first.extend(module.first().cloned());
                let module = module.join(".");
                dotted.extend(names.iter().map(|(name, _)| format!("{module}.{name}")));
            }
            StmtKind::Try { body, handlers, .. } if depth < 4 => {
                collect_imports(body, first, dotted, depth + 1);
                for (_, handler) in handlers {
                    collect_imports(handler, first, dotted, depth + 1);
                }
            }
            StmtKind::If { body, orelse, .. } if depth < 4 => {
                collect_imports(body, first, dotted, depth + 1);
                collect_imports(orelse, first, dotted, depth + 1);
            }
            StmtKind::Function(function) if depth < 4 => {
                collect_imports(&function.body, first, dotted, depth + 1);
            }
            StmtKind::Class(class) if depth < 4 => {
                collect_imports(&class.body, first, dotted, depth + 1);
            }
            _ => {}
        }
    }
}

impl Index {
    /// Indexes modules; ids follow their order. Those behind the first `tree` are descriptions of libraries: no path
    /// leads to them, and what they import is outside the tree.
    pub(super) fn new(modules: &[SourceModule<'_>], tree: usize) -> Self {
        let entries = modules.iter().enumerate().map(|(at, source)| {
            let mut entry = Entry {
                path: source.path,
                imports: FxHashSet::default(),
                dotted: BTreeSet::new(),
            };
            collect_imports(&source.module.body, &mut entry.imports, &mut entry.dotted, 0);
            if source.module.test_code || at >= tree {
                entry.dotted.clear();
            }
            entry
        });
        Self::of(entries.collect(), tree)
    }

    /// The same of what is known of each module.
    pub(super) fn of(entries: Vec<Entry<'_>>, tree: usize) -> Self {
        let mut index = Self {
            places: Vec::with_capacity(entries.len()),
            by_path: FxHashMap::default(),
            by_tail: FxHashMap::default(),
            folders: BTreeMap::new(),
            further_packages: BTreeSet::new(),
            shadowed: vec![false; entries.len()],
            tree,
            dotted: BTreeSet::new(),
        };
        for (id, source) in (0u32..).map(ModuleId).zip(entries) {
            let Entry {
                path: _,
                imports,
                mut dotted,
            } = source;
            if id.index() >= tree {
                index.places.push(Place {
                    folder: String::new(),
                    imports,
                });
                continue;
            }
            index.dotted.append(&mut dotted);
            let folder = parent(source.path).to_owned();
            let stem = source
                .path
                .strip_suffix(".py")
                .or_else(|| source.path.strip_suffix(".pyi"));
            let stem = stem.unwrap_or(source.path);
            let is_package = stem == "__init__" || stem.ends_with("/__init__");
            let name = if is_package {
                folder.clone()
            } else {
                stem.to_owned()
            };
            index.places.push(Place {
                folder: folder.clone(),
                imports,
            });
            let mut above = folder.as_str();
            loop {
                let entry = index.folders.entry(above.to_owned()).or_insert(false);
                if is_package && above == folder {
                    *entry = true;
                }
                if above.is_empty() {
                    break;
                }
                above = parent(above);
            }
            match index.by_path.get(&name).copied() {
                Some(first) if is_package => {
                    index.shadowed[first.index()] = true;
                    index.by_path.insert(name, id);
                }
                Some(_) => index.shadowed[id.index()] = true,
                None => {
                    index.by_path.insert(name, id);
                }
            }
        }
        let mut paths: Vec<&String> = index.by_path.keys().chain(index.folders.keys()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut by_tail: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for path in paths {
            let tail = path.rsplit('/').next().unwrap_or(path);
            by_tail.entry(tail.to_owned()).or_default().push(path.clone());
        }
        index.by_tail = by_tail;
        index
    }

    /// Whether a package of the same name hides the module.
    pub(super) fn is_shadowed(&self, module: ModuleId) -> bool {
        self.shadowed[module.index()]
    }

    /// The module at that path without `.py`.
    pub(super) fn at(&self, path: &str) -> Target {
        match self.by_path.get(path) {
            Some(module) => Target::Module(*module),
            None if self.folders.contains_key(path) && !path.is_empty() => Target::Folder(path.to_owned()),
            None => Target::Outside,
        }
    }

    /// Learns which folders are packages where not all modules were read.
    pub(super) fn learn_packages(&mut self, packages: &BTreeSet<String>) {
        self.further_packages.clone_from(packages);
    }

    /// The folders that are packages.
    pub(super) fn packages(&self) -> BTreeSet<String> {
        let packages = self.folders.iter().filter(|(_, is_package)| **is_package);
        packages.map(|(folder, _)| folder.clone()).collect()
    }

    /// What `name` is below a target that is a package or folder.
    pub(super) fn below(&self, folder: &str, name: &str) -> Target {
        self.at(&join(folder, name))
    }

    /// The packages that a module lies in, innermost last, itself excepted.
    pub(super) fn packages_of(&self, module: ModuleId) -> Vec<ModuleId> {
        let mut folder = self.places[module.index()].folder.as_str();
        let mut packages = Vec::new();
        while let Some(package) = self.by_path.get(folder) {
            if *package != module {
                packages.push(*package);
            }
            if folder.is_empty() {
                break;
            }
            folder = parent(folder);
        }
        packages.reverse();
        packages
    }

    /// The folder in which the submodules of a module lie.
    pub(super) fn package_folder(&self, module: ModuleId) -> &str {
        &self.places[module.index()].folder
    }

    /// The path that a relative import of `importer` means.
    pub(super) fn relative(&self, importer: ModuleId, level: usize, module: &[String]) -> String {
        let mut folder = self.places[importer.index()].folder.as_str();
        for _ in 1..level {
            folder = parent(folder);
        }
        let tail = module.join("/");
        if tail.is_empty() {
            folder.to_owned()
        } else {
            join(folder, &tail)
        }
    }

    /// First components of the absolute imports of a module, wherever they stand in it.
    pub(super) fn imports(&self, module: ModuleId) -> &FxHashSet<String> {
        &self.places[module.index()].imports
    }

    /// Whether production code imports a module or something below it.
    pub(super) fn is_imported(&self, dotted: &str) -> bool {
        let below = format!("{dotted}.");
        let from = self.dotted.range(dotted.to_owned()..);
        from.take_while(|path| path.starts_with(dotted))
            .any(|path| path == dotted || path.starts_with(&below))
    }

    /// Whether any module of the tree imports something of that top-level package.
    pub(super) fn is_package_imported(&self, package: &str) -> bool {
        let places = &self.places[..self.tree];
        places.iter().any(|place| place.imports.contains(package))
    }

    /// Whether something of the tree has that first component: an import of it is one of the tree.
    pub(super) fn is_top_folder(&self, name: &str) -> bool {
        self.by_tail.contains_key(name)
    }

    /// What `import module` in `importer` means.
    pub(super) fn absolute(&self, importer: ModuleId, module: &[String]) -> Target {
        let (Some(last), Some(first)) = (module.last(), module.first()) else {
            return Target::Outside;
        };
        if importer.index() >= self.tree {
            return Target::Outside;
        }
        let Some(candidates) = self.by_tail.get(last.as_str()) else {
            return Target::Outside;
        };
        let tail = module.join("/");
        let here = self.places[importer.index()].folder.as_str();
        let mut best: Option<(Rank, &String)> = None;
        for path in candidates {
            let root = if *path == tail {
                ""
            } else {
                match path
                    .strip_suffix(tail.as_str())
                    .and_then(|root| root.strip_suffix('/'))
                {
                    Some(root) => root,
                    None => continue,
                }
            };
            let Some(rank) = self.rank(importer, here, root, path, module.len(), first) else {
                continue;
            };
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, path));
            }
        }
        best.map_or(Target::Outside, |(_, path)| self.at(path))
    }

    /// How well `root` fits as a source root for `importer`; `None` where it does not.
    fn rank(
        &self,
        importer: ModuleId,
        here: &str,
        root: &str,
        path: &str,
        components: usize,
        first: &str,
    ) -> Option<Rank> {
        let found = self.by_path.get(path).copied();
        if found == Some(importer) && components == 1 && !self.is_package(importer) {
            return None;
        }
        let is_above = root.is_empty() || here == root || here.starts_with(&format!("{root}/"));
        let in_package =
            !root.is_empty() && (self.is_package_path(root) || self.further_packages.contains(root));
        let top = self.by_path.get(&join(root, first)).copied();
        // A module that itself imports the package of its own name is no stand-in for it.
        let imports_namesake = top.is_some_and(|top| self.places[top.index()].imports.contains(first));
        let is_folder = u8::from(found.is_none());
        if imports_namesake
            && components == 1
            && !(root.is_empty() && top.is_some_and(|top| self.is_package(top)))
        {
            return None;
        }
        let depth = root.len();
        let distance = here.len().saturating_sub(depth);
        if is_above && !in_package {
            return Some(Rank {
                class: 0,
                is_folder,
                distance,
                path_length: path.len(),
            });
        }
        if is_above {
            // Inside a package: as a script's own folder.
            let shared = here == root || components > 1;
            return shared.then_some(Rank {
                class: 2,
                is_folder,
                distance,
                path_length: path.len(),
            });
        }
        let is_code_root = root.ends_with("/src") || root == "src" || root.ends_with("/lib") || root == "lib";
        if in_package || (components == 1 && !is_code_root && !self.is_package_path(path)) {
            return None;
        }
        let shared = common_folder(here, root);
        let distance = here.len().saturating_sub(shared) + root.len().saturating_sub(shared);
        Some(Rank {
            class: 1,
            is_folder,
            distance,
            path_length: path.len(),
        })
    }

    fn is_package(&self, module: ModuleId) -> bool {
        self.by_path.get(self.package_folder(module)) == Some(&module)
    }

    fn is_package_path(&self, path: &str) -> bool {
        self.folders.get(path).copied().unwrap_or(false)
    }
}

fn common_folder(left: &str, right: &str) -> usize {
    left.split('/')
        .zip(right.split('/'))
        .take_while(|(left, right)| left == right)
        .map(|(part, _)| part.len() + 1)
        .sum()
}

/// Lower is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    class: u8,
    is_folder: u8,
    distance: usize,
    path_length: usize,
}

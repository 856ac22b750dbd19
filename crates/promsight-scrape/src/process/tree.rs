//! The repository as programs are looked for in it: files by path and name, modules, packages, scripts.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::launch::{Dockerfile, Launch, Package, Script, Unit};
use promsight_model::{FileId, FileSet, SourceFile, Span};

use super::{Certainty, paths};
use crate::Input;

/// What programs are called in a folder that is theirs, the likeliest first.
const PROGRAMS: [&str; 12] = [
    "__main__.py",
    "main.py",
    "app.py",
    "app/main.py",
    "server.py",
    "run.py",
    "service.py",
    "worker.py",
    "manage.py",
    "asgi.py",
    "wsgi.py",
    "cli.py",
];

/// The files of the run.
pub(super) struct Tree<'a> {
    pub(super) files: &'a FileSet,
    /// Every folder that a file lies in, the top as the empty path.
    folders: BTreeSet<&'a str>,
    /// Those with Python at any depth.
    code_folders: BTreeSet<&'a str>,
    by_name: BTreeMap<&'a str, Vec<&'a SourceFile>>,
    launches: BTreeMap<FileId, &'a [Launch]>,
    /// Packages with the folders of their descriptions.
    pub(super) packages: Vec<(&'a str, &'a Package)>,
    /// Dockerfiles in the order of their paths.
    pub(super) dockerfiles: Vec<(&'a SourceFile, &'a Dockerfile)>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(input: &Input<'a>) -> Self {
        let files = input.files;
        let mut folders = BTreeSet::from([""]);
        let mut code_folders = BTreeSet::new();
        let mut by_name: BTreeMap<&str, Vec<&SourceFile>> = BTreeMap::new();
        for file in files.files() {
            let mut folder = paths::folder(&file.path);
            while folders.insert(folder) {
                folder = paths::folder(folder);
            }
            if file.path.ends_with(".py") {
                let mut folder = paths::folder(&file.path);
                while code_folders.insert(folder) && !folder.is_empty() {
                    folder = paths::folder(folder);
                }
            }
            by_name.entry(paths::name(&file.path)).or_default().push(file);
        }
        let with_launches = input.facts.iter().filter(|facts| !facts.launches.is_empty());
        let launches: BTreeMap<FileId, &[Launch]> = with_launches
            .map(|facts| (facts.file, facts.launches.as_slice()))
            .collect();
        let mut packages = Vec::new();
        let mut dockerfiles = Vec::new();
        for (id, launch) in launches
            .iter()
            .flat_map(|(id, all)| all.iter().map(move |launch| (*id, launch)))
        {
            let file = files.file(id);
            match launch {
                Launch::Package(package) => packages.push((paths::folder(&file.path), package)),
                Launch::Dockerfile(dockerfile) => dockerfiles.push((file, dockerfile)),
                _ => {}
            }
        }
        Self {
            files,
            folders,
            code_folders,
            by_name,
            launches,
            packages,
            dockerfiles,
        }
    }

    pub(super) fn file(&self, path: &str) -> Option<&'a SourceFile> {
        self.files.by_path(path)
    }

    pub(super) fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(path.trim_end_matches('/'))
    }

    /// Whether Python lies in a folder, at any depth.
    pub(super) fn has_code(&self, folder: &str) -> bool {
        self.code_folders.contains(folder.trim_end_matches('/'))
    }

    /// The file or folder is there.
    pub(super) fn has(&self, path: &str) -> bool {
        self.is_folder(path) || self.file(path).is_some()
    }

    /// What a file says about how programs are started.
    pub(super) fn launches(&self, file: FileId) -> &'a [Launch] {
        self.launches.get(&file).copied().unwrap_or_default()
    }

    /// All files that say something, in the order of their paths.
    pub(super) fn all_launches(&self) -> impl Iterator<Item = (&'a SourceFile, &'a Launch)> {
        self.launches
            .iter()
            .flat_map(|(id, all)| all.iter().map(|launch| (self.files.file(*id), launch)))
    }

    /// The shell script that a file is.
    pub(super) fn script(&self, file: FileId) -> Option<&'a Script> {
        self.launches(file).iter().find_map(|launch| match launch {
            Launch::Script(script) => Some(script),
            _ => None,
        })
    }

    /// The programs that a file declares.
    pub(super) fn units(&self, file: FileId) -> impl Iterator<Item = &'a Unit> {
        self.launches(file).iter().filter_map(|launch| match launch {
            Launch::Unit(unit) => Some(unit),
            _ => None,
        })
    }

    /// The packages that lie in a folder or its `src`.
    pub(super) fn top_packages(&self, folder: &str) -> impl Iterator<Item = &'a str> {
        let source = paths::join(folder, "src").unwrap_or_default();
        let files = self.by_name.get("__init__.py").into_iter().flatten();
        let folder = folder.to_owned();
        files.filter_map(move |file| {
            let package = paths::folder(&file.path);
            let around = paths::folder(package);
            let is_top =
                !package.is_empty() && (around == folder || around == source) && !is_test(&file.path);
            is_top.then(|| paths::name(package))
        })
    }

    /// The variables that a file sets.
    pub(super) fn variables(&self, file: FileId) -> Option<&'a [(String, String, Span)]> {
        self.launches(file).iter().find_map(|launch| match launch {
            Launch::Variables(variables) => Some(variables.as_slice()),
            _ => None,
        })
    }

    /// The only folder of code that is named like a workload or image.
    pub(super) fn named_folder(&self, name: &str) -> Option<&'a str> {
        let wanted = name.to_ascii_lowercase().replace('-', "_");
        let is_code = |folder: &str| {
            PROGRAMS
                .iter()
                .any(|program| self.file(&format!("{folder}/{program}")).is_some())
                || self.file(&format!("{folder}/__init__.py")).is_some()
        };
        let own = |folder: &&str| paths::name(folder).to_ascii_lowercase().replace('-', "_");
        let alike = |admits: &dyn Fn(&str) -> bool| {
            let mut found = self
                .folders
                .iter()
                .copied()
                .filter(|folder| !folder.is_empty() && !is_test(&format!("{folder}/x")))
                .filter(|folder| admits(&own(folder)) && is_code(folder));
            let first = found.next();
            first.filter(|_| found.next().is_none())
        };
        alike(&|folder| folder == wanted)
            .or_else(|| alike(&|folder| folder.len() > 2 && wanted.ends_with(&format!("_{folder}"))))
    }

    /// The program that a name alone points to: a command of a package, or what is started in a folder of that name.
    pub(super) fn named_program(&self, name: &str) -> Option<FileId> {
        if let Some((file, _)) = self.console_script("", name) {
            return Some(file);
        }
        let folder = self.named_folder(name)?;
        let found = PROGRAMS
            .iter()
            .find_map(|program| self.file(&format!("{folder}/{program}")));
        found.map(|file| file.id)
    }

    /// A setting of a server's configuration.
    pub(super) fn setting(&self, file: FileId, names: &[&str]) -> Option<(&'a str, Span)> {
        self.launches(file).iter().find_map(|launch| match launch {
            Launch::Settings(settings) => settings
                .iter()
                .find(|(name, _, _)| names.contains(&name.as_str()))
                .map(|(_, value, span)| (value.as_str(), *span)),
            _ => None,
        })
    }

    /// The one file whose path ends like this, production code before tests, files of the folder before others. Leading
    /// parts are left out as needed; where only the file's name is left of more, it has to lie at the top of the folder.
    pub(super) fn by_end(&self, scope: &str, path: &str) -> Option<&'a SourceFile> {
        let candidates = self.by_name.get(paths::name(path))?;
        let ends = |file: &SourceFile, end: &str| {
            file.path
                .strip_suffix(end)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        let mut end = path.trim_start_matches('/');
        loop {
            let mut found: Vec<&SourceFile> = candidates
                .iter()
                .copied()
                .filter(|file| ends(file, end))
                .collect();
            if !found.is_empty() {
                if found.len() > 1 {
                    let is_inside = |file: &&SourceFile| paths::below(scope, &file.path).is_some();
                    if found.iter().any(is_inside) {
                        found.retain(is_inside);
                    }
                }
                if found.len() > 1 {
                    found.retain(|file| !is_test(&file.path));
                }
                let is_shortened = !end.contains('/') && path.trim_start_matches('/').contains('/');
                if is_shortened {
                    found.retain(|file| paths::folder(&file.path) == scope);
                }
                return if found.len() == 1 { found.pop() } else { None };
            }
            (_, end) = end.split_once('/')?;
        }
    }

    /// The file of a module, given as a path, below one of the roots, else the only one of the tree that can be it.
    pub(super) fn module(&self, roots: &[String], scope: &str, path: &str) -> Option<(FileId, Certainty)> {
        for root in roots {
            if let Some(found) = paths::join(root, path).and_then(|path| self.module_at(&path)) {
                return Some((found, Certainty::Followed));
            }
        }
        self.module_anywhere(scope, path)
    }

    /// The module whose path without its ending is this one.
    fn module_at(&self, path: &str) -> Option<FileId> {
        let files = [
            format!("{path}.py"),
            format!("{path}/__init__.py"),
            format!("{path}/__main__.py"),
        ];
        files.iter().find_map(|path| self.file(path)).map(|file| file.id)
    }

    /// `__main__.py` beside a package's `__init__.py`.
    pub(super) fn main_of(&self, module: FileId) -> Option<FileId> {
        let path = &self.files.file(module).path;
        let folder = path.strip_suffix("__init__.py")?;
        self.file(&format!("{folder}__main__.py")).map(|file| file.id)
    }

    fn module_anywhere(&self, scope: &str, path: &str) -> Option<(FileId, Certainty)> {
        let name = paths::name(path);
        let plain = format!("{path}.py");
        let packages = [format!("{path}/__init__.py"), format!("{path}/__main__.py")];
        let ends = |file: &&&SourceFile, end: &str| {
            file.path
                .strip_suffix(end)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        let plain_files = self
            .by_name
            .get(format!("{name}.py").as_str())
            .into_iter()
            .flatten();
        let mut found: Vec<&SourceFile> = plain_files.filter(|file| ends(file, &plain)).copied().collect();
        for package in &packages {
            if found.is_empty() {
                let files = self.by_name.get(paths::name(package)).into_iter().flatten();
                found.extend(files.filter(|file| ends(file, package)).copied());
            }
        }
        found.retain(|file| !is_test(&file.path));
        let is_inside = |file: &SourceFile| paths::below(scope, &file.path).is_some();
        if found.iter().any(|file| is_inside(file)) {
            found.retain(|file| is_inside(file));
        }
        // One part alone (`main`, `app`) is a name that anything has.
        let is_telling = path.contains('/') || !scope.is_empty();
        let is_at_top = |file: &SourceFile| file.path == plain || packages.contains(&file.path);
        match found.as_slice() {
            [one] if path.contains('/') && is_at_top(one) => Some((one.id, Certainty::Followed)),
            [one] if is_telling && is_inside(one) => Some((one.id, Certainty::Followed)),
            [one] => Some((one.id, Certainty::Name)),
            _ => None,
        }
    }

    /// Whether the tree has a module or package of that top-level name.
    pub(super) fn knows_package(&self, module: &str) -> bool {
        let top = module.split('.').next().unwrap_or(module);
        let end = format!("/{top}");
        self.by_name.contains_key(format!("{top}.py").as_str())
            || self
                .folders
                .iter()
                .any(|folder| *folder == top || folder.ends_with(&end))
                && self.by_end("", &format!("{top}/__init__.py")).is_some()
    }

    /// The file of the module that an installed command calls.
    pub(super) fn console_script(&self, scope: &str, name: &str) -> Option<(FileId, Span)> {
        let mut found = Vec::new();
        for (folder, package) in &self.packages {
            for script in package.scripts.iter().filter(|script| script.name == name) {
                let roots = roots_of(folder, package);
                if let Some((file, _)) = self.module(&roots, folder, &script.module.replace('.', "/")) {
                    found.push((*folder, file, script.span));
                }
            }
        }
        if found
            .iter()
            .any(|(folder, ..)| paths::below(scope, folder).is_some())
        {
            found.retain(|(folder, ..)| paths::below(scope, folder).is_some());
        }
        let (_, file, span) = *found.first()?;
        found
            .iter()
            .all(|(_, other, _)| *other == file)
            .then_some((file, span))
    }

    /// Folders in which the modules of packages lie that are described at or below a folder, and of those around it.
    pub(super) fn package_roots(&self, scope: &str) -> Vec<String> {
        let near = self.packages.iter().filter(|(folder, _)| {
            paths::below(scope, folder).is_some() || paths::below(folder, scope).is_some()
        });
        near.flat_map(|(folder, package)| roots_of(folder, package))
            .collect()
    }
}

fn roots_of(folder: &str, package: &Package) -> Vec<String> {
    let named = package.roots.iter().filter_map(|root| paths::join(folder, root));
    let usual = [Some(folder.to_owned()), paths::join(folder, "src")];
    named.chain(usual.into_iter().flatten()).collect()
}

/// Whether a path is that of test code.
fn is_test(path: &str) -> bool {
    let mut parts = path.split('/');
    let name = parts.next_back().unwrap_or_default();
    parts.any(|folder| matches!(folder, "test" | "tests" | "testing"))
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || name == "conftest.py"
}

//! Which files belong to a run.
//!
//! Owns the walk: hidden files, what `.gitignore` names and installed packages are left out, symbolic links that
//! leave the root are not followed, and of the rest only files of which an extractor reads the format are kept. Hidden
//! are the pipelines too, which are read for what they build and deploy, and what belongs to a chart. Reads no file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};
use promsight_model::Repository;

use crate::config::Config;
use crate::exit::Failure;
use crate::{repository, root};

/// Folders of packages that were installed, not written here.
const INSTALLED: &[&str] = &[
    "node_modules",
    "bower_components",
    "site-packages",
    "dist-packages",
    "venv",
    "__pycache__",
    "__pypackages__",
];

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is.
    pub location: PathBuf,
    /// Its path relative to the root.
    pub path: String,
    /// Its path relative to the working directory.
    pub shown_path: String,
}

/// What the walk found.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// The files, by path.
    pub candidates: Vec<Candidate>,
    /// Files and folders that could not be entered, with the reason.
    pub unreadable: Vec<(Candidate, String)>,
    /// The repository around them.
    pub repository: Repository,
}

/// Where a run looks.
#[derive(Clone, Debug)]
pub struct Territory {
    /// The paths that the user named, canonical.
    pub paths: Vec<PathBuf>,
    /// The root.
    pub root: PathBuf,
    /// The working directory.
    pub working_directory: PathBuf,
}

impl Territory {
    /// The territory of the paths on the command line; errs where one cannot be read.
    pub fn of(paths: &[PathBuf]) -> Result<Self, Failure> {
        let failure = |path: &Path, error: std::io::Error| Failure::Input {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let canonical: Vec<PathBuf> = paths
            .iter()
            .map(|path| path.canonicalize().map_err(|error| failure(path, error)))
            .collect::<Result<_, _>>()?;
        let working_directory = std::env::current_dir()
            .and_then(|folder| folder.canonicalize())
            .map_err(|error| failure(Path::new("."), error))?;
        Ok(Self {
            root: root::find(&canonical),
            paths: canonical,
            working_directory,
        })
    }

    /// Whether the run reads all of the root.
    pub fn is_whole(&self) -> bool {
        self.paths.contains(&self.root)
    }

    /// The path of a file, given relative to the root, relative to the working directory.
    pub fn shown(&self, path: &str) -> String {
        let mut location = self.root.clone();
        for part in path.split('/') {
            match part {
                ".." => {
                    location.pop();
                }
                part => location.push(part),
            }
        }
        root::relative(&location, &self.working_directory)
    }

    /// Whether the user's paths hold the file at that root-relative path, and whether one of them is that file.
    pub(crate) fn holds(&self, path: &str) -> (bool, bool) {
        let location = self.root.join(path);
        let holds = self.paths.iter().any(|named| location.starts_with(named));
        (holds, self.paths.contains(&location))
    }

    /// A folder's path relative to the root; empty for the root.
    fn folder(&self, location: &Path) -> String {
        match root::relative(location, &self.root) {
            here if here == "." => String::new(),
            path => path,
        }
    }

    fn candidate(&self, location: PathBuf) -> Candidate {
        Candidate {
            path: root::relative(&location, &self.root),
            shown_path: root::relative(&location, &self.working_directory),
            location,
        }
    }
}

/// The hidden file that is read where it stands beside a chart's description.
const CHART_RULES: &str = ".helmignore";

/// Hidden files, and folders of such, at the top of what the user named: pipelines.
const PIPELINES: [&str; 6] = [
    ".github/workflows",
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".gitlab/ci",
    ".circleci/config.yml",
    ".drone.yml",
];

/// Walks the territory.
pub fn discover(territory: &Territory, config: &Config) -> Discovery {
    let mut walk = Walk {
        territory,
        config,
        files: BTreeMap::new(),
        links: Vec::new(),
        unreadable: Vec::new(),
        unread: BTreeSet::new(),
    };
    for path in &territory.paths {
        if path.is_dir() {
            walk.folder(path, path);
        } else {
            walk.files.insert(path.clone(), path.clone());
        }
    }
    walk.pipelines();
    walk.follow_links();
    let mut candidates: Vec<Candidate> = walk
        .files
        .into_values()
        .map(|location| territory.candidate(location))
        .collect();
    candidates.sort_by(|left, right| left.path.cmp(&right.path));
    let seen = territory.paths.iter().filter(|path| path.is_dir());
    let repository = Repository {
        seen: seen.map(|folder| territory.folder(folder)).collect(),
        unread: walk.unread,
        ..repository::around(&territory.root)
    };
    Discovery {
        candidates,
        unreadable: walk.unreadable,
        repository,
    }
}

struct Walk<'a> {
    territory: &'a Territory,
    config: &'a Config,
    /// Real location to the location under which it is shown: a file reached twice is read once.
    files: BTreeMap<PathBuf, PathBuf>,
    links: Vec<PathBuf>,
    unreadable: Vec<(Candidate, String)>,
    /// Paths, relative to the root, of files that are none to read.
    unread: BTreeSet<String>,
}

impl Walk<'_> {
    /// Walks the folder at `location`; what it finds is shown as if it lay below `shown`.
    fn folder(&mut self, location: &Path, shown: &Path) {
        let exclude = self.config.exclude.clone();
        let root = self.territory.root.clone();
        let mut builder = WalkBuilder::new(location);
        builder
            .hidden(true)
            .git_ignore(true)
            .require_git(false)
            .parents(true)
            // What a machine or a clone is told to ignore would make two runs differ.
            .git_global(false)
            .git_exclude(false)
            .ignore(false)
            .follow_links(false)
            .filter_entry(move |entry| {
                entry.depth() == 0
                    || !is_folder(entry)
                    || !(is_installed(entry) || exclude.admit(&root::relative(entry.path(), &root)))
            });
        for entry in builder.build() {
            match entry {
                Ok(entry) => self.entry(&entry, location, shown),
                Err(error) => self.error(&error, location),
            }
        }
    }

    fn entry(&mut self, entry: &DirEntry, location: &Path, shown: &Path) {
        let Ok(below) = entry.path().strip_prefix(location) else {
            return;
        };
        let shown = shown.join(below);
        if entry.path_is_symlink() {
            // Links inside a linked folder are not followed: nothing needs them, and they could run in circles.
            if location
                == shown
                    .ancestors()
                    .nth(below.components().count())
                    .unwrap_or(location)
            {
                self.links.push(entry.path().to_owned());
            }
            return;
        }
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            return;
        }
        if self.is_wanted(&shown) {
            if entry.file_name() == "Chart.yaml" {
                self.chart_rules(entry.path(), &shown);
            }
            self.files.entry(entry.path().to_owned()).or_insert(shown);
        } else {
            self.unread.insert(root::relative(&shown, &self.territory.root));
        }
    }

    /// Takes the hidden file beside a chart's description that says which files are no part of the chart.
    fn chart_rules(&mut self, chart: &Path, shown: &Path) {
        let rules = chart.with_file_name(CHART_RULES);
        let shown = shown.with_file_name(CHART_RULES);
        if rules.is_file() && !rules.is_symlink() && self.is_wanted(&shown) {
            self.files.entry(rules).or_insert(shown);
        }
    }

    /// Takes the pipelines at the top.
    fn pipelines(&mut self) {
        for top in &self.territory.paths {
            for path in PIPELINES.map(|path| top.join(path)) {
                let mut found: Vec<PathBuf> = match path.read_dir() {
                    Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
                    Err(_) => vec![path],
                };
                found.retain(|path| path.is_file() && !path.is_symlink());
                found.sort();
                for path in found {
                    let relative = root::relative(&path, &self.territory.root);
                    if promsight_extract::launch::is_pipeline(&relative) && self.is_wanted(&path) {
                        self.files.entry(path.clone()).or_insert(path);
                    }
                }
            }
        }
    }

    fn is_wanted(&self, location: &Path) -> bool {
        self.config.reads(&root::relative(location, &self.territory.root))
    }

    fn error(&mut self, error: &ignore::Error, folder: &Path) {
        let location = path_of(error).unwrap_or(folder).to_owned();
        let reason = error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        self.unreadable.push((self.territory.candidate(location), reason));
    }

    fn follow_links(&mut self) {
        let mut links = std::mem::take(&mut self.links);
        links.sort();
        for link in links {
            let Ok(target) = link.canonicalize() else { continue };
            if !target.starts_with(&self.territory.root) || link.starts_with(&target) {
                continue;
            }
            if target.is_dir() {
                self.folder(&target, &link);
            } else if self.is_wanted(&link) {
                self.files.entry(target).or_insert(link);
            }
        }
    }
}

/// Whether a walk from the root would come by the file at that root-relative path, as far as names tell. What
/// `.gitignore` names is not known here.
pub(crate) fn is_reachable(path: &str) -> bool {
    let is_below = |folder: &str| {
        path.strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if PIPELINES.iter().any(|pipelines| is_below(pipelines)) {
        return true;
    }
    let mut parts = path.split('/').rev();
    let is_hidden = |name: &str| name.starts_with('.') && name != CHART_RULES;
    let file_is_hidden = parts.next().is_none_or(is_hidden);
    !file_is_hidden && !parts.any(|folder| folder.starts_with('.') || INSTALLED.contains(&folder))
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

fn is_installed(entry: &DirEntry) -> bool {
    // PEP 405: a virtual environment, whatever it is called, holds this file.
    let is_virtual_environment = || entry.path().join("pyvenv.cfg").is_file();
    entry
        .file_name()
        .to_str()
        .is_some_and(|name| INSTALLED.contains(&name))
        || is_virtual_environment()
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

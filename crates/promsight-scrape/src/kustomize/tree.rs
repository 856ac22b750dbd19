//! The files and folders around kustomizations.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::manifest::{Manifest, ManifestKind, Value};
use promsight_model::{Facts, FileId, SourceFile, Span};

use super::problems::Problems;
use crate::Input;

/// The names that kustomize knows a kustomization by.
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Paths in the tree.
pub(crate) struct Tree<'a> {
    input: Input<'a>,
    facts: BTreeMap<FileId, &'a Facts>,
    /// Every folder that holds a file, directly or below.
    folders: BTreeSet<&'a str>,
    /// The kustomizations of folders.
    kustomizations: BTreeMap<&'a str, Vec<(&'a SourceFile, &'a Value)>>,
    /// Paths where no file is, and one is made before the kustomization is built.
    made: BTreeSet<String>,
}

/// A file that something names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'a> {
    /// It was read.
    File(&'a SourceFile),
    /// It may be there; what it holds is not known.
    Unknown,
    /// It is not there.
    Missing,
}

impl<'a> Tree<'a> {
    pub(crate) fn of(input: &Input<'a>) -> Self {
        let facts: BTreeMap<FileId, &Facts> = input.facts.iter().map(|facts| (facts.file, facts)).collect();
        let mut folders = BTreeSet::new();
        let mut kustomizations: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        let unread = input.repository.unread.iter().map(String::as_str);
        for path in input
            .files
            .files()
            .iter()
            .map(|file| file.path.as_str())
            .chain(unread)
        {
            let mut folder = folder_of(path);
            while folders.insert(folder) && !folder.is_empty() {
                folder = folder_of(folder);
            }
        }
        for file in input.files.files() {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            let Some(facts) = facts.get(&file.id).filter(|_| NAMES.contains(&name)) else {
                continue;
            };
            let is_one = |manifest: &&Manifest| manifest.kind == ManifestKind::Kustomization;
            if let Some(manifest) = facts.manifests.iter().find(is_one) {
                let here = kustomizations.entry(folder_of(&file.path)).or_default();
                here.push((file, &manifest.value));
            }
        }
        Self {
            input: *input,
            facts,
            folders,
            kustomizations,
            made: BTreeSet::new(),
        }
    }

    /// Takes files for made before a kustomization is built.
    pub(crate) fn expect(&mut self, made: BTreeSet<String>) {
        self.made = made;
    }

    /// Every folder with its kustomizations (kustomize allows one), by path.
    pub(crate) fn kustomizations(&self) -> impl Iterator<Item = (&'a str, &[(&'a SourceFile, &'a Value)])> {
        self.kustomizations
            .iter()
            .map(|(folder, kustomizations)| (*folder, &kustomizations[..]))
    }

    /// The kustomizations of a folder.
    pub(crate) fn kustomization(&self, folder: &str) -> &[(&'a SourceFile, &'a Value)] {
        self.kustomizations.get(folder).map_or(&[], Vec::as_slice)
    }

    /// Every folder that holds a file, by path.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &'a str> {
        self.folders.iter().copied()
    }

    pub(crate) fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(path)
    }

    pub(crate) fn manifests(&self, file: FileId) -> &'a [Manifest] {
        self.facts.get(&file).map_or(&[], |facts| &facts.manifests)
    }

    /// The structured documents of a file, as a string that holds the file's text has them.
    pub(crate) fn documents(&self, file: FileId) -> Vec<Value> {
        let manifests = self.manifests(file).iter();
        manifests.map(|manifest| manifest.value.clone()).collect()
    }

    /// The file at a path that a kustomization of a folder names. Says what is wrong where there is none.
    pub(crate) fn file(&self, folder: &str, path: &str, span: Span, problems: &mut Problems) -> Found<'a> {
        if is_remote(path) {
            problems.unknown(span, format!("`{path}` is not in this tree"));
            return Found::Unknown;
        }
        let Some(full) = join(folder, path) else {
            problems.unknown(span, format!("`{path}` lies outside of the tree that is read"));
            return Found::Unknown;
        };
        if let Some(file) = self.input.files.by_path(&full) {
            return Found::File(file);
        }
        if self.may_exist(&full) {
            problems.unknown(span, format!("`{full}` is not read"));
            return Found::Unknown;
        }
        problems.refuse_surely(span, format!("there is no file `{full}`"));
        Found::Missing
    }

    pub(crate) fn read(&self, path: &str) -> Option<&'a SourceFile> {
        self.input.files.by_path(path)
    }

    /// Whether a file that was not read may be there: one that was seen and is of no known format, a hidden one, one
    /// outside of what the run looks at.
    pub(crate) fn may_exist(&self, path: &str) -> bool {
        let repository = self.input.repository;
        let is_seen = |folder: &String| {
            folder.is_empty()
                || path
                    .strip_prefix(folder.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        repository.unread.contains(path)
            || path.split('/').any(|part| part.starts_with('.'))
            || is_confidential(path)
            || self.made.contains(path)
            || !repository.seen.iter().any(is_seen)
    }
}

/// Whether a file is called like those that people keep out of repositories.
fn is_confidential(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let words = ["secret", "credential", "password", "token", "private"];
    let endings = [".env", ".pem", ".key", ".crt", ".pub", ".p12", ".jks"];
    words.iter().any(|word| path.contains(word)) || endings.iter().any(|ending| path.ends_with(ending))
}

/// The folder of a path; empty for the root.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path as seen from a folder; `None` where it leaves the root.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a path names something on another host.
pub(crate) fn is_remote(path: &str) -> bool {
    let hosts = ["github.com/", "gitlab.com/", "bitbucket.org/", "git@", "git::"];
    path.contains("://")
        || hosts.iter().any(|host| path.starts_with(host))
        || path.contains("?ref=")
        || path.contains("?version=")
        || path.trim_start_matches("./").contains("//")
        || path.contains(".git?")
        || path.ends_with(".git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_their_folder() {
        assert_eq!(join("deploy/prod", "../base").as_deref(), Some("deploy/base"));
        assert_eq!(join("", "./a//b/").as_deref(), Some("a/b"));
        assert_eq!(join("deploy", "../../outside"), None);
        assert_eq!(join("deploy", "/etc"), None);
    }

    #[test]
    fn other_hosts_are_told_from_folders() {
        for path in [
            "https://example.org/oven.yaml",
            "github.com/bakery/oven/deploy?ref=v1",
            "git@example.org:bakery/oven.git",
            "ssh://git@example.org/bakery/oven",
        ] {
            assert!(is_remote(path), "{path}");
        }
        for path in ["../base", "./oven.yaml", "base/github"] {
            assert!(!is_remote(path), "{path}");
        }
    }
}

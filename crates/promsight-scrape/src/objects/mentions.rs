//! Which manifests other files of the tree name: scripts, pipelines, documents.
//!
//! A file that anything names may be applied by it, so that nobody says of it that nothing reaches it.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{FileId, FileSet, SourceFile};
use regex::Regex;

use crate::kustomize::folder_of;

/// No more files are asked for: beyond this a tree is a store of manifests that something else reads.
const MAX_FILES: usize = 5_000;

/// How a file is named elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mention {
    /// In a kustomization, where it brings nothing in: a comment, most often.
    Kustomization,
    /// Anywhere else.
    Elsewhere,
}

/// Which of the files are named, and how.
pub(crate) fn mentioned(
    files: &FileSet,
    wanted: &BTreeSet<FileId>,
    kustomizations: &BTreeSet<FileId>,
) -> BTreeMap<FileId, Mention> {
    let wanted: Vec<&SourceFile> = wanted.iter().map(|id| files.file(*id)).collect();
    let all = || wanted.iter().map(|file| (file.id, Mention::Elsewhere)).collect();
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let names = Names::of(wanted.iter().map(|file| file.path.as_str()));
    let pattern = (wanted.len() <= MAX_FILES).then(|| names.pattern()).flatten();
    let Some(pattern) = pattern else {
        return all();
    };
    let found = scan(files, &names, &pattern, kustomizations);
    let named = wanted
        .iter()
        .filter_map(|file| Some((file.id, found.of(&file.path)?)));
    named.collect()
}

/// Which of these paths, where no file is, something beside kustomizations names: a script that makes the file, a
/// document that asks people to.
pub(crate) fn made_elsewhere(
    files: &FileSet,
    missing: &BTreeSet<String>,
    kustomizations: &BTreeSet<FileId>,
) -> BTreeSet<String> {
    let names = Names::of(missing.iter().map(String::as_str));
    let pattern = (!missing.is_empty() && missing.len() <= MAX_FILES).then(|| names.pattern());
    let Some(pattern) = pattern.flatten() else {
        return missing.clone();
    };
    let found = scan(files, &names, &pattern, kustomizations);
    let is_named = |path: &&String| found.files.get(path.as_str()) == Some(&Mention::Elsewhere);
    missing.iter().filter(is_named).cloned().collect()
}

fn scan<'a>(
    files: &FileSet,
    names: &Names<'a>,
    pattern: &Regex,
    kustomizations: &BTreeSet<FileId>,
) -> Found<'a> {
    let mut found = Found::default();
    for file in files.files() {
        let mention = if kustomizations.contains(&file.id) {
            Mention::Kustomization
        } else {
            Mention::Elsewhere
        };
        for line in file.text.lines().filter(|line| pattern.is_match(line)) {
            for word in line.split(|character| !is_path_character(character)) {
                found.word(names, word, line, (file, mention));
            }
        }
    }
    found
}

/// The last parts of the paths that are looked for.
struct Names<'a> {
    files: BTreeMap<&'a str, BTreeSet<&'a str>>,
    folders: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Names<'a> {
    fn of(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for path in paths {
            files.entry(last_part(path)).or_default().insert(path);
            let mut folder = folder_of(path);
            while !folder.is_empty() && folders.entry(last_part(folder)).or_default().insert(folder) {
                folder = folder_of(folder);
            }
        }
        Self { files, folders }
    }

    fn pattern(&self) -> Option<Regex> {
        let names: BTreeSet<&str> = self.files.keys().chain(self.folders.keys()).copied().collect();
        let names: Vec<String> = names.into_iter().map(regex::escape).collect();
        Regex::new(&names.join("|")).ok()
    }
}

/// What was found so far.
#[derive(Default)]
struct Found<'a> {
    files: BTreeMap<&'a str, Mention>,
    /// Folders that are applied, and whether with those below.
    folders: BTreeSet<(&'a str, bool)>,
}

impl<'a> Found<'a> {
    fn word(&mut self, names: &Names<'a>, word: &str, line: &str, place: (&SourceFile, Mention)) {
        let (file, mention) = place;
        let parts = parts(word);
        let Some(last) = parts.last() else {
            return;
        };
        for path in names.files.get(last).into_iter().flatten() {
            if *path != file.path && agrees(&parts, path) {
                let known = self.files.entry(path).or_insert(mention);
                *known = (*known).max(mention);
            }
        }
        if mention == Mention::Elsewhere
            && let Some(folders) = names.folders.get(last)
            && let Some(is_recursive) = applies_folder(&parts, word, line)
        {
            let agreeing = folders.iter().filter(|folder| agrees(&parts, folder));
            self.folders
                .extend(agreeing.map(|folder| (*folder, is_recursive)));
        }
    }

    fn of(&self, path: &str) -> Option<Mention> {
        let mut folder = folder_of(path);
        let mut is_applied = self.folders.contains(&(folder, false));
        while !is_applied && !folder.is_empty() {
            is_applied = self.folders.contains(&(folder, true));
            folder = folder_of(folder);
        }
        if is_applied {
            return Some(Mention::Elsewhere);
        }
        self.files.get(path).copied()
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_path_character(character: char) -> bool {
    character.is_alphanumeric() || "_-./*${}%".contains(character)
}

/// The parts of a path as it is written, without globs at its end.
fn parts(word: &str) -> Vec<&str> {
    let word = word.trim_end_matches(['.', '/']);
    let mut parts: Vec<&str> = word
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    while parts.last().is_some_and(|part| part.contains('*')) {
        parts.pop();
    }
    parts
}

/// Whether the end of `path` is what is written; parts that are known only at run time match anything.
fn agrees(written: &[&str], path: &str) -> bool {
    let mut path = path.rsplit('/');
    for part in written.iter().rev() {
        if part.contains(['$', '{', '%', '*']) || *part == ".." {
            return true;
        }
        match path.next() {
            Some(own) if own == *part => {}
            Some(_) => return false,
            None => return true,
        }
    }
    true
}

/// Whether a line applies the folder that a word of it names, and if so whether also what lies below.
fn applies_folder(parts: &[&str], word: &str, line: &str) -> Option<bool> {
    let has = |needles: &[&str]| needles.iter().any(|needle| line.contains(needle));
    if has(&[" -k ", "kustomize"]) {
        return None;
    }
    let applies = has(&["-f", "apply", "--filename", "create", "replace", "k8s_yaml"])
        || word.contains('*')
        || (parts.len() > 1 && has(&["path", "manifest", "dir", "source"]));
    applies.then(|| has(&["-R", "--recursive", "recurse", "find ", "**"]))
}

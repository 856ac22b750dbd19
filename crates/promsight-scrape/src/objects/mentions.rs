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
    let mut found = BTreeMap::new();
    let wanted: Vec<&SourceFile> = wanted.iter().map(|id| files.file(*id)).collect();
    if wanted.is_empty() || wanted.len() > MAX_FILES {
        return wanted.iter().map(|file| (file.id, Mention::Elsewhere)).collect();
    }
    let mut names: BTreeMap<&str, Vec<&SourceFile>> = BTreeMap::new();
    for file in &wanted {
        names.entry(last_part(&file.path)).or_default().push(file);
        let mut folder = folder_of(&file.path);
        while !folder.is_empty() {
            let files = names.entry(last_part(folder)).or_default();
            if files.last().is_none_or(|last| last.id != file.id) {
                files.push(file);
            }
            folder = folder_of(folder);
        }
    }
    let alternatives: Vec<String> = names.keys().map(|name| regex::escape(name)).collect();
    let Ok(pattern) = Regex::new(&alternatives.join("|")) else {
        return wanted.iter().map(|file| (file.id, Mention::Elsewhere)).collect();
    };
    for file in files.files() {
        let mention = if kustomizations.contains(&file.id) {
            Mention::Kustomization
        } else {
            Mention::Elsewhere
        };
        let mut seen = None;
        for place in pattern.find_iter(&file.text) {
            let line = line_around(&file.text, place.start());
            if seen == Some(line.as_ptr()) {
                continue;
            }
            seen = Some(line.as_ptr());
            for word in line.split(|character| !is_path_character(character)) {
                let parts = parts(word);
                let Some(files) = parts.last().and_then(|last| names.get(last)) else {
                    continue;
                };
                for named in files.iter().filter(|named| named.id != file.id) {
                    if names_file(&parts, &named.path) || names_folder(&parts, word, line, named) {
                        let known = found.entry(named.id).or_insert(mention);
                        *known = (*known).max(mention);
                    }
                }
            }
        }
    }
    found
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn line_around(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |before| before + 1);
    let end = text[at..].find('\n').map_or(text.len(), |behind| at + behind);
    &text[start..end]
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

fn names_file(parts: &[&str], path: &str) -> bool {
    agrees(parts, path)
}

/// Whether a line applies a folder that holds the file.
fn names_folder(parts: &[&str], word: &str, line: &str, file: &SourceFile) -> bool {
    let has = |needles: &[&str]| needles.iter().any(|needle| line.contains(needle));
    if has(&[" -k ", "kustomize", "--kustomize"]) {
        return false;
    }
    let applies = has(&["-f", "apply", "--filename", "create", "replace", "k8s_yaml"]);
    if !applies && !word.contains('*') && (parts.len() < 2 || !has(&["path", "manifest", "dir", "source"])) {
        return false;
    }
    let is_recursive = has(&["-R", "--recursive", "recurse", "find ", "**"]);
    let folder = folder_of(&file.path);
    if agrees(parts, folder) && !folder.is_empty() {
        return true;
    }
    let mut folder = folder_of(folder);
    while is_recursive && !folder.is_empty() {
        if agrees(parts, folder) {
            return true;
        }
        folder = folder_of(folder);
    }
    false
}

//! Files to text, in parallel.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use promsight_model::{FileId, FileSet, GapKind, Repository, SourceFile};
use rayon::prelude::*;

use crate::discovery::{Candidate, Discovery};
use crate::encoding::{self, Declaration, Decoded};

/// Larger files are not read: data, not source.
pub const MAX_BYTES: u64 = 64 << 20;

/// The files of a run, and what of them could not be read.
#[derive(Debug, Default)]
pub struct Sources {
    /// The files, those included that could not be read: they are empty.
    pub files: FileSet,
    /// What could not be read, by path.
    pub unread: Vec<Unread>,
    /// The repository around the files.
    pub repository: Repository,
    /// Files, by path, that are no part of the tree: they say what exists beside it.
    pub witnesses: BTreeMap<String, Witness>,
}

/// What a file says of the world beside the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// What a program exposes.
    Snapshot,
    /// What another repository emits.
    Inventory,
}

impl Sources {
    /// Whether the file at that path is no part of the tree.
    pub fn is_witness(&self, path: &str) -> bool {
        self.witnesses.contains_key(path)
    }

    /// Adds a file that says what exists beside the tree.
    pub fn add_witness(&mut self, path: &str, shown_path: &str, text: &Arc<str>, witness: Witness) {
        self.add(path, shown_path, text);
        self.witnesses.insert(path.to_owned(), witness);
    }

    /// Numbers the files of two trees so that a path which both have has one id, and names the files that are the same
    /// in both. Nothing may have been read of the files before: spans count in ids.
    pub fn number_together(new: &mut Self, old: &mut Self) -> Vec<FileId> {
        let beside = |files: &FileSet, others: &FileSet| {
            let listed = files.files().iter();
            let listed =
                listed.map(|file| (file.path.clone(), file.shown_path.clone(), Arc::clone(&file.text)));
            let paths = others.files().iter().map(|file| file.path.as_str());
            FileSet::beside(listed.collect(), &paths.collect())
        };
        let (new_files, old_files) = (beside(&new.files, &old.files), beside(&old.files, &new.files));
        (new.files, old.files) = (new_files, old_files);
        let same = |file: &&SourceFile| {
            let then = old.files.by_path(&file.path);
            then.is_some_and(|then| Arc::ptr_eq(&then.text, &file.text))
        };
        new.files
            .files()
            .iter()
            .filter(same)
            .map(|file| file.id)
            .collect()
    }

    /// The same with other texts of some files. Files keep their ids.
    pub(crate) fn with_texts(&self, texts: &BTreeMap<FileId, Arc<str>>) -> Self {
        let text = |file: &SourceFile| Arc::clone(texts.get(&file.id).unwrap_or(&file.text));
        let files = self.files.files().iter();
        let files = files.map(|file| (file.path.clone(), file.shown_path.clone(), text(file)));
        Self {
            files: FileSet::new(files.collect()),
            unread: self.unread.clone(),
            repository: self.repository.clone(),
            witnesses: self.witnesses.clone(),
        }
    }

    /// Adds a file that no walk found but findings may speak of: the configuration.
    pub fn add(&mut self, path: &str, shown_path: &str, text: &Arc<str>) {
        if self.files.by_path(path).is_some() {
            return;
        }
        let mut files: Vec<_> = self
            .files
            .files()
            .iter()
            .map(|file| (file.path.clone(), file.shown_path.clone(), Arc::clone(&file.text)))
            .collect();
        files.push((path.to_owned(), shown_path.to_owned(), Arc::clone(text)));
        self.files = FileSet::new(files);
    }
}

/// A file that could not be read, or not as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its path relative to the root, as in the file set.
    pub path: String,
    /// What stood against it.
    pub kind: GapKind,
    /// What happened, as a sentence without a full stop.
    pub message: String,
}

/// Reads what was discovered. A file that vanished meanwhile counts as unreadable.
pub fn read(discovery: &Discovery) -> Sources {
    let outcomes: Vec<Outcome> = discovery.candidates.par_iter().map(read_one).collect();
    let mut gathered = Gathered::default();
    for (candidate, outcome) in discovery.candidates.iter().zip(outcomes) {
        gathered.outcome(&candidate.path, &candidate.shown_path, outcome);
    }
    for (candidate, reason) in &discovery.unreadable {
        let outcome = Outcome::Unread(GapKind::Limit, format!("it could not be read: {reason}"));
        gathered.outcome(&candidate.path, &candidate.shown_path, outcome);
    }
    gathered.finish(discovery.repository.clone())
}

/// Whether a path can name nothing but text: other endings (`.ts`, `.json`) are also those of data.
fn is_always_text(path: &str) -> bool {
    [".py", ".yaml", ".yml", ".ipynb"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

enum Outcome {
    Text(Arc<str>),
    Damaged(Arc<str>, String),
    Unread(GapKind, String),
    Binary,
}

/// Files that were read one by one, on their way to be [`Sources`].
#[derive(Default)]
pub(crate) struct Gathered {
    files: Vec<(String, String, Arc<str>)>,
    unread: Vec<Unread>,
}

impl Gathered {
    /// Adds a file whose text is known already, with what stood against reading it.
    pub(crate) fn text(&mut self, path: &str, shown_path: &str, text: Arc<str>, unread: Option<Unread>) {
        self.files.push((path.to_owned(), shown_path.to_owned(), text));
        self.unread.extend(unread);
    }

    /// Adds a file as its bytes, or as a clause on why there are none. What is no text is left out.
    pub(crate) fn bytes(&mut self, path: &str, shown_path: &str, bytes: Result<Vec<u8>, String>) {
        let outcome = match bytes {
            Ok(bytes) => decode(path, bytes),
            Err(reason) => Outcome::Unread(GapKind::Limit, reason),
        };
        self.outcome(path, shown_path, outcome);
    }

    fn outcome(&mut self, path: &str, shown_path: &str, outcome: Outcome) {
        let (text, problem) = match outcome {
            Outcome::Binary if is_always_text(path) => {
                let message = "it is no text (binary or encrypted) and was not read".to_owned();
                (Arc::from(""), Some((GapKind::Limit, message)))
            }
            Outcome::Binary => return,
            Outcome::Text(text) => (text, None),
            Outcome::Damaged(text, message) => (text, Some((GapKind::Encoding, message))),
            Outcome::Unread(kind, message) => (Arc::from(""), Some((kind, message))),
        };
        let unread = problem.map(|(kind, message)| Unread {
            path: path.to_owned(),
            kind,
            message,
        });
        self.text(path, shown_path, text, unread);
    }

    pub(crate) fn finish(mut self, repository: Repository) -> Sources {
        self.unread.sort_by(|left, right| left.path.cmp(&right.path));
        Sources {
            files: FileSet::new(self.files),
            unread: self.unread,
            repository,
            witnesses: BTreeMap::new(),
        }
    }
}

fn read_one(candidate: &Candidate) -> Outcome {
    match bytes(&candidate.location) {
        Ok(bytes) => decode(&candidate.path, bytes),
        Err(outcome) => outcome,
    }
}

fn decode(path: &str, bytes: Vec<u8>) -> Outcome {
    let is_python = Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "py");
    let declaration = if is_python {
        Declaration::CodingCookie
    } else {
        Declaration::None
    };
    match encoding::decode(bytes, declaration) {
        Decoded::Text(text) => Outcome::Text(text.into()),
        Decoded::Damaged(text, reason) => Outcome::Damaged(text.into(), reason),
        Decoded::Binary => Outcome::Binary,
    }
}

fn bytes(location: &Path) -> Result<Vec<u8>, Outcome> {
    let unreadable =
        |error: std::io::Error| Outcome::Unread(GapKind::Limit, format!("it could not be read: {error}"));
    let size = std::fs::metadata(location).map_err(unreadable)?.len();
    if size > MAX_BYTES {
        let message = format!("it is larger than {} MiB and was not read", MAX_BYTES >> 20);
        return Err(Outcome::Unread(GapKind::Limit, message));
    }
    std::fs::read(location).map_err(unreadable)
}

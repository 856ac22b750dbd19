//! Files to text, in parallel.

use std::path::Path;
use std::sync::Arc;

use promsight_model::{FileSet, GapKind, Repository};
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
    let mut files = Vec::new();
    let mut unread = Vec::new();
    let mut keep = |candidate: &Candidate, text: Arc<str>, problem: Option<(GapKind, String)>| {
        files.push((candidate.path.clone(), candidate.shown_path.clone(), text));
        if let Some((kind, message)) = problem {
            unread.push(Unread {
                path: candidate.path.clone(),
                kind,
                message,
            });
        }
    };
    for (candidate, outcome) in discovery.candidates.iter().zip(outcomes) {
        match outcome {
            Outcome::Binary if is_always_text(&candidate.path) => {
                let message = "it is no text (binary or encrypted) and was not read".to_owned();
                keep(candidate, Arc::from(""), Some((GapKind::Limit, message)));
            }
            Outcome::Binary => {}
            Outcome::Text(text) => keep(candidate, text, None),
            Outcome::Damaged(text, message) => keep(candidate, text, Some((GapKind::Encoding, message))),
            Outcome::Unread(kind, message) => keep(candidate, Arc::from(""), Some((kind, message))),
        }
    }
    for (candidate, reason) in &discovery.unreadable {
        let problem = (GapKind::Limit, format!("it could not be read: {reason}"));
        keep(candidate, Arc::from(""), Some(problem));
    }
    unread.sort_by(|left, right| left.path.cmp(&right.path));
    Sources {
        files: FileSet::new(files),
        unread,
        repository: discovery.repository.clone(),
    }
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

fn read_one(candidate: &Candidate) -> Outcome {
    let bytes = match bytes(&candidate.location) {
        Ok(bytes) => bytes,
        Err(outcome) => return outcome,
    };
    let is_python = Path::new(&candidate.path)
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

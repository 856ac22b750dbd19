//! Snapshots and inventories: from what the user named to files of the run.
//!
//! Owns which files these are and whether they can be read as what they were named for. What they say is read where the
//! run comes together ([`crate::pipeline`]). Touches no network: the live server is [`crate::server`]'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use promsight_extract::{exposition, inventory};
use promsight_model::{FileId, SourceFile};

use crate::arguments::SourceArguments;
use crate::config::Config;
use crate::discovery::Territory;
use crate::encoding::{self, Declaration, Decoded};
use crate::exit::Failure;
use crate::reading::{MAX_BYTES, Sources, Witness};
use crate::root;

/// Endings that files of a named folder must have, by what they are read as. A file named by itself may have any.
const ENDINGS: [(Witness, &[&str]); 2] = [
    (
        Witness::Snapshot,
        &["", "prom", "txt", "text", "metrics", "om", "openmetrics"],
    ),
    (Witness::Inventory, &["json"]),
];

/// Folders below a named folder are read to this depth.
const MOST_FOLDERS: usize = 16;

/// The snapshots and inventories of a run.
#[derive(Debug, Default)]
pub struct Witnesses {
    files: Vec<WitnessFile>,
    /// Remarks on what was not read.
    pub notes: Vec<String>,
}

#[derive(Debug)]
struct WitnessFile {
    path: String,
    shown_path: String,
    text: Arc<str>,
    witness: Witness,
}

impl Witnesses {
    /// Reads those of the command line, relative to the working directory, and those of the configuration, relative to
    /// the root. Errs where one of them cannot be read as what it was named for.
    pub fn load(
        arguments: &SourceArguments,
        config: &Config,
        territory: &Territory,
    ) -> Result<Self, Failure> {
        let mut witnesses = Self::default();
        let here = |paths: &[PathBuf]| paths.to_vec();
        let at_root = |paths: &[PathBuf]| paths.iter().map(|path| territory.root.join(path)).collect();
        let named = [
            (Witness::Snapshot, here(&arguments.exposition)),
            (Witness::Inventory, here(&arguments.inventory)),
            (Witness::Snapshot, at_root(&config.sources.expositions)),
            (Witness::Inventory, at_root(&config.sources.inventories)),
        ];
        for (witness, paths) in named {
            for path in paths {
                witnesses.named(&path, witness, territory)?;
            }
        }
        Ok(witnesses)
    }

    /// Adds them to a run's files.
    pub fn add_to(&self, sources: &mut Sources) {
        for file in &self.files {
            sources.add_witness(&file.path, &file.shown_path, &file.text, file.witness);
        }
    }

    fn named(&mut self, path: &Path, witness: Witness, territory: &Territory) -> Result<(), Failure> {
        let failure = |reason: String| Failure::Source {
            what: word(witness),
            path: path.to_owned(),
            reason,
        };
        let location = path.canonicalize().map_err(|error| failure(error.to_string()))?;
        if !location.is_dir() {
            let text = text_of(&location).map_err(failure)?;
            understood(&text, &shown(&location, territory), witness).map_err(failure)?;
            self.add(&location, text, witness, territory);
            return Ok(());
        }
        let mut locations = Vec::new();
        files_below(&location, MOST_FOLDERS, &mut locations).map_err(|error| failure(error.to_string()))?;
        let (wanted, others): (Vec<PathBuf>, Vec<PathBuf>) = locations
            .into_iter()
            .partition(|location| is_likely(location, witness));
        let mut left_out: Vec<String> = others.iter().map(|other| shown(other, territory)).collect();
        let before = self.files.len();
        for location in wanted {
            let outcome = text_of(&location)
                .and_then(|text| understood(&text, &shown(&location, territory), witness).map(|()| text));
            match outcome {
                Ok(text) => self.add(&location, text, witness, territory),
                Err(_) => left_out.push(shown(&location, territory)),
            }
        }
        if self.files.len() == before {
            return Err(failure(format!("no file in it is {}", article(witness))));
        }
        if !left_out.is_empty() {
            left_out.sort();
            self.notes.push(format!(
                "Not read as {}: {}.",
                article(witness),
                left_out.join(", ")
            ));
        }
        Ok(())
    }

    fn add(&mut self, location: &Path, text: String, witness: Witness, territory: &Territory) {
        self.files.push(WitnessFile {
            path: root::relative(location, &territory.root),
            shown_path: shown(location, territory),
            text: text.into(),
            witness,
        });
    }
}

fn word(witness: Witness) -> &'static str {
    match witness {
        Witness::Snapshot => "snapshot",
        Witness::Inventory => "inventory",
    }
}

fn article(witness: Witness) -> &'static str {
    match witness {
        Witness::Snapshot => "a snapshot of the exposition format",
        Witness::Inventory => "an inventory that `promsight metrics --format json` has written",
    }
}

fn shown(location: &Path, territory: &Territory) -> String {
    root::relative(location, &territory.working_directory)
}

/// Whether a file of a named folder is meant, by its name.
fn is_likely(location: &Path, witness: Witness) -> bool {
    let ending = location.extension().unwrap_or_default();
    let ending = ending.to_string_lossy().to_ascii_lowercase();
    ENDINGS
        .iter()
        .any(|(kind, endings)| *kind == witness && endings.contains(&ending.as_str()))
}

/// The files below a folder in order of path; hidden ones and links are left out.
fn files_below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let kind = entry.file_type()?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_file() {
            found.push(entry.path());
        } else if kind.is_dir() && depth > 0 {
            files_below(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}

fn text_of(location: &Path) -> Result<String, String> {
    let size = std::fs::metadata(location)
        .map_err(|error| error.to_string())?
        .len();
    if size > MAX_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_BYTES >> 20));
    }
    let bytes = std::fs::read(location).map_err(|error| error.to_string())?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err("it is compressed; decompress it first".to_owned());
    }
    // No text has these; lengths and tags of the protobuf form do.
    if bytes.iter().any(|byte| *byte < b'\t')
        && !bytes.starts_with(&[0xff, 0xfe])
        && !bytes.starts_with(&[0xfe, 0xff])
    {
        return Err(
            "it is no text; of the exposition formats the protobuf one is not read, so ask the program with \
                    `Accept: text/plain` or `application/openmetrics-text`"
                .to_owned(),
        );
    }
    match encoding::decode(bytes, Declaration::None) {
        Decoded::Text(text) | Decoded::Damaged(text, _) => Ok(text),
        Decoded::Binary => Err("it is no text".to_owned()),
    }
}

/// Errs with a clause where the text is not what it was named for.
fn understood(text: &str, shown_path: &str, witness: Witness) -> Result<(), String> {
    let file = SourceFile {
        id: FileId(0),
        path: shown_path.to_owned(),
        shown_path: shown_path.to_owned(),
        text: Arc::from(text),
    };
    match witness {
        Witness::Inventory => inventory::read(&file).map(|_| ()).map_err(|reason| {
            format!("{reason}; name one that `promsight metrics --format json` has written")
        }),
        Witness::Snapshot => {
            let snapshot = exposition::read(&file);
            if snapshot.emitters.is_empty() {
                return Err("it holds no series of the exposition format".to_owned());
            }
            Ok(())
        }
    }
}

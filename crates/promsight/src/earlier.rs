//! The tree of an earlier revision as a run would have read it, from git's objects.
//!
//! Owns which files of a commit belong to a run. No checkout is made: what has not changed is taken from the files
//! that were read already, the rest from git.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use promsight_model as model;

use crate::config::{self, Config};
use crate::discovery::{self, Territory};
use crate::git::{Changes, GitError, Repository, TreeEntry};
use crate::reading::{Gathered, MAX_BYTES, Sources, Unread};

/// What an earlier revision held.
pub struct Earlier {
    /// The commit.
    pub commit: String,
    /// Its files.
    pub sources: Sources,
    /// Its configuration.
    pub config: Config,
    /// What has changed since.
    pub changes: Changes,
    /// Whether anything that a run reads has.
    pub differs: bool,
}

/// Reads the revision from which the present work has grown. `sources` and `config` are those of the working tree;
/// `named` is the configuration of the command line, which counts for both sides.
pub fn read(
    repository: &Repository,
    revision: &str,
    territory: &Territory,
    (sources, config): (&Sources, &Config),
    named: Option<&Path>,
) -> Result<Earlier, GitError> {
    let commit = repository.base(revision)?;
    let entries = repository.tree(&commit)?;
    let changes = repository.changes(&commit)?;
    let old_config = match named {
        Some(_) => config.clone(),
        None => config_of(repository, &entries)?.unwrap_or_else(|| config.clone()),
    };
    let wanted = wanted(&entries, repository, territory, &old_config);
    let (mut gathered, mut from_git) = (Gathered::default(), Vec::new());
    let unread: BTreeMap<&str, &Unread> = sources
        .unread
        .iter()
        .map(|unread| (unread.path.as_str(), unread))
        .collect();
    let mut untouched = 0;
    for entry in &wanted {
        match sources.files.by_path(&entry.path) {
            Some(file) if !changes.old.contains(&entry.path) => {
                let unread = unread.get(entry.path.as_str()).map(|unread| (*unread).clone());
                gathered.text(&file.path, &file.shown_path, Arc::clone(&file.text), unread);
                untouched += 1;
            }
            _ => from_git.push(*entry),
        }
    }
    let differs =
        !from_git.is_empty() || untouched != sources.files.files().len() || !same_config(config, &old_config);
    let (readable, too_large): (Vec<&TreeEntry>, Vec<&TreeEntry>) =
        from_git.into_iter().partition(|entry| entry.size <= MAX_BYTES);
    let paths: BTreeSet<&str> = wanted.iter().map(|entry| entry.path.as_str()).collect();
    let repository_then = model::Repository {
        unread: entries
            .iter()
            .filter(|entry| territory.holds(&entry.path).0 && discovery::is_reachable(&entry.path))
            .filter(|entry| !paths.contains(entry.path.as_str()))
            .map(|entry| entry.path.clone())
            .collect(),
        ..sources.repository.clone()
    };
    let objects: Vec<&str> = readable.iter().map(|entry| entry.object.as_str()).collect();
    let contents = repository.contents(&objects)?;
    for (entry, content) in readable.into_iter().zip(contents) {
        let bytes = content.ok_or_else(|| "git does not have its content (a partial clone)".to_owned());
        gathered.bytes(&entry.path, &territory.shown(&entry.path), bytes);
    }
    for entry in too_large {
        let reason = format!("it is larger than {} MiB and was not read", MAX_BYTES >> 20);
        gathered.bytes(&entry.path, &territory.shown(&entry.path), Err(reason));
    }
    Ok(Earlier {
        commit,
        sources: gathered.finish(repository_then),
        config: old_config,
        changes,
        differs,
    })
}

/// The configuration that the commit had at the root; that of today where it cannot be understood any more.
fn config_of(repository: &Repository, entries: &[TreeEntry]) -> Result<Option<Config>, GitError> {
    let Some(entry) = entries.iter().find(|entry| entry.path == config::FILE_NAME) else {
        return Ok(Some(Config::default()));
    };
    let content = repository.contents(&[&entry.object])?.pop().flatten();
    let text = content.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(text.and_then(|text| config::parse(&text, Path::new(config::FILE_NAME)).ok()))
}

fn same_config(new: &Config, old: &Config) -> bool {
    let text = |config: &Config| config.file.as_ref().map(|file| Arc::clone(&file.text));
    text(new) == text(old)
}

/// The files that a run on the commit would have read.
fn wanted<'a>(
    entries: &'a [TreeEntry],
    repository: &Repository,
    territory: &Territory,
    config: &Config,
) -> Vec<&'a TreeEntry> {
    let environments: BTreeSet<&str> = entries
        .iter()
        .filter_map(|entry| entry.path.strip_suffix("/pyvenv.cfg"))
        .collect();
    let in_environment = |path: &str| {
        path.match_indices('/')
            .any(|(slash, _)| environments.contains(&path[..slash]))
    };
    let candidates: Vec<(&TreeEntry, bool)> = entries
        .iter()
        .filter_map(|entry| {
            let (held, named) = territory.holds(&entry.path);
            let walked = held
                && config.reads(&entry.path)
                && discovery::is_reachable(&entry.path)
                && !in_environment(&entry.path);
            (named || walked).then_some((entry, named))
        })
        .collect();
    let paths = candidates.iter().map(|(entry, _)| entry.path.as_str()).collect();
    let ignored = repository.ignored(&paths);
    candidates
        .into_iter()
        .filter(|(entry, named)| *named || !ignored.contains(&entry.path))
        .map(|(entry, _)| entry)
        .collect()
}

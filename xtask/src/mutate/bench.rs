//! A project in memory, its clean run, and runs of it with changed texts.

use std::path::Path;
use std::sync::Arc;

use promsight::clock::{self, Date};
use promsight::config::{self, Config};
use promsight::discovery::{self, Territory};
use promsight::pipeline::{self, Selection, Shared};
use promsight::reading::{self, Sources};
use promsight_model::{FileSet, Report, SourceFile};

use super::edit::Edits;

/// A project with its clean run.
pub(super) struct Bench {
    pub(super) sources: Sources,
    pub(super) config: Config,
    pub(super) report: Report,
    shared: Shared,
    today: Date,
}

impl Bench {
    /// Reads the project, and runs on it as it stands.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let mut territory = Territory::of(&[folder.to_owned()]).map_err(|error| error.to_string())?;
        // A checkout inside another repository is a project of its own.
        territory.root = territory.paths[0].clone();
        let config = config::load(&territory.root, None).map_err(|error| error.to_string())?;
        let sources = reading::read(&discovery::discover(&territory, &config));
        Ok(Self::of(sources, config))
    }

    pub(super) fn of(sources: Sources, config: Config) -> Self {
        let shared = Shared::of(sources.files.files().iter().map(|file| file.id));
        let today = clock::today();
        let report = pipeline::run_beside(&sources, &config, &Selection::everything(today), &shared);
        Self {
            sources,
            config,
            report,
            shared,
            today,
        }
    }

    pub(super) fn files(&self) -> &FileSet {
        &self.sources.files
    }

    /// The report on the changed project. Files keep their ids; what has not changed is not read again.
    pub(super) fn run(&self, edits: &Edits) -> (FileSet, Report) {
        let changed = |file: &SourceFile| match edits.apply(file.id, &file.text) {
            Some(text) => Arc::from(text),
            None => Arc::clone(&file.text),
        };
        let files = self.files().files().iter();
        let files = files.map(|file| (file.path.clone(), file.shown_path.clone(), changed(file)));
        let sources = Sources {
            witnesses: std::collections::BTreeMap::new(),
            files: FileSet::new(files.collect()),
            unread: self.sources.unread.clone(),
            repository: self.sources.repository.clone(),
        };
        let shared = self.shared.without(edits.files());
        let report = pipeline::run_beside(
            &sources,
            &self.config,
            &Selection::everything(self.today),
            &shared,
        );
        (sources.files, report)
    }
}

//! A scenario's input to its report, and the report to entries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use promsight::clock::Date;
use promsight::config::{self, Config};
use promsight::discovery::{self, Territory};
use promsight::pipeline::{self, Selection, Shared};
use promsight::reading::{self, Sources, Witness};
use promsight::repository;
use promsight_model::{
    Emitter, FileSet, Finding, JudgedReference, Liveness, Name, Report, Repository, SelectorName, Span,
};

use crate::entries::{Entry, Replacement};
use crate::page::{Input, Kind};
use crate::server;

/// The day on which every scenario runs, so that dates in configurations mean the same forever.
const TODAY: &str = "2026-07-01";

pub(crate) struct Outcome {
    files: FileSet,
    report: Report,
}

pub(crate) fn run(input: &Input) -> Result<Outcome, String> {
    let (sources, config) = match input {
        Input::Files(files) => in_memory(files)?,
        Input::Folder(folder) => on_disk(folder)?,
    };
    let today = Date::parse(TODAY).ok_or("the day of the scenarios is none")?;
    let server = match input {
        Input::Files(files) => server::answers(files)?,
        Input::Folder(_) => None,
    };
    let understood = pipeline::understand(&sources, &Shared::default());
    let selection = Selection::everything(today);
    let report = pipeline::conclude(&sources, &understood, &config, &selection, server.as_ref());
    Ok(Outcome {
        files: sources.files,
        report,
    })
}

fn in_memory(files: &[(String, String)]) -> Result<(Sources, Config), String> {
    let config = match files.iter().find(|(path, _)| path == config::FILE_NAME) {
        Some((path, text)) => config::parse(text, Path::new(path)).map_err(|error| error.to_string())?,
        None => Config::default(),
    };
    let read = files
        .iter()
        .filter(|(path, _)| config.reads(path))
        .map(|(path, text)| (path.clone(), path.clone(), Arc::from(text.as_str())))
        .collect();
    let mut sources = Sources {
        files: FileSet::new(read),
        repository: repository(files),
        ..Sources::default()
    };
    let named = &config.sources;
    let kinds = [
        (&named.expositions, Witness::Snapshot),
        (&named.inventories, Witness::Inventory),
    ];
    for (paths, witness) in kinds {
        let is_named = |path: &str| paths.iter().any(|named| Path::new(path).starts_with(named));
        for (path, text) in files.iter().filter(|(path, _)| is_named(path)) {
            sources.add_witness(path, path, &Arc::from(text.as_str()), witness);
        }
    }
    Ok((sources, config))
}

/// The repository of a scenario: all of it was seen, and a file `.git/config` says where it is hosted.
fn repository(files: &[(String, String)]) -> Repository {
    let git = files.iter().find(|(path, _)| path == ".git/config");
    let unread = files.iter().map(|(path, _)| path.clone());
    Repository {
        remotes: git.map(|(_, text)| repository::remotes(text)).unwrap_or_default(),
        seen: vec![String::new()],
        unread: unread
            .filter(|path| !promsight_extract::is_source(path))
            .collect(),
        ..Repository::default()
    }
}

fn on_disk(folder: &Path) -> Result<(Sources, Config), String> {
    let top: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect();
    let territory = Territory::of(&[top.join(folder)]).map_err(|error| error.to_string())?;
    let config = config::load(&territory.root, None).map_err(|error| error.to_string())?;
    Ok((reading::read(&discovery::discover(&territory, &config)), config))
}

impl Outcome {
    pub(crate) fn entries(&self, kind: Kind) -> Vec<Entry> {
        match kind {
            Kind::Expect => self
                .report
                .findings
                .iter()
                .map(|finding| self.finding(finding))
                .collect(),
            Kind::Metrics => self
                .report
                .metrics
                .iter()
                .map(|emitter| self.metric(emitter))
                .collect(),
            Kind::References => self
                .report
                .references
                .iter()
                .map(|judged| self.reference(judged))
                .collect(),
            Kind::Targets => self.targets(),
        }
    }

    fn targets(&self) -> Vec<Entry> {
        let entry = |exact: String, message: Option<&String>| Entry {
            exact,
            message: message.cloned(),
            replacement: Replacement::Unsaid,
        };
        let mut entries = Vec::new();
        for job in &self.report.jobs {
            let name = &job.name;
            entries.extend(job.kept.iter().map(|target| {
                let labels = target.labels.iter().map(|(label, value)| match value {
                    Some(value) => format!("{label}={value}"),
                    None => label.clone(),
                });
                let labels: Vec<String> = labels.collect();
                let workload = target.workload.as_ref().map(|name| format!(" {name}"));
                let workload = workload.unwrap_or_default();
                let line = format!(
                    "kept {name} {}{} {{{}}}{workload}",
                    target.address,
                    target.path,
                    labels.join(", ")
                );
                entry(line, None)
            }));
            entries.extend(job.dropped.iter().map(|target| {
                let line = format!("dropped {name} {} «{}»", target.name, self.shown(target.rule));
                entry(line, Some(&target.reason))
            }));
            entries.extend(job.dead.iter().map(|target| {
                let line = format!("dead {name} {} «{}»", target.name, self.shown(target.span));
                entry(line, Some(&target.reason))
            }));
            let unknown = job.unknown.iter();
            entries.extend(unknown.map(|reason| entry(format!("unknown {name}"), Some(reason))));
        }
        entries.extend(self.report.unselected.iter().map(|object| {
            let line = format!("unselected {} {}", object.kind, object.name);
            entry(line, Some(&object.reason))
        }));
        entries
    }

    fn path(&self, span: Span) -> &str {
        &self.files.file(span.file).path
    }

    /// The text of a place; of several lines the first, with a mark.
    fn shown(&self, span: Span) -> String {
        let text = self.files.text(span);
        match text.split_once('\n') {
            Some((first, _)) => format!("{} …", first.trim_end()),
            None => text.to_owned(),
        }
    }

    fn finding(&self, finding: &Finding) -> Entry {
        Entry {
            exact: format!(
                "{}[{}] {} «{}»",
                finding.severity.word(),
                finding.check,
                self.path(finding.primary),
                self.shown(finding.primary)
            ),
            message: Some(finding.message.clone()),
            replacement: match &finding.suggestion {
                Some(suggestion) => Replacement::Text(suggestion.replacement.clone()),
                None => Replacement::Nothing,
            },
        }
    }

    fn metric(&self, emitter: &Emitter) -> Entry {
        let name = match &emitter.name {
            Name::Unresolved => "?".to_owned(),
            name => name.to_string(),
        };
        let mut labels = emitter.labels.clone();
        if !emitter.labels_known {
            labels.push("…".to_owned());
        }
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(", "))
        };
        let mut remarks = Vec::new();
        match &emitter.liveness {
            Liveness::Live => {}
            Liveness::TestOnly => remarks.push("test-only"),
            Liveness::Dead(_) => remarks.push("dead"),
        }
        if emitter.updated == Some(false) {
            remarks.push("never updated");
        }
        let remarks = if remarks.is_empty() {
            String::new()
        } else {
            format!(" ({})", remarks.join(", "))
        };
        let path = self.path(emitter.span);
        Entry {
            exact: format!("{} {name}{labels} {path}{remarks}", emitter.metric_type),
            message: None,
            replacement: Replacement::Unsaid,
        }
    }

    fn reference(&self, judged: &JudgedReference) -> Entry {
        let selector = &judged.selector;
        let name = match &selector.name {
            SelectorName::Exact(name) => name.clone(),
            SelectorName::Pattern(pattern) => pattern.to_string(),
            SelectorName::Regex(regex) => format!("=~{regex}"),
            SelectorName::Any => String::new(),
        };
        let matchers: Vec<String> = selector
            .matchers
            .iter()
            .map(|matcher| format!("{}{}{}", matcher.label, matcher.op.symbol(), matcher.value.text()))
            .collect();
        let matchers = if matchers.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", matchers.join(", "))
        };
        let exact = format!(
            "{} {} {} «{name}{matchers}»",
            judged.verdict.word(),
            judged.consumer.kind.word(),
            self.path(selector.span)
        );
        Entry {
            exact,
            message: None,
            replacement: Replacement::Unsaid,
        }
    }
}

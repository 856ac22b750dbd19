//! What the commands mean: from arguments to a report, its bytes and the exit code.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use promsight_check::{Extent, Strictness};
use promsight_model::{Confidence, FileSet, Note, Report, Server, Severity, Trace};
use promsight_report::{Format, View};

use crate::arguments::{
    CheckArguments, ColorArgument, Delivery, ExplainArguments, FormatArgument, InventoryArguments,
    MetricsArguments, ReferencesArguments, SourceArguments, TraceArguments,
};
use crate::baseline::{self, Baseline};
use crate::change::{self, Diff, Side};
use crate::config::{self, Config};
use crate::discovery::{self, Territory};
use crate::exit::{Exit, Failure};
use crate::git::Repository;
use crate::outside::Witnesses;
use crate::owners::Owners;
use crate::pipeline::{self, Selection, Shared, Understood};
use crate::reading::Sources;
use crate::server::Connection;
use crate::terminal::Progress;
use crate::{clock, earlier, fix, names, reading, terminal};

/// `promsight check`.
pub fn check(arguments: &CheckArguments, color: ColorArgument) -> Result<Exit, Failure> {
    known_checks(arguments.select.iter().chain(&arguments.ignore))?;
    let selection = Selection {
        select: arguments.select.clone(),
        ignore: arguments.ignore.clone(),
        min_confidence: arguments.min_confidence.into(),
        strictness: if arguments.strict {
            Strictness::Everything
        } else {
            Strictness::Evidence
        },
        today: clock::today(),
        // Known when the paths are.
        extent: Extent::Whole,
        trace: None,
    };
    let inventory = &arguments.inventory;
    printable(inventory, View::Findings, "check")?;
    let baseline = match &arguments.baseline {
        // A baseline that is about to be written anew need not be there yet.
        Some(path) if arguments.write_baseline.is_none() => Some((Baseline::load(path)?, path)),
        _ => None,
    };
    if arguments.fix || arguments.diff {
        let baseline = baseline.as_ref().map(|(baseline, _)| baseline);
        return fix(arguments, &selection, baseline, color);
    }
    let (files, mut report) = match &arguments.base {
        Some(revision) => compare(inventory, &arguments.sources, &selection, revision)?,
        None => reconcile_inventory(inventory, &arguments.sources, &selection)?,
    };
    if !report.reconcilable {
        print(&report, &files, View::Findings, inventory, color)?;
        // The text report says why by itself.
        let said = |delivery: &Delivery| delivery.format == FormatArgument::Text && delivery.output.is_none();
        if !inventory.reports.0.iter().any(said) {
            report.notes.iter().for_each(|note| terminal::note(&note.message));
        }
        return Ok(Exit::NothingToReconcile);
    }
    if let Some(path) = &arguments.write_baseline {
        record(&mut report, &files, path)?;
    }
    if let Some((baseline, path)) = baseline {
        let outcome = baseline.hide(&mut report, &files);
        let sees_all = selection.select.is_empty()
            && selection.ignore.is_empty()
            && selection.min_confidence == Confidence::Low
            && arguments.base.is_none()
            && Territory::of(&inventory.paths)?.is_whole();
        if outcome.stale > 0 && sees_all {
            report.notes.push(baseline::stale_note(outcome.stale, path));
        }
    }
    print(&report, &files, View::Findings, inventory, color)?;
    Ok(verdict(&report, arguments.fail_on.threshold()))
}

/// `promsight check --fix` and `--diff`.
fn fix(
    arguments: &CheckArguments,
    selection: &Selection,
    baseline: Option<&Baseline>,
    color: ColorArgument,
) -> Result<Exit, Failure> {
    let inventory = &arguments.inventory;
    let progress = Progress::start();
    let read = read(
        &inventory.paths,
        inventory.config.as_deref(),
        selection,
        &progress,
    )?;
    let visible = |report: &mut Report, files: &FileSet| {
        if let Some(baseline) = baseline {
            baseline.hide(report, files);
        }
    };
    let mut fixed = fix::fix(read.sources, &read.config, &read.selection, visible);
    drop(progress);
    let changed = match fixed.before.len() {
        1 => "1 file".to_owned(),
        number => format!("{number} files"),
    };
    let findings = match fixed.mended {
        1 => "1 finding".to_owned(),
        number => format!("{number} findings"),
    };
    if arguments.diff {
        terminal::deliver(&fix::diff(&fixed), None)?;
        terminal::note(&format!("--fix would mend {findings} in {changed}"));
        return Ok(if fixed.before.is_empty() {
            Exit::Clean
        } else {
            Exit::Findings
        });
    }
    fix::write(&fixed, &read.territory.root)?;
    Owners::load(&read.territory.root).assign(&mut fixed.report, &fixed.sources.files);
    let report = &fixed.report;
    print(report, &fixed.sources.files, View::Findings, inventory, color)?;
    terminal::note(&format!("mended {findings} in {changed}"));
    if !report.reconcilable {
        return Ok(Exit::NothingToReconcile);
    }
    Ok(verdict(report, arguments.fail_on.threshold()))
}

/// Writes the baseline anew, says what became of the old one, and takes what is recorded out of the report.
fn record(report: &mut Report, files: &FileSet, path: &Path) -> Result<(), Failure> {
    let baseline = Baseline::of(report, files);
    let before = Baseline::load(path).ok().map(|before| {
        let (known, found) = (before.len() as u64, report.findings.len() as u64);
        let mut unseen = Report {
            findings: report.findings.clone(),
            ..Report::default()
        };
        let outcome = before.hide(&mut unseen, files);
        format!(
            " ({} new, {} of {known} gone)",
            found - outcome.hidden,
            known - outcome.hidden
        )
    });
    terminal::deliver(&baseline.text(), Some(path))?;
    let recorded = match baseline.len() {
        1 => "1 finding is".to_owned(),
        number => format!("{number} findings are"),
    };
    terminal::note(&format!(
        "{recorded} recorded in {}{}",
        path.display(),
        before.unwrap_or_default()
    ));
    baseline.hide(report, files);
    Ok(())
}

/// `promsight metrics`.
pub fn metrics(arguments: &MetricsArguments, color: ColorArgument) -> Result<Exit, Failure> {
    let view = if arguments.unresolved {
        View::Unresolved
    } else {
        View::Metrics
    };
    let arguments = &arguments.inventory;
    printable(arguments, view, "metrics")?;
    let beside = SourceArguments::default();
    let (files, report) = reconcile_inventory(arguments, &beside, &Selection::everything(clock::today()))?;
    print(&report, &files, view, arguments, color)?;
    if report.metrics.is_empty() {
        terminal::note("no metric was found; name the folder that holds the Python code");
        return Ok(Exit::NothingToReconcile);
    }
    Ok(Exit::Clean)
}

/// `promsight references`.
pub fn references(arguments: &ReferencesArguments, color: ColorArgument) -> Result<Exit, Failure> {
    let (arguments, beside) = (&arguments.inventory, &arguments.sources);
    printable(arguments, View::References, "references")?;
    let (files, report) = reconcile_inventory(arguments, beside, &Selection::everything(clock::today()))?;
    print(&report, &files, View::References, arguments, color)?;
    if report.references.is_empty() {
        terminal::note(
            "no reference was found; name the folder that holds the rules, dashboards and runbooks",
        );
        return Ok(Exit::NothingToReconcile);
    }
    Ok(Exit::Clean)
}

/// `promsight targets`.
pub fn targets(arguments: &InventoryArguments, color: ColorArgument) -> Result<Exit, Failure> {
    printable(arguments, View::Targets, "targets")?;
    let beside = SourceArguments::default();
    let (files, report) = reconcile_inventory(arguments, &beside, &Selection::everything(clock::today()))?;
    print(&report, &files, View::Targets, arguments, color)?;
    if report.jobs.is_empty() && report.unselected.is_empty() {
        terminal::note(
            "no scrape job was found; name the folder that holds the configuration of Prometheus or its monitors",
        );
        return Ok(Exit::NothingToReconcile);
    }
    Ok(Exit::Clean)
}

/// `promsight trace`.
pub fn trace(arguments: &TraceArguments, color: ColorArgument) -> Result<Exit, Failure> {
    let inventory = &arguments.inventory;
    printable(inventory, View::Traces, "trace")?;
    let selection = Selection {
        trace: Some(arguments.name.clone()),
        ..Selection::everything(clock::today())
    };
    let (files, report) = reconcile_inventory(inventory, &arguments.sources, &selection)?;
    print(&report, &files, View::Traces, inventory, color)?;
    if report.traces.is_empty() {
        terminal::note(&format!(
            "nothing here is called `{}`: no metric, series, alert, recording rule or dashboard",
            arguments.name
        ));
        return Ok(Exit::NothingToReconcile);
    }
    if report.traces.iter().any(Trace::is_broken) {
        return Ok(Exit::Findings);
    }
    Ok(Exit::Clean)
}

/// `promsight explain`.
pub fn explain(arguments: &ExplainArguments) -> Result<Exit, Failure> {
    let checks = promsight_check::CHECKS;
    let Some(name) = &arguments.check else {
        let width = checks
            .iter()
            .map(|check| check.name.len())
            .max()
            .unwrap_or_default();
        let lines: Vec<String> = checks
            .iter()
            .map(|check| {
                format!(
                    "{:width$}  {:7}  {}\n",
                    check.name,
                    check.severity.word(),
                    check.summary
                )
            })
            .collect();
        terminal::deliver(&lines.concat(), None)?;
        return Ok(Exit::Clean);
    };
    known_checks([name])?;
    for check in checks.iter().filter(|check| check.name == name) {
        terminal::deliver(check.documentation, None)?;
    }
    Ok(Exit::Clean)
}

fn known_checks<'a>(typed: impl IntoIterator<Item = &'a String>) -> Result<(), Failure> {
    let known = names::checks();
    match typed.into_iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Failure::UnknownCheck(names::unknown("check", name, &known))),
        None => Ok(()),
    }
}

/// The folder that a page will stand in, as its links need it.
fn folder_of(output: Option<&Path>) -> String {
    output
        .and_then(Path::parent)
        .map(|folder| folder.to_string_lossy().replace('\\', "/"))
        .unwrap_or_default()
}

/// Refuses, before anything is read, formats that the view has no report in.
fn printable(arguments: &InventoryArguments, view: View, command: &'static str) -> Result<(), Failure> {
    let shows = |format: FormatArgument| Format::from(format).shows(view);
    match arguments
        .reports
        .0
        .iter()
        .find(|delivery| !shows(delivery.format))
    {
        None => Ok(()),
        Some(delivery) => Err(Failure::NoSuchReport {
            command,
            format: delivery.format.word(),
            known: FormatArgument::value_variants()
                .iter()
                .filter(|format| shows(**format))
                .map(|format| format.word())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// The working tree as it was read.
struct Read {
    territory: Territory,
    config: Config,
    sources: Sources,
    selection: Selection,
}

fn read(
    paths: &[PathBuf],
    config: Option<&Path>,
    selection: &Selection,
    progress: &Progress,
) -> Result<Read, Failure> {
    progress.stage("looking for files");
    let territory = Territory::of(paths)?;
    let config: Config = config::load(&territory.root, config)?;
    let discovery = discovery::discover(&territory, &config);
    progress.stage(&format!("reading {} files", discovery.candidates.len()));
    let mut sources = reading::read(&discovery);
    if let Some(file) = config.file.as_ref().filter(|_| !config.ignore.is_empty()) {
        sources.add(&file.path, &territory.shown(&file.path), &file.text);
    }
    let extent = if territory.is_whole() {
        Extent::Whole
    } else {
        Extent::Part
    };
    progress.stage(&format!("reconciling {} files", sources.files.files().len()));
    Ok(Read {
        territory,
        config,
        sources,
        selection: Selection {
            extent,
            ..selection.clone()
        },
    })
}

fn reconcile_inventory(
    arguments: &InventoryArguments,
    beside: &SourceArguments,
    selection: &Selection,
) -> Result<(FileSet, Report), Failure> {
    reconcile(&arguments.paths, arguments.config.as_deref(), beside, selection)
}

/// Reconciles what lies below the paths; the configuration is that of the root unless another is named.
pub(crate) fn reconcile(
    paths: &[PathBuf],
    config: Option<&Path>,
    beside: &SourceArguments,
    selection: &Selection,
) -> Result<(FileSet, Report), Failure> {
    let progress = Progress::start();
    let mut read = read(paths, config, selection, &progress)?;
    let witnesses = Witnesses::load(beside, &read.config, &read.territory)?;
    witnesses.add_to(&mut read.sources);
    let connection = connect(beside, &progress)?;
    let understood = pipeline::understand(&read.sources, &Shared::default());
    let (server, notes) = ask(connection, &[&understood], &progress);
    let mut report = pipeline::conclude(
        &read.sources,
        &understood,
        &read.config,
        &read.selection,
        server.as_ref(),
    );
    remark(&mut report, witnesses.notes.into_iter().chain(notes));
    Owners::load(&read.territory.root).assign(&mut report, &read.sources.files);
    Ok((read.sources.files, report))
}

/// Asks the live server that the user named, if any, for the series that it has.
fn connect(beside: &SourceArguments, progress: &Progress) -> Result<Option<Connection>, Failure> {
    if let Some(address) = &beside.prometheus {
        progress.stage(&format!(
            "asking {}",
            address.rsplit('@').next().unwrap_or_default()
        ));
    }
    Ok(Connection::open(beside)?)
}

/// Asks it for more on what the trees look at and declare.
fn ask(
    connection: Option<Connection>,
    trees: &[&Understood],
    progress: &Progress,
) -> (Option<Server>, Vec<String>) {
    let Some(mut connection) = connection else {
        return (None, Vec::new());
    };
    let asked = trees.iter().flat_map(|tree| tree.asked()).collect();
    let declared = trees.iter().flat_map(|tree| tree.declared()).collect();
    connection.ask(&asked, &declared);
    progress.stage("reconciling");
    let (server, notes) = connection.finish();
    (Some(server), notes)
}

fn remark(report: &mut Report, notes: impl Iterator<Item = String>) {
    report.notes.extend(notes.map(|message| Note { message }));
}

/// Reconciles the working tree and the revision that it has grown from, and keeps what is new.
fn compare(
    arguments: &InventoryArguments,
    beside: &SourceArguments,
    selection: &Selection,
    revision: &str,
) -> Result<(FileSet, Report), Failure> {
    let progress = Progress::start();
    let named = arguments.config.as_deref();
    let mut read = read(&arguments.paths, named, selection, &progress)?;
    let repository = Repository::of(&read.territory.root)?;
    let mine = (&read.sources, &read.config);
    let mut earlier = earlier::read(&repository, revision, &read.territory, mine, named)?;
    // What exists beside the tree is the same for both: only the tree's own changes are asked for.
    let witnesses = Witnesses::load(beside, &read.config, &read.territory)?;
    witnesses.add_to(&mut read.sources);
    witnesses.add_to(&mut earlier.sources);
    let connection = connect(beside, &progress)?;
    // What has not changed is read once for both sides.
    let common = Sources::number_together(&mut read.sources, &mut earlier.sources);
    let shared = Shared::of(common);
    let (understood, understood_then) = both(
        || pipeline::understand(&read.sources, &shared),
        earlier
            .differs
            .then_some(|| pipeline::understand(&earlier.sources, &shared)),
    );
    let trees: Vec<&Understood> = std::iter::once(&understood).chain(&understood_then).collect();
    let (server, notes) = ask(connection, &trees, &progress);
    let conclude = |sources, understood, config| {
        pipeline::conclude(sources, understood, config, &read.selection, server.as_ref())
    };
    let (mut report, old) = both(
        || conclude(&read.sources, &understood, &read.config),
        understood_then
            .as_ref()
            .map(|then| || conclude(&earlier.sources, then, &earlier.config)),
    );
    let hunks = repository.hunks(&earlier.commit, &["*.py", "*.yaml", "*.yml", "*.rules"])?;
    // Where nothing differs, the report is its own past.
    let past = old.unwrap_or_else(|| report.clone());
    let old = Side {
        report: &past,
        files: if earlier.differs {
            &earlier.sources.files
        } else {
            &read.sources.files
        },
    };
    let diff = Diff {
        revision,
        commit: &earlier.commit,
        changes: &earlier.changes,
        hunks: &hunks,
    };
    change::keep_new(&mut report, &read.sources.files, old, &diff);
    remark(&mut report, witnesses.notes.into_iter().chain(notes));
    Owners::load(&read.territory.root).assign(&mut report, &read.sources.files);
    Ok((read.sources.files, report))
}

/// Does the one here and the other, where there is one, beside it.
fn both<T: Send>(new: impl FnOnce() -> T, old: Option<impl FnOnce() -> T + Send>) -> (T, Option<T>) {
    std::thread::scope(|scope| {
        let old = old.map(|old| scope.spawn(old));
        let new = new();
        let old = old.map(|old| {
            old.join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        (new, old)
    })
}

fn print(
    report: &Report,
    files: &FileSet,
    view: View,
    arguments: &InventoryArguments,
    color: ColorArgument,
) -> Result<(), Failure> {
    for delivery in &arguments.reports.0 {
        let output = delivery.output.as_deref();
        let surface = terminal::surface(color, output);
        let text = match (view, delivery.format) {
            (View::Metrics, FormatArgument::Markdown) => {
                promsight_report::metrics_page(report, files, &folder_of(output))
            }
            _ => promsight_report::render(report, files, view, delivery.format.into(), surface),
        };
        terminal::deliver(&text, output)?;
    }
    Ok(())
}

fn verdict(report: &Report, threshold: Option<Severity>) -> Exit {
    let fails = |severity| threshold.is_some_and(|threshold| severity >= threshold);
    if report.findings.iter().any(|finding| fails(finding.severity)) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

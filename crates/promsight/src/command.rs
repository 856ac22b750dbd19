//! What the commands mean: from arguments to a report, its bytes and the exit code.

use std::path::Path;

use promsight_check::Strictness;
use promsight_model::{FileSet, Report, Severity};
use promsight_report::View;

use crate::arguments::{
    CheckArguments, ColorArgument, ExplainArguments, FormatArgument, InventoryArguments, MetricsArguments,
};
use crate::clock::Date;
use crate::config::{self, Config};
use crate::discovery::{self, Territory};
use crate::exit::{Exit, Failure};
use crate::pipeline::{self, Selection};
use crate::{names, reading, terminal};

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
        today: Date::today(),
    };
    let (files, report) = reconcile(&arguments.inventory, &selection)?;
    print(&report, &files, View::Findings, &arguments.inventory, color)?;
    if !report.reconcilable {
        // The text report says why by itself.
        if arguments.inventory.format != FormatArgument::Text || arguments.inventory.output.is_some() {
            report.notes.iter().for_each(|note| terminal::note(&note.message));
        }
        return Ok(Exit::NothingToReconcile);
    }
    Ok(verdict(&report, arguments.fail_on.threshold()))
}

/// `promsight metrics`.
pub fn metrics(arguments: &MetricsArguments, color: ColorArgument) -> Result<Exit, Failure> {
    let inventory = &arguments.inventory;
    let is_page = inventory.format == FormatArgument::Markdown;
    if is_page && arguments.unresolved {
        return Err(Failure::Format);
    }
    let (files, report) = discover_and_reconcile(inventory, &Selection::everything(Date::today()))?;
    if is_page {
        let output = inventory.output.as_deref();
        let page = promsight_report::metrics_page(&report, &files, &folder_of(output));
        terminal::deliver(&page, output)?;
    } else {
        let view = if arguments.unresolved {
            View::Unresolved
        } else {
            View::Metrics
        };
        print(&report, &files, view, inventory, color)?;
    }
    if report.metrics.is_empty() {
        terminal::note("no metric was found; name the folder that holds the Python code");
        return Ok(Exit::NothingToReconcile);
    }
    Ok(Exit::Clean)
}

/// `promsight references`.
pub fn references(arguments: &InventoryArguments, color: ColorArgument) -> Result<Exit, Failure> {
    let (files, report) = reconcile(arguments, &Selection::everything(Date::today()))?;
    print(&report, &files, View::References, arguments, color)?;
    if report.references.is_empty() {
        terminal::note(
            "no reference was found; name the folder that holds the rules, dashboards and runbooks",
        );
        return Ok(Exit::NothingToReconcile);
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

fn reconcile(arguments: &InventoryArguments, selection: &Selection) -> Result<(FileSet, Report), Failure> {
    if arguments.format.common().is_none() {
        return Err(Failure::Format);
    }
    discover_and_reconcile(arguments, selection)
}

fn discover_and_reconcile(
    arguments: &InventoryArguments,
    selection: &Selection,
) -> Result<(FileSet, Report), Failure> {
    let progress = terminal::Progress::start();
    progress.stage("looking for files");
    let territory = Territory::of(&arguments.paths)?;
    let config: Config = config::load(&territory.root, arguments.config.as_deref())?;
    let discovery = discovery::discover(&territory, &config);
    progress.stage(&format!("reading {} files", discovery.candidates.len()));
    let sources = reading::read(&discovery);
    progress.stage(&format!("reconciling {} files", sources.files.files().len()));
    let report = pipeline::run(&sources, &config, selection);
    Ok((sources.files, report))
}

fn print(
    report: &Report,
    files: &FileSet,
    view: View,
    arguments: &InventoryArguments,
    color: ColorArgument,
) -> Result<(), Failure> {
    let output = arguments.output.as_deref();
    let surface = terminal::surface(color, output);
    let format = arguments.format.common().ok_or(Failure::Format)?;
    let text = promsight_report::render(report, files, view, format, surface);
    terminal::deliver(&text, output)
}

fn verdict(report: &Report, threshold: Option<Severity>) -> Exit {
    let fails = |severity| threshold.is_some_and(|threshold| severity >= threshold);
    if report.findings.iter().any(|finding| fails(finding.severity)) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

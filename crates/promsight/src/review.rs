//! `promsight audit` and `promsight init`: what a first and a yearly look at a tree are for.

use std::path::Path;

use promsight_report::audit::{self, AuditFormat};

use crate::arguments::{AuditArguments, AuditFormatArgument, InitArguments, SourceArguments};
use crate::config;
use crate::discovery::Territory;
use crate::exit::{Exit, Failure};
use crate::pipeline::Selection;
use crate::{clock, command, init, terminal};

/// `promsight audit`.
pub fn audit(arguments: &AuditArguments) -> Result<Exit, Failure> {
    let earlier = match &arguments.compare {
        Some(path) => Some(earlier(path)?),
        None => None,
    };
    let selection = Selection::everything(clock::today());
    let (files, report) = command::reconcile(
        &arguments.paths,
        arguments.config.as_deref(),
        &arguments.sources,
        &selection,
    )?;
    let format = match arguments.format {
        AuditFormatArgument::Markdown => AuditFormat::Markdown,
        AuditFormatArgument::Json => AuditFormat::Json,
    };
    let text = audit::render(&report, &files, earlier.as_ref(), format);
    terminal::deliver(&text, arguments.output.as_deref())?;
    if !report.reconcilable {
        report.notes.iter().for_each(|note| terminal::note(&note.message));
        return Ok(Exit::NothingToReconcile);
    }
    Ok(Exit::Clean)
}

fn earlier(path: &Path) -> Result<audit::v1::Audit, Failure> {
    let failure = |reason: String| Failure::Review {
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|error| failure(error.to_string()))?;
    audit::parse(&text).map_err(failure)
}

/// `promsight init`.
pub fn init(arguments: &InitArguments) -> Result<Exit, Failure> {
    let target = Territory::of(&arguments.paths)?.root.join(config::FILE_NAME);
    if !arguments.print && !arguments.force && target.exists() {
        return Err(Failure::ConfigExists(target));
    }
    let selection = Selection::everything(clock::today());
    let (_, report) = command::reconcile(&arguments.paths, None, &SourceArguments::default(), &selection)?;
    let text = init::text(&report);
    if arguments.print {
        terminal::deliver(&text, None)?;
    } else {
        terminal::deliver(&text, Some(&target))?;
        terminal::note(&format!("{} is written", target.display()));
    }
    Ok(Exit::Clean)
}

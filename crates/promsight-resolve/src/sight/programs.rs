//! What each process brings along and lets out.

use std::collections::BTreeSet;

use promsight_model::{Emitter, Exposure, ExposureKind, FileId, Origin, Setting, Span, WebApplication};
use promsight_scrape::ScrapeModel;
use promsight_scrape::process::{Certainty, Entry, Process};

use super::{Collection, Outlet, Program};
use crate::python::Inventory;

/// The programs whose Python code is known.
pub(super) fn programs(inventory: &Inventory, scrape: &ScrapeModel) -> Vec<Program> {
    let processes = scrape.processes.iter().enumerate();
    processes
        .filter_map(|(at, process)| program(inventory, at, process))
        .collect()
}

fn program(inventory: &Inventory, at: usize, process: &Process) -> Option<Program> {
    let (Entry::Program { file } | Entry::Application { file, .. }) = &process.entry else {
        return None;
    };
    let loads = process.loads.iter().copied();
    let closure = inventory.modules.closure(loads.chain([*file]));
    let brought = |emitter: &Emitter| {
        // A metric that a helper makes for its caller needs both.
        let is_named_here = emitter
            .name_span
            .is_none_or(|span| closure.files.contains(&span.file));
        emitter.is_live()
            && emitter.origin != Origin::RecordingRule
            && is_named_here
            && closure.files.contains(&emitter.span.file)
    };
    let emitters = inventory.emitters.iter().enumerate();
    let emitters = emitters.filter(|(_, emitter)| brought(emitter)).map(|(at, _)| at);
    let mut outlets = Vec::new();
    let mut unreached = Vec::new();
    for exposure in &inventory.exposures {
        if !closure.files.contains(&exposure.span.file) {
            continue;
        }
        if is_reached(exposure, process, *file, &closure.files, &inventory.applications) {
            outlets.push(outlet(exposure, process, &inventory.applications));
        } else if !exposure.is_reached {
            // What another program comes by is surely not this one's.
            unreached.push(exposure.span);
        }
    }
    unreached.sort();
    unreached.dedup();
    Some(Program {
        process: at,
        // Which one of several ways is taken is not known.
        is_known: !closure.is_open && !process.is_alternative && process.certainty == Certainty::Followed,
        files: closure.files.clone(),
        emitters: emitters.collect(),
        outlets,
        unreached,
    })
}

/// Programs that import an application to take work from a queue, and answer to no request.
const QUEUE_WORKERS: &[&str] = &[
    "celery",
    "arq",
    "dramatiq",
    "dramatiq-gevent",
    "huey_consumer",
    "huey_consumer.py",
    "taskiq",
    "saq",
    "procrastinate",
];

/// Whether the process comes by the place that lets metrics out.
fn is_reached(
    exposure: &Exposure,
    process: &Process,
    entry: FileId,
    files: &BTreeSet<FileId>,
    applications: &[WebApplication],
) -> bool {
    let is_program = |file: FileId| matches!(process.entry, Entry::Program { .. }) && file == entry;
    if !exposure.is_reached || exposure.program.is_some_and(|file| !is_program(file)) {
        return false;
    }
    if !exposure.reached_from.iter().all(|file| files.contains(file)) {
        return false;
    }
    if let Entry::Application { server, .. } = &process.entry
        && exposure.kind == ExposureKind::Route
        && QUEUE_WORKERS.contains(&server.as_str())
    {
        return false;
    }
    // A server that was told of one application does not serve another one of the same module.
    let (
        Some(application),
        Entry::Application {
            file,
            attribute: Some(attribute),
            ..
        },
    ) = (exposure.application, &process.entry)
    else {
        return true;
    };
    let own = applications.iter().find(|own| own.span == application);
    own.is_none_or(|own| {
        let in_module = || own.names.iter().filter(|(module, _)| module == file);
        in_module().next().is_none() || in_module().any(|(_, name)| same_attribute(name, attribute))
    })
}

/// `app`, `app:app` and `create_app()` as servers and code write them.
fn same_attribute(name: &str, attribute: &str) -> bool {
    let bare = |text: &str| text.split('(').next().unwrap_or(text).trim().to_owned();
    bare(name) == bare(attribute)
}

fn outlet(exposure: &Exposure, process: &Process, applications: &[WebApplication]) -> Outlet {
    let port = match exposure.kind {
        ExposureKind::Server => value(&exposure.port, process).and_then(|text| text.parse().ok()),
        ExposureKind::Route => process
            .web_port
            .map(|(port, _)| port)
            .or_else(|| own_port(exposure.application, process, applications)),
        ExposureKind::Push | ExposureKind::Textfile => None,
    };
    let path = match &exposure.path {
        Setting::Literal(path) => Some(path.clone()),
        other => value(other, process),
    };
    let collection = match exposure.kind {
        ExposureKind::Push | ExposureKind::Textfile => Collection::Delivered,
        ExposureKind::Server | ExposureKind::Route => {
            Collection::Unknown("no scrape job of this tree is known".to_owned())
        }
    };
    Outlet {
        kind: exposure.kind,
        registry: exposure.registry,
        span: exposure.span,
        port,
        path,
        authentication: exposure.authentication,
        collection,
        others: None,
    }
}

/// The port on which code itself makes its application listen.
fn own_port(application: Option<Span>, process: &Process, applications: &[WebApplication]) -> Option<u16> {
    let span = application?;
    let own = applications.iter().find(|own| own.span == span)?;
    let (port, _) = own.port.as_ref()?;
    value(port, process)?.parse().ok()
}

/// What a setting comes to in the process; `None` where that is not known.
fn value<T: ToString>(setting: &Setting<T>, process: &Process) -> Option<String> {
    match setting {
        Setting::Literal(value) => Some(value.to_string()),
        Setting::Configured { name, default } => match given(name, process) {
            Given::Value(value) => Some(value),
            Given::Nothing => default.as_ref().map(T::to_string),
            Given::Unknown => None,
        },
        Setting::Unknown => None,
    }
}

/// What a process is given for a variable or option.
enum Given {
    Value(String),
    Nothing,
    Unknown,
}

fn given(name: &str, process: &Process) -> Given {
    if name.starts_with('-') {
        return option(name, process);
    }
    let mut set = process.environment.iter().filter(|(own, ..)| own == name);
    match set.next_back() {
        Some((_, Some(value), _)) => Given::Value(value.clone()),
        Some((_, None, _)) => Given::Unknown,
        None if process.environment_is_complete => Given::Nothing,
        None => Given::Unknown,
    }
}

/// `--port 9100` and `--port=9100` among the words of the command.
fn option(name: &str, process: &Process) -> Given {
    let mut words = process.command.iter().map(|(word, _)| word.as_str());
    while let Some(word) = words.next() {
        if word == name {
            return words
                .next()
                .map_or(Given::Unknown, |value| Given::Value(value.to_owned()));
        }
        if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            return Given::Value(value.to_owned());
        }
    }
    Given::Nothing
}

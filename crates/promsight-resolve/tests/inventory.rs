//! Scenarios of `testdata/scenarios/python`: Python files and the whole inventory that comes of them, with what of them
//! could not be read.
//!
//! Pages are read by promsight-pages; the block `inventory` lists every emitter and gap, one a line:
//!
//! - `type name{label, label} path «first line of the place»`, then remarks in parentheses. No remark means: live,
//!   named by the constructor itself, nothing gives it a value.
//! - `gap path «first line of the place» message (what it can hide)`
//!
//! A block `exposures` in its place lists what lets metrics out:
//!
//! - `kind path port registry path «first line of the place»`, then remarks in parentheses. `?` is what was not found
//!   out, `VARIABLE=default` what configuration sets.

use promsight_extract::python::{imports_of, is_test_code};
use promsight_extract::{extract, knowledge};
use promsight_model::{
    Emitter, Exposure, ExposureKind, Facts, FileSet, Gap, Liveness, Reach, Registry, Setting, Wrapping,
};
use promsight_resolve::python::{Inventory, ModuleGraph, ScannedModule, SourceModule, link_within};

fn inventory(files: &FileSet, reversed: Reversed) -> Inventory {
    let facts: Vec<Facts> = files.files().iter().map(extract).collect();
    let mut sources: Vec<SourceModule<'_>> = facts
        .iter()
        .filter_map(|facts| {
            Some(SourceModule {
                file: facts.file,
                path: &files.file(facts.file).path,
                module: facts.python.as_ref()?,
            })
        })
        .collect();
    if reversed == Reversed::Yes {
        sources.reverse();
    }
    // What the client itself exposes at every import would hide what a page is about.
    let mut libraries = knowledge::libraries();
    libraries.retain(|library| library.package != "prometheus-client");
    let scanned: Vec<_> = files
        .files()
        .iter()
        .map(|file| (file, imports_of(&file.text)))
        .collect();
    let scanned: Vec<ScannedModule<'_>> = scanned
        .iter()
        .map(|(file, imports)| ScannedModule {
            file: file.id,
            path: &file.path,
            imports,
            is_test: is_test_code(&file.path, &file.text),
        })
        .collect();
    let graph = ModuleGraph::new(&scanned);
    let mut inventory = link_within(&sources, &libraries, Some(&graph));
    let unread = facts.iter().filter(|facts| facts.python.is_some());
    inventory.gaps.extend(unread.flat_map(|facts| facts.gaps.clone()));
    inventory
}

#[derive(Clone, Copy, PartialEq)]
enum Reversed {
    Yes,
    No,
}

fn place(files: &FileSet, span: promsight_model::Span) -> String {
    let text = files.text(span);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let more = if lines.next().is_some() { " …" } else { "" };
    format!("{} «{first}{more}»", files.file(span.file).path)
}

fn emitter_line(files: &FileSet, emitter: &Emitter) -> String {
    let mut remarks: Vec<String> = Vec::new();
    match &emitter.liveness {
        Liveness::Live => {}
        Liveness::TestOnly => remarks.push("test-only".to_owned()),
        Liveness::Dead(reason) => remarks.push(format!("dead: {reason}")),
    }
    if emitter.wrapping == Wrapping::Wrapper {
        remarks.push("wrapper".to_owned());
    }
    if let Some(span) = emitter.name_span
        && !emitter.span.contains(span)
    {
        remarks.push(format!("named {}", place(files, span)));
    }
    match emitter.updated {
        Some(true) => remarks.push("updated".to_owned()),
        Some(false) => {}
        None => remarks.push("may be updated".to_owned()),
    }
    if !emitter.labels_known {
        remarks.push("labels open".to_owned());
    }
    if let Some(unit) = &emitter.unit {
        remarks.push(format!("unit {unit}"));
    }
    if let Some(buckets) = emitter.buckets.as_ref().filter(|buckets| buckets.len() != 15) {
        remarks.push(format!("buckets {}", buckets.join(" ")));
    }
    if emitter.metric_type == promsight_model::MetricType::Histogram && emitter.buckets.is_none() {
        remarks.push("bounds open".to_owned());
    }
    if let Some(states) = &emitter.states {
        remarks.push(format!("states {}", states.join(" ")));
    }
    if let Some(reason) = &emitter.unresolved_reason {
        remarks.push(reason.clone());
    }
    let labels = if emitter.labels.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", emitter.labels.join(", "))
    };
    let place = place(files, emitter.span);
    let remarks = if remarks.is_empty() {
        String::new()
    } else {
        format!(" ({})", remarks.join("; "))
    };
    format!(
        "{} {}{labels} {place}{remarks}",
        emitter.metric_type, emitter.name
    )
}

fn gap_line(files: &FileSet, gap: &Gap) -> String {
    let reach = match &gap.reach {
        Reach::Nothing => "nothing".to_owned(),
        Reach::Pattern(pattern) => pattern.to_string(),
        Reach::Anything => "any name".to_owned(),
    };
    format!("gap {} {} ({reach})", place(files, gap.span), gap.message)
}

fn setting<T: ToString>(setting: &Setting<T>) -> String {
    match setting {
        Setting::Literal(value) => value.to_string(),
        Setting::Configured { name, default } => {
            let default = default
                .as_ref()
                .map_or_else(|| "?".to_owned(), ToString::to_string);
            format!("{name}={default}")
        }
        Setting::Unknown => "?".to_owned(),
    }
}

fn exposure_line(files: &FileSet, exposure: &Exposure) -> String {
    let kind = match exposure.kind {
        ExposureKind::Server => "server",
        ExposureKind::Route => "route",
        ExposureKind::Push => "push",
        ExposureKind::Textfile => "textfile",
    };
    let registry = match exposure.registry {
        Registry::Default => "default".to_owned(),
        Registry::Named(span) => format!("«{}»", files.text(span)),
        Registry::Detached => "none".to_owned(),
        Registry::Unknown => "?".to_owned(),
    };
    let mut remarks = Vec::new();
    if let Some(span) = exposure.application {
        remarks.push(format!("of {}", place(files, span)));
    }
    if let Some(span) = exposure.authentication {
        remarks.push(format!("behind {}", place(files, span)));
    }
    if !exposure.is_reached {
        remarks.push("not reached".to_owned());
    }
    if let Some(file) = exposure.program {
        remarks.push(format!("program {}", files.file(file).path));
    }
    let from: Vec<&str> = exposure
        .reached_from
        .iter()
        .map(|file| files.file(*file).path.as_str())
        .collect();
    if from.len() > 1 {
        remarks.push(format!("from {}", from.join(" ")));
    }
    let remarks = if remarks.is_empty() {
        String::new()
    } else {
        format!(" ({})", remarks.join("; "))
    };
    format!(
        "{kind} {} {} {registry} {}{remarks}",
        setting(&exposure.path),
        setting(&exposure.port),
        place(files, exposure.span)
    )
}

fn lines(files: &FileSet, inventory: &Inventory, block: &str) -> Vec<String> {
    if block == "exposures" {
        let exposures = inventory.exposures.iter();
        return exposures.map(|exposure| exposure_line(files, exposure)).collect();
    }
    let emitters = inventory
        .emitters
        .iter()
        .map(|emitter| emitter_line(files, emitter));
    emitters
        .chain(inventory.gaps.iter().map(|gap| gap_line(files, gap)))
        .collect()
}

#[test]
fn every_scenario_gives_its_inventory() {
    promsight_pages::hold("python", &["inventory", "exposures"], 8, |scenario, block| {
        let files: FileSet = scenario.files.iter().cloned().collect();
        let found = lines(&files, &inventory(&files, Reversed::No), block);
        let again = lines(&files, &inventory(&files, Reversed::Yes), block);
        assert_eq!(found, again, "{}: the order of modules matters", scenario.heading);
        found
    });
}

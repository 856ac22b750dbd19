//! What lets metrics out, for programs.

use promsight_model::{Exposure, ExposureKind, Report, Setting};
use serde::Serialize;

use super::v1::{Registry, Site};
use super::{registry, site};
use crate::place::Places;

/// One place that lets the metrics of a registry out.
#[derive(Serialize)]
pub(crate) struct ServedBy<'a> {
    kind: &'static str,
    registry: Registry<'a>,
    /// Of servers and of routes whose application the code itself runs.
    port: Value<'a>,
    path: Value<'a>,
    application: Option<Site<'a>>,
    authentication: Option<Site<'a>>,
    reached: bool,
    /// The files that must run for it.
    reached_from: Vec<&'a str>,
    /// The file that must be the program itself.
    program: Option<&'a str>,
    site: Site<'a>,
}

/// A setting: its value, or the variable or option with its default.
#[derive(Serialize)]
struct Value<'a> {
    value: Option<Scalar<'a>>,
    configured_by: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Scalar<'a> {
    Number(u16),
    Text(&'a str),
}

pub(crate) fn exposures<'a>(report: &'a Report, places: &Places<'a>) -> Vec<ServedBy<'a>> {
    report.exposures.iter().map(|one| exposure(one, places)).collect()
}

fn exposure<'a>(exposure: &'a Exposure, places: &Places<'a>) -> ServedBy<'a> {
    ServedBy {
        kind: kind(exposure.kind),
        registry: registry(exposure.registry, places),
        port: setting(&exposure.port, |port| Scalar::Number(*port)),
        path: setting(&exposure.path, |path| Scalar::Text(path)),
        application: exposure.application.map(|span| site(span, places)),
        authentication: exposure.authentication.map(|span| site(span, places)),
        reached: exposure.is_reached,
        reached_from: exposure
            .reached_from
            .iter()
            .map(|file| places.file(*file).shown_path.as_str())
            .collect(),
        program: exposure.program.map(|file| places.file(file).shown_path.as_str()),
        site: site(exposure.span, places),
    }
}

fn kind(kind: ExposureKind) -> &'static str {
    match kind {
        ExposureKind::Server => "server",
        ExposureKind::Route => "route",
        ExposureKind::Push => "push",
        ExposureKind::Textfile => "textfile",
    }
}

fn setting<'a, T>(setting: &'a Setting<T>, scalar: impl Fn(&'a T) -> Scalar<'a>) -> Value<'a> {
    match setting {
        Setting::Literal(value) => Value {
            value: Some(scalar(value)),
            configured_by: None,
        },
        Setting::Configured { name, default } => Value {
            value: default.as_ref().map(scalar),
            configured_by: Some(name),
        },
        Setting::Unknown => Value {
            value: None,
            configured_by: None,
        },
    }
}

//! Ports of docker-compose's containers on which nothing listens: the machine's side of a mapping, and the server's own
//! loopback.
//!
//! Owns what a service's `ports` and `expose` say of its container. A program may listen on ports that it does not
//! declare, so that a port counts only where the file itself says that it is another's.

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::compose::{ComposeFile, ComposeService};
use crate::process::{Entry, Process, Workload};
use crate::targets::dead::Asked;
use crate::targets::{Certainty, Dead};

/// Keys of a service by which it may be told to listen elsewhere.
const TELLING: &[&str] = &[
    "command",
    "entrypoint",
    "environment",
    "env_file",
    "healthcheck",
    "labels",
];

/// Values that one service's settings are searched for a port: beyond them it may stand anywhere.
const MAX_VALUES: usize = 2_000;

/// The port on which Prometheus itself listens, unless it is told otherwise.
const OWN_PORT: u16 = 9090;

/// One entry of `ports`.
struct Mapping {
    /// The machine's port.
    published: Option<u16>,
    /// The container's.
    target: u16,
    span: Span,
}

/// A target that names the port under which the machine has a service, where the service itself is asked.
pub(super) fn published(
    processes: &[Process],
    compose: &ComposeFile<'_>,
    service: &ComposeService<'_>,
    asked: Asked<'_>,
) -> Option<Dead> {
    if service.value.get("network_mode").is_some() || has_own_code(processes, compose, service) {
        return None;
    }
    let mappings = mappings(service.value)?;
    let meant = mappings
        .iter()
        .find(|mapping| mapping.published == Some(asked.port) && mapping.target != asked.port)?;
    let exposed = service.value.items_at("expose").iter();
    let mut inside = mappings.iter().map(|mapping| Some(i64::from(mapping.target)));
    let port = i64::from(asked.port);
    let is_inside = inside.any(|own| own == Some(port))
        || exposed
            .into_iter()
            .any(|own| own.as_integer().is_none_or(|own| own == port));
    if is_inside
        || TELLING
            .iter()
            .any(|key| may_name(service.value.get(key), asked.port))
    {
        return None;
    }
    let (host, target) = (asked.host, meant.target);
    let reason = format!(
        "port {port} of `{host}` is the one that the machine has it under, and the container listens on {target}"
    );
    let closest = (format!("{host}:{target}"), meant.span);
    Some(asked.dead(reason, Some(closest), Certainty::Sure))
}

/// A target that is the container of the Prometheus itself, on a port that is not its own.
pub(super) fn at_itself(
    compose: &ComposeFile<'_>,
    own: &ComposeService<'_>,
    asked: Asked<'_>,
) -> Option<Dead> {
    let image = own.value.text_at(&["image"])?;
    let name = image.rsplit('/').next().unwrap_or(image);
    let is_alone = !compose.services.iter().any(|service| {
        // Its network may be another's too.
        service
            .value
            .text_at(&["network_mode"])
            .is_some_and(|mode| mode.starts_with("service:") || mode.starts_with("container:"))
    });
    if !name.starts_with("prometheus") || own.value.get("network_mode").is_some() || !is_alone {
        return None;
    }
    let is_told = TELLING.iter().any(|key| may_name(own.value.get(key), asked.port));
    let is_own = |mapping: &Mapping| mapping.target == asked.port;
    if asked.port == OWN_PORT || is_told || mappings(own.value)?.iter().any(is_own) {
        return None;
    }
    let has = |service: &&ComposeService<'_>| {
        let ports = mappings(service.value).unwrap_or_default();
        ports
            .iter()
            .any(|mapping| mapping.published == Some(asked.port) || mapping.target == asked.port)
    };
    let others = compose.services.iter().filter(|service| service.name != own.name);
    let meant = others.into_iter().find(has);
    let closest = meant.and_then(|service| {
        let ports = mappings(service.value).unwrap_or_default();
        let on = |mapping: &&Mapping| mapping.published == Some(asked.port) || mapping.target == asked.port;
        let mapping = ports.iter().find(on)?;
        Some((format!("{}:{}", service.name, mapping.target), mapping.span))
    });
    let certainty = if closest.is_some() {
        Certainty::Sure
    } else {
        Certainty::Likely
    };
    let reason = format!(
        "`{}` is the container of the Prometheus itself, and only {OWN_PORT} is listened on there",
        asked.host
    );
    Some(asked.dead(reason, closest, certainty))
}

/// Whether a service may run code of this tree, of which more is known than its ports.
fn has_own_code(processes: &[Process], compose: &ComposeFile<'_>, service: &ComposeService<'_>) -> bool {
    let is_of = |process: &&Process| {
        process.span.file == compose.file
            && matches!(&process.workload, Workload::Compose { service: name } if name == service.name)
    };
    let is_built = service.value.get("build").is_some();
    let mut own = processes.iter().filter(is_of).peekable();
    if own.peek().is_none() {
        return is_built;
    }
    own.any(|process| match process.entry {
        Entry::Program { .. } | Entry::Application { .. } => true,
        Entry::Unknown(_) => is_built,
        Entry::Foreign => false,
    })
}

/// The entries of `ports`; `None` where one of them is not understood.
fn mappings(service: &Value) -> Option<Vec<Mapping>> {
    let entries = service.items_at("ports").iter();
    entries.map(mapping).collect()
}

fn mapping(entry: &Value) -> Option<Mapping> {
    let span = entry.span;
    if entry.is_map() {
        let number = |key: &str| u16::try_from(entry.get(key)?.as_integer()?).ok();
        let published = match entry.get("published") {
            Some(_) => Some(number("published")?),
            None => None,
        };
        return Some(Mapping {
            published,
            target: number("target")?,
            span,
        });
    }
    // `[[IP:]PORT:]PORT[/PROTOCOL]`
    let text = entry.as_str()?;
    let text = text.split('/').next().unwrap_or(text);
    let mut parts = text.rsplit(':');
    let target = parts.next()?.parse().ok()?;
    let published = match parts.next() {
        Some("") | None => None,
        Some(port) => Some(port.parse().ok()?),
    };
    Some(Mapping {
        published,
        target,
        span,
    })
}

/// Whether something in a value holds the port's number.
fn may_name(value: Option<&Value>, port: u16) -> bool {
    let port = port.to_string();
    let mut left: Vec<&Value> = value.into_iter().collect();
    let mut seen = 0;
    while let Some(value) = left.pop() {
        seen += 1;
        if seen > MAX_VALUES || value.as_str().is_some_and(|text| text.contains(&port)) {
            return true;
        }
        left.extend(value.items());
        left.extend(value.entries().iter().map(|(_, value)| value));
    }
    false
}

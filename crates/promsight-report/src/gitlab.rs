//! GitLab's Code Quality report: a subset of the Code Climate format, shown in merge requests.

use promsight_model::{Report, Severity};
use serde::Serialize;

use crate::place::{Place, Places};
use crate::{json, words};

#[derive(Serialize)]
struct Issue<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    check_name: &'a str,
    description: String,
    categories: [&'static str; 1],
    severity: &'static str,
    fingerprint: String,
    location: Location<'a>,
    other_locations: Vec<Location<'a>>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    /// What GitLab shows.
    lines: Lines,
    positions: Positions,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

#[derive(Serialize)]
struct Positions {
    begin: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

pub(crate) fn findings(report: &Report, places: &Places<'_>) -> String {
    let issues: Vec<Issue<'_>> = report
        .findings
        .iter()
        .map(|finding| Issue {
            kind: "issue",
            check_name: finding.check,
            description: words::one_line(&finding.message),
            categories: ["Bug Risk"],
            severity: match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "minor",
                Severity::Info => "info",
            },
            fingerprint: finding.fingerprint.to_string(),
            location: location(places.place(finding.primary)),
            other_locations: finding
                .related
                .iter()
                .map(|related| location(places.place(related.span)))
                .collect(),
        })
        .collect();
    json::print(&issues)
}

fn location(place: Place<'_>) -> Location<'_> {
    let position = |position: promsight_model::Position| Position {
        line: position.line,
        column: position.column,
    };
    Location {
        path: place.path,
        lines: Lines {
            begin: place.start.line,
            end: place.end.line,
        },
        positions: Positions {
            begin: position(place.start),
            end: position(place.end),
        },
    }
}

//! Findings to bytes: one module a format.
//!
//! Owns how a report looks. Each format owns its own serialisable structs; none knows single checks or how a
//! verdict came about. Nothing here prints: the caller writes the text where it belongs.

pub mod audit;
mod findings_markdown;
mod github;
mod gitlab;
mod html;
mod json;
mod junit;
mod markdown;
mod mimirtool;
mod place;
mod sarif;
mod table;
mod text;
mod words;

use promsight_model::{FileSet, Report};

/// The formats a report can be printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: one code frame a finding, then a summary.
    Text,
    /// For people in a hurry: one line a finding.
    Table,
    /// For programs: the contract's JSON object, `schema_version` 1.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For the log of a GitHub workflow: annotations.
    Github,
    /// For GitLab's merge requests: a Code Quality report.
    Gitlab,
    /// For CI systems that show test results: JUnit's XML.
    Junit,
    /// Findings for a comment on a pull request; metrics as a page of documentation.
    Markdown,
    /// For people without a terminal: one page that needs nothing else.
    Html,
    /// What `mimirtool analyze grafana` writes: `metrics-in-grafana.json`.
    MimirtoolGrafana,
    /// What `mimirtool analyze rule-file` writes: `metrics-in-ruler.json`.
    MimirtoolRuler,
}

impl Format {
    /// Whether there is a report of that view in this format.
    pub fn shows(self, view: View) -> bool {
        match self {
            Self::Text | Self::Json => true,
            Self::Table => view != View::Traces,
            Self::Sarif | Self::Github | Self::Gitlab | Self::Junit | Self::Html => view == View::Findings,
            Self::Markdown => matches!(view, View::Findings | View::Metrics),
            Self::MimirtoolGrafana | Self::MimirtoolRuler => view == View::References,
        }
    }
}

/// Which part of the report is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Findings, and how much was read.
    Findings,
    /// What the code emits.
    Metrics,
    /// What the code emits under names that are not fully known, and what was not understood.
    Unresolved,
    /// What is looked at.
    References,
    /// What scrape jobs keep and drop.
    Targets,
    /// The lines of sight that were asked for.
    Traces,
}

/// Whether terminal escape sequences may colour the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Styling {
    /// With colours.
    Colored,
    /// Without any escape sequence.
    Plain,
}

/// The surface that the report is printed on.
#[derive(Clone, Copy, Debug)]
pub struct Surface {
    /// Columns of the terminal; `None` where the output is none, and lines may be of any length.
    pub width: Option<u16>,
    /// Whether colours are wanted.
    pub styling: Styling,
}

/// The bytes of `view` of the report in `format`, ending in a line break; empty where the format does not show that
/// view ([`Format::shows`]). `files` is the set that the report's spans count in.
pub fn render(report: &Report, files: &FileSet, view: View, format: Format, surface: Surface) -> String {
    let places = place::Places::new(files);
    match (format, view) {
        (Format::Json, View::Findings) => json::findings(report, &places),
        (Format::Json, View::Metrics) => json::metrics(report, &places),
        (Format::Json, View::Unresolved) => json::unresolved(report, &places),
        (Format::Json, View::References) => json::references(report, &places),
        (Format::Json, View::Targets) => json::targets(report, &places),
        (Format::Json, View::Traces) => json::traces(report, &places),
        (Format::Table, View::Targets) => table::targets(report, &places, surface),
        (Format::Text, View::Targets) => text::targets(report, &places),
        (Format::Text, View::Traces) => text::traces(report, &places),
        (Format::Table, View::Findings) => table::findings(report, &places, surface),
        (Format::Table, View::Metrics) => table::metrics(report, &places, surface),
        (Format::Table | Format::Text, View::Unresolved) => text::unresolved(report, &places),
        (Format::Table, View::References) => table::references(report, &places, surface),
        (Format::Text, View::Findings) => text::findings(report, &places, surface),
        (Format::Text, View::Metrics) => text::metrics(report, &places, surface),
        (Format::Text, View::References) => text::references(report, &places, surface),
        (Format::Sarif, View::Findings) => sarif::findings(report, &places),
        (Format::Github, View::Findings) => github::findings(report, &places),
        (Format::Gitlab, View::Findings) => gitlab::findings(report, &places),
        (Format::Junit, View::Findings) => junit::findings(report, &places),
        (Format::Markdown, View::Findings) => findings_markdown::findings(report, &places),
        (Format::Markdown, View::Metrics) => markdown::metrics(report, &places, ""),
        (Format::Html, View::Findings) => html::findings(report, &places),
        (Format::MimirtoolGrafana, View::References) => mimirtool::grafana(report, &places),
        (Format::MimirtoolRuler, View::References) => mimirtool::ruler(report, &places),
        (_, _) => String::new(),
    }
}

/// What the code emits as a page of Markdown for the project's own documentation. `folder` is where the page will
/// stand, relative to the working directory; its links are relative to it.
pub fn metrics_page(report: &Report, files: &FileSet, folder: &str) -> String {
    markdown::metrics(report, &place::Places::new(files), folder)
}

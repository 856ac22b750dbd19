//! The report for people: one code frame a finding, then what was counted and what was not understood.

mod frame;
mod inventory;
mod sight;
mod summary;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{Group, Level, Renderer};
use promsight_model::{Confidence, Finding, Report, Severity, Suggestion, SuggestionKind};

use crate::place::Places;
use crate::{Styling, Surface, words};

use frame::Frames;
pub(crate) use inventory::{metrics, references, unresolved};
pub(crate) use sight::{targets, traces};

pub(crate) fn findings(report: &Report, places: &Places<'_>, surface: Surface) -> String {
    let renderer = renderer(surface);
    let mut text = String::new();
    for finding in &report.findings {
        text.push_str(&framed(finding, places, &renderer));
        text.push_str("\n\n");
    }
    text.push_str(&summary::findings(report, places, surface.styling));
    text
}

/// One finding as plain text, as other formats show it.
pub(crate) fn plain(finding: &Finding, places: &Places<'_>) -> String {
    let surface = Surface {
        width: None,
        styling: Styling::Plain,
    };
    framed(finding, places, &renderer(surface))
}

fn framed(finding: &Finding, places: &Places<'_>, renderer: &Renderer) -> String {
    let frames = Frames::of(finding, places);
    let rendered = renderer.render(&[diagnostic(finding, &frames)]);
    frames.with_headers(&rendered)
}

fn renderer(surface: Surface) -> Renderer {
    let renderer = match surface.styling {
        Styling::Colored => Renderer::styled(),
        Styling::Plain => Renderer::plain(),
    };
    renderer.term_width(surface.width.map_or(DEFAULT_TERM_WIDTH, usize::from))
}

fn diagnostic<'a>(finding: &'a Finding, frames: &Frames<'a>) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = Group::with_title(
        level
            .primary_title(words::one_line(&finding.message))
            .id(finding.check),
    )
    .elements(frames.snippets.iter().cloned());
    if finding.confidence != Confidence::High {
        group = group.element(
            Level::NOTE
                .with_name("confidence")
                .message(finding.confidence.word()),
        );
    }
    if let Some(owner) = &finding.owner {
        group = group.element(Level::NOTE.with_name("owner").message(owner.as_str()));
    }
    group = group.elements(
        finding
            .notes
            .iter()
            .map(|note| Level::NOTE.message(note.as_str())),
    );
    if let Some(suggestion) = &finding.suggestion {
        group = group.element(Level::HELP.message(help(suggestion)));
    }
    group
}

fn help(suggestion: &Suggestion) -> String {
    let replacement = &suggestion.replacement;
    match suggestion.kind {
        SuggestionKind::Rename => format!("did you mean `{replacement}`?"),
        SuggestionKind::Suffix | SuggestionKind::Sample => {
            format!("the sample that exists is `{replacement}`")
        }
        SuggestionKind::Value => format!("write `{replacement}`"),
    }
}

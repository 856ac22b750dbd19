//! Comments that ask for findings to be hidden.

use crate::date::Date;
use crate::span::Span;

/// One comment that asks for findings to be hidden, with the places that it speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The request, from its first word to its end.
    pub span: Span,
    /// What it asks for.
    pub asked: Asked,
    /// Why, as its author says; empty where nothing is said.
    pub reason: String,
    /// The last day on which it hides anything.
    pub until: Option<Date>,
    /// Where it applies: whole lines, and the rules, panels, blocks and statements that it stands on or above.
    pub covers: Vec<Span>,
    /// What is wrong with the way it is written, as a clause; it hides nothing then.
    pub malformed: Option<String>,
    /// Whether it stands in an example (a code block of a document): it hides what it covers, and one that hides
    /// nothing is no defect.
    pub example: bool,
}

impl Suppression {
    /// Whether a finding whose primary place is `primary` stands where this applies.
    pub fn covers(&self, primary: Span) -> bool {
        self.covers.iter().any(|place| {
            place.file == primary.file && place.start <= primary.start && primary.start <= place.end
        })
    }
}

/// What a suppression asks to be silent about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Checks of promsight, each with the place of its name.
    Checks(Vec<(String, Span)>),
    /// A check of pint (`promql/series`), and the metric it is limited to.
    Pint {
        /// pint's name of the check.
        check: String,
        /// The metric's name, where the comment is limited to one.
        metric: Option<String>,
    },
    /// Everything (pint's `ignore/…`).
    Everything,
}

//! Runbooks, checklists and other documents: what they look at.
//!
//! Owns what in a document is a query, what may be a metric and what names an alert, with the evidence for it. It
//! does not decide whether a word *is* a metric: the resolver does, knowing what is emitted. Documents about changes
//! (changelogs, upgrade notes) speak of names that are gone and say nothing of what is looked at.

mod anchors;
mod fences;
mod identifiers;
pub(crate) mod looker;
mod nearness;
mod prose;
mod tables;
mod values;
mod vocabulary;
pub(crate) mod words;

use promsight_model::{ConsumerKind, Embedded, Facts, FileKind, Outlook, SourceFile, Span};

use crate::decode::markdown::{self, Markup, Piece, PieceKind, Prose};
use looker::Looker;
use nearness::{Around, Prefix};
use vocabulary::Noun;

pub use identifiers::CodeWords;

/// Reads the rules of a YAML text into facts; whether there were any.
pub type RulesReader<'r> = dyn FnMut(&Embedded, &mut Facts) -> bool + 'r;

/// Whether a path is that of a document.
pub fn is_document(path: &str) -> bool {
    Markup::of_path(path).is_some()
}

/// What a document looks at. `rules` reads the rules of YAML examples: their queries become the document's, the
/// alerts and series that they define are examples and define nothing.
pub fn extract(file: &SourceFile, facts: &mut Facts, rules: &mut RulesReader<'_>) {
    let Some(markup) = Markup::of_path(&file.path) else {
        return;
    };
    if vocabulary::is_history(&file.path) {
        return;
    }
    let pieces = markdown::read(file, markup);
    facts.outline = Some(anchors::outline(&file.text, &pieces));
    let consumers = facts.consumers.len();
    let mut reader = Reader {
        facts,
        rules,
        pieces: &pieces,
        section: Section::new(&file.path),
    };
    for (index, piece) in pieces.iter().enumerate() {
        reader.piece(index, piece);
    }
    if facts.consumers.len() > consumers && !facts.kinds.contains(&FileKind::Documents) {
        facts.kinds.push(FileKind::Documents);
    }
}

struct Reader<'a, 'r> {
    facts: &'a mut Facts,
    rules: &'a mut RulesReader<'r>,
    pieces: &'a [Piece],
    section: Section,
}

impl Reader<'_, '_> {
    fn piece(&mut self, index: usize, piece: &Piece) {
        if let PieceKind::Heading(level, prose) = &piece.kind {
            self.section.enter(*level, prose);
        }
        if self.section.past {
            return;
        }
        if let PieceKind::Paragraph(prose) | PieceKind::Item(prose) = &piece.kind {
            self.section.state_prefix(prose);
        }
        let first_word = self.facts.word_mentions.len();
        let around = self.around(index, piece);
        let runbook = self.section.runbook;
        let outlook = self.outlook(index, piece);
        let mut looker = Looker::new(self.facts, ConsumerKind::Runbook, self.section.name(), piece.span)
            .with_outlook(outlook);
        match &piece.kind {
            PieceKind::Heading(_, prose) => {
                prose::read(
                    prose,
                    around,
                    prose::Place {
                        subject_only: true,
                        runbook,
                    },
                    &mut looker,
                );
                if runbook {
                    prose::heading_alert(prose, &mut looker);
                }
            }
            PieceKind::Paragraph(prose) => {
                prose::read(
                    prose,
                    around,
                    prose::Place {
                        subject_only: false,
                        runbook,
                    },
                    &mut looker,
                );
            }
            PieceKind::Item(prose) => {
                prose::read(
                    prose,
                    around,
                    prose::Place {
                        subject_only: true,
                        runbook,
                    },
                    &mut looker,
                );
            }
            PieceKind::Table(table) => {
                let cells = tables::Cells {
                    around,
                    runbook,
                    section: self.section.name(),
                    outlook,
                };
                tables::read(table, &cells, self.facts);
            }
            PieceKind::Fence(fence) => {
                if !fences::read_rules(fence, &mut looker, self.rules) {
                    fences::read(fence, around, &mut looker);
                }
            }
            PieceKind::Comment(_) => {}
        }
        self.add_prefix(first_word);
    }

    /// Puts the prefix that the section states before the metrics that a piece names without it.
    fn add_prefix(&mut self, first_word: usize) {
        let Some((_, prefix)) = &self.section.prefix else {
            return;
        };
        for mention in self.facts.word_mentions.iter_mut().skip(first_word) {
            let evidence = mention.evidence;
            match prefix {
                Prefix::Stated(prefix) if evidence.near_word && !evidence.against => {
                    if !mention.word.starts_with(prefix.as_str()) {
                        mention.word.insert_str(0, prefix);
                    }
                }
                Prefix::Supposed(prefix) if mention.word.starts_with(prefix.as_str()) => {
                    mention.evidence.against = true;
                }
                Prefix::Stated(_) | Prefix::Supposed(_) => {}
            }
        }
    }

    /// How a piece speaks of what is to come: as its document, its section or what introduces it does.
    fn outlook(&self, index: usize, piece: &Piece) -> Option<Outlook> {
        let introduced = self
            .introduction(index, piece)
            .is_some_and(|(sentence, _)| vocabulary::is_proposal_sentence(&sentence));
        introduced.then_some(Outlook::Proposal).max(self.section.outlook)
    }

    /// The last sentence of what stands before a list, table or code block, and whether it points to it.
    fn introduction(&self, index: usize, piece: &Piece) -> Option<(String, bool)> {
        let before = match piece.kind {
            PieceKind::Fence(_) | PieceKind::Table(_) => index.checked_sub(1),
            PieceKind::Item(_) => piece.introduced_by,
            _ => None,
        }?;
        match &self.pieces[before].kind {
            PieceKind::Paragraph(prose) | PieceKind::Item(prose) => Some(last_sentence(prose)),
            _ => None,
        }
    }

    /// What a piece inherits from its section and from what introduces it.
    fn around(&self, index: usize, piece: &Piece) -> Around {
        let introduction = self.introduction(index, piece);
        let introduction = introduction.and_then(|(sentence, points_on)| {
            nearness::head_noun(&sentence).filter(|noun| points_on || *noun == Noun::Metric)
        });
        let lists = !matches!(piece.kind, PieceKind::Paragraph(_));
        let metrics =
            introduction == Some(Noun::Metric) || (introduction.is_none() && self.section.metrics());
        Around {
            metrics,
            others: introduction == Some(Noun::Other),
            alerts: lists
                && !self.section.advises()
                && introduction.or(self.section.noun()) == Some(Noun::Alert),
            metric_place: false,
            listed: metrics && matches!(piece.kind, PieceKind::Item(_)),
        }
    }
}

/// The last sentence of a paragraph, which introduces what follows, and whether it points to it.
fn last_sentence(prose: &Prose) -> (String, bool) {
    let text = prose.text.text.trim_end();
    let end = text.trim_end_matches([':', '.']).len();
    let start = text[..end].rfind(". ").map_or(0, |at| at + 2);
    let sentence = text[start..].to_lowercase();
    let points_on = text.ends_with(':') || sentence.contains("following") || sentence.contains("below");
    (sentence, points_on)
}

/// The section that is being read.
struct Section {
    /// The headings above, outermost first, with their levels.
    headings: Vec<(u8, String)>,
    /// Whether the section speaks of what is gone.
    past: bool,
    /// How the document's path speaks of what is to come.
    path_outlook: Option<Outlook>,
    /// How the section does.
    outlook: Option<Outlook>,
    /// Whether the document is about alerts: a runbook, a playbook, an on-call guide.
    runbook: bool,
    /// What the section says that the names of all metrics begin with, and the level at which it says so.
    prefix: Option<(u8, Prefix)>,
}

impl Section {
    fn new(path: &str) -> Self {
        Self {
            headings: Vec::new(),
            past: false,
            path_outlook: vocabulary::path_outlook(path),
            outlook: vocabulary::path_outlook(path),
            runbook: speaks_of_alerts(path),
            prefix: None,
        }
    }

    fn enter(&mut self, level: u8, prose: &Prose) {
        self.headings.retain(|(above, _)| *above < level);
        let text = prose.text.text.trim().to_owned();
        if self.headings.is_empty() && speaks_of_alerts(&text) {
            self.runbook = true;
        }
        self.prefix = self.prefix.take().filter(|(stated_at, _)| level > *stated_at);
        self.headings.push((level, text));
        let lower: Vec<String> = self
            .headings
            .iter()
            .map(|(_, heading)| heading.to_lowercase())
            .collect();
        self.past = lower.iter().any(|heading| vocabulary::is_past_heading(heading));
        let headings = lower
            .iter()
            .filter_map(|heading| vocabulary::heading_outlook(heading));
        self.outlook = headings.max().max(self.path_outlook);
    }

    fn state_prefix(&mut self, prose: &Prose) {
        if let Some(prefix) = nearness::stated_prefix(prose) {
            let level = self.headings.last().map_or(0, |(level, _)| *level);
            self.prefix = Some((level, prefix));
        }
    }

    fn name(&self) -> &str {
        self.headings.last().map_or("", |(_, heading)| heading)
    }

    fn noun(&self) -> Option<Noun> {
        self.headings
            .last()
            .and_then(|(_, heading)| nearness::head_noun(heading))
    }

    /// Whether the section gives alerts as an example or as advice.
    fn advises(&self) -> bool {
        self.headings
            .iter()
            .any(|(_, heading)| vocabulary::advises(&heading.to_lowercase()))
    }

    /// Whether the heading, or one above it other than the document's title, is about metrics.
    fn metrics(&self) -> bool {
        match nearness::head_noun(self.name()) {
            Some(noun) => noun == Noun::Metric,
            None => {
                let above = self.headings.iter().rev().skip(1).filter(|(level, _)| *level > 1);
                above
                    .map(|(_, heading)| nearness::head_noun(heading))
                    .next()
                    .flatten()
                    == Some(Noun::Metric)
            }
        }
    }
}

/// Whether a path or title is that of a document about alerts.
fn speaks_of_alerts(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["alert", "runbook", "playbook", "on-call", "oncall", "on call"]
        .iter()
        .any(|word| lower.contains(word))
}

/// The place of a cell's text, for the scope of what looks from it.
fn cover(prose: &Prose) -> Span {
    prose.text.whole_span()
}

#[cfg(test)]
mod tests;

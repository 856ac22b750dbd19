//! Snapshots of what a program exposes: the Prometheus text format and OpenMetrics.
//!
//! Owns the way from lines to families. A snapshot says what it says: which series there are, of which type, under which
//! labels and bounds. It never says all values of a label, nor that there is no other family: a family can appear with
//! the first event that it counts. A line that cannot be read becomes a gap, and the others are read.

mod family;
mod line;

use std::collections::BTreeMap;
use std::ops::Range;

use promsight_model::{Emitter, FileId, Gap, GapKind, MetricType, Pattern, Reach, SourceFile, Span};

use family::{Family, Sample};
use line::{Keyword, Line};

/// So many unreadable lines of one file are told one by one.
const MOST_GAPS: usize = 20;

/// What one file says.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Its families, by place.
    pub emitters: Vec<Emitter>,
    /// Lines that could not be read.
    pub gaps: Vec<Gap>,
}

/// Reads a text of the exposition format. What is none has no emitter.
pub fn read(file: &SourceFile) -> Snapshot {
    let mut reader = Reader::new(file.id);
    let mut start = 0;
    for line in file.text.split('\n') {
        let end = start + line.len();
        // The format has no carriage return; files that went through other systems do.
        reader.line(start, line.strip_suffix('\r').unwrap_or(line));
        start = end + 1;
    }
    reader.finish()
}

/// A sample whose family is sought when all lines are read: its `# TYPE` may come behind it.
struct Waiting<'a> {
    sample: Sample<'a>,
    /// Where the sample's family is kept, once it is known.
    name: String,
}

struct Reader<'a> {
    file: FileId,
    families: BTreeMap<String, Family>,
    samples: Vec<Waiting<'a>>,
    is_openmetrics: bool,
    gaps: Vec<Gap>,
    unread: usize,
}

impl<'a> Reader<'a> {
    fn new(file: FileId) -> Self {
        Self {
            file,
            families: BTreeMap::new(),
            samples: Vec::new(),
            is_openmetrics: false,
            gaps: Vec::new(),
            unread: 0,
        }
    }

    fn line(&mut self, start: usize, text: &'a str) {
        match line::read(text) {
            Ok(Line::Nothing) => {}
            // Several snapshots may stand in one file: what follows is read like the rest.
            Ok(Line::End) => self.is_openmetrics = true,
            Ok(Line::Descriptor { keyword, name, rest }) => {
                let place = self.span(start, &name.range);
                let family = self.families.entry(name.text.into_owned());
                let family = family.or_insert_with(|| Family::at(place));
                match keyword {
                    Keyword::Type => match metric_type(rest) {
                        Some(metric_type) => family.declare(metric_type, place),
                        None => {
                            let message = format!("\"{}\" is no type of a metric", rest.trim());
                            self.gap(start, text, &message);
                        }
                    },
                    Keyword::Unit if !rest.trim().is_empty() => family.unit = Some(rest.trim().to_owned()),
                    Keyword::Unit | Keyword::Help => {}
                }
            }
            Ok(Line::Sample { name, labels, whole }) => {
                let sample = Sample {
                    labels,
                    start,
                    whole: self.span(start, &whole),
                    name_span: self.span(start, &name.range),
                };
                let name = name.text.into_owned();
                self.samples.push(Waiting { sample, name });
            }
            Err(message) => self.gap(start, text, &message),
        }
    }

    fn span(&self, start: usize, range: &Range<usize>) -> Span {
        Span::new(self.file, start + range.start..start + range.end)
    }

    fn gap(&mut self, start: usize, text: &str, message: &str) {
        self.unread += 1;
        if self.unread > MOST_GAPS {
            return;
        }
        self.gaps.push(Gap {
            kind: GapKind::Syntax,
            message: format!("this line of the snapshot could not be read: {message}"),
            span: self.span(start, &(0..text.len())),
            reach: reach(text),
        });
    }

    fn finish(mut self) -> Snapshot {
        for Waiting { sample, name } in std::mem::take(&mut self.samples) {
            let family = self.family_of(&name);
            let family = self
                .families
                .entry(family)
                .or_insert_with(|| Family::at(sample.whole));
            family.add(&name, &sample, self.file);
        }
        if let Some(rest) = self.unread.checked_sub(MOST_GAPS).filter(|rest| *rest > 0)
            && let Some(last) = self.gaps.last_mut()
        {
            last.message
                .push_str(&format!("; so could {rest} more lines of the file"));
        }
        let mut emitters: Vec<Emitter> = self
            .families
            .into_iter()
            .filter(|(_, family)| family.says_something())
            .map(|(name, family)| family.emitter(&name, self.is_openmetrics))
            .collect();
        emitters.sort_by_key(|emitter| emitter.span);
        Snapshot {
            emitters,
            gaps: self.gaps,
        }
    }

    /// The family that a sample of that name belongs to: one that is declared under its name, or of which it is a sample
    /// by its ending; else one of its own.
    fn family_of(&self, name: &str) -> String {
        let declared = |name: &str| self.families.get(name).and_then(Family::declared);
        if declared(name).is_some() {
            return name.to_owned();
        }
        let of_suffix = family::SUFFIXES.iter().find_map(|(suffix, types)| {
            let base = name.strip_suffix(suffix)?;
            let metric_type = declared(base)?;
            types.contains(&metric_type).then(|| base.to_owned())
        });
        of_suffix.unwrap_or_else(|| name.to_owned())
    }
}

/// The word of a `# TYPE` line. What OpenMetrics calls `unknown` the classic format calls `untyped`.
fn metric_type(rest: &str) -> Option<MetricType> {
    match rest.trim() {
        "unknown" => Some(MetricType::Untyped),
        // A histogram of what can fall: its samples have the buckets of one.
        "gaugehistogram" => Some(MetricType::Histogram),
        word => MetricType::from_word(word),
    }
}

/// Which names may hide in an unreadable line: those that begin as it does.
fn reach(line: &str) -> Reach {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_:".contains(character);
    let name = line.trim_start();
    let end = name.find(|character| !is_part(character)).unwrap_or(name.len());
    if end == 0 {
        return Reach::Anything;
    }
    Reach::Pattern(Pattern::new(vec![name[..end].to_owned(), String::new()]))
}

#[cfg(test)]
mod tests;

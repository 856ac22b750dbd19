//! `--fix` and `--diff`: suggestions that need nobody's judgement, put into the files.
//!
//! Owns which findings are mended and that nothing else changes: a replacement is cut in at a finding's place, every other
//! byte of the file stays, whatever its encoding and line breaks. Files are looked at again before the first is written, and
//! either all are written or none; each is replaced as a whole. What is a link, cannot be written, or lies outside of the
//! root ends the run before anything is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use promsight_model::{FileId, FileSet, Report, Span};

use crate::config::Config;
use crate::encoding;
use crate::exit::Failure;
use crate::pipeline::{self, Selection, Shared};
use crate::reading::Sources;
use crate::terminal;

/// Mending one name shows the next one in the same expression; more rounds than any expression needs.
const MOST_ROUNDS: usize = 16;

/// What was mended, in memory.
#[derive(Debug)]
pub struct Fixed {
    /// The files as they would be.
    pub sources: Sources,
    /// What is left to report then.
    pub report: Report,
    /// Findings that are mended.
    pub mended: usize,
    /// The files that change, with their texts before.
    pub before: BTreeMap<FileId, Arc<str>>,
}

/// Mends what can safely be mended, round by round. `visible` takes out of a report what the user does not want to see:
/// what is hidden is not mended either.
pub fn fix(
    mut sources: Sources,
    config: &Config,
    selection: &Selection,
    visible: impl Fn(&mut Report, &FileSet),
) -> Fixed {
    let mut shared = Shared::of(sources.files.files().iter().map(|file| file.id));
    let mut before: BTreeMap<FileId, Arc<str>> = BTreeMap::new();
    let mut mended = 0;
    let mut rounds = 0;
    loop {
        let mut report = pipeline::run_beside(&sources, config, selection, &shared);
        visible(&mut report, &sources.files);
        let replacements = replacements(&report, &sources.files);
        rounds += 1;
        if replacements.is_empty() || rounds > MOST_ROUNDS {
            return Fixed {
                sources,
                report,
                mended,
                before,
            };
        }
        mended += replacements.len();
        let mut by_file: BTreeMap<FileId, Vec<Replacement>> = BTreeMap::new();
        for replacement in replacements {
            by_file
                .entry(replacement.span.file)
                .or_default()
                .push(replacement);
        }
        let changed: BTreeMap<FileId, Arc<str>> = by_file
            .iter()
            .map(|(file, replacements)| (*file, applied(&sources.files.file(*file).text, replacements)))
            .collect();
        for file in changed.keys() {
            let text = Arc::clone(&sources.files.file(*file).text);
            before.entry(*file).or_insert(text);
        }
        shared = shared.without(changed.keys().copied());
        sources = sources.with_texts(&changed);
    }
}

/// One place and what comes there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Replacement {
    span: Span,
    text: String,
}

/// Safe replacements by place. One place read twice (a rule file that two programs load) is replaced once; places that
/// overlap, or of which two findings want different things, are left alone.
fn replacements(report: &Report, files: &FileSet) -> Vec<Replacement> {
    let wanted: BTreeSet<Replacement> = report
        .findings
        .iter()
        .filter_map(|finding| {
            Some(Replacement {
                span: finding.primary,
                text: finding.safe_replacement(files)?.to_owned(),
            })
        })
        .collect();
    let wanted: Vec<Replacement> = wanted.into_iter().collect();
    let overlaps =
        |left: Span, right: Span| left.file == right.file && left.start < right.end && right.start < left.end;
    // Sorted by place: what overlaps one stands near it, but a long place can reach far.
    let mut kept: Vec<Replacement> = Vec::new();
    let mut reach: Option<Span> = None;
    for (at, replacement) in wanted.iter().enumerate() {
        let next = wanted.get(at + 1);
        let is_hit = reach.is_some_and(|reach| overlaps(reach, replacement.span))
            || next.is_some_and(|next| overlaps(next.span, replacement.span));
        reach = match reach {
            Some(reach) if overlaps(reach, replacement.span) => Some(reach.cover(replacement.span)),
            _ => Some(replacement.span),
        };
        if !is_hit {
            kept.push(replacement.clone());
        }
    }
    kept
}

fn applied(text: &str, replacements: &[Replacement]) -> Arc<str> {
    let mut changed = String::with_capacity(text.len() + 16 * replacements.len());
    let mut end = 0;
    for replacement in replacements {
        let range = replacement.span.range();
        changed.push_str(text.get(end..range.start).unwrap_or_default());
        changed.push_str(&replacement.text);
        end = range.end;
    }
    changed.push_str(text.get(end..).unwrap_or_default());
    changed.into()
}

/// Writes the files that changed below the root. Nothing is written where one of them cannot be.
pub fn write(fixed: &Fixed, root: &Path) -> Result<(), Failure> {
    let failure = |path: &str, reason: &str| Failure::Fix {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let root = root
        .canonicalize()
        .map_err(|error| failure(".", &error.to_string()))?;
    let mut ready: BTreeMap<PathBuf, (String, Vec<u8>)> = BTreeMap::new();
    for (file, before) in &fixed.before {
        let source = fixed.sources.files.file(*file);
        let refuse = |reason: &str| failure(&source.shown_path, reason);
        let location = root.join(&source.path);
        let real = location
            .canonicalize()
            .map_err(|error| refuse(&error.to_string()))?;
        if !real.starts_with(&root) {
            return Err(refuse("it lies outside of the root"));
        }
        if real != location {
            return Err(refuse(
                "it is reached by a symbolic link; mend the file that the link names",
            ));
        }
        let metadata = real.metadata().map_err(|error| refuse(&error.to_string()))?;
        if metadata.permissions().readonly() {
            return Err(refuse("it is read-only"));
        }
        let bytes = std::fs::read(&real).map_err(|error| refuse(&error.to_string()))?;
        let changed = encoding::rewrite(&bytes, before, &source.text)
            .ok_or_else(|| refuse("it has changed meanwhile, or its encoding is not known"))?;
        ready.insert(real, (source.shown_path.clone(), changed));
    }
    for (location, (shown, bytes)) in ready {
        terminal::rewrite_file(&location, &bytes).map_err(|error| failure(&shown, &error.to_string()))?;
    }
    Ok(())
}

/// Lines of a unified diff around each change.
const CONTEXT: usize = 3;

/// The changes as a unified diff, as `git apply` and `patch -p1` read it.
pub fn diff(fixed: &Fixed) -> String {
    let mut text = String::new();
    for (file, before) in &fixed.before {
        let source = fixed.sources.files.file(*file);
        text.push_str(&format!("--- a/{0}\n+++ b/{0}\n", source.path));
        text.push_str(&hunks(before, &source.text));
    }
    text
}

/// Hunks between two texts of as many lines: replacements stand within lines.
fn hunks(before: &str, after: &str) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let differing: Vec<usize> = (0..old.len())
        .filter(|at| new.get(*at) != Some(&old[*at]))
        .collect();
    let mut text = String::new();
    let mut rest = differing.as_slice();
    while let Some(first) = rest.first() {
        let length = rest
            .windows(2)
            .take_while(|pair| pair[1] - pair[0] <= 2 * CONTEXT)
            .count()
            + 1;
        let (here, behind) = rest.split_at(length);
        rest = behind;
        let last = here.last().unwrap_or(first);
        let start = first.saturating_sub(CONTEXT);
        let end = (last + CONTEXT + 1).min(old.len());
        let count = end - start;
        text.push_str(&format!("@@ -{0},{count} +{0},{count} @@\n", start + 1));
        let mut at = start;
        while at < end {
            let changed = (at..end)
                .take_while(|line| here.binary_search(line).is_ok())
                .count();
            if changed == 0 {
                push_line(&mut text, ' ', old[at]);
                at += 1;
                continue;
            }
            for line in &old[at..at + changed] {
                push_line(&mut text, '-', line);
            }
            for line in &new[at..at + changed] {
                push_line(&mut text, '+', line);
            }
            at += changed;
        }
    }
    text
}

fn push_line(text: &mut String, sign: char, line: &str) {
    text.push(sign);
    text.push_str(line);
    if !line.ends_with('\n') {
        text.push_str("\n\\ No newline at end of file\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_near_each_other_share_a_hunk_and_distant_ones_do_not() {
        let lines = |changed: &[usize]| -> String {
            let line = |at| {
                if changed.contains(&at) {
                    "new\n".to_owned()
                } else {
                    format!("{at}\n")
                }
            };
            (1..=20).map(line).collect()
        };
        let text = hunks(&lines(&[]), &lines(&[2, 3, 8, 20]));
        assert_eq!(
            text,
            "@@ -1,11 +1,11 @@\n 1\n-2\n-3\n+new\n+new\n 4\n 5\n 6\n 7\n-8\n+new\n 9\n 10\n 11\n\
             @@ -17,4 +17,4 @@\n 17\n 18\n 19\n-20\n+new\n"
        );
    }

    #[test]
    fn a_last_line_without_a_break_is_marked() {
        assert_eq!(
            hunks("a\r\nb", "a\r\nc"),
            "@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn places_that_overlap_are_left_alone() {
        let at = |range| Span::new(FileId(0), range);
        let replacement = |range, text: &str| Replacement {
            span: at(range),
            text: text.to_owned(),
        };
        assert_eq!(
            &*applied(
                "rate(a) + b",
                &[replacement(5..6, "a_total"), replacement(10..11, "c")]
            ),
            "rate(a_total) + c"
        );
    }
}

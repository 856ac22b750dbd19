//! Comments that ask for findings to be hidden, and what they speak of.
//!
//! Owns where such comments may stand in each format, and which lines, rules, panels, blocks and statements one of
//! them covers. How a request is worded stands in [`request`]. Whether it hides anything is decided where findings
//! are made; nothing here knows which checks there are.

mod python;
mod request;

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, options};
use memchr::memmem;
use promsight_model::{Asked, ConsumerKind, Facts, SourceFile, Span, Suppression};
use pulldown_cmark::{Options, Tag};
use tree_sitter::Tree;

use crate::Format;
use request::{Area, Request};

/// Adds the suppressions of a file to its facts, which must hold its consumers and queries already.
pub(crate) fn read(file: &SourceFile, format: Format, facts: &mut Facts) {
    if !may_hold(file, format) {
        return;
    }
    let tree = match format {
        Format::Python => crate::python::tree(file),
        _ => None,
    };
    let comments = comments(file, format, tree.as_ref());
    let mut found = Vec::new();
    // pint's `ignore/begin` that no `ignore/end` has closed yet.
    let mut open: Option<usize> = None;
    for comment in comments {
        let Some(request) = request::read(&file.text, comment.body.clone(), format == Format::Yaml) else {
            continue;
        };
        match request.area {
            Area::Begin => open = Some(comment.start),
            Area::End => {
                if let Some(start) = open.take() {
                    let place = Span::new(file.id, start..comment.end);
                    found.push(suppression(file, &comment, request, vec![place]));
                }
            }
            Area::File => {
                let place = Span::new(file.id, 0..file.text.len());
                found.push(suppression(file, &comment, request, vec![place]));
            }
            Area::Place => {
                let covers = covers(file, format, tree.as_ref(), &comment, facts);
                found.push(suppression(file, &comment, request, covers));
            }
        }
    }
    if let Some(start) = open {
        let span = Span::new(file.id, start..file.text.len());
        found.push(Suppression {
            span,
            asked: Asked::Everything,
            reason: String::new(),
            until: None,
            covers: vec![span],
            malformed: None,
            example: false,
        });
    }
    facts.suppressions = found;
}

fn suppression(file: &SourceFile, comment: &Comment, request: Request, covers: Vec<Span>) -> Suppression {
    Suppression {
        span: Span::new(file.id, request.range),
        asked: match request.checks {
            Some(checks) => Asked::Checks(
                checks
                    .into_iter()
                    .map(|range| {
                        let name = file.text.get(range.clone()).unwrap_or_default();
                        (name.to_owned(), Span::new(file.id, range))
                    })
                    .collect(),
            ),
            None => request.asked,
        },
        reason: request.reason,
        until: request.until,
        covers,
        malformed: request.malformed,
        example: comment.example,
    }
}

/// One comment that may hold a request.
struct Comment {
    /// Where it begins, its mark included.
    start: usize,
    /// From the request's first word to where the comment's text ends.
    body: Range<usize>,
    /// Where it ends, its closing mark included.
    end: usize,
    /// Whether it stands in an example.
    example: bool,
}

/// Words with which requests begin. pint's are read in YAML alone, where pint reads them.
const OWN: &str = "promsight:";
const PINT: &str = "pint ";

/// Whether one of the words stands anywhere in the file; most files end here.
fn may_hold(file: &SourceFile, format: Format) -> bool {
    let has = |word: &str| memmem::find(file.text.as_bytes(), word.as_bytes()).is_some();
    has(OWN) || format == Format::Yaml && has(PINT)
}

/// The comments of a file that hold one of the words, from top to bottom.
fn comments(file: &SourceFile, format: Format, tree: Option<&Tree>) -> Vec<Comment> {
    let text = &*file.text;
    match format {
        Format::Yaml => {
            let quoted = quoted_scalars(text);
            after_mark(text, &["#"], &[OWN, PINT])
                .filter(|comment| !is_within(&quoted, comment.start))
                .collect()
        }
        Format::Python => {
            let candidates = after_mark(text, &["#"], &[OWN]).collect();
            python::real_comments(tree, candidates)
        }
        Format::Shell | Format::Launch => after_mark(text, &["#"], &[OWN]).collect(),
        Format::Jsonnet | Format::Hcl | Format::OtherSource => {
            after_mark(text, &["#", "//", "/*"], &[OWN]).collect()
        }
        Format::Document => document(&file.path, text),
        // JSON has no comments.
        Format::Json | Format::Notebook => Vec::new(),
    }
}

/// Comments that begin with one of the marks and end with their line, at most one a line.
fn after_mark<'t>(text: &'t str, marks: &'t [&str], words: &'t [&str]) -> impl Iterator<Item = Comment> + 't {
    let mut from = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = from;
        from += line.len();
        let (mark, word) = words.iter().find_map(|word| marked(line, marks, word))?;
        let content = line.trim_end();
        let body_end = content.strip_suffix("*/").map_or(content.len(), str::len);
        Some(Comment {
            start: start + mark,
            body: start + word..start + body_end.max(word),
            end: start + content.len(),
            example: false,
        })
    })
}

/// Where on a line a comment's mark and behind it the word stand. The mark stands alone, at the line's start or
/// behind a blank: `a#b` is no comment in any of the languages.
fn marked(line: &str, marks: &[&str], word: &str) -> Option<(usize, usize)> {
    memmem::find_iter(line.as_bytes(), word.as_bytes()).find_map(|at| {
        let before = line.get(..at)?.trim_end();
        let mark = marks.iter().find(|mark| before.ends_with(**mark))?;
        let bare = match *mark {
            "#" => before.trim_end_matches('#'),
            mark => before.strip_suffix(mark)?,
        };
        (bare.is_empty() || bare.ends_with([' ', '\t', ',', '{', '}', '[', ']', '(', ')', ';']))
            .then_some((bare.len(), at))
    })
}

/// Ranges of quoted scalars: a mark in them is text. After a syntax error nothing more is known, and marks count.
fn quoted_scalars(text: &str) -> Vec<Range<usize>> {
    let options = options! { emit_unresolved_aliases: true, emit_comments: false };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut ranges = Vec::new();
    while let Some(Ok((event, span))) = parser.next_event() {
        if let Event::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..) = event {
            ranges.push(span.byte_range().unwrap_or_default());
        }
    }
    ranges
}

fn is_within(ranges: &[Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.start <= at);
    next.checked_sub(1).is_some_and(|index| at < ranges[index].end)
}

/// A document's comments: of the document itself, and of the code in its examples.
fn document(path: &str, text: &str) -> Vec<Comment> {
    let extension = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "rst" | "rest" => after_mark(text, &[".."], &[OWN]).collect(),
        "adoc" | "asciidoc" | "asc" => after_mark(text, &["//"], &[OWN]).collect(),
        _ => markdown(text),
    }
}

fn markdown(text: &str) -> Vec<Comment> {
    let (mut html, mut code) = (Vec::new(), Vec::new());
    for (event, range) in pulldown_cmark::Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            pulldown_cmark::Event::Start(Tag::HtmlBlock) | pulldown_cmark::Event::InlineHtml(_) => {
                html.push(range);
            }
            pulldown_cmark::Event::Start(Tag::CodeBlock(_)) => code.push(range),
            _ => {}
        }
    }
    let mut comments: Vec<Comment> = after_mark(text, &["#"], &[OWN])
        .filter(|comment| is_within(&code, comment.start))
        .map(|comment| Comment {
            example: true,
            ..comment
        })
        .collect();
    for block in html {
        comments.extend(html_comments(text, block));
    }
    comments.sort_by_key(|comment| comment.start);
    comments
}

fn html_comments(text: &str, block: Range<usize>) -> Vec<Comment> {
    let mut comments = Vec::new();
    let mut from = block.start;
    while let Some(open) = text.get(from..block.end).and_then(|rest| rest.find("<!--")) {
        let start = from + open;
        let inside = start + "<!--".len();
        let rest = text.get(inside..block.end).unwrap_or_default();
        let (inner, end) = match rest.find("-->") {
            Some(close) => (close, inside + close + "-->".len()),
            None => (rest.len(), block.end),
        };
        let content = rest.get(..inner).unwrap_or_default();
        let word = content.len() - content.trim_start().len();
        if content.trim_start().starts_with(OWN) {
            comments.push(Comment {
                start,
                body: inside + word..inside + content.trim_end().len(),
                end,
                example: false,
            });
        }
        from = end;
    }
    comments
}

/// What a comment covers: its own lines; where it stands alone, the line below; and what begins on that line or,
/// for a rule, encloses it.
fn covers(
    file: &SourceFile,
    format: Format,
    tree: Option<&Tree>,
    comment: &Comment,
    facts: &Facts,
) -> Vec<Span> {
    let text = &*file.text;
    let first = line_start(text, comment.start);
    let last = line_end(text, comment.end);
    let alone = text.get(first..comment.start).is_some_and(is_blank)
        && text.get(comment.end..last).is_some_and(is_blank);
    let target = if alone {
        target_below(text, format, last)
    } else {
        first..last
    };
    let mut covers = vec![Span::new(file.id, first..target.end)];
    let content = target.start + leading_blanks(&text[target.clone()]);
    if format == Format::Python {
        let enclosing = tree.and_then(|tree| python::enclosing(tree, text, content));
        covers.extend(enclosing.map(|range| Span::new(file.id, range)));
        return covers;
    }
    for consumer in &facts.consumers {
        let scope = trimmed(text, consumer.scope.range());
        let is_rule = matches!(consumer.kind, ConsumerKind::Alert | ConsumerKind::Record);
        if target.contains(&scope.start) || is_rule && scope.contains(&content) {
            covers.push(Span::new(file.id, scope));
        }
    }
    for query in &facts.queries {
        let start = query.span.range().start;
        // A block scalar begins on the line below its key.
        let is_block =
            || is_block_header(&text[target.clone()]) && text.get(target.end..start).is_some_and(is_blank);
        if start >= target.start && (start < target.end || is_block()) {
            covers.push(query.span);
        }
    }
    covers
}

/// The line that a comment above speaks of: the next one that is no comment itself. Only documents keep a blank
/// line between a comment and what it belongs to. Empty where there is none.
fn target_below(text: &str, format: Format, from: usize) -> Range<usize> {
    let mut at = from;
    for line in text.get(from..).unwrap_or_default().split_inclusive('\n') {
        let content = line.trim();
        let range = at..at + line.trim_end().len();
        at += line.len();
        if range.start == from && content.is_empty() && line.ends_with('\n') {
            // The rest of the comment's own line.
            continue;
        }
        let is_comment = content.starts_with('#') && format != Format::Document
            || content.starts_with("//") && format == Format::Jsonnet
            || content.starts_with("<!--") && content.ends_with("-->");
        if content.is_empty() && format != Format::Document {
            break;
        }
        if !content.is_empty() && !is_comment {
            return range;
        }
    }
    from..from
}

/// Whether a line ends in the header of a block scalar: `|`, `>-`, `|2+`.
fn is_block_header(line: &str) -> bool {
    let word = line.split_whitespace().next_back().unwrap_or_default();
    let rest = word.strip_prefix(['|', '>']);
    rest.is_some_and(|rest| rest.bytes().all(|byte| b"+-123456789".contains(&byte)))
}

/// A mapping's range runs up to the next token, across comments and blank lines that are no part of it.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let mut rest = text.get(range.clone()).unwrap_or_default();
    loop {
        rest = rest.trim_end();
        let line = rest.rfind('\n').map_or(0, |at| at + 1);
        if line == 0 || !rest[line..].trim_start().starts_with('#') {
            return range.start..range.start + rest.len();
        }
        rest = &rest[..line];
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn leading_blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |newline| at + newline)
}

#[cfg(test)]
mod tests;

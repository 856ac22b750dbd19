//! Metrics that code writes by hand, in the text exposition format.
//!
//! Owns: reading the lines of texts as they are put together (literals, f-strings, `+`, `%`, `format`, `join`,
//! `print`), with the place of every name, and the evidence that such a text is served and no query, log message or
//! parser's fixture. [`exposition_line`](super::exposition_line) has the format's grammar, and
//! [`exposition_family`](super::exposition_family) makes families of the lines.

use std::rc::Rc;

use promsight_model::python::{Call, Expr, ExprKind, JoinedPart, Stmt, StmtKind};
use promsight_model::{Embedded, MetricType, Span};

use super::exposition_line::{self, HOLE, Line, Sample};
use super::exposition_segment::{Flat, Segment, hint_of};
use super::heap::Code;
use super::machine::Machine;
use super::mentions::Mentions;
use super::value::{Arguments, Atom, FunctionId, ModuleId, Text, Value};

/// Most alternatives of one line.
const MOST_ALTERNATIVES: usize = 48;
/// Most lines that are kept of a whole tree.
const MOST_LINES: usize = 100_000;

/// What the strings of a module, or of one function, say about the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// There is a `# TYPE` or `# HELP` line.
    pub(super) has_headers: bool,
    /// Something is served as the format, written to a file of the textfile collector, or pushed to a gateway.
    pub(super) is_served: bool,
}

impl Evidence {
    pub(super) fn any(self) -> bool {
        self.has_headers || self.is_served
    }

    fn add(&mut self, text: &str) {
        let trimmed = text.trim_start();
        self.has_headers |= text.contains("# TYPE") || text.contains("# HELP");
        self.is_served |= text.contains("version=0.0.4")
            || text.contains("application/openmetrics-text")
            || text.contains("/metrics/job")
            || trimmed.ends_with(".prom")
            || trimmed.ends_with(".prom.tmp");
    }

    pub(super) fn of_strings<'a>(strings: impl IntoIterator<Item = &'a str>) -> Self {
        let mut evidence = Self::default();
        for text in strings {
            evidence.add(text);
        }
        evidence
    }
}

/// What a line that was written says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// `# TYPE`; `None` where the type is known only at run time.
    Type(Option<MetricType>),
    /// `# HELP`, where its text is known.
    Help(Option<String>),
    /// A sample.
    Sample {
        labels: Vec<String>,
        labels_known: bool,
        bound: Option<String>,
        /// Whether it alone, without a header, is evidence of a metric.
        is_evidence: bool,
    },
}

/// A line that some code writes.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) said: Said,
    pub(super) name: Text,
    /// The place of the name, or of the line where the name is put together there.
    pub(super) place: Span,
    pub(super) name_place: Option<Span>,
    /// The expression that makes the line.
    pub(super) expression: Span,
    pub(super) module: ModuleId,
    /// The function that was run as if code outside the tree called it, where the line is its own.
    pub(super) assumed: Option<FunctionId>,
    pub(super) in_test: bool,
    pub(super) dead: Option<&'static str>,
}

impl<'a> Machine<'a> {
    /// Whether the texts of the code that runs now are read for lines of the format.
    pub(super) fn reads_text(&mut self) -> bool {
        let Some(frame) = self.frames.last() else {
            return false;
        };
        let module = frame.module;
        self.text_muted == 0 && self.evidence_of(module).any()
    }

    /// Whether there are header lines in a module, as far as its strings were looked at.
    pub(super) fn writes_text(&self, module: ModuleId) -> bool {
        let known = self.text_evidence.get(module.index());
        known
            .copied()
            .flatten()
            .is_some_and(|evidence| evidence.has_headers)
    }

    /// What a module's strings say.
    pub(super) fn evidence_of(&mut self, module: ModuleId) -> Evidence {
        if self.text_evidence.len() < self.sources.len() {
            self.text_evidence.resize(self.sources.len(), None);
        }
        if let Some(Some(known)) = self.text_evidence.get(module.index()) {
            return *known;
        }
        let mut mentions = Mentions::default();
        mentions.block(&self.sources[module.index()].module.body);
        let evidence = Evidence::of_strings(mentions.strings());
        self.text_evidence[module.index()] = Some(evidence);
        evidence
    }

    /// What the strings of the function that runs now say; of a module's top level, all of its strings.
    fn evidence_here(&mut self) -> Evidence {
        let frame = self.frame();
        let (function, module) = (frame.function, frame.module);
        let Some(function) = function else {
            return self.evidence_of(module);
        };
        let key = self.function_key(function);
        if let Some(known) = self.function_evidence.get(&key) {
            return *known;
        }
        let mut evidence = Evidence::default();
        if let Code::Function(code) = self.heap.function(function).code {
            let mut mentions = Mentions::default();
            mentions.block(&code.body);
            evidence = Evidence::of_strings(mentions.strings());
        }
        self.function_evidence.insert(key, evidence);
        evidence
    }

    /// Remembers a text that is evaluated and not read, so that it is not read later either.
    pub(super) fn note_muted(&mut self, expression: Span) {
        if self.text_muted > 0 {
            self.muted_texts.insert(expression);
        }
    }

    /// Runs `run` without reading the texts that it makes.
    pub(super) fn muted<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.text_muted += 1;
        let result = run(self);
        self.text_muted -= 1;
        result
    }

    /// The value of an assignment; of one to a variable that holds an example, nothing is read.
    pub(super) fn assigned(&mut self, targets: &[Expr], value: &'a Expr) -> Value {
        if targets.iter().any(is_example) {
            return self.muted(|machine| machine.evaluate(value));
        }
        self.evaluate(value)
    }

    /// A plain literal, read where it stands alone.
    pub(super) fn read_literal(&mut self, text: &'a Embedded, expression: Span) {
        self.remember_literal(expression, [text].as_slice());
        self.read_segments(&[Segment::literal(text)], expression);
    }

    /// Keeps where the text of a literal stands, for when it is used as a template.
    pub(super) fn remember_literal(&mut self, expression: Span, parts: &[&'a Embedded]) {
        self.literals.entry(expression).or_insert_with(|| Rc::from(parts));
    }

    /// A call's arguments, evaluated with regard to what the call does with texts.
    pub(super) fn text_arguments(
        &mut self,
        call: &'a Call,
        callee: &Value,
        expression: &'a Expr,
    ) -> Arguments {
        if mutes_arguments(&call.func) {
            return self.muted(|machine| machine.arguments(call));
        }
        let is_print = matches!(callee.single(), Some(Atom::External(path)) if &**path == "builtins.print");
        let has_file = call
            .keywords
            .iter()
            .any(|(name, _)| name.as_deref() == Some("file"));
        let before = self.text_printed;
        self.text_printed |= is_print && !has_file;
        let arguments = self.arguments(call);
        if is_print && self.reads_text() {
            self.read_print(call, &arguments, expression.span);
        }
        self.text_printed = before;
        self.text_place = Some(expression.span);
        arguments
    }

    /// `print(a, b)`: what it writes, with a blank between its arguments.
    fn read_print(&mut self, call: &'a Call, arguments: &Arguments, expression: Span) {
        if arguments.positional.len() < 2 || arguments.more_positional.is_some() {
            return;
        }
        let mut segments = Vec::new();
        for (at, value) in arguments.positional.iter().enumerate() {
            if at > 0 {
                segments.push(Segment::value(vec![Text::exact(" ")], ""));
            }
            let hint = call.args.get(at).map_or("", hint_of);
            segments.push(Segment::value(self.texts(value), hint));
        }
        self.read_segments(&segments, expression);
    }

    /// `" ".join(parts)`: read where the parts are words of one line.
    pub(super) fn read_join(&mut self, separator: &Text, parts: &[Value]) {
        let is_within_line = separator.as_exact().is_some_and(|text| !text.contains('\n'));
        if !is_within_line || parts.len() < 2 || !self.reads_text() {
            return;
        }
        let mut segments = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                segments.push(Segment::value(vec![separator.clone()], ""));
            }
            segments.push(Segment::value(self.texts(part), ""));
        }
        let place = self.text_place;
        if let Some(place) = place {
            self.read_segments(&segments, place);
        }
    }

    /// Reads what a `%` or `format` made.
    pub(super) fn read_formatted(&mut self, segments: &[Segment<'a>]) {
        if let (true, Some(place)) = (self.reads_text(), self.text_place) {
            self.read_segments(segments, place);
        }
    }

    /// Reads the lines of a text that is put together of these segments.
    pub(super) fn read_segments(&mut self, segments: &[Segment<'a>], expression: Span) {
        let mut line: Vec<Segment<'a>> = Vec::new();
        for segment in segments {
            let only = match segment.texts.as_slice() {
                [only] if segment.literal.is_some() => only.as_exact(),
                _ => None,
            };
            let Some(text) = only.filter(|text| text.contains('\n')) else {
                line.push(segment.clone());
                continue;
            };
            let mut start = 0;
            for part in text.split_inclusive('\n') {
                let (literals, offset) = match &segment.literal {
                    Some((literals, offset)) => (Rc::clone(literals), *offset),
                    None => continue,
                };
                line.push(Segment {
                    texts: vec![Text {
                        literal: segment.texts[0].literal,
                        site: segment.texts[0].site,
                        ..Text::exact(part.trim_end_matches('\n'))
                    }],
                    literal: Some((literals, offset + start)),
                    hint: Rc::clone(&segment.hint),
                });
                start += part.len();
                if part.ends_with('\n') {
                    self.read_line(&line, expression);
                    line.clear();
                }
            }
        }
        self.read_line(&line, expression);
    }

    fn read_line(&mut self, segments: &[Segment<'a>], expression: Span) {
        if !may_be_line(segments) || self.rehearsal_ends(segments) {
            return;
        }
        let counts = kept_alternatives(segments);
        let total: usize = counts.iter().product();
        for mut choice in 0..total {
            let mut flat = Flat {
                text: String::new(),
                runs: Vec::with_capacity(segments.len()),
            };
            for (segment, count) in segments.iter().zip(&counts) {
                let text = &segment.texts[choice % count];
                choice /= count;
                let is_widened = *count == 1 && segment.texts.len() > 1;
                flat.push(segment, text, is_widened);
            }
            self.read_flat(&flat, expression);
        }
    }

    /// Counts a line while nothing is to be recorded; whether that is so.
    fn rehearsal_ends(&mut self, segments: &[Segment<'a>]) -> bool {
        let is_header = segments
            .first()
            .is_some_and(|first| first.texts.iter().any(|text| starts_header(&text.pieces[0])));
        if is_header {
            self.extend_allotment();
        }
        match &mut self.rehearsal {
            Some(reached) => {
                *reached += usize::from(is_header);
                true
            }
            None => false,
        }
    }

    fn read_flat(&mut self, flat: &Flat<'_, 'a>, expression: Span) {
        let mut start = 0;
        for line in flat.text.split('\n') {
            match exposition_line::read(line) {
                Some(Line::Type { name, metric_type }) => {
                    self.write(
                        flat,
                        start + name.start..start + name.end,
                        Said::Type(metric_type),
                        expression,
                    );
                }
                Some(Line::Help { name, help }) => {
                    self.write(
                        flat,
                        start + name.start..start + name.end,
                        Said::Help(help),
                        expression,
                    );
                }
                Some(Line::Sample(sample)) => self.write_sample(flat, start, sample, expression),
                None => {}
            }
            start += line.len() + 1;
        }
    }

    fn write_sample(&mut self, flat: &Flat<'_, 'a>, start: usize, sample: Sample, expression: Span) {
        // A second number is a time, or this is a sentence or a query.
        if let Some(at) = sample.unknown_time {
            let hint = flat
                .run_at(start + at)
                .map_or("", |run| &run.segment.hint)
                .to_ascii_lowercase();
            if !["time", "ts", "stamp", "now", "ms", "epoch"]
                .iter()
                .any(|word| hint.contains(word))
            {
                return;
            }
        }
        let mut name = start + sample.name.start..start + sample.name.end;
        let mut labels_known = sample.labels_known;
        // `f"{name}{labels} {value}"`: what stands behind the name are its labels.
        while let Some(run) = flat.run_at(name.end - 1)
            && flat.text[..name.end].ends_with(HOLE)
            && run.start > name.start
            && !sample.has_labels
            && is_labels(&run.segment.hint)
        {
            name.end -= HOLE.len_utf8();
            labels_known = false;
        }
        let is_split = sample.labels.len() >= 7 && flat.runs.iter().any(|run| run.text.pieces.len() >= 16);
        let text = &flat.text[name.clone()];
        let module = self.module();
        let here = self.evidence_here();
        let is_evidence = if sample.has_labels && !sample.labels.is_empty() {
            self.evidence_of(module).any()
        } else {
            // What is printed beside a file that is written tells people about it.
            let is_told = self.text_printed && here.is_served;
            here.any() && text.contains('_') && !is_told
        };
        let said = Said::Sample {
            labels: sample.labels,
            labels_known: labels_known && !is_split,
            bound: sample.bound,
            is_evidence,
        };
        self.write(flat, name, said, expression);
    }

    fn write(&mut self, flat: &Flat<'_, 'a>, name: std::ops::Range<usize>, said: Said, expression: Span) {
        let is_settled = self
            .settled_texts
            .as_ref()
            .is_some_and(|settled| settled.contains(&expression));
        if self.written.len() >= MOST_LINES {
            let module = self.module();
            self.exhausted.insert(module.0);
        }
        if self.written.len() >= MOST_LINES || is_settled {
            return;
        }
        let text = flat.name(name.clone());
        let literal = flat.place(name);
        let site = text
            .site
            .and_then(|site| self.sites.get(site.0 as usize))
            .copied();
        let place = site
            .or(literal)
            .or(text.literal)
            .or_else(|| flat.line_place().filter(|line| expression.contains(*line)))
            .unwrap_or(expression);
        let is_header = !matches!(said, Said::Sample { .. });
        let module = self.module();
        let key = (place, expression, format!("{:?}|{said:?}", text.pieces));
        let (in_test, dead) = (self.in_test, self.dead);
        let mut functions = self.frames.iter().filter_map(|frame| frame.function);
        let assumed = match (functions.next(), functions.next()) {
            (Some(only), None) if self.frame().site.is_none() => Some(only),
            _ => None,
        };
        if is_header {
            self.extend_allotment();
            self.note_declaration(&text);
        }
        match self.written_keys.get(&key).copied() {
            Some(at) => {
                let known: &mut Written = &mut self.written[at];
                if in_test && !known.in_test {
                    return;
                }
                known.in_test &= in_test;
                if dead.is_none() {
                    known.dead = None;
                }
                if assumed.is_none() {
                    known.assumed = None;
                }
                if text.hole.is_none_or(|hole| hole.root.is_none()) {
                    known.name = text;
                }
            }
            None => {
                if is_header {
                    self.note_dump(promsight_model::Registry::Unknown, Some(expression));
                }
                self.written_keys.insert(key, self.written.len());
                self.written.push(Written {
                    said,
                    name_place: literal.or(text.literal),
                    name: text,
                    place,
                    expression,
                    module,
                    assumed,
                    in_test,
                    dead,
                });
            }
        }
    }
}

/// How many alternatives of each segment are told apart: those of the first ones, where there are too many.
fn kept_alternatives(segments: &[Segment<'_>]) -> Vec<usize> {
    let mut total = 1_usize;
    segments
        .iter()
        .map(|segment| {
            let count = segment.texts.len().max(1);
            if total * count > MOST_ALTERNATIVES {
                return 1;
            }
            total *= count;
            count
        })
        .collect()
}

/// Whether the first text of a line speaks for one of the format's.
fn may_be_line(segments: &[Segment<'_>]) -> bool {
    let known = segments.iter().flat_map(|segment| {
        segment
            .texts
            .iter()
            .map(|text| (text.hole.is_some(), &*text.pieces[0]))
    });
    for (has_hole, piece) in known {
        if let Some(first) = piece.trim_start().chars().next() {
            return first == '#' || first == '_' || first == ':' || first.is_ascii_alphabetic();
        }
        if has_hole {
            return true;
        }
    }
    false
}

fn starts_header(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("# TYPE") || text.starts_with("# HELP")
}

/// Whether what fills a hole behind a name are labels.
fn is_labels(hint: &str) -> bool {
    let hint = hint.to_ascii_lowercase();
    ["label", "lbl", "tag", "dim", "attr", "brace"]
        .iter()
        .any(|word| hint.contains(word))
}

/// Whether texts in a call's arguments are read by people or taken apart, and not written for Prometheus.
fn mutes_arguments(callee: &Expr) -> bool {
    const MUTING: &[&str] = &[
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "exception",
        "critical",
        "startswith",
        "endswith",
        "find",
        "index",
        "count",
        "compile",
        "match",
        "search",
        "fullmatch",
        "findall",
        "finditer",
        "sub",
        "execute",
        "text_string_to_metric_families",
        "add_argument",
        "ArgumentParser",
    ];
    match &callee.kind {
        ExprKind::Name(name) | ExprKind::Attribute(_, name) => {
            MUTING.contains(&name.as_str())
                || name.starts_with("parse")
                || name.ends_with("Error")
                || name.ends_with("Exception")
        }
        _ => false,
    }
}

/// Whether a variable of that name holds an example, and nothing that is served.
fn is_example(target: &Expr) -> bool {
    const WORDS: &[&str] = &[
        "example",
        "examples",
        "fixture",
        "fixtures",
        "mock",
        "fake",
        "dummy",
        "expected",
        "usage",
        "epilog",
        "docs",
        "documentation",
        "description",
        "test",
    ];
    match &target.kind {
        ExprKind::Name(name) | ExprKind::Attribute(_, name) => {
            let name = name.to_ascii_lowercase();
            name.split('_').any(|word| WORDS.contains(&word))
        }
        _ => false,
    }
}

/// Whether a statement is a lone text: a docstring, or a comment.
pub(super) fn is_remark(statement: &Stmt) -> bool {
    match &statement.kind {
        StmtKind::Expr(expression) => match &expression.kind {
            ExprKind::Str(_) => true,
            ExprKind::Joined(parts) => parts.iter().all(|part| matches!(part, JoinedPart::Text(_))),
            _ => false,
        },
        _ => false,
    }
}

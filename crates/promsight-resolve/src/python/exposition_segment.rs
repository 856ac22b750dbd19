//! Texts while they are put together: of which parts, and where each stands in the source.
//!
//! Owns the evaluation of f-strings and sums of texts, part by part, so that a name in the result still has its place.
//! It does not know what the texts mean; [`exposition_text`](super::exposition_text) reads them.

use std::rc::Rc;

use promsight_model::python::{BinaryOp, Expr, ExprKind, JoinedPart};
use promsight_model::{Embedded, Span};

use super::exposition_line::HOLE;
use super::machine::Machine;
use super::text::texts_of;
use super::value::{Atom, Reason, Text, Unknown, Value};

/// A piece of a text while it is put together: what it can be, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Segment<'a> {
    pub(super) texts: Vec<Text>,
    /// The literals that it is cut from, and where in their joined text it begins.
    pub(super) literal: Option<(Rc<[&'a Embedded]>, usize)>,
    /// The last word of the expression that gives it.
    pub(super) hint: Rc<str>,
}

impl<'a> Segment<'a> {
    /// Literal text of the source.
    pub(super) fn literal(text: &'a Embedded) -> Self {
        Self {
            texts: vec![Text::literal(&text.text, text.whole_span())],
            literal: Some((Rc::from([text]), 0)),
            hint: Rc::from(""),
        }
    }

    /// What an expression gives.
    pub(super) fn value(texts: Vec<Text>, hint: &str) -> Self {
        Self {
            texts,
            literal: None,
            hint: Rc::from(hint),
        }
    }

    /// What it can be.
    pub(super) fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// The place of a part of its text.
    pub(super) fn place(&self, start: usize, end: usize) -> Option<Span> {
        let (literals, offset) = self.literal.as_ref()?;
        let mut from = offset + start;
        let mut to = offset + end;
        for literal in literals.iter() {
            let length = literal.text.len();
            if from < length {
                return (to <= length).then(|| literal.span(from..to));
            }
            from -= length;
            to = to.checked_sub(length)?;
        }
        None
    }
}

/// One alternative of one line: its text, with [`HOLE`] for what is not known, and which segment each part is from.
pub(super) struct Flat<'s, 'a> {
    pub(super) text: String,
    pub(super) runs: Vec<Run<'s, 'a>>,
}

/// A segment's part of a line.
pub(super) struct Run<'s, 'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) segment: &'s Segment<'a>,
    pub(super) text: &'s Text,
    /// Where the run begins in the segment's text.
    pub(super) offset: usize,
}

impl<'a> Machine<'a> {
    /// An f-string, or literals that stand next to each other.
    pub(super) fn joined(&mut self, parts: &'a [JoinedPart], expression: &'a Expr) -> Value {
        let mut segments = Vec::with_capacity(parts.len());
        self.joined_segments(parts, &mut segments);
        self.note_muted(expression.span);
        if self.reads_text() {
            self.read_segments(&segments, expression.span);
        }
        let mut made = texts_of(&segments);
        let literals: Vec<_> = parts
            .iter()
            .filter_map(|part| match part {
                JoinedPart::Text(piece) => Some(piece),
                JoinedPart::Value { .. } => None,
            })
            .collect();
        if literals.len() == parts.len() {
            // Literals standing next to each other are one literal.
            for text in &mut made {
                text.literal = Some(expression.span);
            }
            if self.reads_text() {
                self.remember_literal(expression.span, &literals);
            }
        }
        Value::any(made.into_iter().map(|text| Atom::Text(Rc::new(text))))
    }

    /// The segment that is a part of a template's text.
    pub(super) fn template_segment(&self, template: &Text, offset: usize, part: Text) -> Segment<'a> {
        let literal = template
            .literal
            .and_then(|span| self.literals.get(&span))
            .filter(|literals| {
                let length: usize = literals.iter().map(|literal| literal.text.len()).sum();
                template.as_exact().is_some_and(|exact| exact.len() == length)
            });
        Segment {
            texts: vec![part],
            literal: literal.map(|literals| (Rc::clone(literals), offset)),
            hint: Rc::from(""),
        }
    }

    /// `a + b + …` of texts: evaluated part by part, and read as one. `None` where no part is written as a text.
    pub(super) fn added_text(&mut self, expression: &'a Expr) -> Option<Value> {
        if !has_text_part(expression) {
            return None;
        }
        let mut segments = Vec::new();
        self.segments_of(expression, &mut segments);
        self.read_segments(&segments, expression.span);
        let made = texts_of(&segments);
        Some(Value::any(made.into_iter().map(|text| Atom::Text(Rc::new(text)))))
    }

    pub(super) fn segments_of(&mut self, expression: &'a Expr, into: &mut Vec<Segment<'a>>) {
        match &expression.kind {
            ExprKind::Str(text) => into.push(Segment::literal(text)),
            ExprKind::Joined(parts) => self.joined_segments(parts, into),
            ExprKind::Binary(BinaryOp::Add, left, right) => {
                self.segments_of(left, into);
                self.segments_of(right, into);
            }
            _ => {
                let value = self.evaluate(expression);
                let texts = self.texts(&value);
                into.push(Segment::value(texts, hint_of(expression)));
            }
        }
    }

    /// The parts of an f-string, evaluated.
    pub(super) fn joined_segments(&mut self, parts: &'a [JoinedPart], into: &mut Vec<Segment<'a>>) {
        for part in parts {
            match part {
                JoinedPart::Text(piece) => into.push(Segment::literal(piece)),
                JoinedPart::Value { value, formatted } => {
                    let hint = hint_of(value);
                    let value = self.evaluate(value);
                    let texts = if *formatted {
                        let unknown = value.first_unknown().unwrap_or(Unknown::new(Reason::Expression));
                        vec![Text::unknown(unknown)]
                    } else {
                        self.texts(&value)
                    };
                    into.push(Segment::value(texts, hint));
                }
            }
        }
    }
}

impl<'s, 'a> Flat<'s, 'a> {
    pub(super) fn push(&mut self, segment: &'s Segment<'a>, text: &'s Text, is_widened: bool) {
        let start = self.text.len();
        if is_widened {
            self.text.push(HOLE);
        } else {
            for (at, piece) in text.pieces.iter().enumerate() {
                if at > 0 {
                    self.text.push(HOLE);
                }
                self.text.push_str(piece);
            }
        }
        self.runs.push(Run {
            start,
            end: self.text.len(),
            segment,
            text,
            offset: 0,
        });
    }

    pub(super) fn run_at(&self, at: usize) -> Option<&Run<'s, 'a>> {
        self.runs.iter().find(|run| run.start <= at && at < run.end)
    }

    fn covering(&self, range: &std::ops::Range<usize>) -> impl Iterator<Item = &Run<'s, 'a>> {
        let range = range.clone();
        self.runs
            .iter()
            .filter(move |run| run.start < range.end && range.start < run.end)
    }

    /// The name as a text, with what is known of where it comes from.
    pub(super) fn name(&self, range: std::ops::Range<usize>) -> Text {
        let written = &self.text[range.clone()];
        let mut pieces: Vec<Rc<str>> = written.split(HOLE).map(Rc::from).collect();
        let last = pieces.len() - 1;
        let mut at = 0;
        pieces.retain(|piece| {
            let keep = at == 0 || at == last || !piece.is_empty();
            at += 1;
            keep
        });
        let hole = (pieces.len() > 1).then(|| {
            self.covering(&range)
                .filter_map(|run| run.text.hole)
                .next()
                .unwrap_or(Unknown::new(Reason::Limit))
        });
        let site = self.covering(&range).filter_map(|run| run.text.site).max();
        let mut covering = self.covering(&range).filter(|run| run.segment.literal.is_none());
        let literal = match (covering.next(), covering.next()) {
            (Some(run), None) if run.start <= range.start && range.end <= run.end => run.text.literal,
            (Some(run), None) if site.is_some() => run.text.literal,
            _ => None,
        };
        Text {
            pieces,
            hole,
            literal,
            site,
            ..Text::exact("")
        }
    }

    /// The place of a name that stands as such in a literal.
    pub(super) fn place(&self, range: std::ops::Range<usize>) -> Option<Span> {
        let run = self.run_at(range.start).filter(|run| range.end <= run.end)?;
        run.segment.place(
            range.start - run.start + run.offset,
            range.end - run.start + run.offset,
        )
    }

    /// The place from the first to the last literal text of the line, where both stand in the same expression.
    pub(super) fn line_place(&self) -> Option<Span> {
        let mut literals = self
            .runs
            .iter()
            .filter(|run| run.segment.literal.is_some() && run.end > run.start);
        let first = literals.next()?;
        let last = literals.next_back()?;
        let whole = |run: &Run<'s, 'a>| run.segment.place(run.offset, run.offset + run.end - run.start);
        let (first, last) = (whole(first)?, whole(last)?);
        (first.file == last.file && first.start < last.end).then(|| first.cover(last))
    }
}

/// The last word of an expression: of a variable, an attribute, a call's function.
pub(super) fn hint_of(expression: &Expr) -> &str {
    match &expression.kind {
        ExprKind::Name(name) | ExprKind::Attribute(_, name) => name,
        // `{value:.2f}` is a call of `format`.
        ExprKind::Call(call) => match (&call.func.kind, call.args.first()) {
            (ExprKind::Name(name), Some(value))
                if matches!(name.as_str(), "format" | "str" | "float" | "int") =>
            {
                hint_of(value)
            }
            _ => hint_of(&call.func),
        },
        ExprKind::Await(inner) => hint_of(inner),
        ExprKind::Subscript(object, key) => match &key.kind {
            ExprKind::Str(text) => &text.text,
            _ => hint_of(object),
        },
        ExprKind::IfElse { body, .. } => hint_of(body),
        _ => "",
    }
}

/// Whether some operand of a sum is written as a text.
pub(super) fn has_text_part(expression: &Expr) -> bool {
    match &expression.kind {
        ExprKind::Str(_) | ExprKind::Joined(_) => true,
        ExprKind::Binary(BinaryOp::Add, left, right) => has_text_part(right) || has_text_part(left),
        _ => false,
    }
}

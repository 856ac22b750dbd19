//! Code that writes the text exposition format, run once more.
//!
//! What is written may not have been known when the code first ran: a table that callers fill, a branch that the
//! values known so far closed. So functions that write are run again at the end, and headers that even then nothing
//! came to are read on their own, so that none is lost without a word.

use std::collections::BTreeMap;

use promsight_model::Span;
use promsight_model::python::{Expr, Stmt};

use super::exposition_text::Evidence;
use super::heap::Code;
use super::machine::Machine;
use super::mentions::Mentions;
use super::statements::Truth;
use super::value::{FunctionId, ModuleId};

/// Steps that reading one header on its own may take.
const STEPS_OF_HEADER: u64 = 2_000;

impl<'a> Machine<'a> {
    /// Notes that a function of that module is being run.
    pub(super) fn note_writer(&mut self, module: ModuleId) {
        if self.in_test || !self.evidence_of(module).has_headers {
            return;
        }
        let root = self.frames.iter().find_map(|frame| frame.function);
        self.writer_roots.extend(root);
    }

    /// The truth of a condition of `if`: while every branch is run, nothing is decided by what is known so far.
    pub(super) fn branch_truth(&mut self, test: &'a Expr) -> Truth {
        match self.truth_of(test) {
            Truth::True | Truth::False if self.settled_texts.is_some() => Truth::Open,
            truth => truth,
        }
    }

    /// Runs what writes lines once more: what it writes may not have been known when it ran. Then reads the lines that
    /// no run came to.
    pub(super) fn rerun_writers(&mut self) {
        self.memo.clear();
        // Of a function that is made anew at each call, the last one.
        let mut writers: BTreeMap<Span, FunctionId> = BTreeMap::new();
        for at in 0..self.heap.functions.len() {
            let id = FunctionId(u32::try_from(at).unwrap_or(u32::MAX));
            let module = self.heap.function(id).module;
            if self.is_test(module) || !self.evidence_of(module).has_headers {
                continue;
            }
            if let Code::Function(code) = self.heap.function(id).code
                && !self.heap.function(id).called
                && writes_headers(&code.body)
            {
                writers.insert(code.name_span, id);
            }
        }
        for id in std::mem::take(&mut self.writer_roots) {
            writers.insert(self.function_key(id), id);
        }
        for id in writers.values() {
            self.run_root(*id);
        }
        // What no run came to stands in branches that were thought to be closed.
        self.memo.clear();
        let read = self.places_read();
        self.settled_texts = Some(read.spans.iter().copied().collect());
        for at in 0..self.heap.functions.len() {
            let id = FunctionId(u32::try_from(at).unwrap_or(u32::MAX));
            let module = self.heap.function(id).module;
            if !self.is_test(module)
                && self.evidence_of(module).has_headers
                && let Code::Function(code) = self.heap.function(id).code
                && !self.unread_headers(&code.body, &read).is_empty()
            {
                self.run_root(id);
            }
        }
        self.settled_texts = None;
        self.memo.clear();
        let read = self.places_read();
        let sources = self.sources;
        for (module, source) in (0u32..).map(ModuleId).zip(sources) {
            if source.module.test_code || !self.evidence_of(module).has_headers {
                continue;
            }
            for expression in self.unread_headers(&source.module.body, &read) {
                self.reread(module, expression);
            }
        }
    }

    /// The places of all texts that were read.
    fn places_read(&self) -> Places {
        let mut spans: Vec<Span> = self.written.iter().map(|line| line.expression).collect();
        spans.sort();
        spans.dedup();
        Places { spans }
    }

    /// Texts with a `# TYPE` line that nothing came to.
    fn unread_headers(&self, body: &'a [Stmt], read: &Places) -> Vec<&'a Expr> {
        let mut mentions = Mentions::default();
        mentions.block(body);
        let mut headers = mentions.into_headers();
        headers.retain(|header| !self.muted_texts.contains(&header.span) && !read.overlap(header.span));
        headers
    }

    /// Reads a header that nothing came to, with what the module alone knows.
    fn reread(&mut self, module: ModuleId, expression: &'a Expr) {
        self.dead = self
            .index
            .is_shadowed(module)
            .then_some("a package of the same name hides its module");
        self.allot(STEPS_OF_HEADER);
        self.push_idle_frame(expression.span);
        self.evaluate(expression);
        self.frames.pop();
        self.give_back();
        self.dead = None;
    }
}

/// Places of expressions, sorted.
struct Places {
    spans: Vec<Span>,
}

impl Places {
    /// Whether one of them lies in a place or around it. They are places of expressions, which overlap in no other way.
    fn overlap(&self, span: Span) -> bool {
        let after = self
            .spans
            .partition_point(|place| (place.file, place.start) < (span.file, span.start));
        let inside = self.spans.get(after).is_some_and(|place| span.contains(*place));
        // What lies around it begins before it, and is not far: a sum's first operand, or the sum itself.
        let around = self.spans[..after]
            .iter()
            .rev()
            .take(64)
            .any(|place| place.contains(span));
        let same = self.spans[after..]
            .iter()
            .take(64)
            .any(|place| place.contains(span));
        inside || around || same
    }
}

fn writes_headers(body: &[Stmt]) -> bool {
    let mut mentions = Mentions::default();
    mentions.block(body);
    Evidence::of_strings(mentions.strings()).has_headers
}

//! What goes wrong while a kustomization is rendered.

use promsight_model::Span;

use super::merge::Conflict;
use crate::objects::Problem;

/// Problems as they are met.
#[derive(Clone, Debug)]
pub(crate) struct Problems {
    pub(crate) found: Vec<Problem>,
    /// Whether all objects are known.
    pub(crate) is_complete: bool,
}

impl Default for Problems {
    fn default() -> Self {
        Self {
            found: Vec::new(),
            is_complete: true,
        }
    }
}

impl Problems {
    /// kustomize refuses to render this.
    pub(crate) fn refuse(&mut self, span: Span, message: impl Into<String>) {
        self.push(span, message.into(), true);
    }

    /// What comes out cannot be known from the tree.
    pub(crate) fn unknown(&mut self, span: Span, message: impl Into<String>) {
        self.is_complete = false;
        self.push(span, message.into(), false);
    }

    /// A patch that does not fit.
    pub(crate) fn conflict(&mut self, conflict: Conflict) {
        self.push(conflict.span, conflict.message, true);
    }

    /// Adds the problems of a base.
    pub(crate) fn extend(&mut self, others: &Self) {
        self.is_complete &= others.is_complete;
        for problem in &others.found {
            self.push(problem.span, problem.message.clone(), problem.is_fatal);
        }
    }

    fn push(&mut self, span: Span, message: String, is_fatal: bool) {
        let problem = Problem {
            span,
            message,
            is_fatal,
        };
        if !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }
}

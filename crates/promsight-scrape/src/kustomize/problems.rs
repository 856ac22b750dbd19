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
    /// kustomize refuses to render this, unless something that is not known makes it right.
    pub(crate) fn refuse(&mut self, span: Span, message: impl Into<String>) {
        let is_fatal = self.is_complete;
        self.push(span, message.into(), is_fatal);
    }

    /// kustomize refuses to render this, whatever else there is. What follows from it is not known.
    pub(crate) fn refuse_surely(&mut self, span: Span, message: impl Into<String>) {
        self.is_complete = false;
        self.push(span, message.into(), true);
    }

    /// What comes out cannot be known from the tree.
    pub(crate) fn unknown(&mut self, span: Span, message: impl Into<String>) {
        self.is_complete = false;
        self.push(span, message.into(), false);
    }

    /// Adds what was met while the data of an object were read: the object is there even where they are not known.
    pub(crate) fn extend_with_data(&mut self, others: &Self) {
        for problem in &others.found {
            self.push(problem.span, problem.message.clone(), problem.is_fatal);
        }
    }

    /// A patch that does not fit.
    pub(crate) fn conflict(&mut self, conflict: Conflict) {
        self.refuse(conflict.span, conflict.message);
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

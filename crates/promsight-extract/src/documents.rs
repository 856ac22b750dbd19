//! Runbooks, checklists and other documents.

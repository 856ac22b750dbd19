//! Resolution to findings: one check a file, each with its page.
//!
//! Owns the registry of checks, the wording of findings, and the one sink where severities, selection and
//! configured ignores apply. Checks read the resolution; they neither parse nor match names themselves, and render
//! nothing.

mod always_firing;
mod area;
mod blind;
mod blind_alert;
mod blind_panel;
mod blind_record;
mod blind_runbook;
mod blind_script;
mod blind_test;
mod blind_trigger;
mod blocked_scrape;
mod broken_kustomization;
mod bucket_mismatch;
mod conflicting_metric;
mod conflicting_rule;
mod dead_target;
mod fingerprint;
mod hidden_blindness;
mod invalid_query;
mod invalid_scrape_config;
mod invalid_update;
mod label_mismatch;
mod label_value_mismatch;
mod late_counter;
mod missing_runbook;
mod never_firing;
mod never_updated;
mod not_exposed;
mod not_scraped;
mod orphan_manifest;
mod sink;
mod suppression;
mod targets;
mod trace;
mod type_mismatch;
mod undeclared_metric;
mod unknown_alert;
mod unloaded_jobs;
mod unreadable_file;
mod unseen_metric;
mod unselected_rules;
mod unused_metric;
mod unused_record;
mod unused_suppression;
mod words;

use promsight_model::{FileSet, Finding, Severity};
use promsight_resolve::Resolution;

pub use sink::{Extent, Settings, run};
pub use suppression::{Admits, ConfiguredIgnore};
pub use trace::trace;

/// One check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its name: a kebab-case noun for the defect.
    pub name: &'static str,
    /// Its severity unless the configuration says otherwise.
    pub severity: Severity,
    /// What it says, in one clause.
    pub summary: &'static str,
    /// Its page: documentation, `explain` text and executed test at once.
    pub documentation: &'static str,
    find: fn(&Context<'_>) -> Vec<Finding>,
}

/// What a check may look at.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// What exists and what sees it.
    pub(crate) resolution: &'a Resolution,
    /// For paths in messages.
    pub(crate) files: &'a FileSet,
    /// Whether references that nothing in the tree is known to emit are findings too.
    pub(crate) strict: Strictness,
}

/// What becomes of references without any evidence that this tree should emit them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// They are counted and listed, and are no findings.
    #[default]
    Evidence,
    /// They are findings of low confidence.
    Everything,
}

/// Every check, sorted by name.
pub const CHECKS: &[Check] = &[
    always_firing::CHECK,
    blind_alert::CHECK,
    blind_panel::CHECK,
    blind_record::CHECK,
    blind_runbook::CHECK,
    blind_script::CHECK,
    blind_test::CHECK,
    blind_trigger::CHECK,
    blocked_scrape::CHECK,
    broken_kustomization::CHECK,
    bucket_mismatch::CHECK,
    conflicting_metric::CHECK,
    conflicting_rule::CHECK,
    dead_target::CHECK,
    hidden_blindness::CHECK,
    invalid_query::CHECK,
    invalid_scrape_config::CHECK,
    invalid_update::CHECK,
    label_mismatch::CHECK,
    label_value_mismatch::CHECK,
    late_counter::CHECK,
    missing_runbook::CHECK,
    never_firing::CHECK,
    never_updated::CHECK,
    not_exposed::CHECK,
    not_scraped::CHECK,
    orphan_manifest::CHECK,
    type_mismatch::CHECK,
    undeclared_metric::CHECK,
    unknown_alert::CHECK,
    unloaded_jobs::CHECK,
    unreadable_file::CHECK,
    unseen_metric::CHECK,
    unselected_rules::CHECK,
    unused_metric::CHECK,
    unused_record::CHECK,
    unused_suppression::CHECK,
];

/// The check of that name.
pub fn check(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == name)
}

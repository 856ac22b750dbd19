//! `unused-suppression`: a suppression that hides nothing, or has expired.

use std::collections::BTreeSet;

use promsight_model::{Asked, FileSet, Finding, Severity, Span, Suppression};

use crate::suppression::{ConfiguredIgnore, Uses, is_in_force};
use crate::{Check, Context, Extent, Settings, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "unused-suppression",
    severity: Severity::Warning,
    summary: "a suppression that hides nothing, has expired, or is not written as it must be",
    documentation: include_str!("../checks/unused-suppression.md"),
    // What a suppression hides is known when all other checks have run.
    find: |_: &Context<'_>| Vec::new(),
};

/// One finding for each suppression that does not do what it is there for. `running` are the checks of this run: of
/// the others nothing can be said.
pub(crate) fn findings(
    uses: &Uses,
    running: &BTreeSet<&str>,
    files: &FileSet,
    settings: &Settings<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, suppression) in settings.suppressions.iter().enumerate() {
        let used = uses.comments.get(&index);
        let is_used = |check: &str| used.is_some_and(|used| used.contains(check));
        comment(suppression, &is_used, running, files, settings, &mut findings);
    }
    for (index, entry) in settings.ignores.iter().enumerate() {
        if let Some(span) = entry.span
            && running.contains(entry.check)
            && entry.check != CHECK.name
            && let Some(problem) = problem_of_entry(entry, uses.entries.contains(&index), settings)
        {
            findings.push(finding(span, files, entry.check, problem));
        }
    }
    findings
}

fn comment(
    suppression: &Suppression,
    is_used: &dyn Fn(&str) -> bool,
    running: &BTreeSet<&str>,
    files: &FileSet,
    settings: &Settings<'_>,
    findings: &mut Vec<Finding>,
) {
    if suppression.example {
        return;
    }
    // Comments of pint serve pint as well, and what they hide from it is not known here.
    let Asked::Checks(checks) = &suppression.asked else {
        return;
    };
    if let Some(problem) = &suppression.malformed {
        let name = checks.first().map_or("", |(name, _)| name.as_str());
        let problem = format!("the comment hides nothing: {problem}");
        findings.push(finding(suppression.span, files, name, problem));
        return;
    }
    for (name, span) in checks {
        if let Some(problem) = problem_of_comment(suppression, name, is_used(name), running, settings) {
            findings.push(finding(*span, files, name, problem));
        }
    }
}

fn problem_of_comment(
    suppression: &Suppression,
    name: &str,
    is_used: bool,
    running: &BTreeSet<&str>,
    settings: &Settings<'_>,
) -> Option<String> {
    if crate::check(name).is_none() {
        return Some(format!(
            "there is no check `{name}`; `promsight explain` lists the names"
        ));
    }
    if name == CHECK.name {
        return Some(format!(
            "`{name}` cannot be hidden by a comment; remove what it reports"
        ));
    }
    if settings.locked.contains(name) {
        return Some(format!(
            "`{name}` is locked in promsight.yaml, so that no comment can hide it"
        ));
    }
    if let Some(until) = suppression
        .until
        .filter(|_| !is_in_force(suppression, settings.today))
    {
        return Some(format!("the suppression of `{name}` has expired on {until}"));
    }
    let hides_nothing = !is_used && running.contains(name) && settings.extent == Extent::Whole;
    hides_nothing.then(|| format!("the comment hides nothing: no `{name}` is found here"))
}

fn problem_of_entry(entry: &ConfiguredIgnore<'_>, is_used: bool, settings: &Settings<'_>) -> Option<String> {
    let name = entry.check;
    if settings.locked.contains(name) {
        return Some(format!("`{name}` is locked, so that this entry cannot hide it"));
    }
    if let Some(until) = entry.until.filter(|until| settings.today > *until) {
        return Some(format!("the entry for `{name}` has expired on {until}"));
    }
    let hides_nothing = !is_used && settings.extent == Extent::Whole;
    hides_nothing.then(|| format!("the entry hides nothing: no `{name}` fits it"))
}

fn finding(span: Span, files: &FileSet, check: &str, message: String) -> Finding {
    let subject = if check.is_empty() {
        files.file(span.file).path.clone()
    } else {
        check.to_owned()
    };
    let mut finding = words::finding(CHECK.name, span, subject, message);
    finding.label = "this suppression".to_owned();
    finding
}
